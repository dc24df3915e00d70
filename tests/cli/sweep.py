"""fenliu sweep: the grid, what is refused and where, the store's contents, and that killing it changes nothing.

sweep.py --long kills twenty times at random and takes more days."""
import csv
import io
import os
import random
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time

from _common import COMMAND, expect, failures, run_text as run

LONG = "--long" in sys.argv


if os.environ.get("FENLIU_CORE") or "without SQLite" in run("sweep").stderr:
    print("this build is without SQLite")
    sys.exit(77)

SHOP = """{"fenliu": 1, "name": "shop", "start": "2026-06-17T18:00", "duration": "2h", "seed": 5, "replications": 6,
 "traffic": {"chats_per_day": 2400},
 "buyers": {"intents": [{"name": "size", "share": 1, "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "25s"}}}],
            "think_time": {"exponential": "40s"}, "patience": {"first": {"weibull": {"scale": "188s", "shape": 2}}}},
 "desk": {"agents": [{"name": "a", "count": 5, "max_chats": 8}]}, "objectives": {"abandonment": "<= 0.10"}}"""


def points(*arguments):
    done = run("sweep", "--points", shop, *arguments)
    expect(done.returncode == 0, f"{arguments}: {done.stderr}")
    return list(csv.reader(io.StringIO(done.stdout)))[1:]


def refused(why, *arguments, code=2):
    done = run("sweep", shop, *arguments, "-q")
    expect(done.returncode == code and why in done.stderr, f"{arguments}: wanted {code} and \"{why}\", got {done.returncode} {done.stderr}")
    return done.stderr


