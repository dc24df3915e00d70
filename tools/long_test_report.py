#!/usr/bin/env python3
"""Writes what `tools/test --long` found: README.md (the finding first), summary.json, tests.csv."""

import argparse
import csv
import json
import os
import pathlib
import platform
import shutil
import subprocess
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=pathlib.Path, required=True, help="folder of logs of tools/test")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write, replaced when it is there")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--started", required=True)
    parser.add_argument("--counts", required=True, help="passed, failed, skipped")
    parser.add_argument("--seconds", type=int, required=True)
    options = parser.parse_args()

    passed, failed, skipped = map(int, options.counts.split())
    steps = read_steps(options.steps / "steps.tsv")
    summary = {
        "command": f"tools/test --long --seed {options.seed}",
        "commit": said("git", "rev-parse", "HEAD"),
        "changed_files": bool(said("git", "status", "--porcelain", "--untracked-files=no")),
        "compilers": [said("gcc", "--version"), said("clang", "--version")],
        "machine": {"system": platform.platform(), "processor": processor(), "cores": os.cpu_count()},
        "seed": options.seed, "started": options.started, "seconds": options.seconds,
        "passed": passed, "failed": failed, "skipped": skipped, "steps": steps,
    }

    partial = options.out.with_name(options.out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    with (partial / "tests.csv").open("w", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(("step", "test", "status", "seconds"))
        rows.writerows(read_tests(options.steps))

    finding = f"All {passed} checks pass" if failed == 0 else f"{failed} of {passed + failed} checks fail"
    lines = [f"{finding}{f', {skipped} could not be run' if skipped else ''}: everything at its full figures, "
             f"{options.seconds / 3600:.1f} hours.", "",
             f"`{summary['command']}` on {options.started[:10]}, commit {summary['commit'][:12]}"
             f"{' with changed files' if summary['changed_files'] else ''}; {processor()}, {os.cpu_count()} cores; "
             f"{'; '.join(filter(None, summary['compilers']))}.", "",
             "| step | result | passed | failed | skipped | seconds |", "| --- | --- | --: | --: | --: | --: |"]
    lines += [f"| {s['name']} | {s['result']} | {s['passed']} | {s['failed']} | {s['skipped']} | {s['seconds']:.1f} |"
              for s in steps]
    lines += ["", "`summary.json` has the same for machines, `tests.csv` every single test of CTest."]
    (partial / "README.md").write_text("\n".join(lines) + "\n")
    shutil.rmtree(options.out, ignore_errors=True)
    partial.rename(options.out)


if __name__ == "__main__":
    main()
