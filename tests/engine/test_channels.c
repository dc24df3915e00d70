/* The transports as a C caller sees them: what waits and what does not, what is full, who closed and how, what is left behind.
 *
 * test_channels stdio: gives back each line of stdin on stdout, over the channel that engines of ours speak through. */
#include "engine/channel.h"
#include "engine/loop.h"
#include "engine/server.h"
#include "engine/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static unsigned failures;
static const char *test;
static char program[4096];

#define CHECK(condition) (void)((condition) || (failures++, fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, test, #condition)))

static struct fl_engine_def limits;

static void limits_default(void)
{
    limits = (struct fl_engine_def){ .connect_timeout = 5 * SECOND, .timeout = 10 * SECOND, .close_timeout = SECOND, .write_buffer = 1 << 20, .http_pipeline = 1 };
}

/* Us on our loop, and the peer: a listener on a loop of its own, and the connection it accepted, as a plain socket. */
struct pair {
    uv_loop_t ours, theirs;
    struct fl_listener *listener;
    struct fl_channel *channel;
    int peer;
};

static struct fl_channel_setup setup_of(const char *url, uv_loop_t *loop)
{
    return (struct fl_channel_setup){ .url = url, .loop = loop, .prefix = "engine 0", .limits = &limits };
}

static void pair_open(struct pair *pair, const char *url)
{
    char problem[256] = "";
    CHECK(uv_loop_init(&pair->ours) == 0 && uv_loop_init(&pair->theirs) == 0);
    const struct fl_channel_setup listens = setup_of(url, &pair->theirs);
    if (fl_listener_open(&listens, &pair->listener, problem) != FL_OK) {
        fprintf(stderr, "%s: %s\n", test, problem);
        exit(1);
    }
    const struct fl_channel_setup connects = setup_of(fl_listener_url(pair->listener), &pair->ours);
    if (fl_channel_open(&connects, &pair->channel, problem) != FL_OK) {
        fprintf(stderr, "%s: %s\n", test, problem);
        exit(1);
    }
    CHECK(fl_listener_accept(pair->listener, fl_clock_ns() + SECOND, &pair->peer, problem) == FL_OK && pair->peer >= 0);
    CHECK(fcntl(pair->peer, F_SETFL, 0) == 0); /* the peer of these tests may wait */
}

static void peer_close(struct pair *pair)
{
    if (pair->peer >= 0) close(pair->peer);
    pair->peer = -1;
}

/* Nothing may be left on the loops. */
static void pair_close(struct pair *pair)
{
    peer_close(pair);
    if (pair->channel != NULL) pair->channel->ops->close(pair->channel);
    fl_listener_close(pair->listener);
    CHECK(uv_loop_close(&pair->ours) == 0);
    CHECK(uv_loop_close(&pair->theirs) == 0);
}

static void peer_says(struct pair *pair, const char *text)
{
    CHECK(write(pair->peer, text, strlen(text)) == (ssize_t)strlen(text));
}

static bool line_is(char *line, size_t length, const char *wanted)
{
    return line != NULL && length == strlen(wanted) && memcmp(line, wanted, length) == 0;
}

static enum fl_status say(struct fl_channel *channel, const char *text)
{
    return channel->ops->send(channel, text, strlen(text), fl_clock_ns() + SECOND);
}

/* Runs the loop until a line is there, as who runs it himself does. */
static enum fl_status next_of(struct fl_channel *channel, char **line, size_t *length)
{
    const int64_t until = fl_clock_ns() + 2 * SECOND;
    enum fl_status status;
    while ((status = channel->ops->next(channel, line, length)) == FL_OK && *line == NULL && fl_clock_ns() < until) {
        uv_run(channel->loop, UV_RUN_NOWAIT);
        usleep(500);
    }
    return status;
}

/* ---- Lines ------------------------------------------------------------------------------------------ */

