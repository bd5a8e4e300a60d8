"""Keys of stays: a room's access follows who lives there, until when, and in which room now."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from portal.core import locks
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.outbox import publish
from portal.shared.access.errors import UnitLet
from portal.shared.access.events import AccessGranted, AccessRevoked
from portal.shared.access.models import AccessGrant
from portal.shared.access.queries import running_and_coming
from portal.shared.access.services.offers import in_use, let_until
from portal.shared.access.services.signals import close_unit, open_unit, renew_lease
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.assets.queries import asset_of, lock_unit
from portal.shared.audit.services import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What somebody has (`grant_id`), and what they should have: this unit until then, or none."""

    grant_id: uuid.UUID | None
    unit_id: uuid.UUID | None
    until: datetime | None
    holder: str


def hand_out(keys: Sequence[Key], *, actor: Actor, reason: str) -> list[uuid.UUID | None]:
    """Make people's access what it should be: all that ends ends before anything begins, so that rooms can be swapped.

    Returns the grants in the order of the keys. Called inside a command, after its stays and rooms are locked.
    """
    grants = {
        grant.id: grant
        for grant in db.session.scalars(
            select(AccessGrant).where(AccessGrant.id.in_([key.grant_id for key in keys if key.grant_id]))
        )
    }
    wanted = {key.unit_id for key in keys if key.unit_id} | {grant.unit_id for grant in grants.values()}
    units = {unit_id: lock_unit(unit_id) for unit_id in sorted(wanted)}
    _lock(grants)
    now = utcnow()
    held = [_kept(grants[key.grant_id], key, now) if key.grant_id in grants else None for key in keys]
    for key, grant in zip(keys, held, strict=True):
        old = grants.get(key.grant_id) if key.grant_id else None
        if old is not None and grant is None and old.ends_at > now and old.revoked_at is None:
            _end(units[old.unit_id], old, now, reason, actor)
    for n, key in enumerate(keys):
        grant = held[n]
        if key.unit_id is None or key.until is None or key.until <= now:
            continue
        if grant is None:
            held[n] = _begin(units[key.unit_id], key, now, reason, actor)
        elif grant.ends_at != key.until:
            _until(units[key.unit_id], grant, key.until, reason, actor)
    for unit_id, unit in units.items():
        if unit.status == UnitStatus.ACTIVE and unit.expires_at == now and not running_and_coming(unit_id, now):
            close_unit(unit, actor=actor, idem_key=f"stay:{uuid7()}", reason=reason)
    return [grant.id if grant is not None else None for grant in held]


def _lock(ids: Collection[uuid.UUID]) -> None:
    locks.taking("access_grant")
    db.session.scalars(
        select(AccessGrant)
        .where(AccessGrant.id.in_(ids))
        .order_by(AccessGrant.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _kept(grant: AccessGrant, key: Key, now: datetime) -> AccessGrant | None:
    """The grant, when it is of the right unit and still counts."""
    counts = grant.revoked_at is None and grant.ended_at is None and grant.ends_at > now
    return grant if counts and grant.unit_id == key.unit_id and key.until is not None and key.until > now else None


def _end(unit: Unit, grant: AccessGrant, now: datetime, reason: str, actor: Actor) -> None:
    grant.revoked_at = grant.ended_at = now
    unit.expires_at = now
    db.session.flush()
    _tell("access_grant.revoked", unit, grant, now, reason, actor)
    publish(AccessRevoked(asset_id=unit.asset_id, subject_id=unit.id, grant_id=grant.id))


def _begin(unit: Unit, key: Key, now: datetime, reason: str, actor: Actor) -> AccessGrant:
    assert key.until is not None
    asset = asset_of(unit.asset_id)
    in_use(unit, asset)
    for other in running_and_coming(unit.id, now):
        if other.kind == "direct":  # somebody was let in without a stay; the room is the guest's now
            _end(unit, other, now, reason, actor)
        elif other.starts_at < key.until:
            raise UnitLet(let_until(unit, asset, other), unit=unit.number)
    grant = written(
        AccessGrant(
            unit_id=unit.id,
            asset_id=unit.asset_id,
            during=Range(now, key.until, bounds="[)"),
            kind="stay",
            holder=key.holder,
            granted_by=actor.key,
            reason=reason,
        )
    )
    unit.status, unit.activated_at, unit.expires_at = UnitStatus.ACTIVE, now, key.until
    _tell("access_grant.given", unit, grant, key.until, reason, actor)
    publish(AccessGranted(asset_id=unit.asset_id, subject_id=unit.id, grant_id=grant.id, until=key.until.isoformat()))
    open_unit(unit, actor=actor, idem_key=f"grant:{grant.id}", grant_id=grant.id)
    return grant


def _until(unit: Unit, grant: AccessGrant, until: datetime, reason: str, actor: Actor) -> None:
    grant.during = Range(grant.starts_at, until, bounds="[)")
    unit.expires_at = until
    db.session.flush()
    _tell("access_grant.changed", unit, grant, until, reason, actor)
    publish(AccessGranted(asset_id=unit.asset_id, subject_id=unit.id, grant_id=grant.id, until=until.isoformat()))
    renew_lease(unit, actor=actor, idem_key=f"lease:{uuid7()}", grant_id=grant.id)


def _tell(action: str, unit: Unit, grant: AccessGrant, until: datetime, reason: str, actor: Actor) -> None:
    record(
        action,
        actor=actor,
        subject="unit",
        subject_id=unit.id,
        asset_id=unit.asset_id,
        reason=reason,
        after={"grant": grant.id, "kind": grant.kind, "holder": grant.holder, "until": until},
    )
