"""Folios: opened when something is owed, charged, corrected, moved between those who pay, closed and reopened."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from portal.core.actor import Actor
from portal.core.db import db, uuid7
from portal.core.money import round_minor, split, tax_on, tax_within
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.customers.queries import get_customer
from portal.shared.ledger import chart
from portal.trades.hotel.errors import AmountWrong, WrongStatus
from portal.trades.hotel.models import (
    BookingGroup,
    Folio,
    FolioLine,
    FolioStatus,
    LineKind,
    Stay,
    StayNight,
    StayStatus,
)
from portal.trades.hotel.queries.folios import (
    charge_code_at,
    groups_of,
    line_by_key,
    lock_folio,
    lock_folios,
    masters_of,
    posted,
    windows_of,
)
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.queries.stays import lock_stays
from portal.trades.hotel.services.folio_lines import EARNED, Item, still_open, write

#: Stays whose guest has not come: their money is a deposit.
TO_COME = (StayStatus.HELD, StayStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Windows:
    """The folios of some stays, and where a charge of each kind goes."""

    own: dict[uuid.UUID, list[Folio]]
    groups: dict[uuid.UUID, BookingGroup]
    masters: dict[uuid.UUID, Folio]

    @property
    def all(self) -> list[uuid.UUID]:
        """Every folio a charge may go to."""
        return [each.id for windows in self.own.values() for each in windows] + [m.id for m in self.masters.values()]

    def target(self, stay_id: uuid.UUID, *names: str) -> Folio:
        """Where a charge goes: to the window that asks for it by its first name, to the group's, else the guest's."""
        for name in names:
            for window in self.own[stay_id][1:]:
                if window.status == FolioStatus.OPEN and name in window.routes:
                    return window
        group = self.groups.get(stay_id)
        if group is not None and set(names) & set(group.routes):
            master = self.masters[group.id]
            if master.status == FolioStatus.OPEN:
                return master
        return self.own[stay_id][0]


def windows(place: Asset, stays: Sequence[Stay]) -> Windows:
    """The folios of these stays and of their groups, opened where there are none; the caller holds the stays."""
    ids = [stay.id for stay in stays]
    own = windows_of(ids)
    missing = [stay for stay in stays if stay.id not in own]
    if missing:
        rows = [{"stay_id": each.id, "payer_id": each.guest_id, "waiting": each.status in TO_COME} for each in missing]
        _insert(place, [{"name": _("Guest"), **row} for row in rows])
        own = windows_of(ids)
    groups = groups_of(ids)
    found = masters_of({group.id for group, _reservation in groups.values()})
    lacking = {group.id: (group, reservation) for group, reservation in groups.values() if group.id not in found}
    if lacking:
        _insert(
            place,
            [
                {"group_id": key, "name": group.name, "payer_id": group.company_id or reservation.booker_id}
                for key, (group, reservation) in lacking.items()
            ],
        )
        found = masters_of({group.id for group, _reservation in groups.values()})
    return Windows(own, {stay_id: group for stay_id, (group, _reservation) in groups.items()}, found)


def _insert(place: Asset, rows: Sequence[dict[str, Any]]) -> None:
    common = {"asset_id": place.id, "window": 1, "currency": place.currency, "routes": []}
    db.session.execute(
        insert(Folio).values([{"id": uuid7(), **common, **row} for row in rows]).on_conflict_do_nothing()
    )


@transactional
def open_for(*, stay_id: uuid.UUID, actor: Actor) -> Folio:
    """The guest's own folio of a stay, opened if need be."""
    stay = lock_stays([stay_id])[stay_id]
    return windows(asset_of(stay.asset_id), [stay]).own[stay_id][0]


