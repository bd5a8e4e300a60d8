"""The months of the books: what hangs in the air, closing, and opening again for a reason."""

from __future__ import annotations

from datetime import date

from flask import Response, current_app, g, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.reporting import books_check, closing
from portal.shared.assets.models import Asset
from portal.shared.ledger import queries
from portal.shared.ledger.services import periods
from portal.web.books import blueprint, words
from portal.web.books.forms import ReasonForm
from portal.web.context import NOTICES, Notice, shell
from portal.web.forms import BaseForm
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

#: Where each kind of thing that hangs in the air is brought to its end.
DESKS = {
    closing.HELD: "payments.review",
    closing.UNCLAIMED: "payments.mobile",
    closing.PAYOUTS: "payments.payouts",
    closing.REFUNDS: "payments.refunds",
}


@blueprint.get("/<asset_number>/months")
@permission("books.view")
def months(asset_number: str) -> Response:
    """Which months are closed, and whose turn is next."""
    found = queries.months_of(g.place.id, shell().business_date)
    last = max((each.starts_on for each in found if each.closed), default=None)
    open_ones = [each.starts_on for each in found if last is None or each.starts_on > last]
    due = min(open_ones) if any(each.entries for each in found) else None
    return page(
        "books/months.html",
        "rows",
        months=found,
        due=due if due and periods.ended(g.place, due) else None,
        last=last,
        words=words,
    )


@blueprint.get("/<asset_number>/months/<month>")
@permission("books.view")
def month(asset_number: str, month: str) -> Response:
    """One month: what to look at before it is closed, or the reason to open it again."""
    return _show(_read(month), ReasonForm(formdata=None))


@blueprint.post("/<asset_number>/months/<month>/close")
@permission("books.close")
def close(asset_number: str, month: str) -> Response:
    """Book nothing more into it."""
    wanted, form = _read(month), BaseForm()
    if form.validate_on_submit():
        try:
            periods.close(place=g.place, month=wanted, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(month)s is closed.", month=words.month_words(wanted)))
            return go(url_for(".months", asset_number=asset_number))
    return _show(wanted, ReasonForm(formdata=None), refused=form.form_errors)


@blueprint.post("/<asset_number>/months/<month>/reopen")
@permission("books.close")
def reopen(asset_number: str, month: str) -> Response:
    """Open the latest closed month again."""
    wanted, form = _read(month), ReasonForm()
    if form.validate_on_submit():
        try:
            periods.reopen(place=g.place, month=wanted, reason=form.reason.data or "", actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(month)s is open again.", month=words.month_words(wanted)))
            return go(url_for(".month", asset_number=asset_number, month=f"{wanted:%Y-%m}"))
    return _show(wanted, form)


def _read(month: str) -> date:
    return parse.day(f"{month}-01", "month", label=_("month"))


def _show(wanted: date, form: ReasonForm, refused: list[str] | None = None) -> Response:
    found = {each.starts_on: each for each in queries.months_of(g.place.id, wanted)}
    due = queries.next_to_close(g.place.id)
    return page(
        "books/month.html",
        "month",
        month=wanted,
        found=found.get(wanted),
        due=due,
        over=periods.ended(g.place, wanted),
        last=queries.last_closed(g.place.id),
        hanging=[(each, _desk(each.kind)) for each in closing.hanging(g.place, wanted)],
        form=form,
        refused=refused,
        words=words,
        status=422 if refused or form.errors else 200,
    )


def _desk(kind: str) -> str | None:
    endpoint = DESKS[kind]
    known = endpoint in current_app.view_functions
    return url_for(endpoint, asset_number=g.place.asset_number) if known else None


def _off(place: Asset) -> list[Notice]:
    """The line under the bell when the nightly look found that the books do not add up."""
    found = books_check.last()
    wrong = found[1].get("wrong") if found else None
    return [Notice(_("The books do not add up"), url_for("admin.health"), "scale")] if wrong else []


NOTICES.append(("health.view", _off))
