"""Faults of the link, on schedule: what each does, that nothing is lost without being named, and that the harness survives them all.

    test_faults.py                 each fault by itself, and a dozen drawn schedules
    test_faults.py --schedules N   N drawn schedules; with a harness and an engine built with sanitizers: what they must survive
"""
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import unittest

FENLIU = os.environ.get("FENLIU", "fenliu")
SANITIZED = bool(os.environ.get("FENLIU_SANITIZED"))
SCHEDULES = 6 if SANITIZED else 12
KINDS = "stall slow_reader slow_writer half_open cut restart reorder duplicate truncate corrupt engine_stall".split()
TAMPER = ("reorder", "duplicate", "truncate", "corrupt")
BUILT_IN = "exec:" + shlex.join([FENLIU, "engine", "--quiet"])

# 100 chats a second of the wall clock, one question each, room for all. At speed 4 a second of the day is a quarter of a second.
DESK = {
    "fenliu": 1, "name": "faults", "duration": "8s", "interval": "1m",
    "traffic": {"rate": {"points": [["+0h", 90000]]}},
    "buyers": {"intents": [{"name": "ask", "rounds": 1, "reply": {"total": {"exponential": "0.2s"}}}]},
    "desk": {"agents": [{"name": "agent", "count": 20}], "close": {"when_done": "0s"}},
    "replications": 1,
}


def drive(faults, url=BUILT_IN, speed="4", seed="1", **more):
    with tempfile.TemporaryDirectory() as there:
        path = pathlib.Path(there) / "desk.json"
        path.write_text(json.dumps({**DESK, "faults": faults, **more}))
        run = subprocess.run([FENLIU, "drive", str(path), "--engine", url, "--quiet", "--speed", speed, "--json", "--seed", seed, "--timeout", "3"],
                             capture_output=True, text=True, timeout=60)
    if run.returncode not in (0, 1) or "Sanitizer" in run.stderr or "runtime error" in run.stderr:
        raise AssertionError(f"exit {run.returncode}: {json.dumps(faults)}\n{run.stderr[-4000:]}")
    result = json.loads(run.stdout)
    return result["engine"], {name: figure["mean"] for name, figure in result["totals"].items()}


def hold(engine, totals, faults, last=6.5):
    """What must be true whatever went wrong. What a fault after the instant `last` has led to may not be over when the day ends."""
    settled = sum(totals[name] for name in ("chats_answered", "chats_abandoned", "chats_rejected", "bot_resolved", "chats_unserved"))
    assert settled == totals["chats_offered"], (settled, totals["chats_offered"])
    played = [entry["do"] for entry in engine["faults"] if entry["do"] != "link_lost"]
    planned = ["stall" if fault["do"] == "engine_stall" else fault["do"] for fault in sorted(faults, key=lambda fault: fault["at"])]
    assert sorted(played) == sorted(planned), (played, planned)
    assert engine["violations"]["total"] == 0, engine["first"]
    # Whoever never had an agent is one whose decision was lost, or was still on its way when the day ended.
    lost = sum(entry["lost_decisions"] for entry in engine["faults"])
    to_the_end = any(float(fault["at"][1:-1]) + float(fault.get("for", "0s").replace("ms", "e-3s")[:-1]) > last for fault in faults)
    under_way = engine["chats"] if to_the_end else 5
    assert engine["never_assigned"] <= lost + under_way, (engine["never_assigned"], lost, engine["undecided"])
    for entry in engine["faults"]:
        assert len(entry["chats"]) == min(entry["lost_decisions"], 16), entry


def draw(number):
    rng = random.Random(f"faults {number}")
    return [{"at": f"+{rng.uniform(0, 7):.3f}s", "do": rng.choice(KINDS), "for": f"{rng.choice((0, 0.05, 0.3, 1)):.3f}s"}
            for _ in range(rng.choice((1, 2, 4, 8)))]


