"""Rate plans: those with prices of their own, and below each the plans that follow it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Response, g, url_for

from portal.core.errors import DomainError
from portal.core.words import _
from portal.trades.hotel.models import RatePlan
from portal.trades.hotel.queries import rates as queries
from portal.trades.hotel.queries.inventory import room_types
from portal.trades.hotel.queries.property import business_date
from portal.trades.hotel.queries.quotes import rate_plans
from portal.trades.hotel.queries.tariffs import tariff
from portal.trades.hotel.services import rates as service
from portal.web.frontdesk import rate_words
from portal.web.frontdesk.rate_forms import AmendPlanForm, PlanForm, figure, parts
from portal.web.frontdesk.views import blueprint
from portal.web.guards import current_actor, permission
from portal.web.htmx import go, page, toast

AS_THEY_ARE = ("name", "meal", "package", "sell_from", "sell_until", "public", "complimentary")


@blueprint.get("/<asset_number>/rates/plans")
@permission("hotel.rates")
def rates_plans(asset_number: str) -> Response:
    """Every plan with what it costs tonight."""
    plans, types, today = rate_plans(g.place.id, retired=True), room_types(g.place.id), business_date(g.place)
    known = tariff(g.place, [each.id for each in types], today, today + timedelta(days=1))
    prices = {
        (plan.id, each.id): known.price(plan, each, today, adults=each.adults, children=0)
        for plan in plans
        for each in types
        if (known.chain(plan)[-1].id, each.id, today) in known.rates
    }
    living = [each for each in plans if each.retired_at is None]
    return page(
        "frontdesk/rate_plans.html",
        families=list(queries.families(living)),
        retired=[each for each in plans if each.retired_at is not None],
        by_id={each.id: each for each in plans},
        policies={plan.id: known.policy(plan) for plan in plans},
        types=types,
        prices=prices,
        today=today,
        words=rate_words,
    )


@blueprint.route("/<asset_number>/rates/plans/new", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_plans_new(asset_number: str) -> Response:
    """Another plan."""
    form = _offered(PlanForm())
    if form.validate_on_submit():
        actor = current_actor()
        try:
            said = _said(form)
            form.just_once(
                actor, lambda: service.publish_plan(asset_id=g.place.id, code=form.code.data, actor=actor, **said)
            )
        except DomainError as error:
            form.refuse(error)
        else:
            if said["parent_id"] is None:
                toast(_("The plan is there. Give it prices."))
                return go(url_for(".rates_prices", asset_number=asset_number, plan=form.code.data.upper()))
            toast(_("The plan is there."))
            return go(url_for(".rates_plans", asset_number=asset_number))
    return page("frontdesk/rate_plan.html", "form", form=form, plan=None, status=422 if form.errors else 200)


@blueprint.route("/<asset_number>/rates/plans/<uuid:plan_id>", methods=["GET", "POST"])
@permission("hotel.rates")
def rates_plans_amend(asset_number: str, plan_id: uuid.UUID) -> Response:
    """Change a plan; what is booked on it keeps its terms."""
    plan = queries.get_plan(g.place.id, plan_id)
    form = _offered(AmendPlanForm(data=_as_it_is(plan)), plan)
    if form.validate_on_submit():
        try:
            service.amend_plan(asset_id=g.place.id, plan_id=plan_id, actor=current_actor(), **_said(form))
        except DomainError as error:
            form.refuse(error)
        else:
            toast(_("Saved."))
            return go(url_for(".rates_plans", asset_number=asset_number))
    return page("frontdesk/rate_plan.html", "form", form=form, plan=plan, status=422 if form.errors else 200)


@blueprint.post("/<asset_number>/rates/plans/<uuid:plan_id>/<any(retire, restore):step>")
@permission("hotel.rates")
def rates_plans_step(asset_number: str, plan_id: uuid.UUID, step: str) -> Response:
    """Sell a plan no more, or again."""
    act = service.retire_plan if step == "retire" else service.restore_plan
    plan = act(asset_id=g.place.id, plan_id=plan_id, actor=current_actor())
    if step == "retire":
        undo = url_for(".rates_plans_step", asset_number=asset_number, plan_id=plan_id, step="restore")
        toast(_("%(plan)s is sold no more. What is booked stays.", plan=plan.code), undo=undo)
    else:
        toast(_("%(plan)s is sold again.", plan=plan.code))
    return go(url_for(".rates_plans", asset_number=asset_number))


def _offered(form: PlanForm, plan: RatePlan | None = None) -> PlanForm:
    others = [each for each in rate_plans(g.place.id) if plan is None or each.id != plan.id]
    form.parent.offer([("", _("are its own")), *((each.id, _("follow %(plan)s", plan=each.code)) for each in others)])
    policies = queries.policies_of(g.place.id)
    form.policy.offer([("", _("As the plan it follows, else free")), *((each.id, each.name) for each in policies)])
    return form


def _said(form: PlanForm) -> dict[str, Any]:
    kind = form.derive_kind.data or "percent"
    follows = form.parent.data is not None
    return {
        **{name: form[name].data for name in AS_THEY_ARE if name != "meal"},
        "meal": form.meal.data or None,
        "parent_id": form.parent.data,
        "policy_id": form.policy.data,
        "derive_kind": kind if follows else None,
        "derive_value": parts(form.derive_value, kind, field_name="derive_value") if follows else 0,
        "rounding": max(1, parts(form.rounding, "amount", field_name="rounding")) if follows else 1,
    }


def _as_it_is(plan: RatePlan) -> dict[str, Any]:
    return {
        **{name: getattr(plan, name) for name in AS_THEY_ARE},
        "parent": str(plan.parent_id or ""),
        "policy": str(plan.policy_id or ""),
        "derive_kind": plan.derive_kind,
        "derive_value": figure(plan.derive_value, plan.derive_kind or "percent") if plan.parent_id else None,
        "rounding": figure(plan.rounding, "amount") if plan.rounding > 1 else None,
    }
