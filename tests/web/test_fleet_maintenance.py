"""The maintenance pages: what is due, plans for one vehicle or many, and work orders with their steps and paper."""

import re
from datetime import timedelta

import pytest

from portal.core.clock import local_date
from portal.core.db import db
from portal.shared.access.services import grants
from portal.shared.assets.queries import unit_of
from portal.shared.identity.models import Role
from portal.trades.fleet.maintenance_queries import get_order, lines_of, plans_of_unit, standing_of, templates_of
from portal.trades.fleet.models import VehicleState
from portal.trades.fleet.services import drivers, maintenance
from tests.factories import assets, fleet
from tests.factories.assets import ACTOR
from tests.web.conftest import browser


@pytest.fixture
def desk(app, wired, place):
    """A manager's browser."""
    return browser(app, place, Role.MANAGER)


def base(place, path=""):
    return f"/fleet/{place.asset_number}/maintenance{path}"


def drive(unit, km):
    db.session.add(VehicleState(unit_id=unit.id, asset_id=unit.asset_id, counted_mm=km * 1_000_000))
    db.session.commit()


def planned(**changes):
    return {"once": "one", "unit": "", "name": "Oil and filters", "every_km": "10,000", "every_hours": "",
            "every_days": "", "soon_km": "500", "soon_hours": "25", "soon_days": "14", "last_done_on": "",
            "last_done_km": "", "last_done_hours": "", **changes}  # fmt: skip


def test_empty_pages_teach(desk, place):
    assert "Nothing is planned yet" in desk.get(base(place)).text
    assert "No plan fits these filters" in desk.get(base(place, "?state=over")).text
    assert "No work orders yet" in desk.get(base(place, "/orders")).text


def test_work_is_planned_for_a_vehicle_and_stands_in_the_order_of_its_urgency(desk, place, car):
    drive(car, 9_800)
    for changes in ({"last_done_km": "0"}, {"once": "two", "name": "Inspection", "every_km": "", "every_days": "365"}):
        sent = planned(unit=str(car.id), **({"every_km": "10000"} | changes))
        assert desk.post(base(place, "/new"), data=sent).status_code == 303
    shown = desk.get(base(place)).text
    assert "in 200 km" in shown
    assert shown.index("Oil and filters") < shown.index("Inspection")
    assert "Inspection" not in desk.get(base(place, "?state=soon")).text
    assert "Inspection" in desk.get(base(place, "?state=zzz&q=inspec")).text
    sheet = desk.get(base(place, ".csv"))
    assert f"{car.number},KJA 123 AB,Oil and filters,soon,in 200 km,10000," in sheet.text


