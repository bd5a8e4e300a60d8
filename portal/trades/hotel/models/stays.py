"""Reservations, the stays they are made of, and the price that was agreed for each night."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model, Record


class StayStatus(StrEnum):
    """held -> confirmed -> in_house -> checked_out; or expired, cancelled, no_show. Most steps can be undone."""

    HELD = "held"
    CONFIRMED = "confirmed"
    IN_HOUSE = "in_house"
    CHECKED_OUT = "checked_out"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"


#: Stays that have nights in the calendar.
LIVE = (StayStatus.HELD, StayStatus.CONFIRMED, StayStatus.IN_HOUSE, StayStatus.CHECKED_OUT)


class GuestProfile(Model):
    """What a hotel knows of a customer who stays: the registration card, and what the desk should know."""

    __tablename__ = "guest_profile"

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    nationality: Mapped[str | None]
    born_on: Mapped[date | None]
    document_kind: Mapped[str | None]
    document_number: Mapped[str | None]
    address: Mapped[str | None]
    language: Mapped[str | None]
    vip: Mapped[bool] = mapped_column(server_default=text("false"))
    do_not_rent: Mapped[str | None]
    preferences: Mapped[str | None]
    anonymised_at: Mapped[datetime | None]


class CompanyTerms(Model):
    """What was agreed with a company or an agent: its account in the city ledger, and how much it may owe."""

    __tablename__ = "company_terms"
    __table_args__ = (
        UniqueConstraint("business_id", "account_number"),
        CheckConstraint("credit_limit >= 0", "limit_positive"),
    )

    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"))
    account_number: Mapped[str | None]
    credit_limit: Mapped[int] = mapped_column(server_default=text("0"))


class BookingGroup(Record):
    """People who come together: a block of rooms kept for them until the cut-off, and a folio for what is shared."""

    __tablename__ = "booking_group"
    __table_args__ = (
        UniqueConstraint("asset_id", "code"),
        UniqueConstraint("id", "asset_id"),
        CheckConstraint("departure > arrival", "dates_in_order"),
        CheckConstraint("status in ('open', 'cut_off', 'cancelled')", "status_known"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    code: Mapped[str]
    name: Mapped[str]
    company_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("customer.id"))
    rate_plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rate_plan.id"))
    arrival: Mapped[date]
    departure: Mapped[date]
    cutoff_on: Mapped[date]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    #: Kinds of charges that go to the group's own folio.
    routes: Mapped[list[Any]] = mapped_column(server_default=text('\'["room", "tax"]\''))
    note: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Allotment(Model):
    """Rooms of a type kept for a group on one night, and how many of them have been picked up or given back."""

    __tablename__ = "allotment"
    __table_args__ = (
        CheckConstraint("blocked >= 0 and picked_up >= 0 and released >= 0", "not_negative"),
        CheckConstraint("picked_up + released <= blocked", "no_more_than_blocked"),
    )

    group_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("booking_group.id"), primary_key=True)
    room_type_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("room_type.id"), primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
    blocked: Mapped[int]
    picked_up: Mapped[int] = mapped_column(server_default=text("0"))
    released: Mapped[int] = mapped_column(server_default=text("0"))


class Reservation(Record):
    """What somebody booked, in one or several rooms. Its status is that of its stays."""

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("asset_id", "number"),
        UniqueConstraint("id", "asset_id"),
        UniqueConstraint("asset_id", "channel", "channel_ref"),
        CheckConstraint("(channel is null) = (channel_ref is null)", "channel_whole"),
        ForeignKeyConstraint(["group_id", "asset_id"], ["booking_group.id", "booking_group.asset_id"]),
        Index("ix_reservation_asset_id", "asset_id", "created_at"),
        Index("ix_reservation_booker_id", "booker_id"),
        Index("ix_reservation_phone", "phone", postgresql_where=text("phone is not null")),
        Index("ix_reservation_email", "email", postgresql_where=text("email is not null")),
        Index("ix_reservation_hold", "hold_expires_at", postgresql_where=text("hold_expires_at is not null")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    #: Said on the telephone: letters and digits that cannot be misread, with a check character.
    number: Mapped[str]
    booker_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id"))
    #: Where the booker said they can be reached, though somebody else may be known by it.
    email: Mapped[str | None]
    phone: Mapped[str | None]
    company_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("customer.id"))
    agent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("customer.id"))
    group_id: Mapped[uuid.UUID | None]
    source: Mapped[str]
    channel: Mapped[str | None]
    channel_ref: Mapped[str | None]
    #: Set while the reservation is only held.
    hold_expires_at: Mapped[datetime | None]
    #: Sold when a night had no room left: by the limit or by somebody's leave.
    overbooked: Mapped[bool] = mapped_column(server_default=text("false"))
    note: Mapped[str | None]
    #: Opens the guest's own pages without signing in.
    token: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Stay(Record):
    """One room for one party from arrival to departure (local dates, half-open); day use has both on one day.

    `room_id` is the room of now, or the first one planned; every stretch of it stands in `room_occupancy`. In house
    without a room is a guest in the parking lane, while others are moved around them.
    `starts_at` and `ends_at` are set where they differ from the hotel's times: early, late, day use, rolling hours.
    """

    __tablename__ = "stay"
    __table_args__ = (
        UniqueConstraint("id", "asset_id"),
        UniqueConstraint("reservation_id", "place"),
        CheckConstraint("departure > arrival or (day_use and departure = arrival)", "dates_in_order"),
        CheckConstraint(
            "status in ('held', 'confirmed', 'in_house', 'checked_out', 'cancelled', 'no_show', 'expired')",
            "status_known",
        ),
        CheckConstraint("adults >= 1 and children >= 0", "people"),
        ForeignKeyConstraint(["reservation_id", "asset_id"], ["reservation.id", "reservation.asset_id"]),
        ForeignKeyConstraint(["room_type_id", "asset_id"], ["room_type.id", "room_type.asset_id"]),
        ForeignKeyConstraint(["room_id", "asset_id"], ["room.unit_id", "room.asset_id"]),
        ForeignKeyConstraint(["rate_plan_id", "asset_id"], ["rate_plan.id", "rate_plan.asset_id"]),
        Index("uq_stay_in_house", "room_id", unique=True, postgresql_where=text("status = 'in_house'")),
        Index("ix_stay_arrival", "asset_id", "arrival", "status"),
        Index("ix_stay_departure", "asset_id", "departure", "status"),
        Index("ix_stay_in_house", "asset_id", postgresql_where=text("status = 'in_house'")),
        Index("ix_stay_guest_id", "guest_id"),
        Index("ix_stay_room_type_id", "room_type_id", "arrival"),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    reservation_id: Mapped[uuid.UUID]
    #: Counts the rooms of a reservation from 1.
    place: Mapped[int]
    room_type_id: Mapped[uuid.UUID]
    room_id: Mapped[uuid.UUID | None]
    #: The guest was promised this very room.
    room_locked: Mapped[bool] = mapped_column(server_default=text("false"))
    guest_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id"))
    rate_plan_id: Mapped[uuid.UUID | None]
    arrival: Mapped[date]
    departure: Mapped[date]
    day_use: Mapped[bool] = mapped_column(server_default=text("false"))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    adults: Mapped[int]
    children: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str]
    #: Minutes after local midnight the guest said they come.
    eta_minute: Mapped[int | None]
    arrived_at: Mapped[datetime | None]
    departed_at: Mapped[datetime | None]
    #: The terms of cancelling as they were agreed.
    policy: Mapped[dict[str, Any] | None]
    grant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("access_grant.id"))
    signature: Mapped[str | None]
    signed_at: Mapped[datetime | None]
    note: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    @property
    def nights(self) -> int:
        """How many nights it is."""
        return (self.departure - self.arrival).days


class StayNight(Model):
    """What was agreed for one night: the price after the discount is what will be charged, whatever rates do later.

    Amounts are minor units. `room_type_id` is the type whose calendar the night is taken from: an upgrade's differs
    from the stay's own. `taxes` are those on top of or in the price: [{"name", "amount", "inclusive", "rate_ppm"}].
    """

    __tablename__ = "stay_night"
    __table_args__ = (
        CheckConstraint("price >= 0 and discount >= 0 and discount <= price", "amounts"),
        Index("ix_stay_night_room_type_id", "room_type_id", "night", postgresql_where=text("not released")),
        Index("ix_stay_night_plan", "rate_plan_id", "room_type_id", "night", postgresql_where=text("not released")),
    )

    stay_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stay.id"), primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
    room_type_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("room_type.id"))
    rate_plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rate_plan.id"))
    price: Mapped[int]
    discount: Mapped[int] = mapped_column(server_default=text("0"))
    taxes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    #: What is in the price and shown apart on the folio: [{"code", "words", "amount"}].
    package: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    #: Given back to the calendar.
    released: Mapped[bool] = mapped_column(server_default=text("false"))
    #: How often it was given back with its charge: should it be taken again, it is charged under another key.
    again: Mapped[int] = mapped_column(server_default=text("0"))

    @property
    def agreed(self) -> int:
        """What the room costs that night."""
        return self.price - self.discount


class StayGuest(Model):
    """Who else sleeps in the room."""

    __tablename__ = "stay_guest"

    stay_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stay.id"), primary_key=True)
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)


class StayStep(Record):
    """A step that can be taken back: what was done to a stay, and what it was before."""

    __tablename__ = "stay_step"
    __table_args__ = (Index("ix_stay_step_stay_id", "stay_id", "id"),)

    stay_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stay.id"))
    asset_id: Mapped[uuid.UUID]
    verb: Mapped[str]
    business_date: Mapped[date]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    by: Mapped[str]
    undone_at: Mapped[datetime | None]


class Waiting(Record):
    """Somebody who would come if a room became free."""

    __tablename__ = "waitlist"
    __table_args__ = (
        CheckConstraint("departure > arrival", "dates_in_order"),
        CheckConstraint("status in ('waiting', 'booked', 'withdrawn')", "status_known"),
        Index("ix_waitlist_asset_id", "asset_id", "arrival", postgresql_where=text("status = 'waiting'")),
    )

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    customer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customer.id"))
    room_type_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("room_type.id"))
    arrival: Mapped[date]
    departure: Mapped[date]
    adults: Mapped[int]
    status: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    note: Mapped[str | None]
    made_by: Mapped[str]
