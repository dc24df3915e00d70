"""How a case is run and compared: how long, which seed, the statistics. README.md says which figure is compared with which.

Every case becomes a scenario; the program runs it; every figure is compared in units of its standard error, taken from
the confidence interval that the program itself prints. How long a case is simulated follows from its model and from the
seconds given by a fixed table of costs, never from a clock: the same seconds and seed give the same result on every machine.
What is kept of a case (kept.py) holds for its scenarios and exact answers, and for this very file: a change here, even of a comment,
asks for all of them again."""
import contextlib
import csv
import hashlib
import json
import math
import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import models
from notation import seconds

Z_MAX = 5.0
Z_DIGITS = 3           # so that a kept case counts for exactly what it did when it was run
EVENTS_MIN = 1000      # a figure whose event is rarer in the run is skipped
REPLICATIONS = (30, 120)
BATCHES = 30           # of days, where the summary has no interval
SETTLE = 8             # relaxation times of warm-up: what the start weighs is then below e^-8
MEASURE = (20, 40)     # relaxation times measured a replication: at least, and wanted
CHATS_WANTED = 10000   # a replication, so that who still waits at its end does not matter
RESOLUTION_S = 1.1e-6  # of the histograms: what is below is 0
MISSED_MAX = 0.3       # standard errors by which a figure may be corrected when the correction is known by its order only
DURATION_MAX = 3.0e7   # seconds; scenarios last a year at most
INTERRUPTED = (130, -signal.SIGINT, -signal.SIGTERM) # exit codes of a program that was interrupted
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

    def same(self, figure, truth, estimate):
        """Nothing here is by chance: every day gives the same."""
        ok = estimate is not None and abs(estimate - truth) <= max(2e-6, 1e-6 * abs(truth))
        self.figures.append({"figure": figure, "truth": truth, "estimate": estimate, "error": 0.0, "z": None, "ok": ok})

    def compare(self, figure, truth, estimate, error):
        if estimate is None or error is None:
            raise RuntimeError(f"{figure}: the program gives no figure or no interval")
        tolerance = 1e-9 * max(1.0, abs(truth))
        if error <= tolerance:
            self.same(figure, truth, estimate)
            return
        z = (estimate - truth) / error
        self.figures.append({"figure": figure, "truth": truth, "estimate": estimate, "error": error, "z": round(z, Z_DIGITS), "ok": abs(z) <= Z_MAX})


# ---- The program ----------------------------------------------------------------------------------

class Interrupted(Exception):
    """The run is to end: this case has no result."""


class Program:
    """`fenliu simulate`, for several threads at once."""

    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        self.lock = threading.Lock()
        self.running, self.stopped = set(), False
        self.cpu_s = threading.local()

    def start(self, command, answer, said):
        with self.lock:
            if self.stopped:
                raise Interrupted
            process = subprocess.Popen(command, stdout=answer, stderr=said, stdin=subprocess.DEVNULL)
            self.running.add(process)
            return process

    def wait(self, process):
        _, status, usage = os.wait4(process.pid, 0)
        with self.lock:
            self.running.discard(process)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s.total = self.cpu_s_total() + usage.ru_utime + usage.ru_stime

    def cpu_s_total(self):
        """CPU seconds of all runs that this thread waited for."""
        return getattr(self.cpu_s, "total", 0.0)

    def stop(self):
        """Ends every run under way; whoever waits for one, or starts one, is Interrupted."""
        with self.lock:
            self.stopped = True
            for process in self.running:
                with contextlib.suppress(ProcessLookupError): # ended by itself, and its thread is about to say so
                    os.kill(process.pid, signal.SIGKILL)

    def run(self, made, replications, seed, out=None):
        """The summary of a scenario. out: a run directory to write, too."""
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".json", delete=False, encoding="utf-8") as file:
            json.dump(made, file)
        command = [self.path, "simulate", file.name, "--json", "--quiet", "--jobs", "1", "--replications", str(replications),
                   "--seed", str(seed)]
        if out is not None:
            command += ["--out", str(out)]
        with tempfile.TemporaryFile(dir=self.folder) as answer, tempfile.TemporaryFile(dir=self.folder) as said:
            process = self.start(command, answer, said)
            self.wait(process)
            # Ctrl-C reaches the program, too, and may do so before it reaches us.
            if self.stopped or process.returncode in INTERRUPTED:
                raise Interrupted
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
        if kind == "within" and value is not None:
            value, ends = 1 - value, ends if ends is None else [1 - ends[1], 1 - ends[0]]
    else:
        totals = summary["totals"] if kind == "totals" else summary["groups"][rest[0]]["totals"]
        metric, statistic = rest[-2:]
        entry = totals[metric]
        value, ends = entry[statistic], entry["ci95" if statistic == "mean" else f"{statistic}_ci95"]
    return value, None if ends is None else max(value - ends[0], ends[1] - value)


def expected(figure, span):
    """Of a run over a span: models.Figure has why."""
    return figure.truth - figure.missed / span


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
            verdicts.same(figure.name, 0.0, 0.0)
            continue
        if figure.event == 0: # it never happens: of what is 0 on every day there is no interval, or one of days that were not run
            verdicts.same(figure.name, figure.truth, value)
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
        verdicts.compare(figure.name, expected(figure, span), value, error)


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


