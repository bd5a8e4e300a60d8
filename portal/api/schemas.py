"""What comes in and goes out at the JSON door, validated; the OpenAPI document is written from these."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel

from portal.api import fields
from portal.api.fields import read_by
from portal.core import money, parse

T = TypeVar("T")
LIMIT = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
CURSOR = {"type": "string", "maxLength": 500, "description": "`next` of the page before."}


class Taken(BaseModel):
    """What a client sends: a field nobody asked for is refused, for a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid")

    def sent(self, *names: str) -> dict[str, Any]:
        """Those of the fields that were sent, for commands that leave the others as they are."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


class Given(BaseModel):
    """What a client is answered."""


class Fault(Given):
    """Why not: a code for a machine, a sentence for a person, details for a form."""

    code: str
    message: str
    details: dict[str, Any]


class Refusal(Given):
    """Every refusal."""

    error: Fault


class Paging(Taken):
    """Which page of a list."""

    limit: Annotated[int, *read_by(parse.whole, LIMIT, minimum=1, maximum=200)] = 50
    cursor: Annotated[str | None, *read_by(parse.text, CURSOR, max_length=500)] = None


class Page(Given, Generic[T]):
    """Some rows of a list, newest first, and the cursor that asks for the rows after them."""

    results: list[T]
    next: str | None


class Money(Given):
    """An amount of money in major units."""

    amount: fields.AmountText
    currency: str

    @classmethod
    def of(cls, what: money.Money) -> Money:
        """As it goes over the wire."""
        return cls(amount=what.to_major_str(), currency=what.currency)


class Bank(Taken):
    """Where a place's money is paid out to."""

    bank_name: fields.text(80)  # type: ignore[valid-type]
    account_name: fields.text(80)  # type: ignore[valid-type]
    account_number: fields.text(40)  # type: ignore[valid-type]


class AssetIn(Taken):
    """A place to open."""

    kind: fields.Kind
    name: fields.text(80)  # type: ignore[valid-type]
    currency: fields.Currency
    timezone: fields.text(60)  # type: ignore[valid-type]
    location: fields.clearable_text(200) = ""  # type: ignore[valid-type]
    bank: Bank | None = None


class AssetChange(Taken):
    """What to change about a place; what is not sent stays as it is."""

    name: fields.text(80) = None  # type: ignore[valid-type]
    timezone: fields.text(60) = None  # type: ignore[valid-type]
    location: fields.clearable_text(200) = None  # type: ignore[valid-type]
    retain_commands: fields.Flag | None = None
    bank: Bank | None = None


class BankOut(Given):
    """Where a place's money is paid out to; only those who may change it see it."""

    bank_name: str
    account_name: str
    account_number: str


class AssetOut(Given):
    """A place."""

    id: UUID
    asset_number: str
    kind: str
    name: str
    currency: str
    timezone: str
    location: str | None
    role: str
    retain_commands: bool
    created_at: datetime
    retired_at: datetime | None
    bank: BankOut | None


class RoomIn(Taken):
    """A room to register; `price` buys one period, a day unless `period_minutes` says otherwise."""

    room_number: fields.Code
    room_type: fields.clearable_text(60) = ""  # type: ignore[valid-type]
    price: fields.Amount
    currency: fields.Currency | None = None
    period_minutes: fields.whole(1, 527_040) = 1_440  # type: ignore[valid-type]


class VehicleIn(Taken):
    """A vehicle to register; `price` buys one period, a day unless `period_minutes` says otherwise."""

    vehicle_number: fields.Code
    plate: fields.clearable_text(20) = ""  # type: ignore[valid-type]
    price: fields.Amount
    currency: fields.Currency | None = None
    period_minutes: fields.whole(1, 527_040) = 1_440  # type: ignore[valid-type]


class RoomChange(Taken):
    """What to change about a room; what is not sent stays as it is."""

    room_type: fields.clearable_text(60) = None  # type: ignore[valid-type]
    price: fields.Amount = None
    currency: fields.Currency | None = None
    period_minutes: fields.whole(1, 527_040) = None  # type: ignore[valid-type]


class VehicleChange(Taken):
    """What to change about a vehicle; what is not sent stays as it is."""

    plate: fields.clearable_text(20) = None  # type: ignore[valid-type]
    price: fields.Amount = None
    currency: fields.Currency | None = None
    period_minutes: fields.whole(1, 527_040) = None  # type: ignore[valid-type]


class ReadingOut(Given):
    """What a unit last said on one subject."""

    value: str
    at: datetime


class CommandedOut(Given):
    """What a unit was last told on one subject, and how far that has come."""

    id: UUID
    seq: int
    action: str
    status: str
    at: datetime


