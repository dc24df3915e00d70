/* What an outside engine did: latencies, violations, as a table and as JSON. */
#include "drive.h"
#include "page.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_VIOLATIONS 20u

struct latency latency_of(const struct fl_histogram *head, const uint32_t *narrow)
{
    static const double shares[] = { 0.5, 0.9, 0.95, 0.99, 0.999 };
    uint64_t counts[FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)];
    double at[5];
    for (uint32_t i = 0; i < FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE); i++) counts[i] = narrow[i];
    for (int i = 0; i < 5; i++)
        at[i] = fl_histogram_percentile_s(head, counts, 0, FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE), FL_HISTOGRAM_FINE, shares[i]) * 1e6;
    const double mean = head->count == 0 ? 0 : (double)head->sum_ns / (double)head->count / 1e3;
    return (struct latency){ mean, at[0], at[1], at[2], at[3], at[4], (double)head->most_ns / 1e3 };
}

#define NO_PART UINT32_MAX

static void add_part_json(struct fl_text *out, uint32_t part)
{
    if (part != NO_PART) fl_text_add(out, "\"shard\":%u,", part);
}

/* part: the shard that it comes from, or NO_PART. */
static void add_violation_json(struct fl_text *out, uint32_t part, const struct fl_violation *violation, const char *const *names)
{
    fl_text_add(out, "{");
    add_part_json(out, part);
    fl_text_add(out, "\"day\":%u,\"at_ns\":%lld,\"event\":%llu,\"rule\":\"%s\"", violation->replication, (long long)violation->at,
                (unsigned long long)violation->event, fl_breach_name(violation->breach));
    if (violation->chat != 0) fl_text_add(out, ",\"chat\":%u", violation->chat);
    if (violation->overtaken != 0) fl_text_add(out, ",\"overtaken\":%u", violation->overtaken);
    if (violation->agent != FL_NO_AGENT) {
        fl_text_add(out, ",\"agent\":%u,\"name\":", violation->agent);
        fl_text_add_json(out, names[violation->agent]);
    }
    fl_text_add(out, "}");
}

bool drive_is_valid(const struct fl_ledger *ledger)
{
    const struct latency own = latency_of(&ledger->lateness, ledger->lateness_counts), all = latency_of(&ledger->latency, ledger->latency_counts);
    return own.p99_us < 1000 || own.p99_us < all.p99_us / 10;
}

static void add_latency_json(struct fl_text *out, const char *key, const struct fl_histogram *head, const uint32_t *counts)
{
    const struct latency latency = latency_of(head, counts);
    fl_text_add(out, ",\"%s\":{\"n\":%llu,\"mean\":%.3f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}", key,
                (unsigned long long)head->count, latency.mean_us, latency.p50_us, latency.p90_us, latency.p99_us, latency.p999_us, latency.most_us);
}

int64_t drive_apart_ns(const struct drive_outcome *outcome)
{
    int64_t first = outcome->parts[0].began_ns, last = first;
    for (uint32_t p = 1; p < outcome->parts_count; p++) {
        if (outcome->parts[p].began_ns < first) first = outcome->parts[p].began_ns;
        if (outcome->parts[p].began_ns > last) last = outcome->parts[p].began_ns;
    }
    return last - first;
}

bool drive_outcome_is_valid(const struct drive_outcome *outcome)
{
    bool valid = drive_apart_ns(outcome) <= DRIVE_APART_MOST;
    for (uint32_t p = 0; p < outcome->parts_count; p++) valid &= drive_is_valid(outcome->parts[p].ledger);
    return valid;
}

static void add_span_json(struct fl_text *out, const char *key, int64_t ns)
{
    if (ns < 0) fl_text_add(out, ",\"%s\":null", key);
    else fl_text_add(out, ",\"%s\":%.6f", key, (double)ns / 1e9);
}

