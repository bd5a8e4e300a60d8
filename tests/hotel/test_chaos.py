"""Eight clerks who do anything at random, over the night in which the clocks change; afterwards everything adds up."""

import random
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.core.errors import DomainError
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import BlockKind, Room, RoomBlock, Stay, StayStatus
from portal.trades.hotel.services import assigning, blocks, cancellations, extending, moving
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel import hands
from tests.hotel.invariants import sound
from tests.payments.test_races import at_once

FRIDAY = date(2026, 3, 27)
THEN = datetime(2026, 3, 27, 14, 0, tzinfo=UTC)
CLIENTS = 8


def test_eight_clerks_for_ten_seconds(app, committed):
    """Scenario 31, as every day."""
    did = run(app, 10)
    assert sum(did.values()) > 60, did


@pytest.mark.chaos
def test_eight_clerks_for_a_minute(app, committed):
    """Scenario 31."""
    did = run(app, 60)
    assert all(did[verb] for verb in VERBS), did


def run(app, seconds):
    """Let them loose, and look what is left; returns how often each verb was done."""
    place = hotel.ber(today=FRIDAY, days=20)
    with clock_set_to(THEN):
        ends = time.monotonic() + seconds
        shares = at_once(app, *[lambda n=n: clerk(place.id, random.Random(n), ends) for n in range(CLIENTS)])
        did = sum(shares, Counter())
        sound(place)
    return did


def clerk(asset_id, dice, ends):
    """One after the other, whatever comes to mind; what is refused in words is no harm."""
    did = Counter()
    while time.monotonic() < ends:
        verb = dice.choice(list(VERBS))
        place = db.session.get(Asset, asset_id)
        try:
            VERBS[verb](place, dice)
            did[verb] += 1
        except (DomainError, Nothing):
            pass
            pass
        finally:
            db.session.remove()
    return did


class Nothing(Exception):
    """There is nothing of the kind to be done."""


def one(place, dice, *statuses, assigned=False):
    """Any stay of these statuses."""
    query = select(Stay.id).where(Stay.asset_id == place.id, Stay.status.in_(statuses))
    if assigned:
        query = query.where(Stay.room_id.is_not(None))
    found = db.session.scalars(query).all()
    db.session.rollback()
    if not found:
        raise Nothing
    return db.session.get(Stay, dice.choice(found))


def any_room(place, dice):
    """Any room's key."""
    return dice.choice(db.session.scalars(select(Room.unit_id).where(Room.asset_id == place.id)).all())


def day(dice, first=0, last=5):
    """A day around the change of the clocks."""
    return FRIDAY + timedelta(days=dice.randint(first, last))


def book(place, dice):
    arrival = day(dice)
    held = datetime(2026, 4, 10, tzinfo=UTC) if dice.random() < 0.15 else None
    hotel.book(
        place, arrival, arrival + timedelta(days=dice.randint(1, 4)), type=dice.choice(["DBL", "DBL", "SGL"]),
        hold_until=held, force=(forced := dice.random() < 0.05), reason="He insists" if forced else None,
    )  # fmt: skip


def cancel(place, dice):
    stay = one(place, dice, StayStatus.HELD, StayStatus.CONFIRMED)
    cancellations.cancel(reservation_id=stay.reservation_id, stay_ids=[stay.id], actor=ACTOR)


def reinstate(place, dice):
    stay = one(place, dice, StayStatus.CANCELLED)
    cancellations.reinstate(reservation_id=stay.reservation_id, stay_ids=[stay.id], actor=ACTOR)


def assign(place, dice):
    room = any_room(place, dice) if dice.random() < 0.5 else None
    stay = one(place, dice, StayStatus.CONFIRMED, StayStatus.HELD)
    assigning.assign(asset_id=place.id, stay_id=stay.id, room_id=room, actor=ACTOR)


def move(place, dice):
    stay = one(place, dice, StayStatus.IN_HOUSE, StayStatus.CONFIRMED)
    moving.move_room(
        asset_id=place.id, stay_id=stay.id, room_id=any_room(place, dice), actor=ACTOR, override="It has to be",
        from_on=day(dice) if dice.random() < 0.3 else None, new_price=dice.random() < 0.2,
    )  # fmt: skip


def swap(place, dice):
    ids = [one(place, dice, StayStatus.IN_HOUSE, StayStatus.CONFIRMED, assigned=True).id for _n in range(2)]
    moving.swap(asset_id=place.id, stay_ids=tuple(ids), actor=ACTOR)


def split(place, dice):
    moving.split(asset_id=place.id, stay_id=one(place, dice, StayStatus.CONFIRMED).id, actor=ACTOR)


def park(place, dice):
    moving.park(asset_id=place.id, stay_id=one(place, dice, StayStatus.IN_HOUSE).id, actor=ACTOR)


def extend(place, dice):
    stay = one(place, dice, StayStatus.IN_HOUSE, StayStatus.CONFIRMED)
    forced = dice.random() < 0.1
    choice = dice.choice([None, extending.MOVE_NEXT, extending.MOVE_THIS])
    hands.extend(place, stay, stay.departure + timedelta(days=1), choice=choice, force=forced, reason="Stays on")


def shorten(place, dice):
    stay = one(place, dice, StayStatus.IN_HOUSE, StayStatus.CONFIRMED)
    hands.shorten(place, stay, stay.departure - timedelta(days=1))


def change_dates(place, dice):
    arrival = day(dice)
    stay = one(place, dice, StayStatus.CONFIRMED, StayStatus.HELD)
    hands.change_dates(place, stay, arrival, arrival + timedelta(days=dice.randint(1, 3)))


def check_in(place, dice):
    stay = one(place, dice, StayStatus.CONFIRMED)
    hands.check_in(place, stay, override="Never mind", early=dice.random() < 0.7)


def check_out(place, dice):
    hands.check_out(place, one(place, dice, StayStatus.IN_HOUSE), reason="Pays later")


def undo(place, dice):
    hands.undo(place, one(place, dice, *list(StayStatus)))


def block(place, dice):
    start = day(dice, 0, 3)
    blocks.block(
        asset_id=place.id, room_id=any_room(place, dice), kind=dice.choice(list(BlockKind)), from_on=start,
        until_on=start + timedelta(days=dice.randint(1, 2)), reason="Water", actor=ACTOR,
        force=dice.random() < 0.1, re_room=dice.random() < 0.5,
    )  # fmt: skip


def unblock(place, dice):
    found = db.session.scalars(select(RoomBlock.id).where(RoomBlock.ended_at.is_(None))).all()
    if not found:
        raise Nothing
    blocks.end(asset_id=place.id, block_id=dice.choice(found), actor=ACTOR)


VERBS = {
    act.__name__: act
    for act in (
        book, cancel, reinstate, assign, move, swap, split, park, extend, shorten, change_dates, check_in, check_out,
        undo, block, unblock,
    )
}  # fmt: skip
