"""What the section `observe` measures: what is told of requests by metrics and logs."""

import dataclasses
import json
import os
import pathlib

# AWS's sample in JSON, and how long it took.
VARIABLES = {
    "requestId": "requestId", "ip": "identity.sourceIp", "requestTime": "requestTime", "httpMethod": "httpMethod",
    "routeKey": "routeKey", "status": "status", "protocol": "protocol", "responseLength": "responseLength",
    "responseLatency": "responseLatency", "integrationLatency": "integrationLatency",
}
# Envoy's words for the same, as far as it has them: its route's name for the key of ours.
OPERATORS = {
    "requestId": "REQ(X-REQUEST-ID)", "ip": "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
    "requestTime": "START_TIME(%d/%b/%Y:%H:%M:%S +0000)", "httpMethod": "REQ(:METHOD)", "routeKey": "ROUTE_NAME",
    "status": "RESPONSE_CODE", "protocol": "PROTOCOL", "responseLength": "BYTES_SENT", "responseLatency": "DURATION",
    "integrationLatency": "RESPONSE_DURATION",
}
STAGE = "prod"


@dataclasses.dataclass(frozen=True)
class Observed:
    """What is told of a request. Its stage's metrics always are."""

    by_route: bool = False
    access_log: bool = False
    # Of a REST API: that of its execution log.
    rest: bool = False
    level: str = "OFF"

    @property
    def base(self):
        """What stands before the paths of routes."""
        return f"/{STAGE}" if self.rest else ""

    def add_to(self, document):
        (api,) = document["apis"]
        (stage,) = api["stages"]
        if self.by_route:
            stage["defaultRouteSettings"] = {"detailedMetricsEnabled": True}
        if self.access_log:
            format_ = json.dumps({name: f"$context.{variable}" for name, variable in VARIABLES.items()})
            stage["accessLogSettings"] = {"format": format_, "destination": f"file:{os.devnull}"}
        if self.rest:
            api["protocolType"], stage["stageName"] = "REST", STAGE
            stage["defaultRouteSettings"] = {"loggingLevel": self.level}


def variants():
    """Label, what is told, and the variant of the same request that tells less; `silent` is one that tells nothing."""
    silent, plain, rest = "sekisho, nothing told", "sekisho, metrics", "sekisho, REST"
    return [
        (silent, Observed(), "no filter"),
        (plain, Observed(), silent),
        ("sekisho, metrics by route", Observed(by_route=True), silent),
        ("sekisho, access log", Observed(access_log=True), plain),
        ("sekisho, by route, access log", Observed(by_route=True, access_log=True), silent),
        (rest, Observed(rest=True), None),
        ("sekisho, REST, ERROR", Observed(rest=True, level="ERROR"), rest),
        ("sekisho, REST, INFO", Observed(rest=True, level="INFO"), rest),
    ]


def is_silent(label):
    return label.endswith("nothing told")


def silenced(module, directory):
    """A file of the same module, but that Envoy does not find what it calls at the end of a request: nothing is told."""
    name, other = (bytes([len(name)]) + name for name in (b"proxy_on_log", b"sekisho_mute"))
    code = module.read_bytes()
    if code.count(name) != 1:
        raise ValueError(f"{module} has not one export {name[1:].decode()}")
    directory.mkdir(parents=True, exist_ok=True)
    file = pathlib.Path(directory) / f"silent-{module.name}"
    file.write_bytes(code.replace(name, other))
    return file
