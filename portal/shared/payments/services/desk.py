"""Money a person takes at a desk: cash, a card machine's slip, or the customer's own credit."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from portal.core import locks
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.errors import Invalid
from portal.core.idempotency import request_hash
from portal.core.money import Money
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import Charge, ChargeStatus
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.audit.queries import trail
from portal.shared.audit.services import record
from portal.shared.customers.queries import get_customer
from portal.shared.ledger import chart
from portal.shared.ledger.queries import entry_by_key, standing
from portal.shared.ledger.services import entries
from portal.shared.payments import owed
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.errors import (
    BillOver,
    CreditTooLow,
    MoreThanDue,
    NotTaken,
    SlipMissing,
    SlipUsed,
    TooLittleHandedOver,
)
from portal.shared.payments.models import Bill, BillKind, Payment, PaymentIntent
from portal.shared.payments.providers import Chosen
from portal.shared.payments.queries import find_payment_by_transaction, find_payment_of
from portal.shared.payments.services import bills, intents, settlement
from portal.shared.payments.services.settlement import AT_THE_DESK, Verdict

CASH, CARD, CREDIT = "cash", "card", "credit"


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken: the intent whose reference is on the receipt, its money, and the change to hand back."""

    intent: PaymentIntent
    payment: Payment
    change: Money


@transactional
def take(
    *,
    purpose: str,
    subject_id: uuid.UUID,
    way: str,
    amount: int,
    actor: Actor,
    payer_email: str = "",
    payer_phone: str | None = None,
    slip: str | None = None,
    tendered: int | None = None,
    idem_key: str | None = None,
) -> Taken:
    """Record money that is in the drawer or on the card machine, settled like any other: all of it in one command.

    `slip` is the number on the card machine's slip, good once at a place; `tendered` is what was handed over in
    cash. What the money was for must be given at once, else nothing is recorded (NotTaken).
    """
    asked = request_hash(way, f"{purpose}:{subject_id}", f"{amount} {slip} {tendered}".encode())
    opened = intents.open_intent(
        purpose=purpose,
        subject_id=subject_id,
        amount=amount,
        payer_email=payer_email,
        payer_phone=payer_phone,
        through=Chosen(way, None, payer_bears_charges=False),
        idem_key=idem_key,
        asked=asked,
        actor=actor,
    )
    intent = opened.intent
    change = _change(amount, tendered, intent.currency)
    if not opened.replayed:
        _settle(intent, _slip_number(asset_of(intent.asset_id), slip) if way == CARD else None, actor)
        record(
            "payment.taken",
            actor=actor,
            subject="payment_intent",
            subject_id=intent.id,
            asset_id=intent.asset_id,
            after={"by": way, "amount": amount, "tendered": tendered, "change": change.minor, "slip": slip},
        )
    payment = find_payment_of(intent.id)
    assert payment is not None
    return Taken(intent, payment, change)


@transactional
def take_for_bill(
    *,
    bill_id: uuid.UUID,
    way: str,
    amount: int,
    actor: Actor,
    slip: str | None = None,
    tendered: int | None = None,
    idem_key: str | None = None,
) -> Taken:
    """The same for a bill, from the customer it was raised for."""
    customer = get_customer(get_bill(bill_id).customer_id)
    return take(
        purpose=bills.PURPOSE,
        subject_id=bill_id,
        way=way,
        amount=amount,
        payer_email=customer.email or "",
        payer_phone=customer.phone,
        slip=slip,
        tendered=tendered,
        idem_key=idem_key,
        actor=actor,
    )


