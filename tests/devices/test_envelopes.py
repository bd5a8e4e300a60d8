"""What a device with topics of its own may say, played row by row, and what is refused with which word."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core import parse
from portal.shared.devices.envelopes import Lost, Presence, Result, Said, from_device_topic, from_item
from portal.shared.devices.readings import Refused

T = 1_764_526_800
GOOD = [
    ("occupancy", True, "1"),
    ("occupancy", 0, "0"),
    ("occupancy", " 1 ", "1"),
    ("access", "locked", "locked"),
    ("electricity", False, "off"),
    ("electricity", 3.25, "3.25"),
    ("electricity", "stromausfall — é 電", "stromausfall — é 電"),
    ("door", "open", "open"),
    ("temperature", -12.5, "-12.5"),
    ("humidity", "55", "55"),
    ("power", 1e3, "1000.0"),
    ("battery", 0, "0"),
    ("location", "6.5244,3.3792", "6.5244,3.3792"),
    ("location", {"lat": 6.5, "lon": 3.25}, "6.5,3.25"),
    ("location", {"lat": 6.5, "lon": 3.25, "speed": 41.5, "accuracy": None}, '{"lat":6.5,"lon":3.25,"speed":41.5}'),
    ("ignition", True, "on"),
    ("passenger_count", 14, "14"),
    ("tampering", True, "1"),
    ("payment", 250.5, "250.5"),
    ("payment", {"amount": "250.50"}, '{"amount": "250.50"}'),
    ("fuel", 99.999, "99.999"),
    ("speed", 80, "80"),
    ("odometer", 123456.7, "123456.7"),
    ("engine_hours", 12, "12"),
]
BAD = [
    ("occupancy", 2),
    ("occupancy", None),
    ("occupancy", [1]),
    ("occupancy", {}),
    ("occupancy", ""),
    ("access", True),
    ("access", "open"),
    ("door", 1),
    ("temperature", "warm"),
    ("temperature", True),
    ("humidity", 101),
    ("battery", -1),
    ("location", "0,0"),
    ("location", {"lat": 0, "lon": 0.0}),
    ("location", {"lat": 91.2, "lon": 3}),
    ("location", {"lat": 6.5}),
    ("location", {"lat": 6.5, "lon": 3, "height": 4}),
    ("location", {"lat": 6.5, "lon": 3, "heading": 361}),
    ("location", {"lat": True, "lon": 3}),
    ("passenger_count", 1_000_001),
    ("passenger_count", 2.5),
    ("payment", "lots"),
]


def envelope(v, **rest):
    return json.dumps({"boot": 3, "seq": 7, "t": T, "v": v, **rest}).encode()


@pytest.mark.parametrize(("kind", "value", "kept"), GOOD)
def test_what_can_be_said_by_either_door(kind, value, kept):
    said = from_device_topic(f"v1/lock-1/up/{kind}", envelope(value))
    assert isinstance(said, Said), said.detail
    assert (said.device, said.number, said.t, said.kind, said.value) == ("lock-1", (3, 7), T * 10**6, kind, kept)
    read = parse.json_value(json.dumps(value).encode())
    item = from_item("lock-1", {"boot": 3, "seq": 7, "t": T, "kind": kind, "value": read})
    assert isinstance(item, Said)
    assert from_device_topic(item.topic, item.payload) == item, "it could be replayed like any other"


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_what_no_device_can_mean_is_refused_and_its_number_is_known(kind, value):
    said = from_device_topic(f"v1/lock-1/up/{kind}", envelope(value))
    assert isinstance(said, Refused)
    assert (said.reason, said.device, said.boot, said.seq) == ("payload", "lock-1", 3, 7)
    assert said.detail.endswith(".")


@pytest.mark.parametrize(
    ("written", "microseconds"),
    [
        (T, T * 10**6),
        (T * 1000 + 250, T * 10**6 + 250_000),
        (T + 0.25, T * 10**6 + 250_000),
        ("2025-11-30T18:20:00Z", T * 10**6),
        ("2025-11-30T19:20:00.250+01:00", T * 10**6 + 250_000),
        (0, 0),
        (None, None),
    ],
)
def test_a_moment_is_rfc_3339_or_seconds_or_milliseconds(written, microseconds):
    assert from_device_topic("v1/lock-1/up/occupancy", envelope(1, t=written)).t == microseconds


@pytest.mark.parametrize(
    "broken",
    [
        {"t": -1},
        {"t": 10**15},
        {"t": True},
        {"t": "yesterday"},
        {"t": "2025-11-30T18:20:00"},
        {"t": [T]},
        {"seq": 0},
        {"seq": -1},
        {"seq": 2**53 + 1},
        {"seq": 1.5},
        {"seq": "7"},
        {"seq": True},
        {"seq": None},
        {"boot": -1},
        {"boot": 2**53 + 1},
        {"boot": "a"},
    ],
)
def test_moments_and_numbers_out_of_range_are_refused(broken):
    assert from_device_topic("v1/lock-1/up/occupancy", envelope(1, **broken)).reason == "payload"


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("v1/lock-1", b"{}", "topic"),
        ("v1/lock-1/up", b"{}", "topic"),
        ("v1/lock-1/up/occupancy/x", b"{}", "topic"),
        ("v1//up/occupancy", b"{}", "topic"),
        ("v1/Lock 1/up/occupancy", b"{}", "topic"),
        ("v1/lock-1/up/Occupancy!", b"{}", "topic"),
        ("v1/lock-1/down/cmd", b"{}", "topic"),
        ("v1/lock-1/up/status", envelope("x"), "kind"),
        ("v1/lock-1/up/mood", envelope("good"), "kind"),
        ("v1/lock-1/up/occupancy", b"", "payload"),
        ("v1/lock-1/up/occupancy", b"1", "payload"),
        ("v1/lock-1/up/occupancy", b"{not json", "payload"),
        ("v1/lock-1/up/occupancy", b'{"boot":1,"seq":1,"seq":2,"v":1}', "payload"),
        ("v1/lock-1/up/occupancy", b'{"boot":1,"seq":1,"t":NaN,"v":1}', "payload"),
        ("v1/lock-1/up/occupancy", b"\xff\xfe", "payload"),
        ("v1/lock-1/up/electricity", envelope("a\0b"), "payload"),
        ("v1/lock-1/up/occupancy", b"[" * 5_000, "payload"),
        ("v1/lock-1/up/occupancy", b" " * 65_000, "oversized"),
        ("v1/lock-1/status", b'{"state":"asleep","boot":1}', "payload"),
        ("v1/lock-1/status", b'{"state":"lost"}', "payload"),
    ],
)
def test_why_it_was_refused_is_told_by_a_word(topic, payload, reason):
    assert from_device_topic(topic, payload).reason == reason


def test_results_presence_and_lost_numbers():
    command = "0192d1f0-0000-7000-8000-000000000001"
    bare = from_device_topic("v1/lock-1/up/cmdres", json.dumps({"id": command, "status": "done"}).encode())
    assert isinstance(bare, Result)
    assert (str(bare.command_id), bare.status, bare.number) == (command, "done", None)
    counted = {"id": command, "status": "failed", "detail": "jammed", "boot": 3, "seq": 8}
    assert from_device_topic("v1/lock-1/up/cmdres", json.dumps(counted).encode()).number == (3, 8)
    assert from_device_topic("v1/lock-1/up/cmdres", b'{"id":"x","status":"done"}').reason == "payload"
    assert from_device_topic("v1/lock-1/up/cmdres", b'{"id":"x","status":"sent"}').reason == "payload"
    there = from_device_topic("v1/lock-1/status", b'{"state":"online","boot":4}')
    assert isinstance(there, Presence)
    assert (there.state, there.boot) == ("online", 4)
    lost = from_device_topic("v1/lock-1/up/lost", envelope([[1, 3], [5, 5]], of=2))
    assert isinstance(lost, Lost)
    assert (lost.boot, lost.ranges) == (2, ((1, 3), (5, 5)))
    for bad in ([], [[3, 1]], [[0, 1]], [1, 2], "1-3", [[1, 2**60]]):
        assert from_device_topic("v1/lock-1/up/lost", envelope(bad)).reason == "payload"


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(topic=st.text(max_size=80), payload=st.binary(max_size=200), item=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=5), max_leaves=12
))  # fmt: skip
def test_nothing_whatever_breaks_the_reader(topic, payload, item):
    from_device_topic(topic, payload)
    from_device_topic(f"v1/lock-1/up/{topic}", payload)
    from_device_topic("v1/lock-1/status", payload)
    from_item("lock-1", item)
    from_item("lock-1", {"boot": 1, "seq": 1, "kind": "location", "value": item})
    from_item("lock-1", {"boot": 1, "seq": 1, "kind": item, "value": item})
