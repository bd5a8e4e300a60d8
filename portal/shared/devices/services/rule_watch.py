"""Rules at work: what units said is held against them, and the clock raises what has been so for long enough.

What units say moves rows of `rule_standing`; whatever is read again for any reason leaves them the same.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.assets.queries import asset_of, units_by_id
from portal.shared.devices import rule_conditions as conditions
from portal.shared.devices.alert_queries import lock_standing_rows, noticed_since, rules_at_work, words_since
from portal.shared.devices.models import AlertRule, RuleKind, RuleStanding, Severity
from portal.shared.devices.rule_conditions import Run
from portal.shared.devices.services import alerts
from portal.shared.devices.services.alerts import LATE_AFTER
from portal.shared.devices.services.watching import Spoke

#: What a unit tells of times longer ago is history, and nobody is told of it.
OLDEST = timedelta(days=1)
DUE_AT_ONCE = 200

Pair = tuple[uuid.UUID, uuid.UUID]


@dataclass(slots=True)
class _Found:
    """What one look brings about."""

    lasting: list[dict[str, Any]] = field(default_factory=list)
    gone: list[Pair] = field(default_factory=list)
    #: Rule, unit and stretch of what came and went while nobody could look.
    passed: list[tuple[AlertRule, uuid.UUID, Run]] = field(default_factory=list)
    raised: list[tuple[AlertRule, uuid.UUID, Run]] = field(default_factory=list)
    cleared: dict[uuid.UUID, list[str]] = field(default_factory=lambda: defaultdict(list))


def key_of(rule_id: uuid.UUID, unit_id: uuid.UUID) -> str:
    """What makes alerts of a rule about one unit the same."""
    return f"rule:{rule_id}:{unit_id}"


def look(spoke: Sequence[Spoke]) -> None:
    """Hold what these units said since somebody last looked against the rules of their places."""
    rules = rules_at_work((RuleKind.THRESHOLD, RuleKind.SCHEDULE), {each.asset_id for each in spoke})
    rules = [rule for rule in rules if any(rule.condition["subject"] in each.kinds for each in spoke)]
    if not rules:
        return
    units = units_by_id({each.unit_id for each in spoke})
    said = _words(spoke, {rule.condition["subject"] for rule in rules})
    before = lock_standing_rows([rule.id for rule in rules], list(units))
    found, now = _Found(), utcnow()
    for each in spoke:
        for rule in rules:
            words = said.get((each.unit_id, rule.condition["subject"]))
            if words and _about(rule, each.asset_id, each.unit_id, units[each.unit_id].kind):
                _fold(rule, each, words, before.get((rule.id, each.unit_id)), found, now)
    _write(found, now)


@transactional
def work_due() -> int:
    """Raise what has been so for long enough, notice silences and hours that begin or end; returns how many changed."""
    now = utcnow()
    return _silences(now) + _hours(now) + _raise_due(now)


@transactional
def fence_crossed(
    *,
    asset_id: uuid.UUID,
    unit_id: uuid.UUID,
    geofence_id: uuid.UUID,
    what: str,
    at: datetime,
    fence: str | None = None,
) -> None:
    """A vehicle entered or left a fence: called by whoever finds that out, once for each crossing."""
    inside = what == "enter"
    found, now = _Found(), utcnow()
    rules = [
        rule
        for rule in rules_at_work((RuleKind.GEOFENCE,), {asset_id})
        if rule.condition["geofence_id"] == str(geofence_id) and _about(rule, asset_id, unit_id, "vehicle")
    ]
    before = lock_standing_rows([rule.id for rule in rules], [unit_id])
    for rule in rules:
        stands = before.get((rule.id, unit_id))
        if (rule.condition["what"] != "leave") == inside:
            if stands is None:
                _lasts(rule, unit_id, Run(at, at, fence or ""), None, found, now)
        elif stands is not None and at >= stands.since:
            _ends(rule, unit_id, [Run(stands.since, stands.at, stands.value or "", until=at)], stands, found)
            found.gone.append((rule.id, unit_id))
    _write(found, now)


def _fold(
    rule: AlertRule,
    spoke: Spoke,
    words: list[tuple[datetime, str]],
    stands: RuleStanding | None,
    found: _Found,
    now: datetime,
) -> None:
    """One rule, one unit: from what was so before these words to what is so after them."""
    first = words[0][0]
    begun = Run(stands.since, stands.at, stands.value or "") if stands is not None and stands.since <= first else None
    so = conditions.question_of(rule.kind, rule.condition, _zone(rule.asset_id))
    over, lasting = conditions.fold(words, so, begun)
    _ends(rule, spoke.unit_id, over, stands, found)
    if lasting is not None:
        _lasts(rule, spoke.unit_id, lasting, None if over else stands, found, now)
    elif stands is not None:
        found.gone.append((rule.id, spoke.unit_id))
        if not over:  # it began with a word that has turned out to be another
            found.cleared[rule.asset_id].append(key_of(rule.id, spoke.unit_id))


def _ends(rule: AlertRule, unit_id: uuid.UUID, over: list[Run], stands: RuleStanding | None, found: _Found) -> None:
    """Stretches that are over: what was told of ends, what lasted long enough and was not told of is kept."""
    held = conditions.held_for(rule.kind, rule.condition)
    for run in over:
        assert run.until is not None
        if stands is not None and run.since <= stands.since and stands.raised_at is not None:
            found.cleared[rule.asset_id].append(key_of(rule.id, unit_id))
        elif run.until - run.since >= held:
            found.passed.append((rule, unit_id, run))


def _lasts(
    rule: AlertRule, unit_id: uuid.UUID, run: Run, stands: RuleStanding | None, found: _Found, now: datetime
) -> None:
    """A stretch that lasts: it is remembered, and told of when it need not last any longer."""
    due_at = run.since + conditions.held_for(rule.kind, rule.condition)
    raised_at = stands.raised_at if stands is not None else None
    if raised_at is None and due_at <= now:
        found.raised.append((rule, unit_id, run))
        raised_at = now
    found.lasting.append(
        {
            "rule_id": rule.id, "unit_id": unit_id, "asset_id": rule.asset_id, "since": run.since, "at": run.at,
            "value": run.value[:200], "due_at": due_at, "raised_at": raised_at,
        }
    )  # fmt: skip


def _write(found: _Found, now: datetime) -> None:
    for rule_id, unit_id in found.gone:
        db.session.execute(delete(RuleStanding).where(RuleStanding.rule_id == rule_id, RuleStanding.unit_id == unit_id))
    if found.lasting:
        rows = insert(RuleStanding).values(found.lasting)
        kept = {name: rows.excluded[name] for name in ("since", "at", "value", "due_at", "raised_at")}
        db.session.execute(rows.on_conflict_do_update(index_elements=["rule_id", "unit_id"], set_=kept))
    for asset_id, keys in found.cleared.items():
        alerts.clear_all(asset_id=asset_id, keys=keys)
    for rule, unit_id, run in _not_noticed(found.passed):
        _raise(rule, unit_id, run, over=True)
    for rule, unit_id, run in _not_noticed(found.raised):
        _raise(rule, unit_id, run, late=now - run.at > LATE_AFTER)


def _not_noticed(
    runs: list[tuple[AlertRule, uuid.UUID, Run]],
) -> list[tuple[AlertRule, uuid.UUID, Run]]:
    """Those of the stretches that no alert tells of yet, whatever became of it."""
    if not runs:
        return []
    keys = {key_of(rule.id, unit_id) for rule, unit_id, _run in runs}
    known = noticed_since(
        {unit_id for _rule, unit_id, _run in runs}, keys, min(run.since for *_who, run in runs) - OLDEST
    )
    return [each for each in runs if not _told(each[2], known.get(key_of(each[0].id, each[1]), ()))]


def _told(run: Run, alerts_known: Iterable[tuple[datetime, datetime | None]]) -> bool:
    """Whether one of these alerts began in this stretch, or had not ended when it began."""
    return any(
        began < (run.until or _EVER) if began >= run.since else until is not None and until >= run.since
        for began, until in alerts_known
    )


def _raise(rule: AlertRule, unit_id: uuid.UUID, run: Run, *, over: bool = False, late: bool | None = None) -> None:
    facts: dict[str, Any] = {"rule": rule.name, "rule_kind": rule.kind, "condition": rule.condition, "value": run.value}
    if run.until is not None:
        facts["until"] = run.until.isoformat()
    if rule.kind == RuleKind.GEOFENCE:
        facts["fence"] = run.value or None
    alerts.raise_alert(
        asset_id=rule.asset_id, kind="rule", key=key_of(rule.id, unit_id), severity=Severity(rule.severity),
        facts=facts, happened_at=run.since, unit_id=unit_id, rule_id=rule.id, over=over, late=late,
    )  # fmt: skip


def _raise_due(now: datetime) -> int:
    """What has been so for as long as its rule asks for, by the last word of it."""
    due = db.session.execute(_DUE, {"now": now, "limit": DUE_AT_ONCE}).all()
    rules = {rule.id: rule for rule in rules_at_work(tuple(RuleKind))} if due else {}
    runs = [
        (rules[row.rule_id], row.unit_id, Run(row.since, row.at, row.value or ""))
        for row in due
        if row.rule_id in rules
    ]
    for rule, unit_id, run in _not_noticed(runs):
        asked = run.since + conditions.held_for(rule.kind, rule.condition)
        _raise(rule, unit_id, run, late=now - max(run.at, asked) > LATE_AFTER)
    return len(due)


def _silences(now: datetime) -> int:
    """Units that have said nothing for as long as a rule allows, those that speak again, and those out of service."""
    spoke_again = db.session.execute(_SPOKE_AGAIN).all()
    _clear_rows(spoke_again)
    silent = db.session.execute(_SILENT, {"now": now})
    return len(spoke_again) + int(silent.rowcount)  # type: ignore[attr-defined]


def _hours(now: datetime) -> int:
    """Rules with hours: what is so when they begin, and what ends with them."""
    changed = 0
    for rule in rules_at_work((RuleKind.SCHEDULE,)):
        hours = conditions.window(rule.condition, _zone(rule.asset_id), now)
        if hours is None:
            ended = db.session.execute(_HOURS_OVER, {"rule": rule.id}).all()
            _clear_rows(ended)
            changed += len(ended)
        else:
            wanted = [rule.condition["value"], *(word for word, same in _ALIKE if same == rule.condition["value"])]
            begun = db.session.execute(
                _HOURS_BEGIN,
                {
                    "rule": rule.id, "asset": rule.asset_id, "subject": rule.condition["subject"], "values": wanted,
                    "begins": hours[0], "unit_kind": rule.unit_kind, "unit": rule.unit_id, "now": now,
                },
            )  # fmt: skip
            changed += int(begun.rowcount)  # type: ignore[attr-defined]
    return changed


def _clear_rows(rows: Iterable[Any]) -> None:
    keys: dict[uuid.UUID, list[str]] = defaultdict(list)
    for row in rows:
        keys[row.asset_id].append(key_of(row.rule_id, row.unit_id))
    for asset_id, ended in keys.items():
        alerts.clear_all(asset_id=asset_id, keys=ended)


def _about(rule: AlertRule, asset_id: uuid.UUID, unit_id: uuid.UUID, unit_kind: str) -> bool:
    return (
        rule.asset_id == asset_id
        and (rule.unit_id is None or rule.unit_id == unit_id)
        and (rule.unit_kind is None or rule.unit_kind == unit_kind)
    )


def _words(spoke: Sequence[Spoke], subjects: set[str]) -> dict[tuple[uuid.UUID, str], list[tuple[datetime, str]]]:
    """What these units said of some subjects since somebody last looked, in the order of its time."""
    rows = words_since({each.unit_id: each.since for each in spoke}, subjects, utcnow() - OLDEST)
    found: dict[tuple[uuid.UUID, str], list[tuple[datetime, str]]] = defaultdict(list)
    for unit_id, kind, at, value in rows:
        found[unit_id, kind].append((at, value))
    return found


def _zone(asset_id: uuid.UUID) -> ZoneInfo:
    return _zone_named(asset_of(asset_id).timezone)


@cache
def _zone_named(name: str) -> ZoneInfo:
    return ZoneInfo(name)


_EVER = datetime.fromisoformat("9999-12-31T00:00:00+00:00")
_ALIKE = (("turn_on", "on"), ("turn_off", "off"), ("lock", "locked"), ("unlock", "unlocked"))
_DUE = text(
    """
    update rule_standing s set raised_at = :now from (
        select rule_id, unit_id from rule_standing where raised_at is null and due_at <= :now
        order by due_at limit :limit for update skip locked) due
    where s.rule_id = due.rule_id and s.unit_id = due.unit_id
    returning s.rule_id, s.unit_id, s.since, s.at, s.value
    """
)
_SILENT = text(
    """
    insert into rule_standing (rule_id, unit_id, asset_id, since, at, due_at)
    select r.id, u.id, u.asset_id, said.at, said.at, said.at + make_interval(mins => (r.condition->>'minutes')::int)
    from alert_rule r
    join unit u on u.asset_id = r.asset_id and u.status <> 'retired'
        and (r.unit_kind is null or r.unit_kind = u.kind) and (r.unit_id is null or r.unit_id = u.id)
    join lateral (select max(l.at) as at from latest_reading l where l.unit_id = u.id
        and (r.condition->>'subject' is null or l.kind = r.condition->>'subject')) said on said.at is not null
    where r.kind = 'absence' and r.active
        and said.at + make_interval(mins => (r.condition->>'minutes')::int) <= :now
    on conflict do nothing
    """
)
_SPOKE_AGAIN = text(
    """
    delete from rule_standing s using alert_rule r
    where r.id = s.rule_id and (r.kind = 'absence' and exists (
            select from latest_reading l where l.unit_id = s.unit_id and l.at > s.since
            and (r.condition->>'subject' is null or l.kind = r.condition->>'subject'))
        or exists (select from unit u where u.id = s.unit_id and u.status = 'retired'))
    returning s.rule_id, s.unit_id, s.asset_id
    """
)
_HOURS_BEGIN = text(
    """
    insert into rule_standing (rule_id, unit_id, asset_id, since, at, value, due_at)
    select :rule, u.id, u.asset_id, greatest(l.at, :begins), greatest(l.at, :begins), l.value, :now
    from latest_reading l join unit u on u.id = l.unit_id
    where u.asset_id = :asset and u.status <> 'retired' and l.kind = :subject and l.value = any(:values)
        and (cast(:unit_kind as text) is null or u.kind = :unit_kind)
        and (cast(:unit as uuid) is null or u.id = :unit)
    on conflict do nothing
    """
)
_HOURS_OVER = text("delete from rule_standing where rule_id = :rule returning rule_id, unit_id, asset_id")
