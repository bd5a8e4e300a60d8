"""Giving money back at a desk: asked for on the payment's page, approved by another, followed to its end."""

import pytest
from sqlalchemy import select

from portal.shared.identity.models import Role
from portal.shared.payments.models import Dispute, RefundRule
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import reviews, sending_back
from tests.factories import assets, identity, payments
from tests.factories import refunds as given
from tests.payments.test_inbox import disputed, hear

WHY = {"reason": "Left a day early"}


@pytest.fixture
def place(session):
    """A hotel whose managers give money back alone up to 5,000.00."""
    place = assets.place()
    session.add(RefundRule(asset_id=place.id, approval_above=500_000, changed_by="test", changed_at=place.created_at))
    session.flush()
    return place


@pytest.fixture
def made(place):
    return payments.paid(assets.room(place))


@pytest.fixture
def manager(client, place):
    identity.sign_in(client, identity.member(place, Role.MANAGER, name="Ngozi"))
    return client


@pytest.fixture
def clerk(app, place):
    clerk = app.test_client()
    identity.sign_in(clerk, identity.member(place, Role.FRONT_DESK, name="Chidi"))
    return clerk


def at(place, rest=""):
    return f"/payments/{place.asset_number}/{rest}"


def one(place, refund, what):
    return at(place, f"refunds/{refund.id}/{what}")


def ask(who, place, made, amount="10000.00", **more):
    return who.post(at(place, f"{made.reference}/refund"), data={"amount": amount, **WHY, **more})


def test_the_form_offers_all_that_is_left(manager, place, made):
    page = manager.get(at(place, made.reference)).text
    assert "₦10,000.00 can go back." in page
    assert 'value="10000.00"' in page


def test_under_the_limit_a_manager_decides_alone_and_the_page_follows_it(manager, place, made):
    assert ask(manager, place, made, "3000").status_code == 303
    (refund,) = given.of(made)
    assert (refund.status, refund.amount) == ("approved", 300_000)
    given.arrived(refund)
    page = manager.get(at(place, made.reference)).text
    told = [page.index(words) for words in (
        "Money taken", "Refund asked for", "Refund approved", "Refund sent to the provider",
        "Refund has reached the payer",
    )]  # fmt: skip
    assert told == sorted(told)
    assert "Part refunded" in page
    assert "₦7,000.00 can go back." in page


def test_above_the_limit_another_one_approves(app, manager, place, made):
    assert ask(manager, place, made).status_code == 303
    (refund,) = given.of(made)
    assert refund.status == "requested"
    page = manager.get(at(place, made.reference)).text
    assert "Needs approval" in page
    assert one(place, refund, "approve") not in page
    assert manager.post(one(place, refund, "approve")).status_code == 403
    owner = app.test_client()
    identity.sign_in(owner, identity.member(place, Role.OWNER))
    bell = owner.get(f"/home/{place.asset_number}/bell", headers={"HX-Request": "true", "HX-Target": "bell"}).text
    assert "1 refund needs somebody" in bell
    assert one(place, refund, "approve") in owner.get(at(place, made.reference)).text
    assert owner.post(one(place, refund, "approve")).status_code == 303
    assert given.fresh(refund).status == "approved"
    assert owner.post(one(place, refund, "approve")).status_code == 409


def test_the_front_desk_asks_and_a_manager_decides(manager, clerk, place, made):
    assert ask(clerk, place, made, "10").status_code == 303
    (refund,) = given.of(made)
    assert refund.status == "requested"
    assert clerk.post(one(place, refund, "approve")).status_code == 403
    refused = manager.post(one(place, refund, "decline"), data={"reason": ""})
    assert refused.status_code == 422
    assert manager.post(one(place, refund, "decline"), data={"reason": "Stayed until noon"}).status_code == 303
    assert "Stayed until noon" in clerk.get(at(place, made.reference)).text
    ask(manager, place, made, "9000")
    other = given.of(made)[0]
    no = clerk.post(one(place, other, "decline"), data={"reason": "I say so"})
    assert no.status_code == 403
    assert "Somebody who may approve refunds decides" in no.text


