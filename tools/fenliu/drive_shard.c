/* fenliu drive --shard: one machine's part of a run. */
#include "drive.h"
#include "shard.h"

#include <stdlib.h>

/* ---- Whether there can be such a shard ------------------------------------------------------------ */

static int refuse(const struct drive *drive, const char *why)
{
    fprintf(stderr, "fenliu drive: --shard %u/%u: %s\n", drive->shard.shard, drive->shard.shards, why);
    return EXIT_USAGE;
}

static int desk_holds(struct drive *drive)
{
    const uint32_t agents = fl_scenario_agents_count(drive->scenario), shards = drive->shard.shards;
    uint32_t *const share = malloc((agents + 1) * sizeof *share);
    uint32_t lacking;
    char problem[256];
    if (share == NULL) return run_failed(FL_EFULL, "drive");
    fl_share_agents(drive->scenario, shards, share);
    const bool holds = fl_share_holds(drive->scenario, shards, share, problem, &lacking);
    if (holds && lacking != FL_NONE && !drive->quiet)
        fprintf(stderr, "fenliu drive: note: with %u shards some shift of a group has nobody in shard %u/%u: her buyers find nobody then\n", shards, lacking, shards);
    free(share);
    return holds ? EXIT_DONE : refuse(drive, problem);
}

int drive_shard_holds(struct drive *drive, const struct options *options, uint32_t days)
{
    struct fl_slice_head *const shard = &drive->shard;
    if (!shard_has_place(options)) return EXIT_USAGE;
    if (!drive->live) return shard_holds(shard, options, drive->scenario, drive->seed, days) ? EXIT_DONE : EXIT_USAGE;
    if (days > 1) return refuse(drive, "in real time the shards play one day together: a second one would begin on each machine whenever its first was over (wanted -n 1)");
    shard->replications = shard->days = 1;
    shard->first = 0;
    shard->scenario_hash = drive->scenario->hash;
    shard->seed = drive->seed;
    return desk_holds(drive);
}

/* ---- What it leaves -------------------------------------------------------------------------------- */

/* Borrows the faults. */
static void books_fill(const struct drive *drive, const struct drive_outcome *outcome, struct fl_books *books)
{
    const struct drive_part *const part = &outcome->parts[0];
    *books = (struct fl_books){
        .scenario_hash = drive->shard.scenario_hash, .seed = drive->shard.seed, .shard = drive->shard.shard, .shards = drive->shard.shards,
        .divided = drive->live ? FL_DIVIDED_DESK : FL_DIVIDED_DAYS, .live = drive->live, .speed = drive->live ? drive->speed : 0, .window = drive->window,
        .timeout_ns = drive->timeout_ns, .sessions = outcome->sessions, .began_ns = part->began_ns, .link_broke = part->link_broke,
        .ledger = *part->ledger, .faults_count = part->faults_count, .faults = (struct fl_fault_entry *)part->faults,
    };
    snprintf(books->engine, sizeof books->engine, "%s", outcome->engine);
}

static int shard_write(const struct drive *drive, const struct drive_outcome *outcome, const struct options *options, const struct run_record *plain)
{
    struct fl_books *const books = malloc(sizeof *books);
    if (books == NULL) return run_failed(FL_EFULL, "drive");
    struct run_record record = *plain;
    struct fl_text text = { 0 };
    size_t extra = 0;
    books_fill(drive, outcome, books);
    fl_books_write(books, &text);
    free(books);
    while (record.extras[extra].name != NULL) extra++;
    record.extras[extra] = (struct run_extra){ SHARD_BOOKS, &text };
    record.shard = &drive->shard;
    record.divides_desk = drive->live;
    record.options = options;
    const int code = run_write(options->out, &record);
    fl_text_free(&text);
    return code;
}

static void add_json(const struct drive *drive, const struct drive_outcome *outcome, const struct options *options, const struct fl_run *run, struct fl_text *out)
{
    shard_report(&drive->shard, options, run, out);
    if (!out->full && out->length >= 2) out->length -= 2; /* "}\n" */
    fl_text_add(out, ",\"divided\":\"%s\",\"engine\":", drive->live ? "desk" : "days");
    drive_json(outcome, run->results.agent_names, out);
    fl_text_add(out, "}\n");
}

static void add_table(const struct drive *drive, const struct drive_outcome *outcome, const struct options *options, const struct fl_run *run, struct fl_text *out)
{
    const bool zh = options->language == LANGUAGE_ZH;
    if (drive->live)
        fl_text_add(out, zh ? "分片 %u/%u:买家与客服的一份,会话 %llu,在 %s 里;fenliu merge 合并\n"
                            : "shard %u/%u: a share of buyers and agents, %llu chats, in %s; fenliu merge puts them together\n",
                    drive->shard.shard, drive->shard.shards, (unsigned long long)outcome->ledger->chats, options->out);
    else
        shard_report(&drive->shard, options, run, out);
    drive_report(outcome, options->language, NULL, out); /* what is wrong is told by the merge, once */
}

/* Whether objectives hold and the measurement is valid, the merge says. */
int drive_shard_conclude(const struct drive *drive, const struct drive_outcome *outcome, const struct options *options, const struct run_record *plain)
{
    struct fl_text answer = { 0 };
    int code = shard_write(drive, outcome, options, plain);
    if (options->json) add_json(drive, outcome, options, plain->run, &answer);
    else add_table(drive, outcome, options, plain->run, &answer);
    if (code == EXIT_DONE) code = text_print(&answer);
    if (code == EXIT_DONE && plain->run->partial) code = EXIT_INTERRUPTED;
    if (code == EXIT_DONE && outcome->parts[0].link_broke) code = EXIT_ENGINE;
    fl_text_free(&answer);
    return code;
}
