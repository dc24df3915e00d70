#!/usr/bin/env python3
"""fenliu check: what it prints, where, and with which exit code."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from _common import COMMAND, SOURCE, require as expect

REFUSED = SOURCE / "tests" / "refused"
SMALLEST = {
    "fenliu": 1,
    "name": "monday",
    "start": "2026-06-17T18:00",
    "duration": "8h",
    "traffic": {"chats_per_day": 240},
    "buyers": {"intents": [{"name": "size"}]},
    "desk": {"agents": [{"name": "mei", "count": 4}]},
}


def check(*arguments, cwd=None, text=None):
    run = subprocess.run([COMMAND, "check", *arguments], cwd=cwd, input=text, capture_output=True, timeout=60)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


def refused_files():
    names = sorted(path.name for path in REFUSED.glob("*.json"))
    expect(len(names) >= 60, len(names))
    for name in names:
        code, out, err = check(name, cwd=REFUSED)
        wanted = (REFUSED / name).with_suffix(".expected").read_text(encoding="utf-8")
        expect((code, out, err) == (2, "", wanted), name, code, out, err)
    code, out, err = check(*names, cwd=REFUSED)
    expect(code == 2 and err.count("\n") >= len(names), code)


def valid_files(folder):
    path = folder / "monday.json"
    path.write_text(json.dumps(SMALLEST), encoding="utf-8")

    code, out, err = check(str(path))
    expect(code == 0 and err == "", code, err)
    for part in ("monday", "2026-06-17T18:00 to 2026-06-18T02:00 (8h)", "32 intervals of 15m", "80 expected", "240 on an ordinary day",
                 "10 chats an hour", "4 agents"):
        expect(part in out, part, out)

    code, out, err = check(str(SOURCE / "scenarios" / "scenario.schema.json"))
    expect((code, out, err) == (0, "", ""), code, out, err)

    code, out, err = check("--quiet", str(path))
    expect((code, out, err) == (0, "", ""), code, out, err)

    code, out, err = check("--json", "--set", "traffic.chats_per_day=2400", str(path), str(folder / "absent.json"))
    files = json.loads(out)["files"]
    expect(code == 2 and err == "", code, err)
    expect(files[0]["valid"] and files[0]["faults"] == [] and abs(files[0]["scenario"]["chats_expected"] - 800) < 1e-6, files[0])
    expect(not files[1]["valid"] and "No such file" in files[1]["faults"][0]["text"], files[1])

    code, out, err = check("-", text=json.dumps(SMALLEST).encode())
    expect(code == 0 and out.startswith("-: valid"), code, out)

    code, out, err = check("--set=desk.agents[mei].count=0", str(path))
    expect(code == 2 and out == "" and "$.desk.agents: wanted at least one agent, got counts that sum to 0" in err, code, err)


def notes(out):
    return [line.removeprefix("  note    ") for line in out.splitlines() if line.startswith("  note ")]


def blind(folder):
    """An objective that a desk meets by turning buyers away is said to be blind."""
    path = folder / "blind.json"

    def noted(objectives, **routing):
        path.write_text(json.dumps(dict(SMALLEST, objectives=objectives, routing=routing)), encoding="utf-8")
        code, out, err = check(str(path))
        expect(code == 0 and err == "", code, out, err)
        return notes(out)

    left, refused = {"abandonment": "<= 0.05"}, {"no_service_rate": "<= 0.05"}
    full, ended = {"queue": {"max_length": 3}}, {"overflow": "close_oldest"}
    expect(noted(left, **full) == ["abandonment has nobody whom a full queue refuses: hold no_service_rate too"], "a queue that refuses")
    expect(noted(left, **ended) == ["abandonment has nobody whom close_oldest ends unanswered: hold no_service_rate too"], "close_oldest")
    for objectives, routing in ((left, {}), (refused, full), ({**left, **refused}, full), ({}, full)):
        expect(noted(objectives, **routing) == [], objectives, routing)


def duty(folder):
    """Hours of the opening in which shifts, breaks and meetings leave nobody, group by group."""
    path = folder / "duty.json"

    def noted(start="2026-06-17T00:00", duration="24h", **desk):
        path.write_text(json.dumps(dict(SMALLEST, start=start, duration=duration, desk=desk)), encoding="utf-8")
        code, out, err = check(str(path))
        expect(code == 0 and err == "", code, out, err)
        told = json.loads(check("--json", str(path))[1])["files"][0]["scenario"]["notes"]
        expect(told == notes(out), told, out)
        return told

    day = {"name": "day", "from": "09:00", "to": "24:00", "breaks": [["12:00", "30m"]]}
    late = {"name": "late", "from": "12:30", "to": "17:00"}
    mei, li = {"name": "mei", "count": 2, "shift": "day"}, {"name": "li", "shift": "late"}
    nine = ["09:00", "24:00"]

    expect(noted(agents=[{"name": "mei"}]) == [], "who has no shift is always there")
    expect(noted(agents=[mei], shifts=[day]) == ["nobody on duty 00:00-09:00", "nobody on duty 12:00-12:30"], "no opening hours: all day")
    expect(noted(agents=[mei], shifts=[day], open=nine) == ["nobody on duty 12:00-12:30"], "a break of everybody")
    expect(noted(agents=[mei, {"name": "li"}], shifts=[day], open=nine) == [], "somebody stays")
    expect(noted(agents=[mei, {"name": "li", "count": 0}], shifts=[day], open=nine) == ["nobody on duty 12:00-12:30"], "nobody is nobody")
    expect(noted(agents=[{"name": "a", "shift": "am"}, {"name": "b", "shift": "pm"}], open=["08:00", "22:00"],
                 shifts=[{"name": "am", "from": "08:00", "to": "15:00"}, {"name": "pm", "from": "15:00", "to": "22:00"}]) == [],
           "a hand-over is no gap")
    expect(noted(agents=[mei, li], shifts=[day, late], open=nine) == ["nobody on duty 12:00-12:30"], "who comes after the break")
    expect(noted(agents=[{"name": "mei"}], meetings=[{"at": "+10h", "length": "15m"}, {"at": "+10h10m", "length": "30m"}])
           == ["nobody on duty 10:00-10:40"], "meetings overlap")
    expect(noted(agents=[{"name": "mei", "shift": "late"}], shifts=[late], open=["12:30", "17:30"]) == ["nobody on duty 17:00-17:30"],
           "the shop outlasts the shift")
    expect(noted(agents=[{"name": "mei", "shift": "n"}], shifts=[{"name": "n", "from": "20:00", "to": "04:00", "breaks": [["01:00", "30m"]]}],
                 open=["20:00", "05:00"]) == ["nobody on duty 01:00-01:30", "nobody on duty 04:00-05:00"], "a night shift, begun the day before")
    expect(noted(agents=[{"name": "mei", "shift": "n"}], shifts=[{"name": "n", "from": "2026-06-17T00:00", "to": "2026-06-17T22:00"}])
           == ["nobody on duty 22:00-24:00"], "a shift of one day")
    groups = [{"name": "pre_sale"}, {"name": "after_sale"}]
    expect(noted(groups=groups, agents=[dict(mei, groups=["pre_sale"]), {"name": "li", "groups": ["after_sale"]}], shifts=[day], open=nine)
           == ["nobody on duty 12:00-12:30 in pre_sale"], "the other group has somebody")
    expect(noted(groups=groups, agents=[{"name": "li", "groups": ["after_sale"]}],
                 meetings=[{"at": "+8h", "length": "1h", "groups": ["after_sale"]}])
           == ["nobody on duty 00:00-24:00 in pre_sale", "nobody on duty 08:00-09:00 in after_sale"], "a group of nobody")
    week = noted(agents=[mei], shifts=[day], duration="7d")
    expect(week == ["nobody on duty 2026-06-17T00:00-09:00", "nobody on duty 2026-06-17T12:00-12:30", "nobody on duty 2026-06-18T00:00-09:00",
                    "nobody on duty 2026-06-18T12:00-12:30", "nobody on duty 2026-06-19T00:00-09:00", "and 9 more"], week)
    over = noted(agents=[{"name": "li", "shift": "late"}], shifts=[late], duration="2d")
    expect(over[1] == "nobody on duty 2026-06-17T17:00 to 2026-06-18T12:30", over)
    code, out, err = check("-q", str(path))
    expect((code, out, err) == (0, "", ""), code, out, err)


def wrong_usage():
    for arguments in ([], ["--nonsense", "x.json"], ["--set", "x.json"], ["--set"]):
        code, out, err = check(*arguments)
        expect(code == 2 and out == "" and "--help" in err, arguments, code, out, err)
    code, out, err = check("--help")
    expect(code == 0 and err == "" and "usage: fenliu check" in out and len(out.splitlines()) <= 24, out)


def full_disk():
    if not os.path.exists("/dev/full"):
        return
    with open("/dev/full", "wb") as full:
        run = subprocess.run([COMMAND, "check", "--json", "-"], input=json.dumps(SMALLEST).encode(), stdout=full,
                             stderr=subprocess.PIPE, timeout=60)
    expect(run.returncode == 4, run.returncode)


if not COMMAND or not os.path.exists(COMMAND):
    print("no fenliu command: FENLIU names none")
    sys.exit(77)
refused_files()
with tempfile.TemporaryDirectory() as name:
    valid_files(pathlib.Path(name))
    duty(pathlib.Path(name))
    blind(pathlib.Path(name))
wrong_usage()
full_disk()
