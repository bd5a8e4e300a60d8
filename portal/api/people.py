"""Who works at a place: list, invite, let go."""

from __future__ import annotations

from flask import current_app, g, url_for

from portal.api.door import door, speaks
from portal.api.guards import current_actor, permission, require
from portal.api.schemas import InvitationOut, InviteIn, KickIn, MemberOut, Page, Paging
from portal.core.words import _
from portal.shared.identity import queries
from portal.shared.identity.errors import NoSuchPerson
from portal.shared.identity.models import Role
from portal.shared.identity.services import memberships


@door.get("/assets/<asset_number>/users/")
@permission("people.view")
@speaks("Who works at a place", gives=Page[MemberOut], query=Paging)
def people(query: Paging) -> Page[MemberOut]:
    """Everybody who works here, the latest to join first."""
    page = queries.page_of_members(g.place.id, cursor=query.cursor, limit=query.limit)
    return Page(
        results=[
            MemberOut(
                id=member.user.id,
                email=member.user.email,
                name=member.user.name,
                phone_number=member.user.phone_number,
                role=member.role,
            )
            for member in page.items
        ],
        next=page.next,
    )


@door.post("/assets/invite/<asset_number>/")
@permission("people.invite")
@speaks("Ask somebody to join a place", takes=InviteIn, gives=InvitationOut, status=201)
def invite(body: InviteIn) -> InvitationOut:
    """Invite somebody by mail; the link is in the answer too."""
    if g.role is Role.OWNER and Role(body.role) is Role.OWNER:
        require("people.owner", asset_id=g.place.id)
    path = url_for("auth.invitation", token="TOKEN").replace("TOKEN", "{token}")
    where = f"{current_app.extensions['settings'].public_url}{path}"
    invitation = memberships.invite(
        asset=g.place, email=body.email, role=Role(body.role), actor=current_actor(), url=where
    )
    return InvitationOut(email=invitation.email, role=invitation.role, url=where.format(token=invitation.token))


@door.post("/assets/kick/<asset_number>/")
@permission("people.remove")
@speaks("Let somebody go from a place", takes=KickIn, status=204)
def kick(body: KickIn) -> None:
    """Let somebody go; the last owner cannot leave: 409."""
    user = queries.find_by_email(body.email)
    if user is None:
        raise NoSuchPerson(_("This person does not work here."), field="email")
    memberships.remove(asset_id=g.place.id, user_id=user.id, reason=body.reason or None, actor=current_actor())
