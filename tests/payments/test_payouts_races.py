"""Many hands on the same payout, and on the same money, at once: real commits, real HTTP, real threads."""

from collections import Counter

import pytest
from sqlalchemy import func, select, text

from portal.core.errors import DomainError
from portal.gateways.sandbox import clockwork, server
from portal.gateways.sandbox.models import SandboxTransfer
from portal.shared.payments.services import bands, payouts
from tests.factories import assets
from tests.factories import payouts as made
from tests.payments.test_payouts import AT_THE_START
from tests.payments.test_races import at_once

HANDS = 20


@pytest.fixture
def place(committed, app):
    server.base_url()
    bands.load_known()
    return made.funded()


def tried(work):
    """What a piece of work came to: its payout's status, or the code of its refusal."""

    def run():
        try:
            return work().status
        except DomainError as error:
            return error.code

    return run


def test_twenty_approvals_of_one_payout_are_one(app, committed, place):
    payout, checker = made.drafted(place), made.checker_of(place)
    came = at_once(app, *[tried(lambda: payouts.approve(payout_id=payout.id, actor=checker))] * HANDS)
    assert Counter(came) == {"approved": 1, "wrong_status": HANDS - 1}
    assert made.balances(place) == AT_THE_START | {"there": 9_899_000, "on its way": 101_000}


def test_twenty_hands_that_send_one_payout_make_one_transfer(app, committed, place):
    payout = made.approved(place)
    hands = [tried(lambda: payouts.submit(payout.id, actor=assets.ACTOR))] * (HANDS // 2)
    at_once(app, *hands, *[payouts.work_due] * (HANDS // 2))
    assert made.found(payout).status == "otp"
    assert committed.scalar(select(func.count()).select_from(SandboxTransfer)) == 1
    otp = made.otp(payout)
    confirm = tried(lambda: payouts.finalize(payout_id=payout.id, otp=otp, actor=assets.ACTOR))
    came = Counter(at_once(app, *[confirm] * 5))
    assert came["pending"] >= 1
    clockwork.advance()
    at_once(app, *[tried(lambda: payouts.ask(payout.id, actor=assets.ACTOR))] * HANDS)
    assert made.found(payout).status == "success"
    assert made.balances(place) == AT_THE_START | {"there": 9_899_000, "charges": 1_000, "costs": 100_000}


def test_twenty_payouts_of_the_last_money_are_as_many_as_it_covers(app, committed, place):
    checker = made.checker_of(place)
    drafts = [made.drafted(place, 1_998_500).id for _turn in range(HANDS)]  # with its charge 2,001,000: four fit
    works = [tried(lambda each=each: payouts.approve(payout_id=each, actor=checker)) for each in drafts]
    came = Counter(at_once(app, *works))
    assert came == {"approved": 4, "not_enough_at_provider": HANDS - 4}
    assert made.balances(place)["there"] == 10_000_000 - 4 * 2_001_000


def test_a_payout_is_sent_or_cancelled_and_never_both(app, committed, place):
    for _turn in range(5):
        payout = made.approved(place)
        cancel = tried(lambda: payouts.cancel(payout_id=payout.id, actor=assets.ACTOR))  # noqa: B023
        submit = tried(lambda: payouts.submit(payout.id, actor=assets.ACTOR))  # noqa: B023
        at_once(app, cancel, submit)
        sent = committed.scalar(
            select(func.count()).select_from(SandboxTransfer).where(SandboxTransfer.reference == payout.reference)
        )
        assert (made.found(payout).status, sent) in (("cancelled", 0), ("otp", 1))
    reserved = committed.scalar(text("select count(*) from payout where status = 'otp'"))
    assert made.balances(place)["on its way"] == 101_000 * reserved


def test_wrong_passwords_at_once_are_three_at_most(app, committed, place):
    payout = made.waiting(place)
    wrong = "000000" if made.otp(payout) != "000000" else "000001"
    came = Counter(
        at_once(
            app,
            *[tried(lambda: payouts.finalize(payout_id=payout.id, otp=wrong, actor=assets.ACTOR))] * 10,
        )
    )
    assert came["otp_locked"] >= 8
    assert made.found(payout).otp_tries == payouts.MOST_TRIES
