import base64
import hashlib
import unittest

import software_rsa
from harness import load, small_load
from harness.traffic import Request

WRK = """Running 1s test @ http://127.0.0.1:1/
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.42ms  802.00us  12.00ms   80.00%
  Latency Distribution
     50%    1.25ms
     75%    2.00ms
     90%    3.00ms
     99%    4.50ms
  12345 requests in 1.10s, 3.21MB read
"""


class Wrk(unittest.TestCase):
    def test_its_words_are_understood(self):
        came = load.told_by_wrk(WRK)
        self.assertEqual((came.requests, came.failed, came.seconds, round(came.p50), round(came.p99)), (12345, 0, 1.1, 1250, 4500))

    def test_failures_are_counted(self):
        told = WRK + "  Socket errors: connect 1, read 2, write 0, timeout 3\n  Non-2xx or 3xx responses: 10\n"
        self.assertEqual(load.told_by_wrk(told).failed, 16)


class SmallGenerator(unittest.TestCase):
    def test_a_request_is_what_clients_send(self):
        text = small_load.texts(Request("/x", {"a": "b"}, b"12"))()
        self.assertEqual(text, b"POST /x HTTP/1.1\r\nHost: bench\r\na: b\r\ncontent-length: 2\r\n\r\n12")


class Signing(unittest.TestCase):
    def test_a_signature_is_that_of_pkcs_1(self):
        # A short key, which is made in no time.
        key, public = software_rsa.pair(1024)
        n = int.from_bytes(base64.urlsafe_b64decode(public["n"] + "=="), "big")
        self.assertEqual(n.bit_length(), 1024)
        opened = pow(int.from_bytes(key.sign(b"text"), "big"), software_rsa.EXPONENT, n).to_bytes(128, "big")
        self.assertTrue(opened.startswith(b"\x00\x01\xff"))
        self.assertTrue(opened.endswith(b"\x00" + software_rsa.SHA256 + hashlib.sha256(b"text").digest()))
