"""Giving money back, as people decide it: asked for, approved by somebody else above a limit, handed over or sent.

What the provider does with a refund, and what it says of it, is `sending_back`.
"""

from __future__ import annotations

import uuid

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.idempotency import IdempotencyKeyReused
from portal.core.money import Money
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.registry import UnknownProvider
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.ledger import chart
from portal.shared.payments import providers
from portal.shared.payments.errors import (
    NothingToRefund,
    NotInReview,
    ReasonMissing,
    RefundUnderWay,
    SecondPersonNeeded,
    WrongRefundState,
)
from portal.shared.payments.events import RefundMoved
from portal.shared.payments.models import IntentStatus, Payment, PaymentIntent, Refund, RefundRule, RefundState
from portal.shared.payments.queries import find_payment_of, lock_intent
from portal.shared.payments.refund_queries import (
    can_be_refunded,
    find_open_refund,
    find_refund_by_key,
    find_refund_rule,
    get_refund,
    lock_refund,
    processed_of,
)
from portal.shared.payments.services import giving_back

#: Where money that is handed over by a person may come from; the provider's own means that staff did it there.
SOURCES = {"cash": chart.CASH, "bank": chart.BANK, "provider": None}


@transactional
def request(
    *,
    reference: str,
    amount: int | None,
    reason: str,
    actor: Actor,
    idem_key: str | None = None,
    alone: bool = False,
    by_hand: bool = False,
) -> Refund:
    """Ask for all that is left of a payment, or for `amount` minor units of it, to go back.

    `alone` says that this person may decide it without anybody else up to the place's limit; cash and card slips are
    then handed over at once. The same key gives the same refund.
    """
    reason = _reasoned(reason)
    intent = lock_intent(reference)
    payment = find_payment_of(intent.id)
    key = f"{actor.key}:{idem_key or uuid7()}"
    if payment is not None and (known := find_refund_by_key(payment.id, key)) is not None:
        if amount not in (None, known.amount) or reason != known.reason:
            raise IdempotencyKeyReused(_("This Idempotency-Key was used before with a different request."))
        return known
    if payment is None:
        raise NothingToRefund(_("Nothing has been paid, so nothing can go back."))
    if not payment.counted and intent.status == IntentStatus.REVIEW:
        raise NothingToRefund(_("This payment waits for a decision. Send it back from there."), status=intent.status)
    if not can_be_refunded(intent):
        raise NothingToRefund(_("Nothing can go back: all of this payment has gone back or is on its way."))
    _one_at_a_time(payment)
    left = giving_back.left_of(intent, payment)
    wanted = left.total if amount is None else amount
    giving_back.check(left, wanted)
    refund = _add(intent, payment, wanted, reason, actor, key, by_hand=by_hand)
    if alone and _within_limit(payment, wanted):
        _approve(intent, payment, refund, actor)
        if refund.by_hand and payment.provider in providers.BY_HAND:
            _hand_over(intent, payment, refund, actor, note=None, source=None)
    return refund


@transactional
def send_back(*, intent: PaymentIntent, payment: Payment, reason: str, actor: Actor) -> Refund:
    """All of a payment that was held goes back: the decision of the second person. The caller holds the intent."""
    _one_at_a_time(payment)
    left = giving_back.left_of(intent, payment)
    giving_back.check(left, left.total)
    refund = _add(intent, payment, left.total, reason, actor, f"{actor.key}:{uuid7()}", by_hand=False)
    _approve(intent, payment, refund, actor)
    return refund


@transactional
def approve(*, refund_id: uuid.UUID, actor: Actor) -> Refund:
    """A second person says yes; from then on the money is on its way."""
    intent, payment, refund = locked(refund_id)
    _must_be(refund, RefundState.REQUESTED, _("This refund does not wait for a decision any more."))
    if refund.requested_by == actor.key:
        raise SecondPersonNeeded(_("You asked for this refund, so somebody else must approve it."))
    refund.approved_by = actor.key
    _approve(intent, payment, refund, actor)
    return refund


