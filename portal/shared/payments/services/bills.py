"""Bills: what a customer is asked to pay, raised at a desk, paid in one or several ways, cancelled for a reason."""

from __future__ import annotations

import secrets
import uuid
from datetime import date

from portal.core import numbers
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.money import Money
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import money
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.shared.customers.models import Customer
from portal.shared.customers.queries import get_customer
from portal.shared.customers.services.customers import known_as
from portal.shared.identity.services import mails
from portal.shared.ledger import chart
from portal.shared.ledger.queries import entry_by_key
from portal.shared.ledger.services import entries
from portal.shared.payments import owed
from portal.shared.payments.bill_queries import deposit_held, deposit_key, deposit_used, get_bill, going_back, lock_bill
from portal.shared.payments.errors import (
    BillCancelledMeanwhile,
    BillCannotBeCancelled,
    BillOver,
    MoreThanDue,
    NothingHeld,
    ReasonMissing,
    RefundUnderWay,
    WrongCurrency,
)
from portal.shared.payments.events import BillCancelled, BillPaid, BillRaised, DepositUsed
from portal.shared.payments.models import Bill, BillKind, BillStatus, Payment, PaymentIntent
from portal.shared.payments.purposes import About, Offer, Terms

PURPOSE = "bill"
SERIES = "bill"
#: Kinds that a payer may pay in parts by themselves; at a desk a part can always be taken.
IN_PARTS = (BillKind.DEPOSIT, BillKind.INVOICE, BillKind.FOLIO)


@transactional
def raise_bill(
    *,
    place: Asset,
    kind: BillKind,
    description: str,
    amount: int,
    actor: Actor,
    email: str | None = None,
    phone: str | None = None,
    name: str | None = None,
    due_on: date | None = None,
    customer: Customer | None = None,
    subject_id: uuid.UUID | None = None,
) -> Bill:
    """Ask a customer for an amount in minor units of the place's currency; its number leaves no gap at the place.

    An invoice is owed from now on, and stands in the books at once; the others are booked when they are paid.
    A folio's bill names the folio, and its customer is known.
    """
    customer = customer or known_as(business_id=place.business_id, email=email, phone=phone, name=name)
    bill = Bill(
        id=uuid7(),
        asset_id=place.id,
        token=secrets.token_urlsafe(16),
        customer_id=customer.id,
        kind=kind,
        subject_id=subject_id,
        description=description,
        amount=amount,
        currency=place.currency,
        paid=0,
        status=BillStatus.OPEN,
        due_on=due_on,
        raised_by=actor.key,
    )
    if kind == BillKind.INVOICE:
        raised = entries.draft(
            "bill.raised",
            key=_raised_key(bill),
            amounts={"amount": amount},
            subject="bill",
            subject_id=bill.id,
            occurred_at=utcnow(),
            earned=chart.SALES,
        )
        entries.post(place=place, currency=place.currency, drafts=[raised], actor=actor)
    bill.number = numbers.take_number(scope_id=place.id, series=SERIES)
    db.session.add(bill)
    db.session.flush()
    _record("bill.raised", bill, actor, after={"number": bill.number, "kind": kind, "customer": customer.name})
    publish(BillRaised(asset_id=place.id, subject_id=bill.id, number=bill.number))
    return bill


