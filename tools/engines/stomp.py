#!/usr/bin/env python3
"""A message broker as the engine, over STOMP: chats are messages on one queue, agents are consumers, and whom the broker gives a message
to has the chat; the message is acknowledged when the chat is closed. Real time alone. RabbitMQ wants its plugin rabbitmq_stomp.

    fenliu drive SCENARIO --speed 60 --engine 'exec:python3 stomp.py --prefetch 2'

A consumer has up to `--prefetch` messages that are not acknowledged. As many of them as her capacity are her chats; the others lie with
her until she has room, whoever else may be free meanwhile: such is the price of a prefetch beyond it.
"""
import argparse
import asyncio
import collections
import json
import os
import sys

options = argparse.ArgumentParser()
options.add_argument("--broker", default="127.0.0.1:61613")
options.add_argument("--prefetch", type=int, required=True)
options.add_argument("--login", default="guest")
options.add_argument("--passcode", default="guest")
options = options.parse_args()

Delivery = collections.namedtuple("Delivery", "chat serial ack")
KEPT = {"x-expires": 60000}  # ms that the queue is kept when nobody uses it; to be said at every mention
agents = []
serials = {}  # chat: serial of the message that stands for it; a later `chat` line is another message
holder = {}   # chat: agent
broker = queue = None
sent = 0


def say(**message):
    print(json.dumps(message), flush=True)


def die(text):
    print(text, file=sys.stderr)
    os._exit(1)


class Connection:
    async def open(self, on_message=None):
        self.reader, self.writer = await asyncio.open_connection(*options.broker.rsplit(":", 1))
        self.send("CONNECT", {"accept-version": "1.2", "host": "/", "login": options.login, "passcode": options.passcode})
        command, headers, body = await self.frame()
        if command != "CONNECTED":
            die(f"the broker answers {command}: {headers.get('message', '')} {body}")
        self.task = asyncio.ensure_future(self.listen(on_message))
        return self

    def send(self, command, headers, body=""):
        self.writer.write((command + "\n" + "".join(f"{k}:{v}\n" for k, v in headers.items()) + "\n" + body + "\0").encode())

    async def frame(self):
        head, _, body = (await self.reader.readuntil(b"\0"))[:-1].decode().lstrip("\n").partition("\n\n")
        command, *headers = head.split("\n")
        return command, dict(reversed([h.split(":", 1) for h in headers])), body  # of a header given twice the first counts

    async def listen(self, on_message):
        try:
            while True:
                command, headers, body = await self.frame()
                if command != "MESSAGE":
                    die(f"the broker says {command}: {headers.get('message', '')} {body}")
                on_message(headers["ack"], body)
        except (EOFError, OSError) as problem:
            die(f"the broker is gone: {problem}")


class Agent:
    def __init__(self, index, capacity):
        self.index, self.capacity, self.subscribed = index, capacity, False
        self.chats, self.inbox = {}, collections.deque()  # chat: its delivery; deliveries that wait with her

    def subscribe(self, on):
        if on == self.subscribed:
            return
        self.subscribed = on
        if on:
            how = {"ack": "client-individual", "prefetch-count": options.prefetch}
            self.link.send("SUBSCRIBE", {"id": 0, "destination": queue, **how, **KEPT})
        else:
            self.link.send("UNSUBSCRIBE", {"id": 0, **KEPT})
            while self.inbox:
                self.link.send("NACK", {"id": self.inbox.popleft().ack})  # to somebody else

    def on_message(self, ack, body):
        self.inbox.append(Delivery(*map(int, body.split()), ack))
        self.work()

    def work(self):
        while self.inbox and len(self.chats) < self.capacity:
            delivery = self.inbox.popleft()
            if serials.get(delivery.chat) != delivery.serial:  # its buyer has gone
                self.link.send("ACK", {"id": delivery.ack})
            elif not self.subscribed:
                self.link.send("NACK", {"id": delivery.ack})
            else:
                self.chats[delivery.chat] = delivery
                holder[delivery.chat] = self
                say(t="assign", chat=delivery.chat, agent=self.index)


def forget(chat):
    serials.pop(chat, None)
    agent = holder.pop(chat, None)
    if agent is not None:
        agent.link.send("ACK", {"id": agent.chats.pop(chat).ack})
        agent.work()


async def begin(event):
    global queue, broker
    for link in [broker, *(agent.link for agent in agents)] if broker is not None else []:
        link.task.cancel()
        link.writer.close()  # what it had goes back to a queue that nobody reads any longer
    serials.clear()
    holder.clear()
    queue = f"/queue/fenliu-{os.getpid()}-{event['day']}"
    broker = await Connection().open()
    for agent in agents:
        agent.__init__(agent.index, agent.capacity)
        agent.link = await Connection().open(agent.on_message)


async def hear(event):
    global sent
    kind, chat = event["t"], event.get("chat")
    if kind == "hello":
        if event["mode"] != "realtime":
            die("a broker lives in real time: wanted --speed X")
        say(t="hello", proto=1, engine=f"stomp prefetch {options.prefetch}")
    elif kind == "member":
        agents.append(Agent(event["agent"], event.get("capacity", 1 << 24)))
    elif kind == "begin":
        await begin(event)
    elif kind == "agent":
        agents[event["agent"]].subscribe(event["state"] == "available")
    elif kind == "chat":
        forget(chat)
        sent += 1
        serials[chat] = sent
        broker.send("SEND", {"destination": queue, **KEPT}, f"{chat} {sent}")
    elif kind == "closed":
        forget(chat)
    if kind in ("begin", "end"):
        say(t="ack", n=event["n"])


async def main():
    lines = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await hear(json.loads(line))


asyncio.run(main())
