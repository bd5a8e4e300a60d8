"""Folios and their lines: found, locked, and added up for one stay or for many at once."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select, text

from portal.core.db import db
from portal.core.locks import taking
from portal.core.words import _
from portal.shared.payments.models import Payment, PaymentIntent
from portal.trades.hotel.errors import NoSuchFolio
from portal.trades.hotel.models import BookingGroup, ChargeCode, Folio, FolioLine, LineKind, Reservation, Stay

#: No hotel has had so many; a larger number is not even looked for.
HIGHEST_NUMBER = 2**53
#: Lines that are money: what came, and what went back.
MONEY = (LineKind.PAYMENT, LineKind.DEPOSIT, LineKind.REFUND)
#: How a folio that is closed with something owing is brought to zero.
CITY = "city_ledger"


def get_folio(asset_id: uuid.UUID, folio_id: uuid.UUID) -> Folio:
    """A folio of this hotel by its key; raises NoSuchFolio, also for another hotel's."""
    found: Folio | None = db.session.get(Folio, folio_id)
    if found is None or found.asset_id != asset_id:
        raise NoSuchFolio(_("There is no such folio here."))
    return found


def folio_at(asset_id: uuid.UUID, number: int) -> Folio:
    """A folio by its number; raises NoSuchFolio."""
    found: Folio | None = None
    if 0 < number < HIGHEST_NUMBER:
        found = db.session.scalar(select(Folio).where(Folio.asset_id == asset_id, Folio.number == number))
    if found is None:
        raise NoSuchFolio(_("There is no folio %(number)s here.", number=number))
    return found


def folio_of_id(folio_id: uuid.UUID) -> Folio:
    """A folio by its key, wherever it is, as it stands; raises NoSuchFolio."""
    found: Folio | None = db.session.get(Folio, folio_id, populate_existing=True)
    if found is None:
        raise NoSuchFolio(_("There is no such folio any more."))
    return found


