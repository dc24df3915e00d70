"""The chat log tells the same day as the figures do.

Every measure below is recomputed from the lines of `fenliu log`, by the definitions of the manual and without a look at
the simulation, and must equal what `fenliu simulate -n 1` says of the same day and seed, to the last digit. A second part
checks the file itself: formats, compression, repeatability, full disks and closed pipes.
"""
import collections
import copy
import csv
import decimal
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from _common import COMMAND, expect, failures, run

CORE = "FENLIU_CORE" in os.environ
WITHIN = 180 * 10**9  # a reply in time


def ns(seconds):
    return int(decimal.Decimal(seconds) * 10**9)


# ---- The day again, from its log --------------------------------------------------------------------------------------


class Tally:
    """What the manual calls a chat, a round and its reply, counted from the events in their order."""

    def __init__(self, scenario):
        self.warmup = ns(scenario.get("_warmup_s", 0))
        self.end = ns(scenario["_duration_s"])
        self.open = scenario.get("_open_s")  # seconds of the scenario at which the shop is open
        self.count = collections.Counter()
        self.times = collections.defaultdict(list)
        self.chats = {}
        self.held_ns = self.queued_ns = 0

    def counted(self, at):
        return self.warmup <= at < self.end

    def is_open(self, at):
        return self.open is None or ns(self.open[0]) <= at < ns(self.open[1])

    def span(self, since, until):
        return max(0, min(until, self.end) - max(since, self.warmup))

    def add(self, what, at, n=1):
        if self.counted(at):
            self.count[what] += n

    def event(self, e):
        at = ns(e["at_s"])
        if at >= self.end:
            return
        if e["kind"] == "chat_opened":
            expect(e["chat"] not in self.chats, f"chat {e['chat']} opens once")
            self.chats[e["chat"]] = dict(arrived=at, at_once=None, held=None, queued=None, round_open=False, opened=None, assigned=None,
                                         gone=False, settled=False, bot=False, wait_known=False, left_message=False, there=True, refused=False, handed_over=None, round=0,
                                         buyer=e["buyer"], routed=at, last=at)
            self.add("chats_offered", at)
            if self.is_open(at):
                self.add("offered_in_hours", at)
            return
        chat = self.chats[e["chat"]]
        expect(at >= chat["last"] and e["buyer"] == chat["buyer"], f"chat {e['chat']}: time and buyer hold")
        chat["last"] = at
        getattr(self, e["kind"])(chat, at, e)
        left = e["kind"] == "transferred" and chat["handed_over"] == at  # it names the round that it ends
        expect(e["round"] == chat["round"] - left, f"chat {e['chat']} {e['kind']} at {e['at_s']}: round {e['round']}, counted {chat['round']}")

    # -- rounds

    def open_round(self, chat, at):
        chat["round_open"] = True
        chat["opened"] = at
        chat["round"] += 1
        self.add("rounds", at)

    def judge(self, chat, in_time):
        if self.is_open(chat["opened"]):
            self.add("rounds_judged", chat["opened"])
            if in_time:
                self.add("rounds_in_3min", chat["opened"])

    def settle(self, chat, at, outcome):
        if chat["settled"]:
            return
        chat["settled"] = True
        self.add(outcome, chat["arrived"])
        if outcome == "chats_abandoned" and self.is_open(chat["arrived"]):
            self.add("abandoned_in_hours", chat["arrived"])
        if outcome != "bot_resolved" and (outcome != "chats_answered" or chat["left_message"]):
            self.add("no_service", chat["arrived"])
        if self.is_open(chat["arrived"]) and outcome != "bot_resolved":
            self.add("chats_judged", chat["arrived"])
            if outcome == "chats_answered" and at - chat["arrived"] <= 30 * 10**9:
                self.add("first_in_30s", chat["arrived"])

    def know_wait(self, chat, at):
        if not chat["wait_known"]:
            chat["wait_known"] = True
            if self.counted(chat["arrived"]):
                self.times["wait_for_agent_s"].append(at - chat["arrived"])

    # -- events

    def buyer_message(self, chat, at, _):
        if not chat["round_open"]:
            self.open_round(chat, at)
        chat["gone"], chat["there"] = False, True
        self.add("buyer_messages", chat["opened"])

    def agent_reply(self, chat, at, e):
        expect(chat["held"] is not None and e["agent"] == chat["agent"], f"chat {e['chat']}: only her agent replies")
        self.add("replies", chat["opened"])
        self.add("agent_messages", chat["opened"])
        if chat["gone"]:
            self.add("wasted", chat["opened"])
            return
        expect(chat["round_open"], f"chat {e['chat']} at {e['at_s']}: a reply answers something")
        chat["round_open"] = False
        response = at - chat["opened"]
        self.judge(chat, response <= WITHIN)
        if response >= 100 * 10**9:
            self.add("slow", chat["opened"])
        if self.is_open(chat["opened"]) and self.counted(chat["opened"]):
            if not chat["settled"]:
                self.times["first_response_s"].append(response)
            self.times["response_s"].append(response)
            self.times["reply_latency_s"].append(at - max(chat["opened"], chat["assigned"]))
        self.settle(chat, at, "chats_answered")

    def agent_extra(self, chat, _at, _e):
        self.add("agent_messages", chat["opened"])
        self.add("extra_turns", chat["opened"])

    def bot_reply(self, chat, at, _):
        chat["bot"] = True
        chat["routed"] = at  # the last reply hands her over
        chat["at_once"] = None

    def greeting(self, chat, at, _):
        pass

    def look_at_routing(self, chat, at, assigned):
        if at == chat["routed"] and chat["at_once"] is not True:
            chat["at_once"] = assigned

    def assigned(self, chat, at, e):
        self.look_at_routing(chat, at, True)
        self.leave_queue(chat, at)
        chat.update(held=at, agent=e["agent"], assigned=at, bot=False)
        self.know_wait(chat, at)

    def queued(self, chat, at, _):
        self.look_at_routing(chat, at, False)
        chat.update(queued=at, bot=False)

    def leave_queue(self, chat, at):
        if chat["queued"] is not None:
            self.queued_ns += self.span(chat["queued"], at)
        chat["queued"] = None

    def let_go(self, chat, at):
        if chat["held"] is not None:
            self.held_ns += self.span(chat["held"], at)
        chat["held"] = None

    def transferred(self, chat, at, _):
        self.let_go(chat, at)
        self.add("transfers", chat["arrived"])
        if not chat["round_open"] and not chat["gone"]:
            self.open_round(chat, at)  # answered with "a colleague will help": her question stays open
            chat["handed_over"] = at

    def abandoned(self, chat, at, e):
        expect(chat["there"], f"chat {e['chat']} at {e['at_s']}: who left a message does not wait at the screen")
        self.leave_queue(chat, at) if chat["held"] is None else None
        self.settle(chat, at, "chats_abandoned")
        self.judge(chat, False)
        chat["round_open"] = False
        self.know_wait(chat, at)

    def abandoned_silent(self, chat, at, e):
        first = not chat["settled"]
        queued = chat["queued"]
        self.abandoned(chat, at, e)
        chat["queued"] = queued  # nobody knows: she keeps her place
        self.queued_ns -= self.span(queued, at) if queued is not None and chat["held"] is None else 0
        chat["gone"] = True
        if first:
            self.add("chats_abandoned_silent", chat["arrived"])

    def rejected(self, chat, at, _):
        self.look_at_routing(chat, at, False)
        self.leave_queue(chat, at)
        if chat["round_open"]:
            self.judge(chat, False)
        chat["round_open"] = False
        chat["wait_known"] = True
        self.settle(chat, at, "chats_rejected")
        chat["refused"] = True

    def leave_message(self, chat, at, _):
        self.look_at_routing(chat, at, False)
        self.leave_queue(chat, at)
        chat["bot"] = False
        if not chat["left_message"]:
            self.add("leave_messages", chat["arrived"])
            if self.is_open(chat["arrived"]) and not chat["settled"]:
                self.add("left_in_hours", chat["arrived"])  # closing the shop never helps
        chat["left_message"], chat["there"] = True, False

    def reopened(self, chat, _at, _e):
        self.add("reopened", chat["arrived"])

    def closed(self, chat, at, _):
        if chat["bot"] and chat["round_open"]:
            self.settle(chat, at, "bot_resolved")
        elif chat["round_open"]:
            self.judge(chat, False)  # cut off
            self.settle(chat, at, "chats_unserved")
        chat["round_open"] = False
        self.leave_queue(chat, at)
        self.let_go(chat, at)
        refused, chat["refused"] = chat["refused"], False  # no chat came about
        if self.counted(chat["arrived"]) and not refused:
            self.times["chat_duration_s"].append(at - chat["arrived"])

    # -- the end

    def finish(self):
        for chat in self.chats.values():
            if chat["round_open"] and self.end - chat["opened"] > WITHIN and not chat["bot"]:
                self.judge(chat, False)
            if not chat["settled"]:
                self.add("chats_unserved", chat["arrived"])
                self.add("no_service", chat["arrived"])
                if self.is_open(chat["arrived"]) and self.end - chat["arrived"] > 30 * 10**9:
                    self.add("chats_judged", chat["arrived"])
            if chat["at_once"] is False:
                self.add("waited", chat["arrived"])
            self.leave_queue(chat, self.end)
            self.let_go(chat, self.end)

    def figures(self, always_on):
        c = self.count
        seconds = (self.end - self.warmup)
        out = {name: (c[name], 1) for name in ("chats_offered", "chats_answered", "chats_abandoned", "chats_abandoned_silent", "chats_rejected",
                                              "chats_unserved", "leave_messages", "bot_resolved", "reopened", "transfers", "replies",
                                              "extra_turns")}
        out["reply_rate_3min"] = (c["rounds_in_3min"], c["rounds_judged"])
        out["slow_response_share"] = (c["slow"], c["replies"])
        out["first_reply_rate_30s"] = (c["first_in_30s"], c["chats_judged"])
        out["abandonment"] = (c["abandoned_in_hours"] + c["left_in_hours"], c["offered_in_hours"])
        out["no_service_rate"] = (c["no_service"], c["chats_offered"])
        out["waited"] = (c["waited"], c["chats_offered"] - c["bot_resolved"])
        out["answer_ratio"] = (c["agent_messages"], c["buyer_messages"])
        out["queue_length"] = (self.queued_ns, seconds)
        if always_on:
            out["chats_in_hand"] = (self.held_ns, seconds)
        return out