@transactional
def decline(*, refund_id: uuid.UUID, reason: str, actor: Actor, decides: bool = True) -> Refund:
    """Say no; who does not decide about refunds can only take their own request back."""
    reason = _reasoned(reason)
    intent, _payment, refund = locked(refund_id)
    if not decides and refund.requested_by != actor.key:
        raise SecondPersonNeeded(_("Somebody who may approve refunds decides about it."))
    _must_be(refund, RefundState.REQUESTED, _("This refund does not wait for a decision any more."))
    refund.decline_reason = reason
    move(intent, refund, RefundState.DECLINED, actor, reason=reason)
    return refund


@transactional
def again(*, refund_id: uuid.UUID, actor: Actor, alone: bool = False, by_hand: bool = False) -> Refund:
    """Ask once more for what failed, of the provider or by hand; a failed refund is asked for again only once."""
    failed = get_refund(refund_id)
    _must_be(failed, RefundState.FAILED, _("This refund has not failed."))
    intent = lock_intent(failed.payment.intent.reference)
    payment, key = find_payment_of(intent.id), f"again:{failed.id}"
    assert payment is not None, "it was paid: a refund of it failed"
    if find_refund_by_key(payment.id, key) is not None:
        raise WrongRefundState(_("This refund was asked for again already."))
    if payment.counted != (intent.status != IntentStatus.REVIEW):
        raise NotInReview(_("This payment does not wait for a decision any more."))
    _one_at_a_time(payment)
    giving_back.check(giving_back.left_of(intent, payment), failed.amount)
    refund = _add(intent, payment, failed.amount, failed.reason, actor, key, by_hand=by_hand)
    # Money that was held goes back by a decision that stands, the way it was decided; anything else is decided anew.
    stands = not payment.counted and by_hand == failed.by_hand
    if stands or (alone and _within_limit(payment, refund.amount)):
        _approve(intent, payment, refund, actor)
    return refund


@transactional
def hand_over(*, refund_id: uuid.UUID, source: str, note: str, actor: Actor) -> Refund:
    """A person gave the money back themselves, out of the drawer, the bank or at the provider, and says how."""
    intent, payment, refund = locked(refund_id)
    if refund.status != RefundState.APPROVED or not refund.by_hand:
        raise WrongRefundState(_("This refund is not one to be handed over."))
    if payment.provider not in providers.BY_HAND:
        note = _reasoned(note)
    account = SOURCES[source] if source in SOURCES and payment.provider not in providers.BY_HAND else None
    _hand_over(intent, payment, refund, actor, note=note.strip() or None, source=account)
    return refund


@transactional
def set_limit(*, asset_id: uuid.UUID, approval_above: int, actor: Actor) -> RefundRule:
    """Say up to which amount, in minor units of the place's currency, one person may give money back."""
    rule = find_refund_rule(asset_id)
    before = rule.approval_above if rule else 0
    if rule is None:
        rule = RefundRule(asset_id=asset_id, approval_above=0, changed_by=actor.key, changed_at=utcnow())
        db.session.add(rule)
    rule.approval_above, rule.changed_by, rule.changed_at = approval_above, actor.key, utcnow()
    record(
        "refund_rule.changed",
        actor=actor,
        subject="asset",
        subject_id=asset_id,
        asset_id=asset_id,
        before={"approval_above": before},
        after={"approval_above": approval_above},
    )
    return rule


def limit_of(payment: Payment) -> int:
    """Up to how many minor units one person gives money of this payment back; nothing in a foreign currency."""
    rule = find_refund_rule(payment.asset_id)
    same = asset_of(payment.asset_id).currency == payment.currency
    return rule.approval_above if rule is not None and same else 0


def finish(intent: PaymentIntent, payment: Payment, refund: Refund, actor: Actor, *, source: str | None = None) -> None:
    """The money has reached the payer; the caller holds intent and refund."""
    giving_back.paid(intent, payment, refund, actor, source=source)
    refund.finished_at = utcnow()
    move(intent, refund, RefundState.PROCESSED, actor, reason=refund.said)
    db.session.flush()
    back = processed_of(payment.id) >= payment.amount
    if payment.counted:
        intent.status = IntentStatus.REFUNDED if back else IntentStatus.PART_REFUNDED
    elif back:
        intent.status, intent.review_reason = IntentStatus.REFUNDED, None


