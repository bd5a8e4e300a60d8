"""Money sent out: by two people, once, and in the books to the last kobo whatever becomes of it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.core.money import Money
from portal.gateways.sandbox import clockwork, faults, transfers
from portal.shared.audit.queries import trail
from portal.shared.ledger import chart
from portal.shared.payments.errors import (
    AccountNotFound,
    AccountNotOurs,
    NotEnoughAtProvider,
    OtpLocked,
    OtpRefused,
    SecondPersonNeeded,
    WrongPayoutState,
)
from portal.shared.payments.services import bands, payouts
from tests.factories import assets, identity
from tests.factories import payouts as made

ACTOR = assets.ACTOR
AT_THE_START = {"there": 10_000_000, "on its way": 0, "charges": 0, "costs": 0, "bank": 0}


@pytest.fixture
def place(session):
    bands.load_known()
    return made.funded()


def test_a_payout_goes_from_its_draft_to_its_account(place):
    payout = made.drafted(place)
    assert (payout.status, payout.recipient_name, payout.fee) == ("draft", "BOLA ADEYEMI", 1_000)
    assert made.balances(place) == AT_THE_START
    payouts.approve(payout_id=payout.id, actor=made.checker_of(place))
    assert made.balances(place) == AT_THE_START | {"there": 9_899_000, "on its way": 101_000}
    assert payouts.work_due() == 1
    assert made.found(payout).status == "otp"
    assert 1_790 < payouts.otp_seconds_left(payout) <= 1_800
    assert payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR).status == "pending"
    clockwork.advance()
    made.due(payout)
    payouts.work_due()
    assert made.found(payout).status == "success"
    assert made.balances(place) == AT_THE_START | {"there": 9_899_000, "charges": 1_000, "costs": 100_000}
    assert [each.action for each in reversed(trail(subject="payout", subject_id=payout.id))] == [
        f"payout.{step}" for step in ("draft", "approved", "submitting", "otp", "pending", "success")
    ]
    assert payouts.work_due() == 0


def test_what_arrived_is_booked_with_the_charge_it_really_had(place, session):
    session.execute(text("update charge_band set fixed = 7500 where direction = 'payout'"))
    payout = made.arrived(place)
    assert (payout.status, payout.fee) == ("success", 1_000)
    assert made.balances(place) == AT_THE_START | {"there": 9_899_000, "charges": 1_000, "costs": 100_000}


def test_who_drafted_does_not_approve(place, session):
    owner = made.checker_of(place)
    payout = made.drafted(place, by=owner)
    with pytest.raises(SecondPersonNeeded):
        payouts.ask_balance(payout.id, owner)
    with pytest.raises(SecondPersonNeeded):
        payouts.approve(payout_id=payout.id, actor=owner)
    with pytest.raises(IntegrityError, match="second_person"), session.begin_nested():
        session.execute(text("update payout set approved_by = requested_by"))
    assert made.balances(place) == AT_THE_START


@pytest.mark.parametrize(
    "change", ["status = 'submitting'", "status = 'success'", "amount = 1", "account_number = '1'", "counter = '1010'"]
)
def test_the_database_lets_nobody_send_or_change_what_was_not_approved(place, session, change):
    made.drafted(place)
    with pytest.raises(IntegrityError, match=r"approved_and_reserved|payout_stays"), session.begin_nested():
        session.execute(text(f"update payout set {change}"))


def test_nothing_is_approved_beyond_the_money_in_the_books(place):
    with pytest.raises(NotEnoughAtProvider, match=r"100,050\.00"):
        made.approved(place, 10_000_000)
    assert made.approved(place, 9_995_000).status == "approved"
    with pytest.raises(NotEnoughAtProvider):
        made.approved(place, 1)
    assert made.balances(place)["there"] == 0


def test_nothing_is_approved_beyond_what_the_provider_has(place):
    made.fund(place, 10**11)
    first, second = (made.drafted(place, 600_000_000) for _turn in range(2))
    checker = made.checker_of(place)
    said = [payouts.ask_balance(each.id, checker) for each in (first, second)]
    assert said[0].minor == 1_000_000_000
    payouts.approve(payout_id=first.id, actor=checker, balance=said[0])
    with pytest.raises(NotEnoughAtProvider, match=r"3,999,950\.00"):
        payouts.approve(payout_id=second.id, actor=checker, balance=said[1])


def test_a_provider_that_does_not_say_its_balance_is_no_reason_against_a_payout(place):
    payout, checker = made.drafted(place), made.checker_of(place)
    faults.set(provider="paystack", operation="balance", kind="500", times=5)
    said = payouts.ask_balance(payout.id, checker)
    assert said.minor is None
    assert payouts.approve(payout_id=payout.id, actor=checker, balance=said).status == "approved"


@pytest.mark.parametrize("step", ["drafted", "approved"])
def test_a_cancelled_payout_leaves_nothing_behind(place, step):
    payout = getattr(made, step)(place)
    payouts.cancel(payout_id=payout.id, actor=ACTOR, reason="Paid in cash")
    assert made.found(payout).status == "cancelled"
    assert made.balances(place) == AT_THE_START
    assert payouts.work_due() == 0
    for again in (lambda: payouts.cancel(payout_id=payout.id, actor=ACTOR),
                  lambda: payouts.approve(payout_id=payout.id, actor=made.checker_of(place))):  # fmt: skip
        with pytest.raises(WrongPayoutState):
            again()


def test_what_is_with_the_provider_is_not_cancelled_here(place):
    with pytest.raises(WrongPayoutState):
        payouts.cancel(payout_id=made.waiting(place).id, actor=ACTOR)


def test_three_wrong_passwords_lock_until_the_approver_has_another_sent(place):
    checker = made.checker_of(place)
    payout = made.waiting(place, by=checker)
    right = made.otp(payout)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for left in (2, 1):
        with pytest.raises(OtpRefused) as refused:
            payouts.finalize(payout_id=payout.id, otp=wrong, actor=ACTOR)
        assert refused.value.details["tries_left"] == left
    with pytest.raises(OtpLocked):
        payouts.finalize(payout_id=payout.id, otp=wrong, actor=ACTOR)
    with pytest.raises(OtpLocked):
        payouts.finalize(payout_id=payout.id, otp=right, actor=ACTOR)
    with pytest.raises(SecondPersonNeeded):
        payouts.resend_otp(payout_id=payout.id, actor=made.checker_of(place))
    payouts.resend_otp(payout_id=payout.id, actor=checker)
    assert payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR).status == "pending"
    actions = [each.action for each in trail(subject="payout", subject_id=payout.id)]
    assert (actions.count("payout.otp_wrong"), actions.count("payout.otp_locked")) == (3, 1)


def test_a_password_is_taken_once_and_asking_again_changes_nothing(place):
    payout = made.waiting(place)
    otp = made.otp(payout)
    for _turn in range(2):
        assert payouts.finalize(payout_id=payout.id, otp=otp, actor=ACTOR).status == "pending"


def test_a_transfer_that_fails_frees_its_money(place):
    faults.set(provider="paystack", operation="transfer", kind="fails")
    payout = made.arrived(place)
    assert (payout.status, payout.said) == ("failed", "The bank could not be reached.")
    assert made.balances(place) == AT_THE_START


def test_a_provider_that_says_no_frees_the_money(place):
    made.fund(place, 10**11)
    payout = made.approved(place, 2_000_000_000)
    payouts.work_due()
    assert (made.found(payout).status, payout.said) == ("failed", "Your balance is not enough to fulfil this request")
    assert made.balances(place)["on its way"] == 0


def test_money_that_comes_back_hours_after_it_arrived_can_be_sent_again(place):
    payout = made.arrived(place)
    transfers.reverse(code=payout.transfer_code)
    said = made.said(payout)
    for _turn in range(3):
        assert payouts.told(said=said, provider="sandbox", account_id=None, believe=False, actor=ACTOR)
    assert made.found(payout).status == "reversed"
    assert made.balances(place) == AT_THE_START
    assert "payout.reversed_after_success" in [each.action for each in trail(subject="payout", subject_id=payout.id)]


def test_a_reversal_whose_message_is_lost_is_found_by_asking(place):
    payout = made.arrived(place)
    transfers.reverse(code=payout.transfer_code)
    made.due(payout)
    payouts.work_due()
    assert made.found(payout).status == "reversed"
    assert made.balances(place) == AT_THE_START


def test_an_end_is_an_end_whatever_is_said_afterwards(place):
    payout = made.arrived(place)
    said = made.said(payout)
    transfers.reverse(code=payout.transfer_code)
    payouts.ask(payout.id, actor=ACTOR)
    faults.set(provider="paystack", operation="transfer_verify", kind="500", times=9)
    for _turn in range(2):
        payouts.told(said=said, provider="sandbox", account_id=None, believe=True, actor=ACTOR)
    assert made.found(payout).status == "reversed"
    assert made.balances(place) == AT_THE_START
    actions = [each.action for each in trail(subject="payout", subject_id=payout.id)]
    assert actions.count("payout.contradicted") == 1


@pytest.mark.parametrize("kind", ["wrong_amount", "wrong_currency"])
def test_a_transfer_of_something_else_moves_nothing_and_is_put_before_people(place, kind):
    payout = made.waiting(place)
    payouts.finalize(payout_id=payout.id, otp=made.otp(payout), actor=ACTOR)
    clockwork.advance()
    faults.set(provider="paystack", operation="transfer_verify", kind=kind, times=2)
    for _turn in range(2):
        payouts.ask(payout.id, actor=ACTOR)
    assert made.found(payout).status == "pending"
    assert made.balances(place)["on its way"] == 101_000
    actions = [each.action for each in trail(subject="payout", subject_id=payout.id)]
    assert actions.count("payout.contradicted") == 1
    assert payouts.ask(payout.id, actor=ACTOR).status == "success"


def test_only_messages_about_payouts_of_that_account_are_ours(place):
    payout = made.waiting(place)
    said = made.said(payout)
    assert not payouts.told(said=said, provider="paystack", account_id=None, believe=True, actor=ACTOR)
    assert not payouts.told(said=said, provider="sandbox", account_id=place.id, believe=True, actor=ACTOR)


def test_money_for_our_own_bank_goes_to_the_account_that_is_written_down(session):
    place = made.funded(bank_name="Guaranty Trust Bank", bank_account_name="Marina", bank_account_number="0123456788")
    with pytest.raises(AccountNotOurs):
        made.drafted(place, counter=chart.BANK)
    holder = payouts.look_up(place, provider="sandbox", currency="NGN", bank_code="058", account_number="0123456788")
    fields = {"place": place, "provider": "sandbox", "holder": holder, "description": "Takings of May"}
    payout = payouts.draft(**fields, amount=Money(5_000, "NGN"), counter=chart.BANK, actor=made.maker_of(place))
    payouts.approve(payout_id=payout.id, actor=made.checker_of(place))
    payouts.submit(payout.id, actor=ACTOR)
    payouts.finalize(payout_id=payout.id, otp=made.otp(made.found(payout)), actor=ACTOR)
    clockwork.advance()
    payouts.ask(payout.id, actor=ACTOR)
    assert made.balances(place)["bank"] == 5_000


def test_an_account_nobody_holds_is_said_so_before_anything_is_written(place):
    with pytest.raises(AccountNotFound) as refused:
        payouts.look_up(place, provider="sandbox", currency="NGN", bank_code="058", account_number="0000000000")
    assert refused.value.field == "account_number"


def test_what_is_decided_about_payouts_is_in_the_trail_with_its_person(place):
    checker = made.checker_of(place)
    payout = made.approved(place, by=checker)
    entry = next(each for each in trail(subject="payout", subject_id=payout.id) if each.action == "payout.approved")
    assert (entry.actor_name, entry.actor_id) == ("Checker", checker.user_id)
    assert identity.PASSWORD not in str(entry.after)
