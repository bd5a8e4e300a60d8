"""Messages on their way to the merchant: written with the fact they tell of, and spoilt when a switch says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.gateways.sandbox import faults, twists, wire
from portal.gateways.sandbox.faults import Kind
from portal.gateways.sandbox.models import SandboxWebhook

#: As Paystack does it: four tries three minutes apart, then hourly for 72 hours; here the first ones come faster.
PATIENT = (2, 5, 15, 60, 180, 180, 180)
HOUR = 3_600
#: How many tries a provider makes. Flutterwave repeats three times; M-PESA at most as often, and asks only once.
MOST_TRIES = {"paystack": 81, "flutterwave": 4, "daraja": 3}
#: A message that is held back to be overtaken comes after so many seconds when nothing overtakes it.
HELD_SECONDS = 10


def queue(*, provider: str, event: str, subject: str, url: str, document: dict[str, Any]) -> None:
    """Put a message in the post, inside the command whose fact it tells; a path is one of the portal's own."""
    fault = faults.take(provider, event, faults.OF_MESSAGES, faults.ANY_MESSAGE)
    kind = fault.kind if fault else None
    if kind in (Kind.WRONG_AMOUNT, Kind.WRONG_CURRENCY):
        document = twists.twist(provider, document, kind)
    now = utcnow()
    due = now + timedelta(seconds=fault.seconds) if fault and kind is Kind.LATE else now
    if kind is Kind.REORDERED:
        due = now + timedelta(seconds=HELD_SECONDS)
    for _copy in range(2 if kind is Kind.DUPLICATE else 1):
        db.session.add(
            SandboxWebhook(
                provider=provider,
                event=event,
                subject=subject,
                url=url,
                body=wire.dumps(document),
                due_at=None if kind is Kind.NEVER else due,
                held=kind is Kind.REORDERED,
                error="kept back by a fault switch" if kind is Kind.NEVER else None,
            )
        )
    if kind not in (Kind.REORDERED, Kind.NEVER):
        _overtaken(provider, due + timedelta(milliseconds=1))
    db.session.flush()


def _overtaken(provider: str, at: Any) -> None:
    """Let the messages go that waited to be overtaken, right after the one that did it."""
    db.session.execute(
        update(SandboxWebhook)
        .where(SandboxWebhook.provider == provider, SandboxWebhook.held, SandboxWebhook.due_at.is_not(None))
        .values(held=False, due_at=at)
    )


@transactional
def claim(limit: int = 20) -> Sequence[SandboxWebhook]:
    """Messages to attempt now, the next attempt set first, so that a crash repeats and never forgets."""
    now = utcnow()
    due = db.session.scalars(
        select(SandboxWebhook)
        .where(SandboxWebhook.due_at <= now)
        .order_by(SandboxWebhook.due_at, SandboxWebhook.number)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for each in due:
        tried, most = each.attempts, 1 if each.event == "validation" else MOST_TRIES[each.provider]
        seconds = PATIENT[tried] if tried < len(PATIENT) else HOUR
        each.attempts = tried + 1
        each.due_at = now + timedelta(seconds=seconds) if tried + 1 < most else None
    return due


@transactional
def told(*, number: int, status: int | None, error: str | None) -> None:
    """Write down how an attempt went; only a 200 ends them."""
    message = db.session.scalars(
        select(SandboxWebhook)
        .where(SandboxWebhook.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    message.status, message.error = status, error
    if status == 200:
        message.due_at = None


def about(subject: str, provider: str = "paystack") -> Sequence[SandboxWebhook]:
    """Every message about one thing, in the order they were written."""
    return db.session.scalars(
        select(SandboxWebhook)
        .where(SandboxWebhook.provider == provider, SandboxWebhook.subject == subject)
        .order_by(SandboxWebhook.number)
        .execution_options(populate_existing=True)
    ).all()


def waiting() -> int:
    """How many messages are still to be delivered."""
    return db.session.scalar(select(func.count()).where(SandboxWebhook.due_at.is_not(None))) or 0