static void add_fault_json(struct fl_text *out, uint32_t part, const struct fl_fault_entry *fault)
{
    fl_text_add(out, "{");
    add_part_json(out, part);
    fl_text_add(out, "\"do\":\"%s\",\"at_ns\":%lld", fl_fault_word(fault->what), (long long)fault->at);
    add_span_json(out, "lasted_s", fault->ended_ns == 0 ? -1 : fault->ended_ns - fault->began_ns);
    fl_text_add(out, ",\"lost_in\":%llu,\"lost_out\":%llu,\"doubled\":%llu,\"displaced\":%llu,\"delayed\":%llu,\"undecided_before\":%u",
                (unsigned long long)fault->lost_in, (unsigned long long)fault->lost_out, (unsigned long long)fault->doubled,
                (unsigned long long)fault->displaced, (unsigned long long)fault->delayed, fault->undecided_before);
    add_span_json(out, "first_word_s", fault->first_word_ns);
    add_span_json(out, "recovered_s", fault->recovered_ns);
    fl_text_add(out, ",\"lost_decisions\":%u,\"chats\":[", fault->chats_count);
    for (uint32_t i = 0; i < fault->chats_count && i < FL_FAULT_CHATS_NAMED; i++) fl_text_add(out, i > 0 ? ",%u" : "%u", fault->chats[i]);
    fl_text_add(out, "]");
    if (fault->problem[0] != '\0') {
        fl_text_add(out, ",\"problem\":");
        fl_text_add_json(out, fault->problem);
    }
    fl_text_add(out, "}");
}

/* Each machine of a divided day by itself. */
static void add_parts_json(struct fl_text *out, const struct drive_outcome *outcome)
{
    fl_text_add(out, ",\"began_within_s\":%.3f,\"shards\":[", (double)drive_apart_ns(outcome) / 1e9);
    for (uint32_t p = 0; p < outcome->parts_count; p++) {
        const struct drive_part *const part = &outcome->parts[p];
        const struct fl_ledger *const ledger = part->ledger;
        fl_text_add(out, "%s{\"shard\":%u,\"began_s\":%.3f,\"events\":%llu,\"chats\":%llu,\"decisions\":%llu,\"violations\":%llu,\"valid\":%s", p > 0 ? "," : "", p,
                    (double)part->began_ns / 1e9, (unsigned long long)ledger->events, (unsigned long long)ledger->chats, (unsigned long long)ledger->decisions,
                    (unsigned long long)fl_ledger_violations(ledger), drive_is_valid(ledger) ? "true" : "false");
        add_latency_json(out, "decision_latency_us", &ledger->latency, ledger->latency_counts);
        add_latency_json(out, "own_lateness_us", &ledger->lateness, ledger->lateness_counts);
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]");
}

static void add_live_json(struct fl_text *out, const struct drive_outcome *outcome)
{
    const struct fl_ledger *const ledger = outcome->ledger;
    bool any = false;
    fl_text_add(out, ",\"speed\":");
    if (isfinite(outcome->speed)) fl_text_add(out, "%.6g", outcome->speed);
    else fl_text_add(out, "\"max\"");
    fl_text_add(out, ",\"crossed\":%llu,\"damaged\":%llu,\"unanswered\":%llu,\"undecided\":%llu", (unsigned long long)ledger->crossed,
                (unsigned long long)ledger->damaged, (unsigned long long)ledger->unanswered, (unsigned long long)ledger->undecided);
    add_latency_json(out, "own_lateness_us", &ledger->lateness, ledger->lateness_counts);
    fl_text_add(out, ",\"faults\":[");
    for (uint32_t p = 0; p < outcome->parts_count; p++) {
        for (uint32_t i = 0; i < outcome->parts[p].faults_count; i++, any = true) {
            if (any) fl_text_add(out, ",");
            add_fault_json(out, outcome->parts_count > 1 ? p : NO_PART, &outcome->parts[p].faults[i]);
        }
    }
    fl_text_add(out, "]");
    fl_text_add(out, ",\"valid\":%s", drive_outcome_is_valid(outcome) ? "true" : "false");
    if (outcome->parts_count > 1) add_parts_json(out, outcome);
}

/* {"name","protocol","mode","events","chats","decisions","moves","never_assigned","violations":{"total",RULE:n,...},"first":[...],
 *  "decision_latency_us":{...}}; in real time also "speed", "crossed", "unanswered", "own_lateness_us":{...} and "valid"; of a divided day
 * "shards" too, and "shard" of what comes from one */
