"""A guest's own page: the card filled in and signed before the arrival, the door opened while they live there."""

from datetime import timedelta

import pytest

from portal.core.clock import utcnow
from portal.shared.audit.models import AuditEntry
from portal.shared.devices.models import DeviceCommand
from portal.trades.hotel.models import GuestProfile, Reservation
from portal.trades.hotel.services import properties
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel.hands import check_in, check_out, fresh

DRAWN = "M10 10L20 30L40 12L60 44"


@pytest.fixture
def place(session):
    """A hotel that asks for two things and a signature."""
    today = utcnow().date()
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
    check_out(place, stay)
    assert client.post(f"{address}/1/door").status_code == 409
    assert "This stay is over" in client.get(address).get_data(as_text=True)


def test_a_link_that_nobody_was_given_opens_nothing(client, session, place, stay):
    assert client.get("/r/not-a-token").status_code == 404
    assert client.get(f"{link(session, stay)}/2").status_code == 404
