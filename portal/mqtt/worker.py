"""The MQTT role: any number may run, one leads; it listens, stores, acknowledges, and puts commands to the broker."""

from __future__ import annotations

import os
import signal
import threading
import time
from queue import SimpleQueue

import structlog
from flask import Flask

from config import Settings
from portal import create_app
from portal.core import locks, runs
from portal.gateways.broker import Broker
from portal.mqtt.client import Link
from portal.mqtt.echoes import Echoes
from portal.mqtt.ingest import Ingest
from portal.mqtt.sender import send_due

log = structlog.get_logger(__name__)

LEADER = "mqtt ingest"
STEP = 0.5
SEND_EVERY = 0.25
BEAT_EVERY = 1.0
TRY_TO_LEAD_EVERY = 1.0
#: How long to wait before the next connection, by how many have failed in a row.
RECONNECT = (0.2, 0.5, 1.0, 2.0)


class Worker:
    """One process's try at being the ingester, for as long as it runs."""

    def __init__(self, app: Flask, broker: Broker) -> None:
        self.app = app
        self.broker = broker
        self.stopping = threading.Event()
        self.link: Link | None = None
        self.ingest: Ingest | None = None
        self.restarts = 0
        self.fault: str | None = None
        self._failures = 0
        self._generation = 0

    def run(self) -> None:
        """Lead whenever nobody else does, until told to stop."""
        while not self.stopping.is_set():
            try:
                self._lead()
            except Exception as error:  # the database went away, or worse: nothing was acknowledged that is not stored
                fault = f"{type(error).__name__}: {error}"[:300]
                if fault != self.fault:
                    log.exception("ingest_stopped")
                self.fault = fault
            self.stopping.wait(TRY_TO_LEAD_EVERY)

    def _lead(self) -> None:
        with self.app.app_context(), locks.leading(LEADER) as leads:
            if not leads:
                return
            log.info("ingest_leads", broker=self.broker.version)
            over = threading.Event()
            echoes = Echoes()
            self.ingest = Ingest(SimpleQueue(), echoes)
            helpers = [
                threading.Thread(target=self._repeat, args=(over, SEND_EVERY, self._send, echoes), name="commands out"),
                threading.Thread(target=self._repeat, args=(over, BEAT_EVERY, self._beat), name="mqtt heartbeat"),
            ]
            try:
                for helper in helpers:
                    helper.start()
                while not self.stopping.is_set():
                    link = self._tend()
                    if self.ingest.step(link, STEP):
                        self._failures = 0
                    else:
                        locks.still_leading()
            finally:
                over.set()
                if self.link is not None:
                    self.link.close()
                    self.link = None
                for helper in helpers:
                    helper.join()

    def _tend(self) -> Link:
        """The link that stands; one that ended, for whatever reason, is replaced: this is the watchdog."""
        if self.link is not None and not self.link.over:
            if self.link.connected:
                self.fault = None
            return self.link
        if self.link is not None:
            self.fault = self.link.fault
            self.restarts += 1
            log.warning("link_replaced", fault=self.fault, times=self.restarts)
            self.link.close()
            self.stopping.wait(RECONNECT[min(self._failures, len(RECONNECT) - 1)])
            self._failures += 1
            locks.still_leading()  # it may be the next leader who took the session over: then it is theirs
        self._generation += 1
        assert self.ingest is not None, "a link is tended by the leader alone"
        self.link = Link(self.broker, self.ingest.session, self._generation, self.ingest.inbox)
        self.link.open()
        return self.link

    def _repeat(self, over: threading.Event, every: float, work: object, *arguments: object) -> None:
        """A loop beside the writer; one bad round is logged and the next one tried."""
        assert callable(work)
        while not over.wait(every):
            with self.app.app_context():
                try:
                    work(*arguments)
                except Exception:
                    log.exception("mqtt_helper_failed", part=threading.current_thread().name)
                    over.wait(1.0)

    def _send(self, echoes: Echoes) -> None:
        link = self.link
        if link is not None:
            send_due(link, echoes)

    def _beat(self) -> None:
        ingest, link = self.ingest, self.link
        if ingest is None:
            return
        runs.beat(
            "mqtt",
            pid=os.getpid(),
            connected=bool(link and link.connected),
            fault=self.fault or (link.fault if link else None),
            restarts=self.restarts,
            waiting=ingest.inbox.qsize(),
            lag_ms=round(ingest.lag_ms),
            stored=ingest.stored,
            dead_letters=ingest.dead,
            repeated=ingest.repeated,
            ignored=ingest.ignored,
        )


def main() -> int:
    """The role's life, from start to SIGTERM; what is acknowledged is stored, what is not comes again."""
    settings = Settings.load()
    worker = Worker(create_app(settings), Broker(settings.mqtt_url, settings.mqtt_version))
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: worker.stopping.set())
    began = time.monotonic()
    worker.run()
    log.info("mqtt_stopped", after_seconds=round(time.monotonic() - began))
    return 0
