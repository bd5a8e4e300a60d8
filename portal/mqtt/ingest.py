"""Drains what the link hears: a batch is read, stored in one transaction, and only then acknowledged."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from queue import Empty

import structlog

from portal.core.errors import Busy, DomainError
from portal.mqtt import routes
from portal.mqtt.client import Heard, Inbox, Link, Opened
from portal.mqtt.ear import Message
from portal.mqtt.echoes import Echoes
from portal.mqtt.replay import Replay, entry
from portal.mqtt.shares import PER_SECOND, Shares
from portal.shared.devices import queries
from portal.shared.devices.envelopes import Presence, number_of, refused
from portal.shared.devices.readings import Refused, speaker_of
from portal.shared.devices.services import floods, telemetry
from portal.shared.devices.services.floods import Later
from portal.shared.devices.services.numbered import Ack

log = structlog.get_logger(__name__)

BATCH = 500
LINGER = 0.008
TRIM_EVERY = 64
ANNOUNCE_EVERY = 0.5

#: Whoever says too much at once is told of so often.
FLOODS_EVERY = 10.0

#: A message with what it says, or that it waits its turn (None when it is only to be acknowledged), and its place in
#: the session's log.
Item = tuple[Message, telemetry.Message | Later | None, bytes]


class Ingest:
    """The one writer of device messages, on the connection that holds the leader's lock."""

    def __init__(self, inbox: Inbox, echoes: Echoes, slot: int = 1) -> None:
        self.inbox = inbox
        self.echoes = echoes
        self.stored = self.dead = self.repeated = self.ignored = self.put_off = 0
        self.lag_ms = 0.0
        self._session = session_of(slot)
        self._upto = 0
        self._pages = 0
        self._replay = Replay()
        self._books = telemetry.Books()
        self._spoke: dict[str, set[str]] = defaultdict(set)
        self._announced = 0.0
        self._shares = Shares()
        #: How much of each speaker waits, and one topic of each that said too much since that was told.
        self._waiting: dict[str, int] = {}
        self._floods: dict[str, str] = {}
        self._floods_told = 0.0

    @property
    def session(self) -> str:
        """The name under which the broker keeps our session, and the database its log."""
        return self._session

    @property
    def waiting(self) -> int:
        """How many messages wait their turn."""
        return sum(self._waiting.values())

    def forget(self) -> None:
        """The session is no more, nor is there anything to know it by."""
        telemetry.forget_session(session=self._session)

    def step(self, link: Link, wait: float) -> int:
        """Take one batch from the inbox, or nothing within `wait` seconds; returns how many messages it had."""
        if self._spoke:  # do not sleep through the moment when the screens are to hear of it
            wait = max(0.001, min(wait, self._announced + ANNOUNCE_EVERY - time.monotonic()))
        if self._waiting:
            wait = 0.001
        heard = self._gather(wait)
        items: list[Item] = []
        for each in heard:
            if each.generation != link.generation:
                continue  # its connection is gone: the broker sends it again
            if isinstance(each, Opened):
                self._opened(each)
            else:
                self._read(each, link, items)
        self.lag_ms = 0.0
        if items:
            self._keep(items, link)
            self.lag_ms = (time.monotonic() - items[0][0].at) * 1000
        if self._waiting and self.inbox.qsize() < BATCH:
            self._take_waiting(link)
        self._tell_screens()
        self._tell_of_floods()
        return len(items)

    def _gather(self, wait: float) -> list[Heard | Opened]:
        try:
            batch = [self.inbox.get(timeout=wait)]
        except Empty:
            return []
        until = time.monotonic() + LINGER
        while len(batch) < BATCH:
            try:
                batch.append(self.inbox.get_nowait())
            except Empty:
                if time.monotonic() >= until:
                    break
                time.sleep(0.001)
        return batch

    def _opened(self, opened: Opened) -> None:
        """Begin a connection: on a resumed session know what was stored, on a new one forget the old."""
        if not opened.resumed:
            telemetry.forget_session(session=self._session)
        self._waiting = floods.waiting()
        self._upto, known = queries.replay_log(self._session)
        self._replay = Replay(known)

    def _read(self, heard: Heard, link: Link, items: list[Item]) -> None:
        message = heard.message
        logged, again = b"", False
        if message.qos:
            packet_id, sha = delivered = entry(message.packet_id, message.topic, message.payload)
            logged = packet_id.to_bytes(2, "big") + sha
            if self._replay.stored_before(message.duplicate, delivered):
                self.repeated += 1
                if not message.topic.startswith(b"v1/"):
                    link.acknowledge(message)
                    return
                logged, again = b"", True  # its device may not have been told yet that it is kept
        # A name that is not UTF-8 must not stop the line.
        topic = message.topic.decode("utf-8", "backslashreplace")
        stale = message.retained and not routes.tells_presence(topic)
        if stale or message.ours or self.echoes.heard(topic, message.payload):
            self.ignored += 1
            items.append((message, None, logged))
            return
        if self._waits(topic, message):
            items.append((message, self._aside(topic, message.payload), logged))
            return
        said = routes.read(topic, message.payload)
        if again and isinstance(said, Refused) and number_of(said) is None:
            link.acknowledge(message)  # it lies among the dead letters, and has no number by which that is known
            return
        if message.retained and isinstance(said, Presence):
            said = replace(said, kept=True)
        items.append((message, said, logged))

    def _waits(self, topic: str, message: Message) -> bool:
        """Whether a speaker has used up its share; what the broker kept, and how a device is, never wait."""
        if message.retained or routes.tells_presence(topic):
            return False
        speaker = speaker_of(topic)
        over = self._shares.over(speaker, message.at)
        if over:
            self._floods[speaker] = topic
        return over or speaker in self._waiting

    def _aside(self, topic: str, payload: bytes) -> Later | Refused | None:
        """The message as one for later; with too many of its speaker already a numbered one is let go: its device,
        which was not told that it is kept, says it again.
        """
        later, speaker = Later(topic, payload), speaker_of(topic)
        if self._waiting.get(speaker, 0) >= floods.MOST_WAITING:
            self.put_off += 1
            return None if topic.startswith("v1/") else floods.refused(later)
        self._waiting[speaker] = self._waiting.get(speaker, 0) + 1
        return later

    def _take_waiting(self, link: Link) -> None:
        """Take a batch of what waits, when there is nothing better to do; what is refused is found by halving."""
        most, why_not = BATCH, None
        while True:
            try:
                taken = telemetry.take_waiting(books=self._books, most=most, why_not=why_not)
                break
            except Busy:
                return
            except DomainError as error:
                why_not = error.message if most == 1 else None
                most = max(1, most // 2)
        if taken is None:
            self._waiting.clear()
            return
        speaker, count, stored = taken
        left = self._waiting.pop(speaker, 0) - count
        if left > 0:
            self._waiting[speaker] = left
        self._count(stored, link)

    def _keep(self, items: Sequence[Item], link: Link) -> None:
        """Store and acknowledge; what the database refuses is found by halving, buried, and holds nobody up."""
        try:
            stored = self._stored_at_last(items)
        except DomainError as error:
            if len(items) == 1:
                self._bury(items[0], error, link)
                return
            half = len(items) // 2
            self._keep(items[:half], link)
            self._keep(items[half:], link)
            return
        for message, _said, _logged in items:
            link.acknowledge(message)
        self._count(stored, link)

    def _count(self, stored: telemetry.Stored, link: Link) -> None:
        for ack in stored.acks:
            link.tell(routes.device_topic(ack.device, "ack"), ack_payload(ack))
        self.stored += stored.readings
        self.dead += stored.dead
        for asset_id, units in stored.units.items():
            self._spoke[asset_id] |= units

    def _stored_at_last(self, items: Sequence[Item]) -> telemetry.Stored:
        """Store, again and again while somebody else holds the rows."""
        while True:
            try:
                return self._store(items)
            except Busy:
                log.warning("batch_waits", messages=len(items))
                time.sleep(0.2)

    def _bury(self, item: Item, error: DomainError, link: Link) -> None:
        message, said, logged = item
        # anything else that is refused is a log we have lost track of: starting anew reads it again
        assert said is not None, "only a word of a device can be refused by the database"
        assert not isinstance(said, Refused | Later), "only a word of a device can be refused by the database"
        self._keep([(message, refused(said, "refused", error.message), logged)], link)

    def _store(self, items: Sequence[Item]) -> telemetry.Stored:
        said, later = [], []
        for _message, word, _logged in items:
            if isinstance(word, Later):
                later.append(word)
            elif word is not None:
                said.append(word)
        entries = b"".join(logged for _message, _said, logged in items)
        page = None
        if entries:
            page = telemetry.LogPage(self._session, self._upto + len(entries) // 34, entries)
        stored = telemetry.store(said=said, books=self._books, page=page, later=later)
        if page is not None:
            self._upto = page.upto
            self._pages += 1
            if self._pages % TRIM_EVERY == 0:
                telemetry.trim_log(session=self._session, upto=self._upto)
        return stored

    def _tell_screens(self) -> None:
        if self._spoke and time.monotonic() - self._announced >= ANNOUNCE_EVERY:
            telemetry.announce(units=self._spoke)
            self._spoke.clear()
            self._announced = time.monotonic()

    def _tell_of_floods(self) -> None:
        if self._floods and time.monotonic() - self._floods_told >= FLOODS_EVERY:
            floods.tell(topics=list(self._floods.values()), per_second=PER_SECOND)
            self._floods.clear()
            self._floods_told = time.monotonic()


def session_of(slot: int) -> str:
    """The session of one ingester: the first keeps the name it has when it is the only one."""
    return queries.session_name() + (f"-{slot}" if slot > 1 else "")


def ack_payload(ack: Ack) -> str:
    """What a device is told after the commit."""
    missing = ",".join(map(str, ack.missing))
    return f'{{"boot":{ack.boot},"through":{ack.through},"missing":[{missing}]}}'
