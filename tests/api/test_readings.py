"""A device without MQTT posts what it says: the same numbers, the same acknowledgement, its own credential."""

from __future__ import annotations

import base64
import time

import pytest
from sqlalchemy import func, select

from portal.shared.devices.models import AssetEvent, DeadLetter
from portal.shared.devices.secrets import hash_secret
from tests.factories import assets as make
from tests.factories import devices
from tests.factories import identity as people

SECRET = "cK2mQ9vX4tB7nL1pR8sW3yZ6dF5gH0jA"


@pytest.fixture
def meter(session):
    return devices.envelope(make.room(), secret_hash=hash_secret(SECRET), type="meter")


def shown(device, secret=SECRET):
    return {"Authorization": "Basic " + base64.b64encode(f"{device.name}:{secret}".encode()).decode()}


def reading(seq, value="1", kind="occupancy", boot=1, **rest):
    return {"boot": boot, "seq": seq, "t": int(time.time()), "kind": kind, "value": value, **rest}


def post(client, device, body, *, called=None, headers=None):
    address = f"/api/devices/{called or device.name}/readings/"
    return client.post(address, json=body, headers=headers or shown(device))


def kept(session):
    return session.scalars(select(AssetEvent.seq).order_by(AssetEvent.seq)).all()


def test_readings_are_kept_once_and_the_device_is_told_how_far(session, client, meter):
    batch = [reading(1), reading(2, 21.5, kind="temperature"), reading(4, {"lat": 1}, kind="power"), reading(6)]
    answer = post(client, meter, batch)
    assert answer.status_code == 200, answer.json
    said = answer.json
    assert (said["through"], said["missing"]) == (2, [3, 5])
    (rejected,) = said["rejected"]
    assert (rejected["boot"], rejected["seq"], rejected["reason"]) == (1, 4, "payload")
    again = post(client, meter, [*batch, reading(3), reading(5)], called=str(meter.id)).json
    assert again == {"through": 6, "missing": [], "rejected": [], "boots": [{"boot": 1, "through": 6, "missing": []}]}
    assert kept(session) == [1, 2, 3, 5, 6]


def test_readings_of_two_starts_come_in_one_post(session, client, meter):
    said = post(client, meter, [reading(9, boot=1), reading(1, boot=2)]).json
    assert (said["through"], said["missing"]) == (1, [])
    assert [(each["boot"], each["through"]) for each in said["boots"]] == [(1, 0), (2, 1)]
    lost = post(client, meter, [{"boot": 2, "seq": 2, "of": 1, "kind": "lost", "value": [[1, 8]]}]).json
    assert {each["boot"]: each["through"] for each in lost["boots"]} == {1: 9, 2: 2}


def test_only_the_device_itself_may_speak(session, app, client, meter):
    other = devices.envelope(make.room(), secret_hash=hash_secret("another"))
    revoked = devices.envelope(make.room(), secret_hash=hash_secret(SECRET), status="revoked")
    for device, headers in (
        (meter, shown(meter, "wrong")),
        (meter, shown(meter, "")),
        (meter, {"Authorization": "Basic !!!"}),
        (meter, {"Authorization": "Bearer x.y.z"}),
        (meter, people.bearer(app, people.member(make.place()))),
        (meter, {"X-Nothing": "1"}),
        (revoked, shown(revoked)),
    ):
        answer = post(client, device, [reading(1)], headers=headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (401, "sign_in_needed"), headers
    assert post(client, meter, [reading(1)], called=other.name).status_code == 404
    assert post(client, meter, [reading(1)], called="nobody").status_code == 404
    assert kept(session) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [([], 422), ([{}] * 501, 422), ({"boot": 1}, 422), ("text", 422)],
)
def test_a_list_of_readings_is_asked_for(session, client, meter, body, status):
    answer = post(client, meter, body)
    assert answer.status_code == status, answer.json


def test_nonsense_among_them_holds_none_of_the_others_up(session, client, meter):
    nonsense = [
        1, None, [], {}, "x", {"boot": 1}, reading(2, "0,0", kind="location"), reading(3, kind="mood"),
        reading(4, t="never"), reading(-1), reading(5, kind=["a"]), reading(6, kind="cmdres"), reading(7, kind="../up"),
    ]  # fmt: skip
    said = post(client, meter, [reading(1), *nonsense, reading(8)]).json
    assert len(said["rejected"]) == len(nonsense)
    assert (said["through"], said["missing"]) == (8, [])
    assert kept(session) == [1, 8]
    assert session.scalar(select(func.sum(DeadLetter.times))) == len(nonsense)
    assert set(session.scalars(select(DeadLetter.asset_id))) == {meter.asset_id}


def test_not_json_is_refused_in_words(session, client, meter):
    address = f"/api/devices/{meter.name}/readings/"
    assert client.post(address, data=b"[{]", headers=shown(meter), content_type="application/json").status_code == 400
    assert client.post(address, data=b"[]", headers=shown(meter), content_type="text/plain").status_code == 415
