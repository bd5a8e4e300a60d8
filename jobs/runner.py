"""Runs the schedule: each job in one process at a time, timed, logged, and on time whatever the wall clock does."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from config import Settings
from jobs.schedule import SCHEDULE, Job
from portal import create_app
from portal.core import outbox, runs
from portal.core.locks import Leadership

log = structlog.get_logger(__name__)

THREADS = 4
RELAY_EVERY = 0.2
WATCH_EVERY = 1.0
STOP_WITHIN = 8.0
#: A run that found nothing to do is written down this often, not each second.
NOTE_IDLE_EVERY = 10.0


class Clockwork:
    """One process's share of the jobs: any number of these may run, and each job has one leader among them."""

    def __init__(self, app: Flask, schedule: Sequence[Job] = SCHEDULE) -> None:
        self.app = app
        self.schedule = {job.name: job for job in schedule}
        self.leadership = Leadership()
        self.stopping = threading.Event()
        self._noted: dict[str, float] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            # Every job does what is due by the data, so a late run is as good as a punctual one.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._loops = [
            threading.Thread(target=self._relay, name="outbox relay", daemon=True),
            threading.Thread(target=self._watch, name="clock watch", daemon=True),
        ]

    def start(self) -> None:
        """Begin; every job runs once right away, so that whatever waited while nobody worked is done first."""
        for job in self.schedule.values():
            self._scheduler.add_job(
                self.run,
                IntervalTrigger(seconds=job.every, timezone=UTC),
                args=[job.name],
                id=job.name,
                next_run_time=datetime.now(UTC),
            )
        self._scheduler.start()
        for loop in self._loops:
            loop.start()

    def stop(self) -> bool:
        """Let running jobs finish their batch; False when one would not in time."""
        if self.stopping.is_set():
            return True
        self.stopping.set()
        ending = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        ending.start()
        deadline = time.monotonic() + STOP_WITHIN
        for thread in (ending, *self._loops):
            thread.join(max(0.0, deadline - time.monotonic()))
        with self.app.app_context():
            self.leadership.resign()
        return not ending.is_alive()

    def run(self, name: str) -> int:
        """One run of one job, if this process leads it; what goes wrong is kept for the health page."""
        job, handled, error = self.schedule[name], 0, None
        with self.app.app_context():
            if self.stopping.is_set() or not self.leadership.leads(f"job {name}"):
                return 0
            started_at, started = datetime.now(UTC), time.monotonic()
            try:
                handled = self._repeat(job)
            except Exception as problem:  # the next job goes on
                log.exception("job_failed", job=name)
                error = f"{type(problem).__name__}: {problem}"[:500]
            took_ms = round((time.monotonic() - started) * 1000)
            if handled:
                log.info("job_ran", job=name, handled=handled, took_ms=took_ms)
        self._note(name, started_at, took_ms, handled, error)
        return handled

    def _repeat(self, job: Job) -> int:
        handled = done = job.run()
        while done and job.batches and not self.stopping.is_set():
            done = job.run()
            handled += done
        return handled

    def _note(self, name: str, started_at: datetime, took_ms: int, handled: int, error: str | None) -> None:
        now = time.monotonic()
        if not handled and error is None and now - self._noted.get(name, -NOTE_IDLE_EVERY) < NOTE_IDLE_EVERY:
            return
        self._noted[name] = now
        with self.app.app_context():  # a fresh session: the job's own may have failed
            try:
                runs.finished(name=name, started_at=started_at, took_ms=took_ms, handled=handled, error=error)
            except Exception:
                log.exception("job_run_not_noted", job=name)

    def _relay(self) -> None:
        """Number the committed events as they come; a loop of its own, for screens wait on it."""
        while not self.stopping.wait(RELAY_EVERY):
            with self.app.app_context():
                try:
                    while self.leadership.leads("outbox relay loop") and outbox.relay() == outbox.BATCH:
                        pass
                except Exception:
                    log.exception("outbox_relay_failed")
                    self.stopping.wait(WATCH_EVERY)

    def _watch(self) -> None:
        """Bring jobs forward that the scheduler has put off because the wall clock was set back.

        This loop counts on the monotonic clock, which nobody can set.
        """
        while not self.stopping.wait(WATCH_EVERY):
            now = datetime.now(UTC)
            for waiting in self._scheduler.get_jobs():
                latest = now + timedelta(seconds=self.schedule[waiting.id].every + 2 * WATCH_EVERY)
                if waiting.next_run_time is not None and waiting.next_run_time > latest:
                    log.warning("clock_was_set_back", job=waiting.id, was_due=waiting.next_run_time.isoformat())
                    waiting.modify(next_run_time=now)


def main() -> int:
    """The worker role: until SIGTERM or Ctrl-C, and then gone within ten seconds."""
    clockwork = Clockwork(create_app(Settings.load()))
    told_to_stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: told_to_stop.set())
    clockwork.start()
    log.info("worker_started", jobs=len(clockwork.schedule))
    told_to_stop.wait()
    if not clockwork.stop():
        log.error("worker_left_a_job_running")
        os._exit(1)  # its transaction rolls back, and the next leader does it again
    log.info("worker_stopped")
    return 0
