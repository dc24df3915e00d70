#!/usr/bin/env python3
"""Of one day, or of two dates and a half, an objective holds for the pooled figure exactly when it holds on the day, which is when the figure is on the
side that is wanted: two judges, one definition; and the exit code says whether one was missed."""
import json
import pathlib
import subprocess
import tempfile

from _common import COMMAND, require as expect

SCENARIO = {
    "fenliu": 1, "name": "judged", "start": "2026-06-17T18:00", "duration": "4h", "interval": "30m", "replications": 1,
    "traffic": {"chats_per_day": 900},
    "buyers": {"intents": [{"name": "size", "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "30s"}}}],
               "think_time": {"exponential": "30s"}, "patience": {"first": {"exponential": "5m"}, "later": {"exponential": "10m"}}},
    "desk": {"agents": [{"name": "mei", "count": 2, "max_chats": 4, "wage_cny_per_hour": 25}]},
    "money": {"conversion": 0.3, "order_value_cny": 100},
}
PER = {
    "day": ["queue_depth.mean", "queue_depth.p95", "queue_depth.p99", "queue_depth.max", "open_chats.p95", "open_chats.max", "queue_length",
            "chats_in_hand", "occupancy", "concurrency", "orders", "sales_cny", "wages_cny", "labour_cny", "profit_cny", "chats_offered",
            "abandonment", "reply_rate_3min", "first_response_s.mean", "first_response_s.p90", "response_s.max", "chats_per_agent_day", "load_band"],
    "interval": ["queue_length", "chats_in_hand", "first_response_s.p90", "abandonment", "chats_offered"],
    "group": ["queue_depth.p95", "open_chats.max", "wages_cny", "abandonment", "occupancy"],
    "agent": ["queue_depth.p95", "open_chats.max", "response_s.p90", "replies", "wages_cny", "chats_offered", "abandonment", "no_service_rate"],
    "date": ["queue_depth.mean", "queue_length", "chats_in_hand", "occupancy", "orders", "sales_cny", "wages_cny", "labour_cny", "profit_cny",
             "chats_offered", "abandonment", "reply_rate_3min", "first_response_s.mean", "first_response_s.p90", "response_s.max"],
}


def judged(path, per, objectives):
    length = {"duration": "60h"} if per == "date" else {}
    path.write_text(json.dumps({**SCENARIO, **length, "objectives": objectives}), encoding="utf-8")
    done = subprocess.run([COMMAND, "simulate", "--json", "-q", str(path)], capture_output=True, timeout=60)
    expect(done.returncode in (0, 1), done.returncode, done.stderr.decode())
    found = json.loads(done.stdout)["objectives"]
    expect(done.returncode == (1 if any(each["met"] is False for each in found) else 0), "exit", done.returncode, found)
    return found


# An objective on an outside engine's times misses nothing where none is driven, and leaves nothing for staff to want.
def engine_times_are_not_judged(path):
    found = judged(path, "day", {"abandonment": "<= 0.9", "decision_latency_us.p99": "<= 1"})
    expect([found[1][key] for key in ("got", "met", "days_met", "days_met_ci95")] == [None] * 4, found)
    path.write_text(json.dumps({**SCENARIO, "objectives": {"decision_latency_us.p99": "<= 1"}}), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "-q", str(path)], capture_output=True, timeout=60)
    expect(done.returncode == 2 and b"wanted at least one objective to staff for" in done.stderr, done)
    path.write_text(json.dumps({**SCENARIO, "objectives": {"abandonment": "<= 0.9", "decision_latency_us.p99": "<= 1"}}), encoding="utf-8")
    done = subprocess.run([COMMAND, "staff", "-q", "--json", "--plan", "-", str(path)], capture_output=True, timeout=60)
    expect(done.returncode == 0, done.returncode, done.stderr.decode())


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "judged.json"
        for per, names in PER.items():
            got = {each["name"]: each["got"] for each in judged(path, per, {name: {"want": ">= 0", "per": per} for name in names})}
            expect(all(got[name] is not None for name in names), per, got)
            for sign in (">=", "<="):
                for factor in (0.5, 1.5):
                    wants = {name: {"want": f"{sign} {min(1, got[name] * factor) if got[name] <= 1 else got[name] * factor:.9f}", "per": per} for name in names}
                    found = judged(path, per, wants)
                    expect([each["name"] for each in found] == names, per, found)
                    for each in found:
                        want = float(wants[each["name"]]["want"].split()[1])
                        holds = each["got"] >= want if sign == ">=" else each["got"] <= want
                        expect(each["met"] == holds and each["days_met"] == holds, per, each)
        engine_times_are_not_judged(path)


main()
