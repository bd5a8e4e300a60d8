"""Finding people, their roles, sessions and links, and locking them in the one order."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.orm import joinedload

from portal.core import locks
from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.identity.errors import NoSuchPerson
from portal.shared.identity.models import (
    Mail,
    MailAttachment,
    Membership,
    OneTimeLink,
    Role,
    TokenFamily,
    User,
    UserSession,
)

#: A desk is worked in shifts: half a day without a click ends a session, a week ends it in any case.
IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
TOUCH_EVERY = timedelta(minutes=1)
#: How long a password given proves that the person is still the same.
PROOF = timedelta(minutes=30)
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,32}")


def hash_of(token: str) -> bytes:
    """What is stored of a secret: enough to recognise it, nothing to use."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _now() -> ColumnElement[object]:
    return func.clock_timestamp()


# people


def find_user(user_id: uuid.UUID) -> User | None:
    """The person with this key, or None."""
    return db.session.get(User, user_id)


def find_by_email(email: str) -> User | None:
    """The person with this normalised address, or None."""
    return db.session.scalar(select(User).where(User.email == email))


def find_by_login(login: str) -> User | None:
    """The person with this normalised address or phone number, or None."""
    column = User.phone_number if login.startswith("+") else User.email
    return db.session.scalar(select(User).where(column == login))


def anybody() -> bool:
    """Whether the installation has a person at all."""
    return db.session.scalar(select(select(User.id).exists())) or False


