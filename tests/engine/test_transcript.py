"""What is said on the wire, recorded, held to the rules, and played again."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import _faults
from _python import PYTHON

HERE = pathlib.Path(__file__).resolve().parent
FENLIU = os.environ.get("FENLIU", "fenliu")
CORE = bool(os.environ.get("FENLIU_CORE"))
DESK = str(HERE / "small_desk.json")
LEAST_OPEN = "exec:" + shlex.join([*PYTHON, str(HERE / "least_open.py")])


def broken(way):
    return "exec:" + shlex.join([*PYTHON, str(HERE / "broken.py"), way])


def fenliu(*arguments):
    return subprocess.run([FENLIU, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def record(path, url, *options):
    return fenliu("drive", DESK, "--engine", url, "--quiet", "--json", "--record", path, *options)


def changed_engine(there, before, after):
    """least_open.py with one thing changed."""
    text = (HERE / "least_open.py").read_text()
    assert text.count(before) == 1
    path = pathlib.Path(there) / "changed.py"
    path.write_text(text.replace(before, after))
    return "exec:" + shlex.join([*PYTHON, str(path)])


class Transcripts(unittest.TestCase):
    def setUp(self):
        self.there = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.there.name) / "t.jsonl"

    def tearDown(self):
        self.there.cleanup()

    def lines(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def check(self, wanted, *more):
        run = fenliu("check", self.path)
        self.assertEqual(run.returncode, 2 if wanted else 0, run.stderr)
        for text in [wanted, *more] if wanted else []:
            self.assertIn(text, run.stderr)
        return run


class Recorded(Transcripts):
    def test_recording_changes_no_byte_of_the_run(self):
        plain = fenliu("drive", DESK, "--engine", LEAST_OPEN, "--quiet", "--json", "-n", "1")
        kept = record(self.path, LEAST_OPEN, "-n", "1")
        mask = lambda run: {k: v for k, v in json.loads(run.stdout).items() if k != "engine"}
        self.assertEqual(mask(plain), mask(kept))

    def test_every_line_is_there_as_it_was_on_the_wire(self):
        url = f"exec:tee {self.there.name}/to | {LEAST_OPEN[5:]} | tee {self.there.name}/from"
        self.assertEqual(record(self.path, url, "-n", "1").returncode, 0)
        raw = self.path.read_text().splitlines()
        for side in ("to", "from"):
            said = [line.partition(f'"{side}":')[2][:-1] for line in raw if f',"{side}":' in line]
            self.assertEqual(said, pathlib.Path(self.there.name, side).read_text().splitlines())
        times = [line["ns"] for line in self.lines()[1:-1]]
        self.assertEqual(times, sorted(times))
        self.assertEqual(self.lines()[-1], {"end": "done", "lines": len(times)})

    def test_workers_share_a_file(self):
        self.assertEqual(record(self.path, LEAST_OPEN, "-n", "3", "--jobs", "3").returncode, 0)
        self.assertEqual({line["w"] for line in self.lines()[1:-1]}, {0, 1, 2})
        self.assertIn("of 3 workers and 3 days", self.check(None).stdout)

    def test_good_engines_leave_valid_transcripts(self):
        verdicts = "exec:" + shlex.join([FENLIU, "engine"])
        for url, options in ((LEAST_OPEN, ()), (verdicts, ()), (LEAST_OPEN, ("--speed", "5000")), (verdicts, ("--speed", "5000"))):
            with self.subTest(url=url, options=options):
                self.assertIn(record(self.path, url, "-n", "1", *options).returncode, (0, 1))
                self.check(None)

    def test_what_an_engine_died_of_is_there(self):
        ways = {"dies": "the engine exited with status 4", "garbage": "a line that is no flat JSON object", "stalls": "the engine does not answer"}
        for way, said in ways.items():
            with self.subTest(way=way):
                self.assertEqual(record(self.path, broken(way), "-n", "1", "--timeout", "1").returncode, 3)
                self.check(said)
                self.assertIn("the engine", self.lines()[-1]["end"])
        self.assertEqual(record(self.path, broken("garbage"), "-n", "1").returncode, 3)
        self.assertTrue(any(bytes.fromhex(line.get("from_bytes", "")) == b"Traceback (most recent call last):" for line in self.lines()))

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_a_full_disk_ends_the_run_with_4(self):
        run = record("/dev/full", LEAST_OPEN, "-n", "3")
        self.assertEqual(run.returncode, 4, run.stderr)
        self.assertIn("fenliu drive: cannot write /dev/full", run.stderr)
        self.assertEqual(run.stdout, "")

    def test_a_place_that_is_not_there_is_said_at_once(self):
        run = record(self.path.parent / "none" / "t", LEAST_OPEN)
        self.assertEqual(run.returncode, 4)
        self.assertEqual(list(self.path.parent.iterdir()), [])

    @unittest.skipIf(CORE, "no zstd in a core build")
    def test_compressed_is_the_same(self):
        self.path = self.path.with_suffix(".jsonl.zst")
        self.assertEqual(record(self.path, LEAST_OPEN, "-n", "1").returncode, 0)
        self.assertEqual(self.path.read_bytes()[:4], b"\x28\xb5\x2f\xfd")
        self.check(None)
        self.assertEqual(fenliu("drive", "--replay", self.path, "--engine", LEAST_OPEN).returncode, 0)
        self.path.write_bytes(self.path.read_bytes()[:-1000])
        self.check("cut off")


class Checked(Transcripts):
    """One thing wrong is one fault, at its line."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as there:
            path = pathlib.Path(there) / "good"
            assert record(path, LEAST_OPEN, "-n", "1").returncode == 0
            cls.good = path.read_text().splitlines()

    def first(self, what, after=0):
        return next(i for i, line in enumerate(self.good) if what in line and i >= after)

    def fault(self, change, wanted, at=None, only=True):
        lines = list(self.good)
        change(lines)
        self.path.write_text("".join(line + "\n" for line in lines))
        run = self.check(wanted)
        if at is not None:
            self.assertIn(f"{self.path}:{at + 1}: ", run.stderr)
        if only:
            self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)

    def put(self, i, before, after):
        def change(lines):
            self.assertIn(before, lines[i])
            lines[i] = lines[i].replace(before, after)
        return change

    def test_faults_of_one_line(self):
        ack, assign, chat, agent = (self.first(f'"t": "{t}"') if t in ("ack", "assign") else self.first(f'"t":"{t}"') for t in ("ack", "assign", "chat", "agent"))
        number = json.loads(self.good[ack])["from"]["n"]
        cases = [
            (ack, f'"n": {number}', '"n": 99999', f"ack: of event 99999, wanted {number}", False),
            (ack, '"n": ', '"m": ', 'ack: wanted "n"', False),
            (assign, '"chat": ', '"chat": 7000', "not the engine's to decide", False),
            (assign, '"chat"', '"chart"', 'assign: wanted "chat"', True),
            (assign, '"agent": 0', '"agent": 77', "agent 77, and there are 5", True),
            (assign, '"t": "assign"', '"t": "asign"', 'a type that does not exist: "asign"', False),
            (assign, '{"t"', '{"x":[1],"t"', "from the engine: byte", False),
            (chat, '"why":"new"', '"why":"old"', 'chat: "why" is none of the words', True),
            (chat, '"chat":1,', '"chat":5,', "chat: number 5, and 0 is the last before it", False),
            (agent, '"state":"available"', '"state":"awake"', '"state" is none', True),
            (1, '"proto":1', '"proto":2', "version 2 of the protocol", True),
            (1, '"mode":"lockstep"', '"mode":"realtime"', "wanted the mode of the transcript's first line", True),
            (2, '"proto": 1', '"proto": 3', "the engine speaks version 3", True),
            (2, '"proto"', '"wants": 5, "proto"', 'wanted "wants" as a text', True),
            (3, '"ns":', '"ns":-', 'wanted "ns"', False),
            (0, '"fenliu_transcript":1', '"fenliu_transcript":2', "of a version that is not known", True),
            (len(self.good) - 1, '"lines":', '"lines":1', "lines were recorded", True),
        ]
        for i, before, after, wanted, only in cases:
            with self.subTest(wanted=wanted):
                self.fault(self.put(i, before, after), wanted, i, only)

    def test_lines_that_are_missing_or_too_many(self):
        ack, chat, hello = self.first('"t": "ack"'), self.first('"t":"chat"'), 2
        for i, wanted in ((ack, "waits for its ack still"), (chat, "not the engine's to decide"), (hello, "the engine's hello"), (4, "number 1, and 0 was next")):
            with self.subTest(wanted=wanted):
                self.fault(lambda lines: lines.pop(i), wanted, only=False)
        self.fault(lambda lines: lines.insert(ack, lines[ack]), "ack: no event waits for one", only=False)
        self.fault(lambda lines: lines.pop(), "the transcript is cut off")
        self.fault(lambda lines: lines.append(lines[-2]), "a line behind the end", only=False)
        self.path.write_text("\n".join(self.good[:self.first('"t":"chat"')] + [self.good[chat][:-2]]))
        self.check("the last line is cut off", "without its end")

    def test_what_the_harness_refused_is_a_fault(self):
        ways = {"unknown chat": "not the engine's to decide", "unknown agent": "agent 77", "offline agent": "the harness refused a decision",
                "answers twice": "not the engine's to decide", "unknown message": "a type that does not exist", "wakes in the past": "an instant that has passed"}
        for way, wanted in ways.items():
            with self.subTest(way=way):
                record(self.path, broken(way), "-n", "1")
                self.check(wanted)

    def test_json_tells_all_of_it(self):
        self.path.write_text("\n".join(self.good) + "\n")
        said = json.loads(fenliu("check", "--json", self.path).stdout)["files"][0]
        self.assertTrue(said["valid"])
        self.assertEqual((said["transcript"]["days"], said["transcript"]["engine"]), (1, "least_open 1.0"))
        self.path.write_text("\n".join(self.good[:-1]) + "\n")
        said = json.loads(fenliu("check", "--json", self.path).stdout)["files"][0]
        self.assertEqual((said["valid"], said["faults"][0]["line"]), (False, len(self.good) - 1))

    def test_from_standard_input(self):
        run = subprocess.run([FENLIU, "check", "-"], input="\n".join(self.good) + "\n", capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)


