"""The incident log's pages: reported from a vehicle or an alert, added to, closed and opened again."""

import re
from datetime import timedelta

import pytest

from portal.core.clock import utcnow
from portal.shared.devices.models import Severity
from portal.shared.devices.services import alerts
from portal.shared.identity.models import Role
from portal.trades.fleet.incident_queries import get_incident, notes_of
from portal.trades.fleet.services import incidents
from tests.factories import assets, fleet
from tests.factories.assets import ACTOR
from tests.web.conftest import browser


def base(place, path=""):
    return f"/fleet/{place.asset_number}/incidents{path}"


def reported(car, **changes):
    return {"once": "one", "unit": str(car.id), "driver": "", "kind": "accident", "severity": "serious",
            "happened_at": "2026-03-01T14:30", "place": "Third Mainland Bridge", "position": "6.5, 3.4",
            "description": "Touched a bus", "third_party": "", "injured": "1", "police_reference": "KJA/7",
            "cost": "45,000", "alert": "", **changes}  # fmt: skip


def test_an_empty_log_teaches(desk, place):
    assert "No incidents yet" in desk.get(base(place)).text
    assert "No incident fits these filters" in desk.get(base(place, "?status=closed")).text


def test_an_incident_is_reported_once_and_shown(desk, place, car):
    for _turn in range(2):
        assert desk.post(base(place, "/new"), data=reported(car)).status_code == 303
    made = get_incident(place.id, 1)
    assert made.happened_at.isoformat().startswith("2026-03-01T13:30")
    assert (made.latitude_e7, made.longitude_e7, made.cost) == (65_000_000, 34_000_000, 4_500_000)
    shown = desk.get(base(place, "/1")).text
    for word in ("Touched a bus", "KJA/7", "6.500000, 3.400000", "₦45,000.00", car.number):
        assert word in shown
    assert desk.get(base(place, "/2")).status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"unit": ""}, "Choose one from the list."),
        ({"kind": "meteor"}, "Choose one from the list."),
        ({"happened_at": "2026-02-30T10:00"}, "There is no such moment"),
        ({"happened_at": "2999-01-01T10:00"}, "still to come"),
        ({"position": "91, 3"}, "the latitude first, up to 90"),
        ({"position": "here"}, "latitude"),
        ({"injured": "-1"}, "people hurt"),
        ({"description": ""}, "Enter the what exactly."),
        ({"cost": "1.234"}, "cost"),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_field(desk, place, car, change, sentence):
    refused = desk.post(base(place, "/new"), data=reported(car, **change))
    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert "No incidents yet" in desk.get(base(place)).text


def test_the_form_comes_filled_in_from_a_vehicle_or_an_alert(desk, place, car):
    assert re.search(rf'selected value="{car.id}"', desk.get(base(place, f"/new?vehicle={car.number}")).text)
    at = utcnow() - timedelta(days=2)
    alert = alerts.raise_alert(asset_id=place.id, unit_id=car.id, kind="tampering", key=f"tampering:{car.id}",
                               severity=Severity.CRITICAL, facts={}, happened_at=at)  # fmt: skip
    filled = desk.get(base(place, f"/new?alert={alert}")).text
    assert re.search(rf'selected value="{car.id}"', filled)
    assert re.search('selected value="tampering"', filled)
    assert desk.post(base(place, "/new"), data=reported(car, alert=str(alert))).status_code == 303
    assert get_incident(place.id, 1).alert_id == alert
    for strange in ("alert=x", "alert=00000000-0000-0000-0000-000000000000", "vehicle=%00", "vehicle=none"):
        assert desk.get(base(place, f"/new?{strange}")).status_code in (200, 400)


def test_notes_closing_and_opening_again(desk, place, car):
    fleet.incident(car)
    note = {"note-once": "a", "note-words": "Insurer told\nby phone"}
    for _turn in range(2):
        assert desk.post(base(place, "/1/note"), data=note).status_code == 303
    assert [each.words for each in notes_of(get_incident(place.id, 1).id)] == ["Insurer told\nby phone"]
    assert desk.post(base(place, "/1/note"), data={"note-words": " "}).status_code == 422
    assert desk.post(base(place, "/1/close")).status_code == 303
    shown = desk.get(base(place, "/1")).text
    assert "Open again" in shown
    assert "Undo" in shown
    assert desk.post(base(place, "/1/close")).status_code == 409
    assert desk.post(base(place, "/1/amend"), data=reported(car)).status_code == 422
    assert desk.post(base(place, "/1/reopen")).status_code == 303
    assert desk.post(base(place, "/1/amend"), data=reported(car, severity="severe")).status_code == 303
    assert get_incident(place.id, 1).severity == "severe"


def test_the_list_is_filtered_and_a_sheet_too(desk, place, car):
    fleet.incident(car, description="Hit a goat")
    closed = fleet.incident(car, kind="theft", severity="severe", police_reference="=1+1")
    incidents.close(incident_id=closed.id, actor=ACTOR)
    assert "Hit a goat" in desk.get(base(place, "?status=open&kind=accident&days=7&q=goat")).text
    assert "Hit a goat" not in desk.get(base(place, "?kind=theft")).text
    assert "Hit a goat" in desk.get(base(place, "?kind=zzz&status=yyy&days=x")).text
    sheet = desk.get(base(place, ".csv?kind=theft"))
    assert (sheet.mimetype, "'=1+1" in sheet.text, "goat" in sheet.text) == ("text/csv", True, False)


def test_who_looks_and_who_writes(app, wired, place, car):
    fleet.incident(car)
    viewer, driver = browser(app, place, Role.VIEWER), browser(app, place, Role.DRIVER)
    for path in ("", "/1", ".csv"):
        assert viewer.get(base(place, path)).status_code == 200
        assert driver.get(base(place, path)).status_code == 403
    assert "Add the note" not in viewer.get(base(place, "/1")).text
    for path in ("/new", "/1/amend", "/1/note", "/1/close", "/1/reopen"):
        assert viewer.post(base(place, path), data={}).status_code == 403


def test_another_places_incidents_are_not_there(desk, place):
    theirs = assets.vehicle(fleet.place())
    fleet.incident(theirs)
    assert desk.get(base(place, "/1")).status_code == 404
    for path in ("/1/close", "/1/note", "/1/amend"):
        assert desk.post(base(place, path), data={}).status_code == 404
    assert desk.post(base(place, "/new"), data=reported(theirs)).status_code == 422
