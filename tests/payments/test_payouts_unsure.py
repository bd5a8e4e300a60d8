"""Payouts when nobody knows what happened: lost answers, dead workers, silent providers, clocks that are wrong."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select, text

from portal.core.clock import clock_set_to, utcnow
from portal.gateways import breaker
from portal.gateways.base import GatewayDown
from portal.gateways.sandbox import clockwork, faults, transfers
from portal.gateways.sandbox.models import SandboxTransfer
from portal.shared.payments.errors import WrongPayoutState
from portal.shared.payments.services import bands, payouts, sending
from tests.factories import assets
from tests.factories import payouts as made
from tests.payments.test_payouts import AT_THE_START

ACTOR = assets.ACTOR
MINUTE = timedelta(minutes=1)
#: A worker that dies as soon as the provider has the transfer, before it could write down what it answered.
WORKER = """
import os, signal, sys
from tests.support.databases import settings_for_tests
from portal import create_app
from portal.shared.payments.services import payouts, sending
app = create_app(settings_for_tests(sys.argv[1]))
sending._heard = lambda *_given: os.kill(os.getpid(), signal.SIGKILL)
with app.app_context():
    print(payouts.work_due(), flush=True)
"""


@pytest.fixture
def place(session):
    bands.load_known()
    return made.funded()


def transfers_made(session):
    return session.scalar(select(func.count()).select_from(SandboxTransfer))


def settled(place, payout):
    """The payout goes on to its end, which is booked to the last kobo."""
    assert payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR).status == "pending"
    clockwork.advance()
    assert payouts.ask(payout.id, actor=ACTOR).status == "success"
    assert made.balances(place) == AT_THE_START | {"there": 9_899_000, "charges": 1_000, "costs": 100_000}


def test_an_answer_that_is_lost_makes_one_transfer(place, session):
    faults.set(provider="paystack", operation="transfer", kind="lost_reply")
    payout = made.approved(place)
    payouts.work_due()
    assert (made.found(payout).status, transfers_made(session)) == ("submitting", 1)
    made.due(payout)
    payouts.work_due()
    assert (made.found(payout).status, transfers_made(session)) == ("otp", 1)
    settled(place, payout)


def test_while_nobody_answers_nothing_is_sent_again(place, session):
    faults.set(provider="paystack", operation="transfer", kind="lost_reply")
    faults.set(provider="paystack", operation="transfer_verify", kind="500", times=6)
    payout = made.approved(place)
    for _turn in range(3):
        made.due(payout)
        payouts.work_due()
        breaker.close_all()
    assert (made.found(payout).status, transfers_made(session)) == ("submitting", 1)
    assert made.balances(place)["on its way"] == 101_000
    with pytest.raises(WrongPayoutState):
        payouts.cancel(payout_id=payout.id, actor=ACTOR)
    made.due(payout)
    payouts.work_due()
    assert made.found(payout).status == "otp"


def test_what_was_never_made_is_sent_under_the_same_reference_and_not_too_soon(place, session):
    faults.set(provider="paystack", operation="transfer", kind="500")
    payout = made.approved(place)
    payouts.work_due()
    made.due(payout)
    payouts.work_due()
    assert (made.found(payout).status, transfers_made(session)) == ("submitting", 0)
    with clock_set_to(utcnow() + 2 * MINUTE):
        payouts.submit(payout.id, actor=ACTOR)
    assert (made.found(payout).status, transfers_made(session)) == ("otp", 1)
    assert session.scalar(select(SandboxTransfer.reference)) == payout.reference
    settled(place, payout)


def test_a_reference_the_provider_knows_already_is_asked_about(place, session):
    payout = made.waiting(place)
    session.execute(text("update payout set status = 'submitting', submitted_at = now() - interval '1 hour'"))
    session.commit()
    sending._send(made.found(payout), ACTOR)
    assert (made.found(payout).status, transfers_made(session)) == ("submitting", 1)
    made.due(payout)
    payouts.work_due()
    assert made.found(payout).status == "otp"


def test_a_payout_can_be_cancelled_while_the_provider_is_away_before_anything_was_sent(place, session):
    faults.set(provider="paystack", operation="recipient", kind="500", times=9)
    payout = made.approved(place)
    payouts.work_due()
    assert made.found(payout).status == "approved"
    assert "did not answer" in payout.said
    payouts.cancel(payout_id=payout.id, actor=ACTOR)
    assert made.balances(place) == AT_THE_START


def test_a_worker_killed_between_the_call_and_its_note_leaves_one_transfer(committed, database_url):
    bands.load_known()
    place = made.funded()
    payout = made.approved(place)
    worker = subprocess.run(
        [sys.executable, "-c", WORKER, database_url],
        cwd=Path(__file__).parents[2], env=os.environ, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert worker.returncode == -signal.SIGKILL, worker.stderr
    assert (made.found(payout).status, transfers_made(committed)) == ("submitting", 1)
    assert payouts.work_due() == 0  # the dead worker's turn is not over yet
    made.due(payout)
    assert payouts.work_due() == 1
    assert (made.found(payout).status, transfers_made(committed)) == ("otp", 1)
    settled(place, payout)


def test_without_a_password_it_is_given_up_and_its_money_is_free(place, session):
    payout = made.waiting(place)
    with clock_set_to(utcnow() + 31 * MINUTE):
        payouts.submit(payout.id, actor=ACTOR)
    assert made.found(payout).status == "abandoned"
    assert made.balances(place) == AT_THE_START
    with pytest.raises(WrongPayoutState):
        payouts.finalize(payout_id=payout.id, otp="123456", actor=ACTOR)


def test_it_is_not_given_up_before_the_provider_says_so(place, session):
    payout = made.waiting(place)
    session.execute(text("update payout set otp_deadline = now() - interval '1 minute'"))
    session.commit()
    made.due(payout)
    payouts.work_due()
    assert made.found(payout).status == "otp"
    assert made.balances(place)["on its way"] == 101_000
    for late in (lambda: payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR),
                 lambda: payouts.resend_otp(payout_id=payout.id, actor=ACTOR)):  # fmt: skip
        with pytest.raises(WrongPayoutState, match="time for the one-time password is over"):
            late()


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_wrong_clock_of_the_app_moves_no_deadline(place, session, minutes):
    moment = utcnow() + minutes * MINUTE
    with time_machine.travel(moment, tick=True):
        payout = made.waiting(place)
        assert 1_795 <= payouts.otp_seconds_left(payout) <= 1_800
        begun = session.scalar(text("select clock_timestamp()"))
        assert abs((payout.otp_deadline - begun - 30 * MINUTE).total_seconds()) < 5
        assert payouts.work_due() == 0
        settled(place, payout)
    assert abs((payout.otp_deadline - payout.submitted_at - 30 * MINUTE).total_seconds()) < 1


@pytest.mark.parametrize("fault", ["lost_reply", "500"])
def test_a_password_whose_answer_is_lost_is_asked_about(place, fault):
    payout = made.waiting(place)
    faults.set(provider="paystack", operation="finalize", kind=fault)
    if fault == "lost_reply":
        assert payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR).status == "pending"
        return
    with pytest.raises(GatewayDown, match="did not take the password"):
        payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR)
    assert (made.found(payout).status, payout.otp_tries) == ("otp", 0)
    assert payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR).status == "pending"


def test_a_signed_message_counts_by_itself_only_when_it_is_to_be_believed(place):
    payout = made.waiting(place)
    payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR)
    clockwork.advance()
    said = made.said(payout)
    faults.set(provider="paystack", operation="transfer_verify", kind="500", times=20)
    with pytest.raises(GatewayDown):
        payouts.told(said=said, provider="sandbox", account_id=None, believe=False, actor=ACTOR)
    assert made.found(payout).status == "pending"
    breaker.close_all()
    payouts.told(said=said, provider="sandbox", account_id=None, believe=True, actor=ACTOR)
    assert made.found(payout).status == "success"
    assert made.balances(place)["on its way"] == 0


def test_a_payout_nobody_hears_the_end_of_is_put_before_people_once(place, session):
    payout = made.waiting(place)
    payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR)
    session.execute(text("update payout set checks = :n"), {"n": sending.WORRY_AFTER - 1})
    session.commit()
    for _turn in range(3):
        made.due(payout)
        payouts.work_due()
    alarms = session.scalar(text("select count(*) from audit_entry where action = 'payout.without_end'"))
    assert alarms == 1
    assert transfers.by_name(payout.reference).status == "pending"
