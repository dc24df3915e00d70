/* The rate curves are evaluated straight from the scenario; the plan only tabulates them between the breaks. */
#include "traffic/traffic.h"

#include "core/draw.h"
#include "core/real.h"
#include "traffic/promotion.h"

#include <math.h>

_Static_assert(FL_PROMOTIONS_MAX + 1 <= sizeof((struct fl_traffic_day *)0)->part_factor / sizeof(double), "a factor each");

/* Shares of the phases and how strongly each promotion's shape is scaled: all that evaluating a rate needs. */
struct curve {
    const struct fl_scenario *scenario;
    double phase_share[FL_PHASES];
    double amplitude[FL_PROMOTIONS_MAX];
};

static fl_time least(fl_time a, fl_time b)
{
    return a < b ? a : b;
}

static fl_time next_multiple(fl_time at, fl_time offset, fl_time step)
{
    const fl_time since = at - offset;
    return offset + (since >= 0 ? since / step + 1 : -((-since - 1) / step)) * step;
}

static fl_time next_step(const struct fl_profile *profile, fl_time midnight, fl_time at)
{
    return profile->steps_count > 0 ? next_multiple(at, midnight, FL_DAY / profile->steps_count) : FL_TIME_NEVER;
}

/* The next instant after `at` where any rate may jump or bend. */
static fl_time next_break(const struct fl_scenario *scenario, fl_time at)
{
    const struct fl_traffic *traffic = &scenario->traffic;
    const fl_time midnight = -(scenario->start_s % 86400) * FL_SECOND;
    fl_time next = next_multiple(at, midnight, FL_HOUR);
    next = least(next, next_multiple(at, 0, scenario->interval));
    for (uint32_t phase = 0; phase < FL_PHASES; phase++) next = least(next, next_step(&traffic->profile[phase], midnight, at));
    for (uint32_t day = 0; day < 7; day++)
        if (traffic->has_weekday_profile[day]) next = least(next, next_step(&traffic->weekday_profile[day], midnight, at));
    if (scenario->duration > FL_DAY) next = least(next, next_multiple(at, 0, FL_DAY)); /* how busy a day is, is drawn anew */
    for (uint32_t i = 0; i < traffic->promotions_count; i++)
        next = least(next, fl_promotion_next_break(&traffic->promotions[i], at));
    uint32_t low = 0, high = traffic->points_count; /* first point after `at` */
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (traffic->points[middle].at > at) high = middle;
        else low = middle + 1;
    }
    return low < traffic->points_count ? least(next, traffic->points[low].at) : next;
}

/* Chats per hour by the points, right-continuous. */
static double points_per_hour(const struct fl_traffic *traffic, fl_time at)
{
    const struct fl_rate_point *points = traffic->points;
    uint32_t low = 0, high = traffic->points_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (points[middle].at > at) high = middle;
        else low = middle + 1;
    }
    if (low == 0) return points[0].per_hour;
    if (low == traffic->points_count) return points[low - 1].per_hour;
    const double part = (double)(at - points[low - 1].at) / (double)(points[low].at - points[low - 1].at);
    return points[low - 1].per_hour + part * (points[low].per_hour - points[low - 1].per_hour);
}

/* The shape of the day that holds `at`, there; its mean over the day is 1. */
static double shape_at(const struct fl_scenario *scenario, uint32_t phase, fl_time at)
{
    const struct fl_traffic *const traffic = &scenario->traffic;
    const uint32_t weekday = fl_time_weekday(scenario, at);
    const struct fl_profile *const profile = traffic->has_weekday_profile[weekday] ? &traffic->weekday_profile[weekday] : &traffic->profile[phase];
    const fl_time of_day = fl_time_of_day(scenario, at);
    return profile->steps_count > 0 ? profile->steps[of_day / (FL_DAY / profile->steps_count)] : profile->hourly[of_day / FL_HOUR];
}

static double ordinary_per_s(const struct curve *curve, uint32_t phase, fl_time at)
{
    const struct fl_traffic *traffic = &curve->scenario->traffic;
    const double share = curve->phase_share[phase] * traffic->scale;
    if (traffic->points_count > 0) return share * points_per_hour(traffic, at) / 3600;
    const double per_s = share * traffic->chats_per_day / 86400 * shape_at(curve->scenario, phase, at);
    return traffic->has_weekdays ? per_s * traffic->weekdays[fl_time_weekday(curve->scenario, at)] : per_s;
}

