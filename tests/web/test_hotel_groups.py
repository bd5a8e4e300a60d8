"""Groups by the pages: rooms kept, people booked one by one and from a list, the rest given back."""

import io
from datetime import timedelta

import pytest

from portal.core.clock import local_date, utcnow
from portal.shared.identity.models import Role
from portal.trades.hotel.queries.groups import group_at, kept_for, rooming_list
from portal.trades.hotel.queries.inventory import room_type_at
from tests.factories import hotel
from tests.web.test_frontdesk_settings import base, browser


@pytest.fixture
def place(session):
    return hotel.big(20, today=local_date("Europe/Berlin", utcnow()))


@pytest.fixture
def desk(app, wired, place):
    return browser(app, place, Role.FRONT_DESK)


def said(place, **changes):
    arrival = place.business_date + timedelta(days=10)
    return {
        "once": "g", "code": "acme", "name": "Acme", "arrival": str(arrival),
        "departure": str(arrival + timedelta(days=2)), "cutoff_on": str(arrival - timedelta(days=3)),
        "room_type": str(room_type_at(place.id, "DBL").id), "rooms": "10", "routes": ["room", "tax"], "rate_plan": "",
        "company": "", "note": "", **changes,
    }  # fmt: skip


def test_a_group_lives_through_its_pages(desk, place):
    pages = f"{base(place)}groups"
    assert "No groups here" in desk.get(pages).text
    assert desk.post(f"{pages}/new", data=said(place)).status_code == 303
    again = desk.post(f"{pages}/new", data=said(place, once="h"))
    assert (again.status_code, "a group of that code already" in again.text) == (422, True)
    one, group = f"{pages}/ACME", group_at(place.id, "acme")
    double = str(room_type_at(place.id, "DBL").id)
    member = {"once": "m", "name": "Ada", "room_type": double, "adults": "2", "children": "0"}
    for _again in range(2):
        assert desk.post(f"{one}/members/new", data=member).status_code == 303
    assert len(rooming_list(group.id)) == 1
    keep = {"room_type": double, "rooms": "12"}
    assert desk.post(f"{one}/keep", data=keep).status_code == 303
    refused = desk.post(f"{one}/keep", data={**keep, "rooms": "0"})
    assert (refused.status_code, "1 rooms are picked up" in refused.text) == (422, True)
    assert "Ada" in desk.get(one).text
    assert b"ACME,Acme" in desk.get(f"{pages}.csv").data
    assert desk.post(f"{one}/cut_off").status_code == 303
    assert kept_for([group.id])[group.id].left == 0
    assert "Keep rooms again" in desk.get(one).text
    assert desk.post(f"{one}/again", data={"cutoff_on": str(group.arrival)}).status_code == 303
    assert desk.post(f"{one}/cancel").status_code == 303
    amended = {**said(place), "name": "Acme Ltd", "version": str(group_at(place.id, "acme").version)}
    assert desk.post(f"{one}/amend", data=amended).status_code == 303
    assert "Acme Ltd" in desk.get(pages).text
    stale = desk.post(f"{one}/amend", data=amended)
    assert (stale.status_code, "Somebody changed this group" in stale.text) == (422, True)


def test_a_list_is_looked_through_before_it_is_booked(desk, place):
    desk.post(f"{base(place)}groups/new", data=said(place))
    page, group = f"{base(place)}groups/ACME/list", group_at(place.id, "acme")
    rows = "name,room_type\nAda,DBL\nBob,NONE\nCy,DBL\n"
    looked = desk.post(page, data={"once": "l", "step": "look", "file": (io.BytesIO(rows.encode()), "list.csv")})
    assert (looked.status_code, "Book 2 rows" in looked.text, rooming_list(group.id)) == (200, True, [])
    for _again in range(2):
        booked = desk.post(page, data={"once": "l", "step": "book", "rows": rows})
        assert len(rooming_list(group.id)) == 2
    assert desk.post(page, data={"once": "n", "step": "look", "rows": "nothing"}).status_code == 422
    assert booked.status_code in (200, 303)


def test_another_hotels_group_is_not_there(app, wired, desk, place):
    desk.post(f"{base(place)}groups/new", data=said(place))
    other = hotel.lag()
    assert browser(app, other, Role.OWNER).get(f"{base(other)}groups/ACME").status_code == 404
