"""What providers tell us afterwards: refunds, disputes, transfers and everything else, in any order and any number."""

import copy
import json

import pytest
from sqlalchemy import select, text

from portal.gateways import registry
from portal.gateways.base import Charge, ChargeStatus
from portal.gateways.sandbox import clockwork, outgoing, service
from portal.shared.audit.queries import trail
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.payments.errors import ReasonMissing
from portal.shared.payments.models import Dispute, GatewayMessage
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import disputes, inbox, refunds, sending_back, settlement
from portal.shared.payments.services import payouts as sent
from tests.factories import assets, payments, payouts
from tests.factories import refunds as given
from tests.payments.paystack_events import DISPUTE, EVENTS
from tests.support import shared


@pytest.fixture(autouse=True)
def _database(session):
    """Every test here stands on the database."""


@pytest.fixture
def made():
    return payments.paid(assets.room())


def hear(client, message, *, work=True):
    """A signed message arrives and is worked off."""
    raw, headers = message
    assert client.post(payments.WEBHOOK, data=raw, headers=headers).status_code == 200
    if work:
        inbox.process_due()


def heard(session):
    """How each message stands, the oldest first."""
    return [(each.status, each.error) for each in session.scalars(select(GatewayMessage).order_by(GatewayMessage.id))]


def later(session):
    """Their next turn has come."""
    session.execute(text("update gateway_message set next_attempt_at = now() - interval '1 minute'"))
    session.expire_all()
    inbox.process_due()


def alerts(made):
    return [entry.action for entry in trail(asset_id=made.asset_id) if entry.action.startswith("payment.")]


def number(made):
    """What the provider calls the charge."""
    return service.by_reference(made.reference).number


def at_the_dashboard(made, amount=None, note="Refund for transaction by staff"):
    """Somebody gives money back with the provider's own tools."""
    from portal.gateways.sandbox import refunds as theirs

    theirs.create(transaction=number(made), amount=amount, currency=None, customer_note="", merchant_note=note)
    given.provider_goes_on()


def test_a_refund_is_moved_by_its_messages_alone(client, made):
    refund = given.asked(made)
    given.work()
    given.provider_goes_on()
    for message in given.posted():
        hear(client, given.event(message))
    assert given.fresh(refund).status == "processed"
    assert get_intent(made.reference).status == "refunded"


def test_the_message_comes_before_our_own_call_has_returned(client, made, monkeypatch):
    """Its answer is not here yet, so there is no id to match by: the charge leads to the one open refund."""
    gateway = registry.gateway("sandbox")
    right = type(gateway).refund
    heard_first = []

    def slow(self, asked):
        said = right(self, asked)
        hear(client, given.event(given.posted()[0]))
        heard_first.append(given.of(made)[0].status)
        return said

    monkeypatch.setattr(type(gateway), "refund", slow)
    refund = given.asked(made)
    given.work()
    assert heard_first == ["pending"]
    assert given.fresh(refund).status == "pending"
    assert given.at_provider() == 1
    assert given.arrived(refund).status == "processed"


def test_the_same_message_again_and_old_ones_last_change_nothing(client, session, made):
    refund = given.asked(made, 400_000)
    given.work()
    given.provider_goes_on()
    messages = [given.event(each) for each in given.posted()]
    for message in [*reversed(messages), *messages]:
        hear(client, message)
    assert given.fresh(refund).status == "processed"
    assert given.books(made) == {"provider": 575_000, "hire": 1_000_000, "given": -400_000}
    assert {status for status, _why in heard(session)} == {"done"}


def test_processed_written_differently_is_no_second_refund(client, session, made):
    """Events name no refund: what the provider's own list does not hold has not happened."""
    refund = given.arrived(given.asked(made, 400_000))
    assert refund.status == "processed"
    hear(client, given.told("processed", made.reference, 400_000, refund_reference="another"))
    assert len(given.of(made)) == 1
    assert heard(session)[-1] == ("done", None)