static double part_per_s(const struct curve *curve, uint32_t phase, uint32_t part, fl_time at)
{
    if (part == 0) return ordinary_per_s(curve, phase, at);
    const struct fl_traffic *traffic = &curve->scenario->traffic;
    const struct fl_promotion *promotion = &traffic->promotions[part - 1];
    double excess = fl_promotion_excess(promotion, (enum fl_phase)phase, at);
    if (phase == FL_AFTER_SALE && promotion->shape == FL_SHAPE_DOUBLE12) /* parcels come over days, questions by the hour of the day */
        excess *= traffic->profile[phase].hourly[(uint32_t)(fl_time_of_day(curve->scenario, at) / FL_HOUR)];
    return curve->phase_share[phase] * traffic->scale * traffic->chats_per_day / 3600 * curve->amplitude[part - 1] * excess;
}

/* Integral of one part's rate: the trapezium rule is exact between breaks, but for the curved decay, whose steps are
 * short against its time constant. */
static double integrate(const struct curve *curve, uint32_t phase, uint32_t part, fl_time from, fl_time to)
{
    double sum = 0;
    while (from < to) {
        const fl_time until = least(next_break(curve->scenario, from), to);
        const double ends = part_per_s(curve, phase, part, from) + part_per_s(curve, phase, part, until - 1);
        sum += ends / 2 * fl_time_to_s(until - from);
        from = until;
    }
    return sum;
}

/* Scales the excess so that the 24 hours from the opening bring `multiplier` ordinary days. When nothing of the excess falls
 * into them (after-sale questions alone), the whole promotion brings that excess. */
static void set_amplitudes(struct curve *curve)
{
    const struct fl_traffic *traffic = &curve->scenario->traffic;
    const double day = traffic->chats_per_day * traffic->scale;
    for (uint32_t i = 0; i < traffic->promotions_count; i++) {
        const struct fl_promotion *promotion = &traffic->promotions[i];
        double excess = 0;
        curve->amplitude[i] = 1;
        if (!(day > 0)) continue;
        for (uint32_t phase = 0; phase < FL_PHASES; phase++)
            excess += integrate(curve, phase, i + 1, promotion->opens_at, promotion->opens_at + FL_DAY);
        if (excess < 1e-9 * day)
            for (uint32_t phase = 0; phase < FL_PHASES; phase++)
                excess += integrate(curve, phase, i + 1, promotion->opens_at, promotion->closes_at + 5 * FL_DAY);
        curve->amplitude[i] = excess > 0 ? (promotion->multiplier - 1) * day / excess : 0;
    }
}

static struct curve curve_of(const struct fl_scenario *scenario)
{
    struct curve curve = { .scenario = scenario };
    for (uint32_t i = 0; i < scenario->buyers.intents_count; i++)
        curve.phase_share[scenario->buyers.intents[i].phase] += scenario->buyers.intents[i].share;
    set_amplitudes(&curve);
    return curve;
}

/* How often a recording is played at the same time. */
static uint32_t copies_of(const struct fl_traffic *traffic)
{
    return traffic->replay.recording == NULL ? 0 : (uint32_t)ceil(traffic->scale);
}

enum fl_status fl_traffic_plan_build(struct fl_arena *arena, const struct fl_scenario *scenario, struct fl_traffic_plan *plan)
{
    const struct fl_traffic *traffic = &scenario->traffic;
    const struct curve curve = curve_of(scenario);
    const uint32_t parts = 1 + traffic->promotions_count, intents = scenario->buyers.intents_count;
    uint32_t count = 0;
    for (fl_time at = 0; at < scenario->duration; at = least(next_break(scenario, at), scenario->duration)) count++;

    const size_t stretches_at = fl_arena_take(arena, count, sizeof(struct fl_stretch));
    const size_t rate_at = fl_arena_take(arena, (size_t)count * FL_PHASES * parts * 2, sizeof(double));
    const size_t until_at = fl_arena_take(arena, (size_t)FL_PHASES * intents, sizeof(double));
    if (stretches_at == FL_ARENA_NONE || rate_at == FL_ARENA_NONE || until_at == FL_ARENA_NONE) return FL_EFULL;
    struct fl_stretch *stretches = fl_arena_at(arena, stretches_at);
    double *rate = fl_arena_at(arena, rate_at), *until = fl_arena_at(arena, until_at);

