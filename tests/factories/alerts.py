"""Alerts as the commands raise them, and the rules that places write."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.shared.assets.models import Asset, Unit
from portal.shared.devices.models import Alert, AlertRule, Severity
from portal.shared.devices.services import alert_rules, alerts, watching
from tests.factories.assets import ACTOR

_count = itertools.count(1)


def alert(
    asset: Asset, unit: Unit | None = None, *, kind: str = "tampering", severity: str = "warning", **more: Any
) -> Alert:
    """Something somebody should look at, standing until somebody has."""
    facts = more.pop("facts", {})
    key = more.pop("key", f"{kind}:{next(_count)}")
    raised = alerts.raise_alert(
        asset_id=asset.id, unit_id=unit.id if unit else None, kind=kind, key=key, severity=Severity(severity),
        facts=facts, **more,
    )  # fmt: skip
    return db.session.get_one(Alert, raised)


def rule(asset: Asset, kind: str = "threshold", **asked: Any) -> AlertRule:
    """A rule of a place: above 8 degrees unless told otherwise; what is no column goes into its condition."""
    columns = {
        name: asked.pop(name)
        for name in ("name", "severity", "unit_kind", "unit_id", "escalate_after_minutes", "escalate_to")
        if name in asked
    }
    plain: dict[str, Any] = {
        "threshold": {"subject": "temperature", "comparison": "above", "value": "8", "for_seconds": "0"},
        "absence": {"subject": None, "minutes": "30"},
        "schedule": {"subject": "ignition", "value": "on", "days": range(7), "from": "22:00", "to": "05:00"},
        "geofence": {"what": "enter"},
    }.get(kind, {})
    condition = plain | asked
    condition["days"] = list(condition.get("days", ()))
    draft = alert_rules.Draft(
        name=columns.pop("name", f"Rule {next(_count)}"), condition=condition,
        severity=columns.pop("severity", "warning"), **columns,
    )  # fmt: skip
    return alert_rules.write(asset_id=asset.id, kind=kind, draft=draft, actor=ACTOR)


def says(unit: Unit, kind: str, value: str, at: datetime | float = 0.0) -> datetime:
    """What a unit said, stored as the ingester stores it; `at` is a moment, or how many minutes ago."""
    moment = at if isinstance(at, datetime) else utcnow() - timedelta(minutes=at)
    event = {"id": uuid7(), "at": moment, "asset": unit.asset_id, "unit": unit.id, "kind": kind, "value": value}
    for statement in (
        "insert into asset_event (id, at, asset_id, unit_id, kind, value)"
        " values (:id, :at, :asset, :unit, :kind, :value)",
        "insert into latest_reading (unit_id, kind, value, at, event_id) values (:unit, :kind, :value, :at, :id)"
        " on conflict (unit_id, kind) do update set value = excluded.value, at = excluded.at,"
        " event_id = excluded.event_id where latest_reading.at <= excluded.at",
        "insert into reading_news (unit_id, asset_id, since, kinds) values"
        " (:unit, :asset, :at, jsonb_build_array(cast(:kind as text)))",
    ):
        db.session.execute(text(statement), event)
    db.session.commit()
    return moment


def looked() -> int:
    """Whoever watches has seen everything that was said."""
    seen = 0
    while done := watching.look_at_news():
        seen += done
    return seen
