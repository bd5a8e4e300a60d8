"""Giving the right to use a unit for a time, extending it, and taking it away."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import Range

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.money import whole_periods
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.access.errors import (
    BuysNoPeriod,
    GrantOver,
    MinutesOutOfRange,
    ReasonMissing,
    UnitLetToAnother,
    UnitNotForLetting,
    UnitOutOfUse,
)
from portal.shared.access.events import AccessGranted, AccessRevoked
from portal.shared.access.lettings import letting_of
from portal.shared.access.models import AccessGrant
from portal.shared.access.queries import get_grant, lock_grant, running_and_coming
from portal.shared.access.services.offers import MOST_MINUTES, in_use
from portal.shared.access.services.signals import close_unit, open_unit, renew_lease
from portal.shared.assets.errors import NoSuchUnit
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.assets.queries import asset_of, lock_unit, units_by_id
from portal.shared.audit.services import record
from portal.shared.payments.models import Payment, PaymentIntent


@transactional
def grant_from_payment(intent: PaymentIntent, payment: Payment, actor: Actor) -> int:
    """Turn money into access, in the transaction that settles it: whole periods only, never more than was asked.

    The same payer's time is stacked behind what they have. Returns the minor units used; raises CannotFulfil
    before anything is changed.
    """
    found = units_by_id({intent.subject_id}).get(intent.subject_id)
    letting = letting_of(found) if found is not None else None
    if found is not None and letting is not None:
        return letting.give(found, intent, payment, actor)
    # What it writes goes to the database with what the settlement writes, in one go at the end.
    with db.session.no_autoflush:
        return _grant_from_payment(intent, payment, actor)


def _grant_from_payment(intent: PaymentIntent, payment: Payment, actor: Actor) -> int:
    assert intent.price is not None
    assert intent.period_minutes is not None
    try:
        unit = lock_unit(intent.subject_id)
        in_use(unit, asset_of(unit.asset_id))
    except (NoSuchUnit, UnitNotForLetting) as error:
        raise UnitOutOfUse(error.message) from error
    now = utcnow()
    held = running_and_coming(unit.id, now)
    if any(grant.holder != intent.payer_email for grant in held):
        raise UnitLetToAnother(_("The unit is let to somebody else."))
    periods, _rest = whole_periods(min(payment.amount, intent.amount), intent.price)
    if periods < 1:
        raise BuysNoPeriod(_("The money does not buy one whole period."))
    _give(
        unit,
        held,
        minutes=periods * intent.period_minutes,
        kind="paid",
        holder=intent.payer_email,
        payment_id=payment.id,
        actor=actor,
        now=now,
    )
    return periods * intent.price


@transactional
def grant_direct(*, unit_id: uuid.UUID, minutes: int, reason: str, actor: Actor) -> AccessGrant:
    """Let somebody in without a payment, for a reason; it expires like a paid one, and extends whoever is in."""
    if not reason.strip():
        raise ReasonMissing(_("Say why access is given without a payment."), field="reason")
    if not 1 <= minutes <= MOST_MINUTES:
        raise MinutesOutOfRange(_("Access is given for 1 minute to 366 days."), field="minutes")
    unit = lock_unit(unit_id)
    in_use(unit, asset_of(unit.asset_id))
    now = utcnow()
    held = running_and_coming(unit.id, now)
    return _give(
        unit,
        held,
        minutes=minutes,
        kind="direct",
        holder=held[-1].holder if held else actor.name,
        reason=reason.strip(),
        actor=actor,
        now=now,
    )


@transactional
def revoke(*, grant_id: uuid.UUID, reason: str, actor: Actor) -> AccessGrant:
    """Take a grant away now; time that was bought behind it moves forward, so that nobody loses it."""
    if not reason.strip():
        raise ReasonMissing(_("Say why access is taken away."), field="reason")
    unit = lock_unit(get_grant(grant_id).unit_id)
    grant = lock_grant(grant_id)
    now = utcnow()
    if grant.revoked_at is not None or grant.ends_at <= now:
        raise GrantOver(_("This access is over already."))
    grant.revoked_at = grant.ended_at = now
    db.session.flush()
    at = max(now, grant.starts_at)
    for later in running_and_coming(unit.id, now):
        if later.starts_at >= grant.ends_at:
            length = later.ends_at - later.starts_at
            later.during = Range(at, at + length, bounds="[)")
            db.session.flush()
            at += length
    left = running_and_coming(unit.id, now)
    record(
        "access_grant.revoked",
        actor=actor,
        subject="unit",
        subject_id=unit.id,
        asset_id=unit.asset_id,
        reason=reason.strip(),
        before={"grant": grant.id, "until": grant.ends_at, "holder": grant.holder},
        after={"until": left[-1].ends_at if left else now},
    )
    publish(AccessRevoked(asset_id=unit.asset_id, subject_id=unit.id, grant_id=grant.id))
    if left:
        unit.expires_at = left[-1].ends_at
        renew_lease(unit, actor=actor, idem_key=f"lease:revoked:{grant.id}", grant_id=left[0].id)
    else:
        unit.expires_at = now
        close_unit(unit, actor=actor, idem_key=f"revoked:{grant.id}", grant_id=grant.id, reason=reason.strip())
    return grant


def _give(
    unit: Unit,
    held: Any,
    *,
    minutes: int,
    kind: str,
    holder: str,
    actor: Actor,
    now: datetime,
    payment_id: uuid.UUID | None = None,
    reason: str | None = None,
) -> AccessGrant:
    """The grant, the unit that is active by it, and the command that opens; the caller holds the unit's lock."""
    start = held[-1].ends_at if held else now
    grant = written(
        AccessGrant(
            unit_id=unit.id,
            asset_id=unit.asset_id,
            during=Range(start, start + timedelta(minutes=minutes), bounds="[)"),
            kind=kind,
            holder=holder,
            payment_id=payment_id,
            granted_by=actor.key,
            reason=reason,
        )
    )
    fresh = unit.status != UnitStatus.ACTIVE or not held
    if fresh:
        unit.activated_at = now
    unit.status, unit.expires_at = UnitStatus.ACTIVE, grant.ends_at
    record(
        "access_grant.given",
        actor=actor,
        subject="unit",
        subject_id=unit.id,
        asset_id=unit.asset_id,
        reason=reason,
        after={"grant": grant.id, "kind": kind, "holder": holder, "from": start, "until": grant.ends_at},
    )
    publish(
        AccessGranted(asset_id=unit.asset_id, subject_id=unit.id, grant_id=grant.id, until=grant.ends_at.isoformat())
    )
    if fresh:
        open_unit(unit, actor=actor, idem_key=f"grant:{grant.id}", grant_id=grant.id)
    else:  # time stacked behind what is running needs no second word to a door, unless it was told when to shut
        renew_lease(unit, actor=actor, idem_key=f"lease:{grant.id}", grant_id=grant.id)
    return grant