def lock_folios(folio_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Folio]:
    """These folios, locked in one order and as they stand."""
    if not folio_ids:
        return {}
    taking("folio", folio_ids)
    rows = db.session.scalars(
        select(Folio)
        .where(Folio.id.in_(folio_ids))
        .order_by(Folio.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def lock_folio(folio_id: uuid.UUID) -> Folio:
    """One folio, locked; raises NoSuchFolio."""
    found = lock_folios([folio_id]).get(folio_id)
    if found is None:
        raise NoSuchFolio(_("There is no such folio any more."))
    return found


def windows_of(stay_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Folio]]:
    """The folios of these stays, the guest's own first."""
    found: dict[uuid.UUID, list[Folio]] = defaultdict(list)
    if stay_ids:
        rows = select(Folio).where(Folio.stay_id.in_(stay_ids)).order_by(Folio.stay_id, Folio.window)
        for row in db.session.scalars(rows):
            assert row.stay_id is not None
            found[row.stay_id].append(row)
    return found


def groups_of(stay_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[BookingGroup, Reservation]]:
    """By stay the group it came with, and its reservation; a stay without a group is left out."""
    rows = db.session.execute(
        select(Stay.id, BookingGroup, Reservation)
        .join(Reservation, Reservation.id == Stay.reservation_id)
        .join(BookingGroup, BookingGroup.id == Reservation.group_id)
        .where(Stay.id.in_(stay_ids))
    )
    return {stay_id: (group, reservation) for stay_id, group, reservation in rows}


def masters_of(group_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Folio]:
    """The master folios of groups."""
    rows = db.session.scalars(select(Folio).where(Folio.group_id.in_(group_ids), Folio.window == 1))
    return {row.group_id: row for row in rows if row.group_id is not None}


def lines_of(folio_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[FolioLine]]:
    """The lines of these folios, in the order they were written."""
    found: dict[uuid.UUID, list[FolioLine]] = defaultdict(list)
    rows = select(FolioLine).where(FolioLine.folio_id.in_(folio_ids)).order_by(FolioLine.folio_id, FolioLine.id)
    for row in db.session.scalars(rows):
        found[row.folio_id].append(row)
    return found


def get_line(asset_id: uuid.UUID, line_id: uuid.UUID) -> FolioLine:
    """A line of a folio of this hotel; raises NoSuchFolio."""
    found: FolioLine | None = db.session.get(FolioLine, line_id)
    if found is None or found.asset_id != asset_id:
        raise NoSuchFolio(_("There is no such line on a folio here."))
    return found


def line_by_key(key: str) -> FolioLine | None:
    """The line of this posting key, or None while it was not written."""
    found: FolioLine | None = db.session.scalar(select(FolioLine).where(FolioLine.posting_key == key))
    return found


def lines_by_keys(keys: Collection[str]) -> Sequence[FolioLine]:
    """The lines posted under these keys, in order."""
    return db.session.scalars(select(FolioLine).where(FolioLine.posting_key.in_(keys)).order_by(FolioLine.id)).all()


def with_the_room(line: FolioLine) -> Sequence[FolioLine]:
    """What was charged with the room of a night: its package and its taxes on top. None for any other line."""
    key = line.posting_key or ""
    if line.code != "room" or not key.startswith("night:"):
        return []
    rest = [FolioLine.posting_key.startswith(f"{key}{mark}", autoescape=True) for mark in ("+", ":")]
    here = FolioLine.asset_id == line.asset_id, FolioLine.business_date == line.business_date
    return db.session.scalars(select(FolioLine).where(*here, or_(*rest)).order_by(FolioLine.id)).all()


def posted(keys: Collection[str]) -> set[str]:
    """Which of these posting keys have been written."""
    return set(db.session.scalars(select(FolioLine.posting_key).where(FolioLine.posting_key.in_(keys))))


def reversal_of(line_id: uuid.UUID) -> FolioLine | None:
    """The line that takes another back, or None."""
    found: FolioLine | None = db.session.scalar(select(FolioLine).where(FolioLine.reverses_id == line_id))
    return found


def moved_away(line: FolioLine) -> tuple[int, int]:
    """What of a line is in other windows now: its amount and the tax in it, in minor units."""
    row = db.session.execute(
        select(func.coalesce(-func.sum(FolioLine.amount), 0), func.coalesce(-func.sum(FolioLine.tax), 0)).where(
            FolioLine.moves_id == line.id, FolioLine.folio_id == line.folio_id
        )
    ).one()
    return int(row[0]), int(row[1])


def folio_balances(folio_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What is owed on each of these folios, in minor units; below zero where too much was paid."""
    rows = db.session.execute(
        select(FolioLine.folio_id, func.sum(FolioLine.amount))
        .where(FolioLine.folio_id.in_(folio_ids))
        .group_by(FolioLine.folio_id)
    )
    found = {folio_id: int(total) for folio_id, total in rows}
    return {folio_id: found.get(folio_id, 0) for folio_id in folio_ids}


def balance_of(folio_id: uuid.UUID) -> int:
    """What is owed on one folio, in minor units."""
    return folio_balances([folio_id])[folio_id]


def balances(stay_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What is owed by each of these stays on all their windows, in minor units; one question for any number."""
    rows = db.session.execute(
        select(Folio.stay_id, func.sum(FolioLine.amount))
        .join(FolioLine, FolioLine.folio_id == Folio.id)
        .where(Folio.stay_id.in_(stay_ids))
        .group_by(Folio.stay_id)
    )
    found = {stay_id: int(total) for stay_id, total in rows}
    return {stay_id: found.get(stay_id, 0) for stay_id in stay_ids}


_MONEY_ON = text(
    """
    select coalesce(-sum(l.amount), 0)::bigint from folio_line l left join folio_line r on r.id = l.reverses_id
    where l.folio_id = :folio and coalesce(r.kind, l.kind) in ('payment', 'deposit', 'refund')
        and l.code <> 'city_ledger'
    """
)


def money_on(folio_id: uuid.UUID) -> int:
    """What came for a folio and did not go back, in minor units; what was left owing is none."""
    return int(db.session.execute(_MONEY_ON, {"folio": folio_id}).scalar_one())


@dataclass(frozen=True, slots=True)
class StayMoney:
    """A stay's money in minor units: charged and paid so far, and the agreed nights that are still to be charged."""

    charged: int = 0
    paid: int = 0
    to_come: int = 0

    @property
    def balance(self) -> int:
        """What is owed now."""
        return self.charged - self.paid

    @property
    def total(self) -> int:
        """What all of it will come to."""
        return self.charged + self.to_come

    @property
    def due(self) -> int:
        """What is missing until all of it is paid."""
        return self.total - self.paid


_SUMS = text(
    """
    select f.stay_id, coalesce(sum(l.amount) filter (where not m.money), 0)::bigint,
        coalesce(-sum(l.amount) filter (where m.money), 0)::bigint
    from folio f join folio_line l on l.folio_id = f.id
    left join folio_line r on r.id = l.reverses_id
    cross join lateral (select coalesce(r.kind, l.kind) in ('payment', 'deposit', 'refund') as money) m
    where f.stay_id = any(:stays) group by f.stay_id
    """
)
_TO_COME = text(
    """
    select n.stay_id, sum(n.price - n.discount + coalesce(t.on_top, 0))::bigint
    from stay_night n join stay s on s.id = n.stay_id
    left join lateral (
        select sum((tax ->> 'amount')::bigint) as on_top from jsonb_array_elements(n.taxes) as tax
        where not (tax ->> 'inclusive')::boolean) t on true
    where n.stay_id = any(:stays) and s.status in ('held', 'confirmed', 'in_house')
        and (not n.released or s.day_use)
        and not exists (select from folio_line l where l.posting_key = 'night:' || n.stay_id || ':' || n.night
            || case when n.again > 0 then '~' || n.again else '' end)
    group by n.stay_id
    """
)


def money_of(stay_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, StayMoney]:
    """Charged, paid and still to come for each of these stays: two questions for any number of them."""
    asked = {"stays": list(stay_ids)}
    sums = {row[0]: (row[1], row[2]) for row in db.session.execute(_SUMS, asked)}
    coming = {row[0]: row[1] for row in db.session.execute(_TO_COME, asked)}
    return {each: StayMoney(*sums.get(each, (0, 0)), coming.get(each, 0)) for each in stay_ids}


def references_of(payment_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The references that payments are found under."""
    rows = db.session.execute(
        select(Payment.id, PaymentIntent.reference).join(PaymentIntent).where(Payment.id.in_(payment_ids))
    )
    return {payment_id: reference for payment_id, reference in rows}


def charge_codes(asset_id: uuid.UUID, *, retired: bool = False) -> Sequence[ChargeCode]:
    """What a hotel sells beside its rooms, by name."""
    query = select(ChargeCode).where(ChargeCode.asset_id == asset_id).order_by(ChargeCode.name)
    return db.session.scalars(query if retired else query.where(ChargeCode.retired_at.is_(None))).all()


def charge_code_at(asset_id: uuid.UUID, code: str) -> ChargeCode | None:
    """One of them by its code, or None."""
    found: ChargeCode | None = db.session.scalar(
        select(ChargeCode).where(ChargeCode.asset_id == asset_id, ChargeCode.code == code.strip().lower())
    )
    return found
