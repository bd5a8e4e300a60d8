"""Guests and companies: found by a few letters, and shown with everything a hotel knows of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select, text

from portal.core.db import db
from portal.core.locks import taking
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.audit.models import AuditEntry
from portal.shared.customers.models import Customer
from portal.trades.hotel.errors import NoSuchGuest
from portal.trades.hotel.models import CompanyTerms, GuestProfile, Reservation, Stay, StayGuest, StayStatus, Waiting

FEWEST_LETTERS = 3

_FIND = text(
    """
    with found as (
        (select c.id from customer c
         where c.business_id = :business and c.merged_into_id is null and c.anonymised_at is null
            and lower(c.name || ' ' || coalesce(c.phone, '') || ' ' || coalesce(c.email, '')) like :like limit 200)
        union
        (select r.booker_id from reservation r where r.asset_id = :asset and r.number like :number limit 20)
        union
        (select s.guest_id from stay s join unit u on u.id = s.room_id
         where s.asset_id = :asset and s.status = 'in_house' and u.number = :asked)
    )
    select c.id, c.kind, c.name, c.phone, c.email, coalesce(p.vip, false) as vip,
        p.do_not_rent is not null as unwanted,
        (select count(*) from stay s where s.guest_id = c.id and s.status in ('in_house', 'checked_out')) as stays
    from found f join customer c on c.id = f.id left join guest_profile p on p.customer_id = c.id
    where c.merged_into_id is null and (cast(:kind as text) is null or c.kind = :kind)
    order by lower(c.name) like :start desc, c.name, c.id limit :most
    """
)
_LATEST = text(
    """
    select c.id, c.kind, c.name, c.phone, c.email, coalesce(p.vip, false) as vip,
        p.do_not_rent is not null as unwanted,
        (select count(*) from stay s where s.guest_id = c.id and s.status in ('in_house', 'checked_out')) as stays
    from customer c left join guest_profile p on p.customer_id = c.id
    where c.business_id = :business and c.merged_into_id is null and c.anonymised_at is null
        and (cast(:kind as text) is null or c.kind = :kind)
    order by c.id desc limit :most
    """
)


def find_guests(place: Asset, asked: str, *, kind: str | None = None, most: int = 50) -> Sequence[Row[Any]]:
    """Customers by three letters or more of name, telephone or address, by reservation number, or by room.

    With fewer letters those that came last; whoever is guests' data for the desk is the whole business's.
    """
    asked = asked.strip()
    common = {"business": place.business_id, "kind": kind, "most": most}
    if len(asked) < FEWEST_LETTERS and not asked.isdigit():
        return db.session.execute(_LATEST, common).all()
    plain = asked.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    digits = plain.replace(" ", "") if plain.replace(" ", "").lstrip("+").isdigit() else plain
    return db.session.execute(
        _FIND,
        {
            **common,
            "asset": place.id,
            "like": f"%{digits}%" if len(digits) >= FEWEST_LETTERS else "",
            "start": f"{plain}%",
            "number": f"{plain.upper()}%" if len(plain) >= FEWEST_LETTERS else "",
            "asked": asked,
        },
    ).all()


@dataclass(frozen=True, slots=True)
class Known:
    """A customer with what the hotel knows: the card, the terms of a company, and what they booked here."""

    customer: Customer
    profile: GuestProfile
    terms: CompanyTerms
    stays: Sequence[tuple[Stay, Reservation]]
    nights: int

    @property
    def coming(self) -> bool:
        """Whether something is still to come, or going on."""
        going_on = (StayStatus.HELD, StayStatus.CONFIRMED, StayStatus.IN_HOUSE)
        return any(stay.status in going_on for stay, _booked in self.stays)


def get_guest(place: Asset, customer_id: uuid.UUID) -> Customer:
    """A customer of this place's business; one merged into another is that other. Raises NoSuchGuest."""
    found: Customer | None = db.session.get(Customer, customer_id)
    if found is not None and found.merged_into_id is not None:
        found = db.session.get(Customer, found.merged_into_id)
    if found is None or found.business_id != place.business_id:
        raise NoSuchGuest(_("There is no such guest here."))
    return found


def known_of(place: Asset, customer: Customer, most: int = 100) -> Known:
    """What is known of a customer; stays are those of this hotel, the latest first."""
    stays = db.session.execute(
        select(Stay, Reservation)
        .join(Reservation, Reservation.id == Stay.reservation_id)
        .where(
            Stay.asset_id == place.id,
            (Stay.guest_id == customer.id)
            | (Reservation.company_id == customer.id)
            | (Reservation.agent_id == customer.id)
            | Stay.id.in_(select(StayGuest.stay_id).where(StayGuest.customer_id == customer.id)),
        )
        .order_by(Stay.arrival.desc(), Stay.id.desc())
        .limit(most)
    )
    pairs = [(stay, booked) for stay, booked in stays]
    spent = [stay for stay, _booked in pairs if stay.status in (StayStatus.IN_HOUSE, StayStatus.CHECKED_OUT)]
    return Known(
        customer,
        db.session.get(GuestProfile, customer.id) or GuestProfile(customer_id=customer.id, vip=False),
        db.session.get(CompanyTerms, customer.id) or CompanyTerms(customer_id=customer.id, credit_limit=0),
        pairs,
        sum(stay.nights for stay in spent),
    )


def lock_customers(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Customer]:
    """These customers, locked in one order."""
    taking("customer")
    rows = db.session.scalars(
        select(Customer)
        .where(Customer.id.in_(ids))
        .order_by(Customer.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def waiting_at(asset_id: uuid.UUID, today: date) -> list[tuple[Waiting, Customer, int]]:
    """Who waits for a room that is to come, first come first, and how many rooms may be sold on their fullest night."""
    least = (
        select(func.min(text("total - out_of_order - booked - held + overbook_limit + forced")))
        .select_from(text("inventory_calendar c"))
        .where(text("c.room_type_id = waitlist.room_type_id and c.night >= waitlist.arrival"))
        .where(text("c.night < waitlist.departure"))
        .correlate(Waiting)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Waiting, Customer, func.coalesce(least, 0))
        .join(Customer, Customer.id == Waiting.customer_id)
        .where(Waiting.asset_id == asset_id, Waiting.status == "waiting", Waiting.arrival >= today)
        .order_by(Waiting.arrival, Waiting.id)
    )
    return [(waiting, customer, int(free)) for waiting, customer, free in rows]


def last_change(customer_id: uuid.UUID) -> AuditEntry | None:
    """What was last written on a guest's card, and by whom."""
    found: AuditEntry | None = db.session.scalar(
        select(AuditEntry)
        .where(
            AuditEntry.subject_type == "customer",
            AuditEntry.subject_id == str(customer_id),
            AuditEntry.action.in_(("guest.added", "guest.amended", "guest.merged")),
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return found
