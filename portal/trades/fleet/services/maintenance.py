"""Maintenance plans: made, copied to many vehicles, amended, ended, done; and telling in time that one is due."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date
from typing import Any

from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db, written
from portal.core.errors import DomainError
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import asset_of, lock_unit, unit_of
from portal.shared.audit.services import record
from portal.shared.devices.models import Severity
from portal.shared.devices.services import alerts
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.due import Due, Meters
from portal.trades.fleet.maintenance_queries import (
    get_plan,
    lock_plan,
    meters_of,
    plan_names,
    standing_everywhere,
    told_but_ended,
)
from portal.trades.fleet.models import MaintenancePlan
from portal.trades.fleet.office_events import MaintenancePlanned

INTERVALS = ("every_km", "every_hours", "every_days", "soon_km", "soon_hours", "soon_days")


def _name_taken() -> DomainError:
    return errors.PlanNameTaken(_("There is a plan of this name already."), field="name")


rule("uq_maintenance_plan_of_vehicle", _name_taken)
rule("uq_maintenance_plan_template", _name_taken)


@transactional
def make_plan(
    *,
    asset_id: uuid.UUID,
    name: str,
    actor: Actor,
    unit_id: uuid.UUID | None = None,
    every_km: int | None = None,
    every_hours: int | None = None,
    every_days: int | None = None,
    soon_km: int = 500,
    soon_hours: int = 25,
    soon_days: int = 14,
    last_done_on: date | None = None,
    last_done_m: int | None = None,
    last_done_engine_s: int | None = None,
) -> MaintenancePlan:
    """Plan work on a vehicle, or, without one, a template to copy. What is not known of the past counts from now."""
    _comes_round(every_km, every_hours, every_days)
    last: dict[str, Any] = {}
    if unit_id is not None:
        unit = _vehicle(asset_id, unit_id)
        last = _as_if_done_now(unit)
        given = {"last_done_on": last_done_on, "last_done_m": last_done_m, "last_done_engine_s": last_done_engine_s}
        last |= {name: value for name, value in given.items() if value is not None}
        if last["last_done_on"] > local_date(asset_of(asset_id).timezone):
            raise errors.InTheFuture(
                _("It cannot have been done on a day that is still to come."), field="last_done_on"
            )
    plan = written(
        MaintenancePlan(
            asset_id=asset_id,
            unit_id=unit_id,
            name=name,
            every_km=every_km,
            every_hours=every_hours,
            every_days=every_days,
            soon_km=soon_km,
            soon_hours=soon_hours,
            soon_days=soon_days,
            active=True,
            **last,
        )
    )
    _tell("maintenance.planned", plan, actor, None)
    return plan


@transactional
def copy_plan(*, asset_id: uuid.UUID, plan_id: uuid.UUID, unit_ids: Collection[uuid.UUID], actor: Actor) -> int:
    """Give vehicles the same plan, counting from now; those that have one of the name are left as they are."""
    source, names, made = get_plan(asset_id, plan_id), plan_names(unit_ids), 0
    intervals = {name: getattr(source, name) for name in INTERVALS}
    for unit_id in sorted(names):
        if source.name not in names[unit_id]:
            make_plan(asset_id=asset_id, unit_id=unit_id, name=source.name, actor=actor, **intervals)
            made += 1
    return made


@transactional
def amend_plan(
    *,
    asset_id: uuid.UUID,
    plan_id: uuid.UUID,
    name: str,
    actor: Actor,
    every_km: int | None,
    every_hours: int | None,
    every_days: int | None,
    soon_km: int,
    soon_hours: int,
    soon_days: int,
    last_done_on: date | None = None,
    last_done_m: int | None = None,
    last_done_engine_s: int | None = None,
) -> MaintenancePlan:
    """Change how often work comes round, or what is known of the last time; it is looked at anew soon after."""
    _comes_round(every_km, every_hours, every_days)
    plan = lock_plan(asset_id, plan_id)
    before = _facts(plan)
    plan.name, plan.every_km, plan.every_hours, plan.every_days = name, every_km, every_hours, every_days
    plan.soon_km, plan.soon_hours, plan.soon_days = soon_km, soon_hours, soon_days
    if plan.unit_id is not None:
        if last_done_on is not None and last_done_on > local_date(asset_of(asset_id).timezone):
            raise errors.InTheFuture(
                _("It cannot have been done on a day that is still to come."), field="last_done_on"
            )
        plan.last_done_on = last_done_on or plan.last_done_on
        plan.last_done_m = plan.last_done_m if last_done_m is None else last_done_m
        plan.last_done_engine_s = plan.last_done_engine_s if last_done_engine_s is None else last_done_engine_s
    db.session.flush()
    _tell("maintenance.amended", plan, actor, before)
    return plan


@transactional
def end_plan(*, asset_id: uuid.UUID, plan_id: uuid.UUID, actor: Actor) -> None:
    """Plan this work no more; what was done by it stays readable."""
    plan = lock_plan(asset_id, plan_id)
    if plan.active:
        plan.active = False
        _say_no_more(plan)
        _tell("maintenance.ended", plan, actor, {"active": True})


@transactional
def take_up_again(*, asset_id: uuid.UUID, plan_id: uuid.UUID, actor: Actor) -> None:
    """Undo the end of a plan: it counts on from when the work was last done."""
    plan = lock_plan(asset_id, plan_id)
    if not plan.active:
        plan.active = True
        db.session.flush()
        _tell("maintenance.taken_up_again", plan, actor, {"active": False})


def reset(plan: MaintenancePlan, on: date, meters: Meters) -> None:
    """Inside a command that holds the plan: it was done on a day, at what the meters showed."""
    plan.last_done_on, plan.last_done_m, plan.last_done_engine_s = on, meters.odometer_m, meters.engine_s
    _say_no_more(plan)
    publish(MaintenancePlanned(asset_id=plan.asset_id, subject_id=plan.id))


@transactional
def tell_of_due() -> int:
    """Raise an alert for each plan that comes near or is over, once each; returns how many changed."""
    changed = [(plan, number, state) for plan, number, state in standing_everywhere() if state.stage != plan.told]
    changed.sort(key=lambda each: each[0].id)
    held = [(lock_plan(plan.asset_id, plan.id), number, state) for plan, number, state in changed]
    ended = [lock_plan(plan.asset_id, plan.id) for plan in told_but_ended()]
    for plan in ended:  # plans before alerts, as everywhere
        _say_no_more(plan)
    for plan, number, state in held:
        _say_no_more(plan)
        plan.told = state.stage
        if state.stage is not None:
            _raise(plan, number, state)
    return len(held) + len(ended)


def _raise(plan: MaintenancePlan, number: str, state: Due) -> None:
    nearest = state.nearest
    alerts.raise_alert(
        asset_id=plan.asset_id,
        unit_id=plan.unit_id,
        kind="maintenance_due",
        key=_key(plan, str(state.stage)),
        severity=Severity.CRITICAL if state.stage == "over" else Severity.WARNING,
        facts={
            "plan": plan.name,
            "plan_id": str(plan.id),
            "vehicle": number,
            "over": state.stage == "over",
            "by": nearest.kind,
            "left": nearest.left,
        },
    )


def _say_no_more(plan: MaintenancePlan) -> None:
    if plan.told is not None:
        alerts.clear_by_itself(asset_id=plan.asset_id, key=_key(plan, plan.told))
        plan.told = None


def _key(plan: MaintenancePlan, stage: str) -> str:
    return f"maintenance_due:{plan.id}:{stage}"


def _comes_round(*intervals: int | None) -> None:
    if not any(intervals):
        raise errors.IntervalMissing(
            _("Say after how many kilometres, engine hours or days the work comes round."), field="every_km"
        )


def _vehicle(asset_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    unit = lock_unit(unit_id)
    if unit.asset_id != asset_id or unit.kind != UnitKind.VEHICLE or unit.status == UnitStatus.RETIRED:
        raise errors.NotAVehicle(_("Choose a vehicle of this place."), field="unit")
    return unit


def _as_if_done_now(unit: Unit) -> dict[str, Any]:
    meters = meters_of([unit.id])[unit.id]
    return {
        "last_done_on": local_date(asset_of(unit.asset_id).timezone),
        "last_done_m": meters.odometer_m,
        "last_done_engine_s": meters.engine_s,
    }


def _facts(plan: MaintenancePlan) -> dict[str, Any]:
    unit = unit_of(plan.unit_id) if plan.unit_id else None
    last = ("last_done_on", "last_done_m", "last_done_engine_s")
    return {
        "name": plan.name,
        "vehicle": unit.number if unit else None,
        "active": plan.active,
        **{name: getattr(plan, name) for name in (*INTERVALS, *last)},
    }


def _tell(action: str, plan: MaintenancePlan, actor: Actor, before: dict[str, Any] | None) -> None:
    record(
        action,
        actor=actor,
        subject="maintenance_plan",
        subject_id=plan.id,
        asset_id=plan.asset_id,
        before=before,
        after=_facts(plan),
    )
    publish(MaintenancePlanned(asset_id=plan.asset_id, subject_id=plan.id))
