"""Gives every simulated device a unit, a name and a secret in the portal."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from portal.core.actor import system
from portal.demo.simulator.things import Address
from portal.shared.assets import queries
from portal.shared.assets.models import Asset, Unit, UnitKind
from portal.shared.assets.services import registry
from portal.shared.devices.device_queries import find_device
from portal.shared.devices.models import CAPABILITIES, DeviceType, Dialect
from portal.shared.devices.readings import FOLDERS
from portal.shared.devices.services import broker_keeper
from portal.shared.devices.services import registry as devices

SIMULATOR = system("simulator")
PRICE = 100_000
TYPES: dict[str, DeviceType] = {UnitKind.ROOM: DeviceType.LOCK, UnitKind.VEHICLE: DeviceType.TRACKER}


class Member(NamedTuple):
    """One device: the name and secret it signs in with, what it is fixed to, and how it speaks."""

    name: str
    secret: str
    address: Address
    envelope: bool


def place(asked: str, *, rooms: int, seed: int) -> Asset:
    """The place of this number, or for `new` one of the simulator's own."""
    if asked != "new":
        return queries.get_asset(asked)
    return registry.register_asset(
        kind="hotel" if rooms else "fleet",
        name=f"Simulation {seed}",
        currency="KES",
        timezone="Africa/Nairobi",
        actor=SIMULATOR,
    )


def enrol(at: Asset, *, rooms: int, vehicles: int, dialect: str) -> list[Member]:
    """Units and devices for so many rooms and vehicles; those of an earlier run are taken again."""
    known = {(unit.kind, unit.number): unit for unit in queries.units_of(at.id)}
    members = []
    for kind, letter, count in ((UnitKind.ROOM, "SR", rooms), (UnitKind.VEHICLE, "SV", vehicles)):
        for turn in range(1, count + 1):
            number = f"{letter}{turn:04}"
            unit = known.get((kind, number)) or registry.register_unit(
                asset_id=at.id, kind=kind, number=number, price=PRICE, actor=SIMULATOR
            )
            envelope = dialect == "envelope" or (dialect == "mixed" and turn % 2 == 1)
            members.append(_member(at, unit, envelope))
    broker_keeper.keep()  # a running portal does it by itself, one device after the other
    return members


def _member(at: Asset, unit: Unit, envelope: bool) -> Member:
    """The device of one unit: entered if it is new, given a new secret if it is known."""
    name = f"sim-{at.asset_number}-{unit.number}".lower()
    known, dialect = find_device(at.id, name=name), Dialect.ENVELOPE if envelope else Dialect.PLAIN
    if known is not None and known.dialect != dialect:  # it spoke otherwise in an earlier run
        devices.retire(device_id=known.id, asset_id=at.id, reason="Simulated anew", actor=SIMULATOR)
        known, name = None, f"{name}-{secrets.token_hex(3)}"
    if known is None:
        made = devices.register(
            asset_id=at.id, type=TYPES[unit.kind], dialect=dialect, name=name, unit_id=unit.id, actor=SIMULATOR,
            capabilities=CAPABILITIES[unit.kind],
        )  # fmt: skip
    else:
        made = devices.rotate(device_id=known.id, asset_id=at.id, actor=SIMULATOR)
    return Member(made.device.name, made.secret, Address(FOLDERS[unit.kind], at.asset_number, unit.number), envelope)
