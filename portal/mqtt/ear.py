"""A paho client with a quick ear: it takes many messages from the socket at once, and unpacks only what is needed.

Plain paho asks the system four times for each message and builds thirty property slots that devices leave empty:
on MQTT 5 that costs more than storing the message does. Only the reading of PUBLISH packets is ours; whatever is
unusual about one goes to paho's own reader.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from portal.gateways.broker import OURS

READ_AT_ONCE = 65_536
#: After so many packets the acknowledgements get their turn on the wire.
WRITE_EVERY = 50


class Message(NamedTuple):
    """What one PUBLISH packet carries; `ours` when it is the portal's own command coming back."""

    packet_id: int
    qos: int
    duplicate: bool
    retained: bool
    topic: bytes
    payload: bytes
    ours: bool
    at: float


class Ear(paho.Client):
    """Hands each message to `self.heard(message)`, which must be set before the loop starts."""

    heard: Any = None
    _ahead: bytes = b""

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """As paho's, until all that was read from the socket is used up: the socket will not tell of it again."""
        result, packets = super().loop_read(max_packets), 1
        while self._ahead and result == MQTTErrorCode.MQTT_ERR_SUCCESS and self._sock is not None:
            if packets % WRITE_EVERY == 0 and self.want_write():
                self.loop_write()
            result, packets = super().loop_read(max_packets), packets + 1
        return result

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self._ahead:
            self._ahead = super()._sock_recv(READ_AT_ONCE)
        taken, self._ahead = self._ahead[:bufsize], self._ahead[bufsize:]
        return taken

    def _handle_publish(self) -> MQTTErrorCode:
        message = unpack(self._in_packet["command"], bytes(self._in_packet["packet"]), self._protocol == paho.MQTTv5)
        if message is None:
            return super()._handle_publish()
        self.heard(message)
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def unpack(header: int, packet: bytes, modern: bool) -> Message | None:
    """The message in a PUBLISH packet of quality 0 or 1, or None when paho had better look at it."""
    qos = header >> 1 & 3
    body = 2 + int.from_bytes(packet[:2], "big")
    topic, packet_id = packet[2:body], 0
    if qos:
        packet_id = int.from_bytes(packet[body : body + 2], "big")
        body += 2
    if qos > 1 or not topic or body + modern > len(packet):
        return None
    ours = False
    if modern:
        length = packet[body]
        if length:
            marks = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            length = marks.unpack(packet[body:])[1] - 1  # type: ignore[no-untyped-call]
            ours = OURS in getattr(marks, "UserProperty", ())
        body += length + 1
    return Message(packet_id, qos, bool(header & 8), bool(header & 1), topic, packet[body:], ours, time.monotonic())
