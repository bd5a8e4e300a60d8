"""Who works where: open a place, invite, accept, change roles, remove."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.services import registry
from portal.shared.audit.services import record
from portal.shared.identity import permissions
from portal.shared.identity.errors import AlreadyMember, LastOwner, LinkOver, NoSuchPerson, NotYourRank, SignInNeeded
from portal.shared.identity.events import PeopleChanged
from portal.shared.identity.models import Membership, OneTimeLink, Role, User
from portal.shared.identity.queries import (
    find_by_email,
    find_link,
    find_user,
    hash_of,
    lock_link,
    lock_members,
    open_link,
    standing_by_id,
)
from portal.shared.identity.services import accounts, mails, sessions

INVITATION_LASTS = timedelta(days=7)

rule("uq_membership_user_id_asset_id", lambda: AlreadyMember(_("This person works here already."), field="email"))


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation just made; the token is known only now, to be shown to the inviter and mailed."""

    email: str
    role: Role
    token: str


@transactional
def open_place(
    *,
    kind: str,
    name: str,
    currency: str,
    timezone: str,
    owner: User,
    actor: Actor,
    location: str | None = None,
    bank_name: str | None = None,
    bank_account_name: str | None = None,
    bank_account_number: str | None = None,
    business_id: uuid.UUID | None = None,
) -> Asset:
    """Open a place and make its opener the owner, in one command."""
    asset = registry.register_asset(
        kind=kind,
        name=name,
        currency=currency,
        timezone=timezone,
        location=location,
        bank_name=bank_name,
        bank_account_name=bank_account_name,
        bank_account_number=bank_account_number,
        business_id=business_id,
        actor=actor,
    )
    _join(user=owner, asset_id=asset.id, role=Role.OWNER, actor=actor)
    return asset


@transactional
def invite(*, asset: Asset, email: str, role: Role, actor: Actor, url: str) -> Invitation:
    """Ask somebody to join, by a link that works once; a newer invitation ends an older. `url` has `{token}`."""
    members = lock_members(asset.id)
    _need_rank_to_give(actor, asset.id, role)
    known = find_by_email(email)
    if known is not None and any(member.user_id == known.id for member in members):
        raise AlreadyMember(_("%(person)s works here already.", person=known.name), field="email")
    db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.asset_id == asset.id, OneTimeLink.email == email, open_link("invitation"))
        .values(used_at=utcnow())
        .execution_options(synchronize_session=False)
    )
    token = secrets.token_urlsafe(32)
    db.session.add(
        OneTimeLink(
            purpose="invitation",
            token_hash=hash_of(token),
            email=email,
            asset_id=asset.id,
            role=role,
            invited_by=actor.name,
            expires_at=utcnow() + INVITATION_LASTS,
        )
    )
    _tell("person.invited", actor, asset.id, email=email, after={"email": email, "role": role})
    mails.write(
        recipient=email,
        subject=_("%(person)s invites you to %(place)s", person=actor.name, place=asset.name),
        body=_(
            "Hello,\n\n%(person)s invites you to work at %(place)s as %(role)s. Follow this link within a week:\n\n"
            "%(url)s\n\nIf you do not know what this is about, do nothing.\n",
            person=actor.name,
            place=asset.name,
            role=permissions.role_words(role).lower(),
            url=url.format(token=token),
        ),
        asset_id=asset.id,
    )
    return Invitation(email, role, token)


@transactional
def withdraw(*, asset_id: uuid.UUID, link_id: uuid.UUID, actor: Actor) -> None:
    """Take an invitation back before it is followed."""
    lock_members(asset_id)
    link = db.session.get(OneTimeLink, link_id, populate_existing=True)
    if link is None or link.asset_id != asset_id or link.used_at is not None or link.role is None:
        raise LinkOver(_("This invitation was accepted or taken back already."))
    _need_rank_to_give(actor, asset_id, Role(link.role))
    link.used_at = utcnow()
    _tell("invitation.withdrawn", actor, asset_id, email=link.email)


@transactional
def accept(
    *,
    token: str,
    actor: Actor,
    name: str | None = None,
    password: str | None = None,
    phone_number: str | None = None,
) -> Membership:
    """Follow an invitation: join under the invited address, making its account when there is none yet.

    An account that is there already joins by its own hand: raises SignInNeeded when somebody else follows the link.
    """
    found = find_link("invitation", token)
    if found is not None and found.asset_id is not None:
        lock_members(found.asset_id)
    link = lock_link("invitation", token)
    if link is None or link.asset_id is None or link.role is None:
        raise LinkOver(_("This invitation was used already, or its time is over. Ask for a new one."))
    user = find_by_email(link.email)
    if user is None:
        user = accounts.register(
            email=link.email, name=name or "", password=password or "", phone_number=phone_number, actor=actor
        )
    elif not user.active:
        raise LinkOver(_("This account was closed. Ask the person who invited you."))
    elif actor.user_id != user.id:
        # anybody can make an account under an address that is not theirs: whoever cannot sign in to it asks for
        # a new password first, which only the owner of the mailbox can, and which signs everybody else out
        raise SignInNeeded(_("%(email)s has an account here. Sign in with it to join.", email=link.email))
    link.used_at = utcnow()
    acting = Actor(ActorKind.USER, user.name, user.id, address=actor.address, request_id=actor.request_id)
    return _join(user=user, asset_id=link.asset_id, role=Role(link.role), actor=acting)


