#include "routing/lottery.h"

#include "core/draw.h"

static struct fl_lottery_node *tree_of(const struct fl_lottery *lottery, const struct fl_roster_group *group)
{
    return (struct fl_lottery_node *)fl_beside(lottery, lottery->nodes) + group->nodes;
}

static void set_place(struct fl_lottery *lottery, const struct fl_roster *roster, uint32_t place, uint64_t with_room,
                      uint64_t anyway)
{
    const struct fl_roster_group *const group = fl_roster_group(roster, fl_roster_places(roster)[place].group);
    struct fl_lottery_node *const tree = tree_of(lottery, group);
    uint32_t node = group->leaves + (place - group->first);
    if (tree[node].share[0] == with_room && tree[node].share[1] == anyway) return;
    tree[node].share[0] = with_room;
    tree[node].share[1] = anyway;
    for (node >>= 1; node >= 1; node >>= 1) {
        tree[node].share[0] = tree[2 * node].share[0] + tree[2 * node + 1].share[0];
        tree[node].share[1] = tree[2 * node].share[1] + tree[2 * node + 1].share[1];
    }
}

static void refresh_place(struct fl_lottery *lottery, const struct fl_roster *roster, const struct fl_view *view,
                          uint32_t place)
{
    const uint32_t agent = fl_roster_places(roster)[place].agent;
    const uint64_t share = lottery->weighted ? view->agents[agent].weight : 1;
    set_place(lottery, roster, place, fl_roster_eligible(roster, view, agent, 0, false) ? share : 0,
              fl_roster_eligible(roster, view, agent, 0, true) ? share : 0);
}

void fl_lottery_refresh_all(struct fl_lottery *lottery, const struct fl_roster *roster, const struct fl_view *view)
{
    for (uint32_t p = 0; p < roster->places_count; p++) refresh_place(lottery, roster, view, p);
}

enum fl_status fl_lottery_begin(struct fl_arena *arena, const struct fl_roster *roster, const struct fl_view *view,
                                size_t *state)
{
    const size_t at = fl_arena_take(arena, 1, sizeof(struct fl_lottery));
    const size_t nodes_at = fl_arena_take(arena, roster->nodes_count, sizeof(struct fl_lottery_node));
    const size_t memory_at = fl_arena_take(arena, (size_t)roster->places_count + 1, sizeof(uint64_t));
    const size_t aside_at = fl_arena_take(arena, (size_t)roster->places_count + 1, sizeof(uint32_t));
    if (at == FL_ARENA_NONE || nodes_at == FL_ARENA_NONE || memory_at == FL_ARENA_NONE || aside_at == FL_ARENA_NONE)
        return FL_EFULL;
    struct fl_lottery *const lottery = fl_arena_at(arena, at);
    *lottery = (struct fl_lottery){ .nodes = nodes_at - at, .memory = memory_at - at, .set_aside = aside_at - at };
    fl_lottery_refresh_all(lottery, roster, view);
    *state = at;
    return FL_OK;
}

void fl_lottery_notice(void *state, const struct fl_roster *roster, const struct fl_view *view, enum fl_notice what,
                       uint32_t agent, uint32_t chat, uint32_t group)
{
    (void)what, (void)chat, (void)group; /* the view says it all */
    uint32_t count;
    const uint32_t *const mine = fl_roster_of_agent(roster, agent, &count);
    for (uint32_t i = 0; i < count; i++) refresh_place(state, roster, view, mine[i]);
}

void fl_lottery_set_aside(struct fl_lottery *lottery, const struct fl_roster *roster, uint32_t place)
{
    uint32_t *const aside = fl_beside(lottery, lottery->set_aside);
    aside[lottery->set_aside_count++] = place;
    set_place(lottery, roster, place, 0, 0);
}

void fl_lottery_prepare(struct fl_lottery *lottery, const struct fl_roster *roster, const struct fl_request *request)
{
    const struct fl_roster_group *const group = fl_roster_group(roster, request->group);
    const struct fl_place *const places = fl_roster_places(roster);
    const uint32_t exclude = request->chat->exclude;
    if ((request->skills & ~group->skills) != 0) {
        for (uint32_t p = group->first; p < group->first + group->count; p++) {
            const uint32_t agent = places[p].agent;
            if (agent != exclude && fl_roster_has_skills(roster, agent, request->skills)) continue;
            fl_lottery_set_aside(lottery, roster, p);
        }
    } else if (exclude != FL_NO_AGENT) {
        const uint32_t place = fl_roster_place(roster, exclude, request->group);
        if (place != FL_NONE) fl_lottery_set_aside(lottery, roster, place);
    }
}

void fl_lottery_restore(struct fl_lottery *lottery, const struct fl_roster *roster, const struct fl_view *view)
{
    const uint32_t *const aside = fl_beside(lottery, lottery->set_aside);
    while (lottery->set_aside_count > 0) refresh_place(lottery, roster, view, aside[--lottery->set_aside_count]);
}

uint64_t fl_lottery_total(const struct fl_lottery *lottery, const struct fl_roster *roster,
                          const struct fl_request *request)
{
    return tree_of(lottery, fl_roster_group(roster, request->group))[1].share[request->ignore_capacity];
}

uint32_t fl_lottery_place(const struct fl_lottery *lottery, const struct fl_roster *roster,
                          const struct fl_request *request, uint64_t number)
{
    const struct fl_roster_group *const group = fl_roster_group(roster, request->group);
    const struct fl_lottery_node *const tree = tree_of(lottery, group);
    FL_ASSERT(number < tree[1].share[request->ignore_capacity]);
    uint32_t node = 1;
    while (node < group->leaves) {
        node *= 2;
        const uint64_t left = tree[node].share[request->ignore_capacity];
        if (number < left) continue;
        number -= left;
        node++;
    }
    return group->first + (node - group->leaves);
}

uint32_t fl_lottery_pick(void *state, const struct fl_roster *roster, const struct fl_view *view,
                         const struct fl_request *request)
{
    const struct fl_chat_view *const chat = request->chat;
    uint32_t agent = FL_NO_AGENT;
    fl_lottery_prepare(state, roster, request);
    const uint64_t total = fl_lottery_total(state, roster, request);
    if (total > 0) {
        const uint64_t number = fl_uniform_below(fl_draw(chat->key, FL_DRAW_ROUTING, chat->decision), total);
        agent = fl_roster_places(roster)[fl_lottery_place(state, roster, request, number)].agent;
    }
    fl_lottery_restore(state, roster, view);
    return agent;
}
