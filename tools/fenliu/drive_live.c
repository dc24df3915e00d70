/* A run in real time, while it runs: on the terminal, on a port, and second by second in histogram logs. */
#include "drive.h"

#include "record/hlog.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUCKETS FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)
#define TICK_MS 1000
#define PLAIN_EVERY 5u      /* ticks a line, where there is no terminal */
#define AGENTS_SHOWN 8u
#define BAR_MOST 20u
#define CLIENTS_MAX 16u     /* of the metrics port, at once */
#define REQUEST_MAX 4096u

/* What a distribution has gained since the last tick. */
struct gain {
    uint32_t before[BUCKETS];
    uint32_t counts[BUCKETS];
    struct fl_histogram head;
};

struct client {
    uv_tcp_t tcp;
    uv_write_t write;
    char request[REQUEST_MAX];
    size_t length;
    struct fl_text answer;
    struct live_view *view;
    bool used, closing;
};

struct live_view {
    struct drive *drive;
    struct engine *engine;
    uv_timer_t timer;
    uv_tcp_t port;
    unsigned open;          /* handles */
    bool terminal, listens;
    unsigned lines;         /* of the block on the terminal */
    uint32_t ticks;
    int64_t started_ns, ticked_ns;
    uint64_t events, chats, decisions;
    struct gain decision, lateness;
    struct fl_text decision_log, lateness_log;
    struct client clients[CLIENTS_MAX];
};

/* ---- One second ---------------------------------------------------------------------------------- */

/* The extremes are the edges of buckets here: the exact ones are kept of the whole run only. */
static void gain_take(struct gain *gain, const struct fl_histogram *head, const uint32_t *counts)
{
    uint32_t first = BUCKETS, last = 0;
    gain->head = (struct fl_histogram){ 0 };
    for (uint32_t i = 0; i < BUCKETS; i++) {
        gain->counts[i] = counts[i] - gain->before[i];
        gain->before[i] = counts[i];
        gain->head.count += gain->counts[i];
        if (gain->counts[i] == 0) continue;
        if (first == BUCKETS) first = i;
        last = i;
        gain->head.sum_ns += (fl_histogram_sum)gain->counts[i] * fl_histogram_edge(i, FL_HISTOGRAM_FINE);
    }
    if (gain->head.count == 0) return;
    gain->head.least_ns = fl_histogram_edge(first, FL_HISTOGRAM_FINE);
    const fl_time edge = fl_histogram_edge(last + 1, FL_HISTOGRAM_FINE) - 1;
    gain->head.most_ns = edge < head->most_ns ? edge : head->most_ns;
}

static void log_add(struct fl_text *log, const struct gain *gain, double from_s, double length_s)
{
    uint64_t counts[BUCKETS];
    if (gain->head.count == 0) return;
    for (uint32_t i = 0; i < BUCKETS; i++) counts[i] = gain->counts[i];
    fl_hlog_line(log, from_s, length_s, gain->head.most_ns, counts);
}

/* ---- On the terminal ------------------------------------------------------------------------------ */

static void agents_add(struct fl_text *out, const struct fl_view *view)
{
    uint32_t busiest[AGENTS_SHOWN], count = 0;
    for (uint32_t a = 0; a < view->agents_count; a++) {
        uint32_t at = count;
        while (at > 0 && view->agents[busiest[at - 1]].awaiting < view->agents[a].awaiting) at--;
        if (at == AGENTS_SHOWN) continue;
        if (count < AGENTS_SHOWN) count++;
        memmove(&busiest[at + 1], &busiest[at], (count - at - 1) * sizeof *busiest);
        busiest[at] = a;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct fl_agent *const her = &view->agents[busiest[i]];
        const uint32_t bar = her->awaiting < BAR_MOST ? her->awaiting : BAR_MOST;
        fl_text_add(out, "  ");
        text_add_padded(out, view->names[busiest[i]], 14, false);
        fl_text_add(out, " %3u/%-3u ", her->awaiting, her->open);
        for (uint32_t k = 0; k < bar; k++) fl_text_add(out, "\342\226\207");
        fl_text_add(out, "\033[K\n");
    }
}