def test_a_refund_made_at_the_provider_is_booked_once_and_told(client, made):
    at_the_dashboard(made, 250_000)
    for _time in range(2):
        hear(client, given.told("processed", made.reference, 250_000))
        hear(client, given.told("processed", made.reference, 250_000, refund_reference="x"))
    (refund,) = given.of(made)
    assert (refund.status, refund.amount, refund.requested_by) == ("processed", 250_000, "gateway:sandbox")
    assert get_intent(made.reference).status == "part_refunded"
    assert given.books(made) == {"provider": 725_000, "hire": 1_000_000, "given": -250_000}
    assert alerts(made).count("payment.refund_made_elsewhere") == 1


def test_a_refund_told_of_before_its_charge_waits_for_it(client, session):
    made = payments.intent(assets.room())
    payments.decide(made)
    from portal.gateways.sandbox import refunds as theirs

    theirs.create(transaction=made.reference, amount=100_000, currency=None, customer_note="", merchant_note="early")
    given.provider_goes_on()
    hear(client, given.told("processed", made.reference, 100_000))
    assert heard(session) == [("new", "charge_not_here_yet")]
    hear(client, payments.webhook(made))
    later(session)
    assert [status for status, _why in heard(session)] == ["done", "done"]
    assert get_intent(made.reference).status == "part_refunded"
    assert given.total_back(made) == 100_000


def test_a_dispute_told_of_before_its_charge_waits_for_it(client, session):
    made = payments.intent(assets.room())
    payments.decide(made)
    hear(client, disputed(made, "create"))
    assert heard(session) == [("new", "charge_not_here_yet")]
    payments.settle(made)
    later(session)
    assert heard(session) == [("done", None)]
    assert session.scalars(select(Dispute)).one().status == "open"


def test_what_is_told_of_nobody_is_put_before_a_person_in_the_end(client, session):
    hear(client, given.told("processed", "NOT-OURS-123", 100))
    session.execute(text("update gateway_message set created_at = created_at - interval '73 hours'"))
    later(session)
    assert heard(session) == [("unmatched", "charge_not_here_yet")]


def test_while_the_provider_is_away_its_signed_word_is_believed_after_ten_seconds(client, session, made):
    refund = given.asked(made)
    given.work()
    gateway = registry.gateway("sandbox")
    right, gateway._base_url = gateway._base_url, "http://127.0.0.1:9"
    try:
        hear(client, given.told("processed", made.reference, made.amount))
        assert heard(session) == [("new", "gateway_unreachable")]
        session.execute(text("update gateway_message set created_at = created_at - interval '11 seconds'"))
        later(session)
    finally:
        gateway._base_url = right
    assert given.fresh(refund).status == "processed"


def test_the_provider_is_asked_before_its_message_is_believed(client, made):
    refund = given.asked(made)
    given.work()
    hear(client, given.told("processed", made.reference, made.amount))
    assert given.fresh(refund).status == "pending"


def test_another_amount_in_a_message_moves_nothing(client, made):
    refund = given.asked(made, 400_000)
    given.work()
    hear(client, given.told("processed", made.reference, 999_999))
    assert given.fresh(refund).status == "pending"


def disputed(made, stage, **changes):
    """A signed dispute of a charge, by the provider's number for it."""
    data = copy.deepcopy(DISPUTE)
    data |= {"domain": "test", "category": "fraud", "refund_amount": 600_000} | changes
    data["transaction"] |= {"id": number(made), "reference": made.reference, "domain": "test"}
    return payments.signed({"event": f"charge.dispute.{stage}", "data": data})


def test_a_dispute_is_kept_with_its_reason_and_its_last_day(client, session, made):
    hear(client, disputed(made, "create"))
    dispute = session.scalars(select(Dispute)).one()
    assert (dispute.reason, dispute.amount, dispute.status, dispute.kind) == ("fraud", 600_000, "open", "dispute")
    assert dispute.due_at.isoformat() == "2026-01-09T00:00:00+00:00"
    assert alerts(made).count("payment.dispute_create") == 1
    hear(client, disputed(made, "remind", due_at="2026-01-10T00:00:00.000Z"))
    session.expire_all()
    assert session.scalars(select(Dispute)).one().due_at.day == 10
    with pytest.raises(ReasonMissing):
        disputes.handle(dispute_id=dispute.id, asset_id=made.asset_id, note=" ", actor=given.MANAGER)
    disputes.handle(dispute_id=dispute.id, asset_id=made.asset_id, note="Sent the register", actor=given.MANAGER)
    assert (dispute.status, dispute.note, dispute.handled_by) == ("handled", "Sent the register", "Ngozi")
    hear(client, disputed(made, "resolve", status="resolved", resolution="declined"))
    session.expire_all()
    assert (dispute.status, dispute.said, dispute.note) == ("resolved", "declined", "Sent the register")
    assert get_intent(made.reference).status == "succeeded"
    hear(client, disputed(made, "remind", due_at="2026-01-11T00:00:00.000Z"))
    session.expire_all()
    assert dispute.status == "resolved"


