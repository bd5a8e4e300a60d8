"""Payouts over JSON: a maker and a checker, an account the bank names, a password, one effect for one key."""

from __future__ import annotations

import uuid

import pytest

from portal.gateways.sandbox import clockwork, faults
from portal.shared.identity.models import Role
from portal.shared.payments.services import bands, payouts
from tests.factories import assets, identity
from tests.factories import payouts as made


@pytest.fixture
def place(session):
    bands.load_known()
    return made.funded()


@pytest.fixture
def maker(place, calling):
    return calling(identity.member(place, Role.MANAGER))


@pytest.fixture
def checker(place, calling):
    return calling(identity.member(place, Role.OWNER))


@pytest.fixture
def asked(place):
    return {
        "asset_number": place.asset_number,
        "amount": "1000.00",
        "bank_code": "058",
        "account_number": "0123456789",
        "purpose": "costs",
        "description": "Diesel",
    }


def test_money_is_sent_out_by_two_people_and_a_password(place, maker, checker, asked):
    draft = maker.post("/api/transfers/", asked)
    assert (draft.status_code, draft.json["status"], draft.json["fee"]) == (201, "draft", "10.00")
    assert draft.json["recipient"]["name"] == "BOLA ADEYEMI"
    path = f"/api/transfers/{draft.json['id']}/"
    assert maker.post(f"{path}approve/").status_code == 403
    assert checker.post(f"{path}approve/").json["status"] == "approved"
    payouts.work_due()
    waits = checker.get(path).json
    assert (waits["status"], waits["otp"]["tries_left"]) == ("otp", 3)
    assert 1_790 < waits["otp"]["seconds_left"] <= 1_800
    payout = payouts.ask(uuid.UUID(draft.json["id"]), actor=assets.ACTOR)
    wrong = checker.post(f"{path}finalize/", {"otp": "000000" if made.otp(payout) != "000000" else "000001"})
    assert (wrong.status_code, wrong.json["error"]["code"]) == (409, "wrong_otp")
    assert checker.post(f"{path}resend-otp/").json["otp"]["tries_left"] == 3
    assert checker.post(f"{path}finalize/", {"otp": made.otp(payout)}).json["status"] == "pending"
    clockwork.advance()
    payouts.ask(payout.id, actor=assets.ACTOR)
    done = maker.get(path).json
    assert (done["status"], done["amount"], done["fee"], done["otp"]) == ("success", "1000.00", "10.00", None)
    listed = maker.get(f"/api/transfers/?asset_number={place.asset_number}&status=success").json["results"]
    assert listed == [done]


def test_who_drafted_cannot_approve_by_any_role(place, checker, asked):
    draft = checker.post("/api/transfers/", asked).json
    refused = checker.post(f"/api/transfers/{draft['id']}/approve/")
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "second_person_needed")


@pytest.mark.parametrize("step", ["draft", "approve", "cancel", "finalize", "resend-otp"])
def test_the_same_key_has_one_effect(place, maker, checker, asked, step):
    by, path, body = checker, "", None
    if step == "draft":
        by, path, body = maker, "/api/transfers/", asked
    else:
        payout = made.waiting(place) if step in ("finalize", "resend-otp") else made.drafted(place)
        path = f"/api/transfers/{payout.id}/{step}/"
        body = {"otp": made.otp(payout)} if step == "finalize" else None
    first = by.post(path, body, headers={"Idempotency-Key": "one"})
    faults.set(provider="paystack", operation=faults.ANY_CALL, kind="500", times=50)  # a replay asks nobody
    second = by.post(path, body, headers={"Idempotency-Key": "one"})
    assert first.status_code in (200, 201)
    assert second.json == first.json
    assert second.headers["Idempotent-Replay"] == "true"
    other = by.post(path, {**(body or {}), "description": "x"}, headers={"Idempotency-Key": "one"})
    assert other.status_code == 422


def test_a_cancelled_payout_is_over(place, maker, checker):
    payout = made.drafted(place)
    assert maker.post(f"/api/transfers/{payout.id}/cancel/").json["status"] == "cancelled"
    again = checker.post(f"/api/transfers/{payout.id}/approve/")
    assert (again.status_code, again.json["error"]["code"]) == (409, "wrong_status")


def test_money_that_is_not_there_is_not_sent(place, maker, checker, asked):
    draft = maker.post("/api/transfers/", {**asked, "amount": "100000.00"}).json
    refused = checker.post(f"/api/transfers/{draft['id']}/approve/")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_enough_at_provider")
    assert refused.json["error"]["details"]["available"] == "100000.00"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"amount": "0"}, 422, "amount"),
        ({"amount": "1.001"}, 422, "amount"),
        ({"account_number": "12x"}, 422, "account_number"),
        ({"account_number": "0000000000"}, 409, "account_number"),
        ({"bank_code": "999"}, 422, "bank_code"),
        ({"purpose": "bribe"}, 422, "purpose"),
        ({"purpose": "own_bank"}, 422, "counter"),
        ({"provider": "acme"}, 422, "provider"),
        ({"description": ""}, 422, "description"),
        ({"currency": "GHS"}, 422, "bank_code"),
        ({"extra": 1}, 422, "extra"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_its_field(maker, asked, change, status, field):
    refused = maker.post("/api/transfers/", {**asked, **change})
    assert (refused.status_code, field in refused.json["error"]["details"]) == (status, True), refused.json


def test_a_provider_that_is_away_is_said_so_and_nothing_is_written(place, maker, asked):
    payouts.banks_of(place, "sandbox", "NGN")
    faults.set(provider="paystack", operation="resolve", kind="500", times=9)
    away = maker.post("/api/transfers/", asked)
    assert (away.status_code, "Retry-After" in away.headers) == (503, True)
    assert maker.get(f"/api/transfers/?asset_number={place.asset_number}").json["results"] == []


def test_a_telephone_is_paid_under_the_name_that_is_given(session, calling):
    place = made.funded(currency="KES", timezone="Africa/Nairobi")
    maker = calling(identity.member(place, Role.OWNER))
    asked = {
        "asset_number": place.asset_number, "amount": "50", "bank_code": "MPESA", "account_number": "+254712345678",
        "purpose": "supplier", "description": "Eggs", "recipient_name": "Grace",
    }  # fmt: skip
    assert maker.post("/api/transfers/", asked).json["recipient"]["bank_name"] == "M-PESA"


def test_the_banks_of_a_currency_are_listed(place, maker):
    banks = maker.get(f"/api/transfers/banks/?asset_number={place.asset_number}").json["results"]
    assert {"code": "058", "name": "Guaranty Trust Bank", "kind": "nuban"} in banks
    assert {each["kind"] for each in banks} == {"nuban"}


def test_another_places_payout_is_not_there(place, calling, session):
    payout = made.drafted(place)
    stranger = calling(identity.member(assets.place(name="Elsewhere"), Role.OWNER))
    for path in ("", "approve/", "cancel/", "resend-otp/"):
        ask = stranger.post if path else stranger.get
        answer = ask(f"/api/transfers/{payout.id}/{path}")
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
    assert made.found(payout).status == "draft"


def test_a_payout_needs_a_sign_in_and_the_right(place, calling, asked):
    assert calling().post("/api/transfers/", asked).status_code == 401
    assert calling(identity.member(place, Role.CASHIER)).post("/api/transfers/", asked).status_code == 403
