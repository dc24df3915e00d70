"""A recorded log is played again as the traffic of a scenario.

The log of a simulated day is played at the very desk it came from: the same buyers come, and over many days everything else
comes out as it was simulated, within its error, as what a log cannot know is drawn given what it does know. Then what is refused, and
what a run directory keeps.
"""
import json
import math
import os
import pathlib
import sys
import tempfile

from _common import SOURCE, expect, failures, run_text as run

DESK = str(SOURCE / "scenarios" / "green-kpi-lost-buyers.json")
DAYS = 24


def totals(*arguments):
    answer = run("simulate", "--json", "--quiet", *arguments)
    expect(answer.returncode in (0, 1), f"simulate {arguments}: {answer.stderr}")
    return json.loads(answer.stdout)["totals"] if answer.stdout else {}


def the_same_night_again(folder):
    measures = ["chats_abandoned", "chats_left_later", "rounds_opened", "replies", "first_response_s", "response_s"]
    played = {name: [] for name in measures}
    simulated = {name: [] for name in measures}
    for day in range(DAYS):
        log = str(folder / f"{day}.jsonl")
        expect(run("log", DESK, "--quiet", "--replication", str(day), "-o", log).returncode == 0, "the log is written")
        seen = totals(DESK, "-n", "1", "--seed", "99", "--recorded", log)
        lines = sum('"kind":"chat_opened"' in line for line in open(log, encoding="utf-8"))
        expect(seen["chats_offered"]["mean"] == lines, f"day {day}: {lines} recorded chats, {seen['chats_offered']['mean']} played")
        for name in measures:
            played[name].append(seen[name]["mean"])
    days = folder / "days.run"
    totals(DESK, "-n", str(DAYS), "-o", str(days))
    rows = [line.split(",") for line in (days / "days.csv").read_text(encoding="utf-8").splitlines()]
    header = rows[0]
    for name in measures:
        column = name if name in header else name + ".mean"
        expect(column in header, f"days.csv has {name}: {header}")
        simulated[name] = [float(row[header.index(column)]) for row in rows[1:]]
        differences = [a - b for a, b in zip(played[name], simulated[name])]
        mean = sum(differences) / DAYS
        error = math.sqrt(sum((d - mean) ** 2 for d in differences) / (DAYS - 1) / DAYS)
        expect(abs(mean) < 4 * error, f"{name}: {mean:+.3f} a day of what was simulated, standard error {error:.3f}")


def formats_agree(folder):
    plain = totals(DESK, "-n", "1", "--recorded", str(folder / "0.jsonl"))
    for name in ("0.csv", "0.jsonl.zst"):
        log = str(folder / name)
        expect(run("log", DESK, "--quiet", "-o", log).returncode == 0, f"{name} is written")
        expect(totals(DESK, "-n", "1", "--recorded", log) == plain, f"{name} plays as the JSON lines do")


def a_scenario_names_its_log(folder):
    scenario = json.loads(open(DESK, encoding="utf-8").read())
    scenario["traffic"] = {"replay": {"log": "0.jsonl"}, "scale": 1.5}
    path = folder / "again.json"
    path.write_text(json.dumps(scenario), encoding="utf-8")
    out = folder / "again.run"
    first = totals(str(path), "-n", "6", "--jobs", "1", "-o", str(out))
    expect(totals(str(path), "-n", "6", "--jobs", "3") == first, "the same for any number of jobs")
    expect(totals(str(out / "scenario.json"), "-n", "6") == first, "the run's own scenario can be run from where it lies")
    answer = run("check", "--json", str(path))
    expect(answer.returncode == 0 and json.loads(answer.stdout)["files"][0]["scenario"]["chats_expected"] > 0, f"check counts the recorded buyers: {answer.stderr}")
    answer = run("compare", str(out), str(out), "--json", "--quiet")
    expect(answer.returncode == 0, f"finished runs are compared without their log: {answer.stderr}")


def refused(folder):
    log = folder / "0.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    cut = folder / "cut.jsonl"
    cut.write_text("".join(lines[:40]) + lines[40][:50], encoding="utf-8")
    answer = run("simulate", DESK, "-n", "1", "--json", "--recorded", str(cut))
    expect(answer.returncode in (0, 1) and "cut.jsonl:41:" in answer.stderr, f"a cut line is told with its place and left out: {answer.stderr}")
    for name, content, wanted in (
        ("empty", "", "the log is empty"),
        ("noise", "\x00\x01 nothing\nat all\n", "no column for time"),
        ("others", "a,b\n1,2\n", "no column for time"),
    ):
        path = folder / name
        path.write_text(content, encoding="utf-8")
        answer = run("simulate", DESK, "-n", "1", "--recorded", str(path))
        expect(answer.returncode == 2 and wanted in answer.stderr and str(path) in answer.stderr, f"{name}: {answer.returncode} {answer.stderr}")
        expect(answer.stdout == "", f"{name}: nothing is printed")
    for arguments, wanted in (
        (["--recorded", str(folder / "none.jsonl")], "none.jsonl"),
        (["--recorded", str(log), "--set", "traffic.scale=65"], "64"),
        (["--recorded", str(log), "--set", "traffic.replay.from=2031-01-01T00:00"], "nobody writes"),
        (["--recorded", str(folder)], "Is a directory"),
        (["--set", "traffic.replay.log=none.jsonl"], "none.jsonl"),
    ):
        answer = run("simulate", DESK, "-n", "1", *arguments)
        expect(answer.returncode == 2 and wanted in answer.stderr, f"{arguments}: {answer.returncode} {answer.stderr}")
    for arguments, wanted in (([], ""), (["--set", "traffic.replay.days=3"], "in 2 of the 3 days of traffic.replay.days nobody writes"),
                              (["--set", "duration=72h"], "has nobody")):
        answer = run("simulate", DESK, "-n", "1", "-q", "--recorded", str(log), *arguments)
        expect(answer.returncode in (0, 1) and wanted in answer.stderr and bool(wanted) == bool(answer.stderr), f"{arguments}: {answer.stderr!r}")


def main():
    if "FENLIU_CORE" in os.environ:
        answer = run("simulate", DESK, "--recorded", DESK)
        expect(answer.returncode == 2 and "reads no recorded logs" in answer.stderr, f"a core build says so: {answer.stderr}")
    else:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            the_same_night_again(folder)
            formats_agree(folder)
            a_scenario_names_its_log(folder)
            refused(folder)
    print(f"{len(failures)} faults")
    return len(failures) > 0


if __name__ == "__main__":
    sys.exit(main())
