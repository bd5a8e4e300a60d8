"""Rooms and vehicles: registered, amended, taken out of use, retired."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.exc import IntegrityError

from portal.core import numbers
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.money import MAX_MINOR
from portal.core.outbox import publish
from portal.core.parse import code
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets import errors
from portal.shared.assets.events import UnitAmended, UnitRegistered
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import find_unit, kinds_at, lock_asset, lock_unit
from portal.shared.audit.services import record

DAY_MINUTES = 1_440
YEAR_MINUTES = 366 * DAY_MINUTES


def _number_taken() -> DomainError:
    return errors.UnitNumberTaken(
        _("Somebody has just registered a room or vehicle with this number. Choose another one."), field="number"
    )


rule("uq_unit_asset_id_kind_number", _number_taken)


@transactional
def register_unit(
    *,
    asset_id: uuid.UUID,
    kind: str,
    number: str,
    price: int,
    actor: Actor,
    period_minutes: int = DAY_MINUTES,
    room_type: str | None = None,
    plate: str | None = None,
) -> Unit:
    """Add a room or a vehicle to a place, with a label of its own; `price` buys one period."""
    asset = lock_asset(asset_id)
    if asset.retired_at is not None:
        raise errors.AssetRetired(_("%(name)s is closed. Nothing can be added to it.", name=asset.name))
    if UnitKind(kind) not in kinds_at(asset.kind):
        raise errors.UnitNotForThisPlace(_("Rooms belong to hotels. Register a vehicle here."), field="kind")
    if find_unit(asset_id, number, kind) is not None:
        raise errors.UnitNumberTaken(_taken(kind, number), field="number")
    code(number, "number")  # it becomes part of topics and addresses
    _sound_price(price, period_minutes)
    unit = Unit(
        asset_id=asset_id,
        kind=UnitKind(kind),
        number=number,
        label=numbers.label_number(8),
        room_type=room_type or None,
        plate=plate or None,
        price=price,
        period_minutes=period_minutes,
        status=UnitStatus.INACTIVE,
    )
    db.session.add(unit)
    db.session.flush()
    record(
        "unit.registered",
        actor=actor,
        subject="unit",
        subject_id=unit.id,
        asset_id=asset_id,
        after={"kind": kind, "number": number, "label": unit.label, **_terms(unit)},
    )
    publish(UnitRegistered(asset_id=asset_id, subject_id=unit.id))
    return unit


@transactional
def amend_unit(
    *,
    unit_id: uuid.UUID,
    actor: Actor,
    price: int | None = None,
    period_minutes: int | None = None,
    room_type: str | None = None,
    plate: str | None = None,
) -> Unit:
    """Change what a unit costs or how it is described; None leaves a thing as it is, '' clears it.

    A payment that is on its way keeps the price it was quoted.
    """
    unit = lock_unit(unit_id)
    _not_retired(unit)
    before = _terms(unit)
    unit.price = unit.price if price is None else price
    unit.period_minutes = unit.period_minutes if period_minutes is None else period_minutes
    _sound_price(unit.price, unit.period_minutes)
    if room_type is not None:
        unit.room_type = room_type or None
    if plate is not None:
        unit.plate = plate or None
    _tell_unit("unit.amended", unit, actor, before, _terms(unit))
    return unit


@transactional
def suspend(*, unit_id: uuid.UUID, reason: str, actor: Actor) -> Unit:
    """Take a unit out of use: no payment and no grant is taken for it until it is resumed."""
    need_reason(reason)
    unit = lock_unit(unit_id)
    _not_retired(unit)
    if unit.status == UnitStatus.SUSPENDED:
        raise errors.UnitSuspended(_("%(unit)s is suspended already.", unit=called(unit)))
    before = {"status": unit.status}
    unit.status_before, unit.status = unit.status, UnitStatus.SUSPENDED
    _tell_unit("unit.suspended", unit, actor, before, {"status": unit.status}, reason)
    return unit


@transactional
def resume(*, unit_id: uuid.UUID, actor: Actor) -> Unit:
    """Put a suspended unit back where it was; a time that ran out meanwhile is ended by the expiry job."""
    unit = lock_unit(unit_id)
    if unit.status != UnitStatus.SUSPENDED or unit.status_before is None:
        raise errors.UnitNotSuspended(_("%(unit)s is not suspended.", unit=called(unit)))
    unit.status, unit.status_before = unit.status_before, None
    _tell_unit("unit.resumed", unit, actor, {"status": UnitStatus.SUSPENDED}, {"status": unit.status})
    return unit


@transactional
def retire(*, unit_id: uuid.UUID, reason: str, actor: Actor) -> Unit:
    """Take a unit out of service for good; its number stays taken and its history readable."""
    need_reason(reason)
    unit = lock_unit(unit_id)
    _not_retired(unit)
    if UnitStatus.ACTIVE in (unit.status, unit.status_before):
        raise errors.UnitInUse(
            _("%(unit)s is in use. End the access first, or wait until its time is up.", unit=called(unit))
        )
    before = {"status": unit.status}
    unit.status, unit.status_before = UnitStatus.RETIRED, None
    _tell_unit("unit.retired", unit, actor, before, {"status": unit.status}, reason)
    return unit


@transactional
def delete_unit(*, unit_id: uuid.UUID, actor: Actor) -> None:
    """Remove a unit that was registered by mistake: raises HasHistory once it was let, told or heard of."""
    unit = lock_unit(unit_id)
    sentence = _("%(unit)s has a history that must stay readable. Retire it instead.", unit=called(unit))
    if unit.activated_at is not None:
        raise errors.HasHistory(sentence)
    _tell_unit("unit.deleted", unit, actor, {"number": unit.number, "label": unit.label, **_terms(unit)}, None)
    db.session.delete(unit)
    flush_unless_history(sentence)


def called(unit: Unit) -> str:
    """What people call a unit."""
    if unit.kind == UnitKind.ROOM:
        return _("Room %(number)s", number=unit.number)
    return _("Vehicle %(number)s", number=unit.number)


def _taken(kind: str, number: str) -> str:
    if kind == UnitKind.ROOM:
        return _("There is a room %(number)s here already. Choose another number.", number=number)
    return _("There is a vehicle %(number)s here already. Choose another number.", number=number)


def _sound_price(price: int, period_minutes: int) -> None:
    if not 0 < price <= MAX_MINOR:
        raise errors.PriceNotPositive(_("The price must be more than 0."), field="price")
    if not 1 <= period_minutes <= YEAR_MINUTES:
        raise errors.PeriodOutOfRange(_("One period is from 1 minute to 366 days."), field="period_minutes")


def _not_retired(unit: Unit) -> None:
    if unit.status == UnitStatus.RETIRED:
        raise errors.UnitRetired(_("%(unit)s has left service for good.", unit=called(unit)))


def need_reason(reason: str) -> None:
    """Some steps are only taken with words that others can read later; raises ReasonNeeded."""
    if not reason.strip():
        raise errors.ReasonNeeded(_("Write a reason; it is kept in the audit trail."), field="reason")


def flush_unless_history(sentence: str) -> None:
    """Let the foreign keys say whether anything still names what is being deleted."""
    try:
        db.session.flush()
    except IntegrityError as error:
        raise errors.HasHistory(sentence) from error


def _terms(unit: Unit) -> dict[str, Any]:
    return {
        "price": unit.price,
        "period_minutes": unit.period_minutes,
        "room_type": unit.room_type,
        "plate": unit.plate,
    }


def _tell_unit(
    action: str,
    unit: Unit,
    actor: Actor,
    before: dict[str, Any],
    after: dict[str, Any] | None,
    reason: str | None = None,
) -> None:
    record(
        action,
        actor=actor,
        subject="unit",
        subject_id=unit.id,
        asset_id=unit.asset_id,
        reason=reason,
        before=before,
        after=after,
    )
    publish(UnitAmended(asset_id=unit.asset_id, subject_id=unit.id, number=unit.number, status=unit.status))
