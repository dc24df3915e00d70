"""fenliu simulate --shard and fenliu merge: the same bytes as one machine, whatever the order; what is missing, given twice, unfinished, damaged or
foreign is refused by name, and nothing is written."""
import filecmp
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from _common import COMMAND, SOURCE, expect, failures, run_text as run

SCENARIO = SOURCE / "scenarios" / "618-opening.json"


def simulate(out, *arguments, scenario=SCENARIO):
    done = run("simulate", scenario, "-q", "--lang", "en", "-o", out, *arguments)
    expect(done.returncode in (0, 1), f"simulate {arguments}: exit {done.returncode} {done.stderr}")
    return done


def same_run(one, other):
    """Every file but the manifest is the same; returns what is not."""
    names = sorted(os.listdir(one))
    if names != sorted(os.listdir(other)):
        return [str(names)]
    return [n for n in names if n != "manifest.json" and not filecmp.cmp(one / n, other / n, shallow=False)]


def refused(wanted, out, *shards, options=()):
    done = run("merge", "-o", out, *options, *shards)
    expect(done.returncode == 2 and wanted in done.stderr, f"{wanted!r}: exit {done.returncode}, {done.stderr!r}")
    expect(not out.exists(), f"{wanted!r}: something was written")


def whole_and_parts(folder):
    """Three shards of five days, merged in any order, with any number of threads."""
    whole, parts = folder / "whole", [folder / f"p{i}" for i in range(3)]
    screen = simulate(whole, "-n", 5, "--set", "traffic.chats_per_day=700")
    for i, part in enumerate(parts):
        done = simulate(part, "-n", 5, "--set", "traffic.chats_per_day=700", "--shard", f"{i}/3", "-j", i + 1)
        expect(done.returncode == 0 and f"shard {i}/3: of 5 days" in done.stdout, f"a shard says {done.stdout!r}")
        expect(sorted(os.listdir(part)) == ["manifest.json", "scenario.json", "shard.bin"], "a shard has files of a run")
    merged = run("merge", "-o", folder / "merged", "--lang", "en", parts[2], parts[0], parts[1])
    expect(merged.returncode == screen.returncode and merged.stdout == screen.stdout, f"merge says {merged.stdout!r} {merged.stderr!r}")
    expect(same_run(whole, folder / "merged") == [], f"differs: {same_run(whole, folder / 'merged')}")
    manifest, shard = (json.loads((p / "manifest.json").read_text()) for p in (folder / "merged", parts[1]))
    expect(manifest["replications"] == 5 and manifest["command"] == "simulate" and "shard" not in manifest, f"manifest {manifest}")
    expect(shard["shard"] == {"index": 1, "of": 3, "first": 1, "days": 2, "replications": 5}, f"manifest of a shard {shard}")
    summary = json.loads(run("merge", "-o", folder / "merged", "--json", *parts).stdout)
    expect(summary == json.loads((whole / "summary.json").read_text()), "merge --json is not the summary")
    done = run("compare", parts[0], whole)
    expect(done.returncode == 2 and "fenliu merge" in done.stderr, f"compare of a shard: {done.stderr!r}")
    return whole, parts


