"""Engines that break the protocol, one way each: broken.py WAY. What is not broken assigns to the first agent who is there.

The ways are the branches below. From the 50th chat of a day on, where no other moment is said."""

import json
import os
import signal
import sys
import time

way = sys.argv[1]
chats, there, offline = 0, {}, set()
answers = {}  # chat: agent, of those answered and quiet since
waits = {}  # chat: agent, of those assigned and not answered


def raw(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def say(**message):
    raw((json.dumps(message) + "\n").encode())


def first():
    """The first agent who is there; the very first when nobody is."""
    return next(iter(there), 0)


def hello(proto=1, **more):
    say(t="hello", proto=proto, engine="broken " + way, **more)


def greet():
    if way == "dies at start":
        sys.exit(3)
    elif way == "no hello":
        say(t="ack", n=0)
    elif way == "silent at start":
        time.sleep(60)
    elif way == "wrong version":
        hello(proto=2)
    elif way == "no version":
        say(t="hello", engine="broken")
    elif way == "no name":
        say(t="hello", proto=1)
    elif way == "wants the moon":
        hello(wants="moon")
    elif way == "hears all" or way.startswith("moves"):
        hello(wants="message reply")
    else:
        hello(future=True)
    if way == "deaf":
        time.sleep(60)


def misbehave(event):
    """True when the event has had all its answers."""
    chat = event["chat"]
    if way == "dies":
        sys.exit(4)
    elif way == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif way == "closes its output":
        os.close(1)
        time.sleep(60)
    elif way == "stalls":
        time.sleep(60)
    elif way == "stalls and will not go":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    elif way == "never acks":
        while True:
            say(t="queue", chat=chat)
    elif way == "garbage":
        raw(b"Traceback (most recent call last):\n")
    elif way == "half a line":
        raw(b'{"t":"ack",')
        sys.exit(0)
    elif way == "long line":
        raw(b'{"t":"' + b"a" * 70000 + b'"}\n')
    elif way == "drips":
        while True:
            raw(b" ")
            time.sleep(0.01)
    elif way == "fills stderr":
        while True:
            os.write(2, b"x" * 4095 + b"\n")
    elif way == "reads nothing":
        for _ in range(100000):
            say(t="dance", chat=chat)
        time.sleep(60)
    elif way == "nul":
        raw(b'{"t":"ack\0"}\n')
    elif way == "not utf-8":
        raw(b'{"t":"ack\xff"}\n')
    elif way == "nested":
        raw(b'{"t":"assign","chats":[1]}\n')
    elif way == "ack from the future":
        say(t="ack", n=event["n"] + 1)
    elif way == "ack without number":
        say(t="ack")
    elif way == "circles":
        say(t="suspend", agent=0)
    elif way == "ticks":
        say(t="wake", at_ns=event["at_ns"] + 1)
    elif way == "wants waking too often":
        raw(json.dumps({"t": "wake", "at_ns": event["at_ns"] + 10**15}).encode().join([b"", b"\n"]) * (70000 if chats == 50 else 0))
    # From here on the run goes on.
    elif way == "answers twice":
        say(t="assign", chat=chat, agent=first())
        say(t="assign", chat=chat, agent=first())
        say(t="ack", n=event["n"])
        say(t="ack", n=event["n"])
        return True
    elif way == "unknown chat":
        say(t="assign", chat=99999999, agent=first())
    elif way == "closed chat":
        say(t="assign", chat=1, agent=first())
    elif way == "unknown agent":
        say(t="assign", chat=chat, agent=77)
        say(t="assign", chat=chat, agent="nobody")
        say(t="assign", chat=chat, agent=-1)
    elif way == "offline agent":
        for agent in sorted(offline)[:1]:
            say(t="assign", chat=chat, agent=agent)
    elif way == "unknown message":
        say(t="dance", chat=chat)
        say(x=1)
    elif way == "bad fields":
        say(t="assign", chat="one", agent=0)
        say(t="assign", chat=chat)
        say(t="wake")
        say(t="suspend", agent=None)
    elif way == "wakes in the past":
        say(t="wake", at_ns=event["at_ns"] - 1)
    elif way == "moves" and len(there) > 1:
        for waiting, agent in list(waits.items())[:1]:
            waits[waiting] = next(other for other in there if other != agent)
            say(t="move", chat=waiting, agent=waits[waiting])
    elif way == "moves to herself":
        for waiting, agent in list(waits.items())[:1]:
            say(t="move", chat=waiting, agent=agent)
    elif way == "moves what is answered":
        for answered in list(answers)[-1:]:
            say(t="move", chat=answered, agent=next((a for a in there if a != answers[answered]), 0))
    elif way == "no bot":
        say(t="bot", chat=chat)
    elif way == "complains":
        say(t="error", text="I cannot do this")
    elif way == "never assigns":
        say(t="ack", n=event["n"])
        return True
    elif way == "rejects all":
        say(t="reject", chat=chat)
        say(t="ack", n=event["n"])
        return True
    elif way == "noisy":
        print("a word on stderr", file=sys.stderr, flush=True)
    return False


def keep_books(event):
    kind, chat = event["t"], event.get("chat")
    if kind == "begin":
        waits.clear()
        answers.clear()
    elif kind == "reply":
        waits.pop(chat, None)
        answers[chat] = event["agent"]
    elif kind in ("message", "chat", "closed"):
        answers.pop(chat, None)
        if kind != "message":
            waits.pop(chat, None)


def answer(event):
    global chats
    kind = event["t"]
    keep_books(event)
    if kind == "agent":
        there.pop(event["agent"], None)
        offline.discard(event["agent"])
        if event["state"] == "offline":
            offline.add(event["agent"])
        if event["state"] == "available":
            there[event["agent"]] = True
        if way == "circles" and chats >= 50:
            say(t="suspend" if event["state"] == "available" else "resume", agent=event["agent"])
    elif kind == "begin":
        there.clear()
        offline.clear()
        chats = 0
    elif kind == "wake" and way == "ticks":
        say(t="wake", at_ns=event["at_ns"] + 1)
    elif kind == "end" and way == "talks after the end":
        say(t="assign", chat=1, agent=0)
    elif kind == "chat":
        chats += 1
        if chats >= 50 and misbehave(event):
            return
        if there:
            say(t="assign", chat=event["chat"], agent=first())
            waits[event["chat"]] = first()
        else:
            say(t="leave", chat=event["chat"])
    if kind not in ("group", "member", "error"):
        say(t="ack", n=event["n"])


for line in sys.stdin:
    message = json.loads(line)
    if message["t"] == "hello":
        greet()
    else:
        answer(message)
if way == "fails at the end":
    sys.exit(5)
if way == "stays":
    time.sleep(60)
