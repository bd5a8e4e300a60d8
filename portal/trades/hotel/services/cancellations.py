"""Stays that will not come: cancelled, lapsed, not shown up; and those that come after all."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.errors import DatesWrong, ReasonMissing, WrongStatus
from portal.trades.hotel.events import ReservationCancelled
from portal.trades.hotel.models import Reservation, RoomOccupancy, Stay, StayNight, StayStatus, StayStep
from portal.trades.hotel.queries.fees import fees_now
from portal.trades.hotel.queries.property import business_date, lock_day
from portal.trades.hotel.queries.stays import live_nights
from portal.trades.hotel.services import folio_steps, inventory
from portal.trades.hotel.services.reservations import change, figure_of, locked, tell

COMING = (StayStatus.HELD, StayStatus.CONFIRMED)


@transactional
def cancel(
    *,
    reservation_id: uuid.UUID,
    actor: Actor,
    reason: str | None = None,
    stay_ids: Sequence[uuid.UUID] | None = None,
    waive: bool = False,
) -> Reservation:
    """Give back the nights of a reservation or of some of its stays, for the fee its terms say.

    Raises WrongStatus for what is not to come. Waiving the fee needs a reason; the right to is the caller's to check.
    """
    day = _day_of(reservation_id)
    reservation, stays = locked(reservation_id)
    chosen = [stay for stay in stays if stay_ids is None or stay.id in stay_ids]
    going = [stay for stay in chosen if stay.status in COMING]
    if not going or (stay_ids is not None and len(going) < len(stay_ids)):
        raise WrongStatus(
            _("Reservation %(number)s cannot be cancelled: it is not waiting to arrive.", number=reservation.number),
            status=chosen[0].status if chosen else None,
        )
    fees = _let_go(reservation, going, StayStatus.CANCELLED, actor, reason=reason, waive=waive)
    _charge(reservation, day, going, fees, folio_steps.CANCELLED, actor, waived=reason if waive else None)
    return reservation


@transactional
def no_show(
    *, reservation_id: uuid.UUID, stay_ids: Sequence[uuid.UUID], actor: Actor, reason: str | None = None,
    waive: bool = False,
) -> Reservation:  # fmt: skip
    """Guests who did not come: nights until the business date stay sold, the later ones go back; a fee as agreed."""
    day = _day_of(reservation_id)
    reservation, stays = locked(reservation_id)
    missing = [stay for stay in stays if stay.id in stay_ids]
    today = business_date(asset_of(reservation.asset_id))
    if not missing or any(stay.status != StayStatus.CONFIRMED or stay.arrival > today for stay in missing):
        raise WrongStatus(
            _("Only guests whose arrival is due can fail to show up."),
            status=missing[0].status if missing else None,
        )
    fees = _let_go(reservation, missing, StayStatus.NO_SHOW, actor, reason=reason, waive=waive, after=today)
    _charge(reservation, day, missing, fees, folio_steps.NO_SHOW, actor, waived=reason if waive else None)
    return reservation


@transactional
def reinstate(
    *, reservation_id: uuid.UUID, actor: Actor, reason: str | None = None, stay_ids: Sequence[uuid.UUID] | None = None
) -> Reservation:
    """Take up cancelled or missed stays again if every night still has room, else SoldOut; the fee goes with it."""
    day = _day_of(reservation_id)
    reservation, stays = locked(reservation_id)
    gone = (StayStatus.CANCELLED, StayStatus.NO_SHOW)
    chosen = [stay for stay in stays if stay.status in gone and (stay_ids is None or stay.id in stay_ids)]
    if not chosen or (stay_ids is not None and len(chosen) < len(stay_ids)):
        raise WrongStatus(_("Only what was cancelled or missed can be taken up again."))
    today = business_date(asset_of(reservation.asset_id))
    if any(
        stay.departure <= today or (stay.status == StayStatus.CANCELLED and stay.arrival < today) for stay in chosen
    ):
        raise DatesWrong(_("These nights are over. Book what is left of them anew."))
    released = live_nights(chosen, released=True)
    inventory.move(changes={"booked": released}, reason=reservation.number, correlation_id=uuid7(), actor=actor)
    for stay in chosen:
        db.session.execute(
            StayNight.__table__.update()  # type: ignore[attr-defined]
            .where(StayNight.stay_id == stay.id, StayNight.night >= stay.arrival, StayNight.night < stay.departure)
            .values(released=False)
        )
        _step(stay, "reinstate", StayStatus.CONFIRMED, actor)
        stay.room_id = None  # whoever has been given the room since keeps it
        change(stay, StayStatus.CONFIRMED, "reinstated")
    folio_steps.on_coming_again(asset_of(reservation.asset_id), day, chosen, actor)
    tell("reservation.reinstated", reservation, actor, reason=reason, after={"stays": len(chosen)})
    return reservation


@transactional
def expire_hold(*, reservation_id: uuid.UUID, actor: Actor) -> bool:
    """Give back what was held until now, if it still is; twice does nothing."""
    reservation, stays = locked(reservation_id)
    held = [stay for stay in stays if stay.status == StayStatus.HELD]
    if not held or reservation.hold_expires_at is None or reservation.hold_expires_at > utcnow():
        return False
    _let_go(reservation, held, StayStatus.EXPIRED, actor)
    return True


def release(stays: Sequence[Stay], *, after: date | None = None) -> None:
    """Mark nights as given back and let go of rooms; the calendar was told before."""
    ids = [stay.id for stay in stays]
    later = [] if after is None else [StayNight.night > after]
    db.session.execute(
        StayNight.__table__.update()  # type: ignore[attr-defined]
        .where(StayNight.stay_id.in_(ids), StayNight.released.is_(False), *later)
        .values(released=True)
    )
    db.session.execute(
        RoomOccupancy.__table__.update().where(RoomOccupancy.stay_id.in_(ids)).values(active=False)  # type: ignore[attr-defined]
    )


def _let_go(
    reservation: Reservation,
    stays: Sequence[Stay],
    status: StayStatus,
    actor: Actor,
    *,
    reason: str | None = None,
    waive: bool = False,
    after: date | None = None,
) -> Mapping[uuid.UUID, int]:
    """Stays that will not come give back their nights, those after `after` when it is said, and their rooms.

    Returns what each costs, waived or not.
    """
    if waive and not (reason or "").strip():
        raise ReasonMissing(_("Write down why the fee is waived."), field="reason")
    fees = {} if status == StayStatus.EXPIRED else fees_now(stays, no_show=status == StayStatus.NO_SHOW)
    correlation = uuid7()
    by_figure = {
        figure: {
            key: -n
            for key, n in live_nights([stay for stay in stays if figure_of(stay.status) == figure]).items()
            if after is None or key[1] > after
        }
        for figure in ("held", "booked")
    }
    inventory.move(changes=by_figure, reason=reservation.number, correlation_id=correlation, actor=actor)
    release(stays, after=after)
    for stay in stays:
        charged = 0 if waive else fees.get(stay.id, 0)
        _step(stay, _VERBS[status], status, actor, fee=charged, waived=fees.get(stay.id, 0) - charged)
        change(stay, status, status)
    reservation.hold_expires_at = None
    told = {
        "stays": len(stays),
        "fee": 0 if waive else sum(fees.values()),
        "waived": sum(fees.values()) if waive else 0,
    }
    tell(f"reservation.{status}", reservation, actor, reason=reason, after=told)
    publish(
        ReservationCancelled(
            asset_id=reservation.asset_id,
            subject_id=reservation.id,
            number=reservation.number,
            status=status,
            stays=[str(stay.id) for stay in stays],
            correlation_id=str(correlation),
        )
    )
    return fees


def _charge(
    reservation: Reservation,
    day: date,
    stays: Sequence[Stay],
    fees: Mapping[uuid.UUID, int],
    code: str,
    actor: Actor,
    *,
    waived: str | None,
) -> None:
    place = asset_of(reservation.asset_id)
    folio_steps.on_not_coming(place, day, stays, fees, code, actor, waived=waived)


def _day_of(reservation_id: uuid.UUID) -> date:
    """The business day of a reservation's hotel, held until its fees are on the folios."""
    return lock_day(db.session.get_one(Reservation, reservation_id).asset_id, shared=True).day


_VERBS = {StayStatus.CANCELLED: "cancel", StayStatus.NO_SHOW: "no_show", StayStatus.EXPIRED: "expire"}


def _step(stay: Stay, verb: str, status: StayStatus, actor: Actor, **more: int) -> None:
    """What was done and what it was before, so that it can be taken back and the fee with it."""
    written(
        StayStep(
            stay_id=stay.id,
            asset_id=stay.asset_id,
            verb=verb,
            business_date=business_date(asset_of(stay.asset_id)),
            before={"status": stay.status, "room_id": str(stay.room_id) if stay.room_id else None},
            after={"status": status, **more},
            by=actor.name,
        )
    )
