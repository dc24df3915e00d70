#!/usr/bin/env python3
"""Random but valid scenarios, at and near the limits, against `fenliu simulate`.

Every case is a function of the seed and its number, so a failure is repeated by the command that is printed. Wrong are: a
crash or an assertion, a run that does not end, a valid scenario that is refused, a number that is not finite, a figure
outside its range, buyers who are neither answered nor lost, and different bytes for one thread and for two.
"""
import argparse
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

COMMAND = os.environ.get("FENLIU", "fenliu")
POLICIES = ("least_active least_utilization longest_available longest_since_assignment most_spare fewest_awaiting most_busy_first "
            "round_robin round_robin_cursor smooth_wrr weighted_least_active weighted_random fewest_today random power_of_d "
            "threshold_two_level shortest_expected_delay fastest_response skill_best skill_bullseye sticky_hash main_only "
            "manual_pull average weighted").split()
DISCIPLINES = "fifo priority_fifo priority_aging lifo longest_waiting edf".split()
REPLY_ORDERS = "oldest_first new_buyers_first newest_first round_robin shortest_first interleaved".split()
OVERFLOWS = "queue assign_anyway overflow_group offline_rule close_oldest".split()
# Occupancy is none of these: who is still at a reply when her shift ends and its buyer leaves is busy off duty.
SHARES = ("reply_rate_3min platform_reply_rate_3min slow_response_share first_reply_rate_30s no_service_rate abandonment waited "
          "conversion satisfaction").split()
OUTCOMES = "chats_answered chats_abandoned chats_rejected chats_unserved bot_resolved".split()
ORDERED = "p50 p90 p95 p99".split()
MINUTE, HOUR, DAY = 60, 3600, 86400


def seconds(value):
    return f"{value:.6f}".rstrip("0").rstrip(".") + "s"


def duration_draw(rng, typical):
    """A distribution of durations; often plain, sometimes at its edge."""
    mean = seconds(max(0.001, typical * rng.choice((0.01, 0.3, 1, 1, 1, 3))))
    kind = rng.randrange(12)
    if kind == 0:
        return "0s"
    if kind == 1:
        return mean
    if kind == 2:
        return {"constant": mean}
    if kind == 3:
        return {"uniform": ["0s", mean]}
    if kind == 4:
        return {"lognormal": {"median": mean, "sigma": rng.choice((0, 0.5, 2))}}
    if kind == 5:
        return {"gamma": {"mean": mean, "cv": rng.choice((0.01, 1, 3))}}
    if kind == 6:
        return {"weibull": {"scale": mean, "shape": rng.choice((0.3, 1, 2, 100))}}
    if kind == 7:
        return {"empirical": ["0s", mean, mean]}
    if kind == 8:
        return {"mixture": [[0.5, mean], [0.5, {"exponential": mean}]]}
    return {"exponential": mean}


def count_draw(rng, least, typical):
    kind = rng.randrange(6)
    if kind == 0:
        return least
    if kind == 1:
        return {"poisson": typical} if least == 0 else {"geometric": max(1, typical)}
    if kind == 2:
        return {"negative_binomial": {"mean": typical, "cv": 2}}
    if kind == 3:
        return {"empirical": [least, least + 1, least + 7]}
    if kind == 4:
        return {"mixture": [[1, least], [2, {"geometric": max(1, typical)}]]}
    return {"geometric": max(1, typical)}


def maybe(rng, share, into, key, make):
    if rng.random() < share:
        into[key] = make()


def some(rng, names):
    return rng.sample(names, rng.randint(1, len(names)))


def draw_period(rng):
    duration = rng.choice((1, 7, MINUTE, 10 * MINUTE, HOUR, HOUR, 8 * HOUR, 8 * HOUR, DAY, DAY, 3 * DAY, 366 * DAY))
    interval = rng.choice((1, 10, MINUTE, 7 * MINUTE, 15 * MINUTE, 30 * MINUTE, DAY, min(2 * duration, 366 * DAY)))
    interval = max(interval, duration / rng.choice((50, 50, 400, 2000)))  # 2000 is the limit
    period = {"start": rng.choice(("2026-06-10T00:00", "2026-06-17T18:00", "2026-12-31T23:59")), "duration": seconds(duration),
              "interval": seconds(interval)}
    maybe(rng, 0.2, period, "warmup", lambda: seconds(rng.choice((0, duration / 2, duration * 0.999))))
    return duration, period


