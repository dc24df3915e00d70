#include "ranks.h"

#include "ranks_link.h"
#include "ranks_meet.h"
#include "record/leb.h"
#include "record/rows.h"
#include "run/gather.h"
#include "run/part.h"
#include "scenario/image.h"
#include "traffic/traffic.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define WORTH_BUYERS 50000.  /* an eighth of a second of one core: what is less is not spread */
#define BLOCK_BUYERS 10000.  /* the least of a block, beside which a message costs little */
#define WAIT_NS 50000000u    /* how often rank 0, with nothing left to do, looks who hangs */
#define HANGS_NS UINT64_C(2000000000) /* beyond several times what a block should take */
#define PROGRESS_NS 100000000u
#define MESSAGE_MAX ((size_t)4 << 30)
#define TOKEN_BYTES 16u

/* What a rank says first. */
struct hello {
    unsigned char token[TOKEN_BYTES];
    uint64_t layout; /* of scenarios and rows: another number is another build */
    uint32_t rank;
    char version[32], host[64];
};

/* What is asked of it; the numbers of the days follow where they are not one after another. */
struct work {
    uint64_t scenario, seed, memory_max;
    uint32_t first, days, jobs;
    uint8_t cells, rows_only, listed, part; /* part: of days that are to be joined as such (run/part.h) */
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t layout_number(void)
{
    return fl_image_layout() ^ fl_rows_layout();
}

/* A connection to a rank. */
struct link {
    int socket;
    struct hello peer;
    uint64_t scenario; /* the last it was sent */
    struct link *next_at_work;
};

/* ---- Rank 0: blocks of a run ------------------------------------------------------------------- */

struct block {
    uint32_t first, days;  /* places among the run's days */
    uint32_t live;         /* days of it that are said to be done */
    uint64_t handed_ns;
    bool out, done;        /* somebody has it; it is in the run */
};

/* A run that is being made; lives in ranks_run. */
struct call {
    uint64_t number;                 /* of its scenario, which a rank keeps until the next */
    const struct fl_scenario *scenario;
    const struct fl_run_options *options;
    void *image;
    size_t image_bytes;
    struct fl_gather *gather;
    struct block *blocks;            /* [blocks_room], in the order in which they were first handed out */
    uint32_t blocks_count, blocks_room, next;
    uint32_t least;                  /* days of the shortest block */
    uint32_t done;                   /* days */
    uint32_t users;                  /* threads that are reading what a rank has sent */
    double ns_per_day;               /* as rank 0 takes; 0: not known yet */
    enum fl_status failed;
};

static struct {
    bool several;
    uint32_t size;
    int listener;
    unsigned char token[TOKEN_BYTES];
    char places[2048];
    uv_thread_t listening;
    uv_mutex_t lock;                 /* guards all below, and the call */
    uv_cond_t changed;
    struct call *call;
    uint64_t calls;
    const struct ranks_source *source;
    struct link *at_work;            /* links that have a piece of it */
    bool met, leaving;               /* the meeting is over */
    uint32_t threads;                /* of links */
} ranks;

static bool is_over(const struct call *call)
{
    return call->done == call->options->replications || call->failed != FL_OK || (call->options->stop != NULL && *call->options->stop);
}

/* Days of the next block: a share of what is left, so that all end together whatever each takes. */
static uint32_t block_days(const struct call *call)
{
    const uint32_t left = call->options->replications - call->next, share = left / (2 * ranks.size);
    const uint32_t days = share > call->least ? share : call->least;
    return days < left ? days : left;
}

/* The next block to be done, one that was given back first; NULL: none. */
static struct block *block_take(struct call *call)
{
    struct block *taken = NULL;
    for (uint32_t i = 0; i < call->blocks_count && taken == NULL; i++)
        if (!call->blocks[i].out && !call->blocks[i].done) taken = &call->blocks[i];
    if (taken == NULL && call->next < call->options->replications) {
        taken = &call->blocks[call->blocks_count++];
        *taken = (struct block){ .first = call->next, .days = block_days(call) };
        call->next += taken->days;
    }
    if (taken == NULL) return NULL;
    taken->out = true;
    taken->live = 0;
    taken->handed_ns = now_ns();
    return taken;
}

/* One that somebody else has had for too long. */
static struct block *block_steal(struct call *call)
{
    const uint64_t now = now_ns();
    for (uint32_t i = 0; i < call->blocks_count; i++) {
        struct block *const block = &call->blocks[i];
        const double due_ns = 4 * call->ns_per_day * block->days + (double)HANGS_NS;
        if (!block->done && (double)(now - block->handed_ns) > due_ns) {
            block->handed_ns = now;
            return block;
        }
    }
    return NULL;
}

static void progress_tell(struct call *call)
{
    uint32_t done = call->done;
    for (uint32_t i = 0; i < call->blocks_count; i++) done += call->blocks[i].done ? 0 : call->blocks[i].live;
    if (call->options->on_progress != NULL && done > 0) call->options->on_progress(call->options->progress_context, done, call->options->replications);
}

/* Takes in what has been made of a block; of one that is there already nothing. */
static void block_close(struct call *call, struct block *block, struct fl_slice *slice)
{
    if (block->done) return;
    slice->head.first = block->first;
    slice->head.replications = call->options->replications;
    const enum fl_status status = slice->head.days == block->days ? fl_gather_add(call->gather, slice) : FL_ECONFLICT;
    if (status != FL_OK) {
        call->failed = status;
        return;
    }
    block->done = true;
    call->done += block->days;
    progress_tell(call);
}

/* ---- Rank 0: a link ---------------------------------------------------------------------------- */

static struct work work_of(const struct call *call, const struct block *block)
{
    const struct fl_run_options *const options = call->options;
    return (struct work){ .scenario = call->number, .seed = options->seed, .memory_max = options->memory_max,
                          .first = options->days != NULL ? 0 : options->first + block->first, .days = block->days, .jobs = options->jobs,
                          .cells = options->cells, .rows_only = options->rows_only, .listed = options->days != NULL };
}

/* A block as it is sent: a copy, as the run may be over before a rank that hangs has taken it. */
struct parcel {
    struct work work;
    void *scenario; /* its number and image; NULL: the rank has it */
    size_t scenario_bytes;
    uint32_t *days; /* NULL: one after another */
};

static bool parcel_make(struct parcel *parcel, const struct link *link, const struct call *call, const struct block *block)
{
    *parcel = (struct parcel){ .work = work_of(call, block) };
    if (link->scenario != call->number) {
        parcel->scenario_bytes = sizeof call->number + call->image_bytes;
        parcel->scenario = malloc(parcel->scenario_bytes);
        if (parcel->scenario == NULL) return false;
        memcpy(parcel->scenario, &call->number, sizeof call->number);
        memcpy((char *)parcel->scenario + sizeof call->number, call->image, call->image_bytes);
    }
    if (!parcel->work.listed) return true;
    parcel->days = malloc(block->days * sizeof *parcel->days);
    if (parcel->days != NULL) memcpy(parcel->days, call->options->days + block->first, block->days * sizeof *parcel->days);
    return parcel->days != NULL;
}

static bool parcel_send(struct link *link, const struct parcel *parcel)
{
    if (parcel->scenario != NULL && !link_send(link->socket, LINK_SCENARIO, parcel->scenario, parcel->scenario_bytes, NULL, 0)) return false;
    link->scenario = parcel->work.scenario;
    return link_send(link->socket, LINK_WORK, &parcel->work, sizeof parcel->work, parcel->days,
                     parcel->days != NULL ? parcel->work.days * sizeof *parcel->days : 0);
}

/* The call that a link was working for, if it still is; the lock is held. */
static bool is_current(const struct call *call, uint64_t number)
{
    return ranks.call == call && call->number == number;
}

/* Waits for what comes of a block. false: nothing will. */
static bool receive_block(struct link *link, struct call *call, uint64_t number, uint32_t at, const char **why)
{
    for (;;) {
        struct link_message message;
        *why = "is lost";
        if (!link_receive(link->socket, MESSAGE_MAX, &message)) return false;
        uv_mutex_lock(&ranks.lock);
        bool mine = is_current(call, number);
        if (mine && message.kind == LINK_PROGRESS && message.length == sizeof call->blocks[at].live) {
            memcpy(&call->blocks[at].live, message.bytes, sizeof call->blocks[at].live);
            progress_tell(call);
        }
        mine = mine && message.kind == LINK_DONE;
        if (mine) call->users++;
        uv_mutex_unlock(&ranks.lock);
        if (mine) {
            struct fl_slice slice = { 0 };
            const enum fl_status status = fl_slice_read(message.bytes, message.length, call->scenario, &slice);
            uv_mutex_lock(&ranks.lock);
            if (status == FL_OK) block_close(call, &call->blocks[at], &slice);
            call->users--;
            uv_cond_broadcast(&ranks.changed);
            uv_mutex_unlock(&ranks.lock);
            if (status == FL_OK) fl_slice_free(&slice);
            *why = "has sent what is no part of this run";
            mine = status == FL_OK;
            free(message.bytes);
            return mine;
        }
        free(message.bytes);
        *why = "could not simulate its days";
        if (message.kind != LINK_PROGRESS) return message.kind == LINK_DONE;
    }
}

static void report_lost(const struct link *link, const char *why)
{
    if (!interrupted) fprintf(stderr, "fenliu: rank %u on %s %s; its share is done by the others\n", link->peer.rank, link->peer.host, why);
}

/* ---- Rank 0: pieces of somebody's work --------------------------------------------------------- */

/* Sends a piece and waits for what comes of it. */
static bool piece_do(struct link *link, const struct fl_scenario *scenario, const struct fl_run_options *how, struct fl_text *bytes, const char **why)
{
    struct parcel parcel = { .work = { .seed = how->seed, .memory_max = how->memory_max, .first = how->first, .days = how->replications, .jobs = how->jobs,
                                       .cells = how->cells, .rows_only = how->rows_only, .part = true } };
    struct link_message message;
    void *image = NULL;
    size_t length = 0;
    *why = "is lost";
    if (fl_image_make(scenario, &image, &length) != FL_OK) return false;
    uv_mutex_lock(&ranks.lock);
    parcel.work.scenario = ++ranks.calls;
    uv_mutex_unlock(&ranks.lock);
    parcel.scenario = malloc(sizeof parcel.work.scenario + length);
    parcel.scenario_bytes = sizeof parcel.work.scenario + length;
    bool good = parcel.scenario != NULL;
    if (good) {
        memcpy(parcel.scenario, &parcel.work.scenario, sizeof parcel.work.scenario);
        memcpy((char *)parcel.scenario + sizeof parcel.work.scenario, image, length);
        good = parcel_send(link, &parcel);
    }
    free(image);
    free(parcel.scenario);
    while (good && (good = link_receive(link->socket, MESSAGE_MAX, &message))) {
        if (message.kind == LINK_DONE) fl_text_add_bytes(bytes, message.bytes, message.length);
        *why = message.kind == LINK_FAILED ? "could not simulate its days" : *why;
        free(message.bytes);
        if (message.kind != LINK_PROGRESS) return message.kind == LINK_DONE && !bytes->full;
    }
    return false;
}

static void at_work_add(struct link *link)
{
    link->next_at_work = ranks.at_work;
    ranks.at_work = link;
}

static void at_work_remove(struct link *link)
{
    struct link **at = &ranks.at_work;
    while (*at != link) at = &(*at)->next_at_work;
    *at = link->next_at_work;
}

/* Does a piece of what is offered; the lock is held before and after, not meanwhile. false: the rank is lost. */
static bool piece_serve(struct link *link, const struct ranks_source *source)
{
    struct fl_scenario *scenario = NULL;
    struct fl_run_options how;
    struct fl_text bytes = { 0 };
    const char *why = "";
    uint32_t piece;
    at_work_add(link);
    uv_mutex_unlock(&ranks.lock);
    const bool any = source->next(source->context, &piece, &scenario, &how);
    const bool good = !any || piece_do(link, scenario, &how, &bytes, &why);
    if (any) source->done(source->context, piece, good ? &bytes : NULL);
    fl_text_free(&bytes);
    fl_scenario_free(scenario);
    uv_mutex_lock(&ranks.lock);
    at_work_remove(link);
    uv_cond_broadcast(&ranks.changed);
    if (!good && ranks.source == source) report_lost(link, why);
    if (good && !any && ranks.source == source) uv_cond_timedwait(&ranks.changed, &ranks.lock, WAIT_NS);
    return good;
}

void ranks_offer(const struct ranks_source *source)
{
    if (!ranks.several) return;
    uv_mutex_lock(&ranks.lock);
    ranks.source = source;
    uv_cond_broadcast(&ranks.changed);
    uv_mutex_unlock(&ranks.lock);
}

void ranks_withdraw(void)
{
    if (!ranks.several) return;
    uv_mutex_lock(&ranks.lock);
    ranks.source = NULL;
    /* Who is at work has some seconds to end it; then its connection is closed, which ends its wait. */
    const uint64_t until = now_ns() + HANGS_NS;
    while (ranks.at_work != NULL && now_ns() < until) uv_cond_timedwait(&ranks.changed, &ranks.lock, WAIT_NS);
    for (const struct link *link = ranks.at_work; link != NULL; link = link->next_at_work) shutdown(link->socket, SHUT_RDWR);
    while (ranks.at_work != NULL) uv_cond_wait(&ranks.changed, &ranks.lock);
    uv_mutex_unlock(&ranks.lock);
}

/* ---- Rank 0: its links ------------------------------------------------------------------------- */

/* Gives the rank something to do, whatever there is, until the ranks part or it is lost. */
static void link_serve(struct link *link)
{
    uv_mutex_lock(&ranks.lock);
    while (!ranks.leaving) {
        if (ranks.source != NULL) {
            if (piece_serve(link, ranks.source)) continue;
            break;
        }
        struct call *const call = ranks.call;
        struct block *const block = call != NULL && !is_over(call) ? block_take(call) : NULL;
        if (block == NULL) {
            uv_cond_wait(&ranks.changed, &ranks.lock);
            continue;
        }
        const uint64_t number = call->number;
        const uint32_t at = (uint32_t)(block - call->blocks);
        const char *why = "is lost";
        struct parcel parcel;
        bool good = parcel_make(&parcel, link, call, block);
        uv_mutex_unlock(&ranks.lock);
        good = good && parcel_send(link, &parcel) && receive_block(link, call, number, at, &why);
        free(parcel.scenario);
        free(parcel.days);
        uv_mutex_lock(&ranks.lock);
        if (good) continue;
        if (is_current(call, number)) {
            call->blocks[at].out = false;
            call->blocks[at].live = 0;
        }
        if (!ranks.leaving) report_lost(link, why);
        break;
    }
    uv_mutex_unlock(&ranks.lock);
}

/* One thread a rank. */
static void link_main(void *argument)
{
    struct link link = { .socket = (int)(intptr_t)argument };
    struct link_message message;
    bool good = link_receive(link.socket, sizeof link.peer, &message);
    if (good) {
        good = message.kind == LINK_HELLO && message.length == sizeof link.peer;
        if (good) memcpy(&link.peer, message.bytes, sizeof link.peer);
        free(message.bytes);
    }
    good = good && memcmp(link.peer.token, ranks.token, TOKEN_BYTES) == 0; /* else: a stranger */
    if (good && (link.peer.layout != layout_number() || strcmp(link.peer.version, FENLIU_VERSION) != 0)) {
        report_lost(&link, "runs another build of fenliu");
        good = false;
    }
    if (good) link_serve(&link);
    if (good) link_send(link.socket, LINK_END, NULL, 0, NULL, 0);
    close(link.socket);
    uv_mutex_lock(&ranks.lock);
    ranks.threads--;
    uv_cond_broadcast(&ranks.changed);
    uv_mutex_unlock(&ranks.lock);
}

static void *link_start(void *argument)
{
    link_main(argument);
    return NULL;
}

/* A thread of its own from the meeting on: rank 0 works meanwhile. */
static void listen_main(void *words)
{
    const bool met = ranks_tell(words);
    ranks_part(); /* a launcher ends the whole job when a process dies that has not left its service */
    free(words);
    uv_mutex_lock(&ranks.lock);
    ranks.met = true;
    uv_cond_broadcast(&ranks.changed);
    uv_mutex_unlock(&ranks.lock);
    if (!met) fprintf(stderr, "fenliu: ranks cannot find each other: rank 0 works alone\n");
    for (int socket = link_accept(ranks.listener); socket >= 0; socket = link_accept(ranks.listener)) {
        pthread_t thread;
        pthread_attr_t detached;
        uv_mutex_lock(&ranks.lock);
        ranks.threads++;
        uv_mutex_unlock(&ranks.lock);
        pthread_attr_init(&detached);
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        if (pthread_create(&thread, &detached, link_start, (void *)(intptr_t)socket) == 0) continue;
        close(socket);
        uv_mutex_lock(&ranks.lock);
        ranks.threads--;
        uv_mutex_unlock(&ranks.lock);
    }
}

/* ---- Rank 0: a run ----------------------------------------------------------------------------- */

/* Progress of the block that rank 0 works on; told on threads of its run. */
struct own_block {
    struct call *call;
    struct block *block;
};

static void own_progress(void *context, uint32_t done, uint32_t all)
{
    const struct own_block *const own = context;
    (void)all;
    uv_mutex_lock(&ranks.lock);
    if (!own->block->done && done < own->block->days) { /* the last is told when the block is in */
        own->block->live = done;
        progress_tell(own->call);
    }
    uv_mutex_unlock(&ranks.lock);
}

/* A run as the slice that it is, borrowing it. */
static struct fl_slice slice_of(const struct fl_run *run)
{
    struct fl_slice slice = { .head = fl_gather_head(run), .rows = (const struct fl_row **)run->results.rows, .dates = (const struct fl_row **)run->results.dates,
                              .totals = run->results.totals };
    for (uint32_t kind = 0; kind < FL_CELLS_KINDS; kind++) slice.cells[kind] = (const struct fl_row **)run->results.cells.rows[kind];
    return slice;
}

/* Simulates a block here; the lock is held before and after, not meanwhile. */
static void own_run(struct call *call, struct block *block)
{
    struct own_block own = { call, block };
    struct fl_run_options how = *call->options;
    how.days = call->options->days != NULL ? call->options->days + block->first : NULL;
    how.first = call->options->first + block->first;
    how.replications = block->days;
    how.on_progress = own_progress;
    how.progress_context = &own;
    uv_mutex_unlock(&ranks.lock);
    const uint64_t began = now_ns();
    struct fl_run *run = NULL;
    const enum fl_status status = fl_run(call->scenario, &how, &run);
    const double ns_per_day = (double)(now_ns() - began) / block->days;
    uv_mutex_lock(&ranks.lock);
    if (status == FL_OK && !run->partial) {
        struct fl_slice slice = slice_of(run);
        call->ns_per_day = ns_per_day;
        block_close(call, block, &slice);
    } else if (status != FL_OK && status != FL_EINTERRUPTED) {
        call->failed = status;
    }
    fl_run_free(run);
}

static void call_work(struct call *call)
{
    uv_mutex_lock(&ranks.lock);
    ranks.call = call;
    uv_cond_broadcast(&ranks.changed);
    while (!is_over(call)) {
        struct block *block = block_take(call);
        if (block == NULL) block = block_steal(call);
        if (block != NULL) own_run(call, block);
        else uv_cond_timedwait(&ranks.changed, &ranks.lock, WAIT_NS);
    }
    ranks.call = NULL;
    while (call->users > 0) uv_cond_wait(&ranks.changed, &ranks.lock);
    uv_mutex_unlock(&ranks.lock);
}

static enum fl_status run_spread(const struct fl_scenario *scenario, const struct fl_run_options *options, uint32_t least, struct fl_run **out)
{
    const uint32_t blocks = options->replications / least + 2;
    struct call call = { .number = ++ranks.calls, .scenario = scenario, .options = options, .blocks_room = blocks, .least = least };
    const uint64_t wall = now_ns();
    enum fl_status status = fl_image_make(scenario, &call.image, &call.image_bytes);
    if (status != FL_OK) return status;
    call.gather = fl_gather_open(scenario, options);
    call.blocks = calloc(blocks, sizeof *call.blocks);
    status = call.gather != NULL && call.blocks != NULL ? FL_OK : FL_EFULL;
    if (status == FL_OK) {
        call_work(&call);
        status = call.failed;
    }
    if (status == FL_OK) {
        const uint32_t jobs = options->jobs > 0 ? options->jobs : fl_run_cores();
        status = fl_gather_close(call.gather, out);
        if (status == FL_OK) {
            (*out)->wall_s = (double)(now_ns() - wall) * 1e-9;
            (*out)->jobs = jobs;
        }
    } else {
        fl_gather_free(call.gather);
    }
    free(call.blocks);
    free(call.image);
    return status;
}

enum fl_status ranks_run(const struct fl_scenario *scenario, const struct fl_run_options *options, struct fl_run **out)
{
    if (!ranks.several || options->replications < 2) return fl_run(scenario, options, out);
    const double buyers = fl_traffic_expected(scenario, 0, scenario->duration), each = buyers > 1 ? buyers : 1;
    const uint32_t jobs = options->jobs > 0 ? options->jobs : fl_run_cores();
    const uint32_t least = each < BLOCK_BUYERS / jobs ? (uint32_t)(BLOCK_BUYERS / each) : jobs;
    if (each * options->replications < WORTH_BUYERS) return fl_run(scenario, options, out);
    return run_spread(scenario, options, least < options->replications ? least : options->replications, out);
}

/* ---- The other ranks --------------------------------------------------------------------------- */

struct helper {
    int socket;
    uint64_t number;
    struct fl_scenario *scenario;
    uint64_t told_ns;
};

static void helper_progress(void *context, uint32_t done, uint32_t all)
{
    struct helper *const helper = context;
    const uint64_t now = now_ns();
    if (now - helper->told_ns < PROGRESS_NS || done == all) return;
    helper->told_ns = now;
    (void)!link_send(helper->socket, LINK_PROGRESS, &done, sizeof done, NULL, 0); /* a link that is lost shows when the block is sent */
}

static bool helper_work(struct helper *helper, const struct link_message *message)
{
    struct work work;
    struct fl_run *run = NULL;
    if (message->length < sizeof work || helper->scenario == NULL) return false;
    memcpy(&work, message->bytes, sizeof work);
    if (work.scenario != helper->number || (work.listed && message->length != sizeof work + work.days * sizeof(uint32_t))) return false;
    uint32_t *const days = work.listed ? malloc(work.days * sizeof *days) : NULL;
    if (days != NULL) memcpy(days, message->bytes + sizeof work, work.days * sizeof *days);
    const struct fl_run_options how = { .seed = work.seed, .first = work.first, .replications = work.days, .days = days, .jobs = work.jobs,
                                        .stop = &interrupted, .cells = work.cells, .rows_only = work.rows_only, .memory_max = work.memory_max,
                                        .on_progress = helper_progress, .progress_context = helper };
    enum fl_status status = work.listed && days == NULL ? FL_EFULL : fl_run(helper->scenario, &how, &run);
    struct fl_text bytes = { 0 };
    if (status == FL_OK && run->partial) status = FL_EINTERRUPTED;
    if (status == FL_OK) {
        const struct fl_slice_head head = fl_gather_head(run);
        if (work.part) fl_part_write(run, &bytes);
        else fl_slice_write(&head, &run->results, &bytes);
        if (bytes.full) status = FL_EFULL;
    }
    const bool sent = status == FL_OK ? link_send(helper->socket, LINK_DONE, bytes.bytes, bytes.length, NULL, 0)
                                      : link_send(helper->socket, LINK_FAILED, &status, sizeof status, NULL, 0);
    fl_text_free(&bytes);
    fl_run_free(run);
    free(days);
    return sent && status == FL_OK;
}

/* Takes the scenario of the blocks to come. */
static bool helper_scenario(struct helper *helper, const struct link_message *message)
{
    free(helper->scenario);
    helper->scenario = NULL;
    if (message->length < sizeof helper->number) return false;
    memcpy(&helper->number, message->bytes, sizeof helper->number);
    return fl_image_open(message->bytes + sizeof helper->number, message->length - sizeof helper->number, &helper->scenario) == FL_OK;
}

static int helper_main(uint32_t rank, const char *words)
{
    struct hello hello = { .layout = layout_number(), .rank = rank, .version = FENLIU_VERSION };
    struct helper helper = { .socket = -1 };
    char token[2 * TOKEN_BYTES + 1];
    int used = 0;
    gethostname(hello.host, sizeof hello.host - 1);
    if (sscanf(words, "%32s %n", token, &used) == 1 && strlen(token) == 2 * TOKEN_BYTES) helper.socket = link_connect(words + used);
    for (uint32_t i = 0; i < TOKEN_BYTES; i++) {
        const char pair[3] = { token[2 * i], token[2 * i + 1], '\0' };
        hello.token[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    if (helper.socket < 0) return EXIT_DONE; /* rank 0 had nothing to share */
    bool good = link_send(helper.socket, LINK_HELLO, &hello, sizeof hello, NULL, 0), ended = false;
    while (good && !ended) {
        struct link_message message;
        if (!link_receive(helper.socket, MESSAGE_MAX, &message)) break;
        ended = message.kind == LINK_END;
        good = ended || (message.kind == LINK_SCENARIO ? helper_scenario(&helper, &message) : message.kind == LINK_WORK && helper_work(&helper, &message));
        free(message.bytes);
    }
    free(helper.scenario);
    close(helper.socket);
    /* Rank 0 may have been done before it took the connection: nothing was asked of this one, then. */
    return ended || helper.number == 0 ? EXIT_DONE : interrupted ? EXIT_INTERRUPTED : EXIT_ENGINE;
}

/* ---- Entering and leaving ---------------------------------------------------------------------- */

static bool is_spread(int argc, char **argv)
{
    static const char *const commands[] = { "simulate", "staff", "sweep" };
    bool known = false;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) known |= argc > 0 && strcmp(argv[0], commands[i]) == 0;
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--shard", 7) == 0) return false;
    return known;
}

static bool first_enter(void)
{
    const size_t room = sizeof ranks.places + 2 * TOKEN_BYTES + 2;
    char *const words = malloc(room);
    size_t used = 0;
    if (words == NULL || getrandom(ranks.token, sizeof ranks.token, 0) != (ssize_t)sizeof ranks.token) return false;
    ranks.listener = link_listen(ranks.places, sizeof ranks.places);
    if (ranks.listener < 0) return false;
    for (uint32_t i = 0; i < TOKEN_BYTES; i++) used += (size_t)snprintf(words + used, room - used, "%02x", ranks.token[i]);
    snprintf(words + used, room - used, " %s", ranks.places);
    ranks.several = uv_mutex_init(&ranks.lock) == 0 && uv_cond_init(&ranks.changed) == 0 && uv_thread_create(&ranks.listening, listen_main, words) == 0;
    return ranks.several;
}

bool ranks_enter(int argc, char **argv, int *code)
{
    uint32_t rank, size = 1;
    const char *why = "";
    char words[sizeof ranks.places + 64];
    const enum ranks_launcher launcher = is_spread(argc, argv) ? ranks_launcher(&rank) : RANKS_NO_LAUNCHER;
    if (launcher == RANKS_NO_LAUNCHER) return false;
    *code = EXIT_USAGE;
    if (launcher == RANKS_WITHOUT_PMIX) {
        if (rank == 0) fprintf(stderr, "fenliu: ranks cannot find each other: the launcher offers no PMIx (srun --mpi=pmix does); or give each --shard I/N\n");
        return true;
    }
    if (!ranks_meet(&rank, &size, &why)) {
        if (rank == 0) fprintf(stderr, "fenliu: ranks cannot find each other: %s; or give each --shard I/N\n", why);
        return true;
    }
    ranks.size = size;
    if (rank == 0) {
        if (size < 2) ranks_part();
        if (size < 2 || first_enter()) return false;
        fprintf(stderr, "fenliu: ranks cannot find each other: rank 0 cannot be reached\n");
        return true;
    }
    const bool heard = ranks_hear(words, sizeof words);
    ranks_part();
    *code = heard ? helper_main(rank, words) : EXIT_ENGINE;
    return true;
}

void ranks_leave(void)
{
    if (!ranks.several) return;
    uv_mutex_lock(&ranks.lock);
    ranks.leaving = true;
    uv_cond_broadcast(&ranks.changed);
    /* The others are let go when they have come; one that died before the meeting keeps it from ending. */
    for (int tries = 0; !ranks.met && tries < 10; tries++) uv_cond_timedwait(&ranks.changed, &ranks.lock, UINT64_C(1000000000));
    const bool met = ranks.met;
    uv_mutex_unlock(&ranks.lock);
    if (!met) return;
    shutdown(ranks.listener, SHUT_RDWR);
    uv_thread_join(&ranks.listening);
    uv_mutex_lock(&ranks.lock);
    while (ranks.threads > 0 && uv_cond_timedwait(&ranks.changed, &ranks.lock, UINT64_C(1000000000)) == 0) continue;
    uv_mutex_unlock(&ranks.lock);
}