class Replayed(Transcripts):
    def replay(self, url, *options):
        run = fenliu("drive", "--replay", self.path, "--engine", url, "--json", *options)
        return run, json.loads(run.stdout)["replay"] if run.stdout else None

    def test_the_same_engine_decides_the_same(self):
        verdicts = "exec:" + shlex.join([FENLIU, "engine"])
        for url, options in ((LEAST_OPEN, ("-n", "3", "--jobs", "2")), (verdicts, ("-n", "2", "--jobs", "1")), (LEAST_OPEN, ("-n", "1", "--speed", "5000"))):
            with self.subTest(url=url, options=options):
                self.assertIn(record(self.path, url, *options).returncode, (0, 1))
                run, said = self.replay(url)
                self.assertEqual((run.returncode, said["differ"]), (0, 0), run.stdout + run.stderr)
                self.assertGreater(said["decisions"], 300)

    def test_the_first_decision_that_differs_is_shown(self):
        for options in (("-n", "2", "--jobs", "1"), ("-n", "1", "--speed", "5000")):
            with self.subTest(options=options):
                record(self.path, LEAST_OPEN, *options)
                run, said = self.replay(changed_engine(self.there.name, '["open"], a)', '["open"], -a)'))
                self.assertEqual(run.returncode, 1)
                first = said["first"]
                self.assertRegex(first["recorded"], r"^assign chat \d+ to agent 0 \(小美\)$")
                self.assertRegex(first["now"], r"^assign chat \d+ to agent 1 \(阿强\)$")
                self.assertEqual(json.loads(first["line"])["chat"], first["chat"])
                self.assertIn(f"chat {first['chat']}, told at event {first['event']}", first["knew"])
                self.assertIn("agent 0 (小美): {", first["knew"])
                self.assertGreater(said["differ"], 100)

    def test_one_decision_less_is_one_event(self):
        record(self.path, LEAST_OPEN, "-n", "1")
        run, said = self.replay(changed_engine(self.there.name, "for event in map(json.loads, sys.stdin):\n",
                                               "for event in map(json.loads, sys.stdin):\n    if event['t'] == 'end': say(t='wake', at_ns=10**15)\n"))
        self.assertEqual((run.returncode, said["differ"]), (1, 1))
        self.assertEqual(said["first"]["recorded"], "nothing more: what is undecided waits")
        self.assertIn("to be woken at +1000000", said["first"]["now"])

    def test_a_policy_that_wants_verdicts_and_decides_otherwise(self):
        record(self.path, "exec:" + shlex.join([FENLIU, "engine"]), "-n", "1")
        run, said = self.replay("exec:" + shlex.join([FENLIU, "engine", "--policy", "round_robin"]))
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertGreater(said["differ"], 10)

    def test_an_engine_that_wants_to_hear_other_things_cannot_be_compared(self):
        record(self.path, LEAST_OPEN, "-n", "1")
        run, said = self.replay(broken("hears all"))
        self.assertEqual((run.returncode, said), (3, None))
        self.assertIn('wants to be told "message reply"', run.stderr)

    def test_an_engine_that_fails_ends_it_with_3(self):
        record(self.path, broken("well"), "-n", "1")
        for way, said in (("dies", "exited with status 4: day 0, event"), ("stalls", "does not answer: day 0"), ("garbage", "no flat JSON object")):
            with self.subTest(way=way):
                run, _ = self.replay(broken(way), "--timeout", "1")
                self.assertEqual(run.returncode, 3, run.stderr)
                self.assertIn(said, run.stderr)

    def test_what_is_no_transcript_is_refused_at_its_line(self):
        self.path.write_text('{"fenliu":1}\n')
        run, _ = self.replay(LEAST_OPEN)
        self.assertEqual(run.returncode, 2)
        self.assertIn(f"{self.path}:1: ", run.stderr)

    def test_both_languages(self):
        record(self.path, LEAST_OPEN, "-n", "1")
        self.assertIn("no decision differs", fenliu("drive", "--replay", self.path, "--engine", LEAST_OPEN, "--lang", "en").stdout)
        self.assertIn("没有一个决定不同", fenliu("drive", "--replay", self.path, "--engine", LEAST_OPEN, "--lang", "zh").stdout)