def move(
    intent: PaymentIntent, refund: Refund, status: RefundState, actor: Actor, *, reason: str | None = None
) -> None:
    """Write a step of a refund into its payment's trail, and announce it."""
    before, refund.status = refund.status, status
    refund.changed_at = utcnow()
    if status in (RefundState.PROCESSED, RefundState.FAILED, RefundState.DECLINED):
        refund.next_check_at = None
        refund.finished_at = refund.finished_at or utcnow()
    record(
        f"refund.{status}",
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id,
        asset_id=intent.asset_id,
        reason=reason or None,
        before={"status": before} if before and before != status else None,
        after={"refund": refund.id, "amount": refund.amount, "currency": refund.currency},
    )
    publish(
        RefundMoved(
            asset_id=intent.asset_id, subject_id=intent.subject_id, reference=intent.reference, status=str(status)
        )
    )


def locked(refund_id: uuid.UUID) -> tuple[PaymentIntent, Payment, Refund]:
    """A refund with its payment and intent, locked in the one order."""
    known = get_refund(refund_id)
    intent = lock_intent(known.payment.intent.reference)
    refund = lock_refund(refund_id)
    payment = find_payment_of(intent.id)
    assert payment is not None
    return intent, payment, refund


def _add(
    intent: PaymentIntent, payment: Payment, amount: int, reason: str, actor: Actor, key: str, *, by_hand: bool
) -> Refund:
    refund = Refund(
        payment_id=payment.id,
        asset_id=payment.asset_id,
        provider=payment.provider,
        amount=amount,
        currency=payment.currency,
        status=RefundState.REQUESTED,
        idem_key=key,
        reason=reason,
        requested_by=actor.key,
        by_hand=by_hand or not _offered(intent),
        from_held=0,
        from_credit=0,
        checks=0,
    )
    db.session.add(refund)
    db.session.flush()
    move(intent, refund, RefundState.REQUESTED, actor, reason=reason)
    return refund


def _approve(intent: PaymentIntent, payment: Payment, refund: Refund, actor: Actor) -> None:
    giving_back.decide(intent, payment, refund, actor)
    refund.approved_at = utcnow()
    move(intent, refund, RefundState.APPROVED, actor)
    refund.next_check_at = None if refund.by_hand else utcnow()


def _hand_over(
    intent: PaymentIntent, payment: Payment, refund: Refund, actor: Actor, *, note: str | None, source: str | None
) -> None:
    refund.handed_by, refund.said = actor.name, note
    finish(intent, payment, refund, actor, source=source)


def _within_limit(payment: Payment, amount: int) -> bool:
    """Whether one person decides about it: all that goes back of a payment counts, or it would be asked in bits."""
    return payment.refunded + amount <= limit_of(payment)


def _one_at_a_time(payment: Payment) -> None:
    under_way = find_open_refund(payment.id)
    if under_way is not None:
        raise RefundUnderWay(
            _(
                "A refund of %(amount)s is under way for this payment. Wait for its end, or decline it.",
                amount=Money(under_way.amount, under_way.currency),
            )
            if under_way.status == RefundState.REQUESTED
            else _(
                "A refund of %(amount)s is under way for this payment. Wait for its end.",
                amount=Money(under_way.amount, under_way.currency),
            )
        )


def _offered(intent: PaymentIntent) -> bool:
    """Whether whoever collected it gives money back by itself."""
    try:
        providers.refunds_of(intent)
    except (providers.NotOffered, UnknownProvider):
        return False
    return True


def _must_be(refund: Refund, status: RefundState, otherwise: str) -> None:
    if refund.status != status:
        raise WrongRefundState(otherwise, status=refund.status)


def _reasoned(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing(_("Say why; the reason is kept with the payment."), field="reason")
    return reason.strip()
