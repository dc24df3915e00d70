/* A routing engine to start from: fewest open chats, then who got one longest ago, then the smaller index; when nobody has room the
 * chat waits, first come first served. One group, no recent agents, no bot. Lockstep and real time.
 *
 *     cc -O2 -o least_active least_active.c && fenliu drive SCENARIO --engine exec:./least_active */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY (-1)

static struct agent { long capacity, open; long long last /* when she got a chat, ns */; bool available; } *agents;
static struct entry { long chat, excluded; } *queue; /* oldest first */
static long *holder; /* [chats_room] by chat: the agent, + 1 */
static long agents_count, queue_length, queue_room, chats_room;
static long long now; /* of the event under way, ns */

static void *grow(void *memory, long count, size_t size)
{
    void *const bigger = realloc(memory, (size_t)count * size);
    if (bigger == NULL) exit(1);
    return bigger;
}

/* What stands behind "key": in a line, or NULL. Inside a text the quotes would have backslashes, so this finds no other. */
static const char *find(const char *line, const char *key)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "\"%s\":", key);
    const char *const at = strstr(line, wanted);
    return at == NULL ? NULL : at + strlen(wanted);
}

static long long number(const char *line, const char *key, long long otherwise)
{
    const char *const at = find(line, key);
    return at == NULL ? otherwise : strtoll(at, NULL, 10);
}

static bool is(const char *line, const char *key, const char *word)
{
    const char *const at = find(line, key);
    return at != NULL && strncmp(at + 1, word, strlen(word)) == 0 && at[1 + strlen(word)] == '"';
}

static bool has_room(const struct agent *agent) { return agent->available && agent->open < agent->capacity; }

static void assign(long chat, long agent)
{
    holder[chat] = agent + 1;
    agents[agent].open++;
    agents[agent].last = now;
    printf("{\"t\":\"assign\",\"chat\":%ld,\"agent\":%ld}\n", chat, agent);
}

static void queue_remove(long at) { memmove(queue + at, queue + at + 1, (size_t)(--queue_length - at) * sizeof *queue); }

/* Takes a chat from whoever has it and out of the queue. Returns who had it. */
static long forget(long chat)
{
    for (; chat >= chats_room; chats_room = 2 * chats_room + 1024) {
        holder = grow(holder, 2 * chats_room + 1024, sizeof *holder);
        memset(holder + chats_room, 0, (size_t)(chats_room + 1024) * sizeof *holder);
    }
    for (long i = 0; i < queue_length; i++)
        if (queue[i].chat == chat) queue_remove(i--);
    const long agent = holder[chat] - 1;
    holder[chat] = 0;
    if (agent != NOBODY) agents[agent].open--;
    return agent;
}

/* Fills the agent's room from the queue. */
static void serve(long agent)
{
    for (long i = 0; agent != NOBODY && i < queue_length && has_room(&agents[agent]);) {
        const struct entry entry = queue[i];
        if (entry.excluded == agent) i++;
        else queue_remove(i), assign(entry.chat, agent);
    }
}

static void route(long chat, long excluded, bool reassigned)
{
    bool anybody = false;
    long best = NOBODY;
    if (agents_count == 1) excluded = NOBODY;
    for (long a = 0; a < agents_count; a++) {
        const struct agent *const her = &agents[a], *const other = best == NOBODY ? NULL : &agents[best];
        anybody |= her->available;
        if (a == excluded || !has_room(her)) continue;
        if (other == NULL || (her->open != other->open ? her->open < other->open : her->last < other->last)) best = a;
    }
    if (anybody && best != NOBODY) { assign(chat, best); return; }
    printf("{\"t\":\"%s\",\"chat\":%ld}\n", anybody ? "queue" : "leave", chat);
    if (!anybody) return;
    if (queue_length == queue_room) queue = grow(queue, queue_room = 2 * queue_room + 64, sizeof *queue);
    queue[queue_length++] = (struct entry){ chat, reassigned ? NOBODY : excluded };
}

/* She has come or gone; or, if her state is as it was, has taken a leave-message. Our count is kept from what we have decided: what the
 * desk says in real time does not know of decisions that are under way. */
static void heard_of(struct agent *agent, const char *line)
{
    const char *const state = find(line, "state"), *const before = find(line, "before");
    agent->available = is(line, "state", "available");
    if (strncmp(state, before, strcspn(state + 1, "\"") + 2) == 0) agent->open++;
    else if (is(line, "before", "offline")) agent->open = (long)number(line, "open", 0);
}

/* Chats first: what an agent has lost by the event, then what she can have for it. */
static void hear(const char *line)
{
    const long chat = (long)number(line, "chat", 0), excluded = (long)number(line, "exclude", NOBODY);
    long agent = (long)number(line, "agent", NOBODY);
    const bool chat_event = is(line, "t", "chat");
    if (is(line, "t", "begin")) {
        queue_length = 0;
        if (chats_room > 0) memset(holder, 0, (size_t)chats_room * sizeof *holder);
        for (long a = 0; a < agents_count; a++) agents[a] = (struct agent){ .capacity = agents[a].capacity, .last = -1 };
    } else if (is(line, "t", "member")) {
        agents = grow(agents, ++agents_count, sizeof *agents);
        agents[agents_count - 1] = (struct agent){ .capacity = (long)number(line, "capacity", 1 << 24), .last = -1 };
    } else if (chat_event) {
        agent = forget(chat);
        if (agent == NOBODY && is(line, "why", "transfer")) agents[excluded].open--; /* a leave-message */
        if (agent == NOBODY) agent = excluded;
    } else if (is(line, "t", "closed")) {
        if (forget(chat) == NOBODY && agent != NOBODY) agents[agent].open--; /* a leave-message */
    } else if (is(line, "t", "agent")) {
        heard_of(&agents[agent], line);
    } else if (is(line, "rule", "agent_offline") && forget(chat) != NOBODY) {
        route(chat, NOBODY, true); /* in real time she may have gone while it was on its way to her: it is ours still */
    }
    if (chat_event) serve(agent), route(chat, excluded, is(line, "why", "reassign")), serve(agent);
    else if (is(line, "t", "closed") || is(line, "t", "agent")) {
        serve(agent);
    }
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        const long long n = number(line, "n", -1);
        now = number(line, "at_ns", now);
        if (is(line, "t", "hello")) {
            puts("{\"t\":\"hello\",\"proto\":1,\"engine\":\"least_active.c 1\"}");
        } else {
            hear(line);
            if (n >= 0 && !is(line, "t", "error")) printf("{\"t\":\"ack\",\"n\":%lld}\n", n);
        }
        fflush(stdout);
    }
}
