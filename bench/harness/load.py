"""Load by wrk, by h2load, or by a small generator of our own: as much as goes, or as much as is said."""

import contextlib
import functools
import math
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import small_load
from harness.traffic import Load

HERE = pathlib.Path(__file__).resolve().parent.parent
# Of each connection of a paced load, on average. Far longer than an answer takes, so that it does not matter how long that is.
THINK = 0.05
CONNECTIONS = 16


@functools.cache
def choose(differing):
    """`(as much as goes, as much as is said)`, the same for all variants of a section; h2load cannot send tokens that differ."""
    if shutil.which("wrk"):
        return wrk, wrk
    if shutil.which("h2load") and not differing:
        print("note: wrk is not installed: h2load takes its place, and a small generator in Python for latencies\n"
              "  help: `apt-get install wrk`", file=sys.stderr)
        return h2load, small_load.generate
    print("note: wrk is not installed: a small generator in Python takes its place, which is slower, and whose own time is in latencies\n"
          "  help: `apt-get install wrk`", file=sys.stderr)
    return small_load.generate, small_load.generate


def wrk(port, request, seconds, rate=None, connections=CONNECTIONS):
    arguments = []
    if tokens := request.tokens:
        arguments += [f"tokens={tokens.file}", f"count={tokens.count}", f"next={tokens.next}"]
    if rate:
        connections = max(4, round(rate * THINK))
        arguments.append(f"think={connections / rate * 1000}")
    with contextlib.ExitStack() as files:
        if request.body:
            file = files.enter_context(tempfile.NamedTemporaryFile())
            file.write(request.body)
            file.flush()
            arguments.append(f"body={file.name}")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", "--latency", "--timeout", "10s"]
        command += [f"http://127.0.0.1:{port}{request.path}", *header_arguments(request)]
        if arguments:
            command += ["-s", HERE / ("paced.lua" if rate else "load.lua"), "--", *arguments]
        return told_by_wrk(ended(command, seconds))


def ended(command, seconds):
    """What it printed. wrk knows whole seconds only; interrupted, it tells of what it has done by then."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if seconds < math.ceil(seconds):
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    if process.returncode:
        sys.exit(f"error: `{command[0]}` failed: {err or out}")
    return out


def told_by_wrk(out):
    failed = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    failed += sum(int(n) for line in re.findall(r"Socket errors: (.*)", out) for n in re.findall(r"\d+", line))
    requests, seconds = re.search(r"(\d+) requests in ([\d.]+\w+)", out).groups()
    percentile = lambda n: (found := re.search(rf"^\s+{n}%\s+([\d.]+\w+)", out, re.M)) and span(found[1]) * 1e6
    return Load(int(requests), failed, span(seconds), percentile(50), percentile(99))


def span(text):
    """Seconds, of `1.35ms`."""
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}[unit]


def h2load(port, request, seconds, rate=None, connections=CONNECTIONS):
    assert not request.tokens and not rate
    command = ["h2load", "--h1", "-t1", f"-c{connections}", "-D", f"{round(seconds * 1000)}ms", f"http://127.0.0.1:{port}{request.path}"]
    command += header_arguments(request)
    with tempfile.NamedTemporaryFile() as file:
        if request.body:
            file.write(request.body)
            file.flush()
            command += ["-d", file.name]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answered = {kind: int(n) for n, kind in re.findall(r"(\d+) ([2345]xx)", out)}
    total = sum(answered.values())
    return Load(total, total - answered["2xx"], seconds)


def header_arguments(request):
    return [part for name, value in request.lines().items() for part in ("-H", f"{name}: {value}")]
