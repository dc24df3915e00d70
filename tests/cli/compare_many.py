"""fenliu compare with many runs: differences against the first, no more false claims than promised, the best of many, what parameters do.

compare_many.py --long draws more trials."""
import json
import os
import pathlib
import re
import sqlite3
import sys
import tempfile
import xml.etree.ElementTree

from _common import expect, failures, run_text as run

LONG = "--long" in sys.argv


def answer(*arguments):
    done = run("compare", *arguments, "-q", "--json")
    expect(done.returncode == 0, f"{arguments}: {done.returncode} {done.stderr}")
    return json.loads(done.stdout)


def refused(why, *arguments):
    done = run("compare", *arguments, "-q")
    expect(done.returncode == 2 and why in done.stderr, f"{arguments}: wanted \"{why}\", got {done.returncode} {done.stderr}")


SHOP = {
    "fenliu": 1, "name": "shop", "start": "2026-06-17T18:00", "duration": "2h", "traffic": {"chats_per_day": 1800},
    "buyers": {"intents": [{"name": "size", "share": 1, "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "25s"}}}],
               "think_time": {"exponential": "40s"}, "patience": {"first": {"weibull": {"scale": "188s", "shape": 2}}}},
    "desk": {"agents": [{"name": "a", "count": 4, "max_chats": 8, "speed": 1.0}]}, "objectives": {"abandonment": "<= 0.10"}}


def shop(path, **agent):
    scenario = json.loads(json.dumps(SHOP))
    scenario["desk"]["agents"][0].update(agent)
    with open(path, "w", encoding="utf-8") as out:
        json.dump(scenario, out)
    return path


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    files = [shop("a.json"), shop("b.json", count=5), shop("c.json"), shop("d.json", count=3)]
    sqlite = "without SQLite" not in run("sweep", "x").stderr and not os.environ.get("FENLIU_CORE")

    # ---- Many against the first: scenarios, run directories and both tell the same
    many = answer(*files, "-n", "30")
    by = {(d["figure"], d["b_run"]): d for d in many["differences"]}
    expect(many["unpaired"] == 0 and many["days"] == 30, "paired by day")
    expect(by["abandonment", 1]["better"] == "b" and by["abandonment", 3]["better"] == "a", "one more is better, one fewer worse")
    expect(by["abandonment", 2]["difference"] == 0 and by["abandonment", 2]["ci95"] == [0, 0], "the same is the same")
    two = answer(files[0], files[1], "-n", "30")
    of_two = next(d for d in two["differences"] if d["figure"] == "first_response_s.p90")
    expect({k: of_two[k] for k in ("a", "b", "difference", "ci95", "p")} == {k: by["first_response_s.p90", 1][k] for k in ("a", "b", "difference", "ci95", "p")},
           "two of many are as two alone")
    for file in files[1:]:
        run("simulate", file, "-n", "30", "-q", "-o", file + ".run")
    expect(answer(files[0], *[file + ".run" for file in files[1:]], "-n", "30")["differences"] == many["differences"], "run directories tell the same")
    pairs = answer(*files, "-n", "30", "--all-pairs", "--figures", "abandonment")
    expect([(d["a_run"], d["b_run"]) for d in pairs["differences"]] == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], "every pair")
    refused("wanted a figure", *files, "--figures", "speed")
    refused("wants a store", *files, "--effects", "abandonment")
    refused("are for two", *files, "--set-a", "seed=1")
    refused("belongs to --best", *files, "--within", "1")

    # ---- The same shop by other seeds: a false claim among all of them in 5 of 100 trials, where trials are independent
    trials, claims = 200 if LONG else 12, 0
    for trial in range(trials):
        runs = []
        for i in range(4):
            runs.append(f"aa{i}.run")
            seed = str(1000 + 4 * trial + i)
            done = run("simulate", files[0], "-n", "20", "-s", seed, "-q", "-o", runs[-1])
            made = json.loads(pathlib.Path(runs[-1], "summary.json").read_text(encoding="utf-8"))  # not what a trial before has left there
            expect(done.returncode in (0, 1) and str(made["seed"]) == seed, f"another desk: exit {done.returncode}, seed {made['seed']} for {seed}")
        same = answer(*runs)
        expect(same["unpaired"] == 3, "other seeds do not pair")
        claims += any(d["more_than_chance"] for d in same["differences"])
    # P(more | 5 %) is 2 % for more than 2 of 12, and 1 % for more than 17 of 200.
    expect(claims <= (17 if LONG else 2), f"{claims} false claims in {trials} trials")
    print(f"{claims} of {trials} trials with a false claim")

    # ---- The best: faster agents are better, whatever the seed
    fast = [shop("s0.json"), shop("s1.json", speed=1.06), shop("s2.json", speed=1.2), shop("s3.json", speed=1.12)]
    trials, right = 60 if LONG else 4, 0
    for trial in range(trials):
        best = answer(*fast, "--best", "abandonment", "--within", "0.01", "-s", str(50 + trial))
        expect(best["decided"], f"it ends: {best}")
        right += best["best"] == 2
    expect(right >= 0.95 * trials, f"the best in {right} of {trials} trials")
    print(f"the best in {right} of {trials} trials")
    best = answer("s0.json", "s2.json", "--best", "reply_rate_3min", "--within", "5%")
    expect(best["best"] == 1 and best["decided"], "of a share of which more is better, the larger")
    undecided = answer("aa0.run", "aa1.run", "--best", "abandonment", "--within", "0.0001")
    expect(not undecided["decided"], "finished runs do not suffice for so small a difference")
    expect("too few days" in run("compare", "aa0.run", "aa1.run", "--best", "abandonment", "--within", "0.0001", "--lang", "en").stdout, "and that is said")
    expect(answer("s0.json", "s0.json", "--best", "abandonment", "--within", "0.01")["best"] == 0, "of the same the first")
    refused("has a better end", *fast, "--best", "occupancy")
    refused("above 0", *fast, "--best", "abandonment", "--within", "-1")

    # ---- A store: runs, effects, pictures
    if sqlite:
        grid = ["sweep", files[0], "--vary", "desk.agents[a].count=3,4,5", "--vary", "desk.agents[a].speed=1.0,1.1", "-n", "25", "-q"]
        run(*grid, "-o", "s.sqlite")
        run("sweep", files[0], "--vary", "desk.agents[a].count=3,4", "-n", "1", "-q", "-o", "day.sqlite")
        one_day = answer("day.sqlite", "--effects", "abandonment", "--report", "day.html")
        expect(all(s["share"] is None for s in one_day["shares"]), f"one day has no shares: {one_day['shares']}")
        expect("nan" not in pathlib.Path("day.html").read_text(encoding="utf-8"), "nor a picture of them")
        stored = answer("s.sqlite", "--figures", "abandonment,response_s.p90")
        expect(len(stored["runs"]) == 6 and len(stored["differences"]) == 10, "all points against the first")
        expect(len(answer("s.sqlite", "--where", '"desk.agents[a].count" > 3')["runs"]) == 4, "--where chooses points")
        refused("syntax error", "s.sqlite", "--where", "what is")
        refused("no finished point", "s.sqlite", "--where", "run_id > 99")
        run("simulate", files[0], "--set", "desk.agents[a].count=3", "-n", "25", "-q", "-o", "p0")
        run("simulate", files[0], "--set", "desk.agents[a].count=5", "--set", "desk.agents[a].speed=1.1", "-n", "25", "-q", "-o", "p5")
        direct = next(d for d in answer("p0", "p5")["differences"] if d["figure"] == "abandonment")
        kept = next(d for d in stored["differences"] if d["figure"] == "abandonment" and d["b_run"] == 5)
        expect(all(abs(kept[k] - direct[k]) < 1e-12 for k in ("a", "b", "difference")) and kept["ci95"] == direct["ci95"], "a store's runs are those of simulate")

        # Effects, held to sums written out here.
        effects = answer("s.sqlite", "--effects", "abandonment")
        days = sqlite3.connect("s.sqlite").execute("SELECT run_id, day, abandonment FROM days ORDER BY run_id, day").fetchall()
        y = [[v for run_id, _, v in days if run_id == point] for point in range(6)]
        n = len(y[0])
        mean = [sum(point) / n for point in y]
        grand = sum(mean) / 6
        terms = {t["term"]: t["effect"] for t in effects["terms"]}
        expect(effects["design"] == "factorial" and effects["days"] == 25, "a full grid is a factorial design")
        expect(abs(terms["desk.agents[a].count=3"] - ((mean[0] + mean[1]) / 2 - grand)) < 1e-9, "a main effect")
        pair = mean[5] - (mean[4] + mean[5]) / 2 - (mean[1] + mean[3] + mean[5]) / 3 + grand
        expect(abs(terms["desk.agents[a].count=5 x desk.agents[a].speed=1.1"] - pair) < 1e-9, "an interaction")

        def square(parts):
            """The square of the mean of independent parts, without their noise."""
            return (sum(parts) ** 2 - sum(p * p for p in parts)) / (len(parts) * (len(parts) - 1))

        of_day = [sum(y[p][d] for p in range(6)) / 6 for d in range(n)]
        whole = sum(square([y[p][d] - of_day[d] for d in range(n)]) for p in range(6)) / 6
        counts = sum(square([(y[2 * c][d] + y[2 * c + 1][d]) / 2 - of_day[d] for d in range(n)]) for c in range(3)) / 3
        expect(abs(effects["shares"][0]["share"] - counts / whole) < 1e-9, f"a share: {effects['shares'][0]} {counts / whole}")
        expect(abs(sum(s["share"] for s in effects["shares"]) - 1) < 0.02, "shares add up")

        # No full grid: regression, on a plane that is known by other means.
        run("sweep", files[0], "--vary", "desk.agents[a].speed=1.0:1.3", "--vary", "traffic.chats_per_day=1500:2100", "--sample", "latin:12", "-n", "25", "-q", "-o", "l.sqlite")
        plane = answer("l.sqlite", "--effects", "abandonment")
        slopes = {t["term"]: t for t in plane["terms"]}
        expect(plane["design"] == "regression" and plane["explained"] > 0.8, f"regression explains it: {plane['explained']}")
        expect(slopes["desk.agents[a].speed"]["effect"] < 0 < slopes["traffic.chats_per_day"]["effect"], "faster is better, more buyers worse")
        expect(all(slopes[name]["more_than_chance"] for name in ("desk.agents[a].speed", "traffic.chats_per_day")), "by more than chance")

        for name, arguments in (("many", []), ("effects", ["--effects", "abandonment"]), ("slopes", ["--effects", "abandonment"]), ("best", ["--best", "abandonment"])):
            for language in ("en", "zh"):
                done = run("compare", "l.sqlite" if name == "slopes" else "s.sqlite", *arguments, "--report", "r.html", "--lang", language, "-q")
                expect(done.returncode == 0, f"{name}: {done.stderr}")
                with open("r.html", encoding="utf-8") as file:
                    page = file.read()
                for picture in re.findall(r"<svg.*?</svg>", page, re.S):
                    xml.etree.ElementTree.fromstring(picture)
                expect("<svg" in page and "<script" not in page and "http://" not in page and "https://" not in page, f"{name}: a page that stands alone")
                expect("nan" not in re.sub(r"<title>.*?</title>", "", page) and 'lang="%s"' % language in page, f"{name}: numbers are numbers")
        expect(run("compare", "s.sqlite", "--report", "/dev/full", "-q").returncode == 4, "a page that cannot be written is exit 4")

print(f"{len(failures)} failures")
sys.exit(bool(failures))
