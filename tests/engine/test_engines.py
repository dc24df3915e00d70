"""The engines of tools/engines: in lockstep the bytes of the built-in policy whose rule theirs is, in real time
no rule broken but where a decision met an event on its way."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

FENLIU = os.environ.get("FENLIU")
HERE = pathlib.Path(__file__).parent
ENGINES = HERE.parents[1] / "tools" / "engines"
DESK = str(HERE / "small_desk.json")
WRITTEN = ("summary.json", "days.csv", "intervals.csv", "agents.csv")


def run_directory(where, *command):
    run = subprocess.run([FENLIU, *command, "--quiet", "--out", where], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return {name: (pathlib.Path(where) / name).read_bytes().replace(b'"command":"simulate"', b'"command":"drive"')
            for name in (*WRITTEN, *(["engine.json"] if command[0] == "drive" else []))}


class Holds:
    """What holds for each; `command` starts it."""

    def test_lockstep_gives_the_bytes_of_least_active(self):
        for variant in ([], ["--set", "desk.shift_end=return_to_queue", "--seed", "7"]):
            with self.subTest(variant=variant), tempfile.TemporaryDirectory() as there:
                inside = run_directory(there + "/a.run", "simulate", DESK, "--set", "routing.policy=least_active", *variant)
                outside = run_directory(there + "/b.run", "drive", DESK, *variant, "--engine", "exec:" + shlex.join(self.command))
                for name in WRITTEN:
                    # The engine's own name stands as the policy and nowhere else.
                    self.assertEqual(json_without_policy(inside[name]), json_without_policy(outside[name]), name)
                judged = json.loads(outside["engine.json"])
                self.assertEqual(judged["violations"]["total"], 0, judged["first"])

    def test_real_time_breaks_no_rule_knowingly(self):
        run = subprocess.run([FENLIU, "drive", DESK, "--engine", "exec:" + shlex.join(self.command), "--speed", "6000", "--json", "--quiet"],
                             capture_output=True, text=True, timeout=300)
        self.assertIn(run.returncode, (0, 1), run.stderr)  # 1: the machine was too busy for the figures, which are not looked at
        judged = json.loads(run.stdout)["engine"]
        self.assertGreater(judged["chats"], 300)
        # Played so fast a millisecond is six seconds: now and then an agent has got something else by the time a decision arrives.
        self.assertEqual(judged["violations"]["total"], judged["violations"]["over_capacity"], judged["first"])
        self.assertLess(judged["violations"]["over_capacity"], 0.02 * judged["chats"])

    def test_it_is_short(self):
        self.assertLess(len(self.source.read_text().splitlines()), 150)


def json_without_policy(content):
    if not content.startswith(b"{"):
        return content
    summary = json.loads(content)
    summary.pop("policy")
    return json.dumps(summary)


class Python(Holds, unittest.TestCase):
    source = ENGINES / "least_active.py"
    command = [sys.executable, str(source)]


@unittest.skipIf(shutil.which("node") is None, "node is not installed")
class Node(Holds, unittest.TestCase):
    source = ENGINES / "least_active.js"
    command = ["node", str(source)]


class C(Holds, unittest.TestCase):
    source = ENGINES / "least_active.c"

    @classmethod
    def setUpClass(cls):
        cls.there = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.there.cleanup)
        cls.command = [cls.there.name + "/least_active"]
        compiled = subprocess.run([os.environ.get("CC", "cc"), "-O2", "-Wall", "-Wextra", "-Werror", "-o", cls.command[0], str(cls.source)],
                                  capture_output=True, text=True)
        assert compiled.returncode == 0, compiled.stderr


if __name__ == "__main__":
    unittest.main()