def moments(counts):
    """(mean, its standard error, variance, its standard error)."""
    n = len(counts)
    average = sum(counts) / n
    second = sum((x - average) ** 2 for x in counts) / (n - 1)
    fourth = sum((x - average) ** 4 for x in counts) / n
    return average, math.sqrt(second / n), second, math.sqrt(max(0.0, fourth - second**2) / n)


def share_of_days(name, truth, hits, n):
    return name, truth, hits / n, math.sqrt(max(truth * (1 - truth), 0) / n), min(truth, 1 - truth) * n


def gamma_poisson(v, runs):
    counts = runs[0]
    average, average_se, variance, variance_se = moments(counts)
    yield "mean", v["mean"], average, average_se, v["mean"] * len(counts)
    yield "var", v["var"], variance, variance_se, v["mean"] * len(counts)
    yield share_of_days("p0", v["p0"], counts.count(0), len(counts))
    if v["mean"] == int(v["mean"]):
        yield share_of_days("pmf_at_mean", v["pmf_at_mean"], counts.count(v["mean"]), len(counts))


def shared_busyness(v, runs):
    second = runs[1]
    first = [a - b for a, b in zip(runs[0], second)]
    n = len(first)
    mean1, mean2 = sum(first) / n, sum(second) / n
    products = [(a - mean1) * (b - mean2) for a, b in zip(first, second)]
    cov = sum(products) / (n - 1)
    yield "cov", v["cov"], cov, math.sqrt(sum((x - cov) ** 2 for x in products)) / n, math.inf
    var1, var2 = sum((a - mean1) ** 2 for a in first) / (n - 1), sum((b - mean2) ** 2 for b in second) / (n - 1)
    corr = cov / math.sqrt(var1 * var2)
    parts = [(a - mean1) * (b - mean2) / math.sqrt(var1 * var2) - corr / 2 * ((a - mean1) ** 2 / var1 + (b - mean2) ** 2 / var2)
             for a, b in zip(first, second)] # influence of a day on the correlation
    yield "corr", v["corr"], corr, math.sqrt(sum(x * x for x in parts)) / n, math.inf


def piecewise_linear(v, runs):
    n = len(runs[0])
    average, average_se, variance, variance_se = moments(runs[0])
    yield "total", v["total"], average, average_se, v["total"] * n
    yield "total as variance", v["total"], variance, variance_se, v["total"] * n
    for i, part in enumerate(v["bins"]):
        later = runs[i + 1] if i + 1 < len(runs) else [0] * n
        counts = [a - b for a, b in zip(runs[i], later)]
        average, average_se, _, _ = moments(counts)
        yield f"bin {part['a']}-{part['b']}", part["mean"], average, average_se, part["mean"] * n
        if i == 0 and "p_no_arrival_first_half_unit" in v and part["b"] == 0.5:
            yield share_of_days("p_no_arrival_first_half_unit", v["p_no_arrival_first_half_unit"], counts.count(0), n)


# From the exact answers and the counts of every run, [run][day], to (name, truth, estimate, standard error, events).
JUDGES = {"gamma_poisson": gamma_poisson, "shared_busyness_corr": shared_busyness, "nhpp_piecewise_linear": piecewise_linear}


def run_counts(program, job, budget, seed, verdicts):
    days = max(200, int(budget / len(job.warmups) / (overhead_s(job.scenario) + 1e-4 + job.chats * job.cost_us * 1e-6)))
    runs = []
    for warmup in job.warmups:
        with tempfile.TemporaryDirectory(dir=program.folder) as folder:
            out = Path(folder) / "days.run"
            program.run(dict(job.scenario, warmup=seconds(warmup)), days, seed, out)
            with open(out / "days.csv", newline="", encoding="utf-8") as file:
                runs.append([int(float(row["chats_offered"])) for row in csv.DictReader(file)])
    for name, truth, estimate, error, events in JUDGES[job.kind](job.answers, runs):
        if events < EVENTS_MIN:
            verdicts.skip(name, f"its event is rare: {events:.3g} of {days} days")
        else:
            verdicts.compare(name, truth, estimate, error)


RUNNERS = {models.Stationary: run_stationary, models.Days: run_days, models.States: run_states, models.Counts: run_counts}


# ---- A case ----------------------------------------------------------------------------------------

def run_case(program, budget, seed, case):
    """What came of a case, as data: it passes with all its figures. Raises Interrupted when the program is stopped."""
    file, name, make_jobs = case
    before_s = program.cpu_s_total()
    result = {"file": file, "case": name, "figures": [], "skipped": [], "state": "passed"}
    try:
        for job in make_jobs():
            verdicts = Verdicts()
            label = f"{job.name}: " if job.name else ""
            try:
                RUNNERS[type(job)](program, job, budget, seed_of(seed, name, job.name), verdicts)
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
    result["cpu_s"] = round(program.cpu_s_total() - before_s, 1)
    return result
