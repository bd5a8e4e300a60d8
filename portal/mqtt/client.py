"""One connection to the broker: it hears everything, decides nothing, and acknowledges only when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from enum import Enum
from queue import SimpleQueue
from typing import Any, NamedTuple

import structlog
from paho.mqtt import client as paho
from paho.mqtt.subscribeoptions import SubscribeOptions

from portal.gateways.broker import Broker, command_properties, session_over
from portal.mqtt.ear import Ear, Message
from portal.mqtt.routes import PRESENCE, SHARED, SUBSCRIPTIONS

log = structlog.get_logger(__name__)

#: Unacknowledged messages the broker may have on their way: two batches and some, so that it never waits for us.
IN_FLIGHT = 2_000
#: Messages of quality 0 are not counted by the broker; past this many we stop reading until the writer follows.
HIGH_WATER = 5_000
LOW_WATER = 1_000
ANSWER_WITHIN = 10.0
#: The broker took the message, found no subscription to its topic, and dropped it.
NOBODY_LISTENS = 16
TELL_SECONDS = 10.0


class Heard(NamedTuple):
    """One message, and the connection it came by: packet ids mean nothing on another one."""

    generation: int
    message: Message


class Opened(NamedTuple):
    """A connection stands; `resumed` when the broker kept the session and will send again what it holds."""

    generation: int
    resumed: bool


Inbox = SimpleQueue[Heard | Opened]


class Hears(Enum):
    """What a session listens to: everything, when one ingester does it all; its share of it, one of the shares with
    the devices' states beside it; or nothing any more, to hear what waits for it and then be gone.
    """

    ALONE = "alone"
    SHARE_AND_STATES = "share and states"
    SHARE = "share"
    NOTHING = "nothing"


class Link:
    """A connection of the ingest session. When it ends it is not mended: the next one is a new Link."""

    def __init__(
        self, broker: Broker, client_id: str, generation: int, inbox: Inbox, hears: Hears = Hears.ALONE
    ) -> None:
        self.broker = broker
        self.hears = hears
        self.generation = generation
        self.fault: str | None = None
        self._inbox = inbox
        self._connected = threading.Event()
        self._over = threading.Event()
        self._network: threading.Thread | None = None
        self._began = time.monotonic()
        self._answers: dict[int, Any] = {}
        #: Nobody waits for their answers; numbers come round again, and an old answer must not pass for a new one.
        self._unasked: set[int] = set()
        self._answered = threading.Condition()
        self._client = broker.client(client_id, manual_ack=True, kind=Ear)
        self._client.max_inflight_messages_set(500)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.heard = self._heard
        self._client.on_publish = self._on_publish

    def open(self) -> None:
        """Connect and begin to listen; a broker that does not answer leaves the link over."""
        try:
            self.broker.connect(self._client, receive_maximum=IN_FLIGHT)
        except (OSError, ValueError) as error:
            self._end(f"The broker does not answer: {error}")
        else:
            self._client.loop_start()

    def close(self, *, forget: bool = False) -> None:
        """Send what is waiting to be sent and say goodbye; the session stays with the broker unless it is to forget."""
        self._over.set()
        self._client.disconnect(properties=session_over() if forget else None)
        self._client.loop_stop()

    @property
    def connected(self) -> bool:
        """Whether messages can come and go now."""
        return self._connected.is_set() and not self.over

    @property
    def over(self) -> bool:
        """Whether this link has ended, be it by the broker, the network, or a fault in its own thread."""
        if self._over.is_set():
            return True
        if self._network is not None and not self._network.is_alive():
            self._end(self.fault or "The network thread ended.")
        elif self._network is None and time.monotonic() - self._began > ANSWER_WITHIN:
            self._end("The broker took the connection and said nothing.")
        return self._over.is_set()

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that this message is kept for good."""
        if message.qos:
            self._client.ack(message.packet_id, message.qos)

    def publish(self, topic: str, payload: str, *, seconds: float, retain: bool) -> int | None:
        """Hand a command to the broker; returns the number its answer will carry, None if it did not leave."""
        if self.broker.modern:
            told = self._client.publish(topic, payload, qos=1, retain=retain, properties=command_properties(seconds))
        else:
            told = self._client.publish(topic, payload, qos=0, retain=retain)
        return told.mid if told.rc == paho.MQTT_ERR_SUCCESS else None

    def tell(self, topic: str, payload: str) -> None:
        """Say something that is not worth keeping for whoever is not there: an acknowledgement comes again."""
        marked = command_properties(TELL_SECONDS) if self.broker.modern else None
        told = self._client.publish(topic, payload, qos=0, properties=marked)
        with self._answered:
            self._forget(told.mid)

    def answers(self, numbers: Sequence[int], within: float) -> dict[int, bool]:
        """The published commands that the broker has confirmed, each with whether somebody listens to its topic."""
        deadline = time.monotonic() + within
        with self._answered:
            self._answered.wait_for(
                lambda: self._over.is_set() or all(number in self._answers for number in numbers),
                max(0.0, deadline - time.monotonic()),
            )
            answers = {number: self._answers.get(number) for number in numbers}
            for number in numbers:
                self._forget(number)
        for number, answer in answers.items():
            if answer is not None and answer.is_failure:
                log.warning("command_refused_by_broker", number=number, answer=str(answer))
        return {
            number: answer.value != NOBODY_LISTENS
            for number, answer in answers.items()
            if answer is not None and not answer.is_failure
        }

    def _forget(self, number: int) -> None:
        if self._answers.pop(number, None) is None:
            self._unasked.add(number)

    def _end(self, fault: str | None) -> None:
        self.fault = self.fault or fault
        self._connected.clear()
        self._over.set()
        with self._answered:
            self._answered.notify_all()

    def _on_connect(self, client: paho.Client, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        self._network = threading.current_thread()
        if reason.is_failure:
            self._end(f"The broker refused the connection: {reason}")
            client.disconnect()
            return
        # First in the queue: whatever comes by this connection is judged against the resumed session's log.
        self._inbox.put(Opened(self.generation, bool(flags.session_present)))
        if self.broker.modern:
            self._listen(client)
        else:
            client.subscribe([(topic, 1) for topic in (*SUBSCRIPTIONS, PRESENCE)])
        self._connected.set()

    def _listen(self, client: paho.Client) -> None:
        """Subscribe to what this session hears, and then let go of what it heard under other settings: in this
        order, for a message in between may come twice but must not be missed.
        """
        alone = SubscribeOptions(qos=1, noLocal=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        states = SubscribeOptions(qos=1, noLocal=True, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
        # A share may not leave out what the portal itself says: commands are known by their mark.
        shared = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
        wanted = {
            Hears.ALONE: [*((topic, alone) for topic in SUBSCRIPTIONS), (PRESENCE, states)],
            Hears.SHARE_AND_STATES: [*((topic, shared) for topic in SHARED), (PRESENCE, states)],
            Hears.SHARE: [(topic, shared) for topic in SHARED],
            Hears.NOTHING: [],
        }[self.hears]
        if wanted:
            client.subscribe(wanted)
        client.unsubscribe([topic for topic in (*SUBSCRIPTIONS, *SHARED, PRESENCE) if topic not in dict(wanted)])

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._end(f"The connection ended: {reason}")

    def _heard(self, message: Message) -> None:
        try:
            self._take(message)
        except Exception as error:
            self.fault = f"Hearing failed: {type(error).__name__}: {error}"
            raise

    def _take(self, message: Message) -> None:
        self._inbox.put(Heard(self.generation, message))
        if self._inbox.qsize() > HIGH_WATER:
            while self._inbox.qsize() > LOW_WATER and not self._over.is_set():
                time.sleep(0.01)

    def _on_publish(self, _client: Any, _data: Any, number: int, reason: Any, _properties: Any) -> None:
        with self._answered:
            if number in self._unasked:
                self._unasked.discard(number)
                return
            self._answers[number] = reason
            self._answered.notify_all()
