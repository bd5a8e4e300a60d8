"""What the desk's lists are asked for, and vehicles as its forms offer them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import g, request

from portal.core import parse
from portal.core.clock import utcnow
from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import units_of


def vehicles() -> list[Unit]:
    """The vehicles of the place that are still in service, as people count them."""
    return [each for each in units_of(g.place.id, UnitKind.VEHICLE) if each.status != UnitStatus.RETIRED]


def offered(units: Iterable[Unit], none: str | None = None) -> list[tuple[uuid.UUID | str, str]]:
    """Number and plate of each to choose from, after the words for none of them."""
    first: list[tuple[uuid.UUID | str, str]] = [] if none is None else [("", none)]
    return first + [(each.id, " · ".join(filter(None, (each.number, each.plate)))) for each in units]


def searched() -> str | None:
    """What the address looks for."""
    return parse.text(request.args.get("q"), "q", min_length=0, max_length=80) or None


def since(*offered: int) -> datetime | None:
    """From when on the address wants things, by one of these numbers of days; any other filters nothing."""
    days = request.args.get("days", "")
    return utcnow() - timedelta(days=int(days)) if days in map(str, offered) else None
