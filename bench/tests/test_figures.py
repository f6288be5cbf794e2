import unittest

from harness import figures
from harness.figures import Spread
from harness.tables import Table, number, spread


class Figures(unittest.TestCase):
    def test_quartiles_are_between_values(self):
        self.assertEqual([figures.quartile([1, 2, 3, 4, 5], n) for n in (1, 2, 3)], [2, 3, 4])
        self.assertEqual(figures.quartile([7], 3), 7)
        self.assertEqual(figures.quartile([], 2), 0)

    def test_differences_are_within_a_round(self):
        self.assertEqual(figures.added([[5, 9], [4]], [[1, 2], [3]]), [[4, 7], [1]])

    def test_a_spread_is_that_of_starts(self):
        self.assertEqual(figures.of_starts([[1, 2, 3], [7, 8, 9]]), Spread(5, 2, 8))

    def test_ratios_are_of_medians(self):
        self.assertEqual(figures.ratio([[20, 20], [30, 30]], [[10, 10], [10, 10]]), Spread(2.5, 2, 3))

    def test_what_costs_nothing_divides_nothing(self):
        self.assertIsNone(figures.ratio([[1]], [[0]]))
        self.assertIsNone(figures.ratio([[1]], [[-2]]))


class Tables(unittest.TestCase):
    def test_a_table_is_text_and_markdown(self):
        table = Table("what", "µs", title="Costs")
        table.row("a | b", number(-1234.56))
        table.row("c")
        self.assertEqual(table.text(), "Costs\n\nwhat         µs\n─────  ────────\na | b  −1,234.6\nc")
        self.assertEqual(table.markdown(), "| what | µs |\n| --- | ---: |\n| a \\| b | −1,234.6 |\n| c |  |")

    def test_a_spread_is_told_in_brackets(self):
        self.assertEqual(spread(Spread(1, 0.5, 2)), "1.0 (0.5 to 2.0)")
        self.assertEqual(spread(None), "–")
