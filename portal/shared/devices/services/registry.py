"""Devices as things somebody owns: registered, boxed and claimed, fixed to a unit, given secrets, revoked, retired."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.numbers import label_number
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.models import Asset, Unit, UnitStatus
from portal.shared.assets.queries import asset_of, find_unit, lock_unit, unit_of
from portal.shared.assets.services.units import called, need_reason
from portal.shared.devices import errors
from portal.shared.devices.device_queries import (
    devices_of_unit,
    find_device,
    lock_box,
    lock_device,
    lock_devices_of_unit,
    no_such_box,
)
from portal.shared.devices.models import CAPABILITIES, Device, DeviceStatus, DeviceType, Dialect
from portal.shared.devices.secrets import hash_secret, make_claim_code, make_secret
from portal.shared.devices.services.device_trail import tell

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{2,31}")
#: A device's name is its client id as well; one of ours would throw the portal itself off the broker.
RESERVED = ("portal", "ingest")
MOST_BOXED = 500
#: What a device can be told when nobody says otherwise.
USUAL: dict[str, tuple[str, ...]] = {
    DeviceType.LOCK: ("access",),
    DeviceType.METER: ("electricity",),
    DeviceType.TRACKER: ("ignition",),
    DeviceType.SENSOR: (),
    DeviceType.GATEWAY: (),
}
rule(
    "uq_device_name",
    lambda: errors.DeviceNameTaken(_("Another device has just taken this name. Choose another one."), field="name"),
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A device and the secret that is shown this once."""

    device: Device
    secret: str


@transactional
def register(
    *,
    asset_id: uuid.UUID,
    type: str,
    actor: Actor,
    dialect: str = Dialect.ENVELOPE,
    name: str | None = None,
    unit_id: uuid.UUID | None = None,
    capabilities: Collection[str] | None = None,
    note: str | None = None,
) -> Registered:
    """Enter a device of a place with a secret of its own; without a name it is given one."""
    asset = asset_of(asset_id)
    if asset.retired_at is not None:
        raise errors.WrongDeviceStatus(_("%(name)s is closed. Nothing can be added to it.", name=asset.name))
    type, dialect = _sort_of(type, dialect)
    unit = _unit_here(asset_id, unit_id) if unit_id else None
    can = _capabilities(type, capabilities, unit)
    if unit is not None:
        _nobody_else(unit, can, besides=None)
    secret = make_secret()
    device = written(
        Device(
            name=_free_name(name, type),
            type=type,
            dialect=dialect,
            status=DeviceStatus.ACTIVE,
            asset_id=asset_id,
            unit_id=unit.id if unit else None,
            capabilities=can,
            secret_hash=hash_secret(secret),
            secret_at=utcnow(),
            note=(note or "").strip() or None,
        )
    )
    tell("device.registered", device, actor, after={"name": device.name, **_facts(device)})
    return Registered(device, secret)


@transactional
def box(
    *, number: int, type: str, actor: Actor, dialect: str = Dialect.ENVELOPE, note: str | None = None
) -> Sequence[Registered]:
    """Prepare devices that belong to nobody yet: each has a name, a secret to put into it and a code for its box."""
    if not 1 <= number <= MOST_BOXED:
        raise errors.NotForThisDevice(_("From 1 to %(most)s devices at a time.", most=MOST_BOXED), field="number")
    type, dialect = _sort_of(type, dialect)
    made = []
    for _each in range(number):
        secret = make_secret()
        device = Device(
            name=_made_up(type),
            type=type,
            dialect=dialect,
            status=DeviceStatus.BOXED,
            capabilities=list(USUAL[type]),
            claim_code=make_claim_code(),
            secret_hash=hash_secret(secret),
            secret_at=utcnow(),
            note=(note or "").strip() or None,
        )
        db.session.add(device)
        made.append(Registered(device, secret))
    db.session.flush()
    for each in made:
        tell("device.boxed", each.device, actor, after={"name": each.device.name, **_facts(each.device)})
    return made


@transactional
def claim(
    *, claim_code: str, asset_id: uuid.UUID, actor: Actor, unit_id: uuid.UUID | None = None
) -> tuple[Device, str | None]:
    """Make a boxed device one's own by the code on its box; a box that came without a secret is given one."""
    asset = asset_of(asset_id)
    unit = _unit_here(asset_id, unit_id) if unit_id else None
    device = lock_box(normal_code(claim_code))
    if device.status != DeviceStatus.BOXED or asset.retired_at is not None:
        raise no_such_box()
    can = _capabilities(device.type, None, unit)
    if unit is not None:
        _nobody_else(unit, can, besides=device)
    device.status, device.asset_id, device.capabilities = DeviceStatus.ACTIVE, asset_id, can
    device.unit_id = unit.id if unit else None
    secret = None if device.secret_hash else _renew(device)
    tell("device.claimed", device, actor, before={"status": DeviceStatus.BOXED}, after=_facts(device))
    return device, secret


