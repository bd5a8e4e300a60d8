"""Work orders: the list, a new one, one order with its lines and steps, and its paper."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import find_unit, unit_of, units_by_id
from portal.shared.audit.queries import trail
from portal.trades.fleet import maintenance_queries as queries
from portal.trades.fleet.due import METRES
from portal.trades.fleet.maintenance_queries import UNFINISHED, WantedOrders
from portal.trades.fleet.models import LineKind, OrderStatus, WorkOrder
from portal.trades.fleet.services import work_orders as service
from portal.web.context import shell
from portal.web.download import csv_file, sum_of
from portal.web.fleet import office_words as words
from portal.web.fleet.choices import offered, searched, since, vehicles
from portal.web.fleet.maintenance_forms import AmendOrderForm, CancelOrderForm, DoneForm, LineForm, OrderForm
from portal.web.fleet.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

ORDER = "/<asset_number>/maintenance/orders/<int:number>"
DAYS = (30, 90, 365)


@blueprint.get("/<asset_number>/maintenance/orders")
@permission("fleet.view")
def maintenance_orders(asset_number: str) -> Response:
    """Work orders of a place, the youngest first."""
    wanted = _wanted()
    found = queries.orders_of(g.place.id, wanted, cursor=request.args.get("cursor") or None)
    return page(
        "fleet/orders.html",
        "rows",
        found=found,
        units=units_by_id({each.unit_id for each in found.items}),
        figures=queries.order_figures(g.place.id, wanted),
        words=words,
    )


@blueprint.get("/<asset_number>/maintenance/orders.csv")
@permission("fleet.view")
def maintenance_orders_export(asset_number: str) -> Response:
    """The same list, all of it, for a spreadsheet."""
    found = list(queries.all_orders_of(g.place.id, _wanted()))
    units = units_by_id({each.unit_id for each in found})
    heads = ["number", "opened", "vehicle", "title", "status", "supplier", "odometer_km", "started", "done", "cost",
             "currency"]  # fmt: skip
    rows = (
        (
            each.number, each.created_at, units[each.unit_id].number, each.title, each.status, each.supplier,
            None if each.odometer_m is None else each.odometer_m // METRES, each.started_at, each.done_at,
            sum_of(each.total, each.currency), each.currency,
        )
        for each in found
    )  # fmt: skip
    return csv_file(f"work-orders-{g.place.asset_number}", heads, rows)


@blueprint.route("/<asset_number>/maintenance/orders/new", methods=["GET", "POST"])
@permission("fleet.maintain")
def maintenance_orders_new(asset_number: str) -> Response:
    """Write down that something has to be done; `vehicle` and `plan` of the address are filled in."""
    form = _offered(OrderForm())
    if request.method == "GET":
        _fill_in(form)
    if form.validate_on_submit():
        made: list[WorkOrder] = []
        actor = current_actor()

        def make() -> None:
            made.append(
                service.open_order(
                    asset_id=g.place.id,
                    unit_id=form.unit.data,
                    plan_id=form.plan.data,
                    title=form.title.data,
                    supplier=form.supplier.data,
                    note=form.note.data,
                    out_of_use=form.out_of_use.data,
                    actor=actor,
                )
            )

        try:
            form.just_once(actor, make)
        except DomainError as error:
            form.refuse(error)
        else:
            if not made:
                return go(url_for(".maintenance_orders", asset_number=asset_number))
            toast(_("Work order %(number)s is open.", number=made[0].number))
            return _back(made[0])
    return page("fleet/order_new.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.get(ORDER)
@permission("fleet.view")
def maintenance_order(asset_number: str, number: int) -> Response:
    """One work order: what, on which vehicle, its lines, its steps."""
    return _show(queries.get_order(g.place.id, number))


@blueprint.get(f"{ORDER}/print")
@permission("fleet.view")
def maintenance_order_print(asset_number: str, number: int) -> Response:
    """The paper that goes to the workshop."""
    order = queries.get_order(g.place.id, number)
    plan = queries.get_plan(g.place.id, order.plan_id) if order.plan_id else None
    return page(
        "fleet/order_print.html",
        order=order,
        unit=unit_of(order.unit_id),
        plan=plan,
        lines=queries.lines_of(order.id),
        words=words,
    )


@blueprint.post(f"{ORDER}/amend")
@permission("fleet.maintain")
def maintenance_order_amend(asset_number: str, number: int) -> Response:
    """Change what it says."""
    return _step(
        number,
        "amend",
        lambda order, form: service.amend_order(
            order_id=order.id,
            title=form.title.data,
            supplier=form.supplier.data,
            note=form.note.data,
            actor=current_actor(),
        ),
    )


@blueprint.post(f"{ORDER}/lines")
@permission("fleet.maintain")
def maintenance_order_line(asset_number: str, number: int) -> Response:
    """Add a part or an hour of work."""

    def add(order: WorkOrder, form: Any) -> None:
        actor = current_actor()
        form.just_once(
            actor,
            lambda: service.add_line(
                order_id=order.id,
                kind=LineKind(form.kind.data),
                description=form.description.data,
                quantity=form.quantity.data,
                unit_price=form.unit_price.data.minor,
                actor=actor,
            ),
        )

    return _step(number, "line", add)


@blueprint.post(f"{ORDER}/lines/<uuid:line_id>/strike")
@permission("fleet.maintain")
def maintenance_order_strike(asset_number: str, number: int, line_id: uuid.UUID) -> Response:
    """Strike a line out."""
    order = queries.get_order(g.place.id, number)
    line = service.remove_line(order_id=order.id, line_id=line_id, actor=current_actor())
    again = {
        "line-kind": line.kind,
        "line-description": line.description,
        "line-quantity": f"{line.quantity / 1000:.3f}",
        "line-unit_price": Money(line.unit_price, order.currency).to_major_str(),
    }
    undo = url_for(".maintenance_order_line", asset_number=asset_number, number=number)
    toast(_("Struck out."), "info", undo=undo, **again)
    return _back(order)


@blueprint.post(f"{ORDER}/start")
@permission("fleet.maintain")
def maintenance_order_start(asset_number: str, number: int) -> Response:
    """The vehicle is in the workshop."""
    order = queries.get_order(g.place.id, number)
    try:
        service.start(order_id=order.id, actor=current_actor())
    except DomainError as error:
        return _show(queries.get_order(g.place.id, number), refused=error)
    toast(_("Begun."))
    return _back(order)


@blueprint.post(f"{ORDER}/done")
@permission("fleet.maintain")
def maintenance_order_done(asset_number: str, number: int) -> Response:
    """The work is done; the toast takes it back."""

    def done(order: WorkOrder, form: Any) -> None:
        kilometres = form.odometer.data
        service.finish(
            order_id=order.id,
            odometer_m=None if kilometres is None else kilometres * METRES,
            done_on=form.done_on.data,
            actor=current_actor(),
        )
        undo = url_for(".maintenance_order_take_back", asset_number=asset_number, number=number)
        toast(_("Work order %(number)s is done.", number=number), undo=undo)

    return _step(number, "done", done)


@blueprint.post(f"{ORDER}/take-back")
@permission("fleet.maintain")
def maintenance_order_take_back(asset_number: str, number: int) -> Response:
    """It was not done after all."""
    order = queries.get_order(g.place.id, number)
    try:
        service.take_back(order_id=order.id, actor=current_actor())
    except DomainError as error:
        return _show(queries.get_order(g.place.id, number), refused=error)
    toast(_("Under way again, and the plan stands as it stood."), "info")
    return _back(order)


@blueprint.post(f"{ORDER}/cancel")
@permission("fleet.maintain")
def maintenance_order_cancel(asset_number: str, number: int) -> Response:
    """It will not be done."""
    return _step(
        number,
        "cancel",
        lambda order, form: service.cancel(order_id=order.id, reason=form.reason.data, actor=current_actor()),
    )


def _step(number: int, name: str, work: Callable[[WorkOrder, Any], object]) -> Response:
    """One form of the order's page: done and back to it, or the page with the form as it was filled in."""
    order = queries.get_order(g.place.id, number)
    form = _forms(order)[name](None)
    if form.validate_on_submit():
        try:
            work(order, form)
        except DomainError as error:
            form.refuse(error)
        else:
            return _back(order)
    return _show(queries.get_order(g.place.id, number), **{name: form})


