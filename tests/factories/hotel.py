"""Hotels of the scenarios: BER with five rooms, BIG with a hundred, LAG with one; all made by the commands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

from sqlalchemy import text

from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import (
    CancelPolicy,
    InventoryNight,
    RatePlan,
    Reservation,
    Restriction,
    Stay,
)
from portal.trades.hotel.queries.inventory import room_type_at
from portal.trades.hotel.queries.quotes import plan_at
from portal.trades.hotel.queries.stays import stays_of
from portal.trades.hotel.services import inventory, properties, reservations
from tests.factories import assets
from tests.factories.assets import ACTOR

#: Monday 2 March 2026, the day the scenarios are told on, in the afternoon.
TODAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
EVERY_NIGHT = text(
    "insert into daily_rate (rate_plan_id, room_type_id, night, price) select :plan, room_type_id, night,"
    " case when extract(isodow from night) in (5, 6) then :dear else :price end"
    " from inventory_calendar join room_type on room_type.id = room_type_id and asset_id = :place and code = :code"
)
_names = count(1)


def hotel(
    rooms: dict[str, tuple[str, int, list[str]]], *, today: date = TODAY, days: int = 400, **changes: object
) -> Asset:
    """A hotel of types {code: (name, capacity, room numbers)}, its nights on sale from yesterday on."""
    fields = {"name": "Hotel Spree", "currency": "EUR", "timezone": "Europe/Berlin", **changes}
    place = assets.place(**fields)
    place.business_date = today
    db.session.flush()
    properties.open_hotel(asset_id=place.id, actor=ACTOR)
    for code, (name, capacity, numbers) in rooms.items():
        made = properties.add_type(asset_id=place.id, code=code, name=name, capacity=capacity, actor=ACTOR)
        for number in numbers:
            properties.add_room(asset_id=place.id, number=number, room_type_id=made.id, price=1_000_000, actor=ACTOR)
    open_nights(place, today - timedelta(days=1), days)
    return place


def open_nights(place: Asset, start: date, days: int) -> None:
    """Put nights on sale."""
    inventory.open_nights(asset_id=place.id, start=start, end=start + timedelta(days=days), actor=ACTOR)


def ber(**changes: object) -> Asset:
    """Berlin: three doubles and two singles; BAR 100 Sun-Thu and 130 Fri-Sat (single 70), NRF ten percent less.

    FLEX: free until 18:00 two days before, later the first night, a no-show pays all nights.
    """
    doubles = ("DBL", ("Double", 2, ["101", "102", "103"]))
    place = hotel({doubles[0]: doubles[1], "SGL": ("Single", 1, ["201", "202"])}, **changes)
    plans(place)
    return place


def big(rooms: int = 100, **changes: object) -> Asset:
    """As Berlin, with a hundred doubles."""
    place = hotel({"DBL": ("Double", 2, [str(n) for n in range(1001, 1001 + rooms)])}, **changes)
    plans(place)
    return place


def lag(**changes: object) -> Asset:
    """Lagos: one room at 10,000 a day."""
    fields = {"name": "Marina Rooms", "currency": "NGN", "timezone": "Africa/Lagos", **changes}
    place = hotel({"STD": ("Standard", 2, ["1"])}, **fields)
    plan(place, "BAR", {"STD": 1_000_000})
    return place


def plans(place: Asset) -> None:
    """BAR, FLEX as its policy, and NRF derived from it."""
    flex = CancelPolicy(
        asset_id=place.id, name="FLEX", free_days=2, free_until_minute=18 * 60, late_kind="nights", late_value=1,
        no_show_kind="all", no_show_value=0,
    )  # fmt: skip
    db.session.add(flex)
    db.session.flush()
    bar = plan(place, "BAR", {"DBL": 10_000, "SGL": 7_000}, weekend={"DBL": 13_000}, policy_id=flex.id)
    db.session.add(
        RatePlan(
            asset_id=place.id,
            code="NRF",
            name="Non-refundable",
            parent_id=bar.id,
            derive_kind="percent",
            derive_value=-100_000,
            rounding=1,
            place=2,
            policy_id=flex.id,
        )
    )
    db.session.commit()


def plan(
    place: Asset, code: str, prices: dict[str, int], *, weekend: dict[str, int] | None = None, **changes: object
) -> RatePlan:
    """A plan with prices by type in minor units for every night on sale; `weekend` those of Friday and Saturday."""
    made = RatePlan(asset_id=place.id, code=code, name=code, place=1, **changes)
    db.session.add(made)
    db.session.flush()
    for type_code, price in prices.items():
        dear = (weekend or {}).get(type_code, price)
        said = {"plan": made.id, "place": place.id, "code": type_code, "price": price, "dear": dear}
        db.session.execute(EVERY_NIGHT, said)
    db.session.commit()  # a command that refuses undoes what was not
    return made


def restrict(
    place: Asset, night: date, *, plan: str | None = None, type: str | None = None, **rule: object
) -> Restriction:
    """A restriction of a night, for all plans and types unless one is named."""
    made = Restriction(
        asset_id=place.id,
        night=night,
        rate_plan_id=plan_at(place.id, plan).id if plan else None,
        room_type_id=room_type_at(place.id, type).id if type else None,
        **rule,
    )
    db.session.add(made)
    db.session.commit()
    return made


def book(
    place: Asset,
    arrival: date = date(2026, 3, 10),
    departure: date = date(2026, 3, 13),
    *,
    type: str = "DBL",
    plan: str | None = "BAR",
    name: str | None = None,
    **changes: object,
) -> Reservation:
    """A reservation for a guest of its own."""
    fields: dict[str, object] = {"adults": 1, "actor": ACTOR, **changes}
    fields.setdefault("guest", reservations.Guest(name=name or f"Guest {next(_names)}"))
    if fields.get("force"):
        fields.setdefault("reason", "They insist")
    return reservations.book(
        asset_id=place.id,
        room_type_id=room_type_at(place.id, type).id,
        plan=plan_at(place.id, plan) if plan else None,
        arrival=arrival,
        departure=departure,
        **fields,
    )


def stay(place: Asset, *dates: date, **changes: object) -> Stay:
    """The one stay of a reservation made as `book` does."""
    return stays_of(book(place, *dates, **changes).id)[0]


def figures(place: Asset, night: date, type: str = "DBL") -> dict[str, int]:
    """What the calendar says of a night."""
    row = db.session.get(InventoryNight, (room_type_at(place.id, type).id, night), populate_existing=True)
    return {name: getattr(row, name) for name in ("total", "out_of_order", "booked", "held", "forced", "free")}
