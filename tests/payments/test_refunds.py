"""Money goes back by decision of people, never more than came, and the books say where it came from."""

from datetime import timedelta

import pytest

from portal.core.idempotency import IdempotencyKeyReused
from portal.gateways import registry
from portal.reporting.revenue import total_revenue
from portal.shared.audit.queries import trail
from portal.shared.ledger import chart
from portal.shared.ledger.services import entries
from portal.shared.payments.errors import (
    NothingToRefund,
    ReasonMissing,
    RefundTooLarge,
    RefundTooSmall,
    RefundUnderWay,
    SecondPersonNeeded,
    WrongRefundState,
)
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import refunds, reviews
from tests.factories import assets, payments
from tests.factories import refunds as given

#: What the pretended provider keeps of 10,000.00; it does not give that back with a refund.
FEE = 25_000
pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def made():
    """A room paid for one day: 10,000.00."""
    return payments.paid(assets.room())


def test_a_full_refund_goes_all_the_way_and_the_books_follow(made):
    refund = given.asked(made)
    assert (refund.status, refund.amount, refund.approved_by) == ("approved", made.amount, None)
    fee = get_intent(made.reference).payment.fee
    assert given.books(made) == {
        "provider": made.amount - fee, "hire": made.amount, "given": -made.amount, "under_way": made.amount
    }  # fmt: skip
    assert get_intent(made.reference).status == "succeeded"
    given.work()
    assert given.fresh(refund).status == "pending"
    assert given.fresh(refund).provider_refund_id
    given.provider_goes_on()
    given.work(minutes=1)
    assert given.fresh(refund).status == "processed"
    assert get_intent(made.reference).status == "refunded"
    assert given.books(made) == {"provider": -fee, "hire": made.amount, "given": -made.amount}
    assert total_revenue(made.asset_id) == 0
    assert given.work(hours=9) == 0


def test_a_part_and_then_the_rest(made):
    given.arrived(given.asked(made, 300_000))
    assert get_intent(made.reference).status == "part_refunded"
    assert given.books(made) == {"provider": 700_000 - FEE, "hire": 1_000_000, "given": -300_000}
    assert total_revenue(made.asset_id) == 700_000
    with pytest.raises(RefundTooLarge, match=r"7,000\.00 NGN can still go back"):
        given.asked(made, 700_001)
    rest = given.asked(made)
    assert rest.amount == 700_000
    assert given.arrived(rest).status == "processed"
    assert get_intent(made.reference).status == "refunded"
    with pytest.raises(NothingToRefund, match="has gone back"):
        given.asked(made, 1)


def test_one_at_a_time_with_a_sentence(made):
    given.asked(made, 300_000)
    with pytest.raises(RefundUnderWay, match=r"3,000\.00 NGN is under way"):
        given.asked(made, 100)


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_is_no_refund(made, amount):
    with pytest.raises(RefundTooSmall):
        given.asked(made, amount)


def test_a_reason_is_needed(made):
    with pytest.raises(ReasonMissing):
        refunds.request(reference=made.reference, amount=None, reason=" ", actor=given.CLERK)


def test_what_was_not_paid_does_not_go_back():
    with pytest.raises(NothingToRefund, match="Nothing has been paid"):
        given.asked(payments.intent(assets.room()))


def test_above_the_limit_somebody_else_approves(made):
    given.allow(made, 299_999)
    refund = refunds.request(
        reference=made.reference, amount=300_000, reason="Broken shower", actor=given.CLERK, alone=True
    )
    assert refund.status == "requested"
    assert given.work() == 0
    assert given.books(made) == {"provider": 1_000_000 - FEE, "hire": 1_000_000}
    with pytest.raises(SecondPersonNeeded, match="somebody else must approve"):
        refunds.approve(refund_id=refund.id, actor=given.CLERK)
    approved = refunds.approve(refund_id=refund.id, actor=given.MANAGER)
    assert (approved.status, approved.approved_by) == ("approved", given.MANAGER.key)
    with pytest.raises(WrongRefundState):
        refunds.approve(refund_id=refund.id, actor=given.MANAGER)
    assert given.arrived(refund).status == "processed"


def test_without_a_limit_every_refund_takes_two(made):
    refund = refunds.request(reference=made.reference, amount=1, reason="A little", actor=given.MANAGER, alone=True)
    assert refund.status == "requested"


