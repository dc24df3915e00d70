#include "scenario/image.h"

#include <stdlib.h>
#include <string.h>

/* Goes over what a scenario points to, writing or reading it: one list of pointers for both. */
struct image {
    char *bytes;   /* written to, or read in place */
    size_t used, room;
    bool writing, failed;
};

#define ALIGNED(bytes) (((bytes) + 15) & ~(size_t)15)

/* Writing, appends what lies at `from` and returns the copy; reading, returns where it lies. NULL: nothing of it, or it failed. The copies
 * may move while writing: their pointers are not followed, those of the originals are. */
static void *pass_block(struct image *image, const void *from, size_t bytes)
{
    const size_t end = image->used + ALIGNED(bytes);
    if (image->failed || bytes == 0) return NULL;
    if (image->writing && end > image->room) {
        char *const larger = realloc(image->bytes, end * 2);
        if (larger != NULL) image->bytes = larger;
        image->failed = larger == NULL;
        image->room = end * 2;
    } else if (!image->writing) {
        image->failed = end > image->room || end < image->used;
    }
    if (image->failed) return NULL;
    char *const at = image->bytes + image->used;
    if (image->writing) {
        memset(at + ALIGNED(bytes) - 16, 0, 16);
        memcpy(at, from, bytes);
    }
    image->used = end;
    return at;
}

static void pass_text(struct image *image, const char **text)
{
    size_t bytes[2] = { image->writing && *text != NULL ? strlen(*text) + 1 : 0, 0 };
    const size_t *const kept = pass_block(image, bytes, sizeof bytes);
    if (kept == NULL) return;
    if (!image->writing) bytes[0] = kept[0];
    char *const at = pass_block(image, *text, bytes[0]);
    if (image->writing) return;
    *text = at;
    if (at != NULL && at[bytes[0] - 1] != '\0') image->failed = true;
}

/* An array by its length, which is part of what has been passed. Reading, *array is moved to where it lies. */
#define PASS(image, array, count) pass_array(image, (const void **)&(array), (size_t)(count) * sizeof *(array))
static void pass_array(struct image *image, const void **array, size_t bytes)
{
    void *const at = pass_block(image, *array, bytes);
    if (!image->writing) *array = at;
}

static void pass_distribution(struct image *image, struct fl_distribution *of)
{
    const uint32_t values = of->kind == FL_EMPIRICAL || of->kind == FL_MIXTURE ? of->count : 0, parts = of->kind == FL_MIXTURE ? of->count : 0;
    PASS(image, of->values, values);
    PASS(image, of->parts, parts);
    for (uint32_t i = 0; i < parts && !image->failed; i++) pass_distribution(image, (struct fl_distribution *)&of->parts[i]);
}

static void pass_profile(struct image *image, struct fl_profile *profile)
{
    PASS(image, profile->steps, profile->steps_count);
}

static void pass_recording(struct image *image, struct fl_traffic_replay *replay)
{
    struct fl_recording whole, *recording = &whole;
    if (image->writing && replay->recording != NULL) whole = *replay->recording;
    PASS(image, replay->recording, replay->recording != NULL ? 1 : 0);
    if (replay->recording == NULL || image->failed) return;
    if (!image->writing) recording = (struct fl_recording *)replay->recording;
    PASS(image, recording->chats, recording->chats_count);
    PASS(image, recording->rounds, recording->rounds_count);
    PASS(image, recording->gaps, recording->gaps_count);
}

