"""Bookings a second: the product's own command beside a bare view that sends the very same statements."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from bench.ground import Ground
from bench.served import asked, bare, behind_http
from bench.settle import say
from bench.twins import by_pgbench, copy_of, logged
from portal.core.actor import system
from portal.core.clock import local_date
from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.trades.hotel.queries.inventory import room_type_at
from portal.trades.hotel.queries.quotes import plan_at
from portal.trades.hotel.services import reservations
from portal.trades.hotel.services.guests import Guest
from tests.factories import hotel

BOOKINGS = 400
HANDS = 8
NIGHTS = 60
BY = system("bench")

Stay = tuple[date, date]


def run(ground: Ground) -> None:
    """Prints bookings a second on nights at random, and all on the same three, and their ratios."""
    with ground.app.app_context():
        today = local_date("Europe/Berlin")
        place = hotel.big(BOOKINGS + 10, today=today, days=NIGHTS + 10)
        book(place, (today, today + timedelta(days=1)), -1)
        db.session.commit()
        db.session.expunge_all()
    dice = random.Random(26)
    starts = [today + timedelta(days=dice.randrange(NIGHTS)) for _n in range(BOOKINGS)]
    at_random = [(start, start + timedelta(days=dice.randrange(1, 5))) for start in starts]
    the_same = [(today, today + timedelta(days=3))] * BOOKINGS
    for name, stays in (("nights at random", at_random), ("the same nights", the_same)):
        measure(ground, place, name, stays)


def measure(ground: Ground, place: Asset, name: str, stays: Sequence[Stay]) -> None:
    """One kind of demand, on copies of the ground as it is."""
    with copy_of(ground, "booking_log") as app:
        logs = []
        for n, stay in enumerate(stays):
            with logged(app) as seen, app.app_context():
                book(place, stay, n)
            logs.append(seen)
    print(f"  one booking is {len(logs[-1])} statements")
    with copy_of(ground, "booking_bare") as app, behind_http(app, bare(logs)) as port:
        reference = asked(port, BOOKINGS, HANDS)
    with copy_of(ground, "booking_pgbench") as app:
        alone = by_pgbench(app, HANDS, logs)
    with copy_of(ground, "booking_product") as app, behind_http(app, by(place, stays)) as port:
        product = asked(port, BOOKINGS, HANDS)
    say(name, product.rate, reference.rate, alone)
    print(f"  {'':16}  p95 {product.p95:.0f} ms against {reference.p95:.0f} ms")


def by(place: Asset, stays: Sequence[Stay]) -> Callable[[int], None]:
    """The n-th booking."""
    return lambda n: book(place, stays[n], n)


def book(place: Asset, stay: Stay, n: int) -> None:
    """One room for a guest with a telephone of their own, at the hotel's first plan, looked up as the doors do."""
    double = room_type_at(place.id, "DBL")
    reservations.book(
        asset_id=place.id,
        room_type_id=double.id,
        plan=plan_at(place.id, "BAR"),
        arrival=stay[0],
        departure=stay[1],
        adults=2,
        guest=Guest(name=f"Guest {n}", phone=f"+49151{10_000_000 + n}"),
        actor=BY,
    )