def _forms(order: WorkOrder) -> dict[str, Callable[[Any], Any]]:
    """The forms of an order's page by name; given the empty tuple they are fresh, given None they read the request."""
    saying = {"title": order.title, "supplier": order.supplier, "note": order.note}

    def lined(sent: Any) -> LineForm:
        form = LineForm(prefix="line", **_from(sent))
        form.kind.offer([(each.value, words.line_kind(each)) for each in LineKind])
        return form

    return {
        "amend": lambda sent: AmendOrderForm(prefix="amend", **_from(sent), **({} if sent is None else saying)),
        "line": lined,
        "done": lambda sent: DoneForm(prefix="done", **_from(sent)),
        "cancel": lambda sent: CancelOrderForm(prefix="cancel", **_from(sent)),
    }


def _from(sent: Any) -> dict[str, Any]:
    return {} if sent is None else {"formdata": None}


def _show(order: WorkOrder, refused: DomainError | None = None, **forms: Any) -> Response:
    wrong = refused is not None or bool(forms)
    return page(
        "fleet/order.html",
        order=order,
        unit=unit_of(order.unit_id),
        plan=queries.get_plan(g.place.id, order.plan_id) if order.plan_id else None,
        lines=queries.lines_of(order.id),
        shown=queries.meters_of([order.unit_id])[order.unit_id],
        unfinished=order.status in UNFINISHED,
        forms={name: forms.get(name) or make(()) for name, make in _forms(order).items()},
        opened=next(iter(forms), None),
        refused=refused,
        moments=words.life_of(trail(subject="work_order", subject_id=order.id)),
        words=words,
        status=(refused.status if refused is not None else 422) if wrong else 200,
    )


