"""What people have been told and not read yet, and how they want to be told."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select

from portal.core.db import db
from portal.shared.notifications.models import ByMail, Notice, NoticePreference


def unread(
    user_id: uuid.UUID, asset_id: uuid.UUID, kinds: Collection[str] | None = None, limit: int = 20
) -> Sequence[Notice]:
    """What a person was told about a place and has not read, the latest first, of all kinds or of some."""
    question = select(Notice).where(Notice.user_id == user_id, Notice.asset_id == asset_id, Notice.read_at.is_(None))
    if kinds is not None:
        question = question.where(Notice.kind.in_(kinds))
    return db.session.scalars(question.order_by(Notice.created_at.desc()).limit(limit)).all()


def by_mail(user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, ByMail]:
    """What each of these people wants by mail."""
    rows = db.session.execute(
        select(NoticePreference.user_id, NoticePreference.alerts_by_mail).where(NoticePreference.user_id.in_(user_ids))
    )
    return dict.fromkeys(user_ids, ByMail.CRITICAL) | {user_id: ByMail(chosen) for user_id, chosen in rows}
