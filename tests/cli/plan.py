#!/usr/bin/env python3
"""The plan that fenliu staff writes is a scenario, and simulating it gives the very figures of the advised row."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from _common import COMMAND, require as expect

GROUPS = [{"name": "before", "phases": ["pre_sale"]}, {"name": "after"}]
SMALL = {
    "fenliu": 1, "name": "small", "start": "2026-06-17T18:00", "duration": "4h", "interval": "30m", "seed": "7",
    "traffic": {"chats_per_day": 600},
    "buyers": {"intents": [{"name": "size", "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "20s"}}},
                           {"name": "refund", "phase": "after_sale", "reply": {"total": "30s"}}],
               "think_time": {"exponential": "30s"}, "patience": {"first": {"exponential": "10m"}}},
    "desk": {"agents": [{"name": "mei", "count": 3, "max_chats": 5, "wage_cny_per_hour": 25}]},
    "objectives": {"first_response_s.p90": "<= 120"},
    "staffing": {"replications": 60},
}


def run(folder, *arguments):
    done = subprocess.run([COMMAND, *arguments], cwd=folder, capture_output=True, timeout=120)
    expect(done.returncode in (0, 1), arguments, done.returncode, done.stderr.decode())
    return json.loads(done.stdout)


def plan_gives_the_advised_row(folder, scenario, *options):
    (folder / "shop.json").write_text(json.dumps(scenario), encoding="utf-8")

    staffed = run(folder, "staff", "shop.json", "--json", "-q", *options)
    simulated = run(folder, "simulate", "shop.plan.json", "--json", "-q")

    advised = next(row for row in staffed["curve"] if row["plan"] == "answer")
    totals = simulated["totals"]
    expect(simulated["days_met"] == staffed["probability_met"]["days_met"], simulated["days_met"], staffed["probability_met"])
    expect(simulated["replications"] == staffed["probability_met"]["days"], simulated["replications"])
    for name in ("abandonment", "reply_rate_3min"):
        expect(totals[name]["mean"] == advised[name]["mean"], name, totals[name], advised[name])
    expect(totals["first_response_s"]["p90"] == advised["first_response_s.p90"]["mean"], totals["first_response_s"], advised)


def the_plan_does_not_go_by_the_language(folder, scenario):
    """People who stand in no definition have names, and names are the addresses of their draws."""
    (folder / "shop.json").write_text(json.dumps(scenario), encoding="utf-8")
    plans = []
    for language in ("zh", "en"):
        run(folder, "staff", "shop.json", "--json", "-q", "--lang", language)
        plans.append(json.loads((folder / "shop.plan.json").read_text(encoding="utf-8"))["desk"])
    mine = {agent["name"] for agent in scenario["desk"]["agents"]}
    expect(any(agent["name"] not in mine for agent in plans[0]["agents"]), "nobody has to be added", plans[0]["agents"])
    expect(plans[0] == plans[1], plans)


def main():
    if os.environ.get("FENLIU_CORE"):
        print("a core build has no staff")
        sys.exit(77)
    grouped = json.loads(json.dumps(SMALL))
    grouped["desk"] = {"groups": GROUPS, "agents": [{"name": "mei", "groups": ["before"], "count": 2},
                                                    {"name": "lan", "groups": ["after"], "main_account": True}, {"name": "both"}]}
    off = json.loads(json.dumps(SMALL))
    off["ordinary_day"] = {"inquiries": 600, "agents": 3, "response_s": 40, "hours": ["00:00", "24:00"]}
    busy = json.loads(json.dumps(SMALL))
    busy["traffic"]["chats_per_day"] = 4000
    busy["desk"]["agents"][0]["count"] = 1
    with tempfile.TemporaryDirectory() as name:
        the_plan_does_not_go_by_the_language(pathlib.Path(name), busy)
        folder = pathlib.Path(name)
        plan_gives_the_advised_row(folder, SMALL)
        plan_gives_the_advised_row(folder, SMALL, "--seed", "18446744073709551615", "--replications", "50")
        plan_gives_the_advised_row(folder, grouped)
        plan_gives_the_advised_row(folder, off)  # reply times fitted to the panel
        plan_gives_the_advised_row(folder, SMALL, "--set", "desk.agents[mei].count=1")


main()
