"""The section `scale`: what becomes of a request's cost, of memory and of loading, as documents, workers and bodies grow."""

import dataclasses

import firewall
import limits
from documents import HEADERS, Gateway
from harness import figures, loading, picture, report, rounds
from harness.figures import flat
from harness.tables import Table, number, spread
from harness.traffic import Request
from harness.variants import PATH, Variant

BUCKETS = {"route": limits.LEASED, "plan": limits.LEASED}


@dataclasses.dataclass(frozen=True)
class Curve:
    """One thing that grows, everything else staying as it is."""

    title: str
    # What the filter adds to a request should not grow with it.
    shall_be_flat: bool
    points: tuple
    # The variant of a point, and what it is compared with; the latter's label is the same where one is enough for all points.
    variant: object
    floor: object
    # The document of a point, where loading it is measured, too.
    document: object = None


def routes(count):
    return Gateway(routes=count)


def keys(count):
    return Gateway(limits=limits.Limits(keys=count, **BUCKETS))


def rules(count):
    """The cheapest rules that look at a request: where its path begins. 2 WCU each, so that a thousand are 2,000 of AWS's 5,000."""
    starts_with = lambda n: firewall.text({"UriPath": {}}, f"/forbidden-{n}", "STARTS_WITH", firewall.steps("NONE"))
    return Gateway(acl=[firewall.rule(n, starts_with(n)) for n in range(count)])


def served(gateway, path=PATH):
    """A variant of Sekisho, by its point's label."""
    request = Request(path, HEADERS | limits.HEADER)
    return lambda label, module: Variant(label, module, gateway, decides=True, request=request)


def unfiltered(label):
    return Variant(label, request=Request(PATH, HEADERS | limits.HEADER))


def working(count):
    several = {"workers": count, "connections": max(16, 8 * count)}
    return lambda label, module: dataclasses.replace(served(keys(10))(label, module), **several)


def uploading(size):
    request = Request(PATH, HEADERS | {"content-type": "application/octet-stream"}, b"x" * size)
    # Of large bodies few are finished in a short round, and those that are not have cost something, too.
    several = {"request": request, "connections": 16 if size < 1_000_000 else 4, "least_seconds": size / 5_000_000}
    return lambda label, module: Variant(label, module, Gateway(method="POST"), decides=module is not None, **several)


CURVES = {
    "routes": Curve("routes", True, (10, 100, 1_000, 10_000), lambda n: served(routes(n), f"/r{n * 7 // 10}/42?expand=lines"),
                    lambda n: ("no filter", unfiltered), routes),
    "keys": Curve("API keys", True, (10, 1_000, 10_000, 100_000), lambda n: served(keys(n)), lambda n: ("no filter", unfiltered), keys),
    "rules": Curve("WAF rules", False, (1, 10, 100, 1_000), lambda n: served(rules(n)), lambda n: ("no filter", unfiltered), rules),
    "workers": Curve("workers on three leased buckets", True, (1, 2, 4, 8), working,
                     lambda n: (f"no filter, {n}", lambda label: dataclasses.replace(unfiltered(label), workers=n, connections=max(16, 8 * n)))),
    "bodies": Curve("bytes of a body", False, (1_000, 10_000, 100_000, 1_000_000, 10_000_000), uploading,
                    lambda n: (f"no filter, {n:,}", lambda label: uploading(n)(label, None))),
}


def measure(plan, options):
    module, told = options.modules[0][1], {}
    for name, curve in CURVES.items():
        floors = {label: make(label) for label, make in map(curve.floor, curve.points)}
        points = [curve.variant(n)(f"{n:,}", module) for n in curve.points]
        rounds.measure([*floors.values(), *points], plan, f"{name}, ")
        told[name] = {
            "points": list(curve.points),
            "floors": [curve.floor(n)[0] for n in curve.points],
            "variants": [variant.told() for variant in (*floors.values(), *points)],
            "loading": [
                loading.measure(f"{n:,} {curve.title}", curve.document(n), module, plan.envoy, min(plan.starts, 2))
                for n in curve.points if curve.document
            ],
        }
    return {"curves": told}


# === telling ===


