#!/usr/bin/env python3
"""The .hlog files of a run are HdrHistogram logs: decoded here from the format's description, they hold as many values as
summary.json says, and their percentiles lie within a bucket of its figures. The command is $FENLIU."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from _hlog import decode

ROOT = pathlib.Path(os.environ.get("FENLIU_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
PROGRAM = os.environ.get("FENLIU") or str(ROOT / "build" / "release" / "fenliu")
SCENARIO = ROOT / "scenarios" / "618-opening.json"
passed = failed = 0


def check(good, what):
    global passed, failed
    passed, failed = passed + good, failed + (not good)
    if not good:
        print("FAILED:", what)


with tempfile.TemporaryDirectory() as folder:
    out = pathlib.Path(folder) / "run"
    done = subprocess.run([PROGRAM, "simulate", str(SCENARIO), "-q", "-n", "10", "-o", str(out)], stdout=subprocess.DEVNULL, timeout=120)
    check(done.returncode in (0, 1), "simulate runs")
    totals = json.loads((out / "summary.json").read_text())["totals"]
    for measure in ("first_response_s", "response_s", "reply_latency_s", "wait_for_agent_s", "chat_duration_s"):
        lines = [l for l in (out / f"{measure}.hlog").read_text().splitlines() if l and l[0] in "0123456789"]
        check(len(lines) == 1, f"{measure}: one line")
        start, span, most, text = lines[0].split(",")
        check((float(start), float(span)) == (0, 10 * 8 * 3600), f"{measure}: ten days of eight hours, one after the other: {start}, {span}")
        counts = decode(text)
        check(sum(n for _, n in counts) == totals[measure]["n"], f"{measure}: count")
        check(abs(float(most) / 1e3 - totals[measure]["max"]) < 1e-5, f"{measure}: max")
        for name in ("p50", "p90", "p99"):
            wanted, below = float(name[1:]) / 100 * totals[measure]["n"], 0
            for value, n in counts:
                below += n
                if below >= wanted:
                    break
            figure = totals[measure][name]
            check(figure <= value / 1e9 + 1e-6 and value / 1e9 <= figure * 1.009 + 3e-6, f"{measure}.{name}: {figure} and {value / 1e9}")

print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
