"""Each speaker's share of the ingester's time: one that floods waits its turn, and holds nobody else up."""

from __future__ import annotations

#: What one speaker may say in a row, and each second after that: half of what the database takes.
BURST = 4_000
PER_SECOND = 2_000
#: More speakers than this are not told apart by what they said before.
MOST_SPEAKERS = 50_000


class Shares:
    """What is left of each speaker's share."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def over(self, speaker: str, now: float) -> bool:
        """Count one more message of a speaker; True when its share is used up."""
        if len(self._left) > MOST_SPEAKERS:
            self._left.clear()
        left, at = self._left.get(speaker, (BURST, now))
        left = min(BURST, left + (now - at) * PER_SECOND)
        over = left < 1
        self._left[speaker] = (left if over else left - 1), now
        return over
