"""An engine that answers at once, and then says nothing for some time, once: stalls.py CHATS SECONDS."""
import json
import sys
import time

chats, seconds, seen = int(sys.argv[1]), float(sys.argv[2]), 0
agents = 0
for event in map(json.loads, sys.stdin):
    if event["t"] == "hello":
        agents = event["agents"]
        print(json.dumps({"t": "hello", "proto": 1, "engine": "stalls"}), flush=True)
    elif event["t"] == "chat":
        seen += 1
        if seen == chats:
            time.sleep(seconds)
        print(json.dumps({"t": "assign", "chat": event["chat"], "agent": seen % agents}), flush=True)
    elif event["t"] in ("begin", "end"):
        print(json.dumps({"t": "ack", "n": event["n"]}), flush=True)
