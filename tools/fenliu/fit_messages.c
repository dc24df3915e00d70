/* fenliu fit of message logs: from files to chats (fit_messages_read.c), from chats to estimates (sim/fit/behaviour.h), and what of it goes
 * into the answer. */
#include "fit_messages.h"
#include "file_lines.h"
#include "fit/counts_csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Arrivals -------------------------------------------------------------------------------------- */

#define NEAR_MIDNIGHT (2 * 3600)

/* Chats by the day and cell in which they began. A record that begins or ends within two hours of midnight is taken to cover the day: at
 * night nobody may have written. */
static enum fl_status make_counts(const struct message_fit *fit, struct fl_counts *counts)
{
    const struct fl_chats *const chats = &fit->chats;
    const int64_t first_s = chats->first_cell * FL_ARRIVAL_CELL_S, last_s = chats->last_ns / FL_SECOND;
    const uint32_t days = (uint32_t)((last_s - first_s) / 86400 + 1);
    const enum fl_status status = fl_counts_create(first_s, 1800, days < FL_COUNTS_DAYS_MAX ? days : FL_COUNTS_DAYS_MAX, counts);
    if (status != FL_OK) return status;
    for (uint32_t i = 0; i < chats->spans.count; i++) {
        const struct fl_session *span = &fl_span_list(chats)[i];
        const int64_t from = span->from_s % 86400 < NEAR_MIDNIGHT ? span->from_s - span->from_s % 86400 : span->from_s - span->from_s % 1800;
        const int64_t to = 86400 - span->to_s % 86400 < NEAR_MIDNIGHT ? span->to_s + 86400 - span->to_s % 86400 : span->to_s + 1800 - span->to_s % 1800;
        fl_counts_cover(counts, from, to);
    }
    for (uint32_t i = 0; i < chats->arrival_cells; i++)
        if (fit_messages_arrivals(fit, i) > 0) (void)fl_counts_add(counts, first_s + (int64_t)i * FL_ARRIVAL_CELL_S, fit_messages_arrivals(fit, i));
    return FL_OK;
}

/* Dates on which nobody wrote, and those far below their like. Where a file's dates were moved on by weeks they are none that the reader knows. */
static void note_days(const struct message_fit *fit, struct fit_answer *answer)
{
    const struct fl_chats *const chats = &fit->chats;
    const int64_t first_s = chats->first_cell * FL_ARRIVAL_CELL_S;
    uint32_t none = 0, quiet = 0, first_none = 0, first_quiet = 0;
    char date[24];
    if (chats->shift_ns != 0) return;
    for (uint32_t d = (uint32_t)(chats->arrival_cells * (uint64_t)FL_ARRIVAL_CELL_S / 86400); d-- > 0;) {
        const bool is_quiet = fit->has_arrivals && d < fit->arrivals.days && fit->arrivals.day_kind[d] == FL_FIT_DAY_QUIET;
        if (d >= chats->dates || chats->date[d].chats == 0) none++, first_none = d;
        else if (is_quiet) quiet++, first_quiet = d;
    }
    fl_civil_format(first_s + (int64_t)first_none * 86400, date);
    if (none > 0)
        fit_note(answer, NULL, 0, "%u dates between others without a chat, the first %s; no ordinary days", "有 %u 天前后都有、当天却没有会话,首个 %s;不计入平日", none, date);
    fl_civil_format(first_s + (int64_t)first_quiet * 86400, date);
    if (quiet > 0)
        fit_note(answer, NULL, 0, "%u dates with far fewer chats than their like, the first %s; no ordinary days", "%u 天的会话远少于同类日子,首个 %s;不计入平日", quiet,
                 date);
}