class Faults(unittest.TestCase):
    def one(self, what, length="500ms", **more):
        faults = [{"at": "+3s", "do": what, "for": length}]
        engine, totals = drive(faults, **more)
        hold(engine, totals, faults)
        return engine, engine["faults"][0]

    def test_a_stall_delays_everybody_and_loses_nobody(self):
        engine, fault = self.one("stall", "2s")
        self.assertEqual((fault["lost_in"], fault["lost_out"], engine["never_assigned"]), (0, 0, 0))
        self.assertGreater(fault["delayed"], 10)
        self.assertGreater(engine["decision_latency_us"]["max"], 0.4e6)
        self.assertIsNotNone(fault["recovered_s"])

    def test_a_cut_link_is_made_anew_and_the_engine_is_told_everything(self):
        for what in ("cut", "half_open", "restart"):
            with self.subTest(what=what):
                engine, fault = self.one(what)
                self.assertEqual((engine["never_assigned"], engine["unanswered"]), (0, 0))
                self.assertIsNotNone(fault["recovered_s"])
                if what != "restart":
                    self.assertGreater(fault["lost_out"], 0)

    def test_lines_that_come_twice_are_taken_once(self):
        engine, fault = self.one("duplicate", "2s")
        self.assertGreater(fault["doubled"], 5)
        self.assertGreater(engine["damaged"], 0)

    def test_lost_decisions_are_named(self):
        for what in ("truncate", "corrupt"):
            with self.subTest(what=what):
                engine, fault = self.one(what, "2s")
                self.assertGreater(fault["lost_decisions"], 5)
                self.assertGreater(engine["damaged"], 0)

    def test_a_for_of_nothing_hits_one_line(self):
        _, fault = self.one("truncate", "0s")
        self.assertEqual(fault["lost_in"], 1)
        _, fault = self.one("duplicate", "0s")
        self.assertEqual(fault["doubled"], 1)

    def test_slow_links_delay(self):
        for what in ("slow_reader", "slow_writer"):
            with self.subTest(what=what):
                engine, fault = self.one(what, "2s")
                self.assertGreater(fault["delayed"], 5)
                self.assertEqual(fault["lost_in"] + fault["lost_out"], 0)

    def test_out_of_order_is_no_trouble(self):
        _, fault = self.one("reorder", "2s")
        self.assertGreater(fault["displaced"], 5)

    def test_an_engine_that_dies_by_itself_costs_the_run_an_entry(self):
        with tempfile.TemporaryDirectory() as there:
            mark = f"{there}/died"
            code = f"import json,os,sys\nagents=0\nfor e in map(json.loads, sys.stdin):\n t=e['t']\n" \
                   f" if t=='hello': agents=e['agents']; print(json.dumps({{'t':'hello','proto':1,'engine':'dies once'}}),flush=True)\n" \
                   f" elif t=='chat':\n  if e['chat']==50 and not os.path.exists({mark!r}): open({mark!r},'w'); sys.exit(9)\n" \
                   f"  print(json.dumps({{'t':'assign','chat':e['chat'],'agent':e['chat']%agents}}),flush=True)\n" \
                   f" elif t in ('begin','end'): print(json.dumps({{'t':'ack','n':e['n']}}),flush=True)\n"
            path = pathlib.Path(there) / "desk.json"
            path.write_text(json.dumps(DESK))
            run = subprocess.run([FENLIU, "drive", str(path), "--engine", "exec:" + shlex.join([sys.executable, "-c", code]), "--quiet", "--speed", "4",
                                  "--json"], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 3, run.stderr)
        engine = json.loads(run.stdout)["engine"]
        self.assertEqual([entry["do"] for entry in engine["faults"]], ["link_lost"])
        self.assertIn("exited with status 9", engine["faults"][0]["problem"])
        self.assertEqual(engine["never_assigned"], 0)
        self.assertGreater(engine["chats"], 150)

    def test_drawn_schedules(self):
        for number in range(SCHEDULES):
            with self.subTest(number=number):
                faults = draw(number)
                hold(*drive(faults, seed=str(number + 1)), faults)


def many(count):
    failures = 0
    speed, margin_s = (8, 0.6) if SANITIZED else (20, 0.15)  # of the wall clock: to begin an engine anew, and to work off what waits
    for number in range(count):
        faults = draw(number)
        try:
            hold(*drive(faults, seed=str(number + 1), speed=str(speed)), faults, last=8 - margin_s * speed)
        except (AssertionError, subprocess.TimeoutExpired) as problem:
            failures += 1
            print(f"schedule {number}: {problem}", flush=True)
    print(f"{count - failures} passed, {failures} failed")
    return failures > 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--schedules"]:
        sys.exit(many(int(sys.argv[2])))
    unittest.main()
