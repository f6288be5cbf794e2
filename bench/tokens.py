"""Tokens for the section `jwt` of run.py: signed once, kept under target/bench, and sent in an order that no cache likes.

Signing needs the package `cryptography` (Debian: `python3-cryptography`).
"""

import base64
import concurrent.futures
import json
import os
import pathlib
import shutil
import tempfile

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


def make(directory):
    """The tokens of each algorithm; they are signed where they are not there yet."""
    directory = pathlib.Path(directory)
    # Another number here makes them anew.
    kept = directory / f"tokens-1-{DISTINCT}"
    if not kept.exists():
        directory.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a run that is interrupted leaves nothing that the next one believes.
        unfinished = pathlib.Path(tempfile.mkdtemp(dir=directory))
        try:
            for algorithm in ALGORITHMS:
                sign_all(algorithm, unfinished)
            unfinished.rename(kept)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return {
        algorithm: Tokens(kept / f"{algorithm}.txt", json.loads((kept / f"{algorithm}.jwks").read_text()))
        for algorithm in ALGORITHMS
    }


def sign_all(algorithm, directory):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if algorithm == "RS256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = key.public_key().public_numbers()
        jwk = {"kty": "RSA", "n": number(public.n), "e": number(public.e)}
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32)}
    jwk |= {"kid": algorithm, "alg": algorithm, "use": "sig"}
    (directory / f"{algorithm}.jwks").write_text(json.dumps({"keys": [jwk]}))
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    shares = os.cpu_count() or 1
    bounds = [DISTINCT * n // shares for n in range(shares + 1)]
    with concurrent.futures.ProcessPoolExecutor(shares) as pool:
        parts = pool.map(sign_some, [algorithm] * shares, [private] * shares, bounds, bounds[1:])
        (directory / f"{algorithm}.txt").write_text("".join(parts))


def sign_some(algorithm, private, first, end):
    """Tokens `first` to `end`, a line each."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key = serialization.load_der_private_key(private, None)

    def sign(text):
        if algorithm == "RS256":
            return key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

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
