#!/usr/bin/env python3
"""Writes what `tools/test --long` found: README.md (the finding first), summary.json, tests.csv. What else is in the folder stays:
theory.jsonl, where the theory sweep keeps its cases, may be hours of work, and another run may be adding to it."""

import argparse
import csv
import io
import json
import os
import pathlib
import platform
import subprocess
import sys
import xml.etree.ElementTree


def said(*command):
    """First line a command prints; empty when it cannot be run."""
    try:
        return (subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() or [""])[0]
    except (OSError, subprocess.CalledProcessError):
        return ""


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def read_steps(path):
    keys = ("result", "name", "passed", "failed", "skipped", "seconds", "note")
    steps = []
    for line in path.read_text().splitlines():
        step = dict(zip(keys, line.split("\t")))
        for key in ("passed", "failed", "skipped"):
            step[key] = int(step[key])
        step["seconds"] = float(step["seconds"])
        steps.append(step)
    return steps


def read_tests(folder):
    """Every single test of CTest: step, name, status, seconds. Their output stays out: it names this machine."""
    for path in sorted(folder.glob("*.xml")):
        for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
            yield path.name.removesuffix(".log.xml"), case.get("name"), case.get("status"), case.get("time")


def read_theory(kept, seed):
    """What the kept theory cases say, line by line; `unfinished: ...` among them where some are left."""
    run = pathlib.Path(__file__).resolve().parents[1] / "tests" / "theory" / "run.py"
    command = (sys.executable, str(run), "--all", "--seconds", "60", "--seed", str(seed), "--keep", str(kept), "--kept")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() or [f"not known: {done.stderr.strip()}"]


def write_whole(path, text):
    """A reader finds the old file or the new one."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=pathlib.Path, required=True, help="folder of logs of tools/test")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write; theory.jsonl is there")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--started", required=True)
    parser.add_argument("--counts", required=True, help="passed, failed, skipped")
    parser.add_argument("--seconds", type=int, required=True)
    options = parser.parse_args()

    passed, failed, skipped = map(int, options.counts.split())
    steps = read_steps(options.steps / "steps.tsv")
    theory = read_theory(options.out / "theory.jsonl", options.seed)
    unfinished = [line for line in theory if line.startswith("unfinished: ")]
    summary = {
        "command": f"tools/test --long --seed {options.seed}",
        "commit": said("git", "rev-parse", "HEAD"),
        "changed_files": bool(said("git", "status", "--porcelain", "--untracked-files=no")),
        "compilers": [said("gcc", "--version"), said("clang", "--version")],
        "machine": {"system": platform.platform(), "processor": processor(), "cores": os.cpu_count()},
        "seed": options.seed, "started": options.started, "seconds": options.seconds,
        "passed": passed, "failed": failed, "skipped": skipped, "steps": steps, "theory": theory,
    }

    options.out.mkdir(parents=True, exist_ok=True)
    write_whole(options.out / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    with io.StringIO(newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(("step", "test", "status", "seconds"))
        rows.writerows(read_tests(options.steps))
        write_whole(options.out / "tests.csv", out.getvalue())

    finding = f"All {passed} checks pass" if failed == 0 else f"{failed} of {passed + failed} checks fail"
    figures = "everything at its full figures" if not unfinished else "all but the theory sweep at its full figures, that one in part"
    lines = [f"{finding}{f', {skipped} were not run' if skipped else ''}: {figures}, {options.seconds / 3600:.1f} hours.", "",
             f"`{summary['command']}` on {options.started[:10]}, commit {summary['commit'][:12]}"
             f"{' with changed files' if summary['changed_files'] else ''}; {processor()}, {os.cpu_count()} cores; "
             f"{'; '.join(filter(None, summary['compilers']))}.", "",
             "| step | result | passed | failed | skipped | seconds |", "| --- | --- | --: | --: | --: | --: |"]
    lines += [f"| {s['name']} | {s['result']} | {s['passed']} | {s['failed']} | {s['skipped']} | {s['seconds']:.1f} |"
              for s in steps]
    lines += ["", "The theory sweep: every case of `tests/theory/truth/` against its exact answers, kept in `theory.jsonl`, each with the commit it",
              "was run on. z is in standard errors.", "", *(f"    {line}" for line in theory)]
    lines += ["", "`summary.json` has the same for machines, `tests.csv` every single test of CTest."]
    write_whole(options.out / "README.md", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
