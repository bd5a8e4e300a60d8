"""Hundreds of MQTT clients in one thread: a thread for each would spend the machine on waking up."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from portal.gateways.broker import Broker

DIALS_AT_ONCE = 8
HOUSEKEEPING_EVERY = 1.0
#: The broker takes a connection and then says nothing: after this it counts as down.
ANSWER_WITHIN = 10.0


class Will(NamedTuple):
    """What the broker says for a device that went without a farewell; it waits a moment, because links flap."""

    topic: str
    payload: str
    delay: int = 2


class Line:
    """One client's connection, dialled again after each loss with whatever the session kept."""

    def __init__(
        self,
        network: Network,
        broker: Broker,
        client_id: str,
        topics: list[str],
        *,
        hears: Callable[[str, bytes], None],
        will: Callable[[], Will | None] = lambda: None,
        comes_up: Callable[[], None] = lambda: None,
        goes_down: Callable[[], None] = lambda: None,
        taken: Callable[[int, bool], None] = lambda number, well: None,
    ) -> None:
        self.network, self.broker, self.client_id, self.topics = network, broker, client_id, topics
        self.up = False
        self.refused: str | None = None
        self._hears, self._will, self._comes_up, self._goes_down, self._taken = hears, will, comes_up, goes_down, taken
        self._client: paho.Client | None = None
        self._dialling: Future[Any] | None = None
        self._dialled_at = 0.0
        network.lines.append(self)

    @property
    def idle(self) -> bool:
        """Whether it is neither connected nor about to be."""
        return self._client is None

    def dial(self) -> None:
        """Begin to connect; `comes_up` or `goes_down` tells how it went."""
        client: paho.Client = self.broker.client(self.client_id)
        if will := self._will():
            later = None
            if self.broker.modern:
                later = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
                later.WillDelayInterval = will.delay
            client.will_set(will.topic, will.payload, qos=1, retain=True, properties=later)
        client.max_queued_messages_set(0)
        client.max_inflight_messages_set(1_000)
        client.on_connect = self._connected
        client.on_message = lambda _client, _data, message: self._hears(message.topic, bytes(message.payload))
        client.on_publish = lambda _client, _data, number, reason, _: self._taken(number, not reason.is_failure)
        self._client, self._dialled_at = client, time.monotonic()
        self._dialling = self.network.dialler.submit(self.broker.connect, client)
        self.network.dialling.add(self)

    def cut(self) -> None:
        """Lose the network: the broker hears no farewell and executes the will."""
        self._drop()

    def close(self, *, forget: bool = False) -> None:
        """Say goodbye; `forget` lets the broker throw away what it keeps for this client."""
        if self._client is not None and self.up:
            asked = None
            if forget and self.broker.modern:
                asked = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]
                asked.SessionExpiryInterval = 0
            self._client.disconnect(properties=asked)
            self._flush()
        self._drop()

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> int | None:
        """Hand a message to the connection; the number under which `taken` will tell how the broker took it."""
        if self._client is None or not self.up:
            return None
        told = self._client.publish(topic, payload, qos=1, retain=retain)
        self.network.watch(self)
        return told.mid if told.rc == paho.MQTT_ERR_SUCCESS else None

    def answered(self) -> bool:
        """Whether the dialling has ended, well or not."""
        if self._dialling is None:
            return True
        if not self._dialling.done():
            return False
        dialled, self._dialling = self._dialling, None
        if dialled.exception() is not None:
            self._drop()
        else:
            self.network.watch(self)
        return True

    def look(self, now: float) -> None:
        """Whatever is due without the network having said anything."""
        if self._client is not None and self._dialling is None:
            if self._client.loop_misc() != paho.MQTT_ERR_SUCCESS or self._silent(now):
                self._drop()
            else:
                self.network.watch(self)

    def ready(self, events: int) -> None:
        """The socket can be read or written."""
        client = self._client
        if client is None:
            return
        fault = paho.MQTT_ERR_SUCCESS
        if events & selectors.EVENT_WRITE:
            fault = client.loop_write()
        if events & selectors.EVENT_READ and fault == paho.MQTT_ERR_SUCCESS:
            fault = client.loop_read()
            # what TLS has already decrypted no selector tells of
            while fault == paho.MQTT_ERR_SUCCESS and getattr(client.socket(), "pending", int)():
                fault = client.loop_read()
        if fault != paho.MQTT_ERR_SUCCESS or client.socket() is None:
            self._drop()
        else:
            self.network.watch(self)

    def socket(self) -> Any:
        """The socket while there is one."""
        return self._client.socket() if self._client is not None and self._dialling is None else None

    def wants_to_write(self) -> bool:
        """Whether something waits for room in the socket."""
        return self._client is not None and self._client.want_write()

    def _silent(self, now: float) -> bool:
        return not self.up and now - self._dialled_at > ANSWER_WITHIN

    def _flush(self) -> None:
        client, deadline = self._client, time.monotonic() + 1.0
        while client is not None and client.want_write() and time.monotonic() < deadline:
            if client.loop_write() != paho.MQTT_ERR_SUCCESS:
                return

    def _drop(self) -> None:
        client, dialling, was_up = self._client, self._dialling, self.up
        self.network.forget(self)
        self._client, self._dialling, self.up = None, None, False
        if client is not None:
            client.on_connect = client.on_message = client.on_publish = None
            if dialling is None:
                _hang_up(client)
            else:
                dialling.add_done_callback(lambda _: _hang_up(client))
        if was_up:
            self._goes_down()

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            return
        self.refused = None
        if self.broker.modern:
            client.subscribe([(topic, SubscribeOptions(qos=1, noLocal=True)) for topic in self.topics])
        else:
            client.subscribe([(topic, 1) for topic in self.topics])
        self.up = True
        self._comes_up()


def _hang_up(client: paho.Client) -> None:
    if (socket := client.socket()) is not None:
        socket.close()


class Network:
    """All lines, and the one loop that serves them."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.dialler = ThreadPoolExecutor(DIALS_AT_ONCE, thread_name_prefix="dials")
        self._selector = selectors.DefaultSelector()
        self._watched: dict[Line, tuple[Any, int]] = {}
        self.dialling: set[Line] = set()
        self._look_at = 0.0

    def turn(self, seconds: float) -> None:
        """Serve whatever sockets are ready within so many seconds."""
        now = time.monotonic()
        self.dialling -= {line for line in self.dialling if line.answered()}
        if now >= self._look_at:
            self._look_at = now + HOUSEKEEPING_EVERY
            for line in self.lines:
                line.look(now)
        if not self._watched:
            time.sleep(max(0.0, seconds))
            return
        for key, events in self._selector.select(max(0.0, seconds)):
            key.data.ready(events)

    def watch(self, line: Line) -> None:
        """Listen to a line's socket, and for room to write where it has something waiting."""
        socket = line.socket()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.wants_to_write() else 0)
        known = self._watched.get(line)
        if socket is None:
            self.forget(line)
        elif known is None:
            self._selector.register(socket, wanted, line)
            self._watched[line] = socket, wanted
        elif known != (socket, wanted):
            self._selector.modify(socket, wanted, line)
            self._watched[line] = socket, wanted

    def forget(self, line: Line) -> None:
        """Listen to it no more."""
        known = self._watched.pop(line, None)
        if known is not None:
            self._selector.unregister(known[0])

    def close(self, *, forget: bool = False) -> None:
        """All lines say goodbye."""
        for line in self.lines:
            line.close(forget=forget)
        self.dialler.shutdown(wait=False, cancel_futures=True)
        self._selector.close()
