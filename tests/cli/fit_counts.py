#!/usr/bin/env python3
"""`fenliu fit` of counts at the command line: what it says, writes and refuses, the back-test, the page; and with FENLIU_DATA, a folder that
has them, two measured series: a bank's calls and a marketplace's clicks and buys.

usage: fit_counts.py            a test
       fit_counts.py --rolling  with FENLIU_DATA: the back-test from every week, or day, of them, as a table (minutes)
"""
import csv
import datetime
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from _common import SOURCE, expect, failures, run

DATA = os.environ.get("FENLIU_DATA")
if "FENLIU_CORE" in os.environ:
    print("the core build has no fit")
    sys.exit(77)


def fit(*arguments):
    done = run("fit", "--json", "-q", "--lang", "en", *arguments)
    expect(done.returncode == 0, f"fit {arguments}: exit {done.returncode}: {done.stderr.decode()[:500]}")
    return json.loads(done.stdout) if done.returncode == 0 else None


def values(answer):
    return {e["path"]: e for e in answer["estimates"]}


def coverage(answer, interval_s):
    return next(x for x in answer["back_test"]["intervals"] if x["interval_s"] == interval_s)


# ---- A made log -----------------------------------------------------------------------------------------------------------

SHAPE = [0] * 9 + [3, 5, 6, 5, 4, 4, 5, 5, 4, 3, 4, 6, 7, 4, 0]


def made_days(weeks=10, seed=618):
    """Hourly counts of a shop open from 09:00 to 23:00, busier at weekends; a promotion on the third Friday but one of the end."""
    rng = random.Random(seed)
    rows, start = [], datetime.date(2025, 3, 3)
    for d in range(weeks * 7):
        date = start + datetime.timedelta(d)
        day = math.exp(rng.gauss(-0.005, 0.1)) * (1.3 if date.weekday() >= 5 else 1) * (3 if d == weeks * 7 - 24 else 1)
        for h in range(24):
            mean = 20 * SHAPE[h] * day * math.exp(rng.gauss(-0.005, 0.1))
            count = max(0, round(rng.gauss(mean, math.sqrt(mean)))) if mean else 0
            if SHAPE[h]:
                rows.append((f"{date}T{h:02d}:00:00", count))
    return rows


