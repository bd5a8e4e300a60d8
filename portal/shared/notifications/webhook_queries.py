"""Other systems that are told of a place's facts: looked up, and locked while they are told."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select

from portal.core.db import db
from portal.core.errors import NotFound
from portal.core.locks import taking
from portal.core.words import _
from portal.shared.notifications.models import Webhook, WebhookCall

WAITING = WebhookCall.done_at.is_(None), WebhookCall.gave_up_at.is_(None)


class NoSuchWebhook(NotFound):
    """The place tells no such system."""

    code = "not_found"


def webhooks_of(asset_id: uuid.UUID) -> Sequence[Webhook]:
    """The systems a place tells, the oldest first."""
    query = select(Webhook).where(Webhook.asset_id == asset_id, Webhook.removed_at.is_(None)).order_by(Webhook.id)
    return db.session.scalars(query).all()


def get_webhook(asset_id: uuid.UUID, webhook_id: uuid.UUID) -> Webhook:
    """A system of this place; raises NoSuchWebhook."""
    found: Webhook | None = db.session.get(Webhook, webhook_id)
    if found is None or found.asset_id != asset_id:
        raise NoSuchWebhook(_("This place tells no such system."))
    return found


def last_calls(webhook_id: uuid.UUID, limit: int = 50) -> Sequence[WebhookCall]:
    """What a system was told lately, the latest first."""
    query = select(WebhookCall).where(WebhookCall.webhook_id == webhook_id).order_by(WebhookCall.id.desc())
    return db.session.scalars(query.limit(limit)).all()


def next_call(webhook_id: uuid.UUID) -> WebhookCall:
    """The oldest call of a system that has one waiting."""
    query = select(WebhookCall).where(WebhookCall.webhook_id == webhook_id, *WAITING).order_by(WebhookCall.id)
    return db.session.scalars(query.limit(1)).one()


def lock_webhook(asset_id: uuid.UUID, webhook_id: uuid.UUID) -> Webhook:
    """A system of this place, locked; raises NoSuchWebhook."""
    get_webhook(asset_id, webhook_id)
    return lock_one(webhook_id)


def lock_one(webhook_id: uuid.UUID) -> Webhook:
    """A system, locked and as it stands."""
    taking("webhook")
    return db.session.get_one(Webhook, webhook_id, populate_existing=True, with_for_update=True)


def lock_due(now: datetime, limit: int) -> Sequence[Webhook]:
    """Systems whose turn it is, locked; those another worker is telling are left to it."""
    taking("webhook")
    return db.session.scalars(
        select(Webhook)
        .where(
            Webhook.removed_at.is_(None),
            Webhook.paused_at.is_(None),
            func.coalesce(Webhook.quiet_until, now) <= now,
            exists().where(WebhookCall.webhook_id == Webhook.id, *WAITING),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
