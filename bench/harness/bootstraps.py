"""Envoy's configuration of variants: what `sekisho render` writes, with other filters or none where a variant has them."""

import json
import os
import pathlib
import subprocess
import sys

import invocations
import native
from harness import places

ANY = "127.0.0.1:0"
ANSWER = {"status": 200, "body": {"inline_string": '{"id":42}'}}


def any_of(name):
    return {"@type": f"type.googleapis.com/{name}"}


def upstream():
    """The backend: one more Envoy, which reads a request whole and answers ten bytes, and what Lambda would say where it is invoked."""
    local = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    returned = {"status": 200, "body": {"inline_string": json.dumps(invocations.RETURNED)}}
    routes = [
        {"match": {"path": invocations.INVOKE}, "direct_response": returned},
        {"match": {"prefix": "/"}, "direct_response": ANSWER},
    ]
    # Who answers before a body's end closes the connection.
    buffer = any_of("envoy.extensions.filters.http.buffer.v3.Buffer") | {"max_request_bytes": 1 << 24}
    router = any_of("envoy.extensions.filters.http.router.v3.Router")
    manager = any_of("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager") | {
        "stat_prefix": "upstream",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [{"name": "buffer", "typed_config": buffer}, {"name": "router", "typed_config": router}],
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    listener = {"name": "main", "address": local, "filter_chains": [chain], "per_connection_buffer_limit_bytes": 1 << 24}
    return {
        "node": {"id": "upstream", "cluster": "upstream"},
        "admin": {"address": local},
        "static_resources": {"listeners": [listener]},
    }


def run(*arguments):
    """Runs the command; what it says is shown where it fails."""
    done = subprocess.run([places.command(), *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"error: `sekisho {' '.join(map(str, arguments))}` failed\n{done.stdout}{done.stderr}")
    return done


def render(variant, upstream_port, scratch):
    source, out = pathlib.Path(scratch) / "gateway.json", pathlib.Path(scratch) / "bootstrap.json"
    source.write_text(variant.gateway.document(upstream_port))
    run("render", source, "--listen", ANY, "--admin", ANY, "--wasm", variant.module or "none", "--execution-log", os.devnull, "--out", out)
    bootstrap = json.loads(out.read_text())
    if not variant.decides:
        undecided(variant, bootstrap)
    if variant.direct:
        answered_here(bootstrap)
    return bootstrap


def undecided(variant, bootstrap):
    """The same listener, route and cluster, without Sekisho."""
    resources = bootstrap["static_resources"]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    wasm, *others = manager["http_filters"]
    if variant.module:
        wasm["typed_config"]["config"]["configuration"]["value"] = ""
        others.insert(0, wasm)
    others[:0] = variant.native
    if variant.native:
        # The longest expressions of ten rules are over what Envoy allows by default.
        bootstrap["layered_runtime"]["layers"][0]["static_layer"]["re2.max_program_size.error_level"] = 1000
    manager["http_filters"] = others
    manager["access_log"] = variant.access_log
    # Nobody writes the header that names the cluster.
    host = manager["route_config"]["virtual_hosts"][0]
    route = next(route for route in host["routes"] if route["name"] == "integration")
    del route["match"]["headers"], route["route"]["cluster_header"], route["route"]["cluster_not_found_response_code"]
    route["route"]["cluster"] = resources["clusters"][0]["name"]
    host["routes"] = [route]
    if variant.native_routes:
        native.routed(bootstrap, variant.native_routes, route["route"]["cluster"])


def answered_here(bootstrap):
    """Envoy's router answers in the place of a backend; whatever filters decide, they decide it before."""
    manager = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    (host,) = manager["route_config"]["virtual_hosts"]
    # What Envoy answers itself would pass the texts that the gateway has for errors; a backend's answer does not.
    manager.pop("local_reply_config", None)
    if "matcher" in host:
        for action in host["matcher"]["matcher_tree"]["prefix_match_map"]["map"].values():
            answer(action["action"]["typed_config"])
    for route in host.get("routes", []):
        answer(route)


def answer(route):
    route.pop("route", None)
    route.pop("request_body_buffer_limit", None)
    route["direct_response"] = ANSWER