static void lines_go_both_ways(const char *url)
{
    struct pair pair;
    char heard[64] = "", *line;
    size_t length;
    pair_open(&pair, url);

    CHECK(say(pair.channel, "one\ntwo\n") == FL_OK);
    CHECK(read(pair.peer, heard, sizeof heard - 1) == 8 && strcmp(heard, "one\ntwo\n") == 0); /* one write: one read has it all */
    peer_says(&pair, "a\nbc\n\nd");
    CHECK(pair.channel->ops->line(pair.channel, &line, &length, fl_clock_ns() + SECOND) == FL_OK && line_is(line, length, "a"));
    CHECK(pair.channel->ops->next(pair.channel, &line, &length) == FL_OK && line_is(line, length, "bc"));
    CHECK(pair.channel->ops->next(pair.channel, &line, &length) == FL_OK && line_is(line, length, ""));
    CHECK(pair.channel->ops->next(pair.channel, &line, &length) == FL_OK && line == NULL);
    peer_says(&pair, "e\n");
    CHECK(next_of(pair.channel, &line, &length) == FL_OK && line_is(line, length, "de"));

    pair_close(&pair);
}

static void who_closed_and_how_is_told(void)
{
    static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    struct pair pair;
    char *line;
    size_t length;

    pair_open(&pair, "tcp://127.0.0.1:0");
    peer_says(&pair, "last\n");
    peer_close(&pair);
    CHECK(next_of(pair.channel, &line, &length) == FL_OK && line_is(line, length, "last"));
    CHECK(!pair.channel->ended);
    CHECK(next_of(pair.channel, &line, &length) == FL_EENGINE && pair.channel->ended);
    CHECK(strcmp(pair.channel->problem, "closed the connection") == 0);
    pair_close(&pair);

    pair_open(&pair, "tcp://127.0.0.1:0");
    peer_says(&pair, "half");
    peer_close(&pair);
    CHECK(next_of(pair.channel, &line, &length) == FL_EENGINE && !pair.channel->ended);
    CHECK(strcmp(pair.channel->problem, "closed the connection in the middle of a line") == 0);
    pair_close(&pair);

    pair_open(&pair, "tcp://127.0.0.1:0");
    CHECK(setsockopt(pair.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    peer_close(&pair);
    CHECK(pair.channel->ops->line(pair.channel, &line, &length, fl_clock_ns() + SECOND) == FL_EENGINE && !pair.channel->ended);
    CHECK(strcmp(pair.channel->problem, "reset the connection") == 0);
    pair_close(&pair);

    pair_open(&pair, "tcp://127.0.0.1:0");
    CHECK(setsockopt(pair.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    peer_close(&pair);
    usleep(20000);
    CHECK(say(pair.channel, "x\n") == FL_EENGINE && strcmp(pair.channel->problem, "reset the connection") == 0);
    pair_close(&pair);
}

static void waiting_ends_in_time(void)
{
    struct pair pair;
    char *line;
    size_t length;
    pair_open(&pair, "tcp://127.0.0.1:0");
    const int64_t began = fl_clock_ns();

    CHECK(pair.channel->ops->line(pair.channel, &line, &length, began + SECOND / 20) == FL_EENGINE);

    CHECK(strcmp(pair.channel->problem, "does not answer") == 0);
    CHECK(fl_clock_ns() - began >= SECOND / 20 && fl_clock_ns() - began < SECOND);
    pair_close(&pair);
}

static void on_tick(uv_timer_t *timer)
{
    atomic_bool *const stop = timer->data;
    *stop = true;
}

/* A handle of the caller's goes on while a call waits, and may end it. */
static void stop_ends_a_wait_and_the_loop_is_shared(void)
{
    struct pair pair;
    atomic_bool stop = false;
    char *line, problem[256];
    size_t length;
    uv_timer_t timer;
    struct fl_channel *channel;
    pair_open(&pair, "tcp://127.0.0.1:0");
    struct fl_channel_setup setup = setup_of(fl_listener_url(pair.listener), &pair.ours);
    setup.stop = &stop;
    CHECK(fl_channel_open(&setup, &channel, problem) == FL_OK);
    uv_timer_init(&pair.ours, &timer);
    timer.data = &stop;
    uv_timer_start(&timer, on_tick, 30, 0);
    const int64_t began = fl_clock_ns();

    CHECK(channel->ops->line(channel, &line, &length, INT64_MAX) == FL_EINTERRUPTED);

    CHECK(fl_clock_ns() - began < SECOND);
    uv_close((uv_handle_t *)&timer, NULL);
    channel->ops->close(channel);
    pair_close(&pair);
}

/* What is in vain is left out, the longer the more often; what comes meanwhile ends it at once. */
static void looking_out_gives_up_where_it_is_in_vain(void)
{
    struct fl_lookout lookout = { 0 };
    struct pair pair;
    char *line;
    size_t length;
    bool late;
    pair_open(&pair, "tcp://127.0.0.1:0");
    struct fl_waiter waiter;
    fl_waiter_open(&waiter, &pair.ours, NULL);
    CHECK(fl_waiter_turn(&waiter, fl_clock_ns(), &late) == FL_OK); /* the loop knows of the connection from here on */

    CHECK(fl_lookout_pays(&lookout));
    const int64_t before_ns = fl_clock_ns();
    fl_lookout(&lookout, &pair.ours);
    CHECK(fl_clock_ns() - before_ns >= 50000);
    CHECK(!fl_lookout_pays(&lookout));
    const uint32_t once = lookout.left_out;
    while (!fl_lookout_pays(&lookout)) fl_lookout(&lookout, &pair.ours);
    fl_lookout(&lookout, &pair.ours);
    CHECK(once > 0 && lookout.left_out > once);

    peer_says(&pair, "here\n");
    struct fl_lookout anew = { .in_vain = 64 };
    fl_lookout(&anew, &pair.ours);
    CHECK(fl_lookout_pays(&anew));
    CHECK(next_of(pair.channel, &line, &length) == FL_OK && line_is(line, length, "here"));
    unsigned open = 0;
    fl_handle_close((uv_handle_t *)&waiter.timer, &open);
    fl_loop_settle(&pair.ours, &open);
    pair_close(&pair);
}

static void a_line_is_bounded(void)
{
    struct pair pair;
    char *line, *const text = malloc(FL_PROTOCOL_LINE_MAX + 1);
    size_t length;
    memset(text, 'x', FL_PROTOCOL_LINE_MAX + 1);

    pair_open(&pair, "tcp://127.0.0.1:0");
    text[FL_PROTOCOL_LINE_MAX - 1] = '\n';
    CHECK(write(pair.peer, text, FL_PROTOCOL_LINE_MAX) == FL_PROTOCOL_LINE_MAX);
    CHECK(next_of(pair.channel, &line, &length) == FL_OK && line != NULL && length == FL_PROTOCOL_LINE_MAX - 1);
    text[FL_PROTOCOL_LINE_MAX - 1] = 'x';
    CHECK(write(pair.peer, text, FL_PROTOCOL_LINE_MAX + 1) == FL_PROTOCOL_LINE_MAX + 1);
    CHECK(next_of(pair.channel, &line, &length) == FL_EENGINE);
    CHECK(strcmp(pair.channel->problem, "sent a line of more than 65536 bytes") == 0);
    pair_close(&pair);
    free(text);
}

/* ---- Who reads slowly, or not at all --------------------------------------------------------------------- */

/* What could not be posted was not sent in part, and what was posted arrives, in order. */
static void a_full_queue_refuses_whole_lines(void)
{
    struct pair pair;
    char text[128];
    static char heard[1 << 16];
    uint32_t posted = 0, arrived = 0;
    size_t kept = 0;
    limits.write_buffer = 1 << 16;
    pair_open(&pair, "unix:test_channels.sock");

    while (posted < 1000000) {
        const int length = snprintf(text, sizeof text, "line %u %080d\n", posted, 0);
        if (pair.channel->ops->post(pair.channel, text, (size_t)length) != FL_OK) break;
        posted++;
    }
    CHECK(posted > 500 && posted < 1000000 && pair.channel->problem[0] == '\0');
    CHECK(pair.channel->ops->post(pair.channel, text, strlen(text)) == FL_EFULL);

    CHECK(fcntl(pair.peer, F_SETFL, O_NONBLOCK) == 0);
    for (const int64_t until = fl_clock_ns() + 5 * SECOND; arrived < posted && fl_clock_ns() < until;) {
        uv_run(&pair.ours, UV_RUN_NOWAIT);
        const ssize_t got = read(pair.peer, heard + kept, sizeof heard - kept - 1);
        if (got <= 0) continue;
        kept += (size_t)got;
        char *from = heard, *newline;
        while ((newline = memchr(from, '\n', kept - (size_t)(from - heard))) != NULL) {
            CHECK(strtoul(from + strlen("line "), NULL, 10) == arrived && newline - from > 80);
            arrived++;
            from = newline + 1;
        }
        kept -= (size_t)(from - heard);
        memmove(heard, from, kept);
    }
    CHECK(arrived == posted && kept == 0);
    CHECK(pair.channel->ops->post(pair.channel, text, strlen(text)) == FL_OK); /* there is room again */
    pair_close(&pair);
    limits_default();
}

static void what_waits_is_sent_at_the_end(void)
{
    struct pair pair;
    static char text[1 << 19], heard[1 << 16];
    size_t arrived = 0;
    ssize_t got;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    pair_open(&pair, "unix:test_channels.sock");
    CHECK(pair.channel->ops->post(pair.channel, text, sizeof text) == FL_OK);
    const pid_t reader = fork();
    if (reader == 0) {
        while ((got = read(pair.peer, heard, sizeof heard)) > 0) arrived += (size_t)got;
        _exit(arrived == sizeof text && heard[0] == 'x' ? 0 : 1);
    }
    peer_close(&pair);

    pair.channel->ops->close(pair.channel);

    pair.channel = NULL;
    int status = -1;
    CHECK(waitpid(reader, &status, 0) == reader && status == 0);
    pair_close(&pair);
}

/* Two who both write before they read do not wait for each other for ever. */
static void sending_takes_in_what_comes_meanwhile(void)
{
    struct pair pair;
    static char block[1 << 16];
    char *line;
    size_t length;
    memset(block, 'y', sizeof block);
    for (size_t i = 99; i < sizeof block; i += 100) block[i] = '\n';
    pair_open(&pair, "unix:test_channels.sock");
    const pid_t peer = fork();
    if (peer == 0) {
        for (int i = 0; i < 2; i++) /* more than a socket holds, less than the channel's room */
            if (write(pair.peer, block, 60000) != 60000) _exit(1);
        for (size_t all = 0; all < 64 * sizeof block;) {
            const ssize_t got = read(pair.peer, block, sizeof block);
            if (got <= 0) _exit(2);
            all += (size_t)got;
        }
        _exit(write(pair.peer, "done\n", 5) == 5 ? 0 : 3);
    }
    for (int i = 0; i < 64; i++) CHECK(pair.channel->ops->send(pair.channel, block, sizeof block, fl_clock_ns() + 5 * SECOND) == FL_OK);
    int lines = 0;
    do {
        if (pair.channel->ops->line(pair.channel, &line, &length, fl_clock_ns() + 5 * SECOND) != FL_OK) break;
        lines++;
    } while (!line_is(line, length, "done"));
    CHECK(lines == 1201);
    int status = -1;
    CHECK(waitpid(peer, &status, 0) == peer && status == 0);
    pair_close(&pair);
}

static void who_reads_nothing_is_told_so(void)
{
    struct pair pair;
    static char block[1 << 22];
    memset(block, 'z', sizeof block);
    pair_open(&pair, "unix:test_channels.sock");
    CHECK(pair.channel->ops->send(pair.channel, block, sizeof block, fl_clock_ns() + SECOND / 20) == FL_EENGINE);
    CHECK(strcmp(pair.channel->problem, "reads nothing") == 0);
    pair_close(&pair);
}

/* ---- Listening and connecting ----------------------------------------------------------------------------- */

static enum fl_status listen_at(const char *url, uv_loop_t *loop, struct fl_listener **listener, char problem[256])
{
    const struct fl_channel_setup setup = setup_of(url, loop);
    return fl_listener_open(&setup, listener, problem);
}

static void only_a_stale_socket_file_is_replaced(void)
{
    uv_loop_t loop;
    struct fl_listener *first, *second;
    struct stat file;
    char problem[256];
    CHECK(uv_loop_init(&loop) == 0);
    CHECK(listen_at("unix:test_channels.sock", &loop, &first, problem) == FL_OK);
    CHECK(strcmp(fl_listener_url(first), "unix:test_channels.sock") == 0);

    CHECK(listen_at("unix:test_channels.sock", &loop, &second, problem) == FL_EENGINE); /* somebody listens there */
    CHECK(strcmp(problem, "cannot listen at unix:test_channels.sock: address already in use") == 0);
    CHECK(rename("test_channels.sock", "test_channels.stale") == 0);
    fl_listener_close(first);
    CHECK(listen_at("unix:test_channels.stale", &loop, &second, problem) == FL_OK); /* nobody listens there any more */
    fl_listener_close(second);
    CHECK(stat("test_channels.stale", &file) != 0); /* removed at the end */

    FILE *const plain = fopen("test_channels.plain", "w");
    if (plain != NULL) fclose(plain);
    CHECK(listen_at("unix:test_channels.plain", &loop, &second, problem) == FL_EENGINE);
    CHECK(stat("test_channels.plain", &file) == 0);
    unlink("test_channels.plain");
    CHECK(listen_at("http://127.0.0.1:0/", &loop, &second, problem) == FL_ESYNTAX);
    CHECK(listen_at("exec:true", &loop, &second, problem) == FL_ESYNTAX);
    CHECK(uv_loop_close(&loop) == 0);
}

static void listening_waits_as_long_as_it_may(void)
{
    uv_loop_t loop;
    struct fl_listener *listener;
    int fd;
    char problem[256];
    CHECK(uv_loop_init(&loop) == 0);
    CHECK(listen_at("tcp://localhost:0", &loop, &listener, problem) == FL_OK);
    CHECK(strncmp(fl_listener_url(listener), "tcp://localhost:", 16) == 0 && atoi(fl_listener_url(listener) + 16) > 0);
    const int64_t began = fl_clock_ns();

    CHECK(fl_listener_accept(listener, began + SECOND / 20, &fd, problem) == FL_OK && fd == -1);

    CHECK(fl_clock_ns() - began >= SECOND / 20 && fl_clock_ns() - began < SECOND);
    fl_listener_close(listener);
    CHECK(uv_loop_close(&loop) == 0);
}

/* A listener whose queue is full: further connections are neither made nor refused. */
static void connecting_ends_in_time(void)
{
    uv_loop_t loop;
    struct fl_channel *channel;
    char problem[256], url[64];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof at;
    int fds[8];
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 0) == 0 && getsockname(fd, (struct sockaddr *)&at, &length) == 0);
    for (int i = 0; i < 8; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        CHECK(connect(fds[i], (const struct sockaddr *)&at, sizeof at) == 0 || errno == EINPROGRESS);
    }
    CHECK(uv_loop_init(&loop) == 0);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%u", ntohs(at.sin_port));
    limits.connect_timeout = SECOND / 10;
    const struct fl_channel_setup setup = setup_of(url, &loop);
    const int64_t began = fl_clock_ns();

    CHECK(fl_channel_open(&setup, &channel, problem) == FL_EENGINE);

    CHECK(fl_clock_ns() - began < SECOND);
    CHECK(strstr(problem, "cannot be reached at 127.0.0.1:") == problem && strstr(problem, ": it does not answer") != NULL);
    CHECK(uv_loop_close(&loop) == 0);
    for (int i = 0; i < 8; i++) close(fds[i]);
    close(fd);
    limits_default();
}

static void a_refused_connection_is_tried_again(void)
{
    uv_loop_t loop;
    struct fl_channel *channel;
    char problem[256];
    const struct fl_channel_setup setup = setup_of("unix:test_channels.late", &loop);
    CHECK(uv_loop_init(&loop) == 0);
    int64_t began = fl_clock_ns();
    CHECK(fl_channel_open(&setup, &channel, problem) == FL_EENGINE && fl_clock_ns() - began < SECOND / 10);
    CHECK(strcmp(problem, "cannot be reached at unix:test_channels.late: no such file or directory") == 0);

    limits.retries = 3;
    began = fl_clock_ns();
    CHECK(fl_channel_open(&setup, &channel, problem) == FL_EENGINE && fl_clock_ns() - began >= 3 * SECOND / 5);

    const pid_t late = fork();
    if (late == 0) {
        uv_loop_t theirs;
        struct fl_listener *listener;
        int fd;
        usleep(100000);
        if (uv_loop_init(&theirs) != 0 || listen_at("unix:test_channels.late", &theirs, &listener, problem) != FL_OK) _exit(1);
        const bool came = fl_listener_accept(listener, fl_clock_ns() + 5 * SECOND, &fd, problem) == FL_OK && fd >= 0;
        fl_listener_close(listener);
        _exit(came ? 0 : 2);
    }
    CHECK(fl_channel_open(&setup, &channel, problem) == FL_OK);
    channel->ops->close(channel);
    int status = -1;
    CHECK(waitpid(late, &status, 0) == late && status == 0);
    CHECK(uv_loop_close(&loop) == 0);
    limits_default();
}

/* ---- A child process, stdin and stdout ---------------------------------------------------------------------- */

static struct fl_channel *exec_open(uv_loop_t *loop, const char *command)
{
    char url[2 * sizeof program + 300], problem[256];
    struct fl_channel *channel = NULL;
    snprintf(url, sizeof url, "exec:%s", command);
    const struct fl_channel_setup setup = setup_of(url, loop);
    CHECK(uv_loop_init(loop) == 0);
    CHECK(fl_channel_open(&setup, &channel, problem) == FL_OK);
    return channel;
}

static void a_child_is_posted_to_and_tells_its_exit(void)
{
    uv_loop_t loop;
    char *line;
    size_t length;
    struct fl_channel *const channel = exec_open(&loop, "head -n 2; exit 5");

    CHECK(channel->ops->post(channel, "a\nb\n", 4) == FL_OK);
    CHECK(next_of(channel, &line, &length) == FL_OK && line_is(line, length, "a"));
    CHECK(next_of(channel, &line, &length) == FL_OK && line_is(line, length, "b"));
    CHECK(next_of(channel, &line, &length) == FL_EENGINE);

    CHECK(strcmp(channel->problem, "exited with status 5") == 0);
    channel->ops->close(channel);
    CHECK(uv_loop_close(&loop) == 0);
}

static void our_own_stdin_and_stdout_are_a_channel(void)
{
    uv_loop_t loop;
    char command[2 * sizeof program + 256], text[32], *line;
    size_t length;
    snprintf(command, sizeof command, "'%s' stdio", program);
    struct fl_channel *const channel = exec_open(&loop, command);
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "line %d\n", i);
        CHECK(say(channel, text) == FL_OK);
        text[strlen(text) - 1] = '\0';
        CHECK(channel->ops->line(channel, &line, &length, fl_clock_ns() + 5 * SECOND) == FL_OK && line_is(line, length, text));
    }
    channel->ops->close(channel);
    CHECK(uv_loop_close(&loop) == 0);

    /* Files, and what has no end but its end. */
    snprintf(command, sizeof command, "seq 1 50000 > test_channels.in && '%s' stdio < test_channels.in > test_channels.out && cmp test_channels.in test_channels.out", program);
    CHECK(system(command) == 0);
    snprintf(command, sizeof command, "seq 1 50000 | '%s' stdio | cmp - test_channels.in && '%s' stdio < /dev/null", program, program);
    CHECK(system(command) == 0);
    unlink("test_channels.in");
    unlink("test_channels.out");
}