def write(path, rows, header="time,count"):
    path.write_text(header + "\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows))
    return path


def a_log_becomes_a_scenario(folder):
    log = write(folder / "shop.csv", made_days())
    answer = fit(log, "--hold-out", "2w", "-o", folder / "shop.json", "--report", folder / "shop.html")
    found = values(answer)
    expect(answer["kind"] == "counts" and answer["log"]["interval_s"] == 3600, "what was read is said")
    level = sum(SHAPE) * 20 * (5 + 2 * 1.3) / 7
    low, high = found["traffic.chats_per_day"]["ci95"]
    expect(low < level < high < 1.1 * low, f"the level {level:.0f} lies within {low:.0f} to {high:.0f}, a tenth at most")
    expect(abs(found["traffic.weekdays[5]"]["value"] / found["traffic.weekdays[1]"]["value"] - 1.3) < 0.12, "weekends are busier by three tenths")
    low, high = found["traffic.busyness.day.lognormal_sigma"]["ci95"]
    expect(low < 0.1 < high < 0.2, f"day busyness 0.1 within {low} to {high}")
    expect(any("00:00-09:00, 23:00-24:00" in note["text"] for note in answer["notes"]), "closed hours are said")
    checked = run("check", folder / "shop.json")
    expect(checked.returncode == 0 and not checked.stderr, f"the scenario is valid: {checked.stderr.decode()}")
    scenario = json.loads((folder / "shop.json").read_text())
    expect(scenario["start"] == scenario["traffic"]["promotions"][0]["opens_at"] == "2025-04-18T00:00", "it begins with the promotion that was found")
    expect(abs(scenario["traffic"]["promotions"][0]["multiplier"] - 3) < 0.6, f"three days' chats: {scenario['traffic']['promotions'][0]['multiplier']}")
    expect(len(scenario["traffic"]["weekdays"]) == 7 and scenario["traffic"]["profile"]["hourly"][0] == 0, "weekdays and hours are in it")
    for interval_s, least, most in ((3600, 0.9, 0.99), (86400, 0.8, 1)):  # of 14 days all may lie inside; of 196 hours that would be too wide
        share = coverage(answer, interval_s)
        expect(least <= share["coverage"] <= most and share["coverage"] == share["inside"] / share["n"], f"held-out {interval_s}: {share}")
    expect(len(answer["back_test"]["days"]) == 14, "every held-out day is listed")
    page = (folder / "shop.html").read_text()
    expect(page.startswith("<!doctype html>") and page.count("<svg") >= 5 and "<script" not in page and len(page) < 2e6, "a page with pictures, without script")
    expect(not re.search(r"\b(nan|inf)\b", re.sub(r"<[^>]*>", "", page)) and "NaN" not in page, "no figure of it is no number")
    expect("src=" not in page and "href=" not in page, "it needs nothing else")
    return log


def the_same_from_anywhere(folder, log):
    """Compressed, from stdin, in another order, with other names, in two files: the same estimates."""
    first = fit(log)["estimates"]
    text = log.read_bytes()
    rows = text.decode().splitlines()
    if subprocess.run(["zstd", "-q", "-f", log, "-o", folder / "shop.csv.zst"], check=False, capture_output=True).returncode == 0:
        expect(fit(folder / "shop.csv.zst")["estimates"] == first, "compressed as plain")
    done = run("fit", "--json", "-q", "-", input=text)
    expect(json.loads(done.stdout)["estimates"] == json.loads(run("fit", "--json", "-q", log).stdout)["estimates"], "from standard input as from a file")
    write(folder / "one.csv", [row.split(",") for row in rows[1:500]])
    write(folder / "two.csv", [(n, t) for t, n in (row.split(",") for row in rows[500:])], "数量,时间")
    expect(fit(folder / "two.csv", folder / "one.csv")["estimates"] == first, "in two files, the later first, as in one")
    write(folder / "named.csv", [("x", *row.split(",")) for row in rows[1:]], "who,When,How many")
    expect(fit(folder / "named.csv", "--columns", "time=When,count=How many")["estimates"] == first, "by a mapping")
    expect(fit(log)["estimates"] == first, "twice the same")
    other = fit(log, "--grain", "2h")
    expect(any(e["path"].startswith("traffic.busyness.interval") for e in other["estimates"]), "busyness by two hours")


def with_a_base(folder, log):
    base = SOURCE / "scenarios" / "618-opening.json"
    answer = fit(log, "--base", base, "-o", folder / "based.json")
    mine, theirs = json.loads((folder / "based.json").read_text()), json.loads(base.read_text())
    expect({"buyers", "desk", "routing"} <= set(answer["from_base"]), f"what is not fitted comes from the base, and is said: {answer.get('from_base')}")
    expect(mine["buyers"] == theirs["buyers"] and mine["desk"] == theirs["desk"], "buyers and desk are the base's")
    expect("profile" in mine["traffic"] and mine["traffic"]["chats_per_day"] != theirs["traffic"]["chats_per_day"], "traffic is the log's")
    expect(mine["start"].endswith(theirs["start"][10:]), "the base's time of day stays")
    expect(run("check", folder / "based.json").returncode == 0, "it is valid")
    done = run("simulate", folder / "based.json", "-n", 2, "-q", "--json")
    expect(done.returncode in (0, 1), f"it simulates: {done.stderr.decode()}")


def little_is_said_to_be_little(folder):
    answer = fit(write(folder / "short.csv", made_days(weeks=2)))
    day = values(answer)["traffic.busyness.day.lognormal_sigma"]
    expect(day["value"] is None and not day["known"] and day["why"].startswith("not enough data"), f"two weeks tell no busyness: {day}")
    fit(write(folder / "short.csv", made_days(weeks=2)), "-o", folder / "short.json")
    expect("busyness" not in json.loads((folder / "short.json").read_text())["traffic"], "and none is in the scenario")
    zh = run("fit", folder / "short.csv", "--lang", "zh", "-q").stdout.decode()
    expect("数据不够" in zh and "个平日" in zh, "in Chinese as well")


def what_is_wrong_is_refused(folder):
    def refused(text, said, *arguments):
        path = folder / "bad.csv"
        path.write_text(text)
        done = run("fit", path, "-o", folder / "never.json", *arguments)
        expect(done.returncode == 2 and said in done.stderr.decode() and not done.stdout, f"{text[:60]!r}: {done.returncode} {done.stderr.decode()}")
        expect(not (folder / "never.json").exists(), "nothing is written")

    day = "".join(f"2025-03-03T{h:02d}:00,{h}\n" for h in range(24))
    refused("", "wanted rows of counts, got none")
    refused("time,count\n2025-03-03T00:00,1\n2025-03-03T01:00,-1\n", "bad.csv:3: wanted a count, a whole number from 0, got \"-1\"")
    refused("time,count\n03.03.2025,1\n", "bad.csv:2: wanted a time such as")
    refused("time,count\n2025-03-03T00:00,1\n2025-03-03T01:00,1\n2025-03-03T00:00,2\n", "bad.csv:4: another count of 2025-03-03 than in line 2")
    refused("time,count\n2025-03-03T00:00,1\n2025-03-03T00:07,1\n2025-03-03T00:14,1\n", "wanted regular intervals")
    refused("time,agent,count\n2025-03-03T00:00,a,1\n2025-03-03T00:00,b,2\n", "choose one by --where COLUMN=VALUE of agent: a, b")
    refused("time,count\n" + day, "bad.csv:1: wanted a column \"sort\"", "--where", "sort=a")
    refused("time,count\n" + day, "--hold-out: wanted fewer than the 1 days", "--hold-out", "2d")
    refused("time,count\n" + day.replace(",", ",0 ").replace("0 1", "zero"), "wanted a count")
    refused("time,count\n" + "".join(f"2025-03-03T{h:02d}:00,0\n" for h in range(24)), "no day is whole")
    refused("time,count\n" + day.replace(",1\n", ",1,000\n"), "bad.csv:3: wanted 2 fields as in the header, got 3") # a number with a separator, unquoted
    refused("when,what\n2025-03-03T00:00,x\n2025-03-03T01:00,y\n", "bad.csv:2: wanted a column \"count\", got none")
    days = "".join(f"2025-03-{d:02d}T{h:02d}:00,{{}}\n" for d in range(1, 29) for h in range(24))
    refused("time,count\n" + days.format(*([1] * 300 + [2000000000] + [1] * 371)), "2025-03-13 has ")
    refused("time,count\n" + days.format(*[2000000000] * 672), "48000000000 chats on an ordinary day")
    for arguments, said in ((["--hold-out", "4"], "--hold-out"), (["--promotion", "12.12."], "--promotion"), (["--promotion", "2025-02-30"], "--promotion"), (["--format", "xml"], "--format"),
                            (["--where", "x"], "--where"), (["--columns", "time"], "--columns"), (["--grain", "7m"], "--grain")):
        done = run("fit", folder / "short.csv", *arguments)
        expect(done.returncode == 2 and said in done.stderr.decode(), f"{arguments}: {done.returncode} {done.stderr.decode()}")
    done = run("fit", folder / "absent.csv")
    expect(done.returncode == 2 and "cannot read" in done.stderr.decode(), "a file that is not there")
    done = run("fit", folder / "short.csv", "-q", "-o", folder / "no" / "such.json")
    expect(done.returncode == 4, f"a scenario that cannot be written: {done.returncode}")
    done = run("fit", folder / "short.csv", "-q", "--report", folder / "no" / "such.html")
    expect(done.returncode == 4, f"a page that cannot be written: {done.returncode}")
    expect(run("fit").returncode == 2 and run("fit", "--help").returncode == 0, "usage")


# ---- Measured logs ----------------------------------------------------------------------------------------------------------


def read_measured(name, where=None):
    with open(os.path.join(DATA, name), encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], [row for row in rows[1:] if where is None or where in row]


def measured(folder):
    """Bounds are those wanted of nominal 95 %: 90 to 97 % of intervals, the last four weeks; of single weeks somewhat wider."""
    answer = fit(os.path.join(DATA, "bank_calls.csv"), "--hold-out", "4w", "-o", folder / "bank.json")
    for interval_s in (300, 900, 1800, 3600):
        share = coverage(answer, interval_s)["coverage"]
        expect(0.90 <= share <= 0.97, f"bank calls, last four weeks by {interval_s} s: {share:.3f} inside")
    days = coverage(answer, 86400)
    expect(days["inside"] >= 17, f"bank calls, days: {days}")
    expect(answer["log"]["profiles_differ"] and answer["log"]["weekdays_differ"], "Mondays are not Fridays")
    expect(run("check", folder / "bank.json").returncode == 0, "the bank's scenario is valid")
    market = os.path.join(DATA, "marketplace_hourly.csv")
    for what, multiplier in (("click", (1.6, 1.95)), ("buy", (3.8, 4.8))):
        answer = fit(market, "--where", "behaviour=" + what, "--hold-out", "7d", "--promotion", "2014-12-12")
        share = coverage(answer, 3600)["coverage"]
        expect(0.88 <= share <= 0.98, f"{what}, last week without the promotion: {share:.3f} inside")
        answer = fit(market, "--where", "behaviour=" + what, "-o", folder / "market.json")
        promotion = next(p for p in json.loads((folder / "market.json").read_text())["traffic"]["promotions"] if p["opens_at"] == "2014-12-12T00:00")
        expect(multiplier[0] < promotion["multiplier"] < multiplier[1], f"{what}: {promotion['multiplier']} ordinary days")
        expect(promotion["hourly"].index(max(promotion["hourly"])) in (0, 20, 21), f"{what}: the first hour or the evening: {promotion['hourly']}")
        expect(run("check", folder / "market.json").returncode == 0, f"the scenario of {what}s is valid")


def rolling(folder):
    """One line a split; the sums at the end."""
    series = [("bank_calls.csv", None, 14, 7, 42), ("bank_calls.csv", None, 28, 7, 42), ("marketplace_hourly.csv", "click", 7, 1, 20),
              ("marketplace_hourly.csv", "buy", 7, 1, 20)]
    for name, where, held, step, least in series:
        header, rows = read_measured(name, where)
        dates = sorted({datetime.date.fromisoformat(row[0][:10]) for row in rows})
        end, sums = dates[-1], {}
        while (end - dates[0]).days + 1 - held >= least:
            path = write(folder / "split.csv", [row for row in rows if row[0][:10] <= end.isoformat()], ",".join(header))
            answer = fit(path, "--hold-out", f"{held}d", *(["--where", "behaviour=" + where] if where else []))
            shares = {x["interval_s"]: x for x in answer["back_test"]["intervals"]}
            print(f"{name} {where or ''} {held} days from {end - datetime.timedelta(held - 1)}: ", "  ".join(f"{s} s {x['coverage']:.3f}" for s, x in shares.items()))
            for interval_s, x in shares.items():
                inside, n = sums.get(interval_s, (0, 0))
                sums[interval_s] = inside + x["inside"], n + x["n"]
            end -= datetime.timedelta(step)
        print(f"{name} {where or ''} {held} days, all: ", "  ".join(f"{s} s {inside / n:.3f}" for s, (inside, n) in sums.items()))


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if sys.argv[1:] == ["--rolling"]:
            if DATA is None:
                print("FENLIU_DATA names no folder")
                return 77
            rolling(folder)
            return 0
        log = a_log_becomes_a_scenario(folder)
        the_same_from_anywhere(folder, log)
        with_a_base(folder, log)
        little_is_said_to_be_little(folder)
        what_is_wrong_is_refused(folder)
        if DATA is not None and "FENLIU_SANITIZED" not in os.environ: # some seconds, and the same code
            measured(folder)
        else:
            print("without the measured logs: FENLIU_DATA names no folder, or the build has sanitizers")
    print(f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