def ten_digits(above, below):
    return None if below == 0 else float("%.10g" % (above / below))


def agree(name, scenario, seed):
    text = {key: value for key, value in scenario.items() if key[0] != "_"}
    file = os.path.join(folder, name + ".json")
    with open(file, "w", encoding="utf-8") as out:
        json.dump(text, out)
    told = run("log", file, "--seed", str(seed), "-q")
    expect(told.returncode == 0, f"{name}: log ends with 0: {told.stderr.decode()}")
    summary = run("simulate", file, "--seed", str(seed), "-n", "1", "--json", "-q")
    totals = json.loads(summary.stdout)["totals"]
    tally = Tally(scenario)
    kinds = collections.Counter()
    last = 0
    for line in told.stdout.splitlines():
        event = json.loads(line, parse_float=decimal.Decimal)
        expect(ns(event["at_s"]) >= last, f"{name}: time runs forward")
        last = ns(event["at_s"])
        kinds[event["kind"]] += 1
        tally.event(event)
    tally.finish()
    checked = 0
    for figure, (above, below) in tally.figures(scenario.get("_always_on", False)).items():
        wanted = totals[figure]["mean"]
        # Times are kept in whole microseconds; what is left of one at the end is in no figure: less than one for each
        # agent and group, of whom these desks have fewer than 64; and one in the tenth digit for the rounding of what is printed.
        lost = decimal.Decimal(1000 * 64) / below if figure in ("queue_length", "chats_in_hand") else 0
        agrees = abs(decimal.Decimal(str(ten_digits(above, below))) - decimal.Decimal(str(wanted))) <= lost + abs(decimal.Decimal(str(wanted))) / 10**9 if lost else ten_digits(above, below) == wanted
        expect(agrees, f"{name}, seed {seed}: {figure} is {wanted}, by the log {ten_digits(above, below)} = {above}/{below}")
        checked += 1
    for figure in ("first_response_s", "response_s", "reply_latency_s", "wait_for_agent_s", "chat_duration_s"):
        values = tally.times[figure]
        entry = totals[figure]
        expect(entry["n"] == len(values), f"{name}, seed {seed}: {figure} of {entry['n']}, by the log {len(values)}")
        if values:
            mean, most = ten_digits(sum(values), 10**9 * len(values)), ten_digits(max(values), 10**9)
            expect(entry["mean"] == mean, f"{name}, seed {seed}: {figure} mean {entry['mean']}, by the log {mean}")
            expect(entry["max"] == most, f"{name}, seed {seed}: {figure} max {entry['max']}, by the log {most}")
        checked += 1
    for kind in scenario.get("_kinds", []):
        expect(kinds[kind] > 0, f"{name}: {kind} occurs")
    return checked, sum(kinds.values())


