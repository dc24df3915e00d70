"""A desk so dense that a few seconds of real time say something, and free ports for what is played against it."""

import json
import os
import socket

PLACES = 2

# 20 chats a second, then 60 for a second, then 20, then none: at the end everybody has been answered.
DENSE = {
    "fenliu": 1, "name": "a dense desk", "start": "2026-06-17T10:00", "duration": "4s", "interval": "1s", "replications": 1,
    "traffic": {"rate": {"points": [["+0h", 72000], ["+1s", 72000], ["+1s", 216000], ["+2s", 216000], ["+2s", 72000], ["+3s", 72000], ["+3s", 0],
                                    ["+4s", 0]]}},
    "buyers": {"intents": [{"name": "size", "phase": "pre_sale", "share": 1, "rounds": 1, "reply": {"total": {"exponential": "80ms"}}}],
               "patience": None},
    "desk": {"agents": [*({"name": name, "max_chats": PLACES} for name in ("early", "suspended", "leaver")), {"name": "slow", "max_chats": PLACES, "speed": 0.5}],
             "close": {"when_done": "0s", "silence": None}},
    "routing": {"policy": "least_active"},
}


# 40 chats a second, and half a second for what follows from them.
BRIEF = {**DENSE, "duration": "2s", "traffic": {"rate": {"points": [["+0h", 144000], ["+1500ms", 144000], ["+1500ms", 0], ["+2s", 0]]}}}


def free_ports(count):
    """So many in a row, below those that the system gives to whoever connects, which could take one of them meanwhile."""
    for first in range(10000 + os.getpid() % 10000, 32000, count):
        taken = [socket.socket() for _ in range(count)]
        try:
            for i, one in enumerate(taken):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("127.0.0.1", first + i))
                one.listen()
            return first
        except OSError:
            continue
        finally:
            for one in taken:
                one.close()
    raise RuntimeError("no free ports")


def figures(run):
    """Of a run that came to its end; 1 stands for figures that a busy machine has spoiled, which are not looked at then."""
    assert run.returncode in (0, 1), run.stderr
    return json.loads(run.stdout)


def mean(summary, name, agent=None):
    totals = summary["totals"] if agent is None else summary["agents"][agent]["totals"]
    return totals[name]["mean"]
