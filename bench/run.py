#!/usr/bin/env python3
"""What a request costs, in sections that are measured one after the other, each of variants side by side:

filters: no filter, an empty filter on the SDK, one on the bare ABI, and Sekisho;
jwt: JWT authorization by Sekisho and by Envoy's native `jwt_authn`, of a token that is always the same and of tokens that
never come again before caches forget them;
throttle: API keys, buckets and quotas by Sekisho, and Envoy's native `api_key_auth` and `local_ratelimit`, with one worker and
with two; and what a hundred thousand keys take to load;
lambda: a Lambda function behind Sekisho, its Invoke API behind an Envoy that only forwards the same event, and a backend behind
Sekisho, of a GET and of a POST; and what one client waits for each;
waf: Sekisho without a web ACL, and with those of `firewall.py`, of a GET and of a POST that nothing is wrong with;
observe: Sekisho that tells nothing of requests, with its metrics by stage and by route, with an access log, with execution logs;
and Envoy alone, with its own access log.

Each variant is an Envoy of its own, with one worker where nothing else is said; all stand in front of one more Envoy that
answers. Sekisho's are configured by `sekisho render`; the others have the same listener, route and cluster, with other filters
or none. Rounds are short and alternate between the variants; a round's cost is the CPU time that its Envoy used (the CPU clock
of its process) over the requests that were answered. CPU time and not latency, because machines are shared; quartiles and
medians and not means, because neighbours are noisy. Compare figures of one run only.

    ENVOY_BIN=/path/to/envoy bench/run.py [filters] [jwt] [throttle] [lambda] [waf] [observe] [--rounds 40] [--seconds 1]
                                          [--json FILE] [--module LABEL=FILE.wasm]

Needs: Envoy in ENVOY_BIN or on PATH, cargo with the wasm32-wasip1 target, and wrk or h2load for load (Debian: `wrk`,
`nghttp2-client`); without either a small generator in Python takes their place, which is slower but counts the same.
The section `jwt` needs the Python package `cryptography` too, and of wrk and h2load it can use wrk only.
How to read the table: docs/performance.md.
"""

import argparse
import dataclasses
import hashlib
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import firewall
import invocations
import limits
import observe
import tokens

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = "wasm32-wasip1/release"
# What a browser sends, so that reading a head costs what it costs.
HEADERS = {
    "accept": "application/json, text/plain, */*",
    "accept-encoding": "gzip, deflate, br",
    "accept-language": "en-GB,en;q=0.9,ja;q=0.8",
    "authorization": "Bearer 0123456789abcdef0123456789abcdef",
    "cache-control": "no-cache",
    "origin": "https://app.example.com",
    "pragma": "no-cache",
    "referer": "https://app.example.com/orders/42",
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "sec-fetch-dest": "empty",
    "sec-fetch-mode": "cors",
    "sec-fetch-site": "same-site",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
}


def main():
    args = parse_arguments()
    installed = sorted(ROOT.glob("target/envoy/*/envoy"))
    envoy = os.environ.get("ENVOY_BIN") or shutil.which("envoy") or (str(installed[-1]) if installed else None)
    if not envoy:
        sys.exit("error: no Envoy\n  help: `sekisho demo --once` installs one under target/, or set ENVOY_BIN")
    if not args.no_build:
        build()
    sections = {}
    for name in args.sections or SECTIONS:
        section = SECTIONS[name]
        rounds = args.rounds or section.rounds
        variants = list(section.plan(args))
        starts = min(args.starts, rounds)
        measure(variants, envoy, choose_generator(any(variant.tokens for variant in variants)), rounds, starts, args.seconds)
        print(f"\n{name}: CPU of the gateway's Envoy per request, µs; {rounds} rounds of {args.seconds} s, {starts} starts of each Envoy")
        for workers in sorted({variant.workers for variant in variants}):
            print(f"\n{workers} worker{'s' * (workers > 1)}\n")
            those = [variant for variant in variants if variant.workers == workers]
            if section.has_floor:
                report(those)
            else:
                report_costs(those)
            report_added(section.added, those)
        sections[name] = variants
        if name == "throttle":
            report_loading(variants)
    if args.json:
        write_json(sections, args.json)