# ---- Desks ------------------------------------------------------------------------------------------------------------

BASE = {
    "fenliu": 1, "name": "log", "start": "2026-06-17T18:00", "duration": "4h", "_duration_s": 14400,
    "traffic": {"chats_per_day": 3000},
    "buyers": {
        "classes": [{"name": "new", "share": 0.8}, {"name": "difficult", "share": 0.2, "effort_scale": 1.5}],
        "intents": [
            {"name": "size", "rounds": {"geometric": 4}, "share": 0.6, "bot_can_answer": 0.4,
             "reply": {"read": "3s", "think": {"lognormal": {"median": "8s", "sigma": 0.8}}, "chars": {"geometric": 14}, "quick_phrase": 0.3,
                       "quick_phrase_time": "3s"}},
            {"name": "logistics", "phase": "after_sale", "rounds": {"geometric": 3}, "share": 0.4, "reply": {"total": {"exponential": "25s"}}}],
        "messages_per_round": {"geometric": 1.5}, "burst_gap": {"exponential": "6s"},
        "think_time": {"lognormal": {"median": "40s", "sigma": 1.06}},
        "patience": {"first": {"weibull": {"scale": "188s", "shape": 2}}, "later": {"weibull": {"scale": "300s", "shape": 2}}}},
    "desk": {"agents": [{"name": "小美", "count": 8, "max_chats": 6}], "close": {"when_done": "30s", "silence": "3m"}},
    "routing": {"policy": "least_active"}}


