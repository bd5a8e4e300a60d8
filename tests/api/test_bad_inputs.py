"""The named bad inputs of the JSON door, on every resource that takes a body, with the clear answer each must get."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from portal import create_app
from portal.core.cache import cache
from portal.core.db import db
from portal.extensions import limiter
from portal.shared.identity.models import Role
from tests.factories import assets, identity, payouts
from tests.support.databases import settings_for_tests

ROOM = {"room_number": "101", "price": "10000"}


@pytest.fixture
def hotel(session):
    return assets.place()


@pytest.fixture
def owner(hotel, calling):
    return calling(identity.member(hotel))


@pytest.fixture
def everywhere(hotel, owner, contract):
    """`everywhere(data=...)` sends the same to every resource that takes a body; answers the refusals."""
    assets.room(hotel, number="101")
    assets.vehicle(hotel, number="101")
    transfer = payouts.drafted(hotel)

    def send(**options):
        options = {"content_type": "application/json", **options}
        answers = []
        # a device signs in as itself and sends a list: test_readings.py
        elsewhere = ("webhook", "/pay/k/", "/api/devices/")
        for path, verbs in contract.document["paths"].items():
            for verb, operation in verbs.items():
                body = operation.get("requestBody")
                wrong = body and (options.get("data") or body["required"])  # to say nothing may be right
                if wrong and not any(each in path for each in elsewhere):
                    path = path.replace("{asset_number}", hotel.asset_number)
                    for name in ("room_number", "vehicle_number", "unit_number"):
                        path = path.replace(f"{{{name}}}", "101")
                    path = path.replace("{transfer_id}", str(transfer.id)).replace("{reservation_id}", str(UUID(int=7)))
                    answers.append(owner.call(verb.upper(), path, **options))
        assert len(answers) > 10
        return [(each.status_code, each.json["error"]) for each in answers]

    return send


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        (b"", "bad_json", "The body must be a JSON object."),
        (b"[1]", "bad_json", "The body must be a JSON object."),
        (b"{", "bad_json", "The body is not JSON: line 1, column 2."),
        (b"[" * 50_000, "bad_json", "The body is nested too deep (more than 32)."),
        (b'{"a":' * 2_000, "bad_json", "The body is nested too deep (more than 32)."),
        (b'{"a": NaN}', "bad_json", "NaN is not a JSON number."),
        (b'{"a": -Infinity}', "bad_json", "-Infinity is not a JSON number."),
        (b'{"a": 1e999}', "bad_json", "A number in the body has more than 40 digits."),
        (b'{"a": ' + b"9" * 5_000 + b"}", "bad_json", "A number in the body has more than 40 digits."),
        (b'{"a": 1, "a": 2}', "bad_json", "The field a is there twice."),
        (b'{"a": "\xff"}', "bad_json", "The body is not UTF-8 (byte 8)."),
    ],
    ids=[
        "empty",
        "list",
        "cut",
        "deep list",
        "deep object",
        "NaN",
        "Infinity",
        "1e999",
        "5000 digits",
        "twice",
        "bytes",
    ],
)
def test_what_is_not_json_is_400_with_the_place_of_the_mistake(everywhere, body, code, sentence):
    for status, error in everywhere(data=body):
        assert (status, error["code"], error["message"]) == (400, code, sentence)


def test_text_that_cannot_be_stored_is_422(everywhere):
    for text in (b"\\u0000", b"\\ud800"):
        for status, error in everywhere(data=b'{"name": "a' + text + b'"}'):
            assert (status, error["details"]) == (422, {"name": "name has a character that cannot be stored."})


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""]
)
def test_another_content_type_is_415(everywhere, kind):
    for status, error in everywhere(data=b"{}", content_type=kind):
        assert (status, error["message"]) == (415, "Send application/json.")


def test_an_unknown_field_is_named(everywhere, hotel):
    for status, error in everywhere(data=f'{{"pric": 1, "asset_number": "{hotel.asset_number}"}}'.encode()):
        assert (status, error["details"]["pric"]) == (422, "Unknown field: pric.")


def test_a_body_over_one_mebibyte_is_413(everywhere):
    for status, error in everywhere(data=b'{"a": "' + b"x" * 1024 * 1024 + b'"}'):
        assert (status, error["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "number", ["-1", "0", "2147483648", "9007199254740993", "9223372036854775808", "%00", "é", "x" * 300]
)
def test_a_strange_id_names_nothing(hotel, owner, number):
    base = f"/api/assets/{hotel.asset_number}"
    for path in (f"{base}/rooms/{number}/", f"{base}/status/{number}/", f"{base}/commands/{number}/"):
        assert owner.client.get(path, headers=owner.headers).status_code == 404
    assert owner.client.get(f"/api/assets/{number}/", headers=owner.headers).status_code == 404


def test_the_same_key_and_body_replay_the_answer(hotel, owner):
    path = f"/api/assets/{hotel.asset_number}/rooms/"
    first, second = (owner.post(path, ROOM, headers={"Idempotency-Key": "till-1"}) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.data == second.data
    assert ("Idempotent-Replay" in first.headers, second.headers["Idempotent-Replay"]) == (False, "true")


def test_the_same_key_with_another_body_is_refused(hotel, owner):
    path, key = f"/api/assets/{hotel.asset_number}/rooms/", {"Idempotency-Key": "till-1"}
    owner.post(path, ROOM, headers=key)
    answer = owner.post(path, {**ROOM, "room_number": "102"}, headers=key)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "idempotency_key_reused")


def test_a_key_is_its_owners_own(hotel, owner, calling):
    path, key = f"/api/assets/{hotel.asset_number}/rooms/", {"Idempotency-Key": "till-1"}
    owner.post(path, ROOM, headers=key)
    other = calling(identity.member(hotel, Role.MANAGER)).post(path, ROOM, headers=key)
    assert (other.status_code, other.json["error"]["code"]) == (409, "unit_number_taken")


def test_a_refusal_is_not_kept(hotel, owner):
    path, key = f"/api/assets/{hotel.asset_number}/rooms/", {"Idempotency-Key": "till-1"}
    assert owner.post(path, {**ROOM, "price": "0"}, headers=key).status_code == 422
    assert owner.post(path, ROOM, headers=key).status_code == 201


@pytest.mark.parametrize("key", ["k" * 201, "", "k\u00e9y", "a b"])
def test_a_key_that_is_none_is_refused(hotel, owner, key):
    answer = owner.post(f"/api/assets/{hotel.asset_number}/rooms/", ROOM, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json["error"]["details"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer " + "x" * 5_000])
def test_no_token_or_a_bad_one_is_401(calling, session, header):
    answer = calling(headers={"Authorization": header} if header is not None else {}).get("/api/assets/")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_refresh_token_is_no_access_token(calling, session):
    user = identity.person(password=identity.PASSWORD)
    pair = calling().post("/api/token/", {"email": user.email, "password": identity.PASSWORD}).json
    assert calling(headers={"Authorization": f"Bearer {pair['access']}"}).get("/api/auth/me/").status_code == 200
    assert calling(headers={"Authorization": f"Bearer {pair['refresh']}"}).get("/api/auth/me/").status_code == 401


def test_a_viewer_is_told_which_right_is_missing(hotel, calling, session):
    viewer = calling(identity.member(hotel, Role.VIEWER))
    answer = viewer.post(f"/api/assets/{hotel.asset_number}/rooms/", ROOM)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")
    assert answer.json["error"]["details"]["needs"] == "units.register"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "FOO"])
def test_another_method_is_405_with_those_it_takes(client, hotel, method):
    answer = client.open(f"/api/assets/{hotel.asset_number}/rooms", method=method)
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.fixture
def limited(app, committed):
    """The same portal with its limits on."""
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    yield create_app(replace(settings_for_tests(url), ratelimit_enabled=True))
    limiter.enabled = False


def test_a_runaway_client_is_told_how_long_to_wait(app, limited):
    mine, anothers = (identity.bearer(app, identity.person()) for _ in range(2))
    client = limited.test_client()
    answers = [client.get("/api/assets/", headers=mine) for _ in range(101)]
    assert [each.status_code for each in answers] == [200] * 100 + [429]
    assert answers[-1].json["error"]["code"] == "too_many"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 10
    assert answers[-1].headers["X-RateLimit-Limit"] == "100"
    assert client.get("/api/assets/", headers=anothers).status_code == 200


def test_limits_go_on_without_redis(app, committed):
    """Redis stops: each process counts for itself, and nobody sees an error."""
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
        headers = identity.bearer(app, identity.person())
    settings = replace(settings_for_tests(url), ratelimit_enabled=True, redis_url="redis://127.0.0.1:1/0")
    client = create_app(settings).test_client()
    try:
        answers = [client.get("/api/assets/", headers=headers).status_code for _ in range(102)]
        assert set(answers) == {200, 429}
        assert client.get("/u/NOPE").status_code == 404
    finally:
        limiter.enabled = False
        cache.connect(app.extensions["settings"].redis_url)


def test_a_database_that_is_away_is_503(session, app):
    headers = identity.bearer(app, identity.person())
    cut_off = create_app(settings_for_tests("postgresql+psycopg2://nobody@127.0.0.1:1/nothing"))
    answer = cut_off.test_client().get("/api/assets/", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
