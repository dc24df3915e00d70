/* A router: whoever decides which agent gets which chat. Two kinds: the built-in engine (engine.h, the
 * pipeline of DOMAIN 3.3 around a selection policy), and an outside engine over a socket (sim/engine).
 *
 * The desk tells what happens, the router answers with decisions through the port, at once or during any
 * later call. The router owns the waiting queue; the desk only knows that a chat is not assigned yet.
 *
 * All calls of one replication come from one thread. `self` belongs to the router; the built-in engine
 * keeps its state in the arena it was begun with. Instants never run backwards; view->now is the current one. */
#ifndef FL_ROUTING_ROUTER_H
#define FL_ROUTING_ROUTER_H

#include "core/arena.h"
#include "routing/view.h"

enum fl_close_reason { FL_CLOSED_DONE, FL_CLOSED_SILENCE, FL_CLOSED_LEFT, FL_CLOSED_LEFT_QUEUE, FL_CLOSED_FORCED, FL_CLOSED_AWAY };

struct fl_router_ops {
    const char *name;
    /* A day begins: all state is forgotten. The arena is the replication's. FL_EFULL, FL_EENGINE. */
    enum fl_status (*begin)(void *self, struct fl_arena *arena, const struct fl_view *view, const struct fl_port *port);
    void (*end)(void *self, const struct fl_view *view);
    /* A routable event. FL_EFULL when the router's memory is used up (the replication is run again, larger). */
    enum fl_status (*chat)(void *self, const struct fl_view *view, const struct fl_chat_view *chat);
    /* A chat ended, or its buyer left the queue (agent is FL_NO_AGENT). A queued chat must be served here. */
    enum fl_status (*closed)(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent, enum fl_close_reason why);
    /* An agent's state or capacity changed; `before` is her state before. */
    enum fl_status (*agent)(void *self, const struct fl_view *view, uint32_t agent, enum fl_agent_state before);
    /* A buyer's message reached an agent; an agent's reply was sent. NULL when not wanted. */
    enum fl_status (*message)(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent);
    enum fl_status (*reply)(void *self, const struct fl_view *view, uint32_t chat, uint32_t agent);
    /* Whether message and reply are wanted on this day; asked once, after begin. NULL: whenever they are there. */
    bool (*wants_messages)(const void *self);
    /* An instant asked for by FL_WAKE has come. */
    enum fl_status (*wake)(void *self, const struct fl_view *view, uint32_t hint);
    /* In real time: the router has something to decide that no event of the desk has led to. NULL where there is no real time. */
    enum fl_status (*heard)(void *self, const struct fl_view *view);
    /* Chats waiting in the router's queue now. */
    uint32_t (*queue_length)(const void *self);
};

struct fl_router {
    const struct fl_router_ops *ops;
    void *self; /* borrowed */
};

#endif