static enum fl_status fit_arrivals(struct message_fit *fit, struct fit_answer *answer)
{
    const struct fl_arrivals_options options = { .to_day = 0 };
    struct fl_counts counts;
    if (fit->chats.chats == 0) return FL_OK;
    enum fl_status status = make_counts(fit, &counts);
    if (status != FL_OK) return status;
    status = fl_arrivals_fit(&counts, &options, &fit->arrivals, &answer->estimates);
    fit->has_arrivals = status == FL_OK;
    fl_counts_free(&counts);
    note_days(fit, answer);
    if (status == FL_EMISSING) {
        const struct fl_estimate none = fl_estimate_unknown("traffic.chats_per_day", "chats", "no_whole_day", NAN, NAN);
        fl_estimates_add(&answer->estimates, &none);
    }
    return status == FL_EMISSING ? FL_OK : status;
}

/* ---- All of it ------------------------------------------------------------------------------------- */

static enum fl_status fit_behaviour(struct message_fit *fit, struct fit_answer *answer)
{
    struct fl_estimates *const estimates = &answer->estimates;
    const struct fl_chats *chats = &fit->chats;
    enum fl_status status = fl_rounds_fit(chats, &fit->rounds);
    if (status == FL_OK) status = fl_patience_fit(chats, &fit->rounds, &fit->patience);
    if (status == FL_OK) status = fit_arrivals(fit, answer);
    if (status == FL_OK) fl_rounds_without_leavers(&fit->rounds, &fit->patience);
    if (status == FL_OK) status = fl_composing_fit(chats, &fit->composing);
    if (status != FL_OK) return status;
    fl_people_fit(chats, &fit->composing, &fit->people);
    fl_intent_shares_tell(chats, estimates);
    fl_class_shares_tell(chats, estimates);
    fl_rounds_fit_tell(&fit->rounds, chats, estimates);
    fl_patience_fit_tell(&fit->patience, chats, estimates);
    fl_composing_fit_tell(&fit->composing, chats, estimates);
    fl_people_fit_tell(&fit->people, chats, estimates);
    fl_responses_tell(chats, estimates);
    return FL_OK;
}

static void note_what_was_read(const struct fl_chats *chats, struct fit_answer *answer)
{
    fit_note(answer, NULL, 0, "%llu messages and changes of state, %llu chats, %llu answered rounds, %u agents",
             "%llu 条消息与状态变化,%llu 个会话,%llu 个已答轮次,%u 名客服", (unsigned long long)chats->messages, (unsigned long long)chats->chats,
             (unsigned long long)chats->rounds_answered, chats->agents.count);
    if (chats->resolution == FL_TIMES_MINUTES)
        fit_note(answer, NULL, 0, "times are whole minutes: durations are fitted as known to a minute either side", "时间只到分钟:时长按前后一分钟内拟合");
    if (chats->resolution == FL_TIMES_SECONDS)
        fit_note(answer, NULL, 0, "times are whole seconds: durations are fitted as known to a second either side", "时间只到秒:时长按前后一秒内拟合");
    if (!chats->has_closed)
        fit_note(answer, NULL, 0, "the log shows no closes: a chat is over after %.0f h without a message", "日志没有关闭记录:%.0f 小时无消息即视为结束",
                 (double)chats->silence_ns / 3.6e12);
}

/* At whole minutes a round's messages and a quick question look alike: what tells them apart has no interval to be believed. */
static void doubt_minutes(const struct message_fit *fit, struct fit_answer *answer)
{
    static const char *const doubted[] = { "buyers.messages_per_round", "buyers.burst_gap", "buyers.think_time" };
    const struct fl_duration_fit *const burst = &fit->rounds.burst.after;
    const struct fl_family *const family = &burst->family[burst->best];
    bool doubts = false;
    if (fit->chats.resolution != FL_TIMES_MINUTES) return;
    for (size_t i = 0; i < answer->estimates.count; i++) {
        struct fl_estimate *const e = &answer->estimates.list[i];
        bool is_one = strstr(e->path, "].rounds.") != NULL;
        for (uint32_t d = 0; d < sizeof doubted / sizeof *doubted; d++) is_one |= strncmp(e->path, doubted[d], strlen(doubted[d])) == 0;
        if (!is_one || !e->known || !e->sure) continue;
        e->sure = false;
        e->why = "within_a_minute";
        doubts = true;
    }
    if (doubts && fit->rounds.burst.known && fl_family_survival(family->kind, family->a, family->b, 60) < 0.5)
        fit_note(answer, NULL, 0, "most messages of a round come within the minute that times are given to: a log with seconds would tell far more",
                 "同一轮的消息多在一分钟之内,而时间只到分钟:带秒的日志可靠得多");
}

