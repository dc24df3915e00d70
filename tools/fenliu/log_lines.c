/* From events to lines on several threads: see log.h. */
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

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

struct blocks {
    const struct lines *lines;
    struct block *list;     /* [count], block n at n % count; the one with number `filled` is being filled */
    uint32_t count;
    uint32_t makers_count;
    uv_thread_t *makers, sender; /* [makers_count] */
    bool refused;           /* lines_put has said no; its block may be a maker's */
    uv_mutex_t mutex;       /* guards what follows */
    uv_cond_t changed;
    uint64_t filled, taken, sent; /* blocks: sent <= taken <= filled < sent + count, but for a filler that waits */
    bool ended, stopped;    /* no more blocks come; no more are wanted */
    int error;              /* errno: memory ran out, or the sink failed; stopped then */
};

static struct block *block_at(const struct blocks *blocks, uint64_t number)
{
    return &blocks->list[number % blocks->count];
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
static void stop(struct blocks *blocks, int error)
{
    if (blocks->error == 0) blocks->error = error;
    blocks->stopped = true;
    uv_cond_broadcast(&blocks->changed);
}

static void maker_main(void *argument)
{
    struct blocks *blocks = argument;
    uv_mutex_lock(&blocks->mutex);
    for (;;) {
        while (blocks->taken == blocks->filled && !blocks->ended && !blocks->stopped) uv_cond_wait(&blocks->changed, &blocks->mutex);
        if (blocks->taken == blocks->filled || blocks->stopped) break;
        struct block *block = block_at(blocks, blocks->taken++);
        uv_mutex_unlock(&blocks->mutex);
        const bool made = block_make(blocks->lines, block);
        uv_mutex_lock(&blocks->mutex);
        block->made = made;
        uv_cond_broadcast(&blocks->changed);
        if (!made) stop(blocks, ENOMEM);
    }
    uv_mutex_unlock(&blocks->mutex);
}

static void sender_main(void *argument)
{
    struct blocks *blocks = argument;
    uv_mutex_lock(&blocks->mutex);
    for (;;) {
        struct block *block = block_at(blocks, blocks->sent);
        while (!block->made && !(blocks->ended && blocks->sent == blocks->filled) && !blocks->stopped) uv_cond_wait(&blocks->changed, &blocks->mutex);
        if (!block->made || blocks->stopped) break;
        uv_mutex_unlock(&blocks->mutex);
        const bool well = sink_put(blocks->lines->sink, block->text, block->text_bytes);
        uv_mutex_lock(&blocks->mutex);
        block->made = false;
        blocks->sent++;
        uv_cond_broadcast(&blocks->changed);
        if (!well) stop(blocks, blocks->lines->sink->error);
    }
    uv_mutex_unlock(&blocks->mutex);
}

/* NULL is fine. */
static void blocks_free(struct blocks *blocks)
{
    for (uint32_t i = 0; blocks != NULL && blocks->list != NULL && i < blocks->count; i++) {
        free(blocks->list[i].events);
        free(blocks->list[i].text);
    }
    if (blocks != NULL) {
        free(blocks->list);
        free(blocks->makers);
    }
    free(blocks);
}

/* Two for each maker, so that it need not wait for the sender, and one each for filler and sender. NULL: no memory. */
static struct blocks *blocks_create(const struct lines *lines, uint32_t makers)
{
    struct blocks *const blocks = calloc(1, sizeof *blocks);
    if (blocks == NULL) return NULL;
    blocks->lines = lines;
    blocks->makers_count = makers;
    blocks->count = 2 * makers + 2;
    blocks->list = calloc(blocks->count, sizeof *blocks->list);
    blocks->makers = calloc(makers, sizeof *blocks->makers);
    bool well = blocks->list != NULL && blocks->makers != NULL;
    for (uint32_t i = 0; well && i < blocks->count; i++) {
        blocks->list[i].events = malloc(BLOCK_EVENTS * sizeof *blocks->list[i].events);
        well = blocks->list[i].events != NULL && block_grow(&blocks->list[i], 0);
    }
    if (well) return blocks;
    blocks_free(blocks);
    return NULL;
}

/* Joins `makers` of the makers, and the sender when it was started. */
static void threads_join(struct blocks *blocks, uint32_t makers, bool with_sender)
{
    for (uint32_t i = 0; i < makers; i++) uv_thread_join(&blocks->makers[i]);
    if (with_sender) uv_thread_join(&blocks->sender);
    uv_cond_destroy(&blocks->changed);
    uv_mutex_destroy(&blocks->mutex);
}

/* 0, or libuv's code: errno, negated. */
static int threads_start(struct blocks *blocks)
{
    int failed = uv_mutex_init(&blocks->mutex);
    if (failed != 0) return failed;
    failed = uv_cond_init(&blocks->changed);
    if (failed != 0) {
        uv_mutex_destroy(&blocks->mutex);
        return failed;
    }
    failed = uv_thread_create(&blocks->sender, sender_main, blocks);
    const bool has_sender = failed == 0;
    uint32_t makers = 0;
    while (failed == 0 && makers < blocks->makers_count && (failed = uv_thread_create(&blocks->makers[makers], maker_main, blocks)) == 0) makers++;
    if (failed == 0 || makers > 0) { /* one is enough */
        blocks->makers_count = makers;
        return 0;
    }
    uv_mutex_lock(&blocks->mutex);
    stop(blocks, -failed);
    uv_mutex_unlock(&blocks->mutex);
    threads_join(blocks, makers, has_sender);
    return failed;
}

bool lines_start(struct lines *lines, uint32_t makers)
{
    struct blocks *const blocks = blocks_create(lines, makers < MAKERS_MAX ? makers : MAKERS_MAX);
    lines->error = blocks == NULL ? ENOMEM : -threads_start(blocks);
    lines->running = lines->error == 0;
    if (lines->running) lines->blocks = blocks;
    else blocks_free(blocks);
    return lines->running;
}

/* Hands the block over and waits for the place of the next. */
static bool hand_over(struct blocks *blocks)
{
    uv_mutex_lock(&blocks->mutex);
    blocks->filled++;
    uv_cond_broadcast(&blocks->changed);
    while (blocks->filled == blocks->sent + blocks->count && !blocks->stopped) uv_cond_wait(&blocks->changed, &blocks->mutex);
    const bool well = !blocks->stopped;
    uv_mutex_unlock(&blocks->mutex);
    blocks->refused = !well;
    if (well) block_at(blocks, blocks->filled)->events_count = 0;
    return well;
}

bool lines_put(struct lines *lines, const struct fl_log_event *event)
{
    struct blocks *const blocks = lines->blocks;
    if (blocks->refused) return false;
    struct block *block = block_at(blocks, blocks->filled);
    block->events[block->events_count++] = *event;
    lines->count++;
    return block->events_count < BLOCK_EVENTS || hand_over(blocks);
}

void lines_end(struct lines *lines, bool keep)
{
    struct blocks *const blocks = lines->blocks;
    if (!lines->running) return;
    if (keep && !blocks->refused && block_at(blocks, blocks->filled)->events_count > 0) hand_over(blocks);
    uv_mutex_lock(&blocks->mutex);
    blocks->ended = true;
    if (!keep) stop(blocks, 0);
    uv_cond_broadcast(&blocks->changed);
    uv_mutex_unlock(&blocks->mutex);
    threads_join(blocks, blocks->makers_count, true);
    if (lines->sink->error == 0) lines->sink->error = blocks->error;
    blocks_free(blocks);
    lines->blocks = NULL;
    lines->running = false;
}
