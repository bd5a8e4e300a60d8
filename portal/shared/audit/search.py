"""Looking things up in the trail of a place."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select

from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.shared.audit.models import AuditEntry

BATCH = 1_000


def entries(
    *,
    asset_id: uuid.UUID,
    who: str | None = None,
    action: str | None = None,
    subject_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[AuditEntry]:
    """One page of a place's trail, youngest first."""
    question = _question(asset_id, who, action, subject_id, since, until)
    return page_of(question, [AuditEntry.id], cursor=cursor, limit=limit)


def all_entries(
    *,
    asset_id: uuid.UUID,
    most: int,
    who: str | None = None,
    action: str | None = None,
    subject_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[AuditEntry]:
    """The same without pages, for an export."""
    question = _question(asset_id, who, action, subject_id, since, until).order_by(AuditEntry.id.desc()).limit(most)
    yield from db.session.scalars(question.execution_options(yield_per=BATCH))


def actions(asset_id: uuid.UUID) -> Sequence[str]:
    """Every action the place's trail knows, for the filter."""
    return db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.asset_id == asset_id).distinct().order_by(AuditEntry.action)
    ).all()


def _question(
    asset_id: uuid.UUID,
    who: str | None,
    action: str | None,
    subject_id: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Select[AuditEntry]:
    question = select(AuditEntry).where(AuditEntry.asset_id == asset_id)
    if who:
        question = question.where(func.strpos(func.lower(AuditEntry.actor_name), who.lower()) > 0)
    if action:
        question = question.where(AuditEntry.action == action)
    if subject_id:
        question = question.where(AuditEntry.subject_id == subject_id)
    if since is not None:
        question = question.where(AuditEntry.at >= since)
    if until is not None:
        question = question.where(AuditEntry.at < until)
    return question
