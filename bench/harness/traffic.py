"""What clients send, and what comes of it."""

import dataclasses


@dataclasses.dataclass
class Request:
    """What every client sends."""

    path: str
    headers: dict
    body: bytes | None = None
    # A `Stream`, where `authorization` is one of its tokens.
    tokens: object = None

    def lines(self):
        return {name: value for name, value in self.headers.items() if not (self.tokens and name == "authorization")}


@dataclasses.dataclass
class Load:
    """What came of it. Latencies in microseconds, where the generator tells them."""

    requests: int
    failed: int
    seconds: float
    p50: float | None = None
    p99: float | None = None

    @property
    def rps(self):
        return self.requests / self.seconds


class Stream:
    """Tokens for one variant, in order, and round and round: the next round goes on where the last one ended."""

    def __init__(self, made, count):
        self.file, self.count, self.next = made.file, count, 0
        self.first = made.some(1)[0]

    def sent(self, requests):
        # Those that were on their way at the end are not counted as answered.
        self.next = (self.next + requests + 512) % self.count