class OfFaultyLinks(Transcripts):
    """What a fault of the link did is told from what the engine did."""

    FAULTS = [{"at": f"+{at}s", "do": do, "for": "1s"} for at, do in ((1, "duplicate"), (2, "corrupt"), (3, "half_open"), (5, "reorder"), (6, "truncate"))]

    def play(self, url, faults=FAULTS, expect=(0, 1)):
        desk = pathlib.Path(self.there.name) / "desk.json"
        desk.write_text(json.dumps({**_faults.DESK, "faults": faults}))
        run = fenliu("drive", desk, "--engine", url, "--quiet", "--json", "--speed", "8", "--record", self.path)
        self.assertIn(run.returncode, expect, run.stderr)
        return json.loads(run.stdout)["engine"]

    def notes(self, did):
        return [line for line in self.lines() if line.get("did") == did]

    def test_they_are_none_of_a_good_engine(self):
        entries = self.play(_faults.BUILT_IN)["faults"]
        self.assertIn("  link        5 faults: ", self.check(None).stdout)
        link = json.loads(fenliu("check", "--json", self.path).stdout)["files"][0]["transcript"]["link"]
        self.assertEqual((link["faults"], link["doubled"]), (5, entries[0]["doubled"]))
        self.assertEqual(link["displaced"], entries[3]["displaced"])
        self.assertEqual(link["lost"], sum(entry["lost_out"] for entry in entries) + entries[2]["lost_in"])
        self.assertGreater(link["garbled"], 10)
        self.assertGreaterEqual(link["excused"], sum("from_bytes" in line and "fault" not in line for line in self.lines()))
        self.assertEqual(len(self.notes("began")), 5)
        self.assertEqual(len(self.notes("ended")), 5)

    def test_without_their_notes_they_would_be_the_engines(self):
        self.play(_faults.BUILT_IN)
        lines = [line for line in self.path.read_text().splitlines() if '"fault":' not in line]
        lines[-1] = json.dumps({"end": "done", "lines": len(lines) - 2})
        self.path.write_text("".join(line + "\n" for line in lines))
        self.check("no flat JSON object")

    def test_a_line_that_arrived_otherwise_stands_there_as_it_was_said(self):
        self.play(_faults.BUILT_IN)
        lines = self.lines()
        self.assertGreater(len(self.notes("garbled")), 10)
        for i, line in enumerate(lines):
            if line.get("did") == "garbled":
                arrived = lines[i + 1]
                bytes_said = json.dumps(line["from"], separators=(",", ":")).encode()
                bytes_arrived = bytes.fromhex(arrived["from_bytes"]) if "from_bytes" in arrived else json.dumps(arrived["from"], separators=(",", ":")).encode()
                self.assertNotEqual(bytes_said, bytes_arrived)
                self.assertLessEqual(len(bytes_arrived), len(bytes_said))

    def test_what_the_engine_does_meanwhile_is_the_engines(self):
        """One word that does not exist, said twice by the link or garbled by it or not: one fault."""
        url = changed_engine(self.there.name, 'if kind == "hello":', 'if chat == 50 and kind == "chat": say(t="nonsense")\n    if kind == "hello":')
        for fault in ("duplicate", "truncate", "corrupt", "reorder", "stall"):
            with self.subTest(fault=fault):
                self.play(url, [{"at": "+1s", "do": fault, "for": "6s"}])
                run = self.check("a message from the engine of a type that does not exist: \"nonsense\"")
                self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)

    def test_a_link_that_broke_by_itself_is_the_engines(self):
        mark = pathlib.Path(self.there.name) / "died"
        url = changed_engine(self.there.name, 'if kind == "hello":', f'if chat == 50 and not __import__("os").path.exists({str(mark)!r}): open({str(mark)!r}, "w"); sys.exit(9)\n'
                             '    if kind == "hello":')
        self.play(url, [], expect=(3,))
        run = self.check("the link broke without being asked to: the engine exited with status 9")
        self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)

    def test_a_decision_that_a_stall_held_up_is_no_breach(self):
        """Buyers leave meanwhile, more than a second before the decision on them arrives."""
        desk = {**_faults.IMPATIENT, "duration": "4s"}
        desk["buyers"] = {**desk["buyers"], "patience": {"first": {"exponential": "300ms"}}}
        path = pathlib.Path(self.there.name) / "desk.json"
        path.write_text(json.dumps({**desk, "faults": [{"at": "+1s", "do": "stall", "for": "2500ms"}]}))
        run = fenliu("drive", path, "--engine", _faults.BUILT_IN, "--quiet", "--json", "--speed", "1", "--record", self.path)
        engine = json.loads(run.stdout)["engine"]
        self.assertEqual(engine["violations"]["total"], 0, engine["first"])
        self.assertGreater(engine["damaged"], 5)
        self.check(None)

    def test_they_cannot_be_played_again(self):
        self.play(_faults.BUILT_IN, [{"at": "+1s", "do": "truncate", "for": "1s"}])
        run = fenliu("drive", "--replay", self.path, "--engine", _faults.BUILT_IN)
        self.assertEqual(run.returncode, 2)
        self.assertIn("a fault of the link was played here", run.stderr)

    def test_a_note_that_says_nothing_is_refused(self):
        self.play(_faults.BUILT_IN, [{"at": "+1s", "do": "cut", "for": "1s"}])
        good = self.path.read_text()
        for before, after, said in (('"fault":"cut","did":"began"', '"fault":"flood","did":"began"', "none of the faults"),
                                    ('"fault":"cut","did":"began"', '"fault":"cut","did":"sang"', "nothing that a fault does"),
                                    ('"fault":"cut","did":"began"', '"fault":"cut","did":"lost"', "wanted the line that the fault was done to")):
            self.path.write_text(good.replace(before, after))
            self.check(said)


if __name__ == "__main__":
    if shutil.which(FENLIU) is None:
        print("there is no fenliu to run")
        sys.exit(77)
    unittest.main(verbosity=1)
