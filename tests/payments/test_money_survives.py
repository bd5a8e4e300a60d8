"""Workers killed in the middle of settling, refunding and paying out, a database that goes away, faulty providers.

Afterwards every payment is counted once, every refund and payout was made once, and the books say what the
providers have, to the last minor unit.
"""

import random
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from portal.core.db import db
from portal.core.errors import DomainError
from portal.gateways.sandbox import faults, server
from portal.gateways.sandbox.models import SandboxFlutterwaveRefund, SandboxRefund, SandboxTransfer
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.models import Payment, Payout, PayoutStatus, Refund
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import bands, checkout, payouts
from tests.factories import bills, mobile, payments
from tests.factories import payouts as out
from tests.factories import refunds as given
from tests.support import databases, dying, trading
from tests.support.money import sound

ROOT = Path(__file__).parents[2]
WORKERS = 2
PROVIDERS = ("sandbox", "sandbox", "flutterwave", "mpesa")
#: What goes wrong at the providers meanwhile. What they say of an amount stays true: money that is wrong waits for a
#: person, and its tests are in test_money_faults.py.
TROUBLES = [
    (provider, operation, kind)
    for provider, operations in {
        "paystack": ("initialize", "verify", "charge.success", "refund", "refund.processed", "transfer",
                     "transfer_verify", "finalize", "transfer.success"),
        "flutterwave": ("payments", "verify_by_reference", "charge.completed", "refund"),
        "daraja": ("push", "query", "push callback"),
    }.items()
    for operation in operations
    for kind in faults.kinds_of(provider, operation)
    if kind in ("500", "lost_reply", "duplicate", "reordered", "late", "never")
    and (provider, operation, kind) != ("daraja", "push callback", "never")  # with a lost reply nobody could know
]  # fmt: skip


class Trade:
    """One day's trade at two places, crammed into seconds."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        bands.load_known()
        self.naira, self.shillings = out.funded(100_000_000), mobile.place()
        self.paid, self.refunds, self.payouts = [], [], []

    def place_of(self, provider):
        return self.shillings if provider == "mpesa" else self.naira

    def goes_on(self):
        """Something goes wrong somewhere, somebody pays, somebody wants money back, something is paid out."""
        if self.dice.random() < 0.5:
            provider, operation, kind = self.dice.choice(TROUBLES)
            faults.set(provider=provider, operation=operation, kind=kind, seconds=self.dice.randint(0, 1))
        provider = self.dice.choice(PROVIDERS)
        bill = bills.bill(self.place_of(provider), amount=self.dice.randint(10, 9_000) * 100)
        begun = trading.begins(provider, bill)
        trading.pays(provider, begun)
        self.paid.append((provider, bill.id, begun.reference))
        if self.dice.random() < 0.3:
            checkout.confirm(begun.reference, via="redirect", actor=payments.VISITOR)
        self.wants_money_back()
        if self.dice.random() < 0.3:
            self.payouts.append(out.approved(self.naira, self.dice.randint(100, 90_000)).id)
        self.gives_passwords()

    def wants_money_back(self):
        """A part of something that was paid, where no refund is under way."""
        references = [reference for provider, _bill, reference in self.paid if provider != "mpesa"]
        made = get_intent(self.dice.choice(references)) if references else None
        if made is not None and made.status in ("succeeded", "part_refunded"):
            self.refunds.append(given.asked(made, self.dice.randint(1, made.payment.amount // 4)).id)

    def gives_passwords(self):
        """Whatever transfer waits for its one-time password gets it."""
        db.session.rollback()
        for payout in db.session.scalars(select(Payout).where(Payout.status == PayoutStatus.OTP)).all():
            with suppress(DomainError):  # it was given up, or the provider does not answer: once more in a while
                payouts.finalize(payout_id=payout.id, otp=out.otp(payout), actor=payments.VISITOR)

    def comes_to_its_end(self):
        """Everybody is well again, and time passes until nothing is under way."""
        faults.clear()
        db.session.commit()
        for _turn in range(4):
            trading.goes_on(2)
            self.gives_passwords()
        trading.goes_on(4)


@pytest.fixture
def trade(app, committed):
    before = app.extensions["settings"]
    mobile.reachable()
    app.extensions["settings"] = replace(before, public_url=server.base_url().removesuffix("/sandbox"))
    yield Trade
    app.extensions["settings"] = before


def survives(app, database_url, trade, *, seconds, seed, crash=False):
    """Trade for so long with dying workers; returns how many of them were killed."""
    today, dice = trade(seed), random.Random(seed)
    public_url = app.extensions["settings"].public_url
    workers = [
        subprocess.Popen(dying.command(database_url, public_url, f"{seed} {n}"), cwd=ROOT, stdout=subprocess.PIPE)
        for n in range(WORKERS)
    ]
    assert [worker.stdout.readline() for worker in workers] == [b"ready\n"] * WORKERS
    over, troubles = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < over:
            try:
                trading.comes_round(calls_have_ended=False)
                today.goes_on()
                if dice.random() < 0.15:
                    _cut(crash)
            except (DBAPIError, DomainError, AssertionError):  # this customer gives up, the next one comes
                db.session.rollback()
                troubles += 1
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        killed = sum(int(worker.communicate(timeout=30)[0] or 0) for worker in workers)
    assert all(worker.returncode == 0 for worker in workers)
    today.comes_to_its_end()
    _nothing_was_lost_or_doubled(today)
    assert len(today.paid) > troubles
    return killed


def _cut(crash):
    """The database goes away under everybody: every connection is cut, or the server itself dies and recovers."""
    db.session.rollback()
    if crash and databases.crash():
        return
    db.session.execute(
        text(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    )
    db.session.commit()


def _nothing_was_lost_or_doubled(today):
    for provider, bill_id, reference in today.paid:
        assert get_bill(bill_id).status == "paid", (provider, get_intent(reference).status, reference)
        assert get_intent(reference).status in ("succeeded", "part_refunded", "refunded")
    assert _count(Payment) == len(today.paid), "each payment once, and none that nobody made"
    states = list(db.session.scalars(select(Refund.status)))
    assert states == ["processed"] * len(today.refunds)
    states = list(db.session.scalars(select(Payout.status)))
    assert states == ["success"] * len(states)
    assert len(states) >= len(today.payouts)
    assert _count(SandboxTransfer) == len(states)
    for provider, theirs in (("sandbox", SandboxRefund), ("flutterwave", SandboxFlutterwaveRefund)):
        asked = select(func.count()).select_from(Refund).join(Payment).where(Payment.provider == provider)
        assert _count(theirs) == db.session.scalar(asked), provider
    assert trading.ours("sandbox", today.naira) == 100_000_000 + trading.theirs("sandbox", "NGN")
    assert trading.ours("flutterwave", today.naira) == trading.theirs("flutterwave", "NGN")
    assert trading.ours("mpesa", today.shillings) == trading.theirs("mpesa", "KES")
    assert sound()


def _count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_ten_seconds_of_dying_workers_and_a_database_that_goes_away(app, database_url, trade):
    assert survives(app, database_url, trade, seconds=8, seed=1) >= 3


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_minute_of_dying_workers_and_a_database_that_crashes(app, database_url, trade, seed):
    with databases.careful(database_url):
        db.session.remove()
        db.engine.dispose()
        assert survives(app, database_url, trade, seconds=60, seed=seed, crash=True) >= 30
    db.session.remove()
    db.engine.dispose()
