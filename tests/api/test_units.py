"""Rooms and vehicles over JSON: registered, changed, shown with what they were told and what they say."""

from __future__ import annotations

import pytest

from portal.shared.devices.readings import Reading
from portal.shared.devices.services import telemetry
from portal.shared.identity.models import Role
from tests.factories import assets, identity, payments


@pytest.fixture
def hotel(session):
    return assets.place()


@pytest.fixture
def owner(hotel, calling):
    return calling(identity.member(hotel))


def path(place, *steps):
    return "/".join(("/api/assets", place.asset_number, *steps)) + "/"


def test_a_room_is_registered_and_changed(hotel, owner):
    made = owner.post(path(hotel, "rooms"), {"room_number": "101", "room_type": "Double", "price": "10000"})
    assert made.status_code == 201
    assert made.json["price"] == {"amount": "10000.00", "currency": "NGN"}
    assert (made.json["status"], made.json["period_minutes"]) == ("inactive", 1440)
    changed = owner.patch(path(hotel, "rooms", "101"), {"price": 12500.5, "room_type": None})
    assert changed.json["price"]["amount"] == "12500.50"
    assert changed.json["room_type"] is None
    assert owner.get(path(hotel, "rooms", "101")).json == changed.json


def test_a_vehicle_is_registered_in_a_fleet(session, calling):
    fleet = assets.place("fleet")
    owner = calling(identity.member(fleet))
    made = owner.post(path(fleet, "vehicles"), {"vehicle_number": "V1", "plate": "KJA 1", "price": "25000.00"})
    assert (made.json["vehicle_number"], made.json["plate"]) == ("V1", "KJA 1")
    assert owner.get(path(fleet, "vehicles")).json["results"] == [made.json]
    refused = owner.post(path(fleet, "rooms"), {"room_number": "1", "price": "1"})
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "unit_not_for_this_place")


def test_a_number_is_taken_once(hotel, owner):
    assets.room(hotel, number="101")
    again = owner.post(path(hotel, "rooms"), {"room_number": "101", "price": "1"})
    assert (again.status_code, again.json["error"]["code"]) == (409, "unit_number_taken")


@pytest.mark.parametrize("price", ["12.345", "1e2", "1_000", "١٢", "-1", "0", "", None, True, [], "99999999999.00"])
def test_a_price_is_a_decimal_the_currency_can_express(hotel, owner, price):
    answer = owner.post(path(hotel, "rooms"), {"room_number": "101", "price": price})
    assert answer.status_code == 422
    assert "price" in answer.json["error"]["details"]


def test_a_number_with_an_exponent_is_not_an_amount(hotel, owner):
    body = b'{"room_number": "101", "price": 1e2}'
    answer = owner.call("POST", path(hotel, "rooms"), data=body, content_type="application/json")
    assert answer.json["error"]["details"] == {
        "price": "price must be a decimal with at most 2 decimals, such as 12.50."
    }


def test_another_currency_than_the_places_is_refused(hotel, owner):
    answer = owner.post(path(hotel, "rooms"), {"room_number": "101", "price": "1", "currency": "KES"})
    assert answer.json["error"]["details"] == {"currency": "The currency here is NGN."}


def test_what_a_unit_was_told_and_what_it_says_are_shown_apart(hotel, owner):
    assets.room(hotel, number="101")
    told = owner.post(
        path(hotel, "control", "101"), {"capability": "access", "action": "unlock", "reason": "fire drill"}
    )
    assert told.status_code == 202
    assert {"id", "seq", "status", "not_after"} <= told.json.keys()
    say(hotel, "101", access="locked", occupancy="1")
    room = owner.get(path(hotel, "rooms", "101")).json
    assert (room["commanded"]["access"]["action"], room["commanded"]["access"]["id"]) == ("unlock", told.json["id"])
    assert room["reported"]["access"]["value"] == "locked"
    assert room["readings"]["occupancy"]["value"] == "1"
    assert owner.get(path(hotel, "status", "101")).json == room
    assert owner.get(path(hotel, "commands", told.json["id"])).json["status"] == "queued"


