/* How fast is the event core? The M/M/c queue of limits/mmc_limit.c, event for event, on sim/core:
 * whole nanoseconds, ordered ties, and draws addressed by customer instead of one random stream.
 * What it prints can be held against mmc_limit line by line; the ratio says what those three cost.
 * mmc_limit draws at the event; with -DDRAWS_AHEAD=0 so does this, for a comparison like with like.
 *
 * usage: core_mmc C RHO CUSTOMERS SEED */
#include "core/distribution.h"
#include "core/draw.h"
#include "core/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef DRAWS_AHEAD
#define DRAWS_AHEAD 1 /* take the next gap and service one event before they are needed */
#endif

/* Arrival times of those who wait: a ring that doubles when full; head and tail only grow. */
struct line {
    fl_time *at;
    size_t capacity; /* a power of two */
    size_t head, tail;
};

struct queue {
    uint32_t servers;
    double gap_mean_ns; /* between arrivals; a service has mean 1 s */
    uint64_t customers, arrived, started;
    uint64_t key;
    fl_time now;
    fl_time gap_next, service_next; /* of the next arrival and service: addressed draws can be taken early,
                                       so the time of an event need not wait for the arithmetic (DRAWS_AHEAD) */

    struct fl_events pending; /* slot s < servers: server s finishes; slot `servers`: next arrival */
    uint32_t *idle;           /* a stack, so that the server freed last works next */
    uint32_t idle_count;
    struct line waiting;

    uint64_t events, waited;
    double wait_total_s;
};

static void *allocate(size_t count, size_t bytes_each)
{
    const size_t bytes = (count * bytes_each + 63) / 64 * 64;
    void *const memory = aligned_alloc(64, bytes);
    if (memory == NULL) {
        fprintf(stderr, "core_mmc: out of memory\n");
        exit(EXIT_FAILURE);
    }
    return memset(memory, 0, bytes);
}

static void line_grow(struct line *line)
{
    fl_time *const larger = allocate(2 * line->capacity, sizeof *larger);
    memcpy(larger, line->at, line->capacity * sizeof *larger);
    memcpy(larger + line->capacity, line->at, line->capacity * sizeof *larger);
    free(line->at);
    line->at = larger;
    line->capacity *= 2;
}

static inline void line_push(struct line *line, fl_time at)
{
    if (line->tail - line->head == line->capacity) line_grow(line);
    line->at[line->tail++ & (line->capacity - 1)] = at;
}

FL_ALWAYS_INLINE void draw_service(struct queue *queue)
{
    const uint64_t bits = fl_draw(queue->key, FL_DRAW_REPLY_TOTAL, (uint32_t)queue->started++);
    queue->service_next = (fl_time)(fl_exponential(bits) * 1e9 + 0.5);
}

FL_ALWAYS_INLINE void draw_gap(struct queue *queue)
{
    const uint64_t bits = fl_draw(queue->key, FL_DRAW_ARRIVAL, (uint32_t)queue->arrived++);
    queue->gap_next = (fl_time)(fl_exponential(bits) * queue->gap_mean_ns + 0.5);
}

FL_ALWAYS_INLINE void start_service(struct queue *queue, uint32_t server)
{
    if (!DRAWS_AHEAD) draw_service(queue);
    fl_events_set(&queue->pending, server, queue->now + queue->service_next, FL_CLASS_RELEASE);
    if (DRAWS_AHEAD) draw_service(queue);
}

FL_ALWAYS_INLINE void schedule_arrival(struct queue *queue)
{
    const bool is_last = queue->arrived >= queue->customers + DRAWS_AHEAD;
    if (!DRAWS_AHEAD) draw_gap(queue);
    const fl_time at = is_last ? FL_TIME_NEVER : queue->now + queue->gap_next;
    fl_events_set(&queue->pending, queue->servers, at, FL_CLASS_ARRIVAL);
    if (DRAWS_AHEAD) draw_gap(queue);
}

FL_ALWAYS_INLINE void on_arrival(struct queue *queue)
{
    schedule_arrival(queue);
    if (queue->idle_count > 0) start_service(queue, queue->idle[--queue->idle_count]);
    else line_push(&queue->waiting, queue->now);
}

