"""The first page's figures: what each place took today, how full it is, and how much waits for somebody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from portal.core.clock import utcnow
from portal.reporting import attention, occupancy, revenue
from portal.shared.assets.models import Asset


@dataclass(frozen=True, slots=True)
class Card:
    """One place on the first page; `took` is what it earned today, in minor units."""

    asset: Asset
    took: int
    standing: occupancy.Standing
    waiting: int


def cards(places: Sequence[Asset]) -> list[Card]:
    """The places in the order given; each figure is one question for all of them."""
    ids: list[uuid.UUID] = [place.id for place in places]
    if not ids:
        return []
    today = revenue.today_on({place.timezone for place in places}, utcnow())
    took: dict[uuid.UUID, int] = {}
    for timezone, since in today.items():
        took |= revenue.totals([place.id for place in places if place.timezone == timezone], since=since)
    standing, waiting = occupancy.standing(ids), attention.counts(ids)
    return [Card(place, took[place.id], standing[place.id], waiting[place.id]) for place in places]
