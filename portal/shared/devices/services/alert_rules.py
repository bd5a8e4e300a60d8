"""The rules of a place as its people write them: checked, at work at once, switched off, gone with what they raised."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from portal.core import parse
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import rule as constraint
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset, UnitStatus
from portal.shared.assets.queries import asset_of, kinds_at, units_of
from portal.shared.audit.services import record
from portal.shared.devices import rule_conditions as conditions
from portal.shared.devices.alert_queries import lock_rule, words_of_week
from portal.shared.devices.errors import BadCondition, RuleNameTaken
from portal.shared.devices.models import Alert, AlertRule, RuleKind, RuleStanding, Severity
from portal.shared.devices.queries import latest_of
from portal.shared.devices.services import alerts
from portal.shared.identity.models import Role

MONTH_MINUTES = 43_200
#: Whom a rule may tell on: people who work at a desk.
TOLD_ON = (Role.OWNER, Role.ADMIN, Role.MANAGER, Role.FRONT_DESK, Role.DISPATCHER)
WEEK = timedelta(days=7)
constraint("uq_alert_rule_asset_id_name", lambda: _name_taken())

#: The fences of a place by id, each with its name; the fleet says how they are found.
Fences = Callable[[uuid.UUID], Mapping[uuid.UUID, str]]
_fences: list[Fences] = []


def connect_fences(fences: Fences) -> None:
    """Say how the fences of a place are found."""
    _fences[:] = [fences]


def fences_of(asset_id: uuid.UUID) -> Mapping[uuid.UUID, str]:
    """The fences of a place by id, each with its name; none where nobody draws fences."""
    return _fences[0](asset_id) if _fences else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule as somebody writes it."""

    name: str
    condition: Mapping[str, Any]
    severity: str
    unit_kind: str | None = None
    unit_id: uuid.UUID | None = None
    escalate_after_minutes: int | None = None
    escalate_to: str | None = None


@transactional
def write(*, asset_id: uuid.UUID, kind: str, draft: Draft, actor: Actor) -> AlertRule:
    """A new rule, at work from now on; raises BadCondition, RuleNameTaken or a ParseError with the field."""
    place = asset_of(asset_id)
    known = parse.choice(kind, "kind", RuleKind, label=_("kinds"))
    made = AlertRule(asset_id=asset_id, kind=known.value, active=True, **_checked(place, known, draft))
    db.session.add(made)
    db.session.flush()
    record(
        "alert_rule.written",
        actor=actor,
        subject="alert_rule",
        subject_id=made.id,
        asset_id=asset_id,
        after=_shown(made),
    )
    _begin(made, place)
    return made


@transactional
def amend(*, asset_id: uuid.UUID, rule_id: uuid.UUID, draft: Draft, actor: Actor) -> AlertRule:
    """Change what a rule asks for; what it raised ends, and is raised again where it is still so."""
    place, rule = asset_of(asset_id), lock_rule(asset_id, rule_id)
    before, asked = _shown(rule), (rule.condition, rule.unit_kind, rule.unit_id)
    for name, value in _checked(place, RuleKind(rule.kind), draft).items():
        setattr(rule, name, value)
    db.session.flush()
    if before != _shown(rule):
        record(
            "alert_rule.amended", actor=actor, subject="alert_rule", subject_id=rule.id, asset_id=asset_id,
            before=before, after=_shown(rule),
        )  # fmt: skip
    if rule.active and asked != (rule.condition, rule.unit_kind, rule.unit_id):
        _end(rule)
        _begin(rule, place)
    return rule


@transactional
def switch(*, asset_id: uuid.UUID, rule_id: uuid.UUID, active: bool, actor: Actor) -> AlertRule:
    """Switch a rule off, and with it what it raised, or on again."""
    rule = lock_rule(asset_id, rule_id)
    if rule.active != active:
        rule.active = active
        action = "alert_rule.switched_on" if active else "alert_rule.switched_off"
        record(
            action, actor=actor, subject="alert_rule", subject_id=rule.id, asset_id=asset_id, after={"name": rule.name}
        )
        db.session.flush()
        if active:
            _begin(rule, asset_of(asset_id))
        else:
            _end(rule)
    return rule


@transactional
def remove(*, asset_id: uuid.UUID, rule_id: uuid.UUID, actor: Actor) -> None:
    """Delete a rule; the alerts it raised stay readable."""
    rule = lock_rule(asset_id, rule_id)
    _end(rule)
    db.session.execute(update(Alert).where(Alert.asset_id == asset_id, Alert.rule_id == rule_id).values(rule_id=None))
    record(
        "alert_rule.deleted", actor=actor, subject="alert_rule", subject_id=rule.id, asset_id=asset_id,
        before=_shown(rule),
    )  # fmt: skip
    db.session.delete(rule)
    db.session.flush()


