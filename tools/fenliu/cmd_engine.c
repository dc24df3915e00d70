/* fenliu engine: the built-in routing engine behind the protocol. */
#include "command.h"

#include "engine/reference.h"
#include "engine/server.h"

#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: fenliu engine [options]\n"
    "Serves the built-in routing engine over the protocol of sim/engine/PROTOCOL.md, as any outside engine would be: what other engines\n"
    "are held against. Without --listen on stdin and stdout. The scenario comes from the harness.\n"
    "      --listen URL    tcp://HOST:PORT (port 0: any) or unix:PATH; says the URL on stdout, serves until Ctrl-C\n"
    "      --policy NAME   instead of the scenario's\n"
    "  -q, --quiet         does not say what the harness refused\n"
    "example: fenliu drive scenarios/618-opening.json --engine 'exec:fenliu engine --policy round_robin'\n"
    "exit: 0 the harness closed its side or Ctrl-C, 2 bad usage, 3 no place to listen, or the harness broke off or broke the protocol\n";

/* The harness is waited for as long as it takes; a word to it is not. */
static const struct fl_engine_def limits = { .connect_timeout = 5 * FL_SECOND, .timeout = 10 * FL_SECOND, .close_timeout = 2 * FL_SECOND,
                                             .write_buffer = 1u << 20 };

struct engine_options {
    struct fl_reference_setup reference;
    const char *listen;
};

static int take_engine_option(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct engine_options *const mine = context;
    const char *value;
    (void)options;
    if ((value = option_value(argc, argv, i, "--policy")) != NULL) mine->reference.policy = value;
    else if ((value = option_value(argc, argv, i, "--listen")) != NULL) mine->listen = value;
    else return 0;
    return 1;
}

/* One harness until it goes. That it closes between two lines is how it ends. */
static int serve(struct fl_channel *channel, const struct fl_reference_setup *setup)
{
    char problem[512] = "";
    const enum fl_status status = fl_reference_serve(channel, setup, problem);
    const bool well = channel->ended || status == FL_EINTERRUPTED;
    if (!well) fprintf(stderr, "fenliu engine: %s\n", problem);
    channel->ops->close(channel);
    return well ? EXIT_DONE : EXIT_ENGINE;
}

static int serve_stdio(const struct engine_options *mine, const struct fl_channel_setup *setup)
{
    struct fl_channel *channel;
    char problem[256];
    if (fl_channel_stdio(setup, &channel, problem) == FL_OK) return serve(channel, &mine->reference);
    fprintf(stderr, "fenliu engine: stdin and stdout: %s\n", problem);
    return EXIT_ENGINE;
}

/* ---- Many harnesses ---------------------------------------------------------------------------- */

struct connection {
    uv_thread_t thread;
    uv_loop_t loop;
    struct fl_channel_setup setup;
    const struct engine_options *mine;
    int fd;
    atomic_bool done;
    struct connection *next;
};

static void connection_run(void *self)
{
    struct connection *const connection = self;
    struct fl_channel *channel;
    char problem[256];
    if (fl_channel_accepted(&connection->setup, connection->fd, &channel, problem) == FL_OK) (void)serve(channel, &connection->mine->reference);
    else fprintf(stderr, "fenliu engine: a connection: %s\n", problem);
    connection->done = true;
}

static bool connection_start(const struct engine_options *mine, const struct fl_channel_setup *setup, int fd, struct connection **all)
{
    struct connection *const connection = calloc(1, sizeof *connection);
    if (connection == NULL || uv_loop_init(&connection->loop) != 0) {
        free(connection);
        return false;
    }
    connection->setup = *setup;
    connection->setup.loop = &connection->loop;
    connection->mine = mine;
    connection->fd = fd;
    if (uv_thread_create(&connection->thread, connection_run, connection) != 0) {
        uv_loop_close(&connection->loop);
        free(connection);
        return false;
    }
    connection->next = *all;
    *all = connection;
    return true;
}

/* Puts away those that are over, or all when they are to end. */
static void connections_reap(struct connection **all, bool every)
{
    for (struct connection **at = all; *at != NULL;) {
        struct connection *const connection = *at;
        if (!every && !connection->done) {
            at = &connection->next;
            continue;
        }
        uv_thread_join(&connection->thread);
        uv_loop_close(&connection->loop);
        *at = connection->next;
        free(connection);
    }
}

static int serve_listening(const struct engine_options *mine, const struct fl_channel_setup *setup)
{
    struct fl_listener *listener;
    struct connection *all = NULL;
    char problem[256];
    enum fl_status status = fl_listener_open(setup, &listener, problem);
    if (status != FL_OK) {
        fprintf(stderr, "fenliu engine: --listen: %s\n", problem);
        return status == FL_ESYNTAX ? EXIT_USAGE : EXIT_ENGINE;
    }
    printf("%s\n", fl_listener_url(listener));
    fflush(stdout);
    while (!interrupted) {
        int fd = -1;
        status = fl_listener_accept(listener, fl_clock_ns() + FL_SECOND, &fd, problem);
        if (status == FL_EENGINE) fprintf(stderr, "fenliu engine: %s\n", problem);
        else if (status != FL_OK) break;
        if (fd >= 0 && !connection_start(mine, setup, fd, &all)) fprintf(stderr, "fenliu engine: no thread for another connection\n");
        connections_reap(&all, false);
    }
    connections_reap(&all, true);
    fl_listener_close(listener);
    return EXIT_DONE;
}

int cmd_engine(int argc, char **argv)
{
    struct options options;
    struct engine_options mine = { 0 };
    if (!options_read(&options, argc, argv, take_engine_option, &mine)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count > 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    mine.reference.verbose = !options.quiet;
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0) return EXIT_INTERNAL;
    const struct fl_channel_setup setup = { .url = mine.listen, .loop = &loop, .prefix = "harness", .stop = &interrupted, .limits = &limits };
    const int code = mine.listen != NULL ? serve_listening(&mine, &setup) : serve_stdio(&mine, &setup);
    uv_loop_close(&loop);
    return code;
}
