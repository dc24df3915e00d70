/* What was fitted, as the parts of a scenario. What the log cannot tell is left out, so that a base, or the neutral default, has it. */
#include "fit_messages.h"

#include "core/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Values ---------------------------------------------------------------------------------------- */

/* Four digits are more than any interval here has. */
static double rounded(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.4g", value);
    return strtod(text, NULL);
}

static bool add_number(cJSON *to, const char *name, double value)
{
    return cJSON_AddNumberToObject(to, name, rounded(value)) != NULL;
}

/* As a scenario reads durations: without exponents, from a nanosecond to ten years. */
static void seconds_text(double seconds, char text[40])
{
    const double longest = (double)FL_TIME_LONGEST / 1e9;
    if (seconds >= 9999.5) snprintf(text, 40, "%.0fs", fmin(seconds, longest));
    else if (seconds >= 1e-3) snprintf(text, 40, "%.4gs", seconds);
    else snprintf(text, 40, "%.0fns", fmax(1, seconds * 1e9));
}

static bool add_seconds(cJSON *to, const char *name, double seconds)
{
    char text[40];
    seconds_text(seconds, text);
    return cJSON_AddStringToObject(to, name, text) != NULL;
}

/* Within what a scenario takes: beyond, a family is as good as one instant, or hardly one. */
static bool add_bounded(cJSON *to, const char *name, double value, double least, double most)
{
    return add_number(to, name, fmin(fmax(value, least), most));
}

/* A new object under a name; NULL: no memory. */
static cJSON *within(cJSON *to, const char *name)
{
    cJSON *const there = cJSON_GetObjectItemCaseSensitive(to, name);
    return there != NULL ? there : cJSON_AddObjectToObject(to, name);
}

static bool add_family(cJSON *to, const char *name, const struct fl_family *family)
{
    cJSON *const one = cJSON_AddObjectToObject(to, name);
    if (one == NULL) return false;
    if (family->kind == FL_EXPONENTIAL) return add_seconds(one, "exponential", family->a);
    const char *const word = family->kind == FL_LOGNORMAL ? "lognormal" : family->kind == FL_GAMMA ? "gamma" : "weibull";
    cJSON *const two = cJSON_AddObjectToObject(one, word);
    if (two == NULL) return false;
    if (family->kind == FL_LOGNORMAL) return add_seconds(two, "median", family->a) && add_bounded(two, "sigma", family->b, 0, 10);
    if (family->kind == FL_GAMMA) return add_seconds(two, "mean", family->a) && add_bounded(two, "cv", family->b, 0.01, 10);
    return add_seconds(two, "scale", family->a) && add_bounded(two, "shape", family->b, 0.05, 100);
}

#define STEPS 200

/* Equally likely values, where no family fits. */
static bool add_empirical(cJSON *to, const char *name, const struct fl_durations *durations)
{
    cJSON *const one = cJSON_AddObjectToObject(to, name), *const list = one != NULL ? cJSON_AddArrayToObject(one, "empirical") : NULL;
    double last = 0;
    for (int i = 0; list != NULL && i < STEPS; i++) {
        char text[40];
        const double quantile = fl_durations_quantile(durations, (i + 0.5) / STEPS);
        if (!isnan(quantile)) last = quantile;
        seconds_text(last, text);
        cJSON *const value = cJSON_CreateString(text);
        if (value == NULL || !cJSON_AddItemToArray(list, value)) return false;
    }
    return list != NULL;
}

#define DISTANCE_MAX 0.05 /* as the goodness of fit wants it, where there are no classes to test by */

/* A family that the log rejects by far is not written, but what was seen, unless that is whole minutes. */
static bool add_durations(cJSON *to, const char *name, const struct fl_duration_fit *fit, const struct fl_durations *durations)
{
    const bool rejected = isnan(fit->p) ? fit->ks > DISTANCE_MAX && durations->resolution < 60 : fit->p < 1e-4 && fit->ks > 0.01;
    const bool bad = rejected && durations->cut_total < 0.2 * durations->seen_total;
    return bad ? add_empirical(to, name, durations) : add_family(to, name, &fit->family[fit->best]);
}

