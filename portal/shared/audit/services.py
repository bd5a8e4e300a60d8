"""Writing the trail, and sealing it."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from portal.core import locks
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import last_words, transactional
from portal.shared.audit.models import AuditEntry, AuditLink
from portal.shared.audit.queries import canonical, entries_to_seal, last_link

SEAL_BATCH = 2_000


def record(
    action: str,
    *,
    actor: Actor,
    subject: str,
    subject_id: object | None = None,
    asset_id: uuid.UUID | None = None,
    reason: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write one entry in the running transaction: `action` is `noun.past_verb`, `subject` the kind of thing."""
    info = db.session().info
    info.setdefault("audit", []).append(
        {
            "at": utcnow(),
            "actor_kind": actor.kind.value,
            "actor_id": actor.user_id,
            "actor_name": actor.name,
            "on_behalf_of": actor.on_behalf_of,
            "action": action,
            "subject_type": subject,
            "subject_id": None if subject_id is None else str(subject_id),
            "asset_id": asset_id,
            "reason": reason,
            "before": _plain(before),
            "after": _plain(after),
            "address": actor.address,
            "request_id": actor.request_id,
        }
    )
    if not info.get("in_command"):
        _write()


@last_words
def _write() -> None:
    """A command's entries are written together at its end, in their order."""
    rows = db.session().info.pop("audit", None)
    if rows:
        db.session.connection().execute(_INSERT, rows)


_INSERT = AuditEntry.__table__.insert()  # type: ignore[attr-defined]


@transactional
def seal() -> int:
    """Chain the entries that were committed since the last seal; returns how many.

    Places are numbered inside the lock and only among finished transactions, so a slow command's entry is
    never overtaken by a place it should have had.
    """
    if not locks.try_lock_in_transaction("audit seal"):
        return 0
    link = last_link()
    position, chain = (link.position, bytes(link.chain)) if link else (0, b"")
    entries = entries_to_seal(SEAL_BATCH)
    rows = []
    for entry in entries:
        position += 1
        chain = hashlib.sha256(chain + canonical(entry)).digest()
        rows.append({"position": position, "entry_id": entry.id, "chain": chain})
    if rows:
        db.session.execute(AuditLink.__table__.insert(), rows)  # type: ignore[attr-defined]
    return len(rows)


def _plain(value: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else json.loads(json.dumps(value, default=str))
