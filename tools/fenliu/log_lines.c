/* From events to lines on several threads: see log.h. */
#include "log.h"

#include <errno.h>
#include <stdlib.h>

#define BLOCK_EVENTS 2048u /* measured: 512 is as fast, 8192 a tenth slower: their text no longer stays in the cache */
#define TEXT_BYTES   ((size_t)BLOCK_EVENTS * 384) /* of a block at first: a line has some 330 bytes */
#define MAKERS_MAX   4u    /* the simulation takes a third of what its lines take, so more would wait for it */

struct block {
    struct fl_log_event *events; /* [BLOCK_EVENTS] */
    uint32_t events_count;
    char *text;                  /* [text_room] */
    size_t text_room, text_bytes;
    bool made;                   /* guarded by the mutex; the rest is whose turn it is: filler, maker, sender */
};

static struct block *block_at(const struct lines *lines, uint64_t number)
{
    return &lines->blocks[number % lines->blocks_count];
}

/* false: no memory. */
static bool block_grow(struct block *block, size_t needed)
{
    size_t room = block->text_room > 0 ? block->text_room : TEXT_BYTES;
    while (room < needed) room *= 2;
    if (room == block->text_room) return true;
    char *text = realloc(block->text, room);
    if (text == NULL) return false;
    block->text = text;
    block->text_room = room;
    return true;
}

static bool block_make(const struct lines *lines, struct block *block)
{
    block->text_bytes = 0;
    for (uint32_t i = 0; i < block->events_count;) {
        const size_t room = block->text_room - block->text_bytes;
        const size_t n = lines->write(lines->scenario, lines->agent_names, &block->events[i], block->text + block->text_bytes, room);
        if (n <= room) {
            block->text_bytes += n;
            i++;
        } else if (!block_grow(block, block->text_bytes + n)) {
            return false;
        }
    }
    return true;
}

/* Under the mutex. */
static void stop(struct lines *lines, int error)
{
    if (lines->error == 0) lines->error = error;
    lines->stopped = true;
    uv_cond_broadcast(&lines->changed);
}

static void maker_main(void *argument)
{
    struct lines *lines = argument;
    uv_mutex_lock(&lines->mutex);
    for (;;) {
        while (lines->taken == lines->filled && !lines->ended && !lines->stopped) uv_cond_wait(&lines->changed, &lines->mutex);
        if (lines->taken == lines->filled || lines->stopped) break;
        struct block *block = block_at(lines, lines->taken++);
        uv_mutex_unlock(&lines->mutex);
        const bool made = block_make(lines, block);
        uv_mutex_lock(&lines->mutex);
        block->made = made;
        uv_cond_broadcast(&lines->changed);
        if (!made) stop(lines, ENOMEM);
    }
    uv_mutex_unlock(&lines->mutex);
}

static void sender_main(void *argument)
{
    struct lines *lines = argument;
    uv_mutex_lock(&lines->mutex);
    for (;;) {
        struct block *block = block_at(lines, lines->sent);
        while (!block->made && !(lines->ended && lines->sent == lines->filled) && !lines->stopped) uv_cond_wait(&lines->changed, &lines->mutex);
        if (!block->made || lines->stopped) break;
        uv_mutex_unlock(&lines->mutex);
        const bool well = sink_put(lines->sink, block->text, block->text_bytes);
        uv_mutex_lock(&lines->mutex);
        block->made = false;
        lines->sent++;
        uv_cond_broadcast(&lines->changed);
        if (!well) stop(lines, lines->sink->error);
    }
    uv_mutex_unlock(&lines->mutex);
}

static void blocks_free(struct lines *lines)
{
    for (uint32_t i = 0; lines->blocks != NULL && i < lines->blocks_count; i++) {
        free(lines->blocks[i].events);
        free(lines->blocks[i].text);
    }
    free(lines->blocks);
    free(lines->makers);
}

