"""Refunds asked for by programs: capped, approved by a second person above the limit, once for one key."""

import pytest

from portal.shared.identity.models import Role
from tests.factories import assets, identity, payments
from tests.factories import refunds as given

URL = "/api/payment/refunds/"


@pytest.fixture
def made(session):
    return payments.paid(assets.room())


@pytest.fixture
def manager(made, calling):
    return calling(identity.member(given.place_of(made), Role.MANAGER))


def asked(made, **changes):
    return {"reference": made.reference, "reason": "Left early", **changes}


def test_without_an_amount_all_of_it_is_asked_for_and_waits_for_a_second_person(manager, made):
    answer = manager.post(URL, asked(made))
    assert answer.status_code == 202
    assert (answer.json["amount"], answer.json["currency"]) == ("10000.00", "NGN")
    assert (answer.json["status"], answer.json["needs_approval"]) == ("requested", True)
    assert given.work() == 0


def test_under_the_limit_it_is_on_its_way(manager, made):
    given.allow(made, 300_000)
    answer = manager.post(URL, asked(made, amount="3000.00"))
    assert (answer.status_code, answer.json["status"], answer.json["needs_approval"]) == (202, "approved", False)
    over = manager.post(URL, asked(made, amount="1"))
    assert (over.status_code, over.json["error"]["code"]) == (409, "refund_under_way")


def test_more_than_came_is_refused_with_what_is_left(manager, made):
    answer = manager.post(URL, asked(made, amount="10000.01"))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "refund_too_large")
    assert answer.json["error"]["details"]["left"] == "10000.00"


@pytest.mark.parametrize(
    "change",
    [{"amount": "0"}, {"amount": "-1"}, {"amount": "1.001"}, {"reason": " "}, {"reference": "x y"}, {"more": 1}],
)
def test_what_cannot_be_meant_is_422(manager, made, change):
    assert manager.post(URL, asked(made, **change)).status_code == 422
    assert given.of(made) == []


def test_the_same_key_is_the_same_refund(manager, made):
    given.allow(made)
    first, second = (manager.post(URL, asked(made, amount="1"), headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotent-Replay"] == "true"
    other = manager.post(URL, asked(made, amount="2"), headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json["error"]["code"]) == (422, "idempotency_key_reused")
    assert len(given.of(made)) == 1


def test_who_may_ask_and_whose_refunds_wait(made, calling):
    given.allow(made)
    place = given.place_of(made)
    assert calling(identity.member(place, Role.VIEWER)).post(URL, asked(made)).status_code == 403
    stranger = calling(identity.member(assets.place(), Role.OWNER))
    assert stranger.post(URL, asked(made)).status_code == 404
    assert stranger.post(URL, {"reference": "NOT-THERE-1", "reason": "x"}).status_code == 404
    clerk = calling(identity.member(place, Role.FRONT_DESK)).post(URL, asked(made, amount="1"))
    assert clerk.json["needs_approval"] is True
