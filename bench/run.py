#!/usr/bin/env python3
"""What a request costs, in sections. Each measures its variants side by side: rounds are short and alternate between them.

all       the whole gateway, from its simplest route to everything, beside no filter, empty filters and Envoy's native chain; and
          whether the goals are met. The only one that runs if none is named
scale     the same request as routes, keys, rules, workers and bodies grow
filters   no filter, empty filters, and Sekisho with few routes and with many
jwt       JWT authorization, and Envoy's native `jwt_authn`, of one token and of tokens that never come again
throttle  API keys, buckets and quotas, and Envoy's native filters, with one worker and with two
lambda    a function behind Sekisho, its Invoke API behind an Envoy that only forwards, and a backend; and what one client waits
waf       web ACLs of ten rules, of a hundred, and of managed groups
observe   metrics, access logs, execution logs, and Envoy's own access log

A round's cost is the CPU time that the variant's Envoy used, over the requests that were answered. CPU time and not latency, because
machines are shared; medians and quartiles and not means, because neighbours are noisy. Compare figures of one run only.

    bench/run.py [SECTION…] [--rounds N] [--starts N] [--seconds S] [--json FILE] [--write] [--no-build]
    bench/run.py --from FILE [--write]                    tells of a run that was kept

Needs Envoy ($ENVOY_BIN, on PATH, or under target/), cargo with the target wasm32-wasip1, and wrk for load (Debian: `wrk`; without it a
small generator takes its place). Nothing is fetched but crates. How to read the tables: docs/performance.md.
"""

import argparse
import json
import pathlib
import sys

import comparisons
import everything
import scale
import telling
from harness import machine, page, places, rounds

PAGE = places.ROOT / "docs/performance.md"
PICTURES = places.ROOT / "docs/img"
NAMES = ["all", "scale", *comparisons.SECTIONS]
ROUNDS = {"all": 12, "scale": 6} | {name: section.rounds for name, section in comparisons.SECTIONS.items()}


def main():
    options = parse_arguments()
    results = {}
    for file in options.told:
        results |= json.loads(pathlib.Path(file).read_text())
    if not options.told:
        envoy = places.envoy()
        if not options.no_build:
            places.build()
        places.check_built()
        for name in options.sections or ["all"]:
            results[name] = measured(name, envoy, options)
            if options.json:
                pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
            print(telling.on_terminal(name, results[name]), flush=True)
    else:
        for name, result in results.items():
            print(telling.on_terminal(name, result))
    if options.write:
        write(results)


def measured(name, envoy, options):
    described = machine.described(envoy)
    plan = rounds.Plan(envoy, options.rounds or ROUNDS[name], options.starts, options.seconds)
    if name == "all":
        plan.rate, plan.rate_seconds = options.rate, 2 * options.seconds
        result = everything.measure(plan, options)
    elif name == "scale":
        result = scale.measure(plan, options)
    else:
        variants = list(comparisons.SECTIONS[name].plan(options))
        rounds.measure(variants, plan)
        result = {"variants": [variant.told() for variant in variants]}
    return {"machine": described, "plan": plan.described()} | result


def write(results):
    """The page's figures and its pictures; what else stands in the page is not touched."""
    PICTURES.mkdir(exist_ok=True)
    for name, text in telling.pictures(results).items():
        (PICTURES / name).write_text(text)
    try:
        PAGE.write_text(page.replaced(PAGE.read_text(), telling.in_page(results)))
    except page.NoMarker as problem:
        sys.exit(f"error: {PAGE}: {problem}\n  help: `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`, where they shall stand")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, help=f"{', '.join(f'{count} of {name}' for name, count in ROUNDS.items())}, where nothing is said")
    parser.add_argument("--starts", type=int, default=3, help="of each Envoy, which share the rounds")
    parser.add_argument("--seconds", type=float, default=0.5, help="of load, for each variant in each round")
    parser.add_argument("--rate", type=int, default=1000, help="requests a second at which the latencies of all variants are measured")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="of each Envoy, in the section `throttle`")
    parser.add_argument("--routes", type=int, nargs="*", default=[10, 10_000], help="in the section `filters`")
    parser.add_argument("--module", action="append", default=[], metavar="LABEL=FILE", help="one more module of Sekisho, in the named "
                        "comparisons; `sekisho=FILE` is measured in the place of the one that was built")
    parser.add_argument("--json", metavar="FILE", help="keep every round's figures here")
    parser.add_argument("--from", dest="told", nargs="+", default=[], metavar="FILE", help="measure nothing: tell of runs kept by --json")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md, and draw docs/img/*.svg")
    parser.add_argument("--no-build", action="store_true", help="take what is built as it is")
    options = parser.parse_args()
    for unknown in set(options.sections) - set(NAMES):
        parser.error(f"no section is named `{unknown}`: they are {', '.join(NAMES)}")
    if options.seconds <= 0 or options.starts < 1 or (options.rounds is not None and options.rounds < 1):
        parser.error("--seconds, --starts and --rounds are more than nothing")
    options.modules = modules(parser, options.module)
    return options


def modules(parser, named):
    """Sekisho's, by their labels."""
    told = {"sekisho": places.module()}
    for it in named:
        label, equals, file = it.partition("=")
        if not equals:
            parser.error(f"--module {it}: LABEL=FILE")
        told[label] = pathlib.Path(file).absolute()
        if not told[label].exists():
            parser.error(f"--module {it}: there is no such file")
    return list(told.items())


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        # Whoever interrupts it knows why; all processes that it started have ended by now.
        sys.exit(130)
