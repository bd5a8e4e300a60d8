"""The house on a phone: what is to do in which room, one big button each; it also works where there is no signal."""

from __future__ import annotations

import uuid

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _, ngettext
from portal.shared.identity.models import Role
from portal.shared.identity.queries import members_of
from portal.trades.hotel.models import TaskStatus
from portal.trades.hotel.queries.housekeeping import RoomToClean, open_requests, rooms_to_clean
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.services import housekeeping as service
from portal.web.download import csv_file
from portal.web.frontdesk import house_words as words
from portal.web.frontdesk.house_forms import ShareForm, SkipForm
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, current_user, permission
from portal.web.htmx import go, page, said, toast

#: Roles whose people are offered when the day is shared out.
CLEANERS = (Role.HOUSEKEEPER, Role.FRONT_DESK, Role.MANAGER)
SHOWN = {
    "todo": lambda room: room.task_status in ("open", "started"),
    "dirty": lambda room: room.status == "dirty",
    "odd": lambda room: room.discrepancy is not None,
}


@blueprint.get("/<asset_number>/housekeeping", endpoint="housekeeping")
@permission("hotel.housekeeping")
def index(asset_number: str) -> Response:
    """Every room of the day, floor by floor."""
    rooms = rooms_to_clean(g.place.id, business_date(g.place))
    shown = _shown(rooms)
    return page(
        "frontdesk/housekeeping.html",
        "rows",
        rooms=shown,
        counts=_counts(rooms),
        day=business_date(g.place),
        floors=sorted({room.floor for room in rooms if room.floor}),
        people={each.user_id: each.user.name for each in members_of(g.place.id)},
        broken=open_requests([room.unit_id for room in shown]),
        planned=any(room.task_id for room in rooms),
        words=words,
    )


@blueprint.get("/<asset_number>/housekeeping.csv")
@permission("hotel.housekeeping")
def housekeeping_export(asset_number: str) -> Response:
    """The same rows as a task sheet."""
    people = {each.user_id: each.user.name for each in members_of(g.place.id)}
    heads = ["room", "floor", "type", "status", "guest", "task", "task_status", "assigned_to", "note"]
    rows = (
        (room.number, room.floor, room.room_type, room.status, room.guest, room.kind, room.task_status,
         people.get(room.assigned_to) if room.assigned_to else None, room.task_note or room.note)
        for room in _shown(rooms_to_clean(g.place.id, business_date(g.place)))
    )  # fmt: skip
    return csv_file(f"housekeeping-{g.place.asset_number}-{business_date(g.place)}", heads, rows)


@blueprint.post("/<asset_number>/housekeeping/plan")
@permission("hotel.housekeeping")
def housekeeping_plan(asset_number: str) -> Response:
    """Write down what is to be done today."""
    made = service.plan_day(asset_id=g.place.id, actor=current_actor())
    toast(
        ngettext("%(num)s task is written down.", "%(num)s tasks are written down.", made)
        if made
        else _("Everything that is to do today is written down already."),
        "good" if made else "info",
    )
    return _back()


@blueprint.route("/<asset_number>/housekeeping/share", methods=["GET", "POST"])
@permission("hotel.housekeeping")
def housekeeping_share(asset_number: str) -> Response:
    """Share out the tasks nobody has."""
    form = ShareForm()
    form.people.choices = [
        (str(each.user_id), each.user.name) for each in members_of(g.place.id) if each.role in CLEANERS
    ]
    if form.validate_on_submit():
        people = [uuid.UUID(each) for each in form.people.data]
        made = service.share_out(asset_id=g.place.id, people=people, actor=current_actor())
        words_of_it = ngettext("%(num)s task is shared out.", "%(num)s tasks are shared out.", made)
        toast(words_of_it, "good" if made else "info")
        return _back()
    return page("frontdesk/housekeeping_share.html", "form", form=form, status=422 if form.errors else 200)


