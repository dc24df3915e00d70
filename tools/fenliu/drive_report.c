/* What an outside engine did: latencies, violations, as a table and as JSON. */
#include "drive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_VIOLATIONS 20u

struct latency latency_of(const struct fl_histogram *head, const uint32_t *narrow)
{
    static const double shares[] = { 0.5, 0.9, 0.99, 0.999 };
    uint64_t counts[FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE)];
    double at[4];
    for (uint32_t i = 0; i < FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE); i++) counts[i] = narrow[i];
    for (int i = 0; i < 4; i++)
        at[i] = fl_histogram_percentile_s(head, counts, 0, FL_HISTOGRAM_BUCKETS(FL_HISTOGRAM_FINE), FL_HISTOGRAM_FINE, shares[i]) * 1e6;
    const double mean = head->count == 0 ? 0 : (double)head->sum_ns / (double)head->count / 1e3;
    return (struct latency){ mean, at[0], at[1], at[2], at[3], (double)head->most_ns / 1e3 };
}

static void add_violation_json(struct fl_text *out, const struct fl_violation *violation, const char *const *names)
{
    fl_text_add(out, "{\"day\":%u,\"at_ns\":%lld,\"event\":%llu,\"rule\":\"%s\"", violation->replication, (long long)violation->at,
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

/* {"name","protocol","mode","events","chats","decisions","moves","never_assigned","violations":{"total",RULE:n,...},"first":[...],
 *  "decision_latency_us":{...}}; in real time also "speed", "crossed", "unanswered", "own_lateness_us":{...} and "valid" */
bool drive_link_broke(const struct engine *engine)
{
    for (uint32_t i = 0; i < engine->faults_count; i++)
        if (engine->faults[i].what == FL_FAULT_LOST) return true;
    return false;
}

static void add_span_json(struct fl_text *out, const char *key, int64_t ns)
{
    if (ns < 0) fl_text_add(out, ",\"%s\":null", key);
    else fl_text_add(out, ",\"%s\":%.6f", key, (double)ns / 1e9);
}

static void add_fault_json(struct fl_text *out, const struct fl_fault_entry *fault)
{
    fl_text_add(out, "{\"do\":\"%s\",\"at_ns\":%lld", fl_fault_word(fault->what), (long long)fault->at);
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

void drive_json(const struct drive *drive, const struct fl_ledger *ledger, const char *name, const char *const *names, struct fl_text *out)
{
    fl_text_add(out, "{\"name\":");
    fl_text_add_json(out, name);
    fl_text_add(out, ",\"protocol\":%d,\"mode\":\"%s\",\"events\":%llu,\"chats\":%llu,\"decisions\":%llu,\"moves\":%llu,\"never_assigned\":%llu", FL_PROTOCOL_VERSION,
                drive->live ? "realtime" : "lockstep", (unsigned long long)ledger->events, (unsigned long long)ledger->chats, (unsigned long long)ledger->decisions,
                (unsigned long long)ledger->moves, (unsigned long long)ledger->never_assigned);
    fl_text_add(out, ",\"violations\":{\"total\":%llu", (unsigned long long)fl_ledger_violations(ledger));
    for (int i = 0; i < FL_BREACHES_COUNT; i++)
        fl_text_add(out, ",\"%s\":%llu", fl_breach_name((enum fl_breach)i), (unsigned long long)ledger->violations[i]);
    fl_text_add(out, "},\"first\":[");
    for (uint32_t i = 0; i < ledger->kept; i++) {
        if (i > 0) fl_text_add(out, ",");
        add_violation_json(out, &ledger->first[i], names);
    }
    fl_text_add(out, "]");
    add_latency_json(out, "decision_latency_us", &ledger->latency, ledger->latency_counts);
    if (drive->live) {
        fl_text_add(out, ",\"speed\":");
        if (isfinite(drive->speed)) fl_text_add(out, "%.6g", drive->speed);
        else fl_text_add(out, "\"max\"");
        fl_text_add(out, ",\"crossed\":%llu,\"damaged\":%llu,\"unanswered\":%llu,\"undecided\":%llu", (unsigned long long)ledger->crossed,
                    (unsigned long long)ledger->damaged, (unsigned long long)ledger->unanswered, (unsigned long long)ledger->undecided);
        add_latency_json(out, "own_lateness_us", &ledger->lateness, ledger->lateness_counts);
        fl_text_add(out, ",\"faults\":[");
        for (uint32_t i = 0; i < drive->engines[0].faults_count; i++) {
            if (i > 0) fl_text_add(out, ",");
            add_fault_json(out, &drive->engines[0].faults[i]);
        }
        fl_text_add(out, "]");
        fl_text_add(out, ",\"valid\":%s", drive_is_valid(ledger) ? "true" : "false");
    }
    fl_text_add(out, "}");
}

static void report_violations(const struct fl_ledger *ledger, const struct fl_results *results, bool zh, struct fl_text *out)
{
    const uint64_t total = fl_ledger_violations(ledger);
    if (total == 0) return;
    fl_text_add(out, zh ? "\n违规 %llu 次\n" : "\nviolations: %llu\n", (unsigned long long)total);
    for (int i = 0; i < FL_BREACHES_COUNT; i++)
        if (ledger->violations[i] > 0)
            fl_text_add(out, "  %8llu  %-16s %s\n", (unsigned long long)ledger->violations[i], fl_breach_name((enum fl_breach)i), fl_breach_sentence((enum fl_breach)i));
    fl_text_add(out, zh ? "\n  天   时刻                   +秒            会话  客服            违反\n" : "\n  day  instant                +seconds       chat  agent           rule\n");
    const uint32_t shown = ledger->kept < SHOWN_VIOLATIONS ? ledger->kept : SHOWN_VIOLATIONS;
    for (uint32_t i = 0; i < shown; i++) {
        const struct fl_violation *violation = &ledger->first[i];
        char instant[32];
        fl_instant_format(results->scenario, violation->at, instant);
        fl_text_add(out, "  %-4u %-19s %14.3f %8u  ", violation->replication, instant, fl_time_to_s(violation->at), violation->chat);
        text_add_padded(out, violation->agent == FL_NO_AGENT ? "-" : results->agent_names[violation->agent], 14, false);
        fl_text_add(out, "  %s", fl_breach_name(violation->breach));
        if (violation->overtaken != 0) fl_text_add(out, zh ? ",先到的是会话 %u" : ", chat %u was first", violation->overtaken);
        fl_text_add(out, "\n");
    }
    if (total > shown) fl_text_add(out, zh ? "  … 共 %llu 次,前 100 次见 engine.json\n" : "  ... of %llu; the first 100 are in engine.json\n", (unsigned long long)total);
}

static void add_span(struct fl_text *out, int64_t ns, const char *never)
{
    if (ns < 0) fl_text_add(out, "  %10s", never);
    else fl_text_add(out, "  %8.3f s", (double)ns / 1e9);
}

static void report_faults(const struct engine *engine, const struct fl_results *results, bool zh, struct fl_text *out)
{
    if (engine->faults_count == 0) return;
    fl_text_add(out, zh ? "\n链路故障\n  时刻                 故障           丢(来)   丢(去)     重复     错位     延迟  首个回音    恢复        丢失决定的会话\n"
                        : "\nfaults of the link\n  instant              fault         lost in lost out  doubled  swapped  delayed  first word  recovered  chats of lost decisions\n");
    for (uint32_t i = 0; i < engine->faults_count; i++) {
        const struct fl_fault_entry *const fault = &engine->faults[i];
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
        fl_text_add(out, fault->problem[0] != '\0' ? "  %s\n" : "%s\n", fault->problem);
    }
}

static void report_live(const struct fl_ledger *ledger, bool zh, struct fl_text *out)
{
    const struct latency own = latency_of(&ledger->lateness, ledger->lateness_counts);
    fl_text_add(out, zh ? "  自身迟到(微秒)            平均 %.1f  一半 %.1f  九成 %.1f  百分之九十九 %.1f  千分之九百九十九 %.1f  最长 %.1f\n"
                        : "  own lateness (us)                  mean %.1f  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n",
                own.mean_us, own.p50_us, own.p90_us, own.p99_us, own.p999_us, own.most_us);
    fl_text_add(out, zh ? "  与事件交错的决定 %llu  因链路故障出错 %llu  未得答复的会话 %llu\n"
                        : "  decisions that crossed an event %llu  wrong by faults of the link %llu  chats that ended unanswered %llu\n",
                (unsigned long long)ledger->crossed, (unsigned long long)ledger->damaged, (unsigned long long)ledger->unanswered);
    if (!drive_is_valid(ledger))
        fl_text_add(out, zh ? "  测量无效:瓶颈在本机,不在引擎(自身迟到过大)\n" : "  measurement not valid: this machine was the bottleneck, not the engine (own lateness is too large)\n");
}

void drive_report(const struct drive *drive, const struct fl_ledger *ledger, const char *name, uint32_t processes, const struct fl_results *results,
                          struct fl_text *out)
{
    const bool zh = drive->language == LANGUAGE_ZH;
    const struct latency latency = latency_of(&ledger->latency, ledger->latency_counts);
    fl_text_add(out, zh ? "\n引擎 %s  进程 %u  事件 %llu  决定 %llu  从未分配 %llu  违规 %llu\n" : "\nengine %s  processes %u  events %llu  decisions %llu  never assigned %llu  violations %llu\n", name,
                processes, (unsigned long long)ledger->events, (unsigned long long)ledger->decisions, (unsigned long long)ledger->never_assigned,
                (unsigned long long)fl_ledger_violations(ledger));
    fl_text_add(out, zh ? "  决定耗时(实际时间,微秒)  平均 %.1f  一半 %.1f  九成 %.1f  百分之九十九 %.1f  千分之九百九十九 %.1f  最长 %.1f\n"
                        : "  decision latency (wall clock, us)  mean %.1f  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n",
                latency.mean_us, latency.p50_us, latency.p90_us, latency.p99_us, latency.p999_us, latency.most_us);
    if (drive->live) report_live(ledger, zh, out);
    if (results != NULL && drive->live) report_faults(&drive->engines[0], results, zh, out);
    if (results != NULL) report_violations(ledger, results, zh, out);
}