@pytest.mark.parametrize(
    ("amount", "words"),
    [("10000.01", "can still go back"), ("0", "must be"), ("-5", "must be"), ("abc", "amount"), ("1.234", "decimal")],
)
def test_an_amount_that_cannot_be_is_refused_in_words(manager, place, made, amount, words):
    answer = ask(manager, place, made, amount)
    assert answer.status_code == 422
    assert words in answer.text
    assert given.of(made) == []
    assert f'hx-get="{at(place, made.reference)}/refund"' not in answer.text, "it keeps itself fresh as the page it is"


def test_a_reason_left_out_is_asked_for_in_a_sentence(manager, place, made):
    assert "Enter the reason." in manager.post(at(place, f"{made.reference}/refund"), data={"amount": "1"}).text


def test_the_same_page_sent_twice_is_one_refund(manager, place, made):
    for _time in range(2):
        assert ask(manager, place, made, "100", once="page-1").status_code == 303
    assert len(given.of(made)) == 1


def test_a_second_request_while_one_is_under_way_is_refused_in_words(manager, place, made):
    ask(manager, place, made, "100")
    answer = ask(manager, place, made, "200")
    assert answer.status_code == 422
    assert "is under way for this payment" in answer.text


def test_cash_is_handed_over_and_said_so(manager, place):
    made = given.by_hand(assets.room(place))
    ask(manager, place, made, "2000")
    assert given.of(made)[0].status == "processed"
    assert "Handed over by Ngozi" in manager.get(at(place, made.reference)).text


def test_what_failed_is_tried_again_or_returned_by_hand(manager, place, made):
    given.wrong("fails")
    ask(manager, place, made, "100")
    failed = given.arrived(given.of(made)[0])
    page = manager.get(at(place, made.reference)).text
    assert "Failed" in page
    assert "Return it by hand" in page
    assert manager.post(one(place, failed, "again"), data={"by_hand": "yes"}).status_code == 303
    hand = given.of(made)[0]
    assert "To be handed over" in manager.get(at(place, made.reference)).text
    refused = manager.post(one(place, hand, "hand-over"), data={"source": "bank", "note": ""})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    done = manager.post(one(place, hand, "hand-over"), data={"source": "bank", "note": "Transfer 77"})
    assert done.status_code == 303
    assert given.fresh(hand).status == "processed"
    late = manager.post(one(place, hand, "hand-over"), data={"source": "bank", "note": "Once more"})
    assert late.status_code == 422
    assert "not one to be handed over" in late.text
    assert given.books(made)["bank"] == -10_000


def test_a_bank_account_is_entered_for_a_card_that_takes_nothing_back(manager, place, made):
    given.wrong("needs_attention")
    ask(manager, place, made, "100")
    (refund,) = given.of(made)
    assert manager.get(one(place, refund, "account")).status_code == 409
    given.arrived(refund)
    assert "Enter the bank account" in manager.get(at(place, made.reference)).text
    form = manager.get(one(place, refund, "account")).text
    assert "Choose a bank" in form
    bank = form.split('<option value="')[2].split('"')[0]
    empty = manager.post(one(place, refund, "account"), data={"bank": "", "account_number": "0123456789"})
    assert empty.status_code == 422
    sent = manager.post(one(place, refund, "account"), data={"bank": bank, "account_number": "0123456789"})
    assert sent.status_code == 303
    assert given.fresh(refund).status == "processing"
    given.provider_goes_on()
    assert manager.post(one(place, refund, "ask")).status_code == 303
    assert given.fresh(refund).status == "processed"
    assert "0123456789" not in manager.get(at(place, made.reference)).text


