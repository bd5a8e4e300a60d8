"""The rate grid: prices and restrictions of a plan by type and night, typed in like a sheet."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.clock import utcnow
from portal.core.errors import Invalid
from portal.core.parse.errors import ParseError
from portal.core.words import _, ngettext
from portal.trades.hotel import shorthand
from portal.trades.hotel.models import RateChange, RatePlan
from portal.trades.hotel.pricing import derived, followed
from portal.trades.hotel.queries import rates as queries
from portal.trades.hotel.queries.inventory import Key, room_type_at
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import plan_at, rate_plans
from portal.trades.hotel.queries.rates import Sheet
from portal.trades.hotel.queries.tariffs import tariff
from portal.trades.hotel.services import rate_sheets
from portal.trades.hotel.shorthand import Rule
from portal.web.download import csv_file
from portal.web.frontdesk import rate_words
from portal.web.frontdesk.rate_forms import LONG_AGO, TOO_FAR, amount_text
from portal.web.frontdesk.rate_forms import night as night_of
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

SPANS = (7, 14, 31)
#: So many of the last edits are shown.
EDITS = 5


@blueprint.get("/<asset_number>/rates")
@permission("hotel.rates")
def rates(asset_number: str) -> Response:
    """The grid of a plan from a day on."""
    return _grid()


@blueprint.post("/<asset_number>/rates")
@permission("hotel.rates")
def rates_save(asset_number: str) -> Response:
    """Write the cells that were typed in, all or none of them."""
    seen = _sheet(rate_plans(g.place.id))
    prices, rules, wrong = _typed(request.form, seen)
    if wrong:
        return _grid(wrong)
    prices = {key: price for key, price in prices.items() if seen.prices.get(key) != price}
    rules = {key: rule for key, rule in rules.items() if seen.rules.get(key, {}) != rule}
    made = rate_sheets.type_in(
        asset_id=g.place.id,
        plan_id=seen.plan.id if seen.plan else None,
        prices=prices,
        rules=rules,
        actor=current_actor(),
    )
    if made:
        count = sum(each.said["cells"] for each in made)
        undo = url_for(".rates_undo", asset_number=asset_number)
        said = ngettext("%(num)s cell is changed.", "%(num)s cells are changed.", count)
        toast(said, undo=undo, changes=",".join(str(each.id) for each in made))
    else:
        toast(_("Nothing was changed."), "info")
    return go(f"{url_for('.rates', asset_number=asset_number)}{_asked()}")


@blueprint.post("/<asset_number>/rates/undo")
@permission("hotel.rates")
def rates_undo(asset_number: str) -> Response:
    """Take an edit back as a whole."""
    ids = [parse.uuid(each, "changes") for each in request.form.get("changes", "").split(",")]
    rate_sheets.undo(asset_id=g.place.id, change_ids=ids, actor=current_actor())
    toast(_("Taken back: the cells are as they were."))
    return go(url_for(".rates", asset_number=asset_number))


@blueprint.get("/<asset_number>/rates.csv")
@permission("hotel.rates")
def rates_export(asset_number: str) -> Response:
    """The grid for a spreadsheet, a line for each type and night."""
    seen = _sheet(rate_plans(g.place.id))
    rows = (
        (
            seen.plan.code if seen.plan else "",
            each.code,
            night.isoformat(),
            amount_text(seen.prices[each.id, night], g.place.currency) if (each.id, night) in seen.prices else None,
            shorthand.written(seen.rules.get((each.id, night))),
        )
        for each in seen.types
        for night in seen.nights
    )
    return csv_file(f"rates-{asset_number}", ["plan", "room_type", "night", "price", "restrictions"], rows)


@blueprint.get("/<asset_number>/rates/why/<plan>/<room_type>/<night>")
@permission("hotel.rates")
def rates_why(asset_number: str, plan: str, room_type: str, night: str) -> Response:
    """How a price is counted: from the plan whose prices are written down, step by step, with what is taxed in it."""
    of_type, on = room_type_at(g.place.id, room_type), night_of(night, "night")
    chosen, plans = plan_at(g.place.id, plan), rate_plans(g.place.id, retired=True)
    known = tariff(g.place, [of_type.id], on, on + timedelta(days=1))
    chain = list(reversed(queries.chain_of(chosen, plans)))
    rate = known.rates.get((chain[0].id, of_type.id, on))
    steps = [(chain[0], rate.price)] if rate else []
    for each in chain[1:] if rate else ():
        steps.append((each, followed(steps[-1][1], each)))
    quoted = known.nights(chosen, of_type, [on], adults=of_type.adults, children=0) if rate else []
    assert not rate or chosen.complimentary or derived(rate.price, chain[::-1]) == quoted[0].price
    return page(
        "frontdesk/rate_why.html",
        "panel",
        room_type=of_type,
        plan=chosen,
        by_id={each.id: each for each in plans},
        night=on,
        steps=steps,
        rate=rate,
        quoted=quoted[0] if quoted else None,
        words=rate_words,
    )


def _grid(wrong: Mapping[str, str] | None = None) -> Response:
    plans = rate_plans(g.place.id)
    seen, today = _sheet(plans), business_date(g.place)
    return page(
        "frontdesk/rates.html",
        "grid",
        sheet=seen,
        plans=plans,
        families=list(queries.families(plans)),
        by_id={each.id: each for each in plans},
        today=today,
        spans=SPANS,
        edits=[(each, _undoable(each)) for each in queries.lately(g.place.id, most=EDITS)],
        wrong=wrong or {},
        typed=request.form if wrong else {},
        asked=_asked(),
        elsewhere={key: " ".join(map(shorthand.written, rules)) for key, rules in seen.general.items()},
        amount=amount_text,
        short=shorthand.written,
        words=rate_words,
        status=422 if wrong else 200,
    )


def _asked() -> str:
    """The query of this address, to be laid behind another of the same grid."""
    return f"?{urlencode(request.args.to_dict())}" if request.args else ""


def _undoable(edit: RateChange) -> bool:
    return edit.undone_at is None and edit.created_at > utcnow() - rate_sheets.UNDONE_WITHIN


def _sheet(plans: Sequence[RatePlan]) -> Sheet:
    """What the address asks for: a plan by its code ("-" is all plans at once), a first day, so many days."""
    asked, days = request.args.get("plan", ""), request.args.get("days", "")
    first = plans[0] if plans and asked != "-" else None
    chosen = next((each for each in plans if each.code == asked.upper()), first)
    span = int(days) if days in map(str, SPANS) else SPANS[1]
    return queries.sheet(g.place.id, chosen, rate_plans(g.place.id, retired=True), first_day(), span)


def first_day() -> date:
    """The day the grid begins with: the address says it, else it is today."""
    try:
        return night_of(request.args.get("from"), "from")
    except ParseError:
        return business_date(g.place)


def _typed(form: Mapping[str, str], seen: Sheet) -> tuple[dict[Key, int | None], dict[Key, Rule], dict[str, str]]:
    """The cells that were sent: prices, restrictions, and what is wrong with which."""
    prices: dict[Key, int | None] = {}
    rules: dict[Key, Rule] = {}
    wrong: dict[str, str] = {}
    for name, kind, key in _cells(form):
        value = form[name]
        try:
            if kind == "r":
                rules[key] = shorthand.read(value)
            elif seen.own:
                currency = g.place.currency
                blank = parse.is_blank(value)
                said = None if blank else parse.money(value, name, currency=currency, label=_("price"), minimum=0)
                prices[key] = said.minor if said else None
        except (ParseError, Invalid) as error:
            wrong[name] = error.message
    return prices, rules, wrong


def _cells(form: Mapping[str, str]) -> Iterator[tuple[str, str, Key]]:
    """The names of cells: what is in it, its type, its night."""
    for name in form:
        kind, _dot, rest = name.partition(".")
        type_id, _dot, night = rest.partition(".")
        if kind in ("p", "r"):
            try:
                key = uuid.UUID(type_id), date.fromisoformat(night)
            except ValueError:
                continue
            if LONG_AGO < key[1].year < TOO_FAR:
                yield name, kind, key
