"""Tokens: signed once, kept under target/bench, and sent in an order that no cache likes.

The package `cryptography` signs them (Debian: `python3-cryptography`). Without it Python's own numbers sign RS256, in a minute or two.
"""

import base64
import concurrent.futures
import json
import os
import pathlib
import shutil
import sys
import tempfile

import software_rsa

ISSUER = "https://idp.example.com"
AUDIENCE = "bench"
# The year 2100.
EXPIRES = 4_102_444_800
# What a token is long, whatever its algorithm: what is in it is padded.
LENGTH = 800
# Sent round and round, a token comes again after all the others. Least-recently-used caches never have it then, if they
# hold fewer: Sekisho's 4 MiB hold at most 12,000 verified tokens of the smallest kind, Envoy's native cache 100.
DISTINCT = 20_000
ALGORITHMS = ("RS256", "ES256")


class Tokens:
    """Tokens of one algorithm, and the key set by which they are verified."""

    def __init__(self, file, jwks):
        self.file, self.jwks = file, jwks

    def some(self, count):
        with open(self.file) as lines:
            return [next(lines).rstrip("\n") for _ in range(count)]


def make(directory, algorithm):
    """Its tokens; they are signed where they are not there yet."""
    directory = pathlib.Path(directory)
    # Another number here makes them anew.
    kept = directory / f"tokens-2-{DISTINCT}-{algorithm}"
    if not kept.exists():
        print(f"signing {DISTINCT:,} tokens, once", file=sys.stderr, flush=True)
        directory.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a run that is interrupted leaves nothing that the next one believes.
        unfinished = pathlib.Path(tempfile.mkdtemp(dir=directory))
        try:
            sign_all(algorithm, unfinished)
            unfinished.rename(kept)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return Tokens(kept / "tokens.txt", json.loads((kept / "jwks.json").read_text()))


def sign_all(algorithm, directory):
    try:
        signer, public = by_library(algorithm)
    except ImportError:
        if algorithm != "RS256":
            raise
        print("note: the Python package `cryptography` is not installed: Python's own numbers sign, which takes a minute or two\n"
              "  help: `apt-get install python3-cryptography`", file=sys.stderr)
        signer, public = software_rsa.pair()
    jwk = public | {"kid": algorithm, "alg": algorithm, "use": "sig"}
    (directory / "jwks.json").write_text(json.dumps({"keys": [jwk]}))
    shares = os.cpu_count() or 1
    bounds = [DISTINCT * n // shares for n in range(shares + 1)]
    with concurrent.futures.ProcessPoolExecutor(shares) as pool:
        parts = pool.map(sign_some, [algorithm] * shares, [signer] * shares, bounds, bounds[1:])
        (directory / "tokens.txt").write_text("".join(parts))


def by_library(algorithm):
    """`(what signs, the members of its public JWK)`."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if algorithm == "RS256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = key.public_key().public_numbers()
        members = {"kty": "RSA", "n": number(public.n), "e": number(public.e)}
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_numbers()
        members = {"kty": "EC", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32)}
    private = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return LibraryKey(algorithm, private), members


class LibraryKey:
    """A key that other processes can be given."""

    def __init__(self, algorithm, private):
        self.algorithm, self.private, self.key = algorithm, private, None

    def sign(self, text):
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, padding
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        self.key = self.key or serialization.load_der_private_key(self.private, None)
        if self.algorithm == "RS256":
            return self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign_some(algorithm, signer, first, end):
    """Tokens `first` to `end`, a line each."""
    sign = signer.sign
    signature = len(base64url(sign(b"")))
    header = base64url(json.dumps({"alg": algorithm, "typ": "JWT", "kid": algorithm}).encode())

    def token(n, padding):
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "exp": EXPIRES, "iat": 1_700_000_000, "sub": f"user-{n:08}",
            "jti": f"{n:032x}", "scope": "orders:read orders:write", "token_use": "access", "padding": "x" * padding,
        }
        return f"{header}.{base64url(json.dumps(claims, separators=(',', ':')).encode())}"

    room = LENGTH - signature - 1 - len(token(0, 0))
    lines = []
    for n in range(first, end):
        signed = token(n, max(0, room * 3 // 4))
        lines.append(f"{signed}.{base64url(sign(signed.encode()))}\n")
    return "".join(lines)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
