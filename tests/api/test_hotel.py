"""Rooms by the night over JSON: the scenarios of the front desk as an integration lives through them."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest

from portal.core.actor import system
from portal.core.clock import local_date
from portal.core.db import db
from portal.gateways.sandbox import server
from portal.shared.identity.models import Role
from portal.trades.hotel.models import Reservation
from portal.trades.hotel.services import properties
from tests.factories import assets, hotel, identity
from tests.payments.test_races import at_once
from tests.support.queries import counting

TODAY = local_date("Europe/Berlin", datetime.now(UTC))
#: Monday after next, from which three nights cost 100 each.
MONDAY = TODAY + timedelta(days=14 - TODAY.weekday())
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3))
STAY = {"arrival": str(MONDAY), "departure": str(THURSDAY)}
CREATE, CHECK, PRELOAD = "/api/reservations/create/", "/api/inventory/check/", "/api/inventory/preload/"


@pytest.fixture
def berlin(session):
    return hotel.ber(today=TODAY)


@pytest.fixture
def desk(berlin, calling):
    return calling(identity.member(berlin, Role.FRONT_DESK))


@pytest.fixture
def over_http(committed, app):
    """`over_http(place)(path, body)` posts as a clerk of the place to the portal answering over HTTP."""
    url = server.base_url().removesuffix("/sandbox")

    def clerk(place):
        headers = identity.bearer(app, identity.member(place, Role.FRONT_DESK))
        return lambda path, body, **more: httpx.post(url + path, json=body, headers={**headers, **more}, timeout=60)

    return clerk


def wish(place, **changes):
    return {
        "asset_number": place.asset_number,
        "room_type": "DBL",
        **STAY,
        "adults": 2,
        "guest": {"name": "Ada Okafor", "phone_number": "+4915112345678"},
        **changes,
    }


def path(booked, *steps):
    return "/".join(("/api/reservations", booked.json["id"], *steps)) + "/"


def test_a_stay_is_looked_for_booked_shown_and_cancelled(berlin, desk):
    asked = {"asset_number": berlin.asset_number, **STAY, "adults": 2}
    [double] = desk.post(CHECK, asked).json["room_types"]
    assert (double["room_type"], double["free"], double["rate_plan"]) == ("DBL", 3, "BAR")
    assert double["total"] == {"amount": "300.00", "currency": "EUR"}
    assert [each["free"] for each in double["nights"]] == [3, 3, 3]
    booked = desk.post(CREATE, wish(berlin))
    assert booked.status_code == 201
    assert (booked.json["status"], booked.json["nights"], booked.json["rooms"]) == ("confirmed", 3, 1)
    assert booked.json["total"] == {"amount": "300.00", "currency": "EUR"}
    assert [each["price"]["amount"] for each in booked.json["stays"][0]["nights"]] == ["100.00"] * 3
    assert desk.get(path(booked)).json == booked.json
    assert desk.post(CHECK, asked).json["room_types"][0]["free"] == 2
    cancelled = desk.post(path(booked, "cancel"), {"reason": "Changed plans"})
    assert (cancelled.status_code, cancelled.json["status"]) == (200, "cancelled")
    assert cancelled.json["fee"]["amount"] == "0.00"
    again = desk.post(path(booked, "cancel"))
    assert (again.status_code, again.json["error"]["code"]) == (409, "wrong_status")
    assert desk.post(CHECK, asked).json["room_types"][0]["free"] == 3


def test_looking_for_rooms_asks_the_database_as_often_for_many_types_as_for_one(berlin, desk):
    asked, counts = {"asset_number": berlin.asset_number, **STAY}, []
    desk.post(CHECK, asked)
    for more in (0, 6):
        for n in range(more):
            properties.add_type(
                asset_id=berlin.id, code=f"T{n}", name=f"Type {n}", capacity=2, adults=2, actor=system("tests")
            )
        db.session.expire_all()
        with counting() as sent:
            found = desk.post(CHECK, asked)
        counts.append((len(found.json["room_types"]), len(sent)))
    (few, first), (many, second) = counts
    assert many == few + 6
    assert first == second


def test_a_late_cancellation_says_its_fee_and_waiving_it_is_for_those_who_may(berlin, desk, calling):
    """Scenario 20: arriving tomorrow, cancelling costs the first night."""
    booked = desk.post(CREATE, wish(berlin, arrival=str(TODAY + timedelta(days=1))))
    first = booked.json["stays"][0]["nights"][0]["price"]
    assert desk.get(path(booked)).json["fee"] == first
    refused = desk.post(path(booked, "cancel"), {"waive_fee": True, "reason": "A regular"})
    assert (refused.status_code, refused.json["error"]["details"]["needs"]) == (403, "hotel.override")
    manager = calling(identity.member(berlin, Role.MANAGER))
    without = manager.post(path(booked, "cancel"), {"waive_fee": True})
    assert (without.status_code, without.json["error"]["code"]) == (422, "reason_missing")
    waived = manager.post(path(booked, "cancel"), {"waive_fee": True, "reason": "A regular"})
    assert waived.json["fee"]["amount"] == "0.00"
    again = desk.post(CREATE, wish(berlin, arrival=str(TODAY + timedelta(days=1))))
    assert desk.post(path(again, "cancel"), {}).json["fee"] == first


def test_what_is_only_held_says_until_when(berlin, desk):
    held = desk.post(CREATE, wish(berlin, hold_minutes=30)).json
    kept = datetime.fromisoformat(held["hold_expires_at"]) - datetime.fromisoformat(held["created_at"])
    assert (held["status"], round(kept.total_seconds() / 60)) == ("held", 30)


def test_twenty_clients_want_the_last_room(app, over_http):
    """Scenario 1: exactly one gets it, nineteen are told that it is sold, and nothing breaks."""
    place = hotel.ber(today=TODAY)
    hotel.book(place, MONDAY, THURSDAY, rooms=2)
    post = over_http(place)
    said = at_once(app, *[partial(post, CREATE, wish(place, guest={"name": f"Guest {n}"})) for n in range(20)])
    assert sorted(each.status_code for each in said) == [201] + [409] * 19
    assert {each.json()["error"]["code"] for each in said if each.status_code == 409} == {"sold_out"}
    assert [hotel.figures(place, night)["booked"] for night in (MONDAY, TUESDAY, WEDNESDAY)] == [3, 3, 3]


def test_one_full_night_refuses_the_stay_by_its_name(berlin, desk):
    """Scenario 2."""
    hotel.book(berlin, TUESDAY, WEDNESDAY, rooms=3)
    refused = desk.post(CREATE, wish(berlin))
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "sold_out")
    assert refused.json["error"]["details"]["night"] == str(TUESDAY)
    assert refused.json["error"]["message"].startswith("Double is full on ")
    assert [hotel.figures(berlin, night)["booked"] for night in (MONDAY, TUESDAY, WEDNESDAY)] == [0, 3, 0]


def test_eight_clients_at_random_are_refused_nothing_that_was_free(app, over_http):
    """Scenario 3: with a room free on every night nobody is turned away, and nobody waits long."""
    place, dice = hotel.big(40, today=TODAY), random.Random(3)
    post, took = over_http(place), []

    def client(seed):
        said = []
        for _n in range(4):
            first = MONDAY + timedelta(days=dice.randrange(6))
            body = wish(place, arrival=str(first), departure=str(first + timedelta(days=dice.randrange(1, 4))))
            begun = time.monotonic()
            said.append(post(CREATE, {**body, "guest": {"name": f"Guest {seed}"}}).status_code)
            took.append(time.monotonic() - begun)
        return said

    said = at_once(app, *[partial(client, n) for n in range(8)])
    assert {status for each in said for status in each} == {201}
    assert sorted(took)[len(took) * 9 // 10] < 6  # on a busy machine; the bench looks at it alone


def test_the_same_request_twice_at_once_is_one_reservation(app, over_http):
    """Scenario 23: one reservation and one answer; the same key for another stay is refused."""
    place = hotel.ber(today=TODAY)
    post = over_http(place)
    said = at_once(app, *[lambda: post(CREATE, wish(place), **{"Idempotency-Key": "web-77"})] * 5)
    assert {each.status_code for each in said} == {201}
    assert len({each.text for each in said}) == 1
    assert sum("Idempotent-Replay" not in each.headers for each in said) == 1
    assert Reservation.query.filter_by(asset_id=place.id).count() == 1
    other = post(CREATE, wish(place, rooms=2), **{"Idempotency-Key": "web-77"})
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")


def test_nights_are_put_on_sale_once(session, calling):
    place = hotel.ber(today=TODAY, days=10)
    manager = calling(identity.member(place, Role.MANAGER))
    asked = {
        "asset_number": place.asset_number,
        "start": str(TODAY + timedelta(days=30)),
        "end": str(TODAY + timedelta(days=37)),
    }
    assert manager.post(PRELOAD, {**asked, "room_type": "DBL"}).json == {"created": 7}
    assert manager.post(PRELOAD, asked).json == {"created": 7}
    assert manager.post(PRELOAD, asked).json == {"created": 0}
    refused = manager.post(PRELOAD, {**asked, "end": asked["start"]})
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "dates_wrong")
    clerk = calling(identity.member(place, Role.FRONT_DESK))
    assert clerk.post(PRELOAD, asked).status_code == 403


def test_a_hotel_without_rates_sells_at_the_price_of_its_doors(session, calling):
    place = hotel.hotel({"DBL": ("Double", 2, ["1", "2"])}, today=TODAY)
    owner = calling(identity.member(place))
    asked = {"asset_number": place.asset_number, **STAY}
    assert owner.post(CHECK, asked).json["room_types"][0]["total"]["amount"] == "30000.00"
    assert owner.post(CREATE, wish(place)).json["total"]["amount"] == "30000.00"


def test_a_restriction_is_named_before_and_refused_at_the_booking(berlin, desk):
    hotel.restrict(berlin, MONDAY, closed_to_arrival=True)
    [double] = desk.post(CHECK, {"asset_number": berlin.asset_number, **STAY, "adults": 2}).json["room_types"]
    assert double["restrictions"] == [{"rule": "closed_to_arrival", "night": str(MONDAY), "value": None}]
    refused = desk.post(CREATE, wish(berlin))
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "restricted")


def test_a_reservation_of_another_hotel_is_not_there(berlin, desk, calling):
    """Scenario 30: another place's reservation reads as one that never was, to see it and to cancel it."""
    booked = desk.post(CREATE, wish(berlin))
    stranger = calling(identity.member(assets.place()))
    for answer in (stranger.get(path(booked)), stranger.post(path(booked, "cancel"))):
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
    assert desk.get(path(booked)).json["status"] == "confirmed"


