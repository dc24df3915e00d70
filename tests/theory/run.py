#!/usr/bin/env python3
"""Holds `fenliu simulate` to the exact answers in truth/: which cases, the report, and what is kept of them.

compare.py says how a case is run and compared, README.md which figure is compared with which."""
import argparse
import itertools
import json
import math
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kept
import models
from compare import Interrupted, Program, Z_MAX, run_case

RMS_RANGE = 0.15 # of the root mean square of all z about 1
KIND_RANGE = 0.25 # and of those of one sort of figure: intervals of shares and percentiles are a little wide


# ---- Cases ----------------------------------------------------------------------------------------

def chosen_cases(arguments, truth):
    """[(file, name, jobs)], all of them or a seeded selection that takes from every file in turn."""
    every = models.every_case(truth)
    if arguments.only:
        wanted = {Path(name).stem for name in arguments.only}
        unknown = wanted - {file for file, _, _ in every}
        if unknown:
            sys.stderr.write(f"run.py: no such file of exact answers: {', '.join(sorted(unknown))}\n")
            sys.exit(2)
        every = [case for case in every if case[0] in wanted]
    if arguments.case is not None:
        every = [case for case in every if arguments.case in case[1]]
    chance = random.Random(arguments.seed)
    if arguments.select is None:
        if arguments.keep is not None: # what is done when the run is stopped is then a fair sample of all
            chance.shuffle(every)
        return every
    lists = [list(cases) for _, cases in itertools.groupby(every, key=lambda case: case[0])]
    for cases in lists:
        chance.shuffle(cases)
    picked = []
    while len(picked) < arguments.select and any(lists):
        for cases in lists:
            if cases and len(picked) < arguments.select:
                picked.append(cases.pop())
    return picked


def print_case(result):
    zs = [figure for figure in result["figures"] if figure["z"] is not None]
    worst = max(zs, key=lambda figure: abs(figure["z"]), default=None)
    line = f"{result['state']:7} {result['case']}: {len(result['figures'])} figures"
    if worst is not None:
        line += f", worst z {worst['z']:+.2f} ({worst['figure']})"
    if result["skipped"] and not result["figures"]:
        line += f", {result['skipped'][0]['reason']}"
    print(line, flush=True)
    if "problem" in result:
        print(f"        {result['problem']}")
    for figure in result["figures"]:
        if not figure["ok"]:
            z = "-" if figure["z"] is None else f"{figure['z']:+.2f}"
            print(f"        {figure['figure']}: exact {figure['truth']:.9g}, simulated {figure['estimate']:.9g}, "
                  f"standard error {figure['error']:.3g}, z {z}")


def print_skipped(results):
    reasons = {}
    for result in results:
        for skipped in result["skipped"]:
            head, _, detail = skipped["reason"].partition(": ")
            entry = skipped["figure"] + (f" ({detail.removesuffix(' in the run')})" if detail else "")
            reasons.setdefault(head, {}).setdefault(result["case"], []).append(entry)
    for reason, by_case in sorted(reasons.items()):
        print(f"skipped, {reason}: {sum(map(len, by_case.values()))} figures")
        for case, figures in by_case.items():
            print(f"        {case}: {'; '.join(figures)}")


def kind_of(figure):
    """Which sort of figure: its name without its job's, and without the limit, level, instant or class at its end."""
    return re.sub(r" ?(?:[tT]=|class )?\d[\d.e-]*$", "", figure.rpartition(": ")[2])


def off_kinds(results):
    """[(kind, rms of z, half-width)] of the sorts of figures whose root mean square is not near 1: one whose standard error is far too
    wide can never be wrong, and among all the others nobody would see it."""
    zs, cases = {}, {}
    for result in results:
        for figure in result["figures"]:
            if figure["z"] is not None:
                kind = kind_of(figure["figure"])
                zs.setdefault(kind, []).append(figure["z"])
                cases.setdefault(kind, set()).add(result["case"])
    off = []
    for kind, of in sorted(zs.items()):
        rms = math.sqrt(math.fsum(z * z for z in of) / len(of))
        half = max(KIND_RANGE, 4 / math.sqrt(2 * len(cases[kind])))
        if abs(rms - 1) > half:
            off.append((kind, rms, half))
    return off


TOO_FEW_DAYS = "too few days to tell" # compare.py's reason


