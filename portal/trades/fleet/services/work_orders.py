"""Work orders: opened, written on, begun, done (and that taken back), cancelled."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from portal.core.actor import Actor
from portal.core.clock import local_date, utcnow
from portal.core.db import db, written
from portal.core.money import MAX_MINOR
from portal.core.numbers import take_number
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import on_paper
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import asset_of, lock_unit
from portal.shared.assets.services import units
from portal.shared.audit.services import record
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.due import Meters
from portal.trades.fleet.maintenance_queries import (
    UNFINISHED,
    find_line,
    find_other_in_workshop,
    get_plan,
    lock_plan,
    meters_of,
    order_of,
)
from portal.trades.fleet.models import LineKind, MaintenancePlan, OrderStatus, WorkOrder, WorkOrderLine
from portal.trades.fleet.office_events import WorkOrderChanged
from portal.trades.fleet.services import maintenance


@transactional
def open_order(
    *,
    asset_id: uuid.UUID,
    unit_id: uuid.UUID,
    title: str,
    actor: Actor,
    plan_id: uuid.UUID | None = None,
    supplier: str | None = None,
    note: str | None = None,
    out_of_use: bool = False,
) -> WorkOrder:
    """Write down that something has to be done to a vehicle; `plan_id` is the plan that is done by it."""
    unit, place = lock_unit(unit_id), asset_of(asset_id)
    if unit.asset_id != asset_id or unit.kind != UnitKind.VEHICLE:
        raise errors.NotAVehicle(_("Choose a vehicle of this place."), field="unit")
    if plan_id is not None and get_plan(asset_id, plan_id).unit_id != unit_id:
        raise errors.PlanOfAnotherVehicle(_("Choose a plan of this very vehicle."), field="plan")
    order = written(
        WorkOrder(
            asset_id=asset_id,
            number=take_number(scope_id=asset_id, series="work_order"),
            unit_id=unit_id,
            plan_id=plan_id,
            title=title,
            note=note or None,
            supplier=supplier or None,
            status=OrderStatus.OPEN,
            currency=place.currency,
            total=0,
            opened_by=actor.name,
            out_of_use=out_of_use,
            suspended=False,
        )
    )
    _tell("work_order.opened", order, actor, after={"number": order.number, "title": title, "vehicle": unit.number})
    return order


@transactional
def amend_order(
    *, order_id: uuid.UUID, title: str, actor: Actor, supplier: str | None = None, note: str | None = None
) -> WorkOrder:
    """Change what an order says, as long as it is not at its end."""
    order, _unit = _held(order_id)
    _still_open(order)
    before = {"title": order.title, "supplier": order.supplier, "note": order.note}
    order.title, order.supplier, order.note = title, supplier or None, note or None
    after = {"title": order.title, "supplier": order.supplier, "note": order.note}
    _tell("work_order.amended", order, actor, before=before, after=after)
    return order


@transactional
def add_line(
    *, order_id: uuid.UUID, kind: LineKind, description: str, quantity: int, unit_price: int, actor: Actor
) -> WorkOrderLine:
    """Write down a part or an hour of work: `quantity` in thousandths, the price of one in minor units."""
    order, _unit = _held(order_id)
    _still_open(order)
    amount = (quantity * unit_price + 500) // 1000
    if order.total + amount > MAX_MINOR:
        raise errors.WrongOrderStatus(_("The sum of this order is larger than can be kept."), field="unit_price")
    line = written(
        WorkOrderLine(
            asset_id=order.asset_id,
            order_id=order.id,
            kind=LineKind(kind),
            description=description,
            quantity=quantity,
            unit_price=unit_price,
            amount=amount,
        )
    )
    order.total += amount
    _tell("work_order.line_added", order, actor, after=_line_facts(line))
    return line


@transactional
def remove_line(*, order_id: uuid.UUID, line_id: uuid.UUID, actor: Actor) -> WorkOrderLine:
    """Strike a line out again, as long as the order is not at its end."""
    order, _unit = _held(order_id)
    _still_open(order)
    line = find_line(order.id, line_id)
    if line is None:
        raise errors.NoSuchLine(_("That line is not on the work order any more."))
    order.total -= line.amount
    _tell("work_order.line_removed", order, actor, before=_line_facts(line))
    db.session.delete(line)
    db.session.flush()
    return line


@transactional
def start(*, order_id: uuid.UUID, actor: Actor) -> WorkOrder:
    """The vehicle is in the workshop; where the order says so, it is out of use from now on."""
    order, unit = _held(order_id)
    if order.status != OrderStatus.OPEN:
        raise errors.WrongOrderStatus(_("Work order %(number)s has been begun already.", number=order.number))
    if order.out_of_use:
        order.suspended = _take_out_of_use(order, unit, actor)
    order.status, order.started_at = OrderStatus.IN_PROGRESS, utcnow()
    order.odometer_m = meters_of([unit.id])[unit.id].odometer_m
    after = {"status": order.status, "odometer_m": order.odometer_m, "out_of_use": order.suspended}
    _tell("work_order.started", order, actor, after=after)
    return order


@transactional
def finish(
    *, order_id: uuid.UUID, actor: Actor, odometer_m: int | None = None, done_on: date | None = None
) -> WorkOrder:
    """The work is done: the vehicle is in use again, and the plan it was done for counts from here."""
    order, unit = _held(order_id)
    _still_open(order)
    today, shown = local_date(asset_of(order.asset_id).timezone), meters_of([unit.id])[unit.id]
    meters = Meters(shown.odometer_m if odometer_m is None else odometer_m, shown.engine_s)
    done_on = done_on or today
    if done_on > today:
        raise errors.InTheFuture(_("It cannot have been done on a day that is still to come."), field="done_on")
    changed: dict[str, Any] = {"resumed": _put_back_in_use(order, unit, actor)}
    if order.plan_id is not None:
        plan = lock_plan(order.asset_id, order.plan_id)
        if odometer_m is not None and odometer_m < (plan.last_done_m or 0):
            raise errors.OdometerBackwards(
                _("The odometer stood at %(km)s km when this was last done.", km=(plan.last_done_m or 0) // 1000),
                field="odometer",
            )
        changed["plan_before"] = _last_done(plan)
        maintenance.reset(plan, done_on, meters)
        changed["plan_after"] = _last_done(plan)
    order.status, order.done_at, order.done_by = OrderStatus.DONE, utcnow(), actor.name
    order.started_at = order.started_at or order.done_at
    order.odometer_m, order.put_back, order.suspended = meters.odometer_m, changed, False
    _tell("work_order.done", order, actor, after={"status": order.status, "total": order.total, **changed})
    return order


@transactional
def take_back(*, order_id: uuid.UUID, actor: Actor) -> WorkOrder:
    """It was not done after all: the order is under way again, and its plan stands as it stood."""
    order, unit = _held(order_id)
    if order.status != OrderStatus.DONE or order.put_back is None:
        raise errors.WrongOrderStatus(_("Work order %(number)s is not done.", number=order.number))
    changed = order.put_back
    suspended = _take_out_of_use(order, unit, actor) if changed["resumed"] else False
    if order.plan_id is not None and "plan_before" in changed:
        plan = lock_plan(order.asset_id, order.plan_id)
        if _last_done(plan) != changed["plan_after"]:
            raise errors.DoneTooLongAgo(
                _("The plan has been changed or done again since. This order can no longer be taken back.")
            )
        last = changed["plan_before"]
        plan.last_done_on = date.fromisoformat(last["on"]) if last["on"] else None
        plan.last_done_m, plan.last_done_engine_s = last["m"], last["s"]
    order.status, order.done_at, order.done_by = OrderStatus.IN_PROGRESS, None, None
    order.put_back, order.suspended = None, suspended
    _tell("work_order.taken_back", order, actor, before={"status": OrderStatus.DONE}, after={"status": order.status})
    return order


@transactional
def cancel(*, order_id: uuid.UUID, reason: str, actor: Actor) -> WorkOrder:
    """It will not be done; a vehicle the order took out of use is in use again."""
    units.need_reason(reason)
    order, unit = _held(order_id)
    _still_open(order)
    before = {"status": order.status}
    _put_back_in_use(order, unit, actor)
    order.status, order.cancelled_at, order.cancel_reason = OrderStatus.CANCELLED, utcnow(), reason
    order.suspended = False
    _tell("work_order.cancelled", order, actor, reason=reason, before=before, after={"status": order.status})
    return order


def _held(order_id: uuid.UUID) -> tuple[WorkOrder, Unit]:
    """The order, fresh, with its vehicle locked: whoever holds the vehicle holds all of its orders."""
    unit = lock_unit(order_of(order_id).unit_id)
    return order_of(order_id), unit


def _still_open(order: WorkOrder) -> None:
    if order.status == OrderStatus.DONE:
        raise errors.WrongOrderStatus(_("Work order %(number)s is done already.", number=order.number))
    if order.status not in UNFINISHED:
        raise errors.WrongOrderStatus(_("Work order %(number)s was cancelled.", number=order.number))


def _take_out_of_use(order: WorkOrder, unit: Unit, actor: Actor) -> bool:
    """Whether this order took the vehicle out of use; one that somebody has is not taken from under them."""
    if UnitStatus.ACTIVE in (unit.status, unit.status_before) and unit.expires_at is not None:
        raise errors.VehicleLet(
            _(
                "%(unit)s is let until %(moment)s. Wait until then, or end that first.",
                unit=units.called(unit),
                moment=on_paper(unit.expires_at, asset_of(unit.asset_id).timezone),
            )
        )
    if unit.status in (UnitStatus.SUSPENDED, UnitStatus.RETIRED):
        return False
    units.suspend(unit_id=unit.id, reason=_("In the workshop: %(title)s", title=order.title), actor=actor)
    return True


def _put_back_in_use(order: WorkOrder, unit: Unit, actor: Actor) -> bool:
    """Whether the vehicle came back into use; while another order keeps it in the workshop, that one takes over."""
    if not order.suspended or unit.status != UnitStatus.SUSPENDED:
        return False
    other = find_other_in_workshop(order)
    if other is not None:
        other.suspended = True
        return False
    units.resume(unit_id=unit.id, actor=actor)
    return True


def _last_done(plan: MaintenancePlan) -> dict[str, Any]:
    on = plan.last_done_on.isoformat() if plan.last_done_on else None
    return {"on": on, "m": plan.last_done_m, "s": plan.last_done_engine_s}


def _line_facts(line: WorkOrderLine) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "amount": line.amount,
    }


def _tell(action: str, order: WorkOrder, actor: Actor, *, reason: str | None = None, **change: Any) -> None:
    record(
        action,
        actor=actor,
        subject="work_order",
        subject_id=order.id,
        asset_id=order.asset_id,
        reason=reason,
        **change,
    )
    publish(
        WorkOrderChanged(asset_id=order.asset_id, subject_id=order.id, number=order.number, status=str(order.status))
    )
