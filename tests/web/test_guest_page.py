"""A guest's own page: the card filled in and signed before the arrival, the door opened while they live there."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.core.clock import clock_set_to, local_date
from portal.shared.audit.models import AuditEntry
from portal.shared.devices.models import DeviceCommand
from portal.trades.hotel.models import GuestProfile, Reservation
from portal.trades.hotel.queries.board import board
from portal.trades.hotel.queries.inventory import room_at
from portal.trades.hotel.services import cards, folio_money, folios, properties
from portal.trades.hotel.services.steps import what_was_done
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel.hands import assign, check_in, check_out, fresh, undo
from tests.hotel.invariants import sound
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

DRAWN = "M10 10L20 30L40 12L60 44"


@pytest.fixture
def place(session):
    """A hotel that asks for two things and a signature."""
    today = local_date("Europe/Berlin")
    made = hotel.ber(today=today, days=30)
    properties.amend(asset_id=made.id, actor=ACTOR, card_fields=["nationality", "document_number", "signature"])
    return made


@pytest.fixture
def stay(session, place):
    return hotel.stay(place, place.business_date, place.business_date + timedelta(days=3), name="Ngozi Okafor")


def link(session, stay):
    return f"/r/{session.get(Reservation, stay.reservation_id).token}"


def test_a_guest_fills_in_the_card_and_signs_it(client, session, place, stay):
    address = link(session, stay)
    shown = client.get(address).get_data(as_text=True)
    assert "Ngozi Okafor" in shown
    assert "Number of the document" in shown
    assert "Date of birth" not in shown
    assert "Open the door" not in shown
    sent = {"nationality": "Nigerian", "document_number": "A123", "signature": DRAWN}
    answer = client.post(f"{address}/1/card", data=sent, follow_redirects=True)
    assert "Your card is complete" in answer.get_data(as_text=True)
    assert "A123" not in answer.get_data(as_text=True)
    session.expire_all()
    assert session.get(GuestProfile, stay.guest_id).document_number == "A123"
    assert fresh(place, stay).signature == DRAWN
    (entry,) = session.query(AuditEntry).filter_by(action="stay.card_filled")
    assert "A123" not in str(entry.after)
    check_in(place, stay)


def test_a_card_with_holes_or_no_line_for_a_signature_is_refused(client, session, place, stay):
    address = link(session, stay)
    for sent in ({"nationality": "Nigerian"}, {"nationality": "N", "document_number": "1", "signature": "<script>"}):
        assert client.post(f"{address}/1/card", data=sent).status_code == 422
    session.expire_all()
    assert fresh(place, stay).signature is None


def test_the_door_opens_only_while_the_guest_lives_there(client, session, place, stay):
    properties.amend(asset_id=place.id, actor=ACTOR, card_fields=[])
    address = link(session, stay)
    assert client.post(f"{address}/1/door").status_code == 409
    check_in(place, stay, "101")
    assert "Room 101" in client.get(address).get_data(as_text=True)
    before = session.query(DeviceCommand).filter_by(action="unlock").count()
    assert "The door was told to open" in client.post(f"{address}/1/door", follow_redirects=True).get_data(as_text=True)
    assert session.query(DeviceCommand).filter_by(action="unlock").count() == before + 1
    check_out(place, stay, reason="The company pays")
    assert client.post(f"{address}/1/door").status_code == 409
    assert "This stay is over" in client.get(address).get_data(as_text=True)


def test_a_link_that_nobody_was_given_opens_nothing(client, session, place, stay):
    assert client.get("/r/not-a-token").status_code == 404
    assert client.get(f"{link(session, stay)}/2").status_code == 404


@pytest.fixture
def alone(session):
    """A hotel where guests check in by themselves, on the day somebody comes, in the afternoon."""
    with clock_set_to(hotel.NOON):
        made = hotel.ber()
        properties.amend(asset_id=made.id, actor=ACTOR, card_fields=["nationality"], self_check_in=True)
        yield made


def prepared(client, session, place):
    """A stay with a room, a signed card and all of it paid; and the address of its page."""
    stay = hotel.stay(place, hotel.TODAY, hotel.TODAY + timedelta(days=2), name="Ngozi Okafor")
    assign(place, stay, "101")
    address = link(session, stay)
    client.post(f"{address}/1/card", data={"nationality": "Nigerian", "signature": DRAWN})
    folio = folios.open_for(stay_id=stay.id, actor=ACTOR)
    folio_money.take(folio_id=folio.id, way="cash", amount=20_000, actor=ACTOR)
    return fresh(place, stay), address


def said(client, address):
    return client.get(address).get_data(as_text=True)


def test_a_guest_checks_in_alone_and_opens_the_door(client, session, alone):
    stay, address = prepared(client, session, alone)
    assert "Room 101 is ready for you" in said(client, address)
    answer = client.post(f"{address}/1/check-in", follow_redirects=True).get_data(as_text=True)
    assert "You are checked in" in answer
    assert "Open the door" in answer
    assert client.post(f"{address}/1/check-in").status_code == 303
    session.expire_all()
    assert fresh(alone, stay).status == "in_house"
    (entry,) = session.query(AuditEntry).filter_by(action="stay.checked_in")
    assert (entry.actor_name, entry.after["by_guest"]) == ("the guest", True)
    assert "Ngozi" not in str(entry.after)
    assert what_was_done("checked_in", entry.actor_name, entry.after) == "The guest came by themselves to 101"
    (line,) = board(alone).arrivals
    assert line.came_alone
    undo(alone, stay)
    assert fresh(alone, stay).status == "confirmed"
    assert not board(alone).arrivals[0].came_alone
    assert client.post(f"{address}/1/door").status_code == 409
    check_in(alone, stay)
    assert not board(alone).in_house[0].came_alone


def test_the_page_says_what_is_missing_and_when_to_come(client, session, alone):
    stay = hotel.stay(alone, hotel.TODAY, hotel.TODAY + timedelta(days=2))
    address = link(session, stay)
    for words in ("Fill in the registration card and sign it", "200.00 is still to be paid", "room is not chosen yet"):
        assert words in said(client, address)
    stay, address = prepared(client, session, alone)
    room = room_at(alone.id, "101")
    with clock_set_to(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)):
        assert "You can check in here from 2 Mar 2026 15:00" in said(client, address)
        assert client.post(f"{address}/1/check-in").status_code == 409
    room.status = "dirty"
    session.commit()
    answer = client.post(f"{address}/1/check-in")
    assert answer.status_code == 409
    assert "Your room is being made ready" in answer.get_data(as_text=True)
    assert fresh(alone, stay).status == "confirmed"


def test_who_is_still_in_the_room_is_not_told_to_the_next_guest(client, session, alone):
    stay, address = prepared(client, session, alone)
    other = hotel.stay(alone, hotel.TODAY, hotel.TODAY + timedelta(days=1), name="Bello")
    other.room_id, other.status = stay.room_id, "in_house"
    session.commit()
    assert "Your room is being made ready" in said(client, address)
    assert "Bello" not in said(client, address)


def test_a_deposit_is_enough_where_the_hotel_lets_a_guest_owe_the_rest(client, session, alone):
    stay = hotel.stay(alone, hotel.TODAY, hotel.TODAY + timedelta(days=2))
    assign(alone, stay, "101")
    address = link(session, stay)
    client.post(f"{address}/1/card", data={"nationality": "Nigerian", "signature": DRAWN})
    folio_money.take(
        folio_id=folios.open_for(stay_id=stay.id, actor=ACTOR).id, way="cash", amount=5_000, actor=ACTOR
    )
    assert "150.00 is still to be paid" in said(client, address)
    properties.amend(asset_id=alone.id, actor=ACTOR, balance_limit=15_000)
    assert "Room 101 is ready for you" in said(client, address)


def test_nobody_checks_in_alone_until_the_hotel_says_so(client, session, alone):
    properties.amend(asset_id=alone.id, actor=ACTOR, self_check_in=False)
    stay, address = prepared(client, session, alone)
    assert "/check-in" not in said(client, address)
    assert "The desk hands you the key" in said(client, address)
    assert client.post(f"{address}/1/check-in").status_code == 409
    assert fresh(alone, stay).status == "confirmed"


def test_the_guest_and_the_desk_check_in_at_once(app, committed):
    with clock_set_to(hotel.NOON):
        place = hotel.ber()
        properties.amend(asset_id=place.id, actor=ACTOR, self_check_in=True, balance_limit=1_000_000)
        stay = hotel.stay(place, hotel.TODAY, hotel.TODAY + timedelta(days=1))
        assign(place, stay, "101")
        cards.fill(asset_id=place.id, stay_id=stay.id, fields={}, signature=DRAWN, actor=ACTOR)
        works = [tried(lambda n=n: check_in(place, stay, by_guest=n % 2 == 0).status) for n in range(8)]
        answers = at_once(app, *works)
        assert (answers.count("in_house"), set(answers)) == (1, {"in_house", "wrong_status"})
        sound(place)
