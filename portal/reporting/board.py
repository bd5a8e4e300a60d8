"""Every unit of a place in one look: its state, what it was told, and what it says, in three questions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Text, case, column, func, select, true, values

from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import as_counted
from portal.shared.devices.models import CAPABILITIES, CommandStatus, DeviceCommand, LatestReading
from portal.shared.devices.queries import TOLD
from portal.trades.hotel.queries.senses import RoomStanding, find_standing, room_standing

SOON = timedelta(hours=1)
ENDING = "ending"
#: The switch that gives or takes the unit: a room's lock, a vehicle's ignition.
MAIN_SWITCH = {UnitKind.ROOM: "access", UnitKind.VEHICLE: "ignition"}
CAPABLE = [(kind, capability) for kind, capabilities in CAPABILITIES.items() for capability in capabilities]
MAIN_SWITCHES = [(kind.value, capability) for kind, capability in MAIN_SWITCH.items()]
COLUMNS = (
    Unit.id, Unit.kind, Unit.number, Unit.room_type, Unit.plate, Unit.label, Unit.status, Unit.price,
    Unit.period_minutes, Unit.expires_at,
)  # fmt: skip
TELLS = (
    DeviceCommand.action, DeviceCommand.status, DeviceCommand.created_at, DeviceCommand.done_at, DeviceCommand.held,
    DeviceCommand.detail, DeviceCommand.lease_until,
)  # fmt: skip
#: How near the end of its lease, before or after, a lock shuts itself.
SHUTS_WITHIN = timedelta(seconds=10)
#: What a device says when it does what it was told.
SAID = {"unlock": "unlocked", "lock": "locked", "turn_on": "on", "turn_off": "off"}


@dataclass(frozen=True, slots=True)
class Said:
    """The youngest word of a unit on one subject."""

    value: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """The youngest command of one capability, how far it came, and what it waits for.

    `lease_over` is when the device was to have shut itself, by the last opening that it confirmed.
    """

    action: str
    status: str
    at: datetime
    done_at: datetime | None = None
    held: str | None = None
    detail: str | None = None
    lease_until: datetime | None = None
    lease_over: datetime | None = None


@dataclass(slots=True)
class Row:
    """One unit on the board."""

    id: uuid.UUID
    kind: str
    number: str
    type: str | None
    plate: str | None
    label: str
    status: str
    price: int
    period_minutes: int
    expires_at: datetime | None
    floor: str | None
    ending: bool
    says: dict[str, Said] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    #: How a room stands by its sensors, where it has any.
    sense: RoomStanding | None = None

    @property
    def switch(self) -> str:
        """The capability that gives or takes this unit."""
        return MAIN_SWITCH[UnitKind(self.kind)]

    @property
    def disagrees(self) -> bool:
        """Whether the main switch reports something else than it was last told and confirmed."""
        return self.contradicts(self.switch)

    def contradicts(self, capability: str) -> bool:
        """Whether the device did what it was told, and has reported something else since."""
        told, says = self.told.get(capability), self.says.get(capability)
        if not told or not says or told.status != "done" or says.at < (told.done_at or told.at):
            return False
        if told.lease_until is not None and says.at > told.lease_until - SHUTS_WITHIN:
            return says.value == "unlocked" and says.at > told.lease_until + SHUTS_WITHIN
        return SAID.get(told.action) != says.value

    def assumed_shut(self, capability: str) -> datetime | None:
        """Since when a lock must have shut itself, while the last it said was that it is open."""
        told, says = self.told.get(capability), self.says.get(capability)
        if told is None or told.lease_over is None or (told.action == "unlock" and told.lease_until is None):
            return None
        still_open = says is None or (says.value == "unlocked" and says.at < told.lease_over)
        return told.lease_over if still_open else None


def rows(asset_id: uuid.UUID) -> list[Row]:
    """The whole board of a place, in the order people count its units; of commands, those of its main switch."""
    now = utcnow()
    found = _looked_up(select(*COLUMNS).where(Unit.asset_id == asset_id).order_by(*as_counted()), MAIN_SWITCHES, now)
    if any(row.kind == UnitKind.ROOM for row in found):
        senses = {each.unit_id: each for each in room_standing(asset_id, now=now)}
        for row in found:
            row.sense = senses.get(row.id)
    return found


def row_of(unit_id: uuid.UUID) -> Row:
    """One unit as the board shows it, with the last command of everything it can be told."""
    now = utcnow()
    row = _looked_up(select(*COLUMNS).where(Unit.id == unit_id), CAPABLE, now)[0]
    if row.kind == UnitKind.ROOM:
        row.sense = find_standing(unit_id, now=now)
    return row


def _looked_up(units: Any, capable: list[tuple[str, str]], now: datetime) -> list[Row]:
    soon = now + SOON
    found: dict[uuid.UUID, Row] = {}
    for row in db.session.execute(units):
        ending = row.status == UnitStatus.ACTIVE and row.expires_at < soon
        floor = floor_of(row.number) if row.kind == UnitKind.ROOM else None
        found[row.id] = Row(
            row.id, row.kind, row.number, row.room_type, row.plate, row.label, row.status, row.price,
            row.period_minutes, row.expires_at, floor, ending,
        )  # fmt: skip
    says = db.session.execute(
        select(LatestReading.unit_id, LatestReading.kind, LatestReading.value, LatestReading.at).where(
            LatestReading.unit_id.in_(found)
        )
    )
    for unit_id, kind, value, at in says:
        found[unit_id].says[kind] = Said(value, at)
    for unit_id, capability, *told in db.session.execute(_last_told(list(found), capable)):
        found[unit_id].told[capability] = Told(*told)
    return list(found.values())


def _last_told(unit_ids: list[uuid.UUID], capable: list[tuple[str, str]]) -> Select[Any]:
    """The youngest command of each capability, found at the end of the index instead of sorting a month of them."""
    kinds = values(column("kind", Text), column("capability", Text), name="capable").data(capable)
    last = (
        select(*TELLS)
        .where(DeviceCommand.unit_id == Unit.id, DeviceCommand.capability == kinds.c.capability, TOLD)
        .order_by(DeviceCommand.seq.desc())
        .limit(1)
        .lateral("last")
    )
    leased = (
        select(DeviceCommand.lease_until.label("until"))
        .where(
            DeviceCommand.unit_id == Unit.id,
            DeviceCommand.capability == kinds.c.capability,
            DeviceCommand.lease_until.is_not(None),
            DeviceCommand.status == CommandStatus.DONE,
        )
        .order_by(DeviceCommand.seq.desc())
        .limit(1)
        .lateral("leased")
    )
    over = case((leased.c.until <= func.clock_timestamp(), leased.c.until))
    return (
        select(Unit.id, kinds.c.capability, *last.c, over)
        .join(kinds, kinds.c.kind == Unit.kind)
        .join(last, true())
        .outerjoin(leased, true())
        .where(Unit.id.in_(unit_ids))
    )


def floor_of(number: str) -> str | None:
    """The floor a room number speaks of: 1 of 104, 12 of 1207, G of G01; None when it speaks of none."""
    match = re.fullmatch(r"([A-Za-z]?\d*?)\d\d[A-Za-z]?", number)
    return match.group(1) or None if match else None


def count_by_status(board: list[Row]) -> dict[str, int]:
    """How many units each status chip stands for; '' is all that are in service or could be."""
    counts = {"": sum(row.status != UnitStatus.RETIRED for row in board), ENDING: sum(row.ending for row in board)}
    for row in board:
        counts[row.status] = counts.get(row.status, 0) + 1
    return counts


#: What the sensors of a room may be asked for, by chip.
SENSES: dict[str, Callable[[RoomStanding], bool]] = {
    "occupied": lambda room: room.occupied is True,
    "empty": lambda room: room.occupied is False,
    "unlet": lambda room: room.unlet_since is not None,
    "wasting": lambda room: room.wasting_since is not None,
    "clean": lambda room: room.ready_to_clean,
}


def count_by_sense(board: list[Row]) -> dict[str, int]:
    """How many rooms each chip of the sensors stands for; nothing where no room has a sensor."""
    senses = [row.sense for row in board if row.sense is not None]
    return {name: sum(map(fits, senses)) for name, fits in SENSES.items()} if senses else {}


def matching(
    board: list[Row], *, status: str = "", floor: str = "", type: str = "", asked: str = "", sense: str = ""
) -> list[Row]:
    """The rows that fit the chips and the search box; retired units only when asked for."""
    fits = SENSES.get(sense)
    asked = asked.casefold()
    return [
        row
        for row in board
        if (row.ending if status == ENDING else row.status == status if status else row.status != UnitStatus.RETIRED)
        and (not floor or row.floor == floor)
        and (not type or row.type == type)
        and (fits is None or (row.sense is not None and fits(row.sense)))
        and (not asked or asked in f"{row.number} {row.plate} {row.type} {row.label}".casefold())
    ]
