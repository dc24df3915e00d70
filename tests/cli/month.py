#!/usr/bin/env python3
"""A week and more, planned date by date: who works when keeps the limits, whom to take on is on time, and the plan is what was simulated.

    month.py [--drawn N] [--first SEED]    also N periods drawn by seed: teams, days off, rest, promotions, learners, stars (default 1, from 224)"""
import argparse
import collections
import datetime
import json
import pathlib
import random
import subprocess
import tempfile

from _staff import CALM, COMMAND, answer, columns, expect, staff

DAY = datetime.timedelta(days=1)
WEEK = {
    **CALM, "name": "week", "start": "2026-06-01T00:00", "duration": "168h", "interval": "1h",
    "traffic": {"chats_per_day": 900, "profile": "marketplace", "weekdays": [1.4, 1, 1, 1, 1, 1, 1],
                "promotions": [{"name": "sale", "opens_at": "2026-06-05T00:00", "closes_at": "2026-06-06T00:00", "multiplier": 2, "shape": "step"}]},
    "desk": {"open": ["08:00", "20:00"], "agents": [{"name": "mei", "count": 5, "max_chats": 5, "wage_cny_per_hour": 25}]},
    "objectives": {"first_response_s.p90": "<= 75", "abandonment": "<= 0.15"},
    "staffing": {"replications": 60, "max_agents": 30, "starts": [["08:00", "12:00"]], "step": "4h", "length_min": "8h", "length_max": "8h",
                 "labour": {"hours_week": "40h", "days_week": 5, "rest": "12h"},
                 "hire": [{"name": "new", "hire_cny": 500, "notice": "1d", "training": "1d", "learning": {"speed": 0.8, "half": "2d"}}]},
}


def changed(**parts):
    made = json.loads(json.dumps(WEEK))
    for path, value in parts.items():
        at, keys = made, path.split("__")
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value
    return made


def shifts_of(person):
    return [(datetime.datetime.fromisoformat(s["from"]), datetime.datetime.fromisoformat(s["to"])) for s in person["shifts"]]


def length(text):
    return datetime.timedelta(seconds=float(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]])


def definition_of(scenario, name):
    """The agent or the kind to hire that a person of the plan is one of: "mei 2" is of "mei"."""
    kinds = [*scenario["desk"]["agents"], *scenario["staffing"].get("hire", [])]
    return next((k for k in kinds if name == k["name"]), None) or next(k for k in kinds if name.rsplit(" ", 1)[0] == k["name"])


def agent_of(plan, name):
    """The first of several, "mei 1", keeps the name that the scenario's events mean her by."""
    named = {a["name"]: a for a in plan["desk"]["agents"]}
    return named.get(name) or named[name.rsplit(" ", 1)[0]]


