"""The rules of a place on their pages, what people are told under the bell, and what comes by mail."""

import re
import uuid

import pytest

from portal.core import outbox
from portal.core.clock import utcnow
from portal.core.outbox import undelivered
from portal.shared.devices.alert_queries import rules_of, standing_of_units
from portal.shared.devices.services import alert_handling, alert_rules
from portal.shared.notifications.queries import by_mail
from portal.trades.hotel.queries.senses import watch_of
from tests.factories.alerts import alert, looked, rule, says
from tests.factories.assets import place, room, vehicle
from tests.factories.identity import acting, member, sign_in

THRESHOLD = {
    "name": "Cold room too warm", "units": "room", "severity": "critical", "subject": "temperature",
    "comparison": "above", "value": "8", "for_seconds": "300", "escalate_after_minutes": "15", "escalate_to": "owner",
}  # fmt: skip
ABSENCE = {"name": "Silent", "units": "", "severity": "info", "subject": "", "minutes": "30"}
SCHEDULE = {
    "name": "Night", "units": "vehicle", "severity": "warning", "subject": "ignition", "value": "on",
    "begins": "22:00", "ends": "05:00", "days": ["0", "6"],
}  # fmt: skip


@pytest.fixture
def hotel(committed):
    return place()


@pytest.fixture
def as_role(client, hotel):
    """Sign somebody in with a role at the hotel."""

    def signed_in(role: str, **fields):
        client.user = member(hotel, role, **fields)
        sign_in(client, client.user)
        return client

    return signed_in


def at(hotel, rest=""):
    return f"/units/{hotel.asset_number}/alerts/rules{rest}"


@pytest.mark.parametrize(
    ("kind", "filled", "says_so"),
    [
        ("threshold", THRESHOLD, "Temperature above 8 °C for 5 min"),
        ("absence", ABSENCE, "Nothing said for 30 min"),
        ("schedule", SCHEDULE, "Ignition is on between 22:00 and 05:00, Mon, Sun"),
    ],
)
def test_a_rule_is_written_read_and_changed(as_role, hotel, kind, filled, says_so):
    client = as_role("manager")
    assert client.get(at(hotel, f"/new/{kind}")).status_code == 200
    answer = client.post(at(hotel, f"/new/{kind}"), data=filled, follow_redirects=True)
    assert f"“{filled['name']}” is at work." in answer.text
    assert says_so in answer.text
    [made] = rules_of(hotel.id)
    form = client.get(at(hotel, f"/{made.id}")).text
    for name, value in filled.items():
        for each in value if isinstance(value, list) else [value]:
            assert f'value="{each}"' in form, name
    changed = client.post(at(hotel, f"/{made.id}"), data=filled | {"name": "Another name"}, follow_redirects=True)
    assert "Another name" in changed.text
    assert [each.condition for each in rules_of(hotel.id)] == [made.condition]


def test_what_cannot_be_meant_is_said_at_its_field_and_the_rest_stays(as_role, hotel):
    client = as_role("manager")
    refused = client.post(at(hotel, "/new/threshold"), data=THRESHOLD | {"value": "warm"})
    assert refused.status_code == 422
    assert "The value must be a number with at most 3 decimals, such as 12.50." in refused.text
    assert 'value="Cold room too warm"' in refused.text
    refused = client.post(at(hotel, "/new/schedule"), data=SCHEDULE | {"days": []})
    assert "Choose at least one day of the week." in refused.text
    refused = client.post(at(hotel, "/new/schedule"), data=SCHEDULE | {"ends": "22:00"})
    assert "The hours end when they begin. Choose another end." in refused.text
    refused = client.post(at(hotel, "/new/threshold"), data=THRESHOLD | {"escalate_to": ""})
    assert "Choose who is told when nobody acknowledges it." in refused.text
    foreign = room(place(name="Elsewhere"))
    assert client.post(at(hotel, "/new/threshold"), data=THRESHOLD | {"units": str(foreign.id)}).status_code == 422
    rule(hotel, name="Taken")
    refused = client.post(at(hotel, "/new/threshold"), data=THRESHOLD | {"name": "Taken"})
    assert "Another rule here is called the same." in refused.text


def test_a_rule_is_switched_off_with_a_way_back_and_deleted(as_role, hotel):
    made, client = rule(hotel, name="Too warm"), as_role("manager")
    says(room(hotel), "temperature", "9")
    looked()
    off = client.post(at(hotel, f"/{made.id}/off"), follow_redirects=True)
    assert "“Too warm” is switched off, and what it raised ended." in off.text
    undo = re.search(r'action="([^"]+/on)"><input type="hidden" name="csrf_token"[^>]*><button>Undo', off.text).group(1)
    assert "“Too warm” is at work." in client.post(undo, follow_redirects=True).text
    gone = client.post(at(hotel, f"/{made.id}/delete"), follow_redirects=True)
    assert "What it raised stays readable." in gone.text
    assert "Too warm" in client.get(f"/units/{hotel.asset_number}/alerts?show=all").text


