import unittest
import xml.etree.ElementTree as xml

import scale
import telling
from harness import page, picture, places
from tests import results


class Page(unittest.TestCase):
    def test_figures_are_replaced_and_words_are_not(self):
        text = "by hand\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nby hand <!-- bench:b --><!-- /bench:b -->\n"
        self.assertEqual(
            page.replaced(text, {"a": "1\n", "b": "\\1"}),
            "by hand\n<!-- bench:a -->\n1\n<!-- /bench:a -->\nby hand <!-- bench:b -->\n\\1\n<!-- /bench:b -->\n",
        )

    def test_figures_without_a_place_are_refused(self):
        for text in ("", "<!-- bench:a --><!-- /bench:a -->" * 2, "<!-- bench:a -->"):
            with self.assertRaises(page.NoMarker):
                page.replaced(text, {"a": "1"})

    def test_the_page_has_a_place_for_each_figure(self):
        both = {"all": results.of_all(), "scale": results.of_scale()}
        told = telling.in_page(both)
        text = page.replaced((places.ROOT / "docs/performance.md").read_text(), told)
        for name, figures in told.items():
            self.assertIn(figures, text, name)
        self.assertEqual(text.count("<!-- bench:"), len(told))


class Pictures(unittest.TestCase):
    def test_pictures_are_xml_that_tells_everything(self):
        told = telling.pictures({"all": results.of_all(), "scale": results.of_scale()})
        self.assertEqual(list(told), ["performance.svg", "scale.svg"])
        for text in told.values():
            xml.fromstring(text)
        self.assertIn(">24.0</text>", told["performance.svg"])
        self.assertIn("goal for everything", told["performance.svg"])
        for curve in scale.CURVES.values():
            self.assertIn(f">{curve.title}</text>", told["scale.svg"])

    def test_names_are_escaped_and_bars_are_as_long_as_their_figures(self):
        drawn = xml.fromstring(picture.bars("a < b", "", [("x & y", "floor", 5, 4, 6), ("z", "sekisho", 10, 10, 10)]))
        widths = [float(it.get("width")) for it in drawn.iter("{http://www.w3.org/2000/svg}rect")][1:]
        self.assertAlmostEqual(widths[1], 2 * widths[0])
        self.assertEqual(widths[1], picture.WIDTH - picture.LEFT - picture.RIGHT)


class Telling(unittest.TestCase):
    def test_latency_at_half_of_saturation_is_told(self):
        self.assertIn("2.0 ms (2.0 to 2.0) at 990/s", telling.on_terminal("all", results.of_all()))

    def test_curves_say_whether_they_are_flat(self):
        told = list(scale.flatness(results.of_scale()))
        self.assertEqual(len(told), len(scale.CURVES))
        verdicts = [sentence.partition(": ")[2].partition(".")[0] for sentence in told]
        self.assertEqual(verdicts, ["flat", "flat", "grows", "flat", "grows"])

    def test_every_section_is_told_on_a_terminal(self):
        self.assertIn("2 cores", telling.on_terminal("all", results.of_all()))
        self.assertIn("flat", telling.on_terminal("scale", results.of_scale()))
        some = [results.variant("no filter", [1, 2]), results.variant("x", [3, 5], over="no filter"), results.variant("y", absent="why")]
        told = telling.on_terminal("observe", {"machine": results.MACHINE, "plan": results.PLAN, "variants": some})
        self.assertIn("not measured: why", told)
