"""Groups: the list, one group with what is kept for it and who comes, and its rooming list from a spreadsheet."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for

from portal.core import parse
from portal.core.actor import Actor
from portal.core.errors import DomainError
from portal.core.paging import every
from portal.core.words import _, ngettext
from portal.shared.customers.queries import companies_of, customers_by_id
from portal.trades.hotel.models import BookingGroup
from portal.trades.hotel.queries import groups as queries
from portal.trades.hotel.queries.inventory import room_types
from portal.trades.hotel.queries.quotes import rate_plans
from portal.trades.hotel.services import groups, rooming
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.services.reservations import Wanted
from portal.web.download import csv_file
from portal.web.frontdesk import words
from portal.web.frontdesk.group_forms import AgainForm, GroupForm, GroupTermsForm, KeepForm, ListForm, MemberForm
from portal.web.frontdesk.stay_forms import seen_version
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

LIST = "/<asset_number>/groups"
STATUSES = ("open", "cut_off", "cancelled")


@blueprint.get(LIST, endpoint="groups")
@permission("hotel.book")
def index(asset_number: str) -> Response:
    """The hotel's groups with how many rooms are kept, those that come last first."""
    found = _found(request.args.get("cursor") or None)
    return page("frontdesk/groups.html", "rows", found=found, kept=queries.kept_for([each.id for each in found.items]))


@blueprint.get(f"{LIST}.csv")
@permission("hotel.book")
def groups_export(asset_number: str) -> Response:
    """The same list for a spreadsheet."""
    found = list(every(_found))
    kept = queries.kept_for([each.id for each in found])
    rows = (
        (each.code, each.name, each.arrival, each.departure, each.cutoff_on, each.status,
         kept[each.id].blocked, kept[each.id].picked_up, kept[each.id].released)
        for each in found
    )  # fmt: skip
    heads = [
        "code",
        "name",
        "arrival",
        "departure",
        "kept_until",
        "status",
        "room_nights_kept",
        "picked_up",
        "given_back",
    ]
    return csv_file(f"groups-{g.place.asset_number}", heads, rows)


@blueprint.route(f"{LIST}/new", methods=["GET", "POST"])
@permission("hotel.book")
def groups_new(asset_number: str) -> Response:
    """Another group, with the rooms that are kept for it."""
    form = _offered(GroupForm())
    form.room_type.offer((each.id, f"{each.code} · {each.name}") for each in room_types(g.place.id))
    if form.validate_on_submit():
        actor = current_actor()

        def make() -> None:
            groups.open_group(
                asset_id=g.place.id, code=form.code.data, arrival=form.arrival.data, departure=form.departure.data,
                blocks={form.room_type.data: form.rooms.data}, actor=actor, **_terms(form),
            )  # fmt: skip

        try:
            form.just_once(actor, make)
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("The rooms are kept."))
            return go(url_for(".group", asset_number=asset_number, code=form.code.data.upper()))
    return page("frontdesk/group_form.html", "form", form=form, group=None, status=422 if form.errors else 200)


@blueprint.get(f"{LIST}/<code>")
@permission("hotel.book")
def group(asset_number: str, code: str) -> Response:
    """One group: its nights, what is kept and picked up of each type, and its people."""
    return _shown(queries.group_at(g.place.id, code))


