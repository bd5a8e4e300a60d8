"""Where a vehicle was: its track, thinned to what a screen can show."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from portal.core.db import db
from portal.trades.fleet import geo

#: More points than this no screen tells apart.
MOST_POINTS = 5_000

# One look into the index for each slice of the span, so that a million fixes cost what a thousand do.
_TRACK = text(
    """
    select (extract(epoch from e.at) * 1000)::bigint as ms, e.value
    from generate_series(0, :slices - 1) as n
    cross join lateral (
        select e.at, e.value from asset_event e
        where e.unit_id = :unit and e.kind = 'location' and e.quality <> 'x'
          and e.at >= cast(:since as timestamptz) + n * cast(:step as interval)
          and e.at < least(cast(:until as timestamptz), cast(:since as timestamptz) + (n + 1) * cast(:step as interval))
          and not exists (select from rejected_fix r where r.event_id = e.id)
        order by e.at, e.id limit 1) e
    order by e.at
    """
)


class Point(NamedTuple):
    """One believed position: milliseconds since 1970, degrees, thousandths of a km/h where it was said."""

    ms: int
    latitude: float
    longitude: float
    speed: int | None
    heading: int | None


def track_of(unit_id: uuid.UUID, since: datetime, until: datetime, *, most: int = 2_000) -> list[Point]:
    """The way of a vehicle in a span, in the order of the device's time, at most so many points of it.

    All of them where there are few; otherwise the first of each of so many equal slices of the span.
    """
    slices = max(1, min(most, MOST_POINTS))
    rows = db.session.execute(
        _TRACK,
        {"unit": unit_id, "since": since, "until": until, "slices": slices, "step": (until - since) / slices},
    )
    return [
        Point(ms, said.latitude / geo.E7, said.longitude / geo.E7, said.speed, said.heading)
        for ms, value in rows
        if not isinstance(said := geo.position(value), str)
    ]
