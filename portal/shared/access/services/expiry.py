"""Ending access when its time is up: from the data, in small commits, by any number of workers at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

import structlog

from portal.core.actor import system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.shared.access.events import AccessExpired
from portal.shared.access.models import AccessGrant
from portal.shared.access.queries import grant_in_force, lock_ended_grants, running_and_coming, units_not_reached
from portal.shared.access.services.signals import close_unit, open_unit
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.assets.queries import lock_unit, lock_units_due, units_due
from portal.shared.audit.services import record
from portal.shared.devices.services.commands import VALID_FOR

#: One commit covers so many units: a killed worker loses at most these, and they are found again.
BATCH = 25
CLOCKWORK = system("access expiry")
log = structlog.get_logger(__name__)


def expire_ended(*, limit: int = 5_000) -> int:
    """End the access of units whose time is up and tell their doors to lock; returns how many units that were."""
    done = 0
    try:
        while done < limit:
            ended = _expire_batch(min(BATCH, limit - done))
            done += ended
            if ended == 0:
                break
    except Exception:
        log.exception("access_expires_one_by_one")
        db.session.rollback()
        done += _each(partial(_expire_batch, 1, unit_id) for unit_id in units_due(limit))
    while _close_stacked(BATCH):
        pass
    return done


def reissue_commands(*, limit: int = 200) -> int:
    """Say it again, freshly, to units whose last word about access came to nothing; returns to how many."""
    return _each(partial(_reissue, unit_id, action) for unit_id, action in units_not_reached(limit))


def _each(work: Iterable[Callable[[], int]]) -> int:
    """One command a unit: one that fails keeps no other waiting, and its error is told when nothing else is left."""
    done, trouble = 0, None
    for command in work:
        try:
            done += command()
        except Exception as error:
            db.session.rollback()
            trouble = error
    if trouble is not None and done == 0:
        raise trouble
    return done


@transactional
def _expire_batch(size: int, only: uuid.UUID | None = None) -> int:
    units = lock_units_due(size, only=only)
    if not units:
        return 0
    grants = {grant.unit_id: grant for grant in _end_grants(size * 4, [unit.id for unit in units])}
    not_after = utcnow() + VALID_FOR
    with db.session.no_autoflush:  # each unit is written once, with its command
        for unit in units:
            grant = grants.get(unit.id)
            _expire(unit, grant.id if grant else None, not_after)
    return len(units)


def _expire(unit: Unit, grant_id: uuid.UUID | None, not_after: datetime) -> None:
    """One unit: a key made of its end, so that the same end is never told twice."""
    assert unit.expires_at is not None
    before = {"status": unit.status, "expires_at": unit.expires_at}
    key = f"ended:{unit.expires_at.timestamp():.6f}"
    close_unit(unit, actor=CLOCKWORK, idem_key=key, grant_id=grant_id, not_after=not_after)
    record(
        "access.expired",
        actor=CLOCKWORK,
        subject="unit",
        subject_id=unit.id,
        asset_id=unit.asset_id,
        before=before,
        after={"status": unit.status},
    )
    publish(AccessExpired(asset_id=unit.asset_id, subject_id=unit.id))


@transactional
def _close_stacked(size: int) -> int:
    """Grants that ended while more time of the same payer was stacked behind them."""
    return len(_end_grants(size, None))


def _end_grants(size: int, unit_ids: list[uuid.UUID] | None) -> Sequence[AccessGrant]:
    grants = lock_ended_grants(size, unit_ids=unit_ids)
    for grant in grants:
        grant.ended_at = grant.ends_at
    return grants


@transactional
def _reissue(unit_id: uuid.UUID, action: str) -> int:
    """A fresh command, if under the unit's lock it is still the one that is needed."""
    unit = lock_unit(unit_id)
    key = f"again:{unit.command_seq}"
    opens = action in ("unlock", "turn_on")
    now = utcnow()
    grant = grant_in_force(unit_id)
    if opens and unit.status == UnitStatus.ACTIVE and grant is not None:
        open_unit(unit, actor=CLOCKWORK, idem_key=key, grant_id=grant.id)
        return 1
    if not opens and UnitStatus.EXPIRED in (unit.status, unit.status_before) and not running_and_coming(unit_id, now):
        close_unit(unit, actor=CLOCKWORK, idem_key=key)
        return 1
    return 0