def measure(variants, envoy, generate, rounds, starts, seconds):
    """Shares the rounds among several starts of each Envoy: where its memory lies is chance, and costs up to ten microseconds a request."""
    for start in range(starts):
        share = range(rounds * start // starts, rounds * (start + 1) // starts)
        measure_start(variants, envoy, generate, share, rounds, seconds)


def measure_start(variants, envoy, generate, share, rounds, seconds):
    """Starts an Envoy for each variant, and sends load to one after the other, again and again."""
    with tempfile.TemporaryDirectory() as scratch:
        processes = []
        try:
            upstream = Envoy(envoy, scratch, "upstream", upstream_bootstrap())
            processes.append(upstream)
            for variant in variants:
                if variant.module and not variant.module.exists():
                    variant.absent = f"no such file: {variant.module}"
                if variant.absent:
                    continue
                if variant.event_of:
                    variant.body = overhear(variant.event_of, envoy, scratch)
                bootstrap = render(variant, gateway_document(variant, upstream.port), scratch)
                name = re.sub(r"\W+", "-", f"{variant.label} {variant.workers}")
                variant.envoy = Envoy(envoy, scratch, name, bootstrap, variant.workers)
                processes.append(variant.envoy)
                variant.absent = variant.probe()
            measured = [variant for variant in variants if not variant.absent]
            for variant in measured:
                variant.round(generate, 1, keep=False)
            for n in share:
                for variant in measured if n % 2 == 0 else reversed(measured):
                    variant.round(generate, seconds)
                    variant.wait_alone()
                progress(n + 1, rounds)
            for variant in measured:
                variant.end()
        finally:
            for process in processes:
                process.stop()


def overhear(variant, envoy, scratch):
    """The event of a variant's request, as its function gets it."""
    with invocations.Overheard() as lambda_:
        name = re.sub(r"\W+", "-", f"overheard {variant.label}")
        process = Envoy(envoy, scratch, name, render(variant, gateway_document(variant, lambda_.port), scratch))
        try:
            variant.envoy = process
            variant.status(variant.headers)
        finally:
            process.stop()
            variant.envoy = None
        return lambda_.event


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; all of them if none is named")
    parser.add_argument("--rounds", type=int, help="40, and 12 of the many variants of `throttle`, where nothing is said")
    parser.add_argument("--starts", type=int, default=4, help="of each Envoy, which share the rounds")
    parser.add_argument("--seconds", type=int, default=1, help="of load, for each variant in each round")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="of each Envoy, in the section `throttle`")
    parser.add_argument("--routes", type=int, nargs="*", default=[10, 10_000])
    parser.add_argument("--module", action="append", default=[], metavar="LABEL=FILE", help="one more module of Sekisho")
    parser.add_argument("--json", metavar="FILE", help="write every round's figures here")
    parser.add_argument("--no-build", action="store_true", help="take the modules as they are")
    args = parser.parse_args()
    for unknown in set(args.sections) - set(SECTIONS):
        parser.error(f"no section is named {unknown}: they are {', '.join(SECTIONS)}")
    return args


def build():
    run = lambda cwd, *command: subprocess.run(command, cwd=cwd, check=True)
    run(ROOT, "cargo", "--quiet", "wasm")
    run(ROOT, "cargo", "--quiet", "build", "--release", "-p", "sekisho-cli")
    run(ROOT / "bench/filters", "cargo", "--quiet", "build", "--release", "--target", "wasm32-wasip1")


def target():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def built(name):
    return ROOT / "bench/filters/target" / TARGET / name


def sekisho():
    return target() / TARGET / "sekisho.wasm"