static bool add_count(cJSON *to, const char *name, const struct fl_count_fit *fit)
{
    if (fit->best.kind == FL_CONSTANT) return add_number(to, name, fit->best.a);
    cJSON *const one = cJSON_AddObjectToObject(to, name);
    if (one == NULL) return false;
    if (fit->best.kind == FL_GEOMETRIC) return add_number(one, "geometric", fit->best.a);
    if (fit->best.kind == FL_POISSON) return add_number(one, "poisson", fit->best.a);
    cJSON *const two = cJSON_AddObjectToObject(one, "negative_binomial");
    return two != NULL && add_number(two, "mean", fit->best.a) && add_number(two, "cv", fit->best.b);
}

/* ---- Buyers ---------------------------------------------------------------------------------------- */

static bool add_reply(cJSON *intent, const struct fl_composing_fit *composing, uint32_t k)
{
    const uint32_t of = composing->total[k].known ? k : FL_FIT_INTENTS;
    if (!composing->known || !composing->total[of].known) return true;
    cJSON *const reply = cJSON_AddObjectToObject(intent, "reply");
    return reply != NULL && add_durations(reply, "total", &composing->total[of], composing->times[of]);
}

static bool add_intent(cJSON *list, const struct message_fit *fit, const char *name, uint32_t k, double share)
{
    cJSON *const intent = cJSON_CreateObject();
    if (intent == NULL || !cJSON_AddItemToArray(list, intent)) {
        cJSON_Delete(intent);
        return false;
    }
    const struct fl_count_fit *rounds = fit->rounds.rounds[k].known ? &fit->rounds.rounds[k] : &fit->rounds.rounds[FL_FIT_INTENTS];
    bool well = cJSON_AddStringToObject(intent, "name", name) != NULL && cJSON_AddStringToObject(intent, "phase", "pre_sale") != NULL;
    well = well && add_number(intent, "share", share);
    if (rounds->known) well = well && add_count(intent, "rounds", rounds);
    else well = well && add_number(intent, "rounds", 1);
    return well && add_reply(intent, &fit->composing, k);
}

static bool add_intents(cJSON *buyers, const struct message_fit *fit)
{
    const struct fl_name_list *names = &fit->chats.intents;
    cJSON *const list = cJSON_AddArrayToObject(buyers, "intents");
    bool well = list != NULL;
    if (names->count == 0) return well && add_intent(list, fit, "all", FL_FIT_INTENTS, 1);
    for (uint32_t k = 0; well && k < names->count; k++)
        if (names->seen[k] > 0) well = add_intent(list, fit, names->name[k], k, (double)names->seen[k] / (double)fit->chats.chats);
    return well;
}

/* A factor is written where its interval does not hold 1. */
static bool is_told(double log_factor, double se)
{
    return !isnan(log_factor) && fabs(log_factor) > 1.96 * se;
}

static bool add_classes(cJSON *buyers, const struct message_fit *fit)
{
    const struct fl_name_list *names = &fit->chats.classes;
    if (names->count == 0) return true;
    cJSON *const list = cJSON_AddArrayToObject(buyers, "classes");
    bool well = list != NULL;
    for (uint32_t k = 0; well && k < names->count && k < FL_FIT_CLASSES; k++) {
        cJSON *const one = cJSON_CreateObject();
        if (one == NULL || !cJSON_AddItemToArray(list, one)) {
            cJSON_Delete(one);
            return false;
        }
        well = cJSON_AddStringToObject(one, "name", names->name[k]) != NULL && add_number(one, "share", (double)names->seen[k] / (double)fit->chats.chats);
        if (fit->composing.known && is_told(fit->composing.log_class[k], fit->composing.log_class_se[k]))
            well = well && add_number(one, "effort_scale", fl_exp(fit->composing.log_class[k]));
        if (fit->rounds.class_apart[k] && !isnan(fit->rounds.class_scale[k])) well = well && add_number(one, "rounds_scale", fit->rounds.class_scale[k]);
    }
    return well;
}