void drive_json(const struct drive_outcome *outcome, const char *const *names, struct fl_text *out)
{
    const struct fl_ledger *const ledger = outcome->ledger;
    bool any = false;
    fl_text_add(out, "{\"name\":");
    fl_text_add_json(out, outcome->engine);
    fl_text_add(out, ",\"protocol\":%d,\"mode\":\"%s\",\"events\":%llu,\"chats\":%llu,\"decisions\":%llu,\"moves\":%llu,\"never_assigned\":%llu", FL_PROTOCOL_VERSION,
                outcome->live ? "realtime" : "lockstep", (unsigned long long)ledger->events, (unsigned long long)ledger->chats,
                (unsigned long long)ledger->decisions, (unsigned long long)ledger->moves, (unsigned long long)ledger->never_assigned);
    fl_text_add(out, ",\"violations\":{\"total\":%llu", (unsigned long long)fl_ledger_violations(ledger));
    for (int i = 0; i < FL_BREACHES_COUNT; i++)
        fl_text_add(out, ",\"%s\":%llu", fl_breach_name((enum fl_breach)i), (unsigned long long)ledger->violations[i]);
    fl_text_add(out, "},\"first\":[");
    for (uint32_t p = 0; p < outcome->parts_count; p++) {
        for (uint32_t i = 0; i < outcome->parts[p].ledger->kept; i++, any = true) {
            if (any) fl_text_add(out, ",");
            add_violation_json(out, outcome->parts_count > 1 ? p : NO_PART, &outcome->parts[p].ledger->first[i], names);
        }
    }
    fl_text_add(out, "]");
    add_latency_json(out, "decision_latency_us", &ledger->latency, ledger->latency_counts);
    if (outcome->live) add_live_json(out, outcome);
    fl_text_add(out, "}");
}

static void report_violation(const struct fl_violation *violation, const struct fl_results *results, bool zh, struct fl_text *out)
{
    char instant[32];
    fl_instant_format(results->scenario, violation->at, instant);
    fl_text_add(out, "  %-4u %-19s %14.3f %8u  ", violation->replication, instant, fl_time_to_s(violation->at), violation->chat);
    text_add_padded(out, violation->agent == FL_NO_AGENT ? "-" : results->agent_names[violation->agent], 14, false);
    fl_text_add(out, "  %s", fl_breach_name(violation->breach));
    if (violation->overtaken != 0) fl_text_add(out, zh ? ",先到的是会话 %u" : ", chat %u was first", violation->overtaken);
}

static void add_part(struct fl_text *out, const struct drive_outcome *outcome, uint32_t part, bool zh)
{
    if (outcome->parts_count > 1) fl_text_add(out, zh ? "  分片 %u" : "  shard %u", part);
}

/* A few of each part, as each has its own way of going wrong. */
static void report_violations(const struct drive_outcome *outcome, const struct fl_results *results, bool zh, struct fl_text *out)
{
    const struct fl_ledger *const ledger = outcome->ledger;
    const uint64_t total = fl_ledger_violations(ledger);
    const uint32_t most = outcome->parts_count < SHOWN_VIOLATIONS ? SHOWN_VIOLATIONS / outcome->parts_count : 1;
    uint64_t shown = 0;
    if (total == 0) return;
    fl_text_add(out, zh ? "\n违规 %llu 次\n" : "\nviolations: %llu\n", (unsigned long long)total);
    for (int i = 0; i < FL_BREACHES_COUNT; i++)
        if (ledger->violations[i] > 0)
            fl_text_add(out, "  %8llu  %-16s %s\n", (unsigned long long)ledger->violations[i], fl_breach_name((enum fl_breach)i), fl_breach_sentence((enum fl_breach)i));
    fl_text_add(out, zh ? "\n  天   时刻                   +秒            会话  客服            违反\n" : "\n  day  instant                +seconds       chat  agent           rule\n");
    for (uint32_t p = 0; p < outcome->parts_count; p++) {
        for (uint32_t i = 0; i < outcome->parts[p].ledger->kept && i < most; i++, shown++) {
            report_violation(&outcome->parts[p].ledger->first[i], results, zh, out);
            add_part(out, outcome, p, zh);
            fl_text_add(out, "\n");
        }
    }
    if (total > shown && outcome->parts_count == 1)
        fl_text_add(out, zh ? "  … 共 %llu 次,前 100 次见 engine.json\n" : "  ... of %llu; the first 100 are in engine.json\n", (unsigned long long)total);
    else if (total > shown)
        fl_text_add(out, zh ? "  … 共 %llu 次,每个分片的前 100 次见 engine.json\n" : "  ... of %llu; the first 100 of each shard are in engine.json\n", (unsigned long long)total);
}

static void add_span(struct fl_text *out, int64_t ns, const char *never)
{
    if (ns < 0) fl_text_add(out, "  %10s", never);
    else fl_text_add(out, "  %8.3f s", (double)ns / 1e9);
}

