#!/usr/bin/env python3
"""A routing engine to start from: fewest open chats, then who got one longest ago, then the smaller index; when nobody has room the
chat waits, first come first served. One group, no recent agents, no bot. Lockstep and real time.

    fenliu drive SCENARIO --engine 'exec:python3 least_active.py'
"""
import json
import sys


class Agent:
    def __init__(self, capacity):
        self.capacity = capacity
        self.reset()

    def reset(self):
        self.open, self.last, self.available = 0, -1, False

    def has_room(self):
        return self.available and self.open < self.capacity


agents = []
queue = []      # (chat, who may not have it), oldest first
holder = {}     # chat: agent
now = 0         # of the event under way, ns


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")


def assign(chat, agent):
    holder[chat] = agent
    agents[agent].open += 1
    agents[agent].last = now
    say(t="assign", chat=chat, agent=agent)


def forget(chat):
    """Takes a chat from whoever has it and out of the queue. Returns who had it, or None."""
    queue[:] = [entry for entry in queue if entry[0] != chat]
    agent = holder.pop(chat, None)
    if agent is not None:
        agents[agent].open -= 1
    return agent


def serve(agent):
    """Fills the agent's room from the queue."""
    while agent is not None and agents[agent].has_room():
        entry = next((entry for entry in queue if entry[1] != agent), None)
        if entry is None:
            return
        queue.remove(entry)
        assign(entry[0], agent)


def route(chat, excluded, why):
    if not any(agent.available for agent in agents):
        return say(t="leave", chat=chat)
    excluded = None if len(agents) == 1 else excluded
    free = [a for a, agent in enumerate(agents) if a != excluded and agent.has_room()]
    if free:
        return assign(chat, min(free, key=lambda a: (agents[a].open, agents[a].last, a)))
    queue.append((chat, None if why == "reassign" else excluded))
    say(t="queue", chat=chat)


def on_chat(event):
    excluded = event.get("exclude")
    left = forget(event["chat"])
    if left is None:
        left = excluded
        if event["why"] == "transfer":
            agents[left].open -= 1  # a leave-message
    serve(left)
    route(event["chat"], excluded, event["why"])
    serve(left)


def on_closed(event):
    left = forget(event["chat"])
    if "agent" in event:
        agents[event["agent"]].open -= left is None  # a leave-message
        serve(event["agent"])


def on_agent(event):
    """She has come or gone; or, if her state is as it was, has taken a leave-message. Our count is kept from what we have decided: what the
    desk says in real time does not know of decisions that are under way."""
    agent = agents[event["agent"]]
    agent.available = event["state"] == "available"
    if event["before"] == event["state"]:
        agent.open += 1
    elif event["before"] == "offline":
        agent.open = event["open"]
    serve(event["agent"])


def on_error(event):
    """In real time an agent may have gone while a chat was on its way to her: it is ours still."""
    if event.get("rule") == "agent_offline" and forget(event["chat"]) is not None:
        route(event["chat"], None, "reassign")


def on_begin(_):
    queue.clear()
    holder.clear()
    for agent in agents:
        agent.reset()


events = {"begin": on_begin, "chat": on_chat, "closed": on_closed, "agent": on_agent, "error": on_error}
for line in sys.stdin:
    event = json.loads(line)
    kind, now = event["t"], event.get("at_ns", now)
    if kind == "hello":
        say(t="hello", proto=1, engine="least_active.py 1")
    elif kind == "member":
        agents.append(Agent(event.get("capacity", 1 << 24)))
    elif kind in events:
        events[kind](event)
    if "n" in event and kind != "error":
        say(t="ack", n=event["n"])
    sys.stdout.flush()