@transactional
def cancel(*, bill_id: uuid.UUID, reason: str, actor: Actor) -> Bill:
    """Ask for a bill no more, and take it out of the books again; refused once money has come for it."""
    if not reason.strip():
        raise ReasonMissing(_("Say why the bill is cancelled; the reason is kept with it."), field="reason")
    bill = lock_bill(bill_id)
    if bill.status == BillStatus.CANCELLED:
        raise BillOver(_("Bill %(number)s has been cancelled already.", number=bill.number))
    if bill.paid:
        raise BillCannotBeCancelled(
            _(
                "%(paid)s has come for bill %(number)s, so it cannot be cancelled. Give the money back instead.",
                paid=Money(bill.paid, bill.currency),
                number=bill.number,
            )
        )
    bill.status, bill.cancelled_at, bill.cancel_reason = BillStatus.CANCELLED, utcnow(), reason.strip()
    raised = entry_by_key(_raised_key(bill))
    if raised is not None:
        entries.reverse(
            entry_id=raised.id,
            place=asset_of(bill.asset_id),
            reason=reason,
            actor=actor,
            key=f"{_raised_key(bill)}:cancelled",
        )
    _record("bill.cancelled", bill, actor, reason=reason.strip())
    publish(BillCancelled(asset_id=bill.asset_id, subject_id=bill.id, number=bill.number))
    return bill


def prepare(offer: Offer) -> Terms:
    """The terms of paying for a bill; refused when it is over, for more than is due, or in another currency."""
    bill = get_bill(offer.subject_id)
    if offer.currency is not None and offer.currency != bill.currency:
        raise WrongCurrency(
            _("Bill %(number)s is paid in %(currency)s.", number=bill.number, currency=bill.currency), field="currency"
        )
    still_due(bill)
    if offer.amount > bill.due.minor:
        raise MoreThanDue(
            _("Only %(due)s is due for bill %(number)s.", due=bill.due, number=bill.number), field="amount"
        )
    place = asset_of(bill.asset_id)
    return Terms(
        asset_id=place.id,
        currency=bill.currency,
        description=f"{place.name}, {bill.description}",
        customer_id=bill.customer_id,
    )


def fulfil(intent: PaymentIntent, payment: Payment, actor: Actor) -> int:
    """Count money towards its bill, never beyond what is due; what is over is the customer's credit.

    A top-up uses up nothing: all of it is credit. Raises BillCancelledMeanwhile.
    """
    bill = hold(intent.subject_id)
    if bill.status == BillStatus.CANCELLED:
        raise BillCancelledMeanwhile(_("Bill %(number)s was cancelled before the money came.", number=bill.number))
    taken = min(payment.amount, bill.due.minor)
    if bill.subject_id is not None and taken:
        owed.keeper().came(bill.subject_id, taken, payment.provider, payment, f"payment:{payment.id}:line", actor)
    count(bill, taken, actor, after={"reference": intent.reference, "by": payment.provider})
    return 0 if bill.kind == BillKind.TOP_UP else taken


def earned(intent: PaymentIntent) -> str:
    """The account that money for a bill is booked to, by the kind of bill."""
    return account_of(get_bill(intent.subject_id))


def about(intent: PaymentIntent) -> About:
    """What was paid for: the bill's number and its words."""
    bill = get_bill(intent.subject_id)
    return About(called(bill), ((_("For"), bill.description), (_("Customer"), get_customer(bill.customer_id).name)))


def account_of(bill: Bill) -> str:
    """Where a bill's money goes: earned now, earned later, owed since it was raised, or the customer's credit.

    Of a folio's bill, its folio says so.
    """
    if bill.subject_id is not None:
        return owed.keeper().account(bill.subject_id)
    return {
        BillKind.SALE: chart.SALES,
        BillKind.DEPOSIT: chart.SALES if bill.kind == BillKind.DEPOSIT and deposit_used(bill) else chart.DEPOSITS,
        BillKind.INVOICE: chart.RECEIVABLE,
        BillKind.TOP_UP: chart.credit_of(bill.customer_id),
    }[BillKind(bill.kind)]