FL_ALWAYS_INLINE void on_service_end(struct queue *queue, uint32_t server)
{
    struct line *const line = &queue->waiting;
    if (line->head == line->tail) {
        queue->idle[queue->idle_count++] = server;
        return;
    }
    queue->wait_total_s += fl_time_to_s(queue->now - line->at[line->head++ & (line->capacity - 1)]);
    queue->waited++;
    start_service(queue, server);
}

/* Starts with about the usual number of servers busy, with customers who are not counted. */
static struct queue queue_create(uint32_t servers, double rho, uint64_t customers, uint64_t seed)
{
    struct queue queue = {
        .servers = servers,
        .gap_mean_ns = 1e9 / (rho * servers),
        .customers = customers,
        .key = fl_key_day(seed, 0, 0),
        .idle = allocate(servers, sizeof *queue.idle),
        .waiting = { .at = allocate(1 << 16, sizeof(fl_time)), .capacity = 1 << 16 },
    };
    fl_events_start(&queue.pending, allocate(1, fl_events_bytes(servers + 1)), servers + 1, 4 * FL_SECOND);
    for (uint32_t s = servers; s-- > 0;) queue.idle[queue.idle_count++] = s;
    if (DRAWS_AHEAD) {
        draw_service(&queue);
        draw_gap(&queue);
    }
    for (uint32_t busy = (uint32_t)(rho * servers); busy > 0; busy--)
        start_service(&queue, queue.idle[--queue.idle_count]);
    schedule_arrival(&queue);
    return queue;
}

/* Runs until the last customer has left. */
static void run(struct queue *queue)
{
    while (fl_events_due(&queue->pending, FL_TIME_NEVER)) {
        const fl_event_key next = fl_events_take(&queue->pending);
        queue->now = fl_event_at(next);
        const uint32_t slot = fl_event_slot(next);
        queue->events++;
        if (slot == queue->servers) on_arrival(queue);
        else on_service_end(queue, slot);
    }
}

/* Probability of waiting in M/M/c: the Erlang C formula, by the recursion for Erlang B. */
static double erlang_c(uint32_t servers, double load)
{
    double blocked = 1;
    for (uint32_t k = 1; k <= servers; k++) blocked = load * blocked / (k + load * blocked);
    return blocked / (1 - load / servers * (1 - blocked));
}

/* Most memory this process has held, or 0 where /proc does not tell. */
static long peak_rss_kb(void)
{
    FILE *const status = fopen("/proc/self/status", "r");
    char text[256];
    long kb = 0;
    while (status != NULL && kb == 0 && fgets(text, sizeof text, status) != NULL) sscanf(text, "VmHWM: %ld kB", &kb);
    if (status != NULL) fclose(status);
    return kb;
}

int main(int argc, char **argv)
{
    const uint32_t servers = argc == 5 ? (uint32_t)strtod(argv[1], NULL) : 0;
    const double rho = argc == 5 ? strtod(argv[2], NULL) : 0;
    const double customers = argc == 5 ? strtod(argv[3], NULL) : 0;
    if (servers < 1 || servers >= FL_EVENTS_SLOTS_MAX || !(rho > 0 && rho < 1) || !(customers >= 1 && customers <= 4e9)) {
        fprintf(stderr, "usage: core_mmc C RHO CUSTOMERS SEED   (RHO < 1, CUSTOMERS <= 4e9)\n");
        return 2;
    }
    const uint64_t seed = strtoull(argv[4], NULL, 0);

    struct queue queue = queue_create(servers, rho, (uint64_t)customers, seed);
    const clock_t start = clock();
    run(&queue);
    const double cpu_s = (double)(clock() - start) / CLOCKS_PER_SEC;

    const double wait_chance = erlang_c(servers, rho * servers);
    printf("model=mmc servers=%u rho=%g customers=%.0f seed=%llu", servers, rho, customers, (unsigned long long)seed);
    printf(" cpu_s=%.3f customers_per_s=%.0f", cpu_s, customers / cpu_s);
    printf(" events=%llu events_per_s=%.0f", (unsigned long long)queue.events, (double)queue.events / cpu_s);
    printf(" wait_mean=%.6g wait_mean_theory=%.6g", queue.wait_total_s / customers,
           wait_chance / (servers - rho * servers));
    printf(" wait_chance=%.4f wait_chance_theory=%.4f", (double)queue.waited / customers, wait_chance);
    printf(" rss_kb=%ld\n", peak_rss_kb());
    free(queue.pending.late.node);
    free(queue.idle);
    free(queue.waiting.at);
    return 0;
}
