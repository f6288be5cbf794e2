"""Results as sections have them, with few rounds and plain figures."""

import everything
import scale
from harness import loading

MACHINE = {"date": "2026-01-31", "envoy": "1.40.0", "cpu": "a CPU", "cores": 2, "memory_gib": 8, "kernel": "6.1", "load_average": 0.1}
PLAN = {"rounds": 4, "starts": 2, "seconds": 0.5, "rate": 1000, "rate_seconds": 2}


def variant(label, *starts, **more):
    latency = {"rate": 1000, "reached": 990.0, "p50": 500.0, "p99": 2_000.0}
    return {
        "variant": label, "workers": 1, "over": None, "absent": None, "module_bytes": None,
        "cpu_us_per_request": [list(rounds) for rounds in starts], "requests_per_second": [[9_000.0] * len(rounds) for rounds in starts],
        "fixed_rate": [latency] * len(starts), "half_of_saturation": [latency] * len(starts), "wait_us": [],
        "start_seconds": [0.5] * len(starts), "start_cpu_seconds": [0.4] * len(starts), "rss_mib": [100.0] * len(starts),
    } | more


def loaded(label, stall=20.0):
    return {"label": label, "start_seconds": [1.2, 1.4], "start_cpu_seconds": [1.0, 1.2], "reload_seconds": [0.3],
            "reload_cpu_seconds": [0.1], "module_cpu_seconds": [0.9], "stall_ms": [stall], "usual_ms": [1.0], "rss_mib": [150.0]}


def of_all():
    """No filter costs 80 and then 90 µs; the others, that and what is said here."""
    over = {
        everything.SDK: 10, everything.ABI: 5, everything.NATIVE: 100, everything.NATIVE_CACHED: 20, everything.SIMPLEST: 12,
        everything.EVERYTHING: 24, everything.UNLEASED: 50, everything.COLD: 64,
    }
    none = variant(everything.NO_FILTER, [80, 81], [90, 91])
    others = [variant(label, [80 + it, 81 + it], [90 + it, 91 + it]) for label, it in over.items()]
    return {
        "machine": MACHINE, "plan": PLAN, "variants": [none, *others], "direct": [none, others[0]], "module_bytes": 1_400_000,
        "loading": [loaded(loading.SMALL), loaded(loading.LARGE, stall=60.0)],
        "memory": {everything.NO_FILTER: {"1": 60.0, "4": 64.0}, everything.EVERYTHING: {"1": 120.0, "4": 148.0}},
    }


def of_scale():
    curves = {}
    for name, curve in scale.CURVES.items():
        floors = [curve.floor(n)[0] for n in curve.points]
        rising = 0 if curve.shall_be_flat else 10
        curves[name] = {
            "points": list(curve.points), "floors": floors,
            "variants": [variant(label, [80, 82, 84]) for label in dict.fromkeys(floors)]
            + [variant(f"{at:,}", [95 + n * rising, 96 + n * rising, 99 + n * rising]) for n, at in enumerate(curve.points)],
            "loading": [loaded(f"{at:,} {curve.title}") for at in curve.points if curve.document],
        }
    return {"machine": MACHINE, "plan": PLAN, "curves": curves}
