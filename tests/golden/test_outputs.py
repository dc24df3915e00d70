#!/usr/bin/env python3
"""The same scenario and seed give the same bytes: for 1, 2 and 8 threads, and for every build that runs this test (gcc and
clang, debug and release, with and without sanitizers), because all are held to the one list in hashes.json.

usage: test_outputs.py           compares; the command is $FENLIU
       test_outputs.py --write   writes the list anew, from a release build; the commit says which behaviour moved and why
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
HASHES = ROOT / "tests" / "golden" / "hashes.json"
SEED, DAYS = "618", "4"
STAFFED = {"618-opening.json"}      # the staffing search takes many seconds: once; cli/staff.py asks with several job counts
LARGE = {"double11-million.json"}   # a day takes many
TIMED = {"manifest.json"}  # how long it took and on which command line

program = os.path.abspath(os.environ.get("FENLIU") or str(ROOT / "build" / "release" / "fenliu"))
light = bool(os.environ.get("FENLIU_SANITIZED"))  # ten times slower: leaves out the staffing search
core = bool(os.environ.get("FENLIU_CORE"))
# One thread races with nobody; its bytes are those of the list in every other build.
JOBS = ("8",) if os.environ.get("FENLIU_SANITIZED") == "thread" else ("1", "8") if light else ("1", "2", "8")


def run(place, *arguments):
    """What a command, started in the folder `place`, writes to stdout. A missed objective (1) is an answer too."""
    done = subprocess.run([program, *arguments], capture_output=True, cwd=place, timeout=240)
    if done.returncode not in (0, 1):
        sys.exit(f"exit {done.returncode}: {program} {' '.join(arguments)}\n{done.stderr.decode(errors='replace')[-4000:]}")
    return done.stdout


def digest(data):
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def without_intervals(summary):
    """A summary as it is written, but for its confidence intervals: what was simulated, however sure we are of it."""
    def kept(members):
        return {name: value for name, value in members if not name.endswith("ci95")}
    return json.dumps(json.loads(summary, object_pairs_hook=kept, parse_int=str, parse_float=str), separators=(",", ":")).encode()


def outputs(scenario, jobs):
    """Name of each output and its digest. The scenario is copied to where nothing else is, so that nobody's path shows."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        name = pathlib.Path(scenario).name
        shutil.copy(ROOT / scenario, place)
        common = (name, "--seed", SEED, "--jobs", jobs, "--quiet")
        if name in STAFFED and jobs == JOBS[0] and not core and not light:
            found["staff --json"] = digest(run(place, "staff", *common, "--json"))
            for path in sorted(pathlib.Path(place).glob("*.plan.json")):
                found["staff: plan"] = digest(path.read_bytes())
        summary = run(place, "simulate", *common, "--replications", DAYS, "--json", "--out", "golden.run")
        found["simulate --json"] = digest(summary)
        found["simulate --json without intervals"] = digest(without_intervals(summary))
        for path in sorted((pathlib.Path(place) / "golden.run").iterdir()):
            if path.name not in TIMED:
                found[f"simulate --out: {path.name}"] = digest(path.read_bytes())
        found["log"] = digest(run(place, "log", name, "--seed", SEED, "--jobs", jobs, "--quiet"))
    return found


def main():
    if not os.access(program, os.X_OK):
        sys.exit(f"no command {program}: build it, or name it in FENLIU")
    scenarios = sorted(p.relative_to(ROOT).as_posix() for folder in ("scenarios", "tests/golden")
                       for p in (ROOT / folder).glob("*.json") if p.name not in {"hashes.json", "scenario.schema.json", *LARGE})
    if not scenarios:
        print("no scenario to run")
        return 77
    faults, all_found = [], {}
    # Side by side, as what runs in one thread leaves cores idle; the longest begin first.
    runs = sorted(((scenario, jobs) for scenario in scenarios for jobs in JOBS), key=lambda run: pathlib.Path(run[0]).name not in STAFFED)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(runs, pool.map(lambda one: outputs(*one), runs)))
    for scenario in scenarios:
        all_found[scenario] = found[scenario, JOBS[0]]
        for jobs in JOBS[1:]:
            # All that either has written; the staffing search is asked once alone.
            names = {name for of in (JOBS[0], jobs) for name in found[scenario, of] if not name.startswith("staff")}
            for name in sorted(names):
                if found[scenario, jobs].get(name) != all_found[scenario].get(name):
                    faults.append(f"{scenario}: {name} depends on the number of threads ({JOBS[0]} or {jobs})")
    if "--write" in sys.argv[1:]:
        if not faults:
            HASHES.write_text(json.dumps(all_found, indent=1) + "\n")
        print("\n".join(faults) or f"{HASHES.relative_to(ROOT)} written")
        return 1 if faults else 0

    known = json.loads(HASHES.read_text())
    checked = 0
    for scenario in sorted({*all_found, *known}):
        got, want = all_found.get(scenario, {}), known.get(scenario, {})
        for name in sorted({*got, *want}):
            if name not in got and name.startswith("staff") and (core or light):
                continue
            checked += 1
            if got.get(name) != want.get(name):
                faults.append(f"{scenario}: {name}: wanted {want.get(name, 'no such output')}, got {got.get(name, 'none')}")
    for fault in faults:
        print(fault)
    if faults:
        print("Does it differ in every build? Then a behaviour moved: tests/golden/test_outputs.py --write, and say which.")
    print(f"{checked} outputs of {len(scenarios)} scenarios, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