@transactional
def use_deposit(*, bill_id: uuid.UUID, actor: Actor) -> Money:
    """What a deposit was for has been given: what is held of it is earned, and what still comes is earned at once.

    Once; raises NothingHeld where nothing has come, or all of it went back, and RefundUnderWay while some may.
    """
    bill = lock_bill(bill_id)
    if bill.kind != BillKind.DEPOSIT or deposit_used(bill):
        raise NothingHeld(_("No deposit is held for bill %(number)s.", number=bill.number))
    if going_back(bill):
        raise RefundUnderWay(
            _("Some of bill %(number)s is on its way back to the payer. Wait for its end.", number=bill.number)
        )
    held = deposit_held(bill)
    if held.minor <= 0:
        raise NothingHeld(_("No money is held for bill %(number)s, so there is nothing to earn.", number=bill.number))
    used = entries.draft(
        "deposit.earned",
        key=deposit_key(bill),
        amounts={"amount": held.minor},
        subject="bill",
        subject_id=bill.id,
        occurred_at=utcnow(),
        earned=chart.SALES,
    )
    entries.post(place=asset_of(bill.asset_id), currency=bill.currency, drafts=[used], actor=actor)
    _record("bill.deposit_used", bill, actor, after={"amount": held.minor})
    publish(DepositUsed(asset_id=bill.asset_id, subject_id=bill.id, number=bill.number, amount=held.minor))
    return held


@transactional
def send_link(*, bill_id: uuid.UUID, to: str, url: str, actor: Actor) -> None:
    """Write to somebody where a bill can be paid; refused when there is nothing to pay any more."""
    bill = get_bill(bill_id)
    still_due(bill)
    place = asset_of(bill.asset_id)
    mails.write(
        recipient=to,
        subject=_("%(place)s asks you for %(due)s", place=place.name, due=money(bill.due)),
        body=_(
            "%(place)s asks you for %(due)s: %(what)s (bill %(number)s).\n\nPay here:\n%(url)s\n\n"
            "You pay on the payment provider's own page. If you did not expect this, ask %(place)s before you pay.\n",
            place=place.name,
            due=money(bill.due),
            what=bill.description,
            number=bill.number,
            url=url,
        ),
        asset_id=place.id,
    )
    _record("bill.sent", bill, actor, after={"to": to})


def hold(bill_id: uuid.UUID) -> Bill:
    """A bill, locked, after what it is for."""
    folio_id = get_bill(bill_id).subject_id
    if folio_id is not None:
        owed.keeper().hold(folio_id)
    return lock_bill(bill_id)


def asked(bill: Bill) -> Money:
    """What a bill asks for."""
    return Money(bill.amount, bill.currency)


def come(bill: Bill) -> Money:
    """What has come for it."""
    return Money(bill.paid, bill.currency)


def called(bill: Bill) -> str:
    """A bill's name as people say it."""
    return _("Bill %(number)s", number=bill.number)


def still_due(bill: Bill) -> None:
    """Refuse a bill for which nothing more can be paid."""
    if bill.status == BillStatus.CANCELLED:
        raise BillOver(_("Bill %(number)s was cancelled, so there is nothing to pay.", number=bill.number))
    if bill.status == BillStatus.PAID:
        raise BillOver(_("Bill %(number)s is paid already.", number=bill.number))


def count(bill: Bill, amount: int, actor: Actor, *, after: dict[str, object]) -> None:
    """Count minor units towards a bill whose lock the caller holds."""
    bill.paid += amount
    bill.status = BillStatus.PAID if bill.paid == bill.amount else BillStatus.PART_PAID
    db.session.flush()
    _record("bill.paid", bill, actor, after={"amount": amount, "paid": bill.paid, **after})
    publish(
        BillPaid(
            asset_id=bill.asset_id, subject_id=bill.id, number=bill.number, amount=amount, due=bill.amount - bill.paid
        )
    )


def _raised_key(bill: Bill) -> str:
    return f"bill:{bill.id}:raised"


def _record(
    action: str, bill: Bill, actor: Actor, *, reason: str | None = None, after: dict[str, object] | None = None
) -> None:
    record(
        action,
        actor=actor,
        subject="bill",
        subject_id=bill.id,
        asset_id=bill.asset_id,
        reason=reason,
        after={"status": bill.status, "currency": bill.currency, **(after or {})},
    )