def test_who_may_not_decide_alone_never_does(made):
    given.allow(made)
    assert given.asked(made, 1, alone=False).status == "requested"


def test_declined_leaves_no_trace_in_the_books_and_the_amount_is_free_again(made):
    refund = given.asked(made, alone=False)
    refunds.decline(refund_id=refund.id, reason="Stayed until noon", actor=given.MANAGER)
    assert given.fresh(refund).status == "declined"
    assert given.books(made) == {"provider": 1_000_000 - FEE, "hire": 1_000_000}
    with pytest.raises(WrongRefundState):
        refunds.approve(refund_id=refund.id, actor=given.MANAGER)
    assert given.asked(made).amount == made.amount


def test_the_same_key_is_the_same_refund(made):
    first = given.asked(made, 100, idem_key="k1")
    assert given.asked(made, 100, idem_key="k1").id == first.id
    with pytest.raises(IdempotencyKeyReused):
        given.asked(made, 200, idem_key="k1")
    assert len(given.of(made)) == 1


def overpaid(more=250_000):
    """A room paid too well: the rest is the payer's credit."""
    from tests.payments.test_settle import charge

    room = assets.room()
    made = payments.intent(room)
    from portal.shared.payments.services import settlement

    payments.decide(made)
    number = registry.gateway("sandbox").verify(made.reference).transaction_id
    settlement.settle(
        charge=charge(made, amount=made.amount + more, transaction_id=number),
        provider="sandbox",
        via="webhook",
        actor=payments.VISITOR,
    )
    return get_intent(made.reference)


def spend(made, minor):
    """The payer buys something else with their credit."""
    drafts = [
        entries.draft(
            "credit.spent", key=f"spent:{made.id}", amounts={"amount": minor}, subject="test", subject_id=None,
            occurred_at=made.settled_at, credit=chart.credit_of(made.customer_id), earned=chart.SALES,
        )
    ]  # fmt: skip
    entries.post(place=given.place_of(made), currency=made.currency, drafts=drafts, actor=given.CLERK)


def test_credit_goes_back_first():
    made = overpaid()
    refund = given.asked(made, 400_000)
    assert (refund.from_credit, refund.from_held) == (250_000, 0)
    assert given.credit(made) == 0
    assert given.books(made) == {
        "provider": 1_250_000, "hire": 1_000_000, "given": -150_000, "under_way": 400_000
    }  # fmt: skip
    assert total_revenue(made.asset_id) == 850_000


def test_credit_that_was_spent_limits_the_refund_and_that_is_said():
    made = overpaid()
    spend(made, 200_000)
    with pytest.raises(RefundTooLarge, match=r"10,500\.00 NGN can still go back: 2,000\.00 NGN .* has been spent"):
        given.asked(made, 1_050_001)
    refund = given.asked(made)
    assert (refund.amount, refund.from_credit) == (1_050_000, 50_000)


def test_what_failed_is_put_back_where_it_was_and_may_be_tried_again():
    made = overpaid()
    before = given.books(made)
    given.wrong("fails")
    refund = given.asked(made, 400_000)
    assert given.arrived(refund).status == "failed"
    assert (given.books(made), given.credit(made)) == (before, 250_000)
    assert get_intent(made.reference).status == "succeeded"
    again = refunds.again(refund_id=refund.id, actor=given.CLERK, alone=True)
    assert (again.status, again.amount, again.from_credit) == ("approved", 400_000, 250_000)
    with pytest.raises(WrongRefundState, match="asked for again already"):
        refunds.again(refund_id=refund.id, actor=given.CLERK, alone=True)
    assert given.arrived(again).status == "processed"
    assert any(entry.action == "payment.refund_failed" for entry in trail(asset_id=made.asset_id))


def test_cash_is_handed_over_at_once_by_somebody_with_a_name():
    made = given.by_hand(assets.room())
    refund = given.asked(made, 200_000)
    assert (refund.status, refund.handed_by) == ("processed", "Chidi")
    assert given.books(made) == {"provider": 800_000, "cash": 800_000, "hire": 1_000_000, "given": -200_000}
    assert get_intent(made.reference).status == "part_refunded"
    assert given.work() == 0


