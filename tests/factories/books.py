"""Entries in the books: facts of the chart, and entries made by hand."""

from __future__ import annotations

import itertools
import uuid
from datetime import date, datetime

from portal.core.clock import utcnow
from portal.shared.assets.models import Asset
from portal.shared.ledger import chart
from portal.shared.ledger.services import entries
from portal.shared.ledger.services.entries import Leg
from tests.factories.assets import ACTOR

_count = itertools.count(1)


def made(place: Asset, *legs: tuple[str, int], on: date | None = None, memo: str = "Counted the till") -> int:
    """An entry by hand of (account, signed minor units); returns its number."""
    return entries.make(
        place=place,
        currency="NGN",
        legs=[Leg(account, minor) for account, minor in legs],
        memo=memo,
        key=f"factory {next(_count)}",
        actor=ACTOR,
        on=on,
    )


def banked(place: Asset, minor: int, at: datetime | None = None) -> int:
    """Cash that was taken to the bank, as a fact that finds its day by itself."""
    fact = entries.draft(
        "cash.banked",
        key=f"banked {uuid.uuid4()}",
        amounts={"amount": minor},
        subject="manual",
        subject_id=None,
        occurred_at=at or utcnow(),
    )
    (entry_id,) = entries.post(place=place, currency="NGN", drafts=[fact], actor=ACTOR)
    return entry_id


def given_back(place: Asset, payment_id: uuid.UUID, minor: int, *, subject: str = "payment") -> int:
    """A refund that was decided, of money that had been earned."""
    fact = entries.draft(
        "refund.approved",
        key=f"given back {uuid.uuid4()}",
        amounts={"given_back": minor, "amount": minor},
        subject=subject,
        subject_id=payment_id,
        occurred_at=utcnow(),
        counter=chart.REFUNDS_GIVEN,
    )
    (entry_id,) = entries.post(place=place, currency="NGN", drafts=[fact], actor=ACTOR)
    return entry_id