    fl_time at = 0;
    for (uint32_t s = 0; s < count; s++) {
        const fl_time to = least(next_break(scenario, at), scenario->duration);
        stretches[s] = (struct fl_stretch){ fl_time_to_s(at), fl_time_to_s(to), (uint32_t)(at / scenario->interval), (uint32_t)(at / FL_DAY) };
        for (uint32_t phase = 0; phase < FL_PHASES; phase++) {
            for (uint32_t part = 0; part < parts; part++) {
                *rate++ = fmax(0, part_per_s(&curve, phase, part, at));
                *rate++ = fmax(0, part_per_s(&curve, phase, part, to - 1));
            }
        }
        at = to;
    }
    for (uint32_t phase = 0; phase < FL_PHASES; phase++) {
        double sum = 0;
        for (uint32_t i = 0; i < intents; i++) {
            const struct fl_intent *intent = &scenario->buyers.intents[i];
            if (intent->phase == phase) sum += intent->share;
            until[phase * intents + i] = sum;
        }
    }
    *plan = (struct fl_traffic_plan){ .scenario = scenario, .stretches_count = count, .parts_count = parts,
                                      .streams_count = FL_PHASES + traffic->pushes_count + copies_of(traffic), .stretches = stretches,
                                      .rate = fl_arena_at(arena, rate_at), .intent_until = until };
    return FL_OK;
}

/* A factor with mean 1: gamma with the given coefficient of variation, or lognormal with the given sigma. */
static double busyness(const struct fl_busyness *busyness, uint64_t bits)
{
    if (!(busyness->spread > 0)) return 1;
    if (!busyness->gamma)
        return fl_exp(busyness->spread * fl_normal(bits) - busyness->spread * busyness->spread / 2);
    struct fl_distribution gamma = { .kind = FL_GAMMA, .a = 1, .b = busyness->spread };
    return fl_distribution_prepare(&gamma) == FL_OK ? fl_distribution_value(&gamma, bits) : 1;
}

/* Of a date of the replication. */
static double date_factor(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, uint32_t date)
{
    if (date == 0 || !(plan->scenario->traffic.day.spread > 0)) return day->day_factor;
    const uint64_t key = fl_key_day(day->seed, day->replication, fl_hash_text("traffic"));
    return busyness(&plan->scenario->traffic.day, fl_draw(key, FL_DRAW_DAY_BUSYNESS, date));
}

void fl_traffic_day_begin(const struct fl_traffic_plan *plan, uint64_t seed, uint32_t replication, struct fl_traffic_day *day)
{
    const struct fl_traffic *traffic = &plan->scenario->traffic;
    const uint64_t key = fl_key_day(seed, replication, fl_hash_text("traffic"));
    *day = (struct fl_traffic_day){ .seed = seed, .replication = replication, .dates_known = FL_NONE, .score_factor = 1 };
    day->day_factor = busyness(&traffic->day, fl_draw(key, FL_DRAW_DAY_BUSYNESS, 0));
    day->part_factor[0] = 1;
    for (uint32_t i = 0; i < traffic->promotions_count; i++) {
        const struct fl_busyness uncertain = { .gamma = false, .spread = traffic->promotions[i].multiplier_sigma };
        const uint64_t name = fl_hash_text(traffic->promotions[i].name) + (uint64_t)traffic->promotions[i].opens_at;
        const uint64_t own = fl_key_day(seed, replication, name);
        day->part_factor[i + 1] = busyness(&uncertain, fl_draw(own, FL_DRAW_MULTIPLIER, 0));
    }
}

/* A further time of a recording is moved as a whole, by less than half an interval. */
static void copy_begin(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, uint32_t copy, struct fl_stream *stream)
{
    const struct fl_traffic_replay *replay = &plan->scenario->traffic.replay;
    *stream = (struct fl_stream){ .source = fl_hash_text("replay") + copy, .phase = FL_PHASES, .push = FL_NONE, .copy = copy, .rated = FL_NONE,
                                  .held = FL_NONE, .scored = FL_NONE };
    stream->key = fl_key_day(day->seed, day->replication, stream->source);
    stream->begins = replay->begins + day->replication % replay->days * FL_DAY;
    if (copy > 0)
        stream->begins += (fl_time)((fl_uniform(fl_draw(stream->key, FL_DRAW_COPY_SHIFT, 0)) - 0.5) * (double)plan->scenario->interval);
    stream->ordinal = fl_recording_find(replay->recording, stream->begins);
}

