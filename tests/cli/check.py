#!/usr/bin/env python3
"""fenliu check: what it prints, where, and with which exit code."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

COMMAND = os.environ.get("FENLIU")
SOURCE = pathlib.Path(os.environ.get("FENLIU_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
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


def expect(condition, *seen):
    if not condition:
        print("failed:", *seen)
        sys.exit(1)


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
    expect(code == 2 and ":0:0: $.desk.agents[0].count" in err or "sum to 0" in err, err)


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
wrong_usage()
full_disk()
