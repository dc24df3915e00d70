#!/usr/bin/env python3
"""The promotion of derived_promo_staffing.json: at most a fifth of the buyers may wait in any half hour, judged by their mean. The plan of
fenliu staff is held against the exact chain (promo_chain.c): no interval of it misses, it costs at most 1 % more than the cheapest that holds, and
where one fewer in an interval is said to miss, or to do, the chain says so too.

    promo_chain.py CHAIN [--long]    the fourth part of the traffic over two and a half hours; --long: the whole promotion"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

COMMAND = os.environ.get("FENLIU", "fenliu")
SETTLE = 240 # minutes, for the desk to come to its stationary state


def per_hour(minute):
    return 60 * (2 + (6 * math.exp(-(minute - 90) / 45) if minute >= 90 else 0))


def scenario(scale, intervals):
    end = 30 * intervals
    points = [[0, 120], [SETTLE + 90, 120]] + [[SETTLE + t, per_hour(t)] for t in range(90, end + 1)]
    return {
        "fenliu": 1, "name": "promotion", "duration": f"{SETTLE + end}m", "interval": "30m", "warmup": f"{SETTLE}m",
        "traffic": {"rate": {"points": [[f"+{t}m", scale * rate] for t, rate in points]}},
        "buyers": {"intents": [{"name": "question", "reply": {"total": {"exponential": "12m"}}}],
                   "patience": {"first": {"exponential": "24m"}, "applies": "until_assigned"}},
        "desk": {"shift_end": "return_to_queue", "offline": "pool", "agents": [{"name": "agent", "max_chats": 1}]},
        "objectives": {"waited": {"want": "<= 0.20", "per": "interval"}},
        "staffing": {"judge": "mean", "shifts": [
            {"name": str(i), "from": f"+{SETTLE + 30 * i if i else 0}m", "to": f"+{SETTLE + 30 * (i + 1)}m", "cost_cny": 1} for i in range(intervals)]},
    }


def plan_of(made, intervals):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "promotion.json"
        file.write_text(json.dumps(made), encoding="utf-8")
        done = subprocess.run([COMMAND, "staff", file, "--json", "-q", "--plan", "-", "--explain"], capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode != 0:
        sys.exit(f"fenliu staff: exit {done.returncode}\n{done.stdout[:2000]}{done.stderr}")
    found = json.loads(done.stdout)
    plan = [0] * intervals
    for line in found["roster"]:
        day, hour, minute = int(line["to"][8:10]) - 1, int(line["to"][11:13]), int(line["to"][14:16])
        plan[(day * 1440 + hour * 60 + minute - SETTLE) // 30 - 1] += line["agents"]
    return plan, found


def check_one_fewer(plan, found, waited_with):
    """What is said of one fewer in each of the plan's intervals; the stationary state before them is not judged."""
    said = [x["one_fewer"] for x in found["intervals"]][-len(plan):]
    print("fewer   ", *said)
    for i, word in enumerate(said):
        fewer = [n - (k == i) for k, n in enumerate(plan)]
        if word in ("misses", "meets") and (max(waited_with(fewer)) > 0.20) != (word == "misses"):
            sys.exit(f"one fewer in interval {i} is said to be {word!r}: the chain says {waited_with(fewer)}")
    if said.count("misses") < 0.75 * len(plan):
        sys.exit("in too many intervals one fewer was not shown to miss")


def main():
    chain, long = sys.argv[1], "--long" in sys.argv
    scale, intervals = (1, 12) if long else (0.25, 5)
    plan, found = plan_of(scenario(scale, intervals), intervals)
    exact = lambda *words: subprocess.run([chain, str(scale), str(intervals), *map(str, words)], capture_output=True, text=True, check=True).stdout.split()
    waited, cheapest = [float(x) for x in exact(*plan)], [int(x) for x in exact()]
    print("plan    ", *plan, "=", sum(plan), " proven" if found["proven"] else " NOT proven")
    print("cheapest", *cheapest, "=", sum(cheapest))
    print("waited  ", *(f"{x:.4f}" for x in waited))
    if not found["proven"] or max(waited) > 0.20:
        sys.exit("an interval misses on the exact chain, or the plan is not proven")
    check_one_fewer(plan, found, lambda people: [float(x) for x in exact(*people)])
    if sum(plan) > 1.01 * sum(cheapest) and sum(plan) > sum(cheapest) + (0 if long else 1): # a person is more than 1 % of a small desk
        sys.exit(f"{100 * (sum(plan) / sum(cheapest) - 1):.2f} % dearer than the cheapest that holds")


if __name__ == "__main__":
    main()
