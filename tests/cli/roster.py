#!/usr/bin/env python3
"""What an owner says about his people, seats and shifts, fenliu staff keeps to, in the roster and in what it prints."""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from _staff import CALM, COMMAND, answer_and_screen, expect, row, staff


def answer(folder, scenario, *options, code=0):
    return json.loads(staff(folder, scenario, "--json", "--plan", "-", *options, code=code))


def screen(folder, scenario, language, code=0):
    return re.sub(r"\s+", " ", staff(folder, scenario, "--plan", "-", "--lang", language, code=code))


def both(folder, scenario, language, *options, code=0):
    """The answer, and the screen of the same run."""
    found, text = answer_and_screen(folder, scenario, language, *options, code=code)
    return found, re.sub(r"\s+", " ", text)


def changed(desk=None, staffing=None, **parts):
    made = {**json.loads(json.dumps(CALM)), **parts}
    made["desk"].update(desk or {})
    made["staffing"].update(staffing or {})
    return made


def seats_have_a_price_and_a_limit(folder):
    priced = changed(desk={"seats": 3}, money={"seat_cny": 30})
    found, said = both(folder, priced, "zh", "--plan", "-")
    more = found["headcount"]["on_duty_at_once"] - 3
    expect(more > 0 and found["seats"] == {"held": 3, "more": more, "more_cny_a_month": 30 * more, "it_takes": None}, found["seats"])
    expect(f"子账号现有 3 个,再加 {more} 个,每月多 ¥{30 * more}。" in said, more)

    few = changed(desk={"seats": 3}, staffing={"more_seats": 1})
    short, said = both(folder, few, "zh", "--plan", "-", code=1)
    takes = short["seats"]["it_takes"]
    expect(short["headcount"]["on_duty_at_once"] <= 4 and 4 < takes <= 3 + more, short["headcount"], short["seats"])
    expect(f"卡在子账号:能有 4 个,有 {takes} 个就能达标" in said, more)
    said = screen(folder, few, "en", code=1)
    expect(f"sub-accounts are in the way: there may be 4, with {takes} the objectives hold" in said and "Beyond that" not in said, said)


def plan_wages(folder):
    done = subprocess.run([COMMAND, "simulate", "shop.plan.json", "--json", "-q"], cwd=folder, capture_output=True, timeout=100)
    return json.loads(done.stdout)["totals"]["wages_cny"]["mean"]


def chooses_among_those_who_can_be_had(folder):
    hire = [{"name": "temp", "shift_cny": 60, "outsourced": True, "count_max": 2}, {"name": "dear", "wage_cny_per_hour": 40},
            {"name": "trainee", "speed": 0.43, "wage_cny_per_hour": 24, "length_max": "2h", "length_min": "1h"}]
    found, said = both(folder, changed(staffing={"hire": hire}), "zh")
    people = {h["name"]: h["people"] for h in found["hire"]}
    own = sum(r["agents"] for r in found["roster"] if "hire" not in r)
    expect(people["temp"] == 2 and people["trainee"] == 0 and own <= 3, people)  # the cheapest are all taken, those who are no bargain none
    expect(own + sum(people.values()) == found["headcount"]["payroll"] and found["headcount"]["new_hires"] == sum(people.values()), people, own)
    prices = {"temp": 60, "dear": 160, None: 100}
    planned = sum(r["agents"] * prices[r.get("hire")] for r in found["roster"])
    expect(abs(found["cost_cny"] - planned) < 5, found["cost_cny"], planned)
    expect(plan_wages(folder) == found["cost_cny"], "the plan pays what the roster says")
    expect(f"现有的用 {own} 名,另招 temp 2、dear {people['dear']}。" in said, said)

    first = answer(folder, changed(staffing={"hire": [{"name": "cheap", "wage_cny_per_hour": 5}], "existing": "first"}))
    price = answer(folder, changed(staffing={"hire": [{"name": "cheap", "wage_cny_per_hour": 5}]}))
    expect(sum(r["agents"] for r in first["roster"] if "hire" not in r) == 3, first["roster"])
    expect(sum(r["agents"] for r in price["roster"] if "hire" not in r) == 0, price["roster"])
    expect(first["cost_cny"] > price["cost_cny"], first["cost_cny"], price["cost_cny"])


def says_when_too_few_can_be_had(folder):
    few = changed(staffing={"hire": [{"name": "temp", "count_max": 1}]})
    found, said = both(folder, few, "zh", "--plan", "-", code=1)
    expect(found["headcount"]["on_duty_at_once"] <= 4 and found["on_duty_it_takes"] > 4, found["headcount"])
    expect("加到 4 人,没有哪种人数能达标" in said and f"卡在人手:能招的不够,至少再要 {found['people_it_takes_more']} 人,同时在岗 {found['on_duty_it_takes']} 人就能达标" in said, said)
    expect(found["people_it_takes_more"] == found["on_duty_it_takes"] - 4, found)  # all of them are there all evening
    expect("people are in the way" in screen(folder, few, "en", code=1), few)


