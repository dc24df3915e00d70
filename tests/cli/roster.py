#!/usr/bin/env python3
"""What an owner says about his people, seats and shifts, fenliu staff keeps to, in the roster and in what it prints."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

COMMAND = os.environ.get("FENLIU")
CALM = {
    "fenliu": 1, "name": "calm", "start": "2026-06-17T18:00", "duration": "4h", "interval": "30m", "seed": "7",
    "traffic": {"rate": {"points": [["+0h", 150]]}},
    "buyers": {"intents": [{"name": "size", "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "20s"}}}],
               "think_time": {"exponential": "30s"}, "patience": {"first": {"exponential": "10m"}}},
    "desk": {"agents": [{"name": "mei", "count": 3, "max_chats": 5, "wage_cny_per_hour": 25}]},
    "objectives": {"first_response_s.p90": "<= 52"},
    "staffing": {"replications": 200, "max_agents": 60},
}


def expect(condition, *seen):
    if not condition:
        print("failed:", *seen)
        sys.exit(1)


def staff(folder, scenario, *options, code=0):
    (folder / "shop.json").write_text(json.dumps(scenario), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "shop.json", "-q", *options], cwd=folder, capture_output=True, timeout=200)
    expect(done.returncode == code, options, done.returncode, done.stdout.decode(), done.stderr.decode())
    return done.stdout.decode()


def answer(folder, scenario, *options, code=0):
    return json.loads(staff(folder, scenario, "--json", "--plan", "-", *options, code=code))


def screen(folder, scenario, language, code=0):
    return re.sub(r"\s+", " ", staff(folder, scenario, "--plan", "-", "--lang", language, code=code))


def changed(desk=None, staffing=None, **parts):
    made = {**json.loads(json.dumps(CALM)), **parts}
    made["desk"].update(desk or {})
    made["staffing"].update(staffing or {})
    return made


def seats_have_a_price_and_a_limit(folder):
    priced = changed(desk={"seats": 3}, money={"seat_cny": 30})
    found = answer(folder, priced)
    more = found["headcount"]["on_duty_at_once"] - 3
    expect(more > 0 and found["seats"] == {"held": 3, "more": more, "more_cny_a_month": 30 * more, "it_takes": None}, found["seats"])
    expect(f"子账号现有 3 个,再加 {more} 个,每月多 ¥{30 * more}。" in screen(folder, priced, "zh"), more)

    few = changed(desk={"seats": 3}, staffing={"more_seats": 1})
    short = answer(folder, few, code=1)
    expect(short["headcount"]["on_duty_at_once"] <= 4 and short["seats"]["it_takes"] == 3 + more, short["headcount"], short["seats"])
    expect(f"卡在子账号:能有 4 个,有 {3 + more} 个就能达标" in screen(folder, few, "zh", code=1), more)
    said = screen(folder, few, "en", code=1)
    expect(f"sub-accounts are in the way: there may be 4, with {3 + more} the objectives hold" in said and "Beyond that" not in said, said)


def plan_wages(folder):
    done = subprocess.run([COMMAND, "simulate", "shop.plan.json", "--json", "-q"], cwd=folder, capture_output=True, timeout=100)
    return json.loads(done.stdout)["totals"]["wages_cny"]["mean"]


def chooses_among_those_who_can_be_had(folder):
    hire = [{"name": "temp", "shift_cny": 60, "outsourced": True, "count_max": 2}, {"name": "dear", "wage_cny_per_hour": 40},
            {"name": "trainee", "speed": 0.43, "wage_cny_per_hour": 24, "length_max": "2h", "length_min": "1h"}]
    found = json.loads(staff(folder, changed(staffing={"hire": hire}), "--json"))
    people = {h["name"]: h["people"] for h in found["hire"]}
    own = sum(r["agents"] for r in found["roster"] if "hire" not in r)
    expect(people["temp"] == 2 and people["trainee"] == 0 and own <= 3, people)  # the cheapest are all taken, those who are no bargain none
    expect(own + sum(people.values()) == found["headcount"]["payroll"] and found["headcount"]["new_hires"] == sum(people.values()), people, own)
    prices = {"temp": 60, "dear": 160, None: 100}
    planned = sum(r["agents"] * prices[r.get("hire")] for r in found["roster"])
    expect(abs(found["cost_cny"] - planned) < 5, found["cost_cny"], planned)
    expect(plan_wages(folder) == found["cost_cny"], "the plan pays what the roster says")
    said = screen(folder, changed(staffing={"hire": hire}), "zh")
    expect(f"现有的用 {own} 名,另招 temp 2、dear {people['dear']}。" in said, said)

    first = answer(folder, changed(staffing={"hire": [{"name": "cheap", "wage_cny_per_hour": 5}], "existing": "first"}))
    price = answer(folder, changed(staffing={"hire": [{"name": "cheap", "wage_cny_per_hour": 5}]}))
    expect(sum(r["agents"] for r in first["roster"] if "hire" not in r) == 3, first["roster"])
    expect(sum(r["agents"] for r in price["roster"] if "hire" not in r) == 0, price["roster"])
    expect(first["cost_cny"] > price["cost_cny"], first["cost_cny"], price["cost_cny"])


def says_when_too_few_can_be_had(folder):
    few = changed(staffing={"hire": [{"name": "temp", "count_max": 1}]})
    found = answer(folder, few, code=1)
    expect(found["headcount"]["on_duty_at_once"] <= 4 and found["on_duty_it_takes"] > 4, found["headcount"])
    said = screen(folder, few, "zh", code=1)
    expect("加到 4 人,没有哪种人数能达标" in said and f"卡在人手:能招的不够,同时在岗 {found['on_duty_it_takes']} 人就能达标" in said, said)
    expect("people are in the way" in screen(folder, few, "en", code=1), few)


def breaks_fall_where_they_hurt_least(folder):
    rule = {"length": "30m", "from": "1h", "to": "2h30m", "at_least": "3h", "paid": False}
    rested = changed(staffing={"length_min": "2h", "breaks": [rule]})
    found = json.loads(staff(folder, rested, "--json"))
    rests = set()
    for shift in found["roster"]:
        hours = (int(shift["to"][11:13]) or 24) - int(shift["from"][11:13])
        expect(len(shift["breaks"]) == (hours >= 3), shift)
        rests.update(b["from"] for b in shift["breaks"])
    expect(len(rests) > 1, found["roster"])  # not all at once
    expect(plan_wages(folder) == found["cost_cny"], found["cost_cny"])
    paid = sum(r["agents"] * 25 * ((int(r["to"][11:13]) or 24) - int(r["from"][11:13]) - 0.5 * len(r["breaks"])) for r in found["roster"])
    expect(abs(found["cost_cny"] - paid) < 0.02 * paid, found["cost_cny"], paid)  # who finishes a reply leaves a little later
    expect(re.search(r"18:00–2\d:00 休19:\d\d", screen(folder, rested, "zh")), "breaks are shown")


def starts_are_kept(folder):
    found = answer(folder, changed(staffing={"length_min": "2h", "starts": [["18:00", "18:00"], ["20:00", "20:00"]]}))
    expect({r["from"][11:16] for r in found["roster"]} <= {"18:00", "20:00"}, found["roster"])


def too_many_ways_are_refused(folder):
    rules = [{"length": "10m", "from": "10m", "to": "4h", "every": "1m", "at_least": "4h"}, {"length": "5m", "from": "10m", "to": "4h", "every": "1m", "at_least": "4h"}]
    (folder / "shop.json").write_text(json.dumps(changed(staffing={"breaks": rules})), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "shop.json", "-q"], cwd=folder, capture_output=True, timeout=20)
    expect(done.returncode == 2 and "$.staffing: wanted at most 20000 shifts to choose from" in done.stderr.decode(), done)


def main():
    if os.environ.get("FENLIU_CORE"):
        print("a core build has no staff")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        seats_have_a_price_and_a_limit(folder)
        chooses_among_those_who_can_be_had(folder)
        says_when_too_few_can_be_had(folder)
        breaks_fall_where_they_hurt_least(folder)
        starts_are_kept(folder)
        too_many_ways_are_refused(folder)


main()
