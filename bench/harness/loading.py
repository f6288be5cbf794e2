"""What a document costs to load: at the start of an Envoy, and into a running one, while a worker serves; and the memory of workers."""

import dataclasses
import http.client
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

import invocations
from documents import HEADERS
from harness import bootstraps, load, places, small_load
from harness.envoys import Envoy
from harness.rounds import loaded, progress, running
from harness.variants import PATH

SMALL = "everything, 300 routes, 10 keys"
LARGE = "everything, 10,000 routes, 100,000 keys"
# Between two requests of the client that waits for a stalled worker.
PAUSE = 0.001
# Envoy's counter of documents of the filter that it took.
RELOADED = "http_filter.sekisho.config_reload"
# Workers of the Envoys whose memory is compared.
WORKERS = (1, 4)


def measure(label, gateway, module, envoy, times):
    """Starts an Envoy of one worker on a folder, and applies a changed document: twice each time, alone and under a client. Then another
    module."""
    progress(f"loading: {label}")
    told = {"label": label, "start_seconds": [], "start_cpu_seconds": [], "reload_seconds": [], "reload_cpu_seconds": [],
            "module_cpu_seconds": [], "stall_ms": [], "usual_ms": [], "rss_mib": []}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        upstream = Envoy(envoy, scratch / "upstream", bootstraps.upstream())
        try:
            for n in range(times):
                one(told, Folder(scratch / str(n), gateway.document(upstream.port), module), envoy)
        finally:
            upstream.stop()
    return told


def one(told, folder, envoy):
    process = Envoy(envoy, folder.path / "run", folder.files / "bootstrap.yaml")
    try:
        answers_something(process)
        told["start_seconds"].append(time.monotonic() - process.begun)
        told["start_cpu_seconds"].append(process.cpu())
        before = process.cpu()
        told["reload_seconds"].append(folder.apply(process))
        told["reload_cpu_seconds"].append(process.cpu() - before)
        told["rss_mib"].append(process.rss())
        with Client(process.port) as client:
            time.sleep(0.5)
            usual = client.take()
            folder.apply(process)
            time.sleep(0.1)
            stalled = client.take()
        told["usual_ms"].append(max(usual) * 1e3)
        told["stall_ms"].append(max(stalled) * 1e3)
        before = process.cpu()
        folder.apply(process, "--wasm", folder.another_module())
        told["module_cpu_seconds"].append(process.cpu() - before)
    finally:
        process.stop()


class Folder:
    """What `sekisho render --dynamic` writes, and `sekisho apply` changes."""

    def __init__(self, path, document, module):
        self.path, self.files, self.document, self.module = path, path / "dynamic", document, module
        path.mkdir()
        self.applied = 0
        bootstraps.run("render", self.file(), "--dynamic", self.files, "--listen", bootstraps.ANY, "--tls-listen", bootstraps.ANY,
                       "--admin", bootstraps.ANY, "--wasm", module, "--execution-log", os.devnull)

    def file(self):
        """The document, each time another one."""
        file = self.path / "gateway.json"
        file.write_text(self.document.replace('"apiId": "bench",', f'"apiId": "bench", "description": "{self.applied}",', 1))
        self.applied += 1
        return file

    def another_module(self):
        """The same but for a section that nobody reads, so that Envoy has to compile it."""
        file = self.path / "other.wasm"
        file.write_bytes(self.module.read_bytes() + b"\x00\x06\x05bench")
        return file

    def apply(self, process, *more):
        """Seconds until the running Envoy confirmed it. No other Envoy is asked first: it would take a core, too."""
        command = [places.command(), "apply", self.file(), "--dynamic", self.files, "--admin", process.admin, "--drain", "0", *more]
        environment = {name: value for name, value in os.environ.items() if name != "ENVOY_BIN"} | {"PATH": ""}
        begun, before = time.monotonic(), process.counter(RELOADED)
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            # Envoy's admin interface waits while it reads a large document, and the command may not; Envoy takes the document yet.
            wait_for_more(process, before, done)
        return time.monotonic() - begun


def wait_for_more(process, before, done):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            if process.counter(RELOADED) > before:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)
    sys.exit(f"error: `sekisho apply` failed\n{done.stdout}{done.stderr}\n{process.log.read_text()[-2000:]}")


class Client:
    """Asks on and on, one request after the other, and remembers how long each took: a worker that is busy answers late."""

    def __init__(self, port):
        self.port, self.taken, self.ends = port, [], threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.ask, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()

    def ask(self):
        asked = invocations.request(PATH, HEADERS, None)
        with socket.create_connection(("127.0.0.1", self.port)) as connection, connection.makefile("rb") as answers:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self.ends.is_set():
                begun = time.monotonic()
                connection.sendall(asked)
                if not small_load.one_answer(answers):
                    break
                self.taken.append(time.monotonic() - begun)
                time.sleep(PAUSE)

    def take(self):
        taken, self.taken = self.taken, []
        if not taken:
            sys.exit("error: the gateway closed a connection while a document was applied")
        return taken


def answers_something(process):
    """Envoy listens before its filter is there: until then it answers 500."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=5)
        try:
            connection.request("GET", PATH)
            if connection.getresponse().status < 500:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    sys.exit(f"error: the gateway did not serve its document\n{process.log.read_text()[-2000:]}")


def memory(variants, plan):
    """Resident MiB of each variant, by workers, after all of them have served."""
    told = {}
    for label, variant in variants.items():
        told[label] = {}
        for workers in WORKERS:
            progress(f"memory: {label}, {workers} workers")
            each = dataclasses.replace(variant, workers=workers, connections=16 * workers)
            generate, _ = load.choose(bool(each.request.tokens))
            with running([each], plan.envoy) as measured:
                for one_ in measured:
                    loaded(one_, generate, max(plan.seconds, 0.5), connections=one_.connections)
                    told[label][str(workers)] = one_.envoy.rss()
    return told
