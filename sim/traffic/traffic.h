/* Who writes when: rates, promotions, pushes, and the instants that follow from them.
 *
 * Arrivals are non-homogeneous Poisson streams by inversion of unit-rate gaps (SCIENCE 2), never by thinning, so
 * scaling a rate moves every buyer a little instead of drawing other buyers. One stream per phase (pre-sale follows
 * the measured clicks, in-sale and after-sale the buys, lagged) and one per push. A stream's name, not its
 * number, seeds its buyers.
 *
 * Recorded buyers (traffic.replay) are streams of their own beside the pushes, and the phases bring nobody: stream j plays the recorded
 * stretch for the j-th time, so that `scale` 2.3 is the recorded buyers twice and 0.3 of them, each by a draw of her own, a third time. The
 * first plays them at their instants, each further one as a whole up to half an interval earlier or later, so that nobody writes at once with her
 * double and what is close together in a recording stays so.
 *
 * The rate of a phase, in chats per second:
 *   scale x (weekday x ordinary(t) + sum over promotions of M x excess(t)) x busyness of the date x busyness of the interval x score
 * where M is the promotion's uncertain factor, the weekday that of the calendar, a date 24 hours from the scenario's start, and score
 * what the dates before have brought or cost (money.service_score). All of it is piecewise linear; see promotion.c for the excess. */
#ifndef FL_TRAFFIC_TRAFFIC_H
#define FL_TRAFFIC_TRAFFIC_H

#include "core/arena.h"
#include "scenario/scenario.h"

/* A stretch of time over which every rate is linear. from_s and the rates at both ends, chats per second. */
struct fl_stretch {
    double from_s, to_s;
    uint32_t interval; /* of the scenario, for interval busyness */
    uint32_t date;     /* 24 hours from the scenario's start, for day busyness */
};

/* The plan of a scenario: the same for all replications, shared read-only between workers. */
struct fl_traffic_plan {
    const struct fl_scenario *scenario;
    uint32_t stretches_count, parts_count; /* parts: 0 is ordinary, then one per promotion */
    uint32_t streams_count;                /* FL_PHASES + pushes + copies of a recording */
    const struct fl_stretch *stretches;
    const double *rate;     /* [stretch][phase][part][2]: at both ends */
    const double *intent_until; /* [phase][intent]: cumulated share within the phase, for drawing */
};

/* Builds the plan in the arena, which must outlive it. FL_EFULL. */
FL_MUST_CHECK enum fl_status fl_traffic_plan_build(struct fl_arena *arena, const struct fl_scenario *scenario,
                                                   struct fl_traffic_plan *plan);

/* What is drawn once a replication. */
struct fl_traffic_day {
    uint64_t seed;
    uint32_t replication;
    double day_factor;      /* busyness of the first date; the others' are drawn as streams come to them */
    double part_factor[65]; /* [0] is 1; then the promotions' M */
    /* What the desk sets where later traffic follows the score: how many dates have a factor that is final, FL_NONE: all; and the factor
     * of the date under way, which streams that look ahead take for the next one's too, until fl_stream_again. */
    uint32_t dates_known;
    double score_factor;
};
#define FL_PROMOTIONS_MAX 64

void fl_traffic_day_begin(const struct fl_traffic_plan *plan, uint64_t seed, uint32_t replication, struct fl_traffic_day *day);

/* One stream in progress; plain data, may live in an arena. */
struct fl_stream {
    uint64_t source;   /* hash of its name */
    uint64_t key;      /* of its gaps */
    uint64_t ordinal;  /* of the next buyer */
    uint32_t phase, push; /* push: index or FL_NONE */
    uint32_t copy;        /* of the recorded buyers, from 0; FL_NONE: not recorded ones */
    fl_time begins;       /* the scenario's start on that copy's clock */
    uint32_t stretch, rated; /* where it stands; the stretch whose rate is below, FL_NONE: none yet */
    double at_s;
    double first_per_s, last_per_s, slope; /* at both ends of the stretch, on this day; how the rate grows with each second */
    uint32_t held;    /* the first stretch it entered of dates whose factor is not final, FL_NONE: none ... */
    double held_left; /* ... and the expected buyers until the next one that were left there */
    uint32_t scored;  /* the interval whose normal score of busyness is below; FL_NONE: none, or intervals are independent */
    double score;
};

void fl_stream_begin(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, uint32_t index, struct fl_stream *stream);

/* The instant of the stream's next buyer, whose ordinal was stream->ordinal before the call; FL_TIME_NEVER when
 * nobody else comes before the scenario's end. Cost: O(1) amortised. */
fl_time fl_stream_next(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, struct fl_stream *stream);

/* Once a date's factor is final (dates_known, score_factor): draws anew the next buyer of a stream that had looked into that date, by
 * the same gap from its beginning on. false: she comes before, and nothing changes. */
bool fl_stream_again(const struct fl_traffic_plan *plan, const struct fl_traffic_day *day, struct fl_stream *stream, fl_time *at);

/* Index of a stream's buyer in the recording; FL_NONE: she is not a recorded one. */
static inline uint32_t fl_stream_recorded(const struct fl_stream *stream, uint64_t ordinal)
{
    return stream->copy == FL_NONE ? FL_NONE : (uint32_t)ordinal;
}

/* The intent of a buyer of this stream, where no recording says it. */
uint32_t fl_stream_intent(const struct fl_traffic_plan *plan, const struct fl_stream *stream, uint64_t key);

/* The intent of a buyer who may want anything. */
uint32_t fl_traffic_intent(const struct fl_traffic_plan *plan, uint64_t key);

/* Expected chats in [from, to), busyness at its mean, recorded buyers at the mean of the recorded days, and the busiest hour's rate with its instant. */
double fl_traffic_expected(const struct fl_scenario *scenario, fl_time from, fl_time to);
double fl_traffic_peak_per_hour(const struct fl_scenario *scenario, fl_time *at);

/* Recorded buyers of an intent in [from, to), scaled: the mean of the recorded days. Whose intent is not known counts by the intents' shares. */
double fl_traffic_recorded(const struct fl_scenario *scenario, uint32_t intent, fl_time from, fl_time to);

/* Expected chats in [from, to) of one phase. */
double fl_traffic_expected_phase(const struct fl_traffic_plan *plan, uint32_t phase, fl_time from, fl_time to);

#endif
