#!/usr/bin/env python3
"""Makes plain.json and suspended.json: the same five days of desk.json under each engine, and once more with one of them suspended for two
minutes six times in the rush. `fenliu` and `haproxy` are on the path; with --broker HOST:PORT (tools/engines/rabbitmq.sh) RabbitMQ too. Up to
--at-once engines play side by side, each in real time at --speed."""
import argparse
import concurrent.futures
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
STOMP = HERE.parents[1] / "tools" / "engines" / "stomp.py"
options = argparse.ArgumentParser()
options.add_argument("part", choices=["plain", "suspended"])
options.add_argument("--speed", default="240")
options.add_argument("--broker")
options.add_argument("--at-once", type=int, default=4)
options.add_argument("--ports", type=int, default=21000)
options = options.parse_args()

CONFIG = """global
  stats socket {control} mode 600
defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  timeout queue 1h
  {more}
frontend shop
  bind 127.0.0.1:{port}
  default_backend desk
backend desk
  balance {balance}
{servers}
"""
SUSPENDED = [{"at": f"+{minutes}m", "agent": "lead", "do": "suspend", "for": "2m"} for minutes in (45, 50, 55, 60, 65, 70)]
EVENTS = ["--set", "events=" + json.dumps(SUSPENDED)] if options.part == "suspended" else []
WEIGHTS = (43, 43, 100, 100, 100, 100)  # as the desk's


def fenliu(*command):
    run = subprocess.run(["fenliu", *command, "--quiet", "--json"], capture_output=True, text=True, cwd=HERE)
    if run.returncode not in (0, 1):
        sys.exit(run.stderr)
    return json.loads(run.stdout), run.stderr


def drive(name, engine):
    return (name, *fenliu("drive", "desk.json", "-n", "5", "--speed", options.speed, *EVENTS, "--engine", engine))


def most_at_once(control):
    """The most sessions that each server ever had, by HAProxy's own books."""
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(control)
        channel.sendall(b"show stat\n")
        head, *rows = (line.split(",") for line in b"".join(iter(lambda: channel.recv(65536), b"")).decode().lstrip("# ").splitlines() if line)
    return [int(row[head.index("smax")]) for row in rows if row[1].startswith("a")]


def haproxy(number, name, balance, weights=WEIGHTS, places=3, more="option abortonclose", checks=""):
    port = options.ports + 10 * number
    servers = "\n".join(f"  server a{i} 127.0.0.1:{port + 1 + i} maxconn {places} weight {w} {checks}" for i, w in enumerate(weights))
    with tempfile.TemporaryDirectory() as there:
        config, control = pathlib.Path(there) / "haproxy.cfg", there + "/control"
        config.write_text(CONFIG.format(port=port, balance=balance, servers=servers, more=more, control=control))
        process = subprocess.Popen(["haproxy", "-db", "-f", str(config)], stderr=subprocess.DEVNULL)
        try:
            time.sleep(1)
            name, summary, said = drive(name, f"proxy+tcp://127.0.0.1:{port}?agents=127.0.0.1:{port + 1}&settle_ms=500")
            return name, summary, said + f"haproxy: most sessions at once {most_at_once(control)}\n"
        finally:
            process.terminate()
            process.wait()


def stomp(prefetch):
    return drive(f"RabbitMQ, prefetch {prefetch}", f"exec:{sys.executable} {STOMP} --broker {options.broker} --prefetch {prefetch}")


def figures(name, summary, said):
    totals, engine = summary["totals"], summary.get("engine")
    mean = lambda key: totals[key]["mean"]
    row = {"engine": name, "buyers": mean("chats_offered"), "left": mean("abandonment"), "left_ci95": totals["abandonment"]["ci95"],
           "rejected": mean("chats_rejected"), "reply_rate_3min": mean("reply_rate_3min"),
           "wait_for_agent_s": {p: totals["wait_for_agent_s"][p] for p in ("p50", "p90", "p99")},
           "first_response_s": {p: totals["first_response_s"][p] for p in ("p50", "p90", "p99")},
           "answered": {a["name"]: a["totals"]["chats_answered"]["mean"] for a in summary["agents"]}}
    if engine:
        row |= {"violations": {k: n for k, n in engine["violations"].items() if n}, "never_assigned": engine["never_assigned"],
                "own_lateness_ms_p99": engine["own_lateness_us"]["p99"] / 1e3, "said": said.splitlines()}
    return row


rows = [figures(f"built in, {policy}", *fenliu("simulate", "desk.json", "-n", "5", "--set", f"routing.policy={policy}", *EVENTS))
        for policy in ("weighted_least_active", "least_active")]
played = [lambda: drive("fenliu engine, weighted_least_active, in real time", "exec:fenliu engine")]
if options.part == "plain":
    played += [
        lambda: haproxy(1, "HAProxy leastconn", "leastconn"),
        lambda: haproxy(2, "HAProxy leastconn, equal weights", "leastconn", weights=(1,) * 6),
        lambda: haproxy(3, "HAProxy roundrobin", "roundrobin"),
        lambda: haproxy(4, "HAProxy first", "first"),
        lambda: haproxy(5, "HAProxy leastconn without abortonclose", "leastconn", more=""),
        lambda: haproxy(6, "HAProxy leastconn without maxconn", "leastconn", places=0),
    ]
    if options.broker:
        played += [lambda: stomp(3), lambda: stomp(50)]
else:
    checks, more = "check inter 50ms rise 1 fall 1", "timeout check 5s\n  option abortonclose\n  retries 3"
    played += [
        lambda: haproxy(1, "HAProxy leastconn, checks", "leastconn", more=more, checks=checks),
        lambda: haproxy(2, "HAProxy leastconn, checks, redispatch", "leastconn", more=more + "\n  option redispatch", checks=checks),
        lambda: haproxy(3, "HAProxy leastconn, checks, redispatch 1", "leastconn", more=more + "\n  option redispatch 1", checks=checks),
    ]
with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
    rows += [figures(*one) for one in pool.map(lambda play: play(), played)]
pathlib.Path(HERE / f"{options.part}.json").write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")
for row in rows:
    wait, first = row["wait_for_agent_s"], row["first_response_s"]
    print(f"| {row['engine']} | {100 * row['left']:.1f} % | {wait['p90']:.0f} / {wait['p99']:.0f} | {first['p50']:.0f} / {first['p90']:.0f} / {first['p99']:.0f} | "
          f"{100 * row['reply_rate_3min']:.1f} % | {' '.join(f'{n:.0f}' for n in row['answered'].values())} | {row.get('violations', {}).get('total', 0)} | "
          f"{row.get('own_lateness_ms_p99', 0):.0f} |")
