"""Setting up a hotel by its pages: a new one is led, types and rooms come and go, its times are written down once."""

import re

import pytest

from portal.core.db import db
from portal.shared.identity.models import Role
from portal.trades.hotel.models import Property, Room
from portal.trades.hotel.queries.inventory import room_at, room_types, rooms_at
from portal.web.forms import BaseForm
from portal.web.frontdesk.settings_forms import NumbersField
from tests.factories import assets, hotel, identity


@pytest.fixture
def place(session):
    return assets.place()


@pytest.fixture
def desk(app, wired, place):
    """A manager's browser."""
    return browser(app, place, Role.MANAGER)


def browser(app, place, role):
    client = app.test_client()
    identity.sign_in(client, identity.member(place, role))
    return client


def base(place):
    return f"/frontdesk/{place.asset_number}/"


def a_type(**changes):
    return {"once": "one", "code": "dbl", "name": "Double", "capacity": "3", "adults": "2", "overbook_limit": "0",
            "description": "", **changes}  # fmt: skip


def some_rooms(place, **changes):
    made = str(room_types(place.id)[0].id)
    return {"once": "two", "room_type": made, "numbers": "101-104, 201", "floor": "1", "price": "30000", **changes}


def test_a_new_hotel_is_led_step_by_step(desk, place):
    assert "Add your first room type" in desk.get(base(place)).text
    assert desk.post(f"{base(place)}settings/types/new", data=a_type()).status_code == 303
    assert "Add your rooms" in desk.get(base(place)).text
    for _again in range(2):
        assert desk.post(f"{base(place)}settings/rooms/new", data=some_rooms(place)).status_code == 303
    assert [unit.number for _room, unit in rooms_at(place.id)] == ["101", "102", "103", "104", "201"]
    shown = desk.get(base(place)).text
    assert "Add your" not in shown
    assert "Settings" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"capacity": "1"}, "no more are in the price than sleep there"),
        ({"code": ""}, "Enter the code"),
        ({"name": "  "}, "Enter the name"),
        ({"overbook_limit": "-1"}, "oversold"),
    ],
)
def test_a_type_that_cannot_be_is_refused_at_its_field(desk, place, changes, said):
    answer = desk.post(f"{base(place)}settings/types/new", data=a_type(**changes))
    assert answer.status_code == 422
    assert said in answer.text


def test_a_room_is_sold_as_another_type_noted_and_closed(desk, place):
    desk.post(f"{base(place)}settings/types/new", data=a_type())
    desk.post(f"{base(place)}settings/types/new", data=a_type(once="x", code="SUI", name="Suite"))
    desk.post(f"{base(place)}settings/rooms/new", data=some_rooms(place))
    suite = room_types(place.id)[1]
    data = {"room_type": str(suite.id), "floor": "2", "note": "Quiet", "version": "1"}
    assert desk.post(f"{base(place)}settings/rooms/104", data=data).status_code == 303
    room = db.session.get(Room, room_at(place.id, "104").unit_id, populate_existing=True)
    assert (room.room_type_id, room.floor, room.note) == (suite.id, "2", "Quiet")
    stale = desk.post(f"{base(place)}settings/rooms/104", data=data)
    assert "Somebody changed this room meanwhile" in stale.text
    assert "Enter the reason" in desk.post(f"{base(place)}settings/rooms/104/close", data={"reason": ""}).text
    assert desk.post(f"{base(place)}settings/rooms/104/close", data={"reason": "Now an office"}).status_code == 303
    assert "104" not in [unit.number for _room, unit in rooms_at(place.id)]
    assert "101" in desk.get(f"{base(place)}settings/rooms.csv").text


def test_a_type_goes_only_when_nothing_is_of_it_and_comes_back(desk, place):
    desk.post(f"{base(place)}settings/types/new", data=a_type())
    made = room_types(place.id)[0]
    desk.post(f"{base(place)}settings/rooms/new", data=some_rooms(place, numbers="1"))
    refused = desk.post(f"{base(place)}settings/types/{made.id}/retire")
    assert refused.status_code == 409
    assert "1 are sold as this type" in refused.text
    desk.post(f"{base(place)}settings/rooms/1/close", data={"reason": "Gone"})
    assert desk.post(f"{base(place)}settings/types/{made.id}/retire").status_code == 303
    assert not room_types(place.id)
    assert desk.post(f"{base(place)}settings/types/{made.id}/restore").status_code == 303
    assert room_types(place.id)


def test_a_limit_holds_for_every_night_on_sale(app, wired, session):
    place = hotel.ber()
    desk = browser(app, place, Role.MANAGER)
    made = room_types(place.id)[0]
    data = a_type(name="Double", capacity="2", overbook_limit="1")
    assert desk.post(f"{base(place)}settings/types/{made.id}", data=data).status_code == 303
    for _each in range(4):
        hotel.book(place)
    assert hotel.figures(place, hotel.date(2026, 3, 10))["free"] == -1
    data["overbook_limit"] = "0"
    assert desk.post(f"{base(place)}settings/types/{made.id}", data=data).status_code == 303
    assert hotel.figures(place, hotel.date(2026, 3, 10)) | {"free": -1, "forced": 1, "booked": 4} == hotel.figures(
        place, hotel.date(2026, 3, 10)
    )


def test_the_hotels_times_are_written_down_and_a_stale_page_is_told(desk, place):
    page = desk.get(f"{base(place)}settings/hotel").text
    version = re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)
    data = {"checkin_minute": "14:30", "checkout_minute": "10:00", "close_after_minute": "02:00", "hold_minutes": "30",
            "balance_limit": "50000", "discount_limit_ppm": "7.5", "early_fee_ppm": "50", "late_fee_ppm": "50",
            "door_mode": "rolling", "card_fields": ["nationality", "address"], "version": version}  # fmt: skip
    assert desk.post(f"{base(place)}settings/hotel", data=data).status_code == 303
    found = db.session.get(Property, place.id, populate_existing=True)
    assert (found.checkin_minute, found.balance_limit, found.discount_limit_ppm) == (870, 5_000_000, 75_000)
    assert (found.card_fields, found.auto_no_show) == (["nationality", "address"], False)
    assert "Somebody changed these settings" in desk.post(f"{base(place)}settings/hotel", data=data).text
    wrong = desk.post(f"{base(place)}settings/hotel", data={**data, "version": "9", "checkin_minute": "25:00"})
    assert wrong.status_code == 422


class Numbers(BaseForm):
    class Meta:
        csrf = False

    numbers = NumbersField("Room numbers", max_length=600, multiline=True)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("101-103", ["101", "102", "103"]),
        ("A1 - A3, B7", ["A1", "A2", "A3", "B7"]),
        ("001–002\n5", ["001", "002", "5"]),
        ("7 7 8", ["7", "8"]),
        ("B-12", ["B-12"]),
        ("110-101", None),
        ("1-999", None),
    ],
)
def test_numbers_of_rooms_are_read_with_their_ranges(app, said, meant):
    with app.test_request_context(method="POST", data={"numbers": said}):
        form = Numbers()
        assert form.validate() is (meant is not None)
        assert form.numbers.data == meant


def test_only_who_may_set_up_sees_the_settings(app, wired, place):
    for role, status in ((Role.FRONT_DESK, 403), (Role.HOUSEKEEPER, 403), (Role.ADMIN, 200)):
        assert browser(app, place, role).get(f"{base(place)}settings").status_code == status