def test_a_hotel_has_no_fences_to_cross_and_a_fleet_says_when_none_is_drawn(as_role, hotel, wired):
    client = as_role("owner")
    assert client.get(at(hotel, "/new/geofence")).status_code == 404
    fleet = place("fleet")
    sign_in(client, member(fleet, "owner"))
    alert_rules.connect_fences(lambda _asset_id: {})
    assert "No fence is drawn here yet." in client.get(at(fleet, "/new/geofence")).text
    fence = uuid.uuid4()
    alert_rules.connect_fences(lambda _asset_id: {fence: "Airport"})
    filled = {
        "name": "At the airport",
        "units": "vehicle",
        "severity": "info",
        "geofence_id": str(fence),
        "what": "enter",
    }
    assert "Enters Airport" in client.post(at(fleet, "/new/geofence"), data=filled, follow_redirects=True).text


def test_how_often_it_would_have_been_met_is_said_beside_the_button(as_role, hotel):
    client, unit = as_role("manager"), room(hotel)
    for minutes, value in ((50, "9"), (40, "5"), (30, "12"), (20, "5")):
        says(unit, "temperature", value, minutes)

    def said(**changes):
        headers = {"HX-Request": "true", "HX-Target": "preview"}
        return client.get(at(hotel, "/preview/threshold"), query_string=THRESHOLD | changes, headers=headers).text

    assert "2 times in the last 7 days." in said()
    assert "Not once in the last 7 days." in said(value="30")
    assert "The value must be a number" in said(value="warm")


def test_only_who_may_write_rules_sees_them(as_role, hotel):
    made, client = rule(hotel), as_role("front_desk")
    assert client.get(at(hotel)).status_code == 403
    assert client.post(at(hotel, f"/{made.id}/off")).status_code == 403
    assert "Rules" not in client.get(f"/units/{hotel.asset_number}/alerts").text


def test_another_places_rule_is_not_there(as_role, hotel):
    foreign, client = rule(place(name="Elsewhere")), as_role("owner")
    assert client.get(at(hotel, f"/{foreign.id}")).status_code == 404
    for step in ("on", "off", "delete"):
        assert client.post(at(hotel, f"/{foreign.id}/{step}")).status_code == 404


def test_a_hotel_chooses_when_it_is_told_of_its_rooms(as_role, hotel):
    client, address = as_role("manager"), f"/units/{hotel.asset_number}/alerts/rooms"
    assert "Somebody is in a room that is let to nobody" in client.get(at(hotel)).text
    filled = {"unlet": "y", "unlet_after_seconds": "600", "power_watts": "50", "power_after_minutes": "30"}
    assert "Saved." in client.post(address, data=filled, follow_redirects=True).text
    watch = watch_of(hotel.id)
    assert (watch.unlet_after_seconds, watch.power, watch.power_watts) == (600, False, 50)
    refused = client.post(address, data=filled | {"power_watts": "0"})
    assert refused.status_code == 422
    assert "The watts must be at least 1." in refused.text


def test_a_vehicle_that_crosses_a_fence_meets_the_rule_through_the_wiring(committed, wired):
    fleet = place("fleet")
    unit, fence = vehicle(fleet), uuid.uuid4()
    alert_rules.connect_fences(lambda _asset_id: {fence: "Airport"})
    rule(fleet, "geofence", geofence_id=str(fence))
    body = {"asset_id": str(fleet.id), "subject_id": str(unit.id), "geofence_id": str(fence), "what": "enter"}
    outbox._handlers["fleet.fence.crossed"]["alert rules"](body | {"at": utcnow().isoformat(), "historical": False})
    assert [each.kind for each in standing_of_units([unit.id])] == ["rule"]
    outbox._handlers["fleet.fence.crossed"]["alert rules"](body | {"what": "leave", "at": utcnow().isoformat()})
    assert standing_of_units([unit.id]) == []


def bell(client, hotel):
    headers = {"HX-Request": "true", "HX-Target": "bell"}
    return client.get(f"/home/{hotel.asset_number}/bell", headers=headers).text


def test_the_bell_tells_of_open_alerts_and_of_what_was_handed_over(as_role, hotel):
    unit = room(hotel, number="204")
    first, _second = alert(hotel, unit, severity="critical"), alert(hotel)
    alert(hotel, severity="info")
    boss = acting(member(hotel, "manager", name="Ada"))
    client = as_role("front_desk")
    alert_handling.assign(asset_id=hotel.id, alert_id=first.id, user_id=client.user.id, actor=boss)
    shown = bell(client, hotel)
    assert "2 alerts not acknowledged, 1 cannot wait" in shown
    assert "Ada asks you to look after it: Room 204: Tampering" in shown
    assert client.post(f"/home/{hotel.asset_number}/notices/read").status_code == 303
    assert "Ada asks" not in bell(client, hotel)
    assert "2 alerts that nobody has acknowledged" in client.get(f"/home/{hotel.asset_number}/").text


def test_a_command_that_failed_is_not_told_of_twice(as_role, hotel):
    alert(hotel, kind="command_failed")
    assert "not acknowledged" not in bell(as_role("manager"), hotel)


def test_what_comes_by_mail_is_chosen_on_ones_own_page(as_role, hotel):
    client = as_role("owner")
    assert "Alerts by mail" in client.get("/account").text
    answer = client.post("/account/notices", data={"alerts_by_mail": "never"}, follow_redirects=True)
    assert "Saved." in answer.text
    assert by_mail([client.user.id])[client.user.id] == "never"
    assert client.post("/account/notices", data={"alerts_by_mail": "daily"}).status_code == 422
    alert(hotel, severity="critical")
    assert undelivered() == []