static int serve_stdio(void)
{
    uv_loop_t loop;
    struct fl_channel *channel;
    char problem[256], *line;
    size_t length;
    limits_default();
    const struct fl_channel_setup setup = setup_of("", &loop);
    if (uv_loop_init(&loop) != 0 || fl_channel_stdio(&setup, &channel, problem) != FL_OK) return 1;
    while (channel->ops->line(channel, &line, &length, INT64_MAX) == FL_OK) {
        char copy[256];
        const int size = snprintf(copy, sizeof copy, "%.*s\n", (int)length, line);
        if (channel->ops->send(channel, copy, (size_t)size, INT64_MAX) != FL_OK) return 2;
    }
    const bool well = channel->ended;
    channel->ops->close(channel);
    return well && uv_loop_close(&loop) == 0 ? 0 : 3;
}

/* ---- http --------------------------------------------------------------------------------------------------- */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: "

/* The pair again, with http in place of lines. */
static void http_open(struct pair *pair)
{
    char url[64], problem[256] = "";
    pair_open(pair, "tcp://127.0.0.1:0");
    peer_close(pair);
    pair->channel->ops->close(pair->channel);
    snprintf(url, sizeof url, "http%s/route", fl_listener_url(pair->listener) + 3);
    const struct fl_channel_setup connects = setup_of(url, &pair->ours);
    CHECK(fl_channel_open(&connects, &pair->channel, problem) == FL_OK);
    CHECK(fl_listener_accept(pair->listener, fl_clock_ns() + SECOND, &pair->peer, problem) == FL_OK && pair->peer >= 0);
    CHECK(fcntl(pair->peer, F_SETFL, 0) == 0);
}

