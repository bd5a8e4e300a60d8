"""The front desk's pages: the board and its exceptions, a stay and its steps, bookings, refusals in words."""

import re
from datetime import timedelta

import pytest

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.identity.models import Role
from portal.trades.hotel.models import GuestProfile, Room, Stay
from portal.trades.hotel.queries.inventory import room_at, room_type_at
from portal.trades.hotel.queries.quotes import plan_at
from portal.trades.hotel.services import assigning, properties
from tests.factories import hotel, identity
from tests.factories.assets import ACTOR


@pytest.fixture
def today(session):
    """The pages are of this very day: check-in asks the clock."""
    return utcnow().date()


@pytest.fixture
def place(today):
    return hotel.ber(today=today)


@pytest.fixture
def desk(app, wired, place):
    """A receptionist's browser."""
    return browser(app, place, Role.FRONT_DESK)


def browser(app, place, role):
    client = app.test_client()
    identity.sign_in(client, identity.member(place, role))
    return client


def base(place):
    return f"/frontdesk/{place.asset_number}"


def arriving(place, today, *, room="101", nights=2, **changes):
    """A stay that is to arrive today, in a room unless none is wanted."""
    stay = hotel.stay(place, today, today + timedelta(days=nights), **changes)
    if room:
        assigning.assign(asset_id=place.id, stay_id=stay.id, room_id=room_at(place.id, room).unit_id, actor=ACTOR)
    return db.session.get(Stay, stay.id, populate_existing=True)


def fresh(stay):
    return db.session.get(Stay, stay.id, populate_existing=True)


def at(place, stay):
    return f"{base(place)}/stays/{stay.id}"


def undo_of(page):
    return re.search(r'action="([^"]+/undo)"', page).group(1)


def test_the_board_shows_who_comes_and_an_empty_one_says_so(desk, place, today):
    empty = desk.get(f"{base(place)}/").text
    assert "Nobody is to arrive." in empty
    assert "Nothing to fix" in empty
    stay = arriving(place, today, name="Ngozi Obi")
    shown = desk.get(f"{base(place)}/").text
    assert "Ngozi Obi" in shown
    assert f"{stay.id}/check-in" in shown
    assert "Ngozi Obi" not in desk.get(f"{base(place)}/?q=nobody").text
    assert "Ngozi Obi" not in desk.get(f"{base(place)}/?day={today + timedelta(days=5)}").text
    assert desk.get(f"{base(place)}/?day=soon&only=nothing").status_code == 200


def test_a_prepared_guest_is_checked_in_by_one_click_and_back_by_another(desk, place, today):
    """Scenario 17, through the page."""
    stay = arriving(place, today)
    assert desk.post(f"{at(place, stay)}/check-in", data={"version": stay.version}).status_code == 303
    assert fresh(stay).status == "in_house"
    board = desk.get(f"{base(place)}/").text
    assert "Checked in" in board
    assert desk.post(undo_of(board)).status_code == 303
    assert fresh(stay).status == "confirmed"


def test_who_is_not_prepared_is_shown_what_is_missing(desk, app, place, today):
    stay = arriving(place, today, room=None)
    panel = desk.get(f"{at(place, stay)}/panel", headers={"HX-Request": "true", "HX-Target": "panel"}).text
    assert "No room is given yet." in panel
    room = db.session.get(Room, room_at(place.id, "101").unit_id)
    room.status = "dirty"
    db.session.commit()
    data = {"version": stay.version, "room": str(room.unit_id)}
    refused = desk.post(f"{at(place, stay)}/check-in", data=data)
    assert refused.status_code == 409
    assert "Room 101 is not made up." in refused.text
    assert desk.post(f"{at(place, stay)}/check-in", data={**data, "reason": "Guest waits"}).status_code == 409
    manager = browser(app, place, Role.MANAGER)
    assert manager.post(f"{at(place, stay)}/check-in", data={**data, "reason": "Guest waits"}).status_code == 303