def draw_traffic(rng, duration, intents, chats):
    """About so many chats in all."""
    traffic = {}
    per_day = min(1e8, chats * DAY / duration)
    way = rng.randrange(4)
    if way == 0:
        last = seconds(duration)
        traffic["rate"] = {"points": [["+0h", 0], ["+" + seconds(duration / 3), min(1e8, per_day / 12)], ["+" + last, 0]]}
    elif way == 1:
        traffic["pushes"] = [{"at": "+" + seconds(duration * rng.random()), "buyers": chats, "spread": rng.choice(("0s", "0s", "10m")),
                              **({"intent": rng.choice(intents)} if rng.random() < 0.3 else {})}]
    else:
        traffic["chats_per_day"] = rng.choice((per_day, per_day, per_day, 0))
        traffic["profile"] = rng.choice(("flat", "marketplace", {"hourly": [0] * 23 + [1]}, {"hourly": list(range(24))}))
        maybe(rng, 0.3, traffic, "weekdays", lambda: [rng.choice((0, 0.5, 1, 1, 3)) for _ in range(7)])
        if rng.random() < 0.2:
            traffic["promotions"] = [{"name": "sale", "opens_at": "+" + seconds(duration / 2), "multiplier": rng.choice((0, 1, 3)),
                                      "multiplier_sigma": rng.choice((0, 0.3)), "shape": rng.choice(("step", "double12"))}]
    if rng.random() < 0.4:
        traffic["busyness"] = {"day": {"lognormal_sigma": rng.choice((0, 0.3, 1))}, "interval": {"gamma_cv": rng.choice((0, 0.2, 2))}}
    return traffic


def draw_reply(rng):
    if rng.random() < 0.4:
        return {"total": duration_draw(rng, 20)}
    reply = {"read": duration_draw(rng, 2), "think": duration_draw(rng, 5), "tool": duration_draw(rng, 10), "chars": count_draw(rng, 0, 15)}
    reply.update(needs_tool=rng.choice((0, 0.5, 1)), quick_phrase=rng.choice((0, 0.3, 1)), quick_phrase_time=rng.choice(("0s", "5s")))
    return reply


def draw_buyers(rng, intents, classes, statuses, groups, skills, agents):
    shares = [rng.choice((0, 1, 1, 5)) for _ in intents]
    shares[0] = 1
    listed = []
    for name, share in zip(intents, shares):
        intent = {"name": name, "share": share, "phase": rng.choice(("pre_sale", "in_sale", "after_sale")), "reply": draw_reply(rng),
                  "rounds": count_draw(rng, 1, rng.choice((1, 3, 8)))}
        maybe(rng, 0.2, intent, "bot_can_answer", lambda: rng.choice((0, 0.5, 1)))
        maybe(rng, 0.1, intent, "think_time", lambda: duration_draw(rng, 40))
        maybe(rng, 0.1, intent, "patience", lambda: duration_draw(rng, 100))
        maybe(rng, 0.2, intent, "transfer", lambda: {"probability": rng.choice((0.1, 1)), **({"to": rng.choice(groups)} if rng.random() < 0.5 else {})})
        maybe(rng, 0.2, intent, "priority", lambda: rng.choice((-1000, 0, 7, 1000)))
        maybe(rng, 0.3, intent, "conversion", lambda: rng.choice((0, 0.3, 1)))
        maybe(rng, 0.3, intent, "order_value", lambda: {"lognormal": {"median": 100, "sigma": 1}})
        if skills:
            maybe(rng, 0.3, intent, "skills", lambda: some(rng, skills))
        if statuses:
            maybe(rng, 0.3, intent, "order_status", lambda: rng.choice(statuses))
        listed.append(intent)
    buyers = {"intents": listed}
    if classes:
        buyers["classes"] = [{"name": name, "share": 1, "priority": rng.choice((-5, 0, 5)), "rounds_scale": rng.choice((0, 1, 3)),
                              "effort_scale": rng.choice((0, 1, 2)), "patience_scale": rng.choice((0.001, 1, 10)),
                              "recent_agent": rng.choice((0, 0.5, 1)), "recent_age": duration_draw(rng, DAY),
                              "dedicated_agent": rng.choice((0, 0.5, 1)),
                              **({"dedicated_to": rng.choice(agents)} if rng.random() < 0.3 else {})} for name in classes]
    if statuses:
        buyers["order_statuses"] = statuses
    maybe(rng, 0.3, buyers, "messages_per_round", lambda: count_draw(rng, 1, 2))
    maybe(rng, 0.3, buyers, "burst_gap", lambda: duration_draw(rng, 6))
    maybe(rng, 0.7, buyers, "think_time", lambda: duration_draw(rng, 40))
    if rng.random() < 0.7:
        buyers["patience"] = {"first": duration_draw(rng, 180), "later": rng.choice((None, duration_draw(rng, 300))),
                              "silent_share": rng.choice((0, 0.7, 1)), "applies": rng.choice(("until_reply", "until_assigned")),
                              "finds_out": duration_draw(rng, 5)}
    maybe(rng, 0.2, buyers, "next_visit", lambda: {"probability": rng.choice((0, 0.15, 0.8)), "after": duration_draw(rng, DAY)})
    maybe(rng, 0.4, buyers, "come_back", lambda: {"probability": rng.choice((0.2, 1)), "after": duration_draw(rng, 1200),
                                                  "visits_max": rng.choice((0, 3, 100))})
    return buyers


