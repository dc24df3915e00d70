#include "serve.h"

#include "command.h"
#include "document.h"
#include "http.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static void on_idle(void *context)
{
    struct server *const server = context;
    lws_context_destroy(server->context);
}

/* The loop ends by itself when the runs, the connections and what is closed here have ended. */
static void server_stop(struct server *server)
{
    if (server->stopping) return;
    server->stopping = true;
    server->interrupted_run = server->runs.running + server->runs.waiting > 0;
    uv_close((uv_handle_t *)&server->listener, NULL);
    for (int i = 0; i < 2; i++) uv_close((uv_handle_t *)&server->interrupts[i], NULL);
    runs_stop(&server->runs);
}

static void on_interrupt(uv_signal_t *interrupt, int number)
{
    (void)number;
    server_stop(interrupt->data);
}

static bool make_cookie(struct guard *guard)
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return false;
    for (size_t i = 0; i < sizeof bytes; i++) snprintf(guard->cookie + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

static void say_where(const struct server *server)
{
    const struct guard *const guard = &server->guard;
    const bool is_v6 = strchr(guard->address, ':') != NULL;
    printf("http://%s%s%s:%u/%s\n", is_v6 ? "[" : "", guard->address, is_v6 ? "]" : "", guard->port, guard->token[0] != '\0' ? "?token=TOKEN" : "");
    fflush(stdout);
    if (server->page.length == 0) fputs("fenliu serve: this program was built without the page; there is only the interface for programs\n", stderr);
}

static int run_loop(struct server *server)
{
    static const int signals[] = { SIGINT, SIGTERM };
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&server->loop, &server->interrupts[i]);
        server->interrupts[i].data = server;
        uv_signal_start(&server->interrupts[i], on_interrupt, signals[i]);
    }
    say_where(server);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    lws_context_destroy(server->context); /* what the loop held is closed now, and this frees the rest */
    return server->interrupted_run ? EXIT_INTERRUPTED : EXIT_DONE;
}

static int serve_on(struct server *server)
{
    document_make(&server->page, &server->page_policy);
    int code = EXIT_INTERNAL;
    if (!child_prepare() || !make_cookie(&server->guard) || uv_loop_init(&server->loop) != 0) {
        fprintf(stderr, "fenliu serve: no memory, no loop or no random numbers: %s\n", strerror(errno));
    } else {
        if (http_open(server)) code = run_loop(server);
        else fputs("fenliu serve: libwebsockets could not be started (is libwebsockets-evlib-uv installed?)\n", stderr);
        uv_loop_close(&server->loop);
    }
    runs_free(&server->runs);
    fl_text_free(&server->page);
    fl_text_free(&server->page_policy);
    return code;
}

int serve(const struct serve_setup *setup)
{
    struct server *const server = calloc(1, sizeof *server);
    if (server == NULL) return run_failed(FL_EFULL, "serve");
    int code = EXIT_USAGE;
    if (folder_open(&server->folder, setup->folder)) {
        server->guard.port = setup->port;
        snprintf(server->guard.address, sizeof server->guard.address, "%s", setup->address);
        snprintf(server->guard.token, sizeof server->guard.token, "%s", setup->token);
        server->runs = (struct runs){ .loop = &server->loop, .folder = &server->folder, .limit_ms = setup->limit_s * 1000, .context = server,
                                      .on_change = http_on_change, .on_idle = on_idle };
        server->listening = listen_open(&server->guard, setup->next_port);
        code = server->listening < 0 ? EXIT_ENGINE : serve_on(server);
        if (server->listening >= 0) close(server->listening);
        folder_close(&server->folder);
    }
    free(server);
    return code;
}
