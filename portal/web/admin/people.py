"""Who works at a place: invite, change roles, sign out, remove; and what each role may do, in words."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.shared.identity import permissions, queries
from portal.shared.identity.errors import NoSuchPerson
from portal.shared.identity.models import Membership, Role
from portal.shared.identity.services import memberships
from portal.web.admin import blueprint
from portal.web.admin.forms import InviteForm, RemoveForm, RoleForm
from portal.web.download import csv_file
from portal.web.guards import current_actor, current_user, permission, require
from portal.web.htmx import go, page, toast
from portal.web.links import mailed


@blueprint.get("/<asset_number>/people")
@permission("people.view")
def people(asset_number: str) -> Response:
    """Everybody who works here, and who was asked to."""
    return _list(InviteForm(formdata=None))


@blueprint.get("/<asset_number>/people.csv")
@permission("people.view")
def people_export(asset_number: str) -> Response:
    """The same for a spreadsheet."""
    rows = (
        (each.user.name, each.user.email, each.user.phone_number, each.role, each.user.active, each.created_at)
        for each in queries.members_of(g.place.id)
    )
    return csv_file(f"people-{g.place.asset_number}", ["name", "email", "phone", "role", "active", "since"], rows)


@blueprint.post("/<asset_number>/people/invite")
@permission("people.invite")
def invite(asset_number: str) -> Response:
    """Ask somebody to join; the link is mailed, and shown to the inviter as well."""
    form = InviteForm()
    form.role.choices = _roles_to_give()
    if form.validate():
        role = Role(form.role.data)
        if role is Role.OWNER:
            require("people.owner", asset_id=g.place.id)
        try:
            invitation = memberships.invite(
                asset=g.place,
                email=form.email.data,
                role=role,
                actor=current_actor(),
                url=mailed("auth.invitation"),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            return page(
                "admin/invited.html",
                invitation=invitation,
                link=mailed("auth.invitation").format(token=invitation.token),
            )
    return _list(form, status=422)


@blueprint.post("/<asset_number>/people/invitations/<uuid:link_id>/withdraw")
@permission("people.invite")
def withdraw(asset_number: str, link_id: uuid.UUID) -> Response:
    """Take an invitation back."""
    return _do(
        lambda: memberships.withdraw(asset_id=g.place.id, link_id=link_id, actor=current_actor()),
        _("The invitation is taken back."),
    )


@blueprint.route("/<asset_number>/people/<uuid:user_id>", methods=["GET", "POST"])
@permission("people.role")
def person(asset_number: str, user_id: uuid.UUID) -> Response:
    """One person here: another role, signed out, or let go."""
    member = _member(user_id)
    name, before = member.user.name, str(member.role)
    form = RoleForm(role=member.role)
    form.role.choices = _roles_to_give(member.role)
    if form.validate_on_submit():
        role = Role(form.role.data)
        if role is Role.OWNER or member.role == Role.OWNER:
            require("people.owner", asset_id=g.place.id)
        try:
            memberships.assign_role(asset_id=g.place.id, user_id=user_id, role=role, actor=current_actor())
        except DomainError as error:
            form.refuse(error)
            member = _member(user_id)
        else:
            said = _("%(person)s is %(role)s now.", person=name, role=permissions.role_words(role))
            toast(said, undo=request.path, role=before)
            return go(url_for(".people", asset_number=g.place.asset_number))
    return page(
        "admin/person.html",
        form=form,
        member=member,
        removal=RemoveForm(formdata=None),
        below=permissions.may_give(g.role, Role(member.role)),
        mine=member.user_id == current_user.id,
        status=422 if form.errors else 200,
    )


@blueprint.post("/<asset_number>/people/<uuid:user_id>/remove")
@permission("people.remove")
def remove(asset_number: str, user_id: uuid.UUID) -> Response:
    """Let somebody go."""
    member, form = _member(user_id), RemoveForm()
    form.validate()
    return _do(
        lambda: memberships.remove(
            asset_id=g.place.id, user_id=user_id, reason=form.reason.data or None, actor=current_actor()
        ),
        _("%(person)s does not work here any more.", person=member.user.name),
    )


@blueprint.post("/<asset_number>/people/<uuid:user_id>/sign-out")
@permission("people.sessions")
def sign_out(asset_number: str, user_id: uuid.UUID) -> Response:
    """End every session of somebody, such as after a lost phone."""
    member = _member(user_id)
    return _do(
        lambda: memberships.sign_out(asset_id=g.place.id, user_id=user_id, actor=current_actor()),
        _("%(person)s is signed out everywhere.", person=member.user.name),
    )


@blueprint.get("/<asset_number>/roles")
@permission("people.view")
def roles(asset_number: str) -> Response:
    """The whole matrix in words."""
    matrix = permissions.matrix()
    return page(
        "admin/roles.html",
        roles={role: permissions.role_words(role) for role in Role if role is not Role.CUSTOMER},
        groups=_groups(list(matrix.permissions.values())),
    )


def _groups(rights: list[permissions.Permission]) -> list[tuple[str, list[permissions.Permission]]]:
    titles = {
        "assets": _("The place"),
        "settings": _("The place"),
        "units": _("Rooms and vehicles"),
        "payments": _("Payments"),
        "books": _("The books"),
        "people": _("People"),
        "audit": _("Looking after the portal"),
        "devices": _("Looking after the portal"),
        "jobs": _("Looking after the portal"),
        "health": _("Looking after the portal"),
    }
    groups: dict[str, list[permissions.Permission]] = {}
    for right in rights:
        domain = right.name.partition(".")[0]
        groups.setdefault(titles.get(domain, domain.capitalize()), []).append(right)
    return list(groups.items())


def _roles_to_give(now: str | None = None) -> list[tuple[str, str]]:
    """The roles this person may give here; the one somebody has stays among them."""
    return [
        (str(role), permissions.role_words(role))
        for role in Role
        if role is not Role.CUSTOMER and (permissions.may_give(g.role, role) or role == now)
    ]


def _member(user_id: uuid.UUID) -> Membership:
    for member in queries.members_of(g.place.id):
        if member.user_id == user_id:
            return member
    raise NoSuchPerson(_("This person does not work here."))


def _do(command: Callable[[], object], said: str) -> Response:
    try:
        command()
    except DomainError as error:
        toast(error.message, "bad")
    else:
        toast(said)
    return go(url_for(".people", asset_number=g.place.asset_number))


def _list(form: InviteForm, status: int = 200) -> Response:
    form.role.choices = _roles_to_give()
    if not form.role.data:
        form.role.data = next((value for value, _said in form.role.choices if value == Role.FRONT_DESK), None)
    return page(
        "admin/people.html",
        "invite",
        form=form,
        members=queries.members_of(g.place.id),
        invitations=queries.invitations_to(g.place.id),
        role_words=permissions.role_words,
        status=status,
    )