/* Two for each maker, so that it need not wait for the sender, and one each for filler and sender. */
static bool blocks_create(struct lines *lines)
{
    lines->blocks_count = 2 * lines->makers_count + 2;
    lines->blocks = calloc(lines->blocks_count, sizeof *lines->blocks);
    lines->makers = calloc(lines->makers_count, sizeof *lines->makers);
    if (lines->blocks == NULL || lines->makers == NULL) return false;
    for (uint32_t i = 0; i < lines->blocks_count; i++) {
        lines->blocks[i].events = malloc(BLOCK_EVENTS * sizeof *lines->blocks[i].events);
        if (lines->blocks[i].events == NULL || !block_grow(&lines->blocks[i], 0)) return false;
    }
    return true;
}

/* Joins `makers` of the makers, and the sender when it was started. */
static void threads_join(struct lines *lines, uint32_t makers, bool with_sender)
{
    for (uint32_t i = 0; i < makers; i++) uv_thread_join(&lines->makers[i]);
    if (with_sender) uv_thread_join(&lines->sender);
    uv_cond_destroy(&lines->changed);
    uv_mutex_destroy(&lines->mutex);
}

/* 0, or libuv's code: errno, negated. */
static int threads_start(struct lines *lines)
{
    int failed = uv_mutex_init(&lines->mutex);
    if (failed != 0) return failed;
    failed = uv_cond_init(&lines->changed);
    if (failed != 0) {
        uv_mutex_destroy(&lines->mutex);
        return failed;
    }
    failed = uv_thread_create(&lines->sender, sender_main, lines);
    const bool has_sender = failed == 0;
    uint32_t makers = 0;
    while (failed == 0 && makers < lines->makers_count && (failed = uv_thread_create(&lines->makers[makers], maker_main, lines)) == 0) makers++;
    if (failed == 0 || makers > 0) { /* one is enough */
        lines->makers_count = makers;
        return 0;
    }
    uv_mutex_lock(&lines->mutex);
    stop(lines, -failed);
    uv_mutex_unlock(&lines->mutex);
    threads_join(lines, makers, has_sender);
    return failed;
}

bool lines_start(struct lines *lines, uint32_t makers)
{
    lines->makers_count = makers < MAKERS_MAX ? makers : MAKERS_MAX;
    lines->error = blocks_create(lines) ? -threads_start(lines) : ENOMEM;
    lines->running = lines->error == 0;
    if (!lines->running) blocks_free(lines);
    return lines->running;
}

/* Hands the block over and waits for the place of the next. */
static bool hand_over(struct lines *lines)
{
    uv_mutex_lock(&lines->mutex);
    lines->filled++;
    uv_cond_broadcast(&lines->changed);
    while (lines->filled == lines->sent + lines->blocks_count && !lines->stopped) uv_cond_wait(&lines->changed, &lines->mutex);
    const bool well = !lines->stopped;
    uv_mutex_unlock(&lines->mutex);
    lines->refused = !well;
    if (well) block_at(lines, lines->filled)->events_count = 0;
    return well;
}

bool lines_put(struct lines *lines, const struct fl_log_event *event)
{
    if (lines->refused) return false;
    struct block *block = block_at(lines, lines->filled);
    block->events[block->events_count++] = *event;
    lines->count++;
    return block->events_count < BLOCK_EVENTS || hand_over(lines);
}

void lines_end(struct lines *lines, bool keep)
{
    if (!lines->running) return;
    if (keep && !lines->refused && block_at(lines, lines->filled)->events_count > 0) hand_over(lines);
    uv_mutex_lock(&lines->mutex);
    lines->ended = true;
    if (!keep) stop(lines, 0);
    uv_cond_broadcast(&lines->changed);
    uv_mutex_unlock(&lines->mutex);
    threads_join(lines, lines->makers_count, true);
    if (lines->sink->error == 0) lines->sink->error = lines->error;
    blocks_free(lines);
    lines->running = false;
}
