"""Words of vehicles, stored as an ingester stores them, each batch with its news."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from portal.core.db import db, uuid7
from portal.shared.assets.models import Unit
from portal.shared.devices.services import watching
from portal.trades.fleet.services import tracking

_STORE = text(
    """
    insert into asset_event (id, at, asset_id, unit_id, kind, value, quality)
    select id, timestamptz 'epoch' + at * interval '1 microsecond', :asset, :unit, kind, value, quality
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(id uuid, at bigint, kind text, value text, quality text)
    """
)
_LATEST = text(
    """
    insert into latest_reading (unit_id, kind, value, at, event_id)
    select distinct on (kind) :unit, kind, value, timestamptz 'epoch' + at * interval '1 microsecond', id
    from jsonb_to_recordset(cast(:rows as jsonb)) as r(id uuid, at bigint, kind text, value text)
    order by kind, at desc, id desc
    on conflict (unit_id, kind) do update
        set value = excluded.value, at = excluded.at, event_id = excluded.event_id
        where latest_reading.at <= excluded.at
    """
)
_NEWS = text(
    "insert into reading_news (unit_id, asset_id, since, kinds)"
    " values (:unit, :asset, timestamptz 'epoch' + :since * interval '1 microsecond', cast(:kinds as jsonb))"
)


def store(unit: Unit, words: Iterable) -> None:
    """Words as one batch of one vehicle, committed."""
    words = list(words)
    if not words:
        return
    rows = [
        {
            "id": str(uuid7()),
            "at": word.at,
            "kind": word.kind,
            "value": word.value,
            "quality": "x" if word.clock_wrong else "d",
        }
        for word in words
    ]
    who = {"unit": unit.id, "asset": unit.asset_id}
    db.session.execute(_STORE, {**who, "rows": json.dumps(rows)})
    db.session.execute(_LATEST, {"unit": unit.id, "rows": json.dumps(rows)})
    kinds = json.dumps(sorted({word.kind for word in words}))
    db.session.execute(_NEWS, {**who, "since": min(word.at for word in words), "kinds": kinds})
    db.session.commit()


def look() -> int:
    """Every watcher sees all there is, and what came very late is caught up with; returns how many units that were."""
    done = 0
    while bite := watching.look_at_news():
        done += bite
    while tracking.catch_up():
        pass
    return done


def tell(unit: Unit, words: Iterable) -> None:
    """Store a batch, and have it looked at."""
    store(unit, words)
    look()


def moment(micros: int) -> datetime:
    """Microseconds since 1970 as a moment."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def micros(moment: datetime) -> int:
    """A moment as microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
