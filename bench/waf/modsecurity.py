#!/usr/bin/env python3
"""Says which requests the OWASP Core Rule Set refuses, run by libmodsecurity: the part of `bench/waf/run.py` that CRS is.

Requests are read, and verdicts written, as `judge.rs` does: a line of JSON each, `["403"]` for a request that CRS refuses with 403.
CRS is as its `crs-setup.conf.example` leaves it: paranoia level 1, and a threshold of 5 for requests. libmodsecurity gets requests by
calls of its library, so that no server in between refuses what it cannot read.

    bench/waf/modsecurity.py --crs DIR [--library FILE] < REQUESTS
"""

import argparse
import ctypes
import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# What Debian's library needs, in the order in which it is loaded.
PACKAGES = {
    "libgeoip1": "libGeoIP.so.1", "liblua5.3-0": "liblua5.3.so.0", "libmaxminddb0": "libmaxminddb.so.0",
    "libfuzzy2": "libfuzzy.so.2", "libyajl2": "libyajl.so.2", "libmodsecurity3": "libmodsecurity.so.3",
}

# As its authors recommend, but for two points: a body that cannot be parsed is not refused, for that is not CRS's finding; and
# nothing is logged.
SETTINGS = """
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecResponseBodyAccess Off
SecAuditEngine Off
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application|text)/(?:[a-z0-9.-]+[+])?xml" \
    "id:1,phase:1,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.-]+[+])?json" \
    "id:2,phase:1,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
"""


class Intervention(ctypes.Structure):
    _fields_ = [
        ("status", ctypes.c_int), ("pause", ctypes.c_int), ("url", ctypes.c_void_p), ("log", ctypes.c_void_p),
        ("disruptive", ctypes.c_int),
    ]


class Engine:
    """CRS, loaded."""

    def __init__(self, library, crs):
        self.lib = library
        self.free = ctypes.CDLL(None).free
        self.free.argtypes = [ctypes.c_void_p]
        for name in ("msc_init", "msc_create_rules_set", "msc_new_transaction", "msc_who_am_i"):
            getattr(library, name).restype = ctypes.c_void_p
        library.msc_who_am_i.restype = ctypes.c_char_p
        self.quiet = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: None)
        self.waf = ctypes.c_void_p(library.msc_init())
        library.msc_set_log_cb(self.waf, self.quiet)
        self.rules = ctypes.c_void_p(library.msc_create_rules_set())
        self.said = ctypes.c_char_p()
        self.check(library.msc_rules_add(self.rules, SETTINGS.encode(), ctypes.byref(self.said)))
        for file in [crs / "crs-setup.conf.example", *sorted((crs / "rules").glob("*.conf"))]:
            self.check(library.msc_rules_add_file(self.rules, str(file).encode(), ctypes.byref(self.said)))

    def check(self, count):
        if count < 0:
            sys.exit(f"error: {(self.said.value or b'').decode()}")

    def version(self):
        return self.lib.msc_who_am_i(self.waf).decode()

    def refuses(self, request):
        """The status with which a request is refused, if it is."""
        lib, text = self.lib, lambda of: of.encode("latin-1")
        asked = ctypes.c_void_p(lib.msc_new_transaction(self.waf, self.rules, None))
        try:
            lib.msc_process_connection(asked, b"192.0.2.1", 4711, b"198.51.100.1", 80)
            lib.msc_process_uri(asked, text(request["target"]), text(request["method"]), b"1.1")
            body = text(request["body"])
            headers = [(text(name), text(value)) for name, value in request["headers"]]
            if body or request["method"] not in ("GET", "HEAD", "OPTIONS"):
                headers = [it for it in headers if it[0] != b"content-length"] + [(b"content-length", b"%d" % len(body))]
            for name, value in headers:
                lib.msc_add_n_request_header(asked, name, len(name), value, len(value))
            lib.msc_process_request_headers(asked)
            if status := self.intervened(asked):
                return status
            lib.msc_append_request_body(asked, body, len(body))
            lib.msc_process_request_body(asked)
            return self.intervened(asked)
        finally:
            lib.msc_transaction_cleanup(asked)

    def intervened(self, asked):
        found = Intervention(status=200)
        self.lib.msc_intervention(asked, ctypes.byref(found))
        for text in (found.url, found.log):
            self.free(text)
        return found.status if found.disruptive else None


def load(folder):
    """Debian's library, from packages that are unpacked into a folder and installed nowhere."""
    place = folder / "root"
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, stdout=subprocess.DEVNULL, check=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, place], check=True)
    for name in PACKAGES.values():
        library = ctypes.CDLL(next(place.rglob(name)), mode=ctypes.RTLD_GLOBAL)
    return library


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crs", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--library", help="libmodsecurity; Debian's, if absent")
    args = parser.parse_args()
    library = ctypes.CDLL(args.library) if args.library else load(ROOT / "target/modsecurity")
    engine = Engine(library, args.crs)
    requests = [json.loads(line) for line in sys.stdin]
    begin = time.monotonic()
    for request in requests:
        status = engine.refuses(request)
        print(json.dumps([str(status)] if status == 403 else []))
    took = (time.monotonic() - begin) / max(len(requests), 1)
    print(f"{engine.version()}: {len(requests)} requests took {took * 1e6:.1f} microseconds each", file=sys.stderr)


if __name__ == "__main__":
    main()
