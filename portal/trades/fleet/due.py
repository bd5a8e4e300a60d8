"""How near maintenance is: pure functions of a plan's intervals, what was last done, and what the meters show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

METRES, SECONDS = 1_000, 3_600


class Interval(Protocol):
    """What is asked of a plan."""

    every_km: int | None
    every_hours: int | None
    every_days: int | None
    soon_km: int
    soon_hours: int
    soon_days: int
    last_done_on: date | None
    last_done_m: int | None
    last_done_engine_s: int | None


@dataclass(frozen=True, slots=True)
class Meters:
    """How far a vehicle has come, in metres, and how long its engine has run, in seconds."""

    odometer_m: int = 0
    engine_s: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One of a plan's intervals: `left` of `every`, both in metres, seconds or days; below nothing it is over."""

    kind: str
    left: int
    every: int
    soon: int

    @property
    def share(self) -> float:
        """How much of the interval is left: 1 just after it was done, below 0 when it is over."""
        return self.left / self.every

    @property
    def stage(self) -> str | None:
        """`over`, `soon`, or None while there is time; the last day and the last kilometre still count as time."""
        if self.left < 0 or (self.left == 0 and self.kind != "days"):
            return "over"
        return "soon" if self.left <= self.soon else None


@dataclass(frozen=True, slots=True)
class Due:
    """How a plan stands: its sides, the nearest first."""

    sides: tuple[Side, ...]

    @property
    def nearest(self) -> Side:
        """What the plan waits for, whichever comes first."""
        return self.sides[0]

    @property
    def stage(self) -> str | None:
        """The worst of its sides."""
        stages = {side.stage for side in self.sides}
        return "over" if "over" in stages else "soon" if "soon" in stages else None

    @property
    def urgency(self) -> tuple[int, float]:
        """What lists are ordered by: what is over before what is near before the rest, by the share that is left."""
        return ({"over": 0, "soon": 1}.get(self.stage or "", 2), self.nearest.share)


def due(plan: Interval, meters: Meters, today: date) -> Due:
    """How near a plan is; what was never done counts from nothing, and a day never known from today."""
    sides = []
    if plan.every_km:
        gone = meters.odometer_m - (plan.last_done_m or 0)
        sides.append(Side("km", plan.every_km * METRES - gone, plan.every_km * METRES, plan.soon_km * METRES))
    if plan.every_hours:
        run = meters.engine_s - (plan.last_done_engine_s or 0)
        sides.append(
            Side("hours", plan.every_hours * SECONDS - run, plan.every_hours * SECONDS, plan.soon_hours * SECONDS)
        )
    if plan.every_days:
        passed = (today - (plan.last_done_on or today)).days
        sides.append(Side("days", plan.every_days - passed, plan.every_days, plan.soon_days))
    rank = {"over": 0, "soon": 1}
    return Due(tuple(sorted(sides, key=lambda side: (rank.get(side.stage or "", 2), side.share))))
