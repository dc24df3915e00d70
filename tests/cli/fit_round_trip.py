#!/usr/bin/env python3
"""Whether `fenliu fit` gives back what made a log: scenario -> days of log -> fit, and every parameter against its 95 % interval.

usage: fit_round_trip.py                       a handful of trials (a test)
       fit_round_trip.py --trials 100 --keep FILE.jsonl [--out DIR] [--jobs N] [--case NAME]...
                                               all of it: each parameter of each scenario within its interval in at least 90 of 100 trials;
                                               the table goes to DIR/table.csv

A trial is a seed: so many days of the scenario's log with that seed, one fit. A parameter that the fit tells in another family than the
scenario's, or not at all, is a miss, unless the fit says itself that there was too little. Trials are kept as they end and taken over by the next run,
as long as scenario and program are the same. Besides, the fitted scenario is simulated: its KPIs against the intervals that the logged days give.
"""
import argparse
import concurrent.futures
import hashlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

from _common import COMMAND, SOURCE

KPIS = ["chats_offered", "first_response_s", "response_s", "reply_latency_s", "abandonment", "reply_rate_3min", "occupancy", "open_chats"]


def made(**buyers_and_desk):
    """A made scenario: flat traffic over twelve hours, two intents, everything stated."""
    intents = buyers_and_desk.pop("intents")
    return {"fenliu": 1, "name": "made", "start": "2026-03-02T09:00", "duration": "12h",
            "traffic": {"rate": {"points": [["+0h", buyers_and_desk.pop("per_hour")]]}},
            "buyers": {"intents": intents, **buyers_and_desk.pop("buyers")}, "desk": buyers_and_desk.pop("desk")}