static void pass_traffic(struct image *image, struct fl_traffic *traffic)
{
    PASS(image, traffic->points, traffic->points_count);
    PASS(image, traffic->promotions, traffic->promotions_count);
    PASS(image, traffic->pushes, traffic->pushes_count);
    for (uint32_t i = 0; i < FL_PHASES; i++) pass_profile(image, &traffic->profile[i]);
    for (uint32_t i = 0; i < 7; i++) pass_profile(image, &traffic->weekday_profile[i]);
    pass_text(image, &traffic->replay.log);
    pass_text(image, &traffic->replay.preset);
    pass_text(image, &traffic->replay.columns);
    pass_recording(image, &traffic->replay);
    for (uint32_t i = 0; i < traffic->promotions_count && !image->failed; i++) pass_text(image, &((struct fl_promotion *)traffic->promotions)[i].name);
    for (uint32_t i = 0; i < traffic->pushes_count && !image->failed; i++) pass_text(image, &((struct fl_push *)traffic->pushes)[i].name);
}

static void pass_intent(struct image *image, struct fl_intent *intent)
{
    struct fl_reply_def *const reply = &intent->reply;
    struct fl_distribution *const all[] = { &intent->rounds, &reply->total, &reply->read, &reply->think, &reply->tool, &reply->chars,
                                            &intent->think_time, &intent->messages_per_round, &intent->patience, &intent->order_value };
    pass_text(image, &intent->name);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) pass_distribution(image, all[i]);
}

static void pass_texts(struct image *image, const char *const **texts, uint32_t count)
{
    PASS(image, *texts, count);
    for (uint32_t i = 0; i < count && !image->failed; i++) pass_text(image, (const char **)&(*texts)[i]);
}

static void pass_buyers(struct image *image, struct fl_buyers *buyers)
{
    struct fl_distribution *const all[] = { &buyers->messages_per_round, &buyers->burst_gap, &buyers->think_time, &buyers->patience.first,
                                            &buyers->patience.later, &buyers->patience.finds_out, &buyers->come_back.after, &buyers->next_visit.after };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) pass_distribution(image, all[i]);
    PASS(image, buyers->classes, buyers->classes_count);
    PASS(image, buyers->intents, buyers->intents_count);
    PASS(image, buyers->entry_points, buyers->entry_points_count);
    PASS(image, buyers->devices, buyers->devices_count);
    pass_texts(image, &buyers->order_statuses, buyers->order_statuses_count);
    for (uint32_t i = 0; i < buyers->classes_count && !image->failed; i++) {
        struct fl_buyer_class *const class = (struct fl_buyer_class *)&buyers->classes[i];
        pass_text(image, &class->name);
        pass_distribution(image, &class->recent_age);
    }
    for (uint32_t i = 0; i < buyers->intents_count && !image->failed; i++) pass_intent(image, (struct fl_intent *)&buyers->intents[i]);
    for (uint32_t i = 0; i < buyers->entry_points_count && !image->failed; i++)
        pass_text(image, &((struct fl_entry_point *)buyers->entry_points)[i].name);
    for (uint32_t i = 0; i < buyers->devices_count && !image->failed; i++) pass_text(image, &((struct fl_entry_point *)buyers->devices)[i].name);
}

static void pass_agent(struct image *image, struct fl_agent_def *agent)
{
    pass_text(image, &agent->name);
    PASS(image, agent->rota, agent->rota_count);
    PASS(image, agent->away, agent->away_count);
}

static void pass_desk(struct image *image, struct fl_desk_def *desk)
{
    PASS(image, desk->groups, desk->groups_count);
    PASS(image, desk->shifts, desk->shifts_count);
    PASS(image, desk->grades, desk->grades_count);
    PASS(image, desk->agents, desk->agents_count);
    PASS(image, desk->meetings, desk->meetings_count);
    PASS(image, desk->multitasking.speed_by_open, desk->multitasking.speeds_count);
    for (uint32_t i = 0; i < desk->groups_count && !image->failed; i++) pass_text(image, &((struct fl_group_def *)desk->groups)[i].name);
    for (uint32_t i = 0; i < desk->shifts_count && !image->failed; i++) {
        struct fl_shift_def *const shift = (struct fl_shift_def *)&desk->shifts[i];
        pass_text(image, &shift->name);
        PASS(image, shift->breaks, shift->breaks_count);
    }
    for (uint32_t i = 0; i < desk->grades_count && !image->failed; i++) pass_text(image, &((struct fl_grade_def *)desk->grades)[i].name);
    for (uint32_t i = 0; i < desk->agents_count && !image->failed; i++) pass_agent(image, (struct fl_agent_def *)&desk->agents[i]);
    struct fl_distribution *const all[] = { &desk->bot.reply, &desk->bot.rounds, &desk->depth.time, &desk->leave_reply };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) pass_distribution(image, all[i]);
}