@blueprint.post("/<asset_number>/housekeeping/tasks/<uuid:task_id>/<any(start, finish, reopen, mine):step>")
@permission("hotel.housekeeping")
def housekeeping_step(asset_number: str, task_id: uuid.UUID, step: str) -> Response:
    """One step of a task; a phone that was away sends it later, and twice does nothing."""
    actor = current_actor()
    if step == "mine":
        service.assign(asset_id=g.place.id, task_id=task_id, user_id=current_user.id, actor=actor)
        toast(_("This one is yours."))
        return _back()
    act = {"start": service.start, "finish": service.finish, "reopen": service.reopen}[step]
    act(asset_id=g.place.id, task_id=task_id, actor=actor)
    if step == "finish":
        undo = url_for(".housekeeping_step", asset_number=asset_number, task_id=task_id, step="reopen")
        toast(_("Done."), undo=undo)
    return _back()


@blueprint.route("/<asset_number>/housekeeping/tasks/<uuid:task_id>/skip", methods=["GET", "POST"])
@permission("hotel.housekeeping")
def housekeeping_skip(asset_number: str, task_id: uuid.UUID) -> Response:
    """It is not done today, and why."""
    form = SkipForm()
    if form.validate_on_submit():
        try:
            service.skip(asset_id=g.place.id, task_id=task_id, reason=form.reason.data or "", actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            undo = url_for(".housekeeping_step", asset_number=asset_number, task_id=task_id, step="reopen")
            toast(_("Left for another day."), undo=undo)
            return _back()
    return page("frontdesk/housekeeping_skip.html", "form", form=form, task_id=task_id,
                status=422 if form.errors else 200)  # fmt: skip


@blueprint.post("/<asset_number>/housekeeping/rooms/<uuid:room_id>/<any(dirty, cleaning, clean, inspected):status>")
@permission("hotel.housekeeping")
def housekeeping_room(asset_number: str, room_id: uuid.UUID, status: str) -> Response:
    """Say how clean a room is; the version of the row says what the person saw."""
    version = parse.optional(parse.whole, request.form.get("version"), "version")
    before = next((room for room in _rooms() if room.unit_id == room_id), None)
    room = service.set_status(
        asset_id=g.place.id, room_id=room_id, status=status, version=version, actor=current_actor()
    )
    if before is not None and before.status != room.status:
        undo = url_for(".housekeeping_room", asset_number=asset_number, room_id=room_id, status=before.status)
        toast(_("Room %(number)s is %(status)s.", number=before.number, status=service.called(status)), undo=undo)
    return _back()


def _back() -> Response:
    if request.headers.get("HX-Target") == "toasts":
        return said()  # sent by the phone's own script, which asks for the rows by itself
    return go(url_for(".housekeeping", asset_number=g.place.asset_number, **_kept()))


def _kept() -> dict[str, str]:
    """The filters the person had: they came from the page, and stay."""
    return {name: request.args[name] for name in ("show", "floor") if request.args.get(name)}


def _rooms() -> list[RoomToClean]:
    return rooms_to_clean(g.place.id, business_date(g.place))


def _shown(rooms: list[RoomToClean]) -> list[RoomToClean]:
    asked, floor = request.args.get("show", ""), request.args.get("floor", "")
    if asked == "mine":
        rooms = [room for room in rooms if room.assigned_to == current_user.id]
    elif asked in SHOWN:
        rooms = [room for room in rooms if SHOWN[asked](room)]
    return [room for room in rooms if not floor or room.floor == floor]


def _counts(rooms: list[RoomToClean]) -> dict[str, int]:
    return {
        "": len(rooms),
        "mine": sum(
            room.assigned_to == current_user.id and room.task_status in (TaskStatus.OPEN, TaskStatus.STARTED)
            for room in rooms
        ),
        **{name: sum(map(chosen, rooms)) for name, chosen in SHOWN.items()},
        "done": sum(room.task_status == TaskStatus.DONE for room in rooms),
        "tasks": sum(room.task_id is not None for room in rooms),
        "soon": sum(room.status == "dirty" and room.arrives is not None for room in rooms),
    }
