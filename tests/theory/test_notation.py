"""What the notation of the exact answers means, on examples worked out by hand."""
import math
import sys
import unittest

sys.path.insert(0, __file__.rpartition("/")[0])
import compare
import models
import notation


class Laws(unittest.TestCase):
    def moments(self, law, mean, scv):
        self.assertAlmostEqual(law.mean, mean)
        self.assertAlmostEqual(law.scv, scv)

    def test_moments_follow_from_the_parameters(self):
        self.moments(notation.law("uniform", ["0", "2"]), 1, 1 / 3)
        self.moments(notation.law("erlang", ["4", "1"]), 1, 0.25)
        self.moments(notation.law("hyperexp", ["0.9", "2.25", "0.16666666666666666"]), 1, 2 * (0.9 / 2.25**2 + 0.1 * 36) - 1)
        self.moments(notation.law("weibull", ["1", "1"]), 1, 1)
        self.moments(notation.balanced_hyperexponential(2, 4), 2, 4)

    def test_texts_are_read(self):
        self.moments(notation.law_of_text("exponential(mean 4)"), 4, 1)
        self.moments(notation.law_of_text("exponential(rate 4)"), 0.25, 1)
        self.moments(notation.law_of_text("hyperexp(p=.5,rates 4 & 4/7; mean 1)"), 1, 2 * 0.5 * (1 / 16 + 49 / 16) - 1)
        self.moments(notation.law_of_text("hyperexp(.5;2,2/3)"), 1, 2 * 0.5 * (0.25 + 2.25) - 1)
        self.moments(notation.law_of_text("deterministic(1.5)"), 1.5, 0)
        self.moments(notation.law_of_text("erlang2(mean 3)"), 3, 0.5)
        self.moments(notation.law_of_text("lognormal(mean 2, cv 1.5)"), 2, 2.25)

    def test_what_is_unknown_is_refused(self):
        for text in ("pareto(1, 2)", "uniform(1)", "about 3"):
            with self.assertRaises(ValueError, msg=text):
                notation.law_of_text(text)


class Rates(unittest.TestCase):
    def test_expressions_are_read(self):
        self.assertAlmostEqual(notation.Rate("8(1+0.5 sin(2 pi t/12))")(3), 12)
        self.assertAlmostEqual(notation.Rate("2 t^2 - t/4")(2), 7.5)
        spike = notation.Rate("10 + 30 exp(-(t-3)) 1{t>=3}, started empty at 0")
        self.assertAlmostEqual(spike(2.9), 10)
        self.assertAlmostEqual(spike(4), 10 + 30 / math.e)
        self.assertEqual(notation.Rate("1{2<=t<3}")(2), 1)

    def test_a_jump_is_two_points_at_one_instant(self):
        points = notation.Rate("10 + 30 exp(-(t-3)) 1{t>=3}").points(6)
        at = [rate for t, rate in points if t == 3]
        self.assertEqual(len(at), 2)
        self.assertAlmostEqual(at[0], 10)
        self.assertAlmostEqual(at[1], 40, places=4)

    def test_what_is_unknown_is_refused(self):
        for text in ("3 + log(t)", "(1", "1{u>2}", "2 +"):
            with self.assertRaises(ValueError, msg=text):
                notation.Rate(text)


class Staffing(unittest.TestCase):
    def test_whoever_comes_first_goes_last(self):
        steps, returns = notation.staffing("5 on [0,3), 9 on [3,8), 6 on [8,12]; a cut agent's chat returns to the queue")
        self.assertTrue(returns)
        self.assertEqual(notation.duties(steps, 24), [(0.0, 24, 5), (3.0, 8.0, 3), (3.0, 24, 1)])

    def test_a_gap_is_refused(self):
        with self.assertRaises(ValueError):
            notation.staffing("5 on [0,3), 9 on [4,8)")


class Statistics(unittest.TestCase):
    def test_student_quantiles_are_those_of_the_tables(self):
        for df, quantile in ((29, 2.0452296), (60, 2.0002978), (119, 1.9800999)):
            self.assertAlmostEqual(compare.student_quantile(df), quantile, places=6)

    def test_the_longest_common_step_is_found(self):
        self.assertEqual(float(models.grid([0.25, 0.5, 1, 12])), 0.25)
        self.assertEqual(float(models.grid([2, 8, 10])), 2)

    def test_a_held_chat_is_done_at_the_rate_of_the_machine_repair_model(self):
        self.assertAlmostEqual(models.completion_rate(1, 1.0, 0.5, 0.2), 0.0769230769231) # truth/chat_message.json


if __name__ == "__main__":
    unittest.main()
