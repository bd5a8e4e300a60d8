"""Time that passes for what is let: every right to a unit lies earlier than it did."""

import uuid
from datetime import timedelta

from sqlalchemy import text

from portal.core.db import db


def grants_lie_earlier(by: timedelta, unit_id: uuid.UUID | None = None) -> None:
    """All grants, or those of a unit; the earliest moves first, because not even for a moment may two overlap."""
    earliest_first = text("select id from access_grant where unit_id = coalesce(:unit, unit_id) order by during")
    moved = text("update access_grant set during = tstzrange(lower(during) - :by, upper(during) - :by) where id = :id")
    for grant in db.session.scalars(earliest_first, {"unit": unit_id}).all():
        db.session.execute(moved, {"by": by, "id": grant})