def test_a_dispute_of_one_payment_is_not_changed_by_news_of_another(client, session, made):
    """Whoever's key signs for one business names the disputes of no other."""
    other = payments.paid(assets.room())
    hear(client, disputed(made, "create"))
    hear(client, disputed(other, "resolve", status="resolved", resolution="merchant-accepted"))
    dispute = session.scalars(select(Dispute)).one()
    assert (dispute.status, dispute.payment_id) == ("open", get_intent(made.reference).payment.id)
    assert "payment.dispute_of_another_payment" in alerts(other)


def test_a_lost_dispute_takes_the_money_out_of_the_books_once(client, session, made):
    from portal.gateways.sandbox.models import SandboxTransaction

    hear(client, disputed(made, "create"))
    session.execute(
        text("update sandbox_transaction set status = 'reversed' where reference = :r"), {"r": made.reference}
    )
    session.expire_all()
    assert session.scalars(select(SandboxTransaction)).one().status == "reversed"
    hear(client, disputed(made, "resolve", status="resolved", resolution="merchant-accepted"))
    assert get_intent(made.reference).status == "refunded"
    assert given.books(made) == {"provider": -25_000, "hire": 1_000_000, "given": -1_000_000}
    assert {each.kind for each in session.scalars(select(Dispute))} == {"dispute", "reversal"}
    assert alerts(made).count("payment.charge_reversed") == 1
    reversed_again(made)
    assert given.books(made) == {"provider": -25_000, "hire": 1_000_000, "given": -1_000_000}
    assert alerts(made).count("payment.charge_reversed") == 1


def reversed_again(made):
    """The provider says, asked, that the charge is reversed."""
    charge = Charge(
        reference=made.reference, status=ChargeStatus.REVERSED, amount=made.amount, currency=made.currency,
        transaction_id=str(number(made)),
    )  # fmt: skip
    return settlement.settle(charge=charge, provider="sandbox", via="poller", actor=given.GATEWAY)


def test_a_charge_reversed_by_our_own_refund_is_no_chargeback(session, made):
    given.arrived(given.asked(made))
    before = given.books(made)
    reversed_again(made)
    assert given.books(made) == before
    assert not session.scalars(select(Dispute)).all()


def test_of_a_reversed_charge_only_what_had_not_gone_back_is_lost(session, made):
    given.arrived(given.asked(made, 300_000))
    reversed_again(made)
    assert session.scalars(select(Dispute)).one().amount == 700_000
    assert given.books(made) == {"provider": -25_000, "hire": 1_000_000, "given": -1_000_000}


def test_a_refund_that_fails_after_the_charge_was_reversed_went_with_it(session, made):
    """The refund was on its way when the provider took all of it back: nothing of it lies there any more."""
    given.wrong("fails")
    refund = given.asked(made, 300_000)
    given.work()
    reversed_again(made)
    assert given.arrived(refund).status == "failed"
    assert given.books(made) == {"provider": -25_000, "hire": 1_000_000, "given": -1_000_000}
    assert get_intent(made.reference).status == "refunded"
    assert get_intent(made.reference).payment.refunded == made.amount


def handed_over(made, source):
    """The provider could not give it back, so a person did."""
    given.wrong("fails")
    failed = given.arrived(given.asked(made))
    hand = refunds.again(refund_id=failed.id, actor=given.CLERK, alone=True, by_hand=True)
    refunds.hand_over(refund_id=hand.id, source=source, note="The card has expired", actor=given.CLERK)


