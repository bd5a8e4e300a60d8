"""What the palette and the search page find of a hotel: guests' stays, by name, number, room or telephone."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for

from portal.core.words import lazy_
from portal.shared.assets.models import Asset, AssetKind
from portal.trades.hotel.queries.board import lines_of
from portal.trades.hotel.queries.finding import stays_found
from portal.web.context import ACTIONS, Action
from portal.web.filters import day
from portal.web.frontdesk import words
from portal.web.home.search import SOURCES, Hit, Source

MOST = 6


def stays(place: Asset, asked: str) -> Iterator[Hit]:
    """Those in house first, then who comes next, then who left last."""
    if place.kind != AssetKind.HOTEL:
        return
    found = stays_found(place.id, asked, limit=MOST)
    lines = lines_of(place, found)
    for stay_id in found:
        line = lines[stay_id]
        about = f"{words.state(line.status)[0]} · {day(line.arrival)} – {day(line.departure)}"
        named = " · ".join(filter(None, (line.guest, line.room, line.number)))
        yield Hit(named, url_for("frontdesk.stay", asset_number=place.asset_number, stay=str(stay_id)), "bed", about)


SOURCES.append(Source(lazy_("Stays"), "hotel.book", stays))
ACTIONS += [
    Action(lazy_("Walk-in"), "frontdesk.walk_in", "hotel.book", "walk", frozenset({"hotel"})),
    Action(lazy_("New booking"), "frontdesk.book", "hotel.book", "plus", frozenset({"hotel"})),
    Action(lazy_("Tape chart"), "frontdesk.chart", "hotel.view", "calendar", frozenset({"hotel"})),
]