def test_cash_above_the_limit_is_handed_over_after_the_second_yes():
    made = given.by_hand(assets.room(), "card")
    refund = given.asked(made, alone=False)
    refunds.approve(refund_id=refund.id, actor=given.MANAGER)
    assert given.fresh(refund).status == "approved"
    handed = refunds.hand_over(refund_id=refund.id, source="", note="", actor=given.CLERK)
    assert (handed.status, handed.handed_by) == ("processed", "Chidi")
    assert get_intent(made.reference).status == "refunded"
    with pytest.raises(WrongRefundState):
        refunds.hand_over(refund_id=refund.id, source="", note="", actor=given.CLERK)


def test_a_provider_that_cannot_is_served_by_hand_with_a_reason():
    made = given.by_hand(assets.room(), "carrier_pigeon")
    refund = given.asked(made)
    assert (refund.status, refund.by_hand) == ("approved", True)
    assert given.work() == 0
    with pytest.raises(ReasonMissing):
        refunds.hand_over(refund_id=refund.id, source="bank", note=" ", actor=given.CLERK)
    refunds.hand_over(refund_id=refund.id, source="bank", note="Transfer of 4 May", actor=given.CLERK)
    assert given.fresh(refund).said == "Transfer of 4 May"
    assert given.books(made) == {
        "provider": 1_000_000, "bank": -1_000_000, "hire": 1_000_000, "given": -1_000_000
    }  # fmt: skip


def test_what_failed_may_be_given_back_by_hand(made):
    given.wrong("fails")
    refund = given.arrived(given.asked(made))
    hand = refunds.again(refund_id=refund.id, actor=given.CLERK, alone=True, by_hand=True)
    assert given.work() == 0
    assert given.at_provider() == 1
    refunds.hand_over(refund_id=hand.id, source="cash", note="The card has expired", actor=given.CLERK)
    assert get_intent(made.reference).status == "refunded"
    assert given.books(made)["cash"] == -1_000_000


def test_every_step_stands_in_the_payments_trail(made):
    given.arrived(given.asked(made, 100, alone=False))
    refund = given.of(made)[0]
    refunds.approve(refund_id=refund.id, actor=given.MANAGER)
    given.arrived(refund)
    told = [entry.action for entry in trail(subject="payment_intent", subject_id=made.id)]
    assert [each for each in reversed(told) if each.startswith("refund.")] == [
        "refund.requested", "refund.approved", "refund.pending", "refund.processed"
    ]  # fmt: skip


def test_the_limit_is_data_and_its_change_is_kept(made):
    given.allow(made, 500)
    assert refunds.limit_of(get_intent(made.reference).payment) == 500
    changed = [entry for entry in trail(asset_id=made.asset_id) if entry.action == "refund_rule.changed"]
    assert (changed[0].before, changed[0].after) == ({"approval_above": 0}, {"approval_above": 500})


def test_a_room_is_not_locked_by_a_refund(made):
    """Money and access are two decisions: whoever gives the money back decides about the room by itself."""
    from portal.shared.access.queries import grant_in_force

    given.arrived(given.asked(made))
    assert grant_in_force(made.subject_id).ends_at - made.created_at > timedelta(hours=23)


def test_a_large_refund_cannot_be_cut_into_small_ones_to_need_nobody_else(made):
    given.allow(made, 300_000)
    ask = {"reference": made.reference, "reason": "Broken shower", "actor": given.CLERK, "alone": True}
    assert given.arrived(refunds.request(amount=300_000, **ask)).status == "processed"
    assert refunds.request(amount=1, **ask).status == "requested"


def test_held_money_is_not_handed_over_by_hand_without_another_yes():
    """It was decided that the provider sends it back; cash out of a drawer is another decision."""
    made = payments.intent(assets.room())
    payments.decide(made, "wrong_amount")
    payments.settle(made)
    given.wrong("fails")
    refund = given.arrived(reviews.send_back(reference=made.reference, reason="Too little", actor=given.MANAGER))
    assert refund.status == "failed"
    hand = refunds.again(refund_id=refund.id, actor=given.CLERK, by_hand=True)
    assert hand.status == "requested"
    refunds.approve(refund_id=hand.id, actor=given.MANAGER)
    refunds.hand_over(refund_id=hand.id, source="cash", note="The card has expired", actor=given.CLERK)
    assert get_intent(made.reference).status == "refunded"