def would_have_raised(*, asset_id: uuid.UUID, kind: str, draft: Draft) -> int | None:
    """How often a rule would have been met in the last seven days; None when that is too much to read at a glance."""
    place = asset_of(asset_id)
    known = parse.choice(kind, "kind", RuleKind, label=_("kinds"))
    asked = _checked(place, known, draft)
    condition = asked["condition"]
    if known not in (RuleKind.THRESHOLD, RuleKind.SCHEDULE):
        return None
    now = utcnow()
    chosen = [
        unit.id
        for unit in units_of(asset_id, asked["unit_kind"])
        if unit.status != UnitStatus.RETIRED and asked["unit_id"] in (None, unit.id)
    ]
    said = words_of_week(chosen, condition["subject"], now - WEEK)
    if said is None:
        return None
    so, held = conditions.question_of(known, condition, ZoneInfo(place.timezone)), conditions.held_for(known, condition)
    times = 0
    for words in said.values():
        over, lasting = conditions.fold(words, so, None)
        times += sum(1 for run in over if run.until is not None and run.until - run.since >= held)
        times += 1 if lasting is not None and now - lasting.since >= held else 0
    return times


def _checked(place: Asset, kind: RuleKind, draft: Draft) -> dict[str, Any]:
    """The rule's columns from what was written, or the sentence why not."""
    unit_kind = draft.unit_kind
    if draft.unit_id is not None:
        unit = next((each for each in units_of(place.id) if each.id == draft.unit_id), None)
        if unit is None:
            raise BadCondition(_("There is no such room or vehicle here."), field="unit")
        unit_kind = unit.kind
    elif unit_kind is not None and unit_kind not in kinds_at(place.kind):
        raise BadCondition(_("There are no units of this kind here."), field="unit")
    condition = conditions.read(kind, draft.condition, unit_kind=unit_kind)
    if kind == RuleKind.GEOFENCE and uuid.UUID(condition["geofence_id"]) not in fences_of(place.id):
        raise BadCondition(_("There is no such fence here."), field="geofence_id")
    return {
        "name": parse.text(draft.name, "name", label=_("name"), max_length=80),
        "condition": condition,
        "severity": parse.choice(draft.severity, "severity", Severity, label=_("severities")).value,
        "unit_kind": unit_kind,
        "unit_id": draft.unit_id,
        **_escalation(draft),
    }


def _escalation(draft: Draft) -> dict[str, Any]:
    if draft.escalate_after_minutes is None:
        return {"escalate_after_minutes": None, "escalate_to": None}
    after = parse.whole(
        draft.escalate_after_minutes, "escalate_after_minutes", label=_("minutes"), minimum=1, maximum=MONTH_MINUTES
    )
    if not draft.escalate_to:
        raise BadCondition(_("Choose who is told when nobody acknowledges it."), field="escalate_to")
    to = parse.choice(draft.escalate_to, "escalate_to", TOLD_ON, label=_("roles"))
    return {"escalate_after_minutes": after, "escalate_to": str(to)}


def _begin(rule: AlertRule, place: Asset) -> None:
    """What is so already when a rule begins: it counts from now. Silences, hours and fences are seen by themselves."""
    if rule.kind != RuleKind.THRESHOLD:
        return
    now, subject = utcnow(), rule.condition["subject"]
    units = [
        unit
        for unit in units_of(place.id, rule.unit_kind)
        if unit.status != UnitStatus.RETIRED and rule.unit_id in (None, unit.id)
    ]
    latest = latest_of([unit.id for unit in units])
    so = conditions.question_of(rule.kind, rule.condition, ZoneInfo(place.timezone))
    due_at = now + conditions.held_for(rule.kind, rule.condition)
    rows = [
        {
            "rule_id": rule.id, "unit_id": unit_id, "asset_id": place.id, "since": now, "due_at": due_at,
            "value": said[subject].value[:200], "at": said[subject].at,
        }
        for unit_id, said in latest.items()
        if subject in said and so(said[subject].value, said[subject].at)
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(RuleStanding).values(rows).on_conflict_do_nothing())


def _end(rule: AlertRule) -> None:
    db.session.execute(delete(RuleStanding).where(RuleStanding.rule_id == rule.id))
    alerts.clear_of_rule(asset_id=rule.asset_id, rule_id=rule.id)


def _shown(rule: AlertRule) -> dict[str, Any]:
    return {
        "name": rule.name, "kind": rule.kind, "condition": dict(rule.condition), "severity": rule.severity,
        "unit_kind": rule.unit_kind, "unit_id": str(rule.unit_id) if rule.unit_id else None,
        "escalate_after_minutes": rule.escalate_after_minutes, "escalate_to": rule.escalate_to,
    }  # fmt: skip


def _name_taken() -> RuleNameTaken:
    return RuleNameTaken(_("Another rule here is called the same. Choose another name."), field="name")