/* How many requests have come to the peer since it looked last, and what. */
static unsigned requests_at(struct pair *pair, char *text, size_t size)
{
    unsigned count = 0;
    usleep(20000);
    const ssize_t got = recv(pair->peer, text, size - 1, MSG_DONTWAIT);
    text[got > 0 ? got : 0] = '\0';
    for (const char *at = text; (at = strstr(at, "POST /route HTTP/1.1\r\n")) != NULL; at++) count++;
    return count;
}

static void http_keeps_so_many_requests_under_way(void)
{
    static char heard[1 << 16];
    struct pair pair;
    char text[64], *line;
    size_t length;
    limits.http_pipeline = 3;
    http_open(&pair);
    for (int n = 1; n <= 5; n++) {
        snprintf(text, sizeof text, "{\"t\":\"wake\",\"n\":%d,\"at_ns\":99000000000}\n", n);
        CHECK(pair.channel->ops->post(pair.channel, text, strlen(text)) == FL_OK);
    }

    CHECK(requests_at(&pair, heard, sizeof heard) == 3);
    CHECK(strstr(heard, "\r\nHost: 127.0.0.1:") != NULL && strstr(heard, "\r\nContent-Type: application/json\r\n") != NULL);
    CHECK(strstr(heard, "\r\nFenliu-Session: ") != NULL && strstr(heard, "\r\n\r\n[{\"t\":\"wake\",\"n\":1,\"at_ns\":99000000000}]\n") != NULL);
    peer_says(&pair, OK "2\r\n\r\n[]" OK "17\r\n\r\n{\"t\":\"ack\",\"n\":2}");
    for (int n = 1; n <= 2; n++) {
        snprintf(text, sizeof text, "{\"t\":\"ack\",\"n\":%d}", n);
        CHECK(next_of(pair.channel, &line, &length) == FL_OK && line_is(line, length, text));
    }
    CHECK(pair.channel->ops->next(pair.channel, &line, &length) == FL_OK && line == NULL);
    CHECK(requests_at(&pair, heard, sizeof heard) == 2);
    peer_says(&pair, OK "0\r\n\r\n" OK "0\r\n\r\n" OK "0\r\n\r\n");
    for (int n = 3; n <= 5; n++) CHECK(next_of(pair.channel, &line, &length) == FL_OK && length == 17 && line[15] == '0' + n);
    pair_close(&pair);
    limits_default();
}

