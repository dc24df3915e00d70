#!/usr/bin/env python3
"""`fenliu fit` of message logs at the command line: formats that say the same are fitted the same, bad lines are told and counted, what is no
log is refused, and the scenario written is one that simulates."""
import csv
import io
import json
import os
import pathlib
import sys
import tempfile

from _common import SOURCE, expect, failures, run

if "FENLIU_CORE" in os.environ:
    print("the core build has no fit")
    sys.exit(77)


def fit(*arguments):
    done = run("fit", "--json", "-q", *arguments)
    expect(done.returncode == 0, f"fit {arguments}: exit {done.returncode}: {done.stderr.decode()[:500]}")
    return json.loads(done.stdout)


def values(answer, but=()):
    return {e["path"]: (e["value"], e["ci95"]) for e in answer["estimates"] if not e["path"].startswith(tuple(but))}


def same_in_every_format(folder):
    """JSON lines, CSV, compressed, by a mapping of other names: the same estimates, to the digit."""
    scenario = SOURCE / "scenarios" / "green-kpi-lost-buyers.json"
    made = {name: folder / name for name in ("a.jsonl", "a.csv", "a.jsonl.zst")}
    for path in made.values():
        expect(run("log", "-q", scenario, "-o", path).returncode == 0, f"log {path.name}")
    first = values(fit(made["a.jsonl"]))
    expect(len(first) > 30, "most parameters are told")
    expect(values(fit(made["a.csv"])) == first, "CSV is fitted as JSON lines are")
    expect(values(fit(made["a.jsonl.zst"])) == first, "compressed as plain")
    rows = list(csv.DictReader(io.StringIO(made["a.csv"].read_text(), newline="")))
    names = {"t": "When", "chat": "Id", "buyer": "Who", "agent": "By", "kind": "What", "intent": "About", "class": "Sort", "chars": "Length"}
    other = folder / "other.csv"
    with other.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(names.values())
        writer.writerows([row[key] for key in names] for row in rows)
    mapping = "time=When,conversation=Id,buyer=Who,agent=By,kind=What,intent=About,class=Sort,chars=Length"
    expect(values(fit("--format", "messages", "--columns", mapping, other)) == first, "other names, by a mapping")
    return made["a.jsonl"]


def as_a_platform_exports(folder, log):
    """Messages alone, without changes of state, as a Qianniu-like export: buyers are fitted, and what cannot be had is said."""
    sides = {"buyer_message": "买家", "agent_reply": "客服", "greeting": "系统", "bot_reply": "机器人"}
    out = folder / "qianniu.csv"
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["发送时间", "会话ID", "买家昵称", "客服昵称", "发送方", "消息内容"])
        for line in log.read_text().splitlines():
            row = json.loads(line)
            if row["kind"] in sides:
                writer.writerow([row["t"].replace("T", " ")[:19], row["chat"], row["buyer"], row["agent"] or "", sides[row["kind"]], row["text"]])
    answer = fit("--preset", "qianniu", out)
    found = {e["path"]: e for e in answer["estimates"]}
    think = found.get("buyers.think_time.lognormal.median")
    expect(think and 34 < think["ci95"][0] < 40 < think["ci95"][1] < 46, f"thinking of 40 s is found, its interval no wider than of 859 pauses: {think}")
    expect(not found["desk.multitasking.speed_by_open"]["known"], "without closes nobody knows how many chats were open")
    expect(not found["desk.close.silence"]["known"] and found["desk.close.silence"]["why"], "nor when they close")