@transactional
def enrol(*, user: User, asset_id: uuid.UUID, role: Role, actor: Actor) -> Membership:
    """Give somebody a role without an invitation: for demo data and the operator's shell."""
    lock_members(asset_id)
    _need_rank_to_give(actor, asset_id, role)
    return _join(user=user, asset_id=asset_id, role=role, actor=actor)


@transactional
def assign_role(*, asset_id: uuid.UUID, user_id: uuid.UUID, role: Role, actor: Actor) -> Membership:
    """Let somebody play another part; never at or above one's own, and the last owner stays one."""
    members = lock_members(asset_id)
    member = _one_of(members, user_id)
    if member.role == role:
        return member
    _need_rank_to_give(actor, asset_id, Role(member.role))
    _need_rank_to_give(actor, asset_id, role)
    _keep_an_owner(members, member)
    before, member.role = member.role, role
    _tell("role.changed", actor, asset_id, user_id=user_id, before={"role": before}, after={"role": role})
    return member


@transactional
def remove(*, asset_id: uuid.UUID, user_id: uuid.UUID, actor: Actor, reason: str | None = None) -> None:
    """Let somebody go, or leave oneself; their rights here are gone with the next click."""
    members = lock_members(asset_id)
    member = _one_of(members, user_id)
    if actor.user_id != user_id:
        _need_rank_to_give(actor, asset_id, Role(member.role))
    _keep_an_owner(members, member)
    db.session.delete(member)
    _tell("person.removed", actor, asset_id, user_id=user_id, reason=reason, before={"role": member.role})


@transactional
def sign_out(*, asset_id: uuid.UUID, user_id: uuid.UUID, actor: Actor) -> int:
    """End every session of somebody who works here, such as after a lost phone."""
    member = _one_of(lock_members(asset_id), user_id)
    _need_rank_to_give(actor, asset_id, Role(member.role))
    return sessions.end_all(user_id=user_id, actor=actor, reason="signed out by the place")


def _join(*, user: User, asset_id: uuid.UUID, role: Role, actor: Actor) -> Membership:
    member = Membership(user_id=user.id, asset_id=asset_id, role=role)
    db.session.add(member)
    db.session.flush()
    if user.last_asset_id is None:
        accounts.prefer(user_id=user.id, asset_id=asset_id)
    _tell("person.joined", actor, asset_id, user_id=user.id, after={"role": role})
    return member


def _one_of(members: list[Membership], user_id: uuid.UUID) -> Membership:
    for member in members:
        if member.user_id == user_id:
            return member
    raise NoSuchPerson(_("This person does not work here."))


def _need_rank_to_give(actor: Actor, asset_id: uuid.UUID, role: Role) -> None:
    """The portal's own clockwork and its operator may give any role."""
    if actor.kind is ActorKind.SYSTEM:
        return
    stands = standing_by_id(actor.user_id, asset_id) if actor.user_id else None
    if stands is None or stands.role is None or not permissions.may_give(stands.role, role):
        raise NotYourRank(
            _("%(role)s is not below your own role here. Ask an owner.", role=permissions.role_words(role)),
            field="role",
        )


def _keep_an_owner(members: list[Membership], leaving: Membership) -> None:
    if leaving.role == Role.OWNER and sum(member.role == Role.OWNER for member in members) == 1:
        raise LastOwner(_("A place needs an owner. Make somebody else an owner first."))


def _tell(
    action: str,
    actor: Actor,
    asset_id: uuid.UUID,
    *,
    user_id: uuid.UUID | None = None,
    email: str | None = None,
    reason: str | None = None,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    """Write the change into the trail, readable without a second look-up, and announce it."""
    user = find_user(user_id) if user_id else None
    name = user.email if user else email
    record(
        action,
        actor=actor,
        subject="user",
        subject_id=user_id or email,
        asset_id=asset_id,
        reason=reason,
        before=before,
        after={**(after or {}), "email": name},
    )
    publish(PeopleChanged(asset_id=asset_id, subject_id=user_id))
