"""Finding alerts and the rules of a place, and locking them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import DateTime, Select, cast, func, literal_column, or_, select, text

from portal.core import locks
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.devices.errors import AlertNotFound, RuleNotFound
from portal.shared.devices.models import Alert, AlertRule, AlertStatus, AssetEvent, RuleStanding, Severity

#: Doors and engines that did not do what they were told are counted by what was told to them.
COUNTED_ELSEWHERE = ("command_failed",)
#: A list of what is over goes back this far.
LOOK_BACK = timedelta(days=90)
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which alerts of a place to show: the filter chips of the page.

    `show` is standing (the default), open, mine, critical, cleared or all.
    """

    show: str = "standing"
    kind: str | None = None
    unit_id: uuid.UUID | None = None
    user_id: uuid.UUID | None = None


def get_alert(asset_id: uuid.UUID, alert_id: uuid.UUID) -> Alert:
    """One alert of a place; raises AlertNotFound."""
    return _there(db.session.scalar(_one(asset_id, alert_id)))


def lock_alert(asset_id: uuid.UUID, alert_id: uuid.UUID) -> Alert:
    """One alert of a place, locked and fresh until the transaction ends; raises AlertNotFound."""
    locks.taking("alert")
    return _there(db.session.scalar(_one(asset_id, alert_id).with_for_update()))