static unsigned lines_of(const struct fl_text *text)
{
    unsigned lines = 0;
    for (size_t i = 0; i < text->length; i++) lines += text->bytes[i] == '\n';
    return lines;
}

static void show(struct live_view *live, const struct fl_outside_look *look, double span_s)
{
    const struct fl_ledger *const ledger = look->ledger;
    const struct latency decision = latency_of(&live->decision.head, live->decision.counts), late = latency_of(&live->lateness.head, live->lateness.counts);
    const bool zh = live->drive->language == LANGUAGE_ZH;
    const char *const end = live->terminal ? "\033[K\n" : "\n";
    struct fl_text text = { 0 };
    char instant[32];
    fl_instant_format(live->drive->scenario, look->view->now, instant);
    fl_text_add(&text, zh ? "%s  会话 %.0f/秒  决定 %.0f/秒  排队 %u  未答 %u  违规 %" PRIu64 "  交错 %" PRIu64 "%s"
                          : "%s  chats %.0f/s  decisions %.0f/s  waiting %u  undecided %u  violations %" PRIu64 "  crossed %" PRIu64 "%s",
                instant, (double)(ledger->chats - live->chats) / span_s, (double)(ledger->decisions - live->decisions) / span_s, look->waiting,
                look->undecided, fl_ledger_violations(ledger), ledger->crossed, live->terminal ? end : "  ");
    fl_text_add(&text, zh ? "决定(微秒) 一半 %.0f  百分之九十九 %.0f  最长 %.0f   自身迟到 一半 %.0f  百分之九十九 %.0f%s"
                          : "decision us p50 %.0f p99 %.0f max %.0f   own lateness us p50 %.0f p99 %.0f%s",
                decision.p50_us, decision.p99_us, decision.most_us, late.p50_us, late.p99_us, end);
    if (live->terminal) agents_add(&text, look->view);
    if (live->lines > 0) fprintf(stderr, "\033[%uF", live->lines);
    live->lines = live->terminal ? lines_of(&text) : 0;
    if (!text.full) fwrite(text.bytes, 1, text.length, stderr);
    fl_text_free(&text);
}

static void on_tick(uv_timer_t *timer)
{
    struct live_view *const live = timer->data;
    const struct fl_outside_look look = fl_outside_look(live->engine->outside);
    const int64_t now_ns = fl_clock_ns();
    const double span_s = (double)(now_ns - live->ticked_ns) / 1e9;
    if (drive_is_over(live->drive)) live->drive->stop = true;
    if (span_s <= 0) return;
    if (look.ledger->events < live->events) { /* another day has begun */
        memset(live->decision.before, 0, sizeof live->decision.before);
        memset(live->lateness.before, 0, sizeof live->lateness.before);
        live->chats = live->decisions = 0;
    }
    gain_take(&live->decision, &look.ledger->latency, look.ledger->latency_counts);
    gain_take(&live->lateness, &look.ledger->lateness, look.ledger->lateness_counts);
    const double from_s = (double)(live->ticked_ns - live->started_ns) / 1e9;
    log_add(&live->decision_log, &live->decision, from_s, span_s);
    log_add(&live->lateness_log, &live->lateness, from_s, span_s);
    if (look.view != NULL && !live->drive->quiet && (live->terminal || live->ticks % PLAIN_EVERY == PLAIN_EVERY - 1)) show(live, &look, span_s);
    live->ticks++;
    live->ticked_ns = now_ns;
    live->events = look.ledger->events;
    live->chats = look.ledger->chats;
    live->decisions = look.ledger->decisions;
}

/* ---- OpenMetrics ----------------------------------------------------------------------------------- */

/* A label's value: backslash, quote and newline are escaped. */
static void label_add(struct fl_text *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') fl_text_add_bytes(out, "\\", 1);
        if (*value == '\n') fl_text_add(out, "\\n");
        else fl_text_add_bytes(out, value, 1);
    }
}

