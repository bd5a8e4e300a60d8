"""Telling people things: once each, under the bell, and by mail to those who want it so."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert

from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.transaction import transactional
from portal.shared.notifications.models import ByMail, Notice, NoticePreference


@transactional
def raise_for(
    *, asset_id: uuid.UUID, user_ids: Collection[uuid.UUID], kind: str, subject: str, facts: dict[str, Any]
) -> list[uuid.UUID]:
    """Tell these people, each once however often it is said; answers those who hear it for the first time."""
    if not user_ids:
        return []
    rows = [
        {"id": uuid7(), "user_id": user_id, "asset_id": asset_id, "kind": kind, "subject": subject, "facts": facts}
        for user_id in sorted(set(user_ids))
    ]
    told = insert(Notice).values(rows).on_conflict_do_nothing(constraint="uq_notice_user_id_kind_subject")
    return list(db.session.scalars(told.returning(Notice.user_id)))


@transactional
def settle(*, subject: str) -> None:
    """Somebody has seen to it: nobody need read of it any more."""
    db.session.execute(
        update(Notice)
        .where(Notice.subject == subject, Notice.read_at.is_(None))
        .values(read_at=utcnow())
        .execution_options(synchronize_session=False)
    )


@transactional
def read(*, user_id: uuid.UUID, asset_id: uuid.UUID) -> int:
    """A person has read what they were told about a place; returns how much that was."""
    done = db.session.execute(
        text(
            "update notice set read_at = clock_timestamp()"
            " where user_id = :user and asset_id = :asset and read_at is null"
        ),
        {"user": user_id, "asset": asset_id},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


@transactional
def prefer(*, user_id: uuid.UUID, alerts_by_mail: ByMail) -> None:
    """Choose what comes by mail."""
    chosen = insert(NoticePreference).values(user_id=user_id, alerts_by_mail=alerts_by_mail.value)
    db.session.execute(
        chosen.on_conflict_do_update(
            index_elements=["user_id"], set_={"alerts_by_mail": chosen.excluded.alerts_by_mail}
        )
    )
