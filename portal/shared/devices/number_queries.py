"""Which device speaks, which of its numbers have come, and where numbers are missing."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, text

from portal.core import locks
from portal.core.db import db
from portal.shared.assets.models import Unit
from portal.shared.devices import numbering
from portal.shared.devices.models import AssetEvent, Device, DeviceCommand, DeviceStatus, DeviceType, Dialect
from portal.shared.devices.numbering import Ranges
from portal.shared.devices.secrets import secret_fits

#: So many starts of a device are remembered, the youngest; of older ones every number counts as come.
MOST_STARTS = 100
#: A device and one of its starts.
Start = tuple[str, int]


class Sender(NamedTuple):
    """A device as a batch needs it; keys as the database takes them."""

    id: str
    name: str
    asset_id: str | None
    unit_id: str | None
    unit_kind: str | None
    heard: bool
    gateway: bool


@dataclass(slots=True)
class Came:
    """What has come of one start; `before` is how it stood when the row was locked."""

    received: Ranges
    lost: Ranges
    gap_since: datetime | None = None
    repeated: int = 0
    before: int = field(default=0)
    #: Until when, in microseconds since 1970, something of this start can have been said that came before.
    heard_until: int = 0
    #: When it was said, by the number, of what came since the row was locked.
    fresh: dict[int, int | None] = field(default_factory=dict)

    def knows(self, seq: int, said_at: int) -> bool:
        """Whether the word that came under this number can be the one that was said then."""
        return self.fresh[seq] == said_at if seq in self.fresh else said_at <= self.heard_until


class Gap(NamedTuple):
    """Numbers of one start that are missing, both ends belonging to it; `since` when that has not got better."""

    device_id: uuid.UUID
    boot: int
    first: int
    last: int
    since: datetime


def devices_by_name(names: Collection[str]) -> dict[str, Sender]:
    """These devices; `heard` are those in service that speak in envelopes."""
    rows = db.session.execute(
        select(Device.id, Device.name, Device.asset_id, Device.unit_id, Unit.kind, Device.status, Device.dialect,
               Device.type)
        .outerjoin(Unit, Unit.id == Device.unit_id)
        .where(Device.name.in_(names))
    )  # fmt: skip
    return {
        row.name: Sender(
            str(row.id),
            row.name,
            row.asset_id and str(row.asset_id),
            row.unit_id and str(row.unit_id),
            row.kind,
            row.status == DeviceStatus.ACTIVE and row.dialect == Dialect.ENVELOPE,
            row.type == DeviceType.GATEWAY,
        )
        for row in rows
    }


def may_sign_in(*, name: str, secret: str) -> bool:
    """Whether this is a device in service and its secret; a stranger is refused as slowly as a wrong secret."""
    asked = select(Device.secret_hash).where(Device.name == name, Device.status == DeviceStatus.ACTIVE)
    return secret_fits(secret, db.session.scalar(asked) if name.isprintable() else None)


def lock_starts(wanted: Iterable[Start]) -> dict[Start, Came]:
    """What has come of these starts of devices, locked; a start never heard of before begins empty.

    One that is older than all that are remembered of its device is left out.
    """
    locks.taking("device")
    starts = sorted(set(wanted))
    asked: dict[str, object] = {
        "devices": [device for device, _boot in starts],
        "boots": [boot for _device, boot in starts],
    }
    found = _lock(asked)
    if len(found) < len(starts):
        db.session.execute(_BEGIN, {**asked, "most": MOST_STARTS})
        found = _lock(asked)
        db.session.execute(_LET_GO, {"devices": asked["devices"], "most": MOST_STARTS})
    return found


def lock_start(device_id: uuid.UUID, boot: int) -> Came | None:
    """What has come of one start, locked; None when it was never heard of."""
    locks.taking("device")
    return _lock({"devices": [str(device_id)], "boots": [boot]}).get((str(device_id), boot))


def own_command(command_id: uuid.UUID, device_id: uuid.UUID) -> bool:
    """Whether this device was told this command."""
    asked = select(DeviceCommand.id).where(DeviceCommand.id == command_id, DeviceCommand.device_id == device_id)
    return db.session.scalar(asked) is not None


def is_kept(device_id: uuid.UUID, unit_id: uuid.UUID, number: tuple[int, int], said_at: datetime | None,
            since: datetime) -> bool:  # fmt: skip
    """Whether a numbered reading stands in the history: where the device said, or among what came `since` then."""
    boot, seq = number
    asked = select(AssetEvent.id).where(
        AssetEvent.unit_id == unit_id,
        (AssetEvent.at == said_at) | (AssetEvent.at >= since) if said_at is not None else AssetEvent.at >= since,
        AssetEvent.device_id == device_id,
        AssetEvent.boot == boot,
        AssetEvent.seq == seq,
    )
    return db.session.scalar(asked.limit(1)) is not None


def gaps_of(device_ids: Collection[uuid.UUID]) -> Sequence[Gap]:
    """Where numbers of these devices are missing: the youngest start first, of each at most a hundred ranges."""
    rows = db.session.execute(_OPEN, {"devices": [str(each) for each in device_ids]})
    return [
        Gap(device_id, boot, low, high - 1, since)
        for device_id, boot, received, since in rows
        for low, high in numbering.gaps(numbering.read(received))[:100]
    ]


def _lock(asked: Mapping[str, object]) -> dict[Start, Came]:
    found = {}
    for device_id, boot, received, lost, since, until in db.session.execute(_LOCK, asked):
        ranges = numbering.read(received)
        found[str(device_id), boot] = Came(
            ranges, numbering.read(lost), gap_since=since, before=numbering.through(ranges), heard_until=until
        )
    return found


_WANTED = "unnest(cast(:devices as uuid[]), cast(:boots as bigint[])) as wanted (device_id, boot)"
_LOCK = text(
    f"""
    select b.device_id, b.boot, b.received::text, b.lost::text, b.gap_since,
        -- by the device's own clock, and a little more
        (extract(epoch from b.last_at) * 1e6)::bigint + (5000 + abs(coalesce(s.skew_ms, 0))) * 1000
    from {_WANTED} join device_boot b using (device_id, boot) left join device_state s using (device_id)
    order by b.device_id, b.boot for update of b
    """
)
_BEGIN = text(
    f"""
    insert into device_boot (device_id, boot, first_at, last_at)
    select device_id, boot, clock_timestamp(), clock_timestamp() from {_WANTED}
    where (select count(*) from device_boot b where b.device_id = wanted.device_id and b.boot > wanted.boot) < :most
    order by 1, 2 on conflict do nothing
    """
)
_LET_GO = text(
    """
    delete from device_boot where (device_id, boot) in (
        select b.device_id, b.boot from device_boot b
        where b.device_id = any(cast(:devices as uuid[])) and b.boot < (
            select boot from device_boot y where y.device_id = b.device_id order by boot desc offset :most - 1 limit 1)
        order by 1, 2 for update skip locked)
    """
)
_OPEN = text(
    """
    select device_id, boot, received::text, gap_since from device_boot
    where device_id = any(cast(:devices as uuid[])) and gap_since is not null order by device_id, boot desc
    """
)
