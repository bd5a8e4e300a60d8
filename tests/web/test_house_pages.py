"""The house on a phone, lost and found, repairs, and the hotel's reports."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from portal.core.clock import local_date
from portal.reporting import downtime
from portal.shared.identity.models import Role
from portal.trades.hotel.models import HousekeepingTask, Room, StayStatus
from portal.trades.hotel.queries.inventory import room_at
from tests.factories import hotel
from tests.web.test_fleet_drivers import browser

TODAY = local_date("Europe/Berlin", datetime.now(UTC))
#: As the page asks for its rows anew.
PART = {"HX-Request": "true", "HX-Target": "rows"}
SOON = TODAY + timedelta(days=3)


@pytest.fixture
def place(session):
    return hotel.ber(today=TODAY)


@pytest.fixture
def maid(app, wired, place):
    """A housekeeper's phone."""
    return browser(app, place, Role.HOUSEKEEPER)


@pytest.fixture
def desk(app, wired, place):
    """A receptionist's browser."""
    return browser(app, place, Role.FRONT_DESK)


def base(place, path=""):
    return f"/frontdesk/{place.asset_number}/{path}"


def test_a_room_is_cleaned_by_two_big_buttons_and_taken_back(maid, place, session):
    room = room_at(place.id, "101")
    room.status = "dirty"
    session.commit()
    assert maid.post(base(place, "housekeeping/plan")).status_code == 303
    task = session.query(HousekeepingTask).one()
    for step, status in (("start", "cleaning"), ("finish", "clean"), ("reopen", "dirty")):
        assert maid.post(base(place, f"housekeeping/tasks/{task.id}/{step}")).status_code == 303
        assert session.get(Room, room.unit_id).status == status
    page = maid.get(base(place, "housekeeping?show=todo"), headers=PART).text
    assert "Departure clean" in page
    assert re.search(r"Room|101", page)
    assert maid.post(base(place, f"housekeeping/tasks/{task.id}/skip"), data={"reason": ""}).status_code == 422


def test_a_room_that_changed_meanwhile_is_refused_in_words(maid, place):
    room = room_at(place.id, "101")
    where = base(place, f"housekeeping/rooms/{room.unit_id}/dirty")
    assert maid.post(where, data={"version": "1"}).status_code == 303
    refused = maid.post(base(place, f"housekeeping/rooms/{room.unit_id}/inspected"), data={"version": "1"})
    assert refused.status_code == 409
    assert "Room 101 was changed meanwhile: it is dirty now" in refused.text


def test_a_phone_that_sends_by_itself_is_told_at_once(maid, place):
    room = room_at(place.id, "101")
    where = base(place, f"housekeeping/rooms/{room.unit_id}/dirty")
    told = maid.post(where, data={"version": "1"}, headers={"HX-Request": "true", "HX-Target": "toasts"})
    assert "Room 101 is dirty." in told.text
    assert "Undo" in told.text


def test_a_housekeeper_sees_rooms_and_no_rates(maid, place):
    assert maid.get(base(place, "housekeeping")).status_code == 200
    assert maid.get(base(place, "reports")).status_code == 403
    assert maid.get(base(place, "downtime")).status_code == 403


def test_the_work_is_shared_out_among_who_is_chosen(desk, maid, place, session):
    session.query(Room).filter_by(asset_id=place.id).update({"status": "dirty"})
    session.commit()
    desk.post(base(place, "housekeeping/plan"))
    form = desk.get(base(place, "housekeeping/share")).text
    person = re.search(r'name="people" type="checkbox" value="([^"]+)"', form) or re.search(
        r'type="checkbox"[^>]*value="([^"]+)"', form
    )
    assert desk.post(base(place, "housekeeping/share"), data={}).status_code == 422
    assert desk.post(base(place, "housekeeping/share"), data={"people": [person[1]]}).status_code == 303
    assert {str(task.assigned_to) for task in session.query(HousekeepingTask)} == {person[1]}


