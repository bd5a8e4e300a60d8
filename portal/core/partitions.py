"""The monthly partitions of the event history, made before they are needed."""

from __future__ import annotations

import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.core.db import db
from portal.core.transaction import transactional

MONTHS_AHEAD = 3
log = structlog.get_logger(__name__)


@transactional
def make_ahead() -> int:
    """Make the partitions of this month and the coming ones; returns how many were missing.

    A month that has begun in the default partition, because nobody worked for long or a clock ran ahead, stays there.
    """
    made = 0
    for months in range(MONTHS_AHEAD + 1):
        try:
            with db.session.begin_nested():
                made += int(db.session.scalar(_MAKE, {"months": months}) or 0)
        except IntegrityError:
            log.warning("month_stays_in_the_default_partition", months_ahead=months)
    return made


_MAKE = text(
    "select make_event_partitions((date_trunc('month', current_date) + make_interval(months => :months))::date, 0)"
)
