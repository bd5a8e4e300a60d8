"""What the books announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMade(Event):
    """Somebody made or reversed an entry by hand."""

    topic: ClassVar[str] = "ledger.entry.made"


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksClosed(Event):
    """A month of a place's books was closed."""

    topic: ClassVar[str] = "ledger.period.closed"
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksReopened(Event):
    """A closed month was opened again."""

    topic: ClassVar[str] = "ledger.period.reopened"
    month: str
