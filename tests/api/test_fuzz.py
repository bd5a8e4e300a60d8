"""Three thousand requests of clients gone mad: each refused in words, none an error of ours."""

from __future__ import annotations

import json
import random
import uuid

import pytest

from tests.factories import assets, identity

#: So many each; what one leaves behind would slow down the next.
CLIENTS, REQUESTS = 3, 1_000
SEED = 20_261_120
WORST = [
    "", " ", "\u200b", "a\u0000b", "\ud800", "é" * 300, "x" * 70_000, "' or 1=1--", "<script>", "../../etc/passwd",
    "null", "NaN", "1e999", "١٢", "-0", "0x10", "2031-02-30", "2026-11-20T10:00:00", "a@b", "%00", "{{7*7}}",
    None, True, False, -1, 0, 1, 2**31, 2**53 + 1, 2**63, 10**39, -(10**30), 1.5, 0.1 + 0.2, [], {}, [[]], {"": {}},
    ["a"] * 1_000, {"amount": {"amount": "1"}},
]  # fmt: skip
RAW = [
    b"", b"{", b"[]", b"null", b'"text"', b"[" * 50_000, b'{"a":' * 2_000, b'{"price": NaN}', b'{"price": Infinity}',
    b'{"price": 1e999}', b'{"minutes": ' + b"9" * 5_000 + b"}", b'{"name": "\\u0000"}', b'{"name": "\\ud800"}',
    b'{"name": "\xff\xfe"}', '{"name": "é"}'.encode("utf-16"), b'{"name": 1, "name": 2}', b'{"a": 1}' * 3,
    b'{"name": "' + b"x" * 1_100_000 + b'"}', b"\x00" * 10, b'{"\\u0000": 1}',
]  # fmt: skip
TYPES = ["application/json"] * 6 + [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", 
    "application/json; charset=utf-16",
    "application/xml", "", "application/json; charset=\u00e9",
]  # fmt: skip
KEYS = ["", "k" * 300, "k\u00e9y", "a b", "fine-1", "fine-2"]
NUMBERS = [
    "x" * 500,
    "%00",
    "null,null",
    "..",
    "-1",
    "9223372036854775808",
    "%F0%9F%98%80",
    "%ED%A0%80",
    "ROOM 1",
    "%2F",
]
GOOD = {
    "kind": "hotel", "name": "Marina", "currency": "NGN", "timezone": "Africa/Lagos", "price": "100", "amount": "10000",
    "room_number": "9", "vehicle_number": "V9", "email": "someone@example.com", "role": "viewer", "action": "unlock",
    "capability": "access", "minutes": 5, "reason": "a test", "password": "four quiet zebras run", "refresh": "x.y.z",
    "phone_number": "+2348012345678", "limit": 5, "period_minutes": 60, "retain_commands": False, "year": 2026,
    "month": 11,
}  # fmt: skip


@pytest.fixture
def mad(app, session):
    """A client with a good token and a place to be mad at."""
    hotel = assets.place()
    assets.room(hotel, number="101")
    assets.vehicle(hotel, number="V1")
    return app.test_client(), identity.bearer(app, identity.member(hotel)), hotel.asset_number


@pytest.mark.parametrize("which", range(CLIENTS))
def test_nothing_a_client_sends_is_an_error_of_ours(app, contract, mad, which):
    client, bearer, number = mad
    rng = random.Random(SEED + which)
    operations = [
        (path, verb, operation)
        for path, verbs in contract.document["paths"].items()
        for verb, operation in verbs.items()
        if not (path == "/api/assets/{asset_number}/" and verb == "delete")
    ]
    statuses: dict[int, int] = {}
    for turn in range(REQUESTS):
        path, verb, operation = rng.choice(operations)
        if rng.random() < 0.05:
            verb = rng.choice(["get", "post", "put", "patch", "delete", "trace", "foo"])
        sent = _request(rng, path, operation, contract.document, bearer, number)
        answer = client.open(method=verb.upper(), **sent)
        told = f"turn {turn}: {verb} {sent['path']} {str(sent)[:300]} -> {answer.status_code}"
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, told
        assert answer.headers["X-Request-ID"], told
        if verb != "trace" and answer.status_code != 204:
            assert answer.mimetype == "application/json", told
        if answer.status_code >= 400:
            assert answer.json["error"].keys() == {"code", "message", "details"}, told
            assert answer.json["error"]["message"], told
            if verb in contract.document["paths"][path] and answer.status_code != 404:
                known = contract.document["paths"][path][verb]["responses"]
                assert str(answer.status_code) in known, told
    # a fuzzer that is always turned away at the gate has tried nothing
    assert {200, 201, 400, 401, 404, 405, 413, 415, 422} <= statuses.keys(), statuses
    assert sum(count for status, count in statuses.items() if status < 300) > REQUESTS / 20, statuses


def _request(rng, path, operation, document, bearer, number):
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            name = parameter["name"]
            good = {"asset_number": number, "vehicle_number": "V1", "command_id": str(uuid.UUID(int=7))}.get(
                name, "101"
            )
            value = good if rng.random() < 0.85 else rng.choice(NUMBERS)
            path = path.replace(f"{{{name}}}", value)
    headers = dict(bearer)
    if rng.random() < 0.05:
        headers = {"Authorization": rng.choice(["", "Bearer", "Bearer x.y.z", "Basic a:b", "Bearer " + "x" * 5_000])}
    if rng.random() < 0.1:
        headers["Idempotency-Key"] = rng.choice(KEYS)
    query = {}
    for parameter in operation["parameters"]:
        if parameter["in"] == "query" and rng.random() < 0.5:
            query[parameter["name"]] = _text(GOOD.get(parameter["name"]) if rng.random() < 0.5 else rng.choice(WORST))
    if rng.random() < 0.03:
        query["colour"] = "red"
    sent = {"path": path, "headers": headers, "query_string": query}
    if "requestBody" in operation:
        sent["data"] = _body(rng, operation, document)
        sent["content_type"] = rng.choice(TYPES)
    return sent


def _body(rng, operation, document):
    if rng.random() < 0.15:
        return rng.choice(RAW)
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    body = {name: GOOD[name] for name in schema.get("properties", {}) if name in GOOD}
    for name in ("room_number", "vehicle_number"):
        if name in body:
            body[name] = f"R{rng.randrange(10**6)}"
    for _mutation in range(rng.choice([0, 1, 1, 2])):
        name = rng.choice([*body, "pric"]) if body else "pric"
        if rng.random() < 0.2:
            body.pop(name, None)
        else:
            body[name] = rng.choice(WORST)
    return json.dumps(body).encode()


def _text(value):
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else json.dumps(value)
