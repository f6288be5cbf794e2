"""What is measured side by side: an Envoy with Sekisho, with other filters, or with none."""

import dataclasses
import http.client
import pathlib

import limits
from documents import HEADERS, Gateway
from harness.traffic import Request

PATH = "/r7/42?expand=lines"


@dataclasses.dataclass(eq=False)
class Variant:
    label: str
    module: pathlib.Path | None = None
    # What Sekisho reads; of variants without it, what its listener and cluster are made of.
    gateway: Gateway = Gateway()
    # Whether Sekisho decides: else its document is used for nothing else.
    decides: bool = False
    native: list = dataclasses.field(default_factory=list)
    # How many routes Envoy itself has, if there is more than one.
    native_routes: int = 0
    access_log: list = dataclasses.field(default_factory=list)
    request: Request = dataclasses.field(default_factory=lambda: Request(PATH, HEADERS))
    workers: int = 1
    # The label of the variant that it is compared with, where the section compares.
    over: str | None = None
    # Whether Envoy answers in the place of a backend.
    direct: bool = False
    # Whether Envoy's token cache counts, and should have hit always.
    hits: bool = False
    # Whether what one client waits is measured.
    waits: bool = False
    # The variant whose event is this one's body.
    event_of: object = None
    # Clients at once, under as much load as goes.
    connections: int = 16
    # Of a round, whatever is said: where requests are so slow that few are answered in it.
    least_seconds: float = 0
    # Why it is not measured.
    absent: str | None = None

    def __post_init__(self):
        self.envoy = None
        # By start of its Envoy, and in each by round: CPU of a request in µs, and requests a second.
        self.cpu, self.rps = [], []
        # By start: latencies under the rate that is the same for all, and under half of what it carries.
        self.fixed, self.half = [], []
        self.wait_us = []
        self.starts, self.starts_cpu, self.rss = [], [], []

    def begin(self, envoy):
        self.envoy = envoy
        self.starts.append(envoy.start)
        self.starts_cpu.append(envoy.start_cpu)
        self.cpu.append([])
        self.rps.append([])

    def probe(self):
        """Why it cannot be measured. What should refuse a request without its token or its key must do so."""
        headers = self.request.headers
        if (status := self.status(self.with_token())) != 200:
            return f"it answers {status}, not 200"
        native = {filter["name"].rpartition(".")[2] for filter in self.native}
        if (self.gateway.authorizer and self.decides) or "jwt_authn" in native:
            if (status := self.status(headers)) != 401:
                return f"it answers {status}, not 401, to a request without a token of its issuer"
        has_keys = self.gateway.limits.keys and self.decides
        refusal = 403 if has_keys else 401 if "api_key_auth" in native else 200
        without_key = {name: value for name, value in self.with_token().items() if name not in limits.HEADER}
        if limits.HEADER.items() <= headers.items() and (status := self.status(without_key)) != refusal:
            return f"it answers {status}, not {refusal}, to a request without a key"
        return None

    def with_token(self):
        tokens = self.request.tokens
        return self.request.headers | ({"authorization": f"Bearer {tokens.first}"} if tokens else {})

    def status(self, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.envoy.port, timeout=10)
        try:
            connection.request("POST" if self.request.body else "GET", self.request.path, body=self.request.body, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def end(self):
        """What must be read while Envoy still runs."""
        self.rss.append(self.envoy.rss())
        if self.hits:
            hits, misses = (self.envoy.counter(f"jwt_cache_{kind}") for kind in ("hit", "miss"))
            # The first request, and the one that was refused, missed.
            if misses * 100 > hits:
                self.absent = f"its cache hit {hits} times and missed {misses} times"

    def told(self):
        """For a file, and for tables."""
        return {
            "variant": self.label,
            "workers": self.workers,
            "over": self.over,
            "absent": self.absent,
            "module_bytes": self.module.stat().st_size if self.module and self.module.exists() else None,
            "cpu_us_per_request": self.cpu,
            "requests_per_second": self.rps,
            "fixed_rate": self.fixed,
            "half_of_saturation": self.half,
            "wait_us": self.wait_us,
            "start_seconds": self.starts,
            "start_cpu_seconds": self.starts_cpu,
            "rss_mib": self.rss,
        }
