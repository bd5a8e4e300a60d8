"""Calendars of other channels read along: what each event takes, what it gives back, and what a person must settle."""

from __future__ import annotations

import secrets
import uuid
from datetime import date, timedelta
from functools import partial

from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.errors import DomainError
from portal.core.transaction import attempt, transactional
from portal.core.words import _
from portal.gateways import outward
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.trades.hotel import ical
from portal.trades.hotel.errors import ReasonMissing
from portal.trades.hotel.ical import Event
from portal.trades.hotel.models import IcalFeed, IcalItem, ItemState, Reservation, RoomType, StayStatus
from portal.trades.hotel.queries.channels import feeds_due, find_item, get_feed, get_item, items_of, lock_feed
from portal.trades.hotel.queries.inventory import get_room_type, lock_nights
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.stays import stays_of
from portal.trades.hotel.services import cancellations, dating, inventory, reservations
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.times import nights_between

EVERY = timedelta(minutes=10)
NOT_COMING = (StayStatus.CANCELLED, StayStatus.NO_SHOW)
STANDING = (ItemState.TAKEN, ItemState.CONFLICT, ItemState.EXCEPTION)


@transactional
def add_feed(*, asset_id: uuid.UUID, room_type_id: uuid.UUID, name: str, url: str | None, actor: Actor) -> IcalFeed:
    """Read another channel's calendar of a type along; without an address it is uploaded by hand."""
    room_type = get_room_type(asset_id, room_type_id)
    made = written(
        IcalFeed(
            asset_id=asset_id,
            room_type_id=room_type.id,
            name=name.strip(),
            url=outward.checked(url) if url else None,
            next_read_at=utcnow() if url else None,
        )
    )
    _record("calendar.added", made, actor)
    return made


@transactional
def remove_feed(*, asset_id: uuid.UUID, feed_id: uuid.UUID, actor: Actor) -> None:
    """Read a calendar no more: what it blocked is on sale again, what was booked by it stays booked."""
    get_feed(asset_id, feed_id)
    feed = lock_feed(feed_id)
    for item in items_of(feed_id).values():
        _hold(feed, item, set(), actor)
        item.state = ItemState.GONE
    feed.removed_at = utcnow()
    _record("calendar.removed", feed, actor)


@transactional
def new_address(*, asset_id: uuid.UUID, room_type_id: uuid.UUID, actor: Actor) -> RoomType:
    """Give a type's own calendar an address nobody can guess; the one before opens nothing any more."""
    room_type = get_room_type(asset_id, room_type_id)
    room_type.ical_token = secrets.token_urlsafe(24)
    record(
        "calendar.addressed", actor=actor, subject="room_type", subject_id=room_type.id, asset_id=asset_id,
        after={"type": room_type.code},
    )  # fmt: skip
    return room_type


def read_due() -> int:
    """Read every calendar whose turn it is; how many could be."""
    return sum(read_feed(feed_id) for feed_id in feeds_due(utcnow()))


def read_feed(feed_id: uuid.UUID) -> bool:
    """Fetch a calendar and take what it says; whatever cannot be fetched or read changes nothing."""
    url = _begin(feed_id)
    try:
        reply = outward.send("GET", url, most_bytes=ical.MOST_BYTES)
        if reply.status != 200:
            raise outward.NoAnswer(_("it answered %(status)s", status=reply.status))
        take(feed_id=feed_id, content=reply.body, actor=system("channel calendars"))
    except (outward.NoAnswer, DomainError) as silence:
        _note(feed_id=feed_id, error=str(silence)[:200])
        return False
    return True


def take(*, feed_id: uuid.UUID, content: bytes, actor: Actor) -> int:
    """Bring everything to what a calendar says, each event in a command of its own; how many changed something.

    Read twice it changes nothing the second time.
    """
    feed = db.session.get_one(IcalFeed, feed_id)
    place = asset_of(feed.asset_id)
    today = business_date(place)
    said = ical.read(content, place.timezone)
    events = {each.uid: each for each in said.events if each.departure > today}
    known = items_of(feed_id)
    missing = {
        uid: item
        for uid, item in known.items()
        if uid not in events and uid not in said.unread and item.state in STANDING and item.departure > today
    }
    moved = _moved(events, known, missing)
    db.session.rollback()
    work = [
        partial(_gone, feed_id=feed_id, item_id=item.id, actor=actor)
        for item in missing.values()
        if item.id not in moved.values()
    ]
    for uid, event in events.items():
        item = known.get(uid)
        if item is None or item.state in (ItemState.CONFLICT, ItemState.GONE) or not _same(item, event):
            work.append(partial(_take, feed_id=feed_id, event=event, item_id=moved.get(uid), actor=actor))
    changed = sum(each() for each in work)
    _note(feed_id=feed_id, error=None)
    return changed


