"""The quick ear hears exactly what paho's own reader hears."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import client as paho
from paho.mqtt._packet import decode_publish
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from portal.gateways.broker import OURS
from portal.mqtt.ear import unpack

TOPICS = st.text(min_size=1, max_size=60).map(lambda text: text.encode("utf-8", "replace"))


def packed(topic, payload, qos, packet_id, marks):
    body = len(topic).to_bytes(2, "big") + topic + (packet_id.to_bytes(2, "big") if qos else b"")
    if marks is not None:
        properties = Properties(PacketTypes.PUBLISH)
        if marks:
            properties.UserProperty = list(marks)
            properties.ContentType = "text/plain" * 20
        body += properties.pack()
    return body + payload


@given(
    topic=TOPICS,
    payload=st.binary(max_size=300),
    qos=st.sampled_from((0, 1)),
    packet_id=st.integers(1, 65_535),
    flags=st.sampled_from((0, 1, 8, 9)),
    marks=st.none() | st.lists(st.sampled_from([OURS, ("from", "someone"), ("to", "portal")]), max_size=3),
)
def test_it_reads_a_packet_as_paho_does(topic, payload, qos, packet_id, flags, marks):
    packet, modern = packed(topic, payload, qos, packet_id, marks), marks is not None
    header = 0x30 | qos << 1 | flags
    version = paho.MQTTv5 if modern else paho.MQTTv311
    theirs, ours = decode_publish(header, packet, version), unpack(header, packet, modern)
    assert (ours.topic, ours.payload, ours.qos, ours.packet_id, ours.duplicate, ours.retained) == (
        theirs.topic,
        theirs.payload,
        theirs.qos,
        theirs.mid,
        theirs.dup,
        theirs.retain,
    )
    assert ours.ours == (OURS in (marks or ()))


def test_what_is_unusual_is_left_to_paho():
    assert unpack(0x34, packed(b"rooms", b"1", 2, 1, []), True) is None
    assert unpack(0x32, b"\x00\x09room", True) is None
