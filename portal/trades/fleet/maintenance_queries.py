"""Finding maintenance plans with how near they are, and work orders."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select

from portal.core import locks
from portal.core.clock import local_date
from portal.core.db import db
from portal.core.paging import Page, every, page_of
from portal.core.words import _
from portal.shared.assets.models import Asset, Unit, UnitStatus
from portal.trades.fleet.due import Due, Meters, due
from portal.trades.fleet.models import MaintenancePlan, OrderStatus, Vehicle, VehicleState, WorkOrder, WorkOrderLine
from portal.trades.fleet.office_errors import NoSuchPlan, NoSuchWorkOrder

HIGHEST_NUMBER = 2**31
UNFINISHED = (OrderStatus.OPEN, OrderStatus.IN_PROGRESS)

_ODOMETER = func.coalesce(Vehicle.odometer_offset_m, 0) + func.coalesce(VehicleState.counted_mm, 0) // 1000
_ENGINE = func.coalesce(Vehicle.engine_offset_s, 0) + func.coalesce(VehicleState.engine_seconds, 0)


@dataclass(frozen=True, slots=True)
class Standing:
    """One plan of one vehicle, and how near it is."""

    plan: MaintenancePlan
    unit: Unit
    meters: Meters
    due: Due


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOrders:
    """Which work orders of a place to show; the page's filter chips."""

    statuses: Collection[str] = ()
    unit_id: uuid.UUID | None = None
    since: datetime | None = None
    search: str | None = None


def meters_of(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Meters]:
    """What the meters of these vehicles show, one question for all; a vehicle never heard of stands at nothing."""
    rows = db.session.execute(
        select(Unit.id, _ODOMETER, _ENGINE)
        .outerjoin(Vehicle, Vehicle.unit_id == Unit.id)
        .outerjoin(VehicleState, VehicleState.unit_id == Unit.id)
        .where(Unit.id.in_(unit_ids))
    )
    return {unit_id: Meters(int(odometer), int(engine)) for unit_id, odometer, engine in rows}


def standing_of(asset_id: uuid.UUID, today: date, *, unit_id: uuid.UUID | None = None) -> list[Standing]:
    """Every plan of a place's vehicles, or of one of them, the most urgent first; one question."""
    question = _standing().where(MaintenancePlan.asset_id == asset_id)
    if unit_id is not None:
        question = question.where(MaintenancePlan.unit_id == unit_id)
    found = [
        Standing(plan, unit, meters, due(plan, meters, today))
        for plan, unit, odometer, engine in db.session.execute(question)
        for meters in [Meters(int(odometer), int(engine))]
    ]
    return sorted(found, key=lambda each: (each.due.urgency, each.unit.number, each.plan.name))


def standing_everywhere() -> Iterator[tuple[MaintenancePlan, str, Due]]:
    """Every plan there is, with its vehicle's number and how near it is on its own place's day."""
    question = _standing().add_columns(Asset.timezone).join(Asset, Asset.id == MaintenancePlan.asset_id)
    days: dict[str, date] = {}
    for plan, unit, odometer, engine, zone in db.session.execute(question):
        if zone not in days:
            days[zone] = local_date(zone)
        yield plan, unit.number, due(plan, Meters(int(odometer), int(engine)), days[zone])


def told_but_ended() -> Sequence[MaintenancePlan]:
    """Plans that were told of and have ended since, or whose vehicle has left service."""
    return db.session.scalars(
        select(MaintenancePlan)
        .join(Unit, Unit.id == MaintenancePlan.unit_id)
        .where(MaintenancePlan.told.isnot(None), ~MaintenancePlan.active | (Unit.status == UnitStatus.RETIRED))
    ).all()


