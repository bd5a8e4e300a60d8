"""Finding devices, telling how they fare, and locking them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select, text

from portal.core import locks
from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.assets.models import Unit
from portal.shared.devices import numbering
from portal.shared.devices.errors import NoSuchClaimCode, NoSuchDevice
from portal.shared.devices.models import (
    AssetEvent,
    Device,
    DeviceCommand,
    DeviceState,
    DeviceStatus,
    DeviceType,
    Dialect,
)
from portal.shared.devices.numbering import Ranges


class Standing(StrEnum):
    """How a device in service fares, by its own word, its last will, and how long it has been quiet."""

    ONLINE = "online"
    LOST = "lost"
    SILENT = "silent"
    NEVER = "never"


#: A device that says nothing for longer than this is silent, whatever its last word was.
QUIET_FOR = {
    DeviceType.TRACKER: timedelta(minutes=5),
    DeviceType.LOCK: timedelta(minutes=15),
    DeviceType.SENSOR: timedelta(minutes=15),
    DeviceType.METER: timedelta(minutes=15),
    DeviceType.GATEWAY: timedelta(minutes=5),
}


@dataclass(frozen=True, slots=True)
class Fare:
    """How one device fares; a device that is not in service stands where its status says."""

    standing: str
    state: DeviceState | None


def standing() -> ColumnElement[str]:
    """How a device fares, in SQL, for devices joined to their states."""
    limits = case({str(kind): literal(limit) for kind, limit in QUIET_FOR.items()}, value=Device.type)
    heard = func.greatest(DeviceState.seen_at, DeviceState.state_at)
    return case(
        (Device.status != DeviceStatus.ACTIVE, Device.status),
        (heard.is_(None), literal(str(Standing.NEVER))),
        (
            (DeviceState.state == "lost")
            & (DeviceState.state_at >= func.coalesce(DeviceState.seen_at, DeviceState.state_at)),
            literal(str(Standing.LOST)),
        ),
        (func.clock_timestamp() - heard > limits, literal(str(Standing.SILENT))),
        else_=literal(str(Standing.ONLINE)),
    )


def get_device(asset_id: uuid.UUID, name: str) -> Device:
    """A device of a place by its name; raises NoSuchDevice, for another place's devices too."""
    found = find_device(asset_id, name=name)
    if found is None:
        raise NoSuchDevice(_("There is no device %(name)s here.", name=name[:40]))
    return found


def find_device(
    asset_id: uuid.UUID | None, *, name: str | None = None, device_id: uuid.UUID | None = None
) -> Device | None:
    """A device by its name or key, at one place or (None) wherever it is."""
    question = select(Device).where(Device.name == name.strip().lower() if name else Device.id == device_id)
    return db.session.scalar(question.where(Device.asset_id == asset_id) if asset_id else question)


def find_box(claim_code: str) -> Device | None:
    """The boxed device with this code, or None once it was claimed."""
    return db.session.scalar(select(Device).where(Device.claim_code == claim_code, Device.status == DeviceStatus.BOXED))


def boxes(*, cursor: str | None = None, limit: object = 50) -> Page[Device]:
    """Boxed devices that nobody has claimed, the last prepared first."""
    return page_of(select(Device).where(Device.status == DeviceStatus.BOXED), (Device.id,), cursor=cursor, limit=limit)


def page_of_devices(
    asset_id: uuid.UUID, *, cursor: str | None = None, limit: object = 50, **filters: Any
) -> Page[Device]:
    """Devices of a place, the last registered first; retired ones only when their state is asked for."""
    return page_of(_fitting(asset_id, **filters), (Device.id,), cursor=cursor, limit=limit)


def devices_at(asset_id: uuid.UUID, **filters: Any) -> Sequence[Device]:
    """All of them by name, for a spreadsheet or a sheet of labels."""
    return db.session.scalars(_fitting(asset_id, **filters).order_by(Device.name)).all()


def standing_counts(asset_id: uuid.UUID) -> dict[str, int]:
    """How many devices of a place are in each state."""
    rows = db.session.execute(
        select(standing(), func.count())
        .select_from(Device)
        .outerjoin(DeviceState, DeviceState.device_id == Device.id)
        .where(Device.asset_id == asset_id)
        .group_by(standing())
    )
    return {state: number for state, number in rows}


def fares_of(device_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Fare]:
    """How devices fare, by key."""
    if not device_ids:
        return {}
    rows = db.session.execute(
        select(Device.id, standing(), DeviceState)
        .outerjoin(DeviceState, DeviceState.device_id == Device.id)
        .where(Device.id.in_(device_ids))
    )
    return {device_id: Fare(found, state) for device_id, found, state in rows}


def devices_of_unit(unit_id: uuid.UUID, status: str | None = None) -> Sequence[Device]:
    """What is fixed to a unit, by name."""
    question = select(Device).where(Device.unit_id == unit_id).order_by(Device.name)
    return db.session.scalars(question.where(Device.status == status) if status else question).all()


def fixed_to(unit_id: uuid.UUID) -> list[tuple[Device, str]]:
    """What is fixed to a unit and how each fares, by name."""
    rows = db.session.execute(
        select(Device, standing())
        .outerjoin(DeviceState, DeviceState.device_id == Device.id)
        .where(Device.unit_id == unit_id)
        .order_by(Device.name)
    )
    return [(device, state) for device, state in rows]


