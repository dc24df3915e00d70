#!/usr/bin/env python3
"""fenliu report: what it takes from a run directory, what it refuses, and how it writes; what a run directory holds for it."""
import csv
import json
import math
import os
import pathlib
import re
import resource
import subprocess
import tempfile

from _staff import CALM, COMMAND, expect

HOSTILE = "</script><!-- \u2028 \u2029 \"' & <b>"
SLOT = re.compile(r'<script type="application/json" id="run">(.*?)</script>', re.S)


def run(*arguments, code=0, **more):
    done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, timeout=100, **more)
    expect(done.returncode == code, arguments, done.returncode, done.stdout.decode()[-2000:], done.stderr.decode())
    return done


def simulate(folder, name, scenario, *options):
    """A finished run; a missed objective is one too."""
    (folder / f"{name}.json").write_text(json.dumps(scenario), encoding="utf-8")
    out = folder / f"{name}.run"
    done = subprocess.run([COMMAND, "simulate", folder / f"{name}.json", "-q", "-n", "6", "--out", out, *options], capture_output=True, timeout=100)
    expect(done.returncode in (0, 1), done.returncode, done.stderr.decode())
    return out


def scenario(agents=3, **more):
    made = {**json.loads(json.dumps(CALM)), **more}
    made["desk"]["agents"][0]["count"] = agents
    return made


def data(page):
    found = SLOT.search(page.read_text(encoding="utf-8"))
    expect(found is not None, page)
    return json.loads(found.group(1))


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text else 0.0


# ---- Run directories ----------------------------------------------------------------------------


def load_adds_up(folder):
    made = scenario(5, warmup="45m")
    made["desk"]["groups"] = [{"name": "a"}, {"name": "b"}]
    made["desk"]["agents"] = [{"name": "mei", "count": 3, "groups": ["a"], "max_chats": 5}, {"name": "li", "count": 2, "groups": ["b"], "max_chats": 5}]
    directory = simulate(folder, "groups", made)
    intervals = {(row["from"], row["group"]): row for row in rows(directory / "intervals.csv")}
    found = rows(directory / "load.csv")
    for start in {row["from"] for row in found}:
        own = [row for row in found if row["from"] == start]
        desk, groups, agents = own[0], [row for row in own[1:] if row["agent"] == "*"], [row for row in own if row["agent"] != "*"]
        expect(desk["group"] == "*" and [row["group"] for row in groups] == ["a", "b"] and [row["agents"] for row in groups] == ["3", "2"] and len(agents) == 5, own)
        counts = start >= "2026-06-17T18:30"  # the warm-up ends within the second interval
        expect(number(desk["on_duty"]) == (5 if counts else 0), desk)
        for part in (groups, agents):
            for figure in ("queue_depth", "concurrency", "occupancy"):
                mean = sum(number(row["on_duty"]) * number(row[figure]) for row in part) / 5
                expect(math.isclose(mean, number(desk[figure]), rel_tol=1e-6, abs_tol=1e-9), start, figure, mean, desk)
        for row in [desk, *groups]:
            same = intervals[start, row["group"]]
            for own_name, name in (("queue_depth", "queue_depth.mean"), ("concurrency", "concurrency"), ("waiting", "queue_length")):
                expect(math.isclose(number(row[own_name]), number(same[name]), rel_tol=1e-6, abs_tol=1e-9), start, own_name, row, same)


def many_agents_share_rows(folder):
    directory = simulate(folder, "many", scenario(600, traffic={"rate": {"points": [["+0h", 9000]]}}))
    first = [row for row in rows(directory / "load.csv") if row["from"] == "2026-06-17T18:00" and row["agent"] != "*"]
    expect(len(first) == 200 and {row["agents"] for row in first} == {"3"} and first[1]["agent"] == "mei#4", len(first), first[:2])
    expect(all(number(row["on_duty"]) == 3 for row in first), first[0])
    return directory


