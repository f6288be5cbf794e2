"""The goals of the whole gateway, and whether a run of the section `all` meets them."""

import dataclasses

import everything
from harness import figures, loading
from harness.figures import Spread
from harness.tables import Table, number


@dataclasses.dataclass
class Goal:
    name: str
    # At most so much.
    limit: float
    unit: str
    digits: int
    measured: Spread | None
    # What else belongs to the figure.
    note: str = ""

    @property
    def met(self):
        if self.measured is None:
            return "not measured"
        return "yes" if self.measured.value <= self.limit else "no"

    @property
    def is_certain(self):
        """Whether the whole spread is on one side of the limit."""
        return self.measured is not None and (self.measured.high <= self.limit or self.measured.low > self.limit)

    def verdict(self):
        return self.met if self.is_certain or self.measured is None else f"{self.met}, within the spread"

    def told(self, value):
        return f"{number(value, self.digits)}{self.unit}"

    def figure(self):
        if self.measured is None:
            return "–"
        it = self.measured
        spread = "" if it.low == it.high else f" ({number(it.low, self.digits)} to {number(it.high, self.digits)})"
        return f"{self.told(it.value)}{spread}{f'; {self.note}' if self.note else ''}"


def of(result):
    return [*of_requests(result), *of_loading(result), memory(result)]


def of_requests(result):
    cpu = {it["variant"]: it["cpu_us_per_request"] for it in result["variants"] if not it["absent"]}
    base = cpu.get(everything.NO_FILTER)
    added = lambda label: figures.added(cpu[label], base) if base and label in cpu else None

    def times(label, of, limit):
        a, b = added(label), added(of)
        return Goal(f"{label}, times what {of} adds", limit, " ×", 2, figures.ratio(a, b) if a and b else None)

    yield times(everything.EVERYTHING, everything.SDK, 2.5)
    yield times(everything.UNLEASED, everything.SDK, 4.5)
    yield times(everything.EVERYTHING, everything.NATIVE, 0.4)
    yield times(everything.EVERYTHING, everything.NATIVE_CACHED, 1.5)
    yield times(everything.SIMPLEST, everything.SDK, 1.25)
    both = everything.COLD in cpu and everything.EVERYTHING in cpu
    cold = figures.of_starts(figures.added(cpu[everything.COLD], cpu[everything.EVERYTHING])) if both else None
    yield Goal("a cold RS256 token, over a cached one", 45, " µs", 1, cold)


def of_loading(result):
    size = result["module_bytes"]
    yield Goal("module", 1.5, " MB", 2, Spread(size / 1e6, size / 1e6, size / 1e6))
    by_label = {it["label"]: it for it in result["loading"]}
    small, large = by_label.get(loading.SMALL), by_label.get(loading.LARGE)
    told = lambda it, key: figures.quartiles(it[key]) if it else None
    yield Goal("start with 300 routes, seconds of one core", 2, " s", 2, told(small, "start_cpu_seconds"))
    yield Goal("reload with 300 routes, seconds of one core", 2, " s", 2, told(small, "reload_cpu_seconds"))
    yield Goal("reload with 300 routes and another module, seconds of one core", 2, " s", 2, told(small, "module_cpu_seconds"))
    usual = f"without a reload the longest answer took {number(figures.median(large['usual_ms']), 0)} ms" if large else ""
    yield Goal("stall of a worker at a reload, 10,000 routes and 100,000 keys", 50, " ms", 0, told(large, "stall_ms"), usual)


def memory(result):
    """Of each of several workers, what they share included: code is compiled once, and the main thread has a filter, too."""
    few, many = map(str, loading.WORKERS)
    name = f"resident memory over no filter, of each of {many} workers, 300 routes"
    plain, full = result["memory"].get(everything.NO_FILTER), result["memory"].get(everything.EVERYTHING)
    if not plain or not full or not {few, many} <= full.keys() & plain.keys():
        return Goal(name, 35, " MiB", 1, None)
    over = {workers: full[workers] - plain[workers] for workers in (few, many)}
    one_more = (over[many] - over[few]) / (int(many) - int(few))
    each = over[many] / int(many)
    note = f"one worker has {number(over[few], 0)} MiB, and each further one adds {number(one_more)} MiB"
    return Goal(name, 35, " MiB", 1, Spread(each, each, each), note)


def at_half(result):
    loads = [load for it in result["variants"] if it["variant"] == everything.EVERYTHING for load in it["half_of_saturation"]]
    known = [load for load in loads if load["p99"] is not None]
    if not known:
        return "–"
    each = figures.quartiles([load["p99"] / 1e3 for load in known])
    rate = figures.median([load["reached"] for load in known])
    return f"{number(each.value)} ms ({number(each.low)} to {number(each.high)}) at {number(rate, 0)}/s"


def table(result):
    told = Table("goal", "at most", "measured", "met?", title="Goals")
    for goal in of(result):
        told.row(goal.name, goal.told(goal.limit), goal.figure(), goal.verdict())
    told.row("99 % of requests at half of saturation, everything, are answered within", "told only", at_half(result), "")
    return told
