"""What a run was made on: figures of one run only may be compared."""

import datetime
import os
import pathlib
import re

from harness import envoys


def described(binary):
    return {
        "date": datetime.date.today().isoformat(),
        "envoy": envoys.version(binary),
        "cpu": model(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": os.uname().release.split("-")[0],
        # Before the run begins: what others do on the machine.
        "load_average": round(os.getloadavg()[0], 1),
    }


def model():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    found = re.search(r"model name\s*:\s*(.*)", text)
    name = found[1].strip() if found else os.uname().machine
    # A name that says nothing is no name.
    return name if name.lower() != "unknown" else os.uname().machine


def sentence(machine):
    return (f"Envoy {machine['envoy']}, {machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
            f"load average {machine['load_average']} before the run, {machine['date']}")
