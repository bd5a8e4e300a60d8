"""Ingesters as processes that can be killed, and devices that really publish."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from paho.mqtt import client as paho
from sqlalchemy import text

from portal.core.db import db
from portal.gateways.broker import Broker
from portal.mqtt import worker
from portal.mqtt.client import Link
from portal.mqtt.ear import Message
from portal.runtime.process import Fork, wait_until
from tests.support.databases import SECRET


class Ingester:
    """The mqtt role in a process of its own, forked so that it starts in no time."""

    def __init__(self, database_url: str, broker_url: str, log: Path, ingesters: int = 1) -> None:
        self.log = log
        self.environ = {
            "DATABASE_URL": database_url,
            "MQTT_URL": broker_url,
            "SECRET_KEY": SECRET,
            "VAR_DIR": str(log.parent),
            "DEMO": "0",
            "INGESTERS": str(ingesters),
        }
        self.process: Fork | None = None
        self.die_at_ack = 0

    def start(self, die_at_ack: int = 0) -> Ingester:
        """Run it; with a number it is killed when it is about to acknowledge so many messages, all stored by then."""
        self.die_at_ack = die_at_ack
        self.process = Fork(self._run, self.log)
        return self

    def _run(self) -> None:
        os.environ.update(self.environ)
        worker.BEAT_EVERY = worker.TRY_TO_LEAD_EVERY = 0.2
        acknowledge, acknowledged = Link.acknowledge, count(1)

        def or_die(link: Link, message: Message) -> None:
            if next(acknowledged) == self.die_at_ack:
                os.kill(os.getpid(), signal.SIGKILL)
            acknowledge(link, message)

        Link.acknowledge = or_die  # type: ignore[method-assign]
        sys.exit(worker.main())

    def output(self) -> str:
        """The last it said."""
        return self.log.read_text()[-3000:]

    def dead(self) -> bool:
        """Whether it has ended, by whatever hand."""
        return self.process is None or self.process.poll() is not None

    def end(self, number: int = signal.SIGKILL) -> int:
        """End it, the hard way unless told otherwise; its exit code."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        if process.poll() is None:
            os.kill(process.pid, number)
        assert wait_until(lambda: process.poll() is not None, 15, 0.01), self.output()
        return int(process.poll() or 0)


class Device:
    """A plain device with an MQTT client; what it heard, it keeps."""

    def __init__(self, url: str, name: str, *topics: str, version: str = "5") -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self.published = 0
        self._count = threading.Condition()
        broker = Broker(url, version)
        self.client = broker.client(name, persistent=False)
        self.client.max_inflight_messages_set(400)
        self.client.max_queued_messages_set(0)
        self.client.on_message = self._on_message
        self.client.on_publish = self._on_publish
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_connect = lambda *_: self.client.subscribe([(t, 1) for t in topics]) if topics else ready.set()
        broker.connect(self.client, persistent=False)
        self.client.loop_start()
        assert ready.wait(10)

    def say(self, topic: str, payload: str | bytes, qos: int = 1, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=qos, retain=retain)

    def all_taken(self, count: int, within: float = 60.0) -> bool:
        """Whether the broker has confirmed so many messages."""
        with self._count:
            return self._count.wait_for(lambda: self.published >= count, within)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload).decode("utf-8", "replace"), bool(message.retain)))

    def _on_publish(self, *_: Any) -> None:
        with self._count:
            self.published += 1
            self._count.notify_all()


@pytest.fixture
def ingester(app: Flask, private_broker: Any, committed: Any, tmp_path: Path) -> Iterator[Callable[[], Ingester]]:
    """Start as many ingesters as the test needs; all are gone afterwards."""
    url = app.extensions["settings"].database_url
    made: list[Ingester] = []

    def start(die_at_ack: int = 0, ingesters: int = 1) -> Ingester:
        made.append(Ingester(url, private_broker.url, tmp_path / f"ingester-{len(made)}.log", ingesters))
        return made[-1].start(die_at_ack)

    yield start
    for each in made:
        each.end()


@pytest.fixture
def device(private_broker: Any) -> Iterator[Callable[..., Device]]:
    """A device on the test's broker, listening to the given topics."""
    made: list[Device] = []

    def connect(*topics: str) -> Device:
        made.append(Device(private_broker.device_url, f"device-{os.getpid()}-{len(made)}", *topics))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def soon(truth: Callable[[], bool], within: float = 30.0, every: float = 0.05) -> bool:
    """Whether it comes true in time."""
    return wait_until(truth, within, every)


def heartbeat(name: str = "mqtt") -> dict[str, Any]:
    """What the leading ingester last said of itself."""
    db.session.rollback()
    return db.session.scalar(text("select details from heartbeat where name = :name"), {"name": name}) or {}


def leads(one: Ingester, within: float = 60.0, place: str = "mqtt") -> bool:
    """Whether this ingester leads and is connected, now or soon."""

    def so() -> bool:
        said = heartbeat(place)
        return one.process is not None and said.get("pid") == one.process.pid and bool(said.get("connected"))

    return soon(so, within)