@transactional
def bind(*, device_id: uuid.UUID, asset_id: uuid.UUID, unit_id: uuid.UUID, actor: Actor) -> Device:
    """Fix a device to a room or vehicle of its place; what it says from now on is said of that unit."""
    unit = _unit_here(asset_id, unit_id)
    device = _active(device_id, asset_id)
    if device.type == DeviceType.GATEWAY:
        raise errors.NotForThisDevice(_("A gateway speaks for the whole place, not for one unit."), field="unit")
    can = _capabilities(device.type, [each for each in device.capabilities if each in CAPABILITIES[unit.kind]], unit)
    if not can and not device.capabilities:
        can = _capabilities(device.type, None, unit)
    _nobody_else(unit, can, besides=device)
    before = _facts(device)
    device.unit_id, device.capabilities = unit.id, can
    tell("device.bound", device, actor, before=before, after=_facts(device))
    return device


@transactional
def unbind(*, device_id: uuid.UUID, asset_id: uuid.UUID, actor: Actor) -> Device:
    """Take a device off its unit; it stays the place's, and what it says is refused until it is fixed again."""
    device = lock_device(device_id, asset_id)
    if device.unit_id is None:
        raise errors.WrongDeviceStatus(_("%(name)s is not fixed to anything.", name=device.name))
    _take_off(device, actor)
    return device


@transactional
def rotate(*, device_id: uuid.UUID, asset_id: uuid.UUID, actor: Actor) -> Registered:
    """Give a device a new secret; the old one opens nothing any more, and its connection is ended."""
    device = _active(device_id, asset_id)
    secret = _renew(device)
    tell("device.secret_changed", device, actor)
    return Registered(device, secret)


@transactional
def revoke(*, device_id: uuid.UUID, asset_id: uuid.UUID, reason: str, actor: Actor) -> Device:
    """Cut a device off: lost, stolen or not to be trusted. Its secret is gone for good."""
    need_reason(reason)
    device = _active(device_id, asset_id)
    device.status, device.secret_hash = DeviceStatus.REVOKED, None
    tell("device.revoked", device, actor, before={"status": DeviceStatus.ACTIVE}, after={"status": device.status},
         reason=reason.strip())  # fmt: skip
    return device


@transactional
def restore(*, device_id: uuid.UUID, asset_id: uuid.UUID, actor: Actor) -> Registered:
    """Let a revoked device back in, with a new secret; it stays where it was fixed, unless another took its place."""
    known = find_device(asset_id, device_id=device_id)
    unit = lock_unit(known.unit_id) if known is not None and known.unit_id else None
    device = lock_device(device_id, asset_id)
    if device.status != DeviceStatus.REVOKED:
        raise errors.WrongDeviceStatus(_("%(name)s is not revoked.", name=device.name))
    if unit is not None and device.unit_id == unit.id:
        _nobody_else(unit, device.capabilities, besides=device)
    device.status = DeviceStatus.ACTIVE
    secret = _renew(device)
    tell("device.restored", device, actor, before={"status": DeviceStatus.REVOKED}, after=_facts(device))
    return Registered(device, secret)


@transactional
def retire(*, device_id: uuid.UUID, asset_id: uuid.UUID, reason: str, actor: Actor) -> Device:
    """Take a device out of service for good; its history stays readable and its name stays taken."""
    need_reason(reason)
    device = lock_device(device_id, asset_id)
    if device.status == DeviceStatus.RETIRED:
        raise errors.WrongDeviceStatus(_("%(name)s is retired already.", name=device.name))
    before = _facts(device)
    device.status, device.secret_hash, device.unit_id = DeviceStatus.RETIRED, None, None
    tell("device.retired", device, actor, before=before, after=_facts(device), reason=reason.strip())
    return device


@transactional
def amend(*, device_id: uuid.UUID, asset_id: uuid.UUID, note: str, actor: Actor) -> Device:
    """Change what is written about a device."""
    device = lock_device(device_id, asset_id)
    before = {"note": device.note}
    device.note = note.strip() or None
    tell("device.amended", device, actor, before=before, after={"note": device.note})
    return device


