/* How fast can lines go to another process and back on this machine, over libuv, when neither side has anything to think about?
 *
 * A child echoes lines, everything it has read in one write. The parent keeps WINDOW lines of 120 bytes under way: it finds the
 * newlines of what came back, notes each line's time, and sends as many new ones, in one write. This is what driving an
 * engine as fast as it goes is held against (`run`): the same window, the same batching, the same kind of socket.
 *
 * usage: echo_loop unix|tcp WINDOW LINES */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#define LINE_BYTES 120
#define ROOM (1 << 20)

struct side {
    uv_loop_t loop;
    union {
        uv_pipe_t pipe;
        uv_tcp_t tcp;
        uv_stream_t stream;
    } end;
    char room[ROOM];
    size_t held;
    char out[ROOM];
    uint64_t sent, back, lines, window;
    uint64_t sent_ns[1 << 16]; /* by number of the line */
    uint64_t total_ns;
};

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    struct side *const side = handle->data;
    (void)wanted;
    *buffer = uv_buf_init(side->room + side->held, (unsigned)(ROOM - side->held));
}

/* Writes all of it; the window is smaller than a socket's buffers. */
static void write_all(struct side *side, const char *bytes, size_t length)
{
    while (length > 0) {
        const uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)length);
        const int sent = uv_try_write(&side->end.stream, &buffer, 1);
        if (sent == UV_EAGAIN) continue;
        if (sent < 0) exit(1);
        bytes += sent;
        length -= (size_t)sent;
    }
}

/* ---- The echo ---- */

static void on_echo(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct side *const side = stream->data;
    (void)buffer;
    if (got == 0) return;
    if (got < 0) exit(0);
    side->held += (size_t)got;
    const char *const last = memrchr(side->room, '\n', side->held);
    if (last == NULL) return;
    const size_t whole = (size_t)(last - side->room) + 1;
    write_all(side, side->room, whole);
    memmove(side->room, side->room + whole, side->held - whole);
    side->held -= whole;
}

/* ---- Who asks ---- */

static void send_more(struct side *side)
{
    size_t length = 0;
    const uint64_t now_ns = uv_hrtime();
    while (side->sent < side->lines && side->sent - side->back < side->window) {
        char *const line = side->out + length;
        memset(line, 'x', LINE_BYTES);
        const int head = snprintf(line, LINE_BYTES, "{\"t\":\"echo\",\"n\":%llu,\"pad\":\"", (unsigned long long)side->sent);
        line[head] = 'x';
        memcpy(line + LINE_BYTES - 3, "\"}\n", 3);
        length += LINE_BYTES;
        side->sent_ns[side->sent % (1 << 16)] = now_ns;
        side->sent++;
    }
    if (length > 0) write_all(side, side->out, length);
}

static void on_back(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct side *const side = stream->data;
    (void)buffer;
    if (got == 0) return;
    if (got < 0) exit(1);
    side->held += (size_t)got;
    const char *from = side->room, *const end = side->room + side->held;
    const uint64_t now_ns = uv_hrtime();
    for (const char *newline; (newline = memchr(from, '\n', (size_t)(end - from))) != NULL; from = newline + 1) {
        side->total_ns += now_ns - side->sent_ns[side->back % (1 << 16)];
        side->back++;
    }
    side->held = (size_t)(end - from);
    memmove(side->room, from, side->held);
    if (side->back == side->lines) uv_stop(&side->loop);
    else send_more(side);
}

/* ---- Both ends of one connection ---- */

static void connect_pair(int tcp, int ends[2])
{
    if (!tcp) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) exit(1);
        return;
    }
    struct sockaddr_in at;
    socklen_t length = sizeof at;
    const int port = socket(AF_INET, SOCK_STREAM, 0);
    uv_ip4_addr("127.0.0.1", 0, &at);
    if (bind(port, (struct sockaddr *)&at, sizeof at) != 0 || listen(port, 1) != 0 || getsockname(port, (struct sockaddr *)&at, &length) != 0) exit(1);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(ends[0], (struct sockaddr *)&at, sizeof at) != 0) exit(1);
    ends[1] = accept(port, NULL, NULL);
    close(port);
}

static struct side *open_side(int tcp, int end, uv_read_cb on_read)
{
    struct side *const side = calloc(1, sizeof *side);
    if (side == NULL || uv_loop_init(&side->loop) != 0) exit(1);
    if (tcp) {
        uv_tcp_init(&side->loop, &side->end.tcp);
        if (uv_tcp_open(&side->end.tcp, end) != 0 || uv_tcp_nodelay(&side->end.tcp, 1) != 0) exit(1);
    } else {
        uv_pipe_init(&side->loop, &side->end.pipe, 0);
        if (uv_pipe_open(&side->end.pipe, end) != 0) exit(1);
    }
    side->end.stream.data = side;
    uv_read_start(&side->end.stream, on_room, on_read);
    return side;
}

int main(int argc, char **argv)
{
    const int tcp = argc == 4 && strcmp(argv[1], "tcp") == 0;
    const unsigned long window = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, lines = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    int ends[2];
    if (window < 1 || window > 4096 || lines < 1 || (!tcp && strcmp(argv[1], "unix") != 0)) {
        fprintf(stderr, "usage: echo_loop unix|tcp WINDOW LINES\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    connect_pair(tcp, ends);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        uv_run(&open_side(tcp, ends[1], on_echo)->loop, UV_RUN_DEFAULT);
        return 0;
    }
    close(ends[1]);
    struct side *const side = open_side(tcp, ends[0], on_back);
    side->window = window;
    side->lines = lines;
    const uint64_t start_ns = uv_hrtime();
    send_more(side);
    uv_run(&side->loop, UV_RUN_DEFAULT);
    const double seconds = (double)(uv_hrtime() - start_ns) / 1e9;
    printf("over=%s window=%lu lines=%lu lines_per_s=%.0f latency_us_mean=%.1f\n", argv[1], window, lines, (double)lines / seconds,
           (double)side->total_ns / (double)lines / 1e3);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return 0;
}