@transactional
def spend_credit(*, bill_id: uuid.UUID, amount: int, actor: Actor, idem_key: str | None = None) -> Bill:
    """Pay a bill, or a part of it, from what its customer has with us; raises CreditTooLow.

    The account refuses to fall below nothing, whoever else spends at the same moment.
    """
    bill = bills.hold(bill_id)
    key = f"bill:{bill.id}:credit:{idem_key or uuid.uuid4()}"
    if entry_by_key(key) is not None:
        return bill
    bills.still_due(bill)
    if bill.kind == BillKind.TOP_UP:
        raise BillOver(_("Credit cannot be topped up from itself. Take the money another way."))
    if amount > bill.due.minor:
        raise MoreThanDue(
            _("Only %(due)s is due for bill %(number)s.", due=bill.due, number=bill.number), field="amount"
        )
    if amount < 1:
        raise Invalid(_("Use more than nothing of it."), field="amount")
    has = credit_for(bill)
    if amount > has.minor:
        raise CreditTooLow(_("The customer has %(has)s of credit here.", has=has), field="amount")
    spent = entries.draft(
        "credit.spent",
        key=key,
        amounts={"amount": amount},
        subject="bill",
        subject_id=bill.id,
        occurred_at=utcnow(),
        credit=chart.credit_of(bill.customer_id),
        earned=bills.account_of(bill),
    )
    entries.post(place=asset_of(bill.asset_id), currency=bill.currency, drafts=[spent], actor=actor)
    if bill.subject_id is not None:
        owed.keeper().came(bill.subject_id, amount, CREDIT, None, f"{key}:line", actor)
    bills.count(bill, amount, actor, after={"by": CREDIT})
    return bill


def credit_for(bill: Bill) -> Money:
    """What the customer of a bill has with the business, in the bill's currency."""
    place = asset_of(bill.asset_id)
    minor = standing(place.business_id, place.id, chart.credit_of(bill.customer_id), bill.currency)
    return Money(minor, bill.currency)


def change_of(intent: PaymentIntent) -> Money | None:
    """What is handed back for cash, or None where nobody said what was handed over."""
    for entry in trail(subject="payment_intent", subject_id=intent.id):
        if entry.action == "payment.taken" and entry.after and entry.after["tendered"] is not None:
            return Money(entry.after["change"], intent.currency)
    return None


def slip_of(payment: Payment) -> str | None:
    """The number on the card machine's slip, as it was typed."""
    return payment.receipt.partition("/")[2] if payment.provider == CARD and payment.receipt else None


def _settle(intent: PaymentIntent, slip: str | None, actor: Actor) -> None:
    """Give the one settle() the word of the person at the desk; what does not go through leaves nothing behind."""
    number = slip or intent.reference
    if slip is not None:
        locks.lock_in_transaction(f"{intent.provider} transaction {number}")
        used = find_payment_by_transaction(intent.provider, number)
        if used is not None:
            raise SlipUsed(
                _(
                    "Slip %(slip)s has been recorded already, for %(amount)s. Look at the slip again.",
                    slip=slip_of(used),
                    amount=used.money,
                ),
                field="slip",
            )
    charge = Charge(
        reference=intent.reference,
        status=ChargeStatus.SUCCESS,
        amount=intent.amount,
        currency=intent.currency,
        transaction_id=number,
        channel=intent.provider,
        receipt=slip,
    )
    settled = settlement.settle(charge=charge, provider=intent.provider, via=AT_THE_DESK, actor=actor)
    if settled.verdict is not Verdict.SETTLED:
        raise NotTaken(
            _("What this was for cannot be given any more. Nothing was recorded: give the money back, and look again.")
        )


def _slip_number(place: Asset, slip: str | None) -> str:
    """A slip's number with its place: another place's machine counts from one as well."""
    if not slip:
        raise SlipMissing(_("Enter the number on the card machine's slip."), field="slip")
    return f"{place.asset_number}/{slip}"


def _change(amount: int, tendered: int | None, currency: str) -> Money:
    if tendered is None:
        return Money(0, currency)
    if tendered < amount:
        raise TooLittleHandedOver(
            _(
                "%(tendered)s was handed over, and %(amount)s is to be taken.",
                tendered=Money(tendered, currency),
                amount=Money(amount, currency),
            ),
            field="tendered",
        )
    return Money(tendered - amount, currency)
