"""Driving faster than allowed for longer than a moment, and hands at the tracker. Pure."""

from __future__ import annotations

from typing import Any

from portal.trades.fleet.fences import Place
from portal.trades.fleet.found import MINUTE, SECOND, DrivingFound, Found, Rules

#: Shorter is overtaking.
LEAST = 10 * SECOND
#: Speeds further apart than this are not one episode.
PAUSE = MINUTE
#: What a tracker says when nobody is at it.
AT_EASE = frozenset({"0", "ok", "off", "no", "false", "none", "cleared", "closed"})


class Driving:
    """The episode that may be under way, and the tampering that may go on."""

    __slots__ = ("found", "over", "rules", "tampering")

    def __init__(self, found: Found, rules: Rules) -> None:
        self.found = found
        self.rules = rules
        #: Since when, until when, the fastest, the limit, whose it is, where, whether it has lasted long enough.
        self.over: list[Any] | None = None
        #: Since when, and what was said then.
        self.tampering: tuple[int, str] | None = None

    def limit(self, inside: dict[str, list[Any]]) -> tuple[int | None, str | None]:
        """The limit in force and the fence it is of, if it is a fence's: the lowest wins."""
        lowest, whose = self.rules.limit_kmh, None
        if inside:
            for fence in self.rules.fences:
                memory = inside.get(fence.key)
                if memory and memory[0] and fence.limit and (lowest is None or fence.limit < lowest):
                    lowest, whose = fence.limit, fence.key
        return lowest, whose

    def at(self, t: int, speed: int | None, where: Place | None, inside: dict[str, list[Any]]) -> None:
        """A speed at a moment."""
        if speed is None:
            return
        limit, whose = self.limit(inside)
        over = self.over
        if over is not None and (t - over[1] > PAUSE or limit is None or speed <= limit * 1_000):
            self.stop()
            over = None
        if limit is None or speed <= limit * 1_000:
            return
        if over is None:
            place = (where.latitude, where.longitude) if where else (None, None)
            self.over = [t, t, speed, limit, whose, *place, 0]
            return
        over[1] = t
        over[2] = max(over[2], speed)
        if not over[7] and t - over[0] >= LEAST:
            over[7] = 1
            self._tell(over, None)

    def stop(self) -> None:
        """Whatever went on is over: it slowed down, or nothing more was heard."""
        over, self.over = self.over, None
        if over is not None and over[7]:
            self._tell(over, over[1])

    def running(self) -> None:
        """Tell of what goes on."""
        if self.over is not None and self.over[7]:
            self._tell(self.over, None)
        if self.tampering is not None:
            self._tampering(*self.tampering, ended=None)

    def tampered(self, t: int, said: str) -> None:
        """The tracker says that somebody is at it, or that nobody is any more."""
        if said.strip().lower() in AT_EASE:
            if self.tampering is not None:
                self._tampering(*self.tampering, ended=t)
                self.tampering = None
        elif self.tampering is None:
            self.tampering = t, said[:200]
            self._tampering(*self.tampering, ended=None)

    def _tampering(self, started: int, said: str, *, ended: int | None) -> None:
        self.found.driving["tampering", started] = DrivingFound(
            "tampering", started, ended, self.found.now, detail=said
        )

    def _tell(self, over: list[Any], ended: int | None) -> None:
        started, _last, top, limit, fence, latitude, longitude, _long = over
        self.found.driving["speeding", started] = DrivingFound(
            "speeding", started, ended, self.found.now, top, limit, latitude, longitude, fence
        )
