#!/usr/bin/env python3
"""Plays thousands of drawn schedules of link faults, with a harness and an engine built with sanitizers: no crash, no hang, nobody lost
without a word. What was played is kept in blocks of a hundred, so that hours of it can be stopped and gone on with.

--keep FILE has a line a block: which schedules, how many passed, what was played in them and what came of it, and of which commit the
program was. `of` is a fingerprint of how schedules are drawn and judged (_faults.py): blocks of another count for nothing, nor do those
in which a schedule failed. The same schedule is the same faults at the same instants; what they meet is the wall clock's."""
import argparse
import collections
import fcntl
import hashlib
import json
import pathlib
import queue
import signal
import subprocess
import sys
import threading

import _faults

HERE = pathlib.Path(__file__).resolve().parent
BLOCK = 100


def commit():
    """The commit we are of, with a + where files in version control are changed; empty outside of version control."""
    def git(*arguments):
        return subprocess.run(["git", "-C", HERE, *arguments], capture_output=True, text=True, check=True).stdout.strip()
    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


class Kept:
    """The blocks that were played; `path` may be None."""

    def __init__(self, path):
        self.path, self.blocks, self.others, self.file = path, {}, 0, None
        self.of = hashlib.sha256((HERE / "_faults.py").read_bytes()).hexdigest()[:16]
        self.commit = commit()

    def read(self):
        data = self.path.read_bytes() if self.path and self.path.exists() else b""
        for line in data.split(b"\n")[:-1]:  # what follows the last newline is torn, or nothing
            block = json.loads(line)
            if block["of"] == self.of and block["passed"] == BLOCK:
                self.blocks[block["first"]] = block
            else:
                self.others += 1
        return data

    def open(self):
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, "ab", buffering=0)
        fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.file.truncate(self.read().rfind(b"\n") + 1)

    def add(self, block):
        block = {"first": block["first"], "of": self.of, "commit": self.commit, **block}
        if self.file is not None:
            self.file.write((json.dumps(block, separators=(",", ":")) + "\n").encode())
        self.blocks[block["first"]] = block


class Runner:
    """Schedules side by side, block by block."""

    def __init__(self, jobs, kept):
        self.jobs, self.kept = jobs, kept
        self.tasks, self.lock, self.stop = queue.Queue(), threading.Lock(), threading.Event()
        self.open_blocks, self.failed, self.broken = {}, 0, None

    def finished(self, number, seen, problem):
        """A schedule came to its end. The last of a block closes it."""
        with self.lock:
            block = self.open_blocks[number // BLOCK * BLOCK]
            block["left"] -= 1
            if problem is not None:
                self.failed += 1
                block["failed"].append(number)
                print(f"schedule {number}: {problem}", flush=True)
            else:
                block["counts"].update({key: value for key, value in seen.items() if isinstance(value, int)})
                block["played"].update(seen["faults"])
                block["over"].update([f"{seen['transport']}, {seen['desk']}"])
            if block["left"] > 0:
                return
            done = {"first": number // BLOCK * BLOCK, "passed": BLOCK - len(block["failed"]), "failed": sorted(block["failed"]), **block["counts"],
                    "faults": dict(sorted(block["played"].items())), "over": dict(sorted(block["over"].items()))}
            self.kept.add(done)
            print(f"{done['first']} to {done['first'] + BLOCK - 1}: {done['passed']} passed, {len(done['failed'])} failed", flush=True)

    def work(self, urls):
        while not self.stop.is_set():
            try:
                number = self.tasks.get_nowait()
            except queue.Empty:
                return
            try:
                seen, problem = _faults.play(number, urls), None
            except (AssertionError, subprocess.TimeoutExpired, ValueError, OSError) as why:
                seen, problem = None, why
            if not self.stop.is_set():  # else it may have been interrupted with us
                self.finished(number, seen, problem)

    def run(self, count):
        for first in range(0, count, BLOCK):
            if first in self.kept.blocks:
                continue
            self.open_blocks[first] = {"left": BLOCK, "failed": [], "counts": collections.Counter(), "played": collections.Counter(),
                                       "over": collections.Counter()}
            for number in range(first, first + BLOCK):
                self.tasks.put(number)
        with _faults.engines() as urls:
            workers = [threading.Thread(target=self.work, args=(urls,)) for _ in range(self.jobs)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()


def summary(kept, count):
    """Lines on what is there of the first `count` schedules."""
    blocks = [block for first, block in sorted(kept.blocks.items()) if first < count]
    played, over, counts = collections.Counter(), collections.Counter(), collections.Counter()
    for block in blocks:
        played.update(block["faults"])
        over.update(block["over"])
        counts.update({key: value for key, value in block.items() if isinstance(value, int) and key not in ("first", "passed")})
    commits = sorted({block["commit"] or "unknown" for block in blocks})
    return [f"schedules {len(blocks) * BLOCK} of {count}, played by commits {', '.join(commits) or '-'}",
            f"faults {sum(played.values())}: " + ", ".join(f"{name} {times}" for name, times in sorted(played.items())),
            "over: " + ", ".join(f"{name} {times}" for name, times in sorted(over.items())),
            "seen: " + ", ".join(f"{name} {times}" for name, times in counts.items())]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0],
                                     epilog="exit: 0 all passed, 1 some failed, 2 wrong usage, 3 another run writes to FILE, 130 interrupted")
    parser.add_argument("--count", type=int, default=10000, metavar="N", help="schedules 0 to N-1, rounded up to a hundred (default 10000)")
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="side by side (default 4): one needs a tenth of a core")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FILE", help="add every block there, and do not play again what is there and holds")
    arguments = parser.parse_args()
    count = -(-arguments.count // BLOCK) * BLOCK
    kept = Kept(arguments.keep)
    try:
        kept.open()
    except BlockingIOError:
        print(f"fault_schedules.py: {arguments.keep}: another run is writing there", file=sys.stderr)
        return 3
    runner = Runner(arguments.jobs, kept)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: runner.stop.set())
    try:
        runner.run(count)
    except _faults.Died as why:
        runner.failed += 1
        print(why)
    passed = sum(BLOCK for first in kept.blocks if first < count)
    print("\n".join(summary(kept, count)))
    if runner.stop.is_set():
        print("interrupted: what is done is kept, and the same command goes on from there")
        return 130
    print(f"{count - runner.failed} passed, {runner.failed} failed")
    return 0 if runner.failed == 0 and passed == count else 1


if __name__ == "__main__":
    sys.exit(main())
