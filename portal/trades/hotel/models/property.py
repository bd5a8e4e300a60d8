"""How a hotel works: its times, its business days, its taxes."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


class Property(Model):
    """The hotel's own settings of a place. Minutes count from local midnight; amounts are minor units."""

    __tablename__ = "property"
    __table_args__ = (
        CheckConstraint("checkin_minute between 0 and 1439 and checkout_minute between 0 and 1439", "times_of_day"),
        CheckConstraint("checkout_minute <= checkin_minute", "out_before_in"),
        CheckConstraint("hold_minutes between 1 and 43200", "hold_sensible"),
        CheckConstraint("close_after_minute between 0 and 1439", "close_time_of_day"),
        CheckConstraint("balance_limit >= 0", "balance_limit_positive"),
        CheckConstraint("discount_limit_ppm between 0 and 1000000", "discount_limit_share"),
        CheckConstraint("door_mode in ('until_checkout', 'rolling')", "door_mode_known"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True)
    checkin_minute: Mapped[int] = mapped_column(server_default=text("900"))
    checkout_minute: Mapped[int] = mapped_column(server_default=text("660"))
    #: From when on the day after may the business date be closed.
    close_after_minute: Mapped[int] = mapped_column(server_default=text("0"))
    hold_minutes: Mapped[int] = mapped_column(server_default=text("15"))
    #: A guest in house who owes more than this is told of.
    balance_limit: Mapped[int] = mapped_column(server_default=text("0"))
    #: A discount up to this share needs nobody's leave.
    discount_limit_ppm: Mapped[int] = mapped_column(server_default=text("100000"))
    #: What of a guest's card has to be filled in before check-in: names of columns.
    card_fields: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    door_mode: Mapped[str] = mapped_column(server_default=text("'rolling'"))
    auto_no_show: Mapped[bool] = mapped_column(server_default=text("true"))
    #: Guests whose stay is prepared may check in on their own page.
    self_check_in: Mapped[bool] = mapped_column(server_default=text("false"))
    early_fee_ppm: Mapped[int] = mapped_column(server_default=text("500000"))
    late_fee_ppm: Mapped[int] = mapped_column(server_default=text("500000"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class DayState(StrEnum):
    """A business day: open -> closed. There is one open day at a hotel."""

    OPEN = "open"
    CLOSED = "closed"


class BusinessDay(Record):
    """One business day of a hotel; what it came to is kept when it is closed."""

    __tablename__ = "business_day"
    __table_args__ = (
        UniqueConstraint("asset_id", "day"),
        CheckConstraint("state in ('open', 'closed')", "state_known"),
        CheckConstraint("(state = 'closed') = (closed_at is not null)", "closed_when"),
        Index("ix_business_day_closing", "closing_at", postgresql_where=text("closing_at is not null")),
        Index("uq_business_day_open", "asset_id", unique=True, postgresql_where=text("state = 'open'")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    day: Mapped[date]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    #: Somebody asked for it to be closed, and the clockwork does.
    closing_at: Mapped[datetime | None]
    closing_by: Mapped[dict[str, Any] | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    totals: Mapped[dict[str, Any] | None]


class TaxKind(StrEnum):
    """How a tax is counted."""

    PERCENT = "percent"
    PER_NIGHT = "per_night"
    PER_PERSON = "per_person"


class HotelTax(Record):
    """A tax on what a hotel sells: VAT in or on the price, or a city tax by the night or the person and night."""

    __tablename__ = "hotel_tax"
    __table_args__ = (
        CheckConstraint("kind in ('percent', 'per_night', 'per_person')", "kind_known"),
        CheckConstraint("(kind = 'percent') = (rate_ppm is not null)", "rate_of_percent"),
        CheckConstraint("(kind <> 'percent') = (amount is not null)", "amount_of_the_rest"),
        CheckConstraint("coalesce(rate_ppm, 0) >= 0 and coalesce(amount, 0) >= 0", "not_negative"),
        CheckConstraint("applies_to in ('room', 'all')", "applies_to_known"),
        CheckConstraint("until_on is null or until_on > from_on", "dates_in_order"),
        Index("ix_hotel_tax_asset_id", "asset_id", "from_on"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    name: Mapped[str]
    kind: Mapped[str]
    rate_ppm: Mapped[int | None]
    amount: Mapped[int | None]
    inclusive: Mapped[bool] = mapped_column(server_default=text("true"))
    applies_to: Mapped[str] = mapped_column(server_default=text("'room'"))
    #: Whether a tax by the person is asked of children too.
    children_pay: Mapped[bool] = mapped_column(server_default=text("false"))
    from_on: Mapped[date]
    #: The first day it is charged no more.
    until_on: Mapped[date | None]