/* What was under way without an answer goes to the next connection. */
static void http_sends_again_what_had_no_answer(void)
{
    static char heard[1 << 16];
    struct pair pair;
    char *line, problem[256];
    size_t length;
    limits.retries = 1;
    http_open(&pair);
    CHECK(say(pair.channel, "{\"t\":\"error\",\"n\":6,\"rule\":\"no_bot\"}\n") == FL_OK);
    CHECK(requests_at(&pair, heard, sizeof heard) == 0); /* it wants no answer */
    CHECK(say(pair.channel, "{\"t\":\"wake\",\"n\":7,\"at_ns\":99000000000}\n") == FL_OK);
    CHECK(requests_at(&pair, heard, sizeof heard) == 1);

    peer_close(&pair);
    for (int i = 0; i < 10; i++) {
        CHECK(pair.channel->ops->next(pair.channel, &line, &length) == FL_OK && line == NULL);
        uv_run(&pair.ours, UV_RUN_NOWAIT);
        usleep(2000);
    }
    CHECK(fl_listener_accept(pair.listener, fl_clock_ns() + SECOND, &pair.peer, problem) == FL_OK && pair.peer >= 0);
    CHECK(fcntl(pair.peer, F_SETFL, 0) == 0);
    CHECK(requests_at(&pair, heard, sizeof heard) == 1);
    CHECK(strstr(heard, "[{\"t\":\"error\",\"n\":6,\"rule\":\"no_bot\"},\n{\"t\":\"wake\",\"n\":7,\"at_ns\":99000000000}]\n") != NULL);
    peer_says(&pair, OK "0\r\n\r\n");
    CHECK(next_of(pair.channel, &line, &length) == FL_OK && line_is(line, length, "{\"t\":\"ack\",\"n\":7}"));

    CHECK(say(pair.channel, "{\"t\":\"wake\",\"n\":8,\"at_ns\":99000000000}\n") == FL_OK); /* once too often */
    peer_close(&pair);
    for (int i = 0; i < 10; i++) {
        CHECK(pair.channel->ops->next(pair.channel, &line, &length) == FL_OK && line == NULL);
        uv_run(&pair.ours, UV_RUN_NOWAIT);
        usleep(2000);
    }
    CHECK(fl_listener_accept(pair.listener, fl_clock_ns() + SECOND, &pair.peer, problem) == FL_OK && pair.peer >= 0);
    peer_close(&pair);
    CHECK(next_of(pair.channel, &line, &length) == FL_EENGINE);
    CHECK(strstr(pair.channel->problem, "the connection without an answer") != NULL);
    pair_close(&pair);
    limits_default();
}