def draw_groups(rng, names, intents, classes):
    listed = []
    for i, name in enumerate(names):
        group = {"name": name}
        if i + 1 < len(names):  # the last one takes everybody
            maybe(rng, 0.5, group, "intents", lambda: some(rng, intents))
            maybe(rng, 0.3, group, "phases", lambda: some(rng, ["pre_sale", "in_sale", "after_sale"]))
            if classes:
                maybe(rng, 0.2, group, "classes", lambda: some(rng, classes))
        if len(names) > 1:
            maybe(rng, 0.7, group, "overflow", lambda i=i: names[(i + 1) % len(names)])  # in a circle
        maybe(rng, 0.3, group, "bot", lambda: True)
        listed.append(group)
    return listed


def draw_tenure(rng, duration, agent):
    """First and last days within the scenario or long before it, training, learning, leave."""
    if rng.random() < 0.3:
        agent["from"] = rng.choice(("-100d", "-1s", "+0h", "+" + seconds(duration / 3)))
        maybe(rng, 0.5, agent, "training", lambda: rng.choice(("0s", "1h", "30h", "7d")))
        maybe(rng, 0.5, agent, "learning", lambda: {"speed": rng.choice((0.01, 0.4, 1)), "half": rng.choice(("1h", "21d", "366d"))})
    maybe(rng, 0.1, agent, "until", lambda: "+" + seconds(duration * rng.choice((0.4, 0.9, 2))))
    if rng.random() < 0.2:
        begins = duration * rng.random()
        agent["away"] = [{"from": "+" + seconds(begins), "to": "+" + seconds(begins + rng.choice((1, HOUR, 3 * DAY))), "paid": rng.random() < 0.5}
                         for _ in range(rng.choice((1, 1, 3)))]


def draw_agents(rng, names, groups, shifts, skills, duration):
    listed = []
    for i, name in enumerate(names):
        agent = {"name": name, "count": rng.choice((1, 1, 2, 5)), "speed": rng.choice((0.01, 0.5, 1, 1, 1, 100)),
                 "max_chats": rng.choice((1, 1, 3, 8, None)), "weight": rng.choice((1, 100, 1000))}
        maybe(rng, 0.5, agent, "groups", lambda: some(rng, groups))
        maybe(rng, 0.3, agent, "typing_cpm", lambda: rng.choice((1, 60, 1000)))
        maybe(rng, 0.2, agent, "absent", lambda: rng.choice((0.5, 1)))
        maybe(rng, 0.2, agent, "wage_cny_per_hour", lambda: 25)
        if shifts:
            maybe(rng, 0.6, agent, "shift", lambda: rng.choice(shifts))
            if "shift" not in agent:
                maybe(rng, 0.5, agent, "rota", lambda: [rng.choice((None, *shifts)) for _ in range(rng.choice((1, 2, 7, 366)))])
        draw_tenure(rng, duration, agent)
        if skills:
            maybe(rng, 0.5, agent, "skill", lambda: {skill: rng.choice((0, 0.5, 1)) for skill in some(rng, skills)})
        if i == 0:
            agent["proxy_account"] = True
        listed.append(agent)
    return listed