def test_of_very_many_plans_the_most_urgent_are_shown_and_the_rest_when_asked(desk, place, car, monkeypatch):
    monkeypatch.setattr("portal.web.fleet.maintenance.MOST_ROWS", 1)
    for name, days in (("Inspection", "365"), ("Tyres", "3")):
        sent = planned(unit=str(car.id), once=name, name=name, every_km="", every_days=days)
        assert desk.post(base(place, "/new"), data=sent).status_code == 303
    shown = desk.get(base(place)).text
    assert "The 1 most urgent of 2" in shown
    assert "Tyres" in shown
    assert "Inspection" not in shown
    assert "Inspection" in desk.get(base(place, "?all=1")).text
    assert "Inspection" in desk.get(base(place, ".csv")).text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"every_km": ""}, "Say after how many kilometres"),
        ({"every_km": "0"}, "1"),
        ({"every_km": "ten"}, "whole number"),
        ({"name": ""}, "Enter the what is done."),
        ({"unit": "nothing"}, "Choose one from the list."),
        ({"soon_days": ""}, "Enter"),
        ({"last_done_on": "2999-01-01"}, "still to come"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_said_at_its_field(desk, place, car, change, sentence):
    refused = desk.post(base(place, "/new"), data=planned(**{"unit": str(car.id), "every_km": "10000", **change}))
    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert plans_of_unit(car.id) == []


def test_a_template_is_given_to_the_vehicles_that_are_ticked(desk, place, car):
    other = assets.vehicle(place)
    made = desk.post(base(place, "/new"), data=planned(every_km="10000"))
    (template,) = templates_of(place.id)
    assert made.location.endswith(f"/plans/{template.id}/copy")
    assert desk.post(made.location, data={}).status_code == 422
    assert desk.post(made.location, data={"units": [str(assets.vehicle().id)]}).status_code == 422
    assert desk.post(made.location, data={"units": [str(car.id), str(other.id)]}).status_code == 303
    assert len(standing_of(place.id, local_date(place.timezone))) == 2
    assert "Every vehicle has it" in desk.get(made.location).text


def test_a_plan_is_changed_ended_and_taken_up_again(desk, place, car):
    plan = fleet.plan(car)
    where = base(place, f"/plans/{plan.id}")
    kept = desk.get(f"{where}/amend").text
    assert 'value="10000"' in kept
    sent = planned(every_km="8000", last_done_km="1000")
    assert desk.post(f"{where}/amend", data=sent).status_code == 303
    assert (plans_of_unit(car.id)[0].every_km, plans_of_unit(car.id)[0].last_done_m) == (8_000, 1_000_000)
    assert desk.post(f"{where}/end").status_code == 303
    assert plans_of_unit(car.id) == []
    assert f"{where}/again" in desk.get(base(place)).text
    assert desk.post(f"{where}/again").status_code == 303
    assert len(plans_of_unit(car.id)) == 1


def ordered(car, **changes):
    return {"once": "one", "unit": str(car.id), "plan": "", "title": "Change the oil", "supplier": "Kunle & Sons",
            "note": "", **changes}  # fmt: skip


def test_an_order_goes_its_way_and_done_is_taken_back(desk, place, car):
    drive(car, 10_500)
    plan = fleet.plan(car, last_done_m=0)
    filled = desk.get(base(place, f"/orders/new?plan={plan.id}")).text
    assert re.search(rf'selected value="{plan.id}"', filled)
    assert (
        desk.post(base(place, "/orders/new"), data=ordered(car, plan=str(plan.id), out_of_use="y")).status_code == 303
    )
    one = base(place, "/orders/1")
    line = {"line-once": "a", "line-kind": "part", "line-description": "Oil 5W-30", "line-quantity": "4.5",
            "line-unit_price": "6500"}  # fmt: skip
    for _turn in range(2):  # a double click
        assert desk.post(f"{one}/lines", data=line).status_code == 303
    assert "₦29,250.00" in desk.get(one).text
    assert desk.post(f"{one}/start").status_code == 303
    assert unit_of(car.id).status == "suspended"
    assert "out of use until this is done" in desk.get(one).text
    assert desk.post(f"{one}/done", data={"done-done_on": "", "done-odometer": "10450"}).status_code == 303
    shown = desk.get(one).text
    assert "Work order 1 is done" in shown
    assert "10,450 km" in shown
    assert unit_of(car.id).status == "inactive"
    assert desk.post(f"{one}/take-back").status_code == 303
    assert get_order(place.id, 1).status == "in_progress"
    assert desk.post(f"{one}/cancel", data={"cancel-reason": "Sold"}).status_code == 303
    assert "Cancelled: Sold" in desk.get(one).text
    assert desk.post(f"{one}/start").status_code == 409


def test_a_struck_line_comes_back_by_its_toast(desk, place, car):
    fleet.order(car)
    one = base(place, "/orders/1")
    line = {"line-kind": "labour", "line-description": "Two hours", "line-quantity": "2", "line-unit_price": "5000"}
    desk.post(f"{one}/lines", data=line)
    key = lines_of(get_order(place.id, 1).id)[0].id
    assert desk.post(f"{one}/lines/{key}/strike").status_code == 303
    shown = desk.get(one).text
    assert "₦0.00" in shown
    fields = dict(re.findall(r'name="(line-[a-z_]+)" value="([^"]*)"', shown[shown.index('id="toasts"') :]))
    assert desk.post(f"{one}/lines", data=fields).status_code == 303
    assert get_order(place.id, 1).total == 1_000_000
    assert desk.post(f"{one}/lines/{key}/strike").status_code == 404


def test_a_let_vehicle_is_said_so_where_the_work_was_to_begin(desk, place, car):
    fleet.order(car, out_of_use=True)
    grants.grant_direct(unit_id=car.id, minutes=60, reason="Replacement", actor=ACTOR)
    refused = desk.post(base(place, "/orders/1/start"))
    assert (refused.status_code, "is let until" in refused.text) == (409, True)


@pytest.mark.parametrize(
    ("step", "sent", "sentence"),
    [
        ("lines", {"line-kind": "gold"}, "Choose one from the list."),
        ("lines", {"line-quantity": "0"}, "at least 0.001"),
        ("lines", {"line-unit_price": "-1"}, "at least 0.00"),
        ("done", {"done-odometer": "-4"}, "odometer"),
        ("done", {"done-done_on": "2999-12-31"}, "still to come"),
        ("cancel", {"cancel-reason": ""}, "Enter the reason."),
        ("amend", {"amend-title": ""}, "Enter"),
    ],
)
def test_what_cannot_be_meant_is_said_on_the_orders_page(desk, place, car, step, sent, sentence):
    fleet.order(car)
    line = {"line-kind": "part", "line-description": "x", "line-quantity": "1", "line-unit_price": "1"}
    refused = desk.post(base(place, f"/orders/1/{step}"), data={**(line if step == "lines" else {}), **sent})
    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert get_order(place.id, 1).status == "open"


def test_the_paper_and_the_sheet(desk, place, car):
    fleet.order(car, title="Brakes <front>", supplier="Kunle")
    paper = desk.get(base(place, "/orders/1/print")).text
    assert "Brakes &lt;front&gt;" in paper
    assert car.number in paper
    sheet = desk.get(base(place, "/orders.csv"))
    assert (sheet.mimetype, "Brakes <front>,open,Kunle" in sheet.text) == ("text/csv", True)


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.VIEWER])
def test_who_looks_and_who_writes(app, wired, place, car, role):
    plan = fleet.plan(car)
    fleet.order(car)
    client = browser(app, place, role)
    for path in ("", ".csv", "/orders", "/orders.csv", "/orders/1", "/orders/1/print"):
        assert client.get(base(place, path)).status_code == 200
    assert "Plan work" not in client.get(base(place)).text
    assert "It is done" not in client.get(base(place, "/orders/1")).text
    for path in (
        "/new",
        f"/plans/{plan.id}/end",
        "/orders/new",
        "/orders/1/start",
        "/orders/1/done",
        "/orders/1/lines",
    ):
        assert client.post(base(place, path), data={}).status_code == 403