def desk(**changes):
    scenario = copy.deepcopy(BASE)
    for path, value in changes.items():
        at = scenario
        *way, last = path.split("__")
        for step in way:
            at = at.setdefault(step, {})
        at[last] = value
    return scenario


SILENT = {"first": {"weibull": {"scale": "90s", "shape": 2}}, "later": {"weibull": {"scale": "120s", "shape": 2}}, "silent_share": 0.7}
DESKS = {
    "plain": desk(_always_on=True, _kinds=["abandoned", "reopened", "greeting"]),
    "telephone": desk(_always_on=True, _kinds=["queued", "abandoned"], desk__agents=[{"name": "a", "count": 4, "max_chats": 1}],
                      desk__close={"when_done": "0s"}, buyers__intents=[{"name": "call", "reply": {"total": {"exponential": "80s"}}}],
                      buyers__messages_per_round=1, buyers__patience={"first": {"exponential": "60s"}, "applies": "until_assigned"}),
    "warm": desk(warmup="37m", _warmup_s=37 * 60, _always_on=True, traffic__chats_per_day=9000, _kinds=["queued"]),
    "silent": desk(traffic__chats_per_day=6000, buyers__patience=SILENT, _kinds=["abandoned_silent"], _always_on=True,
                   buyers__come_back={"probability": 0.5, "after": {"exponential": "5m"}}),
    "found_out": desk(traffic__chats_per_day=6000, buyers__patience=dict(SILENT, finds_out="4s"), _kinds=["abandoned_silent"], _always_on=True,
                      buyers__come_back={"probability": 0.5, "after": {"exponential": "1m"}}),
    "bot_first": desk(desk__bot={"mode": "bot_first", "reply": {"exponential": "4s"}, "rounds": {"geometric": 2}}, _kinds=["bot_reply"],
                      traffic__chats_per_day=9000),
    "bot_mixed": desk(desk__bot={"mode": "mixed", "share": 0.5, "reply": "2s"}, _kinds=["bot_reply"], buyers__patience=SILENT),
    "groups": desk(desk__groups=[{"name": "before", "phases": ["pre_sale", "in_sale"], "overflow": "after"}, {"name": "after"}],
                   desk__agents=[{"name": "b", "count": 4, "groups": ["before"], "max_chats": 3}, {"name": "a", "count": 5, "groups": ["after"], "max_chats": 5}],
                   routing__overflow="overflow_group", _kinds=["transferred"], _always_on=True),
    "refuses": desk(traffic__chats_per_day=12000, routing__queue={"max_length": 5}, _kinds=["rejected", "queued"], _always_on=True),
    "too_long": desk(traffic__chats_per_day=12000, routing__queue={"max_wait": "40s"}, desk__offline="reject", _kinds=["leave_message", "rejected"]),
    "opens_late": desk(desk__open=["18:30", "21:30"], _open_s=[1800, 12600], desk__shifts=[{"name": "s", "from": "18:30", "to": "21:30"}],
                       desk__agents=[{"name": "小美", "count": 8, "max_chats": 6, "shift": "s"}], _kinds=["leave_message"]),
    "returns": desk(desk__shifts=[{"name": "s", "from": "18:00", "to": "20:00", "breaks": [["19:00", "10m"]]}], desk__shift_end="return_to_queue",
                    desk__agents=[{"name": "小美", "count": 4, "max_chats": 6}, {"name": "temp", "count": 4, "shift": "s"}],
                    traffic__chats_per_day=5000, _kinds=["transferred"]),
    "moves": desk(routing__accept_timeout="20s", _kinds=["transferred"], _always_on=True),
    "oldest_closed": desk(traffic__chats_per_day=12000, routing__overflow="close_oldest", desk__agents=[{"name": "a", "count": 5, "max_chats": 3}],
                          _always_on=True),
    "strict": desk(routing__suspend="strict", traffic__chats_per_day=6000, _kinds=["transferred", "queued"],
                   events=[{"at": "+1h", "agent": "小美", "do": "suspend", "for": "3m"}]),
    "extras": desk(desk__depth={"per_chat": 1.5, "time": "10s", "terse_above": 2, "terse_scale": 0.3}, _kinds=["agent_extra"], _always_on=True),
    "shared": desk(desk__reply_order="interleaved", desk__multitasking={"speed_by_open": [1, 1.4, 1.6]}, _always_on=True),
    "newest": desk(desk__reply_order="newest_first", traffic__chats_per_day=8000, _always_on=True),
    "drained": desk(end="drain", traffic__chats_per_day=8000, _always_on=True),
    "gone_refused": desk(traffic__chats_per_day=12000, routing__queue={"max_length": 30, "max_wait": "100s"}, desk__offline="reject", buyers__patience=SILENT,
                         desk__agents=[{"name": "a", "count": 5, "max_chats": 3}], _kinds=["leave_message", "rejected", "abandoned_silent"]),
    "gone_moved": desk(traffic__chats_per_day=8000, buyers__patience=SILENT, _kinds=["transferred", "abandoned_silent"],
                       desk__shifts=[{"name": "s", "from": "18:00", "to": "20:00"}], desk__shift_end="return_to_queue",
                       desk__agents=[{"name": "小美", "count": 4, "max_chats": 6}, {"name": "temp", "count": 4, "max_chats": 6, "shift": "s"}],
                       events=[{"at": "+1h", "agent": "小美", "do": "offline", "for": "5m"}, {"at": "+3h", "agent": "小美", "do": "leave"}]),
    "all_away": desk(traffic__chats_per_day=4000, buyers__patience={"first": {"exponential": "2m"}, "applies": "until_assigned"},
                     events=[{"at": f"+{m}m", "agent": "*", "do": "offline", "for": "4m"} for m in (60, 66, 90, 150)] +
                            [{"at": f"+{m}m5s", "agent": "other", "do": "offline", "for": "1m"} for m in (64, 70, 94, 154)],
                     desk__agents=[{"name": "小美", "count": 2, "max_chats": 4}, {"name": "other", "count": 4, "max_chats": 6}],
                     buyers__come_back={"probability": 0.3, "after": {"exponential": "5m"}}, _kinds=["leave_message", "transferred", "abandoned"]),
    "knows_her": desk(routing__recent_agent={}, buyers__come_back={"probability": 0.6, "after": "2m"}, traffic__chats_per_day=7000,
                      events=[{"at": "+1h", "agent": "小美", "do": "suspend", "for": "10m"}, {"at": "+2h", "agent": "小美", "do": "offline", "for": "5m"}],
                      _kinds=["leave_message"]),
}
for intent in DESKS["groups"]["buyers"]["intents"]:
    intent["transfer"] = {"probability": 0.3, "to": "after" if intent["name"] == "size" else None}