def draw_desk(rng, duration, groups, agents, intents, classes, skills):
    shifts = [f"s{i}" for i in range(rng.choice((0, 0, 1, 3)))]
    desk = {"groups": draw_groups(rng, groups, intents, classes), "agents": draw_agents(rng, agents, groups, shifts, skills, duration)}
    desk["shifts"] = []
    for name in shifts:
        start, end = rng.sample(("00:00", "09:00", "17:00", "18:00", "23:59", "01:00"), 2)
        desk["shifts"].append({"name": name, "from": start, "to": end, "breaks": [["20:00", "20m"], ["20:10", "1h"]][:rng.randrange(3)]})
    desk["reply_order"] = rng.choice(REPLY_ORDERS)
    desk["shift_end"] = rng.choice(("finish", "return_to_queue"))
    desk["offline"] = rng.choice(("pool", "proxy", "main", "reject"))
    desk["close"] = {"when_done": rng.choice(("0s", "20s", "1h", None)), "silence": rng.choice(("1s", "5m", None))}
    maybe(rng, 0.3, desk, "open", lambda: rng.choice((["09:00", "24:00"], ["22:00", "02:00"])))
    maybe(rng, 0.3, desk, "seats", lambda: rng.choice((1, 3)))
    maybe(rng, 0.3, desk, "multitasking", lambda: {"speed_by_open": rng.choice(([1, 0.5], [1] * 10 + [0.001], [0.001]))})
    maybe(rng, 0.3, desk, "auto_suspend", lambda: rng.choice(({}, {"at_open": 1, "release_open": 0}, {"at_open": 3, "below_reply_rate": 0.9, "rounds": 64})))
    maybe(rng, 0.2, desk, "depth", lambda: {"per_chat": rng.choice((0, 0.1, 100)), "time": duration_draw(rng, 3), "terse_above": 2, "terse_scale": rng.choice((0, 0.5))})
    maybe(rng, 0.2, desk, "tiredness", lambda: {"after": rng.choice(("0s", "4h")), "per_hour": rng.choice((0.1, 10))})
    maybe(rng, 0.2, desk, "meetings", lambda: [{"at": "+" + seconds(duration / 3), "length": rng.choice(("1s", "1h", "24h"))}])
    maybe(rng, 0.2, desk, "start_duties", lambda: {"length": rng.choice(("0s", "5m", "24h"))})
    maybe(rng, 0.2, desk, "drain", lambda: rng.choice(("0s", "10m", "24h")))
    maybe(rng, 0.2, desk, "backlog", lambda: rng.choice((0, 3, 200)))
    maybe(rng, 0.2, desk, "leave_reply", lambda: duration_draw(rng, 60))
    maybe(rng, 0.2, desk, "hop_limit", lambda: rng.choice((0, 1, 100)))
    maybe(rng, 0.2, desk, "one_stop", lambda: True)
    maybe(rng, 0.2, desk, "attrition", lambda: {"yearly": rng.choice((0, 0.35, 0.99)), "early": rng.choice((0, 0.45, 0.99)), "early_for": rng.choice(("1d", "90d"))})
    if rng.random() < 0.3:
        desk["bot"] = {"mode": rng.choice(("off", "bot_first", "agent_first")), "reply": duration_draw(rng, 1), "rounds": count_draw(rng, 1, 2)}
    return desk


