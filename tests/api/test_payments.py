"""A payment over JSON, from its start to the open door; the sandbox speaks real HTTP."""

from __future__ import annotations

import pytest

from portal.shared.identity.models import Role
from portal.shared.payments.queries import find_intent
from tests.factories import assets, identity, payments


@pytest.fixture
def hotel(session):
    place = assets.place()
    assets.room(place, number="101")
    return place


@pytest.fixture
def desk(hotel, calling):
    return calling(identity.member(hotel, Role.FRONT_DESK))


@pytest.fixture
def asked(hotel):
    return {
        "asset_number": hotel.asset_number,
        "room_number": "101",
        "amount": "20000.00",
        "currency": "NGN",
        "email": "ada@example.com",
    }


def test_a_payment_opens_a_door(hotel, desk, asked):
    begun = desk.post("/api/payment/init/", asked)
    assert begun.status_code == 201
    assert (begun.json["status"], begun.json["amount"]) == ("pending", "20000.00")
    reference = begun.json["reference"]
    before = desk.get(f"/api/payment/verify/?trxref={reference}").json
    assert (before["status"], before["grant"]) == ("pending", None)
    payments.decide(find_intent(reference))
    after = desk.get(f"/api/payment/verify/?reference={reference}").json
    assert (after["status"], after["paid_amount"], after["credit"]) == ("succeeded", "20000.00", "0.00")
    room = desk.get(f"/api/assets/{hotel.asset_number}/rooms/101/").json
    assert (room["status"], room["expires_at"]) == ("active", after["grant"]["ends_at"])
    assert room["commanded"]["access"]["action"] == "unlock"
    assert desk.get(f"/api/payment/verify/?trxref={reference}").json == after


def test_the_same_key_starts_one_payment(desk, asked):
    first, second = (desk.post("/api/payment/init/", asked, headers={"Idempotency-Key": "kiosk-7"}) for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotent-Replay"] == "true"
    other = desk.post("/api/payment/init/", {**asked, "amount": "10000"}, headers={"Idempotency-Key": "kiosk-7"})
    assert (other.status_code, other.json["error"]["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": "1"}, 422, "amount_too_small"),
        ({"amount": "12.345"}, 422, "invalid"),
        ({"amount": "-5"}, 422, "invalid"),
        ({"currency": "KES"}, 422, "wrong_currency"),
        ({"room_number": "999"}, 404, "not_found"),
        ({"vehicle_number": "V1"}, 422, "invalid"),
        ({"room_number": None}, 422, "invalid"),
        ({"email": "a\r\nBcc:x@y"}, 422, "invalid"),
        ({"return_url": "javascript:alert(1)"}, 422, "invalid"),
        ({"provider": "bitcoin"}, 422, None),
    ],
)
def test_what_cannot_be_paid_is_said_before_anybody_pays(desk, asked, change, status, code):
    answer = desk.post("/api/payment/init/", {**asked, **change})
    assert answer.status_code == status
    assert code is None or answer.json["error"]["code"] == code


def test_a_payment_of_another_place_is_not_there(hotel, desk, asked, calling, session):
    reference = desk.post("/api/payment/init/", asked).json["reference"]
    stranger = calling(identity.member(assets.place()))
    assert stranger.post("/api/payment/init/", asked).status_code == 404
    theirs, nobodys = (stranger.get(f"/api/payment/verify/?trxref={each}") for each in (reference, "PX-nothing-1"))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json == nobodys.json


def test_a_word_nobody_signed_is_refused(calling, session):
    answer = calling().post("/api/payment/webhook/paystack/", {"event": "charge.success"})
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "bad_signature")