def content(path):
    with open(path, "rb") as file:
        return file.read()


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    shop, other = "shop.json", "other.json"
    for path in (shop, other):
        with open(path, "w", encoding="utf-8") as out:
            out.write(SHOP)

    # ---- Points
    expect([row[2:] for row in points("--vary", "desk.agents[a].count=2,3", "--vary", "routing.policy=random,round_robin")] ==
           [["2", "random"], ["2", "round_robin"], ["3", "random"], ["3", "round_robin"]], "all combinations, the last fastest")
    expect([row[2] for row in points("--vary", "buyers.patience.first={\"exponential\":\"60s\"},null")] == ['{"exponential":"60s"}', "null"],
           "commas within brackets belong to the value")
    expect([row[2] for row in points("--vary", 'name="a, b",c')] == ['"a, b"', "c"], "commas within quotes belong to the value")
    expect([row[2] for row in points("--vary", "traffic.chats_per_day=0.1:0.7:0.3")] == ["0.1", "0.4", "0.7"], "a range by steps")
    expect([row[2] for row in points("--vary", "warmup=0s:60s:20s")] == ["0s", "20s", "40s", "60s"], "a range with a unit")
    expect([row[2] for row in points("--vary", "traffic.chats_per_day=logspace:10:1000:3")] == ["10", "100", "1000"], "a range by factors")
    expect([row[2] for row in points("--vary", "traffic.chats_per_day=linspace:10:20:3,99")] == ["10", "15", "20", "99"], "ranges and values mix")
    with open("list.csv", "w", encoding="utf-8") as out:
        out.write('\ufeffdesk.agents[a].count,name\r\n2,"x, ""y"""\r\n\r\n3,z\n')
    expect([row[2:] for row in points("--list", "list.csv", "--vary", "traffic.chats_per_day=1,2")] ==
           [["1", "2", 'x, "y"'], ["1", "3", "z"], ["2", "2", 'x, "y"'], ["2", "3", "z"]], "a list is one axis")
    latin = points("--vary", "desk.agents[a].count=1:10", "--vary", "traffic.chats_per_day=100.0:200.0", "--sample", "latin:10")
    expect(sorted(int(row[2]) for row in latin) == list(range(1, 11)), "a Latin hypercube has every whole number once")
    expect(sorted(int((float(row[3]) - 100) // 10) for row in latin) == list(range(10)), "and one value in every tenth")
    expect([row[1] for row in points(other, "--vary", "traffic.chats_per_day=1,2")] == [shop, shop, other, other], "scenario files are the first axis")

    # ---- What is refused: all of it at once, before anything is there
    said = refused("$.desk.agents[0].count", "--vary", "desk.agents[0].count=3,-1", "--vary", "routing.policy=random,lazy", "-o", "x.sqlite")
    expect("$.routing.policy" in said and "2 points in all" in said, f"all faults of all points: {said}")
    refused("is varied twice", "--vary", "name=a", "--vary", "name=b", "-o", "x.sqlite")
    refused("wanted PATH=VALUE", "--vary", "seed", "-o", "x.sqlite")
    refused("a step that leads", "--vary", "seed=5:1:1", "-o", "x.sqlite")
    refused("latin:N", "--vary", "seed=1:5", "--sample", "random:4", "-o", "x.sqlite")
    refused("where to?", "--vary", "warmup=0s,1s")
    for path in ("seed", "replications"):
        refused("cannot be varied", "--vary", f"{path}=1,2", "-o", "x.sqlite")
    with open("bad.csv", "w", encoding="utf-8") as out:
        out.write("seed,name\n1\n")
    refused("bad.csv:2: wanted 2 values, got 1", "--list", "bad.csv", "-o", "x.sqlite")
    expect(not os.path.exists("x.sqlite") and not os.path.exists("x.sqlite.lock"), "nothing is left of what was refused")

    # ---- The store
    grid = [shop, "--vary", "desk.agents[a].count=4,5,6", "--vary", "traffic.chats_per_day=2000,2400", "-q"]
    done = run("sweep", *grid, "-j", "2", "-o", "s.sqlite", "--lang", "en")
    expect(done.returncode == 0 and "met with the fewest people" in done.stdout, f"sweep: {done.returncode} {done.stderr}")
    run("sweep", *grid, "-j", "1", "-o", "one.sqlite")
    expect(content("s.sqlite") == content("one.sqlite"), "the same file for any number of threads")
    store = sqlite3.connect("s.sqlite")
    rows = store.execute("SELECT run_id, \"desk.agents[a].count\", \"traffic.chats_per_day\", abandonment, days_met FROM overview").fetchall()
    expect([row[1:3] for row in rows] == [(4, 2000), (4, 2400), (5, 2000), (5, 2400), (6, 2000), (6, 2400)], f"the grid is in overview: {rows}")
    expect(store.execute("SELECT count(*), count(abandonment), sum(met) FROM days").fetchone() == (36, 36, sum(row[4] for row in rows)), "a row a day and run")
    expect(store.execute("SELECT count(*) FROM agents").fetchone()[0] == 2 * (4 + 5 + 6), "a row an agent and run")
    expect(store.execute("SELECT count(*) FROM intervals").fetchone()[0] == 6 * 8 * 2, "a row an interval, group and run")
    # Each run is that of simulate with the same values, days paired by their buyers.
    simulated = run("simulate", shop, "--set", "desk.agents[a].count=5", "--set", "traffic.chats_per_day=2400", "-o", "r", "-q", "--json")
    with open("r/days.csv", encoding="utf-8") as file:
        days = list(csv.DictReader(file))
    there = store.execute("SELECT abandonment, first_response_s_p90, met FROM days WHERE run_id = 3 ORDER BY day").fetchall()
    expect([(float(d["abandonment"]), float(d["first_response_s.p90"]), int(d["met"])) for d in days] ==
           [(float(f"{a:.10g}"), float(f"{p:.10g}"), m) for a, p, m in there], "the days are those of simulate")
    figure = store.execute("SELECT value, ci95_low, ci95_high FROM metrics WHERE run_id = 3 AND figure = 'response_s.p90'").fetchone()
    expect(f'"p90":{figure[0]:.10g},"p90_ci95":[{figure[1]:.10g},{figure[2]:.10g}]' in simulated.stdout, f"the figures and intervals are those of simulate: {figure}")
    best = store.execute("SELECT run_id FROM best WHERE figure = 'abandonment' AND rank = 1").fetchone()[0]
    expect(rows[best][3] == min(row[3] for row in rows), "best is best")
    fewest = store.execute("SELECT run_id FROM met_with_fewest LIMIT 1").fetchone()
    store.close()
    expect(fewest is not None, "a point meets the objectives")
    exported = run("sweep", "--export", "metric_by_parameter", "s.sqlite", "-o", "m.csv")
    with open("m.csv", encoding="utf-8") as file:
        means = list(csv.DictReader(file))
    expect(exported.returncode == 0 and {row["path"] for row in means} == {"desk.agents[a].count", "traffic.chats_per_day"}, "CSV of a view")
    expect("no table or view" in run("sweep", "--export", "nothing", "s.sqlite").stderr, "an unknown view is refused with those there are")
    schema = sqlite3.connect(":memory:")
    schema.executescript(run("sweep", "--schema").stdout)
    there = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
    expect(schema.execute(there).fetchall() == sqlite3.connect("s.sqlite").execute(there).fetchall(), "the schema that is printed is that of a store")

    # ---- Shards
    for i in range(3):
        done = run("sweep", *grid, "--shard", f"{i}/3", "-o", f"shard{i}.sqlite")
        expect(done.returncode == 0, f"a shard: {done.stderr}")
    merged = run("merge", "-o", "merged.sqlite", "shard2.sqlite", "shard0.sqlite", "shard1.sqlite")
    expect(merged.returncode == 0 and content("merged.sqlite") == content("s.sqlite"), f"shards merge to the same file: {merged.stderr}")
    merged = run("merge", "-o", "two.sqlite", "shard2.sqlite", "shard0.sqlite")
    expect(merged.returncode == 2 and "2 of the points are in none" in merged.stderr and not os.path.exists("two.sqlite"), f"a missing shard is named: {merged.stderr}")
    run("sweep", *grid, "-s", "9", "--shard", "1/3", "-o", "other.sqlite")
    merged = run("merge", "-o", "two.sqlite", "shard0.sqlite", "other.sqlite", "shard2.sqlite")
    expect(merged.returncode == 2 and "other.sqlite is of another version, seed" in merged.stderr, f"a shard of another seed: {merged.stderr}")
    refused("at most as many shards", *grid[1:], "--shard", "3/7", "-o", "y.sqlite")
    expect(not [name for name in os.listdir() if name.endswith((".part", ".merge"))], "nothing is left over")

    # ---- Going on
    before = content("s.sqlite")
    again = run("sweep", *grid, "-o", "s.sqlite", "--json")
    expect(again.returncode == 0 and '"simulated":0,"kept":6' in again.stdout and content("s.sqlite") == before, "a finished store is left as it is")
    refused("is of seed 5, not 6", *grid[1:], "-s", "6", "-o", "s.sqlite")
    refused("is of replications 6, not 7", *grid[1:], "-n", "7", "-o", "s.sqlite")
    refused("is of another grid", "--vary", "desk.agents[a].count=4,5,7", "--vary", "traffic.chats_per_day=2000,2400", "-o", "s.sqlite")
    refused("is of another scenario", *grid[1:], "--set", "warmup=1s", "-o", "s.sqlite")
    refused("is no store", *grid[1:], "-o", shop)
    os.mkfifo("pipe")
    refused("is no store", *grid[1:], "-o", "pipe")
    expect(stat.S_ISFIFO(os.stat("pipe").st_mode), "what is no file is left as it is")
    expect(content("s.sqlite") == before, "a refused sweep changes nothing")

    # ---- Killed at random, and by Ctrl-C: the same file in the end
    big = [shop, "--vary", "desk.agents[a].count=4:8:1", "--vary", "routing.policy=random,round_robin", "-n", "2000" if LONG else "150", "-q"]
    started = time.monotonic()
    run("sweep", *big, "-o", "whole.sqlite")
    whole_s = time.monotonic() - started
    chance = random.Random(int(os.environ.get("FENLIU_SEED", "618")))
    kills, interrupted, cuts = 0, 0, 20 if LONG else 4
    for attempt in range(200):
        with subprocess.Popen([COMMAND, "sweep", *big, "-o", "cut.sqlite", "-j", str(chance.choice([1, 2, 3]))], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
            try:
                child.wait(chance.uniform(0.02, 0.3 * whole_s) if kills + interrupted < cuts else 120)
            except subprocess.TimeoutExpired:
                gentle = attempt % 4 == 3
                child.send_signal(signal.SIGINT if gentle else signal.SIGKILL)
                code = child.wait()
                interrupted += gentle
                kills += not gentle
                expect(not gentle or code in (130, 0, -signal.SIGINT), f"Ctrl-C ends with 130, not {code}")
                continue
            expect(child.returncode == 0, f"what goes on ends well: {child.returncode} {child.stderr.read()}")
            expect(content("cut.sqlite") == content("whole.sqlite"), f"killed {kills} times and interrupted {interrupted} times, the file is the same")
            if kills + interrupted >= cuts or not LONG:
                break
            os.remove("cut.sqlite")  # done before it was cut so often: from the beginning again
    expect(kills > 0 and (kills + interrupted >= cuts or not LONG), f"it was killed and interrupted {kills} and {interrupted} times alone")
    print(f"killed {kills}, interrupted {interrupted} times; whole in {whole_s:.1f} s, {os.path.getsize('whole.sqlite')} bytes")
    expect(not [name for name in os.listdir() if name.startswith(("cut.", "whole.")) and not name.endswith(".sqlite")], f"no other files are left: {os.listdir()}")

    # ---- Two at once, and a full disk
    long_sweep = [*big[:-2], "20000", "-q"]
    with subprocess.Popen([COMMAND, "sweep", *long_sweep, "-o", "two.sqlite"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        while not os.path.exists("two.sqlite"):
            time.sleep(0.01)
        second = run("sweep", *long_sweep, "-o", "two.sqlite")
        expect(second.returncode == 2 and "another process works on two.sqlite" in second.stderr, f"a second process is refused: {second.stderr}")
        first.kill()
    # More than SQLite keeps in memory before it writes, so that the disk is full in the middle of a point.
    wide = [shop, "--set", "traffic.chats_per_day=8", "--vary", "desk.agents[a].count=1:8:1", "-n", "3000", "-q"]
    run("sweep", *wide, "-o", "wide.sqlite")
    for room in (512 << 10, 1 << 20):
        limited = run("sweep", *wide, "-o", "full.sqlite", preexec_fn=lambda room=room: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                                                                        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))))
        expect(limited.returncode == 4 and "the same command goes on" in limited.stderr, f"a full disk: {limited.returncode} {limited.stderr}")
        expect(sqlite3.connect("full.sqlite").execute("PRAGMA integrity_check").fetchone()[0] == "ok", "what a full disk leaves is whole")
    expect(run("sweep", *wide, "-o", "full.sqlite").returncode == 0 and content("full.sqlite") == content("wide.sqlite"), "and goes on when there is room")

print(f"{len(failures)} failures")
sys.exit(bool(failures))
