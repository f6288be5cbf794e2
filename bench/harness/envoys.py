"""One Envoy process, its ports and its costs."""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import time


class Envoy:
    def __init__(self, binary, directory, config, workers=1):
        """`config` is a bootstrap, or the path of one."""
        directory = pathlib.Path(directory)
        directory.mkdir()
        if isinstance(config, dict):
            (directory / "envoy.json").write_text(json.dumps(config))
            config = directory / "envoy.json"
        admin, self.log = directory / "admin", directory / "log"
        self.begun = begun = time.monotonic()
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [binary, "-c", config, "--concurrency", str(workers), "--disable-hot-restart",
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
                    # What it took: seconds of the clock, and of a core.
                    self.start, self.start_cpu, self.admin = time.monotonic() - begun, self.cpu(), address
                    listener = json.loads(fetch(address, "/listeners?format=json"))["listener_statuses"][0]
                    return listener["local_address"]["socket_address"]["port_value"]
            except (OSError, http.client.HTTPException, LookupError):
                pass
            time.sleep(0.01)
        self.stop()
        sys.exit(f"error: Envoy did not start\n{self.log.read_text()[-3000:]}\n  help: what it says above is of {self.process.args[2]}")

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
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
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


def version(binary):
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"/(\d+\.\d+\.\d+[^/]*)/", told)
    return found[1] if found else os.path.basename(binary)