static bool add_patience(cJSON *buyers, const struct fl_patience_fit *fit)
{
    if (!fit->first.known && !fit->later.known) return true;
    cJSON *const patience = cJSON_AddObjectToObject(buyers, "patience");
    bool well = patience != NULL;
    if (fit->first.known) well = well && add_family(patience, "first", &fit->first.family[fit->first.best]);
    if (fit->later.known) well = well && add_family(patience, "later", &fit->later.family[fit->later.best]);
    if (fit->silent_known) well = well && add_number(patience, "silent_share", fit->silent);
    return well && cJSON_AddStringToObject(patience, "applies", fit->until_assigned ? "until_assigned" : "until_reply") != NULL;
}

static bool add_return(cJSON *buyers, const char *name, const struct fl_cure_fit *fit)
{
    if (!fit->known) return true;
    cJSON *const back = cJSON_AddObjectToObject(buyers, name);
    return back != NULL && add_number(back, "probability", fit->share) && add_family(back, "after", &fit->after.family[fit->after.best]);
}

static bool add_buyers(cJSON *fitted, const struct message_fit *fit)
{
    cJSON *const buyers = within(fitted, "buyers");
    const struct fl_rounds_fit *rounds = &fit->rounds;
    bool well = buyers != NULL && add_classes(buyers, fit) && add_intents(buyers, fit);
    if (rounds->messages.known) well = well && add_count(buyers, "messages_per_round", &rounds->messages);
    if (rounds->burst.known) well = well && add_family(buyers, "burst_gap", &rounds->burst.after.family[rounds->burst.after.best]);
    if (rounds->think.known) well = well && add_durations(buyers, "think_time", &rounds->think, rounds->think_times);
    return well && add_patience(buyers, &fit->patience) && add_return(buyers, "come_back", &fit->patience.come_back) &&
           add_return(buyers, "next_visit", &fit->patience.next_visit);
}

/* ---- The desk -------------------------------------------------------------------------------------- */

#define GRID 1800 /* shifts begin and end on half hours */

/* When an agent works, times of day in seconds: from the earliest to the latest that she was seen, over her sessions. */
struct hours {
    int64_t from, length; /* length 86400 or more: always */
    double speed;
    uint32_t sessions, agents, breaks_count;
    struct fl_break_seen breaks[4];
    const char *name;     /* of the first who works so */
};

static bool spans_all(const struct fl_chats *chats, const struct fl_session *session)
{
    const struct fl_session *spans = fl_span_list(chats);
    for (uint32_t i = 0; i < chats->spans.count; i++)
        if (session->from_s >= spans[i].from_s - 60 && session->to_s <= spans[i].to_s + 60)
            return session->from_s - spans[i].from_s < 5400 && spans[i].to_s - session->to_s < 5400;
    return false;
}

static struct hours hours_of(const struct message_fit *fit, uint32_t agent)
{
    const struct fl_session *list = fl_session_list(&fit->chats);
    struct hours hours = { .length = 86400, .speed = 1, .name = fit->chats.agents.name[agent] };
    int64_t from = 0, to = 0;
    bool always = true;
    for (uint32_t i = 0; i < fit->chats.sessions.count; i++) {
        if (list[i].agent != agent) continue;
        always &= spans_all(&fit->chats, &list[i]);
        int64_t begins = list[i].from_s % 86400, ends = begins + (list[i].to_s - list[i].from_s);
        if (hours.sessions > 0) { /* nights are one shift, whichever side of midnight they are seen from */
            if (begins - from > 43200) begins -= 86400, ends -= 86400;
            if (from - begins > 43200) begins += 86400, ends += 86400;
        }
        if (hours.sessions == 0 || begins < from) from = begins;
        if (hours.sessions == 0 || ends > to) to = ends;
        hours.sessions++;
    }
    if (fit->composing.known && !fit->composing.agents_alike && !isnan(fit->composing.log_agent_se[agent]))
        hours.speed = rounded(fl_exp(-fit->composing.log_agent[agent]));
    if (always || hours.sessions == 0) return hours;
    from -= (from % GRID + GRID) % GRID;
    to += (GRID - to % GRID) % GRID;
    hours.from = (from + 86400) % 86400;
    hours.length = to - from;
    hours.breaks_count = fl_breaks_seen(&fit->chats.agent[agent], hours.from, hours.length, hours.breaks, 4);
    return hours;
}

