#!/usr/bin/env python3
"""fenliu erlang: its formulas against the simulated desk, the fewest people, and what it refuses."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from _common import COMMAND, require as expect

EXAMPLE = ["--chats-per-hour", "300", "--reply", "25s", "--rounds", "6", "--think", "40s", "--concurrency", "5"]
# chats an hour, people, chats each, reply, rounds, thinking, patience: idle and drowned desks, one person and eighty
DESKS = [(300, 12, 5, 25, 6, 40, 120), (300, 20, 5, 25, 6, 40, 120), (60, 4, 3, 20, 4, 30, 90), (1500, 50, 8, 20, 6, 40, 60),
         (100, 6, 10, 30, 6, 60, 120), (40, 2, 4, 20, 5, 60, 300), (900, 40, 3, 25, 5, 60, 90), (2000, 80, 10, 30, 8, 60, 60),
         (20, 2, 2, 40, 3, 20, 60), (600, 10, 20, 10, 4, 120, 60), (200, 8, 4, 30, 5, 10, 60), (50, 3, 6, 15, 10, 45, 600),
         (30, 1, 5, 25, 4, 60, 120), (400, 30, 2, 40, 6, 20, 120), (120, 5, 8, 20, 5, 90, 30)]
# What chat_reply.h says of itself, and half a per cent of times for the simulation's own error.
SHARE_OFF, TIME_OFF = 0.01, 0.075


def erlang(*arguments, code=0):
    done = subprocess.run([COMMAND, "erlang", *arguments], capture_output=True, timeout=60)
    expect(done.returncode == code, arguments, done.returncode, done.stderr.decode())
    return done


def rows(*arguments, code=0):
    return json.loads(erlang("--json", *arguments, code=code).stdout)["rows"]


def simulated(place, desk):
    per_hour, people, slots, reply, rounds, think, patience = desk
    path = place / "steady.json"
    path.write_text(json.dumps({
        "fenliu": 1, "name": "steady", "duration": "402h", "warmup": "2h", "interval": "8h", "replications": 5,
        "traffic": {"rate": {"points": [["+0h", per_hour]]}},
        "buyers": {"intents": [{"name": "a", "rounds": {"geometric": rounds}, "reply": {"total": {"exponential": f"{reply}s"}}}],
                   "think_time": {"exponential": f"{think}s"},
                   "patience": {"first": {"exponential": f"{patience}s"}, "applies": "until_assigned"}},
        "desk": {"agents": [{"name": "s", "count": people, "max_chats": slots}], "close": {"when_done": "0s"}},
        "routing": {"policy": "least_active"}}), encoding="utf-8")
    done = subprocess.run([COMMAND, "simulate", "--json", "-q", str(path)], capture_output=True, timeout=120)
    expect(done.returncode == 0, done.stderr.decode())
    totals = json.loads(done.stdout)["totals"]
    first = totals["first_response_s"]
    return {"waited": totals["waited"]["mean"], "abandonment": totals["abandonment"]["mean"], "occupancy": totals["occupancy"]["mean"],
            **{which: first[which] for which in ("mean", "p50", "p90", "p95")}}


def arguments_of(desk):
    per_hour, people, slots, reply, rounds, think, patience = desk
    return ["--chats-per-hour", str(per_hour), "--reply", f"{reply}s", "--rounds", str(rounds), "--think", f"{think}s", "--concurrency", str(slots),
            "--patience", f"{patience}s", "--people", str(people)]


def formulas_are_the_desk():
    worst = {"share": 0, "time": 0}
    with tempfile.TemporaryDirectory() as folder:
        for desk in DESKS:
            row, seen = rows(*arguments_of(desk))[0], simulated(pathlib.Path(folder), desk)
            for name in ("waited", "abandonment", "occupancy"):
                off = abs(row[name] - seen[name])
                expect(off <= SHARE_OFF, desk, name, row[name], seen[name])
                worst["share"] = max(worst["share"], off)
            for name in ("mean", "p50", "p90", "p95"):
                off = abs(row["first_response_s"][name] / seen[name] - 1)
                expect(off <= TIME_OFF, desk, name, row["first_response_s"][name], seen[name])
                worst["time"] = max(worst["time"], off)
    print(f"{len(DESKS)} desks: shares within {worst['share']:.4f}, times within {worst['time']:.3f}")


def holds(row, target):
    name, bound = target.split("<=")
    value = row["first_response_s"][name.split(".")[1]] if "." in name else row[name]
    return value <= float(bound) * (1 + 1e-9)


def the_fewest_hold_and_one_fewer_does_not():
    for target in ("first_response_s.p90<=60", "first_response_s.mean<=40", "waited<=0.1", "abandonment<=0.02"):
        seen = {row["formula"]: row for row in rows(*EXAMPLE, "--patience", "2m", "--target", target)}
        expect(holds(seen["chat_desk"], target) and seen["chat_desk"]["holds"], target, seen["chat_desk"])
        expect(not holds(seen["one_fewer"], target) and not seen["one_fewer"]["holds"], target, seen["one_fewer"])
        expect(seen["chat_desk"]["people"] == seen["one_fewer"]["people"] + 1, seen)
    both = rows(*EXAMPLE, "--target", "waited<=10%", "--target", "first_response_s.p90<=1m10s")
    expect(max(rows(*EXAMPLE, "--target", one)[1]["people"] for one in ("waited<=0.1", "first_response_s.p90<=70")) == both[1]["people"], both)


def the_classics_stand_beside_it():
    """Erlang C of 300 calls of 350 s in an hour, 80 % within 20 s: 35 by any table."""
    seen = {row["formula"]: row for row in rows(*EXAMPLE, "--target", "first_response_s.p80<=20", code=1)}
    expect("chat_desk" not in seen, "nobody composes a reply of 25 s in 20 s, eight times in ten", seen)
    expect(seen["erlang_c"]["people"] == 35, seen["erlang_c"])
    expect(not seen["erlang_c_divided"]["settles"], seen["erlang_c_divided"])
    alone = rows("--chats-per-hour", "100", "--reply", "30s", "--rounds", "1", "--think", "1s", "--concurrency", "1", "--target", "waited<=0.2")
    people = {row["formula"]: row["people"] for row in alone}
    expect(people["chat_desk"] == people["erlang_c"], "one chat of one reply is a call", people)


def it_speaks_both_languages():
    english, chinese = (erlang(*EXAMPLE, "--lang", language).stdout.decode() for language in ("en", "zh"))
    expect("chat desk" in english and "first message" in english, english)
    expect("会话模型" in chinese and "达标" in chinese, chinese)
    help_text = erlang("--help").stdout.decode()
    example = next(line for line in help_text.splitlines() if line.startswith("example: "))
    expect(all(word in example for word in EXAMPLE), example)


def it_refuses_what_is_wrong():
    for arguments, words in (
        (["--chats-per-hour", "300"], "--reply is needed"),
        ([*EXAMPLE, "--chats-per-hour", "-1"], "--chats-per-hour: wanted a number above 0"),
        ([*EXAMPLE, "--chats-per-hour", "nan"], "--chats-per-hour: wanted a number above 0"),
        ([*EXAMPLE, "--chats-per-hour", "1e9"], "--chats-per-hour: wanted a number above 0"),
        ([*EXAMPLE, "--reply", "25"], "--reply: wanted a duration"),
        ([*EXAMPLE, "--reply", "0s"], "--reply: wanted a duration"),
        ([*EXAMPLE, "--rounds", "0.5"], "--rounds: wanted a number from 1 to 1000"),
        ([*EXAMPLE, "--concurrency", "257"], "--concurrency: wanted a whole number from 1 to 256"),
        ([*EXAMPLE, "--concurrency", "2.5"], "--concurrency: wanted a whole number"),
        ([*EXAMPLE, "--people", "0"], "--people: wanted a whole number from 1"),
        ([*EXAMPLE, "--target", "p90<=60"], "--target: wanted waited<=SHARE"),
        ([*EXAMPLE, "--target", "waited<=0"], "--target: wanted"),
        ([*EXAMPLE, "--target", "waited>=0.2"], "--target: wanted"),
        ([*EXAMPLE, "--target", "first_response_s.p100<=60"], "--target: wanted"),
        ([*EXAMPLE, "--target", "first_response_s.p90<="], "--target: wanted"),
        ([*EXAMPLE, *["--target", "waited<=0.2"] * 17], "at most 16"),
        ([*EXAMPLE, "scenario.json"], "no file is read"),
        ([*EXAMPLE, "--frobnicate"], "unknown option --frobnicate"),
    ):
        done = erlang(*arguments, code=2)
        expect(words in done.stderr.decode() and done.stdout == b"", arguments, done.stderr.decode())


if os.environ.get("FENLIU_CORE"):
    print("the core build has no staffing")
    sys.exit(77)
the_fewest_hold_and_one_fewer_does_not()
the_classics_stand_beside_it()
it_speaks_both_languages()
it_refuses_what_is_wrong()
formulas_are_the_desk()
