"""The fold: one pass over a vehicle's words in the order of the device's time, whatever order they came in. Pure.

A position is believed when the vehicle can have come there from the last believed one. One that is far off waits
for the next: if that agrees with it, both are believed, if not, it is rejected. Three in a row that agree with one
another and not with the past move the vehicle there, but the leap is not driven distance.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.money import DECIMALS
from portal.trades.fleet import geo
from portal.trades.fleet.driving import Driving
from portal.trades.fleet.fences import Fence, Place, watch
from portal.trades.fleet.found import HOUR, SECOND, CrossingFound, DayFigures, Found, RejectedFound, Rules, Word
from portal.trades.fleet.journeys import SILENCE, Journeys

#: The odometer counts from anchor to anchor, so that a parked receiver's trembling is no way.
ANCHOR_M = 40.0
#: A step longer than this waits for the next fix, plausible or not.
FAR_M = 1_000.0
#: So many fixes that agree with one another outweigh the past.
OUTWEIGHS = 3
#: A speed said in a word of its own counts for a position soon after.
SPEED_KEPT = 15 * SECOND
#: What the fold listens to; each of them says that the engine that was on still runs.
KINDS = ("location", "speed", "ignition", "passenger_count", "payment", "tampering")
FORM = 1


class _Fix:
    """A position on trial."""

    __slots__ = ("heading", "key", "place", "speed")

    def __init__(self, place: Place, speed: int | None, heading: int | None, key: str) -> None:
        self.place = place
        self.speed = speed
        self.heading = heading
        self.key = key


class Fold:
    """Everything a vehicle's words have come to so far; `found` is what this run of it has decided."""

    __slots__ = ("_newest", "anchor", "day", "doubt", "driving", "engine", "fences", "found", "heading", "heard",
                 "hour", "journeys", "last", "passengers", "rules", "said", "upto", "written")  # fmt: skip

    def __init__(self, rules: Rules, kept: dict[str, Any] | None = None) -> None:
        self.rules = rules
        self.found = Found()
        self.journeys = Journeys(self.found)
        self.driving = Driving(self.found, rules)
        self.last: Place | None = None
        self.anchor: Place | None = None
        self.doubt: list[_Fix] = []
        #: The last position that could be read, believed or not: another of the same moment is a repetition.
        self._newest: Place | None = None
        self.heading: int | None = None
        #: The speed last said in a word of its own: when, how fast.
        self.said: tuple[int, int] | None = None
        self.engine: str | None = None
        self.heard: int | None = None
        self.passengers: int | None = None
        self.fences: dict[str, list[Any]] = {}
        self.day: DayFigures | None = None
        self.hour: int | None = None
        self.upto: int | None = None
        #: When what goes on was last written down; no part of the state.
        self.written: int | None = None
        if kept:
            self._restore(kept)

    def take(self, words: Iterable[Word]) -> None:
        """Fold in words, sorted, none older than what was taken before."""
        for word in words:
            at = word.at
            if self.hour is None or at >= self.hour + HOUR:
                self.hour = at // HOUR * HOUR
                self.found.checkpoints[self.hour] = self.kept()
            day = self.day
            if day is None or at >= day.until:
                day = self._next_day(at)
            if self.engine == "on" and self.heard is not None and at - self.heard <= SILENCE:
                day.engine += at - self.heard
            self.heard = self.upto = self.found.now = at
            if word.kind == "location":
                self._location(word, day)
            else:
                self._other(word, day)

    def _location(self, word: Word, day: DayFigures) -> None:
        if word.clock_wrong:
            return self._reject(word.key, word.at, "clock", day)
        said = geo.position(word.value)
        if isinstance(said, str):
            return self._reject(word.key, word.at, said, day)
        place = Place(word.at, said.latitude, said.longitude)
        newest = self._newest
        if newest is not None and newest.t == place.t:
            why = "duplicate" if newest == place else "same_moment"
            return self._reject(word.key, word.at, why, day)
        self._newest = place
        self._try(_Fix(place, said.speed, said.heading, word.key), day)
        return None

    def _try(self, fix: _Fix, day: DayFigures) -> None:
        """Believe a fix, or keep it until the next one decides."""
        here, last = fix.place, self.last
        if last is None:
            return self._believe(fix, day, leap=False)
        away = _apart(last, here)
        near = geo.plausible(away, here.t - last.t)
        doubt = self.doubt
        if doubt:
            first, newest = doubt[0].place, doubt[-1].place
            follows = geo.plausible(_apart(newest, here), here.t - newest.t)
            if follows and geo.plausible(_apart(last, first), first.t - last.t):
                self._settle(day, leap=False)
                away = _apart(newest, here)
                near = True
            elif near:
                self._drop(day)
            elif follows:
                doubt.append(fix)
                if len(doubt) >= OUTWEIGHS:
                    self._settle(day, leap=True)
                return None
            else:
                self._drop(day)
        if near and away <= FAR_M:
            self._believe(fix, day, leap=False)
        else:
            self.doubt = [fix]
        return None

    def _settle(self, day: DayFigures, *, leap: bool) -> None:
        waiting, self.doubt = self.doubt, []
        for number, fix in enumerate(waiting):
            self._believe(fix, day, leap=leap and number == 0)

    def _drop(self, day: DayFigures) -> None:
        waiting, self.doubt = self.doubt, []
        for fix in waiting:
            self._reject(fix.key, fix.place.t, "jump", day)

    def _reject(self, key: str, at: int, reason: str, day: DayFigures) -> None:
        day.rejected += 1
        self.found.rejected.append(RejectedFound(key, at, reason, self.found.now))

    def _believe(self, fix: _Fix, day: DayFigures, *, leap: bool) -> None:
        """A position counts: for the odometer, for trips and stops, for the speed and for the fences."""
        here, before = fix.place, self.last
        day.fixes += 1
        speed = fix.speed
        if speed is not None:
            if self.said is None or here.t >= self.said[0]:
                self.said = here.t, speed
        elif self.said is not None and 0 <= here.t - self.said[0] <= SPEED_KEPT:
            speed = self.said[1]
        step = 0
        if self.anchor is None or leap:
            self.anchor = here
        else:
            moved = _apart(self.anchor, here)
            if moved >= ANCHOR_M:
                step = round(moved * 1_000)
                day.distance_mm += step
                self.heading = _towards(self.anchor, here)
                self.anchor = here
        if fix.heading is not None:
            self.heading = fix.heading
        journeys = self.journeys
        if before is None:
            journeys.start(here)
        elif leap or here.t - before.t > SILENCE:
            self.driving.stop()
            journeys.after_silence(before, here, leap)
        else:
            journeys.go_on(before, here, step, speed, self.engine, day)
            self.driving.at(here.t, speed if speed is not None else journeys.track_speed, here, self.fences)
        if self.rules.fences:
            watch(self.rules.fences, self.fences, before, here, leap, self._crossed)
        elif self.fences:
            self.fences.clear()
        self.last = here

    def _crossed(self, fence: Fence, what: str, at: int) -> None:
        self.found.crossings.append(CrossingFound(fence.key, what, at, self.found.now))

    def _other(self, word: Word, day: DayFigures) -> None:
        kind, value = word.kind, word.value
        if kind == "speed":
            speed = _speed(value)
            if speed is not None and not word.clock_wrong:
                self.said = (word.at, speed)
                self.journeys.said_speed(speed)
                self.driving.at(word.at, speed, self.last, self.fences)
        elif kind == "ignition":
            self.engine = "on" if value in ("on", "turn_on") else "off"
        elif kind == "passenger_count":
            if value.isdecimal():
                self.passengers = int(value)
                day.passengers_most = max(day.passengers_most, self.passengers)
        elif kind == "payment":
            _add_fare(day.fares, value, self.rules.currency)
        elif kind == "tampering":
            self.driving.tampered(word.at, value)

    def _next_day(self, at: int) -> DayFigures:
        if self.day is not None:
            self.found.days[self.day.date] = self.day
        self.day = DayFigures(*self.rules.day_of(at))
        return self.day

    def running(self) -> None:
        """Tell how everything stands that has not ended, as a refold does when it is done."""
        if self.last is not None:
            self.journeys.running(self.last)
        self.driving.running()

    def leave_out_what_lasts(self) -> None:
        """Forget what was found of the trip, stop or episode that has not ended: how it ends is yet to be found."""
        found, journeys, driving = self.found, self.journeys, self.driving
        if journeys.trip is not None:
            found.trips.pop(journeys.trip.start.t, None)
        if journeys.standing is not None:
            found.stops.pop(journeys.standing.since, None)
        if driving.over is not None:
            found.driving.pop(("speeding", driving.over[0]), None)
        if driving.tampering is not None:
            found.driving.pop(("tampering", driving.tampering[0]), None)

    def position(self) -> Place | None:
        """The newest place it may be: one that only waits to be confirmed is shown, a doubtful one is not."""
        if self.doubt and self.last is not None:
            first = self.doubt[0].place
            if geo.plausible(_apart(self.last, first), first.t - self.last.t):
                return self.doubt[-1].place
        return self.last

    def speed(self) -> int | None:
        """The newest speed said or seen, in thousandths of a km/h."""
        if self.said is not None and self.last is not None and self.last.t - self.said[0] <= SPEED_KEPT:
            return self.said[1]
        return self.journeys.track_speed

    def kept(self) -> dict[str, Any]:
        """The whole state as JSON can hold it."""
        day = self.day
        return {
            "form": FORM,
            "last": self.last,
            "anchor": self.anchor,
            "doubt": [[fix.place, fix.speed, fix.heading, fix.key] for fix in self.doubt],
            "newest": self._newest,
            "heading": self.heading,
            "said": self.said,
            "engine": self.engine,
            "heard": self.heard,
            "passengers": self.passengers,
            "fences": {key: list(memory) for key, memory in self.fences.items()},
            "day": day and [day.date, day.until, day.distance_mm, day.moving, day.idle, day.engine, day.trips,
                            day.fixes, day.rejected, day.top, day.passengers_most, _copy(day.fares)],
            "hour": self.hour,
            "upto": self.upto,
            "journeys": self.journeys.state(),
            "over": self.driving.over and list(self.driving.over),
            "tampering": self.driving.tampering,
        }  # fmt: skip

    def _restore(self, kept: dict[str, Any]) -> None:
        self.last = _place(kept["last"])
        self.anchor = _place(kept["anchor"])
        self.doubt = [_Fix(Place(*place), speed, heading, key) for place, speed, heading, key in kept["doubt"]]
        self._newest = _place(kept["newest"])
        self.heading = kept["heading"]
        self.said = kept["said"] and tuple(kept["said"])
        self.engine = kept["engine"]
        self.heard = kept["heard"]
        self.passengers = kept["passengers"]
        self.fences = {key: list(memory) for key, memory in kept["fences"].items()}
        self.day = _day(kept["day"])
        self.hour = kept["hour"]
        self.upto = kept["upto"]
        self.journeys.restore(kept["journeys"])
        self.driving.over = kept["over"] and list(kept["over"])
        self.driving.tampering = kept["tampering"] and tuple(kept["tampering"])


