"""Money a phone paid, settled once, though the same money may be told of twice: as the phone's answer and as a receipt.

With a paybill connected the provider confirms a question's payment there as well. Whichever comes first is booked;
the other is recognised by the receipt number, or by the account the phone showed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.outbox import publish
from portal.gateways.base import Charge, ChargeStatus, PushTold
from portal.shared.audit.services import record
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.mobile_events import ReceiptMoved
from portal.shared.payments.models import MobileReceipt, Payment, PaymentIntent, PhonePush, ReceiptStatus
from portal.shared.payments.queries import find_payment_by_transaction
from portal.shared.payments.services import books
from portal.shared.payments.services.settlement import alert, settle_held

#: How money from a phone is settled, where nothing of it stood in the books before.
BY_PHONE = "phone"
CHANNEL = "mobile_money"
#: A message is believed about the minute of a payment only near the time of the question.
NEAR = timedelta(minutes=10)
#: What was claimed, or goes back, has been counted under its receipt number already.
COUNTED = (ReceiptStatus.CLAIMED, ReceiptStatus.RETURNING, ReceiptStatus.RETURNED)
log = structlog.get_logger(__name__)


def take_push(intent: PaymentIntent, push: PhonePush, told: PushTold | None, actor: Actor) -> None:
    """The provider says that a question was paid: settle what was asked for, under the question's own number.

    The caller holds the locks of the intent and the question. `told` is what the unsigned message claims: its receipt
    number is attached, and where it claims less money than was asked for, a person decides.
    """
    assert push.checkout_request_id is not None
    receipt = told.receipt if told else None
    twin = _lock_twin(push, receipt)
    if twin is not None and twin.status in COUNTED:
        _alert("receipt_of_another_payment", intent, push, receipt, actor)
        return
    booked = twin is not None and twin.status == ReceiptStatus.UNCLAIMED
    if twin is None and receipt is not None and queries.find_payment_by_receipt(push.provider, receipt) is not None:
        _alert("receipt_of_another_payment", intent, push, receipt, actor)
        receipt = None
    amount = push.amount
    if twin is not None and booked:
        amount = twin.amount
    elif told is not None and told.amount is not None and told.amount < amount:
        _alert("less_than_asked", intent, push, receipt, actor)
        amount = max(told.amount, 1)
    charge = Charge(
        reference=intent.reference,
        status=ChargeStatus.SUCCESS,
        amount=amount,
        currency=push.currency,
        transaction_id=push.checkout_request_id,
        channel=CHANNEL,
        paid_at=_moment(push, told),
        receipt=receipt,
    )
    via = books.CLAIMED if booked else BY_PHONE
    settle_held(intent, charge=charge, provider=push.provider, via=via, actor=actor)
    payment = find_payment_by_transaction(push.provider, push.checkout_request_id)
    if twin is not None and payment is not None:
        belongs(twin, payment, actor)


def attach(payment: Payment, receipt: str, actor: Actor) -> bool:
    """Put the receipt number that came late to its payment; one that another payment has is not believed."""
    if payment.receipt == receipt:
        return True
    other = queries.find_payment_by_receipt(payment.provider, receipt)
    if payment.receipt is not None or other is not None:
        log.warning("receipt_not_attached", payment=str(payment.id))
        return False
    payment.receipt = receipt
    record(
        "payment.receipt_attached",
        actor=actor,
        subject="payment_intent",
        subject_id=payment.intent_id,
        asset_id=payment.asset_id,
        after={"receipt": receipt},
    )
    return True


def belongs(receipt: MobileReceipt, payment: Payment, actor: Actor) -> None:
    """A receipt is the money of this payment; the caller holds its lock."""
    receipt.status, receipt.intent_id = ReceiptStatus.CLAIMED, payment.intent_id
    receipt.claimed_by, receipt.claimed_at, receipt.next_query_at = actor.key, utcnow(), None
    record(
        "mobile_receipt.claimed",
        actor=actor,
        subject="mobile_receipt",
        subject_id=receipt.id,
        asset_id=receipt.asset_id,
        after={"transaction": receipt.transaction_id, "amount": receipt.amount, "payment": str(payment.id)},
    )
    moved(receipt)


def moved(receipt: MobileReceipt) -> None:
    """Announce that a receipt has changed."""
    publish(
        ReceiptMoved(
            asset_id=receipt.asset_id,
            subject_id=receipt.id,
            transaction=receipt.transaction_id,
            status=receipt.status,
        )
    )


def _lock_twin(push: PhonePush, receipt: str | None) -> MobileReceipt | None:
    found = queries.find_receipt(push.provider, receipt) if receipt else None
    return queries.lock_receipt(found.id) if found else None


def _moment(push: PhonePush, told: PushTold | None) -> datetime:
    now = utcnow()
    if told is not None and told.at is not None and push.created_at - NEAR <= told.at <= now + NEAR:
        return told.at
    return now


def _alert(what: str, intent: PaymentIntent, push: PhonePush, receipt: str | None, actor: Actor) -> None:
    number = receipt or push.checkout_request_id
    alert(what, intent=intent, reference=intent.reference, actor=actor, transaction=number)
