"""The rule of the built-in policy least_active, once more: fewest open chats, then who got one longest ago, then the
smaller index; at capacity the chat waits, first come first served. One group, no recent agents, no bot."""

import json
import sys


class Agent:
    def __init__(self, member):
        self.capacity = member.get("capacity", 1 << 24)
        self.reset()

    def reset(self):
        self.open, self.last, self.available = 0, -1, False


agents = []
queue = []  # [chat, excluded agent], oldest first
holder = {}  # chat -> agent
now = 0


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")


def assign(chat, agent):
    holder[chat] = agent
    agents[agent].open += 1
    agents[agent].last = now
    say(t="assign", chat=chat, agent=agent)


def has_room(agent):
    return agents[agent].available and agents[agent].open < agents[agent].capacity


def serve(agent):
    """Her free places go to the queue."""
    while has_room(agent):
        entry = next((e for e in queue if e[1] != agent), None)
        if entry is None:
            return
        queue.remove(entry)
        assign(entry[0], agent)


def forget(chat):
    """Nobody has the chat now, and it does not wait."""
    queue[:] = [e for e in queue if e[0] != chat]
    agent = holder.pop(chat, None)
    if agent is not None:
        agents[agent].open -= 1
    return agent


def route(chat, excluded, why):
    if not any(a.available for a in agents):
        return say(t="leave", chat=chat)
    if len(agents) == 1:
        excluded = None
    free = [a for a in range(len(agents)) if a != excluded and has_room(a)]
    if free:
        return assign(chat, min(free, key=lambda a: (agents[a].open, agents[a].last, a)))
    queue.append([chat, None if why == "reassign" else excluded])
    say(t="queue", chat=chat)


def on_chat(event):
    excluded = event.get("exclude")
    left = forget(event["chat"])
    if left is None:
        left = excluded
        if event["why"] == "transfer":
            agents[left].open -= 1  # a leave-message that the desk had given her by itself
    if left is not None:
        serve(left)
    route(event["chat"], excluded, event["why"])
    if left is not None:
        serve(left)


def on_closed(event):
    forget(event["chat"])
    if "agent" in event:
        agents[event["agent"]].open = event["open"]  # the desk may have given her a leave-message by itself
        serve(event["agent"])


def on_agent(event):
    agents[event["agent"]].available = event["state"] == "available"
    agents[event["agent"]].open = event["open"]
    serve(event["agent"])


def on_begin(event):
    queue.clear()
    holder.clear()
    for agent in agents:
        agent.reset()


handlers = {"chat": on_chat, "closed": on_closed, "agent": on_agent, "begin": on_begin}
for line in sys.stdin:
    event = json.loads(line)
    now = event.get("at_ns", now)
    if event["t"] == "hello":
        say(t="hello", proto=1, engine="least_active")
    elif event["t"] == "member":
        agents.append(Agent(event))
    elif event["t"] in handlers:
        handlers[event["t"]](event)
    if "n" in event and event["t"] != "error":
        say(t="ack", n=event["n"])
    sys.stdout.flush()
