"""Moments as people at a place say them, in sentences that know no request."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from portal.core.words import language


def day_of(moment: datetime, timezone: str) -> str:
    """Such as "12 March 14:05" on the place's own clock."""
    return format_datetime(moment.astimezone(ZoneInfo(timezone)), "d MMMM HH:mm", locale=language())