@transactional
def open_window(
    *, stay_id: uuid.UUID, name: str, payer_id: uuid.UUID, actor: Actor, routes: Sequence[str] = ()
) -> Folio:
    """Another window of a stay for who else pays; charges of the kinds in `routes` go there by themselves."""
    stay = lock_stays([stay_id])[stay_id]
    place = asset_of(stay.asset_id)
    own = windows(place, [stay]).own[stay_id]
    row = {"stay_id": stay.id, "window": len(own) + 1, "payer_id": payer_id, "waiting": stay.status in TO_COME}
    _insert(place, [{**row, "name": name.strip() or get_customer(payer_id).name, "routes": list(routes)}])
    made = windows_of([stay_id])[stay_id][-1]
    note("folio.opened", made, actor, after={"name": made.name, "window": made.window, "routes": made.routes})
    return made


@transactional
def amend(*, folio_id: uuid.UUID, name: str, payer_id: uuid.UUID, routes: Sequence[str], actor: Actor) -> Folio:
    """Change who pays a window and which charges go there."""
    folio = lock_folio(folio_id)
    still_open(folio)
    before = {"name": folio.name, "payer": folio.payer_id, "routes": folio.routes}
    folio.name, folio.payer_id, folio.routes = name.strip() or folio.name, payer_id, list(routes)
    after = {"name": folio.name, "payer": payer_id, "routes": folio.routes}
    note("folio.amended", folio, actor, before=before, after=after)
    return folio


@transactional
def post_charge(
    *,
    stay_id: uuid.UUID,
    code: str,
    actor: Actor,
    amount: int | None = None,
    words: str | None = None,
    quantity: int = 1,
    folio_id: uuid.UUID | None = None,
    kind: LineKind = LineKind.CHARGE,
    key: str | None = None,
    night: date | None = None,
) -> FolioLine:
    """Charge a stay for something, by a code of the hotel's own list or in free words; `amount` is for one of it.

    It goes to the window named, or to where charges of its kind go. The same `key` charges once.
    """
    stay = _stay(stay_id)
    day = lock_day(stay.asset_id, shared=True)
    stay = lock_stays([stay_id])[stay_id]
    place = asset_of(stay.asset_id)
    if key is not None and (known := line_by_key(key)) is not None:
        return known
    known_code = charge_code_at(place.id, code)
    each = amount if amount is not None else known_code.price if known_code else None
    if each is None or each <= 0 or not 1 <= quantity <= 1_000:
        raise AmountWrong(_("Say what it costs: more than nothing."), field="amount")
    total, ppm = each * quantity, known_code.tax_ppm if known_code else 0
    inside = known_code is None or known_code.inclusive
    said = (words or "").strip() or (known_code.name if known_code else code.replace("_", " ").capitalize())
    said = f"{quantity} × {said}" if quantity > 1 else said
    found = windows(place, [stay])
    lock_folios(found.all)
    category = "fee" if kind == LineKind.FEE else "room" if code == "room" else "extras"
    target = found.target(stay.id, code, category) if folio_id is None else _window(found, folio_id)
    items = [
        Item(
            folio=target, kind=kind, code=code, words=said, amount=total, key=key, night=night,
            tax=tax_within(total, ppm) if inside else 0, tax_ppm=ppm if inside and ppm else None,
            earned=EARNED.get(category, chart.EXTRAS),
        )
    ]  # fmt: skip
    if not inside and ppm:
        items.append(tax_item(target, _("Tax on %(what)s", what=said), tax_on(total, ppm), ppm))
    line_id = write(place, day.day, items, actor)[0]
    note("folio.charged", target, actor, after={"code": code, "words": said, "amount": total, "line": line_id})
    return db.session.get_one(FolioLine, line_id)


def tax_item(folio: Folio, words: str, amount: int, ppm: int | None, **more: Any) -> Item:
    """A tax on top of what was charged: all of it is owed to the tax office."""
    return Item(
        folio=folio, kind=LineKind.TAX, code="tax", words=words, amount=amount, tax=amount, tax_ppm=ppm,
        earned=chart.EXTRAS, **more,
    )  # fmt: skip


def night_key(stay_id: uuid.UUID, night: date, again: int = 0) -> str:
    """What the line of a night is posted under, once; and once `again` each time its charge was taken back with it."""
    return f"night:{stay_id}:{night.isoformat()}" + (f"~{again}" if again else "")


