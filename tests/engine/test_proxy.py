"""fenliu drive through a load balancer that nobody here wrote (HAProxy), which also is the judge of our figures, and through fronts
that refuse, reset, answer themselves, forward twice and hold for ever."""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from _dense import BRIEF, DENSE, PLACES, figures, free_ports, mean
from _main import main

FENLIU = os.environ.get("FENLIU")
HAPROXY = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
SLOW = 8 if os.environ.get("FENLIU_SANITIZED") else 1
# Between an agent's leaving and the check that finds it she refuses connections, and HAProxy sends the retries that it may redispatch at once:
# to her again, if only she has room, so that they are used up within a millisecond. The first refusal has to count.
CHECKS = "check inter 50ms rise 1 fall 1 observe layer4 error-limit 1 on-error mark-down"
CHECKED = "  timeout check 5s\n  option redispatch"


def changed(scenario, **changes):
    return {**json.loads(json.dumps(scenario)), **changes}


def drive(front, base, *options, scenario=BRIEF, kind="tcp", more="", **how):
    with tempfile.TemporaryDirectory() as there:
        file = pathlib.Path(there) / "scenario.json"
        file.write_text(json.dumps(scenario))
        return subprocess.run([FENLIU, "drive", str(file), "--engine", f"proxy+{kind}://127.0.0.1:{front}?agents=127.0.0.1:{base}{more}", "--quiet",
                               "--json", *(options or ("--speed", "1"))], capture_output=True, text=True, timeout=200, **how)


# ---- HAProxy ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def haproxy(balance, mode="tcp", checks="", weights=(1, 1, 1, 1), backend="", groups=None, places=PLACES):
    """Gives its port, the first of the agents' and what it says when it is asked: `show stat`, {(proxy, server): {column: text}}, and by its log
    how long each chat that is over waited, {"waits_ms": [...]}."""
    with tempfile.TemporaryDirectory() as there:
        front = free_ports(5)
        config, control, log = pathlib.Path(there) / "haproxy.cfg", there + "/control", pathlib.Path(there) / "log"
        servers = [f"  server a{i} 127.0.0.1:{front + 1 + i} maxconn {places} weight {w} {checks}\n" for i, w in enumerate(weights)]
        desk = f"  default_backend desk\nbackend desk\n  balance {balance}\n{''.join(servers)}"
        if groups:  # a backend each, by the field that names the group
            desk = "  use_backend group%[req.hdr(Fenliu-Group)]\n" + "".join(
                f"backend group{g}\n  balance {balance}\n{''.join(servers[sum(groups[:g]):sum(groups[:g + 1])])}" for g in range(len(groups)))
        config.write_text(f"global\n  stats socket {control} mode 600\n  log stdout format raw local0\ndefaults\n  mode {mode}\n"
                          f"  log global\n  log-format %Tw\n  timeout connect 2s\n  timeout client 60s\n"
                          f"  timeout server 60s\n  timeout queue 60s\n  option abortonclose\n{backend}\nfrontend shop\n"
                          f"  bind 127.0.0.1:{front}\n{desk}\n")
        with log.open("wb") as lines:
            process = subprocess.Popen([HAPROXY, "-db", "-f", str(config)], stdout=lines, stderr=subprocess.DEVNULL)

        def statistics():
            with socket.socket(socket.AF_UNIX) as channel:
                channel.connect(control)
                channel.sendall(b"show stat\n")
                text = b"".join(iter(lambda: channel.recv(65536), b"")).decode()
            head, *rows = (line.split(",") for line in text.lstrip("# ").splitlines() if line)
            waits = [int(line) for line in log.read_text().splitlines() if line.isdigit()] # beside what checks say; -1: never assigned
            return {"waits_ms": waits, **{(row[0], row[1]): dict(zip(head, row)) for row in rows}}

        try:
            for _ in range(200):
                with contextlib.suppress(OSError):
                    statistics()
                    break
                time.sleep(0.05)
            yield front, front + 1, statistics
        finally:
            process.terminate()
            process.wait(10)


