#!/usr/bin/env python3
"""What a request costs: no filter, an empty filter on the SDK, one on the bare ABI, and Sekisho, side by side.

Each variant is an Envoy of its own with one worker; all stand in front of one more Envoy that answers. Sekisho's are
configured by `sekisho render`; the others have the same listener, route and cluster, with another filter or none. Rounds are
short and alternate between the variants; a round's cost is the CPU time that its Envoy used (utime + stime of
/proc/PID/stat) over the requests that were answered. CPU time and not latency, because machines are shared; quartiles and
medians and not means, because neighbours are noisy. Compare figures of one run only.

    ENVOY_BIN=/path/to/envoy bench/run.py [--rounds 40] [--seconds 1] [--json FILE] [--module LABEL=FILE.wasm]

Needs: Envoy in ENVOY_BIN or on PATH, cargo with the wasm32-wasip1 target, and wrk or h2load for load (Debian: `wrk`,
`nghttp2-client`); without either a small generator in Python takes their place, which is slower but counts the same.
How to read the table: docs/performance.md.
"""

import argparse
import hashlib
import http.client
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

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = "wasm32-wasip1/release"
TICK = os.sysconf("SC_CLK_TCK")
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
    generate = choose_generator()
    with tempfile.TemporaryDirectory() as scratch:
        processes = []
        try:
            upstream = Envoy(envoy, scratch, "upstream", upstream_bootstrap())
            processes.append(upstream)
            variants = []
            for variant in plan(args):
                variants.append(variant)
                if variant.module and not variant.module.exists():
                    variant.absent = f"no such file: {variant.module}"
                    continue
                document = gateway_document(variant.routes, upstream.port)
                bootstrap = render(variant, document, scratch)
                variant.envoy = Envoy(envoy, scratch, variant.label.replace(" ", "-"), bootstrap)
                processes.append(variant.envoy)
                status = variant.probe()
                if status != 200:
                    variant.absent = f"it answers {status}, not 200"
            measured = [variant for variant in variants if not variant.absent]
            for variant in measured:
                variant.round(generate, 1, keep=False)
            for n in range(args.rounds):
                for variant in measured if n % 2 == 0 else reversed(measured):
                    variant.round(generate, args.seconds)
                progress(n + 1, args.rounds)
            report(variants, args)
        finally:
            for process in processes:
                process.stop()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=1, help="of load, for each variant in each round")
    parser.add_argument("--routes", type=int, nargs="*", default=[10, 10_000])
    parser.add_argument("--module", action="append", default=[], metavar="LABEL=FILE", help="one more module of Sekisho")
    parser.add_argument("--json", metavar="FILE", help="write every round's figures here")
    parser.add_argument("--no-build", action="store_true", help="take the modules as they are")
    return parser.parse_args()


def build():
    run = lambda cwd, *command: subprocess.run(command, cwd=cwd, check=True)
    run(ROOT, "cargo", "--quiet", "wasm")
    run(ROOT, "cargo", "--quiet", "build", "--release", "-p", "sekisho-cli")
    run(ROOT / "bench/filters", "cargo", "--quiet", "build", "--release", "--target", "wasm32-wasip1")


def target():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def plan(args):
    filters = ROOT / "bench/filters/target" / TARGET
    sekisho = target() / TARGET / "sekisho.wasm"
    yield Variant("no filter", None)
    yield Variant("empty, SDK", filters / "empty_sdk.wasm")
    yield Variant("empty, bare ABI", filters / "empty_abi.wasm")
    for routes in args.routes:
        yield Variant(f"sekisho, {routes:,} routes", sekisho, routes, decides=True)
    for module in args.module:
        label, _, file = module.partition("=")
        yield Variant(label, pathlib.Path(file).absolute(), decides=True)


def gateway_document(routes, upstream_port):
    return json.dumps({
        "defaultApiId": "bench",
        "apis": [{
            "apiId": "bench",
            "protocolType": "HTTP",
            "routes": [
                {"routeKey": f"GET /r{n}/{{id}}", "target": "integrations/up"} for n in range(routes)
            ],
            "integrations": [{
                "integrationId": "up",
                "integrationType": "HTTP_PROXY",
                "integrationMethod": "ANY",
                "integrationUri": f"http://127.0.0.1:{upstream_port}/items/{{id}}",
            }],
            "stages": [{"stageName": "$default"}],
        }],
    })


# === Envoy ===


def upstream_bootstrap():
    any_of = lambda name: {"@type": f"type.googleapis.com/{name}"}
    local = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    answer = {"status": 200, "body": {"inline_string": '{"id":42}'}}
    routes = [{"match": {"prefix": "/"}, "direct_response": answer}]
    router = any_of("envoy.extensions.filters.http.router.v3.Router")
    manager = any_of(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    ) | {
        "stat_prefix": "upstream",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [{"name": "router", "typed_config": router}],
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
         "--wasm", variant.module or "none", "--out", out],
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
    manager["http_filters"] = others
    # Nobody writes the header that names the cluster.
    host = manager["route_config"]["virtual_hosts"][0]
    route = next(route for route in host["routes"] if route["name"] == "integration")
    del route["match"]["headers"], route["route"]["cluster_header"], route["route"]["cluster_not_found_response_code"]
    route["route"]["cluster"] = resources["clusters"][0]["name"]
    host["routes"] = [route]
    return bootstrap