def test_what_the_card_lacks_is_filled_in_beside_the_button(desk, place, today):
    """Scenario 16, through the page."""
    properties.amend(asset_id=place.id, actor=ACTOR, card_fields=["nationality", "document_number"])
    stay = arriving(place, today)
    refused = desk.post(f"{at(place, stay)}/check-in", data={"version": stay.version, "card_nationality": "Kenya"})
    assert refused.status_code == 422
    assert "The registration card lacks" in refused.text
    card = {"version": stay.version, "card_nationality": "Kenya", "card_document_number": "A1"}
    assert desk.post(f"{at(place, stay)}/check-in", data=card).status_code == 303
    assert db.session.get(GuestProfile, stay.guest_id).document_number == "A1"


def test_two_clerks_and_one_stay_the_second_is_told_who_was_quicker(app, desk, place, today):
    """Scenario 24, through the pages."""
    stay = arriving(place, today)
    seen = stay.version
    to = {number: str(room_at(place.id, number).unit_id) for number in ("102", "103")}
    ada = app.test_client()
    identity.sign_in(ada, identity.member(place, Role.FRONT_DESK, name="Ada Obi"))
    moved = {"version": seen, "room": to["102"], "price": "keep"}
    assert ada.post(f"{at(place, stay)}/move", data={**moved, "once": "a"}).status_code == 303
    late = desk.post(f"{at(place, stay)}/move", data={"version": seen, "room": to["103"], "price": "keep", "once": "b"})
    assert late.status_code == 409
    assert "Ada Obi moved this to 102" in late.text
    again = {"version": fresh(stay).version, "room": to["103"], "price": "keep", "once": "c"}
    assert desk.post(f"{at(place, stay)}/move", data=again).status_code == 303


def test_people_time_and_note_are_changed_and_who_is_late_is_told_by_whom(app, desk, place, today):
    stay = arriving(place, today)
    seen, agreed = stay.version, {"adults": "2", "children": "0", "eta_minute": "21:30", "note": "Cot, please"}
    asked = desk.get(f"{at(place, stay)}/amend").text
    assert 'name="adults"' in asked
    assert 'name="eta_minute"' in asked
    ada = app.test_client()
    identity.sign_in(ada, identity.member(place, Role.FRONT_DESK, name="Ada Obi"))
    assert ada.post(f"{at(place, stay)}/amend", data=agreed | {"version": seen, "once": "a"}).status_code == 303
    changed = fresh(stay)
    assert (changed.adults, changed.eta_minute, changed.note) == (2, 21 * 60 + 30, "Cot, please")
    late = desk.post(f"{at(place, stay)}/amend", data=agreed | {"version": seen, "once": "b", "note": "No cot"})
    assert late.status_code == 409
    assert "Ada Obi changed the people, the time or the note" in late.text
    assert "No cot" in late.text
    assert fresh(stay).note == "Cot, please"
    many = desk.post(f"{at(place, stay)}/amend", data=agreed | {"version": changed.version, "once": "c", "adults": "9"})
    assert many.status_code == 422


def test_a_night_more_shows_its_price_first_and_comes_once(desk, place, today):
    stay = arriving(place, today)
    shown = desk.get(f"{at(place, stay)}/dates?departure=%2B1").text
    assert "3 nights" in shown
    assert "+€" in shown
    data = {"version": stay.version, "arrival": str(stay.arrival), "departure": str(stay.departure + timedelta(days=1)),
            "once": "x", "room": "", "choice": ""}  # fmt: skip
    for _turn in range(2):
        assert desk.post(f"{at(place, stay)}/dates", data=data).status_code == 303
    assert fresh(stay).nights == 3


