"""The file that keeps finished cases, so that a sweep of hours can be stopped and gone on with. A line a case:

    {"case": "mmck c=1,...", "seconds": 60, "seed": 618, "of": "0f3c...", "golden": "7a20...", "commit": "825c99b1d0aa",
     "state": "passed", "cpu_s": 58.1, "figures": [["p_block", 0.613], ...], "skipped": [["p_wait_gt_T 9", "its event is rare: ..."], ...]}

A figure is its name and z, and where it is wrong also the exact value, the simulated one and its standard error. Two fingerprints say
whether the result still holds. `of` is of what the case is, its scenarios and the exact answers they are held to, as models.py makes
them, and of how it is run and compared (compare.py). `golden` is of what the program computes: the golden outputs that a case is read from, as they were when it was run. Before
the first case of such a state the file has a line with them,

    {"golden": "7a20...", "outputs": {"scenarios/618-opening.json simulate --json without intervals": "64d1...", ...}}

and a case holds as long as all of these are as they were; what was added since does not matter. So a change that moves no golden output
keeps what is there, and one that does throws it away. Lines that do not hold stay in the file and count for nothing.

Where outputs have changed and no case has, what is there need not be run again. carry.py shows it, by running every case with the program of
before and that of now, and adds

    {"golden": "7a20...", "as": "91bc...", "shown": "873 cases of 0.3 s, seed 618: 6568 figures, each the same number"}

so what was run in the one state holds as long as the other does.

The confidence intervals are left out: z is in the standard errors of the program of its commit, and a better interval, with what was
simulated as it was, does not undo that. Whether the intervals of today are right, the cases that are run anew tell.

A line is written whole, or taken back: what is torn was left by a machine that stopped, and ends the file."""
import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
from pathlib import Path

import models

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden" / "hashes.json"
READ = ("simulate --json without intervals", "simulate --out: days.csv") # what compare.py reads
FIGURE = ("figure", "z", "truth", "estimate", "error")


class Unusable(Exception):
    """The file cannot be used; says why."""


class Busy(Unusable):
    """Another run writes there."""


def golden_outputs(golden):
    """The digests that are written down of what a case is read from."""
    return {f"{scenario} {name}": found[name] for scenario, found in sorted(json.loads(golden.read_text(encoding="utf-8")).items())
            for name in READ if name in found}


def fingerprint(*contents):
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


def content(make_jobs):
    """All that decides what a case runs and what it is held to, as bytes."""
    try:
        jobs = [[type(job).__name__, vars(job)] for job in make_jobs()]
    except (models.NotExpressible, ValueError, KeyError) as why:
        jobs = repr(why)
    return json.dumps(jobs, sort_keys=True, default=vars).encode()


def commit():
    """The commit we are of, with a + where files in version control are changed; empty outside of version control."""
    def git(*arguments):
        return subprocess.run(["git", "-C", HERE, *arguments], capture_output=True, text=True, check=True).stdout.strip()
    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def packed(result):
    figures = [[figure[key] for key in (FIGURE[:2] if figure["ok"] else FIGURE)] for figure in result["figures"]]
    return {"state": result["state"], "cpu_s": result["cpu_s"], "figures": figures,
            "skipped": [[skipped["figure"], skipped["reason"]] for skipped in result["skipped"]]}


def unpacked(line):
    """The result of a case as run_case gives it, without the values of figures that are right."""
    return {"file": line["case"].partition(" ")[0], "case": line["case"], "state": line["state"], "cpu_s": line["cpu_s"], "commit": line["commit"],
            "figures": [dict(zip(FIGURE, figure), ok=len(figure) == 2) for figure in line["figures"]],
            "skipped": [{"figure": figure, "reason": reason} for figure, reason in line["skipped"]]}


class Kept:
    """What a file keeps of the cases run for so many seconds with this seed.

    results  by case: what holds
    others   how many cases do not: another time or seed, or something that decides the result has changed since"""

    def __init__(self, path, budget, seed, truth, golden=GOLDEN):
        self.path, self.budget, self.seed = path, budget, seed
        how = (HERE / "compare.py").read_bytes()
        self.of = {name: fingerprint(how, content(make_jobs)) for _, name, make_jobs in models.every_case(truth)}
        self.outputs = golden_outputs(golden)
        self.golden = fingerprint(json.dumps(self.outputs).encode())
        self.states = {} # golden fingerprint: whether those outputs are as they were
        self.commit = commit()
        self.results, self.others = {}, 0
        self.file = None

    def read(self):
        data = self.path.read_bytes() if self.path.exists() else b""
        self.results, self.others, self.states = {}, 0, {}
        lines = list(enumerate(data.split(b"\n")[:-1], 1)) # what follows the last line's end is torn, or nothing
        # Of what is carried the last first: the state it holds as may itself be carried.
        for take, these in ((self.take_state, lines), (self.take_carried, reversed(lines)), (self.take_case, lines)):
            for number, text in these:
                try:
                    take(json.loads(text))
                except (ValueError, KeyError, TypeError, AttributeError) as why:
                    raise Unusable(f"{self.path}:{number}: no kept case: {why!r}") from why

    def take_state(self, line):
        if "outputs" in line:
            self.states[line["golden"]] = line["outputs"].items() <= self.outputs.items()

    def take_carried(self, line):
        if "as" in line:
            self.states[line["golden"]] |= self.states[line["as"]]

    def take_case(self, line):
        if "outputs" in line or "as" in line:
            return
        result = unpacked(line)
        if self.states[line["golden"]] and (line["seconds"], line["seed"], line["of"]) == (self.budget, self.seed, self.of.get(result["case"])):
            self.results[line["case"]] = result
        else:
            self.others += 1

    def open(self):
        """Reads the file, and holds it until the end of the program, so that no other run writes there. A torn end is cut off."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, "ab", buffering=0)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as why:
            raise Busy(f"{self.path}: another run is writing there") from why
        self.read()
        data = self.path.read_bytes()
        self.file.truncate(data.rfind(b"\n") + 1)

    def add(self, result):
        """Keeps a finished case. Raises OSError when it cannot be written; nothing of it is in the file then."""
        self.begin_state()
        self.append({"case": result["case"], "seconds": self.budget, "seed": self.seed, "of": self.of[result["case"]], "golden": self.golden,
                     "commit": self.commit, **packed(result)})

    def begin_state(self):
        if self.golden not in self.states:
            self.append({"golden": self.golden, "outputs": self.outputs})
            self.states[self.golden] = True

    def carry(self, before, shown):
        """What was run in the state of these golden outputs holds in ours."""
        states = [line["golden"] for line in map(json.loads, self.path.read_text().splitlines())
                  if "outputs" in line and line["outputs"].items() <= before.items() and not self.states[line["golden"]]]
        self.begin_state()
        for golden in states:
            self.append({"golden": golden, "as": self.golden, "shown": shown})

    def append(self, line):
        data = (json.dumps(line, separators=(",", ":")) + "\n").encode()
        end = os.fstat(self.file.fileno()).st_size
        try:
            written = self.file.write(data)
            if written != len(data): # a disk fills up in the middle of a line; the next write would say so
                raise OSError(f"{written} of {len(data)} bytes written")
        except OSError:
            with contextlib.suppress(OSError):
                self.file.truncate(end)
            raise
