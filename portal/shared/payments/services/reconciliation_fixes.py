"""What can be done about a difference: one action for each kind, written down with who did it and why.

Nothing here is money's own way around settle() or the books: money is settled by settle(), entries come from the
chart. Where a sum is written off, one person proposes it and another one books it.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from portal.core import money
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import Charge, ChargeStatus
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of, assets_of
from portal.shared.audit.services import record
from portal.shared.ledger import chart
from portal.shared.ledger.queries import entry_by_key, standing
from portal.shared.ledger.services import entries
from portal.shared.payments import providers
from portal.shared.payments.errors import DifferenceOver, NotMended, OtherPlaces, ReasonMissing, SecondPersonNeeded
from portal.shared.payments.models import (
    Difference,
    DifferenceKind,
    DifferenceStatus,
    MobileReceipt,
    Payment,
    ReceiptStatus,
)
from portal.shared.payments.queries import find_intent, lock_intent, serving_account
from portal.shared.payments.reconciliation_queries import lock_difference
from portal.shared.payments.services import books, settlement
from portal.shared.payments.services.settlement import Verdict

#: What a written-off sum can be made of.
WRITTEN_OFF = (DifferenceKind.AMOUNT_DIFFERS, DifferenceKind.BOOKS_DIFFER)


def take_over(difference: Difference, *, place: Asset, actor: Actor) -> Difference:
    """Ask the provider once more, then let settle() take its word; money nobody started here is kept unclaimed.

    `place` keeps money that belongs to none. Raises NotMended when the provider says something else by now.
    """
    intent = find_intent(difference.reference or "")
    known = intent is not None and intent.provider == difference.provider
    gateway = (
        providers.gateway_of(intent)
        if intent is not None and known
        else providers.gateway_for(difference.provider, difference.business_id)
    )
    db.session.commit()  # hold no connection while the provider is being waited for
    charge = gateway.verify(difference.reference or "")
    if charge.transaction_id != difference.transaction_id:
        raise NotMended(
            _("The provider now names another transaction for this reference. Ask them, and write down what they say.")
        )
    if not known:
        return _keep_unclaimed(difference_id=difference.id, charge=charge, place=place, actor=actor)
    return _settle(difference_id=difference.id, charge=charge, actor=actor)


@transactional
def book_fee(*, difference_id: uuid.UUID, actor: Actor) -> Difference:
    """Book what the provider really kept, and remember it with the payment."""
    difference, payment = _open(difference_id, DifferenceKind.FEE_DIFFERS)
    fee = difference.theirs or 0
    _post(
        "fee.corrected",
        key=f"difference:{difference.id}:fee",
        amounts={"amount": fee - payment.fee},
        payment=payment,
        actor=actor,
        on=payment.paid_at,
    )
    payment.fee = fee
    return _close(difference, DifferenceStatus.FIXED, actor)


@transactional
def book_payment(*, difference_id: uuid.UUID, actor: Actor) -> Difference:
    """Book a payment that is not in the books."""
    difference, payment = _open(difference_id, DifferenceKind.NOT_IN_BOOKS)
    intent = lock_intent(difference.reference or "")
    if entry_by_key(f"payment:{payment.id}") is None:
        books.received(intent, payment, actor)
    return _close(difference, DifferenceStatus.FIXED, actor)


@transactional
def book_settlement(*, difference_id: uuid.UUID, places: Collection[uuid.UUID], actor: Actor) -> Difference:
    """Book what the provider paid into the bank, once; `places` are those whose books the actor may write to.

    What the provider kept was booked with each payment, so what arrives is what leaves "Money at the provider".
    A settlement of several places is shared out by what each has there.
    """
    difference = _locked(difference_id, DifferenceKind.SETTLEMENT_NOT_BOOKED)
    at, total = difference.details.get("at"), difference.theirs or 0
    key = f"settlement:{difference.provider}:{difference.name}"
    shares = shares_of(difference, total)
    others = [place.name for place, _share in shares if place.id not in places]
    if others:
        raise OtherPlaces(
            _("A part of it is booked at %(places)s. Somebody who reconciles there too has to do it.",
              places=", ".join(others))
        )  # fmt: skip
    for nth, (place, share) in enumerate(shares):
        paid_out = entries.draft(
            "settlement.received",
            key=key if nth == 0 else f"{key}:{place.asset_number}",
            amounts={"net": share, "gross": share},
            subject="settlement",
            subject_id=difference.id,
            occurred_at=datetime.fromisoformat(at) if at else utcnow(),
            memo=_("Settlement %(name)s", name=difference.name),
            money=chart.money_at(difference.provider),
        )
        entries.post(place=place, currency=difference.currency, drafts=[paid_out], actor=actor)
    return _close(difference, DifferenceStatus.FIXED, actor)


def shares_of(difference: Difference, total: int) -> list[tuple[Asset, int]]:
    """How a settlement falls to the places, in minor units: by what each has at the provider; the largest first."""
    places = [each for each in assets_of(difference.business_id) if each.currency == difference.currency]
    places = places or list(assets_of(difference.business_id))
    account = chart.money_at(difference.provider)
    there = [max(0, standing(each.business_id, each.id, account, difference.currency)) for each in places]
    if not sum(there):
        return [(places[0], total)]
    shares = zip(places, money.split(total, there), strict=True)
    return sorted(((place, share) for place, share in shares if share), key=lambda pair: -pair[1])


@transactional
def propose(*, difference_id: uuid.UUID, note: str, actor: Actor) -> Difference:
    """Propose to book the difference to "Differences"; somebody else books it. Raises ReasonMissing."""
    difference, _payment = _open(difference_id, *WRITTEN_OFF)
    proposal = {"by": actor.key, "name": actor.name, "note": _reason(note), "at": utcnow().isoformat()}
    difference.details = difference.details | {"proposal": proposal}
    _record("reconciliation_difference.proposed", difference, actor, proposal["note"])
    return difference


@transactional
def book_difference(*, difference_id: uuid.UUID, actor: Actor) -> Difference:
    """Book what was proposed; raises SecondPersonNeeded for the one who proposed it."""
    difference, payment = _open(difference_id, *WRITTEN_OFF)
    proposal = difference.details.get("proposal")
    if proposal is None:
        raise DifferenceOver(_("Nobody has proposed this yet."))
    if proposal["by"] == actor.key:
        raise SecondPersonNeeded(_("You proposed this, so somebody else must book it."))
    net, fee = correction_of(difference, payment)
    about = payment if difference.kind == DifferenceKind.BOOKS_DIFFER else None
    for fact, step, amount in (("fee.corrected", "fee", fee), ("difference.booked", "difference", net)):
        if amount:
            _post(
                fact,
                key=f"difference:{difference.id}:{step}",
                amounts={"amount": amount},
                payment=payment,
                actor=actor,
                on=utcnow(),
                memo=proposal["note"],
                difference=None if about else difference,
            )
    # Where the provider's figure stands against ours for good, the next comparison finds it again, and explained.
    status = DifferenceStatus.FIXED if about else DifferenceStatus.EXPLAINED
    return _close(difference, status, actor, proposal["note"])


def correction_of(difference: Difference, payment: Payment) -> tuple[int, int]:
    """What "Differences" and the provider's charges are to be debited with, in minor units; credits are negative."""
    if difference.kind == DifferenceKind.AMOUNT_DIFFERS:
        return (difference.ours or 0) - (difference.theirs or 0), 0
    fee = payment.fee - int(difference.details.get("booked_fee") or 0)
    # the charge's correction takes its sum out of the money; the rest is what nobody can say the reason of
    return (difference.theirs or 0) - (difference.ours or 0), fee