def test_who_has_the_room_next_is_in_the_way_and_a_way_out_is_offered(desk, place, today):
    """Scenario 13, through the page."""
    stay = arriving(place, today)
    other = hotel.stay(place, today + timedelta(days=2), today + timedelta(days=4), name="Next One")
    assigning.assign(asset_id=place.id, stay_id=other.id, room_id=room_at(place.id, "101").unit_id, actor=ACTOR)
    data = {"version": stay.version, "arrival": str(stay.arrival), "departure": str(stay.departure + timedelta(days=1)),
            "once": "x", "room": "", "choice": ""}  # fmt: skip
    refused = desk.post(f"{at(place, stay)}/dates", data=data)
    assert refused.status_code == 409
    assert "Next One" in refused.text
    assert desk.post(f"{at(place, stay)}/dates", data={**data, "once": "y", "choice": "move_next"}).status_code == 303
    assert fresh(stay).nights == 3


def test_a_stay_is_swapped_cancelled_and_taken_up_again(desk, place, today):
    one, other = arriving(place, today), arriving(place, today, room="102", name="Other")
    shown = desk.get(f"{at(place, one)}/swap?other={other.id}").text
    assert "102" in shown
    data = {"version": one.version, "other": str(other.id), "other_version": other.version, "once": "s"}
    assert desk.post(f"{at(place, one)}/swap", data=data).status_code == 303
    assert fresh(one).room_id == room_at(place.id, "102").unit_id
    assert "by its terms" in desk.get(f"{at(place, one)}/cancel").text
    data = {"version": fresh(one).version, "once": "c", "reason": "Flight missed"}
    assert desk.post(f"{at(place, one)}/cancel", data=data).status_code == 303
    assert fresh(one).status == "cancelled"
    assert desk.post(f"{at(place, one)}/reinstate").status_code == 303
    assert fresh(one).status == "confirmed"


def test_a_booking_shows_what_can_be_had_and_is_made_once(desk, place, today):
    page = desk.get(f"{base(place)}/book?arrival={today}&departure={today + timedelta(days=2)}&type=DBL&room=102").text
    assert "Double" in page
    offer = f"{room_type_at(place.id, 'DBL').id}:{plan_at(place.id, 'BAR').id}"
    data = {"once": "b", "arrival": str(today), "departure": str(today + timedelta(days=2)), "adults": "2",
            "children": "0", "rooms": "1", "code": "", "offer": offer, "name": "Ruth Abdi", "phone_number": "",
            "email": "", "source": "phone", "note": "", "room": "102", "reason": ""}  # fmt: skip
    for _turn in range(2):
        assert desk.post(f"{base(place)}/book", data=data).status_code == 303
    stays = db.session.query(Stay).filter_by(asset_id=place.id).all()
    assert [each.room_id for each in stays] == [room_at(place.id, "102").unit_id]
    listed = desk.get(f"{base(place)}/reservations?state=coming&q=ruth").text
    assert "Ruth Abdi" in listed
    assert "Ruth Abdi" in desk.get(f"{base(place)}/reservations.csv").text
    wrong = desk.post(f"{base(place)}/book", data={**data, "once": "d", "offer": "", "room": ""})
    assert wrong.status_code == 422
    assert "Choose one of the rooms" in wrong.text
    assert "Nothing can be had" in desk.get(f"{base(place)}/book/offers?arrival={today}&departure={today}").text


def test_a_full_type_is_sold_only_by_who_may_and_says_why(app, desk, place, today):
    for _room in range(3):
        arriving(place, today, room=None)
    offer = f"{room_type_at(place.id, 'DBL').id}:{plan_at(place.id, 'BAR').id}"
    data = {"once": "b", "arrival": str(today), "departure": str(today + timedelta(days=1)), "adults": "1",
            "children": "0", "rooms": "1", "code": "", "offer": offer, "name": "Ruth Abdi", "phone_number": "",
            "email": "", "source": "phone", "note": "", "room": "", "force": "y", "reason": "Regular"}  # fmt: skip
    assert "is full on" in desk.post(f"{base(place)}/book", data=data).text
    manager = browser(app, place, Role.MANAGER)
    assert "Write down why" in manager.post(f"{base(place)}/book", data={**data, "reason": ""}).text
    assert manager.post(f"{base(place)}/book", data=data).status_code == 303
    assert "oversold by 1" in desk.get(f"{base(place)}/").text


