#!/usr/bin/env python3
"""Small desks, whose every cheaper roster can be simulated: whether fenliu staff finds the cheapest that meets the objectives.

A desk is drawn from a seed: one or two groups, two to four shifts to choose from, some dozens of chats a day. The answer has to meet its
objectives on a hundred times the days it was proven on, and no roster that costs less may. A roster within one that was seen to miss is not
simulated again: fewer people do not help. Neither is one decided any longer than its days leave it in doubt.

A cheaper roster that meets its objectives so narrowly that the longest proof there is, 12 800 days, would be stood less than nine times in ten is "narrow": the
answer may be dearer than it, but has to say so, with a bound that does not rule it out.

    brute_force.py [--desks N] [--first SEED] [--times 100] [--keep FILE]

prints a line a desk, and exits with 1 if an answer is not the cheapest, or if more than one desk in ten has none that is proven. With --keep the lines are appended to FILE as JSON, and desks that are
there already are not run again, as long as this file and the golden outputs of fenliu staff are as they were."""
import argparse
import hashlib
import itertools
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

COMMAND = os.environ.get("FENLIU", "fenliu")
PROOF_DAYS = 12800  # the longest that fenliu staff makes (sim/staffing/refine.c)
NINE_PROOFS_IN_TEN = 1.645 + 1.282  # standard errors: its confidence, and what nine proofs of ten exceed


def state():
    """A digest of what decides a line: this file, and what fenliu staff answers."""
    here = pathlib.Path(__file__).resolve()
    golden = json.loads((here.parent.parent / "golden" / "hashes.json").read_text(encoding="utf-8"))
    staff = {scenario: found["staff --json"] for scenario, found in sorted(golden.items()) if "staff --json" in found}
    return hashlib.sha256(here.read_bytes() + json.dumps(staff).encode()).hexdigest()[:16]


def draw(dice, seed):
    """A desk for two to some six people a shift, whose objectives ample people meet."""
    groups = dice.choice([1, 1, 2])
    hours = dice.choice([2, 3, 4])
    rate = dice.choice([40, 60, 90, 120]) / groups
    rounds, reply, think = dice.choice([2, 3, 5]), dice.choice([15, 25, 40]), dice.choice([20, 40])
    names = ["pre", "after"][:groups]
    phases = ["pre_sale", "after_sale"]
    shape = [dice.uniform(0.5, 1.5) for _ in range(hours + 1)]
    half = hours / 2
    whole = dice.random() < 0.7
    shifts = []
    for name in names:
        spans = [(0, hours), (0, half), (half, hours)] if whole and (groups == 1 or dice.random() < 0.5) else [(0, half), (half, hours)]
        for low, high in spans:
            price = (high - low) * dice.choice([20, 24, 25, 30]) - (3 if high - low == hours else 0)
            shifts.append({"name": f"{name} {low:g}-{high:g}", "from": f"+{low * 60:g}m", "to": f"+{high * 60:g}m", "cost_cny": round(price, 1),
                           **({"group": name} if groups == 2 else {})})
    made = {
        "fenliu": 1, "name": f"small {seed}", "start": "2026-06-17T10:00", "duration": f"{hours}h", "interval": "30m", "seed": str(seed),
        "traffic": {"rate": {"points": [[f"+{i}h", round(groups * rate * x, 1)] for i, x in enumerate(shape)]},
                    **({"busyness": {"day": {"gamma_cv": 0.15}}} if dice.random() < 0.3 else {})},
        "buyers": {"intents": [{"name": f"i{g}", "phase": phases[g], "share": 1, "rounds": {"geometric": rounds}, "reply": {"total": {"exponential": f"{reply}s"}}}
                               for g in range(groups)],
                   "think_time": {"exponential": f"{think}s"}, "patience": {"first": {"exponential": "10m"}}},
        "desk": {"agents": [{"name": n, "count": 0 if i else 1, "max_chats": 4, **({"groups": [n]} if groups == 2 else {})} for i, n in enumerate(names)],
                 **({"groups": [{"name": n, "phases": [phases[i]]} for i, n in enumerate(names)]} if groups == 2 else {})},
        "objectives": {"first_response_s.p90": f"<= {dice.choice([3.5, 4, 5]) * reply:g}", "abandonment": f"<= {dice.choice([0.12, 0.16])}"},
        "staffing": {"replications": 200, "max_agents": 60, "day_probability": dice.choice([0.8, 0.9]), "shifts": shifts},
    }
    return made


