"""What a hotel knows of its guests and companies: written down, merged, handed out, and made nameless."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.errors import DomainError
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.customers.models import Customer
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.ledger.services import entries
from portal.trades.hotel.errors import CodeTaken, ReasonMissing, Stale, WrongStatus
from portal.trades.hotel.models import (
    BookingGroup,
    CompanyTerms,
    Folio,
    FolioStatus,
    GuestProfile,
    Reservation,
    Stay,
    StayGuest,
    StayStatus,
    Waiting,
)
from portal.trades.hotel.queries.guests import Known, get_guest, known_of, last_change, lock_customers
from portal.trades.hotel.queries.stays import lock_stays

PROFILE = (
    "nationality", "born_on", "document_kind", "document_number", "address", "language", "vip", "do_not_rent",
    "preferences",
)  # fmt: skip
TERMS = ("account_number", "credit_limit")
CONTACT = ("name", "email", "phone", "kind")


def _taken() -> DomainError:
    return CodeTaken(_("Another guest is known by that address or number. Merge the two."), field="email")


rule("uq_customer_business_id_email", _taken)
rule("uq_customer_business_id_phone", _taken)
rule(
    "uq_company_terms_business_id_account_number",
    lambda: CodeTaken(_("Another company has that account number."), field="account_number"),
)


@transactional
def look(*, place: Asset, customer_id: uuid.UUID, actor: Actor) -> Known:
    """Open a guest's page: who looked at whose data is written down."""
    customer = get_guest(place, customer_id)
    _record("guest.viewed", place, customer, actor)
    return known_of(place, customer)


@transactional
def add(*, place: Asset, actor: Actor, **said: Any) -> Customer:
    """Somebody new: a guest, a company or an agent."""
    contact = {name: said[name] or None for name in CONTACT if name in said}
    made = written(Customer(business_id=place.business_id, **contact))
    _put(place, made, said, actor, "guest.added")
    return made


@transactional
def amend(*, place: Asset, customer_id: uuid.UUID, actor: Actor, seen: str | None = None, **said: Any) -> Customer:
    """Write down what was said; what was not stays. `seen` is the change that was the last when the card was opened.

    Raises CodeTaken for an address somebody else is known by, and Stale when somebody was quicker.
    """
    customer = lock_customers([get_guest(place, customer_id).id])[customer_id]
    last = last_change(customer_id)
    if last is not None and seen is not None and seen != str(last.id):
        raise Stale(_("%(who)s changed this card meanwhile. Open it again, then change it.", who=last.actor_name))
    if said.get("do_not_rent") is not None and not said["do_not_rent"].strip():
        raise ReasonMissing(_("Write down why they are not to be rented to."), field="do_not_rent")
    for name in CONTACT:
        if name in said:
            setattr(customer, name, said[name] or None)
    _put(place, customer, said, actor, "guest.amended")
    return customer


@transactional
def merge(*, place: Asset, keep_id: uuid.UUID, other_id: uuid.UUID, actor: Actor) -> Customer:
    """Two customers turn out to be one: everything of the other is the first's, and the other is offered no more."""
    if keep_id == other_id:
        raise WrongStatus(_("Choose another guest to merge with this one."))
    get_guest(place, keep_id)
    get_guest(place, other_id)
    lock_stays(db.session.scalars(select(Stay.id).where(Stay.guest_id == other_id)).all())
    both = lock_customers([keep_id, other_id])
    keep, other = both[keep_id], both[other_id]
    if keep.merged_into_id is not None or keep.anonymised_at is not None:
        raise WrongStatus(_("%(name)s cannot be merged: gone, or with a sign-in of their own.", name=keep.name))
    if other.merged_into_id is not None or other.user_id is not None or other.anonymised_at is not None:
        raise WrongStatus(_("%(name)s cannot be merged: gone, or with a sign-in of their own.", name=other.name))
    found = {name: getattr(other, name) for name in ("email", "phone")}
    other.merged_into_id, other.email, other.phone = keep.id, None, None
    db.session.flush()
    for name, value in found.items():
        if value and not getattr(keep, name):
            setattr(keep, name, value)
    _merge_cards(keep.id, other.id)
    _merge_credit(place, keep, other, actor)
    for column in (Stay.guest_id, Reservation.booker_id, Reservation.company_id, Reservation.agent_id,
                   BookingGroup.company_id, Waiting.customer_id):  # fmt: skip
        db.session.execute(update(column.class_).where(column == other.id).values({column.key: keep.id}))
    db.session.execute(
        update(Folio).where(Folio.payer_id == other.id, Folio.status == FolioStatus.OPEN).values(payer_id=keep.id)
    )
    for stay_id in db.session.scalars(select(StayGuest.stay_id).where(StayGuest.customer_id == other.id)).all():
        db.session.execute(insert(StayGuest).values(stay_id=stay_id, customer_id=keep.id).on_conflict_do_nothing())
    _record("guest.merged", place, keep, actor, {"other": str(other.id), "name": other.name})
    return keep


