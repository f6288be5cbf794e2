"""What is told of a section's result: on a terminal, in the page, and as a picture."""

import everything
import goals
import native
import scale
from comparisons import SECTIONS
from harness import figures, machine, picture, report
from harness.figures import flat
from harness.tables import Table

# What pictures show, for those who do not see them.
PICTURED = "Bars: CPU time that a request costs over no filter, for empty filters, Envoy's native chain, and Sekisho with more and more features"
GROWN = "Curves: CPU time of a request over no filter, as routes, API keys, WAF rules, workers and bodies grow"


def on_terminal(name, result):
    told = [f"{name}: {how(result)}"]
    if name == "all":
        told += [table.text() for table in tables_of_all(result).values()]
    elif name == "scale":
        told += [table.text() for table in scale.tables(result).values()]
        told.append("\n".join(scale.flatness(result)))
    else:
        told += of_comparison(SECTIONS[name], result)
    return "\n\n".join(told) + "\n"


def how(result):
    plan = result["plan"]
    return (f"{machine.sentence(result['machine'])}; {plan['rounds']} rounds of {plan['seconds']:g} s, shared among {plan['starts']} starts "
            "of each Envoy")


def tables_of_all(result):
    variants = result["variants"]
    return {
        "all": report.costs(variants, everything.NO_FILTER, everything.SDK, "CPU of the gateway's Envoy per request: median (quartiles)"),
        "latency": report.latencies(variants, "Latency in ms: median (least to most of the starts)"),
        "direct": report.costs(
            result["direct"], everything.NO_FILTER, everything.SDK, "The same, answered by the gateway's Envoy itself instead of a backend"),
        "loading": report.loading(result["loading"], "What a document costs to load, one worker"),
        "memory": memory(result["memory"]),
        "goals": goals.table(result),
    }


def memory(told):
    workers = sorted({count for each in told.values() for count in each}, key=int)
    table = Table("resident memory", *(f"{count} worker{'s' * (count != '1')}" for count in workers), title="Memory after serving")
    for label, each in told.items():
        table.row(label, *(f"{each[count]:.0f} MiB" for count in workers))
    return table


def of_comparison(section, result):
    told = []
    for workers in sorted({it["workers"] for it in result["variants"]}):
        those = [it for it in result["variants"] if it["workers"] == workers]
        if section.has_floor:
            floors = ("no filter", "empty, SDK")
            told.append(report.costs(those, *floors, f"{workers} worker{'s' * (workers > 1)}: median (quartiles)").text())
        else:
            told.append(report.waits(those).text())
        if section.added:
            told.append(report.added(those, section.added).text())
    if section.added:
        told.append("p25s: the difference of the quietest quarters; the others are of the differences within a round")
    return told


def in_page(results):
    """What stands between the page's markers, by their names."""
    told = {}
    if result := results.get("all"):
        told["run"] = f"{how(result)}."
        told |= {name: table.markdown() for name, table in tables_of_all(result).items()}
        told["picture"] = f"![{PICTURED}](img/performance.svg)"
        told["native-cannot"] = "\n".join(f"- {it}" for it in native.CANNOT)
    if result := results.get("scale"):
        told["scale-run"] = f"{how(result)}."
        told |= {f"scale-{name}": table.markdown() for name, table in scale.tables(result).items()}
        told["scale-picture"] = f"![{GROWN}](img/scale.svg)"
        told["scale-flat"] = "\n".join(f"- {sentence}" for sentence in scale.flatness(result))
    return told


def pictures(results):
    """The text of each, by its file's name."""
    told = {}
    if result := results.get("all"):
        told["performance.svg"] = picture_of_all(result)
    if result := results.get("scale"):
        told["scale.svg"] = scale.picture_of(result)
    return told


def picture_of_all(result):
    by_label = {it["variant"]: it["cpu_us_per_request"] for it in result["variants"] if not it["absent"]}
    base = by_label.pop(everything.NO_FILTER)
    rows = []
    for label, rounds in by_label.items():
        it = figures.quartiles(flat(figures.added(rounds, base)))
        kind = "native" if label.startswith("native") else "floor" if label.startswith("empty") else "sekisho"
        rows.append((label, kind, it.value, it.low, it.high))
    sdk = figures.median(flat(figures.added(by_label[everything.SDK], base))) if everything.SDK in by_label else 0
    subtitle = (f"µs of CPU that a request costs over no filter: median and middle half of the rounds. {picture.run_of(result)}")
    goal = (2.5 * sdk, "goal for everything: 2.5 empty filters") if sdk > 0 else None
    return picture.bars("What a request costs", subtitle, rows, goal)
