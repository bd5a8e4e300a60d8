"""Numbers that are missing for long: somebody is told, the device is asked, and a person may give them up."""

from __future__ import annotations

import uuid

from sqlalchemy import text

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.shared.devices import numbering
from portal.shared.devices.errors import NothingMissing
from portal.shared.devices.models import Device, Severity
from portal.shared.devices.number_queries import lock_start
from portal.shared.devices.services import alerts, numbered

KIND = "gap_open"
#: A device that is there fills a hole within seconds of being asked.
OPEN_FOR_SECONDS = 60


@transactional
def give_up(*, device_id: uuid.UUID, boot: int, actor: Actor, reason: str) -> int:
    """Wait no longer for what is missing from one start of a device; returns how many numbers that were."""
    device = db.session.get_one(Device, device_id)
    came = lock_start(device_id, boot)
    gaps = numbering.gaps(came.received) if came is not None else []
    if came is None or not gaps:
        raise NothingMissing(_("Nothing is missing there any more."))
    numbered.give_up(came, [(low, high - 1) for low, high in gaps])
    numbered.count({(str(device_id), boot): came})
    missing = sum(high - low for low, high in gaps)
    record(
        "device.gap_given_up",
        actor=actor,
        subject="device",
        subject_id=device_id,
        asset_id=device.asset_id,
        reason=reason,
        before={"boot": boot, "missing": missing, "from": gaps[0][0], "to": gaps[-1][1] - 1},
    )
    if device.asset_id is not None:
        alerts.clear_by_itself(asset_id=device.asset_id, key=f"{KIND}:{device_id}:{boot}")
    return missing


@transactional
def tell_of_open(*, limit: int = 200) -> int:
    """Raise an alert for each start with a hole that nobody fills, and end those that are filled; how many changed."""
    found = db.session.execute(_OPEN, {"seconds": OPEN_FOR_SECONDS, "limit": limit}).all()
    for row in found:
        missing = sum(high - low for low, high in numbering.gaps(numbering.read(row.received)))
        alerts.raise_alert(
            asset_id=row.asset_id,
            kind=KIND,
            key=row.key,
            severity=Severity.WARNING,
            facts={"device": row.name, "boot": row.boot, "missing": missing, "since": row.gap_since.isoformat()},
            unit_id=row.unit_id,
            device_id=row.device_id,
        )
    filled = db.session.execute(_FILLED, {"limit": limit}).all()
    for asset_id, key in filled:
        alerts.clear_by_itself(asset_id=asset_id, key=key)
    return len(found) + len(filled)


_OPEN = text(
    """
    select d.asset_id, d.unit_id, d.id as device_id, d.name, b.boot, b.received::text, b.gap_since,
           'gap_open:' || d.id || ':' || b.boot as key
    from device_boot b join device d on d.id = b.device_id
    where b.gap_since < clock_timestamp() - make_interval(secs => :seconds) and d.status = 'active'
    and not exists (select from alert a where a.asset_id = d.asset_id and a.status <> 'cleared'
                    and a.key = 'gap_open:' || d.id || ':' || b.boot)
    -- what a hand cleared is known, until something more has come and a hole is left again
    and not exists (select from alert a where a.asset_id = d.asset_id and a.happened_at >= b.gap_since
                    and a.key = 'gap_open:' || d.id || ':' || b.boot and a.cleared_by is not null)
    order by d.asset_id, d.id, b.boot limit :limit
    """
)
_FILLED = text(
    """
    select a.asset_id, a.key from alert a
    where a.kind = 'gap_open' and a.status <> 'cleared'
    and not exists (select from device_boot b join device d on d.id = b.device_id
                    where b.device_id = a.device_id and b.gap_since is not null and d.status = 'active'
                    and d.asset_id = a.asset_id and a.key = 'gap_open:' || b.device_id || ':' || b.boot)
    order by a.asset_id, a.id limit :limit
    """
)
