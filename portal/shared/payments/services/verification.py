"""Whether money sent to the paybill really came, and what it is for: asked of the provider, booked, claimed by itself.

A receipt becomes money when the provider, asked, confirms it. It is booked as unclaimed, and claimed by itself where
the account that was typed names exactly what is due; everything else waits for a person.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import structlog

from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import BadMessage, GatewayDown, PayBill, ResultTold
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.mobile_errors import DoesNotFit
from portal.shared.payments.models import MobileReceipt, Payment, PaymentIntent, PhonePush, PushStatus, ReceiptStatus
from portal.shared.payments.paybill_accounts import meant_by, of_receipt
from portal.shared.payments.providers import gateway_of
from portal.shared.payments.queries import find_payment_by_transaction, lock_intent
from portal.shared.payments.services import answers, captures, receipts
from portal.shared.payments.services.addresses import Ending, address, keep
from portal.shared.payments.services.settlement import DECIDED, alert, by_gateway

#: When the provider is asked about a receipt: at once, then after each of these; then it waits for a person.
ASK_AGAIN = tuple(timedelta(seconds=n) for n in (30, 120, 600, 1_800, 3_600, 3_600, 3_600, 3_600))
WAIT_FOR_THE_PHONE = timedelta(seconds=10)
STATUS, REVERSAL = "paybill.status", "paybill.reversal"
COMPLETED, REVERSED = "completed", "revers"
log = structlog.get_logger(__name__)


@transactional
def status_told(*, receipt_id: uuid.UUID, raw: bytes, late: bool, source: str | None) -> None:
    """The provider's answer about a receipt: it is believed, because only it was told where to answer."""
    receipt = queries.lock_receipt(receipt_id)
    actor = by_gateway(receipt.provider, source)
    told = _read_result(receipt, raw, late, STATUS, source)
    if told is None:
        return
    state = (told.status or COMPLETED).lower()
    if not told.success:
        receipt.said = told.description
    elif receipt.status == ReceiptStatus.RETURNING:
        if REVERSED in state:
            receipts.returned(receipt_id=receipt.id, actor=actor)
        else:
            why = _("The provider shows it as still here: it did not go back.")
            receipts.not_returned(receipt_id=receipt.id, why=why, actor=actor)
    elif receipt.status == ReceiptStatus.UNVERIFIED and receipt.verified_by is None:
        if state != COMPLETED:
            receipt.said, receipt.next_query_at = told.status, None
            receipt.status = ReceiptStatus.REFUSED
            captures.moved(receipt)
            return
        if told.amount and told.amount != receipt.amount:
            alert("amount_corrected", intent=None, reference=None, actor=actor, transaction=receipt.transaction_id)
            receipt.said = _("The message spoke of %(money)s.", money=receipt.money)
            receipt.amount = told.amount
        receipt.verified_by, receipt.next_query_at = actor.key, utcnow()


@transactional
def reversal_told(*, receipt_id: uuid.UUID, raw: bytes, late: bool, source: str | None) -> None:
    """The provider's answer to a reversal: the money went back, or it did not and is unclaimed again."""
    receipt = queries.lock_receipt(receipt_id)
    actor = by_gateway(receipt.provider, source)
    told = _read_result(receipt, raw, late, REVERSAL, source)
    if told is None:
        return
    if told.timed_out:
        receipt.said = _("The provider has not answered yet.")
    elif told.success:
        receipts.returned(receipt_id=receipt.id, actor=actor)
    else:
        receipts.not_returned(receipt_id=receipt.id, why=told.description, actor=actor)


def ask_due(*, limit: int = 20) -> int:
    """See to the receipts whose turn it is: verify, book, claim; returns how many were looked at."""
    due, trouble = _claim(limit), None
    for receipt_id in due:
        try:
            see_to(receipt_id, actor=system("paybill"))
        except DomainError as error:
            db.session.rollback()
            log.info("receipt_put_off", receipt=str(receipt_id), why=error.code)
        except Exception as error:  # a mistake of ours: told when the others are done
            db.session.rollback()
            log.exception("receipt_not_seen_to", receipt=str(receipt_id))
            trouble = error
    if trouble is not None:
        raise trouble
    return len(due)


def see_to(receipt_id: uuid.UUID, *, actor: Actor) -> None:
    """The next step of one receipt."""
    receipt = db.session.get_one(MobileReceipt, receipt_id, populate_existing=True)
    if receipt.status == ReceiptStatus.UNCLAIMED:
        _claim_by_itself(receipt, actor)
    elif receipt.verified_by is None or receipt.status == ReceiptStatus.RETURNING:
        ask_about(receipt)
    elif receipt.status == ReceiptStatus.UNVERIFIED:
        for push in _questions(receipt):
            if push.status != PushStatus.PAID and push.checkout_request_id is not None:
                answers.look(push.id, actor=actor)
        take_in(receipt_id=receipt.id, actor=actor)


