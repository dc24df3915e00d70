"""fenliu drive over sockets and http: the same bytes as over pipes, and peers that are not there, never speak, stop half way or reset."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from _main import main
from _python import PYTHON

HERE = pathlib.Path(__file__).parent
FENLIU = os.environ.get("FENLIU")
DESK = str(HERE / "small_desk.json")
SLOW = 5 if os.environ.get("FENLIU_SANITIZED") else 1
ENGINE = [*PYTHON, str(HERE / "../../tools/engines/least_active.py")]
WRITTEN = ("summary.json", "days.csv", "intervals.csv", "agents.csv")


def drive(url, *options, **more):
    return subprocess.run([FENLIU, "drive", DESK, "--engine", url, "--quiet", "--lang", "en", *options], capture_output=True, text=True, timeout=300, **more)


@contextlib.contextmanager
def listening(family=socket.AF_INET, where=("127.0.0.1", 0)):
    with socket.socket(family) as listener:
        listener.bind(where)
        listener.listen(16)
        yield listener


@contextlib.contextmanager
def serving(serve, family=socket.AF_INET, where=("127.0.0.1", 0)):
    """Each connection is served by a thread; gives the listener's address and the connections that came."""
    with listening(family, where) as listener:
        came = []

        def run(connection):
            with connection, contextlib.suppress(OSError, ValueError):
                serve(connection)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    if family != socket.AF_UNIX:
                        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    came.append(connection)
                    threading.Thread(target=run, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname(), came
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def behind_socket(connection):
    """An engine of stdin and stdout, whose they are."""
    subprocess.run(ENGINE, stdin=connection, stdout=connection, check=False)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def receive_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise ValueError("the harness has gone")
        line += byte
    return line


HELLO = b'{"t":"hello","proto":1,"engine":"broken"}\n'


def line_way(way):
    """One way not to be an engine on a socket."""

    def serve(connection):
        if way == "silent":
            time.sleep(60)
        if way == "half a hello and gone":
            return connection.sendall(HELLO[:20])
        if way == "closes at once":
            return None
        if way == "half-closed":
            connection.shutdown(socket.SHUT_WR)
            time.sleep(60)
        receive_line(connection)
        if way == "resets in the middle of a line":
            connection.sendall(HELLO[:20])
            time.sleep(0.1)
            return reset(connection)
        if way == "answers as a web server":
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            time.sleep(60)
        connection.sendall(HELLO)
        if way == "deaf":
            time.sleep(60)
        receive_line(connection)
        if way == "closes within the day":
            return None
        if way == "sends a line without end":
            connection.sendall(b"x" * 70000)
        if way == "drips":
            while True:
                connection.sendall(b" ")
                time.sleep(0.01)
        time.sleep(60)
        return None

    return serve


class Lines(unittest.TestCase):
    """tcp:// and unix:."""

    def written(self, url, *options):
        with tempfile.TemporaryDirectory() as there:
            run = drive(url, "--out", there + "/a.run", *options)
            self.assertEqual(run.returncode, 0, run.stderr)
            return {name: pathlib.Path(there, "a.run", name).read_bytes() for name in WRITTEN}

    @classmethod
    def setUpClass(cls):
        cls.expected = cls.written(cls(), "exec:" + " ".join(ENGINE))

    def test_gives_the_same_bytes_as_pipes_whatever_the_jobs(self):
        with serving(behind_socket) as ((host, port), came):
            self.assertEqual(self.written(f"tcp://{host}:{port}", "--jobs", "1"), self.expected)
            self.assertEqual(len(came), 1)
            self.assertEqual(self.written(f"tcp://localhost:{port}", "--jobs", "3"), self.expected)
            self.assertEqual(len(came), 4)  # a connection for each worker

    def test_reaches_ipv6(self):
        try:
            with serving(behind_socket, socket.AF_INET6, ("::1", 0)) as (address, _):
                self.assertEqual(self.written(f"tcp://[::1]:{address[1]}"), self.expected)
        except OSError:
            self.skipTest("no IPv6 here")

    def test_reaches_a_socket_of_the_file_system(self):
        with tempfile.TemporaryDirectory() as there:
            with serving(behind_socket, socket.AF_UNIX, there + "/a socket") as (_, came):
                self.assertEqual(self.written(f"unix:{there}/a socket", "--jobs", "2"), self.expected)
                self.assertEqual(len(came), 2)

    def test_bytes_may_come_one_by_one(self):
        def serve(connection):
            with subprocess.Popen(ENGINE, stdin=connection, stdout=subprocess.PIPE) as engine:
                while byte := engine.stdout.read(1):
                    connection.sendall(byte)

        with serving(serve) as ((host, port), _):
            run = drive(f"tcp://{host}:{port}", "-n", "1", "--json")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(json.loads(run.stdout)["engine"]["violations"]["total"], 0)

    def test_an_engine_that_starts_late_is_waited_for(self):
        with tempfile.TemporaryDirectory() as there:
            run = subprocess.Popen([FENLIU, "drive", DESK, "--engine", f"unix:{there}/late", "-n", "1", "--quiet", "--set", "engine.retries=50"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(0.5)
            with serving(behind_socket, socket.AF_UNIX, there + "/late"):
                _, said = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 0, said)

    def test_ends_with_3_and_says_why(self):
        ways = {"silent": "the engine does not answer, in answer to hello", "closes at once": "the connection, in answer to hello",
                "half a hello and gone": "the connection in the middle of a line, in answer to hello",
                "half-closed": "the engine closed the connection, in answer to hello",
                "resets in the middle of a line": "the engine reset the connection in the middle of a line, in answer to hello",
                "answers as a web server": "no flat JSON object", "deaf": "the engine does not answer: day 0, 2026-06-17T",
                "closes within the day": "the connection: day 0", "sends a line without end": "sent a line of more than 65536 bytes",
                "drips": "the engine does not answer: day 0"}
        for way, said in ways.items():
            with self.subTest(way=way), serving(line_way(way)) as ((host, port), _):
                began = time.monotonic()
                run = drive(f"tcp://{host}:{port}", "-n", "1", "--jobs", "1", "--set", f"engine.timeout={1.0 * SLOW}s")
                self.assertEqual((run.returncode, run.stdout), (3, ""), run.stderr)
                self.assertIn(said, run.stderr)
                self.assertEqual(len(run.stderr.splitlines()), 1)
                self.assertLess(time.monotonic() - began, 20 * SLOW)

    def test_the_option_goes_before_the_scenario(self):
        with serving(line_way("silent")) as ((host, port), _):
            began = time.monotonic()
            run = drive(f"tcp://{host}:{port}", "-n", "1", "--timeout", "0.2", "--set", "engine.timeout=60s")
            self.assertEqual(run.returncode, 3)
            self.assertLess(time.monotonic() - began, 20 * SLOW)

    def test_who_cannot_be_reached_is_said(self):
        with listening() as listener:
            port = listener.getsockname()[1]
        urls = {f"tcp://127.0.0.1:{port}": f"the engine cannot be reached at 127.0.0.1:{port}: connection refused",
                f"http://localhost:{port}/x": f"the engine cannot be reached at localhost:{port}: connection refused",
                "unix:/no/such/socket": "the engine cannot be reached at unix:/no/such/socket: no such file or directory",
                f"unix:{DESK}": "connection refused", "tcp://no-such-host.invalid:7000": "the engine cannot be reached at no-such-host.invalid:7000: "}
        for url, said in urls.items():
            with self.subTest(url=url), tempfile.TemporaryDirectory() as there:
                run = drive(url, "--jobs", "2", "--out", there + "/x.run", "--set", "engine.retries=1")
                self.assertEqual((run.returncode, run.stdout, os.listdir(there)), (3, "", []), run.stderr)
                self.assertIn(said, run.stderr)

    def test_an_address_that_is_none_is_a_usage_error(self):
        for url in ("tcp://127.0.0.1", "tcp://::1:7000", "unix:", "http://h/a b", "https://h/", "unix:" + "x" * 108):
            run = drive(url)
            self.assertEqual((run.returncode, run.stdout), (2, ""))
            self.assertIn("fenliu drive: --engine: wanted ", run.stderr)

    def test_ctrl_c_ends_it_with_130(self):
        with serving(line_way("deaf")) as ((host, port), came):
            run = subprocess.Popen([FENLIU, "drive", DESK, "--engine", f"tcp://{host}:{port}", "--timeout", "100", "--quiet"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while not came:
                time.sleep(0.05)
            time.sleep(0.5 * SLOW)
            run.send_signal(signal.SIGINT)
            _, said = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 130, said)


class Sessions:
    """What an http engine keeps for each session: an engine of stdin and stdout."""

    def __init__(self):
        self.engines = {}

    def answer(self, name, lines):
        """The engine's lines to some of ours, the last of which wants an answer."""
        if name not in self.engines:
            self.engines[name] = subprocess.Popen(ENGINE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        engine, answers = self.engines[name], []
        for line in lines:
            engine.stdin.write(json.dumps(line) + "\n")
        engine.stdin.flush()
        while not answers or answers[-1]["t"] not in ("ack", "hello"):
            answers.append(json.loads(engine.stdout.readline()))
        return answers

    def close(self):
        for engine in self.engines.values():
            engine.stdin.close()
            engine.stdout.close()
            engine.wait(10)


class Request:
    def __init__(self, stream):
        head = [stream.readline()]
        if not head[0]:
            raise ValueError("no request")
        while head[-1] not in (b"\r\n", b""):
            head.append(stream.readline())
        self.first = head[0]
        self.fields = {name.lower(): value.strip() for name, _, value in (line.decode().partition(":") for line in head[1:-1])}
        self.lines = json.loads(stream.read(int(self.fields["content-length"])))


def response(body, *fields, status=b"200 OK", version=b"HTTP/1.1"):
    return b"\r\n".join([version + b" " + status, *fields, b"Content-Length: %d" % len(body), b"", body])


def as_lines(answers):
    return "".join(json.dumps(a) + "\n" for a in answers).encode()


def chunked(body, size):
    pieces = [body[i:i + size] for i in range(0, len(body), size)]
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x;piece\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\nLate: x\r\n\r\n"


# What a response may look like: bytes, and whether the connection ends behind them.
SHAPES = {
    "lines": lambda answers: (response(as_lines(answers)), False),
    "lines without the ack": lambda answers: (response(as_lines(a for a in answers if a["t"] != "ack")), False),
    "array": lambda answers: (response(json.dumps([a for a in answers if a["t"] != "ack"]).encode()), False),
    "array over lines": lambda answers: (response(json.dumps(answers, indent=2).encode()), False),
    "chunked": lambda answers: (chunked(as_lines(answers), 5), False),
    "not kept": lambda answers: (response(as_lines(answers), b"Connection: close"), True),
    "version 1.0": lambda answers: (response(as_lines(answers), version=b"HTTP/1.0"), True),
    "without a length": lambda answers: (b"HTTP/1.0 200 OK\r\n\r\n" + as_lines(answers), True),
    "without a body": lambda answers: (response(as_lines(answers)) if len(answers) > 1 or answers[0]["t"] == "hello" else b"HTTP/1.1 204 No Content\r\n\r\n", False),
    "kept but closed": lambda answers: (response(as_lines(answers)), True),
}


def web_server(shape, sessions, pieces=None):
    def serve(connection):
        stream = connection.makefile("rb")
        while True:
            request = Request(stream)
            assert request.first == b"POST /route?x=1 HTTP/1.1\r\n", request.first
            data, ends = SHAPES[shape](sessions.answer(request.fields["fenliu-session"], request.lines))
            for i in range(0, len(data), pieces or len(data)):
                connection.sendall(data[i:i + (pieces or len(data))])
            if ends:
                return

    return serve


def broken_web_server(way):
    """Answers hello well, unless the way is to do that badly; then goes wrong."""
    hello = response(HELLO)
    bad = {"500": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\noops\n", "redirects": b"HTTP/1.1 301 Moved Permanently\r\nLocation: /y\r\n\r\n",
           "no http": HELLO, "page": response(b"<html>\n<body>"), "long line": response(b"x" * 70000), "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
           "numbers": response(b"[1,2]"), "compressed": response(b"x", b"Content-Encoding: gzip"), "other ack": response(b'{"t":"ack","n":77}\n'),
           "half a response": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "half a head": b"HTTP/1.1 200 O", "half an array": response(b"[{},"),
           "endless head": b"HTTP/1.1 200 OK\r\n" + b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 2000}

    def serve(connection):
        stream = connection.makefile("rb")
        Request(stream)
        if way == "hello is empty":
            connection.sendall(response(b""))
        if way == "wants verdicts":
            connection.sendall(response(HELLO.replace(b"}", b',"wants":"message verdict"}')))
        connection.sendall(hello)
        Request(stream)
        if way == "slow head":
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)
        if way == "slow body":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"1\r\n \r\n")
                time.sleep(0.02)
        if way == "resets":
            return reset(connection)
        if way in bad:
            connection.sendall(bad[way])
            if way.startswith("half"):
                return None
        if way != "closes":
            time.sleep(60)
        return None

    return serve


class Http(unittest.TestCase):
    def setUp(self):
        self.sessions = Sessions()
        self.addCleanup(self.sessions.close)

    @classmethod
    def setUpClass(cls):
        run = drive("exec:" + " ".join(ENGINE), "-n", "2", "--json")
        cls.expected = cls.figures(run)

    @staticmethod
    def figures(run):
        figures = json.loads(run.stdout)
        del figures["engine"]["decision_latency_us"]
        return figures

    def test_every_shape_of_a_response_gives_the_figures_of_pipes(self):
        for shape in SHAPES:
            with self.subTest(shape=shape), serving(web_server(shape, self.sessions)) as ((host, port), came):
                run = drive(f"http://{host}:{port}/route?x=1", "-n", "2", "--jobs", "1", "--json")
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertEqual(self.figures(run), self.expected)
                if SHAPES[shape]([{"t": "ack", "n": 1}])[1]:
                    self.assertGreater(len(came), 1000)
                else:
                    self.assertEqual(len(came), 1)

    def test_what_is_refused_last_is_said_by_itself(self):
        """A decision in answer to the day's end is too late; no event follows that could take the refusal along."""
        heard = []

        def serve(connection):
            stream = connection.makefile("rb")
            while True:
                lines = Request(stream).lines
                heard.append(lines)
                kinds = {line["t"] for line in lines}
                connection.sendall(response(HELLO if "hello" in kinds else b'{"t":"assign","chat":1,"agent":0}\n' if "end" in kinds else b""))

        with serving(serve) as ((host, port), _):
            run = drive(f"http://{host}:{port}/", "-n", "1", "--json")
        self.assertEqual(run.returncode, 1, run.stderr)  # nobody was ever served
        self.assertEqual(json.loads(run.stdout)["engine"]["violations"]["too_late"], 1)
        self.assertEqual([line["t"] for line in heard[-2]][-1], "end")
        self.assertEqual([(line["t"], line["rule"]) for line in heard[-1]], [("error", "too_late")])

    def test_bytes_may_come_one_by_one(self):
        with serving(web_server("chunked", self.sessions, pieces=1)) as ((host, port), _):
            run = drive(f"http://{host}:{port}/route?x=1", "-n", "1", "--jobs", "1", "--json")
            self.assertEqual(run.returncode, 0, run.stderr)

    def test_each_worker_has_a_session(self):
        with serving(web_server("array", self.sessions)) as ((host, port), came):
            run = drive(f"http://{host}:{port}/route?x=1", "-n", "2", "--jobs", "2", "--json")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(self.figures(run), self.expected)
            self.assertEqual(len(came), 2)
            self.assertEqual(len(self.sessions.engines), 2)

    def test_a_lost_request_comes_again(self):
        lost = []

        def serve(connection):
            stream = connection.makefile("rb")
            while True:
                request = Request(stream)
                number = request.lines[-1].get("n", 0)
                if number % 100 == 50 and number not in lost:
                    lost.append(number)
                    return
                connection.sendall(SHAPES["lines"](self.sessions.answer(request.fields["fenliu-session"], request.lines))[0])

        with serving(serve) as ((host, port), came):
            run = drive(f"http://{host}:{port}/", "-n", "1", "--jobs", "1", "--json")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(json.loads(run.stdout)["engine"]["violations"]["total"], 0)
            self.assertGreater(len(lost), 5)
            self.assertEqual(len(came), len(lost) + 1)

    def test_ends_with_3_and_says_why(self):
        ways = {"500": 'the engine answers with "500 Internal Server Error": day 0', "redirects": "redirects are not followed", "no http": "does not speak HTTP/1.1",
                "page": "no flat JSON object (byte 1: wanted a JSON object): <html>", "long line": "sent a line of more than 65536 bytes", "two lengths": "two different Content-Lengths",
                "numbers": "an array that holds something else than objects", "compressed": "a Content-Encoding that was not asked for", "other ack": "an ack for an event that has not been",
                "half a response": "closed the connection in the middle of its answer", "half a head": "closed the connection in the middle of its answer", "half an array": "ends its answer within an array",
                "endless head": "sends headers of more than 65536 bytes", "hello is empty": "the engine answers hello with nothing", "wants verdicts": "wants verdicts, which cannot be had over http",
                "slow head": "the engine does not answer: day 0", "slow body": "the engine does not answer: day 0", "silent": "the engine does not answer: day 0",
                "closes": "closed the connection without an answer: day 0", "resets": "the connection without an answer: day 0"}
        for way, said in ways.items():
            with self.subTest(way=way), serving(broken_web_server(way)) as ((host, port), _):
                began = time.monotonic()
                run = drive(f"http://{host}:{port}/x", "-n", "1", "--jobs", "1", "--set", f"engine.timeout={1.0 * SLOW}s", "--set", "engine.retries=0")
                self.assertEqual((run.returncode, run.stdout), (3, ""), run.stderr)
                self.assertIn(said, run.stderr)
                self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
                self.assertLess(time.monotonic() - began, 20 * SLOW)

    def test_a_server_that_went_away_is_not_waited_for(self):
        with listening() as listener:
            host, port = listener.getsockname()
            run = subprocess.Popen([FENLIU, "drive", DESK, "--engine", f"http://{host}:{port}/", "-n", "1", "--jobs", "1", "--quiet"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            with listener.accept()[0] as connection, connection.makefile("rb") as stream:
                Request(stream)
                listener.close()
                connection.sendall(response(HELLO, b"Connection: close"))
            _, said = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 3, said)
            self.assertIn("the engine cannot be reached again: connection refused: day 0", said)


if __name__ == "__main__":
    if FENLIU is None:
        print("there is no fenliu to run")
        sys.exit(77)
    main()
