#!/usr/bin/env python3
"""How often the gate is wrong, on the program itself and 618's opening night.

usage: gate_chance.py         a selection, in seconds (a test)
       gate_chance.py --all   1 000 comparisons without a difference, 100 with one; half an hour of processor time

A policy against itself is no test: under common random numbers it differs by exactly nothing, which is tried too. So A and B deal buyers out
at random (`random`) to three quick and three slow agents, who stand in the desk in opposite order: the same lot falls on a quick one in A and
on a slow one in B. The two engines have the same law, so nothing is truly different, and yet no day is the same.
    nothing        P95 and mean of first response may be 2 % worse, abandonment half a point: no false alarm in 1 000
    on the edge    nothing may be worse at all, the hardest case: at most 1 % false alarms over all looks together, plus 3 standard errors
    5 % worse      everybody in B is slower, so that P95 is 5 % longer (measured with --all): found in at least 90 of 100, with `random` dealing
                   in opposite order as above, which is as noisy as a comparison gets, and with the scenario's own policy
"""
import concurrent.futures
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

from _common import COMMAND, SOURCE, expect, failures

SCENARIO = str(SOURCE / "scenarios" / "618-opening.json")
SLOWER = {"random": 0.9565, "weighted_least_active": 0.963}  # speeds at which P95 of first response is 5 % longer
NOTHING = {"fenliu": 1, "gates": [
    {"metric": "first_response_s.p95", "relative": 0.02}, {"metric": "first_response_s.mean", "relative": 0.02},
    {"metric": "abandonment", "absolute": 0.005}]}
EDGE = {"fenliu": 1, "days": {"first": 20, "most": 160}, "gates": [
    {"metric": "first_response_s.p95", "relative": 0}, {"metric": "response_s.mean", "relative": 0}, {"metric": "abandonment", "absolute": 0}]}
WORSE = {"fenliu": 1, "gates": [{"metric": "first_response_s.p95", "relative": 0.02}]}


def desk(order, speed):
    base = json.loads(pathlib.Path(SCENARIO).read_text())["desk"]["agents"][0]
    return json.dumps([dict(base, name=name, count=3, speed=(1.15 if name == "quick" else 0.85) * speed) for name in order])


def sets(order, speed, policy):
    return ["routing.policy=" + policy, "desk.agents=" + desk(order, speed)]


QUICK, SLOW = ("quick", "slow"), ("slow", "quick")  # who stands first


def gate(folder, name, seed, order=SLOW, speed=1, policy="random"):
    """Of a gate file's gates: verdict, days it took, and figures."""
    command = [COMMAND, "compare", SCENARIO, "-q", "--json", "-j", "1", "-s", str(seed), "--gate", os.path.join(folder, name)]
    for side, values in (("a", sets(QUICK, 1, policy)), ("b", sets(order, speed, policy))):
        for value in values:
            command += ["--set-" + side, value]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"exit {done.returncode}: {done.stderr.decode()}")
    return [(g["verdict"], g["days"], g["cells"][0]) for g in json.loads(done.stdout)["gates"]]


def many(folder, name, seeds, **how):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda seed: gate(folder, name, seed, **how), seeds))


def tell(title, found, gates):
    for i, wanted in enumerate(gates):
        verdicts = [f[i][0] for f in found]
        days = sum(f[i][1] for f in found) / len(found)
        margin = wanted.get("relative", wanted.get("absolute"))
        print(f"{title:34} {wanted['metric']:24} margin {margin:<6} comparisons {len(found):5}  failed {verdicts.count('failed'):4}  "
              f"passed {verdicts.count('passed'):4}  undecided {verdicts.count('undecided'):4}  days {days:6.1f}", flush=True)


def p95(values):
    command = [COMMAND, "simulate", SCENARIO, "-q", "--json", "-n", "2000", "-s", "7"] + [part for value in values for part in ("--set", value)]
    return json.loads(subprocess.run(command, capture_output=True, check=False).stdout)["totals"]["first_response_s"]["p95"]


def main():
    everything = "--all" in sys.argv
    if os.environ.get("FENLIU_SANITIZED") and not everything:
        print("a sanitizer makes it slow and sees nothing here that gate.py does not show it")
        return 77
    nulls, powers = (1000, 100) if everything else (6, 4)
    with tempfile.TemporaryDirectory() as folder:
        for name, gates in (("nothing", NOTHING), ("edge", EDGE), ("worse", WORSE)):
            pathlib.Path(folder, name).write_text(json.dumps(gates))

        same = gate(folder, "edge", 1, order=QUICK)
        expect(all(verdict == "passed" and days == 20 and cell["difference"] == 0 for verdict, days, cell in same), f"a policy against itself: {same}")

        for policy in SLOWER:
            order = SLOW if policy == "random" else QUICK
            worse = many(folder, "worse", range(20001, 20001 + powers), order=order, speed=SLOWER[policy], policy=policy)
            tell(f"5 % worse, {policy}", worse, WORSE["gates"])
            caught = sum(f[0][0] == "failed" for f in worse)
            expect(caught >= 0.9 * powers if everything else caught >= powers - 1, f"5 % worse by {policy} is found in {caught} of {powers}")
            if everything:
                ratio = p95(sets(order, SLOWER[policy], policy)) / p95(sets(QUICK, 1, policy))
                print(f"{policy}: P95 of B is {ratio:.4f} of A's over 2 000 days")
                expect(1.04 < ratio < 1.06, f"5 % worse is {ratio}")

        edge = many(folder, "edge", range(10001, 10001 + nulls))
        tell("on the edge", edge, EDGE["gates"])
        for i, wanted in enumerate(EDGE["gates"]):
            alarms = sum(f[i][0] == "failed" for f in edge)
            expect(alarms <= 0.01 * nulls + 3 * math.sqrt(0.01 * 0.99 * nulls) + 0.5, f"on the edge, {wanted['metric']}: {alarms} of {nulls}")

        nothing = many(folder, "nothing", range(1, nulls + 1))
        tell("nothing", nothing, NOTHING["gates"])
        expect(all(cell["difference"] != 0 for f in nothing for _, _, cell in f[:2]), "the two engines differ in their draws")
        alarms = sum(any(verdict == "failed" for verdict, _, _ in f) for f in nothing)
        expect(alarms == 0, f"{alarms} false alarms in {nulls} comparisons")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
