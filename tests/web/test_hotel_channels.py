"""Channel calendars by the pages: ours has an address, theirs is uploaded, and what does not fit is settled."""

import io
from datetime import timedelta

import pytest

from portal.core.clock import local_date, utcnow
from portal.shared.identity.models import Role
from portal.trades.hotel.queries.channels import feeds_of, tray_of
from portal.trades.hotel.queries.inventory import room_type_at
from tests.factories import hotel
from tests.hotel.test_ical import said
from tests.web.test_frontdesk_settings import base, browser


@pytest.fixture
def place(session):
    return hotel.hotel({"FLAT": ("Flat", 2, ["1"])}, today=local_date("Europe/Berlin", utcnow()))


@pytest.fixture
def desk(app, wired, place):
    return browser(app, place, Role.MANAGER)


def test_a_calendar_is_uploaded_and_what_does_not_fit_is_settled(desk, place):
    pages, flat = f"{base(place)}settings/channels", room_type_at(place.id, "FLAT")
    arrival = place.business_date + timedelta(days=5)
    hotel.book(place, arrival, arrival + timedelta(days=1), type="FLAT", plan=None)
    assert "No calendar is read along" in desk.get(pages).text
    new = {"once": "f", "name": "Airbnb", "room_type": str(flat.id), "url": ""}
    for _again in range(2):
        assert desk.post(f"{pages}/new", data=new).status_code == 303
    [feed] = feeds_of(place.id)
    upload = f"{pages}/{feed.id}/upload"
    assert desk.get(upload).status_code == 200
    events = said(("a", arrival, arrival + timedelta(days=2), "Reserved"))
    assert desk.post(upload, data={"file": (io.BytesIO(events), "a.ics")}).status_code == 303
    [(item, _feed)] = tray_of(place.id)
    assert "Does not fit" in desk.get(pages).text
    assert desk.post(f"{pages}/tray/{item.id}/retry").status_code == 303
    assert len(tray_of(place.id)) == 1
    force = f"{pages}/tray/{item.id}/force"
    assert desk.post(force, data={"reason": ""}).status_code == 422
    assert desk.post(force, data={"reason": "Moved next door"}).status_code == 303
    assert tray_of(place.id) == []
    assert desk.post(f"{pages}/{feed.id}/remove").status_code == 303
    assert feeds_of(place.id) == []
    refused = desk.post(f"{pages}/{feed.id}/upload", data={"file": (io.BytesIO(b"no"), "a.ics")})
    assert refused.status_code == 404


def test_what_is_no_calendar_and_an_address_inside_are_refused(desk, place):
    pages, flat = f"{base(place)}settings/channels", room_type_at(place.id, "FLAT")
    new = {"once": "f", "name": "Them", "room_type": str(flat.id), "url": "http://10.0.0.1/a.ics"}
    inside = desk.post(f"{pages}/new", data=new)
    assert (inside.status_code, "inside this network" in inside.text) == (422, True)
    desk.post(f"{pages}/new", data={**new, "once": "g", "url": ""})
    [feed] = feeds_of(place.id)
    for sent in ({"file": (io.BytesIO(b"<html>"), "a.ics")}, {}):
        answer = desk.post(f"{pages}/{feed.id}/upload", data=sent)
        assert (answer.status_code, "not a calendar" in answer.text) == (422, True)


def test_ours_gets_another_address(app, desk, place):
    pages, flat = f"{base(place)}settings/channels", room_type_at(place.id, "FLAT")
    assert desk.post(f"{pages}/types/{flat.id}/address").status_code == 303
    first = flat.ical_token
    assert f"/ical/{first}.ics" in desk.get(pages).text
    desk.post(f"{pages}/types/{flat.id}/address")
    assert app.test_client().get(f"/ical/{first}.ics").status_code == 404
    assert app.test_client().get(f"/ical/{flat.ical_token}.ics").status_code == 200
