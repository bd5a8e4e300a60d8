"""Whatever is lost, doubled or killed on the way to the provider, it makes one refund for one of ours."""

import os
import signal
import subprocess
import sys

import pytest

from portal.gateways import registry
from portal.gateways.base import RefundSaid, RefundStatus
from portal.shared.audit.queries import trail
from portal.shared.payments.errors import WrongRefundState
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import refunds, sending_back
from tests.factories import assets, payments
from tests.factories import refunds as given


@pytest.fixture
def made(session):
    return payments.paid(assets.room())


@pytest.fixture
def provider_away(app):
    """The provider's API answers nobody."""
    gateway = registry.gateway("sandbox")
    right, gateway._base_url = gateway._base_url, "http://127.0.0.1:9"
    yield
    gateway._base_url = right


def said(refund, status=RefundStatus.PROCESSED, **changes):
    words = {"status": status, "amount": refund.amount, "currency": refund.currency}
    return RefundSaid(**(words | changes))


def alerts(made):
    return [entry.action for entry in trail(asset_id=made.asset_id) if entry.action.startswith("payment.refund_")]


def test_a_lost_reply_is_looked_for_before_anything_is_asked_twice(made):
    given.wrong("lost_reply")
    refund = given.asked(made)
    given.work()
    assert (given.fresh(refund).status, given.at_provider()) == ("submitting", 1)
    assert "answer was lost" in given.fresh(refund).said
    assert given.work(seconds=60) == 0
    given.work(seconds=31)
    assert (given.fresh(refund).status, given.at_provider()) == ("pending", 1)
    given.provider_goes_on()
    given.work(minutes=1)
    assert (given.fresh(refund).status, given.at_provider()) == ("processed", 1)


def test_a_reply_that_was_lost_with_nothing_done_is_sent_again_only_after_a_look(made):
    """A 500 says nothing about what was done, so it counts as lost."""
    given.wrong("500")
    refund = given.asked(made)
    given.work()
    assert (given.fresh(refund).status, given.at_provider()) == ("submitting", 0)
    given.work(seconds=91)
    assert (given.fresh(refund).status, given.at_provider()) == ("pending", 1)


def test_a_provider_that_is_away_is_tried_again_later(made, provider_away):
    refund = given.asked(made)
    given.work()
    assert (given.fresh(refund).status, given.at_provider()) == ("approved", 0)
    assert "did not answer" in given.fresh(refund).said
    assert given.work() == 0
    assert given.work(seconds=11) == 1


def test_a_refusal_is_a_failure_with_its_words(made):
    from portal.gateways.sandbox import refunds as theirs

    theirs.create(transaction=made.reference, amount=None, currency=None, customer_note="", merchant_note="by hand")
    refund = given.asked(made)
    given.work()
    assert given.fresh(refund).status == "failed"
    assert "fully reversed" in given.fresh(refund).said
    assert get_intent(made.reference).payment.refunded == 0
    assert alerts(made) == ["payment.refund_failed"]


def test_only_one_process_gets_the_turn(made):
    refund = given.asked(made)
    first = sending_back.take_turn(refund.id)
    assert first is not None
    assert sending_back.take_turn(refund.id) is None
    assert sending_back.take_turn(refund.id, again_after=first.taken_at) is None


def test_processed_is_told_twice_and_counts_once(made):
    refund = given.asked(made, 400_000)
    given.work()
    for _time in range(2):
        sending_back.learn(refund_id=refund.id, said=said(refund), actor=given.GATEWAY)
    assert given.fresh(refund).status == "processed"
    assert given.books(made) == {"provider": 575_000, "hire": 1_000_000, "given": -400_000}
    assert alerts(made) == []


def test_old_news_takes_nothing_back(made):
    refund = given.asked(made)
    given.work()
    sending_back.learn(refund_id=refund.id, said=said(refund, RefundStatus.PROCESSING), actor=given.GATEWAY)
    sending_back.learn(refund_id=refund.id, said=said(refund, RefundStatus.PENDING), actor=given.GATEWAY)
    assert given.fresh(refund).status == "processing"
    sending_back.learn(refund_id=refund.id, said=said(refund), actor=given.GATEWAY)
    sending_back.learn(refund_id=refund.id, said=said(refund, RefundStatus.PROCESSING), actor=given.GATEWAY)
    assert given.fresh(refund).status == "processed"


