"""Calendars of other channels: what is read along, what is in the tray, and what ours says to them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select, text

from portal.core.db import db
from portal.core.locks import taking
from portal.core.words import _
from portal.trades.hotel.errors import NoSuchFeed
from portal.trades.hotel.models import IN_TRAY, IcalFeed, IcalItem, RoomType
from portal.trades.hotel.times import runs


def feeds_of(asset_id: uuid.UUID) -> Sequence[IcalFeed]:
    """The calendars a hotel reads along."""
    query = select(IcalFeed).where(IcalFeed.asset_id == asset_id, IcalFeed.removed_at.is_(None))
    return db.session.scalars(query.order_by(IcalFeed.name, IcalFeed.id)).all()


def get_feed(asset_id: uuid.UUID, feed_id: uuid.UUID) -> IcalFeed:
    """A calendar of this hotel; raises NoSuchFeed."""
    found: IcalFeed | None = db.session.get(IcalFeed, feed_id)
    if found is None or found.asset_id != asset_id or found.removed_at is not None:
        raise NoSuchFeed(_("This hotel reads no such calendar."))
    return found


def lock_feed(feed_id: uuid.UUID) -> IcalFeed:
    """A calendar, locked: what it says is taken by one at a time."""
    taking("ical_feed", [feed_id])
    return db.session.get_one(IcalFeed, feed_id, populate_existing=True, with_for_update=True)


def items_of(feed_id: uuid.UUID) -> dict[str, IcalItem]:
    """What a calendar has said so far, by UID, as it stands."""
    rows = db.session.scalars(
        select(IcalItem).where(IcalItem.feed_id == feed_id).execution_options(populate_existing=True)
    )
    return {row.uid: row for row in rows}


def find_item(feed_id: uuid.UUID, *, uid: str | None = None, item_id: uuid.UUID | None = None) -> IcalItem | None:
    """One event of a calendar by its UID or its key, as it stands."""
    which = IcalItem.id == item_id if item_id else IcalItem.uid == uid
    found: IcalItem | None = db.session.scalar(
        select(IcalItem).where(IcalItem.feed_id == feed_id, which).execution_options(populate_existing=True)
    )
    return found


def tray_of(asset_id: uuid.UUID) -> list[tuple[IcalItem, IcalFeed]]:
    """What waits for a person, the earliest arrival first."""
    rows = db.session.execute(
        select(IcalItem, IcalFeed)
        .join(IcalFeed, IcalFeed.id == IcalItem.feed_id)
        .where(IcalFeed.asset_id == asset_id, IcalFeed.removed_at.is_(None), IcalItem.state.in_(IN_TRAY))
        .order_by(IcalItem.arrival, IcalItem.id)
    )
    return [(item, feed) for item, feed in rows]


def get_item(asset_id: uuid.UUID, item_id: uuid.UUID) -> IcalItem:
    """An event some calendar of this hotel said; raises NoSuchFeed."""
    found: IcalItem | None = db.session.scalar(
        select(IcalItem)
        .join(IcalFeed, IcalFeed.id == IcalItem.feed_id)
        .where(IcalItem.id == item_id, IcalFeed.asset_id == asset_id)
    )
    if found is None:
        raise NoSuchFeed(_("No calendar of this hotel says so."))
    return found


def feeds_due(now: datetime, limit: int = 20) -> Sequence[uuid.UUID]:
    """Calendars to read again."""
    return db.session.scalars(
        select(IcalFeed.id)
        .where(
            IcalFeed.url.is_not(None), IcalFeed.removed_at.is_(None), func.coalesce(IcalFeed.next_read_at, now) <= now
        )
        .order_by(IcalFeed.next_read_at)
        .limit(limit)
    ).all()


def find_type_by_token(token: str) -> RoomType | None:
    """The room type whose calendar has this secret address."""
    found: RoomType | None = db.session.scalar(select(RoomType).where(RoomType.ical_token == token))
    return found


_FULL = text(
    """
    select c.night from inventory_calendar c
    left join (
        select n.night::date as night, count(*) as rooms
        from ical_item i join ical_feed f on f.id = i.feed_id, jsonb_array_elements_text(i.held) as n (night)
        where f.room_type_id = :type group by 1
    ) b on b.night = c.night
    where c.room_type_id = :type and c.night >= :first
        and c.total - c.out_of_order - c.booked - c.held + coalesce(b.rooms, 0) <= 0
    order by c.night
    """
)


def full_stretches(room_type_id: uuid.UUID, first: date) -> list[tuple[date, date]]:
    """When nothing of a type is to be had, by our own sales: what channels block is not told back to them.

    Two calendars that copy each other would otherwise keep a date closed that both had opened.
    """
    nights = [row.night for row in db.session.execute(_FULL, {"type": room_type_id, "first": first})]
    return list(runs(nights))