def modules(args):
    """Sekisho's, by their labels."""
    return [("sekisho", sekisho()), *others(args)]


def others(args):
    named = [module.partition("=") for module in args.module]
    return [(label, pathlib.Path(file).absolute()) for label, _, file in named]


def plan_filters(args):
    yield Variant("no filter", None)
    yield Variant("empty, SDK", built("empty_sdk.wasm"))
    yield Variant("empty, bare ABI", built("empty_abi.wasm"))
    for routes in args.routes:
        yield Variant(f"sekisho, {routes:,} routes", sekisho(), routes, decides=True)
    for label, module in others(args):
        yield Variant(label, module, decides=True)


def plan_jwt(args):
    """Every variant gets the same request, and all of them by the same generator, whether tokens differ or not."""
    try:
        made = tokens.make(target() / "bench")
    except ImportError as error:
        for variant in (Variant("sekisho", None), Variant("native", None)):
            variant.absent = f"{error} (Debian: `python3-cryptography`)"
            yield variant
        return
    same = {algorithm: Stream(made[algorithm], 1) for algorithm in tokens.ALGORITHMS}
    yield Variant("no filter", None, tokens=same["RS256"])
    yield Variant("empty, SDK", built("empty_sdk.wasm"), tokens=same["RS256"])
    for label, module in modules(args):
        yield Variant(f"{label}, open route", module, decides=True, tokens=same["RS256"])
        for algorithm in tokens.ALGORITHMS:
            for kind, count in (("cached", 1), ("uncached", tokens.DISTINCT)):
                yield Variant(
                    f"{label}, {algorithm} {kind}", module, decides=True, tokens=Stream(made[algorithm], count),
                    authorizer=jwt_authorizer(algorithm, made[algorithm].jwks), over=f"{label}, open route",
                )
    for algorithm in tokens.ALGORITHMS:
        # Without `jwt_cache_config` nothing is remembered.
        for kind, count, cache in (("cached", 1, {}), ("uncached", tokens.DISTINCT, None)):
            yield Variant(
                f"native, {algorithm} {kind}", None, tokens=Stream(made[algorithm], count),
                native=[jwt_authn(made[algorithm].jwks, cache)], over="no filter", hits=cache is not None,
            )


def plan_throttle(args):
    """Every variant gets the same request, an API key in it."""
    for workers in args.workers:
        same = {"workers": workers, "added": limits.HEADER}
        yield Variant("no filter", None, **same)
        yield Variant("empty, SDK", built("empty_sdk.wasm"), **same)
        for name, module in modules(args):
            for label, limited, over in limits.variants():
                named = lambda label: label and label.replace("sekisho", name)
                yield Variant(named(label), module, decides=True, limits=limited, over=named(over), **same)
        for label, native in limits.native_variants():
            yield Variant(label, None, native=native, over="no filter", **same)


def plan_lambda(args):
    """A request of a browser, and an order of ten thousand bytes."""
    for method, body in (("GET", None), ("POST", invocations.ORDER.encode())):
        same = {"decides": True, "function": True, "body": body, "added": invocations.JSON if body else {}}
        label, module = modules(args)[0]
        told = Variant(f"{label}, {method}, function", module, path="/function/42", **same)
        direct = f"no filter, {method}'s event"
        # What the gateway sends to Lambda, sent by the client itself.
        yield Variant(direct, None, path=invocations.INVOKE, event_of=told, only=invocations.JSON, function=True)
        for label, module in modules(args):
            backend = f"{label}, {method}, backend"
            yield Variant(backend, module, path="/backend/42", over=direct, **same)
            yield Variant(f"{label}, {method}, function", module, path="/function/42", over=backend, **same)


