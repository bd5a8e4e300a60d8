"""Starts what the portal consists of, waits until it is ready, restarts what dies, stops what it started."""

import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol

from portal.runtime.process import Fork, Log, Process, StartError

LONGEST_PAUSE = 5.0
GOOD_RUN = 10.0


class Service(Protocol):
    """An embedded program: PostgreSQL, the broker, Redis."""

    name: str
    stop_signal: int

    def prepare(self) -> None: ...
    def start(self, log: "os.PathLike[str]") -> Process: ...
    def answers(self) -> bool: ...


@dataclass
class Child:
    """One process under care: how to start it, how to end it, and how it fared."""

    name: str
    launch: Callable[[], Process]
    answers: Callable[[], bool] = lambda: True
    stop_signal: int = signal.SIGTERM
    process: Process | None = None
    started_at: float = 0.0
    failures: int = 0
    start_at: float | None = None

    def start(self) -> None:
        self.process = self.launch()
        self.started_at = time.monotonic()
        self.start_at = None

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal_group(self, number: int) -> None:
        """Reach also what the process started itself, such as the workers of the web server."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def signal(self, number: int) -> None:
        if self.process is not None and self.running():
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


@dataclass
class Supervisor:
    """The parent of everything `run.py` starts."""

    log: Log
    say: Callable[[str], None]
    changed: Callable[[], None] = lambda: None
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def __post_init__(self) -> None:
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, self._stop_asked)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def service(self, service: Service) -> None:
        """Start an embedded program; `wait` says when all of them answer."""
        service.prepare()
        log = self.log.path(service.name)
        self._begin(Child(service.name, lambda: service.start(log), service.answers, service.stop_signal))

    def role(self, name: str, run: Callable[[], object], answers: Callable[[], bool] | None = None) -> None:
        """Fork a role of the portal off this process."""
        log = self.log.path(name)
        self._begin(Child(name, lambda: Fork(run, log), answers or (lambda: True)))

    def wait(self, seconds: float = 30.0) -> None:
        """Until every child answers, or a sentence naming the one that does not and its log."""
        deadline = time.monotonic() + seconds
        for child in self.children:
            while not child.answers():
                if self.stopping:
                    return
                if not child.running() or time.monotonic() > deadline:
                    log = self.log.path(child.name)
                    raise StartError(f"{child.name} did not start; the reason is at the end of {log}.")
                self._sleep(0.02)

    def watch(self) -> None:
        """Restart what dies, at once the first time and then ever slower, until told to stop."""
        while not self.stopping:
            self._sleep(min((self._due_in(child) for child in self.children), default=1.0))
            for child in self.children:
                self._tend(child)

    def stop(self) -> None:
        """End all children in under ten seconds: first what serves people, then what it stands on."""
        self.stopping = True
        roles = [child for child in self.children if isinstance(child.process, Fork)]
        services = [child for child in self.children if child not in roles]
        self._end(roles, patience=6.0)
        self._end(services, patience=3.0)

    def processes(self) -> list[dict[str, object]]:
        """Which process does what, for `run.json`."""
        return [
            {"role": child.name, "pid": child.process.pid}
            for child in self.children
            if child.process is not None and child.running()
        ]

    def _begin(self, child: Child) -> None:
        child.start()
        self.children.append(child)

    def _tend(self, child: Child) -> None:
        if child.running() or self.stopping:
            return
        now = time.monotonic()
        if child.start_at is None:
            child.signal_group(signal.SIGKILL)
            child.failures = 0 if now - child.started_at > GOOD_RUN else child.failures + 1
            child.start_at = now + min(LONGEST_PAUSE, 0.1 * 2**child.failures if child.failures else 0.0)
            log = self.log.path(child.name)
            self.say(f"{child.name} stopped unexpectedly; starting it again. See {log}.")
        if now >= child.start_at:
            try:
                child.start()
            except (OSError, StartError) as error:
                child.failures += 1
                child.start_at = now + LONGEST_PAUSE
                self.say(f"{child.name} cannot be started: {error}")
            else:
                self.changed()

    def _due_in(self, child: Child) -> float:
        return 1.0 if child.start_at is None else max(0.0, min(1.0, child.start_at - time.monotonic()))

    def _end(self, children: Sequence[Child], patience: float) -> None:
        for child in children:
            child.signal(child.stop_signal)
        deadline = time.monotonic() + patience
        while any(child.running() for child in children) and time.monotonic() < deadline:
            self._sleep(0.05)
        for child in children:
            if child.running():
                self.say(f"{child.name} did not stop in time and was ended.")
            child.signal_group(signal.SIGKILL)
        for child in children:
            while child.running():
                time.sleep(0.01)

    def _sleep(self, seconds: float) -> None:
        """Wait, but no longer than until the next signal."""
        ready, _, _ = select.select([self._woken], [], [], seconds)
        if ready:
            with suppress(BlockingIOError):
                os.read(self._woken, 512)

    def _stop_asked(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