def lock_user(user_id: uuid.UUID) -> User:
    """The person, locked and fresh until the transaction ends; raises NoSuchPerson."""
    locks.taking("user")
    user = db.session.scalar(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if user is None:
        raise NoSuchPerson(_("This account is not there any more."))
    return user


# places


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands at a place: the role, and whether it is a platform admin's borrowed one."""

    asset: Asset
    role: Role | None
    borrowed: bool = False


def standing(user_id: uuid.UUID, asset_number: str) -> Standing | None:
    """A person's standing at the place with this number; None when there is no such place."""
    if not _NUMBER.fullmatch(asset_number):
        return None
    return _standing(user_id, Asset.asset_number == asset_number.upper())


def standing_by_id(user_id: uuid.UUID, asset_id: uuid.UUID) -> Standing | None:
    """As `standing`, for a place known by its key."""
    return _standing(user_id, Asset.id == asset_id)


def _standing(user_id: uuid.UUID, which: ColumnElement[bool]) -> Standing | None:
    row = db.session.execute(
        select(Asset, Membership.role, User)
        .select_from(Asset)
        .join(User, and_(User.id == user_id, User.active))
        .outerjoin(Membership, and_(Membership.asset_id == Asset.id, Membership.user_id == User.id))
        .where(which)
    ).first()
    if row is None:
        return None
    asset, role, user = row
    return _stands(user, asset, role)


def memberships_of(user_id: uuid.UUID) -> Sequence[Membership]:
    """Every place a person works at, by name."""
    return db.session.scalars(
        select(Membership)
        .join(Asset, Asset.id == Membership.asset_id)
        .where(Membership.user_id == user_id)
        .options(joinedload(Membership.asset))
        .order_by(Asset.name, Asset.asset_number)
    ).all()


def places_of(user: User) -> list[Standing]:
    """Every place a person works at, or every place there is for a platform admin, with the role they act in."""
    return [_stands(user, asset, role) for asset, role in db.session.execute(_places_of(user))]


def page_of_places(user: User, *, cursor: str | None = None, limit: object = 50) -> Page[Standing]:
    """The same, a page at a time, the latest opened first."""
    only_places: Select[Asset] = _places_of(user).with_only_columns(Asset)
    page = page_of(only_places, (Asset.id,), cursor=cursor, limit=limit)
    question = select(Membership.asset_id, Membership.role).where(
        Membership.user_id == user.id, Membership.asset_id.in_({asset.id for asset in page.items})
    )
    roles = {asset_id: role for asset_id, role in db.session.execute(question)}
    return Page([_stands(user, asset, roles.get(asset.id)) for asset in page.items], page.next)


def _places_of(user: User) -> Select[Asset, str]:
    return (
        select(Asset, Membership.role)
        .join(
            Membership,
            and_(Membership.asset_id == Asset.id, Membership.user_id == user.id),
            isouter=user.platform_admin,
        )
        .order_by(Asset.name, Asset.asset_number)
    )


def _stands(user: User, asset: Asset, role: str | None) -> Standing:
    """A platform admin acts as an owner wherever they are not one already."""
    borrowed = user.platform_admin and role != Role.OWNER
    return Standing(asset, Role.OWNER if borrowed else Role(role) if role else None, borrowed)


def page_of_members(asset_id: uuid.UUID, *, cursor: str | None = None, limit: object = 50) -> Page[Membership]:
    """Everybody who works at a place, a page at a time, the latest to join first."""
    return page_of(
        select(Membership).where(Membership.asset_id == asset_id).options(joinedload(Membership.user)),
        (Membership.id,),
        cursor=cursor,
        limit=limit,
    )


def members_of(asset_id: uuid.UUID) -> Sequence[Membership]:
    """Everybody who works at a place, by name."""
    return db.session.scalars(
        select(Membership)
        .join(User, User.id == Membership.user_id)
        .where(Membership.asset_id == asset_id)
        .options(joinedload(Membership.user))
        .order_by(User.name, User.email)
    ).all()


def lock_members(asset_id: uuid.UUID) -> list[Membership]:
    """Everybody at a place, locked in one order: changes of who works there wait for each other."""
    locks.taking("asset")
    return list(
        db.session.scalars(
            select(Membership)
            .where(Membership.asset_id == asset_id)
            .order_by(Membership.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


# sessions and tokens


def alive() -> ColumnElement[bool]:
    """What makes a session good: not ended, not past its end, not idle too long, its person not deactivated."""
    return and_(
        UserSession.ended_at.is_(None),
        UserSession.expires_at > _now(),
        UserSession.last_seen_at > _now() - bindparam("idle", IDLE),
        User.active,
    )


@dataclass(frozen=True, slots=True)
class SignIn:
    """A good session with its person; `stale` says it is time to note that it was seen."""

    session: UserSession
    user: User
    stale: bool
    proved: bool


def find_sign_in(token: str) -> SignIn | None:
    """The good session this cookie belongs to, or None."""
    row = db.session.execute(
        select(
            UserSession,
            User,
            UserSession.last_seen_at < _now() - bindparam("touch", TOUCH_EVERY),
            UserSession.proved_at > _now() - bindparam("proof", PROOF),
        )
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == hash_of(token), alive())
    ).first()
    return None if row is None else SignIn(*row)


def sessions_of(user_id: uuid.UUID) -> Sequence[UserSession]:
    """A person's good sessions, the latest seen first."""
    return db.session.scalars(
        select(UserSession)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.user_id == user_id, alive())
        .order_by(UserSession.last_seen_at.desc())
    ).all()


def places_heard(session_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, frozenset[uuid.UUID] | None]:
    """The places each good session may hear news of, None meaning all; one that is over or locked is left out."""
    rows = db.session.execute(
        select(UserSession.id, User.platform_admin, func.array_agg(Membership.asset_id))
        .join(User, User.id == UserSession.user_id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .where(UserSession.id.in_(session_ids), UserSession.locked_at.is_(None), alive())
        .group_by(UserSession.id, User.platform_admin)
    ).all()
    return {session: None if everywhere else frozenset(places) - {None} for session, everywhere, places in rows}


def find_family(family_id: uuid.UUID, user_id: uuid.UUID) -> tuple[TokenFamily, User, bool] | None:
    """A good token family with its person, and whether the password was given within the hour."""
    row = db.session.execute(
        select(TokenFamily, User, TokenFamily.proved_at > _now() - bindparam("proof", timedelta(hours=1)))
        .join(User, User.id == TokenFamily.user_id)
        .where(
            TokenFamily.id == family_id,
            TokenFamily.user_id == user_id,
            TokenFamily.ended_at.is_(None),
            TokenFamily.expires_at > _now(),
            User.active,
        )
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def lock_family(family_id: uuid.UUID) -> TokenFamily | None:
    """A token family, locked and fresh until the transaction ends, or None."""
    locks.taking("user")
    return db.session.scalar(
        select(TokenFamily)
        .where(TokenFamily.id == family_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


# links and letters


def open_link(purpose: str) -> ColumnElement[bool]:
    """What makes a link good for its purpose."""
    return and_(OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > _now())


def find_link(purpose: str, token: str) -> OneTimeLink | None:
    """The good link with this secret, or None."""
    return db.session.scalar(select(OneTimeLink).where(OneTimeLink.token_hash == hash_of(token), open_link(purpose)))


def lock_link(purpose: str, token: str) -> OneTimeLink | None:
    """As `find_link`, locked: of two who follow a link at once, the second finds it used."""
    return db.session.scalar(
        select(OneTimeLink)
        .where(OneTimeLink.token_hash == hash_of(token), open_link(purpose))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def place_of(link: OneTimeLink) -> Asset | None:
    """The place an invitation leads to."""
    return db.session.get(Asset, link.asset_id) if link.asset_id else None


def invitations_to(asset_id: uuid.UUID) -> Sequence[OneTimeLink]:
    """Open invitations to a place, the latest first."""
    return db.session.scalars(
        select(OneTimeLink)
        .where(OneTimeLink.asset_id == asset_id, open_link("invitation"))
        .order_by(OneTimeLink.created_at.desc())
    ).all()


def find_mail(mail_id: uuid.UUID) -> Mail | None:
    """One letter, or None."""
    return db.session.get(Mail, mail_id)


def attachments_of(mail_id: uuid.UUID) -> Sequence[MailAttachment]:
    """The papers that go with a letter."""
    return db.session.scalars(
        select(MailAttachment).where(MailAttachment.mail_id == mail_id).order_by(MailAttachment.name)
    ).all()


def attachment_names(mail_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """What the papers of some letters are called, without their bytes."""
    found: dict[uuid.UUID, list[str]] = {}
    named = select(MailAttachment.mail_id, MailAttachment.name).where(MailAttachment.mail_id.in_(mail_ids))
    for mail_id, name in db.session.execute(named.order_by(MailAttachment.name)):
        found.setdefault(mail_id, []).append(name)
    return found


def latest_mail(limit: int = 100) -> Sequence[Mail]:
    """The latest letters, youngest first."""
    return db.session.scalars(select(Mail).order_by(Mail.created_at.desc(), Mail.id.desc()).limit(limit)).all()
