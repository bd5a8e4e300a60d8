"""The drivers' pages: who sees and changes what, what is refused at its field, a hand-over with its way back."""

import re
from datetime import timedelta

import pytest

from portal.core.clock import local_date, utcnow
from portal.shared.identity.models import Role
from portal.trades.fleet.driver_queries import assignments_of_unit, drivers_now, get_driver
from portal.trades.fleet.services import assignments
from tests.factories import assets, fleet, identity
from tests.factories.assets import ACTOR
from tests.web.conftest import browser


def base(place):
    return f"/fleet/{place.asset_number}/drivers"


def filled(**changes):
    return {
        "once": "one", "name": "Bola Ade", "phone_number": "0803 123 4567", "licence_number": "LAG1",
        "licence_classes": "b ce", "licence_expires_on": "2040-01-31", "user_id": "", "note": "", **changes,
    }  # fmt: skip


def test_an_empty_list_teaches_what_drivers_are_for(desk, place):
    shown = desk.get(base(place)).text
    assert "No drivers yet" in shown
    assert "Take a driver on" in shown
    assert "No driver fits these filters" in desk.get(f"{base(place)}?state=away").text
    assert "No vehicles yet" in desk.get(f"{base(place)}/vehicles").text


def test_a_driver_is_taken_on_once_however_often_the_button_is_pressed(desk, place):
    for _turn in range(2):
        assert desk.post(f"{base(place)}/new", data=filled()).status_code == 303
    assert "Bola Ade drives here now" in desk.get(base(place)).text
    assert desk.get(base(place)).text.count("Bola Ade") == 1
    assert (get_driver(place.id, 1).phone, get_driver(place.id, 1).licence_classes) == ("+2348031234567", "B, CE")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "Enter the name."),
        ({"licence_expires_on": "2031-02-30"}, "There is no such date: 2031-02-30."),
        ({"licence_expires_on": ""}, "Enter the last day of the licence."),
        ({"phone_number": "12"}, "phone number"),
        ({"user_id": "not-a-person"}, "Choose one from the list."),
        ({"licence_number": "TAKEN"}, "Another driver here has this licence number."),
        ({"note": "x" * 501}, "500"),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_field(desk, place, change, sentence):
    fleet.driver(place, licence_number="TAKEN")
    refused = desk.post(f"{base(place)}/new", data=filled(**change))
    assert (refused.status_code, sentence in refused.text) == (422, True), refused.text
    assert "LAG1" in refused.text or "TAKEN" in refused.text  # what was typed is still there


def test_an_account_is_offered_only_of_drivers_of_this_place(desk, place):
    driver, manager = (identity.member(place, role, name=f"The {role}") for role in (Role.DRIVER, Role.MANAGER))
    shown = desk.get(f"{base(place)}/new").text
    assert str(driver.id) in shown
    assert str(manager.id) not in shown
    assert desk.post(f"{base(place)}/new", data=filled(user_id=str(driver.id))).status_code == 303
    assert get_driver(place.id, 1).user_id == driver.id
    kept = desk.get(f"{base(place)}/1/amend").text
    assert re.search(rf'<option selected value="{driver.id}"', kept)


def test_a_licence_shows_how_near_its_end_is_and_is_renewed(desk, place):
    car = assets.vehicle(place)
    fleet.driver(place, "Ada", licence_days=-3)
    fleet.driver(place, "Ben", licence_days=9)
    fleet.driver(place, "Cleo")
    renew = desk.get(f"{base(place)}?state=licence").text
    assert ("Ada" in renew, "Ben" in renew, "Cleo" in renew) == (True, True, False)
    assert "The licence ran out on" in desk.get(f"{base(place)}/1").text
    assert "Give a vehicle" not in desk.get(f"{base(place)}/1").text
    assert "The licence runs out on" in desk.get(f"{base(place)}/2").text
    given = {"assign-unit": str(car.id)}
    refused = desk.post(f"{base(place)}/1/assign", data=given)
    assert (refused.status_code, "Write down the renewed licence first" in refused.text) == (422, True)
    ada = get_driver(place.id, 1)
    again = filled(name="Ada", licence_number=ada.licence_number, licence_expires_on="2041-01-31")
    assert desk.post(f"{base(place)}/1/amend", data=again).status_code == 303
    assert desk.post(f"{base(place)}/1/assign", data=given).status_code == 303
    assert car.number in desk.get(f"{base(place)}/1").text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"assign-unit": ""}, "Choose one from the list."),
        ({"assign-starts_at": "2031-02-30T10:00"}, "There is no such moment"),
        ({"assign-starts_at": "2039-01-02T10:00", "assign-ends_at": "2039-01-02T09:00"}, "The end must be after"),
        ({"assign-ends_at": "1999-01-01T00:00"}, "The end must be after"),
    ],
)
def test_a_vehicle_is_given_for_a_time_that_makes_sense(desk, place, given, sentence):
    car = assets.vehicle(place)
    fleet.driver(place, licence_days=9999)
    refused = desk.post(f"{base(place)}/1/assign", data={"assign-unit": str(car.id), **given})
    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert assignments_of_unit(car.id) == []


def test_moments_are_meant_on_the_clock_of_the_place(desk, place):
    car = assets.vehicle(place)
    fleet.driver(place, licence_days=9999)
    given = {"assign-unit": str(car.id), "assign-starts_at": "2031-03-01T08:00", "assign-ends_at": "2031-03-01T18:00"}
    assert desk.post(f"{base(place)}/1/assign", data=given).status_code == 303
    assert assignments_of_unit(car.id)[0].starts_at.isoformat().startswith("2031-03-01T07:00")  # Lagos
    assert "Take away" in desk.get(f"{base(place)}/1").text
    ended = desk.post(f"{base(place)}/assignments/{assignments_of_unit(car.id)[0].id}/end", data={"to": "1"})
    assert (ended.status_code, ended.location.endswith("/drivers/1")) == (303, True)
    assert assignments_of_unit(car.id) == []