def breaks_fall_where_they_hurt_least(folder):
    rule = {"length": "30m", "from": "1h", "to": "2h30m", "at_least": "3h", "paid": False}
    rested = changed(staffing={"length_min": "4h", "breaks": [rule], "replications": 200}, objectives={"first_response_s.p90": "<= 60"},
                     traffic={"rate": {"points": [["+0h", 60]]}})
    found, said = both(folder, rested, "zh")
    rests = set()
    for shift in found["roster"]:
        hours = (int(shift["to"][11:13]) or 24) - int(shift["from"][11:13])
        expect(len(shift["breaks"]) == (hours >= 3), shift)
        rests.update(b["from"] for b in shift["breaks"])
    expect(len(rests) > 1, found["roster"])  # not all at once
    expect(plan_wages(folder) == found["cost_cny"], found["cost_cny"])
    paid = sum(r["agents"] * 25 * ((int(r["to"][11:13]) or 24) - int(r["from"][11:13]) - 0.5 * len(r["breaks"])) for r in found["roster"])
    expect(abs(found["cost_cny"] - paid) < 0.02 * paid, found["cost_cny"], paid)  # who finishes a reply leaves a little later
    expect(re.search(r"18:00–2\d:00 休19:\d\d", said), "breaks are shown")


def times_that_no_shift_reaches_are_named(folder):
    early = changed(staffing={"length_min": "1h", "length_max": "2h", "starts": [["18:00", "18:30"]]})
    expect("注意 没有班次能上 20:00–22:00,那时来的买家没人接" in screen(folder, early, "zh"), early)
    expect("no shift on offer reaches 20:00–22:00" in screen(folder, early, "en"), early)
    expect("没有班次" not in screen(folder, CALM, "zh"), CALM)
    both = changed(desk={"seats": 3}, staffing={"more_seats": 0, "hire": [{"name": "temp", "count_max": 0}]})
    said = screen(folder, both, "en", code=1)
    expect("sub-accounts and people are both in the way" in said, said)


def starts_are_kept(folder):
    found = answer(folder, changed(staffing={"length_min": "2h", "length_max": "2h", "starts": [["18:00", "18:00"], ["20:00", "20:00"]]}))
    expect({r["from"][11:16] for r in found["roster"]} <= {"18:00", "20:00"}, found["roster"])


def too_many_ways_are_refused(folder):
    rules = [{"length": "10m", "from": "10m", "to": "4h", "every": "1m", "at_least": "4h"}, {"length": "5m", "from": "10m", "to": "4h", "every": "1m", "at_least": "4h"}]
    (folder / "shop.json").write_text(json.dumps(changed(staffing={"breaks": rules})), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "shop.json", "-q"], cwd=folder, capture_output=True, timeout=20)
    expect(done.returncode == 2 and "$.staffing: wanted at most 20000 shifts to choose from" in done.stderr.decode(), done)


def hours(shift):
    start, end = (datetime.datetime.fromisoformat(shift[end]) for end in ("from", "to"))
    return start, end, (end - start).total_seconds() / 3600