def refusals(folder, whole, parts):
    out = folder / "none"
    refused("shard 1/3 is missing (days 1 to 2)", out, parts[0], parts[2])
    refused(f"{parts[0]} and {parts[0]}/ are both shard 0/3", out, parts[0], f"{parts[0]}/", parts[1], parts[2])
    refused("cannot read", out, parts[0], whole)
    for name, why, arguments in (("scenario", "of another scenario than", ("-n", 5, "--shard", "1/3")),
                                 ("seed", "of seed 2, not ", ("-n", 5, "--shard", "1/3", "-s", 2, "--set", "traffic.chats_per_day=700")),
                                 ("days", "one of 3 shards of 6 days, not of 3 of 5", ("-n", 6, "--shard", "1/3", "--set", "traffic.chats_per_day=700"))):
        simulate(folder / name, *arguments)
        refused(f"{folder / name}: {why}", out, parts[0], folder / name, parts[2])
    damaged = folder / "damaged"
    shutil.copytree(parts[1], damaged)
    sound = (parts[1] / "shard.bin").read_bytes()
    for bytes_ in (sound[:-1], sound[: len(sound) // 2], b"", sound[:5000] + bytes([sound[5000] ^ 4]) + sound[5001:], sound + b"x"):
        (damaged / "shard.bin").write_bytes(bytes_)
        refused(f"{damaged}: shard.bin is damaged or cut short", out, parts[0], damaged, parts[2])
    (damaged / "shard.bin").write_bytes(sound)
    shutil.copy(SCENARIO, damaged / "scenario.json")
    refused("different scenarios", out, damaged, parts[0], parts[2])
    refused("--set", out, *parts, options=("--set", "end=drain"))
    done = run("merge", "-o", f"{parts[1]}/", *parts)
    expect(done.returncode == 2 and "is one of the shards" in done.stderr and (parts[1] / "shard.bin").exists(), f"a shard is not merged away: {done.stderr!r}")
    for arguments in (("--shard", "0/6", "-n", 5, "-o", out), ("--shard", "3/3", "-o", out), ("--shard", "1", "-o", out), ("--shard", "-1/3", "-o", out),
                      ("--shard", "0/99999", "-o", out), ("--shard", "0/2"), ("--shard", "0/2", "--report", "-o", out)):
        done = run("simulate", SCENARIO, "-q", *arguments)
        expect(done.returncode == 2 and "--shard" in done.stderr + " --shard" * ("--report" in arguments), f"{arguments}: {done.returncode} {done.stderr!r}")
    expect(not out.exists(), "a refused shard was written")


def interrupted(folder):
    """A shard that was stopped is kept, marked, and not merged."""
    part, rest = folder / "stopped", folder / "rest"
    process = subprocess.Popen([COMMAND, "simulate", SCENARIO, "-q", "-j", "1", "-n", "200000", "--shard", "0/2", "-o", part], stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    expect(process.wait() == 130, f"a stopped shard: exit {process.returncode}")
    expect(json.loads((part / "manifest.json").read_text())["partial"] is True, "a stopped shard is not marked")
    refused("was interrupted after", rest, part)


def starts_together():
    """drive --start-in and --start-at wait; an instant that has passed is refused before anything is played."""
    engine = f"exec:python3 {SOURCE}/tests/engine/least_open.py"
    began = time.monotonic()
    done = run("drive", SCENARIO, "--engine", engine, "--speed", 100000, "--start-in", "1s", "-q")
    expect(done.returncode in (0, 1) and time.monotonic() - began >= 1, f"--start-in: {done.returncode} {done.stderr!r}")
    for wanted, arguments in (("has passed", ("--speed", 1, "--start-at", "2026-01-01T00:00:00Z")), ("wanted an instant", ("--speed", 1, "--start-at", "noon")),
                              ("for real time", ("--start-in", "1s"))):
        done = run("drive", SCENARIO, "--engine", engine, "-q", *arguments)
        expect(done.returncode == 2 and wanted in done.stderr, f"{arguments}: {done.returncode} {done.stderr!r}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        whole, parts = whole_and_parts(folder)
        refusals(folder, whole, parts)
        interrupted(folder)
        starts_together()
        month = [simulate(folder / f"m{i}", "-n", 2, *how, scenario=SOURCE / "scenarios" / "promotion-month.json")
                 for i, how in enumerate(((), ("--shard", "0/2"), ("--shard", "1/2")))]
        merged = run("merge", "-o", folder / "month", folder / "m1", folder / "m2")
        expect(len(month) == 3 and merged.returncode in (0, 1) and same_run(folder / "m0", folder / "month") == [], "a month of dates differs")
    print("shard:", "failed" if failures else "ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