class Envoy:
    """One Envoy process with one worker, its ports and its costs."""

    def __init__(self, binary, scratch, name, config):
        directory = pathlib.Path(scratch) / name
        directory.mkdir()
        (directory / "envoy.json").write_text(json.dumps(config))
        admin = directory / "admin"
        self.log = directory / "log"
        begun = time.monotonic()
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [binary, "-c", directory / "envoy.json", "--concurrency", "1", "--disable-hot-restart",
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
                    self.start = time.monotonic() - begun
                    listener = json.loads(fetch(address, "/listeners?format=json"))["listener_statuses"][0]
                    return listener["local_address"]["socket_address"]["port_value"]
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.01)
        self.stop()
        sys.exit(f"error: Envoy did not start\n{self.log.read_text()[-3000:]}")

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

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


class Variant:
    def __init__(self, label, module, routes=10, decides=False):
        self.label, self.module, self.routes, self.decides = label, module, routes, decides
        self.path = f"/r{routes * 7 // 10}/42?expand=lines"
        self.absent, self.envoy, self.rounds = None, None, []

    def probe(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.envoy.port, timeout=10)
        connection.request("GET", self.path, headers=HEADERS)
        return connection.getresponse().status

    def round(self, generate, seconds, keep=True):
        before = self.envoy.cpu()
        requests, failed = generate(self.envoy.port, self.path, HEADERS, seconds)
        used = self.envoy.cpu() - before
        if failed or not requests:
            sys.exit(f"error: {self.label}: {failed} of {requests} requests failed\n{self.envoy.log.read_text()[-2000:]}")
        if keep:
            self.rounds.append(used / requests * 1e6)


def choose_generator():
    for tool, generate in (("wrk", wrk), ("h2load", h2load)):
        if shutil.which(tool):
            return generate
    print("note: neither wrk nor h2load is here (Debian: `wrk`, `nghttp2-client`): a small one takes their place")
    return small_generator


def wrk(port, path, headers, seconds):
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"]
    command += [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    failed = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    failed += sum(int(n) for line in re.findall(r"Socket errors: (.*)", out) for n in re.findall(r"\d+", line))
    return int(re.search(r"(\d+) requests in", out)[1]), failed


def h2load(port, path, headers, seconds):
    command = ["h2load", "--h1", "-t1", "-c16", "-D", str(seconds), f"http://127.0.0.1:{port}{path}"]
    command += [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answered = {kind: int(n) for n, kind in re.findall(r"(\d+) ([2345]xx)", out)}
    return sum(answered.values()), sum(answered.values()) - answered["2xx"]


def small_generator(port, path, headers, seconds):
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nhost: bench\r\n{lines}\r\n".encode()
    end, counts = time.monotonic() + seconds, []

    def client():
        answered = failed = 0
        with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
            while time.monotonic() < end:
                connection.sendall(request)
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


def report(variants, args):
    base, sdk = (next((v.rounds for v in variants if v.label == label), []) for label in ("no filter", "empty, SDK"))
    # Differences within a round: what slows a round down slows all of its variants.
    over = lambda rounds: [cost - floor for cost, floor in zip(rounds, base)]
    print(f"\nCPU of the gateway's Envoy per request, µs; {args.rounds} rounds of {args.seconds} s\n")
    print(f"{'':<24}{'µs a request':^22}{'over no filter, same round':^30}{'× SDK':^14}")
    print(f"{'variant':<24}{'p25':>8}{'median':>8}{'':>6}{'p25':>8}{'median':>8}{'p75':>8}{'':>6}"
          f"{'p25':>6}{'median':>8}{'module':>11}{'start':>9}{'RSS':>8}")
    for variant in variants:
        if variant.absent:
            print(f"{variant.label:<24}  not measured: {variant.absent}")
            continue
        line = f"{variant.label:<24}{quartile(variant.rounds, 1):>8.1f}{quartile(variant.rounds, 2):>8.1f}{'':>6}"
        if variant.module:
            deltas = over(variant.rounds)
            line += "".join(f"{quartile(deltas, n):>8.1f}" for n in (1, 2, 3)) + f"{'':>6}"
            # The difference of the quietest quarters, and the median of the differences.
            quiet = quartile(variant.rounds, 1) - quartile(base, 1), quartile(sdk, 1) - quartile(base, 1)
            usual = quartile(deltas, 2), quartile(over(sdk), 2)
            line += f"{ratio(*quiet):>6}{ratio(*usual):>8}{variant.module.stat().st_size / 1024:>7,.0f} KiB"
        else:
            line += f"{'':>55}"
        print(f"{line}{variant.envoy.start:>7.2f} s{variant.envoy.rss():>5.0f} MB")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps([
            {
                "variant": variant.label,
                "absent": variant.absent,
                "module_sha256": hashlib.sha256(variant.module.read_bytes()).hexdigest()
                if variant.module and variant.module.exists() else None,
                "cpu_us_per_request": variant.rounds,
            }
            for variant in variants
        ], indent=2) + "\n")


def quartile(values, n):
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=4, method="inclusive")[n - 1]


def ratio(cost, of):
    return f"{cost / of:.2f}" if of > 0 else "–"


if __name__ == "__main__":
    main()
