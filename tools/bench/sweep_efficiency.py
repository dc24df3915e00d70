#!/usr/bin/env python3
"""How well `fenliu sweep` uses two cores, and whether killing it changes its store: 200 points x 200 days of 2 500 chats.

Efficiency is the processor time of one job over the wall time of two. On a machine that others use too, wall time says what they do; so every
thread is watched as well (/proc/PID/task/*/schedstat): how long it ran, how long it was ready and had no core, and how long it had nothing
to do. Without the others a thread would have run or had nothing to do: the longest of these is the wall time of two free cores.

usage: tools/bench/sweep_efficiency.py [--short] [--kills N] [--runs N]
       --short    40 points x 50 days
       --kills N  and that often kill -9 at random times; the store must be the same (default 0)
FENLIU names the command (default build/release/fenliu). exit: 0 at least 1.8 by the wall, the median run, and the same store, 1 not"""
import argparse
import glob
import hashlib
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENLIU = os.environ.get("FENLIU", str(ROOT / "build/release/fenliu"))
parser = argparse.ArgumentParser()
parser.add_argument("--short", action="store_true")
parser.add_argument("--kills", type=int, default=0)
parser.add_argument("--runs", type=int, default=3)
options = parser.parse_args()

counts = "3:6:1" if options.short else "3:12:1"
others = "10:14:2" if options.short else "10:14:1"
policies = "round_robin,least_active,random" if options.short else "round_robin,least_active,random,weighted_least_active"
SWEEP = [FENLIU, "sweep", "scenarios/promo-2500.json", "--vary", f"desk.agents[0].count={counts}", "--vary", f"desk.agents[1].count={others}",
         "--vary", f"routing.policy={policies}", "-n", "50" if options.short else "200", "-q"]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def watch(process):
    """What every thread has spent, in seconds: running, ready; and when it was seen first and last."""
    seen = {}
    while process.poll() is None:
        now = time.monotonic()
        for path in glob.glob(f"/proc/{process.pid}/task/*/schedstat"):
            try:
                with open(path, encoding="ascii") as file:
                    ran, ready, _ = map(int, file.read().split())
            except (OSError, ValueError):
                continue
            first = seen.get(path, (0, 0, now, now))[2]
            seen[path] = (ran / 1e9, ready / 1e9, first, now)
        time.sleep(0.01)
    return list(seen.values())


def sweep(store, jobs):
    if os.path.exists(store):
        os.remove(store)
    before, began = os.times(), time.monotonic()
    with subprocess.Popen([*SWEEP, "-j", str(jobs), "-o", store], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        threads = watch(process)
    wall, after = time.monotonic() - began, os.times()
    if process.returncode != 0:
        sys.exit(f"sweep ended with {process.returncode}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    # The main thread waits for the workers where there are several; alone it does the work.
    main = max(threads, key=lambda t: t[3] - t[2])
    workers = [t for t in threads if t is not main] or [main]
    free = main[0] + max(t[3] - t[2] - t[1] for t in workers) if jobs > 1 else wall - main[1]
    return cpu, wall, free


with tempfile.TemporaryDirectory() as folder:
    one, two = os.path.join(folder, "one.sqlite"), os.path.join(folder, "two.sqlite")
    measured, as_if = [], []
    for run in range(options.runs):
        cpu, wall, _ = sweep(one, 1)
        cpu2, wall2, free2 = sweep(two, 2)
        measured.append(cpu / wall2)
        as_if.append(cpu / free2)
        print(f"run {run}: one job {cpu:.1f} s of processor, {wall:.1f} s; two jobs {cpu2:.1f} s, {wall2:.1f} s, {free2:.1f} s on two free cores; "
              f"efficiency {measured[-1]:.2f} measured, {as_if[-1]:.2f} on free cores", flush=True)
    same = digest(one) == digest(two)
    print(f"store {os.path.getsize(one) / 1e6:.1f} MB, {'the same' if same else 'ANOTHER'} for one job and for two")
    chance, cut, kills = random.Random(618), os.path.join(folder, "cut.sqlite"), 0
    while options.kills > 0:
        with subprocess.Popen([*SWEEP, "-j", str(chance.choice([1, 2, 3])), "-o", cut], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(chance.uniform(0, 2 * wall / options.kills) if kills < options.kills else None)
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
                continue
        same &= digest(cut) == digest(one)
        if kills == options.kills:
            break
        os.remove(cut)  # done before it was killed so often: from the beginning again
    if options.kills > 0:
        print(f"killed {kills} times at random: {'the same store' if same else 'ANOTHER STORE'}")
    sys.exit(0 if same and statistics.median(measured) >= 1.8 else 1)