/* The recorded buyer who is next in this copy. */
static fl_time copy_next(const struct fl_traffic_plan *plan, struct fl_stream *stream)
{
    const struct fl_recording *recording = plan->scenario->traffic.replay.recording;
    const double share = plan->scenario->traffic.scale - stream->copy;
    for (; stream->ordinal < recording->chats_count; stream->ordinal++) {
        const fl_time at = recording->chats[stream->ordinal].at - stream->begins;
        if (at >= plan->scenario->duration) return FL_TIME_NEVER;
        if (share < 1 && !(fl_uniform(fl_draw(stream->key, FL_DRAW_COPIES, (uint32_t)stream->ordinal)) < share)) continue;
        stream->ordinal++;
        return at;
    }
    return FL_TIME_NEVER;
}

void fl_stream_begin(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, uint32_t index, struct fl_stream *stream)
{
    static const char *const phase_names[FL_PHASES] = { "pre_sale", "in_sale", "after_sale" };
    const uint32_t ordinary = FL_PHASES + plan->scenario->traffic.pushes_count;
    if (index >= ordinary) {
        copy_begin(plan, day, index - ordinary, stream);
        return;
    }
    const bool is_push = index >= FL_PHASES;
    const char *name = is_push ? plan->scenario->traffic.pushes[index - FL_PHASES].name : phase_names[index];
    const fl_time at = is_push ? plan->scenario->traffic.pushes[index - FL_PHASES].at : 0; /* tells nameless pushes apart */
    *stream = (struct fl_stream){ .source = fl_hash_text(name) + (uint64_t)at, .phase = is_push ? FL_PHASES : index,
                                  .push = is_push ? index - FL_PHASES : FL_NONE, .copy = FL_NONE, .rated = FL_NONE, .held = FL_NONE,
                                  .scored = FL_NONE };
    stream->key = fl_key_day(day->seed, day->replication, stream->source);
    if (is_push) stream->at_s = fl_time_to_s(plan->scenario->traffic.pushes[stream->push].at);
}

static double interval_factor(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, uint32_t interval)
{
    const struct fl_busyness *spread = &plan->scenario->traffic.interval;
    if (!(spread->spread > 0)) return 1;
    const uint64_t key = fl_key_day(day->seed, day->replication, fl_hash_text("traffic"));
    return busyness(spread, fl_draw(key, FL_DRAW_INTERVAL_BUSYNESS, interval));
}

/* The same where an interval takes after the one before: normal scores z(i) = c z(i-1) + sqrt(1 - c^2) e(i), each e drawn by its interval, so
 * every stream walks the same path whatever it does on the way. A stream that goes back walks it again from the beginning. */
static double chained_factor(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, struct fl_stream *stream, uint32_t interval)
{
    const struct fl_busyness *const spread = &plan->scenario->traffic.interval;
    const double c = spread->correlation, rest = sqrt(1 - c * c);
    const uint64_t key = fl_key_day(day->seed, day->replication, fl_hash_text("traffic"));
    if (stream->scored == FL_NONE || stream->scored > interval) {
        stream->scored = 0;
        stream->score = fl_normal(fl_draw(key, FL_DRAW_INTERVAL_BUSYNESS, 0));
    }
    while (stream->scored < interval) {
        stream->scored++;
        stream->score = c * stream->score + rest * fl_normal(fl_draw(key, FL_DRAW_INTERVAL_BUSYNESS, stream->scored));
    }
    return fl_exp(spread->spread * stream->score - spread->spread * spread->spread / 2);
}

/* A stream comes to its next stretch: the rate there, on this day. */
static void enter_stretch(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, struct fl_stream *stream)
{
    const struct fl_stretch *stretch = &plan->stretches[stream->stretch];
    const double *rate = &plan->rate[((size_t)stream->stretch * FL_PHASES + stream->phase) * plan->parts_count * 2];
    double first = 0, last = 0;
    for (uint32_t part = 0; part < plan->parts_count; part++) {
        first += rate[2 * part] * day->part_factor[part];
        last += rate[2 * part + 1] * day->part_factor[part];
    }
    const double of_interval = plan->scenario->traffic.interval.correlation > 0 ? chained_factor(plan, day, stream, stretch->interval)
                                                                                : interval_factor(plan, day, stretch->interval);
    const double factor = date_factor(plan, day, stretch->date) * of_interval * day->score_factor;
    stream->rated = stream->stretch;
    stream->first_per_s = first * factor;
    stream->last_per_s = last * factor;
    stream->slope = (stream->last_per_s - stream->first_per_s) / (stretch->to_s - stretch->from_s);
    if (stream->at_s < stretch->from_s) stream->at_s = stretch->from_s;
}