@transactional
def explain(*, difference_id: uuid.UUID, note: str, actor: Actor) -> Difference:
    """Keep a difference as it is, with the reason; the same one is not shown again. Raises ReasonMissing."""
    difference = _locked(difference_id)
    return _close(difference, DifferenceStatus.EXPLAINED, actor, _reason(note))


@transactional
def _settle(*, difference_id: uuid.UUID, charge: Charge, actor: Actor) -> Difference:
    difference = _locked(difference_id, DifferenceKind.MISSING_HERE, DifferenceKind.STATUS_DIFFERS)
    settled = settlement.settle(charge=charge, provider=difference.provider, via="reconciliation", actor=actor)
    if difference.kind == DifferenceKind.MISSING_HERE:
        mended = settled.verdict in (Verdict.SETTLED, Verdict.HELD, Verdict.ALREADY)
    else:
        mended = entry_by_key(f"payment:{difference.payment_id}:reversed") is not None
    if not mended:
        raise NotMended(
            _("The provider now says “%(status)s” of it, so there is nothing to take over.", status=charge.status)
            if settled.verdict is not Verdict.REFUSED
            else _(
                "It was refused: this transaction has paid for something else, or brought no money. Ask the provider."
            )
        )
    return _close(difference, DifferenceStatus.FIXED, actor)