def agents_can_be_left_out(folder):
    """Of the summary that is printed; the one that is kept has them."""
    directory = simulate(folder, "short", scenario())
    command = [COMMAND, "simulate", folder / "short.json", "-q", "-n", "6", "--json", "--no-agents", "--out", folder / "again.short.run"]
    short, whole = json.loads(subprocess.run(command, capture_output=True, timeout=100).stdout), json.loads((directory / "summary.json").read_bytes())
    expect(whole.pop("agents") and short == whole, short.keys())
    expect((folder / "again.short.run/summary.json").read_bytes() == (directory / "summary.json").read_bytes(), "kept")


def a_staffed_run_is_that_of_its_plan(folder, paged):
    (folder / "shop.json").write_text(json.dumps(CALM), encoding="utf-8")
    page = ["--report"] if paged else []
    said = run("staff", "shop.json", "-q", "-n", "60", "--out", "plan.run", *page, "--lang", "zh", cwd=folder).stdout.decode()
    expect(not paged or said.endswith("图 plan.run/report.html(双击打开)\n"), said)
    answered = run("staff", "shop.json", "-q", "-n", "60", "--plan", "-", "--json", cwd=folder).stdout
    expect((folder / "plan.run/staff.json").read_bytes() == answered, "staff.json")
    subprocess.run([COMMAND, "simulate", "shop.plan.json", "-q", "--out", "again.run"], cwd=folder, capture_output=True, timeout=100)
    for name in ("scenario.json", "days.csv", "days.bin", "intervals.csv", "agents.csv", "load.csv", "response_s.hlog"):
        expect((folder / "plan.run" / name).read_bytes() == (folder / "again.run" / name).read_bytes(), name)
    expect((folder / "plan.run/report.html").exists() == paged, "report.html")
    if paged:
        found = data(folder / "plan.run/report.html")["runs"][0]
        expect(found["staff"] == json.loads(answered) and found["summary"]["command"] == "staff" and found["name"] == "plan.run", found["name"])


# ---- The page -----------------------------------------------------------------------------------


def hostile_names_stay_text(folder):
    made = scenario(name=HOSTILE)
    made["desk"]["agents"][0]["name"] = HOSTILE
    directory = simulate(folder, "hostile", made)
    printed = run("report", directory)
    expect(printed.stdout.decode().strip() == str(directory / "report.html"), printed.stdout)
    slot = SLOT.search((directory / "report.html").read_text(encoding="utf-8")).group(1)
    expect("<" not in slot and "\u2028" not in slot and "\u2029" not in slot, "escapes")
    found = data(directory / "report.html")["runs"][0]
    expect(found["world"]["name"] == HOSTILE and found["agents"]["rows"][0][0] == f"{HOSTILE}#1", found["world"]["name"])
    expect(run("report", directory, "--out", "-").stdout == (directory / "report.html").read_bytes(), "stdout")
    expect(data(directory / "report.html")["language"] is None, "language")
    run("report", directory, "--lang", "zh", "--out", folder / "zh.html")
    expect(data(folder / "zh.html")["language"] == "zh", "language")


def figures_are_the_runs_own(folder):
    a, b = simulate(folder, "three", scenario(3)), simulate(folder, "five", scenario(5))
    run("report", a, b, "--out", folder / "two.html")
    found = data(folder / "two.html")
    for part, directory in zip(found["runs"], (a, b)):
        summary = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
        expect(part["summary"]["totals"] == summary["totals"] and part["summary"]["objectives"] == summary["objectives"], directory)
        expect("agents" not in part["summary"] and part["days"]["all"] == 6 and part["manifest"] == json.loads((directory / "manifest.json").read_text()), directory)
    expect(found["comparison"] == json.loads(run("compare", a, b, "--json").stdout), "comparison")
    expect(any(row["better"] == "b" for row in found["comparison"]["differences"]), "five are better than three")


def thousands_are_taken_together(directory):
    run("report", directory)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    run("report", directory)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    found = data(directory / "report.html")["runs"][0]
    expect(os.path.getsize(directory / "report.html") < 2_000_000 and (spent < 0.5 or os.environ.get("FENLIU_SANITIZED")), spent)
    expect("rows" not in found["agents"] and len(found["agents"]["quantiles"]) == len(found["agents"]["columns"]) - 1 and found["agents"]["all"] == 600, found["agents"])
    expect(sum(people for _, people in found["load"]["depth"]["agents"]) == 600 and len(found["load"]["depth"]["rows"]) <= 40, found["load"]["depth"]["agents"])


