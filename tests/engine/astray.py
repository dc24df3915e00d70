"""A good engine that goes astray in one way: astray.py WAY. `fenliu check --engine` has a step for each."""

import json
import os
import sys
import time

way = sys.argv[1] if len(sys.argv) > 1 else "well"
agents, waiting, has, seen = {}, [], {}, set()


def say(**message):
    print(json.dumps(message), flush=True)


def whole_lines():
    """As they come, however they come; or in one of the ways that only look right."""
    if way == "takes a read for a line":
        while data := os.read(0, 1 << 20):
            yield from (line for line in data.split(b"\n") if line)
    elif way == "keeps no rest of a read":
        while data := os.read(0, 1 << 15):
            yield from (line for line in data.split(b"\n")[:-1])
    elif way == "has room for 4 KiB":
        while line := sys.stdin.buffer.readline(4096):
            yield line
    else:
        yield from sys.stdin.buffer


def is_there(state):
    return state == "available" or (way == "knows no suspended" and state == "suspended") or (way == "knows no break" and state == "on_break")


def free():
    open_to = [a for a in agents if agents[a]["on"] or way == "knows no offline"]
    return [a for a in open_to if agents[a]["open"] < agents[a]["room"] or way == "knows no capacity"]


def route():
    while waiting and (there := free()):
        chat = waiting.pop(-1 if way == "last comes first" else 0)
        agent = min(there, key=lambda a: (agents[a]["open"], a))
        agents[agent]["open"] += 1
        has[chat] = agent
        name = agents[agent]["name"]
        if way == "never assigns":
            continue
        if way == "loses quotes":
            say(t="assign", chat=chat, agent=name.replace('"', ""))
        elif way == "names them":
            say(t="assign", chat=chat, agent=name)
        elif way == "counts from one":
            say(t="assign", chat=chat, agent=agent + 1)
        elif way == "assigns twice":
            say(t="assign", chat=chat, agent=agent)
            say(t="assign", chat=chat, agent=agent)
        elif way == "sends a list":
            print(json.dumps([{"t": "assign", "chat": chat, "agent": agent}]), flush=True)
        elif way == "reports an error":
            say(t="error", text="no such intent")
        elif way == "dances":
            say(t="dance", chat=chat)
        else:
            say(t="assign", chat=chat, agent=agent)


def on_hello():
    if way == "greets in another version":
        say(t="hello", proto=2, engine="astray")
    elif way == "has no name":
        say(t="hello", proto=1)
    elif way == "is silent":
        time.sleep(60)
    else:
        say(t="hello", proto=1, engine="astray " + way)


def on_event(event):
    kind, chat = event["t"], event.get("chat")
    if kind == "begin" and way != "remembers yesterday":
        has.clear()
        waiting.clear()
        seen.clear()
        for agent in agents.values():
            agent.update(on=False, open=0)
    if kind == "agent":
        agents[event["agent"]].update(on=is_there(event["state"]), open=event["open"])
    if chat in waiting and not (way == "forgets who left" and kind == "closed"):
        waiting.remove(chat)
    if chat in has:
        agents[has.pop(chat)]["open"] -= 1
    if kind == "chat" and not (way == "knows a number once" and chat in seen) and not (way == "drops who is taken away" and event["why"] == "reassign"):
        waiting.append(chat)
        seen.add(chat)
    if not (way == "serves nobody who waits" and kind != "chat") and kind != "end":
        route()
    if way == "decides after the end" and kind == "end":
        say(t="assign", chat=waiting[0] if waiting else 1, agent=0)


for line in whole_lines():
    event = json.loads(line)
    kind = event["t"]
    if kind == "hello":
        if way == "refuses new members" and "x_future" in event:
            sys.exit("an unknown member")
        on_hello()
    elif kind == "member":
        agents[event["agent"]] = {"on": False, "open": 0, "room": event.get("capacity", 10**9), "name": event["name"]}
    elif kind == "error":
        if way == "acks errors":
            say(t="ack", n=event["n"])
        elif way == "dies of errors":
            sys.exit("an error")
    elif kind == "x_future" and way == "dies of what is new":
        sys.exit("an unknown type")
    elif "n" in event:
        on_event(event)
        if way == "acks the wrong one":
            say(t="ack", n=event["n"] + 1)
        elif way != "never acks":
            say(t="ack", n=event["n"])
        if way == "acks twice":
            say(t="ack", n=event["n"])
if way == "stays":
    time.sleep(60)
