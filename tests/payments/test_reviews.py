"""Money that did not match: a second person takes it, or really sends it back."""

import pytest

from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.payments.errors import (
    NothingToRefund,
    NotInReview,
    PartlyGone,
    ReasonMissing,
    RefundUnderWay,
    SecondPersonNeeded,
    WrongRefundState,
)
from portal.shared.payments.queries import get_intent, in_review
from portal.shared.payments.services import refunds, reviews
from tests.factories import assets, payments
from tests.factories import refunds as given

pytestmark = pytest.mark.usefixtures("session")
WHY = "The guest wants it back"


def held(outcome="wrong_amount", **changes):
    made = payments.intent(assets.room(), **changes)
    payments.decide(made, outcome)
    payments.settle(made)
    return get_intent(made.reference)


def back(made, actor=given.MANAGER):
    return reviews.send_back(reference=made.reference, reason=WHY, actor=actor)


@pytest.mark.parametrize(("outcome", "currency"), [("wrong_amount", "NGN"), ("wrong_currency", "USD")])
def test_held_money_is_really_sent_back(outcome, currency):
    made = held(outcome)
    refund = back(made)
    assert (refund.status, refund.currency, refund.from_held) == ("approved", currency, refund.amount)
    assert [each.id for each in in_review(made.asset_id)] == [made.id]
    assert given.arrived(refund).status == "processed"
    assert get_intent(made.reference).status == "refunded"
    assert in_review(made.asset_id) == []
    place = given.place_of(made)
    assert standing(place.business_id, place.id, chart.HELD, currency) == 0
    assert standing(place.business_id, place.id, chart.REFUNDS_ON_THEIR_WAY, currency) == 0
    assert given.everything_balances()


def test_who_started_the_payment_does_not_decide():
    made = held()
    with pytest.raises(SecondPersonNeeded):
        back(made, payments.VISITOR)
    with pytest.raises(ReasonMissing):
        reviews.send_back(reference=made.reference, reason=" ", actor=given.MANAGER)


def test_one_decision_excludes_the_other():
    made = held()
    refund = back(made)
    with pytest.raises(RefundUnderWay, match="on its way back"):
        reviews.accept(reference=made.reference, reason=WHY, actor=given.MANAGER)
    with pytest.raises(RefundUnderWay):
        back(made)
    given.arrived(refund)
    with pytest.raises(NotInReview):
        back(made)


def test_what_failed_comes_back_to_the_queue_and_either_button_works_again():
    made = held()
    given.wrong("fails")
    failed = given.arrived(back(made))
    assert failed.status == "failed"
    assert get_intent(made.reference).status == "review"
    again = refunds.again(refund_id=failed.id, actor=given.CLERK)
    assert again.status == "approved"  # the decision stands
    given.wrong("fails")
    assert given.arrived(again).status == "failed"
    reviews.accept(reference=made.reference, reason=WHY, actor=given.MANAGER)
    assert get_intent(made.reference).status == "succeeded"
    # Now it is taken, so giving it back is a decision of its own.
    assert refunds.again(refund_id=again.id, actor=given.CLERK).status == "requested"
    assert given.everything_balances()


def test_a_request_for_held_money_leads_to_the_queue():
    made = held()
    with pytest.raises(NothingToRefund, match="waits for a decision"):
        given.asked(made)


def test_money_no_provider_can_return_is_returned_by_hand_with_words():
    room = assets.room()
    payments.paid(room, email="bola@example.com")
    made = given.by_hand_held(room)
    refund = back(made)
    assert (refund.status, refund.by_hand) == ("approved", True)
    assert get_intent(made.reference).status == "review"
    refunds.hand_over(refund_id=refund.id, source="cash", note="Paid out at the desk", actor=given.MANAGER)
    assert get_intent(made.reference).status == "refunded"
    assert "held" not in given.books(made)
    with pytest.raises(WrongRefundState):
        refunds.hand_over(refund_id=refund.id, source="cash", note="Again", actor=given.MANAGER)


def test_money_of_which_a_part_is_gone_is_not_taken_for_the_whole():
    from portal.gateways.base import RefundSaid, RefundStatus
    from portal.shared.payments.services import refund_news

    made = held("wrong_currency")
    said = RefundSaid(status=RefundStatus.PROCESSED, amount=100, currency="USD", provider_refund_id="9")
    refund_news.made_elsewhere(reference=made.reference, said=said, actor=given.GATEWAY)
    assert get_intent(made.reference).status == "review"
    with pytest.raises(PartlyGone):
        reviews.accept(reference=made.reference, reason=WHY, actor=given.MANAGER)
    rest = back(made)
    assert rest.amount == get_intent(made.reference).payment.amount - 100
    assert given.arrived(rest).status == "processed"
    assert get_intent(made.reference).status == "refunded"