def nobody_says_good_bye(folder):
    """Messages alone: who left is a model of how long they had waited. Buyers who come back look like ones who waited long; they must not decide it."""
    scenario, files = SOURCE / "scenarios" / "green-kpi-lost-buyers.json", []
    for day in range(8):
        log = folder / "day.jsonl"
        run("log", "-q", scenario, "--replication", day, "-o", log)
        files.append(folder / f"bare{day}.csv")
        rows = [r for r in map(json.loads, log.read_text().splitlines()) if r["kind"] in ("buyer_message", "agent_reply")]
        files[-1].write_text("time,conversation,role,chars\n" + "".join(f"{r['t']},{r['chat']},{'agent' if r['agent'] and r['kind'] == 'agent_reply' else 'buyer'},{r['chars']}\n" for r in rows))
    found = {e["path"]: e for e in fit(*files)["estimates"]}
    scale, shape = (found.get(f"buyers.patience.first.weibull.{name}", {"value": None}) for name in ("scale", "shape"))
    expect(scale["value"] and 188 / 1.6 < scale["value"] < 188 * 1.6 and 1.2 < shape["value"] < 3.3 and "model" in scale["why"],
           f"a patience of 188 s, shape 2, is found about: {scale} {shape}")


def bad_lines(folder, log):
    lines = log.read_text().splitlines(keepends=True)[:2000]
    bad = folder / "bad.jsonl"
    bad.write_bytes("".join(lines[:100]).encode() + b'{"t":"2026-06-18T21:00","chat":1,"kind":"x"}\n{oops\n\xff\xfe\n' + "".join(lines[100:]).encode() + b'{"t":"2026-')
    answer = fit(bad)
    told = [(n["line"], n["text"]) for n in answer["notes"] if n["line"]]
    expect([line for line, _ in told] == [101, 102, 103, 2004], f"each bad line is told with its number: {told}")
    expect("without its end" in told[-1][1], "the last one is cut")
    worse = folder / "worse.jsonl"
    worse.write_text("".join(lines[:50]) + "oops\n" * 30)
    done = run("fit", worse)
    expect(done.returncode == 2 and b"too many" in done.stderr and not done.stdout, "too many bad lines are refused")
    expect(f"{worse}:70:".encode() in done.stderr, "at the line where it was enough")


def as_others_write_it(folder):
    """The same log in another order, with lines twice and with quotes that quote nothing is the same log; what is not applied is said; what cannot be
    read so is refused with what to do."""
    with (folder / "qianniu.csv").open(newline="") as file:
        header, *rows = [",".join(row[:5] + ["".join(c for c in row[5] if c not in '",\n')]) for row in csv.reader(file)] # a record a line
    del rows[600:]

    def written(name, rows, header=header, encoding="utf-8"):
        path = folder / name
        path.write_bytes("".join(line + "\r\n" for line in [header, *rows]).encode(encoding))
        return path

    def told(path, *words):
        answer = fit(path)
        texts = [n["text"] for n in answer["notes"]]
        for word in words:
            expect(any(word in text for text in texts), f"{path.name}: {word!r} in {texts}")
        return values(answer)

    for i in (10, 400):
        rows[i] += ' 38" wide'
    answer = fit(written("as_it_was.csv", rows))
    first = values(answer)
    expect(any(n["text"].startswith(f"{len(rows)} messages") for n in answer["notes"]), f"a quote within a field swallows nothing: {answer['notes']}")
    by_chat = sorted(rows, key=lambda row: (int(row.split(",")[1]), row.split(",")[0]))
    expect(by_chat != rows, "chats overlap")
    expect(told(written("by_chat.csv", by_chat), "sorted by time") == first, "chat by chat it is the log in order")
    done = run("fit", "--format", "messages", "-", input=(folder / "by_chat.csv").read_bytes())
    expect(done.returncode == 2 and b"cannot be sorted" in done.stderr and not done.stdout, f"not through a pipe: {done.returncode} {done.stderr}")
    utc = [row.replace(",", "Z,", 1) for row in rows]
    backwards = written("newest_first.csv", [row for row in utc[::-1] for _ in (1, 2)])
    expect(told(backwards, "sorted by time", f"{len(rows)} lines stand twice", "UTC+00:00") == first, "newest first, each line twice, in a zone: the same log")
    zones = [rows[i].replace(",", "+08:00,", 1) if i == 300 else row for i, row in enumerate(utc)]
    told(written("zones.csv", [row.replace(row[:10], "2026-07-30", 1) if i > 500 else row for i, row in enumerate(zones)]), "UTC+00:00", "another zone",
         "dates between others without a chat")
    minutes = fit(written("minutes.csv", [row[:16] + row[19:] for row in rows]))
    for e in minutes["estimates"]:
        if e["known"] and e["path"].startswith(("buyers.messages_per_round", "buyers.think_time", "buyers.burst_gap")):
            expect(not e["sure"] and "whole minutes" in e["why"], f"at whole minutes its interval is not to be believed: {e}")
    for name, changed, encoding, why in (("half_days.csv", [row[:19] + " PM" + row[19:] for row in rows], "utf-8", "in 24 hours"),
                                         ("gbk.csv", rows, "gb18030", "iconv -f GB18030"), ("utf16.csv", rows, "utf-16", "iconv -f UTF-16")):
        done = run("fit", written(name, changed, encoding=encoding))
        expect(done.returncode == 2 and why in done.stderr.decode() and not done.stdout, f"{name}: {done.returncode} {done.stderr}")
        expect(done.stderr.count(b"\n") == 1, f"{name}: one line says it: {done.stderr}")
    for option in (["--where", "a=b"], ["--grain", "30m"], ["--promotion", "2026-06-18"]):
        done = run("fit", folder / "qianniu.csv", *option)
        expect(done.returncode == 2 and option[0] in done.stderr.decode(), f"{option} is of counts: {done.returncode} {done.stderr}")
    one = fit(written("one.csv", rows[:1]))
    traffic = next(e for e in one["estimates"] if e["path"] == "traffic.chats_per_day")
    expect(not traffic["known"] and "no whole day" in traffic["why"], f"one message is no day: {traffic}")