@transactional
def anonymise(*, place: Asset, customer_id: uuid.UUID, reason: str, actor: Actor) -> Customer:
    """Make a guest nameless. What was paid and invoiced stays as it is; refused while something is to come."""
    if not reason.strip():
        raise ReasonMissing(_("Write down who asked for it."), field="reason")
    customer = get_guest(place, customer_id)
    mine = select(Stay).where(Stay.guest_id == customer.id)
    lock_stays([stay.id for stay in db.session.scalars(mine)])
    customer = lock_customers([customer.id])[customer.id]
    own = db.session.scalars(mine.execution_options(populate_existing=True)).all()
    if any(stay.status in (StayStatus.HELD, StayStatus.CONFIRMED, StayStatus.IN_HOUSE) for stay in own):
        raise WrongStatus(_("A stay of this guest is still to come or going on."))
    customer.name, customer.email, customer.phone, customer.anonymised_at = _("Nameless guest"), None, None, utcnow()
    for stay in own:
        stay.signature, stay.note = None, None
    db.session.execute(
        update(Reservation)
        .where(Reservation.booker_id == customer.id)
        .values(email=None, phone=None, note=None)
        .execution_options(synchronize_session="fetch")
    )
    profile = db.session.get(GuestProfile, customer.id)
    if profile is not None:
        for name in PROFILE:
            setattr(profile, name, False if name == "vip" else None)
        profile.anonymised_at = customer.anonymised_at
    _record("guest.anonymised", place, customer, actor, reason=reason)
    return customer


@transactional
def handed_out(*, place: Asset, customer_id: uuid.UUID, actor: Actor) -> dict[str, Any]:
    """Everything the hotel knows of a guest, to be given to them."""
    known = known_of(place, get_guest(place, customer_id))
    _record("guest.handed_out", place, known.customer, actor)
    return {
        **{name: getattr(known.customer, name) for name in CONTACT},
        **{name: getattr(known.profile, name) for name in PROFILE},
        "stays": [
            {"reservation": booked.number, "arrival": stay.arrival, "departure": stay.departure, "status": stay.status,
             "note": stay.note}
            for stay, booked in known.stays
        ],
    }  # fmt: skip


def _put(place: Asset, customer: Customer, said: dict[str, Any], actor: Actor, action: str) -> None:
    db.session.flush()
    card = {name: said[name] for name in PROFILE if name in said}
    if card:
        row = insert(GuestProfile).values(customer_id=customer.id, **card)
        db.session.execute(row.on_conflict_do_update(index_elements=["customer_id"], set_=card))
    terms = {name: said[name] for name in TERMS if name in said}
    if terms:
        terms["account_number"] = terms.get("account_number") or None
        row = insert(CompanyTerms).values(customer_id=customer.id, business_id=place.business_id, **terms)
        db.session.execute(row.on_conflict_do_update(index_elements=["customer_id"], set_=terms))
    db.session.expire_all()
    _record(action, place, customer, actor, {"fields": sorted(said)})


def _merge_cards(keep_id: uuid.UUID, other_id: uuid.UUID) -> None:
    """What the first card lacks is taken from the other; a warning on either stands."""
    other = db.session.get(GuestProfile, other_id)
    if other is None:
        return
    keep = db.session.get(GuestProfile, keep_id)
    if keep is None:
        keep = GuestProfile(customer_id=keep_id, vip=False)
        db.session.add(keep)
    for name in PROFILE:
        if not getattr(keep, name):
            setattr(keep, name, getattr(other, name))
    db.session.flush()


def _merge_credit(place: Asset, keep: Customer, other: Customer, actor: Actor) -> None:
    """What the other has with the business can be spent by the first."""
    has = standing(place.business_id, place.id, chart.credit_of(other.id), place.currency)
    if has > 0:
        moved = entries.draft(
            "credit.given", key=f"customer:{other.id}:merged", amounts={"amount": has}, subject="customer",
            subject_id=keep.id, occurred_at=utcnow(), credit=chart.credit_of(keep.id),
            counter=chart.credit_of(other.id),
        )  # fmt: skip
        entries.post(place=place, currency=place.currency, drafts=[moved], actor=actor)


def _record(
    action: str,
    place: Asset,
    customer: Customer,
    actor: Actor,
    after: dict[str, Any] | None = None,
    *,
    reason: str | None = None,
) -> None:
    record(
        action,
        actor=actor,
        subject="customer",
        subject_id=customer.id,
        asset_id=place.id,
        reason=reason,
        after=after,
    )
