"""A comparison that cannot fail says nothing: every sort of figure is found wrong when it is, by as many standard errors as it is, and a
sort of which none is ever wrong is found as well. Runs nothing."""
import math
import sys
import unittest

sys.path.insert(0, __file__.rpartition("/")[0])
import compare
import models
import run
from compare import compare_summary, student_quantile, Verdicts
from models import Figure

DAYS = 40
HALF = 0.01
ERROR = HALF / student_quantile(DAYS - 1)


class Answer:
    """A program whose every figure of what happens is VALUE with an interval of HALF to either side, and of what does not 0 with none."""

    VALUE = 0.2

    def run(self, made, replications, seed):
        ends = [self.VALUE - HALF, self.VALUE + HALF]
        entry = {"mean": self.VALUE, "ci95": ends, "p90": self.VALUE, "p90_ci95": ends}
        totals = {"waited": {"mean": 0.5, "ci95": [0.49, 0.51]}, "chats_rejected": {"mean": 0, "ci95": None}, "wait_for_agent_s": entry}
        return {"totals": totals, "groups": [{"totals": totals}],
                "thresholds": [dict(asked, share_beyond=self.VALUE, ci95=ends) for asked in made["thresholds"]]}


def compared(*figures):
    verdicts = Verdicts()
    compare_summary(Answer(), {}, DAYS, 1e6, list(figures), 1, verdicts)
    return verdicts


class Figures(unittest.TestCase):
    # (a figure of a truth, what the program says of it)
    SORTS = {
        "a mean": (lambda truth: models.mean("f", truth, models.WAIT), Answer.VALUE),
        "a mean of a group": (lambda truth: Figure("f", truth, ("group", 0, models.WAIT, "mean")), Answer.VALUE),
        "a percentile": (lambda truth: Figure("f", truth, ("totals", models.WAIT, "p90"), 0.1, 0.9), Answer.VALUE),
        "a share beyond": (lambda truth: models.beyond("f", truth, models.WAIT, 30.0), Answer.VALUE),
        "a share within": (lambda truth: models.within("f", truth, models.WAIT, 30.0), 1 - Answer.VALUE),
    }

    def test_z_is_how_many_standard_errors_it_is_off(self):
        for name, (figure, said) in self.SORTS.items():
            for off in (-7.0, -1.0, 0.5, 4.5, 6.0):
                with self.subTest(name, off=off):
                    found, = compared(figure(said - off * ERROR)).figures

                    self.assertAlmostEqual(found["z"], off, delta=0.01)
                    self.assertEqual(found["ok"], abs(off) <= compare.Z_MAX)

    def test_the_wider_half_of_an_interval_counts(self):
        for name, skewed in (("beyond", [0.199, 0.21]), ("within", [0.19, 0.201])):
            summary = {"thresholds": [{"measure": "w", "seconds": 1, "share_beyond": 0.2, "ci95": skewed}]}

            value, half = compare.figure_of(summary, (name, "w", 1))

            self.assertAlmostEqual(value, 0.2 if name == "beyond" else 0.8)
            self.assertAlmostEqual(half, 0.01)

    def test_what_never_happens_is_exact_and_does_not_count_as_agreement_by_chance(self):
        never, = compared(Figure("f", 0.0, ("totals", "chats_rejected", "mean"), 0.0)).figures
        self.assertEqual((never["z"], never["ok"]), (None, True))

        happens, = compared(models.share("f", 0.0, models.WAIT)).figures
        self.assertEqual((happens["z"], happens["ok"]), (None, False))

    def test_a_figure_without_interval_is_not_passed_over(self):
        with self.assertRaises(RuntimeError):
            compared(Figure("f", 0.1, ("totals", "chats_rejected", "mean")))

    def test_the_rare_is_skipped_and_said(self):
        verdicts = compared(Figure("f", Answer.VALUE, ("totals", models.WAIT, "mean"), 1e-6))

        self.assertEqual(verdicts.figures, [])
        self.assertIn("rare", verdicts.skipped[0]["reason"])


