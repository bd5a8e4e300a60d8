"""Other dates for a stay: nights that fall away are for sale again at once, new ones are sold at today's price."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert

from portal.core.actor import Actor
from portal.core.db import db, uuid7
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.errors import DatesWrong, RoomTaken, WrongStatus
from portal.trades.hotel.models import Stay, StayNight, StayStatus
from portal.trades.hotel.pricing import NightQuote
from portal.trades.hotel.queries.property import business_date, ends_at, lock_day, property_of, starts_at
from portal.trades.hotel.queries.quotes import agree_more, refuse_over_quota
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.services import folio_steps, inventory, keys
from portal.trades.hotel.services.arranging import Stretch, arrange, stretches_of
from portal.trades.hotel.services.assigning import TO_COME
from portal.trades.hotel.services.reservations import LONGEST, figure_of
from portal.trades.hotel.services.steps import locked, stepping
from portal.trades.hotel.times import nights_between


@transactional
def shorten(
    *, asset_id: uuid.UUID, stay_id: uuid.UUID, departure: date, actor: Actor, version: int | None = None
) -> Stay:
    """Let a stay end earlier; the nights from then on are free again at once, in the same breath.

    What was charged for one of them already is taken back.
    """
    today = lock_day(asset_id, shared=True).day
    (stay,) = locked(asset_id, {stay_id: version})
    place = asset_of(asset_id)
    if stay.status not in (*TO_COME, StayStatus.IN_HOUSE):
        raise WrongStatus(_("Only a stay that is to come or in house is shortened."), status=stay.status)
    first = max(stay.arrival + timedelta(days=1), business_date(place)) if _in_house(stay) else stay.arrival + _DAY
    if stay.day_use or not first <= departure < stay.departure:
        raise DatesWrong(_("The new departure has to lie inside the stay, and not in the past."), field="departure")
    with stepping("shortened", stay, actor=actor) as words:
        redate(place, stay, stay.arrival, departure, actor=actor)
        arrange({stay: within(place, stay, stretches_of(stay))})
        keys.fit(stay, actor=actor)
        folio_steps.on_nights_given_back(place, today, stay, actor)
        words["until"] = departure
    return stay


@transactional
def change_dates(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    arrival: date,
    departure: date,
    actor: Actor,
    version: int | None = None,
    force: bool = False,
) -> Stay:
    """Other dates for a stay that is to come. It keeps its room where that is free, and is without one where not.

    Nights of both dates keep their price; new ones cost what they cost now. Raises SoldOut unless `force`.
    """
    (stay,) = locked(asset_id, {stay_id: version})
    place = asset_of(asset_id)
    if stay.status not in TO_COME:
        raise WrongStatus(_("The guest is here already. Extend or shorten the stay."), status=stay.status)
    if departure <= arrival or arrival < business_date(place) or stay.day_use:
        raise DatesWrong(_("The departure has to be at least one day after the arrival."), field="departure")
    with stepping("dates_changed", stay, actor=actor) as words:
        room_id = stay.room_id
        redate(place, stay, arrival, departure, actor=actor, force=force)
        settings = property_of(place)
        if room_id is not None:
            wanted = [Stretch(room_id, starts_at(place, settings, stay), ends_at(place, settings, stay))]
            try:
                with db.session.begin_nested():
                    arrange({stay: wanted})
            except RoomTaken:
                if stay.room_locked:
                    raise
                arrange({stay: []})
                stay.room_id = None
        words |= {"from": arrival, "until": departure, "keeps_room": stay.room_id is not None}
    return stay


@transactional
def set_hours(
    *,
    asset_id: uuid.UUID,
    stay_id: uuid.UUID,
    starts: datetime | None,
    ends: datetime | None,
    actor: Actor,
    version: int | None = None,
) -> Stay:
    """An early check-in or a late check-out that was agreed: the room is the guest's for those hours, the key as well.

    None is the hotel's own hour. Raises RoomTaken when the room is somebody else's then.
    """
    (stay,) = locked(asset_id, {stay_id: version})
    place = asset_of(asset_id)
    if stay.status not in (*TO_COME, StayStatus.IN_HOUSE):
        raise WrongStatus(_("Only a stay that is to come or in house has hours to change."), status=stay.status)
    with stepping("hours_changed", stay, actor=actor) as words:
        stay.starts_at, stay.ends_at = starts, ends
        settings = property_of(place)
        if ends_at(place, settings, stay) <= starts_at(place, settings, stay):
            raise DatesWrong(_("The stay has to end after it begins."), field="ends_at")
        arrange({stay: within(place, stay, stretches_of(stay), stretch=True)})
        keys.fit(stay, actor=actor)
        words |= {"starts_at": starts, "ends_at": ends}
    return stay


def redate(
    place: Asset,
    stay: Stay,
    arrival: date,
    departure: date,
    *,
    actor: Actor,
    force: bool = False,
    override: bool = False,
) -> list[NightQuote]:
    """The nights of a locked stay become those of other dates; the rooms are the caller's. Returns the new nights.

    Nights that stay keep what was agreed for them. New ones are sold from the type next to them, at the plan's price
    of today. Raises SoldOut naming the night, and Restricted, unless `force`.
    """
    if (departure - arrival).days > LONGEST:
        raise DatesWrong(_("A stay lasts at most %(days)s nights.", days=LONGEST), field="departure")
    known = {night.night: night for night in nights_of_stays([stay.id])[stay.id] if not night.released}
    wanted = set(nights_between(arrival, departure))
    gone = [night for night in known.values() if night.night not in wanted]
    fresh = sorted(wanted - known.keys())
    quoted = agree_more(stay, fresh, override=force) if fresh else []
    deltas = {(night.room_type_id, night.night): -1 for night in gone}
    kinds = {each.night: _beside(stay, known, each.night) for each in quoted}
    for each in quoted:
        deltas[kinds[each.night], each.night] = 1
    inventory.move(
        changes={figure_of(stay.status): deltas},
        reason=_("Other dates"),
        correlation_id=uuid7(),
        actor=actor,
        force=force,
    )
    if fresh and not force:
        refuse_over_quota(place.id, stay.room_type_id, stay.rate_plan_id, fresh)
    for night in gone:
        night.released = True
    db.session.flush()
    agree(stay, quoted, kinds)
    stay.arrival, stay.departure = arrival, departure
    db.session.flush()
    return quoted


def agree(stay: Stay, quoted: Sequence[NightQuote], kinds: dict[date, uuid.UUID]) -> None:
    """Write what was agreed for new nights; one that was given back before is agreed anew."""
    if not quoted:
        return
    rows = [
        {
            "stay_id": stay.id,
            "night": each.night,
            "room_type_id": kinds[each.night],
            "rate_plan_id": stay.rate_plan_id,
            "price": each.price,
            "discount": each.discount,
            "taxes": list(each.taxes),
            "package": list(each.package),
            "released": False,
        }
        for each in quoted
    ]
    statement = insert(StayNight).values(rows)
    names = ("room_type_id", "rate_plan_id", "price", "discount", "taxes", "package", "released")
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["stay_id", "night"], set_={name: statement.excluded[name] for name in names}
        )
    )


def within(place: Asset, stay: Stay, stretches: Sequence[Stretch], *, stretch: bool = False) -> list[Stretch]:
    """Rooms in time cut to a stay's own time; with `stretch` the first and the last reach out to it."""
    settings = property_of(place)
    start, end = starts_at(place, settings, stay), ends_at(place, settings, stay)
    if stay.arrived_at is not None:  # somebody who came before the hour has been there
        start = min(start, stay.arrived_at)
    cut = [each._replace(start=max(each.start, start), end=min(each.end, end)) for each in stretches]
    cut = [each for each in cut if each.start < each.end]
    if stretch and cut:
        cut[0] = cut[0]._replace(start=start)
        cut[-1] = cut[-1]._replace(end=end)
    return cut


def _beside(stay: Stay, known: dict[date, StayNight], night: date) -> uuid.UUID:
    """The type whose calendar the nearest night is taken from."""
    if not known:
        return stay.room_type_id
    return known[min(known, key=lambda other: abs((other - night).days))].room_type_id


def _in_house(stay: Stay) -> bool:
    return stay.status == StayStatus.IN_HOUSE


_DAY = timedelta(days=1)
