"""A sweep that is stopped and gone on with says what it says in one go. Runs the program in $FENLIU, a fraction of a second a case."""
import fcntl
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

sys.path.insert(0, __file__.rpartition("/")[0])
import kept
import models

HERE = pathlib.Path(__file__).resolve().parent
SWEEP = ("--only", "erlang_b", "--only", "mg1_pk", "--case", "=0.5", "--seconds", "0.02", "--seed", "618")
CASES = [name for name, _ in models.cases(HERE / "truth" / "mmck.json")]
RESULT = {"file": "mmck", "case": CASES[0], "state": "passed", "cpu_s": 0.1, "skipped": [{"figure": "p", "reason": "rare"}],
          "figures": [{"figure": "B", "truth": 0.5, "estimate": 0.51, "error": 0.01, "z": 1.0, "ok": True}]}


def command(*arguments):
    return [sys.executable, str(HERE / "run.py"), *map(str, arguments)]


def sweep(*arguments):
    """(exit code, its lines, what it said to stderr)."""
    done = subprocess.run(command(*SWEEP, *arguments), capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.splitlines(), done.stderr


def summary(lines):
    """What is said of all cases: not which were run now, and not how long they took."""
    first = next(i for i, line in enumerate(lines) if line.startswith(("skipped, ", "all ", "unfinished: ")))
    return [line for line in lines[first:] if not line.endswith(" CPU s")]


def run_now(lines):
    return [line for line in lines if line.split(" ")[0] in ("passed", "failed", "skipped") and ": " in line]


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.keep = self.folder / "theory.jsonl"


class Resumed(Folder):
    def test_a_sweep_in_parts_gives_the_summary_of_one_in_one_go(self):
        code, whole, _ = sweep("--keep", self.keep)
        self.assertEqual(code, 0, whole)
        golden, *cases = self.keep.read_text().splitlines()
        self.assertGreater(len(cases), 5)
        self.keep.write_text("".join(f"{line}\n" for line in [golden, *cases[3:]]))

        code, resumed, _ = sweep("--keep", self.keep)

        self.assertEqual(code, 0)
        self.assertEqual(len(run_now(resumed)), 3)
        self.assertEqual(summary(resumed), summary(whole))
        self.assertEqual(sorted(json.loads(line)["case"] for line in self.keep.read_text().splitlines()[1:]),
                         sorted(json.loads(line)["case"] for line in cases))

    def test_without_a_file_the_summary_is_the_same(self):
        _, kept_lines, _ = sweep("--keep", self.keep)

        _, lines, _ = sweep()

        self.assertEqual([line for line in summary(kept_lines) if not line.startswith("all ")][-4:], summary(lines)[-4:])

    def test_a_torn_last_line_is_run_again(self):
        sweep("--keep", self.keep)
        whole = self.keep.read_bytes()
        self.keep.write_bytes(whole[:-40])

        code, lines, _ = sweep("--keep", self.keep)

        self.assertEqual(code, 0)
        self.assertEqual(len(run_now(lines)), 1)
        self.assertEqual(len(self.keep.read_bytes().splitlines()), len(whole.splitlines()))
        for line in self.keep.read_text().splitlines():
            json.loads(line)

    def test_a_damaged_line_is_told_by_its_place(self):
        self.keep.write_text('{"case": 1}\n')

        code, _, said = sweep("--keep", self.keep)

        self.assertEqual(code, 2)
        self.assertIn(f"{self.keep}:1: no kept case", said)

    def test_another_seed_or_time_takes_nothing_over(self):
        sweep("--keep", self.keep)

        for other in (("--seed", "619"), ("--seconds", "0.03")):
            code, lines, _ = sweep("--keep", self.keep, "--kept", *other)
            self.assertEqual(code, 0)
            self.assertTrue(any(line.startswith("unfinished: 0 of") for line in lines), lines)
            self.assertTrue(any("count for nothing" in line for line in lines), lines)

    def test_a_wrong_figure_is_told_again_with_its_values(self):
        truth = self.folder / "truth"
        truth.mkdir()
        answers = json.loads((HERE / "truth" / "erlang_b.json").read_text())
        answers["cases"] = [case for case in answers["cases"] if case["params"] == {"A": 0.5, "c": 2}][:1]
        answers["cases"][0]["values"]["B"] *= 3
        (truth / "erlang_b.json").write_text(json.dumps(answers))
        arguments = ("--only", "erlang_b", "--seconds", "0.05", "--truth", truth, "--keep", self.keep)

        first = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60)
        again = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60)

        wrong = [line for line in first.stdout.splitlines() if "exact" in line and "simulated" in line]
        self.assertEqual(first.returncode, 1, first.stdout)
        self.assertEqual(again.returncode, 1)
        self.assertTrue(wrong)
        for line in wrong:
            self.assertIn(line, again.stdout)


