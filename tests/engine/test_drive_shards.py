"""fenliu drive --shard and fenliu merge: days divided in lockstep give the bytes of one process; a day divided in real time is one run of all
buyers and agents, whose percentiles are those of all samples and whose findings say where they come from; what does not fit is refused by name."""
import contextlib
import csv
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from _python import PYTHON

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
from _hlog import decode  # noqa: E402

FENLIU = os.environ.get("FENLIU", "fenliu")
DESK = HERE / "small_desk.json"
CORE = bool(os.environ.get("FENLIU_CORE"))  # has no pages
SLOW = 5 if os.environ.get("FENLIU_SANITIZED") else 1
BUILT_IN = "exec:" + shlex.join([FENLIU, "engine", "--quiet"])


def python(name, *arguments):
    return "exec:" + shlex.join([*PYTHON, str(HERE / name), *arguments])


def run(*arguments):
    return subprocess.run([FENLIU, *map(str, arguments)], capture_output=True, text=True, timeout=120)


@contextlib.contextmanager
def listening():
    """fenliu engine on a port of its own, for as many machines as come."""
    engine = subprocess.Popen([FENLIU, "engine", "--quiet", "--listen", "tcp://127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        yield engine.stdout.readline().strip()
    finally:
        engine.terminate()
        engine.wait()
        engine.stdout.close()


class Place(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.here = pathlib.Path(place.name)

    def drive(self, out, *options, engine=BUILT_IN, scenario=DESK, expect=(0, 1)):
        done = run("drive", scenario, "--engine", engine, "-q", "--lang", "en", "-o", self.here / out, *options)
        self.assertIn(done.returncode, expect, done.stderr)
        return done

    def merge(self, out, *shards, options=(), expect=(0, 1)):
        done = run("merge", "--lang", "en", "-o", self.here / out, *options, *(self.here / s for s in shards))
        self.assertIn(done.returncode, expect, done.stderr)
        return done

    def refused(self, wanted, *shards):
        done = self.merge("none", *shards, expect=(2,))
        self.assertIn(wanted, done.stderr)
        self.assertFalse((self.here / "none").exists(), "something was written")

    def json(self, out, name):
        return json.loads((self.here / out / name).read_text())


def untimed(engine):
    """engine.json but for what the wall clock says."""
    return {k: v if k != "decision_latency_us" else v["n"] for k, v in engine.items()}


class Lockstep(Place):
    def test_days_divided_are_the_bytes_of_one_process(self):
        for engine in (python("least_open.py"), python("broken.py", "well")):
            with self.subTest(engine=engine):
                screen = self.drive("whole", "-n", 5, engine=engine).stdout
                for i, jobs in enumerate((1, 2, 1)):
                    said = self.drive(f"p{i}", "-n", 5, "--shard", f"{i}/3", "-j", jobs, engine=engine).stdout
                    self.assertIn(f"shard {i}/3: of 5 days", said)
                    self.assertEqual(sorted(os.listdir(self.here / f"p{i}")), ["books.bin", "manifest.json", "scenario.json", "shard.bin"])
                merged = self.merge("merged", "p2", "p0", "p1").stdout
                own = [l for l in merged.splitlines() if "latency (wall" not in l and "processes" not in l]
                self.assertEqual(own, [l for l in screen.splitlines() if "latency (wall" not in l and "processes" not in l])
                names = sorted(os.listdir(self.here / "whole"))
                self.assertEqual(names, sorted(os.listdir(self.here / "merged")))
                for name in set(names) - {"manifest.json", "engine.json"}:
                    self.assertEqual((self.here / "whole" / name).read_bytes(), (self.here / "merged" / name).read_bytes(), name)
                whole, books = self.json("whole", "engine.json"), self.json("merged", "engine.json")
                self.assertEqual(untimed(whole), untimed(books))
                self.assertGreater(len(whole["first"]), 90)
                self.assertEqual(self.json("merged", "manifest.json")["command"], "drive")
                shutil.rmtree(self.here / "whole")
                shutil.rmtree(self.here / "merged")
                for i in range(3):
                    shutil.rmtree(self.here / f"p{i}")

    def test_an_interrupted_shard_is_not_merged_and_what_is_missing_is_named(self):
        self.drive("p0", "-n", 2, "--shard", "0/2")
        self.refused("shard 1/2 is missing (days 1 to 1)", "p0")
        process = subprocess.Popen([FENLIU, "drive", str(DESK), "--engine", BUILT_IN, "-q", "-j", "1", "-n", "100000", "--shard", "0/2", "-o", str(self.here / "cut")],
                                   stdout=subprocess.DEVNULL)
        time.sleep(0.7 * SLOW)
        process.send_signal(2)
        self.assertEqual(process.wait(), 130)
        self.refused("was interrupted after", "cut")


class RealTime(Place):
    def both(self, *options, engine=None, speed=20000, shards=2):
        """The shards of a day at once, as machines would play it."""
        for i in range(shards):
            shutil.rmtree(self.here / f"s{i}", ignore_errors=True)
        with listening() if engine is None else contextlib.nullcontext(engine) as url:
            machines = [subprocess.Popen([FENLIU, "drive", str(DESK), "--engine", url, "-q", "--lang", "en", "--speed", str(speed), "--start-in", "300ms",
                                          "--shard", f"{i}/{shards}", "-o", str(self.here / f"s{i}"), *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                        for i in range(shards)]
            said = [m.communicate(timeout=60) for m in machines]
        for machine, (_, errors) in zip(machines, said):
            self.assertIn(machine.returncode, (0, 1), errors)

    def samples(self, shard, name):
        """Highest values of the buckets of a log's lines, with their counts."""
        lines = [l for l in (self.here / shard / name).read_text().splitlines() if l and l[0] in "0123456789T"]
        return sorted(pair for l in lines for pair in decode(l.split(",")[-1]))

    def test_one_day_on_two_machines_is_one_run_of_all_buyers_and_agents(self):
        self.both()
        simulated = json.loads(run("simulate", DESK, "-n", 1, "-q", "--json").stdout)
        merged = json.loads(self.merge("merged", "s1", "s0", options=("--json",)).stdout)
        self.assertEqual(merged["totals"]["chats_offered"]["mean"], simulated["totals"]["chats_offered"]["mean"])
        self.assertEqual(merged["command"], "drive")
        self.assertEqual(merged["engine"]["chats"], sum(s["chats"] for s in merged["engine"]["shards"]))
        self.assertEqual(merged["engine"]["events"], sum(s["events"] for s in merged["engine"]["shards"]))
        agents = list(csv.DictReader((self.here / "merged" / "agents.csv").read_text().splitlines()))
        self.assertEqual([float(a["occupancy"]) > 0 for a in agents], [True] * 5, "somebody of one shard or the other had no chat")
        self.assertLess(merged["engine"]["began_within_s"], 1)
        self.assertNotIn("shard", self.json("merged", "manifest.json"))

    def test_merged_percentiles_are_those_of_all_samples(self):
        self.both()
        engine = json.loads(self.merge("merged", "s0", "s1", options=("--json",)).stdout)["engine"]
        for name, figures in (("decision_latency.hlog", engine["decision_latency_us"]), ("own_lateness.hlog", engine["own_lateness_us"])):
            both = sorted(self.samples("s0", name) + self.samples("s1", name))
            count = sum(n for _, n in both)
            self.assertEqual(figures["n"], count)
            self.assertEqual(self.samples("merged", name), both)
            for percentile, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
                below, values = 0, iter(both)
                while below < share * count:
                    most, n = next(values)
                    below += n
                least = most - max(1023, most // 128)  # the bucket in which it lies, a width more to either side
                self.assertTrue(least - 2048 <= figures[percentile] * 1000 <= most * 1.01 + 2048, f"{name} {percentile}: {figures[percentile]}, {least} to {most} ns")
        tags = [l.split(",")[0] for l in (self.here / "merged" / "decision_latency.hlog").read_text().splitlines() if l.startswith("Tag=")]
        self.assertEqual(sorted(set(tags)), ["Tag=shard0", "Tag=shard1"])

    def test_findings_say_which_shard_they_come_from(self):
        self.both("--set", 'faults=[{"at":"+4h","do":"stall","for":"10m"}]', engine=python("broken.py", "well"), speed=5000)
        done = self.merge("merged", "s0", "s1")
        engine = self.json("merged", "engine.json")
        self.assertEqual([f["shard"] for f in engine["faults"]], [0, 1])
        self.assertEqual({v["shard"] for v in engine["first"]}, {0, 1})
        self.assertEqual(engine["violations"]["total"], sum(s["violations"] for s in engine["shards"]))
        self.assertRegex(done.stdout, r"  [a-z_]+  shard 1\n")
        self.assertRegex(done.stdout, r"stall .*  shard 1\n")

    def test_machines_that_do_not_begin_together_have_measured_nothing(self):
        self.drive("s0", "--speed", 20000, "--shard", "0/2")
        time.sleep(1.1)
        self.drive("s1", "--speed", 20000, "--shard", "1/2")
        done = self.merge("merged", "s0", "s1", expect=(1,))
        self.assertIn("measurement not valid: the shards did not begin together (--start-at)", done.stdout)
        self.assertIs(self.json("merged", "engine.json")["valid"], False)

    def test_an_engine_is_told_of_its_share_and_agents_of_others_are_offline(self):
        self.drive("s0", "--speed", 100000, "--shard", "0/1", "--record", self.here / "said")
        self.assertNotIn('"shares"', (self.here / "said").read_text())  # all of it: nothing to be told
        self.drive("s0", "--speed", 100000, "--shard", "1/2", "--record", self.here / "said")
        told = [json.loads(l).get("to", {}) for l in (self.here / "said").read_text().splitlines()]
        hello = next(t for t in told if t.get("t") == "hello")
        self.assertEqual((hello["share"], hello["shares"], hello["agents"]), (1, 2, 5))
        there = {t["agent"] for t in told if t.get("t") == "agent" and t.get("state") != "offline"}
        self.assertIn(len(there), (2, 3))
        self.assertEqual(run("check", self.here / "said").returncode, 0)

    def test_merged_runs_are_compared_and_reported_like_any(self):
        self.both()
        self.merge("merged", "s0", "s1")
        done = run("compare", self.here / "merged", self.here / "merged", "--lang", "en")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("NOTE", done.stdout + done.stderr)
        self.assertEqual(self.json("merged", "manifest.json")["desk_shards"], 2)
        self.assertEqual(run("simulate", DESK, "-n", 1, "-q", "-o", self.here / "one").returncode, 0)
        done = run("compare", self.here / "merged", self.here / "one", "--lang", "en")
        self.assertIn("the desk was divided among 2 and 1 machines", done.stdout + done.stderr)
        done = run("compare", self.here / "s0", self.here / "merged")
        self.assertEqual(done.returncode, 2)
        self.assertIn("fenliu merge", done.stderr)
        done = run("report", self.here / "merged", "-o", self.here / "page.html")
        if not CORE and "built without" not in done.stderr:
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b'"shards":[', (self.here / "page.html").read_bytes())


class Refused(Place):
    def test_shards_that_do_not_fit_together(self):
        lives, steps = ("--speed", 100000), ("-n", 2)
        for name, options in (("l0", (*lives, "--shard", "0/2")), ("l1", (*lives, "--shard", "1/2")), ("three", (*lives, "--shard", "1/3")),
                              ("slow", ("--speed", 90000, "--shard", "1/2")), ("window", (*lives, "--window", 9, "--shard", "1/2")),
                              ("seed", (*lives, "--shard", "1/2", "-s", 2)), ("desk", (*lives, "--shard", "1/2", "--set", "end=drain")),
                              ("d0", (*steps, "--shard", "0/2")), ("d1", (*steps, "--shard", "1/2")), ("patient", (*steps, "--shard", "1/2", "--timeout", 9))):
            self.drive(name, *options)
        shutil.copytree(self.here / "l0", self.here / "again")
        self.drive("other", *lives, "--shard", "1/2", engine=python("broken.py", "well"))
        self.assertEqual(run("simulate", DESK, "-q", *steps, "--shard", "1/2", "-o", self.here / "simulated").returncode, 0)
        here = self.here
        self.refused("shard 1/2 is missing\n", "l0")
        self.refused(f"{here}/l0 and {here}/again are both shard 0/2", "l0", "again")
        self.refused(f"{here}/three: one of 3 shares of the desk, not of 2 as {here}/l0", "l0", "three")
        self.refused(f"{here}/slow: driven at --speed 90000 (--timeout 10 s), not at --speed 100000", "l0", "slow")
        self.refused(f"{here}/window: driven at --speed 100000, --window 9", "l0", "window")
        self.refused(f"{here}/seed: of seed 2, not 1", "l0", "seed")
        self.refused(f"{here}/desk: of another scenario", "l0", "desk")
        self.refused(f"{here}/other: of engine \"broken well\", not \"fenliu", "l0", "other")
        self.refused(f"{here}/d1: driven in lockstep (--timeout 10 s), not at --speed 100000", "l0", "d1")
        self.refused(f"{here}/patient: driven in lockstep (--timeout 9 s)", "d0", "patient")
        self.refused(f"{here}/simulated: a shard of fenliu simulate", "d0", "simulated")
        self.refused(f"{here}/d0: a shard of fenliu drive", "simulated", "d0")
        self.merge("fits", "d0", "d1")
        self.damaged()

    def damaged(self):
        shutil.copytree(self.here / "l1", self.here / "bad")
        books = self.here / "bad" / "books.bin"
        sound = books.read_bytes()
        for bytes_ in (sound[:-1], b"", sound[:200] + bytes([sound[200] ^ 1]) + sound[201:]):
            books.write_bytes(bytes_)
            self.refused(f"{self.here}/bad: books.bin is damaged or cut short", "l0", "bad")
        books.write_bytes((self.here / "d1" / "books.bin").read_bytes())
        self.refused("shard.bin and books.bin are of different shards", "l0", "bad")
        books.write_bytes(sound)
        (self.here / "bad" / "shard.bin").write_bytes((self.here / "l0" / "shard.bin").read_bytes())
        self.refused(f"{self.here}/bad: not a share of the same day as the others", "l0", "bad")
        shutil.copy(self.here / "l1" / "shard.bin", self.here / "bad")
        for log in ("", "#[StartTime: 1.0\nx,y\n"):
            (self.here / "bad" / "decision_latency.hlog").write_text(log)
            self.refused("decision_latency.hlog is missing or damaged", "l0", "bad")

    def test_what_cannot_be_right_is_not_begun(self):
        cases = {"-n 1": ("--speed", 20000, "-n", 2, "--shard", "0/2"), "any chat may come out at any agent": None,
                 "--find-limit has no shards": ("--speed", 1, "--find-limit", "--shard", "0/2"), "group \"all\" would be without agents in shard 5/6": ("--speed", 9, "--shard", "0/6"),
                 "one account": ("--speed", 9, "--shard", "0/2", "--set", "desk.offline=main"), "main_only": ("--speed", 9, "--shard", "0/2", "--set", "routing.policy=main_only"),
                 "a run of 2 days has at most 2 shards": ("-n", 2, "--shard", "0/3"), "wanted I/N": ("--shard", "2/2"),
                 "has no --report": ("--shard", "0/2", "--report")}
        for wanted, options in cases.items():
            with self.subTest(wanted=wanted):
                url, options = (BUILT_IN, options) if options else ("proxy+tcp://127.0.0.1:1?agents=127.0.0.1:9000", ("--speed", 1, "--shard", "0/2"))
                done = self.drive("none", *options, engine=url, expect=(2,))
                no_page = "--report" in options and (CORE or "built without" in done.stderr)
                self.assertTrue(no_page or wanted in done.stderr, done.stderr)
                self.assertFalse((self.here / "none").exists())
        done = run("drive", DESK, "--engine", BUILT_IN, "-q", "--speed", 9, "--shard", "0/2")
        self.assertEqual((done.returncode, "wants --out DIR" in done.stderr), (2, True), done.stderr)

    def test_a_shard_that_has_nobody_in_a_shift_is_noted(self):
        done = run("drive", DESK, "--engine", BUILT_IN, "--lang", "en", "--speed", 100000, "--shard", "0/3", "-o", self.here / "s0")
        self.assertIn("some shift of a group has nobody in shard 2/3", done.stderr)


if __name__ == "__main__":
    unittest.main()
