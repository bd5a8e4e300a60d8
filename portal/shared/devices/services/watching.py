"""Looking at what units said, after it is stored and acknowledged: trades register what they make of it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import text

from portal.core.db import db
from portal.core.transaction import transactional

log = structlog.get_logger(__name__)

#: Units looked at in one transaction; what one watcher cannot take is tried again unit by unit.
UNITS_AT_ONCE = 200
#: A unit whose news cannot be digested is put off ever longer, and never forgotten.
PUT_OFF_SECONDS = (5, 30, 300, 3_600)


@dataclass(frozen=True, slots=True)
class Spoke:
    """A unit that has spoken: `since` is the oldest event nobody has looked at, `kinds` the subjects of all of them."""

    unit_id: uuid.UUID
    asset_id: uuid.UUID
    since: datetime
    kinds: frozenset[str]


Watcher = Callable[[Sequence[Spoke]], None]
_watchers: dict[str, tuple[frozenset[str], Watcher]] = {}


def register(name: str, kinds: Sequence[str], look: Watcher) -> None:
    """Have `look` called, inside a command, with the units that spoke of any of these subjects (all, when empty).

    It must give the same result when it is called again for the same words, and read them by itself.
    """
    _watchers[name] = frozenset(kinds), look


def look_at_news(*, limit: int = UNITS_AT_ONCE) -> int:
    """One bite of the news: every watcher sees it, then it is gone; returns how many units that were."""
    try:
        return _look(limit=limit)
    except Exception:
        log.exception("news_looked_at_one_by_one")
        db.session.rollback()
    done = 0
    for unit_id in _waiting(limit):
        try:
            done += _look(limit=1, only=unit_id)
        except Exception:  # one unit that cannot be digested holds nobody up
            db.session.rollback()
            log.exception("news_put_off", unit_id=str(unit_id))
            _put_off(unit_id=unit_id)
    return done


@transactional
def _look(*, limit: int, only: uuid.UUID | None = None) -> int:
    news = _take(limit, only)
    if news:
        for kinds, look in _watchers.values():
            for_it = [each for each in news if not kinds or each.kinds & kinds]
            if for_it:
                look(for_it)
    return len(news)


def _take(limit: int, only: uuid.UUID | None) -> list[Spoke]:
    """The news of some units, oldest first, taken out of the list; whoever takes them holds them until its commit."""
    rows = db.session.execute(_TAKE, {"limit": limit * 4, "only": only, "units": limit}).all()
    by_unit: dict[uuid.UUID, list[tuple[uuid.UUID, datetime, Sequence[str]]]] = defaultdict(list)
    for unit_id, asset_id, since, kinds in rows:
        by_unit[unit_id].append((asset_id, since, kinds))
    return [
        Spoke(
            unit_id,
            said[0][0],
            min(since for _asset, since, _kinds in said),
            frozenset(kind for _asset, _since, kinds in said for kind in kinds),
        )
        for unit_id, said in by_unit.items()
    ]


def _waiting(limit: int) -> list[uuid.UUID]:
    rows = db.session.scalars(
        text(
            "select unit_id from reading_news where due_at <= clock_timestamp()"
            " group by unit_id order by min(id) limit :n"
        ),
        {"n": limit},
    )
    found = list(rows)
    db.session.rollback()
    return found


@transactional
def _put_off(*, unit_id: uuid.UUID) -> None:
    db.session.execute(
        text(
            "update reading_news set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs =>"
            " (cast(:waits as int[]))[least(attempts, 3) + 1]) where unit_id = :unit"
        ),
        {"unit": unit_id, "waits": list(PUT_OFF_SECONDS)},
    )


_TAKE = text(
    """
    delete from reading_news where id in (
        select n.id from reading_news n
        where n.due_at <= clock_timestamp() and (cast(:only as uuid) is null or n.unit_id = cast(:only as uuid))
        and n.unit_id in (
            select unit_id from (select unit_id, id from reading_news where due_at <= clock_timestamp()
                                 and (cast(:only as uuid) is null or unit_id = cast(:only as uuid))
                                 order by id limit :limit) oldest
            group by unit_id order by min(id) limit :units)
        for update of n skip locked)
    returning unit_id, asset_id, since, kinds
    """
)