@blueprint.route(f"{LIST}/<code>/amend", methods=["GET", "POST"])
@permission("hotel.book")
def group_amend(asset_number: str, code: str) -> Response:
    """Change its terms."""
    found = queries.group_at(g.place.id, code)
    said = {"rate_plan": str(found.rate_plan_id or ""), "company": str(found.company_id or "")}
    form = _offered(GroupTermsForm(obj=found, data={**said, "version": str(found.version)}))
    if form.validate_on_submit():
        try:
            version = seen_version(form.version.data) or 0
            groups.amend(group_id=found.id, version=version, actor=current_actor(), **_terms(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved."))
            return _back(found)
    return page("frontdesk/group_form.html", "form", form=form, group=found, status=422 if form.errors else 200)


@blueprint.post(f"{LIST}/<code>/keep")
@permission("hotel.book")
def group_keep(asset_number: str, code: str) -> Response:
    """Keep more rooms of a type, or fewer."""
    found, form = queries.group_at(g.place.id, code), _keep_form()
    if form.validate_on_submit():
        try:
            groups.keep(group_id=found.id, blocks={form.room_type.data: form.rooms.data}, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("So many are kept now."))
            return _back(found)
    return _shown(found, keeping=form)


@blueprint.route(f"{LIST}/<code>/members/new", methods=["GET", "POST"])
@permission("hotel.book")
def group_member(asset_number: str, code: str) -> Response:
    """Book for one of its people."""
    found, form = queries.group_at(g.place.id, code), MemberForm()
    form.room_type.offer((each.id, f"{each.code} · {each.name}") for each in room_types(g.place.id))
    if form.validate_on_submit():
        actor = current_actor()
        try:
            form.just_once(actor, lambda: _pick_up(found, form, actor))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("%(name)s is booked.", name=form.name.data))
            return _back(found)
    return page("frontdesk/group_member.html", "form", form=form, group=found, status=422 if form.errors else 200)


@blueprint.route(f"{LIST}/<code>/list", methods=["GET", "POST"])
@permission("hotel.book")
def group_list(asset_number: str, code: str) -> Response:
    """Its rooming list: looked through first, then booked but for the rows that cannot be."""
    found, form = queries.group_at(g.place.id, code), ListForm()
    rows: list[rooming.Row] = []
    if form.validate_on_submit():
        actor, content = current_actor(), _content(form)
        try:
            if form.step.data == "book":
                form.just_once(
                    actor, lambda: rows.extend(rooming.book(group_id=found.id, content=content, actor=actor))
                )
            else:
                rows = rooming.read(found, content)
        except DomainError as error:
            form.refuse(error)
        else:
            if form.step.data == "book":
                _told(rows)
                return _back(found) if not any(row.wrong for row in rows) else _list_page(found, form, rows)
    return _list_page(found, form, rows)


@blueprint.post(f"{LIST}/<code>/<any(cut_off, cancel):step>")
@permission("hotel.book")
def group_end(asset_number: str, code: str, step: str) -> Response:
    """Give back what is not picked up, before the cut-off or because the group will not come."""
    found = queries.group_at(g.place.id, code)
    back = groups.end(group_id=found.id, cancelled=step == "cancel", actor=current_actor())
    toast(ngettext("%(num)s room night is on sale again.", "%(num)s room nights are on sale again.", back))
    return _back(found)


@blueprint.post(f"{LIST}/<code>/again")
@permission("hotel.book")
def group_again(asset_number: str, code: str) -> Response:
    """Let rooms be kept for it once more."""
    found, form = queries.group_at(g.place.id, code), AgainForm()
    if form.validate_on_submit():
        try:
            groups.open_again(group_id=found.id, cutoff_on=form.cutoff_on.data, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Rooms can be kept for it again."))
            return _back(found)
    return _shown(found, again=form)


def _shown(found: BookingGroup, keeping: KeepForm | None = None, again: AgainForm | None = None) -> Response:
    members = queries.rooming_list(found.id)
    refused = (keeping and keeping.errors) or (again and again.errors)
    return page(
        "frontdesk/group.html",
        "form",
        group=found,
        form=keeping or _keep_form(),
        again=again or AgainForm(formdata=None, data={"cutoff_on": found.cutoff_on}),
        blocks=queries.by_type(found.id),
        types={each.id: each for each in room_types(g.place.id, retired=True)},
        members=members,
        words=words,
        people=customers_by_id({stay.guest_id for _booked, stay in members} | {found.company_id} - {None}),
        status=422 if refused else 200,
    )


def _list_page(found: BookingGroup, form: ListForm, rows: list[rooming.Row]) -> Response:
    return page(
        "frontdesk/group_list.html",
        "form",
        form=form,
        group=found,
        rows=rows,
        counts=rooming.counted(rows),
        status=422 if form.errors else 200,
    )


def _told(rows: list[rooming.Row]) -> None:
    booked, wrong = rooming.counted(rows)
    said = ngettext("%(num)s row is booked.", "%(num)s rows are booked.", booked)
    toast(said + (" " + _("%(count)s could not be: see below.", count=wrong) if wrong else ""))


def _content(form: ListForm) -> bytes:
    """The file if one came, else what was pasted; the field shows what was read, to be sent again."""
    sent = request.files.get("file")
    content = sent.read(rooming.MOST_BYTES + 1) if sent else b""
    if content:
        form.rows.typed = content.decode("utf-8-sig", "replace")
    return content or (form.rows.typed or "").encode()


def _pick_up(found: BookingGroup, form: MemberForm, actor: Actor) -> None:
    wish = Wanted(
        room_type_id=form.room_type.data,
        plan=groups.plan_of(found),
        adults=form.adults.data,
        children=form.children.data or 0,
    )
    guest = Guest(name=form.name.data, phone=form.phone.data or None, email=form.email.data or None)
    groups.pick_up(group_id=found.id, wanted=[wish], guest=guest, actor=actor)


def _keep_form() -> KeepForm:
    form = KeepForm()
    form.room_type.offer((each.id, f"{each.code} · {each.name}") for each in room_types(g.place.id))
    return form


def _offered(form: Any) -> Any:
    plans = ((each.id, f"{each.code} · {each.name}") for each in rate_plans(g.place.id))
    form.rate_plan.offer([("", _("None: agreed by hand")), *plans])
    form.company.offer([("", _("None")), *((each.id, each.name) for each in companies_of(g.place.business_id))])
    return form


def _terms(form: Any) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "cutoff_on": form.cutoff_on.data,
        "rate_plan_id": form.rate_plan.data,
        "company_id": form.company.data,
        "routes": form.routes.data or [],
        "note": form.note.data or None,
    }


def _found(cursor: str | None) -> Any:
    status = request.args.get("status", "")
    search = parse.text(request.args.get("q"), "q", min_length=0, max_length=80) or None
    return queries.page_of_groups(
        g.place.id, status=status if status in STATUSES else None, search=search, cursor=cursor
    )


def _back(found: BookingGroup) -> Response:
    return go(url_for(".group", asset_number=g.place.asset_number, code=found.code))