def cases():
    """Name -> (scenario, days)."""
    read = lambda name: json.loads((SOURCE / "scenarios" / (name + ".json")).read_text())
    families = made(
        per_hour=60,
        intents=[{"name": "a", "share": 0.6, "rounds": {"geometric": 4}, "reply": {"total": {"gamma": {"mean": "20s", "cv": 0.7}}}},
                 {"name": "b", "share": 0.4, "rounds": {"geometric": 2}, "reply": {"total": {"weibull": {"scale": "30s", "shape": 1.6}}}}],
        buyers={"messages_per_round": {"geometric": 1.6}, "burst_gap": {"lognormal": {"median": "5s", "sigma": 0.8}},
                "think_time": {"gamma": {"mean": "50s", "cv": 0.8}},
                "patience": {"first": {"lognormal": {"median": "120s", "sigma": 0.6}}, "later": {"exponential": "400s"}, "silent_share": 0.4},
                "come_back": {"probability": 0.5, "after": {"weibull": {"scale": "10m", "shape": 1.5}}}},
        desk={"agents": [{"name": "quick", "speed": 1.25}, {"name": "usual"}, {"name": "slow", "speed": 0.8}, {"name": "also", "count": 2}],
              "multitasking": {"speed_by_open": [1, 0.9, 0.85, 0.8]}, "close": {"when_done": "15s", "silence": "4m"}})
    busy = made(
        per_hour=110,
        intents=[{"name": "a", "share": 0.5, "rounds": {"geometric": 5}, "reply": {"total": {"lognormal": {"median": "14s", "sigma": 0.5}}}},
                 {"name": "b", "share": 0.5, "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "18s"}}}],
        buyers={"classes": [{"name": "new", "share": 0.8}, {"name": "hard", "share": 0.2, "effort_scale": 1.3}],
                "messages_per_round": {"geometric": 1.2}, "burst_gap": {"exponential": "8s"}, "think_time": {"weibull": {"scale": "45s", "shape": 0.8}},
                "patience": {"first": {"weibull": {"scale": "150s", "shape": 1.5}}, "later": {"weibull": {"scale": "300s", "shape": 1.5}}, "silent_share": 0.8},
                "come_back": {"probability": 0.3, "after": {"exponential": "15m"}}},
        desk={"agents": [{"name": "agent", "count": 4}], "close": {"when_done": "20s", "silence": "5m"}})
    patient = made(
        per_hour=40,
        intents=[{"name": "a", "share": 1, "rounds": {"poisson": 4}, "reply": {"total": {"exponential": "25s"}}}],
        buyers={"messages_per_round": 1, "think_time": {"exponential": "60s"}},
        desk={"agents": [{"name": "agent", "count": 3, "max_chats": 4}], "close": {"when_done": "10s", "silence": "6m"}})
    regulars = made(
        per_hour=50,
        intents=[{"name": "a", "share": 0.7, "rounds": {"geometric": 3}, "reply": {"total": {"lognormal": {"median": "20s", "sigma": 0.6}}}},
                 {"name": "b", "share": 0.3, "rounds": {"geometric": 5}, "reply": {"total": {"exponential": "25s"}}}],
        buyers={"messages_per_round": {"geometric": 1.3}, "burst_gap": {"exponential": "6s"}, "think_time": {"exponential": "45s"},
                "patience": {"first": {"exponential": "200s"}, "later": {"exponential": "500s"}, "silent_share": 0.5},
                "next_visit": {"probability": 0.35, "after": {"exponential": "2h"}}},
        desk={"agents": [{"name": "agent", "count": 5}], "close": {"when_done": "20s", "silence": "5m"}})
    return {"ordinary-day": (read("ordinary-day"), 10), "618-opening": (read("618-opening"), 6), "promo-2500": (read("promo-2500"), 2),
            "green-kpi-lost-buyers": (read("green-kpi-lost-buyers"), 10), "families": (families, 6), "busy": (busy, 4), "patient": (patient, 6), "regulars": (regulars, 4)}


# ---- What is true ---------------------------------------------------------------------------------------

def seconds(text):
    if isinstance(text, (int, float)):
        return float(text)
    total, number = 0.0, ""
    units = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
    unit = ""
    for c in text + "0":
        if c.isdigit() or c == ".":
            if unit:
                total += float(number) * units[unit]
                number, unit = "", ""
            number += c
        else:
            unit += c
    return total


def mean(distribution):
    if not isinstance(distribution, dict):
        return seconds(distribution)
    (kind, value), = distribution.items()
    if kind == "exponential":
        return seconds(value)
    if kind == "lognormal":
        return seconds(value["median"]) * math.exp(value["sigma"] ** 2 / 2)
    if kind == "weibull":
        return seconds(value["scale"]) * math.gamma(1 + 1 / value["shape"])
    return seconds(value["mean"])


def flat(path, distribution, out):
    """{"weibull": {"scale": "3s", "shape": 2}} -> path.weibull.scale, path.weibull.shape."""
    if not isinstance(distribution, dict):
        out[path + ".constant"] = seconds(distribution)
        return
    (kind, value), = distribution.items()
    if isinstance(value, dict):
        for key, number in value.items():
            out[f"{path}.{kind}.{key}"] = seconds(number)
    else:
        out[f"{path}.{kind}"] = seconds(value)


def truth(scenario):
    """Every parameter that a log identifies, by the path under which fit tells it."""
    out = {}
    buyers, desk = scenario["buyers"], scenario["desk"]
    plain = "promotions" not in scenario["traffic"] and scenario.get("duration") in ("24h", "12h")
    shares = sum(i["share"] for i in buyers["intents"])
    cpm = {g["name"]: g.get("typing_cpm", 60) for g in desk.get("grades", [])}
    first = desk["agents"][0]
    typing = first.get("typing_cpm", cpm.get(first.get("grade"), 60))
    for i in buyers["intents"]:
        path = f"buyers.intents[{i['name']}]"
        if plain and shares > i["share"]:
            out[path + ".share"] = i["share"] / shares
        flat(path + ".rounds", i["rounds"], out)
        reply = i["reply"]
        if "total" in reply:
            flat(path + ".reply.total", reply["total"], out)
            continue
        quick = reply.get("quick_phrase", 0)
        out[f"intents[{i['name']}].reply_s.mean"] = (
            mean(reply.get("read", 0)) + mean(reply.get("think", 0)) + mean(reply.get("tool", 0)) * reply.get("needs_tool", 1)
            + quick * seconds(reply.get("quick_phrase_time", 0)) + (1 - quick) * mean(reply["chars"]) * 60 / typing)
    for c in buyers.get("classes", []):
        path = f"buyers.classes[{c['name']}]"
        out[path + ".share"] = c["share"]
        if c is not buyers["classes"][0]:
            out[path + ".effort_scale"] = c.get("effort_scale", 1)
            out[path + ".rounds_scale"] = c.get("rounds_scale", 1)
    flat("buyers.messages_per_round", buyers["messages_per_round"], out)
    for key in ("burst_gap", "think_time"):
        if key in buyers:
            flat("buyers." + key, buyers[key], out)
    if "patience" in buyers:
        flat("buyers.patience.first", buyers["patience"]["first"], out)
        flat("buyers.patience.later", buyers["patience"]["later"], out)
        out["buyers.patience.silent_share"] = buyers["patience"]["silent_share"]
    for key in ("come_back", "next_visit"):
        if key in buyers:
            out[f"buyers.{key}.probability"] = buyers[key]["probability"]
            flat(f"buyers.{key}.after", buyers[key]["after"], out)
    if "start_duties" in desk:
        out["desk.start_duties.length"] = seconds(desk["start_duties"]["length"])
    for key, value in desk["close"].items():
        out["desk.close." + key] = seconds(value)
    return out


def truth_of_agents(scenario, found):
    """Speeds relative to the agent who replied most, who is not told; those of open chats."""
    out = {}
    desk = scenario["desk"]
    grades = {g["name"]: g["speed"] for g in desk.get("grades", [])}
    speed = {}
    for a in desk["agents"]:
        own = a.get("speed", 1) * grades.get(a.get("grade"), 1)
        names = [a["name"]] if a.get("count", 1) == 1 else [f"{a['name']}#{n + 1}" for n in range(a["count"])]
        speed.update({name: own for name in names})
    told = {name for name in speed if f"desk.agents[{name}].speed" in found}
    usual = [name for name in speed if name not in told]
    if told and len(usual) == 1:
        out.update({f"desk.agents[{name}].speed": speed[name] / speed[usual[0]] for name in told})
    by_open = desk.get("multitasking", {}).get("speed_by_open", [1])
    for path in found:
        if path.startswith("desk.multitasking.speed_by_open["):
            k = int(path.split("[")[1][:-1])
            out[path] = by_open[min(k, len(by_open) - 1)]
    return out, speed[usual[0]] if usual else 1


# ---- A trial ------------------------------------------------------------------------------------------

def run(*command, wanted=(0,)):
    done = subprocess.run([COMMAND, *map(str, command)], capture_output=True, check=False)
    if done.returncode not in wanted:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stderr.decode()[:2000]}")
    return done.stdout


def trial(scenario, days, seed, kpis):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        file = folder / "scenario.json"
        file.write_text(json.dumps(scenario))
        logs = []
        for day in range(days):
            logs.append(folder / f"{day}.jsonl")
            run("log", "-q", file, "--seed", seed, "--replication", day, "-o", logs[-1])
        fitted = folder / "fitted.json"
        answer = json.loads(run("fit", "--json", "-q", *logs, "-o", fitted))
        result = {"estimates": {}, "kpis": {}}
        for e in answer["estimates"]:
            result["estimates"][e["path"]] = [e["value"], *(e["ci95"] or [None, None])] if e["known"] else None
        if kpis:
            totals = lambda path, *more: json.loads(run("simulate", "--json", "-q", path, *more, wanted=(0, 1)))["totals"]
            logged = totals(file, "--seed", seed, "--replications", days)
            again = totals(fitted, "--seed", 10**6 + seed, "--replications", 100)
            for name in KPIS:
                result["kpis"][name] = [again[name]["mean"], *(logged[name]["ci95"] or [None, None])]
        return result


OPENS = 24  # numbers of open chats that fit tells apart


def paths_of(scenario):
    """All that may be told of a scenario, in a fixed order."""
    names = []
    for a in scenario["desk"]["agents"]:
        names += [a["name"]] if a.get("count", 1) == 1 else [f"{a['name']}#{n + 1}" for n in range(a["count"])]
    return sorted([*truth(scenario), *(f"desk.agents[{n}].speed" for n in names), *(f"desk.multitasking.speed_by_open[{k}]" for k in range(1, OPENS))])


def wanted_of(scenario, found):
    """What is true of everything that may be told, replies at the speed of the agent to whom the others are related."""
    wanted = truth(scenario)
    of_agents, usual_speed = truth_of_agents(scenario, found)
    is_time_of_reply = lambda path: ".reply" in path and any(word in path for word in ("mean", "scale", "median", "exponential"))
    return {path: value / usual_speed if is_time_of_reply(path) else value for path, value in {**wanted, **of_agents}.items()}


def errors(scenario, result):
    """By how many of its own standard errors each estimate is off: an interval that is far too wide holds everything, and says nothing."""
    found = result["estimates"]
    return [(found[path][0] - value) / ((found[path][2] - found[path][1]) / 2 / 1.96) for path, value in wanted_of(scenario, found).items()
            if found.get(path) is not None and found[path][2] > found[path][1]]


def judge(scenario, result):
    """A letter for each path: 1 within, 0 not, - where the fit says that there was too little."""
    found = result["estimates"]
    out = {}
    for path, value in wanted_of(scenario, found).items():
        if found.get(path) is not None:
            _, low, high = found[path]
            out[path] = "1" if low - 1e-9 <= value <= high + 1e-9 else "0"
            continue
        parents = [path.rsplit(".", n)[0] for n in range(1, 4)] + [path]
        too_little = any(parent in found and found[parent] is None for parent in parents) or path.endswith("_scale")
        out[path] = "-" if too_little else "0"
    return "".join(out.get(path, "-") for path in paths_of(scenario))


# ---- All of it ----------------------------------------------------------------------------------------

def program():
    return hashlib.sha256(pathlib.Path(COMMAND).read_bytes()).hexdigest()[:16]


def tell(name, results, scenario, least, table):
    """Prints a case's table and adds it to `table`; returns its faults."""
    faults, with_kpis, always = [], [r["kpis"] for r in results if r["kpis"]], truth(scenario)
    for i, path in enumerate(paths_of(scenario)):
        held, judged = (sum(r["verdicts"][i] in letters for r in results) for letters in ("1", "01"))
        if judged == 0 and path not in always:
            continue
        # What every log may tell is told of one in ten at least.
        bad = judged >= 20 and held < least * judged or path in always and judged < 0.1 * len(results)
        if bad:
            faults.append(f"{name} {path}")
        print(f"{name:24} {path:60} {held:4} of {judged:4}{'  MISSED' if bad else ''}")
        table.append((name, path, held, judged))
    for key in KPIS if with_kpis else ():
        inside = sum(k[key][0] is not None and k[key][1] is not None and k[key][1] <= k[key][0] <= k[key][2] for k in with_kpis)
        bad = len(with_kpis) >= 20 and inside < least * len(with_kpis)
        if bad:
            faults.append(f"{name} KPI {key}")
        print(f"{name:24} KPI {key:56} {inside:4} of {len(with_kpis):4}{'  MISSED' if bad else ''}")
        table.append((name, "KPI " + key, inside, len(with_kpis)))
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--case", action="append")
    options = parser.parse_args()
    all_cases = cases()
    if "FENLIU_CORE" in os.environ:
        print("the core build has no fit")
        return 77
    if options.trials == 0:
        return handful(all_cases)
    kept = {}
    if options.keep and options.keep.exists():
        for line in options.keep.read_text().splitlines():
            row = json.loads(line)
            kept[row["case"], row["seed"], row["program"]] = row
    faults, table, made_by = [], [], program()

    def complete(name, scenario, days, seeds):
        missing = [s for s in seeds if (name, s, made_by) not in kept]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for seed, result in zip(missing, pool.map(lambda s: trial(scenario, days, s, s % 4 == 0), missing)):
                row = {"case": name, "seed": seed, "program": made_by, "verdicts": judge(scenario, result),
                       "kpis": {k: [v and float(f"{v:.5g}") for v in values] for k, values in result["kpis"].items()}}
                kept[name, seed, made_by] = row
                if options.keep:
                    with options.keep.open("a") as file:
                        file.write(json.dumps(row) + "\n")

    for name, (scenario, days) in all_cases.items():
        if options.case and name not in options.case:
            continue
        missed, rows = [], []
        for looks in (1, 2):  # of so many parameters some have bad luck: a case with one is looked at again, with as many further seeds
            seeds, rows = range(1, looks * options.trials + 1), []
            complete(name, scenario, days, seeds)
            missed = tell(name, [kept[name, s, made_by] for s in seeds], scenario, 0.90, rows)
            if not missed:
                break
        faults += missed
        table += rows
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "table.csv").write_text("scenario,parameter,within,trials\n" + "".join(f"{c},{p},{h},{n}\n" for c, p, h, n in table))
    faults += too_wide(table)
    print(f"{len(faults)} parameters or KPIs within their interval in fewer than 90 of 100 trials, or of 200 where 100 were too few to say, hardly told, "
          "or all too wide" + "".join("\n  " + f for f in faults))
    return 1 if faults else 0


