#include "engine/judge.h"

#include "routing/policy.h"

#include <string.h>

/* Of a slot of the desk; what was written last stays when she has gone. */
struct entry {
    struct fl_chat_view chat;
    fl_queue_order order;
    fl_time since;
    int64_t known_ns;
    uint32_t group;
};

static struct entry *entry_of(const struct fl_queue_judge *judge, uint32_t slot)
{
    return (struct entry *)fl_arena_at(judge->arena, judge->entries) + slot;
}

void fl_queue_judge_begin(struct fl_queue_judge *judge, struct fl_arena *arena)
{
    *judge = (struct fl_queue_judge){ .arena = arena };
}

static enum fl_status grow(struct fl_queue_judge *judge, uint32_t slot)
{
    uint32_t count = judge->entries_count == 0 ? 256 : judge->entries_count;
    while (count <= slot) count *= 2;
    const size_t entries = fl_arena_take(judge->arena, count, sizeof(struct entry));
    if (entries == FL_ARENA_NONE) return FL_EFULL;
    if (judge->entries_count > 0)
        memcpy(fl_arena_at(judge->arena, entries), fl_arena_at(judge->arena, judge->entries), judge->entries_count * sizeof(struct entry));
    judge->entries = entries;
    judge->entries_count = count;
    return FL_OK;
}

enum fl_status fl_queue_judge_waits(struct fl_queue_judge *judge, const struct fl_view *view, const struct fl_chat_view *chat, uint32_t group, int64_t known_ns)
{
    if (chat->index >= judge->entries_count && grow(judge, chat->index) != FL_OK) return FL_EFULL;
    const fl_queue_order order = fl_queue_order_of(&view->scenario->routing, chat, view->now, judge->queue.sequence);
    *entry_of(judge, chat->index) = (struct entry){ .chat = *chat, .order = order, .since = view->now, .known_ns = known_ns, .group = group };
    return fl_queue_push(judge->arena, &judge->queue, group, chat->index, order);
}

void fl_queue_judge_gone(struct fl_queue_judge *judge, uint32_t slot)
{
    if (fl_queue_holds(judge->arena, &judge->queue, slot)) fl_queue_remove(judge->arena, &judge->queue, entry_of(judge, slot)->group, slot);
}

enum fl_status fl_queue_judge_waits_again(struct fl_queue_judge *judge, uint32_t slot, int64_t known_ns)
{
    struct entry *const entry = entry_of(judge, slot);
    entry->known_ns = known_ns;
    return fl_queue_push(judge->arena, &judge->queue, entry->group, slot, entry->order);
}

/* ---- Who could have whom --------------------------------------------------------------------------- */

struct search {
    const struct fl_queue_judge *judge;
    const struct fl_view *view;
    uint32_t agent;
    struct fl_known known;
};

/* Who went away may have her chat when she is back, and who has passed it on, never. */
static bool is_excluded(const struct fl_view *view, const struct entry *entry, uint32_t agent)
{
    return entry->chat.exclude == agent && (entry->chat.why != FL_WHY_REASSIGN || entry->since == view->now);
}

static bool could_have(const void *context, uint32_t slot)
{
    const struct search *const search = context;
    const struct fl_view *const view = search->view;
    const struct entry *const entry = entry_of(search->judge, slot);
    const struct fl_policy_ops *const policy = fl_policy(view->scenario->routing.policy);
    if (entry->known_ns <= search->known.after_ns || entry->known_ns > search->known.until_ns) return false;
    return fl_view_serves_group(view, search->agent, entry->group) && !is_excluded(view, entry, search->agent) &&
           fl_view_has_skills(view, search->agent, view->scenario->buyers.intents[entry->chat.intent].skills) &&
           (policy->admits == NULL || policy->admits(view, search->agent, &entry->chat));
}

/* By the scenario's own rule these do not wait behind others. */
static bool knows(const struct fl_routing_def *routing, const struct fl_chat_view *chat, uint32_t agent)
{
    return (routing->recent_agent && chat->recent_agent == agent) || (routing->dedicated_agent && chat->dedicated_agent == agent);
}

/* An agent serves her own groups before those that overflow into them: among these she is held to the order, as among those. */
static uint64_t groups_before(const struct fl_queue_judge *judge, const struct fl_view *view, uint32_t group, uint32_t agent)
{
    const uint64_t own = fl_policy(view->scenario->routing.policy)->main_only ? ~UINT64_C(0) : view->agents[agent].groups;
    return judge->queue.waiting & (own >> group & 1 ? own : ~UINT64_C(0));
}

uint32_t fl_queue_judge_overtaken(const struct fl_queue_judge *judge, const struct fl_view *view, const struct fl_chat_view *chat, uint32_t group, uint32_t agent,
                                    struct fl_known known)
{
    const struct fl_routing_def *const routing = &view->scenario->routing;
    const struct search search = { judge, view, agent, known };
    uint32_t first = FL_NO_CHAT;
    if (judge->queue.length == 0 || knows(routing, chat, agent) || !fl_agent_takes_new(&view->agents[agent], routing->counts)) return FL_NO_CHAT;
    fl_queue_order before = fl_queue_holds(judge->arena, &judge->queue, chat->index) ? entry_of(judge, chat->index)->order
                                                                                      : fl_queue_order_of(routing, chat, view->now, judge->queue.sequence);
    for (uint64_t groups = groups_before(judge, view, group, agent); groups != 0; groups &= groups - 1) {
        const uint32_t slot = fl_queue_first(judge->arena, &judge->queue, (uint32_t)__builtin_ctzll(groups), could_have, &search, &before);
        if (slot != FL_NO_CHAT) first = slot;
    }
    return first;
}

bool fl_queue_judge_could_be_served(const struct fl_queue_judge *judge, const struct fl_view *view, uint32_t slot, struct fl_known known)
{
    const struct fl_routing_def *const routing = &view->scenario->routing;
    if (fl_policy(routing->policy)->pulls || routing->rate_limit < FL_UNLIMITED || !fl_queue_holds(judge->arena, &judge->queue, slot)) return false;
    for (uint32_t a = 0; a < view->agents_count; a++) {
        const struct search search = { judge, view, a, known };
        if (fl_agent_takes_new(&view->agents[a], routing->counts) && could_have(&search, slot)) return true;
    }
    return false;
}
