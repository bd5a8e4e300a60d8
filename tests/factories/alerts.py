"""Alerts as the commands raise them, and the rules that places write."""

from __future__ import annotations

import itertools
from typing import Any

from portal.core.db import db
from portal.shared.assets.models import Asset, Unit
from portal.shared.devices.models import Alert, Severity
from portal.shared.devices.services import alerts

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