def desk(seed, folder):
    """The first desk of this seed that fifteen people on every shift keep nearly always: where nobody can, no headcount is the answer."""
    dice = random.Random(seed)
    while True:
        tried = Desk(draw(dice, seed), folder)
        if tried.days_met([15] * len(tried.shifts), 0, 200) >= 196:
            return tried


class Desk:
    def __init__(self, scenario, folder, times=100):
        self.scenario, self.folder, self.times = scenario, folder, times
        self.shifts = self.scenario["staffing"]["shifts"]
        self.file = folder / "small.json"
        self.file.write_text(json.dumps(self.scenario), encoding="utf-8")
        self.wanted = self.scenario["staffing"]["day_probability"]
        self.missing = []
        self.simulated = self.in_doubt = 0

    def answer(self):
        done = subprocess.run([COMMAND, "staff", self.file, "--json", "-q", "--full", "--plan", "-"], capture_output=True, text=True, timeout=600)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{self.scenario['name']}: exit {done.returncode}: {done.stderr}")
        found = json.loads(done.stdout) if done.returncode == 0 else None
        if found is None or not found["proven"]:
            return None, None
        people = [0] * len(self.shifts)
        for line in found["roster"]:
            start = (int(line["from"][11:13]) - 10) * 60 + int(line["from"][14:16])
            end = (int(line["to"][11:13]) - 10) * 60 + int(line["to"][14:16])
            for i, shift in enumerate(self.shifts):
                if (shift["from"], shift["to"]) == (f"+{start}m", f"+{end}m") and shift.get("group", "all") == line["group"]:
                    people[i] += line["agents"]
        return found, people

    def cost(self, people):
        return sum(n * s["cost_cny"] for n, s in zip(people, self.shifts))

    def days_met(self, people, first, days):
        """Of days that neither the search nor the proof has seen: another seed."""
        made = json.loads(json.dumps(self.scenario))
        agent = {a["name"]: a for a in made["desk"]["agents"]}
        made["desk"]["shifts"] = [{"name": s["name"], "from": s["from"], "to": s["to"]} for s in self.shifts]
        made["desk"]["agents"] = [{**agent[s.get("group", next(iter(agent)))], "name": f"{s['name']} {i}", "count": n, "shift": s["name"]}
                                  for i, (s, n) in enumerate(zip(self.shifts, people)) if n > 0]
        if not made["desk"]["agents"]:
            return 0
        file = self.folder / "plan.json"
        file.write_text(json.dumps(made), encoding="utf-8")
        done = subprocess.run([COMMAND, "simulate", file, "--json", "-q", "-n", str(days), "-s", str(10**9 + first)], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr)
        self.simulated += days
        return json.loads(done.stdout)["days_met"]

    def share(self, people):
        """(share of days met, days): until it is 4.5 standard errors from what is wanted, at most `times` the answer's days."""
        most, days, met = self.times * self.scenario["staffing"]["replications"], 0, 0
        step = 100
        while days < most:
            step = min(step, most - days)
            met += self.days_met(people, days, step)
            days += step
            step = days
            error = math.sqrt(max(self.wanted * (1 - self.wanted), 0.01) / days)
            if abs(met / days - self.wanted) > 4.5 * error:
                break
        return met / days, days

    def cheaper(self, limit):
        """All rosters that cost less, the largest first, so that most need not be simulated."""
        ranges = [range(int(limit / s["cost_cny"]) + 1) for s in self.shifts]
        found = [p for p in itertools.product(*ranges) if self.cost(p) < limit - 1e-6]
        return sorted(found, key=lambda p: (-sum(p), p))

    def cheapest_below(self, limit):
        """The cheapest roster below the limit that meets the objectives clearly, and the cheapest that does so narrowly, each as (cost, people, share,
        days) or None. One that its days leave within two standard errors of what is wanted is in doubt: whether it meets them so many days cannot tell."""
        best = {"clear": None, "narrow": None}
        for people in self.cheaper(limit):
            if any(all(a <= b for a, b in zip(people, m)) for m in self.missing) or (best["clear"] and self.cost(people) >= best["clear"][0]):
                continue
            share, days = self.share(people)
            error = 2 * math.sqrt(self.wanted * (1 - self.wanted) / days)
            if share >= self.wanted + error:
                how = "narrow" if share < self.wanted + NINE_PROOFS_IN_TEN * math.sqrt(self.wanted * (1 - self.wanted) / PROOF_DAYS) else "clear"
                if best[how] is None or self.cost(people) < best[how][0]:
                    best[how] = (self.cost(people), people, share, days)
            elif share > self.wanted - error:
                self.in_doubt += 1
            else:
                self.missing.append(people)
        return best["clear"], best["narrow"]