class Point:
    """What a point of a curve cost."""

    def __init__(self, told, n):
        by_label = {it["variant"]: it for it in told["variants"] if not it["absent"]}
        self.n = told["points"][n]
        mine, floor = by_label[f"{self.n:,}"], by_label[told["floors"][n]]
        self.cost = figures.quartiles(flat(mine["cpu_us_per_request"]))
        self.added = figures.quartiles(flat(figures.added(mine["cpu_us_per_request"], floor["cpu_us_per_request"])))
        self.rps = figures.median(flat(mine["requests_per_second"]))
        self.rss, self.floor_rss = (figures.median(it["rss_mib"]) for it in (mine, floor))
        self.start = figures.median(mine["start_cpu_seconds"])
        self.loading = told["loading"][n] if told["loading"] else None


def points(told):
    labels = {it["variant"] for it in told["variants"] if not it["absent"]}
    return [Point(told, n) for n, at in enumerate(told["points"]) if {f"{at:,}", told["floors"][n]} <= labels]


def tables(result):
    told = {}
    for name, curve in result["curves"].items():
        table = Table(CURVES[name].title, "µs a request", "over no filter", *MORE[name][0], title=f"{CURVES[name].title}: median (quartiles)")
        for point in points(curve):
            table.row(f"{point.n:,}", spread(point.cost), spread(point.added), *MORE[name][1](point))
        told[name] = table
    loads = [it for curve in result["curves"].values() for it in curve["loading"]]
    told["loading"] = report.loading(loads, "What documents cost to load, one worker")
    return told


def memory(point):
    return [f"{point.rss:.0f} MiB", f"{point.rss - point.floor_rss:.0f} MiB"]


# What a curve's table has besides: its heads, and the cells of a point.
MORE = {name: (["RSS", "over no filter"], memory) for name in ("routes", "keys", "rules")} | {
    "workers": (["RSS", "over no filter, a worker", "requests/s"], lambda point: [
        f"{point.rss:.0f} MiB", f"{(point.rss - point.floor_rss) / point.n:.1f} MiB", number(point.rps, 0)]),
    "bodies": (["a MB, over no filter", "MB/s"], lambda point: [
        f"{number(point.added.value / point.n * 1e6, 0)} µs" if point.n >= 100_000 else "", number(point.rps * point.n / 1e6, 0)]),
}


def is_flat(first, last):
    """Whether the last point adds no more than the first one, as far as this run can tell."""
    noise = max(point.added.high - point.added.low for point in (first, last))
    return last.added.value - first.added.value <= max(noise, first.added.value / 10)


def flatness(result):
    """A sentence for each curve."""
    for name, curve in result["curves"].items():
        told = points(curve)
        if len(told) < 2:
            continue
        first, last = told[0], told[-1]
        verdict = "flat" if is_flat(first, last) else "grows"
        if CURVES[name].shall_be_flat and verdict == "grows":
            verdict = "grows, and should be flat"
        yield (f"{CURVES[name].title}, {first.n:,} → {last.n:,}: {verdict}. {number(first.added.value)} → {number(last.added.value)} µs "
               f"a request over no filter{loaded(first, last)}.")


def loaded(first, last):
    if not last.loading:
        return ""
    middle = lambda point, key: figures.median(point.loading[key])
    return (f"; a worker stalls {middle(first, 'stall_ms'):.0f} → {middle(last, 'stall_ms'):.0f} ms at a reload, which takes "
            f"{middle(first, 'reload_cpu_seconds'):.2f} → {middle(last, 'reload_cpu_seconds'):.2f} s of a core; "
            f"{first.rss - first.floor_rss:.0f} → {last.rss - last.floor_rss:.0f} MiB over no filter")


def picture_of(result):
    panels = []
    for name, curve in result["curves"].items():
        told = points(curve)
        panels.append((CURVES[name].title, "µs a request over no filter", [ticked(it.n) for it in told], [it.added.value for it in told]))
    told = points(result["curves"]["keys"])
    panels.append(("API keys", "ms that a worker stalls at a reload", [ticked(it.n) for it in told],
                   [figures.median(it.loading["stall_ms"]) for it in told]))
    return picture.curves("As it grows", f"Medians. {picture.run_of(result)}", panels)


def ticked(n):
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if n >= size:
            return f"{n // size}{letter}"
    return str(n)