@unittest.skipIf(HAPROXY is None, "haproxy is not installed")
class Haproxy(unittest.TestCase):
    def agrees(self, balance, **how):
        """Every chat has an agent, nobody had more than her places, and HAProxy has seen the same as we."""
        kind = how.pop("kind", "tcp")
        with haproxy(balance, mode=kind, **how) as (front, base, statistics):
            summary, seen = figures(run := drive(front, base, kind=kind, scenario=DENSE, more="&settle_ms=300")), statistics()
        engine, desk = summary["engine"], seen["desk", "BACKEND"]
        self.assertEqual(engine["violations"]["total"], 0, f"{engine['first']} {run.stderr}")
        self.assertGreater(engine["chats"], 80)
        self.assertEqual(engine["never_assigned"], 0)
        self.assertEqual(int(desk["stot"]), engine["chats"])
        for i in range(4):
            server = seen["desk", f"a{i}"]
            self.assertLessEqual(int(server["smax"]), PLACES)
            self.assertEqual(int(server["stot"]), mean(summary, "chats_answered", i) + mean(summary, "chats_unserved", i), server)
        # Waiting counts from the instant the chat was due, so it holds our own lateness too, and some connecting. HAProxy reads the clock once a
        # round of its loop: where it has to wait for a processor in the middle of one, it takes a chat to have come by so much sooner.
        ours_ms, theirs_ms = engine["decision_latency_us"]["max"] / 1e3, int(desk["qtime_max"])
        late_ms = engine["own_lateness_us"]["max"] / 1e3
        waits_ms, mean_ms = seen["waits_ms"], engine["decision_latency_us"]["mean"] / 1e3
        longer_ms = mean_ms - sum(waits_ms) / len(waits_ms)
        print(f"{kind} {balance}: {engine['chats']} chats, longest wait {ours_ms:.1f} ms, HAProxy's qtime_max {theirs_ms} ms, qmax {desk['qmax']}, "
              f"mean {mean_ms:.1f} ms, {longer_ms:.2f} more than in its log, chats a server {[int(seen['desk', f'a{i}']['stot']) for i in range(4)]}, "
              f"our lateness at most {late_ms:.1f} ms", file=sys.stderr)
        self.assertGreater(theirs_ms, 100)
        self.assertLess(abs(ours_ms - theirs_ms), late_ms + 15 * SLOW)
        self.assertEqual(len(waits_ms), engine["chats"])
        self.assertGreater(longer_ms, -1 * SLOW)
        self.assertLess(longer_ms, late_ms + 2 * SLOW)
        self.assertGreater(int(desk["qmax"]), mean(summary, "queue_length"))
        return summary, seen

    def test_leastconn(self):
        self.agrees("leastconn")

    def test_first_fills_the_first_agent(self):
        _, seen = self.agrees("first")
        chats = [int(seen["desk", f"a{i}"]["stot"]) for i in range(4)]
        self.assertGreater(chats[0], chats[3])

    def test_roundrobin_goes_by_weight(self):
        _, seen = self.agrees("roundrobin", weights=(8, 4, 2, 1))
        self.assertGreater(int(seen["desk", "a0"]["stot"]), int(seen["desk", "a3"]["stot"]))

    def test_over_http_a_chat_is_a_request(self):
        self.agrees("leastconn", kind="http", checks=CHECKS, backend="  timeout check 5s\n  option httpchk GET /there")

    def test_checks_follow_the_agents_states(self):
        """Agent 1 is suspended after a second, agent 2 leaves soon after: from then on nobody is sent to them."""
        scenario = changed(DENSE, events=[{"at": "+1s", "agent": "suspended", "do": "suspend", "for": "1h"}, {"at": "+1500ms", "agent": "leaver", "do": "leave"}])
        with haproxy("roundrobin", checks=CHECKS, backend=CHECKED) as (front, base, statistics):
            summary = figures(run := drive(front, base, scenario=scenario, more="&settle_ms=300"))
            seen = statistics()
        self.assertEqual(summary["engine"]["violations"]["agent_offline"], 0)
        self.assertEqual(summary["engine"]["violations"]["agent_suspended"], 0, summary["engine"]["first"])
        self.assertEqual(mean(summary, "chats_rejected"), 0, run.stderr)
        answered = [mean(summary, "chats_answered", i) for i in range(4)]  # HAProxy's stot counts tries too
        self.assertGreater(answered[0], 2 * answered[1], answered)
        self.assertGreater(answered[0], answered[2], answered)
        for i in (1, 2):
            self.assertIn("DOWN", seen["desk", f"a{i}"]["status"])

    def test_nobody_is_lost_to_agents_who_come_and_go(self):
        """Every 120 ms another of them is suspended, for 200 ms."""
        names = [agent["name"] for agent in DENSE["desk"]["agents"]]
        comings = [{"at": f"+{300 + 120 * k}ms", "agent": names[k % 4], "do": "suspend", "for": "200ms"} for k in range(22)]
        with haproxy("roundrobin", checks=CHECKS, backend=CHECKED) as (front, base, _):
            summary = figures(run := drive(front, base, scenario=changed(DENSE, events=comings), more="&settle_ms=300"))
        rules = summary["engine"]["violations"]  # who is refused takes a place further back in HAProxy's queue
        self.assertEqual(rules["total"], rules["overtaken"] + rules["engine_error"], f"{summary['engine']['first']} {run.stderr}")
        self.assertRegex(run.stderr, r"\A(engine 0: error: \d+ chats sent to an agent who had gone, connected anew\n)?\Z")
        self.assertEqual((mean(summary, "chats_rejected"), summary["engine"]["never_assigned"]), (0, 0), run.stderr)

    def test_a_link_that_is_cut_stalled_or_slow_loses_nobody(self):
        for kind, faults in {"tcp": ("stall", "slow_reader", "half_open", "cut"), "http": ("slow_writer", "cut", "restart")}.items():
            for what in faults:
                with self.subTest(kind=kind, what=what), haproxy("leastconn", mode=kind) as (front, base, _):
                    summary = figures(run := drive(front, base, kind=kind, scenario=changed(BRIEF, faults=[{"at": "+500ms", "do": what, "for": "300ms"}])))
                    engine = summary["engine"]
                    self.assertEqual([entry["do"] for entry in engine["faults"]], [what])
                    self.assertEqual(engine["violations"]["total"], 0, f"{engine['first']} {run.stderr}")
                    self.assertEqual((mean(summary, "chats_rejected"), engine["never_assigned"]), (0, 0), run.stderr)

    def test_over_http_groups_are_the_balancers_to_route_by_and_a_transfer_is_a_request(self):
        """Each group has two of the agents and a backend of its own; a quarter of who asks about sizes is for the other group."""
        intents = [{**DENSE["buyers"]["intents"][0], "share": 0.5, "transfer": {"probability": 0.25, "to": "after"}},
                   {**DENSE["buyers"]["intents"][0], "name": "refund", "phase": "after_sale", "share": 0.5}]
        desk = {**DENSE["desk"], "groups": [{"name": "before", "intents": ["size"]}, {"name": "after", "intents": ["refund"]}],
                "agents": [{"name": f"a{i}", "max_chats": 50, "groups": ["before" if i < 2 else "after"]} for i in range(4)]}
        scenario = changed(DENSE, desk=desk, buyers={**DENSE["buyers"], "intents": intents})
        with haproxy("leastconn", mode="http", groups=(2, 2), places=50) as (front, base, statistics):
            summary = figures(run := drive(front, base, kind="http", scenario=scenario))
            seen = statistics()
        self.assertEqual(summary["engine"]["violations"]["total"], 0, f"{summary['engine']['first']} {run.stderr}")
        self.assertEqual((summary["engine"]["never_assigned"], mean(summary, "chats_rejected")), (0, 0))
        self.assertGreater(mean(summary, "transfers"), 2)
        self.assertEqual(sum(int(seen[f"group{g}", "BACKEND"]["stot"]) for g in (0, 1)), summary["engine"]["chats"])
        self.assertEqual(summary["engine"]["chats"], mean(summary, "chats_offered") + mean(summary, "transfers"))

    def test_the_limit_behind_a_balancer_is_found(self):
        """Three agents and one of half their speed, 80 ms a chat: some 45 chats a second are all they can have."""
        steady = changed(DENSE, duration="100s", traffic={"rate": {"points": [["+0h", 36000], ["+100s", 36000]]}})
        with haproxy("leastconn") as (front, base, _):
            run = drive(front, base, "--find-limit", "--speed", "1", "--step", "2s", "--max-latency", "100ms", scenario=steady)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        found = json.loads(run.stdout)
        if found["limit_is"] == "this machine":
            self.skipTest("this machine is late")
        self.assertEqual(found["limit_is"], "the engine")
        self.assertTrue(8 < found["held"]["chats_per_s"] < 60, found)

    def impatient(self, backend):
        scenario = changed(DENSE)
        scenario["buyers"]["patience"] = {"first": {"constant": "150ms"}, "silent_share": 0, "applies": "until_assigned"}
        with haproxy("leastconn", backend=backend) as (front, base, statistics):
            run = drive(front, base, scenario=scenario)
            seen = statistics()
        summary = figures(run)
        self.assertGreater(mean(summary, "chats_abandoned"), 5)
        self.assertEqual(summary["engine"]["violations"]["over_capacity"], 0)
        return run, summary, seen

    def test_who_leaves_the_queue_leaves_haproxys(self):
        _, summary, seen = self.impatient("")
        self.assertLess(sum(int(seen["desk", f"a{i}"]["stot"]) for i in range(4)), summary["engine"]["chats"])

    def test_without_abortonclose_agents_hear_from_those_who_have_gone(self):
        run, summary, _ = self.impatient("  no option abortonclose")
        self.assertIn("connections that reached an agent after their buyer had gone", run.stderr)
        self.assertEqual(summary["engine"]["violations"]["unknown_chat"], 0)

    def test_days_follow_each_other_and_their_descriptors_come_back(self):
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (240, 240))  # for the 200 chats of two days one after the other, not at once
        with haproxy("leastconn") as (front, base, statistics):
            summary = figures(drive(front, base, "--speed", "2", "-n", "2", scenario=DENSE, preexec_fn=few))
            stot = int(statistics()["desk", "BACKEND"]["stot"])
        self.assertEqual(summary["replications"], 2)
        self.assertEqual(summary["engine"]["violations"]["total"], 0, summary["engine"]["first"])
        self.assertEqual(stot, summary["engine"]["chats"])


