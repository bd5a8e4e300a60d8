"""The rooms that are closed for a while, as a list."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.trades.hotel.errors import NoSuchRoom
from portal.trades.hotel.models import RoomBlock
from portal.trades.hotel.queries.property import business_date


def blocks_of(
    place: Asset, *, over: bool = False, kind: str | None = None, cursor: str | None = None
) -> Page[RoomBlock]:
    """The blocks of a hotel that are not over, or with `over` those that are; the latest made first."""
    today = business_date(place)
    past = RoomBlock.ended_at.is_not(None) | (RoomBlock.until_on <= today)
    query = select(RoomBlock).where(RoomBlock.asset_id == place.id, past if over else ~past)
    if kind is not None:
        query = query.where(RoomBlock.kind == kind)
    return page_of(query, (RoomBlock.id,), cursor=cursor)


def get_block(asset_id: uuid.UUID, block_id: uuid.UUID) -> RoomBlock:
    """A block of this hotel; raises NoSuchRoom."""
    found: RoomBlock | None = db.session.get(RoomBlock, block_id)
    if found is None or found.asset_id != asset_id:
        raise NoSuchRoom(_("There is no such block here."))
    return found
