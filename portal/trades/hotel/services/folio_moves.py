"""Charges taken back, and moved between those who pay: what stands is never changed, only answered by other lines."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from portal.core.actor import Actor
from portal.core.db import db, uuid7
from portal.core.money import Money, round_minor, split
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.errors import AlreadyDone, AmountWrong, ReasonMissing, WrongStatus
from portal.trades.hotel.models import Folio, FolioLine, LineKind
from portal.trades.hotel.queries.folios import get_line, lock_folios, moved_away, reversal_of, with_the_room
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.services.folio_lines import Item, write
from portal.trades.hotel.services.folios import note

#: Lines that can be taken back: what was charged.
CHARGES = (LineKind.CHARGE, LineKind.TAX, LineKind.FEE)


@transactional
def reverse(*, asset_id: uuid.UUID, line_id: uuid.UUID, reason: str, actor: Actor) -> FolioLine:
    """Take a charge back on the business day that is open now; once, and with a reason.

    With the room of a night goes what belongs to it: its package and its taxes on top.
    """
    if not reason.strip():
        raise ReasonMissing(_("Say why the charge is taken back; the reason is kept with it."), field="reason")
    line = get_line(asset_id, line_id)
    day = lock_day(asset_id, shared=True)
    along = with_the_room(line)
    folios = lock_folios({line.folio_id, *(each.folio_id for each in along)})
    made = take_back(asset_of(asset_id), day.day, folios[line.folio_id], line, reason.strip(), actor)
    for each in along:
        if reversal_of(each.id) is None:
            take_back(asset_of(asset_id), day.day, folios[each.folio_id], each, reason.strip(), actor)
    return made


def take_back(place: Asset, day: date, folio: Folio, line: FolioLine, reason: str, actor: Actor) -> FolioLine:
    """The same inside a command that holds the day and the folio."""
    if line.kind not in CHARGES:
        raise WrongStatus(_("Only charges are taken back. Refund money, and move back what was moved."))
    if reversal_of(line.id) is not None:
        raise AlreadyDone(_("This line has been reversed already."))
    if moved_away(line)[0]:
        raise WrongStatus(_("A part of this line was moved to another window. Move it back first."))
    words = _("%(what)s taken back: %(reason)s", what=line.words, reason=reason)
    item = Item(
        folio=folio, kind=LineKind.REVERSAL, code=line.code, words=words, amount=-line.amount, tax=-line.tax,
        tax_ppm=line.tax_ppm, night=line.night, reverses=line,
    )  # fmt: skip
    (made,) = write(place, day, [item], actor)
    note("folio.reversed", folio, actor, reason=reason, before={"line": line.id}, after={"amount": -line.amount})
    return db.session.get_one(FolioLine, made)


@transactional
def transfer(
    *, asset_id: uuid.UUID, line_id: uuid.UUID, to: uuid.UUID, actor: Actor, amount: int | None = None
) -> uuid.UUID:
    """Move a charge, or a part of it, to another folio of the hotel: one line out, one in, and the sums stay."""
    line = get_line(asset_id, line_id)
    day = lock_day(asset_id, shared=True)
    locked = lock_folios({line.folio_id, to})
    return _move(asset_of(asset_id), day.day, locked, line, {to: amount}, actor)[0]


@transactional
def split_line(*, asset_id: uuid.UUID, line_id: uuid.UUID, among: Sequence[uuid.UUID], actor: Actor) -> list[uuid.UUID]:
    """Share a charge evenly, to the last minor unit, between its window and others; the first gets the odd ones."""
    line = get_line(asset_id, line_id)
    day = lock_day(asset_id, shared=True)
    locked = lock_folios({line.folio_id, *among})
    others = [each for each in dict.fromkeys(among) if each != line.folio_id]
    left = line.amount - moved_away(line)[0]
    shares = split(left, [1] * (len(others) + 1))
    moves = {to: share for to, share in zip(others, shares[1:], strict=True) if share}
    return _move(asset_of(asset_id), day.day, locked, line, dict(moves), actor)


def _move(
    place: Asset,
    day: date,
    locked: dict[uuid.UUID, Folio],
    line: FolioLine,
    parts: dict[uuid.UUID, int | None],
    actor: Actor,
) -> list[uuid.UUID]:
    """The pairs of lines that bring parts of a line to other folios; what of it is tax goes along."""
    source = locked[line.folio_id]
    if line.kind not in (*CHARGES, LineKind.TRANSFER) or line.amount <= 0 or reversal_of(line.id) is not None:
        raise WrongStatus(_("Only charges that stand are moved to another window."))
    gone, gone_tax = moved_away(line)
    left, left_tax = line.amount - gone, line.tax - gone_tax
    items, pairs = [], []
    for to, wanted in parts.items():
        target = locked.get(to)
        if target is None or target.asset_id != place.id or to == source.id:
            raise WrongStatus(_("Choose another window of this hotel."), field="to")
        amount = left if wanted is None else wanted
        if not 0 < amount <= left:
            most = Money(left, source.currency)
            raise AmountWrong(_("Between nothing and %(most)s of this line can be moved.", most=most), field="amount")
        tax = left_tax if amount == left else round_minor(Fraction(left_tax * amount, left)) if left_tax else 0
        pairs.append(pair := uuid7())
        came_from = _origin(line, target)
        words = _("%(what)s, folio %(from)s to %(to)s", what=line.words, to=target.number, **{"from": source.number})
        for folio, sign, moves in ((source, -1, line.id), (target, 1, came_from or line.id)):
            items.append(
                Item(
                    folio=folio, kind=LineKind.TRANSFER, code=line.code, words=words, amount=sign * amount,
                    tax=sign * tax, tax_ppm=line.tax_ppm, night=line.night, transfer_id=pair, moves_id=moves,
                )
            )  # fmt: skip
        left, left_tax = left - amount, left_tax - tax
        note("folio.moved", source, actor, after={"line": line.id, "to": target.number, "amount": amount})
    write(place, day, items, actor)
    return pairs


def _origin(line: FolioLine, target: Folio) -> uuid.UUID | None:
    """The line that is back where it was when this one, which came from it, is moved there again."""
    if line.moves_id is None:
        return None
    first = db.session.get_one(FolioLine, line.moves_id)
    return first.id if first.folio_id == target.id else None