# ---- Fronts of all kinds -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def front(serve):
    """Each connection is served by a thread; gives the port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)

        def run(connection):
            with connection, contextlib.suppress(OSError):
                serve(connection)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=run, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def until_closed(connection):
    while connection.recv(4096):
        pass


class Fronts(unittest.TestCase):
    def through(self, serve, *options, **how):
        with front(serve) as port:
            return drive(port, self.base, *options, **how)

    def setUp(self):
        self.base = free_ports(5)

    def bring(self, line, agent=0):
        """Brings a line to an agent; the connection."""
        there = socket.create_connection(("127.0.0.1", self.base + agent))
        there.sendall(line)
        return there

    def test_nobody_at_the_front_ends_the_run(self):
        run = drive(free_ports(5) + 4, self.base)
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertRegex(run.stderr, r"cannot be reached at 127\.0\.0\.1:\d+: connection refused")

    def test_a_front_that_closes_is_counted_and_its_buyers_are_gone(self):
        summary = figures(run := self.through(lambda c: c.recv(100)))
        self.assertEqual(mean(summary, "chats_rejected"), mean(summary, "chats_offered"))
        self.assertEqual(summary["engine"]["never_assigned"], 0)
        self.assertRegex(run.stderr, r"error: \d+ connections closed by the front before an agent had them")

    def test_a_front_that_resets_is_counted(self):
        def serve(connection):
            connection.recv(100)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        summary = figures(self.through(serve))
        self.assertEqual(mean(summary, "chats_rejected"), mean(summary, "chats_offered"))

    def test_a_front_that_dies_half_way_is_counted(self):
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(30)
        threading.Thread(target=lambda: (listener.accept()[0].close(), listener.close()), daemon=True).start()
        summary = figures(run := drive(listener.getsockname()[1], self.base))
        self.assertEqual(mean(summary, "chats_rejected"), mean(summary, "chats_offered"))
        self.assertRegex(run.stderr, r"\d+ connections refused by the front \(connection refused\)")

    def test_a_front_that_holds_everybody_leaves_them_waiting(self):
        summary = figures(self.through(until_closed))
        self.assertEqual(summary["engine"]["never_assigned"], mean(summary, "chats_offered"))
        self.assertEqual(mean(summary, "chats_rejected"), 0)

    def test_a_front_that_answers_is_quoted(self):
        def serve(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")

        run = self.through(serve, kind="http")
        self.assertEqual(mean(figures(run), "chats_rejected"), mean(figures(run), "chats_offered"))
        self.assertRegex(run.stderr, r"\d+ connections answered by the front itself \(HTTP/1.0 503 Service Unavailable\)")

    def test_a_balancer_that_brings_everybody_twice_is_judged(self):
        def serve(connection):
            line = connection.recv(100)
            with self.bring(line, 0) as one, self.bring(line, 1):
                until_closed(one)

        judged = figures(self.through(serve))["engine"]
        self.assertGreater(judged["violations"]["assigned_twice"], 20, judged["violations"])

    def test_all_to_one_agent_is_over_her_capacity(self):
        def serve(connection):
            with self.bring(connection.recv(100)) as there:
                until_closed(there)

        judged = figures(self.through(serve))["engine"]
        self.assertGreater(judged["violations"]["over_capacity"], 10, judged["violations"])
        self.assertEqual(judged["violations"]["engine_error"], 0)

    def test_connections_that_are_cut_are_counted_and_their_chats_go_on(self):
        def serve(connection):
            with self.bring(connection.recv(100)):
                time.sleep(0.02)

        summary = figures(run := self.through(serve))
        self.assertRegex(run.stderr, r"\d+ connections of chats cut by the balancer")
        self.assertEqual(mean(summary, "chats_rejected"), 0)
        self.assertEqual(summary["engine"]["never_assigned"], 0)

    def test_strangers_at_an_agents_door_change_nothing(self):
        """What is no line of a chat, of one that never was, or none at all."""

        def serve(connection):
            line = connection.recv(100)
            for words in (b"\n", b"GET / HTTP/1.0\r\n\r\n", b"chat 1 99999\n", b"chat 99999999999999999999 1\n", b"chat 0 0\n", b"x" * 5000, b"chat 4294967295 1\n"):
                with contextlib.suppress(OSError), self.bring(words, 2):
                    pass
            there = socket.create_connection(("127.0.0.1", self.base + 1))
            for i in range(len(line)):  # byte by byte
                there.sendall(line[i:i + 1])
            with there:
                until_closed(there)

        summary = figures(self.through(serve, "--speed", "1", "--set", "desk.agents[1].max_chats=1000"))
        counts = summary["engine"]["violations"]
        self.assertEqual(counts["total"], counts["engine_error"], counts)
        self.assertEqual(summary["engine"]["never_assigned"], 0)

    def test_an_agents_port_that_is_taken_ends_the_run(self):
        with socket.create_server(("127.0.0.1", self.base + 2)):
            run = self.through(until_closed)
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertIn(f"agent 2 at 127.0.0.1:{self.base + 2}: address already in use", run.stderr)

    def test_too_few_descriptors_are_said(self):
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (110, 110))
        run = self.through(until_closed, preexec_fn=few)
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertRegex(run.stderr, r"needs two files a chat: \d+ chats are open, 110 files allowed \(ulimit -n\)")

    def test_a_soft_limit_is_raised(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (110, hard))
        summary = figures(self.through(until_closed, preexec_fn=few))
        self.assertEqual(summary["engine"]["never_assigned"], mean(summary, "chats_offered"))


class Refuses(unittest.TestCase):
    def said(self, *options, more=""):
        run = drive(9, 20000, *options, more=more)
        self.assertEqual(run.returncode, 2, run.stderr)
        return run.stderr

    def test_simulated_time(self):
        for options in (["--lockstep"], ["-n", "1"], ["--speed", "max"], ["--speed", "1", "--window", "5"]):
            self.assertIn("a balancer waits for nobody: wanted --speed X with a number", self.said(*options), options)

    def test_faults_of_lines(self):
        for what in ("reorder", "duplicate", "truncate", "corrupt"):
            said = self.said("--speed", "1", "--set", f'faults=[{{"at":"+1s","do":"stall"}},{{"at":"+1s","do":"{what}"}}]')
            self.assertIn(f"$.faults[1].do: {what} is done to an engine's lines, and a balancer says none", said)

    def test_addresses_that_are_none(self):
        for more in ("&settle_ms=x", "&settle_ms=60001", "&name=", "&agents", "&who=me", "x", "&agents=127.0.0.1:0"):
            self.assertIn("wanted proxy+tcp:// or proxy+http://FRONT:PORT?agents=HOST:PORT", self.said(more=more), more)


if __name__ == "__main__":
    main()
