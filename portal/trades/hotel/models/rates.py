"""What a night costs and who may buy it: plans, prices by the day, restrictions, policies, promotions."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


class FeeKind(StrEnum):
    """What a late cancellation or a no-show costs: the first nights, a share of all, a sum, or everything."""

    NONE = "none"
    NIGHTS = "nights"
    PERCENT = "percent"
    AMOUNT = "amount"
    ALL = "all"


class CancelPolicy(Record):
    """Until when cancelling is free, what it costs later, and what a no-show costs.

    Free until `free_until_minute` (from local midnight) of the day `free_days` before arrival. The value is nights,
    parts per million, or minor units, by its kind.
    """

    __tablename__ = "cancel_policy"
    __table_args__ = (
        UniqueConstraint("asset_id", "name"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("late_kind in ('none', 'nights', 'percent', 'amount', 'all')", "late_kind_known"),
        CheckConstraint("no_show_kind in ('none', 'nights', 'percent', 'amount', 'all')", "no_show_kind_known"),
        CheckConstraint("free_days >= 0 and free_until_minute between 0 and 1439", "free_until"),
        CheckConstraint("late_value >= 0 and no_show_value >= 0", "values_not_negative"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    name: Mapped[str]
    free_days: Mapped[int]
    free_until_minute: Mapped[int]
    late_kind: Mapped[str]
    late_value: Mapped[int] = mapped_column(server_default=text("0"))
    no_show_kind: Mapped[str]
    no_show_value: Mapped[int] = mapped_column(server_default=text("0"))


class DeriveKind(StrEnum):
    """How a plan follows its parent."""

    PERCENT = "percent"
    AMOUNT = "amount"


class RatePlan(Record):
    """Terms a room is sold on. A derived plan follows its parent by parts per million or minor units, signed.

    `rounding` is the step in minor units a derived price is brought to.
    """

    __tablename__ = "rate_plan"
    __table_args__ = (
        UniqueConstraint("asset_id", "code"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("derive_kind in ('percent', 'amount')", "derive_kind_known"),
        CheckConstraint("(parent_id is null) = (derive_kind is null)", "derived_from_something"),
        CheckConstraint("parent_id <> id", "not_its_own_parent"),
        CheckConstraint("rounding > 0", "rounding_positive"),
        CheckConstraint("sell_until is null or sell_from is null or sell_until >= sell_from", "window_in_order"),
        ForeignKeyConstraint(["parent_id", "asset_id"], ["rate_plan.id", "rate_plan.asset_id"]),
        ForeignKeyConstraint(["policy_id", "asset_id"], ["cancel_policy.id", "cancel_policy.asset_id"]),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    code: Mapped[str]
    name: Mapped[str]
    parent_id: Mapped[uuid.UUID | None]
    derive_kind: Mapped[str | None]
    derive_value: Mapped[int] = mapped_column(server_default=text("0"))
    rounding: Mapped[int] = mapped_column(server_default=text("1"))
    policy_id: Mapped[uuid.UUID | None]
    meal: Mapped[str | None]
    #: Days on which it may be booked, both included.
    sell_from: Mapped[date | None]
    sell_until: Mapped[date | None]
    public: Mapped[bool] = mapped_column(server_default=text("true"))
    complimentary: Mapped[bool] = mapped_column(server_default=text("false"))
    #: What is in the price and shown apart on the folio: [{"code", "words", "amount", "per": "night"|"person"|"stay"}].
    package: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    place: Mapped[int] = mapped_column(server_default=text("0"))
    retired_at: Mapped[datetime | None]


class DailyRate(Model):
    """The price of one night of one type on a plan of its own; extra people beyond the type's `adults` come on top."""

    __tablename__ = "daily_rate"
    __table_args__ = (
        CheckConstraint("price >= 0 and extra_adult >= 0 and extra_child >= 0", "not_negative"),
        Index("ix_daily_rate_room_type_id", "room_type_id", "night"),
    )

    rate_plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rate_plan.id", ondelete="CASCADE"), primary_key=True)
    room_type_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("room_type.id", ondelete="CASCADE"), primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
    price: Mapped[int]
    extra_adult: Mapped[int] = mapped_column(server_default=text("0"))
    extra_child: Mapped[int] = mapped_column(server_default=text("0"))


class Restriction(Record):
    """Who may buy a night. Without a plan it holds for all plans, without a type for all types."""

    __tablename__ = "restriction"
    __table_args__ = (
        UniqueConstraint("asset_id", "rate_plan_id", "room_type_id", "night", postgresql_nulls_not_distinct=True),
        CheckConstraint("coalesce(min_arrival, 1) > 0 and coalesce(min_through, 1) > 0", "min_positive"),
        CheckConstraint("coalesce(max_arrival, 1) > 0 and coalesce(max_stay, 1) > 0", "max_positive"),
        CheckConstraint("coalesce(min_advance, 0) >= 0 and coalesce(max_advance, 0) >= 0", "advance_not_negative"),
        CheckConstraint("coalesce(quota, 0) >= 0", "quota_not_negative"),
        Index("ix_restriction_asset_id", "asset_id", "night"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    rate_plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rate_plan.id", ondelete="CASCADE"))
    room_type_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("room_type.id", ondelete="CASCADE"))
    night: Mapped[date]
    min_arrival: Mapped[int | None]
    max_arrival: Mapped[int | None]
    min_through: Mapped[int | None]
    max_stay: Mapped[int | None]
    closed_to_arrival: Mapped[bool] = mapped_column(server_default=text("false"))
    closed_to_departure: Mapped[bool] = mapped_column(server_default=text("false"))
    closed: Mapped[bool] = mapped_column(server_default=text("false"))
    min_advance: Mapped[int | None]
    max_advance: Mapped[int | None]
    #: How many may be sold of this plan and type on this night.
    quota: Mapped[int | None]


class Promotion(Record):
    """A lower price for a while, by itself or with a code. The value is parts per million or minor units a night."""

    __tablename__ = "promotion"
    __table_args__ = (
        UniqueConstraint("asset_id", "name"),
        CheckConstraint("kind in ('percent', 'amount')", "kind_known"),
        CheckConstraint("value > 0", "value_positive"),
        CheckConstraint("stay_until > stay_from and book_until >= book_from", "dates_in_order"),
        Index("ix_promotion_asset_id", "asset_id", "stay_from"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    name: Mapped[str]
    code: Mapped[str | None]
    kind: Mapped[str]
    value: Mapped[int]
    rate_plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rate_plan.id"))
    room_type_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("room_type.id"))
    min_nights: Mapped[int] = mapped_column(server_default=text("1"))
    stay_from: Mapped[date]
    stay_until: Mapped[date]
    book_from: Mapped[date]
    book_until: Mapped[date]
    retired_at: Mapped[datetime | None]


class RateChange(Record):
    """Prices or restrictions that were changed in one go: each cell as it was and as it became, to be taken back.

    `said` is the change in words' figures; `cells` are [type, night, before, after].
    """

    __tablename__ = "rate_change"
    __table_args__ = (
        CheckConstraint("kind in ('rates', 'restrictions')", "kind_known"),
        Index("ix_rate_change_asset_id", "asset_id", "id"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    kind: Mapped[str]
    rate_plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rate_plan.id", ondelete="CASCADE"))
    said: Mapped[dict[str, Any]]
    cells: Mapped[list[Any]]
    made_by: Mapped[str]
    undone_at: Mapped[datetime | None]
