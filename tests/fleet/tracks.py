"""Tracks for tests: a vehicle that drives, parks and trembles, as the words it would say."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

from portal.trades.fleet.found import Day, Rules, Word
from portal.trades.fleet.track import Fold

#: A Monday morning in Lagos, in microseconds.
MORNING = int(datetime(2026, 11, 2, 6, 0, tzinfo=UTC).timestamp()) * 1_000_000
LAGOS = (6.5244, 3.3792)
SECOND = 1_000_000


def utc_day(t):
    """Days as Greenwich counts them."""
    day = datetime.fromtimestamp(t // SECOND, UTC).date()
    return Day(day.isoformat(), int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + 86_400) * SECOND)


RULES = Rules(day_of=utc_day, currency="NGN")


def place(north_m=0.0, east_m=0.0, origin=LAGOS):
    """Degrees of a place so many metres from the origin."""
    latitude = origin[0] + north_m / 111_194.93
    return latitude, origin[1] + east_m / (111_194.93 * math.cos(math.radians(origin[0])))


class Teller:
    """Says words with keys in the order of saying."""

    def __init__(self, seed=1):
        self.words = []
        self.chance = random.Random(seed)

    def say(self, second, kind, value, **fields):
        """One word, so many seconds after the morning."""
        key = f"{len(self.words):08d}"
        self.words.append(Word(MORNING + round(second * SECOND), kind, value, key, **fields))
        return self.words[-1]

    def at(self, second, north_m=0.0, east_m=0.0, jitter=0.0, **fields):
        """One fix."""
        north_m += self.chance.gauss(0, jitter) if jitter else 0
        east_m += self.chance.gauss(0, jitter) if jitter else 0
        latitude, longitude = place(north_m, east_m)
        return self.say(second, "location", f"{latitude:.7f},{longitude:.7f}", **fields)

    def drive(self, start, metres, pace=10.0, every=5, from_m=0.0, jitter=0.0):
        """East along a straight road; returns when it arrives."""
        steps = round(metres / pace / every)
        for step in range(steps + 1):
            self.at(start + step * every, 0, from_m + step * every * pace, jitter)
        return start + steps * every

    def park(self, start, seconds, every=60, at_m=0.0, jitter=0.0):
        """Standing, trembling as receivers do; returns when the last was said."""
        for step in range(1, int(seconds // every) + 1):
            self.at(start + step * every, 0, at_m, jitter)
        return start + int(seconds // every) * every


def folded(words, rules=RULES, cuts=(), kept=None):
    """The fold of these words, sorted, in one go or put down and taken up again at each cut."""
    words = sorted(words)
    fold, founds, begin = Fold(rules, kept), [], 0
    for cut in [*sorted(cuts), len(words)]:
        fold.take(words[begin:cut])
        founds.append(fold.found)
        begin = cut
        if cut < len(words):
            fold = Fold(rules, through_json(fold.kept()))
    return fold, merged(founds)


def through_json(kept):
    """As the database would give it back."""
    import json

    return json.loads(json.dumps(kept))


def merged(founds):
    """What several runs found, as the tables would hold it."""
    whole = founds[0]
    for found in founds[1:]:
        whole.trips.update(found.trips)
        whole.stops.update(found.stops)
        whole.driving.update(found.driving)
        whole.crossings.extend(found.crossings)
        whole.rejected.extend(found.rejected)
        whole.days.update(found.days)
        whole.checkpoints.update(found.checkpoints)
    return whole


def told(words, rules=RULES, cuts=()):
    """Everything that can be told of a track, as one value that can be compared."""
    fold, found = folded(words, rules, cuts)
    fold.running()
    for kind in ("trips", "stops", "driving"):
        getattr(found, kind).update(getattr(fold.found, kind))
    days = {**found.days, **({fold.day.date: fold.day} if fold.day else {})}
    return {
        "days": days,
        "trips": found.trips,
        "stops": found.stops,
        "crossings": sorted(found.crossings),
        "driving": found.driving,
        "rejected": sorted(found.rejected),
        "state": through_json(fold.kept()),
    }


def kilometres(words, rules=RULES):
    """What the odometer counts."""
    return sum(day.distance_mm for day in told(words, rules)["days"].values()) / 1e6


def hours(number):
    """So many hours in seconds."""
    return timedelta(hours=number).total_seconds()