static bool add_clock(cJSON *to, const char *name, int64_t seconds)
{
    char text[16];
    seconds %= 86400;
    snprintf(text, sizeof text, "%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    return cJSON_AddStringToObject(to, name, text) != NULL;
}

static bool add_shift(cJSON *desk, const char *name, const struct hours *hours)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(desk, "shifts");
    if (list == NULL) list = cJSON_AddArrayToObject(desk, "shifts");
    cJSON *const shift = cJSON_CreateObject();
    if (list == NULL || shift == NULL || !cJSON_AddItemToArray(list, shift)) {
        cJSON_Delete(shift);
        return false;
    }
    bool well = cJSON_AddStringToObject(shift, "name", name) != NULL && add_clock(shift, "from", hours->from) &&
                add_clock(shift, "to", hours->from + hours->length);
    cJSON *const breaks = hours->breaks_count > 0 ? cJSON_AddArrayToObject(shift, "breaks") : NULL;
    for (uint32_t i = 0; well && i < hours->breaks_count; i++) {
        char at[24], length[24];
        cJSON *const one = cJSON_CreateArray();
        snprintf(at, sizeof at, "%02d:%02d", (int)(hours->breaks[i].at_s / 3600), (int)(hours->breaks[i].at_s / 60 % 60));
        snprintf(length, sizeof length, "%lldm", (long long)hours->breaks[i].length_s / 60);
        well = one != NULL && cJSON_AddItemToArray(one, cJSON_CreateString(at)) && cJSON_AddItemToArray(one, cJSON_CreateString(length)) &&
               cJSON_AddItemToArray(breaks, one);
        if (!well) cJSON_Delete(one);
    }
    return well;
}

static bool add_agents_like(cJSON *desk, cJSON *list, const struct hours *hours, uint32_t number)
{
    char name[40];
    cJSON *const agent = cJSON_CreateObject();
    if (agent == NULL || !cJSON_AddItemToArray(list, agent)) {
        cJSON_Delete(agent);
        return false;
    }
    bool well = cJSON_AddStringToObject(agent, "name", hours->name) != NULL;
    if (hours->agents > 1) well = well && add_number(agent, "count", hours->agents);
    if (hours->speed != 1) well = well && add_number(agent, "speed", hours->speed);
    if (hours->length >= 86400) return well;
    snprintf(name, sizeof name, "shift %u", number);
    return well && add_shift(desk, name, hours) && cJSON_AddStringToObject(agent, "shift", name) != NULL;
}

static bool close_to(int64_t a, int64_t b, int64_t within_s)
{
    return llabs(a - b) <= within_s;
}

static bool alike(const struct hours *a, const struct hours *b)
{
    bool same = close_to(a->from, b->from, GRID) && close_to(a->length, b->length, GRID) && a->speed == b->speed && a->breaks_count == b->breaks_count;
    for (uint32_t i = 0; same && i < a->breaks_count; i++)
        same = close_to(a->breaks[i].at_s, b->breaks[i].at_s, 600) && close_to(a->breaks[i].length_s, b->breaks[i].length_s, 600);
    return same;
}

/* Opening hours, where the shifts leave some of the day without anybody: from their first to their last instant. Whoever writes outside
 * them leaves a message, and is not counted as kept waiting. */
