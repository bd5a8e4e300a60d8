"""What the steps of a stay do to its folios: coming, leaving, not coming after all, and each of them undone.

Every function here is called inside a command that holds the business day (shared) and the stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portal.core.actor import Actor
from portal.core.words import _
from portal.core.written import day as written_day
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.ledger import chart
from portal.trades.hotel.models import Folio, FolioStatus, LineKind, Stay
from portal.trades.hotel.queries.folios import lines_by_keys, lines_of, lock_folios, reversal_of, windows_of
from portal.trades.hotel.queries.guests import lock_customers
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.services import folio_money
from portal.trades.hotel.services.folio_closing import may_reopen, open_again, shut
from portal.trades.hotel.services.folio_lines import Item, write
from portal.trades.hotel.services.folio_moves import take_back
from portal.trades.hotel.services.folios import keys_of_night, night_key, post_nights, windows

CANCELLED, NO_SHOW = "cancellation", "no_show"
EARLY, LATE = "early_check_in", "late_check_out"


def hold(place: Asset, stays: Sequence[Stay]) -> None:
    """Lock every window that a step of these stays may write to, before it writes to any."""
    lock_folios(windows(place, stays).all)


def on_check_in(place: Asset, day: date, stay: Stay, actor: Actor) -> None:
    """The guest has come: deposits count, and a room for some hours of the day is charged at once."""
    hold(place, [stay])
    folio_money.arrived([stay], actor)
    if stay.day_use:
        post_nights(place, day, [(stay, night) for night in nights_of_stays([stay.id])[stay.id]], actor)


def on_check_in_undone(place: Asset, day: date, stay: Stay, actor: Actor) -> None:
    """The guest has not come after all: what they paid is held again, and nothing is charged for the day."""
    hold(place, [stay])
    _take_back(place, day, [stay], (EARLY,), _("Check-in undone"), actor, nights=stay.day_use)
    folio_money.awaited([stay], actor)


def charge_hours(place: Asset, day: date, stay: Stay, code: str, amount: int, actor: Actor) -> None:
    """The guest has the room before its hour, or after it, and pays for that."""
    hold(place, [stay])
    found = windows(place, [stay])
    words = _("Early check-in") if code == EARLY else _("Late check-out")
    target = found.target(stay.id, code, "fee")
    item = Item(folio=target, kind=LineKind.FEE, code=code, words=words, amount=amount, earned=chart.FEES)
    write(place, day, [item], actor)


def on_check_out(
    place: Asset, day: date, stay: Stay, actor: Actor, *, reason: str | None = None, allowed: bool = False
) -> None:
    """The guest leaves: nights not charged yet are, and windows are closed; raises FolioOpen, or LeaveNeeded.

    What is still owed is left owing only with a `reason`, by somebody `allowed` to.
    """
    hold(place, [stay])
    lock_customers([each.payer_id for each in windows_of([stay.id])[stay.id]])
    post_nights(place, day, [(stay, each) for each in nights_of_stays([stay.id])[stay.id] if not each.released], actor)
    own = windows_of([stay.id])[stay.id]
    for folio in lock_folios([each.id for each in own]).values():
        if folio.status == FolioStatus.OPEN:
            shut(place, day, folio, actor, reason=reason, allowed=allowed)


def on_check_out_undone(place: Asset, day: date, stay: Stay, left_at: datetime, actor: Actor) -> None:
    """The guest is still here: the windows that were closed when they left are open again, unless an invoice stands."""
    hold(place, [stay])
    own = windows_of([stay.id])[stay.id]
    for folio in lock_folios([each.id for each in own]).values():
        if folio.closed_at is not None and folio.closed_at >= left_at:
            may_reopen(folio)
            open_again(place, day, folio, _("Check-out undone"), actor)
    _take_back(place, day, [stay], (LATE,), _("Check-out undone"), actor)


def on_nights_given_back(place: Asset, day: date, stay: Stay, actor: Actor) -> None:
    """Nights that are the guest's no more cost nothing: what was charged for them is taken back, to be charged anew."""
    nights = [each for each in nights_of_stays([stay.id])[stay.id] if each.released and not stay.day_use]
    gone = {night_key(stay.id, each.night, each.again): each for each in nights}
    charged = lines_by_keys([key for each in nights for key in keys_of_night(stay.id, each)])
    folios = lock_folios({line.folio_id for line in charged})
    for line in charged:
        if reversal_of(line.id) is None:
            take_back(place, day, folios[line.folio_id], line, _("the night was given back"), actor)
    for line in charged:
        if line.posting_key in gone:
            gone[line.posting_key].again += 1


def guest_folio(place: Asset, stay: Stay) -> Folio:
    """The guest's own window, opened and locked."""
    found = windows(place, [stay])
    lock_folios(found.all)
    return found.own[stay.id][0]


def on_not_coming(
    place: Asset, day: date, stays: Sequence[Stay], fees: Mapping[UUID, int], code: str, actor: Actor,
    *, waived: str | None = None,
) -> None:  # fmt: skip
    """Stays were cancelled or did not come: their fees are charged, unless waived for a reason, and deposits count.

    Called before the stays get their new status; `fees` are minor units by stay, one of zero is left out.
    """
    due = {stay.id: fees.get(stay.id, 0) for stay in stays}
    charged = [stay for stay in stays if due[stay.id] and not waived]
    found = windows(place, charged)
    lock_folios({*found.all, *(each.id for own in windows_of(due).values() for each in own)})
    if charged:
        write(place, day, [_fee_item(found.target(s.id, code, "fee"), s, due[s.id], code) for s in charged], actor)
    folio_money.arrived(stays, actor)
    for stay in stays:
        if due[stay.id]:
            _note("stay.fee_waived" if waived else "stay.fee_charged", stay, actor, due[stay.id], waived)


def on_coming_again(place: Asset, day: date, stays: Sequence[Stay], actor: Actor) -> None:
    """Stays are reinstated: their fees are taken back, and what was paid is held for them."""
    _take_back(place, day, stays, (CANCELLED, NO_SHOW), _("Reinstated"), actor)
    folio_money.awaited(stays, actor)


def _fee_item(folio: Any, stay: Stay, amount: int, code: str) -> Item:
    on = written_day(stay.arrival)
    words = _("No-show on %(day)s", day=on) if code == NO_SHOW else _("Cancelled, for arrival on %(day)s", day=on)
    return Item(folio=folio, kind=LineKind.FEE, code=code, words=words, amount=amount, earned=chart.FEES)


def _take_back(
    place: Asset, day: date, stays: Sequence[Stay], codes: Sequence[str], reason: str, actor: Actor,
    *, nights: bool = False,
) -> None:  # fmt: skip
    own = windows_of([stay.id for stay in stays])
    folios = lock_folios([each.id for windows in own.values() for each in windows])
    for folio_id, lines in lines_of(folios).items():
        for line in lines:
            charged = line.kind in (LineKind.CHARGE, LineKind.TAX, LineKind.FEE)
            asked = line.code in codes or (nights and (line.posting_key or "").startswith("night:"))
            if charged and asked and reversal_of(line.id) is None:
                take_back(place, day, folios[folio_id], line, reason, actor)


def _note(action: str, stay: Stay, actor: Actor, amount: int, reason: str | None) -> None:
    record(
        action,
        actor=actor,
        subject="stay",
        subject_id=stay.id,
        asset_id=stay.asset_id,
        reason=reason,
        after={"fee": amount},
    )
