"""Taking back the last step of a stay within its business day: everything it changed is as it was, or nothing is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.errors import NothingToUndo
from portal.trades.hotel.events import RoomChanged
from portal.trades.hotel.models import Stay, StayNight, StayStep
from portal.trades.hotel.pricing import NightQuote
from portal.trades.hotel.queries.inventory import lock_rooms
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.services import cancellations, folio_steps, inventory, keys
from portal.trades.hotel.services.arranging import Stretch, arrange
from portal.trades.hotel.services.dating import agree
from portal.trades.hotel.services.reservations import figure_of
from portal.trades.hotel.services.steps import FIELDS, Shape, changed, locked, shapes, tell

_MOMENTS = ("starts_at", "ends_at", "arrived_at", "departed_at")
_DATES = ("arrival", "departure")
_KEYS = ("room_id", "room_type_id")


def last_step(stay_id: uuid.UUID) -> StayStep | None:
    """The step of a stay that would be taken back."""
    return db.session.scalar(
        select(StayStep)
        .where(StayStep.stay_id == stay_id, StayStep.undone_at.is_(None))
        .order_by(StayStep.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


@transactional
def undo(*, asset_id: uuid.UUID, stay_id: uuid.UUID, actor: Actor, version: int | None = None) -> Sequence[Stay]:
    """Take back a stay's last step, with that of the other stays it changed; raises NothingToUndo, SoldOut, RoomTaken.

    Nights are taken again only while there is room for them. Keys, rooms and their cleanliness are as before, charges
    are reversed by who made them. The step and its undoing both stay in the trail.
    """
    today = lock_day(asset_id, shared=True).day
    step = last_step(stay_id)
    if step is None or step.business_date != today or step.verb in ("reinstate", "expire"):
        raise NothingToUndo(_("There is nothing to take back here: steps are taken back on the day they were made."))
    if step.verb in ("cancel", "no_show"):
        return _coming_after_all(asset_id, step, actor, version)
    place = asset_of(asset_id)
    steps = _of_group(step)
    stays = locked(asset_id, {stay_id: version, **{each.stay_id: None for each in steps if each.stay_id != stay_id}})
    by_stay = {each.stay_id: each for each in steps}
    current = shapes(stays)
    for stay in stays:
        _still_the_last(by_stay.get(stay.id), stay, current[stay.id])
    before = {stay.id: by_stay[stay.id].before for stay in stays}
    _calendar(stays, current, before, actor)
    _nights(stays, current, before)
    arrange({stay: [_stretch(each) for each in before[stay.id]["rooms"]] for stay in stays})
    _clean_again(step)
    for stay in stays:
        stay.room_id = None  # for a moment, so that nobody is in a room of another
    db.session.flush()
    for stay in stays:
        for name in FIELDS:
            setattr(stay, name, _value(name, before[stay.id][name]))
        stay.version += 1
        db.session.flush()
    keys.fit(*stays, actor=actor)
    for stay in stays:
        if step.verb == "checked_in":
            folio_steps.on_check_in_undone(place, today, stay, actor)
        elif step.verb == "checked_out":
            left_at = datetime.fromisoformat(current[stay.id]["departed_at"])
            folio_steps.on_check_out_undone(place, today, stay, left_at, actor)
        if current[stay.id]["nights"].keys() - before[stay.id]["nights"].keys():
            folio_steps.on_nights_given_back(place, today, stay, actor)
        by_stay[stay.id].undone_at = utcnow()
        was, now = changed(current[stay.id], before[stay.id])
        tell("undone", stay, actor, before=was, after={"verb": step.verb, **now})
    return stays


def _coming_after_all(asset_id: uuid.UUID, step: StayStep, actor: Actor, version: int | None) -> Sequence[Stay]:
    (stay,) = locked(asset_id, {step.stay_id: version})
    cancellations.reinstate(reservation_id=stay.reservation_id, stay_ids=[stay.id], actor=actor)
    step.undone_at = utcnow()
    return [stay]


def _of_group(step: StayStep) -> Sequence[StayStep]:
    """The step with those of the other stays that were changed with it."""
    stay_ids = [uuid.UUID(each) for each in step.after["with"]]
    if len(stay_ids) == 1:
        return [step]
    query = select(StayStep).where(StayStep.stay_id.in_(stay_ids))
    return db.session.scalars(query.where(StayStep.after["group"].astext == step.after["group"])).all()


def _still_the_last(step: StayStep | None, stay: Stay, current: Shape) -> None:
    latest = last_step(stay.id)
    if step is None or latest is None or latest.id != step.id or step.undone_at is not None:
        raise NothingToUndo(_("More was done since. Take that back first."), stay=str(stay.id))
    if any(current[name] != step.after[name] for name in current):
        raise NothingToUndo(_("The stay was changed since in another way, so the step cannot be taken back."))


def _calendar(
    stays: Sequence[Stay], current: dict[uuid.UUID, Shape], before: dict[uuid.UUID, Shape], actor: Actor
) -> None:
    """Nights are given back and taken again; whether there is still room for them is asked here."""
    changes: dict[str, dict[tuple[uuid.UUID, date], int]] = {}
    for stay in stays:
        for shape, sign in ((current[stay.id], -1), (before[stay.id], 1)):
            deltas = changes.setdefault(figure_of(shape["status"]), {})
            for night, agreed in shape["nights"].items():
                key = uuid.UUID(agreed["room_type_id"]), date.fromisoformat(night)
                deltas[key] = deltas.get(key, 0) + sign
    inventory.move(changes=changes, reason=_("Taken back"), correlation_id=uuid7(), actor=actor)


def _nights(stays: Sequence[Stay], current: dict[uuid.UUID, Shape], before: dict[uuid.UUID, Shape]) -> None:
    for stay in stays:
        was, now = before[stay.id]["nights"], current[stay.id]["nights"]
        gone = [date.fromisoformat(night) for night in now if night not in was]
        if gone:
            db.session.execute(
                StayNight.__table__.update()  # type: ignore[attr-defined]
                .where(StayNight.stay_id == stay.id, StayNight.night.in_(gone))
                .values(released=True)
            )
        again = {date.fromisoformat(night): agreed for night, agreed in was.items() if now.get(night) != agreed}
        quotes = [NightQuote(night, each["price"], each["discount"], each["taxes"]) for night, each in again.items()]
        agree(stay, quotes, {night: uuid.UUID(each["room_type_id"]) for night, each in again.items()})


def _clean_again(step: StayStep) -> None:
    """Rooms that the step made dirty are as clean as before, unless somebody has touched them since."""
    marks = step.after["words"].get("housekeeping") or {}
    if not marks:
        return
    for room_id, room in lock_rooms([uuid.UUID(each) for each in marks]).items():
        was, became = marks[str(room_id)]
        if room.status == became and was != became:
            room.status, room.status_at, room.version = was, utcnow(), room.version + 1
            publish(RoomChanged(asset_id=room.asset_id, subject_id=room_id))


def _stretch(said: Sequence[str]) -> Stretch:
    room_id, start, end = said
    return Stretch(uuid.UUID(room_id), datetime.fromisoformat(start), datetime.fromisoformat(end))


def _value(name: str, said: Any) -> Any:
    if said is None:
        return None
    if name in _MOMENTS:
        return datetime.fromisoformat(said)
    if name in _DATES:
        return date.fromisoformat(said)
    return uuid.UUID(said) if name in _KEYS else said