def _offered(form: OrderForm) -> OrderForm:
    form.unit.offer(offered(vehicles(), _("Choose a vehicle")))
    plans = queries.standing_of(g.place.id, shell().local_date)
    form.plan.offer(
        [
            ("", _("None")),
            *(
                (each.plan.id, f"{each.unit.number} · {each.plan.name} ({words.reason_words(each.due)})")
                for each in plans
            ),
        ]
    )
    return form


def _fill_in(form: OrderForm) -> None:
    """From a vehicle's page or a plan that is due."""
    asked = find_unit(g.place.id, request.args.get("vehicle", "")[:40], UnitKind.VEHICLE)
    form.unit.data = str(asked.id) if asked else ""
    try:
        plan = queries.get_plan(g.place.id, parse.uuid(request.args["plan"], "plan"))
    except (KeyError, DomainError):
        return
    form.unit.data, form.plan.data, form.title.data = str(plan.unit_id or ""), str(plan.id), plan.name


def _back(order: WorkOrder) -> Response:
    return go(url_for(".maintenance_order", asset_number=g.place.asset_number, number=order.number))


def _wanted() -> WantedOrders:
    """The chips of the address, read leniently: a filter nobody knows filters nothing."""
    asked = request.args
    state = asked.get("state", "")
    unit = find_unit(g.place.id, asked.get("vehicle", "")[:40], UnitKind.VEHICLE) if asked.get("vehicle") else None
    return WantedOrders(
        statuses=UNFINISHED if state == "unfinished" else (state,) if state in set(OrderStatus) else (),
        unit_id=unit.id if unit else None,
        since=since(*DAYS),
        search=searched(),
    )