class Calibration(unittest.TestCase):
    """The verdict over all figures."""

    def results(self, cases, sl):
        """z of one figure alternates between 1 and -1, that of the other is `sl`."""
        return [{"case": f"case {i}", "skipped": [], "figures": [{"figure": "Wq", "z": (-1.0) ** i}] + [{"figure": f"job: sl T={t}", "z": sl} for t in (0.05, 1)]}
                for i in range(cases)]

    def test_a_sort_of_figure_that_is_never_off_is_found(self):
        lines, well = run.summarize(self.results(60, 0.9))
        self.assertTrue(well, lines)

        lines, well = run.summarize(self.results(60, 0.02))

        self.assertFalse(well)
        self.assertIn("rms z of sl alone 0.020, wanted 0.63 to 1.37", lines)

    def test_one_that_is_always_off_is_found_among_many_that_are_not(self):
        results = self.results(300, 0.95)
        for result in results[:100]:
            result["figures"].append({"figure": "rare sort", "z": 1.9})

        lines, well = run.summarize(results)

        self.assertFalse(well)
        self.assertTrue(any(line.startswith("rms z of rare sort alone 1.900") for line in lines), lines)

    def test_percentiles_that_are_nearly_all_passed_over_are_found(self):
        results = self.results(60, 0.9)
        for result in results[:20]:
            result["figures"].append({"figure": "wait_q 0.9", "z": 1.0})
            result["skipped"].append({"figure": "wait_q 0.99", "reason": f"{run.TOO_FEW_DAYS} of so far a percentile"})
        lines, well = run.summarize(results)
        self.assertTrue(well, lines)

        results[0]["figures"].pop()
        lines, well = run.summarize(results)

        self.assertFalse(well)
        self.assertIn("20 percentiles had no interval, and 19 of their sorts were compared", lines)

    def test_the_reason_is_the_comparisons_own(self):
        class NoInterval(Answer):
            def run(self, made, replications, seed):
                summary = super().run(made, replications, seed)
                summary["totals"]["wait_for_agent_s"]["p90_ci95"] = None
                return summary

        verdicts = Verdicts()
        compare_summary(NoInterval(), {}, DAYS, 1e6, [Figure("f", 0.2, ("totals", models.WAIT, "p90"), 0.1, 0.9)], 1, verdicts)

        self.assertTrue(verdicts.skipped[0]["reason"].startswith(run.TOO_FEW_DAYS), verdicts.skipped)

    def test_sorts(self):
        for name, kind in (("sl T=0.05", "sl"), ("sl T=1e-05", "sl"), ("fifo: Wq", "Wq"), ("s=10: m as variance", "m as variance"),
                           ("Wq class 2", "Wq"), ("wait_q 0.95", "wait_q"), ("p50_reply_latency", "p50_reply_latency"),
                           ("least_active: 1 - p_agent_idle", "1 - p_agent_idle"), ("EQ t=1.5", "EQ"), ("bin 0.0-0.5", "bin")):
            self.assertEqual(run.kind_of(name), kind)


class Leavers(unittest.TestCase):
    def test_those_of_a_desk_of_one_who_never_answers(self):
        # M/M/n+M with services that hardly ever end: everyone leaves, after 1 / theta. So Little: rate / theta wait, all will leave.
        self.assertTrue(math.isclose(models.will_leave(3.0, 1e-9, 1, 0.5), 6.0, rel_tol=1e-6))

    def test_they_are_fewer_than_wait(self):
        # The published desk: 0.1247 wait. Its equations of state, integrated over 480 minutes from empty (Runge and Kutta, steps of 0.3 s),
        # give 59.2366202 who leave by then, of 59.2632184 who leave at all.
        self.assertTrue(math.isclose(models.will_leave(4.2, 0.5, 12, 1.0), 59.2632183739 - 59.2366201716, rel_tol=1e-6))


if __name__ == "__main__":
    unittest.main()
