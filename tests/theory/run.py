#!/usr/bin/env python3
"""Holds `fenliu simulate` to the exact answers in truth/. README.md says which figure is compared with which.

Every case becomes a scenario; the program runs it; every figure is compared in units of its standard error, taken from
the confidence interval that the program itself prints. How long a case is simulated follows from its model and from --seconds
by a fixed table of costs, never from a clock: the same options and seed give the same result on every machine."""
import argparse
import csv
import hashlib
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import models
from notation import seconds

Z_MAX = 5.0
RMS_RANGE = 0.15       # of the root mean square of all z about 1
EVENTS_MIN = 1000      # a figure whose event is rarer in the run is skipped
REPLICATIONS = (30, 120)
BATCHES = 30           # of days, where the summary has no interval
SETTLE = 8             # relaxation times of warm-up: what the start weighs is then below e^-8
MEASURE = (20, 40)     # relaxation times measured a replication: at least, and wanted
CHATS_WANTED = 10000   # a replication, so that who still waits at its end does not matter
RESOLUTION_S = 1.1e-6  # of the histograms: what is below is 0
MISSED_MAX = 0.3       # standard errors by which a figure may be corrected when the correction is known by its order only
DURATION_MAX = 3.0e7   # seconds; scenarios last a year at most
PATIENT = 4            # a case that needs more gets up to so many times its budget, and is skipped beyond


