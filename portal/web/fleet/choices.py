"""Vehicles as the forms of the desk offer them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from flask import g

from portal.shared.assets.models import Unit, UnitKind, UnitStatus
from portal.shared.assets.queries import units_of


def vehicles() -> list[Unit]:
    """The vehicles of the place that are still in service, as people count them."""
    return [each for each in units_of(g.place.id, UnitKind.VEHICLE) if each.status != UnitStatus.RETIRED]


def offered(units: Iterable[Unit], none: str | None = None) -> list[tuple[uuid.UUID | str, str]]:
    """Number and plate of each to choose from, after the words for none of them."""
    first: list[tuple[uuid.UUID | str, str]] = [] if none is None else [("", none)]
    return first + [(each.id, " · ".join(filter(None, (each.number, each.plate)))) for each in units]