class Stopped(Folder):
    def test_a_signal_keeps_what_is_done_and_says_how_to_go_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.keep.unlink(missing_ok=True)
            arguments = command("--all", "--seconds", "0.5", "--jobs", "2", "--keep", self.keep)
            process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not (self.keep.exists() and self.keep.read_bytes().count(b"\n") > 3):
                time.sleep(0.02)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)

            self.assertEqual(process.returncode, 130, err)
            self.assertEqual(err, "")
            lines = self.keep.read_bytes().split(b"\n")
            self.assertEqual(lines[-1], b"")
            self.assertGreater(len(lines), 4)
            self.assertIn(f"unfinished: {len(lines) - 2} of ", out)
            self.assertIn("the same command goes on from there", out)

    def test_two_runs_do_not_write_to_one_file(self):
        with open(self.keep, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)

            code, _, said = sweep("--keep", self.keep)

        self.assertEqual(code, 3)
        self.assertIn("another run", said)
        self.assertEqual(self.keep.read_bytes(), b"")


class Holds(Folder):
    """Which kept cases hold, without running anything."""

    DIGESTS = {"simulate --json without intervals": "aa", "simulate --out: days.csv": "ab", "simulate --json": "ac", "staff --json": "bb"}

    def setUp(self):
        super().setUp()
        self.golden = self.folder / "hashes.json"
        self.truth = self.folder / "truth"
        self.truth.mkdir()
        for name in ("mmck", "erlang_b"):
            shutil.copy(HERE / "truth" / f"{name}.json", self.truth)
        self.outputs(self.DIGESTS)
        keep = self.opened()
        keep.add(RESULT)
        keep.file.close()

    def answers(self, name, change):
        """Another first case of a file of exact answers."""
        path = self.truth / f"{name}.json"
        content = json.loads(path.read_text())
        change(content["cases"][0])
        path.write_text(json.dumps(content))

    def outputs(self, digests):
        self.golden.write_text(json.dumps({"scenarios/x.json": digests}))

    def opened(self):
        keep = kept.Kept(self.keep, 60, 618, self.truth, self.golden)
        keep.open()
        return keep

    def read(self):
        keep = kept.Kept(self.keep, 60, 618, self.truth, self.golden)
        keep.read()
        return len(keep.results), keep.others

    def test_nothing_changed(self):
        self.assertEqual(self.read(), (1, 0))

    def test_what_the_program_computes_has_changed(self):
        for name in kept.READ:
            self.outputs(dict(self.DIGESTS, **{name: "moved"}))

            self.assertEqual(self.read(), (0, 1), name)

    def carried(self, before, now, expected):
        self.outputs(now)
        keep = self.opened()
        keep.carry({f"scenarios/x.json {name}": digest for name, digest in before.items() if name in kept.READ}, "2 cases")
        keep.file.close()
        self.assertEqual(self.read(), expected)

    def test_what_is_carried_over_a_change_holds_until_the_next(self):
        second, third = (dict(self.DIGESTS, **{kept.READ[0]: name}) for name in ("moved", "moved again"))
        self.carried(self.DIGESTS, second, (1, 0))
        self.outputs(third)
        self.assertEqual(self.read(), (0, 1))
        self.carried(second, third, (1, 0))
        self.outputs(self.DIGESTS)
        self.assertEqual(self.read(), (1, 0), "what it was")

    def test_only_what_held_before_is_carried(self):
        other, third = (dict(self.DIGESTS, **{kept.READ[0]: name}) for name in ("other", "moved again"))
        self.carried(other, third, (0, 1))

    def test_outputs_that_no_case_is_read_from_do_not_matter(self):
        self.outputs(dict(self.DIGESTS, **{"simulate --json": "moved", "staff --json": "moved", "log": "new"}))

        self.assertEqual(self.read(), (1, 0))

    def test_a_golden_scenario_more_does_not_matter_and_one_less_does(self):
        self.golden.write_text(json.dumps({"scenarios/x.json": self.DIGESTS, "scenarios/y.json": {"simulate --json without intervals": "dd"}}))
        self.assertEqual(self.read(), (1, 0))

        keep = self.opened()
        keep.add(dict(RESULT, case=CASES[1]))
        keep.file.close()

        self.assertEqual(self.read(), (2, 0))
        self.outputs(self.DIGESTS)
        self.assertEqual(self.read(), (1, 1))

    def test_its_exact_answers_have_changed(self):
        self.answers("mmck", lambda case: case["values"].update(Lq=case["values"]["Lq"] * 1.5))

        self.assertEqual(self.read(), (0, 1))

    def test_the_scenario_made_of_it_has_changed(self):
        with unittest.mock.patch.object(models, "WAIT", "another_measure"):
            self.assertEqual(self.read(), (0, 1))

    def test_words_about_it_and_other_cases_do_not_matter(self):
        self.answers("mmck", lambda case: case.update(comment="new"))
        self.answers("erlang_b", lambda case: case["values"].update(B=0.5))

        self.assertEqual(self.read(), (1, 0))

    def test_a_full_disk_leaves_no_part_of_a_line(self):
        keep = self.opened()
        self.addCleanup(keep.file.close)
        before = self.keep.read_bytes()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1])) # Python ignores SIGXFSZ
        try:
            with self.assertRaises(OSError):
                keep.add(RESULT)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

        self.assertEqual(self.keep.read_bytes(), before)
        keep.add(RESULT)
        self.assertEqual(self.keep.read_bytes(), before + before.splitlines(keepends=True)[-1])