def ask_about(receipt: MobileReceipt) -> None:
    """Ask the provider about a receipt; it answers later, to an address only it knows."""
    gateway = cast(PayBill, gateway_of(receipt))
    receipt_id, transaction = receipt.id, receipt.transaction_id
    here, late = address(receipt.token, Ending.STATUS), address(receipt.token, Ending.STATUS_LATE)
    db.session.commit()  # hold no connection while the provider is being waited for
    try:
        gateway.transaction_status(transaction, result_url=here, timeout_url=late)
    except GatewayDown:
        raise
    except DomainError as error:  # it cannot be asked at all: a person has to look at the provider's statement
        _not_asked(receipt_id=receipt_id, why=error.message)


@transactional
def take_in(*, receipt_id: uuid.UUID, actor: Actor) -> None:
    """Book a verified receipt, unless it is the same money that a phone paid when it was asked."""
    questions = _questions(db.session.get_one(MobileReceipt, receipt_id))
    intent = lock_intent(queries.intent_of(questions[0]).reference) if questions else None
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status != ReceiptStatus.UNVERIFIED or receipt.verified_by is None:
        return
    payment = queries.find_payment_by_receipt(receipt.provider, receipt.transaction_id)
    if payment is None and intent is not None:
        payment = _paid_by_phone(intent, receipt)
    if payment is not None and queries.find_receipt_of(payment.intent_id) is None:
        captures.attach(payment, receipt.transaction_id, actor)
        captures.belongs(receipt, payment, actor)
    elif any(push.status in queries.OPEN and push.amount == receipt.amount for push in questions):
        receipt.next_query_at = utcnow() + WAIT_FOR_THE_PHONE
    else:
        receipts.take_in(receipt, actor)
        receipt.next_query_at = utcnow()


def _claim_by_itself(receipt: MobileReceipt, actor: Actor) -> None:
    """Claim a receipt whose account names exactly what is due; anything else is for a person."""
    meant = meant_by(of_receipt(receipt), receipt.account_reference)
    begun = meant.intent if meant is not None else None
    try:
        if meant is not None and meant.bill is not None and meant.bill.due == receipt.money:
            receipts.claim_for_bill(receipt_id=receipt.id, bill_id=meant.bill.id, actor=actor)
        elif begun is not None and Money(begun.asked, begun.currency) == receipt.money:
            _claim_begun(receipt_id=receipt.id, reference=begun.reference, actor=actor)
        else:
            _leave(receipt_id=receipt.id)
    except DomainError as error:
        log.info("receipt_left_to_a_person", receipt=str(receipt.id), why=error.code)
        _leave(receipt_id=receipt.id)


@transactional
def _claim_begun(*, receipt_id: uuid.UUID, reference: str, actor: Actor) -> None:
    intent = lock_intent(reference)
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status != ReceiptStatus.UNCLAIMED or intent.status in DECIDED or intent.asset_id != receipt.asset_id:
        raise DoesNotFit(_("This has been paid already."))
    receipts.settle(intent, receipt, actor)


@transactional
def _leave(*, receipt_id: uuid.UUID) -> None:
    queries.lock_receipt(receipt_id).next_query_at = None


@transactional
def _not_asked(*, receipt_id: uuid.UUID, why: str) -> None:
    receipt = queries.lock_receipt(receipt_id)
    receipt.said, receipt.next_query_at = why, None
    captures.moved(receipt)


@transactional
def _claim(limit: int) -> list[uuid.UUID]:
    now, claimed = utcnow(), []
    for receipt in queries.lock_due_receipts(limit):
        receipt.next_query_at = now + ASK_AGAIN[receipt.queries] if receipt.queries < len(ASK_AGAIN) else None
        receipt.queries += 1
        claimed.append(receipt.id)
    return claimed


def _questions(receipt: MobileReceipt) -> Sequence[PhonePush]:
    """The questions to phones for the payment whose account a receipt names: the same money may be told of twice."""
    meant = meant_by(of_receipt(receipt), receipt.account_reference)
    return queries.pushes_of(meant.intent.id) if meant is not None and meant.intent is not None else ()


def _paid_by_phone(intent: PaymentIntent, receipt: MobileReceipt) -> Payment | None:
    """Money of this amount that a phone paid for the intent, and whose receipt number never came."""
    for push in queries.pushes_of(intent.id):
        if push.status == PushStatus.PAID and push.checkout_request_id is not None:
            payment = find_payment_by_transaction(push.provider, push.checkout_request_id)
            if payment is not None and payment.receipt is None and payment.charged == receipt.amount:
                return payment
    return None


def _read_result(receipt: MobileReceipt, raw: bytes, late: bool, kind: str, source: str | None) -> ResultTold | None:
    """An answer that is about this receipt, kept; what is not is set aside with the reason."""
    told, error = None, None
    try:
        told = cast(PayBill, gateway_of(receipt)).read_result(raw, timed_out=late)
        if told.receipt is not None and told.receipt != receipt.transaction_id:
            told, error = None, "other_question"
    except BadMessage:
        error = "unreadable"
    keep(
        provider=receipt.provider,
        owner=receipt.id,
        kind=kind,
        reference=receipt.transaction_id,
        raw=raw,
        source=source,
        account_id=receipt.gateway_account_id,
        error=error,
    )
    if error is not None:
        log.warning("answer_set_aside", receipt=str(receipt.id), why=error)
    return told
