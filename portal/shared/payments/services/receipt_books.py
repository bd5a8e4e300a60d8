"""How money that was sent to the paybill stands in the books while nobody knows what it is for."""

from __future__ import annotations

from datetime import datetime

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.shared.assets.queries import asset_of
from portal.shared.ledger import chart
from portal.shared.ledger.services import entries
from portal.shared.payments.models import MobileReceipt


def sent_in(receipt: MobileReceipt, actor: Actor) -> int:
    """Money came to the paybill, and nobody knows yet what for; answers its entry."""
    amounts = {"net": receipt.amount, "amount": receipt.amount}
    return _post_receipt("mobile_money.received", receipt, "", amounts, receipt.paid_at, actor)


def sent_home(receipt: MobileReceipt, actor: Actor) -> int:
    """Money that nobody claimed went back to whoever sent it."""
    return _post_receipt("mobile_money.returned", receipt, ":returned", {"amount": receipt.amount}, utcnow(), actor)


def _post_receipt(
    fact: str, receipt: MobileReceipt, step: str, amounts: dict[str, int], at: datetime, actor: Actor
) -> int:
    draft = entries.draft(
        fact,
        key=f"mobile_receipt:{receipt.id}{step}",
        amounts=amounts,
        subject="mobile_receipt",
        subject_id=receipt.id,
        occurred_at=at,
        money=chart.money_at(receipt.provider),
    )
    place = asset_of(receipt.asset_id)
    (entry_id,) = entries.post(place=place, currency=receipt.currency, drafts=[draft], actor=actor)
    return entry_id
