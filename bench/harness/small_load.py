"""A generator of our own, where none is installed: blocking clients, a thread each."""

import itertools
import pathlib
import random
import socket
import statistics
import threading
import time

from harness.traffic import Load

THREADS = 4
# Of a paced load: of each client, on average.
THINK = 0.02


def generate(port, request, seconds, rate=None, connections=THREADS):
    connections = max(1, round(rate * THINK)) if rate else THREADS
    pause = connections / rate if rate else 0
    next_text, results = texts(request), []
    begun = time.monotonic()
    end = begun + seconds

    def client():
        failed, latencies = 0, []
        with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                if pause:
                    time.sleep(min(random.expovariate(1 / pause), max(0, end - time.monotonic())))
                sent = time.monotonic()
                if sent >= end:
                    break
                connection.sendall(next_text())
                failed += b" 200 " not in one_answer(answers)
                latencies.append(time.monotonic() - sent)
        results.append((failed, latencies))

    threads = [threading.Thread(target=client) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latencies = [latency for _, each in results for latency in each]
    of = lambda n: statistics.quantiles(latencies, n=100)[n - 1] * 1e6 if len(latencies) > 1 else None
    # A client that failed altogether told nothing.
    failed = sum(failed for failed, _ in results) + connections - len(results)
    return Load(len(latencies), failed, time.monotonic() - begun, of(50), of(99))


def one_answer(answers):
    """Reads an answer whole; its first line."""
    first, length = answers.readline(), 0
    while (line := answers.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    answers.read(length)
    return first


def texts(request):
    """A function that gives the bytes of the next request."""
    tokens, body = request.tokens, request.body
    lines = "".join(f"{name}: {value}\r\n" for name, value in ({"Host": "bench"} | request.lines()).items())
    length = f"content-length: {len(body)}\r\n" if body else ""
    start = f"{'POST' if body else 'GET'} {request.path} HTTP/1.1\r\n{lines}{length}".encode()
    end = b"\r\n" + (body or b"")
    if not tokens:
        return lambda: start + end
    values = pathlib.Path(tokens.file).read_bytes().split()[:tokens.count]
    sent = itertools.count(tokens.next)
    return lambda: start + b"authorization: Bearer " + values[next(sent) % len(values)] + b"\r\n" + end
