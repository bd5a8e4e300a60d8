"""One stay: its page, the panel beside the board, and the steps that are one click."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.words import _
from portal.shared.audit.queries import trail
from portal.shared.customers.queries import get_customer
from portal.trades.hotel.models import Stay, StayStatus
from portal.trades.hotel.queries.board import lines_of
from portal.trades.hotel.queries.finding import stay_at, written_on
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import rate_plans
from portal.trades.hotel.queries.readiness import obstacles
from portal.trades.hotel.queries.stays import nights_of_stays, reservation_at, stays_of
from portal.trades.hotel.services import desk, folio_money, stays, undoing
from portal.web.filters import money
from portal.web.frontdesk import words
from portal.web.frontdesk.stay_forms import CheckInForm, CheckOutForm, SettleForm, VersionForm
from portal.web.frontdesk.stay_words import life_of
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, local_path, page, toast

ONE = "/<asset_number>/stays/<stay>"
TABS = ("stay", "guests", "folio", "notes", "log")


@blueprint.get(ONE)
@permission("hotel.view")
def stay(asset_number: str, stay: str) -> Response:
    """Everything about one stay, on a page of its own."""
    return _shown(stay_at(g.place.id, stay), "main")


@blueprint.get(f"{ONE}/panel")
@permission("hotel.view")
def stay_panel(asset_number: str, stay: str) -> Response:
    """The same beside the board or the chart."""
    return _shown(stay_at(g.place.id, stay), "panel")


@blueprint.post(f"{ONE}/check-in")
@permission("hotel.book")
def stay_check_in(asset_number: str, stay: str) -> Response:
    """The guest is here; what is missing is told beside the button."""
    found, form = stay_at(g.place.id, stay), CheckInForm()
    form.offer_rooms(found)
    if not form.validate_on_submit():
        return _shown(found, "panel", check_in=form, status=422)
    override = form.reason.data if may("hotel.override") else None
    try:
        desk.arrive(
            asset_id=g.place.id,
            card=form.card,
            stay_id=found.id,
            version=form.seen,
            room_id=form.room.data,
            override=override or None,
            early=bool(form.early.data),
            fee=bool(form.fee.data),
            actor=current_actor(),
        )
    except DomainError as error:
        form.refuse(error)
        return _shown(found, "panel", check_in=form, status=error.status)
    line = lines_of(g.place, [found.id])[found.id]
    return done(found, _("Checked in %(guest)s, %(room)s.", guest=line.guest, room=line.room))


@blueprint.post(f"{ONE}/check-out")
@permission("hotel.book")
def stay_check_out(asset_number: str, stay: str) -> Response:
    """The guest leaves."""
    found, form = stay_at(g.place.id, stay), CheckOutForm()
    if not form.validate_on_submit():
        return _shown(found, "panel", check_out=form, status=422)
    reason = form.reason.data if may("hotel.override") else None
    try:
        stays.check_out(
            asset_id=g.place.id,
            stay_id=found.id,
            version=form.seen,
            reason=reason or None,
            fee=bool(form.fee.data),
            actor=current_actor(),
        )
    except DomainError as error:
        form.refuse(error)
        return _shown(found, "panel", check_out=form, status=error.status)
    line = lines_of(g.place, [found.id])[found.id]
    return done(found, _("Checked out %(guest)s, %(room)s.", guest=line.guest, room=line.room or "–"))


@blueprint.post(f"{ONE}/settle")
@permission("hotel.book")
def stay_settle(asset_number: str, stay: str) -> Response:
    """Take what is owed, and the guest leaves."""
    found, form = stay_at(g.place.id, stay), SettleForm()
    actor, line = current_actor(), lines_of(g.place, [found.id])[found.id]
    if not form.validate_on_submit():
        return _shown(found, "panel", settle=form, status=422)
    try:
        stays.in_house(found)
        folio_money.take(
            folio_id=written_on(found.id)[0][0].id,
            way=form.way.data,
            amount=form.amount.data.minor,
            slip=form.slip.data or None,
            idem_key=f"settle:{form.once.data}",
            actor=actor,
        )
        stays.check_out(asset_id=g.place.id, stay_id=found.id, version=form.seen, actor=actor)
    except DomainError as error:
        form.refuse(error)
        return _shown(found, "panel", settle=form, status=error.status)
    paid = money(form.amount.data)
    said = _("%(guest)s has paid %(amount)s and left %(room)s.", guest=line.guest, amount=paid, room=line.room or "–")
    return done(found, said)


@blueprint.post(f"{ONE}/undo")
@permission("hotel.book")
def stay_undo(asset_number: str, stay: str) -> Response:
    """Take the last step back."""
    found, form = stay_at(g.place.id, stay), VersionForm()
    undoing.undo(asset_id=g.place.id, stay_id=found.id, version=form.seen, actor=current_actor())
    toast(_("Taken back."), "info")
    return go(back_to(found))


def done(found: Stay, said: str, undo: str | None = None) -> Response:
    """After a step: said in the corner with its way back, none if it is empty, and on to where one was."""
    step_back = url_for("frontdesk.stay_undo", asset_number=g.place.asset_number, stay=str(found.id))
    toast(said, undo=step_back if undo is None else undo)
    return go(back_to(found))


def back_to(found: Stay) -> str:
    """The board or the chart one came from, else the stay's own page."""
    here = url_for("frontdesk.stay", asset_number=g.place.asset_number, stay=str(found.id))
    before = local_path(request.referrer) or ""
    index = url_for("frontdesk.index", asset_number=g.place.asset_number)
    return before if before.startswith(index) and "/stays/" not in before else here


def _shown(found: Stay, block: str, status: int = 200, **forms: Any) -> Response:
    """A stay's page or panel, with a form that was refused as it was filled in."""
    line = lines_of(g.place, [found.id])[found.id]
    reservation = reservation_at(g.place.id, str(found.reservation_id))
    tab = request.values.get("tab", "stay")
    arriving = found.status == StayStatus.CONFIRMED
    step = undoing.last_step(found.id)
    check_in = forms.get("check_in")
    if check_in is None and arriving:
        check_in = CheckInForm(formdata=None)
        check_in.offer_rooms(found)
    return page(
        "frontdesk/stay.html",
        block,
        stay=found,
        line=line,
        reservation=reservation,
        tab=tab if tab in TABS else "stay",
        at=url_for("frontdesk.stay", asset_number=g.place.asset_number, stay=str(found.id)),
        others=[each for each in stays_of(found.reservation_id) if each.id != found.id],
        nights=[each for each in nights_of_stays([found.id])[found.id] if not each.released or found.day_use],
        plan=next((each for each in rate_plans(g.place.id, retired=True) if each.id == found.rate_plan_id), None),
        obstacles=obstacles(g.place, found) if arriving else [],
        today=business_date(g.place),
        folios=written_on(found.id),
        booker=get_customer(reservation.booker_id),
        check_in=check_in,
        settle=forms.get("settle") or _settling(line.balance),
        check_out=forms.get("check_out") or CheckOutForm(formdata=None),
        undo=step if step and step.business_date == business_date(g.place) and "group" in step.after else None,
        moments=life_of(trail(subject="stay", subject_id=found.id)) if tab == "log" or block == "main" else [],
        money=may("payments.view"),
        knows_guests=may("hotel.guests"),
        may_book=may("hotel.book"),
        may_override=may("hotel.override"),
        words=words,
        status=status,
    )


def _settling(owed: int) -> SettleForm:
    form = SettleForm(formdata=None)
    form.amount.data = Money(max(owed, 0), g.place.currency)
    return form
