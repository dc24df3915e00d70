"""fenliu check --engine: good engines pass every step, and for every step there is one that fails it."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from _python import PYTHON

HERE = pathlib.Path(__file__).resolve().parent
FENLIU = os.environ.get("FENLIU", "fenliu")
PATIENCE = "10" if os.environ.get("FENLIU_SANITIZED") else "4"  # seconds for an answer
STEPS = ["hello", "one_agent", "unknown", "single_bytes", "one_segment", "long_line", "name", "nobody", "full", "serves_queue", "left_queue",
         "fifo", "away", "suspended", "on_break", "return", "second_day", "error_line", "end", "closing"]

# way of astray.py: the steps that fail, of which the first is what the way is about; None: any beside it
ASTRAY = {
    "greets in another version": ["hello"],
    "has no name": ["hello"],
    "is silent": ["hello"],
    "never assigns": ["one_agent", None],
    "never acks": ["one_agent", None],
    "acks the wrong one": ["one_agent", None],
    "acks twice": ["one_agent", None],
    "assigns twice": ["one_agent", None],
    "counts from one": ["one_agent", None],
    "sends a list": ["one_agent", None],
    "reports an error": ["one_agent", None],
    "dances": ["one_agent", None],
    "refuses new members": ["unknown"],
    "dies of what is new": ["unknown", "one_segment"],
    "takes a read for a line": ["single_bytes", None],
    "keeps no rest of a read": ["one_segment", None],
    "has room for 4 KiB": ["long_line"],
    "loses quotes": ["name", None],
    "knows no offline": ["nobody", None],
    "knows no capacity": ["full", "serves_queue", "left_queue", "fifo", "second_day", "end"],
    "serves nobody who waits": ["serves_queue", None],
    "forgets who left": ["left_queue"],
    "last comes first": ["fifo"],
    "drops who is taken away": ["away"],
    "knows no suspended": ["suspended"],
    "knows no break": ["on_break"],
    "knows a number once": ["return", "away"],
    "remembers yesterday": ["second_day"],
    "acks errors": ["error_line"],
    "dies of errors": ["error_line"],
    "decides after the end": ["end", "second_day", "closing"],
    "stays": ["closing"],
}


def astray(way):
    return "exec:" + shlex.join([*PYTHON, str(HERE / "astray.py"), way])


def walk(url, *options):
    return subprocess.run([FENLIU, "check", "--engine", url, "--lang", "en", *options], capture_output=True, text=True, timeout=300)


def steps(run):
    return {step["step"]: step for step in json.loads(run.stdout)["steps"]}


class Walk(unittest.TestCase):
    def test_good_engines_get_everything_right(self):
        for url in ("exec:" + shlex.join([*PYTHON, str(HERE / "least_open.py")]), "exec:" + shlex.join([*PYTHON, str(HERE / "../../tools/engines/least_active.py")]),
                    astray("well"), astray("names them"), "exec:" + shlex.join([FENLIU, "engine"])):
            with self.subTest(url=url):
                run = walk(url, "--json")
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                self.assertEqual([(name, step["verdict"]) for name, step in steps(run).items()], [(name, "ok") for name in STEPS])

    def test_every_policy_of_ours_does_that_gives_chats_out(self):
        for policy in ("round_robin", "random", "weighted_least_active", "fewest_today", "power_of_d", "smooth_wrr", "longest_since_assignment"):
            with self.subTest(policy=policy):
                run = walk("exec:" + shlex.join([FENLIU, "engine", "--policy", policy]), "--json")
                self.assertEqual(run.returncode, 0, run.stdout)

    def test_for_every_step_there_is_an_engine_that_fails_it(self):
        failing = set()
        with ThreadPoolExecutor(8) as pool:  # most of the time is waited for those who say nothing
            runs = dict(zip(ASTRAY, pool.map(lambda way: walk(astray(way), "--json", "--timeout", PATIENCE), ASTRAY)))
        for way, wanted in ASTRAY.items():
            with self.subTest(way=way):
                run = runs[way]
                self.assertEqual(run.returncode, 1, run.stderr)
                failed = [name for name, step in steps(run).items() if step["verdict"] == "failed"]
                self.assertIn(wanted[0], failed)
                failing.add(wanted[0])
                if None not in wanted:
                    self.assertEqual(set(failed), set(wanted))
                for name in failed:
                    self.assertTrue(steps(run)[name]["expected"] and steps(run)[name]["came"])
        self.assertEqual(failing, set(STEPS))

    def test_a_failed_step_shows_what_was_expected_what_came_and_the_lines(self):
        run = walk(astray("last comes first"))
        self.assertEqual(run.returncode, 1)
        self.assertIn("FAIL  first come, first served\n      expected  chat 3 before chat 4, which came later: the discipline is fifo\n"
                      "      came      chat 3 was given to nobody\n", run.stdout)
        self.assertIn('        < {"t": "assign", "chat": 4, "agent": 0}\n', run.stdout)
        self.assertTrue(run.stdout.endswith("19 ok, 1 failed, 0 not walked\n"), run.stdout)

    def test_without_a_hello_the_rest_is_not_walked(self):
        run = walk(astray("has no name"), "--json")
        self.assertEqual([json.loads(run.stdout)[key] for key in ("ok", "failed", "skipped")], [0, 1, 19])

    def test_an_engine_that_answers_nothing_is_not_waited_for_twenty_times(self):
        run = walk(astray("never acks"), "--json", "--timeout", PATIENCE)
        self.assertEqual([json.loads(run.stdout)[key] for key in ("ok", "failed", "skipped")], [1, 3, 16])

    def test_both_languages(self):
        run = subprocess.run([FENLIU, "check", "--engine", astray("knows no break"), "--lang", "zh"], capture_output=True, text=True, timeout=120)
        self.assertIn("不对  小休的客服\n      应当  客服 0 在小休,会话 1 派给客服 1\n", run.stdout)
        self.assertIn("19 步通过,1 步不对,0 步未走\n", run.stdout)

    def test_over_a_socket_all_but_the_exit_is_walked(self):
        with tempfile.TemporaryDirectory() as there:
            engine = subprocess.Popen([FENLIU, "engine", "--quiet", "--listen", f"unix:{there}/e"], stdout=subprocess.PIPE, text=True)
            url = engine.stdout.readline().strip()
            run = walk(url, "--json")
            engine.terminate()
            engine.wait(timeout=20)
            engine.stdout.close()
        self.assertEqual((run.returncode, json.loads(run.stdout)["ok"], json.loads(run.stdout)["skipped"]), (0, 19, 1), run.stdout)

    def test_no_engine_and_wrong_usage(self):
        self.assertEqual(walk("tcp://127.0.0.1:1").returncode, 3)
        self.assertEqual(walk("ftp://x").returncode, 2)
        self.assertEqual(walk("exec:true", "some.json").returncode, 2)
        self.assertEqual(walk("exec:true", "--timeout", "x").returncode, 2)
        self.assertEqual(walk("exec:exit 3").returncode, 1)


if __name__ == "__main__":
    if shutil.which(FENLIU) is None:
        print("there is no fenliu to run")
        sys.exit(77)
    unittest.main(verbosity=1)
