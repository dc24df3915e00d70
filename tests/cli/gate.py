"""fenliu compare --gate and --pack: verdicts, exit codes, what is said and where it is written; baselines; bad input."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

from _common import COMMAND, SOURCE, expect, failures, run


def gate(code, *arguments):
    """The JSON of a gate that ends with `code`."""
    done = run("compare", *arguments, "-q", "--json")
    expect(done.returncode == code, f"{arguments}: wanted exit {code}, got {done.returncode} {done.stderr.decode()}")
    return json.loads(done.stdout) if done.returncode in (0, 1) else {"gates": []}


def words(*arguments, lang="en"):
    return run("compare", *arguments, "-q", "--lang", lang).stdout.decode()


def refused(wanted, *arguments):
    done = run("compare", *arguments, "-q")
    said = done.stderr.decode()
    expect(done.returncode == 2 and wanted in said, f"{[str(a) for a in arguments]}: wanted 2 and {wanted!r}, got {done.returncode} {said!r}")
    expect(done.stdout == b"", "and nothing on stdout")


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def intent(name, phase):
    return {"name": name, "phase": phase, "share": 0.5, "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "25s"}}}


SHOP = {
    "fenliu": 1, "name": "shop", "start": "2026-06-17T18:00", "duration": "2h", "traffic": {"chats_per_day": 2400},
    "buyers": {"intents": [intent("size", "pre_sale"), intent("refund", "after_sale")],
               "think_time": {"exponential": "40s"}, "patience": {"first": {"weibull": {"scale": "188s", "shape": 2}}}},
    "desk": {"groups": [{"name": "before", "phases": ["pre_sale", "in_sale"]}, {"name": "售后", "phases": ["after_sale"]}],
             "agents": [{"name": "b", "count": 4, "groups": ["before"]}, {"name": "a", "count": 4, "groups": ["售后"]}]},
    "objectives": {"abandonment": "<= 0.10"}}
FEWER = "desk.agents[a].count=2"


def file_of(*gates, **more):
    return {"fenliu": 1, **more, "gates": list(gates)}


P95 = {"metric": "first_response_s.p95", "relative": 0.05}
LEAVE = {"metric": "abandonment", "absolute": 0.02, "per": "group"}
INTERVAL = {"metric": "first_response_s.mean", "relative": 0.02, "per": "interval", "min_samples": 20}


def verdicts(shop, folder):
    """What got worse is said, for whom, and decides the exit code."""
    file = write(folder / "gate.json", file_of(P95, LEAVE, {"metric": "first_response_s.p95", "relative": 0.05, "per": "group", "only": "before"},
                                               INTERVAL, {"metric": "occupancy", "absolute": 0.9, "worse": "higher", "per": "group"}))
    same = gate(0, shop, shop, "--gate", file)
    expect(same["verdict"] == "passed" and same["days"] == 20, f"the same twice passes at once: {same}")
    expect(all(g["identical"] and g["verdict"] == "passed" for g in same["gates"]), "and is the same")
    expect(all(c["difference"] == 0 and abs(c["low"]) + abs(c["high"]) < 1e-9 for g in same["gates"] for c in g["cells"] if c["verdict"] == "passed"), "by nothing")
    expect("are the same in every value on all 20 days" in words(shop, shop, "--gate", file), "and it is said")

    worse = gate(1, shop, "--gate", file, "--set-b", FEWER)
    p95, leave, before, interval, _ = worse["gates"]
    expect(worse["verdict"] == "failed" and p95["verdict"] == "failed" and p95["days"] in (20, 40, 80), f"half the agents fail: {p95}")
    cell = p95["cells"][0]
    expect(cell["low"] > cell["allowed"] and cell["low"] < cell["difference"] < cell["high"], f"its bounds: {cell}")
    expect(abs(cell["allowed"] - 0.05 * cell["a"]) < 1e-9, "what is allowed is a share of A's")
    by = {(c["per"], c["where"]) for c in cell["for_whom"]}
    expect(("group", "售后") in by and ("intent", "refund") in by and ("group", "before") not in by, f"for whom: {by}")
    expect([c["where"] for c in leave["cells"]][0] == "售后" and leave["cells"][0]["verdict"] == "failed", "the worst group comes first")
    expect(leave["cells"][1]["verdict"] == "passed", "the other group is as well off as before")
    expect(before["verdict"] == "passed" and len(before["cells"]) == 1, "and passes alone")
    expect(interval["verdict"] == "failed" and re.fullmatch(r"\d\d:\d\d-\d\d:\d\d", interval["cells"][0]["where"]), f"per interval: {interval['cells'][0]}")

    said = words(shop, "--gate", file, "--set-b", FEWER)
    expect(re.search(r"P95 of first response: [\d.]+ s \([\d.]+ %\) longer for all buyers \([\d.]+ s -> [\d.]+ s; with 99 % confidence at least", said), said)
    expect("for buyers of group 售后" in said and "gate FAILED: 2 passed, 3 failed, 0 undecided." in said, said)
    expect("组 售后" in words(shop, "--gate", file, "--set-b", FEWER, lang="zh"), "in Chinese too")

    better = gate(0, shop, "--gate", file, "--set-a", FEWER)
    expect(better["verdict"] == "passed", "the other way round it is better, and passes")
    for jobs in ("1", "2", "7"):
        expect(run("compare", shop, "--gate", file, "--set-b", FEWER, "-q", "--json", "-j", jobs).stdout ==
               run("compare", shop, "--gate", file, "--set-b", FEWER, "-q", "--json").stdout, f"{jobs} threads tell the same")


def evidence(shop, folder):
    """More days until it is decided; too few are no failure, unless strict."""
    tight = write(folder / "tight.json", file_of({"metric": "response_s.mean", "relative": 0.02}, days={"first": 5, "most": 80}))
    slower = "desk.agents[a].speed=0.96"
    decided = gate(0, shop, "--gate", tight, "--set-b", "desk.agents[a].speed=0.999")["gates"][0]
    expect(decided["verdict"] == "passed" and decided["days"] in (5, 10, 20, 40, 80), f"looks double: {decided['days']}")
    few = gate(0, shop, "--gate", tight, "--set-b", slower, "-n", "5")
    expect(few["verdict"] == "undecided" and few["days"] == 5 and few["days_most"] == 5 and not few["missed"], f"{few}")
    strict = gate(1, shop, "--gate", tight, "--set-b", slower, "-n", "5", "--strict")
    expect(strict["verdict"] == "undecided" and strict["missed"] and strict["strict"], "strict misses it")
    in_file = write(folder / "strict.json", file_of({"metric": "response_s.mean", "relative": 0.02}, strict=True))
    gate(1, shop, "--gate", in_file, "--set-b", slower, "-n", "5")
    said = words(shop, "--gate", tight, "--set-b", slower, "-n", "5")
    expect("not enough evidence in 5 days" in said and "gate undecided: 0 passed, 0 failed, 1 undecided; a larger days.most" in said, said)

    none = write(folder / "none.json", file_of({"metric": "conversion", "absolute": 0.01}))
    nothing = gate(1, shop, shop, "--gate", none)
    expect(nothing["gates"][0]["verdict"] == "no_samples" and nothing["missed"], "no samples fail, even of the same")
    expect("conversion for all buyers: no samples in A or B." in words(shop, shop, "--gate", none), "and it is said")
    gone = write(folder / "gone.json", file_of({"metric": "chats_answered", "relative": 0.1, "per": "agent"}))
    lost = gate(1, shop, "--gate", gone, "--set-b", FEWER)["gates"][0]["cells"][0]
    expect(lost["where"] in ("a#3", "a#4") and lost["verdict"] == "failed" and "B has no a#" in lost["sentence"], f"who is missing fails: {lost}")


def baselines(shop, folder):
    """A run as one small file, and what a comparison says first of another key."""
    file = write(folder / "b.json", file_of(P95, LEAVE))
    a, b, other = folder / "a.run", folder / "b.run", folder / "other.run"
    run("simulate", shop, "-q", "-n", "30", "-o", a)
    run("simulate", shop, "-q", "-n", "20", "-o", b, "--set", FEWER)
    run("simulate", shop, "-q", "-n", "20", "-s", "2", "-o", other)
    run("simulate", shop, "-q", "-n", "30", "-o", folder / "b30.run", "--set", FEWER)
    packed, again = folder / "shop.baseline", folder / "again.baseline"
    done = run("compare", a, "--pack", packed)
    expect(done.returncode == 0 and packed.stat().st_size < 1000000, f"{done.stderr}")
    run("compare", shop, "--pack", again, "-n", "30")
    expect(packed.read_bytes() == again.read_bytes(), "a run and its scenario pack into the same bytes")
    run("compare", packed, "--pack", again)
    expect(packed.read_bytes() == again.read_bytes(), "and so does the baseline")

    wanted = gate(1, a, b, "--gate", file)
    expect(wanted["days"] == 20 and wanted["a"]["days_left_out"] == 10 and wanted["b"]["days_left_out"] == 0, "two runs: the days that both have")
    expect(gate(1, packed, b, "--gate", file)["gates"] == wanted["gates"], "a baseline tells what its run tells")
    at_once = write(folder / "once.json", file_of(P95, LEAVE, days={"first": 30, "most": 1000}))
    simulated = gate(1, packed, shop, "--gate", at_once, "--set-b", FEWER)
    expect(simulated["days_most"] == 30, "against a baseline a scenario is simulated up to the baseline's days")
    expect(simulated["gates"] == gate(1, a, folder / "b30.run", "--gate", at_once)["gates"], "and tells what runs tell")
    expect("days that only one side has are left out: 10 of A, 0 of B" in words(packed, b, "--gate", file), "which is said")
    expect(words(packed, b, "--gate", file).startswith("NOTE: the scenarios differ ("), "another scenario is said first")
    expect(words(packed, b).startswith("NOTE: the scenarios differ ("), "without a gate too")
    expect(not words(packed, a, "--gate", file).startswith("NOTE"), "the same key is no news")
    apart = gate(0, a, other, "--gate", write(folder / "wide.json", file_of({"metric": "response_s.mean", "relative": 0.5})))
    expect(not apart["paired"] and apart["verdict"] == "passed", f"other seeds are compared as independent days: {apart}")
    expect("NOT PAIRED: the seeds differ (1 and 2)" in words(a, other, "--gate", file), "which is said")
    random = words(packed, shop, "--gate", file, "--set-b", "routing.policy=random")
    expect("NOTE: the engines differ (" in random and "and random)" in random, random[:300])
    manifest = json.loads((b / "manifest.json").read_text())
    write(b / "manifest.json", dict(manifest, version="0.0.1"))
    expect("NOTE: simulated by different versions of the model (0.1.0 and 0.0.1)" in words(packed, b, "--gate", file), "another model is said")

    # A run without finer days knows groups only.
    (a / "cells.bin").unlink()
    expect(gate(1, a, b, "--gate", file)["gates"][0]["cells"][0]["a"] == wanted["gates"][0]["cells"][0]["a"], "and still compares them")
    for per in ("interval", "agent", "intent"):
        refused(f"has no days by {per}", a, b, "--gate", write(folder / "i.json", file_of(dict(INTERVAL, per=per))))

    # What does not fit is left out, and said.
    large = run("compare", shop, "--pack", folder / "large.baseline", "-n", "400", "-q")
    expect(large.returncode == 0 and b"left out, to stay below 1 MB" in large.stderr, large.stderr)
    expect((folder / "large.baseline").stat().st_size < 1000000, "and it does")

    # Days that are not in both.
    run("simulate", shop, "-q", "-n", "1", "-o", other)
    shutil.copytree(other, folder / "one.run")
    one = gate(0, packed, folder / "one.run", "--gate", file)
    expect(one["days"] == 1 and one["verdict"] == "passed", "one day that is the same")
    few = gate(0, packed, shop, "--gate", file, "--set-b", FEWER, "-n", "1")
    expect(few["verdict"] == "undecided", "one day that is another tells nothing")

    for at in (100, 2000, -20, -1):
        damaged = bytearray(packed.read_bytes())
        damaged[at] ^= 1
        (folder / "bad.baseline").write_bytes(bytes(damaged))
        refused("damaged or cut short", folder / "bad.baseline", shop, "--gate", file)
    for cut in (20, 200, len(packed.read_bytes()) - 1):
        (folder / "bad.baseline").write_bytes(packed.read_bytes()[:cut])
        refused("damaged or cut short", folder / "bad.baseline", shop, "--gate", file)
    refused("is a finished run: --set wants a scenario file", packed, shop, "--gate", file, "--set", FEWER)
    done = run("compare", a, "--pack", folder / "no" / "where.baseline")
    expect(done.returncode == 4 and b"cannot write" in done.stderr, f"nowhere to pack: {done.returncode} {done.stderr}")
    expect(run("compare", a, b, "--pack", again).returncode == 2, "one is packed, not two")


def outside(shop, folder):
    """A driven engine is a side like any other."""
    file = write(folder / "o.json", file_of({"metric": "first_response_s.p95", "relative": 5}))
    packed, driven = folder / "engine.baseline", folder / "engine.run"
    engine = f"exec:{sys.executable} {SOURCE / 'tests' / 'engine' / 'least_open.py'}"
    run("compare", shop, "--pack", packed, "-n", "4")
    done = run("drive", shop, "--engine", engine, "-n", "4", "-q", "-o", driven)
    expect(done.returncode in (0, 1), done.stderr.decode())
    answer = gate(0, packed, driven, "--gate", file)
    expect(answer["paired"] and answer["days"] == 4 and not answer["same_engine"] and answer["same_scenario"], f"{answer}")
    expect(answer["b"]["engine"] == "least_open 1.0", f"{answer['b']}")
    done = run("compare", driven, "--pack", folder / "driven.baseline")
    expect(b"engine least_open 1.0" in done.stderr, done.stderr)


def reports(shop, folder):
    """JUnit, Markdown, JSON: the same verdicts everywhere, and nothing half-written."""
    file = write(folder / "r.json", file_of({"metric": "response_s.mean", "relative": 0.02}, {"metric": "reply_rate_3min", "absolute": 0.9},
                                            {"metric": "abandonment", "absolute": 0.014, "name": "a < b & \"c\" | d"}, days={"first": 20, "most": 20}))
    junit, markdown = folder / "junit.xml", folder / "report.md"
    fixed = {"SOURCE_DATE_EPOCH": "1781700000"}
    arguments = ("compare", shop, "--gate", file, "--set-b", FEWER, "-q", "--junit", junit, "--markdown", markdown, "--lang", "en")
    expect(run(*arguments, env=fixed).returncode == 1, "it is missed")
    answer = gate(1, shop, "--gate", file, "--set-b", FEWER)
    suite = ElementTree.parse(junit).getroot().find("testsuite")
    counts = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    expect(counts == {"tests": 3, "failures": answer["failed"], "errors": 0, "skipped": answer["undecided"]}, f"{counts}")
    expect(suite.get("timestamp") == "2026-06-17T12:40:00" and suite.get("hostname") and suite.get("name") == str(file), f"{suite.attrib}")
    expect([child.tag for child in suite] == ["properties", "testcase", "testcase", "testcase", "system-out", "system-err"], "its parts, in order")
    cases = suite.findall("testcase")
    expect(all(case.get("classname") and case.get("name") and case.get("time") for case in cases), "cases have names and times")
    expect(cases[2].get("name") == 'a < b & "c" | d', f"names are escaped: {cases[2].attrib}")
    expect(len(suite.findall("testcase/failure")) == counts["failures"] and len(suite.findall("testcase/skipped")) == counts["skipped"], "what the counts say")
    expect("longer for all buyers" in cases[0].find("failure").get("message"), "a failure says what got worse")
    first = junit.read_bytes()
    run(*arguments, env=fixed)
    expect(junit.read_bytes() == first, "the same bytes at the same time")
    run(*arguments, "--strict")
    strict = ElementTree.parse(junit).getroot().find("testsuite")
    expect(strict.get("skipped") == "0" and int(strict.get("failures")) == counts["failures"] + counts["skipped"], "strict skips nothing")
    report = markdown.read_text(encoding="utf-8")
    expect(report.startswith("### gate FAILED: ") and "| ❌ FAILED | mean response |" in report and "\\| d" in report, report)
    rows = [line for line in report.splitlines() if line.startswith("| ")]
    expect(len(rows) == 5 and all(len(re.findall(r"(?<!\\)\|", row)) == 9 for row in rows), "a table of nine bars a line")
    expect("闸门不通过" in words(shop, "--gate", file, "--set-b", FEWER, lang="zh"), "in Chinese")

    for option in ("--junit", "--markdown"):
        done = run("compare", shop, shop, "--gate", file, "-q", option, folder / "no" / "such.file")
        expect(done.returncode == 4 and b"cannot write" in done.stderr and done.stdout == b"", f"{option} nowhere: {done.returncode}")
        done = run("compare", shop, shop, "--gate", file, "-q", option, "/dev/full")
        expect(done.returncode == 4 and b"No space left" in done.stderr, f"{option} on a full disk: {done.returncode} {done.stderr}")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COMMAND, "compare", shop, shop, "--gate", file, "-q"], stdout=full, stderr=subprocess.PIPE, check=False)
    expect(done.returncode == 4, "a full disk is told")
    expect(not [p for p in folder.rglob("*.part")], "nothing half-written stays")


def bad(shop, folder):
    """Gate files and usage that are refused."""
    wrong = write(folder / "wrong.json", '{ "fenliu": 1,\n  "gates": [ { "metric": "first_response.p95", "relative": 0.05 },\n    { "metric": "waited" } ] }\n')
    done = run("compare", shop, shop, "--gate", wrong, "-q")
    said = done.stderr.decode()
    expect(done.returncode == 2 and f"{wrong}:2:26: $.gates[0].metric: wanted the name of a known figure" in said and "first_response_s.p95" in said, said)
    expect(f"{wrong}:3:5: $.gates[1]: wanted a margin" in said and said.count("\n") == 2, f"all faults at once: {said}")
    refused("did you mean \"售后\"?", shop, shop, "--gate", write(folder / "only.json", file_of(dict(LEAVE, only="售前"))))
    refused("cannot read", shop, shop, "--gate", folder / "absent.json")
    refused("cannot read", shop, shop, "--gate", folder)
    good = write(folder / "good.json", file_of(P95))
    for arguments in ((shop, "--gate", good), (shop, shop, "--strict"), (shop, shop, "--junit", "x.xml"), (shop, "--pack", "x", "--gate", good),
                      (shop, shop, "--gate", ""), (shop, folder / "absent.json", "--gate", good), (shop, folder, "--gate", good)):
        expect(run("compare", *arguments, "-q").returncode == 2, f"{[str(a) for a in arguments]} is refused")
    # The example of the documentation is a good one.
    done = run("compare", shop, shop, "--gate", SOURCE / "tools" / "ci" / "gate.json", "-q")
    expect(done.returncode == 0, done.stderr.decode())


with tempfile.TemporaryDirectory() as place:
    whole = pathlib.Path(place)
    shop_file = write(whole / "shop.json", SHOP)
    for part in (verdicts, evidence, baselines, outside, reports, bad):
        own = whole / part.__name__
        own.mkdir()
        part(shop_file, own)
sys.exit(1 if failures else 0)