static bool add_open(cJSON *desk, const struct hours kinds[], uint32_t count)
{
    bool on[48] = { false };
    for (uint32_t k = 0; k < count; k++) {
        if (kinds[k].length >= 86400) return true;
        for (int64_t at = kinds[k].from; at < kinds[k].from + kinds[k].length; at += GRID) on[at / GRID % 48] = true;
    }
    uint32_t opens = 0, from = 0, to = 0;
    for (uint32_t i = 0; i < 48; i++) {
        if (on[i] && !on[(i + 47) % 48]) opens++, from = i;
        if (!on[i] && on[(i + 47) % 48]) to = i;
    }
    if (opens != 1) return true;
    char text[2][16];
    snprintf(text[0], sizeof text[0], "%02u:%02u", from / 2, from % 2 * 30);
    snprintf(text[1], sizeof text[1], "%02u:%02u", to == 0 ? 24 : to / 2, to % 2 * 30);
    cJSON *const list = cJSON_CreateStringArray((const char *const[]){ text[0], text[1] }, 2);
    return list != NULL && cJSON_AddItemToObject(desk, "open", list);
}

/* Agents of the same hours and speed are one definition with a count. */
static bool add_agents(cJSON *desk, const struct message_fit *fit)
{
    const uint32_t agents = fit->chats.agents.count;
    struct hours *const kinds = calloc(agents + 1, sizeof *kinds);
    uint32_t count = 0;
    if (agents == 0) {
        free(kinds);
        return true;
    }
    if (kinds == NULL) return false;
    for (uint32_t a = 0; a < agents; a++) {
        const struct hours hours = hours_of(fit, a);
        uint32_t k = 0;
        while (k < count && !alike(&kinds[k], &hours)) k++;
        if (k == count) kinds[count++] = hours;
        kinds[k].agents++;
        if (hours.length > kinds[k].length) kinds[k].length = hours.length;
    }
    cJSON *const list = cJSON_AddArrayToObject(desk, "agents");
    bool well = list != NULL;
    for (uint32_t k = 0; well && k < count; k++) well = add_agents_like(desk, list, &kinds[k], k + 1);
    if (fit->chats.leave_messages > 0) well = well && add_open(desk, kinds, count);
    free(kinds);
    return well;
}

#define SILENCE_S 300 /* chosen: platforms close after some minutes */

/* Silent leavers would hold their places for ever, so with them something is written even where the log does not show it. */
static bool add_close(cJSON *desk, const struct message_fit *fit)
{
    const double when_done = fit->people.when_done_s, silence = fit->people.silence_s;
    const bool needed = fit->patience.silent_known && fit->patience.silent > 0;
    if (isnan(when_done) && !needed) return true;
    cJSON *const close = cJSON_AddObjectToObject(desk, "close");
    bool well = close != NULL;
    if (!isnan(when_done)) well = well && add_seconds(close, "when_done", when_done);
    if (!isnan(silence) || needed) well = well && add_seconds(close, "silence", isnan(silence) ? fmax(SILENCE_S, isnan(when_done) ? 0 : when_done) : silence);
    return well;
}

static bool add_desk(cJSON *fitted, const struct message_fit *fit)
{
    cJSON *const desk = within(fitted, "desk");
    bool well = desk != NULL && add_agents(desk, fit);
    if (well && fit->composing.known && fit->composing.has_opens) {
        double speed[FL_FIT_OPENS];
        for (uint32_t k = 0; k < fit->composing.opens; k++) speed[k] = rounded(fl_exp(-fit->composing.log_open[k]));
        cJSON *const list = cJSON_CreateDoubleArray(speed, (int)fit->composing.opens), *const multitasking = cJSON_AddObjectToObject(desk, "multitasking");
        well = multitasking != NULL && list != NULL && cJSON_AddItemToObject(multitasking, "speed_by_open", list);
    }
    well = well && add_close(desk, fit);
    if (fit->people.duties_s > 0) {
        cJSON *const duties = cJSON_AddObjectToObject(desk, "start_duties");
        well = well && duties != NULL && add_seconds(duties, "length", fit->people.duties_s);
    }
    if (fit->chats.leave_messages > 0) well = well && cJSON_AddStringToObject(desk, "offline", "pool") != NULL;
    return well;
}

/* ---- Traffic and time ------------------------------------------------------------------------------ */

