"""What a device may say on a plain topic, played row by row, and what is refused with which word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.shared.devices.readings import LONGEST_TEXT, Reading, Refused, from_plain_topic

GOOD = {
    "rooms/H1/101/occupancy": ["0", "1", " 1\n"],
    "rooms/H1/101/electricity": ["on", "off", "3.2 kWh", "x" * LONGEST_TEXT, "stromausfall — é 電"],
    "rooms/H1/101/access": ["lock", "unlock", "locked", "unlocked"],
    "vehicles/F1/KD 01/location": ["6.5244,3.3792", "-1.2921, 36.8219", "90,-180", "0,0.00001"],
    "vehicles/F1/KD01/ignition": ["turn_on", "turn_off", "on", "off"],
    "vehicles/F1/KD01/passenger_count": ["0", "14", "1000000"],
    "vehicles/F1/KD01/tampering": ["0", "1", "cover opened"],
    "vehicles/F1/KD01/payment": ["250", "250.50", '{"amount": "250.50", "rider": "A"}'],
}
BAD = {
    "rooms/H1/101/occupancy": ["2", "-1", "true", "1.0", "NaN", "{not json", "١", "occupied", '{"value": 1}'],
    "rooms/H1/101/electricity": ['{"kwh": 3}', "[1]", "{not json", "x" * (LONGEST_TEXT + 1), "a\0b"],
    "rooms/H1/101/access": ["open", "UNLOCK", "unlock now"],
    "vehicles/F1/KD01/location": [
        "0,0",
        "0.0,-0.0",
        "91.2,3",
        "6,181",
        "6.5",
        "6.5,3.3,1",
        "NaN,1",
        "1e1,3",
        "6,5 3,3",
        "inf,0",
        "٦,٣",
    ],
    "vehicles/F1/KD01/ignition": ["start", "1"],
    "vehicles/F1/KD01/passenger_count": ["-1", "1000000000", "1000001", "3.5", "+3", "1_0", "٣", "1e3"],
    "vehicles/F1/KD01/payment": ["lots", "NaN", "-5", "{not json", '{"a": NaN}', '{"a":1,"a":2}'],
}


@pytest.mark.parametrize(("topic", "written"), [(t, w) for t, words in GOOD.items() for w in words])
def test_what_a_device_may_say(topic, written):
    said = from_plain_topic(topic, written.encode())
    assert isinstance(said, Reading), said.detail
    assert said.value == written.strip()
    assert said.topic == topic


@pytest.mark.parametrize(("topic", "written"), [(t, w) for t, words in BAD.items() for w in words])
def test_what_no_device_can_mean(topic, written):
    said = from_plain_topic(topic, written.encode())
    assert isinstance(said, Refused)
    assert said.reason == "payload"
    assert said.detail.endswith(".")


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("rooms/H1", b"1", "topic"),
        ("rooms/H1/101/occupancy/x", b"1", "topic"),
        ("rooms//101/occupancy", b"1", "topic"),
        ("rooms/H1//x", b"1", "topic"),
        ("rooms/H1/ /occupancy", b"1", "topic"),
        ("boats/H1/101/occupancy", b"1", "topic"),
        ("rooms/H1/101\x07/occupancy", b"1", "topic"),
        ("rooms/H1/101/occupancyy", b"1", "kind"),
        ("rooms/H1/101/location", b"6,3", "kind"),
        ("vehicles/F1/KD01/access", b"lock", "kind"),
        ("rooms/H1/101/occupancy", b"", "empty"),
        ("rooms/H1/101/electricity", b"  ", "empty"),
        ("rooms/H1/101/occupancy", b"\xff\xfe\x00", "binary"),
        ("rooms/H1/101/electricity", b"x" * 65_000, "oversized"),
    ],
)
def test_why_it_was_refused_is_told_by_a_word(topic, payload, reason):
    assert from_plain_topic(topic, payload).reason == reason


@given(topic=st.text(max_size=80), payload=st.binary(max_size=200))
def test_nothing_whatever_breaks_the_reader(topic, payload):
    from_plain_topic(topic, payload)
    from_plain_topic("vehicles/F1/KD01/payment", payload)
    from_plain_topic("rooms/H1/101/electricity", payload)