def test_what_staff_gave_back_on_the_providers_own_pages_reads_as_reversed_and_is_no_loss(session, made):
    handed_over(made, "provider")
    before = given.books(made)
    reversed_again(made)
    assert given.books(made) == before
    assert not session.scalars(select(Dispute)).all()


def test_what_a_person_handed_over_and_the_provider_took_back_too_has_gone_twice(session, made):
    handed_over(made, "cash")
    reversed_again(made)
    assert given.books(made) == {
        "provider": -25_000, "cash": -1_000_000, "hire": 1_000_000, "given": -1_000_000
    }  # fmt: skip
    place = given.place_of(made)
    assert standing(place.business_id, place.id, chart.DIFFERENCES, made.currency) == 1_000_000
    assert session.scalars(select(Dispute)).one().amount == 1_000_000
    reversed_again(made)
    assert session.scalars(select(Dispute)).one().amount == 1_000_000


def test_held_money_that_was_reversed_leaves_the_queue(session):
    made = payments.intent(assets.room())
    payments.decide(made, "wrong_amount")
    payments.settle(made)
    reversed_again(made)
    assert get_intent(made.reference).status == "refunded"
    assert "held" not in given.books(made)


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_there_is_gets_its_200_and_a_reason_where_it_is_only_kept(client, session, kind):
    hear(client, payments.signed({"event": kind, "data": EVENTS[kind]}))
    ((status, why),) = heard(session)
    assert status in ("new", "ignored", "unmatched")
    assert why


@shared.here
@pytest.mark.parametrize("file", ["refund.processed", "transfer.success", "charge.success"])
def test_the_providers_own_samples_are_taken(client, session, file):
    sample = json.loads((shared.DATA / f"fixtures/paystack/{file}.json").read_text())
    documents = [each for each in (sample.values() if "event" not in sample else [sample]) if isinstance(each, dict)]
    for document in documents:
        hear(client, payments.signed(document))
    assert all(why for _status, why in heard(session))


@pytest.mark.parametrize("data", [None, 7, "x", [], {}, {"amount": -1}, {"id": {}}, {"transaction": []}])
@pytest.mark.parametrize("kind", ["refund.processed", "charge.dispute.create", "transfer.success"])
def test_nonsense_in_a_signed_message_is_set_aside(client, session, kind, data):
    hear(client, payments.signed({"event": kind, "data": data}))
    assert heard(session)[0][0] == "ignored"


def test_a_transfer_that_was_sent_from_elsewhere_is_put_before_people(client, session):
    hear(client, payments.signed({"event": "transfer.success", "data": EVENTS["transfer.success"]}))
    assert heard(session) == [("unmatched", "not_sent_from_here")]


def test_a_payout_is_moved_by_its_message(client, session):
    place = payouts.funded()
    payout = payouts.waiting(place)
    sent.finalize(payout_id=payout.id, otp=payouts.otp(payout), actor=assets.ACTOR)
    clockwork.advance()
    for message in outgoing.about(payout.reference):
        hear(client, given.event(message))
    assert payouts.found(payout).status == "success"


def test_money_that_came_twice_goes_back_from_the_second_payment(client, session, made):
    """The provider's messages name the first reference for both."""
    second = Charge(
        reference=made.reference, status=ChargeStatus.SUCCESS, amount=made.amount, currency=made.currency,
        transaction_id="5000000001",
    )  # fmt: skip
    held = settlement.settle(charge=second, provider="sandbox", via="webhook", actor=given.GATEWAY).intent
    from portal.shared.payments.services import reviews

    refund = reviews.send_back(reference=held.reference, reason="Paid twice", actor=given.MANAGER)
    sending_back.take_turn(refund.id)
    gateway = registry.gateway("sandbox")
    right, gateway._base_url = gateway._base_url, "http://127.0.0.1:9"
    try:
        hear(client, given.told("processed", made.reference, made.amount), work=False)
        session.execute(text("update gateway_message set created_at = created_at - interval '11 seconds'"))
        later(session)
    finally:
        gateway._base_url = right
    assert get_intent(held.reference).status == "refunded"
    assert get_intent(made.reference).status == "succeeded"