def _place(kept: list[int] | None) -> Place | None:
    return Place(*kept) if kept else None


def _day(kept: list[Any] | None) -> DayFigures | None:
    if kept is None:
        return None
    day = DayFigures(*kept[:11])
    day.fares = _copy(kept[11])
    return day


def _copy(fares: dict[str, Any]) -> dict[str, Any]:
    return {"times": fares["times"], "sums": dict(fares["sums"])} if fares else {}


def _apart(a: Place, b: Place) -> float:
    return geo.metres(a.latitude, a.longitude, b.latitude, b.longitude)


def _towards(a: Place, b: Place) -> int:
    return geo.bearing(a.latitude, a.longitude, b.latitude, b.longitude)


def _speed(value: str) -> int | None:
    try:
        return geo.speed_said(float(value))
    except (ValueError, OverflowError):
        return None


def _add_fare(fares: dict[str, Any], value: str, currency: str) -> None:
    """A payment on board: an amount, or an object with one; what is no money of any country adds nothing."""
    amount: object = value
    if value[:1] == "{":
        try:
            said = parse.json_value(value.encode(), max_bytes=8_000)
        except DomainError:
            return
        amount = said.get("amount") if isinstance(said, dict) else None
        named = said.get("currency") if isinstance(said, dict) else None
        currency = named.strip().upper() if isinstance(named, str) else currency
    if currency not in DECIMALS:
        return
    try:
        paid = Decimal(str(amount))
    except InvalidOperation:
        return
    if not paid.is_finite() or abs(paid.adjusted()) > 12:
        return
    fares["times"] = fares.get("times", 0) + 1
    sums = fares.setdefault("sums", {})
    sums[currency] = format(Decimal(sums.get(currency, "0")) + paid, "f")