static void report_fault(const struct fl_fault_entry *fault, const struct fl_results *results, bool zh, struct fl_text *out)
{
    char instant[32];
    fl_instant_format(results->scenario, fault->at, instant);
    fl_text_add(out, "  %-20s %-12s %8llu %8llu %8llu %8llu %8llu", instant, fl_fault_word(fault->what), (unsigned long long)fault->lost_in,
                (unsigned long long)fault->lost_out, (unsigned long long)fault->doubled, (unsigned long long)fault->displaced,
                (unsigned long long)fault->delayed);
    add_span(out, fault->first_word_ns, zh ? "无" : "none");
    add_span(out, fault->recovered_ns, zh ? "未恢复" : "never");
    fl_text_add(out, " ");
    for (uint32_t k = 0; k < fault->chats_count && k < FL_FAULT_CHATS_NAMED; k++) fl_text_add(out, " %u", fault->chats[k]);
    if (fault->chats_count > FL_FAULT_CHATS_NAMED) fl_text_add(out, zh ? " … 共 %u" : " ... of %u", fault->chats_count);
}

static void report_faults(const struct drive_outcome *outcome, const struct fl_results *results, bool zh, struct fl_text *out)
{
    bool any = false;
    for (uint32_t p = 0; p < outcome->parts_count; p++) {
        for (uint32_t i = 0; i < outcome->parts[p].faults_count; i++, any = true) {
            const struct fl_fault_entry *const fault = &outcome->parts[p].faults[i];
            if (!any)
                fl_text_add(out, zh ? "\n链路故障\n  时刻                 故障           丢(来)   丢(去)     重复     错位     延迟  首个回音    恢复        丢失决定的会话\n"
                                    : "\nfaults of the link\n  instant              fault         lost in lost out  doubled  swapped  delayed  first word  recovered  chats of lost decisions\n");
            report_fault(fault, results, zh, out);
            add_part(out, outcome, p, zh);
            fl_text_add(out, fault->problem[0] != '\0' ? "  %s\n" : "%s\n", fault->problem);
        }
    }
}

/* Which machines' figures are not the engine's. */
static void report_validity(const struct drive_outcome *outcome, bool zh, struct fl_text *out)
{
    const double apart_s = (double)drive_apart_ns(outcome) / 1e9;
    if (outcome->parts_count > 1) fl_text_add(out, zh ? "  分片 %u 个,开始时刻相差 %.3f 秒\n" : "  shards %u, begun within %.3f s\n", outcome->parts_count, apart_s);
    for (uint32_t p = 0; p < outcome->parts_count; p++) {
        if (drive_is_valid(outcome->parts[p].ledger)) continue;
        if (outcome->parts_count == 1)
            fl_text_add(out, zh ? "  测量无效:瓶颈在本机,不在引擎(自身迟到过大)\n" : "  measurement not valid: this machine was the bottleneck, not the engine (own lateness is too large)\n");
        else
            fl_text_add(out, zh ? "  测量无效:瓶颈在分片 %u 的机器,不在引擎(自身迟到过大)\n" : "  measurement not valid: the machine of shard %u was the bottleneck, not the engine (own lateness is too large)\n", p);
    }
    if (drive_apart_ns(outcome) > DRIVE_APART_MOST)
        fl_text_add(out, zh ? "  测量无效:各分片没有同时开始(--start-at)\n" : "  measurement not valid: the shards did not begin together (--start-at)\n");
}

static void report_live(const struct drive_outcome *outcome, bool zh, struct fl_text *out)
{
    const struct fl_ledger *const ledger = outcome->ledger;
    const struct latency own = latency_of(&ledger->lateness, ledger->lateness_counts);
    fl_text_add(out, zh ? "  自身迟到(微秒)            平均 %.1f  一半 %.1f  九成 %.1f  百分之九十九 %.1f  千分之九百九十九 %.1f  最长 %.1f\n"
                        : "  own lateness (us)                  mean %.1f  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n",
                own.mean_us, own.p50_us, own.p90_us, own.p99_us, own.p999_us, own.most_us);
    fl_text_add(out, zh ? "  与事件交错的决定 %llu  因链路故障出错 %llu  未得答复的会话 %llu\n"
                        : "  decisions that crossed an event %llu  wrong by faults of the link %llu  chats that ended unanswered %llu\n",
                (unsigned long long)ledger->crossed, (unsigned long long)ledger->damaged, (unsigned long long)ledger->unanswered);
    report_validity(outcome, zh, out);
}

