"""Document numbers without gaps, and label-friendly numbers without look-alikes."""

from __future__ import annotations

import secrets
import uuid

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped

from portal.core import locks
from portal.core.db import Record, db, uuid7

#: Crockford's alphabet without I, L, O, U: nobody can misread it from a sticker.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class DocumentSeries(Record):
    """One run of numbers: the next one is taken last in a command, so that a rollback leaves no gap."""

    __tablename__ = "document_series"
    __table_args__ = (UniqueConstraint("scope_id", "name"),)

    scope_id: Mapped[uuid.UUID]
    name: Mapped[str]
    last_number: Mapped[int]


def take_number(*, scope_id: uuid.UUID, series: str) -> int:
    """The next number of a series, 1 first; two commands wait for each other, and neither leaves a hole."""
    locks.taking("document_series")
    return int(
        db.session.execute(
            text(
                "insert into document_series (id, scope_id, name, last_number) values (:id, :scope, :name, 1)"
                " on conflict (scope_id, name) do update set last_number = document_series.last_number + 1"
                " returning last_number"
            ),
            {"id": uuid7(), "scope": scope_id, "name": series},
        ).scalar_one()
    )


def check_character(body: str) -> str:
    """A character that catches every single wrong character and every swap of neighbours (modulo 37 by weight)."""
    total = 0
    for place, character in enumerate(body, start=2):
        total += place * ALPHABET.index(character)
    return (ALPHABET + "*~$=U")[total % 37]


def label_number(length: int = 6) -> str:
    """A random number for a label: `length` plain characters and a check character, itself never a symbol."""
    while True:
        body = "".join(secrets.choice(ALPHABET) for _place in range(length))
        check = check_character(body)
        if check in ALPHABET:
            return body + check


def is_label_number(value: str) -> bool:
    """Whether a typed or scanned label number is intact."""
    return len(value) > 1 and all(c in ALPHABET for c in value) and check_character(value[:-1]) == value[-1]