static void summary_add(struct fl_text *out, const char *name, const struct fl_histogram *head, const uint32_t *counts)
{
    const struct latency all = latency_of(head, counts);
    const struct {
        const char *share;
        double us;
    } quantiles[] = { { "0.5", all.p50_us }, { "0.9", all.p90_us }, { "0.99", all.p99_us }, { "0.999", all.p999_us } };
    fl_text_add(out, "# TYPE fenliu_%s_seconds summary\n# UNIT fenliu_%s_seconds seconds\n", name, name);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        fl_text_add(out, "fenliu_%s_seconds{quantile=\"%s\"} %.9f\n", name, quantiles[i].share, quantiles[i].us / 1e6);
    fl_text_add(out, "fenliu_%s_seconds_count %" PRIu64 "\nfenliu_%s_seconds_sum %.9f\n", name, head->count, name, (double)head->sum_ns / 1e9);
}

static void metrics_add(struct fl_text *out, const struct fl_outside_look *look)
{
    const struct fl_ledger *const ledger = look->ledger;
    const struct {
        const char *name;
        uint64_t value;
    } counters[] = { { "events", ledger->events }, { "chats", ledger->chats }, { "decisions", ledger->decisions },
                     { "violations", fl_ledger_violations(ledger) }, { "crossed", ledger->crossed }, { "unanswered", ledger->unanswered } };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        fl_text_add(out, "# TYPE fenliu_%s counter\nfenliu_%s_total %" PRIu64 "\n", counters[i].name, counters[i].name, counters[i].value);
    fl_text_add(out, "# TYPE fenliu_waiting gauge\nfenliu_waiting %u\n# TYPE fenliu_undecided gauge\nfenliu_undecided %u\n", look->waiting, look->undecided);
    summary_add(out, "decision", &ledger->latency, ledger->latency_counts);
    summary_add(out, "own_lateness", &ledger->lateness, ledger->lateness_counts);
    const char *const gauges[] = { "agent_open_chats", "agent_awaiting_chats" };
    for (int g = 0; g < 2; g++) {
        fl_text_add(out, "# TYPE fenliu_%s gauge\n", gauges[g]);
        for (uint32_t a = 0; look->view != NULL && a < look->view->agents_count; a++) {
            fl_text_add(out, "fenliu_%s{agent=\"", gauges[g]);
            label_add(out, look->view->names[a]);
            fl_text_add(out, "\"} %u\n", g == 0 ? look->view->agents[a].open : look->view->agents[a].awaiting);
        }
    }
    fl_text_add(out, "# EOF\n");
}

static void on_client_closed(uv_handle_t *handle)
{
    struct client *const client = handle->data;
    fl_text_free(&client->answer);
    client->view->open--;
    *client = (struct client){ .view = client->view };
}

static void client_close(struct client *client)
{
    if (client->closing) return;
    client->closing = true;
    uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    client_close(write->data);
}