void drive_report(const struct drive_outcome *outcome, enum language language, const struct fl_results *results, struct fl_text *out)
{
    const bool zh = language == LANGUAGE_ZH;
    const struct fl_ledger *const ledger = outcome->ledger;
    const struct latency latency = latency_of(&ledger->latency, ledger->latency_counts);
    fl_text_add(out, zh ? "\n引擎 %s  进程 %u  事件 %llu  决定 %llu  从未分配 %llu  违规 %llu\n" : "\nengine %s  processes %u  events %llu  decisions %llu  never assigned %llu  violations %llu\n",
                outcome->engine, outcome->sessions, (unsigned long long)ledger->events, (unsigned long long)ledger->decisions,
                (unsigned long long)ledger->never_assigned, (unsigned long long)fl_ledger_violations(ledger));
    fl_text_add(out, zh ? "  决定耗时(实际时间,微秒)  平均 %.1f  一半 %.1f  九成 %.1f  百分之九十九 %.1f  千分之九百九十九 %.1f  最长 %.1f\n"
                        : "  decision latency (wall clock, us)  mean %.1f  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n",
                latency.mean_us, latency.p50_us, latency.p90_us, latency.p99_us, latency.p999_us, latency.most_us);
    if (outcome->live) report_live(outcome, zh, out);
    if (results != NULL && outcome->live) report_faults(outcome, results, zh, out);
    if (results != NULL) report_violations(outcome, results, zh, out);
}

/* ---- A run ---------------------------------------------------------------------------------------- */

/* The summary with one member more. */
static void summary_json(const struct fl_results *results, const struct fl_results_head *head, const struct fl_text *engine, struct fl_text *out)
{
    fl_results_json(results, head, out);
    if (!out->full && out->length >= 2) out->length -= 2; /* "}\n" */
    fl_text_add(out, ",\"engine\":");
    fl_text_add_bytes(out, engine->bytes, engine->length);
    fl_text_add(out, "}\n");
    out->full |= engine->full;
}

static bool link_broke(const struct drive_outcome *outcome)
{
    for (uint32_t p = 0; p < outcome->parts_count; p++)
        if (outcome->parts[p].link_broke) return true;
    return false;
}

static void add_times(const struct fl_histogram *head, const uint32_t *counts, struct fl_figure out[6])
{
    const struct latency latency = latency_of(head, counts);
    const double values[] = { latency.mean_us, latency.p50_us, latency.p90_us, latency.p95_us, latency.p99_us, latency.most_us };
    for (int i = 0; i < 6; i++) out[i] = (struct fl_figure){ .value = values[i], .n = head->count, .known = head->count > 0 };
}

/* What objectives on the engine's times are judged by. */
static struct fl_engine_times engine_times(const struct fl_ledger *ledger)
{
    struct fl_engine_times times;
    add_times(&ledger->latency, ledger->latency_counts, times.decision_latency);
    add_times(&ledger->lateness, ledger->lateness_counts, times.lateness);
    return times;
}

int drive_conclude(const struct drive_outcome *outcome, const struct options *options, const struct run_record *plain)
{
    struct run_record record = *plain;
    struct fl_run driven = *plain->run;
    const struct fl_engine_times times = engine_times(outcome->ledger);
    const struct fl_results *const results = &driven.results;
    struct fl_text engine = { 0 }, answer = { 0 };
    driven.results.engine = &times;
    record.run = &driven;
    drive_json(outcome, results->agent_names, &engine);
    record.engine = &engine;
    record.options = options;
    int code = options->out != NULL ? run_write(options->out, &record) : EXIT_DONE;
    if (options->json) {
        summary_json(results, record.head, &engine, &answer);
    } else {
        report_simulation(results, record.head, options->language, &answer);
        drive_report(outcome, options->language, results, &answer);
        page_name(options, &answer);
    }
    if (code == EXIT_DONE) code = text_print(&answer);
    if (code == EXIT_DONE && record.run->partial) code = EXIT_INTERRUPTED;
    if (code == EXIT_DONE && link_broke(outcome)) code = EXIT_ENGINE;
    if (code == EXIT_DONE && outcome->live && !drive_outcome_is_valid(outcome)) code = EXIT_MISSED;
    if (code == EXIT_DONE && !report_objectives_met(results)) code = EXIT_MISSED;
    fl_text_free(&answer);
    fl_text_free(&engine);
    return code;
}
