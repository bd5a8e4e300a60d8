"""Passwords: how they are kept, and which are too easy to guess. Long, and nothing else is asked (NIST 800-63B-4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.core.words import _
from portal.shared.identity.errors import WeakPassword

SHORTEST, LONGEST = 15, 128
COMMON = Path(__file__).with_name("common_passwords.txt")
PRODUCT_WORDS = ("password", "portal", "hotel", "fleet", "depot", "shop")
#: What must be left of a password when the words everybody knows about its owner are taken out.
OWN_PART = 8

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody: dict[int, str] = {}


def use_cheapest() -> None:
    """For tests only: hashing takes no time and protects nothing."""
    global _hasher
    _hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def hashed(password: str) -> str:
    """What is stored of a password."""
    return _hasher.hash(_bytes(password))


def fits(password: str, stored: str | None) -> bool:
    """Whether this is the password; without a stored one the answer is no, after the same work."""
    known = stored or _nobody.setdefault(_hasher.memory_cost, _hasher.hash(b"nobody has this password"))
    try:
        return _hasher.verify(known, _bytes(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a stored hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(stored)


def check(password: str, *, known: Iterable[str] = ()) -> None:
    """Refuse a password that is too short, too long, widely used, or made of `known` words about its owner."""
    length = len(unicodedata.normalize("NFC", password)) if len(password) <= 4 * LONGEST else len(password)
    if length < SHORTEST:
        raise _weak(_("Use at least %(count)s characters. Four or five words do well.", count=SHORTEST))
    if length > LONGEST:
        raise _weak(_("Use at most %(count)s characters.", count=LONGEST))
    plain = password.casefold()
    letters = re.sub(r"[\W_]+", "", plain)
    if {plain, letters, letters.rstrip("0123456789")} & common() or _repeats(letters) or _counts(letters):
        raise _weak(_("This password is among the first that are guessed. Choose another."))
    rest = letters
    for word in sorted({*PRODUCT_WORDS, *_words(known)}, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < OWN_PART:
        raise _weak(_("This password is made of your name, address or our product's name. Choose another."))


@cache
def common() -> frozenset[str]:
    """Passwords long enough to be allowed, but found in every list of leaked ones."""
    return frozenset(COMMON.read_text().split())


def _weak(sentence: str) -> WeakPassword:
    return WeakPassword(sentence, field="password")


def _words(known: Iterable[str]) -> set[str]:
    return {word for text in known for word in re.split(r"[\W_]+", text.casefold()) if len(word) >= 4}


def _repeats(letters: str) -> bool:
    """The same up to five characters over and over, in any order."""
    return len(set(letters)) < 5 or (bool(re.fullmatch(r"(.{1,8}?)\1+.{0,7}", letters)) and len(set(letters)) < 8)


def _counts(letters: str) -> bool:
    """Mostly one step up or down from each character to the next: 123456..., abcdef..."""
    steps = [ord(b) - ord(a) for a, b in pairwise(letters)]
    return any(sum(step == way for step in steps) > len(steps) * 0.7 for way in (1, -1)) if steps else True


def _bytes(password: str) -> bytes:
    """Composed, so that the same keys give the same password on every keyboard."""
    return unicodedata.normalize("NFC", password[: 4 * LONGEST]).encode("utf-8", "surrogatepass")
