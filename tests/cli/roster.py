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


def main():
    if os.environ.get("FENLIU_CORE"):
        print("a core build has no staff")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        seats_have_a_price_and_a_limit(folder)


main()
