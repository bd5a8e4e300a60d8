"""Reading the trail, and checking its chain."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, text

from portal.core.db import db
from portal.shared.audit.models import AuditEntry, AuditLink

READ_BATCH = 5_000
COLUMNS = (
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "on_behalf_of",
    "action",
    "subject_type",
    "subject_id",
    "asset_id",
    "reason",
    "before",
    "after",
    "address",
    "request_id",
)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of the chain found: how many links hold, and the first entry that does not."""

    checked: int
    unsealed: int
    broken_entry: int | None = None
    what: str | None = None
    head: str | None = None

    @property
    def intact(self) -> bool:
        """Whether every sealed entry is as it was written."""
        return self.broken_entry is None


def canonical(entry: AuditEntry) -> bytes:
    """The exact bytes of an entry that its link vouches for."""
    values = []
    for name in COLUMNS:
        value = getattr(entry, name)
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat()
        elif isinstance(value, uuid.UUID):
            value = str(value)
        values.append(value)
    return json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def last_link() -> AuditLink | None:
    """The youngest link of the chain."""
    return db.session.scalar(select(AuditLink).order_by(AuditLink.position.desc()).limit(1))


def entries_to_seal(limit: int) -> Sequence[AuditEntry]:
    """Committed entries without a link, none older still to come, in the order they will be chained."""
    return db.session.scalars(
        select(AuditEntry)
        .where(text("audit_entry.xact < pg_snapshot_xmin(pg_current_snapshot())"))
        .where(~select(AuditLink.position).where(AuditLink.entry_id == AuditEntry.id).exists())
        .order_by(AuditEntry.xact, AuditEntry.id)
        .limit(limit)
    ).all()


def trail(
    *, asset_id: uuid.UUID | None = None, subject: str | None = None, subject_id: object | None = None
) -> Sequence[AuditEntry]:
    """The latest entries of a place or of one thing, youngest first."""
    question = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(100)
    if asset_id is not None:
        question = question.where(AuditEntry.asset_id == asset_id)
    if subject is not None:
        question = question.where(AuditEntry.subject_type == subject)
    if subject_id is not None:
        question = question.where(AuditEntry.subject_id == str(subject_id))
    return db.session.scalars(question).all()


def check_chain() -> ChainReport:
    """Recompute every link and name the first entry that was altered or removed."""
    chain, checked = b"", 0
    for link, entry in _links():
        checked += 1
        if link.position != checked:
            return ChainReport(checked, 0, link.entry_id, "a link before this entry was removed")
        if entry is None:
            return ChainReport(checked, 0, link.entry_id, "the entry was removed")
        chain = hashlib.sha256(chain + canonical(entry)).digest()
        if chain != bytes(link.chain):
            return ChainReport(checked, 0, entry.id, "the entry was altered")
    total = db.session.scalar(text("select count(*) from audit_entry")) or 0
    return ChainReport(checked, total - checked, head=chain.hex() or None)


def _links() -> Iterator[tuple[AuditLink, AuditEntry | None]]:
    last = 0
    while True:
        rows = db.session.execute(
            select(AuditLink, AuditEntry)
            .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
            .where(AuditLink.position > last)
            .order_by(AuditLink.position)
            .limit(READ_BATCH)
            .execution_options(populate_existing=True)
        ).all()
        if not rows:
            return
        for link, entry in rows:
            yield link, entry
        last = rows[-1][0].position
        for link, entry in rows:
            db.session.expunge(link)
            if entry is not None:
                db.session.expunge(entry)
