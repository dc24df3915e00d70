"""Schedules of link faults: drawn by their number, played against a desk in real time, and held to what must be true whatever went wrong.

A schedule waits far more than it works: many are played side by side."""

import contextlib
import http.server
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import threading

FENLIU = os.environ.get("FENLIU", "fenliu")
KINDS = "stall slow_reader slow_writer half_open cut restart reorder duplicate truncate corrupt engine_stall".split()
ENGINE = [FENLIU, "engine", "--quiet"]
BUILT_IN = "exec:" + shlex.join(ENGINE)
TRANSPORTS = ("exec", "tcp", "unix", "http")
SPEED = 4 # a second of the day is a quarter of a second

# 100 chats a second of the wall clock at that speed, one question each, room for all; and a last second without.
DESK = {
    "fenliu": 1, "name": "faults", "duration": "8s", "interval": "1m",
    "traffic": {"rate": {"points": [["+0h", 90000], ["+7s", 90000], ["+7s", 0], ["+8s", 0]]}},
    "buyers": {"intents": [{"name": "ask", "rounds": 1, "reply": {"total": {"exponential": "0.2s"}}}]},
    "desk": {"agents": [{"name": "agent", "count": 20}], "close": {"when_done": "0s"}},
    "replications": 1,
}

# Chats are also closed before they are decided, told of again, and taken from one agent for another.
IMPATIENT = {**DESK, "buyers": {**DESK["buyers"], "patience": {"first": {"exponential": "0.8s"}}}}
PASSED_ON = {**DESK, "buyers": {"intents": [{**DESK["buyers"]["intents"][0], "rounds": 2, "transfer": {"probability": 0.3}}],
                                "think_time": {"exponential": "0.2s"}, "come_back": {"probability": 0.3, "after": {"exponential": "0.5s"}}}}
DESKS = {"plain": DESK, "impatient": IMPATIENT, "passed on": PASSED_ON}


class Died(AssertionError):
    """The harness did not come to its end, or a sanitizer has said something."""


def drive(faults, url=BUILT_IN, speed=SPEED, seed="1", desk=DESK):
    """What is said of the engine, the totals, and the transcript's lines; `fenliu check` has nothing to say against it."""
    with tempfile.TemporaryDirectory() as there:
        path, record = pathlib.Path(there) / "desk.json", pathlib.Path(there) / "record"
        path.write_text(json.dumps({**desk, "faults": faults}))
        run = subprocess.run([FENLIU, "drive", str(path), "--engine", url, "--quiet", "--speed", str(speed), "--json", "--seed", seed, "--timeout", "3",
                              "--record", str(record)], capture_output=True, text=True, timeout=60)
        if run.returncode not in (0, 1) or is_reported(run.stderr):
            raise Died(f"exit {run.returncode}: {json.dumps(faults)}\n{run.stderr[-4000:]}")
        checked = subprocess.run([FENLIU, "check", str(record)], capture_output=True, text=True, timeout=60)
        if checked.returncode != 0:
            raise Died(f"check: {json.dumps(faults)}\n{checked.stderr[:4000]}")
        lines = [json.loads(line) for line in record.read_text().splitlines()]
    result = json.loads(run.stdout)
    return result["engine"], {name: figure["mean"] for name, figure in result["totals"].items()}, lines


def is_reported(said):
    """By a sanitizer."""
    return "Sanitizer" in said or "runtime error" in said


# ---- What must be true -----------------------------------------------------------------------------

class Books:
    """Read off a transcript: who still waited when the day ended, and what faults of the link had done to whom. Lines keep their order, so
    what the engine had decided comes before its ack of the end."""

    def __init__(self, lines):
        self.told_ns, self.waiting, self.harmed_ns, self.late = {}, set(), {}, set()
        self.lost_decisions = 0
        self.end_ns = None
        self.stretches = []  # [from, to] in which some fault was on; to None: to the end
        on = set()
        for line in lines[1:-1]:
            if "fault" in line:
                self.fault(line, on)
            elif "to" in line and self.end_ns is None:
                self.told(line["to"], line["ns"])
            elif "from" in line:
                self.said(line["from"])

    def fault(self, line, on):
        if line["did"] == "began":
            if not on:
                self.stretches.append([line["ns"], None])
            on.add(line["fault"])
        elif line["did"] == "ended":
            on.discard(line["fault"])
            if not on:
                self.stretches[-1][1] = line["ns"]
        elif line["did"] in ("lost", "garbled"):
            said = line.get("from") or line.get("to") or {}
            if "chat" in said:
                self.harmed_ns[said["chat"]] = line["ns"]
                self.lost_decisions += "from" in line

    def told(self, event, ns):
        kind, chat = event["t"], event.get("chat")
        if kind == "begin":
            self.waiting.clear()  # in the middle of a day: all who wait are told of anew
        elif kind == "chat":
            self.waiting.add(chat)
            self.told_ns[chat] = ns
        elif kind == "closed":
            self.waiting.discard(chat)
        elif kind == "error" and event["rule"] in ("agent_offline", "unknown_agent") and chat in self.told_ns:
            self.waiting.add(chat)
        elif kind == "end":
            self.end_ns = ns

    def said(self, decision):
        if decision.get("t") not in ("assign", "move") or not isinstance(decision.get("agent"), int):
            return
        if self.end_ns is None:
            self.waiting.discard(decision.get("chat"))
        else:
            self.late.add(decision.get("chat"))

    def is_explained(self, chat):
        """Whether she was never given an agent because the decision came after the day's end, a fault was done to it or to what was told
        of her, or a fault lasted to the end."""
        lasts = bool(self.stretches) and (self.stretches[-1][1] is None or self.stretches[-1][1] >= self.end_ns)
        return chat in self.late or self.harmed_ns.get(chat, 0) > self.told_ns[chat] or lasts


