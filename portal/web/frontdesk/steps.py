"""The steps of a stay that are looked at before they are made: another room, other dates, a swap, a cancellation.

Each is a page of its own and, on the chart and the board, a line over it; nothing is written before the button.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.parse.errors import ParseError
from portal.core.words import _, ngettext
from portal.trades.hotel.errors import NoRate, Restricted
from portal.trades.hotel.models import Stay, StayNight, StayStatus
from portal.trades.hotel.queries.board import Line, lines_of
from portal.trades.hotel.queries.fees import fees_now
from portal.trades.hotel.queries.finding import stay_at
from portal.trades.hotel.queries.inventory import get_room_type
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import agree_more, quote, rate_plans
from portal.trades.hotel.queries.rooms_free import Choice, rooms_for
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.services import amendments, cancellations, desk, moving
from portal.trades.hotel.services.reservations import LONGEST
from portal.trades.hotel.times import nights_between
from portal.web.filters import day, money
from portal.web.frontdesk.stay_forms import (
    AmendForm,
    CancelForm,
    DatesForm,
    MoveForm,
    PlaceForm,
    StepForm,
    SwapForm,
    seen_version,
    shift_of,
)
from portal.web.frontdesk.stays import ONE, back_to, done
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, may, permission
from portal.web.htmx import go, page, toast

AMENDED = ("adults", "children", "eta_minute", "note")


@blueprint.route(f"{ONE}/move", methods=["GET", "POST"])
@permission("hotel.book")
def step_move(asset_number: str, stay: str) -> Response:
    """Another room, at once or from a day on."""
    found, form = stay_at(g.place.id, stay), MoveForm()
    choices = rooms_for(g.place, found)
    form.offer_rooms(choices)
    asked = next((each for each in choices if each.number == request.args.get("room")), None)
    if not form.is_submitted() and asked is not None:
        form.room.data = str(asked.room_id)
    line = lines_of(g.place, [found.id])[found.id]
    chosen = next((each for each in choices if str(each.room_id) == str(form.room.data)), asked)
    said = _moved_words(found, line, chosen)

    def act() -> None:
        moving.move_room(
            asset_id=g.place.id,
            stay_id=found.id,
            version=form.seen,
            room_id=form.room.data,
            from_on=form.from_on.data,
            new_price=form.price.data == "new",
            override=_leave(form),
            force=_forced(form),
            actor=current_actor(),
        )

    refusal = asked.why_not() if asked is not None and not asked.free else None
    return _step("move", found, form, act, said, _("Move"), _moved(line), line=line, refusal=refusal)


@blueprint.route(f"{ONE}/dates", methods=["GET", "POST"])
@permission("hotel.book")
def step_dates(asset_number: str, stay: str) -> Response:
    """Longer, shorter, or on other days; on the chart in another room as well."""
    found, form = stay_at(g.place.id, stay), PlaceForm()
    choices = rooms_for(g.place, found)
    form.room.offer([("", ""), *((each.room_id, each.number) for each in choices)])
    if not form.is_submitted():
        _asked_dates(form, found)
        room = next((each for each in choices if each.number == request.args.get("room")), None)
        form.room.data = str(room.room_id) if room else ""
    line = lines_of(g.place, [found.id])[found.id]

    def act() -> None:
        desk.place_anew(
            asset_id=g.place.id,
            stay_id=found.id,
            version=form.seen,
            arrival=form.arrival.data,
            departure=form.departure.data,
            room_id=form.room.data or None,
            choice=form.choice.data or None,
            force=_forced(form),
            reason=form.reason.data or None,
            actor=current_actor(),
        )

    said = _dated_words(found, form, line)
    to = next((each.number for each in choices if str(each.room_id) == str(form.room.data)), None)
    if to is not None and to != line.room:
        said.insert(1, f"{line.room or _('no room')} → {to}")
    return _step("dates", found, form, act, said, _("Change the dates"), _("Dates changed."), line=line)


@blueprint.route(f"{ONE}/swap", methods=["GET", "POST"])
@permission("hotel.book")
def step_swap(asset_number: str, stay: str) -> Response:
    """Two stays in each other's rooms."""
    found, form = stay_at(g.place.id, stay), SwapForm()
    if not form.is_submitted():
        form.other.data = request.args.get("other", "")[:50]
    line, other = lines_of(g.place, [found.id])[found.id], None
    if form.other.data:
        with_stay = stay_at(g.place.id, form.other.data)
        other = lines_of(g.place, [with_stay.id])[with_stay.id]
        if not form.is_submitted():
            form.other_version.data = str(other.version)

    def act() -> None:
        assert other is not None
        moving.swap(
            asset_id=g.place.id,
            stay_ids=(found.id, other.stay_id),
            versions=(form.seen, seen_version(form.other_version.data)),
            actor=current_actor(),
        )

    said = (
        _("%(one)s goes to %(room)s, %(other)s to %(old)s.", one=line.guest, room=other.room or "–", other=other.guest,
          old=line.room or "–")
        if other
        else _("Say with which stay, by its number.")
    )  # fmt: skip
    return _step("swap", found, form, act, [said], _("Swap"), _("Swapped."), line=line)