static void answer(struct client *client)
{
    struct fl_text body = { 0 };
    const bool asks = strncmp(client->request, "GET /metrics ", 13) == 0 || strncmp(client->request, "GET / ", 6) == 0;
    const struct fl_outside_look look = fl_outside_look(client->view->engine->outside);
    if (asks) metrics_add(&body, &look);
    else fl_text_add(&body, "the figures are at /metrics\n");
    fl_text_add(&client->answer, "HTTP/1.1 %s\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                asks ? "200 OK" : "404 Not Found", asks ? "application/openmetrics-text; version=1.0.0" : "text/plain", body.length);
    fl_text_add_bytes(&client->answer, body.bytes, body.length);
    const bool full = body.full || client->answer.full;
    fl_text_free(&body);
    const uv_buf_t all = uv_buf_init(client->answer.bytes, (unsigned)client->answer.length);
    client->write.data = client;
    if (full || uv_write(&client->write, (uv_stream_t *)&client->tcp, &all, 1, on_written) != 0) client_close(client);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    struct client *const client = handle->data;
    (void)wanted;
    *room = uv_buf_init(client->request + client->length, (unsigned)(REQUEST_MAX - 1 - client->length));
}

static void on_request(uv_stream_t *stream, ssize_t got, const uv_buf_t *room)
{
    struct client *const client = stream->data;
    (void)room;
    if (got == 0) return;
    if (got < 0) {
        client_close(client);
        return;
    }
    client->length += (size_t)got;
    client->request[client->length] = '\0';
    const bool whole = strstr(client->request, "\r\n\r\n") != NULL || strstr(client->request, "\n\n") != NULL;
    if (!whole && client->length < REQUEST_MAX - 1) return;
    uv_read_stop(stream);
    if (whole) answer(client);
    else client_close(client);
}

static void on_connection(uv_stream_t *port, int status)
{
    struct live_view *const live = port->data;
    uint32_t i = 0;
    if (status < 0) return;
    while (i < CLIENTS_MAX && live->clients[i].used) i++;
    if (i == CLIENTS_MAX) return; /* waits in the kernel's queue */
    struct client *const client = &live->clients[i];
    *client = (struct client){ .view = live, .used = true };
    uv_tcp_init(port->loop, &client->tcp);
    client->tcp.data = client;
    live->open++;
    if (uv_accept(port, (uv_stream_t *)&client->tcp) != 0 || uv_read_start((uv_stream_t *)&client->tcp, on_room, on_request) != 0) client_close(client);
}

/* [HOST:]PORT, HOST a number. */
static bool listen_at(struct live_view *live, const char *where)
{
    char host[64] = "127.0.0.1";
    const char *const colon = strrchr(where, ':');
    const char *const digits = colon == NULL ? where : colon + 1;
    char *end;
    const unsigned long port = strtoul(digits, &end, 10);
    struct sockaddr_in at;
    if (colon != NULL) snprintf(host, sizeof host, "%.*s", (int)(colon - where), where);
    const bool readable = *digits >= '0' && *digits <= '9' && *end == '\0' && port > 0 && port < 65536 && uv_ip4_addr(host, (int)port, &at) == 0;
    uv_tcp_init(&live->engine->loop, &live->port);
    live->port.data = live;
    live->listens = true;
    const int error = !readable ? UV_EINVAL : uv_tcp_bind(&live->port, (const struct sockaddr *)&at, 0);
    const int heard = error != 0 ? error : uv_listen((uv_stream_t *)&live->port, 16, on_connection);
    if (heard == 0) return true;
    fprintf(stderr, "fenliu drive: --metrics %s: %s\n", where, readable ? uv_strerror(heard) : "wanted [HOST:]PORT, HOST as four numbers");
    return false;
}

/* ---- Opening and closing --------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle)
{
    ((struct live_view *)handle->data)->open--;
}

static void handle_close(struct live_view *live, uv_handle_t *handle)
{
    live->open++;
    handle->data = live;
    uv_close(handle, on_handle_closed);
}

void live_view_close(struct live_view *live)
{
    if (live == NULL) return;
    handle_close(live, (uv_handle_t *)&live->timer);
    if (live->listens) handle_close(live, (uv_handle_t *)&live->port);
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (live->clients[i].used) client_close(&live->clients[i]);
    while (live->open > 0) uv_run(&live->engine->loop, UV_RUN_NOWAIT);
    fl_text_free(&live->decision_log);
    fl_text_free(&live->lateness_log);
    free(live);
}

struct live_view *live_view_open(struct drive *drive, struct engine *engine)
{
    struct live_view *const live = calloc(1, sizeof *live);
    if (live == NULL) return NULL;
    live->drive = drive;
    live->engine = engine;
    live->terminal = !drive->quiet && isatty(STDERR_FILENO);
    live->started_ns = live->ticked_ns = fl_clock_ns();
    fl_hlog_open(&live->decision_log, "decision latency of every second, wall clock, from the instant a chat was due", time(NULL));
    fl_hlog_open(&live->lateness_log, "how much later than due the harness's lines left, every second", time(NULL));
    uv_timer_init(&engine->loop, &live->timer);
    live->timer.data = live;
    uv_timer_start(&live->timer, on_tick, TICK_MS, TICK_MS);
    if (drive->metrics == NULL || listen_at(live, drive->metrics)) return live;
    live_view_close(live);
    return NULL;
}

void live_view_logs(struct live_view *live, struct fl_text *decisions, struct fl_text *lateness)
{
    if (live == NULL) return;
    on_tick(&live->timer); /* the last part of a second */
    *decisions = live->decision_log;
    *lateness = live->lateness_log;
    live->decision_log = live->lateness_log = (struct fl_text){ 0 };
}
