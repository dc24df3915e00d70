"""How fenliu staff is asked here: a calm evening to start from, and its answer as text or as JSON."""
import json
import shutil
import subprocess
import unicodedata

from _common import COMMAND, require as expect

CALM = {
    "fenliu": 1, "name": "calm", "start": "2026-06-17T18:00", "duration": "4h", "interval": "30m", "seed": "7",
    "traffic": {"rate": {"points": [["+0h", 150]]}},
    "buyers": {"intents": [{"name": "size", "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "20s"}}}],
               "think_time": {"exponential": "30s"}, "patience": {"first": {"exponential": "10m"}}},
    "desk": {"agents": [{"name": "mei", "count": 3, "max_chats": 5, "wage_cny_per_hour": 25}]},
    "objectives": {"first_response_s.p90": "<= 52"},
    "staffing": {"replications": 200, "max_agents": 60},
}


def staff(folder, scenario, *options, code=0):
    """What it prints; the plan is shop.plan.json in the folder."""
    (folder / "shop.json").write_text(json.dumps(scenario), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "shop.json", "-q", *options], cwd=folder, capture_output=True, timeout=300)
    expect(done.returncode == code, options, done.returncode, done.stdout.decode(), done.stderr.decode())
    return done.stdout.decode()


def answer(folder, scenario, *options, code=0):
    return json.loads(staff(folder, scenario, "--json", *options, code=code))


def answer_and_screen(folder, scenario, language, *options, code=0):
    """Both, of one run: what --json prints is staff.json of --out (cli/report.py holds the two to each other)."""
    text = staff(folder, scenario, "--out", "asked.run", "--lang", language, *options, code=code)
    found = json.loads((folder / "asked.run/staff.json").read_bytes())
    shutil.rmtree(folder / "asked.run")
    return found, text


def row(answered, plan):
    return next(r for r in answered["curve"] if r["plan"] == plan)


def columns(line):
    """Of a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