class Report(Folder):
    """What tools/long_test_report.py says of a sweep."""

    def report(self, cases):
        steps, out = self.folder / "steps", self.folder / "long-test"
        steps.mkdir()
        (steps / "steps.tsv").write_text("ok\ttheory\t2\t0\t0\t120.0\t2 passed, 0 failed\n")
        keep = kept.Kept(out / "theory.jsonl", 60.0, 618, HERE / "truth")
        keep.open()
        self.addCleanup(keep.file.close) # and held: the report only reads
        for file, name, z in cases:
            keep.add(dict(RESULT, file=file, case=name, figures=[dict(RESULT["figures"][0], z=z)]))
        subprocess.run([sys.executable, HERE.parents[1] / "tools" / "long_test_report.py", "--steps", steps, "--out", out, "--seed", "618",
                        "--started", "2026-01-01T00:00:00Z", "--counts", "2 0 0", "--seconds", "7200"], check=True, timeout=60)
        return (out / "README.md").read_text(), json.loads((out / "summary.json").read_text())["theory"], (out / "theory.jsonl").read_text()

    def every_case(self):
        return [(path.stem, name) for path in sorted((HERE / "truth").glob("*.json")) if path.stem in models.MODELS for name, _ in models.cases(path)]

    def test_a_part_is_told_plainly_and_stays_where_it_is(self):
        every = self.every_case()

        readme, theory, lines = self.report([(*every[0], 1.0), (*every[-1], -3.25)])

        self.assertIn("all but the theory sweep at its full figures, that one in part", readme.splitlines()[0])
        self.assertIn(f"    unfinished: 2 of {len(every)} cases are there, {len(every) - 2} are left", readme)
        self.assertIn("    max |z| 3.25, wanted <= 5", readme)
        self.assertTrue(any(line.startswith("rms z 2.404") for line in theory), theory)
        self.assertEqual(lines.count("\n"), 3)

    def test_the_whole_is(self):
        every = self.every_case()

        readme, _, _ = self.report([(*case, (-1.0) ** i) for i, case in enumerate(every)])

        self.assertIn("everything at its full figures", readme.splitlines()[0])
        self.assertIn(f"    all {len(every)} cases are there", readme)
        self.assertIn("    rms z 1.000", readme)


if __name__ == "__main__":
    program = os.environ.get("FENLIU")
    if not program or shutil.which(program) is None:
        print("no program to run: see FENLIU")
        sys.exit(77)
    unittest.main()