@transactional
def unbind_retired(*, unit_id: uuid.UUID) -> int:
    """A unit left service: its devices are free for another; returns how many were."""
    unit = unit_of(unit_id)
    if unit.status != UnitStatus.RETIRED:
        return 0
    devices = lock_devices_of_unit(unit_id)
    for device in devices:
        _take_off(device, system("unit retired"))
    return len(devices)


def normal_code(typed: str) -> str:
    """A claim code as it is kept, however it was typed: without spaces, in capitals, in groups of four."""
    plain = re.sub(r"[\s-]+", "", typed).upper().replace("O", "0").replace("I", "1").replace("L", "1")
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def unit_by_number(asset: Asset, number: str | None) -> Unit | None:
    """The unit a person typed, `room-101` or `101`; None when nothing was typed."""
    if not number:
        return None
    kind, dash, rest = number.partition("-")
    found = find_unit(asset.id, rest, kind) if dash and kind in CAPABILITIES else None
    found = found or find_unit(asset.id, number)
    if found is None:
        raise errors.UnknownDevice(_("There is no room or vehicle %(number)s here.", number=number[:40]), field="unit")
    return found


def _sort_of(type: str, dialect: str) -> tuple[str, str]:
    if type not in USUAL or dialect not in set(Dialect):
        raise errors.NotForThisDevice(_("There is no such sort of device."), field="type")
    if type == DeviceType.GATEWAY and dialect != Dialect.PLAIN:
        raise errors.NotForThisDevice(_("A gateway speaks plain topics for others."), field="dialect")
    return type, dialect


def _unit_here(asset_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    unit = lock_unit(unit_id)
    if unit.asset_id != asset_id:
        raise errors.UnknownDevice(_("There is no such room or vehicle here."), field="unit")
    if unit.status == UnitStatus.RETIRED:
        raise errors.UnitNotInService(_("%(unit)s has left service for good.", unit=called(unit)), field="unit")
    return unit


def _capabilities(type: str, wanted: Collection[str] | None, unit: Unit | None) -> list[str]:
    known = CAPABILITIES[unit.kind] if unit else {name: () for each in CAPABILITIES.values() for name in each}
    if wanted is None:
        return [each for each in USUAL[type] if each in known]
    if (type == DeviceType.GATEWAY and wanted) or not set(wanted) <= set(known):
        raise errors.NotForThisDevice(_("It cannot be told that."), field="capabilities")
    return sorted(set(wanted))


def _nobody_else(unit: Unit, capabilities: Collection[str], besides: Device | None) -> None:
    """A command of a unit means one device: whoever holds the unit's lock makes sure of that."""
    for other in devices_of_unit(unit.id, status=DeviceStatus.ACTIVE):
        both = sorted(set(other.capabilities) & set(capabilities))
        if both and (besides is None or other.id != besides.id):
            raise errors.CapabilityTaken(
                _("%(device)s already does that for %(unit)s. Take it off first.", device=other.name,
                  unit=called(unit)),
                field="unit", device=other.name, capability=both[0],
            )  # fmt: skip


def _free_name(name: str | None, type: str) -> str:
    if not name:
        return _made_up(type)
    if not NAME.fullmatch(name):
        raise errors.BadDeviceName(
            _("Use 3 to 32 small letters, digits, dashes and underlines, beginning with a letter or digit."),
            field="name",
        )
    if name.startswith(RESERVED):
        raise errors.BadDeviceName(_("Names that begin so are the portal's own. Choose another one."), field="name")
    if find_device(None, name=name) is not None:
        raise errors.DeviceNameTaken(_("Another device has this name. Choose another one."), field="name")
    return name


def _made_up(type: str) -> str:
    return f"{type}-{label_number(7).lower()}"


def _active(device_id: uuid.UUID, asset_id: uuid.UUID) -> Device:
    device = lock_device(device_id, asset_id)
    if device.status != DeviceStatus.ACTIVE:
        raise errors.WrongDeviceStatus(_("%(name)s is not in service.", name=device.name))
    return device


def _renew(device: Device) -> str:
    secret = make_secret()
    device.secret_hash, device.secret_at = hash_secret(secret), utcnow()
    return secret


def _take_off(device: Device, actor: Actor) -> None:
    before = _facts(device)
    was = device.unit_id
    device.unit_id = None
    tell("device.unbound", device, actor, before=before, after=_facts(device), unit_id=was)


def _facts(device: Device) -> dict[str, object]:
    return {
        "status": device.status,
        "type": device.type,
        "dialect": device.dialect,
        "unit": device.unit_id,
        "capabilities": device.capabilities,
    }
