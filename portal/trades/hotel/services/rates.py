"""Rate plans: published, amended, retired. A plan may follow another, never itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import written
from portal.core.errors import DomainError
from portal.core.locks import lock_in_transaction
from portal.core.money import MAX_MINOR, PPM
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.trades.hotel.errors import CodeTaken, Cycle, DatesWrong, NotUnderstood, StillInUse
from portal.trades.hotel.events import RatesChanged
from portal.trades.hotel.models import DeriveKind, RatePlan
from portal.trades.hotel.queries.quotes import rate_plans
from portal.trades.hotel.queries.rates import get_plan, policies_of


def _code_taken() -> DomainError:
    return CodeTaken(_("This hotel has a rate plan of that code already."), field="code")


rule("uq_rate_plan_asset_id_code", _code_taken)


@transactional
def publish_plan(
    *,
    asset_id: uuid.UUID,
    code: str,
    name: str,
    actor: Actor,
    parent_id: uuid.UUID | None = None,
    derive_kind: str | None = None,
    derive_value: int = 0,
    rounding: int = 1,
    policy_id: uuid.UUID | None = None,
    meal: str | None = None,
    sell_from: date | None = None,
    sell_until: date | None = None,
    public: bool = True,
    complimentary: bool = False,
    package: Sequence[Mapping[str, Any]] = (),
) -> RatePlan:
    """A new plan. One that follows another (`parent_id`) has its prices from it; else they are set in the grid."""
    plans = _locked(asset_id)
    plan = RatePlan(
        asset_id=asset_id,
        code=code.strip().upper(),
        name=name.strip(),
        parent_id=parent_id,
        derive_kind=derive_kind if parent_id else None,
        derive_value=derive_value if parent_id else 0,
        rounding=rounding,
        policy_id=policy_id,
        meal=meal or None,
        sell_from=sell_from,
        sell_until=sell_until,
        public=public,
        complimentary=complimentary,
        package=list(package),
        place=max((each.place for each in plans), default=0) + 1,
    )
    _sound(plan, plans)
    _tell("rate_plan.published", written(plan), actor, after={"code": plan.code, "name": plan.name, **_terms(plan)})
    return plan


@transactional
def amend_plan(*, asset_id: uuid.UUID, plan_id: uuid.UUID, actor: Actor, **changes: Any) -> RatePlan:
    """Change a plan's terms, named as its columns; what is booked keeps its own. Raises Cycle."""
    plans = _locked(asset_id)
    plan = get_plan(asset_id, plan_id)
    changes = {name: value for name, value in changes.items() if getattr(plan, name) != value}
    if not changes:
        return plan
    before = {name: getattr(plan, name) for name in changes}
    for name, value in changes.items():
        setattr(plan, name, value)
    if plan.parent_id is None:
        plan.derive_kind, plan.derive_value = None, 0
    _sound(plan, plans)
    _tell("rate_plan.amended", plan, actor, before=before, after=changes)
    return plan


@transactional
def retire_plan(*, asset_id: uuid.UUID, plan_id: uuid.UUID, actor: Actor) -> RatePlan:
    """Sell a plan no more; raises StillInUse while others follow it. What is booked on it stays."""
    plans = _locked(asset_id)
    plan = get_plan(asset_id, plan_id)
    following = [each.code for each in plans if each.parent_id == plan.id and each.retired_at is None]
    if following:
        raise StillInUse(
            _("%(plans)s follow this plan. Retire them first.", plans=", ".join(following)), plans=following
        )
    if plan.retired_at is None:
        plan.retired_at = utcnow()
        _tell("rate_plan.retired", plan, actor, after={"code": plan.code})
    return plan


@transactional
def restore_plan(*, asset_id: uuid.UUID, plan_id: uuid.UUID, actor: Actor) -> RatePlan:
    """Sell a retired plan again."""
    _locked(asset_id)
    plan = get_plan(asset_id, plan_id)
    if plan.retired_at is not None:
        plan.retired_at = None
        _tell("rate_plan.restored", plan, actor, after={"code": plan.code})
    return plan


def _locked(asset_id: uuid.UUID) -> Sequence[RatePlan]:
    """Changes of a hotel's rates wait for one another, so that two cannot close a circle together."""
    lock_in_transaction(f"rates of {asset_id}")
    return rate_plans(asset_id, retired=True)


def _sound(plan: RatePlan, plans: Sequence[RatePlan]) -> None:
    by_id = {each.id: each for each in plans}
    seen, above = {plan.id}, plan.parent_id
    while above is not None:
        if above in seen:
            raise Cycle(_("%(plan)s would follow itself. Choose another plan.", plan=plan.name), field="parent_id")
        if above not in by_id:
            raise NotUnderstood(_("This hotel sells no such rate plan. Choose another."), field="parent_id")
        seen.add(above)
        above = by_id[above].parent_id
    if plan.parent_id and plan.derive_kind not in tuple(DeriveKind):
        raise NotUnderstood(_("Say whether the price follows by a share or by a sum."), field="derive_kind")
    least, most = (-PPM, 10 * PPM) if plan.derive_kind == DeriveKind.PERCENT else (-MAX_MINOR, MAX_MINOR)
    if not least <= plan.derive_value <= most:
        raise NotUnderstood(_("A price follows by −100%% to +1000%%."), field="derive_value")
    if plan.sell_from and plan.sell_until and plan.sell_until < plan.sell_from:
        raise DatesWrong(_("The last day is before the first."), field="sell_until")
    if plan.policy_id and plan.policy_id not in {each.id for each in policies_of(plan.asset_id)}:
        raise NotUnderstood(_("This hotel has no such cancellation policy."), field="policy_id")


def _terms(plan: RatePlan) -> dict[str, Any]:
    names = ("parent_id", "derive_kind", "derive_value", "rounding", "policy_id", "meal", "sell_from", "sell_until")
    return {name: value for name in names if (value := getattr(plan, name)) not in (None, 0)}


def _tell(action: str, plan: RatePlan, actor: Actor, **said: Any) -> None:
    record(action, actor=actor, subject="rate_plan", subject_id=plan.id, asset_id=plan.asset_id, **said)
    publish(RatesChanged(asset_id=plan.asset_id, subject_id=plan.id))