def untold_percentiles(results):
    """(how many percentiles had no interval, how many of their sorts were compared): a few too far out for a short run have none, but where
    most have none nothing is held to the truth."""
    untold = [kind_of(skipped["figure"]) for result in results for skipped in result["skipped"] if skipped["reason"].startswith(TOO_FEW_DAYS)]
    return len(untold), sum(kind_of(figure["figure"]) in untold for result in results for figure in result["figures"])


def summarize(results):
    """(the summary's lines, whether all is well)."""
    zs = [figure["z"] for result in results for figure in result["figures"] if figure["z"] is not None]
    exact = sum(figure["z"] is None for result in results for figure in result["figures"])
    with_z = sum(any(figure["z"] is not None for figure in result["figures"]) for result in results)
    if not zs:
        return ["no figure was compared"], False
    rms = math.sqrt(math.fsum(z * z for z in zs) / len(zs))
    # Figures of a case move together, so a case counts once: the spread of a root mean square of n values is 1 / sqrt(2 n).
    half = max(RMS_RANGE, 3.5 / math.sqrt(2 * with_z))
    beyond = [sum(abs(z) > limit for z in zs) for limit in (2, 3, 4, 5)]
    lines = [f"{len(zs)} figures of {with_z} cases compared, {exact} more are exact and equal or not at all by chance",
             f"max |z| {max(map(abs, zs)):.2f}, wanted <= {Z_MAX:g}; mean z {math.fsum(zs) / len(zs):+.3f}; "
             f"beyond 2, 3, 4, 5 standard errors: {', '.join(map(str, beyond))}",
             f"rms z {rms:.3f}, wanted {1 - half:.2f} to {1 + half:.2f}"]
    off = off_kinds(results)
    lines += [f"rms z of {kind} alone {of:.3f}, wanted {max(0.0, 1 - width):.2f} to {1 + width:.2f}" for kind, of, width in off]
    untold, told = untold_percentiles(results)
    if untold > max(3, told):
        lines.append(f"{untold} percentiles had no interval, and {told} of their sorts were compared")
    return lines, abs(rms - 1) <= half and not off and untold <= max(3, told)


# ---- Running ----------------------------------------------------------------------------------------

class Sweep:
    """The chosen cases, and what came of them: those that are kept are taken over, the others are run."""

    def __init__(self, arguments, cases, keep):
        self.arguments, self.cases, self.keep = arguments, cases, keep
        self.done = dict(keep.results) if keep is not None else {}
        self.lock = threading.Lock()

    def results(self):
        """In the order of the cases."""
        return [self.done[name] for _, name, _ in self.cases if name in self.done]

    def left(self):
        return [case for case in self.cases if case[1] not in self.done]

    def run_one(self, program, case):
        result = run_case(program, self.arguments.seconds, self.arguments.seed, case)
        with self.lock:
            # What could not be run is no result, and is tried again.
            if self.keep is not None and "problem" not in result:
                self.keep.add(result)
            self.done[result["case"]] = result
        return result

    def run(self, program):
        """Runs what is left. Raises Interrupted, or OSError when a case could not be kept, and has then ended every run."""
        pool = ThreadPoolExecutor(max_workers=max(1, self.arguments.jobs))
        try:
            for result in pool.map(lambda case: self.run_one(program, case), self.left()):
                print_case(result)
        finally:
            program.stop()
            pool.shutdown(cancel_futures=True)


def interrupt(*_):
    for number in (signal.SIGINT, signal.SIGTERM): # one is enough: what follows is a matter of milliseconds
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted


def print_kept(sweep):
    """How much of the sweep there is, for those who look at a part of it."""
    all_cases, left = len(sweep.cases), len(sweep.left())
    if not left:
        print(f"all {all_cases} cases are there")
    else:
        spent_s = math.fsum(result["cpu_s"] for result in sweep.results())
        hours = f", some {spent_s / (all_cases - left) * left / 3600:.1f} CPU hours" if left < all_cases else ""
        print(f"unfinished: {all_cases - left} of {all_cases} cases are there, {left} are left{hours}")


def print_taken(sweep):
    """What was taken over: the commits it was run on, whatever is wrong in it, and how much did not fit."""
    results = sweep.results()
    commits = sorted({result["commit"] or "unknown" for result in results})
    if results:
        print(f"{len(results)} cases are taken over from {sweep.keep.path}, run on commits {', '.join(commits)}")
    if sweep.keep.others:
        print(f"{sweep.keep.others} cases there are of other seconds, another seed or another program, and count for nothing")
    for result in results:
        if result["state"] == "failed":
            print_case(result)


