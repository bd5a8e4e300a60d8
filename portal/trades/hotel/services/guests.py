"""Who books: a customer known again, or a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from portal.core.db import db, written
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.customers.models import Customer
from portal.shared.customers.queries import find_customer
from portal.shared.customers.services import customers
from portal.trades.hotel.errors import NotToBeRented
from portal.trades.hotel.models import GuestProfile, Reservation

#: What of a registration card is kept with the guest.
CARD = ("nationality", "born_on", "document_kind", "document_number", "address", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Who books: a name, where they can be reached, and what of the registration card they said, if they did."""

    name: str
    email: str | None = None
    phone: str | None = None
    card: Mapping[str, Any] | None = None


def guest_of(place: Asset, guest: Guest, *, force: bool = False) -> Customer:
    """The customer who books; raises NotToBeRented for somebody the hotel does not want, unless `force`.

    A telephone or an address is shared by a family or an office, so only the same name makes it the same guest;
    somebody else becomes a customer of their own, and is known again by what they booked with before.
    """
    found = _found(place, guest, force)
    if guest.card:
        fill_card(found, guest.card)
    return found


def fill_card(guest: Customer, card: Mapping[str, Any]) -> None:
    """Write what was said of a registration card; an address or telephone only where the guest had none."""
    for name in ("email", "phone"):
        if card.get(name) and getattr(guest, name) is None:
            setattr(guest, name, card[name])
    said = {name: card[name] for name in CARD if card.get(name)}
    if said:
        profile = db.session.get(GuestProfile, guest.id) or GuestProfile(customer_id=guest.id)
        db.session.add(profile)
        for name, value in said.items():
            setattr(profile, name, value)
    db.session.flush()


def _found(place: Asset, guest: Guest, force: bool) -> Customer:
    name, email = guest.name.strip(), guest.email.strip().lower() if guest.email else None
    known = find_customer(place.business_id, email=email, phone=guest.phone)
    if known is None and (email or guest.phone):
        return customers.registered(business_id=place.business_id, email=email, phone=guest.phone, name=name)
    if known is not None and _folded(known.name) != _folded(name):
        known = _namesake(place, name, email, guest.phone)
    if known is None:
        return written(Customer(business_id=place.business_id, name=name, kind="person"))
    known = _still_themselves(known)
    profile = db.session.get(GuestProfile, known.id)
    if profile is not None and profile.do_not_rent and not force:
        raise NotToBeRented(_("%(name)s is not to be rented to. Their page says why.", name=known.name), field="name")
    return known


def _still_themselves(known: Customer) -> Customer:
    """Who was known, kept from being merged until the booking is made; whoever was merged just now is the other."""
    held = db.session.get_one(
        Customer, known.id, populate_existing=True, with_for_update={"read": True, "key_share": True}
    )
    return held if held.merged_into_id is None else db.session.get_one(Customer, held.merged_into_id)


def _namesake(place: Asset, name: str, email: str | None, phone: str | None) -> Customer | None:
    """Somebody of that name who booked with this address or telephone before, though it is another's."""
    found: Customer | None = db.session.scalar(
        select(Customer)
        .join(Reservation, Reservation.booker_id == Customer.id)
        .where(
            Customer.business_id == place.business_id,
            Customer.merged_into_id.is_(None),
            func.lower(Customer.name) == name.casefold(),
            (Reservation.phone == phone) | (Reservation.email == email),
        )
        .limit(1)
    )
    return found


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