class UnitOut(Given):
    """A unit and its live state: what it was told and what it says itself are never mixed up."""

    id: UUID
    asset_number: str
    kind: str
    label: str
    price: Money | None = Field(description="Of one period; null for roles that do not see prices.")
    period_minutes: int
    status: str
    activated_at: datetime | None
    expires_at: datetime | None
    readings: dict[str, ReadingOut]
    commanded: dict[str, CommandedOut]
    reported: dict[str, ReadingOut]


class RoomOut(UnitOut):
    """A room."""

    room_number: str
    room_type: str | None


class VehicleOut(UnitOut):
    """A vehicle."""

    vehicle_number: str
    plate: str | None


class UnitState(RootModel[RoomOut | VehicleOut]):
    """A room or a vehicle."""


class MemberOut(Given):
    """Somebody who works at a place."""

    id: UUID
    email: str
    name: str
    phone_number: str | None
    role: str


class InviteIn(Taken):
    """Whom to ask to join, and as what."""

    email: fields.Email
    role: fields.Role


class InvitationOut(Given):
    """An invitation; the link works once, for a week, and is mailed too."""

    email: str
    role: str
    url: str


class KickIn(Taken):
    """Whom to let go."""

    email: fields.Email
    reason: fields.clearable_text(200) = ""  # type: ignore[valid-type]


class ControlIn(Taken):
    """What to tell a unit."""

    capability: fields.choice("access", "electricity", "ignition")  # type: ignore[valid-type]
    action: fields.choice("lock", "unlock", "turn_on", "turn_off")  # type: ignore[valid-type]
    reason: fields.clearable_text(200) = ""  # type: ignore[valid-type]


class DirectControlIn(Taken):
    """For how long to let a unit without a payment, and why."""

    minutes: fields.whole(1, 527_040)  # type: ignore[valid-type]
    reason: fields.Reason


class CommandOut(Given):
    """What a unit was told."""

    id: UUID
    seq: int
    capability: str
    action: str
    status: str
    not_after: datetime


class CommandStateOut(CommandOut):
    """What a unit was told, and how far that has come; `held` says what a queued one waits for.

    `approval` is a second person, `moving` a standstill. `lease_until` is when the device undoes it by itself.
    """

    unit: str
    created_at: datetime
    held: str | None
    lease_until: datetime | None
    sent_at: datetime | None
    accepted_at: datetime | None
    done_at: datetime | None
    detail: str | None
    reason: str | None


class GrantOut(Given):
    """The right to use a unit for a time."""

    id: UUID
    unit: str
    kind: str
    starts_at: datetime
    expires_at: datetime
    command: CommandOut | None = Field(description="The command that opens; null when the unit is open already.")


class EventsQuery(Paging):
    """Which events."""

    unit: fields.Code | None = None
    kind: fields.Code | None = None
    since: fields.Moment = None
    until: fields.Moment = None


class EventOut(Given):
    """One word of one unit, for ever."""

    id: UUID
    unit: str
    kind: str
    value: str
    at: datetime


class TransactionOut(Given):
    """A payment and how far it has come."""

    id: UUID
    reference: str
    provider: str
    purpose: str
    unit: str | None
    amount: fields.AmountText
    currency: str
    status: str
    email: str
    created_at: datetime
    paid_at: datetime | None
    received: fields.AmountText | None
    remainder: fields.AmountText | None


class UnitCounts(Given):
    """How many units stand how."""

    total: int
    in_service: int
    in_use: int


class PlaceStatusOut(Given):
    """How full a place is and what it brings a day when nothing changes."""

    asset_number: str
    kind: str
    units: UnitCounts
    occupancy: float | None = Field(description="Share of rooms in use, 0 to 1; null where vehicles are let.")
    utilisation: float | None = Field(description="Share of vehicles in use, 0 to 1; null where rooms are let.")
    expected_yield: Money | None = Field(description="A day, from the units in use; null for roles that see no prices.")
    full_yield: Money | None = Field(description="A day, if every unit in service were in use.")
    at: datetime


class IndexQuery(Taken):
    """Which month, or which year."""

    year: Annotated[
        int | None,
        *read_by(parse.whole, {"type": "integer", "minimum": 2000, "maximum": 2100}, minimum=2000, maximum=2100),
    ] = None
    month: Annotated[
        int | None, *read_by(parse.whole, {"type": "integer", "minimum": 1, "maximum": 12}, minimum=1, maximum=12)
    ] = None


class DayTakingsOut(Given):
    """What one kind of place took on one local day."""

    day: date
    kind: str
    amount: fields.AmountText
    currency: str
    payments: int


class IndexOut(Given):
    """The figures of all the caller's places: `total_revenue` has one entry a currency, of the days asked for."""

    year: int
    month: int | None
    total_assets: int
    assets: dict[str, int]
    total_revenue: list[Money]
    revenue_per_day: list[DayTakingsOut]
