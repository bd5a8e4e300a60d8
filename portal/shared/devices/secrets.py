"""What a device signs in with: made here, shown once, and kept only as the hash the broker itself reads."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import string

from portal.core.numbers import label_number

#: Few rounds, as mosquitto_passwd takes them: a secret is 190 random bits, so there is nothing to guess.
ROUNDS = 101
_SECRET_LETTERS = string.ascii_letters + string.digits


def make_secret() -> str:
    """A fresh secret of 190 random bits that needs no quoting in a shell, a URL or a configuration file."""
    return "".join(secrets.choice(_SECRET_LETTERS) for _ in range(32))


def make_claim_code() -> str:
    """What is printed on a box: 55 random bits and a check character in three groups that can be typed."""
    drawn = label_number(11)
    return "-".join(drawn[at : at + 4] for at in range(0, len(drawn), 4))


def hash_secret(secret: str) -> str:
    """The hash mosquitto_passwd would write (`$7$rounds$salt$hash`, PBKDF2 with SHA-512), without its program."""
    return _hashed(secret, secrets.token_bytes(12), ROUNDS)


def secret_fits(secret: str, kept: str | None) -> bool:
    """Whether a secret is the one that was hashed, taking as long for a wrong one and for a device without one."""
    try:
        _empty, scheme, rounds, salt, _digest = (kept or "").split("$")
        again = _hashed(secret, base64.b64decode(salt, validate=True), int(rounds)) if scheme == "7" else ""
    except (ValueError, binascii.Error, OverflowError):
        again = ""
    if not again:
        _hashed(secret, b"no such device", ROUNDS)
    return hmac.compare_digest(again.encode(), (kept or "").encode()) and bool(again)


def _hashed(secret: str, salt: bytes, rounds: int) -> str:
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode("utf-8", "surrogatepass"), salt, rounds, dklen=64)
    return f"$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