# ---- The file ---------------------------------------------------------------------------------------------------------


def read_slowly(*arguments):
    with subprocess.Popen([COMMAND, *arguments], stdout=subprocess.PIPE) as process:
        read = bytearray()
        while piece := process.stdout.read(1 << 18):
            read += piece
            time.sleep(0.01)
    expect(process.returncode == 0, "a slow reader has it all")
    return bytes(read)


def long_names():
    """Lines beyond the room that their threads begin with."""
    scenario = desk(desk__agents=[{"name": "客" * 66, "count": 8, "max_chats": 6}], traffic__chats_per_day=6000)
    scenario["buyers"]["classes"][0]["name"], scenario["buyers"]["intents"][0]["name"] = "n" * 150, "i" * 150
    path = os.path.join(folder, "long.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({key: value for key, value in scenario.items() if key[0] != "_"}, file)
    one = run("log", path, "-q", "--jobs", "1").stdout
    expect(one == run("log", path, "-q", "--jobs", "4").stdout and len(one) > 500 * one.count(b"\n"), "long names are written by any number of threads")
    expect(all(json.loads(line) for line in one.splitlines()), "every line of theirs is JSON")


def files(plain):
    first = run("log", plain, "-q").stdout
    long = ("log", plain, "-q", "--set", "duration=24h")
    most = run(*long, "--jobs", "1").stdout
    expect(most.count(b"\n") > 30000, "the threads that make lines have several blocks each")
    for jobs in ("2", "8"):
        expect(most == run(*long, "--jobs", jobs).stdout, f"{jobs} jobs write the same bytes")
    expect(most == read_slowly(*long, "--jobs", "3"), "a slow reader is waited for")
    expect(first != run("log", plain, "-q", "--replication", "1").stdout, "another day is another log")
    expect(first != run("log", plain, "-q", "--seed", "2").stdout, "another seed is another log")
    path = os.path.join(folder, "log.jsonl")
    done = run("log", plain, "--out", path)
    with open(path, "rb") as file:
        expect(file.read() == first, "the file holds what stdout would")
    expect(b"MB/s" in done.stderr and done.stdout == b"", "the speed is said on stderr alone")
    table = run("log", plain, "-q", "--format", "csv").stdout.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    lines = [json.loads(line) for line in first.splitlines()]
    same = all(r["text"] == l["text"] and int(r["chat"]) == l["chat"] and r["kind"] == l["kind"] and r["agent"] == (l["agent"] or "")
               and float(r["at_s"]) == l["at_s"] for r, l in zip(rows, lines))
    expect(len(rows) == len(lines) and same, "CSV and JSON lines tell the same")
    run("log", plain, "-q", "--out", os.path.join(folder, "log.csv"))
    with open(os.path.join(folder, "log.csv"), newline="", encoding="utf-8") as file:
        expect(file.read() == table, "a file called .csv is CSV")
    for bad in (["--format", "xml"], ["--replication", "-1"], ["--replications", "3"], ["--speling"], [plain]):
        expect(run("log", plain, *bad).returncode == 2, f"{bad}: usage")
    packed = os.path.join(folder, "log.jsonl.zst")
    done = run("log", plain, "-q", "--out", packed)
    if CORE:
        expect(done.returncode == 2 and b"zstd" in done.stderr, "a core build says that it cannot compress")
    else:
        expect(done.returncode == 0, "a file called .zst is compressed")
        try:
            expect(subprocess.run(["zstd", "-dcq", packed], capture_output=True, check=False).stdout == first, "zstd reads it back")
        except FileNotFoundError:
            with open(packed, "rb") as file:
                expect(file.read(4) == b"\x28\xb5\x2f\xfd", "it is a zstd frame")
        expect(run("log", plain, "-q", "--zstd").stdout[:4] == b"\x28\xb5\x2f\xfd", "--zstd compresses stdout")


def trouble(plain):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COMMAND, "log", plain, "-q"], stdout=full, stderr=subprocess.PIPE, check=False)
    expect(done.returncode == 4 and b"No space left" in done.stderr, f"a full disk is told: {done.returncode} {done.stderr}")
    expect(run("log", plain, "--out", "/dev/full").returncode == 4, "a full device is told")
    expect(run("log", plain, "--out", os.path.join(folder, "no", "such.jsonl")).returncode == 4, "no such folder is told")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([COMMAND, "log", plain, "-q"], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    expect(done.returncode == 4 and b"Broken pipe" in done.stderr, f"a closed pipe is told: {done.returncode} {done.stderr}")
    limited = os.path.join(folder, "limited.jsonl")
    done = subprocess.run(["sh", "-c", f'ulimit -f 64; trap "" XFSZ; exec "$0" log "$1" --out "$2"', COMMAND, plain, limited], capture_output=True, check=False)
    expect(done.returncode == 4 and b"File too large" in done.stderr, f"a disk that fills half-way is told: {done.returncode} {done.stderr}")
    left = [name for name in os.listdir(folder) if "limited" in name]
    expect(left == [], f"and nothing is left: {left}")
    for blocks in range(500, 9000, 250):  # wherever the threads are, and the instant that is being simulated, when it fills
        command = f'ulimit -f {blocks}; trap "" XFSZ; exec "$0" log "$1" --out "$2" --jobs 3 --set duration=24h --set traffic.chats_per_day=20000'
        done = subprocess.run(["sh", "-c", command, COMMAND, plain, limited], capture_output=True, check=False)
        expect(done.returncode == 4 and b"File too large" in done.stderr, f"so is one that fills at {blocks}: {done.returncode} {done.stderr}")
        expect([name for name in os.listdir(folder) if "limited" in name] == [], "and nothing is left of that")
    endless = [COMMAND, "log", plain, "-q", "--set", "duration=300d", "--set", "interval=1d", "--out", limited]
    with subprocess.Popen(endless, stderr=subprocess.PIPE) as process:
        while not any("limited" in name for name in os.listdir(folder)) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    expect(process.returncode == 130, f"interrupted: {process.returncode} {said}")
    expect([name for name in os.listdir(folder) if "limited" in name] == [], "and nothing is left of what was interrupted")
    kept = os.path.join(folder, "kept.jsonl")
    with open(kept, "w", encoding="utf-8") as file:
        file.write("mine\n")
    subprocess.run(["sh", "-c", 'ulimit -f 64; trap "" XFSZ; exec "$0" log "$1" --out "$2"', COMMAND, plain, kept], capture_output=True, check=False)
    with open(kept, encoding="utf-8") as file:
        expect(file.read() == "mine\n", "what was there before a failure stays")


with tempfile.TemporaryDirectory() as folder:
    for desk_name, desk_scenario in DESKS.items():
        for desk_seed in (1, 2):
            figures, events = agree(desk_name, desk_scenario, desk_seed)
        print(f"{desk_name}: {figures} figures of {events} events")
    files(os.path.join(folder, "plain.json"))
    long_names()
    trouble(os.path.join(folder, "plain.json"))
sys.exit(1 if failures else 0)