def too_wide(table):
    """Of all intervals of parameters together 95 of 100 should hold; where more than 99 do, they are half as wide again as they should be."""
    rows = [(held, judged) for _, path, held, judged in table if not path.startswith("KPI")]
    held, judged = (sum(column) for column in zip(*rows)) if rows else (0, 0)
    return [f"{held} of {judged} intervals hold, wanted at most 99 of 100: they are too wide"] if judged >= 1000 and held > 0.99 * judged else []


def handful(all_cases):
    """Three trials: of some 90 intervals of 95 %, at least 90 % hold, and estimates are off by about as much as these say. The seeds are fixed."""
    held = judged = 0
    off = []
    for name, days in (("green-kpi-lost-buyers", 4), ("families", 2), ("busy", 2)):
        scenario = all_cases[name][0]
        result = trial(scenario, days, 7, False)
        found = dict(zip(paths_of(scenario), judge(scenario, result)))
        off += errors(scenario, result)
        held += sum(well == "1" for well in found.values())
        judged += sum(well != "-" for well in found.values())
        print(f"{name}: missed {[path for path, well in found.items() if well == '0'] or 'nothing'}")
    rms = math.sqrt(math.fsum(z * z for z in off) / len(off)) if off else 0.0
    print(f"{held} of {judged} within their interval, rms of what they are off {rms:.2f} standard errors")
    return 0 if judged >= 88 and held >= 0.9 * judged and 0.6 <= rms <= 1.4 else 1


if __name__ == "__main__":
    sys.exit(main())
