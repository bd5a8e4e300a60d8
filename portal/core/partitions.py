"""The monthly partitions of the event history, made before they are needed."""

from __future__ import annotations

from sqlalchemy import text

from portal.core.db import db
from portal.core.transaction import transactional

MONTHS_AHEAD = 3


@transactional
def make_ahead() -> int:
    """Make the partitions of this month and the coming ones; returns how many were missing."""
    return int(
        db.session.scalar(text("select make_event_partitions(current_date, :months)"), {"months": MONTHS_AHEAD}) or 0
    )
