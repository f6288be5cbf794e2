"""Tables of what variants cost."""

from harness import figures
from harness.figures import flat, quartile
from harness.tables import Table, number, spread


def costs(variants, floor, empty, title=""):
    """CPU of a request, and what of it is over no filter in the same round, as multiples of an empty filter too."""
    by_label = {it["variant"]: it["cpu_us_per_request"] for it in variants if not it["absent"]}
    base = by_label.get(floor)
    sdk = figures.added(by_label[empty], base) if base and empty in by_label else None
    table = Table("variant", "µs a request", "over no filter", "× SDK", "requests/s", "RSS", "start, CPU", title=title)
    for it in variants:
        if it["absent"]:
            table.row(it["variant"], f"not measured: {it['absent']}")
            continue
        added = figures.added(it["cpu_us_per_request"], base) if base else None
        ratio = figures.ratio(added, sdk) if added and sdk else None
        is_floor = it["variant"] == floor
        table.row(
            it["variant"],
            spread(figures.quartiles(flat(it["cpu_us_per_request"]))),
            "" if is_floor or not added else spread(figures.quartiles(flat(added))),
            "" if is_floor or not ratio else number(ratio.value, 2),
            number(figures.median(flat(it["requests_per_second"])), 0),
            f"{figures.median(it['rss_mib']):.0f} MiB",
            f"{figures.median(it['start_cpu_seconds']):.2f} s",
        )
    return table


def latencies(variants, title=""):
    """What clients wait, under the rate that is the same for all and under half of what each carries: medians of the starts, in ms."""
    rate = next((it["fixed_rate"][0]["rate"] for it in variants if it["fixed_rate"]), 0)
    table = Table("variant", f"{rate:,}/s: p50", "p99", "half of saturation", "p50", "p99", title=title)
    for it in variants:
        if it["absent"] or not it["fixed_rate"]:
            continue
        told = []
        for key in ("fixed_rate", "half_of_saturation"):
            loads = it[key]
            if key == "half_of_saturation":
                told.append(f"{number(figures.median([load['reached'] for load in loads]), 0)}/s")
            told += [milliseconds([load[n] for load in loads]) for n in ("p50", "p99")]
        table.row(it["variant"], *told)
    return table


def milliseconds(values):
    known = [value / 1e3 for value in values if value is not None]
    if not known:
        return "–"
    return spread(figures.Spread(figures.median(known), min(known), max(known)), 2)


def loading(costs_of_loading, title=""):
    heads = ("start, CPU", "start", "reload, CPU", "reload", "another module, CPU", "stall of a worker", "longest without", "RSS after")
    table = Table("document", *heads, title=title)
    durations = ("start_cpu_seconds", "start_seconds", "reload_cpu_seconds", "reload_seconds", "module_cpu_seconds")
    for it in costs_of_loading:
        seconds = [f"{figures.median(it[key]):.2f} s" for key in durations]
        stalls = [f"{figures.median(it[key]):.0f} ms" for key in ("stall_ms", "usual_ms")]
        table.row(it["label"], *seconds, *stalls, f"{figures.median(it['rss_mib']):.0f} MiB")
    return table


def added(variants, told):
    """What something alone costs: the difference from the same request without it, in the same round."""
    by_label = {it["variant"]: it["cpu_us_per_request"] for it in variants if not it["absent"]}
    table = Table(told, "p25s", "p25", "median", "p75", "over")
    for it in variants:
        if it["absent"] or it["over"] not in by_label:
            continue
        without, mine = by_label[it["over"]], it["cpu_us_per_request"]
        deltas = flat(figures.added(mine, without))
        quiet = quartile(flat(mine), 1) - quartile(flat(without), 1)
        table.row(it["variant"], *(number(value) for value in (quiet, *(quartile(deltas, n) for n in (1, 2, 3)))), it["over"])
    return table


def waits(variants):
    """CPU time of a request, and what one client waits for it: quartiles of the rounds, and of their medians."""
    table = Table("variant", "µs a request", "µs that one client waits", "RSS")
    for it in variants:
        if it["absent"]:
            table.row(it["variant"], f"not measured: {it['absent']}")
            continue
        costs_ = (spread(figures.quartiles(values)) for values in (flat(it["cpu_us_per_request"]), it["wait_us"]))
        table.row(it["variant"], *costs_, f"{figures.median(it['rss_mib']):.0f} MiB")
    return table
