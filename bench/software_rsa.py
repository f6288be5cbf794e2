"""RS256 by Python's own numbers, for tokens of a benchmark and nothing else: slow, and no care is taken of side channels."""

import base64
import hashlib
import random

# PKCS #1: what says that a SHA-256 follows.
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
EXPONENT = 65537


def pair(bits=2048):
    """`(what signs, the members of its public JWK)`."""
    p, q = prime(bits // 2), prime(bits // 2)
    n, e = p * q, EXPONENT
    return SoftwareKey(p, q, pow(e, -1, (p - 1) * (q - 1))), {"kty": "RSA", "n": base64url(n), "e": base64url(e)}


class SoftwareKey:
    def __init__(self, p, q, d):
        self.n, self.p, self.q = p * q, p, q
        self.by_p, self.by_q, self.inverse = d % (p - 1), d % (q - 1), pow(q, -1, p)

    def sign(self, text):
        size = self.n.bit_length() // 8
        told = SHA256 + hashlib.sha256(text).digest()
        padded = b"\x00\x01" + b"\xff" * (size - 3 - len(told)) + b"\x00" + told
        message = int.from_bytes(padded, "big")
        # By the Chinese remainder theorem: two powers of half the length.
        of_p, of_q = pow(message, self.by_p, self.p), pow(message, self.by_q, self.q)
        return (of_q + self.q * ((of_p - of_q) * self.inverse % self.p)).to_bytes(size, "big")


def prime(bits):
    chance = random.SystemRandom()
    while True:
        # The two highest bits are set, so that a product of two has all its bits.
        n = chance.getrandbits(bits) | 3 << bits - 2 | 1
        if n % EXPONENT != 1 and all(n % small for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)) and probably_prime(n, chance):
            return n


def probably_prime(n, chance):
    """Miller and Rabin's test, twenty times."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(20):
        power = pow(chance.randrange(2, n - 1), odd, n)
        if power not in (1, n - 1) and not any((power := power * power % n) == n - 1 for _ in range(twos - 1)):
            return False
    return True


def base64url(number):
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