def month_is_dealt_to_people_within_their_limits(folder):
    named = {"agents": [{"name": name, "max_chats": 5, "wage_cny_per_hour": 25} for name in ("mei", "lan", "qiang")]}
    said = {"hire": [{"name": "temp", "shift_cny": 110, "hire_cny": 200}], "labour": {"days_week": 5, "rest": "12h", "days": 30},
            "people": [{"agent": "mei", "away": [{"from": "+0h", "to": "+1d"}]}, {"agent": "lan", "days_week": 2, "wishes": [{"from": "+2d", "to": "+3d"}]}]}
    shop = changed(desk=named, staffing=said)
    found, words = both(folder, shop, "zh", "--plan", "-", "--roster", "roster.csv")
    team = found["team"]
    people = {person["name"]: person["shifts"] for person in team["people"]}
    expect(team["days"] == 30 and team["filled"] and team["within_gap"] and team["open_shifts"] == 0, team)
    wanted = 30 * sum(r["agents"] for r in found["roster"])
    expect(sum(len(shifts) for shifts in people.values()) == wanted and team["payroll"] == len(people), wanted, team["payroll"])
    for name, shifts in people.items():
        days = [int((hours(s)[0] - datetime.datetime(2026, 6, 17)).days) for s in shifts]
        limit = 2 if name == "lan" else 5
        expect(all(sum(d // 7 == week for d in days) <= limit for week in range(5)), name, days)
        expect(all(hours(b)[0] - hours(a)[1] >= datetime.timedelta(hours=12) for a, b in zip(shifts, shifts[1:])), name)
    expect("2026-06-17" not in str(people["mei"]) and "2026-06-19" not in str(people["lan"]), people)  # away, and a wish that costs nothing to keep
    most = max(sum(1 for shifts in people.values() for s in shifts if s["from"][:10] == day) for day in ("2026-06-17", "2026-06-18"))
    expect(team["payroll"] > most, team["payroll"], most)  # days off take more people than a day has shifts

    lines = (folder / "roster.csv").read_text(encoding="utf-8").splitlines()
    expect(lines[0] == "person,hired,from,to,hours,groups,cost_cny,against_a_wish" and len(lines) == 1 + wanted, lines[:2], len(lines))
    costs = sum(float(line.split(",")[6]) for line in lines[1:])
    expect(abs(costs + 200 * team["hired"] - team["cost_cny"]) < 1e-6, costs, team["cost_cny"])
    expect(f"30 天共要 {team['payroll']} 人:现有的用 {team['own']} 名,另招 temp {team['hired']};" in words and "--roster 文件 看全部" in words, words)


def plan_is_by_name_and_the_same_desk(folder):
    named = {"agents": [{"name": name, "max_chats": 5, "wage_cny_per_hour": 20} for name in ("mei", "lan", "qiang")]}
    shop = changed(desk=named, staffing={"length_min": "2h", "length_max": "2h", "starts": [["18:00", "18:00"], ["20:00", "20:00"]], "hire": [{"name": "temp", "wage_cny_per_hour": 25}], "people": [{"agent": "mei", "away": [{"from": "+0h", "to": "+4h"}]}]},
                   objectives={"abandonment": "<= 0.15"})
    found = json.loads(staff(folder, shop, "--json"))
    plan = json.loads((folder / "shop.plan.json").read_text(encoding="utf-8"))
    worked = {person["name"]: person["shifts"][0] for person in found["team"]["people"]}
    shifts = {shift["name"]: shift for shift in plan["desk"]["shifts"]}
    planned = {agent["name"]: shifts[agent["shift"]] for agent in plan["desk"]["agents"] if agent["count"] == 1}
    expect(planned.keys() == worked.keys() and {"lan", "qiang"} <= planned.keys() and "mei" not in planned, planned.keys(), worked.keys())
    for name, shift in worked.items():
        begins = int(shift["from"][11:13]) - 18
        expect(planned[name]["from"] in (f"+{begins}h", f"+{3600 * begins}s", f"+{60 * begins}m"), name, planned[name], shift)
    done = subprocess.run([COMMAND, "simulate", "shop.plan.json", "--json", "-q"], cwd=folder, capture_output=True, timeout=100)
    simulated = json.loads(done.stdout)
    expect(simulated["days_met"] == found["probability_met"]["days_met"] and simulated["totals"]["abandonment"]["mean"] == row(found, "answer")["abandonment"]["mean"], simulated["days_met"])


def who_is_away_is_not_counted_on(folder):
    named = {"agents": [{"name": name, "max_chats": 5, "wage_cny_per_hour": 10} for name in ("mei", "lan", "qiang")]}
    shop = changed(desk=named, staffing={"hire": [{"name": "temp", "wage_cny_per_hour": 25}], "people": [{"agent": "mei", "away": [{"from": "+0h", "to": "+4h"}]}]})
    found = answer(folder, shop)
    own = sum(r["agents"] for r in found["roster"] if "hire" not in r)
    expect(own == 2 and found["team"]["filled"] and found["team"]["own"] == 2, found["roster"])
    expect("mei" not in [person["name"] for person in found["team"]["people"]], found["team"])


def limits_that_leave_shifts_to_nobody_are_named(folder):
    short = changed(staffing={"hire": [{"name": "temp", "count_max": 5}], "labour": {"days_week": 5, "days": 7}})
    found, said = both(folder, short, "en", "--plan", "-", code=1)
    expect(found["proven"] and not found["team"]["filled"] and found["team"]["open_shifts"] > 0, found["team"])
    ways = found["team"]["any_of_these_would_do"]
    expect(ways["days_week"] == 2 and ways["people"] >= 1 and "hours_week" not in ways, ways)
    expect(f"7 days leave {found['team']['open_shifts']} shifts to nobody. Any one of these would do: {ways['people']} more people; 2 more days a week." in said, said)
    expect("每周多上 2 天" in screen(folder, short, "zh", code=1), short)

    (folder / "shop.json").write_text(json.dumps(CALM), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "shop.json", "-q", "--roster", "r.csv"], cwd=folder, capture_output=True, timeout=20)
    expect(done.returncode == 2 and not (folder / "r.csv").exists() and 'wanted "labour" or "people" for --roster' in done.stderr.decode(), done)
    (folder / "shop.json").write_text(json.dumps(short), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "shop.json", "-q", "--plan", "-", "--roster", "nowhere/r.csv"], cwd=folder, capture_output=True, timeout=60)
    expect(done.returncode == 4 and "cannot write nowhere/r.csv" in done.stderr.decode(), done)


def main():
    if os.environ.get("FENLIU_CORE"):
        print("a core build has no staff")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if not os.environ.get("FENLIU_SANITIZED"):  # ten times slower; the others walk the same ways
            seats_have_a_price_and_a_limit(folder)
            chooses_among_those_who_can_be_had(folder)
            says_when_too_few_can_be_had(folder)
            breaks_fall_where_they_hurt_least(folder)
            starts_are_kept(folder)
            times_that_no_shift_reaches_are_named(folder)
            plan_is_by_name_and_the_same_desk(folder)
        too_many_ways_are_refused(folder)
        month_is_dealt_to_people_within_their_limits(folder)
        who_is_away_is_not_counted_on(folder)
        limits_that_leave_shifts_to_nobody_are_named(folder)


main()