static void http_post_refuses_beyond_its_bound(void)
{
    struct pair pair;
    enum fl_status status = FL_OK;
    uint32_t posted = 0;
    char *line;
    size_t length;
    limits.write_buffer = 1 << 16;
    http_open(&pair);
    while (status == FL_OK && posted < 100000) {
        char text[128];
        snprintf(text, sizeof text, "{\"t\":\"wake\",\"n\":%u,\"at_ns\":99000000000}\n", ++posted);
        status = pair.channel->ops->post(pair.channel, text, strlen(text));
    }
    CHECK(status == FL_EFULL && posted > 1000 && posted < 3000);

    peer_says(&pair, OK "0\r\n\r\n");
    CHECK(next_of(pair.channel, &line, &length) == FL_OK && line_is(line, length, "{\"t\":\"ack\",\"n\":1}"));
    CHECK(pair.channel->ops->post(pair.channel, "{\"t\":\"end\",\"n\":9,\"at_ns\":9}\n", 28) == FL_OK); /* there is room again */
    limits.close_timeout = SECOND / 10; /* of a channel that is open already: not looked at */
    pair_close(&pair);
    limits_default();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
#define TEST(name) { #name, name }
        TEST(who_closed_and_how_is_told),
        TEST(waiting_ends_in_time),
        TEST(stop_ends_a_wait_and_the_loop_is_shared),
        TEST(a_line_is_bounded),
        TEST(a_full_queue_refuses_whole_lines),
        TEST(what_waits_is_sent_at_the_end),
        TEST(looking_out_gives_up_where_it_is_in_vain),
        TEST(sending_takes_in_what_comes_meanwhile),
        TEST(who_reads_nothing_is_told_so),
        TEST(only_a_stale_socket_file_is_replaced),
        TEST(listening_waits_as_long_as_it_may),
        TEST(connecting_ends_in_time),
        TEST(a_refused_connection_is_tried_again),
        TEST(a_child_is_posted_to_and_tells_its_exit),
        TEST(our_own_stdin_and_stdout_are_a_channel),
        TEST(http_keeps_so_many_requests_under_way),
        TEST(http_sends_again_what_had_no_answer),
        TEST(http_post_refuses_beyond_its_bound),
    };
    if (argc > 1 && strcmp(argv[1], "stdio") == 0) return serve_stdio();
    char where[] = "fenliu-channels-XXXXXX";
    if (realpath(argv[0], program) == NULL || mkdtemp(where) == NULL || chdir(where) != 0) return 1;
    signal(SIGPIPE, SIG_IGN);
    limits_default();
    static const char *const urls[] = { "tcp://127.0.0.1:0", "tcp://[::1]:0", "unix:test_channels.sock" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        test = urls[i];
        lines_go_both_ways(urls[i]);
    }
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        test = tests[i].name;
        tests[i].run();
    }
    if (chdir("..") != 0 || rmdir(where) != 0) failures++; /* no file is left either */
    printf("%u failures\n", failures);
    return failures > 0 ? 1 : 0;
}
