"""fenliu drive with a broker between buyers and agents: RabbitMQ, by tools/engines/stomp.py. That a consumer may have fifty messages where
she has two places is one word in a configuration, and shows in the waiting."""

import contextlib
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from _dense import DENSE, figures, free_ports
from _python import PYTHON

FENLIU = os.environ.get("FENLIU")
ENGINES = pathlib.Path(__file__).parents[2] / "tools" / "engines"
SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
START_S = 90  # a broker takes some ten seconds


def drive(port, prefetch, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as scenario:
        json.dump(DENSE, scenario)
        scenario.flush()
        engine = shlex.join([*PYTHON, str(ENGINES / "stomp.py"), "--broker", f"127.0.0.1:{port}", "--prefetch", str(prefetch)])
        return subprocess.run([FENLIU, "drive", scenario.name, "--engine", "exec:" + engine, "--quiet", "--json", *options], capture_output=True,
                              text=True, timeout=120)


class Stomp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.there = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.there.cleanup)
        cls.port = free_ports(4)
        cls.broker = subprocess.Popen([str(ENGINES / "rabbitmq.sh"), cls.there.name, str(cls.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.stop)
        for _ in range(START_S * 5):
            if cls.broker.poll() is not None:
                raise RuntimeError("the broker does not start")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", cls.port)):
                return
            time.sleep(0.2)
        raise RuntimeError("the broker does not listen")

    @classmethod
    def stop(cls):
        cls.broker.send_signal(signal.SIGTERM)
        cls.broker.wait(60)

    def waiting(self, prefetch):
        summary = figures(run := drive(self.port, prefetch, "--speed", "1", "-n", "2"))
        wait_s = summary["totals"]["wait_for_agent_s"]
        print(f"prefetch {prefetch}: waiting p50 {wait_s['p50'] * 1e3:.0f} ms, p99 {wait_s['p99'] * 1e3:.0f} ms{run.stderr}", file=sys.stderr)
        return summary["engine"], wait_s["p99"]

    def test_a_prefetch_beyond_an_agents_places_makes_buyers_wait(self):
        fitting, short_s = self.waiting(2)
        beyond, long_s = self.waiting(50)
        self.assertEqual((fitting["violations"]["total"], fitting["never_assigned"], fitting["undecided"]), (0, 0, 0), fitting["first"])
        self.assertGreater(long_s, 1.5 * short_s)
        # Chats that lie with a slow agent are overtaken by later ones that others get, some of them for good; nothing else is wrong.
        rules = beyond["violations"]
        self.assertGreater(rules["overtaken"], 0)
        self.assertEqual(rules["total"], rules["overtaken"] + rules["never_assigned"], beyond["first"])

    def test_simulated_time_is_refused(self):
        run = drive(self.port, 2, "--lockstep")
        self.assertEqual(run.returncode, 3)
        self.assertIn("a broker lives in real time: wanted --speed X", run.stderr)


if __name__ == "__main__":
    if not os.access(SERVER, os.X_OK):
        print("skipped: rabbitmq-server is not installed")
        sys.exit(77)
    unittest.main()