def test_another_amount_moves_nothing_and_is_told_once(made):
    refund = given.asked(made, 400_000)
    given.work()
    for _time in range(2):
        sending_back.learn(refund_id=refund.id, said=said(refund, amount=400_001), actor=given.GATEWAY)
    assert given.fresh(refund).status == "pending"
    assert "does not fit" in given.fresh(refund).said
    assert alerts(made) == ["payment.refund_contradicted"]


@pytest.mark.parametrize(("first", "then"), [("processed", "failed"), ("failed", "processed")])
def test_an_end_is_an_end(made, first, then):
    refund = given.asked(made)
    given.work()
    sending_back.learn(refund_id=refund.id, said=said(refund, RefundStatus(first)), actor=given.GATEWAY)
    before = given.books(made)
    sending_back.learn(refund_id=refund.id, said=said(refund, RefundStatus(then)), actor=given.GATEWAY)
    assert (given.fresh(refund).status, given.books(made)) == (first, before)
    assert "payment.refund_contradicted" in alerts(made)


def test_what_was_never_sent_is_moved_by_nobodys_word(made):
    refund = given.asked(made, alone=False)
    sending_back.learn(refund_id=refund.id, said=said(refund), actor=given.GATEWAY)
    assert given.fresh(refund).status == "requested"


def test_a_refund_that_needs_attention_goes_to_the_payers_bank(made):
    given.wrong("needs_attention")
    refund = given.asked(made)
    given.work()
    with pytest.raises(WrongRefundState):
        sending_back.give_account(refund_id=refund.id, account_number="0123456789", bank_id="9", actor=given.CLERK)
    given.provider_goes_on()
    given.work(minutes=1)
    assert given.fresh(refund).status == "needs_attention"
    sending_back.give_account(refund_id=refund.id, account_number="0123456789", bank_id="9", actor=given.CLERK)
    assert (given.fresh(refund).status, given.fresh(refund).said) == (
        "processing", "Sent to the bank account that ends in 6789."
    )  # fmt: skip
    given.provider_goes_on()
    given.work(minutes=1)
    assert given.fresh(refund).status == "processed"


def test_asking_grows_rarer_and_ends_after_thirty_days(made):
    from datetime import timedelta

    from portal.core.clock import utcnow

    refund = given.asked(made)
    given.work()
    waits = []
    for _turn in range(8):
        given.work(days=1)
        waits.append(round((given.fresh(refund).next_check_at - utcnow()) / timedelta(minutes=1)))
    assert waits[-2:] == [360, 360]
    assert sorted(waits) == waits
    given.work(days=31)
    assert given.fresh(refund).next_check_at is None


KILLED = """
import os, signal, sys
from portal import create_app
from portal.shared.payments.services import sending_back
from tests.support.databases import settings_for_tests
app = create_app(settings_for_tests(sys.argv[1]))
with app.app_context():
    sending_back.learn = lambda **said: os.kill(os.getpid(), signal.SIGKILL)
    sending_back.work_due()
"""


def test_killed_between_the_call_and_its_storing_nothing_is_sent_twice(app, committed, database_url):
    made = payments.paid(assets.room())
    refund = given.asked(made)
    committed.commit()
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, database_url], env=os.environ, timeout=60, capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    committed.rollback()
    committed.expire_all()
    assert (given.fresh(refund).status, given.at_provider()) == ("submitting", 1)
    given.work(seconds=91)
    assert (given.fresh(refund).status, given.at_provider()) == ("pending", 1)
    given.provider_goes_on()
    given.work(minutes=1)
    assert (given.fresh(refund).status, given.at_provider()) == ("processed", 1)
    assert get_intent(made.reference).status == "refunded"
    assert given.everything_balances()


def test_a_limit_is_no_way_around_the_second_person(made):
    """Raising the limit later approves nothing that waits."""
    refund = given.asked(made, alone=False)
    given.allow(made)
    assert given.work() == 0
    assert given.fresh(refund).status == "requested"
    assert refunds.approve(refund_id=refund.id, actor=given.MANAGER).status == "approved"