def draw_routing(rng, duration, classes):
    routing = {"policy": rng.choice(POLICIES), "tie": rng.choice(("oldest_assignment", "seeded_random")), "overflow": rng.choice(OVERFLOWS),
               "suspend": rng.choice(("sticky", "strict", "reroute_recent")), "late_join": rng.choice(("zero", "group_min", "group_mean")),
               "rejoin": rng.choice(("keep", "tail"))}
    routing["queue"] = {"discipline": rng.choice(DISCIPLINES), "max_length": rng.choice((None, None, 0, 1, 50)),
                        "max_wait": rng.choice((None, None, "0s", "1m"))}
    counts = rng.choice(("open", "awaiting", "recent_active"))
    routing["capacity"] = {"counts": counts, **({"active_within": rng.choice(("1s", "5m", "24h"))} if counts == "recent_active" else {})}
    maybe(rng, 0.3, routing, "recent_agent", lambda: {"window": rng.choice(("0s", "72h")), "ignores_capacity": rng.random() < 0.5})
    maybe(rng, 0.3, routing, "dedicated_agent", lambda: True)
    maybe(rng, 0.2, routing, "rate_limit", lambda: {"count": rng.choice((1, 5)), "window": rng.choice(("0.001s", "1m", "24h"))})
    if duration <= 8 * HOUR:  # every chat that nobody else can take is looked at again each time: days of it take long
        maybe(rng, 0.2, routing, "accept_timeout", lambda: rng.choice(("30s", "10m")))
    maybe(rng, 0.2, routing, "pick_up", lambda: duration_draw(rng, 5))
    maybe(rng, 0.2, routing, "d", lambda: rng.choice((1, 2, 20000)))
    if classes:
        maybe(rng, 0.3, routing, "reserved_class", lambda: rng.choice(classes))
        routing["reserved"] = rng.choice((0, 1, 10000))
    return routing


def draw_events(rng, duration, agents):
    """Agents who leave, all at once or one by one, and a desk suspended all day."""
    events = [{"at": "+" + seconds(duration * rng.random()), "agent": rng.choice((*agents, "*")), "do": rng.choice(("suspend", "resume", "offline", "online", "leave"))}
              for _ in range(rng.choice((0, 0, 0, 1, 5)))]
    if rng.random() < 0.1:
        events.append({"at": "+0h", "agent": "*", "do": rng.choice(("suspend", "leave"))})
    if rng.random() < 0.2:
        events.append({"at": "+" + seconds(duration / 2), "agent": "*", "do": "break", "for": rng.choice(("1s", "1h"))})
    return events


def draw_scenario(seed, number):
    rng = random.Random(f"{seed}/{number}")
    duration, scenario = draw_period(rng)
    intervals = duration / float(scenario["interval"][:-1])  # 2000 times 64 groups are gigabytes: right, but slow
    names = {key: [f"{key}{i}" for i in range(rng.choice(counts))] for key, counts in
             (("intent", (1, 2, 5, 64)), ("group", (1, 1, 2, 5, 64) if intervals <= 400 else (1, 2, 5)), ("class", (0, 1, 3, 32)), ("status", (0, 0, 3)),
              ("skill", (0, 0, 2, 64)), ("agent", (1, 2, 4, 30)))}
    chats = rng.choice((1, 20, 200, 200, 1000, 3000))
    scenario.update(fenliu=1, name=f"case {number}", platform=rng.choice(("none", "taobao-2025")), end=rng.choice(("stop", "drain")))
    scenario["skills"] = names["skill"]
    scenario["traffic"] = draw_traffic(rng, duration, names["intent"], chats)
    scenario["buyers"] = draw_buyers(rng, names["intent"], names["class"], names["status"], names["group"], names["skill"], names["agent"])
    scenario["desk"] = draw_desk(rng, duration, names["group"], names["agent"], names["intent"], names["class"], names["skill"])
    scenario["routing"] = draw_routing(rng, duration, names["class"])
    scenario["events"] = draw_events(rng, duration, names["agent"])
    scenario["objectives"] = rng.choice(({}, {"reply_rate_3min": ">= 0.8", "first_response_s.p90": {"want": "<= 60", "per": rng.choice(("interval", "group", "agent", "date"))}}))
    if rng.random() < 0.3:
        scenario["money"] = {"conversion": 0.3, "order_value_cny": 100, "wage_cny_per_hour": 25, "satisfaction": {"base": 0.9, "loss_per_min": 0.1}}
        maybe(rng, 0.5, scenario["money"], "service_score", lambda: {"expected": rng.choice((1, 4, 5)), "traffic_per_point": rng.choice((0.2, 1))})
    return scenario