static void pass_scenario(struct image *image, struct fl_scenario *scenario)
{
    pass_text(image, &scenario->name);
    pass_text(image, &scenario->about);
    pass_text(image, &scenario->file);
    pass_text(image, &scenario->platform.name);
    pass_traffic(image, &scenario->traffic);
    pass_buyers(image, &scenario->buyers);
    pass_desk(image, &scenario->desk);
    pass_distribution(image, &scenario->routing.pick_up);
    PASS(image, scenario->events, scenario->events_count);
    PASS(image, scenario->faults, scenario->faults_count);
    PASS(image, scenario->objectives, scenario->objectives_count);
    for (uint32_t i = 0; i < scenario->objectives_count && !image->failed; i++) {
        struct fl_objective *const objective = (struct fl_objective *)&scenario->objectives[i];
        pass_text(image, &objective->name);
        pass_text(image, &objective->want);
    }
    pass_texts(image, &scenario->skills, scenario->skills_count);
    PASS(image, scenario->thresholds, scenario->thresholds_count);
    for (uint32_t i = 0; i < scenario->thresholds_count && !image->failed; i++) pass_text(image, &((struct fl_threshold *)scenario->thresholds)[i].measure);
}

uint64_t fl_image_layout(void)
{
    const size_t sizes[] = { sizeof(struct fl_scenario), sizeof(struct fl_traffic), sizeof(struct fl_promotion), sizeof(struct fl_push),
                             sizeof(struct fl_buyers), sizeof(struct fl_intent), sizeof(struct fl_buyer_class), sizeof(struct fl_desk_def),
                             sizeof(struct fl_group_def), sizeof(struct fl_shift_def), sizeof(struct fl_grade_def), sizeof(struct fl_agent_def),
                             sizeof(struct fl_routing_def), sizeof(struct fl_distribution), sizeof(struct fl_objective), sizeof(struct fl_money),
                             sizeof(struct fl_recording), sizeof(struct fl_recorded_chat), sizeof(struct fl_recorded_round), 0x01020304u };
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) number = number * UINT64_C(0x9e3779b97f4a7c15) + sizes[i];
    return number;
}

enum fl_status fl_image_make(const struct fl_scenario *scenario, void **bytes, size_t *length)
{
    struct image image = { .writing = true };
    struct fl_scenario whole = *scenario; /* what it points to is only read while writing */
    whole.staffing = (struct fl_staffing_def){ 0 };
    whole.ordinary_day = (struct fl_ordinary_day){ 0 };
    pass_block(&image, &whole, sizeof whole);
    pass_scenario(&image, &whole);
    if (image.failed) {
        free(image.bytes);
        return FL_EFULL;
    }
    *bytes = image.bytes;
    *length = image.used;
    return FL_OK;
}

enum fl_status fl_image_open(const void *bytes, size_t length, struct fl_scenario **out)
{
    if (length < sizeof(struct fl_scenario)) return FL_ESYNTAX;
    struct image image = { .bytes = aligned_alloc(16, ALIGNED(length)), .room = length };
    if (image.bytes == NULL) return FL_EFULL;
    memcpy(image.bytes, bytes, length);
    struct fl_scenario *const scenario = pass_block(&image, NULL, sizeof *scenario);
    if (scenario != NULL) pass_scenario(&image, scenario);
    if (image.failed || image.used != length) {
        free(image.bytes);
        return FL_ESYNTAX;
    }
    *out = scenario;
    return FL_OK;
}