def lock_open_alerts(asset_id: uuid.UUID, ids: Iterable[uuid.UUID]) -> Sequence[Alert]:
    """Those of these alerts of a place that nobody has acknowledged yet, locked in one order."""
    locks.taking("alert")
    return db.session.scalars(
        select(Alert)
        .where(Alert.asset_id == asset_id, Alert.id.in_(list(ids)), Alert.status == AlertStatus.OPEN)
        .order_by(Alert.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def standing_with_key(asset_id: uuid.UUID, key: str) -> Alert | None:
    """The alert that stands for this very thing."""
    return db.session.scalar(
        select(Alert).where(Alert.asset_id == asset_id, Alert.key == key, Alert.status != AlertStatus.CLEARED)
    )


def page_of_alerts(
    asset_id: uuid.UUID, wanted: Wanted, *, cursor: str | None = None, limit: object = 50
) -> Page[Alert]:
    """Alerts of a place, a page at a time, the latest first."""
    return page_of(_wanted(asset_id, wanted), (Alert.happened_at, Alert.id), cursor=cursor, limit=limit)


def export_of(asset_id: uuid.UUID, wanted: Wanted, *, limit: int = 10_000) -> Sequence[Alert]:
    """The alerts that are shown, all of them, the latest first."""
    question = _wanted(asset_id, wanted).order_by(Alert.happened_at.desc(), Alert.id.desc()).limit(limit)
    return db.session.scalars(question).all()


def counts_of(asset_id: uuid.UUID, user_id: uuid.UUID | None = None) -> tuple[dict[str, int], dict[str, int]]:
    """How many alerts stand behind each chip, and how many of each kind stand."""
    rows = db.session.execute(
        select(Alert.status, Alert.severity, Alert.kind, Alert.assigned_to == user_id, func.count())
        .where(Alert.asset_id == asset_id, Alert.status != AlertStatus.CLEARED)
        .group_by(Alert.status, Alert.severity, Alert.kind, Alert.assigned_to == user_id)
    )
    shown = {"": 0, "open": 0, "mine": 0, "critical": 0}
    kinds: dict[str, int] = {}
    for status, severity, kind, mine, number in rows:
        shown[""] += number
        shown["open"] += number if status == AlertStatus.OPEN else 0
        shown["mine"] += number if mine else 0
        shown["critical"] += number if severity == Severity.CRITICAL else 0
        kinds[kind] = kinds.get(kind, 0) + number
    return shown, kinds


def standing_of_units(unit_ids: Collection[uuid.UUID]) -> Sequence[Alert]:
    """What stands about some units, the worst and the latest first."""
    return db.session.scalars(
        select(Alert)
        .where(Alert.unit_id.in_(unit_ids), Alert.status != AlertStatus.CLEARED)
        .order_by(Alert.severity != Severity.CRITICAL, Alert.happened_at.desc())
    ).all()


def open_counts(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    """Alerts that nobody has acknowledged, by place: how many, and how many of them cannot wait.

    What is only for information waits for nobody, nor does what was known too late.
    """
    rows = db.session.execute(
        select(Alert.asset_id, func.count(), func.count().filter(Alert.severity == Severity.CRITICAL))
        .where(
            Alert.asset_id.in_(asset_ids),
            Alert.status == AlertStatus.OPEN,
            Alert.severity != Severity.INFO,
            Alert.kind.not_in(COUNTED_ELSEWHERE),
        )
        .group_by(Alert.asset_id)
    )
    return {asset_id: (number, critical) for asset_id, number, critical in rows}


def lock_alerts_to_escalate(now: datetime, limit: int) -> list[tuple[Alert, AlertRule]]:
    """Alerts that nobody acknowledged within their rule's time, with the rule; those another process holds are skipped.

    What was known too late and what has been told on already is not among them.
    """
    locks.taking("alert")
    rows = db.session.execute(
        select(Alert, AlertRule)
        .join(AlertRule, AlertRule.id == Alert.rule_id)
        .where(
            Alert.status == AlertStatus.OPEN,
            Alert.escalated_at.is_(None),
            Alert.late.is_(False),
            AlertRule.escalate_after_minutes.isnot(None),
            Alert.created_at + AlertRule.escalate_after_minutes * literal_column("interval '1 minute'") <= now,
        )
        .order_by(Alert.id)
        .limit(limit)
        .with_for_update(of=Alert, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [(alert, rule) for alert, rule in rows]


def get_rule(asset_id: uuid.UUID, rule_id: uuid.UUID) -> AlertRule:
    """One rule of a place; raises RuleNotFound."""
    return _known(db.session.scalar(_rule(asset_id, rule_id)))


def lock_rule(asset_id: uuid.UUID, rule_id: uuid.UUID) -> AlertRule:
    """One rule of a place, locked and fresh until the transaction ends; raises RuleNotFound."""
    return _known(db.session.scalar(_rule(asset_id, rule_id).with_for_update()))


def rules_of(asset_id: uuid.UUID) -> Sequence[AlertRule]:
    """The rules of a place by name, those that are switched off last."""
    return db.session.scalars(
        select(AlertRule).where(AlertRule.asset_id == asset_id).order_by(AlertRule.active.desc(), AlertRule.name)
    ).all()


def rules_at_work(kinds: Collection[str], asset_ids: Collection[uuid.UUID] | None = None) -> Sequence[AlertRule]:
    """Rules of these kinds that are switched on, everywhere or at some places."""
    question = select(AlertRule).where(AlertRule.active, AlertRule.kind.in_(kinds)).order_by(AlertRule.id)
    if asset_ids is not None:
        question = question.where(AlertRule.asset_id.in_(asset_ids))
    return db.session.scalars(question).all()


def lock_standing_rows(
    rule_ids: Collection[uuid.UUID], unit_ids: Collection[uuid.UUID]
) -> dict[tuple[uuid.UUID, uuid.UUID], RuleStanding]:
    """By (rule, unit): for whom it is so what these rules look for, among these units; locked."""
    locks.taking("alert")
    rows = db.session.scalars(
        select(RuleStanding)
        .where(RuleStanding.rule_id.in_(rule_ids), RuleStanding.unit_id.in_(unit_ids))
        .order_by(RuleStanding.rule_id, RuleStanding.unit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {(row.rule_id, row.unit_id): row for row in rows}


def words_of_week(
    unit_ids: Collection[uuid.UUID], subject: str, since: datetime, *, most: int = 50_000
) -> dict[uuid.UUID, list[tuple[datetime, str]]] | None:
    """What units said of one subject since a moment, in the order of its time; None when that is more than `most`."""
    rows = db.session.execute(
        select(AssetEvent.unit_id, AssetEvent.at, AssetEvent.value)
        .where(AssetEvent.unit_id.in_(unit_ids), AssetEvent.kind == subject, AssetEvent.at >= since)
        .limit(most + 1)
    ).all()
    if len(rows) > most:
        return None
    found: dict[uuid.UUID, list[tuple[datetime, str]]] = {}
    for unit_id, at, value in sorted(rows, key=lambda row: row[1]):
        found.setdefault(unit_id, []).append((at, value))
    return found


def words_since(
    asked: Mapping[uuid.UUID, datetime], kinds: Collection[str], oldest: datetime
) -> Sequence[tuple[uuid.UUID, str, datetime, str]]:
    """What units said of some subjects, each since a moment of its own, in the order of its time.

    What is older than `oldest` is left out.
    """
    sinces = {unit_id: max(since, oldest) for unit_id, since in asked.items()}
    rows = db.session.execute(
        _SAID,
        {
            "units": list(sinces),
            "sinces": list(sinces.values()),
            "oldest": min(sinces.values()),
            "kinds": list(kinds),
        },
    )
    return [(row.unit_id, row.kind, row.at, row.value) for row in rows]


def standing_of_kinds(kinds: Collection[str]) -> Sequence[tuple[uuid.UUID, str]]:
    """Place and key of every alert of these kinds that stands anywhere."""
    rows = db.session.execute(
        select(Alert.asset_id, Alert.key).where(Alert.kind.in_(kinds), Alert.status != AlertStatus.CLEARED)
    )
    return [(asset_id, key) for asset_id, key in rows]


def told_since(sinces: Mapping[tuple[uuid.UUID, str], datetime]) -> set[str]:
    """Of these things, by (unit, key), those that an alert has told of since the moment they began."""
    if not sinces:
        return set()
    rows = db.session.execute(
        select(Alert.unit_id, Alert.key, func.max(Alert.happened_at))
        .where(
            Alert.unit_id.in_({unit_id for unit_id, _key in sinces}),
            Alert.key.in_({key for _unit_id, key in sinces}),
            Alert.happened_at >= min(sinces.values()),
        )
        .group_by(Alert.unit_id, Alert.key)
    )
    return {key for unit_id, key, at in rows if unit_id is not None and at >= sinces[unit_id, key]}


def noticed_since(
    unit_ids: Collection[uuid.UUID], keys: Collection[str], since: datetime
) -> dict[str, list[tuple[datetime, datetime | None]]]:
    """By key: when each alert that began since a moment began, and until when it was so, where that was known."""
    rows = db.session.execute(
        select(Alert.key, Alert.happened_at, cast(Alert.facts["until"].astext, DateTime(timezone=True))).where(
            Alert.unit_id.in_(unit_ids), Alert.key.in_(keys), Alert.happened_at >= since
        )
    )
    found: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for key, began, until in rows:
        found.setdefault(key, []).append((began, until))
    return found


def _wanted(asset_id: uuid.UUID, wanted: Wanted) -> Select[Alert]:
    question = select(Alert).where(Alert.asset_id == asset_id)
    if wanted.show == "cleared":
        question = question.where(Alert.status == AlertStatus.CLEARED)
    elif wanted.show == "open":
        question = question.where(Alert.status == AlertStatus.OPEN)
    elif wanted.show != "all":
        question = question.where(Alert.status != AlertStatus.CLEARED)
    if wanted.show in ("cleared", "all"):
        question = question.where(or_(Alert.happened_at > utcnow() - LOOK_BACK, Alert.status != AlertStatus.CLEARED))
    if wanted.show == "mine":
        question = question.where(Alert.assigned_to == wanted.user_id)
    if wanted.show == "critical":
        question = question.where(Alert.severity == Severity.CRITICAL)
    if wanted.kind:
        question = question.where(Alert.kind == wanted.kind)
    if wanted.unit_id is not None:
        question = question.where(Alert.unit_id == wanted.unit_id)
    return question


def _one(asset_id: uuid.UUID, alert_id: uuid.UUID) -> Select[Alert]:
    return (
        select(Alert).where(Alert.id == alert_id, Alert.asset_id == asset_id).execution_options(populate_existing=True)
    )


def _rule(asset_id: uuid.UUID, rule_id: uuid.UUID) -> Select[AlertRule]:
    return (
        select(AlertRule)
        .where(AlertRule.id == rule_id, AlertRule.asset_id == asset_id)
        .execution_options(populate_existing=True)
    )


def _there(found: Alert | None) -> Alert:
    if found is None:
        raise AlertNotFound(_("There is no such alert here."))
    return found


def _known(found: AlertRule | None) -> AlertRule:
    if found is None:
        raise RuleNotFound(_("There is no such rule here."))
    return found


_SAID = text(
    """
    select e.unit_id, e.kind, e.at, e.value
    from unnest(cast(:units as uuid[]), cast(:sinces as timestamptz[])) as s(unit_id, since)
    join asset_event e on e.unit_id = s.unit_id and e.at >= s.since and e.at >= :oldest
    where e.kind = any(:kinds) order by e.at, e.id
    """
)
