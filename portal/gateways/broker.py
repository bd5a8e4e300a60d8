"""The MQTT broker: how it is reached, and how a command is put to it so that it can never come late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

Client = TypeVar("Client", bound=paho.Client)

#: Every command carries this mark, by which the portal knows its own voice.
OURS = ("from", "portal")
KEEPALIVE = 15
SESSION_SECONDS = 14 * 24 * 3600
LARGEST_PACKET = 1_048_576


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and what it speaks; `version` 3.1.1 is for the embedded stand-in alone."""

    url: str
    version: str = "5"

    @property
    def modern(self) -> bool:
        """Whether it speaks MQTT 5."""
        return self.version == "5"

    def client(
        self,
        client_id: str,
        *,
        manual_ack: bool = False,
        persistent: bool = True,
        kind: Callable[..., Client] = paho.Client,  # type: ignore[assignment]
    ) -> Client:
        """A client that knows the way and the password; it never reconnects by itself."""
        parts = urlsplit(self.url)
        client = kind(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if self.modern else not persistent,
            protocol=paho.MQTTv5 if self.modern else paho.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=manual_ack,
        )
        if parts.username:
            client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            client.tls_set()
        client.connect_timeout = 3.0
        return client

    def connect(self, client: paho.Client, *, receive_maximum: int = 0, persistent: bool = True) -> None:
        """Open the connection and take the session up where it was left; raises OSError when nobody answers."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "127.0.0.1", parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        if not self.modern:
            client.connect(host, port, KEEPALIVE)
            return
        asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if persistent:
            asked.SessionExpiryInterval = SESSION_SECONDS
        if receive_maximum:
            asked.ReceiveMaximum = receive_maximum
            asked.MaximumPacketSize = LARGEST_PACKET
        client.connect(host, port, KEEPALIVE, clean_start=not persistent, properties=asked)


def session_over() -> Properties:
    """The session ends with the connection, and what waits in it with both."""
    asked = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
    asked.SessionExpiryInterval = 0
    return asked


def command_properties(seconds: float) -> Properties:
    """The broker drops the command after so many seconds, and whoever hears it knows who spoke."""
    marked = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    marked.MessageExpiryInterval = max(1, int(seconds))
    marked.UserProperty = OURS
    return marked
