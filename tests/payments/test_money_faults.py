"""Every fault the stand-ins can be given, for each provider, while money comes in, goes back and goes out.

Whatever befalls a call or a message, money is counted once, the books are sound, and they say what the provider has.
"""

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from portal.core.db import db
from portal.core.errors import DomainError
from portal.gateways.sandbox import faults, server, transfers
from portal.gateways.sandbox.faults import Kind
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.models import Payment, PaymentIntent, Payout, PayoutStatus
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import bands, payouts
from tests.factories import bills, mobile, payments
from tests.factories import payouts as out
from tests.factories import refunds as given
from tests.support import trading
from tests.support.money import sound

LONG = pytest.mark.chaos
COMING_IN = [
    (provider, operation)
    for provider, operations in {
        "sandbox": ("initialize", "verify", "charge.success"),
        "flutterwave": ("payments", "verify_by_reference", "charge.completed"),
        "mpesa": ("token", "push", "query", "push callback"),
    }.items()
    for operation in operations
]
#: The call itself every day; how it is followed up, and its messages, in the long run.
GOING_BACK = [
    ("sandbox", "refund"),
    ("flutterwave", "refund"),
    *(
        pytest.param("sandbox", each, marks=LONG)
        for each in ("refunds", "refund_fetch", "refund.pending", "refund.processing", "refund.processed")
    ),
    pytest.param("flutterwave", "refunds", marks=LONG),
]
GOING_OUT = [
    "transfer",
    *(pytest.param(each, marks=LONG) for each in ("recipient", "finalize", "transfer_verify", "transfer.success")),
]
#: When the provider, asked, tells of less or other money than was asked for, a person decides.
CONTRADICTED = {
    ("sandbox", "verify"): (Kind.WRONG_AMOUNT, Kind.WRONG_CURRENCY),
    ("flutterwave", "verify_by_reference"): (Kind.WRONG_AMOUNT, Kind.WRONG_CURRENCY),
    ("mpesa", "push callback"): (Kind.WRONG_AMOUNT,),
}
ONE_WAY_OR_ANOTHER = (*faults.OF_CALLS, *(each for each in faults.OF_MESSAGES if each not in faults.OF_CALLS))


@pytest.fixture(autouse=True)
def _ground(app, committed):
    """A portal whose public address is one it really answers at."""
    before = app.extensions["settings"]
    mobile.reachable()
    app.extensions["settings"] = replace(before, public_url=server.base_url().removesuffix("/sandbox"))
    yield
    app.extensions["settings"] = before


def kinds(provider, operation):
    """What can befall this operation on its way."""
    possible = faults.kinds_of(trading.STAND_INS[provider], operation)
    return [each for each in ONE_WAY_OR_ANOTHER if each in possible]


def goes_wrong(provider, operation, kind):
    times = 1 if kind == Kind.SLOW else 2
    faults.set(provider=trading.STAND_INS[provider], operation=operation, kind=kind, times=times, seconds=1)


def mended():
    """The provider is well again."""
    faults.clear()
    db.session.commit()


def paid_of(bill):
    """Every payment that came for a bill, with how its intent stands."""
    db.session.rollback()
    db.session.expire_all()
    question = select(Payment, PaymentIntent.status).join(PaymentIntent).where(PaymentIntent.subject_id == bill.id)
    return list(db.session.execute(question))


@pytest.mark.parametrize(("provider", "operation"), COMING_IN)
def test_whatever_befalls_money_that_comes_in_it_is_counted_once(provider, operation):
    place, held = trading.place_for(provider), 0
    for kind in kinds(provider, operation):
        if operation == "token":  # the one that was fetched has lapsed
            db.session.execute(text("delete from sandbox_daraja_token"))
            db.session.commit()
        bill = bills.bill(place, amount=850_000)
        goes_wrong(provider, operation, kind)
        trading.pays(provider, trading.begins(provider, bill))
        trading.goes_on(2)
        mended()
        trading.goes_on(3, until=lambda bill=bill: bool(paid_of(bill)))
        trading.goes_on(1)
        ((payment, status),) = paid_of(bill)
        if kind in CONTRADICTED.get((provider, operation), ()):
            assert (status, get_bill(bill.id).status) == ("review", "open"), kind
            held += 1
            continue
        assert (status, get_bill(bill.id).status, payment.amount) == ("succeeded", "paid", 850_000), kind
        assert payment.counted
    assert sound()
    if not held:
        assert trading.ours(provider, place) == trading.theirs(provider, place.currency)


@pytest.mark.parametrize(("provider", "operation"), GOING_BACK)
def test_whatever_befalls_money_that_goes_back_it_goes_back_once(provider, operation):
    place = trading.place_for(provider)
    for kind in kinds(provider, operation):
        bill = bills.bill(place, amount=850_000)
        begun = trading.begins(provider, bill)
        trading.pays(provider, begun)
        trading.goes_on(2, until=lambda bill=bill: bool(paid_of(bill)))
        goes_wrong(provider, operation, kind)
        refund = given.asked(get_intent(begun.reference), 300_000)
        trading.goes_on(3)
        mended()
        trading.goes_on(8, until=lambda refund=refund: given.fresh(refund).status == "processed")
        trading.goes_on(1)
        assert given.fresh(refund).status == "processed", kind
        assert get_intent(begun.reference).status == "part_refunded", kind
        assert trading.ours(provider, place) == trading.theirs(provider, place.currency), kind
    assert sound()


@pytest.mark.parametrize("operation", GOING_OUT)
def test_whatever_befalls_money_that_goes_out_it_goes_out_once(operation):
    bands.load_known()
    place = out.funded(10_000_000)
    for kind in kinds("sandbox", operation):
        payout = out.approved(place, 100_000)
        goes_wrong("sandbox", operation, kind)
        trading.goes_on(2)
        _gives_its_password(payout)
        trading.goes_on(2)
        mended()
        trading.goes_on(4, until=lambda payout=payout: _gives_its_password(payout) == PayoutStatus.PENDING)
        trading.goes_on(4, until=lambda payout=payout: out.found(payout).status == PayoutStatus.SUCCESS)
        trading.goes_on(1)
        assert out.found(payout).status == "success", kind
        assert transfers.by_name(payout.reference).status == "success", kind
    assert db.session.scalar(text("select count(*) from sandbox_transfer")) == len(kinds("sandbox", operation))
    assert trading.ours("sandbox", place) == 10_000_000 + trading.theirs("sandbox", "NGN")
    assert out.balances(place)["on its way"] == 0
    assert sound()


def _gives_its_password(payout: Payout) -> str:
    """The owner types what the provider sent, when it is asked for; while the provider is silent, once more later."""
    if out.found(payout).status == PayoutStatus.OTP:
        try:
            payouts.finalize(payout_id=payout.id, otp=out.otp(payout), actor=payments.VISITOR)
        except DomainError:
            db.session.rollback()
    return out.found(payout).status