def test_a_vehicle_is_handed_over_and_back_by_the_button_that_follows(desk, place):
    car, ada, ben = assets.vehicle(place), fleet.driver(place, "Ada"), fleet.driver(place, "Ben")
    assignments.assign(asset_id=place.id, unit_id=car.id, driver_id=ada.id, actor=ACTOR,
                       starts_at=utcnow() - timedelta(hours=1))  # fmt: skip
    hand = f"{base(place)}/vehicles/{car.number}/hand-over"
    assert desk.post(hand, data={"driver": str(ben.id)}).status_code == 303
    shown = desk.get(f"{base(place)}/vehicles").text
    assert "is handed over" in shown
    undo = re.search(r'action="([^"]+take-back)".*?name="assignment" value="([^"]+)"', shown, re.DOTALL)
    assert desk.post(undo[1], data={"assignment": undo[2]}).status_code == 303
    assert drivers_now([car.id], utcnow())[car.id][1].name == "Ada"
    for wrong, sentence in (("", "Choose one from the list."), (str(ada.id), "has Vehicle")):
        refused = desk.post(hand, data={"driver": wrong})
        assert (refused.status_code, sentence in refused.text) == (422, True)
    assert desk.post(undo[1], data={"assignment": "x"}).status_code == 422
    assert desk.post(undo[1], data={}).status_code == 422


def test_with_very_many_vehicles_the_box_opens_where_it_is_asked_for(desk, place, monkeypatch):
    monkeypatch.setattr("portal.web.fleet.drivers.MOST_CHOICES", 1)
    cars, ben = [assets.vehicle(place) for _n in range(3)], fleet.driver(place, "Ben")
    wheel = f"{base(place)}/vehicles"
    shown = desk.get(wheel).text
    assert "<select" not in re.search(r'id="rows".*</table>', shown, re.DOTALL)[0]
    assert f"?vehicle={cars[1].number}#" in shown
    assert desk.get(f"{wheel}?vehicle={cars[1].number}").text.count('name="driver"') == 1
    refused = desk.post(f"{wheel}/{cars[2].number}/hand-over", data={"driver": ""})
    assert (refused.status_code, refused.text.count('name="driver"')) == (422, 1)
    assert desk.post(f"{wheel}/{cars[2].number}/hand-over", data={"driver": str(ben.id)}).status_code == 303


def test_away_and_back_with_undo_and_gone_without(desk, place):
    fleet.driver(place)
    assert desk.post(f"{base(place)}/1/status", data={"status": "away"}).status_code == 303
    assert "Undo" in desk.get(f"{base(place)}/1").text
    assert desk.post(f"{base(place)}/1/status", data={"status": "left"}).status_code == 303
    assert "Undo" not in desk.get(f"{base(place)}/1").text
    assert "Bola" not in desk.get(base(place)).text
    assert "Bola" in desk.get(f"{base(place)}?state=left").text
    assert desk.post(f"{base(place)}/1/status", data={"status": "on the moon"}).status_code == 422


def test_a_viewer_looks_and_a_driver_does_not(app, wired, place):
    fleet.driver(place)
    viewer, driver = browser(app, place, Role.VIEWER), browser(app, place, Role.DRIVER)
    for path in ("", "/1", "/vehicles", ".csv"):
        assert viewer.get(f"{base(place)}{path}").status_code == 200
        assert driver.get(f"{base(place)}{path}").status_code == 403
    assert "Take a driver on" not in viewer.get(base(place)).text
    assert "Hand over to" not in viewer.get(f"{base(place)}/vehicles").text
    for path in ("/new", "/1/amend", "/1/status", "/1/assign", "/take-back"):
        assert viewer.post(f"{base(place)}{path}", data={}).status_code == 403


def test_another_places_drivers_and_assignments_are_not_there(app, wired, desk, place):
    other = fleet.place()
    car, driver = assets.vehicle(other), fleet.driver(other)
    made = assignments.assign(asset_id=other.id, unit_id=car.id, driver_id=driver.id, actor=ACTOR)
    assert desk.get(base(other)).status_code == 404
    assert desk.get(f"{base(place)}/1").status_code == 404
    assert desk.post(f"{base(place)}/assignments/{made.id}/end").status_code == 404
    assert desk.post(f"{base(place)}/vehicles/{car.number}/hand-over", data={"driver": "x"}).status_code == 404
    assert desk.get(f"{base(place)}/99999999999999999999").status_code == 404
    assert drivers_now([car.id], utcnow())


def test_the_list_is_a_sheet_too(desk, place):
    fleet.driver(place, "=cmd()", licence_number="L9")
    sheet = desk.get(f"{base(place)}.csv")
    assert sheet.mimetype == "text/csv"
    assert f'1,\'=cmd(),,active,L9,"B, CE",{local_date(place.timezone) + timedelta(days=400)}' in sheet.text


@pytest.mark.parametrize("asked", ["q=%00", "q=%25", "state=zzz", "cursor=zzz", f"q={'x' * 500}"])
def test_a_strange_address_is_answered(desk, place, asked):
    assert desk.get(f"{base(place)}?{asked}").status_code in (200, 400, 422)
