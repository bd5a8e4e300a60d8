"""Telling a redelivered message from an equal one that was really sent twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

Entry = tuple[int, bytes]


def entry(packet_id: int, topic: bytes, payload: bytes) -> Entry:
    """What is remembered of a delivery: the broker's number for it, and a hash of what it was."""
    return packet_id, hashlib.sha256(topic + b"\0" + payload).digest()


class Replay:
    """The first messages of a resumed session against the ordered log of what was stored before.

    A broker sends again what it holds unacknowledged: marked as a duplicate, under the same packet ids, in the
    same order. So the redelivery is over at the first message that is unmarked or does not follow the log, and
    from there on everything is new, however equal it looks.
    """

    def __init__(self, log: Sequence[Entry] = ()) -> None:
        self._log: Sequence[Entry] = log
        self._at: int | None = None

    def stored_before(self, duplicate: bool, delivered: Entry) -> bool:
        """Whether this delivery is already in the database."""
        if not self._log:
            return False
        if duplicate:
            at = self._last_of(delivered[0]) if self._at is None else self._at
            if at < len(self._log) and self._log[at] == delivered:
                self._at = at + 1
                return True
        self._log = ()
        return False

    def _last_of(self, packet_id: int) -> int:
        for at in range(len(self._log) - 1, -1, -1):
            if self._log[at][0] == packet_id:
                return at
        return len(self._log)
