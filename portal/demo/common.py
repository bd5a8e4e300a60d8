"""What every part of the demo draws from: the same dice each time, and rows written in bulk."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from portal.core import numbers
from portal.core.db import Model, db

DAYS = 30


def dice(name: str) -> random.Random:
    """Chance that falls the same way in every demo; each part has its own, so that one can change alone."""
    return random.Random(f"demo {name}")


@cache
def key(name: str) -> uuid.UUID:
    """The key of a demo thing, the same in every installation."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{name}")


def key_at(moment: datetime, chance: random.Random) -> uuid.UUID:
    """A version 7 key as it would have been made at that moment, so that lists by key are lists by time."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62))


def label(name: str, length: int = 6) -> str:
    """A label number with a good check character, the same in every demo."""
    chance = dice(f"label {name}")
    while True:
        body = "".join(chance.choices(numbers.ALPHABET, k=length))
        if numbers.is_label_number(found := body + numbers.check_character(body)):
            return found


def insert(model: type[Model], rows: Iterable[dict[str, Any]]) -> None:
    """Write many rows in few statements."""
    if waiting := list(rows):
        db.session.execute(model.__table__.insert(), waiting)  # type: ignore[attr-defined]