# ---- Trouble ------------------------------------------------------------------------------------


def cut(table):
    """A table without its last row."""
    return table[:table.rstrip(b"\n").rindex(b"\n") + 1]


def what_is_no_run_is_refused(folder):
    directory = simulate(folder, "good", scenario())
    for path, wanted in ((folder / "nowhere", "wanted a run directory"), (folder / "good.json", "wanted a run directory"), (folder, "manifest.json")):
        said = run("report", path, code=2).stderr.decode()
        expect(wanted in said and said.count("\n") == 1, said)
    days = (directory / "days.csv").read_bytes()
    for name, bytes_, wanted in (("manifest.json", b"[1]", "damaged"), ("manifest.json", b"{}", '"command_line"'), ("days.csv", days[:-1], "damaged"),
                                 ("days.csv", days[:days.index(b"\n") + 1], "a row for every day"),
                                 ("summary.json", b'{"fenliu":1', "damaged"), ("summary.json", b"{}", '"totals"'), ("summary.json", b'{"totals":{},"agents":["', "damaged"),
                                 ("summary.json", b'{"totals":{}}\0', "damaged"), ("days.csv", b"a,b\n1\n", "damaged"),
                                 ("agents.csv", b'agent\n"x', "damaged"), ("load.csv", b"from,to\n1,2\n", "damaged"),
                                 *((name, cut((directory / name).read_bytes()), "damaged") for name in ("agents.csv", "intervals.csv", "load.csv")), ("scenario.json", b"{}", "scenario.json"),
                                 ("intervals.csv", b"", "damaged"), ("intervals.csv", None, "cannot read")):
        kept = (directory / name).read_bytes()
        (directory / name).unlink() if bytes_ is None else (directory / name).write_bytes(bytes_)
        said = run("report", directory, code=2).stderr.decode()
        expect(wanted in said and not (directory / "report.html").exists(), name, said)
        (directory / name).write_bytes(kept)
    (directory / "load.csv").unlink()  # as older versions wrote it
    run("report", directory)
    expect(data(directory / "report.html")["runs"][0]["load"] is None, "load")
    run("report", code=2)
    run("report", directory, directory, directory, code=2)
    run("report", directory, "--json", code=2)
    expect("--out" in run("simulate", folder / "good.json", "--report", code=2).stderr.decode(), "--report alone")
    return directory


def what_cannot_be_written_is_not_half_there(folder, directory):
    expect("No space left" in run("report", directory, "--out", "/dev/full", code=4).stderr.decode(), "/dev/full")
    expect("cannot write" in run("report", directory, "--out", folder / "missing" / "x.html", code=4).stderr.decode(), "no such folder")
    (directory / "report.html").unlink()
    (directory / "report.html").mkdir()
    run("report", directory, code=4)
    expect(not [name for name in os.listdir(directory) if name.endswith(".part")], os.listdir(directory))
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COMMAND, "report", directory, "--out", "-"], stdout=full, stderr=subprocess.PIPE, timeout=100)
    expect(done.returncode == 4, done)


def main():
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        load_adds_up(folder)
        agents_can_be_left_out(folder)
        many = many_agents_share_rows(folder)
        without = subprocess.run([COMMAND, "report", many], capture_output=True, timeout=100)
        if os.environ.get("FENLIU_CORE"):
            expect(without.returncode == 2 and b"no command" in without.stderr, without)
            return
        paged = without.returncode == 0
        if not os.environ.get("FENLIU_SANITIZED"):  # a search takes ten times as long then
            a_staffed_run_is_that_of_its_plan(folder, paged)
        if not paged:
            said = without.stderr.decode()
            expect(without.returncode == 2 and "without the report's page" in said and said.count("\n") == 1, said)
            print("this build has no page: of fenliu report only that was tested")
            return
        hostile_names_stay_text(folder)
        figures_are_the_runs_own(folder)
        thousands_are_taken_together(many)
        what_cannot_be_written_is_not_half_there(folder, what_is_no_run_is_refused(folder))


main()