def student_quantile(df):
    """97.5 % quantile of Student's t for df >= 29, to 1e-7; Abramowitz and Stegun, 26.7.5."""
    z = 1.959963984540054
    terms = ((z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
             (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160)
    return z + sum(term / df ** (i + 1) for i, term in enumerate(terms))


class Skip(Exception):
    pass


class Verdicts:
    """What came of the figures of one job."""

    def __init__(self):
        self.figures, self.skipped = [], []

    def skip(self, figure, reason):
        self.skipped.append({"figure": figure, "reason": reason})

    def compare(self, figure, truth, estimate, error):
        if estimate is None or error is None:
            raise RuntimeError(f"{figure}: the program gives no figure or no interval")
        tolerance = 1e-9 * max(1.0, abs(truth))
        if error <= tolerance: # every day gives the same
            self.figures.append({"figure": figure, "truth": truth, "estimate": estimate, "error": 0.0, "z": None,
                                 "ok": abs(estimate - truth) <= max(2e-6, 1e-6 * abs(truth))})
            return
        z = (estimate - truth) / error
        self.figures.append({"figure": figure, "truth": truth, "estimate": estimate, "error": error, "z": z, "ok": abs(z) <= Z_MAX})


# ---- The program ----------------------------------------------------------------------------------

class Program:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        self.lock = threading.Lock()
        self.cpu_s = 0.0

    def run(self, made, replications, seed, out=None):
        """The summary of a scenario. out: a run directory to write, too."""
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".json", delete=False, encoding="utf-8") as file:
            json.dump(made, file)
        command = [self.path, "simulate", file.name, "--json", "--quiet", "--jobs", "1", "--replications", str(replications),
                   "--seed", str(seed)]
        if out is not None:
            command += ["--out", str(out)]
        with tempfile.TemporaryFile(dir=self.folder) as answer, tempfile.TemporaryFile(dir=self.folder) as said:
            process = subprocess.Popen(command, stdout=answer, stderr=said, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            with self.lock:
                self.cpu_s += usage.ru_utime + usage.ru_stime
            said.seek(0)
            if process.returncode != 0:
                raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}: {said.read().decode(errors='replace').strip()}")
            answer.seek(0)
            summary = json.load(answer)
        os.unlink(file.name)
        return summary


def seed_of(seed, *names):
    digest = hashlib.sha256("\0".join([str(seed), *map(str, names)]).encode()).digest()
    return int.from_bytes(digest[:6], "big")


# ---- How long ---------------------------------------------------------------------------------------

def overhead_s(made):
    """CPU time of a day before its first chat: its tables are cleared and added up."""
    agents = sum(agent.get("count", 1) for agent in made["desk"]["agents"])
    return 1e-4 + 2e-6 * agents


def plan_stationary(job, budget):
    """(replications, warm-up, measured) in seconds of the model."""
    chat_s = job.cost_us * 1e-6
    settle = SETTLE * job.relaxation
    fixed = overhead_s(job.scenario) + settle * job.rate * chat_s

    def measured(replications, of):
        return (of / replications - fixed) / chat_s / job.rate

    least, most = REPLICATIONS
    wanted = max(MEASURE[1] * job.relaxation, CHATS_WANTED / job.rate)
    replications = min(most, int(budget / (fixed + wanted * job.rate * chat_s)))
    # What each replication misses at its end adds up, while the error of all of them goes down: so not more than needed; but
    # with 60, five standard errors by chance are a fifth as frequent as with 30 (Student's t).
    if job.crowd > 0:
        replications = min(replications, max(2 * least, int(0.1 * math.sqrt(budget / chat_s) / job.crowd)))
    if replications < least:
        replications = least
        shortest = max(MEASURE[0] * job.relaxation, 1000 / job.rate)
        needed = least * (fixed + shortest * job.rate * chat_s)
        if needed > PATIENT * budget:
            raise Skip(f"it would take too long: {needed:.0f} CPU s")
        budget = max(budget, needed)
    span = measured(replications, budget)
    while settle + span > DURATION_MAX:
        replications += 10
        span = measured(replications, budget)
    return replications, settle, max(span, 1.0)


def run_stationary(program, job, budget, seed, verdicts):
    replications, settle, span = plan_stationary(job, budget)
    settle, span = math.ceil(settle), math.ceil(span)
    figures = [models.Figure("p_block, chats rejected", f[1] * job.rate * span, ("totals", "chats_rejected", "mean"), f[1])
               if isinstance(f, tuple) else f for f in job.figures]
    made = dict(job.scenario, duration=seconds(settle + span), interval=seconds(settle + span), warmup=seconds(settle))
    compare_summary(program, made, replications, job.rate * span, figures, seed, verdicts, span)


def run_days(program, job, budget, seed, verdicts):
    replications = max(REPLICATIONS[0], int(budget / (overhead_s(job.scenario) + job.chats * job.cost_us * 1e-6)))
    compare_summary(program, job.scenario, replications, job.chats, job.figures, seed, verdicts)


# ---- Figures of a summary ---------------------------------------------------------------------------

def figure_of(summary, path):
    """(estimate, half-width of its interval) where a figure's path points: the wider half, as an interval is cut off where its figure ends."""
    kind, *rest = path
    if kind in ("beyond", "within"):
        found = next(x for x in summary["thresholds"] if x["measure"] == rest[0] and math.isclose(x["seconds"], rest[1], rel_tol=1e-9))
        value, ends = found["share_beyond"], found["ci95"]
        value = value if kind == "beyond" or value is None else 1 - value
    else:
        totals = summary["totals"] if kind == "totals" else summary["groups"][rest[0]]["totals"]
        metric, statistic = rest[-2:]
        entry = totals[metric]
        value, ends = entry[statistic], entry["ci95" if statistic == "mean" else f"{statistic}_ci95"]
    return value, None if ends is None else max(value - ends[0], ends[1] - value)


def compare_summary(program, made, replications, chats, figures, seed, verdicts, span=math.inf):
    limits = {figure.path[1:] for figure in figures if figure.path[0] in ("beyond", "within")}
    made = dict(made, thresholds=[{"measure": measure, "seconds": limit} for measure, limit in sorted(limits)])
    possible = []
    for figure in figures:
        events = figure.event * chats * replications
        if events < EVENTS_MIN and figure.truth not in (0.0, 1.0):
            verdicts.skip(figure.name, f"its event is rare: {events:.3g} in the run")
        else:
            possible.append(figure)
    if not possible:
        return
    summary = program.run(made, replications, seed)
    quantile = student_quantile(replications - 1)
    for figure in possible:
        value, half = figure_of(summary, figure.path)
        error = None if half is None else half / quantile
        if figure.level is not None and value is not None and error is None:
            verdicts.skip(figure.name, "too few days to tell of so far a percentile")
            continue
        if figure.level is not None and figure.truth < RESOLUTION_S and value is not None and value <= RESOLUTION_S:
            verdicts.compare(figure.name, 0.0, 0.0, 0.0)
            continue
        if figure.level is not None and figure.atom > 0:
            atom_error = math.sqrt(figure.atom * (1 - figure.atom) / replications)
            waited = figure_of(summary, ("totals", "waited", "mean"))
            if waited[1] is not None:
                atom_error = waited[1] / quantile
            if abs(figure.level - figure.atom) < 6 * atom_error:
                verdicts.skip(figure.name, "the percentile lies at the edge of those who do not wait")
                continue
        if not figure.sure and error is not None and figure.missed / span > MISSED_MAX * error:
            verdicts.skip(figure.name, f"what has not ended when the run does weighs too much: {figure.missed / span / error:.2g} errors")
            continue
        verdicts.compare(figure.name, figure.expected(span), value, error)


# ---- States and counts ------------------------------------------------------------------------------

def run_states(program, job, budget, seed, verdicts):
    intervals = math.ceil(float(job.scenario["duration"][:-1]) / float(job.scenario["interval"][:-1]))
    each = overhead_s(job.scenario) + 1e-6 * intervals + job.chats * job.cost_us * 1e-6
    days = max(30, int((budget / BATCHES - 0.01) / each))
    possible = []
    for figure in job.figures:
        events = figure[4] * days * BATCHES
        if figure[4] < 1 and events < EVENTS_MIN:
            verdicts.skip(figure[0], f"its event is rare: {events:.3g} of {days * BATCHES} days")
        else:
            possible.append(figure)
    if not possible:
        return
    batches = []
    for batch in range(BATCHES):
        summary = program.run(job.scenario, days, seed_of(seed, batch))
        batches.append({state["at_s"]: state for state in summary["states"]})
    for name, truth, at, field, _ in possible:
        values = [batch[min(batch, key=lambda s, at=at: abs(s - at))][field] for batch in batches]
        average = sum(values) / BATCHES
        error = math.sqrt(sum((x - average) ** 2 for x in values) / (BATCHES - 1) / BATCHES)
        verdicts.compare(name, truth, average, error)


def run_counts(program, job, budget, seed, verdicts):
    days = max(200, int(budget / len(job.warmups) / (overhead_s(job.scenario) + 1e-4 + job.chats * job.cost_us * 1e-6)))
    runs = []
    for warmup in job.warmups:
        with tempfile.TemporaryDirectory(dir=program.folder) as folder:
            out = Path(folder) / "days.run"
            program.run(dict(job.scenario, warmup=seconds(warmup)), days, seed, out)
            with open(out / "days.csv", newline="", encoding="utf-8") as file:
                runs.append([int(float(row["chats_offered"])) for row in csv.DictReader(file)])
    for name, truth, estimate, error, events in job.judge(runs):
        if events < EVENTS_MIN:
            verdicts.skip(name, f"its event is rare: {events:.3g} of {days} days")
        else:
            verdicts.compare(name, truth, estimate, error)


RUNNERS = {models.Stationary: run_stationary, models.Days: run_days, models.States: run_states, models.Counts: run_counts}


# ---- Cases ----------------------------------------------------------------------------------------

def chosen_cases(arguments, truth):
    """[(file, name, jobs)], all of them or a seeded selection that takes from every file in turn."""
    files = [path for path in sorted(truth.glob("*.json")) if path.stem in models.MODELS]
    if arguments.only:
        wanted = {Path(name).stem for name in arguments.only}
        unknown = wanted - {path.stem for path in files}
        if unknown:
            sys.stderr.write(f"run.py: no such file of exact answers: {', '.join(sorted(unknown))}\n")
            sys.exit(2)
        files = [path for path in files if path.stem in wanted]
    lists = [[(path.stem, name, jobs) for name, jobs in models.cases(path) if arguments.case is None or arguments.case in name]
             for path in files]
    if arguments.select is None:
        return [case for cases in lists for case in cases]
    chance = random.Random(arguments.seed)
    for cases in lists:
        chance.shuffle(cases)
    picked = []
    while len(picked) < arguments.select and any(lists):
        for cases in lists:
            if cases and len(picked) < arguments.select:
                picked.append(cases.pop())
    return picked


def run_case(program, arguments, case):
    """One line of the report, as data. A case passes with all its figures."""
    file, name, make_jobs = case
    result = {"file": file, "case": name, "figures": [], "skipped": [], "state": "passed"}
    try:
        for job in make_jobs():
            verdicts = Verdicts()
            label = f"{job.name}: " if job.name else ""
            try:
                RUNNERS[type(job)](program, job, arguments.seconds, seed_of(arguments.seed, name, job.name), verdicts)
            except Skip as why:
                verdicts.skip("all", str(why))
            result["figures"] += [dict(x, figure=label + x["figure"]) for x in verdicts.figures]
            result["skipped"] += [dict(x, figure=label + x["figure"]) for x in verdicts.skipped]
    except models.NotExpressible as why:
        result["skipped"].append({"figure": "all", "reason": f"no scenario expresses {why}" if " " not in str(why)[:1] else str(why)})
    except (ValueError, KeyError) as why:
        result["skipped"].append({"figure": "all", "reason": f"not understood: {why!r}"})
        result["state"] = "failed"
    except RuntimeError as why:
        result["state"], result["problem"] = "failed", str(why)
    if result["state"] == "passed" and not result["figures"]:
        result["state"] = "skipped"
    if not all(figure["ok"] for figure in result["figures"]):
        result["state"] = "failed"
    return result


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


def summarize(results):
    """(the summary's lines, whether all is well)."""
    zs = [figure["z"] for result in results for figure in result["figures"] if figure["z"] is not None]
    exact = sum(figure["z"] is None for result in results for figure in result["figures"])
    with_z = sum(any(figure["z"] is not None for figure in result["figures"]) for result in results)
    if not zs:
        return ["no figure was compared"], False
    rms = math.sqrt(sum(z * z for z in zs) / len(zs))
    # Figures of a case move together, so a case counts once: the spread of a root mean square of n values is 1 / sqrt(2 n).
    half = max(RMS_RANGE, 3.5 / math.sqrt(2 * with_z))
    beyond = [sum(abs(z) > limit for z in zs) for limit in (2, 3, 4, 5)]
    lines = [f"{len(zs)} figures of {with_z} cases compared, {exact} more are exact and equal or not at all by chance",
             f"max |z| {max(map(abs, zs)):.2f}, wanted <= {Z_MAX:g}; mean z {sum(zs) / len(zs):+.3f}; "
             f"beyond 2, 3, 4, 5 standard errors: {', '.join(map(str, beyond))}",
             f"rms z {rms:.3f}, wanted {1 - half:.2f} to {1 + half:.2f}"]
    return lines, abs(rms - 1) <= half


def parse_arguments():
    parser = argparse.ArgumentParser(description="Holds `fenliu simulate` to the exact answers in truth/.",
                                     epilog="exit: 0 all agree, 1 a figure does not, 2 wrong usage")
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
    parser.add_argument("--json", type=Path, metavar="OUT", help="write every figure there")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if shutil.which(arguments.fenliu) is None:
        sys.stderr.write(f"run.py: no program {arguments.fenliu}: see --fenliu\n")
        return 2
    cases = chosen_cases(arguments, arguments.truth)
    print(f"seed {arguments.seed}, {len(cases)} cases, {arguments.seconds:g} CPU s a scenario", flush=True)
    with tempfile.TemporaryDirectory(prefix="fenliu-theory-") as folder:
        program = Program(arguments.fenliu, folder)
        results = []
        with ThreadPoolExecutor(max_workers=max(1, arguments.jobs)) as pool:
            for result in pool.map(lambda case: run_case(program, arguments, case), cases):
                results.append(result)
                print_case(result)
    print_skipped(results)
    lines, rms_ok = summarize(results)
    print("\n".join(lines))
    print(f"{program.cpu_s:.0f} CPU s")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"seed": arguments.seed, "seconds": arguments.seconds, "summary": lines, "cases": results}, indent=1),
                                  encoding="utf-8")
    counts = {state: sum(result["state"] == state for result in results) for state in ("passed", "failed", "skipped")}
    if not rms_ok:
        counts["failed"] += 1
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