def _moved(events: dict[str, Event], known: dict[str, IcalItem], missing: dict[str, IcalItem]) -> dict[str, uuid.UUID]:
    """Blocks that came under a new UID over dates of one that went: a window that rolls on is one block that moves."""
    found: dict[str, uuid.UUID] = {}
    left = [item for item in missing.values() if item.kind == "block"]
    for uid, event in events.items():
        if not event.block or uid in known:
            continue
        same = next((i for i in left if i.arrival <= event.departure and event.arrival <= i.departure), None)
        if same is not None:
            found[uid] = same.id
            left.remove(same)
    return found


@transactional
def settle(*, asset_id: uuid.UUID, item_id: uuid.UUID, verb: str, actor: Actor, reason: str | None = None) -> IcalItem:
    """What a person decides: `retry` once there is room, `force` beyond the house for a reason, or `dismiss`."""
    item = get_item(asset_id, item_id)
    feed = lock_feed(item.feed_id)
    item = find_item(feed.id, item_id=item_id) or item
    if verb == "dismiss":
        item.state = ItemState.DISMISSED
    else:
        if verb == "force" and not (reason or "").strip():
            raise ReasonMissing(_("Write down why more is sold than there is."), field="reason")
        _apply(feed, item, actor, force=reason if verb == "force" else None)
        if verb == "force" and item.state == ItemState.TAKEN:
            item.why = None
    record(
        "calendar.conflict_settled", actor=actor, subject="ical_item", subject_id=item.id, asset_id=asset_id,
        reason=reason, after={"decision": verb, "state": item.state, "calendar": feed.name},
    )  # fmt: skip
    return item


@transactional
def _take(*, feed_id: uuid.UUID, event: Event, item_id: uuid.UUID | None, actor: Actor) -> bool:
    feed = lock_feed(feed_id)
    if feed.removed_at is not None:
        return False
    item = find_item(feed_id, uid=event.uid) or (find_item(feed_id, item_id=item_id) if item_id else None)
    before = (item.state, item.arrival, item.departure, item.uid) if item else None
    if item is None:
        item = written(
            IcalItem(
                feed_id=feed_id, uid=event.uid, kind="block" if event.block else "booking", summary=event.summary,
                arrival=event.arrival, departure=event.departure, state=ItemState.CONFLICT, held=[],
            )
        )  # fmt: skip
    item.uid, item.summary, item.arrival, item.departure = event.uid, event.summary, event.arrival, event.departure
    _apply(feed, item, actor)
    db.session.flush()
    return before != (item.state, item.arrival, item.departure, item.uid)


def _apply(feed: IcalFeed, item: IcalItem, actor: Actor, *, force: str | None = None) -> None:
    """Take what an event of a locked calendar asks for, or say why not; nobody else's nights are touched."""
    today = business_date(asset_of(feed.asset_id))
    item.state, item.why = ItemState.TAKEN, None
    if item.kind == "block":
        wanted = set(nights_between(max(item.arrival, today), item.departure))
        if short := _hold(feed, item, wanted, actor):
            item.state = ItemState.CONFLICT
            item.why = _("Sold here on %(days)s.", days=", ".join(sorted(each.isoformat() for each in short)))
        return
    try:
        with attempt():
            _book(feed, item, today, actor, force)
    except DomainError as refused:
        item.state, item.why = ItemState.CONFLICT, refused.message


