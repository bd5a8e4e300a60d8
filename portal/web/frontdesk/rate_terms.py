"""What goes with a price: terms of cancelling, taxes, promotions. Each has its list and its form."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.trades.hotel.models import CancelPolicy, HotelTax, Promotion
from portal.trades.hotel.pricing import NEVER_FREE
from portal.trades.hotel.queries import rates as queries
from portal.trades.hotel.queries.inventory import room_types
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import rate_plans
from portal.trades.hotel.services import terms
from portal.web.forms import OnceForm
from portal.web.frontdesk import rate_words
from portal.web.frontdesk.rate_forms import PolicyForm, PromotionForm, TaxForm, figure, parts
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

POLICY = ("name", "free_until_minute", "late_kind", "no_show_kind")
TAX = ("name", "kind", "inclusive", "children_pay", "applies_to", "from_on", "until_on")
PROMOTION = ("name", "kind", "min_nights", "stay_from", "book_from", "book_until")


@blueprint.get("/<asset_number>/rates/policies")
@permission("hotel.rates")
def rates_policies(asset_number: str) -> Response:
    """The terms of cancelling, and the plans that have them."""
    plans = rate_plans(g.place.id, retired=True)
    found = queries.policies_of(g.place.id)
    users = {each.id: [plan.code for plan in plans if plan.policy_id == each.id] for each in found}
    return page("frontdesk/rate_policies.html", policies=found, users=users, words=rate_words)


@blueprint.route("/<asset_number>/rates/policies/new", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_policies_new(asset_number: str) -> Response:
    """New terms."""
    return _form("rates_policies", PolicyForm(), _policy)


@blueprint.route("/<asset_number>/rates/policies/<uuid:policy_id>", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_policies_amend(asset_number: str, policy_id: uuid.UUID) -> Response:
    """Change terms; what is booked keeps those it was booked with."""
    policy = terms.get_terms(CancelPolicy, g.place.id, policy_id)
    said = {
        **{name: getattr(policy, name) for name in POLICY},
        "free_days": None if policy.free_days >= NEVER_FREE else policy.free_days,
        "late_value": figure(policy.late_value, policy.late_kind) if policy.late_value else None,
        "no_show_value": figure(policy.no_show_value, policy.no_show_kind) if policy.no_show_value else None,
    }
    return _form("rates_policies", PolicyForm(data=said), _policy, policy, policy_id=policy_id)


@blueprint.post("/<asset_number>/rates/policies/<uuid:policy_id>/remove")
@permission("hotel.rates")
def rates_policies_remove(asset_number: str, policy_id: uuid.UUID) -> Response:
    """Take terms away that no plan has."""
    terms.remove_policy(asset_id=g.place.id, policy_id=policy_id, actor=current_actor())
    return _done("rates_policies", _("Taken away."))


def _policy(form: Any, actor: Any, **key: Any) -> None:
    days = form.free_days.data
    terms.set_policy(
        asset_id=g.place.id,
        actor=actor,
        **key,
        **{name: form[name].data for name in POLICY},
        free_days=NEVER_FREE if days is None else days,
        late_value=parts(form.late_value, form.late_kind.data, field_name="late_value"),
        no_show_value=parts(form.no_show_value, form.no_show_kind.data, field_name="no_show_value"),
    )


@blueprint.get("/<asset_number>/rates/taxes")
@permission("hotel.rates")
def rates_taxes(asset_number: str) -> Response:
    """The taxes, those that were and those to come among them."""
    return page(
        "frontdesk/rate_taxes.html", taxes=queries.taxes_of(g.place.id), today=business_date(g.place), words=rate_words
    )


@blueprint.route("/<asset_number>/rates/taxes/new", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_taxes_new(asset_number: str) -> Response:
    """A new tax, from a day on."""
    return _form("rates_taxes", TaxForm(data={"inclusive": True, "from_on": business_date(g.place)}), _tax)


@blueprint.route("/<asset_number>/rates/taxes/<uuid:tax_id>", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_taxes_amend(asset_number: str, tax_id: uuid.UUID) -> Response:
    """Change a tax; nights that are booked keep what they were booked with."""
    tax = terms.get_terms(HotelTax, g.place.id, tax_id)
    value = tax.rate_ppm if tax.kind == "percent" else tax.amount
    said = {**{name: getattr(tax, name) for name in TAX}, "value": figure(value, tax.kind)}
    return _form("rates_taxes", TaxForm(data=said), _tax, tax, tax_id=tax_id)


@blueprint.post("/<asset_number>/rates/taxes/<uuid:tax_id>/remove")
@permission("hotel.rates")
def rates_taxes_remove(asset_number: str, tax_id: uuid.UUID) -> Response:
    """End a tax today, or take one away that has not begun."""
    terms.remove_tax(asset_id=g.place.id, tax_id=tax_id, actor=current_actor())
    return _done("rates_taxes", _("Nights booked from now on are without it."))


def _tax(form: Any, actor: Any, **key: Any) -> None:
    kind = form.kind.data
    try:
        value = parts(form.value, kind, field_name="value")
        terms.set_tax(
            asset_id=g.place.id,
            actor=actor,
            **key,
            **{name: form[name].data for name in TAX},
            rate_ppm=value if kind == "percent" else None,
            amount=None if kind == "percent" else value,
        )
    except DomainError as error:
        error.field = "value" if error.field in ("rate_ppm", "amount") else error.field
        raise


@blueprint.get("/<asset_number>/rates/promotions")
@permission("hotel.rates")
def rates_promotions(asset_number: str) -> Response:
    """The promotions, and whether each is given now."""
    plans = {each.id: each for each in rate_plans(g.place.id, retired=True)}
    types = {each.id: each for each in room_types(g.place.id, retired=True)}
    return page(
        "frontdesk/rate_promotions.html",
        promotions=queries.promotions_of(g.place.id),
        plans=plans,
        types=types,
        today=business_date(g.place),
        last=lambda promotion: promotion.stay_until - timedelta(days=1),
        words=rate_words,
    )


@blueprint.route("/<asset_number>/rates/promotions/new", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_promotions_new(asset_number: str) -> Response:
    """A new promotion."""
    today = business_date(g.place)
    said = {"stay_from": today, "last_night": today + timedelta(days=30), "book_from": today, "value": Decimal(10)}
    return _form("rates_promotions", _offered(PromotionForm(data={**said, "min_nights": 1})), _promotion)


@blueprint.route("/<asset_number>/rates/promotions/<uuid:promotion_id>", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_promotions_amend(asset_number: str, promotion_id: uuid.UUID) -> Response:
    """Change a promotion; what is booked keeps its discount."""
    promotion = terms.get_terms(Promotion, g.place.id, promotion_id)
    said = {
        **{name: getattr(promotion, name) for name in PROMOTION},
        "code": promotion.code,
        "value": figure(promotion.value, promotion.kind),
        "plan": str(promotion.rate_plan_id or ""),
        "room_type": str(promotion.room_type_id or ""),
        "last_night": promotion.stay_until - timedelta(days=1),
    }
    form = _offered(PromotionForm(data=said))
    return _form("rates_promotions", form, _promotion, promotion, promotion_id=promotion_id)


@blueprint.post("/<asset_number>/rates/promotions/<uuid:promotion_id>/<any(end, renew):step>")
@permission("hotel.rates")
def rates_promotions_step(asset_number: str, promotion_id: uuid.UUID, step: str) -> Response:
    """Give a promotion no more, or again."""
    act = terms.end_promotion if step == "end" else terms.renew_promotion
    act(asset_id=g.place.id, promotion_id=promotion_id, actor=current_actor())
    if step == "renew":
        return _done("rates_promotions", _("It is given again."))
    undo = url_for(".rates_promotions_step", asset_number=asset_number, promotion_id=promotion_id, step="renew")
    return _done("rates_promotions", _("It is given no more."), undo=undo)


def _offered(form: PromotionForm) -> PromotionForm:
    form.plan.offer([("", _("Every plan")), *((each.id, each.name) for each in rate_plans(g.place.id))])
    form.room_type.offer([("", _("Every type")), *((each.id, each.name) for each in room_types(g.place.id))])
    return form


def _promotion(form: Any, actor: Any, **key: Any) -> None:
    terms.set_promotion(
        asset_id=g.place.id,
        actor=actor,
        **key,
        **{name: form[name].data for name in PROMOTION},
        code=form.code.data or None,
        value=parts(form.value, form.kind.data, field_name="value"),
        rate_plan_id=form.plan.data,
        room_type_id=form.room_type.data,
        stay_until=form.last_night.data + timedelta(days=1),
    )


def _form(section: str, form: OnceForm, write: Callable[..., None], row: Any = None, **key: uuid.UUID) -> Response:
    """The form of a new row or a changed one, and the way back to its list."""
    if form.validate_on_submit():
        actor = current_actor()
        try:
            form.just_once(actor, lambda: write(form, actor, **key))
        except DomainError as error:
            form.refuse(error)
        else:
            return _done(section, _("Saved."))
    return page(
        "frontdesk/rate_terms.html",
        "form",
        form=form,
        row=row,
        section=section,
        action=request.path,
        status=422 if form.errors else 200,
    )


def _done(section: str, said: str, undo: str | None = None) -> Response:
    toast(said, undo=undo)
    return go(url_for(f".{section}", asset_number=g.place.asset_number))
