"""The portal's own words coming back from a broker that cannot leave them out."""

from __future__ import annotations

import threading
import time
from collections import deque


class Echoes:
    """On MQTT 3.1.1 one equal message within half a minute of a command is taken as its echo, not as telemetry."""

    WITHIN = 30.0

    def __init__(self) -> None:
        self._expected: dict[tuple[str, bytes], deque[float]] = {}
        self._guard = threading.Lock()

    def expect(self, topic: str, payload: bytes) -> None:
        """A command is about to be said on this topic."""
        with self._guard:
            self._expected.setdefault((topic, payload), deque()).append(time.monotonic() + self.WITHIN)

    def heard(self, topic: str, payload: bytes) -> bool:
        """Whether this message is an echo that was still expected."""
        if not self._expected:
            return False
        with self._guard:
            until = self._expected.get((topic, payload))
            while until and until[0] < time.monotonic():
                until.popleft()
            if not until:
                self._expected.pop((topic, payload), None)
                return False
            until.popleft()
            return True
