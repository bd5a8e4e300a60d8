"""Payouts in the books: reserved when they are approved, paid when they arrive, given back when they do not."""

from __future__ import annotations

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.ledger.services import entries
from portal.shared.payments.models import Payout
from portal.shared.payments.payout_queries import refunds_leaving


def at_provider(place: Asset, provider: str, currency: str) -> int:
    """What the books say can still be sent out: the place's money at the provider, less refunds on their way."""
    there = standing(place.business_id, place.id, chart.money_at(provider), currency)
    return there - refunds_leaving(place.id, provider, currency)


def reserve(payout: Payout, actor: Actor) -> None:
    """Set the amount and its charge aside; the caller holds the payout's lock."""
    payout.reserve_entry_id = _post(payout, "payout.reserved", "reserved", {"total": payout.amount + payout.fee}, actor)


def paid(payout: Payout, fee: int, actor: Actor) -> None:
    """It arrived: the amount has done its work, and the charge is what the provider really took."""
    amounts = {
        "amount": payout.amount,
        "fee": fee,
        "total": payout.amount + payout.fee,
        "more_fee": fee - payout.fee,
    }
    payout.close_entry_id = _post(payout, "payout.paid", "paid", amounts, actor)
    payout.fee = fee


def give_back(payout: Payout, reason: str, actor: Actor) -> None:
    """The money stayed, or came back: what was booked is reversed, so that it can be sent again."""
    place = asset_of(payout.asset_id)
    for entry_id in (payout.close_entry_id, payout.reserve_entry_id):
        if entry_id is not None:
            entries.reverse(entry_id=entry_id, place=place, reason=reason, actor=actor)


def _post(payout: Payout, fact: str, step: str, amounts: dict[str, int], actor: Actor) -> int:
    made = entries.draft(
        fact,
        key=f"payout:{payout.id}:{step}",
        amounts=amounts,
        subject="payout",
        subject_id=payout.id,
        occurred_at=utcnow(),
        memo=payout.description,
        money=chart.money_at(payout.provider),
        counter=payout.counter,
    )
    (entry_id,) = entries.post(place=asset_of(payout.asset_id), currency=payout.currency, drafts=[made], actor=actor)
    return entry_id