def test_a_command_of_another_place_is_not_there(hotel, owner, session, calling):
    assets.room(hotel, number="101")
    told = owner.post(path(hotel, "control", "101"), {"capability": "access", "action": "unlock"}).json
    other = assets.place()
    stranger = calling(identity.member(other))
    assert stranger.get(path(hotel, "commands", told["id"])).status_code == 404
    assert stranger.get(path(other, "commands", told["id"])).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"capability": "ignition", "action": "turn_on"}, 422),
        ({"capability": "access", "action": "turn_on"}, 422),
        ({"capability": "roof", "action": "open"}, 422),
        ({"capability": "electricity", "action": "turn_off"}, 422),
        ({"capability": "electricity", "action": "turn_off", "reason": "burst pipe"}, 202),
    ],
)
def test_a_unit_is_told_only_what_it_can_do(hotel, owner, body, status):
    assets.room(hotel, number="101")
    assert owner.post(path(hotel, "control", "101"), body).status_code == status


def test_the_front_desk_cannot_open_a_room_nobody_paid_for(hotel, calling, session):
    assets.room(hotel, number="101")
    desk = calling(identity.member(hotel, Role.FRONT_DESK))
    answer = desk.post(path(hotel, "control", "101"), {"capability": "access", "action": "unlock"})
    assert answer.status_code == 403
    assert answer.json["error"]["details"]["needs"] == "units.override"


def test_a_manager_overrides_with_a_reason_only(hotel, calling, session):
    assets.room(hotel, number="101")
    manager = calling(identity.member(hotel, Role.MANAGER))
    body = {"capability": "access", "action": "unlock"}
    assert manager.post(path(hotel, "control", "101"), body).status_code == 422
    assert manager.post(path(hotel, "control", "101"), {**body, "reason": "guest fell"}).status_code == 202


def test_who_sees_no_prices_sees_no_yield(hotel, calling, session):
    assets.room(hotel, number="101")
    housekeeper = calling(identity.member(hotel, Role.HOUSEKEEPER))
    assert housekeeper.get(path(hotel, "rooms", "101")).json["price"] is None
    assert housekeeper.get(path(hotel, "status")).json["full_yield"] is None


def test_how_full_a_place_is(hotel, owner):
    assets.room(hotel)
    assets.room(hotel)
    status = owner.get(path(hotel, "status")).json
    assert status["units"] == {"total": 2, "in_service": 2, "in_use": 0}
    assert (status["occupancy"], status["utilisation"]) == (0.0, None)
    assert status["full_yield"] == {"amount": "20000.00", "currency": "NGN"}


def test_events_are_paged_while_devices_go_on_talking(hotel, owner):
    assets.room(hotel, number="101")
    assets.room(hotel, number="102")
    for n in range(5):
        say(hotel, "101", occupancy=str(n % 2))
    say(hotel, "102", access="locked")
    seen, cursor = [], ""
    while cursor is not None:
        page = owner.get(
            path(hotel, "events") + f"?unit=101&kind=occupancy&limit=2{cursor and '&cursor=' + cursor}"
        ).json
        seen += page["results"]
        cursor = page["next"]
        say(hotel, "101", occupancy="1")
    assert [each["value"] for each in seen] == ["0", "1", "0", "1", "0"]
    assert {each["unit"] for each in seen} == {"101"}
    assert len({each["id"] for each in seen}) == 5


def test_events_between_two_moments(hotel, owner):
    assets.room(hotel, number="101")
    say(hotel, "101", occupancy="1")
    at = owner.get(path(hotel, "events")).json["results"][0]["at"]
    quoted = at.replace("+", "%2B")
    assert len(owner.get(path(hotel, "events") + f"?since={quoted}").json["results"]) == 1
    assert len(owner.get(path(hotel, "events") + f"?until={quoted}").json["results"]) == 0
    assert owner.get(path(hotel, "events") + "?since=yesterday").status_code == 422
    assert owner.get(path(hotel, "events") + "?unit=999").status_code == 404


def say(place, number, **words):
    """The room's devices say something."""
    telemetry.record_readings(
        readings=[
            Reading("room", place.asset_number, number, kind, value, value.encode()) for kind, value in words.items()
        ]
    )


def test_a_room_is_let_without_a_payment_for_a_while(hotel, owner, calling, session):
    assets.room(hotel, number="101")
    body = {"minutes": 90, "reason": "the card machine is broken"}
    desk = calling(identity.member(hotel, Role.FRONT_DESK))
    assert desk.post(path(hotel, "direct_control", "101"), body).status_code == 403
    granted = owner.post(path(hotel, "direct_control", "101"), body)
    assert granted.status_code == 202
    room = owner.get(path(hotel, "rooms", "101")).json
    assert (room["status"], room["expires_at"]) == ("active", granted.json["expires_at"])
    assert room["commanded"]["access"]["id"] == granted.json["command"]["id"]
    assert owner.get(path(hotel, "status")).json["occupancy"] == 1.0
    assert desk.post(path(hotel, "control", "101"), {"capability": "access", "action": "unlock"}).status_code == 202


