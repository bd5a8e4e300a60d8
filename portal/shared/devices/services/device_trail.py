"""Writing down what was done to a device, and announcing it to pages and to whoever keeps the broker's accounts."""

from __future__ import annotations

import uuid
from typing import Any

from portal.core.actor import Actor
from portal.core.outbox import publish
from portal.shared.audit.services import record
from portal.shared.devices.events import AccountsChanged, DeviceChanged
from portal.shared.devices.models import Device


def tell(
    action: str,
    device: Device,
    actor: Actor,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
    unit_id: uuid.UUID | None = None,
) -> None:
    """One step in a device's life; `unit_id` is the unit it was taken off, which its page must hear of too."""
    record(
        action,
        actor=actor,
        subject="device",
        subject_id=device.id,
        asset_id=device.asset_id,
        reason=reason,
        before=before,
        after=after,
    )
    publish(DeviceChanged(asset_id=device.asset_id, subject_id=device.unit_id or unit_id, device_id=device.id))
    publish(AccountsChanged(asset_id=device.asset_id, device_id=device.id))