static void message_fit_free(struct message_fit *fit)
{
    fl_rounds_fit_free(&fit->rounds);
    fl_patience_fit_free(&fit->patience);
    fl_composing_fit_free(&fit->composing);
    fl_chats_free(&fit->chats);
    fl_arrivals_free(&fit->arrivals);
    free(fit);
}

/* The midnight from which days are held out: a first reading tells when the log ends. An exit code. */
static int settle_cut(const struct fit_options *options, int64_t *cut_ns)
{
    struct fl_chats whole;
    struct fit_answer unheard = { .language = options->common->language };
    *cut_ns = INT64_MAX;
    if (options->hold_out == NULL) return EXIT_DONE;
    for (uint32_t i = 0; i < options->common->files_count; i++) {
        if (!file_is_stream(options->common->files[i])) continue;
        fprintf(stderr, "fenliu fit: --hold-out: %s cannot be read twice; wanted files\n", options->common->files[i]);
        return EXIT_USAGE;
    }
    if (fl_chats_start(&whole) != FL_OK) return run_failed(FL_EFULL, "fit");
    int code = fit_messages_read(options, INT64_MAX, &whole, NULL, &unheard);
    uint32_t days = 0; /* with chats: replications of a date lie a week apart */
    *cut_ns = INT64_MAX;
    for (uint32_t d = whole.dates; code == EXIT_DONE && d-- > 0 && days < options->hold_out_days;) {
        if (whole.date[d].chats == 0) continue;
        days++;
        *cut_ns = (whole.first_cell * FL_ARRIVAL_CELL_S + (int64_t)d * 86400) * FL_SECOND;
    }
    if (code == EXIT_DONE && *cut_ns <= whole.first_ns) {
        fprintf(stderr, "fenliu fit: --hold-out: wanted fewer days than the log has, got %s\n", options->hold_out);
        code = EXIT_USAGE;
    }
    fl_chats_free(&whole);
    fit_answer_free(&unheard);
    return code;
}

static int fit_all(const struct fit_options *options, struct message_fit *fit, struct fl_chats *held, struct fit_answer *answer)
{
    int64_t cut_ns;
    int code = settle_cut(options, &cut_ns);
    if (code == EXIT_DONE) code = fit_messages_read(options, cut_ns, &fit->chats, cut_ns != INT64_MAX ? held : NULL, answer);
    if (code != EXIT_DONE) return code;
    note_what_was_read(&fit->chats, answer);
    const enum fl_status status = fit->chats.full || held->full ? FL_EFULL : fit_behaviour(fit, answer);
    if (status != FL_OK || !fit_messages_scenario(fit, answer)) return run_failed(status != FL_OK ? status : FL_EFULL, "fit");
    doubt_minutes(fit, answer);
    if (options->report != NULL) fit_messages_pictures(fit, answer);
    return cut_ns != INT64_MAX ? fit_messages_back_test(options, fit, held, answer) : EXIT_DONE;
}

int fit_messages(const struct fit_options *options, struct fit_answer *answer)
{
    struct message_fit *const fit = calloc(1, sizeof *fit);
    struct fl_chats held = { .messages = 0 };
    if (fit == NULL) return run_failed(FL_EFULL, "fit");
    answer->kind = "messages";
    int code = EXIT_INTERNAL;
    if (fl_chats_start(&fit->chats) != FL_OK || fl_chats_start(&held) != FL_OK) run_failed(FL_EFULL, "fit");
    else code = fit_all(options, fit, &held, answer);
    fl_chats_free(&held);
    message_fit_free(fit);
    return code;
}