@transactional
def _keep_unclaimed(*, difference_id: uuid.UUID, charge: Charge, place: Asset, actor: Actor) -> Difference:
    """Money nobody started here is booked as unclaimed, until it is claimed for something or goes back."""
    difference = _locked(difference_id, DifferenceKind.MISSING_HERE)
    if charge.status is not ChargeStatus.SUCCESS or charge.received <= 0 or charge.currency not in money.DECIMALS:
        raise NotMended(_("The provider now says “%(status)s” of it: no money came.", status=charge.status))
    account = serving_account(difference.business_id, difference.provider)
    receipt = MobileReceipt(
        asset_id=place.id,
        gateway_account_id=account.id if account else None,
        provider=difference.provider,
        transaction_id=charge.transaction_id,
        amount=charge.received,
        currency=charge.currency,
        account_reference=charge.reference,
        paid_at=charge.paid_at or utcnow(),
        status=ReceiptStatus.UNCLAIMED,
        token=secrets.token_urlsafe(32),
        verified_by=actor.key,
    )
    db.session.add(receipt)
    db.session.flush()
    came = entries.draft(
        "mobile_money.received",
        key=f"mobile_receipt:{receipt.id}",
        amounts={"net": receipt.amount, "amount": receipt.amount},
        subject="mobile_receipt",
        subject_id=receipt.id,
        occurred_at=receipt.paid_at,
        money=chart.money_at(receipt.provider),
    )
    (receipt.entry_id,) = entries.post(place=place, currency=receipt.currency, drafts=[came], actor=actor)
    return _close(difference, DifferenceStatus.FIXED, actor)


def _locked(difference_id: uuid.UUID, *kinds: DifferenceKind) -> Difference:
    difference = lock_difference(difference_id)
    if difference.status != DifferenceStatus.OPEN:
        raise DifferenceOver(_("This difference was dealt with meanwhile. Reload the page."))
    if kinds and difference.kind not in kinds:
        raise DifferenceOver(_("This cannot be done about a difference of this kind."))
    return difference


def _open(difference_id: uuid.UUID, *kinds: DifferenceKind) -> tuple[Difference, Payment]:
    difference = _locked(difference_id, *kinds)
    payment = db.session.get(Payment, difference.payment_id, populate_existing=True)
    assert payment is not None, "payments are never removed"
    return difference, payment


def _post(
    fact: str, *, key: str, amounts: dict[str, int], payment: Payment, actor: Actor, on: datetime,
    memo: str | None = None, difference: Difference | None = None,
) -> None:  # fmt: skip
    draft = entries.draft(
        fact,
        key=key,
        amounts=amounts,
        subject="payment" if difference is None else "difference",
        subject_id=payment.id if difference is None else difference.id,
        occurred_at=on,
        memo=memo,
        money=chart.money_at(payment.provider),
    )
    entries.post(place=asset_of(payment.asset_id), currency=payment.currency, drafts=[draft], actor=actor)


def _close(difference: Difference, status: DifferenceStatus, actor: Actor, note: str | None = None) -> Difference:
    difference.status, difference.resolved_by, difference.resolved_at = status, actor.name, utcnow()
    difference.note = note
    _record(f"reconciliation_difference.{status}", difference, actor, note)
    return difference


def _record(action: str, difference: Difference, actor: Actor, note: str | None) -> None:
    after: dict[str, Any] = {
        "kind": difference.kind,
        "provider": difference.provider,
        "name": difference.name,
        "ours": difference.ours,
        "theirs": difference.theirs,
        "currency": difference.currency,
    }
    record(
        action,
        actor=actor,
        subject="reconciliation_difference",
        subject_id=difference.id,
        asset_id=difference.asset_id,
        reason=note,
        after=after,
    )


def _reason(note: str) -> str:
    if not note.strip():
        raise ReasonMissing(_("Say why; the reason is kept with the difference."), field="note")
    return note.strip()