def test_a_found_thing_is_written_down_once_and_goes_back(desk, place):
    assert "leave behind" in desk.get(base(place, "housekeeping/lost")).text
    said = {"once": "a", "what": "Umbrella", "room": "", "found_on": TODAY.isoformat(), "kept_at": "Shelf 2"}
    for _turn in range(2):
        assert desk.post(base(place, "housekeeping/lost/new"), data=said).status_code == 303
    assert desk.get(base(place, "housekeeping/lost")).text.count("Umbrella") == 1
    gone = {"status": "returned", "outcome": "Posted to Ms Ade"}
    assert desk.post(base(place, "housekeeping/lost/1"), data=gone).status_code == 303
    assert "Posted to Ms Ade" in desk.get(base(place, "housekeeping/lost?status=returned")).text
    assert "Umbrella" in desk.get(base(place, "housekeeping/lost.csv")).text
    assert desk.post(base(place, "housekeeping/lost/9"), data=gone).status_code == 404


def test_what_is_broken_is_reported_from_the_room_and_mended(desk, place):
    room = room_at(place.id, "102")
    assert "Nothing is broken" in desk.get(base(place, "housekeeping/repairs")).text
    said = {"once": "b", "room": str(room.unit_id), "what": "The tap drips", "urgent": "y"}
    assert desk.post(base(place, "housekeeping/repairs/new"), data=said).status_code == 303
    assert "To mend" in desk.get(base(place, "housekeeping")).text
    assert desk.post(base(place, "housekeeping/repairs/1/begin")).status_code == 303
    assert desk.post(base(place, "housekeeping/repairs/1"), data={"outcome": "New seal"}).status_code == 303
    assert "New seal" in desk.get(base(place, "housekeeping/repairs?show=all")).text
    assert "102" in desk.get(base(place, "housekeeping/repairs.csv?show=all")).text


@pytest.mark.parametrize(
    "report",
    ["occupancy", "forecast", "pickup", "arrivals", "departures", "in_house", "tax", "deposits", "cancellations"],
)
def test_every_report_shows_how_it_counts_and_comes_as_a_file(desk, place, report):
    hotel.book(place, TODAY, SOON, name="Ada Obi")
    where = base(place, f"reports?report={report}")
    assert "How is this counted?" in desk.get(where, headers=PART).text
    page = desk.get(where)
    assert page.status_code == 200
    assert "How is this counted?" in page.text
    sheet = desk.get(base(place, f"reports.csv?report={report}"))
    assert sheet.mimetype == "text/csv"
    if report == "arrivals":
        assert "Ada Obi" in sheet.text


def test_a_report_asks_little_of_the_database(desk, place, count_queries):
    hotel.book(place, TODAY, SOON, rooms=2)
    desk.get(base(place, "reports"))
    with count_queries() as sent:
        desk.get(base(place, "reports"))
    assert len(sent) <= 9, sent
    with count_queries() as sent:
        desk.get(base(place, "housekeeping"))
    assert len(sent) <= 9, sent


def test_the_downtime_pack_holds_the_house_and_needs_nothing_else(desk, place, session, tmp_path):
    stay = hotel.stay(place, TODAY, SOON, name="Ada <Obi>")
    stay.room_id, stay.status = room_at(place.id, "101").unit_id, StayStatus.IN_HOUSE
    hotel.book(place, TODAY, SOON, name="Ben Eze")
    session.commit()
    shown = desk.get(base(place, "downtime"))
    for word in ("Ada &lt;Obi&gt;", "Ben Eze", "103", "Registration card"):
        assert word in shown.text
    assert "src=" not in shown.text
    assert "href=" not in shown.text
    downtime.connect(folder=tmp_path)
    assert downtime.write_packs() == 1
    assert downtime.write_packs() == 0
    kept = tmp_path / f"{place.asset_number}.html"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "Ada &lt;Obi&gt;" in kept.read_text()