static bool add_start(cJSON *fitted, int64_t start_s)
{
    char text[40];
    const int64_t days = start_s / 86400 + 719468; /* from 0000-03-01 */
    const int64_t era = days / 146097, of_era = days % 146097;
    const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100), march = (5 * of_year + 2) / 153;
    const int64_t day = of_year - (153 * march + 2) / 5 + 1, month = march < 10 ? march + 3 : march - 9, year = year_of_era + era * 400 + (month <= 2);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d", (int)year, (int)month, (int)day, (int)(start_s / 3600 % 24), (int)(start_s / 60 % 60));
    return cJSON_AddStringToObject(fitted, "start", text) != NULL;
}

/* Records of parts of a day: the mean rate in each half hour since their beginning, as steps. */
static bool add_rate(cJSON *fitted, const struct message_fit *fit, int64_t length_s)
{
    const struct fl_chats *const chats = &fit->chats;
    cJSON *const traffic = within(fitted, "traffic"), *const rate = traffic != NULL ? cJSON_AddObjectToObject(traffic, "rate") : NULL;
    cJSON *const points = rate != NULL ? cJSON_AddArrayToObject(rate, "points") : NULL;
    const struct fl_session *spans = fl_span_list(chats);
    for (int64_t from = 0; points != NULL && from < length_s; from += 1800) {
        double seen = 0, records = 0;
        for (uint32_t i = 0; i < chats->spans.count; i++) {
            const int64_t begins = spans[i].from_s - spans[i].from_s % 1800 + from;
            if (begins > spans[i].to_s) continue;
            records++;
            for (int64_t at = begins; at < begins + 1800; at += FL_ARRIVAL_CELL_S) {
                const int64_t cell = at / FL_ARRIVAL_CELL_S - chats->first_cell;
                if (cell >= 0 && cell < chats->arrival_cells) seen += fit_messages_arrivals(fit, (size_t)cell);
            }
        }
        const double per_hour = records > 0 ? rounded(2 * seen / records) : 0;
        for (int64_t at = from; at <= from + 1800; at += 1800) {
            char text[24];
            cJSON *const point = cJSON_CreateArray();
            snprintf(text, sizeof text, "+%lldm", (long long)at / 60);
            if (point == NULL || !cJSON_AddItemToArray(point, cJSON_CreateString(text)) || !cJSON_AddItemToArray(point, cJSON_CreateNumber(per_hour)) ||
                !cJSON_AddItemToArray(points, point)) {
                cJSON_Delete(point);
                return false;
            }
        }
    }
    return points != NULL;
}

/* A day as the log's days are, or the part of a day that its records cover. */
static bool add_traffic(cJSON *fitted, const struct message_fit *fit)
{
    const struct fl_chats *chats = &fit->chats;
    const struct fl_session *spans = fl_span_list(chats);
    const int64_t first_s = chats->spans.count > 0 ? spans[0].from_s : 0;
    if (fit->has_arrivals)
        return fit_arrivals_to_scenario(&fit->arrivals, fitted) && add_start(fitted, first_s - first_s % 86400) &&
               (cJSON_GetObjectItemCaseSensitive(fitted, "duration") != NULL || cJSON_AddStringToObject(fitted, "duration", "24h") != NULL);
    int64_t length_s = 1800;
    for (uint32_t i = 0; i < chats->spans.count; i++) {
        const int64_t from = spans[i].from_s - spans[i].from_s % 1800, length = (spans[i].to_s - from + 1800 - 1) / 1800 * 1800;
        if (length > length_s) length_s = length;
    }
    if (length_s > 86400) length_s = 86400;
    char text[24];
    snprintf(text, sizeof text, "%lldm", (long long)length_s / 60);
    return add_start(fitted, first_s - first_s % 1800) && cJSON_AddStringToObject(fitted, "duration", text) != NULL && add_rate(fitted, fit, length_s);
}

bool fit_messages_scenario(const struct message_fit *fit, struct fit_answer *answer)
{
    if (answer->fitted == NULL) answer->fitted = cJSON_CreateObject();
    if (answer->fitted == NULL) return false;
    return add_traffic(answer->fitted, fit) && add_buyers(answer->fitted, fit) && add_desk(answer->fitted, fit);
}
