"""Money sent to the paybill: claimed once for a bill or another payment, or sent back by two people."""

from __future__ import annotations

import uuid
from typing import cast

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import Charge, ChargeStatus, PayBill, ReplyLost
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.customers.queries import get_customer
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.errors import ReasonMissing, SecondPersonNeeded
from portal.shared.payments.mobile_errors import DoesNotFit, ReceiptGone, WrongCode
from portal.shared.payments.models import MobileReceipt, Payment, PaymentIntent, ReceiptStatus
from portal.shared.payments.providers import Chosen, NotOffered, called, gateway_of
from portal.shared.payments.queries import find_payment_of, lock_intent
from portal.shared.payments.services import bills, books, captures, receipt_books
from portal.shared.payments.services.addresses import Ending, address
from portal.shared.payments.services.intents import open_intent
from portal.shared.payments.services.settlement import Verdict, alert, settle_held


@transactional
def claim_for_bill(*, receipt_id: uuid.UUID, bill_id: uuid.UUID, actor: Actor) -> PaymentIntent:
    """Take unclaimed money for a bill: as much as is due counts, what is over is the customer's credit."""
    bill = get_bill(bill_id)
    bills.still_due(bill)
    customer = get_customer(bill.customer_id)
    return claim(
        receipt_id=receipt_id,
        purpose=bills.PURPOSE,
        subject_id=bill_id,
        most=bill.due.minor,
        payer=customer.email or "",
        phone=customer.phone,
        actor=actor,
    )


@transactional
def claim(
    *,
    receipt_id: uuid.UUID,
    purpose: str,
    subject_id: uuid.UUID,
    payer: str,
    actor: Actor,
    most: int | None = None,
    phone: str | None = None,
) -> PaymentIntent:
    """Take unclaimed money for something; raises ReceiptGone when somebody was quicker. `most` is in minor units."""
    found = db.session.get_one(MobileReceipt, receipt_id)
    opened = open_intent(
        purpose=purpose,
        subject_id=subject_id,
        amount=found.amount if most is None else min(found.amount, most),
        currency=found.currency,
        payer_email=payer,
        payer_phone=phone or found.payer_phone,
        through=Chosen(found.provider, found.gateway_account_id, payer_bears_charges=False),
        actor=actor,
    )
    intent = lock_intent(opened.intent.reference)
    receipt = queries.lock_receipt(receipt_id)
    if intent.asset_id != receipt.asset_id:
        raise DoesNotFit(
            _("This money lies at %(place)s, and can only be claimed there.", place=asset_of(receipt.asset_id).name)
        )
    _claimable(receipt, actor)
    settle(intent, receipt, actor)
    return intent


def settle(intent: PaymentIntent, receipt: MobileReceipt, actor: Actor) -> Payment:
    """Settle an intent with the money of a receipt; the caller holds both locks and has looked at both."""
    charge = Charge(
        reference=intent.reference,
        status=ChargeStatus.SUCCESS,
        amount=receipt.amount,
        currency=receipt.currency,
        transaction_id=receipt.transaction_id,
        channel=captures.CHANNEL,
        paid_at=receipt.paid_at,
        receipt=receipt.transaction_id,
    )
    settled = settle_held(intent, charge=charge, provider=receipt.provider, via=books.CLAIMED, actor=actor)
    payment = find_payment_of(intent.id)
    if settled.verdict is not Verdict.SETTLED or payment is None:
        raise DoesNotFit(_("What this was to pay for cannot be given now. The money stays unclaimed."))
    captures.belongs(receipt, payment, actor)
    return payment


