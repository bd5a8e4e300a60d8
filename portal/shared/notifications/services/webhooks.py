"""Other systems told of what happened: who is told of what, the calls themselves, and what became of them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from portal.core import vault
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7, written
from portal.core.errors import Invalid
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways import outward
from portal.shared.audit.services import record
from portal.shared.notifications.models import Webhook, WebhookCall
from portal.shared.notifications.webhook_queries import lock_due, lock_one, lock_webhook, next_call

#: Seconds until a call is tried again; after the last the fact is left, and the next one has its turn.
RETRY_AFTER = (2, 5, 15, 60, 300, 900, 3600, 3600, 3600, 3600, 3600)
#: A call that was begun and never came to an end is tried again after this.
LEASE = timedelta(seconds=60)
KEPT = timedelta(days=30)
DONE = {"pause": "paused", "resume": "resumed", "remove": "removed", "restore": "restored"}
TEST = "portal.webhook.tested"
NAMESPACE = uuid.UUID("6f6a3f0e-1c5e-4d53-9f5e-3d1a8c5f0a11")


class TopicsMissing(Invalid):
    """A system is told of something, or it is none."""


@transactional
def add(*, asset_id: uuid.UUID, url: str, topics: Collection[str], actor: Actor) -> tuple[Webhook, str]:
    """Tell another system of a place's facts from now on; the secret it proves them by is said this once."""
    if not topics:
        raise TopicsMissing(_("Choose what it is told of."), field="topics")
    secret = secrets.token_urlsafe(32)
    made = written(
        Webhook(
            asset_id=asset_id,
            url=outward.checked(url),
            topics=sorted(topics),
            secret=vault.sealed({"secret": secret}),
            made_by=actor.name,
        )
    )
    _record("webhook.added", made, actor)
    return made, secret


@transactional
def step(*, asset_id: uuid.UUID, webhook_id: uuid.UUID, verb: str, actor: Actor) -> Webhook:
    """Pause a system, tell it again, or remove it; `restore` takes a removal back."""
    found = lock_webhook(asset_id, webhook_id)
    if verb in ("pause", "resume"):
        found.paused_at = utcnow() if verb == "pause" else None
    else:
        found.removed_at = utcnow() if verb == "remove" else None
    found.quiet_until = None
    _record(f"webhook.{DONE[verb]}", found, actor)
    return found


@transactional
def test(*, asset_id: uuid.UUID, webhook_id: uuid.UUID, actor: Actor) -> None:
    """Send a system something to try itself on."""
    found = lock_webhook(asset_id, webhook_id)
    found.quiet_until = None
    written(
        WebhookCall(webhook_id=found.id, event_key=uuid7(), topic=TEST, body={"asset_id": str(asset_id), "hello": True})
    )


@transactional
def tell(topic: str, body: Mapping[str, Any]) -> None:
    """Put a fact on its way to every system that wants it; told twice it goes out once."""
    key = uuid.uuid5(NAMESPACE, topic + json.dumps(body, sort_keys=True))
    wanting = select(Webhook.id).where(
        Webhook.asset_id == uuid.UUID(str(body["asset_id"])),
        Webhook.removed_at.is_(None),
        Webhook.paused_at.is_(None),
        Webhook.topics.contains([topic]),
    )
    for webhook_id in db.session.scalars(wanting).all():
        db.session.execute(
            insert(WebhookCall)
            .values(id=uuid7(), webhook_id=webhook_id, event_key=key, topic=topic, body=dict(body))
            .on_conflict_do_nothing()
        )


def send_due() -> int:
    """The oldest waiting call of each system whose turn it is; how many were answered well."""
    return sum(_send(*each) for each in _claim())


def signature(secret: str, at: int, body: bytes) -> str:
    """What the header says: HMAC-SHA256 over the moment, a dot and the very bytes of the body."""
    said = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={said}"


@transactional
def _claim(limit: int = 20) -> list[tuple[uuid.UUID, str, bytes, WebhookCall]]:
    now = utcnow()
    found = []
    for webhook in lock_due(now, limit):
        webhook.quiet_until = now + LEASE
        found.append((webhook.id, webhook.url, bytes(webhook.secret), next_call(webhook.id)))
    return found


def _send(webhook_id: uuid.UUID, url: str, sealed: bytes, call: WebhookCall) -> bool:
    at = utcnow()
    db.session.rollback()  # nothing is held while the other system takes its time
    said = {"id": str(call.event_key), "topic": call.topic, "at": call.created_at.isoformat(), "data": call.body}
    body = json.dumps(said, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Portal-Topic": call.topic,
        "Portal-Event": str(call.event_key),
        "Portal-Signature": signature(vault.opened(sealed)["secret"], int(at.timestamp()), body),
    }
    status, error = None, None
    try:
        status = outward.send("POST", url, content=body, headers=headers).status
    except outward.AddressRefused as refused:
        error = refused.message
    except outward.NoAnswer as silence:
        error = str(silence)
    _note(webhook_id=webhook_id, call_id=call.id, status=status, error=error, at=at)
    return status is not None and 200 <= status < 300


@transactional
def _note(*, webhook_id: uuid.UUID, call_id: uuid.UUID, status: int | None, error: str | None, at: datetime) -> None:
    webhook = lock_one(webhook_id)
    call = db.session.get_one(WebhookCall, call_id, populate_existing=True)
    call.attempts, call.status, call.error = call.attempts + 1, status, error
    if status is not None and 200 <= status < 300:
        call.done_at, webhook.quiet_until = utcnow(), None
    elif call.attempts > len(RETRY_AFTER):
        call.gave_up_at, webhook.quiet_until = utcnow(), None
    else:
        webhook.quiet_until = at + timedelta(seconds=RETRY_AFTER[call.attempts - 1])


@transactional
def forget_old() -> int:
    """Let go of calls that came to an end a month ago."""
    gone = db.session.execute(
        delete(WebhookCall).where(
            func.coalesce(WebhookCall.done_at, WebhookCall.gave_up_at) < func.clock_timestamp() - KEPT
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _record(action: str, webhook: Webhook, actor: Actor) -> None:
    after = {"url": webhook.url, "topics": webhook.topics}
    record(action, actor=actor, subject="webhook", subject_id=webhook.id, asset_id=webhook.asset_id, after=after)
