#!/usr/bin/env python3
"""fenliu serve: what it refuses and with which status, runs to their end and broken off, two compared, what is left on the disk.

--bad-requests N asks N bad requests of it and nothing else, and holds its memory to what it was after a quarter of them; --keep FILE writes the
figures there as JSON."""
import argparse
import atexit
import collections
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from _common import COMMAND, require as expect

SANITIZED = "FENLIU_SANITIZED" in os.environ
BAD_REQUESTS = 400
GROWN_MOST_KB = 512
TOKEN = "correct-horse-battery-staple"
SMALL = {"fenliu": 1, "name": "monday", "start": "2026-06-17T18:00", "duration": "8h", "traffic": {"chats_per_day": 240},
         "buyers": {"intents": [{"name": "size"}]}, "desk": {"agents": [{"name": "mei", "count": 4}]}}
LONG = ["simulate", "--json", "--jobs", "1", "-n", "1000000", "small.json"]  # ends when it is ended


class Served:
    """A serve of its own folder, and requests to it, byte by byte."""

    def __init__(self, folder, *options, host="127.0.0.1", file_most=resource.RLIM_INFINITY):
        self.folder = folder
        # What is freed comes back to use soon, or memory would grow by what is held back for its examination.
        environment = os.environ | {"ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:" + os.environ.get("ASAN_OPTIONS", "")}
        self.process = subprocess.Popen([COMMAND, "serve", "--port", "0", *options, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=environment, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_most, file_most)))
        atexit.register(self.process.kill)
        address = self.process.stdout.readline()
        found = re.fullmatch(r"http://(.+):(\d+)/(\?token=TOKEN)?\n", address)
        expect(found, "address", address, self.process.stderr.read() if not address else "")
        self.port = int(found[2])
        self.host = f"{host}:{self.port}"
        self.headers = {"Host": self.host, "X-Fenliu": "1"}

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def send(self, raw):
        """The status (0: closed without a word), headers and body that come back."""
        with self.connect() as link:
            try:
                link.sendall(raw)
            except OSError:
                pass  # it has closed: what it said is there
            return self.receive(link)

    @staticmethod
    def receive(link):
        got = b""
        try:
            while part := link.recv(65536):
                got += part
        except ConnectionResetError:
            pass
        head, _, body = got.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.[01] (\d+) ", head)
        return (int(status[1]) if status else 0), head.decode("latin-1"), body

    def ask(self, method, path, body=None, headers=None, **more):
        every = dict(self.headers)
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            every |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        every |= headers or {}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in every.items() if value is not None)]
        return self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))

    def get(self, path):
        status, _, body = self.ask("GET", path)
        expect(status == 200, path, status, body[:300])
        return json.loads(body)

    def run(self, args, **more):
        return self.ask("POST", "/runs", {"args": args, "files": {"small.json": json.dumps(SMALL)}, **more})

    def started(self, args, **more):
        status, _, body = self.run(args, **more)
        expect(status == 201, args, status, body)
        return json.loads(body)["id"]

    def events(self, name):
        """All that a run says until its end, which is the last of it."""
        status, head, body = self.ask("GET", f"/runs/{name}/events")
        expect(status == 200 and "text/event-stream" in head, status, head)
        said = [re.fullmatch(r"event: (\w+)\ndata: (.*)", part) for part in body.decode().split("\n\n")[:-1]]
        expect(said and all(said) and said[-1][1] == "end" and all(event[1] == "progress" for event in said[:-1]), body)
        return "".join(json.loads(event[2]) for event in said[:-1]), json.loads(said[-1][2])

    def end(self, code):
        self.process.send_signal(signal.SIGINT)
        _, err = self.process.communicate(timeout=30)
        expect(self.process.returncode == code, "ended with", self.process.returncode, err)
        expect("Sanitizer" not in err and "runtime error" not in err, err)

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def refused(served, wanted, method, path, body=None, headers=None):
    status, head, answer = served.ask(method, path, body, headers)
    expect(status == wanted, method, path, headers, "wanted", wanted, "got", status, answer[:300])
    if status:
        expect("nosniff" in head and "no-store" in head and "default-src 'none'" in head, head)
        expect(json.loads(answer)["error"], answer)


