"""One unit's life in one list: what it said, what it was told, what was paid for it, and what people changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    UUID,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from portal.core.db import db
from portal.shared.access.models import AccessGrant
from portal.shared.audit.models import AuditEntry
from portal.shared.devices.models import AssetEvent, DeviceCommand, Held
from portal.shared.identity.models import User
from portal.shared.payments.models import Payment, PaymentIntent

PAGE = 40


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. What `kind`, `value`, `who` and `note` hold follows from `what`."""

    at: datetime
    key: str
    what: str
    kind: str
    value: str
    who: str | None
    note: str | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some moments, youngest first, and where the next stretch begins; None when this was the last."""

    moments: list[Moment]
    next: tuple[datetime, str] | None


def of_unit(
    unit_id: uuid.UUID, *, only: str | None = None, before: tuple[datetime, str] | None = None, limit: int = PAGE
) -> Stretch:
    """The youngest moments before a point; each source is read by its own index and never further than needed."""
    sources = [SOURCES[only]] if only in SOURCES else list(SOURCES.values())
    parts = [_cut(source(unit_id), before, limit + 1) for source in sources]
    merged = union_all(*parts).subquery()
    rows = db.session.execute(select(merged).order_by(merged.c.at.desc(), merged.c.key.desc()).limit(limit + 1)).all()
    moments = [Moment(*row) for row in rows[:limit]]
    more = len(rows) > limit
    return Stretch(moments, (moments[-1].at, moments[-1].key) if more else None)


def _cut(source: tuple[Select[Any], Any, Any], before: tuple[datetime, str] | None, limit: int) -> Select[Any]:
    question, at, key = source
    if before is not None:
        question = question.where(at <= before[0], tuple_(at, cast(key, Text)) < before)
    return select(question.order_by(at.desc(), key.desc()).limit(limit).subquery())


def _said(unit_id: uuid.UUID) -> tuple[Select[Any], Any, Any]:
    question = select(
        *_columns(AssetEvent.at, AssetEvent.id, "event", AssetEvent.kind, AssetEvent.value, null(), null(), null())
    ).where(AssetEvent.unit_id == unit_id)
    return question, AssetEvent.at, AssetEvent.id


def person_of(actor: Any) -> Any:
    """The key of the person whom a column of actors names, to join their account by."""
    return case((actor.regexp_match("^user:[0-9a-f-]{36}$"), cast(func.substr(actor, 6), UUID)))


def name_of(actor: Any) -> Any:
    """Who an actor is, with the account of `person_of` joined."""
    return func.coalesce(User.name, func.split_part(actor, ":", 2))


def _told(unit_id: uuid.UUID) -> tuple[Select[Any], Any, Any]:
    command = DeviceCommand
    never_told = case((command.held == Held.APPROVAL, literal(" asked")), else_=literal(""))
    question = (
        select(
            *_columns(
                command.created_at, command.id, "command", 
                command.capability + literal(" ") + command.action + never_told,
                command.status, name_of(command.actor), command.reason, null(),
            )
        )
        .outerjoin(User, User.id == person_of(command.actor))
        .where(command.unit_id == unit_id)
    )  # fmt: skip
    return question, command.created_at, command.id


def _paid(unit_id: uuid.UUID) -> tuple[Select[Any], Any, Any]:
    question = (
        select(
            *_columns(
                Payment.paid_at, Payment.id, "payment", PaymentIntent.reference, PaymentIntent.status,
                PaymentIntent.payer_email, Payment.currency, Payment.amount,
            )
        )
        .join(PaymentIntent, PaymentIntent.id == Payment.intent_id)
        .where(PaymentIntent.subject_id == unit_id)
    )  # fmt: skip
    return question, Payment.paid_at, Payment.id


def _granted(unit_id: uuid.UUID) -> tuple[Select[Any], Any, Any]:
    grant = AccessGrant
    question = select(
        *_columns(grant.created_at, grant.id, "grant", grant.kind, grant.holder, grant.granted_by, grant.reason, null())
    ).where(grant.unit_id == unit_id)
    return question, grant.created_at, grant.id


def _changed(unit_id: uuid.UUID) -> tuple[Select[Any], Any, Any]:
    entry = AuditEntry
    question = select(
        *_columns(entry.at, entry.id, "change", entry.action, literal(""), entry.actor_name, entry.reason, null())
    ).where(entry.subject_type == "unit", entry.subject_id == str(unit_id), entry.action.like("unit.%"))
    return question, entry.at, entry.id


def _columns(at: Any, key: Any, what: str, *rest: Any) -> list[ColumnElement[Any]]:
    types = {"kind": Text, "value": Text, "who": Text, "note": Text, "amount": BigInteger}
    return [
        at.label("at"),
        cast(key, Text).label("key"),
        literal(what).label("what"),
        *(cast(column, types[name]).label(name) for name, column in zip(types, rest, strict=True)),
    ]


SOURCES: dict[str, Callable[[uuid.UUID], tuple[Select[Any], Any, Any]]] = {
    "events": _said,
    "commands": _told,
    "payments": _paid,
    "grants": _granted,
    "changes": _changed,
}
