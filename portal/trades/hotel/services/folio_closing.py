"""Folios closed when they come to nothing, or when somebody else owes what is left; and opened again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.money import Money
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.customers.queries import get_customer
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.ledger.services import entries
from portal.trades.hotel.errors import FolioOpen, LeaveNeeded, ReasonMissing, WrongStatus
from portal.trades.hotel.models import CompanyTerms, Folio, FolioLine, FolioStatus, LineKind
from portal.trades.hotel.queries.folios import CITY, balance_of, lines_of, lock_folio
from portal.trades.hotel.queries.guests import lock_customers
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.services.folio_lines import Item, book, still_open, write
from portal.trades.hotel.services.folios import note

#: Asked before a folio is opened again; each raises why not.
before_reopening: list[Callable[[Folio], None]] = []


@transactional
def close(*, folio_id: uuid.UUID, actor: Actor, reason: str | None = None, allowed: bool = False) -> Folio:
    """Close a folio; one with something owing only with a reason: then its payer owes it.

    Beyond what was agreed that the payer may owe, that takes somebody `allowed` to.
    What was paid too much is given back, or kept as credit, before.
    """
    asset_id = _asset_of(folio_id)
    day = lock_day(asset_id, shared=True)
    folio = lock_folio(folio_id)
    lock_customers([folio.payer_id])  # what they owe in all is not left owing twice
    shut(asset_of(asset_id), day.day, folio, actor, reason=reason, allowed=allowed)
    return folio


def shut(
    place: Asset, day: date, folio: Folio, actor: Actor, *, reason: str | None = None, allowed: bool = False
) -> None:
    """The closing itself, for a command that holds the day, the folio and its payer."""
    still_open(folio)
    owed = balance_of(folio.id)
    left = Money(abs(owed), folio.currency)
    if owed < 0:
        raise FolioOpen(
            _("%(money)s too much was paid. Give it back, or keep it as credit, first.", money=left),
            balance=owed,
        )
    if owed > 0:
        if not allowed:
            _within_limit(place, folio, left)
        if not (reason or "").strip():
            raise ReasonMissing(
                _("%(money)s is still owed. Somebody who may leave it open has to say why.", money=left),
                balance=owed,
            )
        _leave_owing(place, day, folio, owed, (reason or "").strip(), actor)
    folio.status, folio.closed_at = FolioStatus.CLOSED, utcnow()
    folio.close_reason = (reason or "").strip() or None if owed else None
    note("folio.closed", folio, actor, reason=folio.close_reason, after={"left_owing": owed})


def _within_limit(place: Asset, folio: Folio, left: Money) -> None:
    """Refuse to leave owing what was not agreed with the payer; the caller holds the payer."""
    terms = db.session.get(CompanyTerms, folio.payer_id, populate_existing=True)
    if terms is None or not terms.credit_limit:
        raise LeaveNeeded(
            _("%(money)s is still owed. Somebody who may leave it open has to say why.", money=left), balance=left.minor
        )
    owes = standing(place.business_id, place.id, chart.owed_by(folio.payer_id), folio.currency)
    if owes + left.minor > terms.credit_limit:
        raise LeaveNeeded(
            _(
                "%(who)s may owe %(limit)s and owes %(owes)s already: %(money)s more is too much. Somebody who may"
                " leave it open has to say why.",
                who=get_customer(folio.payer_id).name, limit=Money(terms.credit_limit, folio.currency),
                owes=Money(owes, folio.currency), money=left,
            ),
            balance=left.minor,
        )  # fmt: skip


def _leave_owing(place: Asset, day: date, folio: Folio, owed: int, reason: str, actor: Actor) -> None:
    key = f"city:{uuid7()}"
    words = _("Left owing by %(who)s: %(reason)s", who=get_customer(folio.payer_id).name, reason=reason)
    write(place, day, [Item(folio=folio, kind=LineKind.PAYMENT, code=CITY, words=words, amount=-owed, key=key)], actor)
    left = entries.draft(
        "folio.left_owing", key=key, amounts={"amount": owed}, subject="folio", subject_id=folio.id,
        occurred_at=utcnow(), memo=reason, counter=chart.owed_by(folio.payer_id),
    )  # fmt: skip
    book(place, day, [left], actor)


@transactional
def reopen(*, folio_id: uuid.UUID, reason: str, actor: Actor) -> Folio:
    """Open a closed folio again; what was left owing stands on it again, unless it has been paid meanwhile."""
    if not reason.strip():
        raise ReasonMissing(_("Say why the folio is opened again; the reason is kept with it."), field="reason")
    asset_id = _asset_of(folio_id)
    day = lock_day(asset_id, shared=True)
    folio = lock_folio(folio_id)
    if folio.status != FolioStatus.CLOSED:
        raise WrongStatus(_("Folio %(number)s is open.", number=folio.number))
    may_reopen(folio)
    open_again(asset_of(asset_id), day.day, folio, reason.strip(), actor)
    return folio


def may_reopen(folio: Folio) -> None:
    """Raise whatever keeps a folio closed."""
    for refuse in before_reopening:
        refuse(folio)


def open_again(place: Asset, day: date, folio: Folio, reason: str, actor: Actor, *, whole: bool = True) -> None:
    """The same inside a command that holds the day and the folio; what was left owing stays so unless it is `whole`."""
    folio.status, folio.closed_at, folio.close_reason = FolioStatus.OPEN, None, None
    db.session.flush()
    line = city_line(folio) if whole else None
    if line is not None:
        still = standing(place.business_id, place.id, chart.owed_by(folio.payer_id), folio.currency)
        if still < -line.amount:
            raise WrongStatus(_("What was left owing has been paid since. Charge what is missing on another folio."))
        words = _("Owed on the folio again")
        item = Item(folio=folio, kind=LineKind.REVERSAL, code=CITY, words=words, amount=-line.amount, reverses=line)
        write(place, day, [item], actor)
    note("folio.reopened", folio, actor, reason=reason)


def city_line(folio: Folio) -> FolioLine | None:
    """The line that brought a folio to zero with something owing, if it stands."""
    for line in reversed(lines_of([folio.id]).get(folio.id, [])):
        if line.code == CITY:
            return line if line.kind == LineKind.PAYMENT else None
    return None


def _asset_of(folio_id: uuid.UUID) -> uuid.UUID:
    return db.session.get_one(Folio, folio_id).asset_id
