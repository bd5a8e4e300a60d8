"""Many prices or restrictions at once: what would change is shown first, and exactly that is written."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from flask import Response, g, request, url_for
from wtforms.fields import SelectChoice

from portal.core.errors import DomainError
from portal.core.words import _, ngettext
from portal.trades.hotel import shorthand
from portal.trades.hotel.models import RateChange, RatePlan
from portal.trades.hotel.queries import rates as queries
from portal.trades.hotel.queries.inventory import room_types
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import rate_plans
from portal.trades.hotel.queries.rates import Cell, Change, Span
from portal.trades.hotel.services import rate_sheets
from portal.web.frontdesk import rate_words
from portal.web.frontdesk.rate_forms import WEEKDAYS, LimitsForm, ManyForm, PricesForm, amount_text, parts
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

F = TypeVar("F", bound=ManyForm)
#: So many nights of what would change are shown; the rest is counted.
SHOWN = 62


@blueprint.route("/<asset_number>/rates/prices", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_prices(asset_number: str) -> Response:
    """Set or move the prices of a stretch of nights."""
    plans = [each for each in rate_plans(g.place.id) if each.parent_id is None]
    form = _form(PricesForm, [(each.id, f"{each.code} · {each.name}") for each in plans])

    def look() -> list[Cell]:
        return queries.changed_rates(queries.get_plan(g.place.id, form.plan.data), _span(form), _change(form))

    def write() -> RateChange | None:
        return rate_sheets.set_rates(
            asset_id=g.place.id, plan_id=form.plan.data, span=_span(form), change=_change(form),
            seen=form.seen.data, actor=current_actor(),
        )  # fmt: skip

    return _answer(form, plans, look, write, _price_text)


@blueprint.route("/<asset_number>/rates/limits", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_limits(asset_number: str) -> Response:
    """Set or lift restrictions of a stretch of nights."""
    plans = rate_plans(g.place.id)
    names = [("", _("All plans")), *((each.id, f"{each.code} · {each.name}") for each in plans)]
    form = _form(LimitsForm, names)
    form.lifted.choices = [SelectChoice(name, rate_words.restriction_words(name)) for name in queries.RULES]
    by_id = {each.id: each for each in plans}

    def look() -> list[Cell]:
        return queries.changed_rules(by_id.get(form.plan.data), _span(form), form.rule.data, form.lifted.data or [])

    def write() -> RateChange | None:
        return rate_sheets.set_rules(
            asset_id=g.place.id, plan_id=form.plan.data, span=_span(form), rule=form.rule.data,
            lifted=form.lifted.data or [], seen=form.seen.data, actor=current_actor(),
        )  # fmt: skip

    return _answer(form, plans, look, write, lambda cell: shorthand.written(cell))


def _form(kind: type[F], plans: Sequence[tuple[Any, str]]) -> F:
    """The form as it was sent, by the address to look or by a POST to write; else one for the next seven nights."""
    asked = bool(request.args.get("start")) and request.method == "GET"
    form = kind(request.args, meta={"csrf": False}) if asked else kind()
    types = room_types(g.place.id)
    form.types.choices = [SelectChoice(str(each.id), each.name) for each in types]
    form.plan.offer(plans)
    if request.method == "GET" and not asked:
        code, today = request.args.get("plan", ""), business_date(g.place)
        form.plan.data = next(
            (str(key) for key, said in plans if said.startswith(f"{code} ·")), str(plans[0][0]) if plans else ""
        )
        form.types.data = [str(each.id) for each in types]
        form.weekdays.data = [key for key, _words in WEEKDAYS]
        form.start.data, form.end.data = today, today + timedelta(days=6)
    return form


def _answer(
    form: Any,
    plans: Sequence[RatePlan],
    look: Callable[[], list[Cell]],
    write: Callable[[], RateChange | None],
    text: Callable[[Any], str],
) -> Response:
    cells: list[Cell] | None = None
    try:
        if request.method == "POST" and form.validate_on_submit() and form.seen.data:
            return _written(write())
        if form.start.data and (request.method == "POST" or request.args.get("start")) and form.validate():
            cells = look()
            form.seen.data = queries.fingerprint(cells)
    except DomainError as error:
        form.refuse(error)
        if request.method == "POST" and not form.errors.get("start"):
            cells = _looked(look)
    nights = sorted({each.night for each in cells or ()})
    return page(
        "frontdesk/rates_many.html",
        "preview",
        form=form,
        prices=isinstance(form, PricesForm),
        plans=plans,
        types=[each for each in room_types(g.place.id) if str(each.id) in (form.types.data or [])],
        cells=cells,
        by_key={(each.type_id, each.night): each for each in cells or ()},
        nights=nights[:SHOWN],
        more=len(nights) - SHOWN,
        text=text,
        words=rate_words,
        status=422 if form.errors else 200,
    )


def _looked(look: Callable[[], list[Cell]]) -> list[Cell] | None:
    """What would change now, after somebody else was quicker."""
    try:
        return look()
    except DomainError:
        return None


def _written(change: RateChange | None) -> Response:
    number = g.place.asset_number
    if change is None:
        toast(_("Nothing was changed."), "info")
        return go(url_for(".rates", asset_number=number))
    said = ngettext("%(num)s night is changed.", "%(num)s nights are changed.", change.said["cells"])
    toast(said, undo=url_for(".rates_undo", asset_number=number), changes=str(change.id))
    return go(url_for(".rates", asset_number=number, plan=change.said["plan"] or "-", **{"from": change.said["from"]}))


def _span(form: ManyForm) -> Span:
    chosen = {uuid.UUID(each) for each in form.types.data or []}
    return Span(
        queries.types_named(g.place.id, chosen),
        form.start.data,
        form.end.data,
        frozenset(int(each) for each in form.weekdays.data or []),
    )


def _change(form: PricesForm) -> Change:
    how = form.how.data
    value = parts(form.value, "percent" if how == "percent" else "amount", field_name="value")
    step = parts(form.rounding, "amount", field_name="rounding") if form.rounding.data else 1
    return Change(how, max(0, value) if how == "set" else value, form.column.data, max(1, step))


def _price_text(cell: Any) -> str:
    """The figure of a cell that the form is about."""
    if cell is None:
        return "–"
    column = request.values.get("column", "price")
    at = queries.COLUMNS.index(column) if column in queries.COLUMNS else 0
    return amount_text(cell[at], g.place.currency)
