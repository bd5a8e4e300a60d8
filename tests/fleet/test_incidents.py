"""The incident log: who drove and where it was are known, notes stay as written, odd findings report themselves."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.devices.models import AssetEvent, Severity
from portal.shared.devices.services import alerts
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.incident_queries import (
    WantedIncidents,
    checks_of_unit,
    find_incident_of_alert,
    get_incident,
    incident_figures,
    incidents_of,
    notes_of,
)
from portal.trades.fleet.models import RejectedFix
from portal.trades.fleet.services import assignments, checks, incidents
from tests.factories import assets, fleet
from tests.factories.assets import ACTOR

HOUR = timedelta(hours=1)


@pytest.fixture
def place(session):
    return fleet.place()


@pytest.fixture
def car(place):
    return assets.vehicle(place)


def said(unit, value, at):
    event = AssetEvent(unit_id=unit.id, asset_id=unit.asset_id, kind="location", value=value, at=at)
    db.session.add(event)
    db.session.commit()
    return event


def give(unit, driver, since):
    assignments.assign(asset_id=unit.asset_id, unit_id=unit.id, driver_id=driver.id, starts_at=since, actor=ACTOR)


def test_who_drove_and_where_it_was_are_looked_up(place, car):
    driver, now = fleet.driver(place), utcnow()
    give(car, driver, now - 5 * HOUR)
    said(car, "6.4281,3.4219", now - 2 * HOUR)
    said(car, "6.5,3.5", now - HOUR / 2)
    unbelieved = said(car, "0,0", now - 2 * HOUR + HOUR / 4)
    db.session.add(RejectedFix(event_id=unbelieved.id, unit_id=car.id, asset_id=place.id, at=unbelieved.at,
                               reason="no_fix", decided_at=now))  # fmt: skip
    db.session.commit()
    made = fleet.incident(car, happened_at=now - 1.5 * HOUR)
    assert (made.driver_id, made.latitude_e7, made.longitude_e7) == (driver.id, 64_281_000, 34_219_000)
    early = fleet.incident(car, happened_at=now - 6 * HOUR)
    assert (early.driver_id, early.latitude_e7) == (None, None)


def test_what_somebody_says_counts_more_than_what_is_looked_up(place, car):
    give(car, fleet.driver(place), utcnow() - HOUR)
    other = fleet.driver(place, "Ben")
    made = fleet.incident(car, driver_id=other.id, position=(10, 20), place="Third Mainland Bridge")
    assert (made.driver_id, made.latitude_e7, made.place) == (other.id, 10, "Third Mainland Bridge")


def test_incidents_have_numbers_of_the_place_and_are_of_its_vehicles_and_drivers(place, car):
    other = fleet.place()
    assert [fleet.incident(car).number for _turn in range(2)] == [1, 2]
    with pytest.raises(errors.NotAVehicle):
        incidents.report(asset_id=other.id, unit_id=car.id, kind="theft", severity="severe", happened_at=utcnow(),
                         description="Gone", actor=ACTOR)  # fmt: skip
    with pytest.raises(errors.NoSuchDriver):
        fleet.incident(car, driver_id=fleet.driver(other).id)
    assert fleet.incident(car).number == 3
    with pytest.raises(errors.NoSuchIncident):
        get_incident(other.id, 1)


def test_what_is_reported_has_happened(car):
    with pytest.raises(errors.InTheFuture, match="still to come"):
        fleet.incident(car, happened_at=utcnow() + HOUR)
    assert fleet.incident(car, happened_at=utcnow() + timedelta(minutes=1)).number == 1


def test_notes_are_added_and_never_changed(car):
    made = fleet.incident(car)
    incidents.add_note(incident_id=made.id, words="Insurer told", actor=ACTOR)
    incidents.close(incident_id=made.id, actor=ACTOR)
    note = incidents.add_note(incident_id=made.id, words="Paid out", actor=ACTOR)
    assert [each.words for each in notes_of(made.id)] == ["Insurer told", "Paid out"]
    note.words = "Never paid"
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.commit()
    db.session.rollback()


def test_a_closed_incident_is_opened_to_be_changed(car):
    made = fleet.incident(car)
    incidents.close(incident_id=made.id, actor=ACTOR)
    facts = {"incident_id": made.id, "kind": "damage", "severity": "serious", "happened_at": made.happened_at,
             "description": "Gate and lamp", "cost": 45_000_00, "actor": ACTOR}  # fmt: skip
    with pytest.raises(errors.WrongIncidentStatus, match="Open it again"):
        incidents.amend(**facts)
    with pytest.raises(errors.WrongIncidentStatus, match="closed already"):
        incidents.close(incident_id=made.id, actor=ACTOR)
    incidents.reopen(incident_id=made.id, actor=ACTOR)
    with pytest.raises(errors.WrongIncidentStatus, match="open already"):
        incidents.reopen(incident_id=made.id, actor=ACTOR)
    assert incidents.amend(**facts).cost == 45_000_00


def test_the_log_is_counted_and_found_by_its_words(place, car):
    fleet.incident(car, cost=100, injured=2, description="Hit a goat")
    closed = fleet.incident(car, kind="theft", severity="severe", police_reference="KJA/7", cost=50)
    incidents.close(incident_id=closed.id, actor=ACTOR)
    figures = incident_figures(place.id, WantedIncidents())
    assert figures == {"all": 2, "open": 1, "injured": 2, "cost": 150}
    for changes, number in (
        ({"search": "goat"}, 1),
        ({"search": "kja/7"}, 1),
        ({"search": "%"}, 0),
        ({"search": car.number}, 2),
        ({"kind": "theft"}, 1),
        ({"status": "open"}, 1),
        ({"severity": "minor"}, 1),
        ({"since": utcnow() + HOUR}, 0),
    ):
        assert len(incidents_of(place.id, WantedIncidents(**changes)).items) == number, changes


def test_an_incident_raised_from_an_alert_leads_back_to_it(place, car):
    alert = alerts.raise_alert(asset_id=place.id, unit_id=car.id, kind="tampering", key=f"tampering:{car.id}",
                               severity=Severity.CRITICAL, facts={})  # fmt: skip
    made = fleet.incident(car, kind="tampering", alert_id=alert)
    assert find_incident_of_alert(alert).id == made.id
    elsewhere = fleet.incident(assets.vehicle(fleet.place()), alert_id=alert)
    assert elsewhere.alert_id is None


def test_a_look_round_with_everything_in_order_reports_nothing(place, car):
    driver = fleet.driver(place)
    give(car, driver, utcnow() - HOUR)
    made = checks.check(driver=driver, in_order=dict.fromkeys(checks.ITEMS, True), actor=ACTOR)
    assert (made.incident_id, made.unit_id) == (None, car.id)
    assert incidents_of(place.id, WantedIncidents()).items == []


@pytest.mark.parametrize(("odd", "severity"), [("papers", "minor"), ("brakes", "serious")])
def test_what_is_not_in_order_becomes_an_incident(place, car, odd, severity):
    driver = fleet.driver(place)
    give(car, driver, utcnow() - HOUR)
    found = dict.fromkeys(checks.ITEMS, True) | {odd: False}
    made = checks.check(driver=driver, in_order=found, note="Since this morning", actor=ACTOR)
    (incident,) = incidents_of(place.id, WantedIncidents()).items
    assert (incident.severity, incident.driver_id, incident.id) == (severity, driver.id, made.incident_id)
    assert incident.description.endswith("Since this morning")
    assert str(checks.ITEMS[odd]) in incident.description
    assert [each.id for each in checks_of_unit(car.id)] == [made.id]


def test_without_a_vehicle_there_is_nothing_to_look_round(place):
    with pytest.raises(errors.NoVehicleNow, match="no vehicle at the moment"):
        checks.check(driver=fleet.driver(place), in_order={}, actor=ACTOR)