def judge(seed, folder, times):
    small = desk(seed, folder)
    small.times = times
    found, people = small.answer()
    if found is None:
        return {"desk": seed, "state": "no answer"}
    cost, (share, days) = small.cost(people), small.share(people)
    clear, narrow = small.cheapest_below(cost)
    search = found["search"]
    line = {"desk": seed, "people": people, "cost": round(cost, 2), "bound": search["bound_cny"], "cheapest": search["cheapest"],
            "undecided": search["undecided"], "wanted": small.wanted, "met": round(share, 4), "days": days, "rosters": len(small.cheaper(cost)),
            "in_doubt": small.in_doubt, "simulated": small.simulated}
    for name, other in ("cheaper", clear), ("narrow", narrow):
        if other:
            line[name] = {"people": other[1], "cost": round(other[0], 2), "met": round(other[2], 4), "days": other[3]}
    ruled_out = narrow and (search["cheapest"] or search["bound_cny"] > narrow[0] + 1e-6)
    line["state"] = "misses" if share < small.wanted - 2 * math.sqrt(small.wanted * (1 - small.wanted) / days) else \
        "dearer" if clear or ruled_out else "narrow" if narrow else "cheapest"
    return line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--desks", type=int, default=3)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    kept, lines, of = [], [], state()
    if options.keep and options.keep.exists():
        kept = [x for x in map(json.loads, options.keep.read_text(encoding="utf-8").splitlines()) if x["of"] == of and x["times"] == options.times]
    with tempfile.TemporaryDirectory() as name:
        seed, unanswered = options.first, 0
        while len(lines) - unanswered < options.desks and unanswered <= options.desks / 10:
            line = next((x for x in kept if x["desk"] == seed), None) or {
                **judge(seed, pathlib.Path(name), options.times), "times": options.times, "of": of}
            lines.append(line)
            unanswered += line["state"] == "no answer"
            print(json.dumps(line), flush=True)
            if options.keep and line not in kept:
                with open(options.keep, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
            seed += 1
    wrong = [x for x in lines if x["state"] in ("misses", "dearer")]
    print(f"{len(lines)} desks, {sum(x['state'] == 'cheapest' for x in lines)} cheapest, {sum(x['state'] == 'narrow' for x in lines)} but for a narrow one, {len(wrong)} not, "
          f"{sum(x.get('rosters', 0) for x in lines)} cheaper rosters, {unanswered} desks without a proven answer")
    sys.exit(1 if wrong or unanswered > options.desks / 10 else 0)


if __name__ == "__main__":
    main()