def plan_waf(args):
    """A request of a browser, and an order of four thousand bytes."""
    yield Variant("no filter", None, path=firewall.PATH, added=firewall.HOST)
    yield Variant("empty, SDK", built("empty_sdk.wasm"), path=firewall.PATH, added=firewall.HOST)
    for method, body in (("GET", None), ("POST", firewall.ORDER.encode())):
        same = {"decides": True, "path": firewall.PATH, "body": body, "added": firewall.HOST | (firewall.JSON if body else {})}
        for label, module in modules(args):
            without = f"{label}, {method}, no web ACL"
            yield Variant(without, module, **same)
            for acl, told in (("ten", "10 rules"), ("hundred", "100 rules"), ("managed", "managed"), ("managed_ten", "managed, 10")):
                yield Variant(f"{label}, {method}, {told}", module, acl=acl, over=without, **same)


def plan_observe(args):
    """Every variant gets the same request, those of a REST API with the stage in its path."""
    yield Variant("no filter", None)
    yield Variant("no filter, Envoy's access log", None, access_log=[observe.envoys_access_log()], over="no filter")
    yield Variant("empty, SDK", built("empty_sdk.wasm"))
    for name, module in modules(args):
        for label, observed, over in observe.variants():
            named = lambda label: label and label.replace("sekisho", name)
            told = observe.silenced(module, target() / "bench" / name) if observe.is_silent(label) else module
            yield Variant(named(label), told, decides=True, observed=observed, over=named(over))


@dataclasses.dataclass
class Section:
    plan: object
    # What its variants add to those that they are compared with, if any are.
    added: str = ""
    rounds: int = 40
    # Whether its variants are compared with a plain and an empty one.
    has_floor: bool = True


SECTIONS = {
    "filters": Section(plan_filters),
    "jwt": Section(plan_jwt, "authorization alone"),
    "throttle": Section(plan_throttle, "what is added alone", rounds=12),
    "lambda": Section(plan_lambda, "what is added", rounds=12, has_floor=False),
    "waf": Section(plan_waf, "the web ACL alone"),
    "observe": Section(plan_observe, "what is told, alone"),
}


def gateway_document(variant, upstream_port):
    if variant.function:
        document = invocations.document(upstream_port)
        variant.limits.add_to(document)
        return json.dumps(document)
    secured = {"authorizationType": "JWT", "authorizerId": "login"} if variant.authorizer else {}
    document = {
        "defaultApiId": "bench",
        "apis": [{
            "apiId": "bench",
            "protocolType": "HTTP",
            "routes": [
                {"routeKey": f"{'POST' if variant.body else 'GET'} /r{n}/{{id}}", "target": "integrations/up"} | secured for n in range(variant.routes)
            ],
            "authorizers": [variant.authorizer] if variant.authorizer else [],
            "integrations": [{
                "integrationId": "up",
                "integrationType": "HTTP_PROXY",
                "integrationMethod": "ANY",
                "integrationUri": f"http://127.0.0.1:{upstream_port}/items/{{id}}",
            }],
            "stages": [{"stageName": limits.STAGE}],
        }],
    }
    firewall.add_to(document, variant.acl)
    # AWS's own limit of an account would refuse the load.
    variant.limits.add_to(document)
    variant.observed.add_to(document)
    return json.dumps(document)


def jwt_authorizer(algorithm, jwks):
    return {
        "authorizerId": "login",
        "authorizerType": "JWT",
        "identitySource": ["$request.header.Authorization"],
        # Amazon's HTTP APIs verify RSA only: the others are an extension.
        "jwtConfiguration": {
            "issuer": tokens.ISSUER, "audience": [tokens.AUDIENCE], "jwks": jwks,
            "algorithms": [] if algorithm.startswith("RS") else [algorithm],
        },
    }


def jwt_authn(jwks, cache):
    """Envoy's native filter; the token goes on to the backend, as it does from Sekisho."""
    provider = {
        "issuer": tokens.ISSUER, "audiences": [tokens.AUDIENCE], "forward": True,
        "local_jwks": {"inline_string": json.dumps(jwks)},
    }
    if cache is not None:
        provider["jwt_cache_config"] = cache
    return {
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"login": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "login"}}],
        },
    }


