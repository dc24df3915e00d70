"""What is held against an engine for the order in which it serves, and for whom it never serves."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import unittest

from _python import PYTHON

HERE = pathlib.Path(__file__).resolve().parent
FENLIU = os.environ.get("FENLIU", "fenliu")
DESK = str(HERE / "small_desk.json")
WAIT = ("--set", "buyers.patience=null")  # nobody leaves the queue
ALL_DAY = ("--set", 'desk.shifts[0].to="15:00"', "--set", 'desk.shifts[1].to="15:00"', "--set", "events=[]")
TWO_CLASSES = ("--set", 'buyers.classes=[{"name":"vip","share":0.3,"priority":5},{"name":"plain","share":0.7}]')


def script(name, *arguments):
    return "exec:" + shlex.join([*PYTHON, str(HERE / name), *arguments])


def judged(url, *options):
    run = subprocess.run([FENLIU, "drive", DESK, "--engine", url, "--quiet", "--json", "-n", "1", *options], capture_output=True, text=True, timeout=300)
    if run.returncode not in (0, 1):
        raise AssertionError(run.stderr)
    return json.loads(run.stdout)["engine"]


class Order(unittest.TestCase):
    def overtaken(self, url, *options):
        return judged(url, *WAIT, *options)["violations"]["overtaken"]

    def test_who_keeps_the_stated_order_overtakes_nobody(self):
        self.assertEqual(self.overtaken(script("../../tools/engines/least_active.py")), 0)
        self.assertEqual(self.overtaken(script("astray.py", "well")), 0)
        self.assertEqual(self.overtaken(script("astray.py", "last comes first"), "--set", "routing.queue.discipline=lifo"), 0)

    def test_who_does_not_is_told_who_was_first(self):
        engine = judged(script("astray.py", "last comes first"), *WAIT)
        self.assertGreater(engine["violations"]["overtaken"], 50)
        one = next(entry for entry in engine["first"] if entry["rule"] == "overtaken")
        self.assertLess(one["overtaken"], one["chat"])
        self.assertEqual(set(one), {"day", "at_ns", "event", "rule", "chat", "overtaken", "agent", "name"})

    def test_the_order_is_that_of_the_discipline(self):
        fifo = script("../../tools/engines/least_active.py")
        self.assertGreater(self.overtaken(fifo, "--set", "routing.queue.discipline=lifo"), 50)
        self.assertGreater(self.overtaken(fifo, "--set", "routing.queue.discipline=priority_fifo", *TWO_CLASSES), 20)
        self.assertEqual(self.overtaken(fifo, "--set", "routing.queue.discipline=priority_fifo"), 0)
        self.assertGreater(self.overtaken(fifo, "--set", "routing.queue.discipline=priority_aging", "--set", 'routing.queue.credit="10m"', *TWO_CLASSES), 20)

    def test_every_discipline_is_kept_by_the_built_in_engine(self):
        for discipline in ("fifo", "priority_fifo", "priority_aging", "lifo", "longest_waiting", "edf"):
            with self.subTest(discipline=discipline):
                engine = judged("exec:" + shlex.join([FENLIU, "engine"]), *WAIT, *TWO_CLASSES, "--set", f"routing.queue.discipline={discipline}")
                self.assertEqual(engine["violations"]["total"], 0, engine["first"][:2])

    def test_a_group_and_its_skills_are_asked(self):
        groups = ("--set", 'desk.groups=[{"name":"pre","intents":["size"]},{"name":"after"}]', "--set", 'desk.agents[0].groups=["pre"]', "--set",
                  'desk.agents[1].groups=["after"]', "--set", 'desk.agents[2].groups=["pre"]')
        self.assertEqual(judged("exec:" + shlex.join([FENLIU, "engine"]), *WAIT, *groups)["violations"]["total"], 0)

    def test_in_real_time_nobody_is_blamed_for_what_has_crossed(self):
        self.assertEqual(self.overtaken(script("astray.py", "last comes first"), "--speed", "20000"), 0)

    def test_the_table_names_both(self):
        run = subprocess.run([FENLIU, "drive", DESK, "--engine", script("astray.py", "last comes first"), "--quiet", "-n", "1", "--lang", "en", *WAIT],
                             capture_output=True, text=True, timeout=300)
        self.assertRegex(run.stdout, r"overtaken, chat \d+ was first")


class Waiting(unittest.TestCase):
    def test_who_waited_though_there_was_room_is_an_entry(self):
        engine = judged(script("broken.py", "never assigns"), *WAIT, *ALL_DAY)
        entries = [entry for entry in engine["first"] if entry["rule"] == "never_assigned"]
        self.assertGreater(engine["never_assigned"], 100)
        self.assertEqual(engine["violations"]["never_assigned"], engine["never_assigned"])
        self.assertTrue(entries and all(entry["chat"] > 0 and "agent" not in entry and entry["at_ns"] == 5 * 3600 * 10**9 for entry in entries))

    def test_who_waited_while_nobody_was_there_is_counted_alone(self):
        engine = judged(script("broken.py", "never assigns"), *WAIT)
        self.assertGreater(engine["never_assigned"], 100)
        self.assertEqual(engine["violations"]["never_assigned"], 0)

    def test_a_full_desk_is_nobodys_fault(self):
        engine = judged(script("../../tools/engines/least_active.py"), *WAIT, *ALL_DAY, "--set", "traffic.scale=6")
        self.assertGreater(engine["never_assigned"], 20)
        self.assertEqual(engine["violations"]["total"], 0, engine["first"][:3])


if __name__ == "__main__":
    if shutil.which(FENLIU) is None:
        print("there is no fenliu to run")
        sys.exit(77)
    unittest.main(verbosity=1)
