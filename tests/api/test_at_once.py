"""Two clients at once, and the door's own part in letting a room."""

from __future__ import annotations

import threading

from tests.factories import assets, identity

ROOM = {"room_number": "101", "price": "10000"}


def test_two_requests_with_one_key_have_one_effect(committed, app):
    hotel = assets.place()
    path = f"/api/assets/{hotel.asset_number}/rooms/"
    headers = {**identity.bearer(app, identity.member(hotel)), "Idempotency-Key": "till-1"}
    answers = at_once(8, lambda: app.test_client().post(path, json=ROOM, headers=headers))
    assert {each.status_code for each in answers} == {201}
    assert len({each.data for each in answers}) == 1
    assert sum("Idempotent-Replay" not in each.headers for each in answers) == 1
    assert len(app.test_client().get(path, headers=headers).json["results"]) == 1


def test_two_grants_with_one_key_are_one(committed, app):
    hotel = assets.place()
    assets.room(hotel, number="101")
    headers = {**identity.bearer(app, identity.member(hotel)), "Idempotency-Key": "desk-1"}
    path = f"/api/assets/{hotel.asset_number}/direct_control/101/"
    body = {"minutes": 60, "reason": "the card machine is broken"}
    answers = at_once(4, lambda: app.test_client().post(path, json=body, headers=headers))
    assert {each.status_code for each in answers} == {202}
    assert len({each.json["id"] for each in answers}) == 1
    assert answers[0].json["command"]["action"] == "unlock"


def at_once(number, work):
    """What so many threads got that set off together."""
    gate, answers = threading.Barrier(number), []

    def run():
        gate.wait()
        answers.append(work())

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