@transactional
def vouch(*, receipt_id: uuid.UUID, code: str, actor: Actor) -> MobileReceipt:
    """Somebody saw the money on the provider's own statement, and types its receipt number; another person claims it.

    For where the provider cannot be asked. Raises WrongCode when the number is another one.
    """
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status != ReceiptStatus.UNVERIFIED:
        raise ReceiptGone(_("%(receipt)s has been confirmed already.", receipt=receipt.transaction_id))
    if code.strip().upper() != receipt.transaction_id.upper():
        raise WrongCode(_("This is not the receipt number of this money. Look at the statement again."), field="code")
    receipt.verified_by = actor.key
    take_in(receipt, actor)
    return receipt


@transactional
def dismiss(*, receipt_id: uuid.UUID, reason: str, actor: Actor) -> MobileReceipt:
    """Money that was only announced: it is on no statement. What was verified cannot be dismissed."""
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status != ReceiptStatus.UNVERIFIED:
        raise ReceiptGone(_("%(receipt)s is real money; send it back instead.", receipt=receipt.transaction_id))
    _change(receipt, ReceiptStatus.REFUSED, "mobile_receipt.refused", actor, _reason(reason))
    return receipt


def take_in(receipt: MobileReceipt, actor: Actor) -> None:
    """Book money that is known to have come; the caller holds the receipt's lock and says who verified it."""
    receipt.entry_id = receipt_books.sent_in(receipt, actor)
    _change(receipt, ReceiptStatus.UNCLAIMED, "mobile_receipt.verified", actor, None)


@transactional
def ask_return(*, receipt_id: uuid.UUID, reason: str, actor: Actor) -> MobileReceipt:
    """Say that unclaimed money is to go back to its sender, and why; somebody else sends it."""
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status != ReceiptStatus.UNCLAIMED or receipt.return_asked_by is not None:
        raise ReceiptGone(_gone(receipt))
    if not can_go_back(receipt):
        raise NotOffered(
            _(
                "%(provider)s does not take unclaimed money back. Claim it for a bill, and refund that payment.",
                provider=called(receipt.provider),
            )
        )
    receipt.return_asked_by, receipt.return_reason = actor.key, _reason(reason)
    _change(receipt, ReceiptStatus.UNCLAIMED, "mobile_receipt.return_asked", actor, receipt.return_reason)
    return receipt


@transactional
def keep(*, receipt_id: uuid.UUID, actor: Actor) -> MobileReceipt:
    """The money is not to go back after all: it can be claimed again."""
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status != ReceiptStatus.UNCLAIMED or receipt.return_asked_by is None:
        raise ReceiptGone(_gone(receipt))
    receipt.return_asked_by = receipt.return_reason = None
    _change(receipt, ReceiptStatus.UNCLAIMED, "mobile_receipt.kept", actor, None)
    return receipt


def can_go_back(receipt: MobileReceipt) -> bool:
    """Whether whoever holds the money reverses what nobody claimed."""
    return hasattr(gateway_of(receipt), "reverse")


def send_back(*, receipt_id: uuid.UUID, actor: Actor) -> MobileReceipt:
    """A second person sends the money back: the provider is asked to reverse it, and answers later.

    Raises SecondPersonNeeded, or what the provider refuses; a lost reply is waited for, and asked about.
    """
    receipt = _begin_return(receipt_id=receipt_id, actor=actor)
    gateway = cast(PayBill, gateway_of(receipt))
    token, transaction, amount = receipt.token, receipt.transaction_id, receipt.amount
    remarks = receipt.return_reason or ""
    db.session.commit()  # hold no connection while the provider is being waited for
    try:
        gateway.reverse(
            transaction,
            amount=amount,
            result_url=address(token, Ending.REVERSAL),
            timeout_url=address(token, Ending.REVERSAL_LATE),
            remarks=remarks,
        )
    except ReplyLost:
        return receipt
    except DomainError as error:
        not_returned(receipt_id=receipt_id, why=error.message, actor=actor)
        raise
    return receipt


