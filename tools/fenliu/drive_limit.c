/* How much load an engine holds: the highest rate at which it still decides in time. */
#include "drive.h"

#include <math.h>
#include <stdlib.h>

#define SPEED_MOST 1e6
#define HALVINGS 5 /* of the last doubling: the answer is right to 2 % of the rate, which repeats no better anyway */

struct step {
    double speed, chats_per_s, wall_s;
    struct latency decision, late;
    uint64_t chats, unanswered, violations;
    bool valid, met;
};

/* 0, or the code to exit with. */
static int try(struct drive *drive, drive_step *play, double speed, struct step *step)
{
    struct fl_ledger *const ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) return run_failed(FL_EFULL, "drive");
    *step = (struct step){ .speed = speed };
    const int code = play(drive, speed, ledger, &step->wall_s);
    step->decision = latency_of(&ledger->latency, ledger->latency_counts);
    step->late = latency_of(&ledger->lateness, ledger->lateness_counts);
    step->chats = ledger->chats;
    step->chats_per_s = step->wall_s > 0 ? (double)ledger->chats / step->wall_s : 0;
    step->unanswered = ledger->unanswered;
    step->violations = fl_ledger_violations(ledger);
    step->valid = drive_is_valid(ledger);
    step->met = ledger->latency.count > 0 && step->decision.p99_us * 1000 <= (double)drive->latency_ns && step->unanswered == 0;
    free(ledger);
    return code;
}

static void show_step(const struct drive *drive, const struct step *step)
{
    const bool zh = drive->language == LANGUAGE_ZH;
    const char *const verdict = !step->valid ? (zh ? "本机太慢" : "this machine is late") : step->met ? (zh ? "达标" : "held") : (zh ? "未达标" : "not held");
    if (!drive->quiet)
        fprintf(stderr, zh ? "速度 %-10.4g 会话 %8.1f/秒  决定 一半 %8.1f 百分之九十九 %9.1f 微秒  自身迟到 百分之九十九 %8.1f 微秒  %s\n"
                           : "speed %-10.4g chats %8.1f/s  decision p50 %8.1f p99 %9.1f us  own lateness p99 %8.1f us  %s\n",
                step->speed, step->chats_per_s, step->decision.p50_us, step->decision.p99_us, step->late.p99_us, verdict);
}

static void add_step(struct fl_text *out, const char *name, const struct step *step)
{
    fl_text_add(out, "\"%s\":", name);
    if (step->chats == 0) {
        fl_text_add(out, "null");
        return;
    }
    fl_text_add(out, "{\"speed\":%.6g,\"chats_per_s\":%.3f,\"chats\":%llu,\"unanswered\":%llu,\"violations\":%llu,\"decision_p50_us\":%.3f,"
                     "\"decision_p99_us\":%.3f,\"own_lateness_p99_us\":%.3f,\"valid\":%s}",
                step->speed, step->chats_per_s, (unsigned long long)step->chats, (unsigned long long)step->unanswered,
                (unsigned long long)step->violations, step->decision.p50_us, step->decision.p99_us, step->late.p99_us, step->valid ? "true" : "false");
}

static int say(const struct drive *drive, const struct options *options, const struct step *held, const struct step *missed)
{
    const bool zh = drive->language == LANGUAGE_ZH, found = held->chats > 0, ours = missed->chats > 0 && !missed->valid;
    struct fl_text out = { 0 };
    if (options->json) {
        fl_text_add(&out, "{\"fenliu\":1,\"command\":\"drive\",\"max_latency_us\":%.3f,\"limit_is\":\"%s\",", (double)drive->latency_ns / 1e3,
                    ours ? "this machine" : missed->chats > 0 ? "the engine" : "not reached");
        add_step(&out, "held", held);
        fl_text_add(&out, ",");
        add_step(&out, "not_held", missed);
        fl_text_add(&out, "}\n");
    } else if (!found && ours) {
        fl_text_add(&out, zh ? "未能测量:第一档 %.1f 会话/秒 时本机已跟不上\n" : "nothing was measured: this machine was late on the first step, %.1f chats a second\n", missed->chats_per_s);
    } else if (!found) {
        fl_text_add(&out, zh ? "第一档 %.1f 会话/秒 就未达标\n" : "not even the first step was held: %.1f chats a second\n", missed->chats_per_s);
    } else {
        fl_text_add(&out, zh ? "最多 %.1f 会话/秒(速度 %.4g):百分之九十九的决定在 %.1f 微秒内\n" : "holds %.1f chats a second (speed %.4g): p99 of the decisions %.1f us\n",
                    held->chats_per_s, held->speed, held->decision.p99_us);
        if (ours)
            fl_text_add(&out, zh ? "引擎的极限更高:到 %.1f 会话/秒 时先跟不上的是本机\n" : "the engine's limit is higher: at %.1f chats a second this machine was late first\n", missed->chats_per_s);
        else if (missed->chats > 0)
            fl_text_add(&out, zh ? "%.1f 会话/秒 时未达标:%.1f 微秒\n" : "not at %.1f chats a second: %.1f us\n", missed->chats_per_s, missed->decision.p99_us);
        else
            fl_text_add(&out, zh ? "到最高速度也未见极限\n" : "no limit was met up to the highest speed there is\n");
    }
    const int code = text_print(&out);
    fl_text_free(&out);
    return code != EXIT_DONE ? code : found ? EXIT_DONE : EXIT_MISSED;
}

int drive_find_limit(struct drive *drive, const struct options *options, drive_step *play)
{
    struct step held = { 0 }, missed = { 0 }, step;
    double speed = drive->speed;
    for (; speed <= SPEED_MOST && missed.chats == 0; speed *= 2) {
        const int code = try(drive, play, speed, &step);
        if (code != EXIT_DONE) return code;
        show_step(drive, &step);
        *(step.met && step.valid ? &held : &missed) = step;
    }
    for (int i = 0; i < HALVINGS && held.chats > 0 && missed.chats > 0; i++) {
        const int code = try(drive, play, sqrt(held.speed * missed.speed), &step);
        if (code != EXIT_DONE) return code;
        show_step(drive, &step);
        *(step.met && step.valid ? &held : &missed) = step;
    }
    return say(drive, options, &held, &missed);
}
