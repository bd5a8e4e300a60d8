"""Rooms closed for a while, at the desk: what is refused says what would help, and only to who may."""

from datetime import timedelta

import pytest

from portal.core.clock import local_date
from portal.shared.identity.models import Role
from portal.trades.hotel.models import RoomBlock
from portal.trades.hotel.queries.inventory import room_at
from tests.factories import hotel
from tests.hotel.hands import assign, fresh
from tests.web.test_fleet_drivers import browser
from tests.web.test_house_pages import base

PATH = "housekeeping/closed"


@pytest.fixture
def place(session):
    return hotel.ber(today=local_date("Europe/Berlin"), days=30)


@pytest.fixture
def desk(app, wired, place):
    """A receptionist's browser."""
    return browser(app, place, Role.FRONT_DESK)


def said(place, number="101", days=(3, 5), **more):
    first, last = (place.business_date + timedelta(days=n) for n in days)
    return {
        "room": str(room_at(place.id, number).unit_id), "kind": "out_of_order", "from_on": first.isoformat(),
        "until_on": last.isoformat(), "reason": "No water", **more,
    }  # fmt: skip


def test_a_room_is_closed_changed_and_opened_again(desk, place, session):
    assert "No room is closed" in desk.get(base(place, PATH)).text
    assert desk.post(base(place, f"{PATH}/new"), data=said(place)).status_code == 303
    made = session.query(RoomBlock).one()
    listed = desk.get(base(place, PATH)).text
    assert "No water" in listed
    assert "Out of order" in listed
    assert "out_of_order" in desk.get(base(place, f"{PATH}.csv")).text
    longer = said(place, days=(3, 8))
    assert desk.post(base(place, f"{PATH}/{made.id}"), data=longer).status_code == 303
    assert hotel.figures(place, place.business_date + timedelta(days=7))["out_of_order"] == 1
    assert desk.post(base(place, f"{PATH}/{made.id}/end")).status_code == 303
    assert "No room is closed" in desk.get(base(place, PATH)).text
    assert hotel.figures(place, place.business_date + timedelta(days=4))["out_of_order"] == 0
    assert "No water" in desk.get(base(place, f"{PATH}?show=over")).text


def test_a_guest_in_the_way_is_given_another_room_when_the_desk_says_so(desk, place, session):
    stay = hotel.stay(place, *(place.business_date + timedelta(days=n) for n in (3, 5)))
    assign(place, stay, "101")
    session.commit()
    refused = desk.post(base(place, f"{PATH}/new"), data=said(place))
    assert refused.status_code == 422
    assert "Room 101 has a guest from" in refused.text
    assert "Give the guests who have it other rooms" in refused.text
    assert f'selected value="{room_at(place.id, "101").unit_id}"' in refused.text
    assert desk.post(base(place, f"{PATH}/new"), data=said(place, re_room="y")).status_code == 303
    session.expire_all()
    assert fresh(place, stay).room_id == room_at(place.id, "102").unit_id


def test_only_who_may_closes_what_is_sold(app, desk, place, session):
    hotel.book(place, *(place.business_date + timedelta(days=n) for n in (3, 5)), rooms=3)
    session.commit()
    refused = desk.post(base(place, f"{PATH}/new"), data=said(place))
    assert "Double is full" in refused.text
    assert "Close it although" not in refused.text
    assert desk.post(base(place, f"{PATH}/new"), data=said(place, force="y")).status_code == 422
    manager = browser(app, place, Role.MANAGER)
    assert "Close it although" in manager.post(base(place, f"{PATH}/new"), data=said(place)).text
    assert manager.post(base(place, f"{PATH}/new"), data=said(place, force="y")).status_code == 303
    assert hotel.figures(place, place.business_date + timedelta(days=3))["free"] == -1
