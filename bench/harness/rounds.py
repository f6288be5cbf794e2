"""Rounds: short, and alternating between variants, so that what slows the machine down slows all of them.

They are shared among several starts of each Envoy: where its memory lies is chance, and costs up to ten microseconds a request for as
long as it lives."""

import contextlib
import dataclasses
import pathlib
import re
import statistics
import sys
import tempfile

import invocations
from harness import bootstraps, figures, load
from harness.envoys import Envoy


@dataclasses.dataclass
class Plan:
    """How much is measured."""

    envoy: str
    rounds: int
    starts: int
    seconds: float
    # Requests a second of the load that is the same for all, and how long it is; no latencies where there is none.
    rate: int | None = None
    rate_seconds: float = 2

    def shares(self):
        starts = min(self.starts, self.rounds)
        return [range(self.rounds * n // starts, self.rounds * (n + 1) // starts) for n in range(starts)]

    def described(self):
        keys = ("rounds", "starts", "seconds", "rate", "rate_seconds")
        return {key: getattr(self, key) for key in keys}


def measure(variants, plan, told=""):
    generators = load.choose(any(variant.request.tokens for variant in variants))
    for n, share in enumerate(plan.shares()):
        progress(f"{told}start {n + 1} of {len(plan.shares())}: {len(variants)} Envoys")
        with running(variants, plan.envoy) as measured:
            rounds(measured, plan, generators[0], share, told)
            if plan.rate:
                latencies(measured, plan, generators[1], told)
            for variant in measured:
                variant.end()
    progress("")


@contextlib.contextmanager
def running(variants, envoy):
    """An Envoy for each variant that can be measured, and one behind them that answers."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        scratch = pathlib.Path(scratch)
        upstream = Envoy(envoy, scratch / "upstream", bootstraps.upstream())
        stack.callback(upstream.stop)
        for n, variant in enumerate(variants):
            if variant.module and not variant.module.exists():
                variant.absent = f"no such file: {variant.module}"
            if variant.absent:
                continue
            if variant.event_of:
                variant.request.body = overhear(variant.event_of, envoy, scratch)
            process = Envoy(envoy, scratch / name(n, variant), bootstraps.render(variant, upstream.port, scratch), variant.workers)
            stack.callback(process.stop)
            variant.begin(process)
            variant.absent = variant.probe()
            if variant.absent:
                print(f"\nnot measured: {variant.label}: {variant.absent}", file=sys.stderr)
        yield [variant for variant in variants if not variant.absent]


def rounds(measured, plan, generate, share, told):
    # What is slow the first time is no round's.
    for variant in measured:
        one(variant, generate, min(plan.seconds, 1), keep=False)
    for n in share:
        for variant in measured if n % 2 == 0 else reversed(measured):
            progress(f"{told}round {n + 1} of {plan.rounds}: {variant.label}")
            one(variant, generate, plan.seconds)
            if variant.waits:
                asked = invocations.request(variant.request.path, variant.request.headers, variant.request.body)
                variant.wait_us.append(statistics.median(invocations.latencies(variant.envoy.port, asked)) * 1e6)


def one(variant, generate, seconds, keep=True):
    before = variant.envoy.cpu()
    came = loaded(variant, generate, max(seconds, variant.least_seconds), connections=variant.connections)
    used = variant.envoy.cpu() - before
    if keep:
        variant.cpu[-1].append(used / came.requests * 1e6)
        variant.rps[-1].append(came.rps)


def latencies(measured, plan, generate, told):
    """At the rate that all carry, and at half of what each carries."""
    for variant in measured:
        progress(f"{told}latencies: {variant.label}")
        carried = figures.median(variant.rps[-1])
        if carried < plan.rate:
            print(f"\nnote: {variant.label} carries {carried:.0f} requests a second, and latencies are measured at {plan.rate}\n"
                  f"  help: another rate for all, --rate {int(carried / 200) * 100 or 10}", file=sys.stderr)
        for rate, kept in ((plan.rate, variant.fixed), (carried / 2, variant.half)):
            came = loaded(variant, generate, plan.rate_seconds, rate=rate)
            kept.append({"rate": rate, "reached": came.rps, "p50": came.p50, "p99": came.p99})


def loaded(variant, generate, seconds, **kind):
    came = generate(variant.envoy.port, variant.request, seconds, **kind)
    if came.failed or not came.requests:
        sys.exit(f"error: {variant.label}: {came.failed} of {came.requests} requests failed\n{variant.envoy.log.read_text()[-2000:]}"
                 "  help: a longer --seconds, if there were none")
    if variant.request.tokens:
        variant.request.tokens.sent(came.requests)
    return came


def overhear(variant, envoy, scratch):
    """The event of a variant's request, as its function gets it."""
    with invocations.Overheard() as lambda_:
        process = Envoy(envoy, scratch / name("overheard", variant), bootstraps.render(variant, lambda_.port, scratch))
        try:
            variant.envoy = process
            variant.status(variant.request.headers)
        finally:
            process.stop()
            variant.envoy = None
        return lambda_.event


def name(n, variant):
    return re.sub(r"\W+", "-", f"{n} {variant.label} {variant.workers}")


def progress(text):
    """What goes on, on a terminal; elsewhere one line for a start, so that a log stays short."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif "start " in text or text.startswith("loading"):
        print(text, file=sys.stderr, flush=True)
