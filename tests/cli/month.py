#!/usr/bin/env python3
"""A week and more, planned date by date: who works when keeps the limits, whom to take on is on time, and the plan is what was simulated."""
import collections
import datetime
import json
import pathlib
import subprocess
import sys
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


def limits_are_kept(found):
    start = datetime.datetime(2026, 6, 1)
    for person in found["team"]["people"]:
        worked = sorted(shifts_of(person))
        days = collections.Counter((at - start) // DAY for at, _ in worked)
        expect(all(n == 1 for n in days.values()), person)
        expect(len(worked) <= 5 and sum((to - at).total_seconds() for at, to in worked) <= 40 * 3600, person)
        expect(all(b[0] - a[1] >= datetime.timedelta(hours=12) for a, b in zip(worked, worked[1:])), person)


def everybody_is_where_places_are(found):
    at_work = collections.Counter((s["from"], s["to"]) for person in found["team"]["people"] for s in person["shifts"])
    for date in found["dates"]:
        for shift in date["roster"]:
            heads = at_work.pop((shift["from"], shift["to"]), 0)
            expect(heads >= shift["places"] or shift["learners"] > 0, shift, heads)
            expect(heads <= shift["places"] + shift["learners"], shift, heads)
    expect(not at_work, at_work)


def a_week(folder):
    found = answer(folder, WEEK)
    dates = found["dates"]
    expect(len(dates) == 7 and [d["weekday"] for d in dates] == list(range(1, 8)), dates)
    expect(found["kinds_of_day"] == 3 and len({d["kind"] for d in dates}) == 3, found["kinds_of_day"])  # Monday, the sale, all the others
    expect(dates[4]["shifts"] > dates[1]["shifts"] and abs(dates[0]["chats"] - 1260) < 1e-6 and abs(dates[1]["chats"] - 900) < 1e-6, dates)
    expect(all(d["holds"] and d["days_met"] >= 0.9 * d["days"] for d in dates) and found["dates_held"] == 7, dates)
    expect(found["team"]["filled"], found["team"]["open_shifts"])
    limits_are_kept(found)
    everybody_is_where_places_are(found)

    taken = found["hiring"]["take_on"]
    expect(taken and all(t["by"] >= "2026-06-02" and t["kind"] == "new" for t in taken), taken)  # at the notice at the earliest
    hired = sum(t["people"] for t in taken)
    expect(found["hiring"]["cost_cny"] == 500 * hired and found["team"]["own"] == 5, found["hiring"])
    ready = min(t["trained_by"] for t in taken)
    for person in found["team"]["people"]:
        expect(not person["hired"] or all(s["from"] >= ready for s in person["shifts"]), person)

    plan = json.loads((folder / "shop.plan.json").read_text())
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
    text = fits(staff(folder, WEEK, "--lang", "en", "--plan", "-", "--roster", "roster.csv", "-j", "1"))
    expect(f"{found['team']['payroll']} take part" in text and all(f"new {t['people']} by" in text for t in found["hiring"]["take_on"]), text)
    rows = (folder / "roster.csv").read_text().splitlines()
    expect(len(rows) - 1 == sum(d["people"] for d in found["dates"]), len(rows))


def what_is_of_a_day_is_refused(folder):
    for option in ("--levers", "--explain"):
        done = subprocess.run([COMMAND, "staff", "shop.json", "-q", option], cwd=folder, capture_output=True, timeout=60)
        expect(done.returncode == 2 and f"wanted at most 48 hours for {option}" in done.stderr.decode() and not done.stdout, done.stderr.decode())


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
    text = fits(staff(folder, alone, "--lang", "zh", code=1))
    expect("没人可招" in text and "有班没人上" in text and f"一共 {found['team']['payroll']} 人" in text, text)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    week = a_week(folder)
    expect(answer(folder, WEEK, "-j", "1") == week, "the answer depends on the threads")
    said(folder, week)
    what_is_of_a_day_is_refused(folder)
    whoever_leaves_is_made_up_for(folder)
    what_nobody_can_do_is_said(folder)
    print("a week is planned date by date, with its people, whom to take on, and what nobody can do")
