"""Who may use which unit until when, and which units were not reached by the command that says so."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, text

from portal.core import locks
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.words import _
from portal.shared.access import lettings
from portal.shared.access.errors import NoSuchGrant
from portal.shared.access.models import AccessGrant

#: A device that says no is asked again only after a while.
ASK_AGAIN_AFTER = timedelta(seconds=60)
#: One that says nothing is asked ever more seldom: a mute lock would else be opened behind its guest's back all day.
ASK_AT_LEAST_EVERY = timedelta(minutes=15)


def grant_in_force(unit_id: uuid.UUID) -> AccessGrant | None:
    """The grant that lets somebody use the unit now."""
    return db.session.scalar(
        select(AccessGrant)
        .where(
            AccessGrant.unit_id == unit_id,
            AccessGrant.revoked_at.is_(None),
            AccessGrant.during.contains(func.clock_timestamp()),
        )
        .execution_options(populate_existing=True)
    )


def grants_in_force(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, AccessGrant]:
    """The grants in force, by unit, for a board."""
    rows = db.session.scalars(
        select(AccessGrant).where(
            AccessGrant.unit_id.in_(unit_ids),
            AccessGrant.revoked_at.is_(None),
            AccessGrant.during.contains(func.clock_timestamp()),
        )
    )
    return {grant.unit_id: grant for grant in rows}


def grants_of(unit_id: uuid.UUID, *, limit: int = 20) -> Sequence[AccessGrant]:
    """The latest grants of a unit, the youngest first."""
    return db.session.scalars(
        select(AccessGrant).where(AccessGrant.unit_id == unit_id).order_by(AccessGrant.created_at.desc()).limit(limit)
    ).all()


def ending_soon(asset_id: uuid.UUID, *, within: timedelta) -> Sequence[AccessGrant]:
    """Running grants of a place that end within a while, the next one first."""
    now = utcnow()
    until = func.upper(AccessGrant.during)
    return db.session.scalars(
        select(AccessGrant)
        .where(
            AccessGrant.asset_id == asset_id,
            AccessGrant.revoked_at.is_(None),
            AccessGrant.ended_at.is_(None),
            until > now,
            until <= now + within,
        )
        .order_by(until)
    ).all()


def grants_of_payments(payment_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, AccessGrant]:
    """The grants that payments bought, by payment."""
    rows = db.session.scalars(select(AccessGrant).where(AccessGrant.payment_id.in_(payment_ids)))
    return {grant.payment_id: grant for grant in rows if grant.payment_id}


def find_grant_of_payment(payment_id: uuid.UUID) -> AccessGrant | None:
    """The grant a payment bought, or made longer where a stay was paid for."""
    found = db.session.scalar(select(AccessGrant).where(AccessGrant.payment_id == payment_id))
    return found or lettings.grant_of(payment_id)


def get_grant(grant_id: uuid.UUID, *, asset_id: uuid.UUID | None = None) -> AccessGrant:
    """One grant, of one place when it is named."""
    grant = db.session.get(AccessGrant, grant_id, populate_existing=True)
    if grant is None or (asset_id is not None and grant.asset_id != asset_id):
        raise NoSuchGrant(_("There is no such grant here."))
    return grant


_RUNNING = (
    select(AccessGrant)
    .where(
        AccessGrant.unit_id == bindparam("unit"),
        AccessGrant.revoked_at.is_(None),
        func.upper(AccessGrant.during) > bindparam("now"),
    )
    .order_by(AccessGrant.during)
    .execution_options(populate_existing=True)
)


def running_and_coming(unit_id: uuid.UUID, now: datetime) -> Sequence[AccessGrant]:
    """Grants of a unit that are not over, in the order of their time."""
    return db.session.scalars(_RUNNING, {"unit": unit_id, "now": now}).all()


def lock_grant(grant_id: uuid.UUID) -> AccessGrant:
    """One grant, locked; its unit is locked before it."""
    locks.taking("access_grant")
    grant = db.session.scalar(
        select(AccessGrant)
        .where(AccessGrant.id == grant_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if grant is None:
        raise NoSuchGrant(_("There is no such grant here."))
    return grant


def lock_ended_grants(limit: int, *, unit_ids: Collection[uuid.UUID] | None = None) -> Sequence[AccessGrant]:
    """Grants whose time is over and not yet closed, of these units or of any; those somebody holds are skipped."""
    locks.taking("access_grant")
    question = (
        select(AccessGrant)
        .where(
            AccessGrant.revoked_at.is_(None),
            AccessGrant.ended_at.is_(None),
            func.upper(AccessGrant.during) <= func.clock_timestamp(),
        )
        .order_by(AccessGrant.id)
        .limit(limit)
        .with_for_update(skip_locked=unit_ids is None)
        .execution_options(populate_existing=True)
    )
    if unit_ids is not None:
        question = question.where(AccessGrant.unit_id.in_(unit_ids))
    return db.session.scalars(question).all()


def units_not_reached(limit: int) -> list[tuple[uuid.UUID, str]]:
    """Units whose last word about access came to nothing: (unit, the action they still need).

    Let and last told to open, or expired (and perhaps suspended since) and last told to close, with a command
    that expired or failed. What never left is said again at once, and so it is to a device that came online or
    reported its state since; to one that was told and stays mute, after half as long as it has been trouble.
    """
    rows = db.session.execute(
        text(
            "select u.id, c.action from unit u"
            " join lateral (select capability, action, status, sent_at, done_at, created_at, device_id"
            "   from device_command"
            "   where unit_id = u.id and capability = case u.kind when 'room' then 'access' else 'ignition' end"
            "   and held is distinct from 'approval'"
            "   order by seq desc limit 1) c on true"
            " where (c.status = 'expired' or c.status in ('failed', 'rejected')"
            "   and coalesce(c.done_at, c.created_at) < clock_timestamp() - :wait)"
            " and (c.sent_at is null"
            "   or coalesce(c.done_at, c.created_at) <= clock_timestamp() - least(:seldom,"
            "     (c.created_at - case u.status when 'active' then u.activated_at else u.expires_at end) / 2)"
            "   or exists (select from latest_reading r where r.unit_id = u.id and r.kind = c.capability"
            "     and r.at > c.created_at and r.value in ('locked', 'unlocked', 'on', 'off'))"
            "   or exists (select from device_state s where s.device_id = c.device_id"
            "     and s.state = 'online' and s.state_at > c.created_at))"
            " and (u.status = 'active' and u.expires_at > clock_timestamp() and c.action in ('unlock', 'turn_on')"
            "   or 'expired' in (u.status, u.status_before) and c.action in ('lock', 'turn_off'))"
            " order by c.created_at limit :limit"
        ),
        {"limit": limit, "wait": ASK_AGAIN_AFTER, "seldom": ASK_AT_LEAST_EVERY},
    )
    return [(row.id, row.action) for row in rows]
