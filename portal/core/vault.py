"""Secrets at rest: sealed with a key derived from the portal's own, so that a copy of the database opens nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken

from portal.core.errors import Unavailable
from portal.core.words import _


class CannotOpen(Unavailable):
    """A secret was sealed with another SECRET_KEY than the one in force."""


_fernet: Fernet | None = None


def connect(key: str) -> None:
    """Use this key, 64 hexadecimal characters, from now on."""
    global _fernet
    _fernet = Fernet(base64.urlsafe_b64encode(bytes.fromhex(key)))


def sealed(secrets: Mapping[str, str]) -> bytes:
    """Named secrets as bytes that only this portal can read."""
    assert _fernet is not None, "the vault is connected when the portal starts"
    return _fernet.encrypt(json.dumps(dict(secrets)).encode())


def opened(box: bytes) -> dict[str, str]:
    """The named secrets again; raises CannotOpen where SECRET_KEY is not the one they were sealed with."""
    assert _fernet is not None, "the vault is connected when the portal starts"
    try:
        found: dict[str, str] = json.loads(_fernet.decrypt(box))
    except InvalidToken:
        raise CannotOpen(
            _("The stored provider keys cannot be read with the portal's present secret. Enter them again.")
        ) from None
    return found


def hint(secret: str) -> str:
    """What may be shown of a secret: its last four characters, and nothing of a short one."""
    return f"…{secret[-4:]}" if len(secret) >= 12 else "…"