def odd_but_true(folder):
    """Times all alike are written as they were, long ones without an exponent, names of one long beginning stay apart: a scenario that is valid."""
    odd, out, page = folder / "odd.csv", folder / "odd.json", folder / "odd.html"
    with odd.open("w") as file:
        file.write("发送时间,会话ID,买家昵称,客服昵称,发送方,咨询类型\n")
        for c in range(200):
            for i, who in enumerate(("买家", "客服") * 3):
                at = c * 12000 + 10000 * (i // 2) * (c % 2) + i * 30
                day, second = divmod(at, 86400)
                file.write(f"2026-06-{day + 1:02d} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000,{c},b{c},{'客服' * 11}{c % 2},{who},{'咨询' * 11}{c % 2}\n")
    done = run("fit", "-q", odd, "-o", out, "--report", page)
    expect(done.returncode == 0 and run("check", out).returncode == 0, f"what is written is valid: {done.returncode} {done.stderr}")
    made = json.loads(out.read_text())
    names = [intent["name"] for intent in made["buyers"]["intents"]]
    expect(len(set(names)) == 2 and all(len(name.encode()) < 64 for name in names), f"names: {names}")
    expect(set(made["buyers"]["think_time"].get("empirical", [])) == {"30s", "10030s"}, f"thinking: {made['buyers']['think_time']}")
    expect("nan" not in page.read_text().lower() and b"nan" not in done.stdout.lower(), "what has no interval shows none")


def refused(folder):
    nothing, header, empty = folder / "nothing.csv", folder / "header.csv", folder / "empty.jsonl"
    nothing.write_text("conversation,time,speaker,role,chars\n")
    header.write_text("conversation,speaker,role\nc,u,asker\n")
    empty.write_text("")
    for path, word in ((nothing, b"no chat"), (header, b"no column for time"), (empty, b"empty"), (folder / "absent.jsonl", b"cannot read")):
        done = run("fit", "--format", "messages", path)
        expect(done.returncode == 2 and word in done.stderr and not done.stdout, f"{path.name}: {done.returncode} {done.stderr}")
    done = run("fit", "--preset", "icq", nothing)
    expect(done.returncode == 2 and b"preset: wanted" in done.stderr, "an unknown preset")
    done = run("fit", "--format", "messages", "--columns", "colour=blue", nothing)
    expect(done.returncode == 2 and b'"colour"' in done.stderr, "an unknown meaning")


def scenario_runs(folder):
    """What is written is valid and simulates to much the same day; the screen is in either language."""
    scenario = SOURCE / "scenarios" / "ordinary-day.json"
    logs = []
    for day in range(4):
        logs.append(folder / f"{day}.jsonl")
        run("log", "-q", scenario, "--replication", day, "-o", logs[-1])
    fitted = folder / "fitted.json"
    done = run("fit", "-q", "--lang", "zh", *logs, "-o", fitted)
    expect(done.returncode == 0 and "条消息".encode() in done.stdout, "a Chinese screen")
    expect(run("check", fitted).returncode == 0, "the fitted scenario is valid")
    desk = json.loads(fitted.read_text())["desk"]
    expect({s["from"] for s in desk["shifts"]} == {"09:00", "16:00"}, f"both shifts are found: {desk['shifts']}")
    expect(sum(a.get("count", 1) for a in desk["agents"]) == 7, "and seven people")
    means = []
    for path in (scenario, fitted):
        done = run("simulate", "--json", "-q", "-n", "100", path)
        means.append(json.loads(done.stdout)["totals"])
    for name, within in (("response_s", 0.1), ("reply_rate_3min", 0.02), ("chats_offered", 0.15)):
        a, b = (m[name]["mean"] for m in means)
        expect(abs(a - b) < within * a, f"{name}: {b} for {a}")
    again = folder / "again.json"
    run("fit", "-q", *logs, "-o", again)
    expect(again.read_bytes() == fitted.read_bytes(), "the same logs give the same bytes")


def held_out(folder):
    """Days at the end can be held out and are compared; the pictures are there."""
    logs = [folder / f"{day}.jsonl" for day in range(4)]
    page = folder / "page.html"
    answer = fit(*logs, "--hold-out", "1d", "--report", page)
    days = answer["back_test"]["days"]
    expect(len(days) == 1 and days[0]["chats_offered"]["seen"] > 300, f"one day of chats is held out: {days}")
    for name, one in days[0].items():
        expect(name == "date" or (one["inside"] == (one["low"] <= one["seen"] <= one["high"]) and one["low"] < one["high"] < 1.5 * one["low"]), f"{name}: {one}")
    inside = sum(days[0][name]["inside"] for name in ("first_response_s.mean", "response_s.mean", "reply_rate_3min"))
    expect(inside >= 2, f"its responses are such as the fitted days have: {days}")
    expect(page.read_text().count("<svg") >= 10, "a picture each of thinking, patience and every intent's replies")
    done = run("fit", *logs, "--hold-out", "4d")
    expect(done.returncode == 2 and b"fewer days" in done.stderr, "not all of it can be held out")


def real_messages():
    """The recorded channel, where there is one: people answer people, by the minute."""
    data = os.environ.get("FENLIU_DATA")
    path = pathlib.Path(data or "") / "support_channel.csv"
    if not data or not path.exists():
        print("no FENLIU_DATA: the recorded channel is not tried")
        return
    found = {e["path"]: e for e in fit(path)["estimates"]}
    for name in ("buyers.messages_per_round.geometric", "buyers.think_time.lognormal.median", "first_response_s.p50"):
        expect(name in found and found[name]["ci95"], f"{name} has an interval")
    for name in ("buyers.intents.reply", "desk.shifts", "desk.close.silence", "desk.multitasking.speed_by_open"):
        expect(name in found and not found[name]["known"] and found[name]["why"], f"{name} cannot be had, and that is said")


with tempfile.TemporaryDirectory() as name:
    place = pathlib.Path(name)
    own = same_in_every_format(place)
    as_a_platform_exports(place, own)
    nobody_says_good_bye(place)
    as_others_write_it(place)
    odd_but_true(place)
    bad_lines(place, own)
    refused(place)
    scenario_runs(place)
    held_out(place)
real_messages()
print("failed" if failures else "passed")
sys.exit(1 if failures else 0)
