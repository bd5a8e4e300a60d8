"""The demo's devices: a tracker in every vehicle, lock and sensors of the third floor, a gateway for all the rest."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import select

from config import Settings
from portal.core.db import db
from portal.demo.common import DAYS, insert, key
from portal.demo.places import DEPOT, FLEET, HOTEL, PLACES, DemoPlace, DemoUnit, units
from portal.shared.devices.models import Device, DeviceStatus, DeviceType, Dialect
from portal.shared.devices.secrets import hash_secret

SHORT = {HOTEL: "marina", FLEET: "swift", DEPOT: "athi"}
#: Where the newer locks hang; the other rooms speak through the gateway.
NEW_FLOOR = "3"
#: A plain lock on a link of its own, and a tracker with a bad aerial: they lose their network now and then.
SHAKY = ("G01", "KD12")
LOCK_SAYS = ("access", "door", "battery")


@dataclass(frozen=True)
class DemoDevice:
    """One device of the demo, by the name it signs in with."""

    name: str
    type: DeviceType
    dialect: Dialect
    place: DemoPlace
    unit: DemoUnit | None = None
    capabilities: tuple[str, ...] = ()
    note: str | None = None

    @property
    def id(self) -> uuid.UUID:
        return key(f"device {self.name}")

    @property
    def shaky(self) -> bool:
        """Whether its link is bad."""
        return self.unit is not None and self.unit.number in SHAKY

    def secret(self, settings: Settings) -> str:
        """Its own, and never written down: whoever has this installation's key can work it out again."""
        return settings.derived_key(f"secret of {self.name}")[:40]


@cache
def devices() -> tuple[DemoDevice, ...]:
    """Every device of the demo."""
    return tuple(_devices())


def of_unit(unit: DemoUnit) -> tuple[DemoDevice, ...]:
    """What is fixed to one unit."""
    return tuple(device for device in devices() if device.unit is unit)


@cache
def speaker(unit: DemoUnit, kind: str) -> DemoDevice | None:
    """Which device with envelopes speaks of this; None where a plain one does."""
    known = [device for device in of_unit(unit) if device.dialect == Dialect.ENVELOPE]
    for device in known:
        if device.type == DeviceType.TRACKER or (device.type == DeviceType.LOCK) == (kind in LOCK_SAYS):
            return device
    return None


def _devices() -> Iterator[DemoDevice]:
    for place in PLACES:
        if place in SHORT:
            yield DemoDevice(f"{SHORT[place]}-gateway", DeviceType.GATEWAY, Dialect.PLAIN, place,
                             note="In the cupboard beside the router")  # fmt: skip
    for unit in units():
        name = f"{SHORT[unit.place]}-{unit.number.lower()}"
        if unit.kind == "vehicle":
            yield DemoDevice(name, DeviceType.TRACKER, Dialect.ENVELOPE, unit.place, unit, ("ignition",))
        elif unit.number.startswith(NEW_FLOOR) and unit.number != "304":
            yield DemoDevice(f"{name}-lock", DeviceType.LOCK, Dialect.ENVELOPE, unit.place, unit, ("access",))
            yield DemoDevice(f"{name}-meter", DeviceType.METER, Dialect.ENVELOPE, unit.place, unit, ("electricity",))
        elif unit.number in SHAKY:
            both = ("access", "electricity")
            yield DemoDevice(f"{name}-lock", DeviceType.LOCK, Dialect.PLAIN, unit.place, unit, both,
                             note="Far from the access point")  # fmt: skip


def in_service() -> set[str]:
    """The names of those that are registered here and not cut off; an older demo has none of them."""
    asked = select(Device.name).where(
        Device.name.in_([device.name for device in devices()]), Device.status == DeviceStatus.ACTIVE
    )
    return set(db.session.scalars(asked))


def load(now: datetime, settings: Settings) -> None:
    """Enter the devices as they were fitted before the month of history began."""
    fitted = now - timedelta(days=DAYS + 2)
    insert(
        Device,
        [
            {
                "id": device.id, "created_at": fitted, "name": device.name, "type": device.type,
                "dialect": device.dialect, "status": DeviceStatus.ACTIVE, "asset_id": device.place.id,
                "unit_id": device.unit.id if device.unit else None, "capabilities": list(device.capabilities),
                "secret_hash": hash_secret(device.secret(settings)), "secret_at": fitted, "note": device.note,
            }
            for device in devices()
        ],
    )  # fmt: skip
