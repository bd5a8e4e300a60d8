"""The driver's own desk: my vehicle and nobody else's, the look round, and what went wrong."""

from datetime import timedelta

import pytest

from portal.core.clock import local_date, utcnow
from portal.core.db import db
from portal.shared.identity.models import Role
from portal.trades.fleet.incident_queries import WantedIncidents, checks_of_unit, incidents_of
from portal.trades.fleet.models import Trip
from portal.trades.fleet.services import assignments
from portal.trades.fleet.services.checks import ITEMS
from tests.factories import assets, fleet, identity
from tests.factories.assets import ACTOR
from tests.web.test_fleet_drivers import browser


@pytest.fixture(params=["fleet", "depot"])
def place(session, request):
    return fleet.place(request.param)


@pytest.fixture
def car(place):
    return assets.vehicle(place, number="KUDU-7")


@pytest.fixture
def person(place):
    return identity.member(place, Role.DRIVER, name="Ngozi")


@pytest.fixture
def phone(app, wired, person):
    """The driver's browser."""
    client = app.test_client()
    identity.sign_in(client, person)
    return client


@pytest.fixture
def driver(place, person):
    return fleet.driver(place, "Ngozi", user_id=person.id)


def base(place, path=""):
    return f"/driving/{place.asset_number}/{path}"


def give(car, driver, **changes):
    return assignments.assign(
        asset_id=car.asset_id, unit_id=car.id, driver_id=driver.id, actor=ACTOR,
        **{"starts_at": utcnow() - timedelta(hours=1), **changes},
    )  # fmt: skip


def looked(**changes):
    return {"once": "one", "note": "", **dict.fromkeys(ITEMS, "good"), **changes}


def test_who_is_no_driver_here_is_told_so(phone, place, car):
    shown = phone.get(base(place)).text
    assert "You are not written down as a driver here" in shown
    assert "No trips yet" in phone.get(base(place, "trips")).text
    for path in ("check", "report"):
        assert "You have no vehicle just now" in phone.get(base(place, path)).text
        assert phone.post(base(place, path), data={}).status_code == 409


def test_my_vehicle_is_there_as_long_as_i_have_it(phone, place, car, driver):
    assert "You have no vehicle just now" in phone.get(base(place)).text
    made = give(car, driver)
    fleet.plan(car, every_days=30, last_done_on=local_date(place.timezone, utcnow()) - timedelta(days=40))
    shown = phone.get(base(place)).text
    assert "KUDU-7" in shown
    assert "10 days over" in shown
    assert "My vehicle" in shown
    assignments.end(asset_id=place.id, assignment_id=made.id, actor=ACTOR)
    assert "KUDU-7" not in phone.get(base(place)).text


def test_a_look_round_with_everything_in_order_is_kept(phone, place, car, driver):
    give(car, driver)
    for _turn in range(2):
        assert phone.post(base(place, "check"), data=looked()).status_code == 303
    assert len(checks_of_unit(car.id)) == 1
    assert "Looked round today: all in order" in phone.get(base(place)).text
    assert incidents_of(place.id, WantedIncidents()).items == []


def test_what_is_not_in_order_reaches_the_office(phone, app, wired, place, car, driver):
    give(car, driver)
    assert phone.post(base(place, "check"), data=looked(brakes="odd", note="Soft pedal")).status_code == 303
    shown = phone.get(base(place)).text
    assert "The office has been told" in shown
    assert "not all in order" in shown
    office = browser(app, place, Role.DISPATCHER).get(f"/fleet/{place.asset_number}/incidents/1").text
    assert "Brakes" in office
    assert "Soft pedal" in office
    assert "Ngozi" in office


@pytest.mark.parametrize(("change", "sentence"), [({"tyres": ""}, "Choose one"), ({"tyres": "flat"}, "Choose one"),
                                                  ({"note": "x" * 501}, "500")])  # fmt: skip
def test_nothing_is_passed_over(phone, place, car, driver, change, sentence):
    give(car, driver)
    refused = phone.post(base(place, "check"), data=looked(**change))
    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert checks_of_unit(car.id) == []


def test_a_driver_reports_what_went_wrong(phone, place, car, driver):
    give(car, driver)
    sent = {"once": "one", "kind": "breakdown", "severity": "serious", "happened_at": "2026-11-29T10:00",
            "place": "Ikorodu Road", "description": "Engine stopped", "injured": "0", "third_party": ""}  # fmt: skip
    for _turn in range(2):
        assert phone.post(base(place, "report"), data=sent).status_code == 303
    (made,) = incidents_of(place.id, WantedIncidents()).items
    assert (made.unit_id, made.driver_id, made.reported_by) == (car.id, driver.id, "Ngozi")
    assert "Engine stopped" in phone.get(base(place)).text
    refused = phone.post(base(place, "report"), data={**sent, "once": "two", "happened_at": "2999-01-01T10:00"})
    assert (refused.status_code, "still to come" in refused.text) == (422, True)


def test_only_my_own_is_shown(phone, place, car, driver):
    other = fleet.driver(place, "Somebody else")
    give(car, other)
    fleet.incident(car, description="Not mine")
    db.session.add(Trip(unit_id=car.id, asset_id=place.id, started_at=utcnow(), start_latitude_e7=0, driver_id=other.id,
                        start_longitude_e7=0, end_latitude_e7=0, end_longitude_e7=0, distance_mm=1, moving_seconds=1,
                        top_speed_kmh_milli=1, decided_at=utcnow()))  # fmt: skip
    db.session.commit()
    for path in ("", "trips", "check", "report"):
        shown = phone.get(base(place, path)).text
        assert "KUDU-7" not in shown
        assert "Not mine" not in shown


def test_who_opens_the_drivers_desk(app, wired, place, phone):
    assert phone.get(f"/fleet/{place.asset_number}/").status_code == 403
    assert phone.get(base(fleet.place())).status_code == 404
    assert f'href="{base(place)}"' in phone.get(f"/home/{place.asset_number}/").text
    dispatcher = browser(app, place, Role.DISPATCHER)
    assert dispatcher.get(base(place)).status_code == 403
    owner = browser(app, place, Role.OWNER)
    assert owner.get(base(place)).status_code == 200
    assert f'href="{base(place)}"' not in owner.get(f"/home/{place.asset_number}/").text
