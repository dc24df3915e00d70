"""fenliu under mpirun: ranks share a run, whose bytes are those of one process; a rank that is killed is told and its share done by the others; what
cannot be spread is refused once, and shards are left alone."""
import filecmp
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from _common import COMMAND, SOURCE, expect, failures

SCENARIO = SOURCE / "scenarios" / "promo-2500.json"
# As root too, on one machine of any size. With --enable-recovery mpirun itself outlives a dead rank, and exits with 0 whatever the ranks did.
LAUNCH = ["mpirun", "--allow-run-as-root", "--oversubscribe"]


def same_run(one, other):
    names = sorted(os.listdir(one))
    return names == sorted(os.listdir(other)) and all(n == "manifest.json" or filecmp.cmp(one / n, other / n, shallow=False) for n in names)


def launch(ranks, *arguments, env=None):
    return subprocess.run([*LAUNCH, "-n", str(ranks), COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120,
                          env=dict(os.environ, **(env or {})))


def children(parent):
    """Processes of this program under mpirun, by their rank."""
    found = {}
    for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            for process in map(int, task.read_text().split()):
                environment = pathlib.Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
                found.update({int(e[21:]): process for e in environment if e.startswith(b"OMPI_COMM_WORLD_RANK=")})
        except OSError:
            continue  # it has just ended
    return found


def killed(folder, whole, days):
    """Rank 2 is killed while the others work."""
    with open(folder / "said", "w+", encoding="utf-8") as said:
        job = subprocess.Popen([*LAUNCH, "--enable-recovery", "-n", "3", COMMAND, "simulate", str(SCENARIO), "-q", "-j", "1", "-n", str(days), "-o", str(folder / "killed")],
                               stdout=subprocess.DEVNULL, stderr=said)
        ranks, until = {}, time.monotonic() + 20
        while time.monotonic() < until and job.poll() is None:
            ranks = children(job.pid)
            # It is at work once it has used so much of a processor.
            if 2 in ranks and cpu_ticks(ranks[2]) > 6:
                os.kill(ranks[2], signal.SIGKILL)
                break
            time.sleep(0.005)
        code = job.wait(timeout=100)
        said.seek(0)
        told = said.read()
    expect(code == 0, f"with a rank killed: exit {code}, {told!r}")
    expect("rank 2 on" in told and "is lost; its share is done by the others" in told, f"a killed rank is not told: {told!r}")
    expect((folder / "killed").exists() and same_run(whole, folder / "killed"), "with a rank killed the run differs")


def cpu_ticks(process):
    try:
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])
    except OSError:
        return 0


def main():
    if shutil.which("mpirun") is None:
        print("mpirun is not installed (Debian: openmpi-bin)")
        return 77
    # What the launcher's library keeps until the end is none of ours.
    suppressions = tempfile.NamedTemporaryFile("w", suffix=".supp")
    suppressions.write("leak:libpmix\n")
    suppressions.flush()
    os.environ["LSAN_OPTIONS"] = f"suppressions={suppressions.name}:print_suppressions=0"
    probe = launch(2, "simulate", "--help")
    if "built without PMIx" in probe.stderr or os.environ.get("FENLIU_CORE"):
        print("this program was built without PMIx (Debian: libpmix-dev)")
        return 77
    expect(probe.returncode == 0 and probe.stdout.count("usage:") == 1, f"--help of two ranks: {probe.returncode} {probe.stdout!r} {probe.stderr!r}")
    days = 80 if os.environ.get("FENLIU_SANITIZED") else 240
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        alone = subprocess.run([COMMAND, "simulate", SCENARIO, "-q", "-n", str(days), "-o", folder / "alone"], capture_output=True, text=True, check=False)
        ranks = launch(2, "simulate", SCENARIO, "-q", "-n", days, "-o", folder / "ranks")
        expect(ranks.returncode == alone.returncode == 0 and ranks.stdout == alone.stdout, f"two ranks: {ranks.returncode} {ranks.stderr!r}")
        expect(same_run(folder / "alone", folder / "ranks"), "the run of two ranks differs")
        killed(folder, folder / "alone", days)
        sweep = ("sweep", SCENARIO, "--vary", "traffic.chats_per_day=1000,3000", "-n", 40, "-q", "-j", 1, "-o")
        points = subprocess.run([COMMAND, *map(str, sweep), folder / "alone.sqlite"], capture_output=True, text=True, check=False)
        if "without SQLite" not in points.stderr:
            spread = launch(2, *sweep, folder / "ranks.sqlite")
            expect(spread.returncode == points.returncode == 0, f"a sweep of two ranks: {spread.stderr!r} {points.stderr!r}")
            expect(filecmp.cmp(folder / "alone.sqlite", folder / "ranks.sqlite", shallow=False), "the store of two ranks differs")
        log = folder / "recorded.jsonl"
        subprocess.run([COMMAND, "log", SCENARIO, "-q", "-o", log], check=True)
        replay = ("simulate", SCENARIO, "--recorded", log, "-q", "-n", 40, "-o")
        alone = subprocess.run([COMMAND, *map(str, replay), folder / "replay"], capture_output=True, text=True, check=False)
        ranks = launch(2, *replay, folder / "replay_ranks")
        expect(ranks.returncode == alone.returncode == 0, f"a recorded log of two ranks: {ranks.stderr!r} {alone.stderr!r}")
        expect(same_run(folder / "replay", folder / "replay_ranks"), "the replay of two ranks differs")
        missing = launch(2, "simulate", folder / "none.json")
        expect(missing.returncode == 2 and missing.stderr.count("cannot read") == 1, f"a missing scenario: {missing.returncode} {missing.stderr!r}")
        shard = subprocess.run([COMMAND, "simulate", SCENARIO, "-q", "-n", "2", "--shard", "1/2", "-o", folder / "shard"], capture_output=True, check=False,
                               env=dict(os.environ, PMIX_NAMESPACE="none", PMIX_RANK="1"))
        expect(shard.returncode == 0, f"a shard under a launcher: {shard.stderr!r}")
    for rank in ("0", "1"):
        other = subprocess.run([COMMAND, "simulate", SCENARIO], capture_output=True, text=True, check=False,
                               env=dict(os.environ, PMI_SIZE="2", PMI_RANK=rank))
        expect(other.returncode == 2 and other.stderr.count("ranks cannot find each other") == (rank == "0"), f"a launcher without PMIx: {other.stderr!r}")
    print("mpi:", "failed" if failures else "ok")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
