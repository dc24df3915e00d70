"""fenliu compare: files, run directories and both tell the same; A against A is nothing; what is not paired is said first."""
import json
import os
import subprocess
import sys
import tempfile

from _common import COMMAND, expect, failures, run


def compare(*arguments):
    done = run("compare", *arguments, "-q", "--json")
    expect(done.returncode == 0, f"{arguments}: {done.returncode} {done.stderr.decode()}")
    return json.loads(done.stdout)


def figures(answer):
    return answer["differences"]


def figure(answer, name, group=None):
    return next(d for d in answer["differences"] if d["figure"] == name and d["group"] == group)


SHOP = {
    "fenliu": 1, "name": "shop", "start": "2026-06-17T18:00", "duration": "2h", "traffic": {"chats_per_day": 2400},
    "buyers": {"intents": [{"name": "size", "share": 0.5, "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "25s"}}},
                           {"name": "refund", "phase": "after_sale", "share": 0.5, "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "25s"}}}],
               "think_time": {"exponential": "40s"}, "patience": {"first": {"weibull": {"scale": "188s", "shape": 2}}}},
    "desk": {"groups": [{"name": "before", "phases": ["pre_sale", "in_sale"]}, {"name": "after", "phases": ["after_sale"]}],
             "agents": [{"name": "b", "count": 4, "groups": ["before"]}, {"name": "a", "count": 4, "groups": ["after"]}]},
    "objectives": {"abandonment": "<= 0.10"}}

with tempfile.TemporaryDirectory() as folder:
    shop = os.path.join(folder, "shop.json")
    with open(shop, "w", encoding="utf-8") as out:
        json.dump(SHOP, out)
    run_a, run_b, others = (os.path.join(folder, name) for name in ("a.run", "b.run", "others.run"))
    moved = "desk.agents[a].count=3"
    run("simulate", shop, "-q", "-n", "30", "-o", run_a)
    run("simulate", shop, "-q", "-n", "30", "-o", run_b, "--set", moved)
    run("simulate", shop, "-q", "-n", "30", "-s", "2", "-o", others)

    # One desk of two loses an agent: that group is worse off, the other does not notice.
    varied = compare(shop, "--set-b", moved, "-n", "30")
    expect(varied["paired"] and varied["days"] == 30, "scenarios are paired")
    expect(figure(varied, "first_response_s.p90", "after")["better"] == "a", "the group that lost an agent is worse off")
    expect(figure(varied, "first_response_s.p90", "after")["more_than_chance"], "by more than chance")
    before = figure(varied, "first_response_s.p90", "before")
    expect(before["difference"] == 0 and before["ci95"] == [0, 0] and before["p"] == 1, "the other group faces the same day to the nanosecond")
    mean = figure(varied, "first_response_s.mean")
    expect(mean["ci95"][0] < mean["difference"] < mean["ci95"][1] and mean["p"] < 0.001, "the interval is around the difference")

    # The figures are those of simulate, from a scenario, a run directory, or one of each.
    totals = json.loads(run("simulate", shop, "-q", "-n", "30", "--json").stdout)["totals"]
    expect(figure(varied, "first_response_s.p90")["a"] == totals["first_response_s"]["p90"], "percentiles are those of simulate")
    expect(figure(varied, "abandonment")["a"] == totals["abandonment"]["mean"], "shares are those of simulate")
    for arguments in ((run_a, run_b), (run_a, shop, "--set-b", moved), (shop, run_b)):
        expect(figures(compare(*arguments)) == figures(varied), f"{[os.path.basename(a) for a in arguments]} tells the same")
    expect(figures(compare(shop, "--set-b", moved, "-n", "30", "-j", "7")) == figures(varied), "any number of jobs tells the same")
    opposite = compare(run_b, run_a)
    expect(figure(opposite, "response_s.mean")["difference"] == -figure(varied, "response_s.mean")["difference"], "B against A is the opposite")

    # A table says who never had a first response, and of which percentiles the samples are too few.
    table = run("simulate", shop, "-q", "-n", "30", "--lang", "en").stdout.decode()
    never = sum(totals[name]["mean"] for name in ("chats_abandoned", "chats_rejected", "chats_unserved"))
    expect(never > 0 and f"  buyers who never had one{never:>22.1f}\n" in table, table[:1500])
    expect(totals["first_response_s"]["n"] == round(30 * totals["chats_answered"]["mean"]), "all others had one")
    quiet = run("simulate", shop, "-q", "-n", "4", "--lang", "en", "--set", "traffic.chats_per_day=60").stdout.decode()
    expect("too few samples for an interval" in quiet and "too few samples" not in table, quiet[:1500])

    # A against A is nothing; other days are not paired, and that comes first.
    same = figures(compare(run_a, shop))
    expect([(d["figure"], d["group"]) for d in same] == [(d["figure"], d["group"]) for d in figures(varied)], "of A against A every figure is there")
    for d in same:
        expect(d["difference"] == 0 and d["ci95"] == [0, 0] and d["p"] == 1 and not d["more_than_chance"], f"A against A: {d}")
    apart = compare(run_a, others)
    expect(not apart["paired"], "other seeds are other days")
    expect(figures(apart) and not any(d["more_than_chance"] for d in figures(apart)), "the same desk on other days is not better or worse")
    words = run("compare", run_a, others, "--lang", "en").stdout.decode()
    expect(words.startswith("NOT PAIRED: the seeds differ (1 and 2)"), words[:80])
    expect("Nothing is better or worse by more than chance." in words, "and the words say so")
    scaled = run("compare", shop, "--set-b", "traffic.chats_per_day=3000", "-q", "-n", "5", "--lang", "en").stdout.decode()
    expect(scaled.startswith("NOT PAIRED: on day 0 A has"), scaled[:80])

    # Words.
    words = run("compare", run_a, run_b, "--lang", "en").stdout.decode()
    expect("the same 30 days of the same buyers, paired day by day (seed 1)" in words, "says that it is paired")
    expect("\nworse in B, more than chance:\n" in words and "  after first response, p90: " in words, "says what got worse and for whom")
    chinese = run("compare", run_a, run_b, "--lang", "zh").stdout.decode()
    expect("B 变差,不是偶然:" in chinese and "逐日配对" in chinese, "in Chinese too")
    one = compare(shop, "--set-b", moved, "-n", "1")
    expect(figures(one) and all(d["ci95"] is None and not d["more_than_chance"] for d in figures(one)), "one day gives no interval and no claim")
    few = run("compare", shop, "--set", "traffic.chats_per_day=60", "--set-b", moved, "-n", "4", "-q", "--lang", "en").stdout.decode()
    expect("too few samples to tell" in few and "one day says nothing" not in few, few)

    # Days on which the objectives held: B fails every day on which A holds, and no p is 0 for it.
    never = compare(shop, "--set", "objectives.abandonment=<= 1", "--set-b", "objectives.abandonment=<= 0", "-n", "10")
    met = figure(never, "days_met")
    expect(met["a"] == 1 and met["b"] == 0 and met["p"] > 0 and abs(met["p"] - 2 / 2**10) < 1e-9, met)
    expect(met["ci95"][0] == -1 and met["ci95"][1] < 0, met)

    # A value may stand behind its option's letter, as everywhere.
    plain = run("simulate", shop, "-q", "--json", "-n", "3", "-s", "7", "-j", "1").stdout
    for spelt in (("-n3", "-s7", "-j1"), ("-n=3", "-s=7", "-j=1"), ("--replications=3", "--seed=7", "--jobs=1"), ("-j2", "-n3", "-s7")):
        expect(run("simulate", shop, "-q", "--json", *spelt).stdout == plain, spelt)
    expect(run("simulate", shop, "-q", "-nx").returncode == 2 and run("simulate", shop, "-q", "-nn3").returncode == 2, "-nx is refused")

    # Wrong usage and damaged runs.
    for bad in ((shop,), (shop, shop, shop, "--set-a", moved), (run_a, run_b, "--set", moved), (shop, os.path.join(folder, "none.json")), (shop, folder),
                (shop, "--set-b", "nonsense"), (shop, "--set-b", "desk.no=1"), (shop, shop, "--gate", "x")):
        expect(run("compare", *bad, "-q").returncode == 2, f"{bad} is refused")
    days = os.path.join(run_b, "days.bin")
    with open(days, "rb") as file:
        whole = file.read()
    print(f"days.bin: {len(whole) / 30:.0f} bytes a day of some 200 chats")
    with open(days, "wb") as file:
        file.write(whole[:-100])
    done = run("compare", run_a, run_b, "-q")
    expect(done.returncode == 2 and b"damaged" in done.stderr, f"a damaged run is refused: {done.stderr}")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COMMAND, "compare", run_a, run_a, "-q"], stdout=full, stderr=subprocess.PIPE, check=False)
    expect(done.returncode == 4, "a full disk is told")
sys.exit(1 if failures else 0)
