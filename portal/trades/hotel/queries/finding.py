"""A stay by what a page calls it: its key, or the reservation's number and which of its rooms, as in K3M7PQR-2."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select, text

from portal.core.db import db
from portal.core.words import _
from portal.trades.hotel.errors import NoSuchStay
from portal.trades.hotel.models import Folio, FolioLine, Reservation, Stay
from portal.trades.hotel.queries.stays import get_stay


def stay_at(asset_id: uuid.UUID, called: str) -> Stay:
    """The stay of this hotel that is called so; raises NoSuchStay, also for another hotel's."""
    try:
        return get_stay(asset_id, uuid.UUID(called))
    except ValueError:
        pass
    number, _dash, place = called.strip().upper().partition("-")
    found: Stay | None = None
    if place in ("", *map(str, range(1, 101))):
        found = db.session.scalar(
            select(Stay)
            .join(Reservation, Reservation.id == Stay.reservation_id)
            .where(Reservation.asset_id == asset_id, Reservation.number == number, Stay.place == int(place or 1))
        )
    if found is None:
        raise NoSuchStay(_("There is no such stay here."))
    return found


def written_on(stay_id: uuid.UUID) -> list[tuple[Folio, list[FolioLine]]]:
    """The windows of a stay, each with its lines in order."""
    windows = db.session.scalars(select(Folio).where(Folio.stay_id == stay_id).order_by(Folio.window)).all()
    lines = db.session.scalars(
        select(FolioLine).where(FolioLine.folio_id.in_([each.id for each in windows])).order_by(FolioLine.id)
    ).all()
    return [(folio, [line for line in lines if line.folio_id == folio.id]) for folio in windows]


_TOUCHED = text(
    """
    with named as (
        select s.id, s.room_type_id from stay s join reservation r on r.id = s.reservation_id
        where s.asset_id = :asset and (s.id::text = any(:stays)
            or r.number || case when s.place > 1 then '-' || s.place else '' end = any(:stays))
    ), types as (
        select room_type_id from named
        union select n.room_type_id from named join stay_night n on n.stay_id = named.id
        union select t.id from room_type t where t.asset_id = :asset and t.id::text = any(:types)
    )
    select o.room_id from room_occupancy o join named on named.id = o.stay_id
    union select m.unit_id from room m join unit u on u.id = m.unit_id
        where m.asset_id = :asset and (m.unit_id::text = any(:rooms) or u.number = any(:rooms))
    union (select distinct on (m.room_type_id) m.unit_id from room m join unit u on u.id = m.unit_id
        join types t on t.room_type_id = m.room_type_id where u.status <> 'retired')
    """
)


def rooms_touched(
    asset_id: uuid.UUID, *, stays: Sequence[str], rooms: Sequence[str], types: Sequence[str]
) -> list[uuid.UUID]:
    """The rooms these stays have or had, these rooms, and one of each type that is meant, so that it is told of."""
    asked = {"asset": asset_id, "stays": list(stays), "rooms": list(rooms), "types": list(types)}
    return list(db.session.scalars(_TOUCHED, asked))


_FOUND = text(
    """
    select s.id from stay s
        join reservation r on r.id = s.reservation_id join customer c on c.id = s.guest_id
        left join unit u on u.id = s.room_id
    where s.asset_id = :asset and s.status in ('held', 'confirmed', 'in_house', 'checked_out') and (
        c.name ilike :like or r.number = upper(:asked) or c.phone like :like
        or (u.number = :asked and s.status = 'in_house'))
    order by s.status = 'in_house' desc, s.status = 'checked_out', abs(s.arrival - current_date), s.id limit :limit
    """
)


def stays_found(asset_id: uuid.UUID, asked: str, *, limit: int) -> list[uuid.UUID]:
    """Stays by guest, telephone, number or room: who is in first, then who comes next."""
    plain = asked.strip().replace("%", "").replace("_", "")
    named = {"asset": asset_id, "asked": plain, "like": f"%{plain}%", "limit": limit}
    return list(db.session.scalars(_FOUND, named)) if plain else []
