"""fenliu drive in real time: open loop, decisions counted from the instant they were due, and what can go wrong on a live link."""
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from _main import main
from _python import PYTHON

HERE = pathlib.Path(__file__).resolve().parent
FENLIU = os.environ.get("FENLIU", "fenliu")
SANITIZED = bool(os.environ.get("FENLIU_SANITIZED"))

# Chats at a steady rate, each one question, for agents who have room for all of them.
DESK = {
    "fenliu": 1, "name": "steady", "duration": "5s", "interval": "1m",
    "traffic": {"rate": {"points": [["+0h", 360000]]}},
    "buyers": {"intents": [{"name": "ask", "rounds": 1, "reply": {"total": {"exponential": "0.2s"}}}]},
    "desk": {"agents": [{"name": "agent", "count": 100}], "close": {"when_done": "0s"}},
    "replications": 1,
}

# The same, and a last second without, so that at the end everybody has been decided on.
QUIET_END = {**DESK, "duration": "6s", "traffic": {"rate": {"points": [["+0h", 360000], ["+5s", 360000], ["+5s", 0], ["+6s", 0]]}}}


def python(name, *arguments):
    return "exec:" + shlex.join([*PYTHON, str(HERE / name), *arguments])


BUILT_IN = "exec:" + shlex.join([FENLIU, "engine"])


