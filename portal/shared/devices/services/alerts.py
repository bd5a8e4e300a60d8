"""Raising what somebody should look at, once for as long as it is so, and ending it when it is over."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from portal.core import locks
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.shared.devices.events import AlertCleared, AlertRaised
from portal.shared.devices.models import AlertStatus, Severity
from portal.shared.devices.services import telling
from portal.shared.notifications.services import notices

#: What is known this long after it happened is kept, but nobody is called for it.
LATE_AFTER = timedelta(minutes=10)

# The same thing noticed again is counted on the alert that stands; `fresh` tells the first time.
_RAISE = text(
    """
    insert into alert (id, asset_id, unit_id, device_id, rule_id, kind, key, severity, facts, happened_at, late,
                       status, cleared_at)
    values (:id, :asset_id, :unit_id, :device_id, :rule_id, :kind, :key, :severity, cast(:facts as jsonb),
            :happened_at, :late, :status, :cleared_at)
    on conflict (asset_id, key) where status <> 'cleared' do update
        set times = alert.times + 1, last_at = clock_timestamp(), facts = excluded.facts
    returning id, (xmax = 0) as fresh
    """
)
_ENDS = (
    "update alert set status = 'cleared', cleared_at = clock_timestamp()"
    " where asset_id = :asset_id and status <> 'cleared' and {which} returning id, asset_id, unit_id"
)
_CLEAR = text(_ENDS.format(which="key = any(:keys)"))
_CLEAR_RULE = text(_ENDS.format(which="rule_id = :rule_id"))


@transactional
def raise_alert(
    *,
    asset_id: uuid.UUID,
    kind: str,
    key: str,
    severity: Severity,
    facts: dict[str, Any],
    happened_at: datetime | None = None,
    unit_id: uuid.UUID | None = None,
    device_id: uuid.UUID | None = None,
    rule_id: uuid.UUID | None = None,
    over: bool = False,
    late: bool | None = None,
) -> uuid.UUID | None:
    """Something is so that somebody should know: its alert's key, or None when it stood already.

    `key` is what makes it the same thing (`speeding:<unit>`). `over` is for what has ended by the time it is told
    of; it, and what happened more than ten minutes ago, is kept without calling anybody. `late` says so otherwise:
    what began long ago and is seen to be so now is no old story.
    """
    locks.taking("alert")
    now = utcnow()
    happened_at = happened_at or now
    late = now - happened_at > LATE_AFTER if late is None else late
    row = db.session.execute(
        _RAISE,
        {
            "id": uuid7(),
            "asset_id": asset_id,
            "unit_id": unit_id,
            "device_id": device_id,
            "rule_id": rule_id,
            "kind": kind,
            "key": key,
            "severity": str(severity),
            "facts": _json(facts),
            "happened_at": happened_at,
            "late": late,
            "status": str(AlertStatus.CLEARED if over else AlertStatus.OPEN),
            "cleared_at": now if over else None,
        },
    ).one()
    if not row.fresh:
        return None
    found: uuid.UUID = row.id
    publish(AlertRaised(asset_id=asset_id, subject_id=unit_id, alert_id=found, kind=kind, severity=str(severity),
                        late=late))  # fmt: skip
    if severity == Severity.CRITICAL and not late and not over:
        telling.critical(asset_id=asset_id, alert_id=found, unit_id=unit_id, kind=kind, facts=json.loads(_json(facts)))
    return found


@transactional
def clear_by_itself(*, asset_id: uuid.UUID, key: str) -> bool:
    """What the alert told of is over; False when none stood."""
    return clear_all(asset_id=asset_id, keys=[key]) > 0


@transactional
def clear_all(*, asset_id: uuid.UUID, keys: Collection[str]) -> int:
    """What these alerts of a place told of is over; returns how many of them stood."""
    if not keys:
        return 0
    locks.taking("alert")
    return _over(db.session.execute(_CLEAR, {"asset_id": asset_id, "keys": list(keys)}).all())


@transactional
def clear_of_rule(*, asset_id: uuid.UUID, rule_id: uuid.UUID) -> int:
    """A rule is gone, switched off or asks for something else: what it raised ends with it."""
    locks.taking("alert")
    return _over(db.session.execute(_CLEAR_RULE, {"asset_id": asset_id, "rule_id": rule_id}).all())


def _over(rows: Collection[Row[Any]]) -> int:
    for row in rows:
        publish(AlertCleared(asset_id=row.asset_id, subject_id=row.unit_id, alert_id=row.id))
        notices.settle(subject=f"alert:{row.id}")
    return len(rows)


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, default=str, allow_nan=False)