def test_another_places_plans_and_orders_are_not_there(desk, place):
    theirs = assets.vehicle(fleet.place())
    plan = fleet.plan(theirs)
    fleet.order(theirs)
    for path in (
        f"/plans/{plan.id}/amend",
        f"/plans/{plan.id}/copy",
        "/orders/1",
        "/orders/1/print",
        "/orders/9999999999",
    ):
        assert desk.get(base(place, path)).status_code == 404
    for path in (f"/plans/{plan.id}/end", "/orders/1/start", "/orders/1/done"):
        assert desk.post(base(place, path), data={}).status_code == 404
    sent = ordered(theirs)
    assert desk.post(base(place, "/orders/new"), data=sent).status_code == 422


def test_a_plan_far_in_days_says_how_many(desk, place, car):
    fleet.plan(car, "Inspection", every_days=365, last_done_on=local_date(place.timezone) - timedelta(days=377))
    assert "12 days over" in desk.get(base(place)).text


def test_what_is_over_and_licences_stand_on_the_first_page(app, wired, desk, place, car):
    fleet.plan(car)
    drive(car, 12_000)
    fleet.driver(place, licence_days=4)
    maintenance.tell_of_due()
    drivers.tell_of_licences()
    home = f"/home/{place.asset_number}/"
    shown = desk.get(home).text
    assert "Maintenance of 1 plan is over its time" in shown
    assert "1 driver's licence to renew" in shown.replace("&#39;", "'")
    assert "Maintenance of" not in browser(app, place, Role.VIEWER).get(home).text
