"""Groups: opened, rooms kept for them, picked up by their people, and the rest given back at the cut-off."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from portal.core.actor import Actor, system
from portal.core.db import db, uuid7, written
from portal.core.errors import DomainError
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.trades.hotel.errors import CodeTaken, DatesWrong, GroupOver, Stale
from portal.trades.hotel.models import BookingGroup, RatePlan, Reservation
from portal.trades.hotel.queries.groups import due_for_cutoff, lock_group
from portal.trades.hotel.queries.inventory import get_room_type
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.services import allotments, inventory, reservations
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.services.reservations import LONGEST, Wanted
from portal.trades.hotel.times import nights_between


def _code_taken() -> DomainError:
    return CodeTaken(_("This hotel has a group of that code already."), field="code")


rule("uq_booking_group_asset_id_code", _code_taken)


@transactional
def open_group(
    *,
    asset_id: uuid.UUID,
    code: str,
    name: str,
    arrival: date,
    departure: date,
    cutoff_on: date,
    actor: Actor,
    company_id: uuid.UUID | None = None,
    rate_plan_id: uuid.UUID | None = None,
    routes: Sequence[str] = ("room", "tax"),
    note: str | None = None,
    blocks: Mapping[uuid.UUID, int] | None = None,
) -> BookingGroup:
    """A group that comes together, and the rooms kept for it by type until the cut-off; raises SoldOut."""
    _in_order(arrival, departure, cutoff_on)
    made = written(
        BookingGroup(
            asset_id=asset_id,
            code=code.strip().upper(),
            name=name.strip(),
            arrival=arrival,
            departure=departure,
            cutoff_on=cutoff_on,
            company_id=company_id,
            rate_plan_id=rate_plan_id,
            routes=list(routes),
            note=note or None,
        )
    )
    group = lock_group(made.id)
    _keep(group, blocks or {}, actor)
    _tell("group.opened", group, actor, {"arrival": arrival, "departure": departure, "cutoff_on": cutoff_on})
    return group


@transactional
def keep(*, group_id: uuid.UUID, blocks: Mapping[uuid.UUID, int], actor: Actor) -> BookingGroup:
    """Keep so many rooms of each type for a group on each of its nights; fewer gives the difference back."""
    group = lock_group(group_id)
    if group.status != "open":
        raise GroupOver(_("%(name)s is cut off. Open it again to keep rooms for it.", name=group.name))
    _keep(group, blocks, actor)
    return group


@transactional
def pick_up(
    *, group_id: uuid.UUID, wanted: Sequence[Wanted], guest: Guest, actor: Actor, arrival: date | None = None,
    departure: date | None = None, **terms: Any,
) -> Reservation:  # fmt: skip
    """Book for somebody of a group, out of its rooms first; rooms beyond them are sold like any other."""
    group = lock_group(group_id)
    return book_of(
        group, wanted, guest, arrival=arrival or group.arrival, departure=departure or group.departure, actor=actor,
        **terms,
    )  # fmt: skip


def book_of(
    group: BookingGroup, wanted: Sequence[Wanted], guest: Guest, *, arrival: date, departure: date, actor: Actor,
    **terms: Any,
) -> Reservation:  # fmt: skip
    """Book for somebody of a locked group."""
    return reservations.book_together(
        asset_id=group.asset_id, wanted=wanted, arrival=arrival, departure=departure, guest=guest, group=group,
        company_id=group.company_id, source="group", actor=actor, **terms,
    )  # fmt: skip


def plan_of(group: BookingGroup) -> RatePlan | None:
    """The plan a group is sold at, if one was agreed."""
    return db.session.get(RatePlan, group.rate_plan_id) if group.rate_plan_id else None


@transactional
def amend(*, group_id: uuid.UUID, version: int, actor: Actor, **changes: Any) -> BookingGroup:
    """Change a group's name, cut-off, company, plan, routing or note, named as the columns; raises Stale."""
    group = lock_group(group_id)
    if group.version != version:
        raise Stale(_("Somebody changed this group meanwhile. Look at it again, then change it."))
    before = {name: getattr(group, name) for name in changes}
    for name, value in changes.items():
        setattr(group, name, value)
    _in_order(group.arrival, group.departure, group.cutoff_on)
    group.version += 1
    _tell("group.amended", group, actor, changes, before)
    return group


@transactional
def end(*, group_id: uuid.UUID, actor: Actor, cancelled: bool = False) -> int:
    """Give back what a group has not picked up: at its cut-off, or because it will not come. Twice does nothing.

    Who of it has booked stays booked. Returns how many room nights went back.
    """
    group = lock_group(group_id)
    if group.status != "open" and not (cancelled and group.status == "cut_off"):
        return 0
    held = allotments.given_back(group)
    inventory.move(changes={"held": held}, reason=group.code, correlation_id=uuid7(), actor=actor)
    group.status, group.version = "cancelled" if cancelled else "cut_off", group.version + 1
    returned = -sum(held.values())
    _tell("group.cancelled" if cancelled else "group.cut_off", group, actor, {"room_nights": returned})
    return returned


@transactional
def open_again(*, group_id: uuid.UUID, cutoff_on: date, actor: Actor) -> BookingGroup:
    """Let rooms be kept for a group once more, until another day."""
    group = lock_group(group_id)
    _in_order(group.arrival, group.departure, cutoff_on)
    group.status, group.cutoff_on, group.version = "open", cutoff_on, group.version + 1
    _tell("group.opened_again", group, actor, {"cutoff_on": cutoff_on})
    return group


def cut_off_due() -> int:
    """Cut off every group whose day is over by its hotel's business date; how many that were."""
    done = 0
    for group_id, asset_id, cutoff_on in due_for_cutoff():
        if business_date(asset_of(asset_id)) > cutoff_on:
            end(group_id=group_id, actor=system("cut-off"))
            done += 1
    db.session.rollback()
    return done


def _keep(group: BookingGroup, blocks: Mapping[uuid.UUID, int], actor: Actor) -> None:
    nights = nights_between(group.arrival, group.departure)
    held: dict[tuple[uuid.UUID, date], int] = {}
    codes = {}
    for room_type_id, rooms in blocks.items():
        codes[get_room_type(group.asset_id, room_type_id).code] = rooms
        held |= allotments.kept(group, room_type_id, nights, rooms)
    inventory.move(changes={"held": held}, reason=group.code, correlation_id=uuid7(), actor=actor)
    if held:
        _tell("group.rooms_kept", group, actor, {"rooms": codes})


def _in_order(arrival: date, departure: date, cutoff_on: date) -> None:
    if departure <= arrival:
        raise DatesWrong(_("The departure has to be at least one day after the arrival."), field="departure")
    if (departure - arrival).days > LONGEST:
        raise DatesWrong(_("A stay lasts at most %(days)s nights.", days=LONGEST), field="departure")
    if cutoff_on > arrival:
        raise DatesWrong(_("The cut-off has to be on the arrival or before."), field="cutoff_on")


def _tell(
    action: str, group: BookingGroup, actor: Actor, after: dict[str, Any], before: dict[str, Any] | None = None
) -> None:
    record(
        action,
        actor=actor,
        subject="booking_group",
        subject_id=group.id,
        asset_id=group.asset_id,
        before=before,
        after={"code": group.code, **after},
    )