static fl_time push_next(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, struct fl_stream *stream, double gap)
{
    const struct fl_push *push = &plan->scenario->traffic.pushes[stream->push];
    const double spread_s = fmax(fl_time_to_s(push->spread), 1e-3); /* at once: within a millisecond */
    const uint32_t date = push->at > 0 ? (uint32_t)(push->at / FL_DAY) : 0;
    const double per_s = push->buyers * date_factor(plan, day, date) * plan->scenario->traffic.scale / spread_s;
    stream->at_s += gap / per_s;
    if (!(stream->at_s < fl_time_to_s(push->at) + spread_s)) return FL_TIME_NEVER;
    return fl_time_from_s(stream->at_s);
}

/* The instant at which `left` expected buyers more have come from where the stream stands. */
FL_ALWAYS_INLINE fl_time go_on(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, struct fl_stream *stream, double left)
{
    for (; stream->stretch < plan->stretches_count; stream->stretch++) {
        const struct fl_stretch *stretch = &plan->stretches[stream->stretch];
        if (stream->rated != stream->stretch) {
            if (stretch->date >= day->dates_known && stream->held == FL_NONE) {
                stream->held = stream->stretch;
                stream->held_left = left;
            }
            enter_stretch(plan, day, stream);
        }
        const double slope = stream->slope, here = stream->first_per_s + slope * (stream->at_s - stretch->from_s);
        const double rest_s = stretch->to_s - stream->at_s;
        const double mass = (here + stream->last_per_s) / 2 * rest_s;
        if (left < mass) { /* the residual of a linear rate, stable for a slope near 0 (SCIENCE 2) */
            const double root = here * here + 2 * slope * left;
            const double step = 2 * left / (here + (slope == 0 ? here : sqrt(root > 0 ? root : 0))); /* the root of a square is exact */
            stream->at_s += step < rest_s ? step : rest_s;
            const fl_time at = fl_time_from_s(stream->at_s);
            return at < plan->scenario->duration ? at : FL_TIME_NEVER;
        }
        left -= mass;
    }
    return FL_TIME_NEVER;
}

fl_time fl_stream_next(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, struct fl_stream *stream)
{
    if (stream->copy != FL_NONE) return copy_next(plan, stream);
    const double left = fl_exponential(fl_draw(stream->key + (stream->ordinal >> 32), FL_DRAW_ARRIVAL, (uint32_t)stream->ordinal));
    stream->ordinal++;
    if (stream->push == FL_NONE) return go_on(plan, day, stream, left);
    const fl_time at = push_next(plan, day, stream, left);
    return at < plan->scenario->duration ? at : FL_TIME_NEVER;
}

bool fl_stream_again(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, struct fl_stream *stream, fl_time *at)
{
    if (stream->held == FL_NONE) return false;
    stream->stretch = stream->held;
    stream->rated = stream->held = FL_NONE;
    stream->at_s = plan->stretches[stream->stretch].from_s;
    *at = go_on(plan, day, stream, stream->held_left);
    return true;
}

uint32_t fl_traffic_intent(const struct fl_traffic_plan *plan, uint64_t key)
{
    const struct fl_buyers *buyers = &plan->scenario->buyers;
    const double u = fl_uniform(fl_draw(key, FL_DRAW_INTENT, 0));
    double sum = 0;
    for (uint32_t i = 0; i + 1 < buyers->intents_count; i++)
        if (u < (sum += buyers->intents[i].share)) return i;
    return buyers->intents_count - 1;
}