# ---- What must hold -----------------------------------------------------------------------------

def refuse_constant(text):
    raise ValueError(f"{text} is no number of JSON")


def faults_of_totals(totals, place):
    mean = {name: figure["mean"] for name, figure in totals.items()}
    for name, value in mean.items():
        if value is None:
            continue
        if not math.isfinite(value) or (value < 0 and name != "profit_cny"):
            yield f"{place} {name} is {value}"
        if name in SHARES and value > 1 + 1e-9:
            yield f"{place} {name} is {value}, a share"
    for name, figure in totals.items():
        ladder = [figure[p] for p in ORDERED if figure.get(p) is not None]
        if ladder != sorted(ladder):
            yield f"{place} {name}: percentiles {ladder}"
        if ladder and figure.get("max") is not None and ladder[-1] > figure["max"] * (1 + 1e-9):
            yield f"{place} {name}: 99 % within {ladder[-1]}, the largest is {figure['max']}"
        bounds = figure.get("ci95")
        if bounds and not bounds[0] <= figure["mean"] <= bounds[1]:
            yield f"{place} {name}: {figure['mean']} outside {bounds}"


def faults_of(text, days):
    summary = json.loads(text, parse_constant=refuse_constant)
    totals = summary["totals"]
    yield from faults_of_totals(totals, "desk:")
    for part in ("groups", "agents", "intents"):
        for each in summary[part]:
            yield from faults_of_totals(each["totals"], f"{each['name']}:")
    offered = totals["chats_offered"]["mean"]
    ended = {name: totals[name]["mean"] for name in OUTCOMES}
    if abs(offered - sum(ended.values())) > 1e-6 * max(1, offered):
        yield f"{offered} buyers wrote, but {ended}"
    for state in summary["states"]:
        if any(not value >= 0 for key, value in state.items() if not key.endswith("_var")):
            yield f"state {state}"
    if not 0 <= summary["days_met"] <= days:
        yield f"{summary['days_met']} of {days} days met"


def run(path, jobs, days, limit):
    return subprocess.run([COMMAND, "simulate", "--json", "-q", "-n", str(days), "-j", str(jobs), str(path)], capture_output=True, timeout=limit)


def faults_of_case(path, limit):
    days = 2
    try:
        one = run(path, 1, days, limit)
        if one.returncode not in (0, 1):
            yield f"exit {one.returncode}: {one.stderr.decode(errors='replace')[-1500:]}"
            return
        if one.stderr:
            yield f"on stderr: {one.stderr.decode(errors='replace')[:1500]}"
        yield from faults_of(one.stdout, days)
        two = run(path, 2, days, limit)
        if (two.returncode, two.stdout) != (one.returncode, one.stdout):
            yield "two threads give other bytes than one"
    except subprocess.TimeoutExpired:
        yield f"no end within {limit} s"
    except ValueError as error:
        yield f"no valid JSON: {error}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30, help="how long to go on (default 30)")
    parser.add_argument("--seed", default="618", help="of all cases (default 618)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case (default 0)")
    parser.add_argument("--cases", type=int, default=1 << 30, help="at most so many")
    parser.add_argument("--limit", type=float, default=60, help="seconds until a run counts as hanging (default 60)")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the scenarios that fail")
    parser.add_argument("--print", action="store_true", help="print the first case and stop")
    options = parser.parse_args()
    if options.print:
        print(json.dumps(draw_scenario(options.seed, options.first), indent=1))
        return 0
    until, number, failed = time.monotonic() + options.seconds, options.first, 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "case.json"
        while time.monotonic() < until and number < options.first + options.cases:
            text = json.dumps(draw_scenario(options.seed, number))
            path.write_text(text, encoding="utf-8")
            faults = list(faults_of_case(path, options.limit))
            for fault in faults[:5]:
                print(f"case {number}: {fault}")
            if faults:
                failed += 1
                print(f"  again: {sys.argv[0]} --seed {options.seed} --first {number} --cases 1", flush=True)
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"case-{number}.json").write_text(text, encoding="utf-8")
            number += 1
    print(f"{number - options.first} scenarios, {failed} failed, seed {options.seed}")
    return 1 if failed or number == options.first else 0


if __name__ == "__main__":
    sys.exit(main())
