"""The smallest engine: each chat goes to whoever is there and has the fewest open chats; else it waits, oldest first."""
import json, sys

agents, waiting, has = {}, [], {}  # index: what we know of her; chats; chat: agent
say = lambda **message: print(json.dumps(message), flush=True)
def route():
    while waiting and (free := [a for a in agents if agents[a]["on"] and agents[a]["open"] < agents[a]["room"]]):
        chat, agent = waiting.pop(0), min(free, key=lambda a: (agents[a]["open"], a))
        agents[agent]["open"], has[chat] = agents[agent]["open"] + 1, agent
        say(t="assign", chat=chat, agent=agent)
for event in map(json.loads, sys.stdin):
    kind, chat, agent = event["t"], event.get("chat"), event.get("agent")
    if kind == "hello": say(t="hello", proto=1, engine="least_open 1.0")
    elif kind == "member": agents[agent] = {"open": 0, "on": False, "room": event.get("capacity", 10**9)}
    elif kind == "begin": waiting, has = [], {}; [a.update(open=0, on=False) for a in agents.values()]
    elif kind == "agent": agents[agent].update(on=event["state"] == "available", open=event["open"])
    if chat in waiting: waiting.remove(chat)                        # it is routed anew, or its buyer has left
    if chat in has and kind != "error": agents[has.pop(chat)]["open"] -= 1  # it is closed, or taken from her
    if kind == "chat": waiting.append(chat)
    if "n" in event and kind != "error": route(); say(t="ack", n=event["n"])
