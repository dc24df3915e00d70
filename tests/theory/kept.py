"""The file that keeps finished cases, so that a sweep of hours can be stopped and gone on with. A line a case:

    {"case": "mmck c=1,...", "seconds": 60, "seed": 618, "of": "0f3c...", "commit": "825c99b1d0aa", "state": "passed", "cpu_s": 58.1,
     "figures": [["p_block", 0.613], ...], "skipped": [["p_wait_gt_T 9", "its event is rare: 12 in the run"], ...]}

A figure is its name and z, and where it is wrong also the exact value, the simulated one and its standard error. `of` is a
fingerprint of what decides the result: what the program computes, by the golden hashes of `simulate`; how we run and compare
(compare.py, models.py, notation.py); and the file of exact answers. So a change that moves no golden output keeps what is
there, and one that does throws it away. Lines that do not fit stay in the file and count for nothing.

A line is written whole, or taken back: what is torn was left by a machine that stopped, and ends the file."""
import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden" / "hashes.json"
COMPUTED = "simulate"                                 # outputs whose names begin so; a staffing search moves no case
DECIDES = ("compare.py", "models.py", "notation.py")
FIGURE = ("figure", "z", "truth", "estimate", "error")


class Unusable(Exception):
    """The file cannot be used; says why."""


class Busy(Unusable):
    """Another run writes there."""


def fingerprint(answers, golden=GOLDEN):
    """Of what decides the cases of a file of exact answers."""
    outputs = {scenario: {name: digest for name, digest in found.items() if name.startswith(COMPUTED)}
               for scenario, found in json.loads(golden.read_text(encoding="utf-8")).items()}
    digest = hashlib.sha256(json.dumps(outputs, sort_keys=True).encode())
    for path in [*(HERE / name for name in DECIDES), answers]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


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

    results  by case: what fits
    others   how many lines do not fit: another time or seed, or something that decides the result has changed since"""

    def __init__(self, path, budget, seed, truth, golden=GOLDEN):
        self.path, self.budget, self.seed = path, budget, seed
        self.of = {answers.stem: fingerprint(answers, golden) for answers in sorted(truth.glob("*.json"))}
        self.commit = commit()
        self.results, self.others = {}, 0
        self.file = None

    def read(self):
        data = self.path.read_bytes() if self.path.exists() else b""
        self.results, self.others = {}, 0
        for number, text in enumerate(data.split(b"\n")[:-1], 1): # what follows the last line's end is torn, or nothing
            try:
                line = json.loads(text)
                fits = (line["seconds"], line["seed"], line["of"]) == (self.budget, self.seed, self.of.get(line["case"].partition(" ")[0]))
                result = unpacked(line)
            except (ValueError, KeyError, TypeError, AttributeError) as why:
                raise Unusable(f"{self.path}:{number}: no kept case: {why!r}") from why
            if fits:
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
        line = {"case": result["case"], "seconds": self.budget, "seed": self.seed, "of": self.of[result["file"]], "commit": self.commit}
        data = (json.dumps({**line, **packed(result)}, separators=(",", ":")) + "\n").encode()
        end = os.fstat(self.file.fileno()).st_size
        try:
            written = self.file.write(data)
            if written != len(data): # a disk fills up in the middle of a line; the next write would say so
                raise OSError(f"{written} of {len(data)} bytes written")
        except OSError:
            with contextlib.suppress(OSError):
                self.file.truncate(end)
            raise
