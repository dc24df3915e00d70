#!/usr/bin/env python3
"""A scenario of several dates is shown date by date: on 80 columns in both languages, and in JSON with intervals that hold the figures."""
import datetime
import json
import os
import subprocess
import unicodedata

from _common import COMMAND, require as expect

SCENARIO = os.path.join(os.environ["FENLIU_SOURCE"], "scenarios", "promotion-month.json")
DATES = [(datetime.date(2026, 5, 25) + datetime.timedelta(days=i)) for i in range(30)]


def simulate(*arguments):
    done = subprocess.run([COMMAND, "simulate", SCENARIO, "-q", "-n", "3", *arguments], capture_output=True, timeout=60, check=False)
    expect(done.returncode in (0, 1) and done.stderr == b"", done.returncode, done.stderr.decode())
    return done.stdout.decode()


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


for language, weekdays in (("en", "Mon Tue Wed Thu Fri Sat Sun"), ("zh", "周一 周二 周三 周四 周五 周六 周日")):
    lines = simulate("--lang", language).splitlines()
    rows = [line for line in lines if line[:5] == "2026-"]
    expect([row[:10] for row in rows] == [date.isoformat() for date in DATES], language, rows)
    expect([row.split()[1] for row in rows] == [weekdays.split()[date.weekday()] for date in DATES], language, rows)
    table = lines[lines.index(rows[0]) - 1:lines.index(rows[0]) + 30]
    expect(max(map(width, table)) <= 80, language, table)
    expect(len({width(line) for line in table}) == 1, language, "columns end alike", table)

summary = json.loads(simulate("--json"))
expect([date["from"] for date in summary["dates"]] == [f"{date}T00:00" for date in DATES], summary["dates"][0]["from"])
expect([date["weekday"] for date in summary["dates"]] == [date.isoweekday() for date in DATES], "weekdays")
for name in ("chats_offered", "replies", "sales_cny", "wages_cny"):
    whole = sum(date["totals"][name]["mean"] for date in summary["dates"])
    expect(abs(whole - summary["totals"][name]["mean"]) < 1e-6 * whole, name, whole, summary["totals"][name])
for date in summary["dates"]:
    for name in ("chats_offered", "abandonment", "wages_cny"):
        figure = date["totals"][name]
        expect(figure["ci95"][0] <= figure["mean"] <= figure["ci95"][1], date["from"], name, figure)
    expect(date["totals"]["chats_offered"]["ci95"][0] < date["totals"]["chats_offered"]["ci95"][1] and 0 <= date["days_met"] <= 3, date["from"])
expect("dates" not in json.loads(simulate("--json", "--set", "duration=24h")), "of a day there is but one")