@blueprint.route(f"{ONE}/<any(park, split):step>", methods=["GET", "POST"])
@permission("hotel.book")
def step_rooms(asset_number: str, stay: str, step: str) -> Response:
    """Into the parking lane for the moment; or over several rooms where no single one is free."""
    found, form = stay_at(g.place.id, stay), StepForm()
    line = lines_of(g.place, [found.id])[found.id]
    command = moving.park if step == "park" else moving.split

    def act() -> None:
        command(asset_id=g.place.id, stay_id=found.id, version=form.seen, actor=current_actor())

    if step == "park":
        said = [_("%(guest)s has no room until one is given; the others can be moved meanwhile.", guest=line.guest)]
        return _step(step, found, form, act, said, _("Park"), _("Parked."), line=line)
    return _step(step, found, form, act, _split_words(found), _("Split"), _("Split."), line=line)


@blueprint.route(f"{ONE}/amend", methods=["GET", "POST"])
@permission("hotel.book")
def step_amend(asset_number: str, stay: str) -> Response:
    """How many come, when, and what is to be known; the nights and their price stay."""
    found = stay_at(g.place.id, stay)
    form = AmendForm(data={name: getattr(found, name) for name in AMENDED})

    def act() -> None:
        amendments.amend_stay(
            asset_id=g.place.id,
            stay_id=found.id,
            version=form.seen or 0,
            actor=current_actor(),
            **{name: form[name].data for name in AMENDED[:-1]},
            note=form.note.data or None,
        )

    line = lines_of(g.place, [found.id])[found.id]
    said = [_("The nights and their price stay as they are.")]
    return _step("amend", found, form, act, said, _("Save"), _("Saved."), line=line, undo="")


@blueprint.route(f"{ONE}/<any(cancel, no_show):step>", methods=["GET", "POST"])
@permission("hotel.book")
def step_off(asset_number: str, stay: str, step: str) -> Response:
    """The stay will not come, or did not: its nights go back as agreed, for the fee its terms say."""
    found, form = stay_at(g.place.id, stay), CancelForm()
    line = lines_of(g.place, [found.id])[found.id]
    command = cancellations.cancel if step == "cancel" else cancellations.no_show

    def act() -> None:
        command(
            reservation_id=found.reservation_id,
            stay_ids=[found.id],
            reason=form.reason.data or None,
            waive=bool(form.waive.data) and may("hotel.override"),
            actor=current_actor(),
        )

    fee = fees_now([found], no_show=step == "no_show")[found.id]
    said = [f"{line.guest}: {day(line.arrival)} – {day(line.departure)}"]
    said.append(_("costs %(fee)s by its terms", fee=money(fee)) if fee else _("costs nothing by its terms"))
    verb, told = (
        (_("Cancel the stay"), _("Cancelled.")) if step == "cancel" else (_("They did not come"), _("Written down."))
    )
    undo = url_for(".stay_reinstate", asset_number=asset_number, stay=str(found.id))
    return _step(step, found, form, act, said, verb, told, line=line, grave=True, undo=undo, fee=fee)


@blueprint.post(f"{ONE}/reinstate")
@permission("hotel.book")
def stay_reinstate(asset_number: str, stay: str) -> Response:
    """They come after all, if there is still room."""
    found = stay_at(g.place.id, stay)
    cancellations.reinstate(reservation_id=found.reservation_id, stay_ids=[found.id], actor=current_actor())
    toast(_("Taken up again."))
    return go(back_to(found))