def count_over(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many plans of each place are over, as far as they were told of."""
    rows = db.session.execute(
        select(MaintenancePlan.asset_id, func.count())
        .where(MaintenancePlan.asset_id.in_(asset_ids), MaintenancePlan.active, MaintenancePlan.told == "over")
        .group_by(MaintenancePlan.asset_id)
    )
    return {asset_id: number for asset_id, number in rows}


def templates_of(asset_id: uuid.UUID) -> Sequence[MaintenancePlan]:
    """The plans a place copies to its vehicles, by name."""
    return db.session.scalars(
        select(MaintenancePlan)
        .where(MaintenancePlan.asset_id == asset_id, MaintenancePlan.unit_id.is_(None), MaintenancePlan.active)
        .order_by(func.lower(MaintenancePlan.name))
    ).all()


def plans_of_unit(unit_id: uuid.UUID) -> Sequence[MaintenancePlan]:
    """The plans of one vehicle that are in force, by name."""
    return db.session.scalars(
        select(MaintenancePlan)
        .where(MaintenancePlan.unit_id == unit_id, MaintenancePlan.active)
        .order_by(func.lower(MaintenancePlan.name))
    ).all()


def plan_names(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    """What the plans of these vehicles are called."""
    found: dict[uuid.UUID, set[str]] = {unit_id: set() for unit_id in unit_ids}
    rows = db.session.execute(
        select(MaintenancePlan.unit_id, MaintenancePlan.name).where(
            MaintenancePlan.unit_id.in_(unit_ids), MaintenancePlan.active
        )
    )
    for unit_id, name in rows:
        if unit_id is not None:
            found[unit_id].add(name)
    return found


def get_plan(asset_id: uuid.UUID, plan_id: uuid.UUID) -> MaintenancePlan:
    """One plan of a place, as it stands; raises NoSuchPlan."""
    return _plan(select(MaintenancePlan).where(MaintenancePlan.id == plan_id, MaintenancePlan.asset_id == asset_id))


def lock_plan(asset_id: uuid.UUID, plan_id: uuid.UUID) -> MaintenancePlan:
    """One plan of a place, locked and fresh until the transaction ends; raises NoSuchPlan."""
    locks.taking("vehicle")
    return _plan(
        select(MaintenancePlan)
        .where(MaintenancePlan.id == plan_id, MaintenancePlan.asset_id == asset_id)
        .with_for_update(key_share=True)
    )


def get_order(asset_id: uuid.UUID, number: int) -> WorkOrder:
    """The work order with this number at a place; raises NoSuchWorkOrder."""
    if not 0 < number < HIGHEST_NUMBER:
        raise _no_such_order()
    return _order(select(WorkOrder).where(WorkOrder.asset_id == asset_id, WorkOrder.number == number))


def order_of(order_id: uuid.UUID) -> WorkOrder:
    """A work order by its key, as it stands now; raises NoSuchWorkOrder."""
    return _order(select(WorkOrder).where(WorkOrder.id == order_id))


def lines_of(order_id: uuid.UUID) -> Sequence[WorkOrderLine]:
    """The lines of a work order as they were written."""
    return db.session.scalars(
        select(WorkOrderLine).where(WorkOrderLine.order_id == order_id).order_by(WorkOrderLine.id)
    ).all()


def find_line(order_id: uuid.UUID, line_id: uuid.UUID) -> WorkOrderLine | None:
    """One line of a work order, or None."""
    return db.session.scalar(
        select(WorkOrderLine).where(WorkOrderLine.id == line_id, WorkOrderLine.order_id == order_id)
    )


def find_other_in_workshop(order: WorkOrder) -> WorkOrder | None:
    """Another order under way that keeps the same vehicle out of use, or None."""
    return db.session.scalar(
        select(WorkOrder)
        .where(
            WorkOrder.unit_id == order.unit_id,
            WorkOrder.id != order.id,
            WorkOrder.status == OrderStatus.IN_PROGRESS,
            WorkOrder.out_of_use,
        )
        .order_by(WorkOrder.number)
        .limit(1)
    )


def orders_of(asset_id: uuid.UUID, wanted: WantedOrders, *, cursor: str | None = None, limit: object = 50) -> Page[Any]:
    """One page of a place's work orders, the youngest first."""
    return page_of(_wanted(asset_id, wanted), (WorkOrder.created_at, WorkOrder.id), cursor=cursor, limit=limit)


def all_orders_of(asset_id: uuid.UUID, wanted: WantedOrders) -> Iterator[WorkOrder]:
    """Every work order that is wanted, page by page."""
    return every(lambda cursor: orders_of(asset_id, wanted, cursor=cursor, limit=200))


def order_figures(asset_id: uuid.UUID, wanted: WantedOrders) -> dict[str, int]:
    """Over the wanted orders: how many wait, are under way, are done, and what the done ones cost in minor units."""
    row = db.session.execute(
        _wanted(asset_id, wanted).with_only_columns(
            func.count().filter(WorkOrder.status == OrderStatus.OPEN),
            func.count().filter(WorkOrder.status == OrderStatus.IN_PROGRESS),
            func.count().filter(WorkOrder.status == OrderStatus.DONE),
            func.coalesce(func.sum(WorkOrder.total).filter(WorkOrder.status == OrderStatus.DONE), 0),
        )
    ).one()
    return dict(zip(("open", "in_progress", "done", "cost"), map(int, row), strict=True))


def _standing() -> Select[MaintenancePlan, Unit, int, int]:
    return (
        select(MaintenancePlan, Unit, _ODOMETER, _ENGINE)
        .join(Unit, Unit.id == MaintenancePlan.unit_id)
        .outerjoin(Vehicle, Vehicle.unit_id == Unit.id)
        .outerjoin(VehicleState, VehicleState.unit_id == Unit.id)
        .where(MaintenancePlan.active, Unit.status != UnitStatus.RETIRED)
    )


def _plan(question: Select[MaintenancePlan]) -> MaintenancePlan:
    found: MaintenancePlan | None = db.session.scalar(question.execution_options(populate_existing=True))
    if found is None:
        raise NoSuchPlan(_("There is no such maintenance plan here."))
    return found


def _order(question: Select[WorkOrder]) -> WorkOrder:
    found: WorkOrder | None = db.session.scalar(question.execution_options(populate_existing=True))
    if found is None:
        raise _no_such_order()
    return found


def _no_such_order() -> NoSuchWorkOrder:
    return NoSuchWorkOrder(_("There is no work order with this number here."), field="number")


def _wanted(asset_id: uuid.UUID, wanted: WantedOrders) -> Select[WorkOrder]:
    question = select(WorkOrder).where(WorkOrder.asset_id == asset_id)
    if wanted.statuses:
        question = question.where(WorkOrder.status.in_(wanted.statuses))
    if wanted.unit_id is not None:
        question = question.where(WorkOrder.unit_id == wanted.unit_id)
    if wanted.since is not None:
        question = question.where(WorkOrder.created_at >= wanted.since)
    if wanted.search:
        said = wanted.search
        question = question.join(Unit, Unit.id == WorkOrder.unit_id)
        fits = (
            WorkOrder.title.icontains(said, autoescape=True)
            | WorkOrder.supplier.icontains(said, autoescape=True)
            | Unit.number.icontains(said, autoescape=True)
            | Unit.plate.icontains(said, autoescape=True)
        )
        if said.isascii() and said.isdigit() and 0 < int(said) < HIGHEST_NUMBER:
            fits = fits | (WorkOrder.number == int(said))
        question = question.where(fits)
    return question