@transactional
def _begin_return(*, receipt_id: uuid.UUID, actor: Actor) -> MobileReceipt:
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status != ReceiptStatus.UNCLAIMED or receipt.return_asked_by is None:
        raise ReceiptGone(_gone(receipt))
    if receipt.return_asked_by == actor.key:
        raise SecondPersonNeeded(_("You asked for this money to go back, so somebody else must send it."))
    _change(receipt, ReceiptStatus.RETURNING, "mobile_receipt.return_sent", actor, receipt.return_reason)
    return receipt


@transactional
def returned(*, receipt_id: uuid.UUID, actor: Actor) -> None:
    """The provider says that the money went back; it may say so after it said, or seemed to say, that it did not."""
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status == ReceiptStatus.CLAIMED:
        intent = queries.intent_with(receipt.intent_id) if receipt.intent_id else None
        reference = intent.reference if intent else None
        alert("returned_after_all", intent=intent, reference=reference, actor=actor, transaction=receipt.transaction_id)
    elif receipt.status in (ReceiptStatus.RETURNING, ReceiptStatus.UNCLAIMED):
        receipt.return_asked_by = receipt.return_asked_by or actor.key
        receipt_books.sent_home(receipt, actor)
        _change(receipt, ReceiptStatus.RETURNED, "mobile_receipt.returned", actor, None)


@transactional
def not_returned(*, receipt_id: uuid.UUID, why: str, actor: Actor) -> None:
    """The provider would not send it back: it is unclaimed again, with the provider's words."""
    receipt = queries.lock_receipt(receipt_id)
    if receipt.status == ReceiptStatus.RETURNING:
        receipt.said, receipt.return_asked_by, receipt.return_reason = why, None, None
        _change(receipt, ReceiptStatus.UNCLAIMED, "mobile_receipt.return_refused", actor, why)


def _claimable(receipt: MobileReceipt, actor: Actor) -> None:
    if receipt.status != ReceiptStatus.UNCLAIMED or receipt.return_asked_by is not None:
        raise ReceiptGone(_gone(receipt))
    if receipt.verified_by == actor.key:
        raise SecondPersonNeeded(
            _("You confirmed that %(receipt)s came, so somebody else must claim it.", receipt=receipt.transaction_id)
        )


def _gone(receipt: MobileReceipt) -> str:
    """Why nothing can be done with a receipt any more, or not yet."""
    number, money = receipt.transaction_id, Money(receipt.amount, receipt.currency)
    if receipt.status == ReceiptStatus.UNCLAIMED and receipt.return_asked_by:
        return _("Somebody asked for %(receipt)s to go back. Keep it first, then claim it.", receipt=number)
    return {
        ReceiptStatus.UNVERIFIED: _("%(receipt)s has not been confirmed by the provider yet.", receipt=number),
        ReceiptStatus.UNCLAIMED: _("Nobody asked for %(receipt)s to go back.", receipt=number),
        ReceiptStatus.CLAIMED: _(
            "%(receipt)s over %(money)s was claimed by somebody else a moment ago.", receipt=number, money=money
        ),
        ReceiptStatus.RETURNING: _("%(receipt)s is on its way back to its sender.", receipt=number),
        ReceiptStatus.RETURNED: _("%(receipt)s went back to its sender.", receipt=number),
        ReceiptStatus.REFUSED: _("%(receipt)s never came, as somebody has found out.", receipt=number),
    }[ReceiptStatus(receipt.status)]


def _reason(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing(_("Say why; the reason is kept with the money."), field="reason")
    return reason.strip()


def _change(receipt: MobileReceipt, status: ReceiptStatus, action: str, actor: Actor, reason: str | None) -> None:
    before, receipt.status, receipt.next_query_at = receipt.status, status, None
    record(
        action,
        actor=actor,
        subject="mobile_receipt",
        subject_id=receipt.id,
        asset_id=receipt.asset_id,
        reason=reason,
        before={"status": before},
        after={"status": status, "transaction": receipt.transaction_id, "amount": receipt.amount},
    )
    captures.moved(receipt)
