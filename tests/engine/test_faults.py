"""Faults of the link, on schedule: what each does, that nothing is lost without being named, and that the harness survives them all.
fault_schedules.py plays thousands of them."""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from _faults import BUILT_IN, DESK, FENLIU, drive, engines, hold, play
from _python import PYTHON

SCHEDULES = 8 if os.environ.get("FENLIU_SANITIZED") else 24


class Faults(unittest.TestCase):
    def one(self, what, length="500ms", **more):
        faults = [{"at": "+3s", "do": what, "for": length}]
        engine, totals, lines = drive(faults, **more)
        hold(engine, totals, lines, faults)
        return engine, engine["faults"][0]

    def each(self, *faults, **more):
        """Each by itself, side by side."""
        with ThreadPoolExecutor(len(faults)) as side_by_side:
            return list(zip(faults, side_by_side.map(lambda what: self.one(what, **more), faults)))

    def test_a_stall_delays_everybody_and_loses_nobody(self):
        engine, fault = self.one("stall", "2s")
        self.assertEqual((fault["lost_in"], fault["lost_out"], engine["never_assigned"]), (0, 0, 0))
        self.assertGreater(fault["delayed"], 10)
        self.assertGreater(engine["decision_latency_us"]["max"], 0.4e6)
        self.assertIsNotNone(fault["recovered_s"])

    def test_a_cut_link_is_made_anew_and_the_engine_is_told_everything(self):
        for what, (engine, fault) in self.each("cut", "half_open", "restart"):
            with self.subTest(what=what):
                self.assertEqual((engine["never_assigned"], engine["unanswered"]), (0, 0))
                self.assertIsNotNone(fault["recovered_s"])
                if what != "restart":
                    self.assertGreater(fault["lost_out"], 0)

    def test_lines_that_come_twice_are_taken_once(self):
        engine, fault = self.one("duplicate", "2s")
        self.assertGreater(fault["doubled"], 5)
        self.assertGreater(engine["damaged"], 0)

    def test_lost_decisions_are_named(self):
        for what, (engine, fault) in self.each("truncate", "corrupt", length="2s"):
            with self.subTest(what=what):
                self.assertGreater(fault["lost_decisions"], 5)
                self.assertGreater(engine["damaged"], 0)

    def test_a_for_of_nothing_hits_one_line(self):
        (_, (_, truncated)), (_, (_, doubled)) = self.each("truncate", "duplicate", length="0s")
        self.assertEqual((truncated["lost_in"], doubled["doubled"]), (1, 1))

    def test_slow_links_delay(self):
        for what, (_, fault) in self.each("slow_reader", "slow_writer", length="2s"):
            with self.subTest(what=what):
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
            run = subprocess.run([FENLIU, "drive", str(path), "--engine", "exec:" + shlex.join([*PYTHON, "-c", code]), "--quiet", "--speed", "4",
                                  "--json"], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 3, run.stderr)
        engine = json.loads(run.stdout)["engine"]
        self.assertEqual([entry["do"] for entry in engine["faults"]], ["link_lost"])
        self.assertIn("exited with status 9", engine["faults"][0]["problem"])
        self.assertEqual(engine["never_assigned"], 0)
        self.assertGreater(engine["chats"], 150)

    def test_each_day_has_all_of_them_and_none_outlasts_it(self):
        """A link that is down as the day ends is made anew for the next, whose engine is told everything."""
        def two_days(what):
            with tempfile.TemporaryDirectory() as there:
                path = pathlib.Path(there) / "desk.json"
                path.write_text(json.dumps({**DESK, "faults": [{"at": "+7500ms", "do": what, "for": "5s"}]}))
                run = subprocess.run([FENLIU, "drive", str(path), "--engine", BUILT_IN, "--quiet", "--speed", "4", "--json", "-n", "2", "--record",
                                      there + "/record"], capture_output=True, text=True, timeout=60)
                checked = subprocess.run([FENLIU, "check", there + "/record"], capture_output=True, text=True, timeout=60)
            self.assertIn(run.returncode, (0, 1), run.stderr)
            self.assertEqual(checked.returncode, 0, checked.stderr)
            return json.loads(run.stdout)

        kinds = ("cut", "half_open", "stall", "slow_reader")
        with ThreadPoolExecutor(len(kinds)) as side_by_side:
            for what, summary in zip(kinds, side_by_side.map(two_days, kinds)):
                engine = summary["engine"]
                with self.subTest(what=what):
                    self.assertEqual([(entry["do"], entry["at_ns"]) for entry in engine["faults"]], [(what, 7500000000)] * 2)
                    self.assertEqual(engine["violations"]["total"], 0, engine["first"])
                    self.assertGreater(summary["totals"]["chats_answered"]["mean"], 130)  # a day's mean: of some 170

    def test_simulated_time_knows_none_and_says_so(self):
        with tempfile.TemporaryDirectory() as there:
            path = pathlib.Path(there) / "desk.json"
            path.write_text(json.dumps({**DESK, "faults": [{"at": "+1s", "do": "cut"}, {"at": "+2s", "do": "stall"}]}))
            run = subprocess.run([FENLIU, "drive", str(path), "--engine", BUILT_IN, "--lockstep", "--quiet", "--json"], capture_output=True, text=True,
                                 timeout=60)
            checked = subprocess.run([FENLIU, "check", str(path)], capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stderr),
                         (0, "fenliu drive: note: the 2 faults of the link are not played in simulated time (wanted --speed X)\n"))
        self.assertIn("faults  2 of the link to an engine, played by drive in real time alone", checked.stdout)

    def test_drawn_schedules(self):
        with engines() as urls, ThreadPoolExecutor(6) as side_by_side:
            for seen in side_by_side.map(lambda number: play(number, urls), range(SCHEDULES)):
                self.assertGreater(seen["chats"], 100)


if __name__ == "__main__":
    unittest.main()