def standing_by_unit(asset_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """For each unit of a place with a device in service: how the one that fares worst fares."""
    rows: Any = db.session.execute(
        select(Device.unit_id, standing())
        .outerjoin(DeviceState, DeviceState.device_id == Device.id)
        .where(Device.asset_id == asset_id, Device.unit_id.isnot(None), Device.status == DeviceStatus.ACTIVE)
    )
    worst: list[str] = [Standing.ONLINE, Standing.NEVER, Standing.SILENT, Standing.LOST]
    found: dict[uuid.UUID, str] = {}
    for unit_id, state in rows:
        if unit_id not in found or worst.index(state) > worst.index(found[unit_id]):
            found[unit_id] = state
    return found


def lock_device(device_id: uuid.UUID, asset_id: uuid.UUID) -> Device:
    """One device of a place, locked; raises NoSuchDevice."""
    locks.taking("device")
    found = db.session.scalar(
        select(Device)
        .where(Device.id == device_id, Device.asset_id == asset_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NoSuchDevice(_("There is no such device here."))
    return found


def lock_box(claim_code: str) -> Device:
    """The device a claim code was printed for, locked; raises NoSuchClaimCode."""
    locks.taking("device")
    found = db.session.scalar(
        select(Device)
        .where(Device.claim_code == claim_code)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise no_such_box()
    return found


def lock_devices_of_unit(unit_id: uuid.UUID) -> Sequence[Device]:
    """What is fixed to a unit, locked in the order of their keys."""
    locks.taking("device")
    return db.session.scalars(
        select(Device)
        .where(Device.unit_id == unit_id)
        .order_by(Device.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def no_such_box() -> NoSuchClaimCode:
    """The one answer to a code that is wrong, was used before, or is somebody else's."""
    return NoSuchClaimCode(
        _("No box with this code waits for a place. Check the label: each code works once."), field="claim_code"
    )


def _fitting(
    asset_id: uuid.UUID,
    *,
    type: str = "",
    dialect: str = "",
    state: str = "",
    unbound: bool = False,
    asked: str = "",
) -> Any:
    question = select(Device).where(Device.asset_id == asset_id)
    if type:
        question = question.where(Device.type == type)
    if dialect:
        question = question.where(Device.dialect == dialect)
    if state:
        question = question.outerjoin(DeviceState, DeviceState.device_id == Device.id).where(standing() == state)
    else:
        question = question.where(Device.status != DeviceStatus.RETIRED)
    if unbound:
        question = question.where(Device.unit_id.is_(None))
    if asked:
        wanted = asked.strip().lower()
        units = select(Unit.id).where(Unit.asset_id == asset_id, func.lower(Unit.number) == wanted)
        held = func.lower(func.concat_ws(" ", Device.name, Device.note, Device.claim_code))
        question = question.where(or_(func.strpos(held, wanted) > 0, Device.unit_id.in_(units)))
    return question


def events_of_device(
    device: Device, *, kind: str | None = None, cursor: str | None = None, limit: object = 50
) -> Page[AssetEvent]:
    """What a device said of the unit it is fixed to now, youngest first; a plain one's words carry no name."""
    mine = AssetEvent.device_id == device.id if device.dialect == Dialect.ENVELOPE else AssetEvent.device_id.is_(None)
    question = select(AssetEvent).where(
        AssetEvent.unit_id == device.unit_id, AssetEvent.asset_id == device.asset_id, mine
    )
    if kind:
        question = question.where(AssetEvent.kind == kind)
    return page_of(question, (AssetEvent.at, AssetEvent.id), cursor=cursor, limit=limit)


def commands_of_device(device: Device, limit: int = 20) -> Sequence[DeviceCommand]:
    """What a device was told at the unit it is fixed to, youngest first."""
    if device.unit_id is None:
        return []
    mine = (
        DeviceCommand.device_id == device.id
        if device.dialect == Dialect.ENVELOPE
        else DeviceCommand.device_id.is_(None) & DeviceCommand.capability.in_(device.capabilities)
    )
    return db.session.scalars(
        select(DeviceCommand)
        .where(DeviceCommand.unit_id == device.unit_id, mine)
        .order_by(DeviceCommand.id.desc())
        .limit(limit)
    ).all()


@dataclass(frozen=True, slots=True)
class StartOfDevice:
    """One start of a device: up to which number all have come, what is missing between, and how often it repeated."""

    boot: int
    through: int
    top: int
    missing: Ranges
    lost: int
    repeated: int
    first_at: datetime
    last_at: datetime


def starts_of(device_id: uuid.UUID, limit: int = 20) -> list[StartOfDevice]:
    """The starts of a device, the youngest first."""
    rows = db.session.execute(_STARTS, {"device": device_id, "limit": limit})
    found = []
    for row in rows:
        received = numbering.read(row.received)
        found.append(
            StartOfDevice(
                boot=row.boot,
                through=numbering.through(received),
                top=received[-1][1] - 1 if received else 0,
                missing=numbering.gaps(received),
                lost=sum(high - low for low, high in numbering.read(row.lost)),
                repeated=row.repeated,
                first_at=row.first_at,
                last_at=row.last_at,
            )
        )
    return found


_STARTS = text(
    "select boot, received::text, lost::text, repeated, first_at, last_at from device_boot"
    " where device_id = :device order by boot desc limit :limit"
)
