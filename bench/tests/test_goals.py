import unittest

import everything
import goals
from harness.figures import Spread
from tests import results


class Goals(unittest.TestCase):
    def measured(self, result):
        return {goal.name: goal for goal in goals.of(result)}

    def test_each_goal_is_judged(self):
        told = [(goal.measured and round(goal.measured.value, 2), goal.met) for goal in goals.of(results.of_all())]
        self.assertEqual(told, [
            (2.4, "yes"), (5.0, "no"), (0.24, "yes"), (1.2, "yes"), (1.2, "yes"), (40, "yes"), (1.4, "yes"), (1.1, "yes"), (0.1, "yes"),
            (0.9, "yes"), (60, "no"), (21, "yes"),
        ])

    def test_what_was_not_measured_is_not_met(self):
        result = results.of_all()
        for it in result["variants"]:
            if it["variant"] == everything.SDK:
                it["absent"] = "no such file"
        result["loading"], result["memory"] = [], {}
        told = [goal.met for goal in goals.of(result)]
        self.assertEqual(told, ["not measured"] * 2 + ["yes"] * 2 + ["not measured"] + ["yes"] * 2 + ["not measured"] * 5)

    def test_a_limit_within_the_spread_is_told(self):
        goal = lambda low, high: goals.Goal("it", 2, " s", 1, Spread(1.9, low, high), "why")
        self.assertEqual(goal(1.8, 2.0).verdict(), "yes")
        self.assertEqual(goal(1.8, 2.1).verdict(), "yes, within the spread")
        self.assertEqual(goal(1.8, 2.1).figure(), "1.9 s (1.8 to 2.1); why")
        self.assertEqual(goals.Goal("it", 2, "", 1, Spread(2.5, 2.1, 3)).verdict(), "no")

    def test_memory_is_of_each_worker(self):
        (goal,) = [it for it in goals.of(results.of_all()) if it.name.startswith("resident")]
        # 84 MiB over no filter with four workers; 60 with one.
        self.assertEqual(goal.measured.value, 21)
        self.assertIn("one worker has 60 MiB, and each further one adds 8.0 MiB", goal.note)