def test_the_list_has_its_filters_and_its_csv(manager, place, made):
    assert "No refunds yet" in manager.get(at(place, "refunds")).text
    ask(manager, place, made, "100")
    shown = manager.get(at(place, "refunds")).text
    assert made.reference[:11] in shown
    assert "₦5,000.00" in shown
    assert made.reference[:11] in manager.get(at(place, "refunds?status=open&days=1&q=ada@")).text
    assert made.reference[:11] not in manager.get(at(place, "refunds?status=waiting")).text
    assert made.reference[:11] in manager.get(at(place, "refunds?status=nonsense&days=x")).text
    head, line = manager.get(at(place, "refunds.csv")).text.strip().splitlines()
    assert head.startswith("asked,reference,payer,amount")
    assert f",{made.reference},ada@example.com,100.00,NGN,approved,Left a day early," in line


def test_the_limit_is_set_by_those_who_keep_the_settings(client, manager, place):
    assert manager.get(at(place, "refunds/limit")).status_code == 403
    identity.sign_in(client, identity.member(place, Role.OWNER))
    assert client.post(at(place, "refunds/limit"), data={"approval_above": "-1"}).status_code == 422
    assert client.post(at(place, "refunds/limit"), data={"approval_above": "250"}).status_code == 303
    assert "₦250.00" in client.get(at(place, "refunds")).text


def test_held_money_is_sent_back_from_the_queue_in_one_press(manager, place):
    made = payments.intent(assets.room(place))
    payments.decide(made, "wrong_currency")
    payments.settle(made)
    page = manager.get(at(place, made.reference)).text
    assert "Accept" in page
    assert "Send back" in page
    assert manager.post(at(place, f"{made.reference}/send-back"), data=WHY).status_code == 303
    assert manager.post(at(place, f"{made.reference}/accept"), data=WHY).status_code == 422
    assert "On its way back" in manager.get(at(place, "review")).text
    assert "it is on its way" in manager.get(at(place, made.reference)).text
    bell = manager.get(f"/home/{place.asset_number}/bell", headers={"HX-Request": "true", "HX-Target": "bell"}).text
    assert "needs a decision" not in bell
    given.arrived(given.of(made)[0])
    assert get_intent(made.reference).status == "refunded"
    assert "Nothing to decide" in manager.get(at(place, "review")).text


def test_money_of_another_place_is_not_there(manager, place):
    elsewhere = payments.paid(assets.room())
    refund = given.asked(elsewhere, 100)
    assert ask(manager, place, elsewhere).status_code == 404
    for what in ("approve", "decline", "again", "hand-over", "ask", "account"):
        assert manager.post(one(place, refund, what), data=WHY).status_code == 404
    assert sending_back.work_due() == 1


def test_a_dispute_is_shown_with_its_last_day_and_what_was_done(client, manager, session, place, made):
    hear(client, disputed(made, "create"))
    dispute = session.scalars(select(Dispute)).one()
    page = manager.get(at(place, "disputes")).text
    assert "The payer says that it was not them." in page
    assert "9 Jan" in page
    assert "Needs somebody" in manager.get(at(place, made.reference)).text
    address = at(place, f"disputes/{dispute.id}/done")
    assert manager.post(address, data={"note": ""}).status_code == 422
    assert manager.post(address, data={"note": "Sent the register"}).status_code == 303
    assert "Sent the register" in manager.get(at(place, "disputes?status=handled")).text
    assert "No disputes" in manager.get(at(place, "disputes?status=open")).text


def test_a_decision_in_review_still_shows_what_came_twice(manager, place, made):
    from portal.gateways.base import Charge, ChargeStatus
    from portal.shared.payments.services import settlement

    second = Charge(
        reference=made.reference, status=ChargeStatus.SUCCESS, amount=made.amount + 500, currency="NGN",
        transaction_id="77",
    )  # fmt: skip
    held = settlement.settle(charge=second, provider="sandbox", via="webhook", actor=given.GATEWAY).intent
    page = manager.get(at(place, "review")).text
    assert "₦10,005.00" in page
    assert reviews.send_back(reference=held.reference, reason="Twice", actor=given.MANAGER).amount == made.amount + 500
