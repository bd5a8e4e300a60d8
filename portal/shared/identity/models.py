"""People, what they may do where, and the proofs that it is them."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Model, Record
from portal.shared.assets.models import Asset


class Role(StrEnum):
    """The parts a person can play at a place."""

    OWNER = "owner"
    ADMIN = "admin"
    MANAGER = "manager"
    FRONT_DESK = "front_desk"
    CASHIER = "cashier"
    DEPOT_SALES = "depot_sales"
    DISPATCHER = "dispatcher"
    HOUSEKEEPER = "housekeeper"
    DRIVER = "driver"
    VIEWER = "viewer"
    CUSTOMER = "customer"


class User(Record):
    """A person who can sign in. Email and phone are stored normalised: lower case, E.164.

    The mailbox is proved by following a link that only it received; an invitation's link its inviter saw too.
    """

    __tablename__ = "user_account"
    __table_args__ = (CheckConstraint("email = lower(email)", "email_lower"),)

    email: Mapped[str] = mapped_column(unique=True)
    email_proved_at: Mapped[datetime | None]
    phone_number: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    platform_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    language: Mapped[str] = mapped_column(server_default=text("'en'"))
    theme: Mapped[str] = mapped_column(server_default=text("'system'"))
    last_asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))


class Membership(Record):
    """One person's one role at one place."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "asset_id"), Index("ix_membership_asset_id", "asset_id"))

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    role: Mapped[str]

    user: Mapped[User] = relationship(lazy="raise")
    asset: Mapped[Asset] = relationship(lazy="raise")


class UserSession(Record):
    """One signed-in browser; the cookie holds the token, this row only its hash."""

    __tablename__ = "user_session"
    __table_args__ = (Index("ix_user_session_user_id", "user_id"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    proved_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    locked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class TokenFamily(Record):
    """A chain of refresh tokens from one sign-in; only `current` is good, and reuse of an old one ends it."""

    __tablename__ = "token_family"
    __table_args__ = (Index("ix_token_family_user_id", "user_id"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    current: Mapped[uuid.UUID]
    address: Mapped[str | None]
    proved_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class OneTimeLink(Record):
    """An invitation or a password reset: a secret that works once, until it does not."""

    __tablename__ = "one_time_link"
    __table_args__ = (Index("ix_one_time_link_asset_id", "asset_id"),)

    purpose: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    email: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    role: Mapped[str | None]
    invited_by: Mapped[str | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Mail(Model):
    """A letter the portal wrote, kept readable on Admin -> Mail whether or not a mail server took it."""

    __tablename__ = "mail"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    asset_id: Mapped[uuid.UUID | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]


class MailAttachment(Record):
    """A paper that goes with a letter: the exact bytes."""

    __tablename__ = "mail_attachment"
    __table_args__ = (UniqueConstraint("mail_id", "name"),)

    mail_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mail.id", ondelete="CASCADE"))
    name: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