def keys_of_night(stay_id: uuid.UUID, night: StayNight) -> list[str]:
    """Every key a night's lines may stand under: its room's first, then its package's and the taxes' on top."""
    key = night_key(stay_id, night.night, night.again)
    parts = [f"{key}+{n}" for n, _part in enumerate(night.package, start=1)]
    return [key, *parts, *(f"{key}:{n}" for n, _tax in enumerate(night.taxes, start=1))]


def night_parts(
    agreed: int, within: int, package: Sequence[dict[str, Any]]
) -> tuple[tuple[int, int], list[tuple[dict[str, Any], int, int]]]:
    """A night's price shared between the room and its package, each with the tax in it; together exactly the price."""
    left, amounts = agreed, []
    for part in package:
        amounts.append(min(left, int(part["amount"])))
        left -= amounts[-1]
    tax = round_minor(Fraction(within * left, agreed)) if agreed else within
    shares = split(within - tax, amounts) if sum(amounts) else [0] * len(amounts)
    parts = zip(package, amounts, shares, strict=True)
    return (left, tax), [(part, amount, share) for part, amount, share in parts if amount]


def post_nights(place: Asset, day: date, nights: Sequence[tuple[Stay, StayNight]], actor: Actor) -> list[uuid.UUID]:
    """Charge nights as they were agreed, each once; the caller holds the business day and the stays."""
    done = posted({night_key(stay.id, night.night, night.again) for stay, night in nights})
    due = [(stay, night) for stay, night in nights if night_key(stay.id, night.night, night.again) not in done]
    if not due:
        return []
    found = windows(place, list({stay.id: stay for stay, _night in due}.values()))
    lock_folios(found.all)
    return write(place, day, [item for stay, night in due for item in _night_items(found, stay, night)], actor)


def _night_items(found: Windows, stay: Stay, night: StayNight) -> list[Item]:
    key = night_key(stay.id, night.night, night.again)
    within = [tax for tax in night.taxes if tax["inclusive"]]
    rates = {tax.get("rate_ppm") for tax in within}
    room, parts = night_parts(night.agreed, sum(int(tax["amount"]) for tax in within), night.package)
    common: dict[str, Any] = {
        "kind": LineKind.CHARGE, "night": night.night, "tax_ppm": rates.pop() if len(rates) == 1 else None
    }  # fmt: skip
    charges = [
        Item(
            folio=found.target(stay.id, "room"), code="room", words=_("Room"), amount=room[0], tax=room[1], key=key,
            earned=chart.ROOMS, **common,
        ),
        *(
            Item(
                folio=found.target(stay.id, str(part["code"]), "room"), code=str(part["code"]), words=part["words"],
                amount=amount, tax=tax, key=f"{key}+{n}", earned=chart.EXTRAS, **common,
            )
            for n, (part, amount, tax) in enumerate(parts, start=1)
        ),
    ]  # fmt: skip
    on_top = [tax for tax in night.taxes if not tax["inclusive"] and int(tax["amount"])]
    window = found.target(stay.id, "tax", "room")
    return [
        *charges,
        *(
            tax_item(
                window, str(tax["name"]), int(tax["amount"]), tax.get("rate_ppm"), night=night.night, key=f"{key}:{n}"
            )
            for n, tax in enumerate(on_top, start=1)
        ),
    ]


def _stay(stay_id: uuid.UUID) -> Stay:
    return db.session.get_one(Stay, stay_id)


def _window(found: Windows, folio_id: uuid.UUID) -> Folio:
    by_id = {each.id: each for own in found.own.values() for each in own} | {m.id: m for m in found.masters.values()}
    if folio_id not in by_id:
        raise WrongStatus(_("Choose a window of this stay."), field="folio")
    return by_id[folio_id]


def note(
    action: str,
    folio: Folio,
    actor: Actor,
    *,
    reason: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write a step of a folio into its trail."""
    record(
        action,
        actor=actor,
        subject="folio",
        subject_id=folio.id,
        asset_id=folio.asset_id,
        reason=reason,
        before=before,
        after={"number": folio.number, "currency": folio.currency, **(after or {})},
    )