def senders(served):
    run = {"args": ["check", "small.json"], "files": {"small.json": "{}"}}
    other = f"127.0.0.1:{served.port + 1}"
    for host in ("evil.example", f"evil.example:{served.port}", other, "127.0.0.1", f"127.0.0.1.evil.example:{served.port}", f"{served.host}x",
                 f"[::1:{served.port}", f":{served.port}", "x" * 400, f"192.168.1.5:{served.port}", None):
        refused(served, 403, "GET", "/about", headers={"Host": host})
    for host in (f"localhost:{served.port}", f"LOCALHOST:{served.port}", f"[::1]:{served.port}"):
        expect(served.ask("GET", "/about", headers={"Host": host})[0] == 200, host)
    status, _, _ = served.send(f"GET /about HTTP/1.1\r\nHost: {served.host}\r\nHost: evil.example\r\n\r\n".encode())
    expect(status == 403, "two hosts", status)
    for origin in ("http://evil.example", "null", f"https://{served.host}", f"http://{other}", f"http://{served.host}.evil.example",
                   f"http://localhost:{served.port}"):
        refused(served, 403, "GET", "/runs", headers={"Origin": origin})
        refused(served, 403, "POST", "/runs", run, headers={"Origin": origin})
    for method, path, body in (("POST", "/runs", run), ("DELETE", "/runs/20260101-000000-1", None), ("GET", "/compare?a=1&b=2", None)):
        refused(served, 403, method, path, body, headers={"X-Fenliu": None})
    refused(served, 404, "DELETE", "/runs/20260101-000000-1", headers={"X-Fenliu": None, "Origin": f"http://{served.host}"})