@pytest.mark.parametrize("body", [{"minutes": 0, "reason": "x"}, {"minutes": "60", "reason": "x"}, {"minutes": 60}])
def test_a_grant_has_a_length_and_a_reason(hotel, owner, body):
    assets.room(hotel, number="101")
    assert owner.post(path(hotel, "direct_control", "101"), body).status_code == 422


def test_what_came_in_is_seen_as_transactions_and_in_the_index(hotel, owner, calling, session):
    paid = payments.paid(assets.room(hotel, number="101"))
    [seen] = owner.get(path(hotel, "transactions")).json["results"]
    assert (seen["reference"], seen["unit"], seen["amount"]) == (paid.reference, "101", "10000.00")
    assert (seen["status"], seen["received"], seen["remainder"]) == ("succeeded", "10000.00", "0.00")
    figures = owner.get("/api/analytics/index/").json
    assert (figures["total_assets"], figures["assets"]["hotel"]) == (1, 1)
    assert figures["total_revenue"] == [{"amount": "10000.00", "currency": "NGN"}]
    [day] = figures["revenue_per_day"]
    assert (day["kind"], day["amount"], day["payments"]) == ("hotel", "10000.00", 1)
    assert owner.get("/api/analytics/index/?year=2001").json["total_revenue"] == []
    stranger = calling(identity.member(assets.place())).get("/api/analytics/index/").json
    assert (stranger["total_assets"], stranger["total_revenue"]) == (1, [])
    housekeeper = calling(identity.member(hotel, Role.HOUSEKEEPER))
    assert housekeeper.get("/api/analytics/index/").json["total_revenue"] == []
    assert housekeeper.get(path(hotel, "transactions")).status_code == 403


def test_a_place_with_a_history_stays(hotel, owner):
    payments.paid(assets.room(hotel, number="101"))
    refused = owner.delete(f"/api/assets/{hotel.asset_number}/")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "has_history")
    assert owner.get(path(hotel, "rooms", "101")).status_code == 200


def test_a_page_of_rooms_asks_the_database_five_things(hotel, owner, count_queries):
    for _room in range(20):
        assets.room(hotel)
    with count_queries() as asked:
        assert len(owner.get(path(hotel, "rooms")).json["results"]) == 20
    assert len([each for each in asked if each.lower().startswith("select")]) <= 5, asked


def test_both_doors_ask_the_same_people_for_a_reason(app, hotel, calling, session):
    """One rule, in the rights matrix: an owner answers for an override by name, a manager in writing."""
    assets.room(hotel, number="101")
    for role, asked in ((Role.OWNER, False), (Role.ADMIN, False), (Role.MANAGER, True)):
        person = identity.member(hotel, role)
        body = {"capability": "access", "action": "unlock"}
        assert calling(person).post(path(hotel, "control", "101"), body).status_code == (422 if asked else 202)
        browser = app.test_client()
        identity.sign_in(browser, person)
        answer = browser.post(f"/units/{hotel.asset_number}/room/101/control", data=body)
        assert answer.status_code == (422 if asked else 303)


def test_an_engine_is_stopped_by_two_and_a_wish_can_be_taken_back(calling, session):
    fleet = assets.place("fleet", name="Swift Cars")
    assets.vehicle(fleet, number="KD01")
    asker, second = (calling(identity.member(fleet, "owner")) for _n in range(2))
    body = {"capability": "ignition", "action": "turn_off", "reason": "Not brought back"}
    asked = asker.post(path(fleet, "control", "KD01"), body)
    assert (asked.status_code, asked.json["status"]) == (202, "queued")
    assert set(asked.json) == {"id", "seq", "capability", "action", "status", "not_after"}
    where = path(fleet, "commands", asked.json["id"])
    assert asker.get(where).json["held"] == "approval"
    assert asker.post(f"{where}approve/").status_code == 403
    agreed = second.post(f"{where}approve/")
    assert (agreed.status_code, agreed.json["held"], agreed.json["status"]) == (200, None, "queued")
    assert second.post(f"{where}approve/").status_code == 409
    assert asker.post(f"{where}cancel/").json["status"] == "cancelled"
    assert asker.post(f"{where}cancel/").status_code == 409
    other = assets.place()
    stranger = calling(identity.member(other, "owner"))
    for step in ("approve", "cancel"):
        assert stranger.post(f"{path(other, 'commands', asked.json['id'])}{step}/").status_code == 404