def print_verdict(sweep):
    """The summary. Returns whether all is well."""
    results = sweep.results()
    lines, calibrated = summarize(results)
    print("\n".join(lines))
    print(f"{math.fsum(result['cpu_s'] for result in results):.0f} CPU s")
    counts = {state: sum(result["state"] == state for result in results) for state in ("passed", "failed", "skipped")}
    if not calibrated:
        counts["failed"] += 1
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return counts["failed"] == 0


def parse_arguments():
    parser = argparse.ArgumentParser(description="Holds `fenliu simulate` to the exact answers in truth/.",
                                     epilog="exit: 0 all agree, 1 a figure does not, 2 wrong usage, 3 another run writes to FILE, 4 not written, 130 interrupted")
    parser.add_argument("--fenliu", "--program", default=os.environ.get("FENLIU", "fenliu"), metavar="PATH", help="the program (default $FENLIU)")
    parser.add_argument("--truth", type=Path, default=Path(__file__).parent / "truth", metavar="DIR", help="folder of exact answers, by the names of ours")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="CPU seconds for a scenario (default 2)")
    parser.add_argument("--seed", type=int, default=618, metavar="N", help="of the selection and of the simulations (default 618)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--select", type=int, metavar="N", help="only so many cases, drawn by the seed from every file in turn")
    which.add_argument("--all", action="store_true", help="every case (the default)")
    parser.add_argument("--only", action="append", metavar="FILE", help="only this file of truth/ (repeatable)")
    parser.add_argument("--case", metavar="TEXT", help="only cases with this in their name")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="scenarios at once (default 1)")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="add every finished case there, and do not run again what is there and fits")
    parser.add_argument("--kept", action="store_true", help="run nothing: what --keep has, and how much is left")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write every figure there (not with --keep, which has no values of those that agree)")
    arguments = parser.parse_args()
    if arguments.kept and arguments.keep is None:
        parser.error("--kept needs --keep FILE")
    if arguments.json is not None and arguments.keep is not None:
        parser.error("--json cannot be had with --keep")
    return arguments


def open_kept(arguments):
    if arguments.keep is None:
        return None
    keep = kept.Kept(arguments.keep, arguments.seconds, arguments.seed, arguments.truth)
    if arguments.kept:
        keep.read()
    else:
        keep.open()
    return keep


def run_sweep(arguments, sweep):
    """Exit code."""
    with tempfile.TemporaryDirectory(prefix="fenliu-theory-") as folder:
        try:
            sweep.run(Program(arguments.fenliu, folder))
        except Interrupted:
            if sweep.keep is not None:
                print_kept(sweep)
                print("interrupted: what is done is kept, and the same command goes on from there", flush=True)
            return 130
        except OSError as why:
            sys.stderr.write(f"run.py: {arguments.keep or folder}: {why}\n")
            return 4
    print_skipped(sweep.results())
    if sweep.keep is not None:
        print_kept(sweep)
    well = print_verdict(sweep)
    if arguments.json is not None:
        report = {"seed": arguments.seed, "seconds": arguments.seconds, "summary": summarize(sweep.results())[0], "cases": sweep.results()}
        arguments.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0 if well else 1


def main():
    arguments = parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    if not arguments.kept and shutil.which(arguments.fenliu) is None:
        sys.stderr.write(f"run.py: no program {arguments.fenliu}: see --fenliu\n")
        return 2
    cases = chosen_cases(arguments, arguments.truth)
    try:
        keep = open_kept(arguments)
    except kept.Unusable as why:
        sys.stderr.write(f"run.py: {why}\n")
        return 3 if isinstance(why, kept.Busy) else 2
    except OSError as why:
        sys.stderr.write(f"run.py: {why}\n")
        return 4
    sweep = Sweep(arguments, cases, keep)
    print(f"seed {arguments.seed}, {len(cases)} cases, {arguments.seconds:g} CPU s a scenario", flush=True)
    if keep is not None:
        print_taken(sweep)
    if arguments.kept:
        print_kept(sweep)
        return 0 if not sweep.results() or print_verdict(sweep) else 1
    return run_sweep(arguments, sweep)


if __name__ == "__main__":
    sys.exit(main())
