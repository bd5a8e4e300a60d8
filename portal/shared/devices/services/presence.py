"""Whether a device is there, when it was heard last, and whether its clock can be believed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from portal.core import locks
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.shared.devices.envelopes import Presence, Said
from portal.shared.devices.events import DeviceChanged
from portal.shared.devices.models import Severity
from portal.shared.devices.number_queries import Sender
from portal.shared.devices.services import alerts
from portal.shared.devices.services.alerts import LATE_AFTER
from portal.shared.devices.services.history import AHEAD, OLDEST

#: So many words in a row with a time that cannot be believed, and somebody is told.
WRONG_BEFORE_ALARM = 3
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something about a device that somebody should know, or not any more: `facts` is None when it is over."""

    kind: str
    sender: Sender
    facts: dict[str, Any] | None


def heard(
    senders: Mapping[Sender, int | None], said: Sequence[tuple[Said, Sender]], alive: Collection[str]
) -> list[Alarm]:
    """Note in the caller's command that these devices were spoken of, which of them are alive, and their clocks."""
    locks.taking("device")
    now = (utcnow() - _EPOCH) // _MICROSECOND
    clocks: dict[str, _Clock] = {}
    for each, sender in said:
        if each.t is not None:
            clocks.setdefault(sender.id, _Clock()).read(each.t - now)
    by_id = {sender.id: sender for sender in senders}
    found = [(sender.id, boot, clocks.get(sender.id, _Clock())) for sender, boot in senders.items()]
    asked = {
        "devices": [device_id for device_id, _boot, _clock in found],
        "boots": [boot for _id, boot, _clock in found],
        "skews": [clock.skew_ms for _id, _boot, clock in found],
        "wrong": [clock.wrong for _id, _boot, clock in found],
        "right": [clock.right for _id, _boot, clock in found],
        "alive": [device_id in alive for device_id, _boot, _clock in found],
    }
    rows = db.session.execute(_HEARD, asked).all()
    if len(rows) < len(found):
        db.session.execute(_BEGIN, {"devices": asked["devices"]})
        rows = db.session.execute(_HEARD, asked).all()
    alarms = []
    for device_id, was, is_now, skew, back in rows:
        sender = by_id[str(device_id)]
        if back:
            alarms += _stands_anew(sender, None)
        wrong = is_now >= WRONG_BEFORE_ALARM
        if wrong is not (was >= WRONG_BEFORE_ALARM):
            facts = {"device": sender.name, "skew_seconds": None if skew is None else skew // 1_000}
            alarms.append(Alarm("clock_wrong", sender, facts if wrong else None))
    return alarms


def tell(presences: Sequence[tuple[Presence, Sender]]) -> list[Alarm]:
    """Take the devices' own words and last wills, in the order they came; one that says nothing new is no news."""
    locks.taking("device")
    ids = sorted({sender.id for _presence, sender in presences})
    rows = db.session.execute(_STANDS, {"devices": ids}).all()
    stands = {str(row.device_id): (row.state, row.boot) for row in rows}
    # lost, and heard since: the next will tells of another loss
    back = {str(row.device_id) for row in rows if row.back}
    before = {device: "online" if device in back else state for device, (state, _boot) in stands.items()}
    changed: dict[str, Sender] = {}
    for presence, sender in presences:
        state, boot = stands.get(sender.id, (None, None))
        if presence.state == "lost" and boot is not None and presence.boot < boot:
            continue  # the will of an earlier start: the device has come back since
        if (presence.state, presence.boot) != (state, boot) or (sender.id in back and not presence.kept):
            back.discard(sender.id)
            stands[sender.id] = presence.state, max(presence.boot, boot or 0)
            changed[sender.id] = sender
    alarms = []
    for device_id, sender in sorted(changed.items()):
        state, boot = stands[device_id]
        db.session.execute(_TELL, {"device": device_id, "state": state, "boot": boot})
        if state != before.get(device_id):
            alarms += _stands_anew(sender, {"device": sender.name} if state == "lost" else None)
    return alarms


def _stands_anew(sender: Sender, lost: dict[str, Any] | None) -> list[Alarm]:
    """A device was lost, or is back: the screens are told, and its alert is raised or ends."""
    publish(DeviceChanged(asset_id=_key(sender.asset_id), subject_id=_key(sender.unit_id),
                          device_id=uuid.UUID(sender.id)))  # fmt: skip
    return [Alarm("device_lost", sender, lost)]


def sound(alarms: Sequence[Alarm]) -> None:
    """Raise and clear what was found, at the end of the caller's command."""
    for alarm in sorted(alarms, key=lambda each: (each.kind, each.sender.id)):
        asset_id, key = _key(alarm.sender.asset_id), f"{alarm.kind}:{alarm.sender.id}"
        assert asset_id is not None, "a device in service is somebody's"
        if alarm.facts is None:
            alerts.clear_by_itself(asset_id=asset_id, key=key)
        else:
            alerts.raise_alert(
                asset_id=asset_id,
                kind=alarm.kind,
                key=key,
                severity=Severity.WARNING,
                facts=alarm.facts,
                unit_id=_key(alarm.sender.unit_id),
                device_id=_key(alarm.sender.id),
            )


class _Clock:
    """What the words of one device in one batch say of its clock."""

    def __init__(self) -> None:
        self.wrong = 0
        self.right = False
        self.skew_ms: int | None = None
        self._least: int | None = None

    def read(self, ahead: int) -> None:
        """One word said `ahead` microseconds after (or before) now."""
        if -(OLDEST // _MICROSECOND) <= ahead <= AHEAD // _MICROSECOND:
            self.wrong, self.right = 0, True
            # Words that waited say nothing of the clock; of the others the quickest says most.
            if ahead > -(LATE_AFTER // _MICROSECOND) and (self._least is None or ahead > self._least):
                self._least = ahead
                self.skew_ms = ahead // 1_000
        else:
            self.wrong += 1
            self.skew_ms = ahead // 1_000


def _key(written: str | None) -> uuid.UUID | None:
    return uuid.UUID(written) if written else None


_HEARD = text(
    """
    with heard as (
        select * from unnest(cast(:devices as uuid[]), cast(:boots as bigint[]), cast(:skews as bigint[]),
                             cast(:wrong as bigint[]), cast(:right as bool[]), cast(:alive as bool[]))
            as h (device_id, boot, skew_ms, wrong, is_right, alive)
    ),
    old as (
        select h.*, d.clock_wrong,
               h.alive and d.state = 'lost' and coalesce(d.seen_at <= d.state_at, true) as back
        from heard h join device_state d using (device_id) order by device_id for update of d
    )
    update device_state d
    set seen_at = case when old.alive then clock_timestamp() else d.seen_at end,
        boot = greatest(d.boot, old.boot), skew_ms = coalesce(old.skew_ms, d.skew_ms),
        clock_wrong = old.wrong + case when old.is_right then 0 else old.clock_wrong end
    from old where d.device_id = old.device_id
    returning d.device_id, old.clock_wrong, d.clock_wrong, d.skew_ms, old.back
    """
)
_BEGIN = text(
    """
    insert into device_state (device_id) select * from unnest(cast(:devices as uuid[])) as d order by d
    on conflict do nothing
    """
)
_STANDS = text(
    """
    select device_id, state, boot, state = 'lost' and seen_at > state_at as back from device_state
    where device_id = any(cast(:devices as uuid[])) order by device_id for update
    """
)
_TELL = text(
    """
    update device_state set state = :state, boot = :boot, state_at = clock_timestamp()
    where device_id = cast(:device as uuid)
    """
)
