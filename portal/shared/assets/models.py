"""Businesses, their places, and the physical units that are let, driven or filled there."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Record
from portal.core.money import Money


class AssetKind(StrEnum):
    """What sort of place it is."""

    HOTEL = "hotel"
    FLEET = "fleet"
    DEPOT = "depot"
    SHOP = "shop"


class UnitKind(StrEnum):
    """What sort of unit it is."""

    ROOM = "room"
    VEHICLE = "vehicle"


class UnitStatus(StrEnum):
    """A unit's life: inactive -> active -> expired -> active; suspended from any; retired for good."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Business(Record):
    """The company that owns places, and with them customers, catalogue, credits and tax series."""

    __tablename__ = "business"

    name: Mapped[str]


class Asset(Record):
    """A place: the boundary of every right. `asset_number` is what is printed, typed and put in URLs."""

    __tablename__ = "asset"
    __table_args__ = (
        CheckConstraint("kind in ('hotel', 'fleet', 'depot', 'shop')", "kind_known"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", "currency_iso"),
    )

    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"), index=True)
    asset_number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    timezone: Mapped[str]
    currency: Mapped[str]
    location: Mapped[str | None]
    bank_name: Mapped[str | None]
    bank_account_name: Mapped[str | None]
    bank_account_number: Mapped[str | None]
    business_date: Mapped[date | None]
    retain_commands: Mapped[bool] = mapped_column(server_default=text("false"))
    retired_at: Mapped[datetime | None]

    business: Mapped[Business] = relationship(lazy="raise")


class Unit(Record):
    """A room or a vehicle. `price` buys one period of access, in minor units of the place's currency."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("asset_id", "kind", "number"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("kind in ('room', 'vehicle')", "kind_known"),
        CheckConstraint("status in ('inactive', 'active', 'expired', 'suspended', 'retired')", "status_known"),
        CheckConstraint("status <> 'active' or expires_at is not null", "active_until"),
        CheckConstraint("price > 0", "price_positive"),
        CheckConstraint("(status = 'suspended') = (status_before is not null)", "status_before_while_suspended"),
        Index("ix_unit_due", "expires_at", postgresql_where=text("status = 'active' or status_before = 'active'")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    number: Mapped[str]
    kind: Mapped[str]
    label: Mapped[str] = mapped_column(unique=True)
    room_type: Mapped[str | None]
    plate: Mapped[str | None]
    price: Mapped[int]
    period_minutes: Mapped[int] = mapped_column(server_default=text("1440"))
    status: Mapped[str] = mapped_column(server_default=text("'inactive'"))
    status_before: Mapped[str | None]
    activated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    command_seq: Mapped[int] = mapped_column(server_default=text("0"))

    asset: Mapped[Asset] = relationship(lazy="raise")

    def price_in(self, currency: str) -> Money:
        """The price of one period as money."""
        return Money(self.price, currency)
