"""A place that trades through the stand-ins: bills are paid, money goes back and out, and time passes at will."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select, text

from portal.core.db import db
from portal.core.errors import Busy
from portal.gateways import breaker
from portal.gateways.base import DuplicateReference, GatewayDown, GatewayRefused
from portal.gateways.sandbox import flutterwave, service, webhooks
from portal.gateways.sandbox.daraja import pushes as phone
from portal.gateways.sandbox.models import (
    SandboxDarajaPush,
    SandboxFlutterwaveCharge,
    SandboxFlutterwaveRefund,
    SandboxRefund,
    SandboxTransaction,
    SandboxTransfer,
)
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.payments import mobile_queries
from portal.shared.payments.errors import CheckoutOver
from portal.shared.payments.mobile_errors import PhoneBusy
from portal.shared.payments.services import (
    answers,
    bills,
    checkout,
    inbox,
    intents,
    payouts,
    pushes,
    sending_back,
    settlement,
)
from tests.factories import assets, mobile, payments

#: The portal's name for each provider, and the stand-in's.
STAND_INS = {"sandbox": "paystack", "flutterwave": "flutterwave", "mpesa": "daraja"}
#: Moments at which something is looked at again; in a test they come when they are asked for.
MOMENTS = (
    ("sandbox_webhook", "due_at"), ("gateway_message", "next_attempt_at"), ("payment_intent", "next_poll_at"),
    ("phone_push", "next_query_at"), ("refund", "next_check_at"), ("payout", "next_check_at"),
)  # fmt: skip
CLOCKWORK = (inbox.process_due, answers.ask_due, settlement.poll_due, sending_back.work_due, payouts.work_due)
MOST_BITES = 20
TRIES = 6


def place_for(provider: str):
    """A place in the currency of the provider."""
    return mobile.place() if provider == "mpesa" else assets.place()


def begins(provider: str, bill):
    """The customer sets out to pay a bill, and does what anybody does when told to try again."""
    for _try in range(TRIES):
        try:
            if provider == "mpesa":
                push = pushes.pay_bill(bill_id=bill.id, amount=bill.amount, phone=mobile.PHONE, actor=mobile.CLERK)
                intent = mobile.intent_of(push)
                if rings(intent):
                    return intent
                pushes.stop(reference=intent.reference, actor=mobile.CLERK)
                continue
            opened = intents.open_intent(
                purpose=bills.PURPOSE, subject_id=bill.id, amount=bill.amount, payer_email=payments.GUEST,
                provider=provider, actor=payments.VISITOR,
            ).intent  # fmt: skip
            return checkout.start(
                opened.reference, callback_url="http://localhost/pay/x", description="Bill", actor=payments.VISITOR
            )
        except PhoneBusy:
            return mobile.intent_of(mobile_queries.latest_push_for("bill", bill.id)[0])
        except (GatewayDown, GatewayRefused, DuplicateReference, CheckoutOver, Busy):
            db.session.rollback()
            breaker.close_all()
    raise AssertionError(f"{provider} could not be reached in {TRIES} tries")


def pays(provider: str, intent) -> None:
    """The customer pays what the checkout, or the phone, asks for."""
    if provider == "sandbox":
        service.decide(access_code=intent.provider_ref, outcome=service.Outcome.PAID)
    elif provider == "flutterwave":
        flutterwave.decide(token=intent.provider_ref, outcome=flutterwave.Outcome.PAID)
    else:
        phone.answer(checkout_request=rings(intent)[0].checkout_request, how=phone.Answer.PAID)


def rings(intent) -> list[SandboxDarajaPush]:
    """What the phone shows for a payment and waits to be answered."""
    account = mobile_queries.account_of(intent)
    return [each for each in phone.recent(50) if each.result_code is None and each.account == account]


def comes_round(*, calls_have_ended: bool = True) -> None:
    """The moment has come for whatever waits for one.

    What was sent, and whose answer is not here, is left alone while a call of another process may still be under way:
    the portal waits longer for it than any call can last.
    """
    db.session.rollback()
    for table, moment in MOMENTS:
        waits = f"{moment} is not null"
        if not calls_have_ended and table in ("refund", "payout"):
            waits += " and status <> 'submitting'"
        db.session.execute(text(f"update {table} set {moment} = clock_timestamp() - interval '1 second' where {waits}"))
    db.session.execute(  # the portal's dying is not the provider's: it goes on telling what nobody has heard
        text(
            "update sandbox_webhook set due_at = clock_timestamp(), attempts = 1"
            " where attempts > 0 and status is distinct from 200"
        )
    )
    if calls_have_ended:  # what was sent long enough ago and left no trace is sent again
        for table in ("refund", "payout"):
            db.session.execute(text(f"update {table} set submitted_at = submitted_at - interval '2 minutes'"))
    for table in ("sandbox_refund", "sandbox_transfer"):  # a transfer that waits for its password has time
        db.session.execute(text(f"update {table} set moves_at = now() where moves_at is not null and status <> 'otp'"))
    db.session.commit()
    db.session.expire_all()


def works() -> int:
    """One turn of the clockwork, the pretended providers' included; how much there was to do."""
    done = webhooks.deliver_due()
    for job in CLOCKWORK:
        for _bite in range(MOST_BITES):
            worked = job()
            done += worked
            if not worked:
                break
    return done


def goes_on(turns: int = 6, until: Callable[[], bool] = lambda: False) -> None:
    """Time passes: each turn, everything that waits is looked at, until what was waited for has come."""
    for _turn in range(turns):
        breaker.close_all()
        comes_round()
        works()
        db.session.rollback()
        db.session.expire_all()
        if until():
            break


def theirs(provider: str, currency: str) -> int:
    """What the stand-in itself says it has of ours: what came, less its charges, refunds and transfers."""
    if provider == "mpesa":
        return 100 * _sum(select(func.sum(SandboxDarajaPush.amount)).where(SandboxDarajaPush.result_code == 0))
    if provider == "flutterwave":
        charge, refund = SandboxFlutterwaveCharge, SandboxFlutterwaveRefund
        came = _sum(
            select(func.sum(charge.charged - charge.fee)).where(
                charge.status == "successful", charge.currency == currency
            )
        )
        return came - _sum(
            select(func.sum(refund.amount)).join(charge).where(refund.status != "failed", charge.currency == currency)
        )
    came = _sum(
        select(func.sum(SandboxTransaction.amount - SandboxTransaction.fees)).where(
            SandboxTransaction.paid_at.is_not(None), SandboxTransaction.currency == currency
        )
    )
    back = _sum(
        select(func.sum(SandboxRefund.amount)).where(
            SandboxRefund.status != "failed", SandboxRefund.currency == currency
        )
    )
    out = _sum(
        select(func.sum(SandboxTransfer.amount + SandboxTransfer.fee)).where(
            SandboxTransfer.status.in_(("otp", "pending", "success")), SandboxTransfer.currency == currency
        )
    )
    return came - back - out


def ours(provider: str, place) -> int:
    """What the books say a place has at the provider."""
    return standing(place.business_id, place.id, chart.money_at(provider), place.currency)


def _sum(question) -> int:
    return int(db.session.scalar(question) or 0)