def limits_are_kept(scenario, found, plan):
    """Rest, days and hours of every person's weeks, one shift a day, absences: from the rotas of the plan, which is what is simulated."""
    start = datetime.datetime.fromisoformat(scenario["start"])
    labour = scenario["staffing"]["labour"]
    times = {s["name"]: [datetime.timedelta(hours=int(s[k][:2]), minutes=int(s[k][3:5])) for k in ("from", "to")] for s in plan["desk"]["shifts"]}
    for person in found["team"]["people"]:
        own = definition_of(scenario, person["name"])
        worked = []
        for day, name in enumerate(agent_of(plan, person["name"])["rota"]):
            if name is not None:
                begins, ends = times[name]
                worked.append((start + day * DAY + begins, start + day * DAY + ends + (DAY if ends <= begins else 0 * DAY)))
        expect(worked == sorted(shifts_of(person)), person, worked)  # what is said is what is simulated
        limit = {**labour, **{k: own[k] for k in labour if k in own}}
        for week in range(-(-len(found["dates"]) // 7)):
            mine = [(a, b) for a, b in worked if (a - start) // (7 * DAY) == week]
            expect(len(mine) <= limit["days_week"], person, week)
            expect(sum((b - a for a, b in mine), 0 * DAY) <= length(limit["hours_week"]), person, week)
        expect(all(b[0] - a[1] >= length(limit["rest"]) for a, b in zip(worked, worked[1:])), person)
        gone = datetime.datetime.fromisoformat(own["until"]) if "until" in own else datetime.datetime.max
        for begins, ends in worked:
            expect(begins < gone, person)
            expect(not any(begins < datetime.datetime.fromisoformat(a["to"]) and datetime.datetime.fromisoformat(a["from"]) < ends for a in own.get("away", [])), person)


def worth(scenario, plan, name, at):
    """Of a place, learned as far as she has: several where she alone is so fast."""
    own, agent = definition_of(scenario, name), agent_of(plan, name)
    learned = 1.0
    if "learning" in agent:
        begins = datetime.datetime.fromisoformat(scenario["start"]) + length(agent["from"].lstrip("+"))
        since = (at - begins - length(agent.get("training", "0s"))) / length(agent["learning"]["half"])
        learned = 1 - (1 - agent["learning"]["speed"]) * 0.5 ** since
    speed = agent.get("speed", 1) * learned
    return int(speed + 1e-9) if speed >= 2 and own.get("count", 1) == 1 and own in scenario["desk"]["agents"] else min(1, speed)


def everybody_is_where_places_are(scenario, found, plan):
    """Every place has somebody; where learners share places or a star takes several, theirs are worth as many as they take."""
    at_work, fills = collections.Counter(), collections.Counter()
    for person in found["team"]["people"]:
        for shift in person["shifts"]:
            at_work[shift["from"], shift["to"]] += 1
            fills[shift["from"][:10]] += worth(scenario, plan, person["name"], datetime.datetime.fromisoformat(shift["from"]))
    for date in found["dates"]:
        for shift in date["roster"]:
            expect(at_work.pop((shift["from"], shift["to"]), 0) == shift["people"], shift)
            expect(shift["open"] > 0 or shift["people"] >= shift["places"] - shift["replaced"] + shift["learners"], shift)
        expect(date["open"] == sum(s["open"] for s in date["roster"]) and date["people"] == sum(s["people"] for s in date["roster"]), date)
        learners = sum(s["learners"] for s in date["roster"])
        expect(date["open"] > 0 or fills[date["from"][:10]] >= date["shifts"] - 0.25 - 0.15 * learners, date, fills)
    expect(not at_work, at_work)


def a_week(folder):
    found = answer(folder, WEEK)
    dates = found["dates"]
    expect(len(dates) == 7 and [d["weekday"] for d in dates] == list(range(1, 8)), dates)
    expect(found["kinds_of_day"] == 3 and len({d["kind"] for d in dates}) == 3, found["kinds_of_day"])  # Monday, the sale, all the others
    expect(dates[4]["shifts"] > dates[1]["shifts"] and abs(dates[0]["chats"] - 1260) < 1e-6 and abs(dates[1]["chats"] - 900) < 1e-6, dates)
    expect(all(d["holds"] and d["days_met"] >= 0.9 * d["days"] for d in dates) and found["dates_held"] == 7, dates)
    expect(found["team"]["filled"], found["team"]["open_shifts"])
    plan = json.loads((folder / "shop.plan.json").read_text())
    limits_are_kept(WEEK, found, plan)
    everybody_is_where_places_are(WEEK, found, plan)

    taken = found["hiring"]["take_on"]
    expect(taken and all(t["by"] >= "2026-06-02" and t["kind"] == "new" for t in taken), taken)  # at the notice at the earliest
    hired = sum(t["people"] for t in taken)
    expect(found["hiring"]["cost_cny"] == 500 * hired and found["team"]["own"] == 5, found["hiring"])
    ready = min(t["trained_by"] for t in taken)
    for person in found["team"]["people"]:
        expect(not person["hired"] or all(s["from"] >= ready for s in person["shifts"]), person)

    again = subprocess.run([COMMAND, "simulate", "shop.plan.json", "--json", "-q"], cwd=folder, capture_output=True, timeout=100)
    expect(again.returncode == 0, again.stderr.decode())
    wages = json.loads(again.stdout)["totals"]["wages_cny"]["mean"]
    expect(plan["replications"] == found["months"] and abs(wages - found["wages_cny"]) < 1e-6 * wages, wages, found["wages_cny"])
    return found


def fits(text):
    wide = [line for line in text.split("\n") if columns(line) > 80]
    expect(not wide, wide)
    return text


def said(folder, found):
    text = fits(staff(folder, WEEK, "--lang", "en", "--plan", "-", "--roster", "roster.csv", "-j", "1", "--explain"))
    expect("Why so many" in text and f"it takes {found['team']['payroll']} people" in text.replace("\n  ", " "), text)
    expect(f"{found['team']['payroll']} take part" in text and all(f"new {t['people']} by" in text for t in found["hiring"]["take_on"]), text)
    rows = [row.split(",") for row in (folder / "roster.csv").read_text().splitlines()[1:]]
    expect(sorted((r[0], r[2], r[3]) for r in rows) == sorted((p["name"], s["from"], s["to"]) for p in found["team"]["people"] for s in p["shifts"]),
           "who works when depends on the threads")


def doubts_and_money_are_said(folder, found):
    """The same people where more buyers come, replies are slower, or one is absent: never better; and what the month costs and brings."""
    risk, planned = found["risk"], found["risk"]["as_planned"]
    traffic, replies = risk["doubts"]
    expect((traffic["what"], replies["what"], traffic["factor"]) == ("traffic", "reply_time", 1.2) and risk["months"] <= found["months"], risk)
    for world in traffic, replies, risk["one_absent"]:
        expect(world["dates_met"] <= planned["dates_met"] and len(world["dates_missed"]) == len(found["dates"]) - world["dates_held"], world, planned)
    expect(replies["abandonment"] > planned["abandonment"] and risk["one_absent"]["abandonment"] > planned["abandonment"], risk)
    expect(traffic["takes"]["payroll"] >= found["team"]["payroll"] and traffic["takes"]["at_once"] >= max(d["at_once"] for d in found["dates"]), traffic["takes"])
    money = found["money"]
    expect(money["hiring_cny"] == found["hiring"]["cost_cny"] and money["wages_cny"]["mean"] == found["wages_cny"] and money["profit_cny"] is None, money)


def levers_are_refused(folder):
    done = subprocess.run([COMMAND, "staff", "shop.json", "-q", "--levers"], cwd=folder, capture_output=True, timeout=60)
    expect(done.returncode == 2 and "wanted at most 48 hours for --levers" in done.stderr.decode() and not done.stdout, done.stderr.decode())


def whoever_leaves_is_made_up_for(folder):
    stays = answer(folder, changed(duration="96h", traffic__promotions=[], desk__agents=[{"name": "star", "speed": 2, "max_chats": 5, "wage_cny_per_hour": 40},
                                                                              {"name": "mei", "count": 4, "max_chats": 5, "wage_cny_per_hour": 25}]))
    expect(not stays["hiring"]["leavers"] and not stays["hiring"]["take_on"], stays["hiring"])
    new = {**WEEK["staffing"]["hire"][0], "like": "mei"}
    leaves = answer(folder, changed(duration="96h", traffic__promotions=[], staffing__hire=[new], desk__agents=[
        {"name": "star", "speed": 2, "max_chats": 5, "wage_cny_per_hour": 40, "until": "2026-06-03T00:00"},
        {"name": "mei", "count": 4, "max_chats": 5, "wage_cny_per_hour": 25, "away": [{"from": "2026-06-03T00:00", "to": "2026-06-04T00:00"}]}]))
    star = leaves["hiring"]["leavers"]
    expect(len(star) == 1 and star[0]["name"] == "star" and star[0]["worth"] == 2 and star[0]["newcomers_at_first"] == 3, star)
    expect(sum(t["people"] for t in leaves["hiring"]["take_on"]) > 0, leaves["hiring"])
    for person in leaves["team"]["people"]:
        if person["name"].startswith(("star", "mei")):
            expect(not any(s["from"].startswith("2026-06-03") for s in person["shifts"]), person)


def what_nobody_can_do_is_said(folder):
    alone = changed(duration="72h", desk__agents=[{"name": "mei", "count": 2, "max_chats": 5, "wage_cny_per_hour": 25}], staffing__hire=[{"name": "new", "count_max": 0}])
    found = answer(folder, alone, code=1)
    expect(found["hiring"]["shifts_nobody_can_be_had_for"] > 0 and not found["team"]["filled"], found["hiring"])
    expect(any(not d["holds"] for d in found["dates"]), found["dates"])
    text = fits(staff(folder, alone, "--lang", "zh", "--explain", code=1))
    expect("为什么是这些人" in text and "没人可招" in text and "有班没人上" in text and f"一共 {found['team']['payroll']} 人" in text, text)


def draw(seed):
    """A period of three to twelve days with people of all kinds; a kind may be hired from the first day on, as many as it takes."""
    dice = random.Random(seed)
    days = dice.choice([3, 5, 7, 9, 12])
    start = datetime.datetime(2026, 6, 1) + dice.randrange(7) * DAY
    stamp = lambda day, hour=0: (start + day * DAY + datetime.timedelta(hours=hour)).isoformat(timespec="minutes")
    agents = [{"name": "mei", "count": dice.choice([1, 2, 4, 6]), "max_chats": 8, "wage_cny_per_hour": 22}]
    if dice.random() < 0.6:
        agents.append({"name": "star", "speed": dice.choice([2, 2.5, 3]), "max_chats": 12, "wage_cny_per_hour": 40})
        if dice.random() < 0.4:
            agents[-1]["until"] = stamp(dice.randrange(1, days))
    if dice.random() < 0.5:
        agents.append({"name": "lan", "speed": dice.choice([0.8, 1.1]), "max_chats": 8, "wage_cny_per_hour": 20})
        if dice.random() < 0.5:
            off = dice.randrange(days)
            agents[-1]["away"] = [{"from": stamp(off), "to": stamp(off + 1)}]
    hire = [{"name": "temp", "wage_cny_per_hour": dice.choice([24, 35]), "speed": dice.choice([0.7, 0.9, 1, 1])}]
    if dice.random() < 0.5:
        hire.append({"name": "new", "hire_cny": 300, "notice": dice.choice(["0d", "1d", "2d"]), "training": "1d", "learning": {"speed": 0.5, "half": "3d"}})
    promotion = dice.randrange(days)
    return {
        **CALM, "name": f"drawn {seed}", "start": stamp(0), "duration": f"{24 * days}h", "interval": "1h", "seed": str(seed),
        "traffic": {"chats_per_day": dice.choice([150, 300, 500]), "profile": "marketplace", "weekdays": dice.choice([[1] * 7, [1.4, 1, 1, 1, 1, 0.7, 0.7]]),
                    "promotions": [{"name": "sale", "opens_at": stamp(promotion, 10), "closes_at": stamp(promotion + 1), "multiplier": dice.choice([1.5, 2.5]), "shape": "step"}]},
        "desk": {"open": dice.choice([["08:00", "20:00"], ["09:00", "24:00"], ["00:00", "24:00"]]), "agents": agents,
                 **({"attrition": {"yearly": 0.6}} if dice.random() < 0.3 else {})},
        "objectives": {"first_response_s.p90": "<= 90", "abandonment": "<= 0.2"},
        "staffing": {"replications": 30, "max_agents": 40, "step": "4h", "length_min": "4h", "length_max": dice.choice(["8h", "12h"]), "day_probability": 0.8,
                     "labour": {"hours_week": f"{dice.choice([24, 32, 40, 44])}h", "days_week": dice.choice([2, 3, 4, 5, 6]), "rest": f"{dice.choice([8, 11, 14, 18])}h"},
                     "hire": hire},
    }


def any_period_is_covered(folder, seed):
    """With a kind that may be had at once, in any number, no place stays open; with limits on it, what is in the way is said."""
    made = draw(seed)
    found = answered(folder, made)
    plan = json.loads((folder / "shop.plan.json").read_text())
    limits_are_kept(made, found, plan)
    everybody_is_where_places_are(made, found, plan)
    expect(found["team"]["filled"] and all(d["open"] == 0 for d in found["dates"]) and found["hiring"]["shifts_nobody_can_be_had_for"] == 0, seed, found["team"]["open_shifts"])

    made["staffing"]["hire"] = [{**made["staffing"]["hire"][0], "count_max": 1}]
    found = answered(folder, made)
    plan = json.loads((folder / "shop.plan.json").read_text())
    limits_are_kept(made, found, plan)
    everybody_is_where_places_are(made, found, plan)
    expect(found["team"]["filled"] or found["hiring"]["shifts_nobody_can_be_had_for"] > 0 or found["team"]["any_of_these_would_do"], seed, found["team"])


def answered(folder, scenario):
    """Whether every date holds decides the code, and a drawn period need not."""
    (folder / "shop.json").write_text(json.dumps(scenario), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "shop.json", "-q", "--json"], cwd=folder, capture_output=True, timeout=300)
    expect(done.returncode in (0, 1), scenario["name"], done.returncode, done.stderr.decode())
    return json.loads(done.stdout)


parser = argparse.ArgumentParser()
parser.add_argument("--drawn", type=int, default=1)
parser.add_argument("--first", type=int, default=224)
options = parser.parse_args()
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    for seed in range(options.first, options.first + options.drawn):
        any_period_is_covered(folder, seed)
    week = a_week(folder)
    said(folder, week)
    doubts_and_money_are_said(folder, week)
    levers_are_refused(folder)
    whoever_leaves_is_made_up_for(folder)
    what_nobody_can_do_is_said(folder)
    print("a week is planned date by date, with its people, whom to take on, and what nobody can do")