def _step(
    name: str, found: Stay, form: StepForm, act: Callable[[], Any], said: list[str], verb: str, told: str, *,
    undo: str | None = None, **more: Any,
) -> Response:  # fmt: skip
    """Show what would happen, or make it happen and go back to where one was."""
    status = 422
    if form.validate_on_submit():
        try:
            form.just_once(current_actor(), act)
        except DomainError as error:
            form.refuse(error)
            status = error.status
            proposals = getattr(error, "details", {}).get("proposals") or []
            if proposals and isinstance(form, DatesForm):
                form.choice.offer([(each["choice"], each["words"]) for each in proposals])
                form.choice.data, form.asks = proposals[0]["choice"], True
        else:
            return done(found, told, undo)
    elif not form.is_submitted():
        form.version.data = str(request.args.get("version") or found.version)
    return page(
        "frontdesk/step.html",
        "step",
        name=name,
        stay=found,
        form=form,
        said=said,
        verb=verb,
        at=url_for("frontdesk.stay", asset_number=g.place.asset_number, stay=str(found.id)),
        may_override=may("hotel.override"),
        status=status if form.errors else 200,
        **{"refusal": None, "grave": False, "fee": 0, **more},
    )


def _leave(form: StepForm) -> str | None:
    return form.reason.data or None if may("hotel.override") else None


def _forced(form: StepForm) -> bool:
    return bool(form.force.data) and may("hotel.override")


def _moved(line: Line) -> str:
    return _("Moved %(guest)s.", guest=line.guest)


def _moved_words(found: Stay, line: Line, chosen: Choice | None) -> list[str]:
    """ "204 to 305, Deluxe, +40.00 for 2 nights": what a move means before it is made."""
    if chosen is None:
        return [_("%(guest)s is in %(room)s.", guest=line.guest, room=line.room or _("no room yet"))]
    room_type = get_room_type(g.place.id, chosen.room_type_id)
    said = [f"{line.room or _('no room')} → {chosen.number}, {room_type.name}"]
    nights = _nights_left(found)
    plan = next((each for each in rate_plans(g.place.id, retired=True) if each.id == found.rate_plan_id), None)
    if room_type.id != found.room_type_id and plan is not None and nights and may("payments.view"):
        try:
            fresh = quote(
                g.place, room_type, plan, nights[0].night, nights[-1].night + timedelta(days=1), adults=found.adults,
                children=found.children, override=True,
            )  # fmt: skip
        except (NoRate, Restricted) as error:
            said.append(error.message)
        else:
            more = fresh.room_total - sum(each.agreed for each in nights)
            count = ngettext("%(num)s night", "%(num)s nights", len(nights))
            said.append(_("%(more)s for %(nights)s at today's price", more=money(more, sign=True), nights=count))
    if found.status == StayStatus.IN_HOUSE:
        said.append(_("the old room goes dirty, the key is made anew"))
    return said


def _nights_left(found: Stay) -> list[StayNight]:
    first = max(found.arrival, business_date(g.place))
    return [each for each in nights_of_stays([found.id])[found.id] if not each.released and each.night >= first]


def _asked_dates(form: DatesForm, found: Stay) -> None:
    """Dates of the address, or the stay's own moved by so many nights."""
    form.arrival.data, form.departure.data = found.arrival, found.departure
    for name in ("arrival", "departure"):
        said = request.args.get(name, "")
        if (days := shift_of(said)) is not None:
            form[name].data += timedelta(days=days)
        elif said:
            with suppress(ParseError):
                form[name].data = parse.day(said, name)


def _dated_words(found: Stay, form: DatesForm, line: Line) -> list[str]:
    arrival, departure = form.arrival.data, form.departure.data
    if not arrival or not departure or departure <= arrival:
        return [_("The departure has to be at least one day after the arrival.")]
    if (departure - arrival).days > LONGEST:
        return [_("A stay lasts at most %(days)s nights.", days=LONGEST)]
    nights = ngettext("%(num)s night", "%(num)s nights", (departure - arrival).days)
    said = [f"{line.guest}: {day(arrival)} – {day(departure)}, {nights}"]
    if not may("payments.view"):
        return said
    agreed = {each.night: each for each in nights_of_stays([found.id])[found.id] if not each.released}
    wanted = nights_between(arrival, departure)
    fresh = [night for night in wanted if night not in agreed]
    gone = [each for night, each in agreed.items() if night not in wanted]
    try:
        more = sum(each.agreed + each.on_top for each in agree_more(found, fresh, override=True)) if fresh else 0
    except NoRate as error:
        return [*said, error.message]
    less = sum(each.agreed for each in gone)
    if more - less:
        said.append(money(more - less, sign=True))
    return said


def _split_words(found: Stay) -> list[str]:
    plan = moving.split_plan(g.place, found)
    if plan is None:
        return [_("There is a night on which no room of this type is free.")]
    numbers = {each.room_id: each.number for each in rooms_for(g.place, found)}
    moves = ngettext("%(num)s move", "%(num)s moves", len(plan) - 1)
    return [moves, *(f"{numbers.get(room, '–')}: {day(nights[0])} – {day(nights[-1])}" for room, nights in plan)]
