"""Devices that fell silent: somebody is told once, and the alert ends by itself when they speak again."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, func, select

from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.devices.device_queries import Standing, standing
from portal.shared.devices.models import Alert, AlertStatus, Device, DeviceState, Severity
from portal.shared.devices.services.alerts import clear_by_itself, raise_alert

KIND = "device_silent"


@transactional
def look(*, limit: int = 200) -> int:
    """Raise an alert for each device that fell silent and end those that are over; returns how many changed."""
    silent = db.session.execute(
        select(Device.id, Device.asset_id, Device.unit_id, Device.name, DeviceState.seen_at, DeviceState.state_at)
        .join(DeviceState, DeviceState.device_id == Device.id)
        .where(
            standing() == Standing.SILENT,
            ~_alert().where(Alert.device_id == Device.id).exists(),
            ~_put_away().exists(),
        )
        .order_by(Device.asset_id, Device.id)
        .limit(limit)
    ).all()
    for row in silent:
        heard = max(each for each in (row.seen_at, row.state_at) if each is not None)
        raise_alert(
            asset_id=row.asset_id,
            kind=KIND,
            key=f"{KIND}:{row.id}",
            severity=Severity.WARNING,
            facts={"device": row.name, "last_heard": heard.isoformat()},
            unit_id=row.unit_id,
            device_id=row.id,
        )
    over = db.session.execute(
        select(Alert.asset_id, Alert.key)
        .join(Device, Device.id == Alert.device_id)
        .outerjoin(DeviceState, DeviceState.device_id == Device.id)
        .where(Alert.kind == KIND, Alert.status != AlertStatus.CLEARED, standing() != Standing.SILENT)
        .order_by(Alert.asset_id, Alert.id)
        .limit(limit)
    ).all()
    for asset_id, key in over:
        clear_by_itself(asset_id=asset_id, key=key)
    return len(silent) + len(over)


def _alert() -> Select[uuid.UUID]:
    return select(Alert.id).where(Alert.kind == KIND, Alert.status != AlertStatus.CLEARED)


def _put_away() -> Select[uuid.UUID]:
    """What a hand cleared since the device was last heard: it is silent still, and somebody knows."""
    heard = func.greatest(DeviceState.seen_at, DeviceState.state_at)
    return select(Alert.id).where(
        Alert.kind == KIND,
        Alert.asset_id == Device.asset_id,
        Alert.device_id == Device.id,
        Alert.cleared_by.isnot(None),
        Alert.happened_at > heard,
    )