# === Envoy ===


def upstream_bootstrap():
    any_of = lambda name: {"@type": f"type.googleapis.com/{name}"}
    local = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    answer = {"status": 200, "body": {"inline_string": '{"id":42}'}}
    returned = {"status": 200, "body": {"inline_string": json.dumps(invocations.RETURNED)}}
    routes = [
        {"match": {"path": invocations.INVOKE}, "direct_response": returned},
        {"match": {"prefix": "/"}, "direct_response": answer},
    ]
    # Who answers before a body's end closes the connection.
    buffer = any_of("envoy.extensions.filters.http.buffer.v3.Buffer") | {"max_request_bytes": 1 << 20}
    router = any_of("envoy.extensions.filters.http.router.v3.Router")
    manager = any_of(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    ) | {
        "stat_prefix": "upstream",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [{"name": "buffer", "typed_config": buffer}, {"name": "router", "typed_config": router}],
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {
        "node": {"id": "upstream", "cluster": "upstream"},
        "admin": {"address": local},
        "static_resources": {"listeners": [{"name": "main", "address": local, "filter_chains": [chain]}]},
    }


def render(variant, document, scratch):
    """What `sekisho render` writes for a document, with another filter or none where a variant has one."""
    source, out = pathlib.Path(scratch) / "gateway.json", pathlib.Path(scratch) / "bootstrap.json"
    source.write_text(document)
    subprocess.run(
        [target() / "release/sekisho", "render", source, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
         "--wasm", variant.module or "none", "--execution-log", os.devnull, "--out", out],
        check=True,
    )
    bootstrap = json.loads(out.read_text())
    if variant.decides:
        return bootstrap
    resources = bootstrap["static_resources"]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    wasm, *others = manager["http_filters"]
    if variant.module:
        wasm["typed_config"]["config"]["configuration"]["value"] = ""
        others.insert(0, wasm)
    others[:0] = variant.native
    manager["http_filters"] = others
    manager["access_log"] = variant.access_log
    # Nobody writes the header that names the cluster.
    host = manager["route_config"]["virtual_hosts"][0]
    route = next(route for route in host["routes"] if route["name"] == "integration")
    del route["match"]["headers"], route["route"]["cluster_header"], route["route"]["cluster_not_found_response_code"]
    route["route"]["cluster"] = resources["clusters"][0]["name"]
    host["routes"] = [route]
    return bootstrap


class Envoy:
    """One Envoy process, its ports and its costs."""

    def __init__(self, binary, scratch, name, config, workers=1):
        directory = pathlib.Path(scratch) / name
        directory.mkdir()
        (directory / "envoy.json").write_text(json.dumps(config))
        admin = directory / "admin"
        self.log = directory / "log"
        begun = time.monotonic()
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [binary, "-c", directory / "envoy.json", "--concurrency", str(workers), "--disable-hot-restart",
                 "--log-level", "warning", "--admin-address-path", admin],
                stdout=log, stderr=log,
            )
        self.port = self.wait(admin, begun)

    def wait(self, admin, begun):
        while time.monotonic() - begun < 120:
            if self.process.poll() is not None:
                break
            try:
                address = admin.read_text().strip()
                if fetch(address, "/ready") == b"LIVE\n":
                    self.start, self.admin = time.monotonic() - begun, address
                    listener = json.loads(fetch(address, "/listeners?format=json"))["listener_statuses"][0]
                    return listener["local_address"]["socket_address"]["port_value"]
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.01)
        self.stop()
        sys.exit(f"error: Envoy did not start\n{self.log.read_text()[-3000:]}")

    def cpu(self):
        # The clock that clock_getcpuclockid(3) names: nanoseconds, where /proc has hundredths of a second.
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def counter(self, name):
        """The sum of the counters whose names end so."""
        stats = fetch(self.admin, "/stats?usedonly").decode().splitlines()
        return sum(int(line.rpartition(": ")[2]) for line in stats if line.partition(": ")[0].endswith(name))

    def rss(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def fetch(address, path):
    if not address:
        raise OSError("not yet")
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


# === measuring ===


class Stream:
    """Tokens for one variant, in order, and round and round: the next round goes on where the last one ended."""

    def __init__(self, made, count):
        self.file, self.count, self.next = made.file, count, 0
        self.first = made.some(1)[0]

    def sent(self, requests):
        # Those that were on their way at the end are not counted as answered.
        self.next = (self.next + requests + 64) % self.count


class Variant:
    def __init__(self, label, module, routes=10, decides=False, tokens=None, authorizer=None, native=(), over=None,
                 hits=False, limits=limits.Limits(), added=None, workers=1, path=None, body=None, event_of=None, only=None,
                 function=False, acl=None, observed=observe.Observed(), access_log=()):
        self.label, self.module, self.routes, self.decides = label, module, routes, decides
        self.tokens, self.authorizer, self.native, self.over = tokens, authorizer, list(native), over
        self.limits, self.workers, self.headers = limits, workers, only or HEADERS | (added or {})
        self.path = observed.base + (path or f"/r{routes * 7 // 10}/42?expand=lines")
        # Of which web ACL it is asked; what is told of it; and what Envoy alone logs.
        self.acl, self.observed, self.access_log = acl, observed, list(access_log)
        # Whose event the body is, where it is one; and whether the document is that of the section `lambda`.
        self.body, self.event_of, self.function, self.waits = body, event_of, function, []
        # Whether its cache counts, and should have hit always.
        self.hits = hits
        self.absent, self.envoy, self.rounds = None, None, []

    def probe(self):
        """Why it cannot be measured. What should refuse a request without its token or its key must do so."""
        with_token = self.headers | ({"authorization": f"Bearer {self.tokens.first}"} if self.tokens else {})
        if (status := self.status(with_token)) != 200:
            return f"it answers {status}, not 200"
        native = {filter["name"].rpartition(".")[2] for filter in self.native}
        if (self.authorizer or "jwt_authn" in native) and (status := self.status(self.headers)) != 401:
            return f"it answers {status}, not 401, to a request without a token of its issuer"
        refusal = 403 if self.limits.keys else 401 if "api_key_auth" in native else 200
        if limits.HEADER.items() <= self.headers.items() and (status := self.status(HEADERS)) != refusal:
            return f"it answers {status}, not {refusal}, to a request without a key"

    def status(self, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.envoy.port, timeout=10)
        try:
            connection.request("POST" if self.body else "GET", self.path, body=self.body, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def round(self, generate, seconds, keep=True):
        before = self.envoy.cpu()
        requests, failed = generate(self.envoy.port, self.path, self.headers, seconds, self.tokens, self.body)
        used = self.envoy.cpu() - before
        if failed or not requests:
            sys.exit(f"error: {self.label}: {failed} of {requests} requests failed\n{self.envoy.log.read_text()[-2000:]}")
        if self.tokens:
            self.tokens.sent(requests)
        if keep:
            self.rounds.append(used / requests * 1e6)

    def wait_alone(self):
        """What one client waits, in the section that tells of it."""
        if self.function:
            asked = invocations.request(self.path, self.headers, self.body)
            self.waits.append(statistics.median(invocations.latencies(self.envoy.port, asked)) * 1e6)

    def end(self):
        """What must be read while Envoy still runs."""
        self.start, self.rss = self.envoy.start, self.envoy.rss()
        if self.hits:
            hits, misses = (self.envoy.counter(f"jwt_cache_{kind}") for kind in ("hit", "miss"))
            # The first request, and the one that was refused, missed.
            if misses * 100 > hits:
                self.absent = f"its cache hit {hits} times and missed {misses} times"


def choose_generator(differing):
    """One for all variants of a section; h2load cannot send tokens that differ."""
    for tool, generate in (("wrk", wrk),) if differing else (("wrk", wrk), ("h2load", h2load)):
        if shutil.which(tool):
            return generate
    print("note: no tool for load is here (Debian: `wrk`, `nghttp2-client`): a small generator takes its place")
    return small_generator


def wrk(port, path, headers, seconds, tokens, body):
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"]
    command += [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    if tokens:
        command += ["-s", ROOT / "bench/tokens.lua", "--", tokens.file, str(tokens.count), str(tokens.next)]
    with tempfile.NamedTemporaryFile() as file:
        if body:
            file.write(body)
            file.flush()
            command += ["-s", ROOT / "bench/body.lua", "--", file.name]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    failed = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    failed += sum(int(n) for line in re.findall(r"Socket errors: (.*)", out) for n in re.findall(r"\d+", line))
    return int(re.search(r"(\d+) requests in", out)[1]), failed


def h2load(port, path, headers, seconds, tokens, body):
    assert not tokens
    command = ["h2load", "--h1", "-t1", "-c16", "-D", str(seconds), f"http://127.0.0.1:{port}{path}"]
    command += [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    with tempfile.NamedTemporaryFile() as file:
        if body:
            file.write(body)
            file.flush()
            command += ["-d", file.name]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answered = {kind: int(n) for n, kind in re.findall(r"(\d+) ([2345]xx)", out)}
    return sum(answered.values()), sum(answered.values()) - answered["2xx"]


def small_generator(port, path, headers, seconds, tokens, body):
    lines = "".join(f"{name}: {value}\r\n" for name, value in ({"Host": "bench"} | headers).items()
                    if not tokens or name != "authorization")
    length = f"content-length: {len(body)}\r\n" if body else ""
    start = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\n{lines}{length}".encode()
    sent = itertools.count(tokens.next if tokens else 0)
    values = pathlib.Path(tokens.file).read_bytes().split()[:tokens.count] if tokens else []
    end, counts = time.monotonic() + seconds, []

    def request():
        token = b"authorization: Bearer " + values[next(sent) % len(values)] + b"\r\n" if values else b""
        return start + token + b"\r\n" + (body or b"")

    def client():
        answered = failed = 0
        with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
            while time.monotonic() < end:
                connection.sendall(request())
                failed += b" 200 " not in answers.readline()
                length = 0
                while (line := answers.readline()) not in (b"\r\n", b""):
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                answers.read(length)
                answered += 1
        counts.append((answered, failed))

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered for answered, _ in counts), sum(failed for _, failed in counts)


# === telling ===


def progress(done, of):
    if sys.stderr.isatty():
        print(f"\rround {done} of {of}", end="" if done < of else "\n", file=sys.stderr, flush=True)


def report(variants):
    base, sdk = (next((v.rounds for v in variants if v.label == label), []) for label in ("no filter", "empty, SDK"))
    # Differences within a round: what slows a round down slows all of its variants.
    over = lambda rounds: [cost - floor for cost, floor in zip(rounds, base)]
    print(f"{'':<32}{'µs a request':^22}{'over no filter, same round':^30}{'× SDK':^14}")
    print(f"{'variant':<32}{'p25':>8}{'median':>8}{'':>6}{'p25':>8}{'median':>8}{'p75':>8}{'':>6}"
          f"{'p25':>6}{'median':>8}{'module':>11}{'start':>9}{'RSS':>8}")
    for variant in variants:
        if variant.absent:
            print(f"{variant.label:<32}  not measured: {variant.absent}")
            continue
        line = f"{variant.label:<32}{quartile(variant.rounds, 1):>8.1f}{quartile(variant.rounds, 2):>8.1f}{'':>6}"
        if variant.module or variant.native:
            deltas = over(variant.rounds)
            line += "".join(f"{quartile(deltas, n):>8.1f}" for n in (1, 2, 3)) + f"{'':>6}"
            # The difference of the quietest quarters, and the median of the differences.
            quiet = quartile(variant.rounds, 1) - quartile(base, 1), quartile(sdk, 1) - quartile(base, 1)
            usual = quartile(deltas, 2), quartile(over(sdk), 2)
            size = f"{variant.module.stat().st_size / 1024:>7,.0f} KiB" if variant.module else f"{'':>11}"
            line += f"{ratio(*quiet):>6}{ratio(*usual):>8}{size}"
        else:
            line += f"{'':>55}"
        print(f"{line}{variant.start:>7.2f} s{variant.rss:>5.0f} MB")


def report_added(added, variants):
    """What something alone costs: the difference from the same request without it, in the same round."""
    by_label = {variant.label: variant for variant in variants if not variant.absent}
    if not added:
        return
    print(f"\n{added:<32}{'p25s':>8}{'p25':>8}{'median':>8}{'p75':>8}    over")
    for variant in by_label.values():
        if not variant.over or variant.over not in by_label:
            continue
        without = by_label[variant.over].rounds
        deltas = [cost - floor for cost, floor in zip(variant.rounds, without)]
        quiet = quartile(variant.rounds, 1) - quartile(without, 1)
        figures = "".join(f"{figure:>8.1f}" for figure in (quiet, *(quartile(deltas, n) for n in (1, 2, 3))))
        print(f"{variant.label:<32}{figures}    {variant.over}")
    print("p25s: the difference of the quietest quarters; the others are of the differences within a round")


def report_loading(variants):
    """What keys take to load: by the command, and by an Envoy of as many workers, its filter compiled and all."""
    print()
    seen = set()
    for variant in variants:
        count = variant.limits.keys
        if variant.absent or not count:
            continue
        if count not in seen:
            seen.add(count)
            print(f"{count:,} keys: `sekisho validate` {validating(variant):.2f} s")
        print(f"  {variant.label}, {variant.workers} workers: ready in {variant.start:.2f} s, RSS {variant.rss:.0f} MB")


def report_costs(variants):
    """CPU time of a request, and what one client waits for it: quartiles of the rounds, and of their medians."""
    print(f"{'':<32}{'µs a request':^24}{'':>6}{'µs that one client waits':^24}")
    print(f"{'variant':<32}{'p25':>8}{'median':>8}{'p75':>8}{'':>6}{'p25':>8}{'median':>8}{'p75':>8}{'RSS':>8}")
    for variant in variants:
        if variant.absent:
            print(f"{variant.label:<32}  not measured: {variant.absent}")
            continue
        quartiles = lambda values: "".join(f"{quartile(values, n):>8.1f}" for n in (1, 2, 3))
        print(f"{variant.label:<32}{quartiles(variant.rounds)}{'':>6}{quartiles(variant.waits)}{variant.rss:>5.0f} MB")


def validating(variant):
    """Seconds, the least of three."""
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "gateway.json"
        file.write_text(gateway_document(variant, 1))
        def one():
            begun = time.monotonic()
            subprocess.run([target() / "release/sekisho", "validate", file], check=True, capture_output=True)
            return time.monotonic() - begun
        return min(one() for _ in range(3))


def write_json(sections, file):
    pathlib.Path(file).write_text(json.dumps({
        name: [
            {
                "variant": variant.label,
                "workers": variant.workers,
                "absent": variant.absent,
                "module_sha256": hashlib.sha256(variant.module.read_bytes()).hexdigest()
                if variant.module and variant.module.exists() else None,
                "cpu_us_per_request": variant.rounds,
                "wait_us": variant.waits,
            }
            for variant in variants
        ]
        for name, variants in sections.items()
    }, indent=2) + "\n")


def quartile(values, n):
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=4, method="inclusive")[n - 1]


def ratio(cost, of):
    return f"{cost / of:.2f}" if of > 0 else "–"


if __name__ == "__main__":
    main()
