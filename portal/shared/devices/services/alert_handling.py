"""What people do about alerts: acknowledge, look after, clear, and take it back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.queries import unit_of
from portal.shared.assets.services.registry import called
from portal.shared.audit.services import record
from portal.shared.devices.alert_queries import MOST_AT_ONCE, lock_alert, lock_open_alerts, standing_with_key
from portal.shared.devices.errors import AlertOver, AlertStandsAnew, NotAmongUs
from portal.shared.devices.events import AlertChanged, AlertCleared
from portal.shared.devices.models import Alert, AlertStatus
from portal.shared.identity import permissions
from portal.shared.identity.queries import find_user
from portal.shared.notifications.services import notices

rule("uq_alert_one_standing", lambda: _stands_anew())


@transactional
def acknowledge(*, asset_id: uuid.UUID, alert_id: uuid.UUID, actor: Actor) -> Alert:
    """Say that somebody has seen it; the first who does is the one, and everybody after learns who that was."""
    alert = lock_alert(asset_id, alert_id)
    if alert.status == AlertStatus.CLEARED:
        raise AlertOver(_("This alert has ended already."))
    if alert.status == AlertStatus.OPEN:
        _acknowledge(alert, actor)
    return alert


@transactional
def acknowledge_all(*, asset_id: uuid.UUID, alert_ids: Sequence[uuid.UUID], actor: Actor) -> list[uuid.UUID]:
    """Say so of several at once; those that somebody else has seen or that ended are left alone."""
    seen = lock_open_alerts(asset_id, alert_ids[:MOST_AT_ONCE])
    for alert in seen:
        _acknowledge(alert, actor)
    return [alert.id for alert in seen]


@transactional
def assign(*, asset_id: uuid.UUID, alert_id: uuid.UUID, user_id: uuid.UUID | None, actor: Actor) -> Alert:
    """Give it to somebody of the place to look after, or to nobody in particular."""
    if user_id is not None:
        _among_us(asset_id, user_id)
    alert = lock_alert(asset_id, alert_id)
    if alert.status == AlertStatus.CLEARED:
        raise AlertOver(_("This alert has ended already."))
    before = alert.assigned_to
    if before != user_id:
        alert.assigned_to = user_id
        _noted("alert.assigned", alert, actor, before={"to": _text(before)}, after={"to": _text(user_id)})
        publish(AlertChanged(asset_id=asset_id, subject_id=alert.unit_id, alert_id=alert.id))
        if user_id is not None and user_id != actor.user_id:
            named = called(unit_of(alert.unit_id)) if alert.unit_id else None
            notices.raise_for(
                asset_id=asset_id,
                user_ids=[user_id],
                kind="alert_assigned",
                subject=f"alert:{alert.id}",
                facts={"alert": alert.kind, "facts": alert.facts, "by": actor.name, "unit": named},
            )
    return alert


@transactional
def clear(*, asset_id: uuid.UUID, alert_id: uuid.UUID, note: str | None = None, actor: Actor) -> Alert:
    """It is dealt with. Whatever is still so by itself does not come again before it has ended once."""
    alert = lock_alert(asset_id, alert_id)
    if alert.status == AlertStatus.CLEARED:
        return alert
    before = alert.status
    alert.status, alert.cleared_at, alert.cleared_by = AlertStatus.CLEARED, utcnow(), actor.name
    alert.note = note or alert.note
    _noted("alert.cleared", alert, actor, before={"status": before}, after={"status": alert.status}, reason=note)
    publish(AlertCleared(asset_id=asset_id, subject_id=alert.unit_id, alert_id=alert.id))
    notices.settle(subject=f"alert:{alert.id}")
    return alert


@transactional
def take_back(*, asset_id: uuid.UUID, alert_id: uuid.UUID, actor: Actor) -> Alert:
    """Undo the last step: what a hand cleared stands again as it stood, what was acknowledged is open again."""
    alert = lock_alert(asset_id, alert_id)
    before = alert.status
    if alert.status == AlertStatus.CLEARED:
        if alert.cleared_by is None:
            raise AlertOver(_("This alert ended by itself: what it told of is over."))
        if standing_with_key(asset_id, alert.key) is not None:
            raise _stands_anew()
        alert.status = AlertStatus.ACKNOWLEDGED if alert.acknowledged_at else AlertStatus.OPEN
        alert.cleared_at = alert.cleared_by = None
    elif alert.status == AlertStatus.ACKNOWLEDGED:
        alert.status, alert.acknowledged_at, alert.acknowledged_by = AlertStatus.OPEN, None, None
    if alert.status != before:
        db.session.flush()
        _noted("alert.reopened", alert, actor, before={"status": before}, after={"status": alert.status})
        publish(AlertChanged(asset_id=asset_id, subject_id=alert.unit_id, alert_id=alert.id))
    return alert


@transactional
def take_all_back(*, asset_id: uuid.UUID, alert_ids: Sequence[uuid.UUID], actor: Actor) -> int:
    """Undo acknowledging several at once; those that were cleared since stay cleared."""
    taken = 0
    for alert_id in sorted(alert_ids[:MOST_AT_ONCE]):
        if lock_alert(asset_id, alert_id).status == AlertStatus.ACKNOWLEDGED:
            take_back(asset_id=asset_id, alert_id=alert_id, actor=actor)
            taken += 1
    return taken


def _acknowledge(alert: Alert, actor: Actor) -> None:
    alert.status, alert.acknowledged_at, alert.acknowledged_by = AlertStatus.ACKNOWLEDGED, utcnow(), actor.name
    _noted("alert.acknowledged", alert, actor, before={"status": AlertStatus.OPEN}, after={"status": alert.status})
    publish(AlertChanged(asset_id=alert.asset_id, subject_id=alert.unit_id, alert_id=alert.id))
    notices.settle(subject=f"alert:{alert.id}")


def _among_us(asset_id: uuid.UUID, user_id: uuid.UUID) -> None:
    person = find_user(user_id)
    if person is None or not person.active or not permissions.has(user_id, asset_id, "alerts.handle"):
        raise NotAmongUs(_("Only somebody who works here and may handle alerts can look after one."), field="user_id")


def _noted(
    action: str,
    alert: Alert,
    actor: Actor,
    *,
    before: dict[str, str | None],
    after: dict[str, str | None],
    reason: str | None = None,
) -> None:
    told = {name: value and str(value) for name, value in after.items()}
    record(
        action, actor=actor, subject="alert", subject_id=alert.id, asset_id=alert.asset_id, reason=reason,
        before={name: value and str(value) for name, value in before.items()}, after=told | {"kind": alert.kind},
    )  # fmt: skip


def _text(key: uuid.UUID | None) -> str | None:
    return None if key is None else str(key)


def _stands_anew() -> AlertStandsAnew:
    return AlertStandsAnew(_("The same thing was noticed again meanwhile: it stands as a new alert."))