def shapes(served):
    expect(served.ask("GET", "/about")[0] == 200)
    for method in ("PUT", "PATCH", "OPTIONS", "HEAD"):
        status, head, _ = served.ask(method, "/runs")
        expect(status == 405 and "Allow: GET, POST, DELETE" in head, method, status)
    for method in ("BREW", "TRACE", "propfind"):
        status, head, body = served.ask(method, "/about")
        expect(status == 405 and "Allow: GET, POST, DELETE" in head and json.loads(body)["error"], method, status, body)
    expect(served.ask("", "/about")[0] == 400, "no method")
    refused(served, 405, "DELETE", "/runs")
    refused(served, 405, "POST", "/about", {})
    for path in ("/nothing", "/runs/", "/runs/x", "/about/", "/runs/20260101-000000-1", "/index.html", "/runs/20260101-000000-1/files/"):
        refused(served, 404, "GET", path)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", None):
        refused(served, 415, "POST", "/runs", b"{}", headers={"Content-Type": kind})
    refused(served, 411, "POST", "/runs", None, headers={"Content-Type": "application/json"})
    refused(served, 411, "POST", "/runs", b"2\r\n{}\r\n0\r\n\r\n", headers={"Transfer-Encoding": "chunked"})
    refused(served, 413, "POST", "/runs", b" " * ((1 << 20) + 1))
    status, _, _ = served.ask("POST", "/runs", b"{}", headers={"Content-Length": "999999999999"})
    expect(status == 413, status)
    for length in ("-1", "1x", "18446744073709551616", ""):
        status, _, _ = served.ask("POST", "/runs", b"{}", headers={"Content-Length": length})
        expect(status in (0, 400, 411, 413), length, status)
    status, _, body = served.ask("GET", "/about", headers={"X-Much": "x" * 20000})
    expect(status in (0, 403, 413, 431) and b'"fenliu"' not in body, "large header", status)
    status, _, body = served.ask("GET", "/" + "x" * 20000)
    expect(status in (0, 403, 404, 413, 414, 431) and b'"fenliu"' not in body, "long address", status)
    for upgrade in ("websocket", "h2c"):
        status, _, body = served.ask("GET", "/about", headers={"Connection": "Upgrade, HTTP2-Settings", "Upgrade": upgrade, "HTTP2-Settings": "AAMAAABk",
                                                               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"})
        expect(status not in (101, 200), upgrade, status)
    expect(served.send(b"\x00\xff\x16\x03\x01" * 50)[0] == 400, "no HTTP")
    one = f"GET /about HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode()
    expect(served.send(one + one)[2].count(b'"fenliu"') == 1, "one request a connection")


def requests(served):
    for body in (b"", b"{", b"nonsense", b"[]", b"1", b"null", b'{"args":["check","a"]}x', b"\xff\xfe", b'{"args":\x00}', b"[" * 100000):
        refused(served, 400, "POST", "/runs", body)
    for request in ({}, {"args": []}, {"args": "check"}, {"args": [1]}, {"args": ["check", "small.json"], "more": 1}, {"args": ["check"] + ["x"] * 64},
                    {"args": ["check", "x" * 2001]}, {"args": ["check", "a"], "files": []}, {"args": ["check", "a"], "files": {"a": 1}},
                    {"args": ["check", "a"], "keep": "yes"}, {"args": ["check", "a"], "title": "x" * 201}, {"args": ["check", "a"], "title": 1},
                    {"args": ["check", "a"], "files": {f"a{n}": "" for n in range(9)}}):
        refused(served, 400, "POST", "/runs", request)
    for name in ("../a", "/etc/passwd", "a/b", ".a", "-a", "", "a\\b", "a\nb", "a\u0000b", "x" * 201, "stdout", "about.json"):
        if "\u0000" in name:
            continue
        refused(served, 400, "POST", "/runs", {"args": ["check", "a"], "files": {name: "{}", "a": "{}"}})
    for args in (["drive", "small.json"], ["engine"], ["init", "x"], ["serve", "small.json"], ["compare", "small.json", "small.json"], ["--help"],
                 ["check"], ["check", "--engine", "exec:true", "small.json"], ["check", "--engine=exec:true", "small.json"], ["simulate", "--metrics", "a", "small.json"],
                 ["simulate", "--set=a=1", "small.json"], ["simulate", "-n5", "small.json"], ["simulate", "--", "small.json"], ["simulate", "-", "small.json"],
                 ["simulate", "small.json", "-n"], ["log", "--out", "../x", "small.json"], ["simulate", "--out", "/tmp/x", "small.json"],
                 ["staff", "--plan", "-", "small.json"], ["staff", "--roster", ".x", "small.json"], ["report", "20260101-000000-1"]):
        refused(served, 400, "POST", "/runs", {"args": args, "files": {"small.json": json.dumps(SMALL)}})


def traversal(served, folder):
    outside = folder.parent / "outside.json"
    outside.write_text(json.dumps(SMALL))
    (folder / "link.json").symlink_to(outside)
    (folder / "up").symlink_to(folder.parent)
    (folder / "inner").mkdir()
    (folder / "inner" / "deep.json").write_text(json.dumps(SMALL))
    (folder / ".hidden.json").write_text(json.dumps(SMALL))
    os.mkfifo(folder / "pipe.json")
    for name in ("../outside.json", str(outside), "inner/../../outside.json", "link.json", "up/outside.json", "./inner/deep.json", "inner//deep.json",
                 ".hidden.json", "inner", "missing.json", "pipe.json", "%2e%2e/outside.json", "x/" * 600):
        status, _, body = served.ask("POST", "/runs", {"args": ["check", "--json", name]})
        expect(status in (400, 404), name, status, body)
    name = served.started(["check", "--json", "inner/deep.json"])
    expect(served.events(name)[1]["code"] == 0, "a scenario of the folder")
    (folder / "runs" / "20260101-000000-7").mkdir()
    (folder / "runs" / "20260101-000000-7" / "out.json").symlink_to(outside)
    (folder / "runs" / "20260101-000000-8").symlink_to(folder.parent)
    run = f"/runs/{name}/files/"
    for path in (run + "../../../outside.json", run + "%2e%2e/%2e%2e/%2e%2e/outside.json", run + "..%2f..%2f..%2foutside.json", run + "/etc/passwd",
                 run + "%2fetc%2fpasswd", run + "..%5c..", run + "stdout%00.json", "/runs/../../outside.json", "/runs/%2e%2e/files/outside.json",
                 "/runs/20260101-000000-7/files/out.json", "/runs/20260101-000000-8/files/outside.json", "//etc/passwd", "/../../etc/passwd"):
        status, _, body = served.ask("GET", path)
        expect(status in (0, 400, 403, 404) and b"monday" not in body and b"root:" not in body, path, status, body[:100])
    expect(json.loads(served.ask("GET", run + "stdout")[2])["files"][0]["valid"], "what it said")
    expect(served.ask("DELETE", f"/runs/{name}")[0] == 204 and served.ask("GET", f"/runs/{name}")[0] == 404, "forgotten")
    expect(served.ask("DELETE", "/runs/20260101-000000-8")[0] == 404 and outside.exists(), "a link is not followed")
    shutil.rmtree(folder / "runs" / "20260101-000000-7")
    (folder / "runs" / "20260101-000000-8").unlink()


def to_the_end(served, folder):
    args = ["simulate", "--json", "-n", "20", "--out", "run", "small.json"]
    first = served.started(args, keep=True, title="月曜 <b>")
    _, end = served.events(first)
    expect(end["state"] == "done" and end["code"] in (0, 1) and end["kept"] and end["title"] == "月曜 <b>", end)
    status, head, body = served.ask("GET", f"/runs/{first}/files/stdout")
    small = folder / "small.json"
    small.write_text(json.dumps(SMALL))
    native = subprocess.run([COMMAND, "simulate", "--json", "-n", "20", str(small)], capture_output=True, timeout=60).stdout
    expect(status == 200 and body == native and "application/json" in head and "attachment" in head, "the same bytes as the program's", status)
    status, head, body = served.ask("GET", f"/runs/{first}/files/run/days.csv")
    expect(status == 200 and "text/csv" in head and body == (folder / "runs" / first / "run" / "days.csv").read_bytes(), status)
    second = served.started([*args[:-1], "--set", "desk.agents[0].count=2", "small.json"], keep=True)
    served.events(second)
    compared = served.get(f"/compare?a={first}&b={second}")
    expect(compared["command"] == "compare" and compared["paired"] and compared["differences"], compared)
    for query in ("", "?a=1", f"?a={first}", "?a=20260101-000000-9&b=20260101-000000-9", "?a=../x&b=/etc", f"?a={'x' * 400}&b=1"):
        expect(served.ask("GET", f"/compare{query}")[0] in (400, 404), query)
    names = [run["id"] for run in served.get("/runs")["runs"]]
    expect(first in names and second in names, names)
    expect(served.run(["simulate", "missing.json"])[0] == 404)
    status, _, body = served.run(["simulate", "--json", "small.json"])
    _, end = served.events(json.loads(body)["id"])
    expect(not end["kept"], end)
    wrong = served.ask("POST", "/runs", {"args": ["simulate", "bad.json"], "files": {"bad.json": "{\"fenliu\": 1,\n\"x\": 2}"}})
    _, end = served.events(json.loads(wrong[2])["id"])
    expect(end["state"] == "failed" and end["code"] == 2 and "bad.json:2:" in end["stderr"], end)
    expect(served.ask("DELETE", f"/runs/{second}")[0] == 204 and not (folder / "runs" / second).exists(), "removed")
    return first


def children(served):
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and is_child(pid, served.process.pid)]


def is_child(pid, of):
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == of
    except OSError:
        return False


def broken_off(served, folder):
    running = [served.started(LONG, keep=True) for _ in range(2)]
    waiting = [served.started(LONG, keep=True) for _ in range(8)]
    expect(served.run(LONG)[0] == 429, "eight wait")
    about = served.get("/about")
    expect(about["running"] == 2 and about["waiting"] == 8 and len(children(served)) == 2, about)
    for name in waiting:
        expect(served.get(f"/runs/{name}")["state"] == "waiting", name)
        expect(served.ask("DELETE", f"/runs/{name}")[0] == 204)
    expect(served.ask("DELETE", f"/runs/{running[0]}")[0] == 204)
    _, end = served.events(running[0])
    expect(end["state"] == "cancelled" and not end["kept"] and end["code"] in (130, 143), end)
    # One that is not kept ends with its only reader.
    link = served.connect()
    name = served.started(LONG)
    link.sendall(f"GET /runs/{name}/events HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
    expect(b"text/event-stream" in link.recv(2000))
    link.close()
    begun = time.monotonic()
    while served.get(f"/runs/{name}")["state"] == "running":
        expect(time.monotonic() - begun < 10, "nobody reads it")
        time.sleep(0.02)
    expect(served.ask("DELETE", f"/runs/{running[1]}")[0] == 204)
    served.events(running[1])
    expect(not children(served) and not [name for name in os.listdir(folder / "runs") if not name.startswith(".") and name in running], "all ended")


def slow(served, partial):
    """Those that began to ask at the beginning and never came to an end were cut."""
    for begun, link in partial:
        link.settimeout(max(0.1, begun + 16 - time.monotonic()))
        try:
            got = link.recv(1000)
        except ConnectionResetError:
            got = b""
        except TimeoutError:
            expect(False, "a slow request is still open")
        expect(b"200 OK" not in got, got)
        link.close()


def many_bad(served, count):
    """Kilobytes that its memory has grown by from a quarter of them on, and how often it answered with which status."""
    bad = [("GET", "/nothing", None, {}), ("POST", "/runs", b"{", {}), ("GET", "/about", None, {"Host": "evil.example"}), ("PUT", "/runs", None, {}),
           ("POST", "/runs", {"args": ["drive", "x"]}, {}), ("POST", "/runs", b"x" * 2000, {"Content-Type": "text/plain"}),
           ("POST", "/runs", {"args": ["check", "no.json"], "files": {"a": "b"}}, {}), ("GET", "/", None, {"X-Much": "x" * 9000}),
           ("POST", "/runs", b"{}", {"Content-Length": "99999999"}), ("BREW", "/about", None, {}),
           ("GET", "/runs/20260101-000000-1/files/../../../etc/passwd", None, {})]
    statuses = collections.Counter()
    for round_ in range(count):
        if round_ == count // 4:
            before = served.memory()
        status, _, _ = served.ask(*bad[round_ % len(bad)][:3], headers=bad[round_ % len(bad)][3])
        expect(status >= 400 or status == 0, bad[round_ % len(bad)], status)
        statuses[status] += 1
    grown = served.memory() - before
    expect(grown < GROWN_MOST_KB, f"{grown} kB more after {count} bad requests")
    return grown, before, statuses


def attacked(folder, count, keep):
    begun = time.monotonic()
    served = Served(folder)
    grown, before, statuses = many_bad(served, count)
    expect(served.ask("GET", "/about")[0] == 200, "it goes on")
    served.end(0)
    figures = {"requests": count, "answered": dict(sorted(statuses.items())), "memory_kb": before, "grown_kb": grown,
               "seconds": round(time.monotonic() - begun, 1), "sanitizers": SANITIZED}
    if keep:
        partial = keep.with_name(keep.name + ".partial")
        partial.write_text(json.dumps(figures) + "\n")
        partial.replace(keep)
    print(json.dumps(figures))


def killed(place):
    """Its runs end with a serve that cannot end them any more, and the next one clears away what they had."""
    folder = place / "killed"
    folder.mkdir()
    served = Served(folder)
    served.started(LONG)
    while not (under := children(served)):
        time.sleep(0.01)
    served.process.kill()
    served.process.communicate(timeout=30)
    begun = time.monotonic()
    while any(pathlib.Path(f"/proc/{pid}").exists() for pid in under):
        expect(time.monotonic() - begun < 10, "a run goes on without its serve")
        time.sleep(0.01)
    expect(os.listdir(folder / "runs"), "what it had")
    Served(folder).end(0)
    expect(not os.listdir(folder / "runs"), "is cleared away")


def no_room(folder, served, fill, free):
    """A run that has no room to write fails and says so, leaves nothing, and the next one that has room is done."""
    fill()
    status, _, body = served.ask("POST", "/runs", {"args": ["check", "--json", "small.json"], "files": {"small.json": json.dumps(SMALL), "b.json": " " * 100000}})
    expect(status == 507 and json.loads(body)["error"], status, body)
    free()
    name = served.started(["log", "--out", "log.jsonl", "small.json"], keep=True)
    fill()
    _, end = served.events(name)
    expect(end["state"] == "failed" and end["code"] == 4 and not end["kept"] and "log.jsonl" in end["stderr"], end)
    expect(served.get("/about")["running"] == 0)
    free()
    name = served.started(["check", "--json", "small.json"], keep=True)
    _, end = served.events(name)
    expect(end["state"] == "done" and end["kept"], end)
    expect([kept for kept in os.listdir(folder / "runs") if not kept.startswith(".")] == [name], os.listdir(folder / "runs"))
    served.end(0)


def disk_full(place):
    """Files that may not grow, and, where one may be mounted, a disk that is full."""
    limited, small = place / "limited", place / "small"
    limited.mkdir()
    small.mkdir()
    no_room(limited, Served(limited, file_most=20000), lambda: None, lambda: None)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "none", str(small)], capture_output=True).returncode != 0:
        print("no disk may be mounted here: files that may not grow stand for a full one")
        return
    try:
        filler = small / "filler"
        no_room(small, Served(small), lambda: fill_up(filler), lambda: filler.unlink(missing_ok=True))
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def fill_up(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def with_token(folder):
    for options, code in ((("--listen", "0.0.0.0"), 2), (("--listen", "127.0.0.2"), 2), (("--token", "short"), 2), (("--token", "with space in it, long"), 2),
                          (("--port", "65536"), 2), (("--port", "x"), 2), (("--listen", "no.such.address.invalid", "--token", TOKEN), 3), (("a", "b"), 2)):
        run = subprocess.run([COMMAND, "serve", *options, *([] if options[0] == "a" else [str(folder)])], capture_output=True, text=True, timeout=60)
        expect(run.returncode == code and run.stderr and not run.stdout, options, run)
    held = folder.parent / "token"
    held.write_text(TOKEN + "\n")
    served = Served(folder, "--listen", "0.0.0.0", "--token", str(held))
    expect(served.ask("GET", "/about", headers={"Host": f"evil.example:{served.port}"})[0] == 403, "a foreign name")
    for wrong in (None, "Bearer ", "Bearer x", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", f"Bearer {TOKEN} {TOKEN}"):
        refused(served, 401, "GET", "/about", headers={"Authorization": wrong})
    for path in ("/", "/?token=wrong", f"/?token={TOKEN}x", f"/about?token={TOKEN}"):
        refused(served, 401, "GET", path)
    expect(served.ask("GET", "/about", headers={"Authorization": f"Bearer {TOKEN}"})[0] == 200)
    status, head, _ = served.ask("GET", f"/?token={TOKEN}")
    cookie = re.search(r"Set-Cookie: (fenliu=\w{32}); Path=/; HttpOnly; SameSite=Strict", head)
    expect(status == 303 and cookie and TOKEN not in head, head)
    expect(served.ask("GET", "/about", headers={"Cookie": f"a=b; {cookie[1]}"})[0] == 200)
    refused(served, 401, "GET", "/about", headers={"Cookie": cookie[1][:-1]})
    refused(served, 401, "GET", "/about", headers={"Cookie": cookie[1] + "0"})
    served.end(0)


def occupied(served, folder):
    run = subprocess.run([COMMAND, "serve", "--port", str(served.port), str(folder.parent)], capture_output=True, text=True, timeout=60)
    expect(run.returncode == 3 and run.stderr.count("\n") == 1 and "in use" in run.stderr, run)
    run = subprocess.run([COMMAND, "serve", "--port", "0", str(folder)], capture_output=True, text=True, timeout=60)
    expect(run.returncode == 2 and "another" in run.stderr, run)
    other = folder.parent / "linked"
    other.mkdir()
    (other / "runs").symlink_to(folder.parent)
    for wrong in (other, folder.parent / "missing", folder.parent / "outside.json"):
        run = subprocess.run([COMMAND, "serve", "--port", "0", str(wrong)], capture_output=True, text=True, timeout=60)
        expect(run.returncode == 2 and run.stderr.count("\n") == 1, wrong, run)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bad-requests", type=int, metavar="N")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    tried = subprocess.run([COMMAND, "serve", "--port", "0", "/dev/null"], capture_output=True, text=True, timeout=60)
    if "FENLIU_CORE" in os.environ or "without libwebsockets" in tried.stderr:
        print("this build has no serve")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "shop"
        folder.mkdir()
        if options.bad_requests:
            attacked(folder, options.bad_requests, options.keep)
            return
        (folder / "runs").mkdir()
        (folder / "runs" / ".20260101-000000-3").mkdir()  # an earlier one was killed
        served = Served(folder)
        expect(not (folder / "runs" / ".20260101-000000-3").exists(), "what was left is cleared away")
        partial = []
        for beginning in (b"", b"GET /ab", f"GET /about HTTP/1.1\r\nHost: {served.host}\r\nX: y".encode(),
                          f"POST /runs HTTP/1.1\r\nHost: {served.host}\r\nX-Fenliu: 1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{{".encode()):
            link = served.connect()
            link.sendall(beginning)
            partial.append((time.monotonic(), link))
        for part in (senders, shapes, requests):
            part(served)
        traversal(served, folder)
        occupied(served, folder)
        kept = to_the_end(served, folder)
        broken_off(served, folder)
        grown, _, _ = many_bad(served, BAD_REQUESTS)
        slow(served, partial)
        served.started(LONG)
        served.started(LONG)
        under = children(served)
        served.end(130)
        expect(under and not any(pathlib.Path(f"/proc/{pid}").exists() for pid in under), "its children ended with it")
        expect([name for name in os.listdir(folder / "runs")] == [kept], "left:", os.listdir(folder / "runs"))
        with_token(folder)
        killed(pathlib.Path(place))
        disk_full(pathlib.Path(place))
    print(f"ok; {grown} kB more after {BAD_REQUESTS} bad requests")


main()