def hold(engine, totals, lines, faults):
    """What must be true whatever went wrong."""
    settled = sum(totals[name] for name in ("chats_answered", "chats_abandoned", "chats_rejected", "bot_resolved", "chats_unserved"))
    assert settled == totals["chats_offered"], f"{settled} chats came to an end of {totals['chats_offered']}"
    played = [entry["do"] for entry in engine["faults"] if entry["do"] != "link_lost"]
    planned = ["stall" if fault["do"] == "engine_stall" else fault["do"] for fault in sorted(faults, key=lambda fault: fault["at"])]
    assert sorted(played) == sorted(planned), (played, planned)
    assert engine["violations"]["total"] == 0, engine["first"]
    for entry in engine["faults"]:
        assert len(entry["chats"]) == min(entry["lost_decisions"], 16), entry
    books = Books(lines)
    assert engine["never_assigned"] == len(books.waiting), f"{engine['never_assigned']} never assigned, by the transcript {sorted(books.waiting)}"
    for chat in books.waiting:
        assert books.is_explained(chat), f"chat {chat} was never assigned, and no fault was done to it: {json.dumps(faults)}"
    counted = sum(entry["lost_decisions"] for entry in engine["faults"])
    assert counted >= books.lost_decisions, f"{counted} lost decisions counted, and {books.lost_decisions} are in the transcript"


# ---- Schedules -------------------------------------------------------------------------------------

def draw(number):
    """(faults, the desk's name, the transport) of that number: the same every time."""
    rng = random.Random(f"faults {number}")
    faults = [{"at": f"+{rng.uniform(0, 7):.3f}s", "do": rng.choice(KINDS), "for": f"{rng.choice((0, 0.05, 0.3, 1)):.3f}s"}
              for _ in range(rng.choice((1, 2, 4, 8)))]
    return faults, rng.choice(tuple(DESKS)), rng.choice(TRANSPORTS)


class Answers(http.server.BaseHTTPRequestHandler):
    """An engine over http that keeps no books: everybody may have everything here."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answers = []
        for line in said:
            if line["t"] == "hello":
                answers.append({"t": "hello", "proto": 1, "engine": "no books"})
            elif line["t"] == "chat":
                agent = line["chat"] % 20
                answers.append({"t": "assign", "chat": line["chat"], "agent": agent if agent != line.get("exclude") else (agent + 1) % 20})
        body = "".join(json.dumps(answer) + "\n" for answer in answers).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def log_message(self, *_):
        pass


class Engines:
    """What schedules are played against, one of each transport, for all of them: the built-in engine, but for http, which it does not speak."""

    def __init__(self):
        self.there = tempfile.TemporaryDirectory()
        self.said = open(f"{self.there.name}/said", "w+b")
        self.listening = []
        self.urls = {"exec": BUILT_IN, "tcp": self.listen("tcp://127.0.0.1:0"), "unix": self.listen(f"unix:{self.there.name}/engine")}
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.web.daemon_threads = True
        threading.Thread(target=self.web.serve_forever, daemon=True).start()
        self.urls["http"] = f"http://127.0.0.1:{self.web.server_port}/"

    def listen(self, url):
        engine = subprocess.Popen([*ENGINE, "--listen", url], stdout=subprocess.PIPE, stderr=self.said, text=True)
        self.listening.append(engine)
        return engine.stdout.readline().split()[-1]

    def close(self):
        """Ends them; what is wrong with them, or ""."""
        self.web.shutdown()
        self.web.server_close()
        for engine in self.listening:
            engine.terminate()
        ends = [engine.wait(30) for engine in self.listening]
        for engine in self.listening:
            engine.stdout.close()
        self.said.seek(0)
        said = self.said.read().decode(errors="replace")
        self.said.close()
        self.there.cleanup()
        wrong = any(ends) or is_reported(said)
        return f"engines ended with {ends}\n{said[-4000:]}" if wrong else ""


@contextlib.contextmanager
def engines():
    all_of_them = Engines()
    try:
        yield all_of_them.urls
    finally:
        wrong = all_of_them.close()
    if wrong:
        raise Died(wrong)


def play(number, urls):
    """Plays a schedule and holds it to what must be true: what was seen, or AssertionError."""
    faults, desk, transport = draw(number)
    engine, totals, lines = drive(faults, urls[transport], seed=str(number + 1), desk=DESKS[desk])
    hold(engine, totals, lines, faults)
    seen = {"desk": desk, "transport": transport, "chats": engine["chats"], "never_assigned": engine["never_assigned"]}
    for key in ("lost_in", "lost_out", "doubled", "displaced", "delayed", "lost_decisions"):
        seen[key] = sum(entry[key] for entry in engine["faults"])
    return {**seen, "faults": [entry["do"] for entry in engine["faults"]]}
