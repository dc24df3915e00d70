"""The smallest engine: each chat goes to whoever is there and has the fewest open chats; else it waits, oldest first."""
import json, sys

agents, waiting, has = {}, [], {}                  # index -> {"open", "room"}; chats; chat -> agent
say = lambda **message: print(json.dumps(message))
def route():
    while waiting and (free := [a for a in agents if agents[a]["on"] and agents[a]["open"] < agents[a]["room"]]):
        chat, agent = waiting.pop(0), min(free, key=lambda a: (agents[a]["open"], a))
        agents[agent]["open"] += 1
        has[chat] = agent
        say(t="assign", chat=chat, agent=agent)
for line in sys.stdin:
    event = json.loads(line)
    kind, chat = event["t"], event.get("chat")
    if kind == "hello": say(t="hello", proto=1, engine="least_open 1.0")
    elif kind == "member": agents[event["agent"]] = {"open": 0, "on": False, "room": event.get("capacity", 10**9)}
    elif kind == "begin": waiting, has = [], {}; [a.update(open=0, on=False) for a in agents.values()]
    elif kind == "agent": agents[event["agent"]].update(on=event["state"] == "available", open=event["open"])
    if chat in has and kind in ("chat", "closed"): agents[has.pop(chat)]["open"] -= 1
    if kind == "chat": waiting.append(chat)
    elif kind == "closed" and chat in waiting: waiting.remove(chat)
    if "n" in event and kind != "error": route(); say(t="ack", n=event["n"])
    sys.stdout.flush()