uint32_t fl_stream_intent(const struct fl_traffic_plan *plan, const struct fl_stream *stream, uint64_t key)
{
    const struct fl_buyers *buyers = &plan->scenario->buyers;
    const uint32_t intents = buyers->intents_count;
    const double u = fl_uniform(fl_draw(key, FL_DRAW_INTENT, 0));
    if (stream->push != FL_NONE) { /* an own intent, or drawn as for everybody */
        const uint32_t own = plan->scenario->traffic.pushes[stream->push].intent;
        return own != FL_NONE ? own : fl_traffic_intent(plan, key);
    }
    if (stream->copy != FL_NONE) return fl_traffic_intent(plan, key);
    const double *until = &plan->intent_until[(size_t)stream->phase * intents];
    const double at = u * until[intents - 1];
    uint32_t chosen = 0;
    while (chosen + 1 < intents && !(at < until[chosen])) chosen++;
    while (buyers->intents[chosen].phase != stream->phase || !(buyers->intents[chosen].share > 0)) chosen--; /* u next to 1 */
    return chosen;
}

double fl_traffic_recorded(const struct fl_scenario *scenario, uint32_t intent, fl_time from, fl_time to)
{
    const struct fl_traffic_replay *replay = &scenario->traffic.replay;
    const struct fl_recording *recording = replay->recording;
    double buyers = 0;
    if (recording == NULL) return 0;
    for (uint32_t day = 0; day < replay->days; day++) {
        const fl_time begins = replay->begins + day * FL_DAY;
        for (uint32_t i = fl_recording_find(recording, begins + from); i < recording->chats_count && recording->chats[i].at < begins + to; i++) {
            if (recording->chats[i].intent == FL_RECORDED_UNKNOWN) buyers += scenario->buyers.intents[intent].share;
            else buyers += recording->chats[i].intent == intent;
        }
    }
    return buyers * scenario->traffic.scale / replay->days;
}

static double recorded_of_phase(const struct fl_scenario *scenario, uint32_t phase, fl_time from, fl_time to)
{
    double sum = 0;
    for (uint32_t i = 0; i < scenario->buyers.intents_count; i++)
        if (scenario->buyers.intents[i].phase == phase) sum += fl_traffic_recorded(scenario, i, from, to);
    return sum;
}

double fl_traffic_expected_phase(const struct fl_traffic_plan *plan, uint32_t phase, fl_time from, fl_time to)
{
    const struct curve curve = curve_of(plan->scenario);
    double sum = recorded_of_phase(plan->scenario, phase, from, to);
    for (uint32_t part = 0; part < plan->parts_count; part++) sum += integrate(&curve, phase, part, from, to);
    return sum;
}

static double pushes_expected(const struct fl_scenario *scenario, fl_time from, fl_time to)
{
    double sum = 0;
    for (uint32_t i = 0; i < scenario->traffic.pushes_count; i++) {
        const struct fl_push *push = &scenario->traffic.pushes[i];
        const fl_time spread = push->spread > FL_MILLISECOND ? push->spread : FL_MILLISECOND;
        const fl_time first = push->at > from ? push->at : from, last = least(push->at + spread, to);
        if (last > first) sum += push->buyers * scenario->traffic.scale * (double)(last - first) / (double)spread;
    }
    return sum;
}

static double expected(const struct curve *curve, fl_time from, fl_time to)
{
    double sum = pushes_expected(curve->scenario, from, to);
    for (uint32_t phase = 0; phase < FL_PHASES; phase++) {
        sum += recorded_of_phase(curve->scenario, phase, from, to);
        for (uint32_t part = 0; part <= curve->scenario->traffic.promotions_count; part++)
            sum += integrate(curve, phase, part, from, to);
    }
    return sum;
}

double fl_traffic_expected(const struct fl_scenario *scenario, fl_time from, fl_time to)
{
    const struct curve curve = curve_of(scenario);
    return expected(&curve, from, to);
}

/* The busiest 60 minutes that start at a break of the rates or a quarter of an hour; a shorter scenario is scaled up. */
double fl_traffic_peak_per_hour(const struct fl_scenario *scenario, fl_time *at)
{
    const struct curve curve = curve_of(scenario);
    const fl_time span = least(FL_HOUR, scenario->duration);
    double peak = -1;
    *at = 0;
    for (fl_time from = 0; from + span <= scenario->duration; from = least(next_break(scenario, from), from + 15 * FL_MINUTE)) {
        const double chats = expected(&curve, from, from + span);
        if (chats > peak * (1 + 1e-9)) {
            peak = chats;
            *at = from;
        }
    }
    return peak * (double)FL_HOUR / (double)span;
}