def test_a_walk_in_is_in_the_room_with_one_button(desk, place, today):
    offer = f"{room_type_at(place.id, 'SGL').id}:{plan_at(place.id, 'BAR').id}"
    data = {"once": "w", "name": "Juma Said", "phone_number": "", "nights": "1", "adults": "1", "offer": offer,
            "way": "later", "slip": "", "reason": ""}  # fmt: skip
    assert "Single" in desk.get(f"{base(place)}/walk-in").text
    assert desk.post(f"{base(place)}/walk-in", data=data).status_code == 303
    stay = db.session.query(Stay).filter_by(asset_id=place.id).one()
    assert (stay.status, stay.room_id is not None) == ("in_house", True)
    assert "Enter the guest" in desk.post(f"{base(place)}/walk-in", data={**data, "once": "v", "name": ""}).text


def test_a_guest_who_owes_nothing_leaves_by_one_click(desk, place, today):
    stay = arriving(place, today, plan=None, nights=1)
    desk.post(f"{at(place, stay)}/check-in", data={"version": stay.version})
    assert desk.post(f"{at(place, stay)}/check-out", data={"version": fresh(stay).version}).status_code == 303
    assert fresh(stay).status == "checked_out"


def test_the_chart_draws_rooms_and_bars_and_says_why_a_room_cannot_be_had(desk, place, today):
    stay, other = arriving(place, today), arriving(place, today, room="102", name="Other")
    page = desk.get(f"{base(place)}/chart").text
    for word in ('data-r="101"', 'role="grid"', "No room yet", "house use"):
        assert word in page
    assert desk.get(f"{base(place)}/chart?days=31&start=2026-13-01").status_code == 200
    free = desk.get(f"{base(place)}/chart/free?stay={stay.id}&shift=0").json
    assert free["103"] is None
    assert free["102"]
    assert free["201"] is None
    rows = desk.get(
        f"{base(place)}/chart/rows?stays={other.id}", headers={"HX-Request": "true", "HX-Target": "rows"}
    ).text
    assert 'data-r="102"' in rows
    assert 'data-r="103"' not in rows
    key = re.search(r'data-r="101".*?value="([^"]+)"', page, re.DOTALL).group(1)
    assert desk.get(f"{base(place)}/stays/{key}").status_code == 200
    assert desk.get(f"{base(place)}/chart/open?stay={key}").status_code == 303


def test_a_rooms_mark_goes_round(desk, place):
    for status in ("inspected", "dirty", "clean"):
        assert desk.post(f"{base(place)}/chart/rooms/101/clean").status_code == 303
        assert db.session.get(Room, room_at(place.id, "101").unit_id, populate_existing=True).status == status


def test_a_held_booking_is_confirmed_from_the_board(desk, place, today):
    booked = hotel.book(place, today, today + timedelta(days=1), hold_until=utcnow() + timedelta(minutes=10))
    assert "hold lapses" in desk.get(f"{base(place)}/").text
    assert desk.post(f"{base(place)}/reservations/{booked.id}/confirm").status_code == 303
    assert "Only held" not in desk.get(f"{base(place)}/reservations/{booked.number}").text


def test_another_hotels_stay_is_not_there_and_a_housekeeper_sees_no_money(app, desk, place, today):
    """Scenario 30, through the pages."""
    elsewhere = hotel.lag(today=today)
    theirs = hotel.stay(elsewhere, today, today + timedelta(days=1), type="STD")
    for path in (f"stays/{theirs.id}", f"stays/{theirs.id}/panel", f"stays/{theirs.id}/move", "stays/nothing-at-all"):
        assert desk.get(f"{base(place)}/{path}").status_code == 404
    mine = arriving(place, today)
    keeper = browser(app, place, Role.HOUSEKEEPER)
    for path in ("/", "/chart", f"/stays/{mine.id}"):
        assert "€" not in keeper.get(f"{base(place)}{path}").text
    assert keeper.post(f"{at(place, mine)}/check-in").status_code == 403
