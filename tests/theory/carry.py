#!/usr/bin/env python3
"""Carries kept cases over a change that moves golden outputs and no case: runs every case for a moment with the program of before and that of now,
and where all figures are the same numbers, says so in the file of kept cases (kept.py)."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kept

HERE = Path(__file__).resolve().parent
SAME = ("state", "figures", "skipped")


def run(program, seconds, seed, jobs, keep):
    subprocess.run([sys.executable, HERE / "run.py", "--all", "--seconds", seconds, "--seed", seed, "--jobs", jobs, "--program", program, "--keep", keep],
                   stdout=subprocess.DEVNULL, check=False) # a moment is too short for some to pass
    lines = [json.loads(line) for line in keep.read_text(encoding="utf-8").splitlines()]
    return {line["case"]: {key: line[key] for key in SAME} for line in lines if "case" in line}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", help="the program of before")
    parser.add_argument("now", help="that of this tree")
    parser.add_argument("--golden", type=Path, required=True, help="tests/golden/hashes.json as it was then")
    parser.add_argument("--keep", type=Path, required=True, help="the file of kept cases")
    parser.add_argument("--budget", default="60", help="the --seconds of what is kept (default 60)")
    parser.add_argument("--seconds", default="0.3", help="CPU seconds a case now (default 0.3)")
    parser.add_argument("--seed", default="618")
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        before, now = (run(program, arguments.seconds, arguments.seed, arguments.jobs, Path(folder) / name)
                       for program, name in ((arguments.before, "before"), (arguments.now, "now")))
    differ = sorted(case for case in before.keys() | now.keys() if before.get(case) != now.get(case))
    for case in differ:
        print(f"differs  {case}")
    if differ or not now:
        print(f"{len(differ)} of {len(now)} cases differ: nothing is carried over")
        return 1
    figures = sum(len(case["figures"]) for case in now.values())
    shown = f"{len(now)} cases of {arguments.seconds} s, seed {arguments.seed}: {figures} figures, each the same number"
    file = kept.Kept(arguments.keep, float(arguments.budget), int(arguments.seed), HERE / "truth")
    file.open()
    file.carry(kept.golden_outputs(arguments.golden), shown)
    print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
