"""The MQTT role: any number may run, as many lead as INGESTERS says; they listen, store and acknowledge.

The first of them also puts commands to the broker, and takes over what ingesters left behind that are no more.
"""

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
from portal.mqtt.client import Hears, Link
from portal.mqtt.echoes import Echoes
from portal.mqtt.ingest import Ingest
from portal.mqtt.sender import send_due

log = structlog.get_logger(__name__)

LEADER = "mqtt ingest"
BEAT = "mqtt"
#: A session with no place any more has said all when it was silent for so many steps.
SILENT_STEPS = 4
RETIRE_EVERY = 60.0
STEP = 0.5
SEND_EVERY = 0.25
BEAT_EVERY = 1.0
TRY_TO_LEAD_EVERY = 1.0
#: How long to wait before the next connection, by how many have failed in a row.
RECONNECT = (0.2, 0.5, 1.0, 2.0)


class Worker:
    """One process's try at being the ingester, for as long as it runs."""

    def __init__(self, app: Flask, broker: Broker, ingesters: int = 1) -> None:
        self.app = app
        self.broker = broker
        #: A share with a memory needs MQTT 5.
        self.ingesters = ingesters if broker.modern else 1
        self.slot = 1
        self.stopping = threading.Event()
        self.link: Link | None = None
        self.ingest: Ingest | None = None
        self.restarts = 0
        self.fault: str | None = None
        self._failures = 0
        self._generation = 0
        self._retire_at = 0.0

    def run(self) -> None:
        """Lead in the first place that nobody else has, until told to stop."""
        while not self.stopping.is_set():
            try:
                for slot in range(1, self.ingesters + 1):
                    self.slot = slot
                    if self._lead() or self.stopping.is_set():
                        break
            except Exception as error:  # the database went away, or worse: nothing was acknowledged that is not stored
                fault = f"{type(error).__name__}: {error}"[:300]
                if fault != self.fault:
                    log.exception("ingest_stopped")
                self.fault = fault
            self.stopping.wait(TRY_TO_LEAD_EVERY)

    def _lead(self) -> bool:
        """Lead in this process's place for as long as it can; False when another process has the place."""
        with self.app.app_context(), locks.leading(leader(self.slot)) as leads:
            if not leads:
                return False
            log.info("ingest_leads", broker=self.broker.version, slot=self.slot, of=self.ingesters)
            over = threading.Event()
            echoes = Echoes()
            self.ingest = Ingest(SimpleQueue(), echoes, self.slot)
            helpers = [
                threading.Thread(target=self._repeat, args=(over, BEAT_EVERY, self._beat), name="mqtt heartbeat"),
            ]
            if self.slot == 1:
                sending = (over, SEND_EVERY, self._send, echoes)
                helpers.append(threading.Thread(target=self._repeat, args=sending, name="commands out"))
            try:
                for helper in helpers:
                    helper.start()
                while not self.stopping.is_set():
                    link = self._tend()
                    if self.ingest.step(link, STEP):
                        self._failures = 0
                    else:
                        locks.still_leading()
                        self._retire_others(link)
            finally:
                over.set()
                if self.link is not None:
                    self.link.close()
                    self.link = None
                for helper in helpers:
                    helper.join()
            return True

    def _retire_others(self, link: Link) -> None:
        """Of places there are none of any more: hear out what waits in their sessions, and end them.

        Left alone, the broker would go on giving them their share.
        """
        if self.slot != 1 or not link.connected or not self.broker.modern or time.monotonic() < self._retire_at:
            return
        self._retire_at = time.monotonic() + RETIRE_EVERY
        for name in sorted(runs.heartbeats()):
            base, _dash, slot = name.partition("-")
            if base == BEAT and slot.isdecimal() and int(slot) > self.ingesters:
                self._retire(int(slot), name)

    def _retire(self, slot: int, name: str) -> None:
        with locks.also_leading(leader(slot)) as alone:
            if alone:  # or another process still has it, under older settings
                self._hear_out(slot, name)

    def _hear_out(self, slot: int, name: str) -> None:
        ingest = Ingest(SimpleQueue(), Echoes(), slot)
        link = Link(self.broker, ingest.session, 1, ingest.inbox, Hears.NOTHING)
        link.open()
        silent = 0
        while silent < SILENT_STEPS and not link.over and not self.stopping.is_set():
            silent = 0 if ingest.step(link, STEP) or not link.connected else silent + 1
        heard_out = silent == SILENT_STEPS and link.connected
        link.close(forget=heard_out)
        if heard_out:
            ingest.forget()
            runs.forget(name)
            log.info("ingester_retired", slot=slot, stored=ingest.stored)

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
        hears = Hears.ALONE if self.ingesters == 1 else Hears.SHARE_AND_STATES if self.slot == 1 else Hears.SHARE
        self.link = Link(self.broker, self.ingest.session, self._generation, self.ingest.inbox, hears)
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
            BEAT if self.slot == 1 else f"{BEAT}-{self.slot}",
            of=self.ingesters,
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
            put_off=ingest.put_off,
            set_aside=ingest.waiting,
        )


def leader(slot: int) -> str:
    """The lock of one place; the first is the only one's."""
    return LEADER if slot == 1 else f"{LEADER} {slot}"


def main() -> int:
    """The role's life, from start to SIGTERM; what is acknowledged is stored, what is not comes again."""
    settings = Settings.load()
    worker = Worker(create_app(settings), Broker(settings.mqtt_url, settings.mqtt_version), settings.ingesters)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: worker.stopping.set())
    began = time.monotonic()
    worker.run()
    log.info("mqtt_stopped", after_seconds=round(time.monotonic() - began))
    return 0
