"""The only hand that writes lines of folios: each with its entry in the books, in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.ledger import chart
from portal.shared.ledger.queries import entry_by_key, first_open_day, legs_of
from portal.shared.ledger.services import entries
from portal.trades.hotel.errors import FolioClosed
from portal.trades.hotel.events import FolioChanged
from portal.trades.hotel.models import BusinessDay, DayState, Folio, FolioLine, FolioStatus, LineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line about to be written. Where it was `earned` on an account it is booked; money has its own entry."""

    folio: Folio
    kind: LineKind
    code: str
    words: str
    amount: int
    tax: int = 0
    tax_ppm: int | None = None
    night: date | None = None
    key: str | None = None
    earned: str | None = None
    reverses: FolioLine | None = None
    transfer_id: uuid.UUID | None = None
    moves_id: uuid.UUID | None = None
    payment_id: uuid.UUID | None = None


def write(place: Asset, day: date, items: Sequence[Item], actor: Actor) -> list[uuid.UUID]:
    """Write lines on a business day and book them; the caller holds the day and the folios. Returns their keys."""
    if not items:
        return []
    for folio in {item.folio.id: item.folio for item in items}.values():
        still_open(folio)
        publish(FolioChanged(asset_id=place.id, subject_id=folio.id))
    now = utcnow()
    ids = sorted(uuid7() for _item in items)  # lines are read in the order of their keys
    rows = [_row(line_id, place, day, item, actor) for line_id, item in zip(ids, items, strict=True)]
    db.session.execute(FolioLine.__table__.insert(), rows)  # type: ignore[attr-defined]
    booked = [draft for item, row in zip(items, rows, strict=True) if (draft := _draft(item, row["posting_key"], now))]
    book(place, day, booked, actor)
    return ids


def book(place: Asset, day: date, drafts: Sequence[entries.Draft], actor: Actor) -> None:
    """Book what happened on a business day; once its month is closed, on the first day after that."""
    if not drafts:
        return
    on = first_open_day(place.id, day)
    dated = [
        entries.Draft(
            fact=each.fact, key=each.key, legs=each.legs, subject=each.subject, subject_id=each.subject_id,
            occurred_at=each.occurred_at, memo=each.memo, reverses=each.reverses, on=on,
        )
        for each in drafts
    ]  # fmt: skip
    entries.post(place=place, currency=place.currency, drafts=dated, actor=actor)


def still_open(folio: Folio) -> None:
    """Refuse a folio that takes no line; raises FolioClosed."""
    if folio.status == FolioStatus.CLOSED:
        raise FolioClosed(
            _("Folio %(number)s is closed. Reopen it to change what is on it.", number=folio.number), folio=folio.number
        )


def open_day(asset_id: uuid.UUID) -> date:
    """The business day that the running command holds."""
    day: date = db.session.scalars(
        select(BusinessDay.day).where(BusinessDay.asset_id == asset_id, BusinessDay.state == DayState.OPEN)
    ).one()
    return day


def _row(line_id: uuid.UUID, place: Asset, day: date, item: Item, actor: Actor) -> dict[str, Any]:
    return {
        "id": line_id,
        "asset_id": place.id,
        "folio_id": item.folio.id,
        "kind": item.kind,
        "code": item.code,
        "words": item.words,
        "night": item.night,
        "business_date": day,
        "amount": item.amount,
        "tax": item.tax,
        "tax_ppm": item.tax_ppm,
        "posting_key": item.key or f"line:{line_id}",
        "reverses_id": item.reverses.id if item.reverses else None,
        "transfer_id": item.transfer_id,
        "moves_id": item.moves_id,
        "payment_id": item.payment_id,
        "by": actor.name,
    }


def _draft(item: Item, key: str, now: datetime) -> entries.Draft | None:
    """The entry of a line; a night given away has none, nor has what was moved from one window to another."""
    if item.reverses is not None:
        entry = entry_by_key(item.reverses.posting_key or "")
        if entry is None:
            return None
        return entries.Draft(
            fact="entry.reversed",
            key=key,
            legs=[entries.Leg(account, -amount) for account, amount in legs_of(entry.id)],
            subject="folio",
            subject_id=item.folio.id,
            occurred_at=now,
            memo=item.words,
            reverses=entry.id,
        )
    if item.earned is None or not item.amount:
        return None
    return entries.draft(
        "folio.charged",
        key=key,
        amounts={"gross": item.amount, "net": item.amount - item.tax, "tax": item.tax},
        subject="folio",
        subject_id=item.folio.id,
        occurred_at=now,
        memo=item.words,
        earned=item.earned,
    )


#: What lines are earned on, by what they are.
EARNED = {"room": chart.ROOMS, "fee": chart.FEES}
