"""The built-in engine behind the protocol: the same bytes as in the harness's own process, whatever the policy."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "fuzz"))
import random_scenarios  # noqa: E402  the generator of valid scenarios at and near the limits

FENLIU = os.environ.get("FENLIU", "fenliu")
SANITIZED = bool(os.environ.get("FENLIU_SANITIZED"))
RANDOM_SCENARIOS = 8 if SANITIZED else 40
FILES = ("summary.json", "days.csv", "intervals.csv", "agents.csv", "days.bin")


def run(where, *command):
    done = subprocess.run([FENLIU, *command, "--quiet", "--out", where], capture_output=True, text=True, timeout=300)
    if done.returncode not in (0, 1):
        raise AssertionError(f"exit {done.returncode}: {shlex.join(map(str, command))}\n{done.stderr}")
    return {name: (pathlib.Path(where) / name).read_bytes() for name in FILES}, pathlib.Path(where)


def of_router(text):
    """Who routed is told by the command and the engine's name, and by nothing else."""
    return re.sub(rb'"command":"[a-z]+"|"policy":"[^"]*"', b"", text)


class Listening:
    """An engine behind a socket; `url` is where."""

    def __init__(self, where):
        self.process = subprocess.Popen([FENLIU, "engine", "--listen", where], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self.url

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"the engine ended with {code}")


class Reference(unittest.TestCase):
    def hold(self, scenario, *options, engine=None):
        with tempfile.TemporaryDirectory() as there:
            inside, _ = run(f"{there}/in", "simulate", scenario, *options)
            engine = engine or "exec:" + shlex.join([FENLIU, "engine"])
            outside, place = run(f"{there}/out", "drive", scenario, *options, "--engine", engine)
            judged = json.loads((place / "engine.json").read_text())
            self.assertEqual(judged["violations"]["total"], 0, judged["first"])
            self.assertTrue(judged["name"].startswith("fenliu "), judged["name"])
            for name in FILES:
                self.assertEqual(of_router(inside[name]), of_router(outside[name]), name)
            return judged

    def every_policy(self, engine, *scenarios):
        for policy in random_scenarios.POLICIES:
            for scenario in scenarios:
                with self.subTest(policy=policy, scenario=scenario):
                    judged = self.hold(ROOT / "scenarios" / f"{scenario}.json", "--set", f"routing.policy={policy}", "-n", "1", engine=engine)
                    self.assertGreater(judged["decisions"], 100)

    def test_every_policy_gives_the_bytes_it_gives_in_process(self):
        self.every_policy(None, "suspend-overload", "late-login-flood", "bot-in-front")

    def test_so_it_does_behind_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as there, Listening(f"unix:{there}/engine.sock") as url:
            self.every_policy(url, "bot-in-front")

    def test_and_behind_tcp(self):
        with Listening("tcp://127.0.0.1:0") as url:
            self.every_policy(url, "bot-in-front")

    def test_so_do_random_scenarios_with_all_that_routing_has(self):
        for case in (*range(RANDOM_SCENARIOS), 126, 377):  # the last two count by recent messages, where a reply can fill a place
            with self.subTest(case=case), tempfile.TemporaryDirectory() as there:
                path = pathlib.Path(there) / "scenario.json"
                path.write_text(json.dumps(random_scenarios.draw_scenario(618, case)))
                self.hold(path, "-n", "2")

    def test_the_policy_of_the_command_line_goes_before_the_scenarios(self):
        with tempfile.TemporaryDirectory() as there:
            scenario = ROOT / "scenarios" / "suspend-overload.json"
            inside, _ = run(f"{there}/in", "simulate", scenario, "-n", "1", "--set", "routing.policy=round_robin")
            command = shlex.join([FENLIU, "engine", "--policy", "round_robin"])
            outside, _ = run(f"{there}/out", "drive", scenario, "-n", "1", "--engine", f"exec:{command}")
            self.assertEqual(inside["days.csv"], outside["days.csv"])
            other, _ = run(f"{there}/other", "simulate", scenario, "-n", "1")
            self.assertNotEqual(other["days.csv"], outside["days.csv"])


if __name__ == "__main__":
    unittest.main()
