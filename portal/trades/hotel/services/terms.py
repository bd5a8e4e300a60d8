"""What goes with a price: terms of cancelling, taxes and promotions. What is booked keeps those it was sold with."""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import Record, db, written
from portal.core.errors import DomainError
from portal.core.money import PPM
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.queries import asset_of
from portal.shared.audit.services import record
from portal.trades.hotel.errors import CodeTaken, DatesWrong, NoSuchTerms, NotUnderstood, StillInUse
from portal.trades.hotel.events import RatesChanged
from portal.trades.hotel.models import CancelPolicy, FeeKind, HotelTax, Promotion, TaxKind
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import rate_plans

Row = TypeVar("Row", CancelPolicy, HotelTax, Promotion)
NAMES = {CancelPolicy: "cancel_policy", HotelTax: "hotel_tax", Promotion: "promotion"}


def _name_taken() -> DomainError:
    return CodeTaken(_("There is one of that name already."), field="name")


rule("uq_cancel_policy_asset_id_name", _name_taken)
rule("uq_promotion_asset_id_name", _name_taken)


def get_terms(kind: type[Row], asset_id: uuid.UUID, key: uuid.UUID) -> Row:
    """A policy, tax or promotion of this hotel; raises NoSuchTerms."""
    found = db.session.get(kind, key)
    if found is None or found.asset_id != asset_id:
        raise NoSuchTerms(_("There is no such thing here."))
    return found


@transactional
def set_policy(*, asset_id: uuid.UUID, actor: Actor, policy_id: uuid.UUID | None = None, **values: Any) -> CancelPolicy:
    """New terms of cancelling, or changed ones, named as their columns."""
    for which in ("late", "no_show"):
        kind, value = values.get(f"{which}_kind"), values.get(f"{which}_value") or 0
        if kind in (FeeKind.NIGHTS, FeeKind.PERCENT, FeeKind.AMOUNT) and not value:
            raise NotUnderstood(_("Say how much it costs."), field=f"{which}_value")
        if kind == FeeKind.PERCENT and value > PPM:
            raise NotUnderstood(_("A fee is at most the whole stay."), field=f"{which}_value")
        if kind in (FeeKind.NONE, FeeKind.ALL):
            values[f"{which}_value"] = 0
    return _set(CancelPolicy, asset_id, policy_id, values, actor)


@transactional
def remove_policy(*, asset_id: uuid.UUID, policy_id: uuid.UUID, actor: Actor) -> None:
    """Take terms away that no plan has; raises StillInUse."""
    policy = get_terms(CancelPolicy, asset_id, policy_id)
    users = [each.code for each in rate_plans(asset_id, retired=True) if each.policy_id == policy_id]
    if users:
        raise StillInUse(_("%(plans)s have these terms. Give them others first.", plans=", ".join(users)), plans=users)
    _remove(policy, actor)


@transactional
def set_tax(*, asset_id: uuid.UUID, actor: Actor, tax_id: uuid.UUID | None = None, **values: Any) -> HotelTax:
    """A new tax, or a changed one, named as its columns; nights booked from now on have it."""
    if values["kind"] == TaxKind.PERCENT:
        values |= {"amount": None, "children_pay": False}
        if not values.get("rate_ppm"):
            raise NotUnderstood(_("Say how much of the price it is."), field="rate_ppm")
    else:
        values |= {"rate_ppm": None}
        if not values.get("amount"):
            raise NotUnderstood(_("Say how much it is."), field="amount")
    if values.get("until_on") and values["until_on"] <= values["from_on"]:
        raise DatesWrong(_("The last day is before the first."), field="until_on")
    return _set(HotelTax, asset_id, tax_id, values, actor)


@transactional
def remove_tax(*, asset_id: uuid.UUID, tax_id: uuid.UUID, actor: Actor) -> None:
    """Take a tax away: one in force ends today, one that has not begun is gone."""
    tax = get_terms(HotelTax, asset_id, tax_id)
    today = business_date(asset_of(asset_id))
    if tax.from_on >= today:
        _remove(tax, actor)
    elif tax.until_on is None or tax.until_on > today:
        _set(HotelTax, asset_id, tax_id, {"until_on": today}, actor)


@transactional
def set_promotion(
    *, asset_id: uuid.UUID, actor: Actor, promotion_id: uuid.UUID | None = None, **values: Any
) -> Promotion:
    """A new promotion, or a changed one, named as its columns."""
    if values["kind"] == "percent" and values["value"] > PPM:
        raise NotUnderstood(_("No more can be taken off than the whole price."), field="value")
    for first, last, shift in (("stay_from", "stay_until", 1), ("book_from", "book_until", 0)):
        if (values[last] - values[first]).days < shift:
            raise DatesWrong(_("The last day is before the first."), field=last)
    return _set(Promotion, asset_id, promotion_id, values, actor)


@transactional
def end_promotion(*, asset_id: uuid.UUID, promotion_id: uuid.UUID, actor: Actor) -> Promotion:
    """Give a promotion no more."""
    return _set(Promotion, asset_id, promotion_id, {"retired_at": utcnow()}, actor)


@transactional
def renew_promotion(*, asset_id: uuid.UUID, promotion_id: uuid.UUID, actor: Actor) -> Promotion:
    """Give an ended promotion again."""
    return _set(Promotion, asset_id, promotion_id, {"retired_at": None}, actor)


def _set(kind: type[Row], asset_id: uuid.UUID, key: uuid.UUID | None, values: dict[str, Any], actor: Actor) -> Row:
    if key is None:
        made = written(kind(asset_id=asset_id, **values))
        _tell(f"{NAMES[kind]}.added", made, actor, after=values)
        return made
    row = get_terms(kind, asset_id, key)
    changes = {name: value for name, value in values.items() if getattr(row, name) != value}
    before = {name: getattr(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    if changes:
        _tell(f"{NAMES[kind]}.amended", row, actor, before=before, after=changes)
    return row


def _remove(row: CancelPolicy | HotelTax, actor: Actor) -> None:
    db.session.delete(row)
    _tell(f"{NAMES[type(row)]}.removed", row, actor, before={"name": row.name})


def _tell(action: str, row: Record, actor: Actor, **said: Any) -> None:
    asset_id = row.asset_id  # type: ignore[attr-defined]
    subject = action.partition(".")[0]
    record(action, actor=actor, subject=subject, subject_id=row.id, asset_id=asset_id, **said)
    publish(RatesChanged(asset_id=asset_id, subject_id=row.id))
