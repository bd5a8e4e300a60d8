"""Where money that goes back is taken from, and how that stands in the books.

Held money goes back as it came. Of money that was taken, what the payer still has as credit goes back first, then
what was earned with it; credit that has been spent since bought something else and cannot go back from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import uuid7
from portal.core.money import Money
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.shared.customers.queries import find_customer
from portal.shared.ledger import chart
from portal.shared.ledger.models import AccountKind
from portal.shared.ledger.queries import entry_by_key, standing
from portal.shared.ledger.services import entries
from portal.shared.payments import owed, purposes
from portal.shared.payments.errors import NothingToRefund, RefundTooLarge, RefundTooSmall
from portal.shared.payments.models import Payment, PaymentIntent, Refund
from portal.shared.payments.refund_queries import handed_over_of
from portal.shared.payments.services import bills


@dataclass(frozen=True, slots=True)
class Left:
    """What of a payment can still go back, by where it lies, in minor units; `spent` is credit that is gone."""

    held: int
    credit: int
    earned: int
    spent: int
    currency: str

    @property
    def total(self) -> int:
        """All that can go back."""
        return self.held + self.credit + self.earned

    @property
    def money(self) -> Money:
        """The same as money."""
        return Money(self.total, self.currency)


def left_of(intent: PaymentIntent, payment: Payment) -> Left:
    """What can still go back of a payment."""
    rest = payment.amount - payment.refunded
    if not payment.counted:
        return Left(rest, 0, 0, 0, payment.currency)
    there = min(payment.remainder, _credit_there(intent, payment)) if payment.remainder else 0
    return Left(0, there, rest - payment.remainder, payment.remainder - there, payment.currency)


def check(left: Left, amount: int) -> None:
    """Refuse more than can go back, saying what can."""
    if left.total <= 0:
        raise NothingToRefund(_said_of_nothing(left))
    if amount < 1:
        raise RefundTooSmall(_("A refund is more than nothing."), field="amount")
    if amount > left.total:
        raise RefundTooLarge(_said_of_less(left), field="amount", left=left.money.to_major_str())


def decide(intent: PaymentIntent, payment: Payment, refund: Refund, actor: Actor, *, gone: bool = False) -> None:
    """Take the amount from where it lies and book that it is on its way; the caller holds intent and refund.

    `gone` is for money that has left already: it is booked even where the credit it should come from was spent.
    """
    _hold(intent)
    left = left_of(intent, payment)
    if not gone:
        check(left, refund.amount)
    refund.from_held = min(refund.amount, left.held)
    refund.from_credit = min(refund.amount - refund.from_held, left.credit)
    payment.remainder -= refund.from_held + refund.from_credit
    payment.refunded += refund.amount
    payment.remainder = min(payment.remainder, payment.amount - payment.refunded)
    amounts = {
        "held": refund.from_held,
        "credit": refund.from_credit,
        "given_back": refund.amount - refund.from_held - refund.from_credit,
        "amount": refund.amount,
    }
    refund.entry_id = _post("refund.approved", "approved", amounts, intent, payment, refund, actor)
    _went(intent, payment, amounts["given_back"], f"refund:{refund.id}", actor, gone=gone)


def paid(intent: PaymentIntent, payment: Payment, refund: Refund, actor: Actor, *, source: str | None = None) -> None:
    """Book that it has reached the payer, out of where the payment lies or out of `source`, an account of the chart."""
    _post("refund.processed", "processed", {"amount": refund.amount}, intent, payment, refund, actor, money=source)


def undo(intent: PaymentIntent, payment: Payment, refund: Refund, reason: str, actor: Actor) -> None:
    """Put it back where it was taken from: it never left."""
    assert refund.entry_id is not None, "it was booked when it was decided"
    _hold(intent)
    entries.reverse(
        entry_id=refund.entry_id,
        place=asset_of(payment.asset_id),
        reason=reason,
        actor=actor,
        key=f"refund:{refund.id}:failed",
    )
    payment.refunded -= refund.amount
    payment.remainder += refund.from_held + refund.from_credit
    folio_id = owed.behind(intent)
    if folio_id is not None:
        owed.keeper().stayed(folio_id, f"refund:{refund.id}", actor)


def lost(intent: PaymentIntent, payment: Payment, actor: Actor, *, held: bool = False) -> int:
    """Book that the provider took back whatever had not gone back yet; returns how much, in minor units.

    A payer who gets all of a charge back gets the charges they bore on top of it back as well. What was handed over
    by a person before, and not by the provider, has gone twice.
    """
    if not held:
        _hold(intent)
    left = left_of(intent, payment)
    amount = payment.amount - payment.refunded
    key = f"payment:{payment.id}:reversed"
    before = entry_by_key(key) is not None
    twice = 0 if before else handed_over_of(payment.id)
    if amount + twice <= 0:
        return 0
    passed_on = 0 if before else payment.charged - payment.amount
    amounts = {
        "held": left.held,
        "credit": left.credit,
        "given_back": amount - left.held - left.credit,
        "passed_on": passed_on,
        "twice": twice,
        "total": amount + passed_on + twice,
    }
    taken = entries.draft(
        "charge.reversed",
        key=f"{key}:{uuid7()}" if before else key,
        amounts=amounts,
        subject="payment",
        subject_id=payment.id,
        occurred_at=utcnow(),
        **_roles(intent, payment),
    )
    entries.post(place=asset_of(payment.asset_id), currency=payment.currency, drafts=[taken], actor=actor)
    payment.remainder = 0
    payment.refunded = payment.amount
    _went(intent, payment, amounts["given_back"], taken.key, actor, gone=True)
    return amount + passed_on + twice


def was_taken_back(payment: Payment) -> bool:
    """Whether the provider took the charge back by itself."""
    return entry_by_key(f"payment:{payment.id}:reversed") is not None


def _hold(intent: PaymentIntent) -> None:
    """Nobody earns a deposit, or closes a folio, while it is decided where its money goes back from."""
    if intent.purpose == bills.PURPOSE:
        bills.hold(intent.subject_id)
    elif (folio_id := owed.behind(intent)) is not None:
        owed.keeper().hold(folio_id)


def _went(intent: PaymentIntent, payment: Payment, amount: int, key: str, actor: Actor, *, gone: bool) -> None:
    """Tell a folio of what goes back of its money."""
    folio_id = owed.behind(intent)
    if folio_id is not None and amount:
        owed.keeper().went(folio_id, amount, payment, key, actor, gone=gone)


def _post(
    fact: str,
    step: str,
    amounts: dict[str, int],
    intent: PaymentIntent,
    payment: Payment,
    refund: Refund,
    actor: Actor,
    money: str | None = None,
) -> int:
    roles = _roles(intent, payment)
    if money is not None:
        roles["money"] = money
    booked = entries.draft(
        fact,
        key=f"refund:{refund.id}:{step}",
        amounts=amounts,
        subject="refund",
        subject_id=refund.id,
        occurred_at=utcnow(),
        memo=refund.reason,
        **roles,
    )
    (entry_id,) = entries.post(
        place=asset_of(payment.asset_id), currency=payment.currency, drafts=[booked], actor=actor
    )
    return entry_id


def _roles(intent: PaymentIntent, payment: Payment) -> dict[str, str]:
    """What was not earned yet, or paid a folio, is given back where it stands; what was earned is a refund given.

    Of a top-up that was spent nothing stands on the customer's credit any more, and that never falls below nothing.
    """
    folio_id = owed.behind(intent)
    if folio_id is not None:
        earned = owed.keeper().origin(folio_id, payment)
    else:
        earned = purposes.purpose(intent.purpose).earned(intent)
    plan, _owner = chart.plan_of(earned)
    stands = (plan.kind is AccountKind.LIABILITY and plan.floor is None) or plan.code in chart.OF_FOLIOS
    counter = earned if stands else chart.REFUNDS_GIVEN
    roles = {"money": chart.money_at(payment.provider), "counter": counter}
    credit = _credit_account(intent, payment)
    return roles | ({"credit": credit} if credit else {})


def _credit_account(intent: PaymentIntent, payment: Payment) -> str | None:
    customer_id = intent.customer_id
    if customer_id is None:
        place = asset_of(payment.asset_id)
        payer = find_customer(place.business_id, email=intent.payer_email, phone=intent.payer_phone)
        customer_id = payer.id if payer else None
    return chart.credit_of(customer_id) if customer_id else None


def _credit_there(intent: PaymentIntent, payment: Payment) -> int:
    account = _credit_account(intent, payment)
    place = asset_of(payment.asset_id)
    return standing(place.business_id, place.id, account, payment.currency) if account else 0


def _said_of_nothing(left: Left) -> str:
    if left.spent:
        return _(
            "Nothing can go back: %(spent)s of it was kept as the payer's credit, and that has been spent.",
            spent=Money(left.spent, left.currency),
        )
    return _("Nothing can go back: all of this payment has gone back or is on its way.")


def _said_of_less(left: Left) -> str:
    if left.spent:
        return _(
            "%(left)s can still go back: %(spent)s was kept as the payer's credit, and that has been spent.",
            left=left.money,
            spent=Money(left.spent, left.currency),
        )
    return _("%(left)s can still go back. Choose that or less.", left=left.money)