class RealTime(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.desk = f"{self.place.name}/desk.json"
        pathlib.Path(self.desk).write_text(json.dumps(DESK))

    def end_quietly(self):
        pathlib.Path(self.desk).write_text(json.dumps(QUIET_END))

    def drive(self, url, *options, expect=(0, 1)):
        done = subprocess.run([FENLIU, "drive", self.desk, "--engine", url, "--quiet", "--lang", "en", *options], capture_output=True,
                              text=True, timeout=120)
        self.assertIn(done.returncode, expect, done.stderr)
        return done

    def engine(self, url, *options):
        return json.loads(self.drive(url, "--json", *options).stdout)["engine"]

    def test_the_day_takes_its_time_and_everybody_is_decided_on(self):
        self.end_quietly()
        started = time.monotonic()
        engine = self.engine(BUILT_IN, "--speed", "2")
        self.assertGreater(time.monotonic() - started, 3)
        self.assertEqual((engine["mode"], engine["violations"]["total"], engine["unanswered"]), ("realtime", 0, 0))
        self.assertEqual((engine["decision_latency_us"]["n"], engine["undecided"], engine["never_assigned"]), (engine["chats"], 0, 0))
        self.assertGreater(engine["chats"], 400)

    def test_a_stall_shows_in_full_in_everybody_who_waited_meanwhile(self):
        """100 chats a second and a stall of a second: about 100 of 500 wait, evenly from 0 to 1 s. A harness that waits for the
        engine before it goes on would see one."""
        engine = self.engine(python("stalls.py", "200", "1"), "--speed", "1")
        latency = engine["decision_latency_us"]
        self.assertAlmostEqual(latency["max"] / 1e6, 1, delta=0.1)
        self.assertGreater(latency["p999"], 0.9e6)
        self.assertGreater(latency["p99"], 0.8e6)                         # a fifth waited: the 99th of 100 nearly all of it
        self.assertAlmostEqual(latency["p90"] / 1e6, 0.5, delta=0.15)     # of the fifth, half waited more than half a second
        self.assertAlmostEqual(latency["mean"] / 1e6, 0.1, delta=0.04)    # a fifth of half a second
        self.assertLess(latency["p50"], 0.1e6)

    def test_the_smallest_engine_runs_in_real_time_too(self):
        self.end_quietly()
        engine = self.engine(python("least_open.py"), "--speed", "1")
        self.assertEqual((engine["violations"]["total"], engine["unanswered"], engine["never_assigned"]), (0, 0, 0))

    def test_a_window_makes_time_wait_for_the_engine(self):
        engine = self.engine(BUILT_IN, "--speed", "max", "--window", "8", "--set", "duration=60s")
        self.assertEqual((engine["speed"], engine["violations"]["total"]), ("max", 0))
        self.assertGreater(engine["chats"], 5000)

    def test_a_harness_that_is_late_says_so(self):
        run = subprocess.Popen([FENLIU, "drive", self.desk, "--engine", BUILT_IN, "--quiet", "--lang", "en", "--speed", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        run.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        run.send_signal(signal.SIGCONT)
        output, errors = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 1, errors)
        self.assertIn("measurement not valid", output)

    def test_every_second_is_logged(self):
        self.drive(BUILT_IN, "--speed", "1", "--set", "duration=3s", "--out", f"{self.place.name}/live.run")
        for name in ("decision_latency.hlog", "own_lateness.hlog"):
            lines = [line for line in pathlib.Path(self.place.name, "live.run", name).read_text().splitlines() if line[0].isdigit()]
            self.assertGreaterEqual(len(lines), 3)
            self.assertTrue(all(line.split(",")[3].startswith("HISTFAAA") for line in lines))

    def test_a_scraper_is_answered_while_the_run_goes_on(self):
        port = 20000 + os.getpid() % 20000
        run = subprocess.Popen([FENLIU, "drive", self.desk, "--engine", BUILT_IN, "--quiet", "--speed", "1", "--metrics", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        body = None
        for _ in range(40):
            time.sleep(0.1)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    body, kind = answer.read().decode(), answer.headers["Content-Type"]
                    if "fenliu_chats_total 0\n" not in body:
                        break
            except OSError:
                pass
        _, errors = run.communicate(timeout=60)
        self.assertIn(run.returncode, (0, 1), errors)
        self.assertIsNotNone(body)
        self.assertTrue(kind.startswith("application/openmetrics-text; version=1.0.0"))
        self.assertTrue(body.endswith("# EOF\n"))
        self.assertRegex(body, r"\nfenliu_chats_total [1-9]\d*\n")
        self.assertIn('fenliu_agent_open_chats{agent="agent#1"}', body)
        self.assertIn('fenliu_decision_seconds{quantile="0.99"}', body)

    def test_a_port_that_is_taken_is_said(self):
        done = self.drive(BUILT_IN, "--speed", "1", "--metrics", "1.2.3.4:99", expect=(3,))
        self.assertIn("--metrics 1.2.3.4:99:", done.stderr)

    def test_ctrl_c_ends_it_at_once_with_what_was_seen(self):
        run = subprocess.Popen([FENLIU, "drive", self.desk, "--engine", BUILT_IN, "--quiet", "--lang", "en", "--speed", "1", "--set", "duration=600s"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        run.send_signal(signal.SIGINT)
        started = time.monotonic()
        output, errors = run.communicate(timeout=30)
        self.assertEqual(run.returncode, 130, errors)
        self.assertLess(time.monotonic() - started, 5)
        self.assertIn("decision latency", output)

    def test_ctrl_c_ends_it_while_nothing_happens(self):
        run = subprocess.Popen([FENLIU, "drive", self.desk, "--engine", BUILT_IN, "--quiet", "--speed", "1", "--set", "duration=1h", "--set",
                                'traffic.rate.points=[["+0h", 0.001]]'], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(1.5)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=30)
        self.assertEqual(run.returncode, 130, errors)

    def test_the_limit_of_a_slow_engine_is_found(self):
        """10 ms a chat are 100 chats a second: the next to last doubling holds, the last does not."""
        slow = "import json,sys,time\nfor e in map(json.loads, sys.stdin):\n t = e['t']\n" \
               " if t == 'chat': time.sleep(0.01); print(json.dumps({'t': 'assign', 'chat': e['chat'], 'agent': e['chat'] % 100}), flush=True)\n" \
               " elif t == 'hello': print(json.dumps({'t': 'hello', 'proto': 1, 'engine': 'slow'}), flush=True)\n" \
               " elif t in ('begin', 'end'): print(json.dumps({'t': 'ack', 'n': e['n']}), flush=True)\n"
        url = "exec:" + shlex.join([*PYTHON, "-c", slow])
        done = self.drive(url, "--find-limit", "--speed", "0.2", "--step", "2s", "--max-latency", "300ms", "--set", "duration=1000s", "--json")
        found = json.loads(done.stdout)
        if found["limit_is"] == "this machine":
            self.skipTest("this machine is late")
        self.assertEqual(found["limit_is"], "the engine")
        self.assertTrue(40 < found["held"]["chats_per_s"] < 130, found)

    def misbehaving(self, at_chat):
        code = "import json,sys\nprint(json.dumps({'t':'hello','proto':1,'engine':'x'}),flush=True)\n" \
               "for e in map(json.loads, sys.stdin):\n if e['t'] in ('begin','end'): print(json.dumps({'t':'ack','n':e['n']}),flush=True)\n" \
               f" if e['t'] == 'chat': {at_chat}; sys.stdout.flush()\n"
        return "exec:" + shlex.join([*PYTHON, "-c", code])

    def test_an_engine_that_always_dies_ends_the_run(self):
        done = self.drive(self.misbehaving("sys.exit(3)"), "--speed", "1", expect=(3,))
        self.assertIn("exited with status 3", done.stderr)

    def test_a_line_that_is_none_costs_an_entry(self):
        self.end_quietly()
        engine = self.engine(self.misbehaving("print('hello')"), "--speed", "1")
        self.assertEqual(engine["violations"]["garbled"], engine["chats"])

    def test_options_that_do_not_go_together(self):
        for options in (["--lockstep", "--speed", "1"], ["--window", "5"], ["--metrics", "9999"], ["--speed", "0"], ["--speed", "fast"],
                        ["--find-limit", "--speed", "max"], ["--speed", "1", "--step", "7"]):
            self.drive(BUILT_IN, *options, expect=(2,))


if __name__ == "__main__":
    main()
