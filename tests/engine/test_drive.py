"""fenliu drive against engines that keep the rules, that break them, and that break the protocol."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from _main import main
from _python import PYTHON

HERE = pathlib.Path(__file__).parent
FENLIU = os.environ.get("FENLIU")
DESK = str(HERE / "small_desk.json")
SLOW = 5 if os.environ.get("FENLIU_SANITIZED") else 1


def engine(name, *arguments):
    return "exec:" + shlex.join([*PYTHON, str(HERE / name), *arguments])


def drive(url, *options, scenario=DESK, **more):
    return subprocess.run([FENLIU, "drive", scenario, "--engine", url, "--quiet", "--lang", "en", *options], capture_output=True, text=True,
                          timeout=300, **more)


def as_json(run):
    return json.loads(run.stdout)


class Keeps(unittest.TestCase):
    def run_directory(self, where, *command):
        run = subprocess.run([FENLIU, *command, "--quiet", "--out", where], capture_output=True, text=True, timeout=300)
        self.assertEqual(run.returncode, 0, run.stderr)
        return {f.name: f.read_bytes() for f in pathlib.Path(where).iterdir()}

    def test_the_rule_of_a_built_in_policy_gives_its_very_bytes(self):
        variants = [[], ["--set", "desk.shift_end=return_to_queue"], ["--set", 'traffic.rate.points=[["+0h", 200]]', "--seed", "7"]]
        for variant in variants:
            with self.subTest(variant=variant), tempfile.TemporaryDirectory() as there:
                inside = self.run_directory(there + "/a.run", "simulate", DESK, *variant)
                outside = self.run_directory(there + "/b.run", "drive", DESK, *variant, "--engine", engine("../../tools/engines/least_active.py"))
                for name in ("summary.json", "days.csv", "intervals.csv", "agents.csv"):
                    expected = inside[name].replace(b'"command":"simulate"', b'"command":"drive"').replace(b'"policy":"least_active"', b'"policy":"least_active.py 1"')
                    self.assertEqual(expected, outside[name], name)
                judged = json.loads(outside["engine.json"])
                self.assertEqual(judged["violations"]["total"], 0, judged["first"])
                self.assertGreater(judged["chats"], 500)

    def test_jobs_and_runs_change_nothing(self):
        with tempfile.TemporaryDirectory() as there:
            runs = [self.run_directory(f"{there}/{i}.run", "drive", DESK, "--engine", engine("least_open.py"), "--jobs", str(jobs))
                    for i, jobs in enumerate((1, 1, 3))]
        for run in runs[1:]:
            self.assertEqual(run["summary.json"], runs[0]["summary.json"])
            self.assertEqual(run["days.csv"], runs[0]["days.csv"])

    def test_objectives_on_its_times_are_judged_over_all_days(self):
        for bound, code in (("<= 60000000", 0), ("<= 0", 1)):
            wants = {"decision_latency_us.p99": bound, "harness_lateness_us.max": "<= 0"}
            run = drive(engine("least_open.py"), "--json", "--set", f"objectives={json.dumps(wants)}")
            latency, lateness = as_json(run)["objectives"]
            self.assertEqual(run.returncode, code, run.stderr)
            self.assertEqual((latency["met"], latency["days_met"]), (code == 0, None))
            self.assertAlmostEqual(latency["got"], as_json(run)["engine"]["decision_latency_us"]["p99"], 2)
            self.assertEqual((lateness["got"], lateness["met"]), (None, None), "in lockstep nothing is late")

    def test_the_engine_names_the_policy_and_its_words_go_to_stderr(self):
        run = drive(engine("broken.py", "noisy"), "--json", "-n", "1")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(as_json(run)["policy"], "broken noisy")
        self.assertIn("engine 0: a word on stderr\n", run.stderr)

    def test_messages_and_replies_come_to_those_who_want_them(self):
        deaf, hearing = (as_json(drive(engine("broken.py", way), "--json", "-n", "1"))["engine"] for way in ("well", "hears all"))
        self.assertEqual(deaf["decisions"], hearing["decisions"])
        self.assertGreater(hearing["events"], 2 * deaf["events"])


class Breaks(unittest.TestCase):
    """Broken rules cost the run an entry; a broken protocol ends it."""

    def counted(self, way, rule, *options):
        run = drive(engine("broken.py", way), "--json", *options)
        self.assertEqual(run.returncode, 0, run.stderr)
        judged = as_json(run)["engine"]
        self.assertGreater(judged["violations"][rule], 0, judged["violations"])
        self.assertEqual(judged["violations"]["total"], sum(n for r, n in judged["violations"].items() if r != "total"))
        self.assertEqual(len(judged["first"]), min(100, judged["violations"]["total"]))
        order = [(v["day"], v["event"]) for v in judged["first"]]
        self.assertEqual(order, sorted(order))
        return judged

    def test_what_cannot_be_is_refused_and_counted(self):
        ways = {"unknown chat": "unknown_chat", "closed chat": "unknown_chat", "unknown agent": "unknown_agent", "offline agent": "agent_offline",
                "unknown message": "unknown_message", "bad fields": "bad_field", "wakes in the past": "too_late", "no bot": "no_bot", "wants waking too often": "too_many_wakes",
                "complains": "engine_error", "talks after the end": "too_late"}
        for way, rule in ways.items():
            with self.subTest(way=way):
                self.counted(way, rule)

    def test_answering_twice_is_two_entries_a_chat(self):
        judged = self.counted("answers twice", "assigned_twice", "-n", "1")
        counts = judged["violations"]  # when nobody is there both answers name somebody offline
        self.assertEqual(2 * counts["assigned_twice"] + counts["agent_offline"], 2 * counts["ack_twice"])

    def test_a_move_from_agent_to_agent_is_a_transfer_and_breaks_no_rule(self):
        plain, moved = (as_json(drive(engine("broken.py", way), "--json", "-n", "2", "--set", "routing.overflow=assign_anyway",
                                 "--set", "buyers.intents[0].transfer=null"))
                        for way in ("well", "moves"))
        self.assertEqual(plain["engine"]["moves"], 0)
        self.assertGreater(moved["engine"]["moves"], 100)
        self.assertEqual(moved["engine"]["violations"]["total"], 0, moved["engine"]["violations"])
        given_back = 2 * plain["totals"]["transfers"]["mean"]  # by agents who went away
        self.assertAlmostEqual(2 * moved["totals"]["transfers"]["mean"], moved["engine"]["moves"], delta=given_back + 50)

    def test_a_move_of_what_cannot_be_moved_is_refused(self):
        self.counted("moves to herself", "assigned_twice")
        self.assertEqual(self.counted("moves what is answered", "not_waiting")["moves"], 0)

    def test_what_is_forbidden_takes_effect_and_is_counted(self):
        judged = self.counted("well", "over_capacity")  # it gives all to the first who is there
        self.assertNotIn("agent_offline", [v["rule"] for v in judged["first"]])
        one = next(v for v in judged["first"] if v["rule"] == "over_capacity")
        self.assertEqual(set(one), {"day", "at_ns", "event", "rule", "chat", "agent", "name"})

    def test_chats_that_nobody_got_are_counted(self):
        run = drive(engine("broken.py", "never assigns"), "--json", "--set", "buyers.patience=null", "-n", "1")
        self.assertIn(run.returncode, (0, 1), run.stderr)
        self.assertGreater(as_json(run)["engine"]["never_assigned"], 100)

    def test_rejected_chats_are_rejected(self):
        run = drive(engine("broken.py", "rejects all"), "--json", "-n", "1")
        self.assertGreater(as_json(run)["totals"]["chats_rejected"]["mean"], 100)

    def test_the_table_shows_violations(self):
        run = drive(engine("broken.py", "unknown chat"), "-n", "1")
        self.assertIn("unknown_chat     a chat that is not the engine's to decide", run.stdout)

    def test_ends_with_3_and_says_why_and_when(self):
        ways = {"dies at start": "the engine exited with status 3, in answer to hello",
                "no hello": "the engine did not say hello first, in answer to hello",
                "silent at start": "the engine does not answer, in answer to hello",
                "wrong version": "the engine speaks version 2 of the protocol, we speak 1",
                "no version": 'without "proto"', "no name": 'without "engine"', "wants the moon": "wants something else",
                "dies": "the engine exited with status 4: day 0, 2026-06-17T", "is killed": "the engine was ended by signal 9",
                "closes its output": "the engine does not answer: day 0", "stalls": "the engine does not answer: day 0",
                "stalls and will not go": "the engine does not answer: day 0", "never acks": ("the engine goes on without an ack: day 0", "the engine does not answer: day 0"),  # the latter when it is not scheduled just then
                "garbage": "(byte 1: wanted a JSON object): Traceback (most recent call last):", "half a line": "exited with status 0",
                "drips": "the engine does not answer: day 0", "fills stderr": "the engine does not answer: day 0",
                "reads nothing": "the engine reads nothing: day 0", "long line": "sent a line of more than 65536 bytes", "nul": "a control character in a string", "not utf-8": "not UTF-8",
                "nested": "objects and arrays do not nest here", "ack from the future": "an ack for an event that has not been",
                "ack without number": "an ack without the number", "circles": "goes in circles at one instant",
                "ticks": "wake after wake and nothing else happens"}

        def ending(way):
            timeout = "60" if way in ("circles", "ticks") else str(SLOW * 1.0)
            return drive(engine("broken.py", way), "--timeout", timeout, "-n", "1", "--jobs", "1")

        with ThreadPoolExecutor(3) as pool:  # most of it is waiting for a timeout
            runs = list(pool.map(ending, ways))
        for (way, said), run in zip(ways.items(), runs):
            with self.subTest(way=way):
                self.assertEqual((run.returncode, run.stdout), (3, ""), run.stderr)
                self.assertTrue(any(words in run.stderr for words in ([said] if isinstance(said, str) else said)), run.stderr)
                if "hello" not in run.stderr:
                    self.assertRegex(run.stderr, r"day 0, 2026-06-17T\d\d:\d\d(:\d\d)? \(\+\d+\.\d{9} s\), event \d+ \(\w+\)")

    def test_a_command_that_does_not_exist_is_said(self):
        run = drive("exec:/no/such/engine")
        self.assertEqual(run.returncode, 3)
        self.assertIn("command not found", run.stderr)

    def test_the_wrong_end_is_said_but_costs_nothing(self):
        run = drive(engine("broken.py", "fails at the end"), "--json", "-n", "1")
        self.assertEqual(run.returncode, 0)
        self.assertIn("exited with status 5 after the run", run.stderr)

    def test_nothing_is_written_when_the_engine_dies(self):
        with tempfile.TemporaryDirectory() as there:
            run = drive(engine("broken.py", "dies"), "--out", there + "/x.run")
            self.assertEqual((run.returncode, os.listdir(there)), (3, []))

    def test_usage(self):
        for url in ("exec:", "python3", ""):
            run = drive(url)
            self.assertEqual(run.returncode, 2)
            self.assertIn("wanted exec:COMMAND", run.stderr)
        self.assertEqual(subprocess.run([FENLIU, "drive", DESK], capture_output=True).returncode, 2)
        self.assertEqual(drive("exec:true", "--timeout", "soon").returncode, 2)


def fits(schema, value):
    """Whether a value is what a schema asks for, as far as ours go."""
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
    if "type" in schema and (not isinstance(value, kinds[schema["type"]]) or (schema["type"] == "integer" and isinstance(value, bool))):
        return False
    if "const" in schema and value != schema["const"] or "enum" in schema and value not in schema["enum"]:
        return False
    if "oneOf" in schema and sum(fits(s, value) for s in schema["oneOf"]) != 1:
        return False
    if isinstance(value, int) and value < schema.get("minimum", value):
        return False
    if isinstance(value, str) and not (re.search(schema.get("pattern", ""), value) and len(value) >= schema.get("minLength", 0)):
        return False
    if isinstance(value, list):
        return all(fits(schema["items"], v) for v in value)
    if isinstance(value, dict):
        known = schema["properties"]
        return all(k in value for k in schema["required"]) and all(k in known and fits(known[k], v) for k, v in value.items())
    return True


class Says(unittest.TestCase):
    """What is written down is what is said."""

    def setUp(self):
        source = pathlib.Path(os.environ.get("FENLIU_SOURCE", HERE.parents[1])) / "sim" / "engine"
        self.types = json.loads((source / "protocol.schema.json").read_text())["$defs"]
        self.manual = (source / "PROTOCOL.md").read_text()

    def check(self, side, line):
        message = json.loads(line)
        schema = self.types[f"{side}_{message['t']}"]
        self.assertTrue(fits(schema, message), line)
        return message["t"]

    def test_every_message_has_an_example_that_fits_the_schema(self):
        examples = re.findall(r"^([<>]) (\{.*\})$", self.manual, re.M)
        shown = {f"{side}_{self.check(side, line)}" for side, line in (("to" if way == ">" else "from", line) for way, line in examples)}
        self.assertEqual(shown, {name for name in self.types if not name.endswith("_engine")})

    def test_every_rule_is_in_the_manual(self):
        run = drive(engine("broken.py", "well"), "--json", "-n", "1")
        for rule in as_json(run)["engine"]["violations"]:
            if rule != "total":
                self.assertIn(f"`{rule}`", self.manual)

    def test_what_is_said_on_the_wire_fits_the_schema(self):
        with tempfile.TemporaryDirectory() as there:
            for way in ("well", "hears all", "unknown chat", "rejects all", "complains"):
                url = f"exec:tee {there}/to | {engine('broken.py', way)[5:]} | tee {there}/from"
                options = ("--set", "routing.capacity.counts=recent_active") if way == "well" else ()
                self.assertIn(drive(url, "-n", "1", "--jobs", "1", *options).returncode, (0, 1))
                for line in pathlib.Path(there, "to").read_text().splitlines():
                    self.check("to", line)
                for line in pathlib.Path(there, "from").read_text().splitlines()[1:]:
                    self.check("from", line)

    def test_so_does_what_the_reference_engine_hears_and_says(self):
        with tempfile.TemporaryDirectory() as there:
            url = f"exec:tee {there}/to | {shlex.quote(FENLIU)} engine | tee {there}/from"
            self.assertIn(drive(url, "-n", "1", "--set", "routing.overflow=close_oldest", "--set", "desk.agents[0].max_chats=2").returncode, (0, 1))
            heard = {self.check("to", line) for line in pathlib.Path(there, "to").read_text().splitlines()}
            said = {self.check("from", line) for line in pathlib.Path(there, "from").read_text().splitlines()}
        self.assertLessEqual({"scenario", "load", "verdict"}, heard)
        self.assertLessEqual({"assign", "close"}, said)


class Leaves(unittest.TestCase):
    """No process stays behind."""

    def processes(self, mark):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                    found.append((entry / "stat").read_text().split()[2] + " " + entry.name)
            except OSError:
                pass
        return found

    def test_no_process_is_left_whatever_the_engine_did(self):
        if not pathlib.Path("/proc/self/environ").exists():
            self.skipTest("no /proc here")
        for way in ("well", "dies", "stalls and will not go", "stays", "silent at start"):
            with self.subTest(way=way):
                mark = f"FENLIU_TEST_MARK={os.getpid()}.{way.replace(' ', '_')}"
                key, value = mark.split("=")
                drive(engine("broken.py", way), "--timeout", str(SLOW * 1.0), "-n", "2", env={**os.environ, key: value})
                self.assertEqual(self.processes(mark), [])

    def test_ctrl_c_ends_it_with_130_and_takes_the_engine_along(self):
        mark = f"FENLIU_TEST_MARK={os.getpid()}.interrupt"
        key, value = mark.split("=")
        run = subprocess.Popen([FENLIU, "drive", DESK, "--engine", engine("broken.py", "stalls"), "--timeout", "100", "--quiet"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, key: value}, start_new_session=True)
        time.sleep(1.5 * SLOW)
        self.assertGreater(len(self.processes(mark)), 1)  # so they are seen: the harness and its engine
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, said)
        self.assertEqual(self.processes(mark), [])


if __name__ == "__main__":
    if FENLIU is None:
        print("there is no fenliu to run")
        sys.exit(77)
    main()