def test_who_sees_no_prices_sees_none_here(berlin, desk, calling):
    """Scenario 30: a housekeeper sees rooms, not rates, and books nothing."""
    booked = desk.post(CREATE, wish(berlin))
    housekeeper = calling(identity.member(berlin, Role.HOUSEKEEPER))
    seen = housekeeper.get(path(booked)).json
    assert (seen["total"], seen["stays"][0]["nights"][0]["price"]) == (None, None)
    assert housekeeper.post(CREATE, wish(berlin)).status_code == 403
    assert housekeeper.post(path(booked, "cancel")).status_code == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"departure": str(MONDAY)}, "dates_wrong"),
        ({"arrival": str(TODAY - timedelta(days=9))}, "dates_wrong"),
        ({"departure": str(MONDAY + timedelta(days=366))}, "dates_wrong"),
        ({"adults": 3}, "too_many_people"),
        ({"rooms": 0}, "invalid_fields"),
        ({"guest": {"name": " "}}, "invalid_fields"),
        ({"pric": 1}, "invalid_fields"),
    ],
)
def test_a_stay_that_cannot_be_is_refused_with_a_sentence(berlin, desk, changes, code):
    refused = desk.post(CREATE, wish(berlin, **changes))
    assert refused.status_code == 422
    assert refused.json["error"]["message"]
    if code != "invalid_fields":
        assert refused.json["error"]["code"] == code