def _book(feed: IcalFeed, item: IcalItem, today: date, actor: Actor, force: str | None) -> None:
    dates = max(item.arrival, today), item.departure
    booked = db.session.get(Reservation, item.reservation_id) if item.reservation_id else None
    stay = stays_of(booked.id)[0] if booked else None
    if booked and stay and stay.status in NOT_COMING and (stay.arrival, stay.departure) != dates:
        booked.channel_ref, booked = f"{booked.channel_ref} {booked.number}", None  # it came back as another stay
    if booked is None or stay is None:
        item.reservation_id = reservations.book(
            asset_id=feed.asset_id,
            room_type_id=feed.room_type_id,
            plan=None,
            arrival=dates[0],
            departure=dates[1],
            adults=1,
            guest=Guest(name=_named(feed, item)),
            source=feed.name,
            channel=f"ical:{feed.id}",
            channel_ref=item.uid,
            force=force is not None,
            reason=force,
            actor=actor,
        ).id
    elif stay.status in NOT_COMING:
        cancellations.reinstate(reservation_id=booked.id, actor=actor)
    elif stay.status == StayStatus.CONFIRMED and (stay.arrival, stay.departure) != dates:
        dating.change_dates(
            asset_id=feed.asset_id,
            stay_id=stay.id,
            arrival=dates[0],
            departure=dates[1],
            force=force is not None,
            actor=actor,
        )


def _named(feed: IcalFeed, item: IcalItem) -> str:
    """Who books, as far as the channel says; most say only that it is reserved."""
    nobody = not item.summary or item.summary.casefold() in ("reserved", "booked", "busy")
    return _("Guest of %(channel)s", channel=feed.name) if nobody else item.summary


def _hold(feed: IcalFeed, item: IcalItem, wanted: set[date], actor: Actor) -> list[date]:
    """Hold those nights for a block that are on sale and free, give back others; returns those somebody else has."""
    held = {date.fromisoformat(each) for each in item.held}
    rows = lock_nights([(feed.room_type_id, night) for night in wanted | held])
    open_nights = {night for _type, night in rows}
    free = {
        night
        for (_type, night), row in rows.items()
        if night in held or row.total - row.out_of_order - row.booked - row.held + row.overbook_limit > 0
    }
    keeping = wanted & open_nights & free
    deltas = {
        (feed.room_type_id, night): (night in keeping) - (night in held)
        for night in held | keeping
        if (night in keeping) != (night in held)
    }
    inventory.move(changes={"held": deltas}, reason=feed.name, correlation_id=uuid7(), actor=actor)
    item.held = sorted(each.isoformat() for each in keeping)
    return sorted((wanted & open_nights) - keeping)


@transactional
def _gone(*, feed_id: uuid.UUID, item_id: uuid.UUID, actor: Actor) -> bool:
    """An event is in the calendar no more: the channel cancelled it."""
    feed = lock_feed(feed_id)
    item = find_item(feed_id, item_id=item_id)
    if item is None or item.state not in STANDING:
        return False
    before, item.state, item.why = item.state, ItemState.GONE, None
    if item.kind == "block":
        _hold(feed, item, set(), actor)
        return True
    stays = stays_of(item.reservation_id) if item.reservation_id else []
    if any(stay.status == StayStatus.IN_HOUSE for stay in stays):
        item.state = ItemState.EXCEPTION
        item.why = _("The channel cancelled it, but the guest is in the house.")
    elif item.reservation_id and any(stay.status in cancellations.COMING for stay in stays):
        cancellations.cancel(
            reservation_id=item.reservation_id, waive=True, reason=_("Cancelled by the channel"), actor=actor
        )
    return item.state != before


@transactional
def _begin(feed_id: uuid.UUID) -> str:
    feed = lock_feed(feed_id)
    feed.next_read_at = utcnow() + EVERY
    return feed.url or ""


@transactional
def _note(*, feed_id: uuid.UUID, error: str | None) -> None:
    feed = lock_feed(feed_id)
    feed.error = error
    if error is None:
        feed.read_at = utcnow()


def _same(item: IcalItem, event: Event) -> bool:
    return (item.arrival, item.departure) == (event.arrival, event.departure)


def _record(action: str, feed: IcalFeed, actor: Actor) -> None:
    after = {"name": feed.name, "url": feed.url}
    record(action, actor=actor, subject="ical_feed", subject_id=feed.id, asset_id=feed.asset_id, after=after)
