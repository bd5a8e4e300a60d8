"""A provider that is down is not waited for by everybody: after some silence in a row, calls to it fail at once.

One breaker for each provider and base address, for the whole process. When its rest is over a single call may try;
its answer closes the breaker, its silence starts another rest. Time is the monotonic clock's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

#: So many calls in a row without an answer, and it is left alone for so long.
MOST_SILENT = 5
REST_SECONDS = 10.0

#: Seconds that only go forward.
Clock = Callable[[], float]
log = structlog.get_logger(__name__)


class Breaker:
    """Lets calls through while a provider answers, and one at a time after it has stopped."""

    def __init__(
        self,
        name: str,
        *,
        most_silent: int = MOST_SILENT,
        rest: float = REST_SECONDS,
        clock: Clock = time.monotonic,
    ) -> None:
        self.name = name
        self._most_silent, self._rest, self._clock = most_silent, rest, clock
        self._lock = threading.Lock()
        self._silent = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether calls fail at once."""
        with self._lock:
            return self._opened_at is not None

    def enter(self) -> bool:
        """Whether a call may be made now; whoever got True must tell how it went with `left`."""
        with self._lock:
            if self._opened_at is None:
                return True
            if self._probing or self._clock() - self._opened_at < self._rest:
                return False
            self._probing = True
            return True

    def left(self, *, answered: bool | None) -> None:
        """A call is over: answered, silent, or (None) ended by something that says nothing of the provider."""
        with self._lock:
            probing, self._probing = self._probing, False
            if answered is None:
                return
            if answered:
                if self._opened_at is not None:
                    log.info("gateway_answers_again", gateway=self.name)
                self._silent, self._opened_at = 0, None
                return
            self._silent += 1
            if probing or (self._opened_at is None and self._silent >= self._most_silent):
                self._opened_at = self._clock()
                log.warning("gateway_left_alone", gateway=self.name, seconds=self._rest)


_all: dict[tuple[str, str], Breaker] = {}
_all_lock = threading.Lock()


def breaker_of(gateway: str, base_url: str) -> Breaker:
    """The one breaker of a provider at an address."""
    with _all_lock:
        found = _all.get((gateway, base_url))
        if found is None:
            found = _all[gateway, base_url] = Breaker(gateway)
        return found


def close_all() -> None:
    """Forget all silence, as a fresh process would; for tests."""
    with _all_lock:
        _all.clear()
