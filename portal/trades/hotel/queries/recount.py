"""The calendar counted again from what it stands for: rooms, blocks, agreed nights, allotments, channels."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from sqlalchemy import text

from portal.core.db import db
from portal.trades.hotel.queries.inventory import Key

_COUNT = text(
    """
    with nights as (
        select c.* from inventory_calendar c join room_type t on t.id = c.room_type_id
        where t.asset_id = :asset and c.night >= :first
    ), sold as (
        select n.room_type_id, n.night, s.status = 'held' as only_held, count(*) as rooms
        from stay_night n join stay s on s.id = n.stay_id
        where s.asset_id = :asset and not n.released and n.night >= :first group by 1, 2, 3
        union all
        select a.room_type_id, a.night, true, sum(a.blocked - a.picked_up - a.released)
        from allotment a join booking_group g on g.id = a.group_id
        where g.asset_id = :asset and a.night >= :first group by 1, 2
        union all
        select f.room_type_id, n.night::date, true, count(*)
        from ical_item i join ical_feed f on f.id = i.feed_id, jsonb_array_elements_text(i.held) as n (night)
        where f.asset_id = :asset and n.night::date >= :first group by 1, 2
    ), counted as (
        select room_type_id, night, only_held, rooms from sold
        union all
        select p.part_id, s.night, s.only_held, s.rooms * p.count
        from sold s join room_type_part p on p.room_type_id = s.room_type_id
    ), figures as (
        select n.room_type_id, n.night,
            (select count(*) from room r join unit u on u.id = r.unit_id
             where r.room_type_id = n.room_type_id and u.status <> 'retired') - n.total as total,
            (select count(distinct r.unit_id) from room_block b join room m on m.unit_id = b.room_id
             join room r on r.unit_id in (m.unit_id, m.parent_id)
             where r.room_type_id = n.room_type_id and b.ended_at is null and b.kind <> 'out_of_service'
                and b.from_on <= n.night and b.until_on > n.night) - n.out_of_order as out_of_order,
            coalesce(sum(c.rooms) filter (where not c.only_held), 0) - n.booked as booked,
            coalesce(sum(c.rooms) filter (where c.only_held), 0) - n.held as held,
            n.forced, n.total as was_total, n.out_of_order as was_out, n.booked as was_booked, n.held as was_held,
            n.overbook_limit
        from nights n left join counted c on c.room_type_id = n.room_type_id and c.night = n.night
        group by n.room_type_id, n.night, n.total, n.out_of_order, n.booked, n.held, n.forced, n.overbook_limit
    ), off as (
        select f.*, greatest(0, was_booked + booked + was_held + held - was_total - total + was_out + out_of_order
            - overbook_limit) - forced as forced_off from figures f
    )
    select room_type_id, night, total, out_of_order, booked, held, forced_off as forced from off
    where (total, out_of_order, booked, held, forced_off) <> (0, 0, 0, 0, 0)
    order by room_type_id, night
    """
)
FIGURES = ("total", "out_of_order", "booked", "held", "forced")


def differences(asset_id: uuid.UUID, first: date) -> dict[Key, Mapping[str, int]]:
    """What has to be added to the figures of a hotel's nights from `first` on; sound nights are left out."""
    rows = db.session.execute(_COUNT, {"asset": asset_id, "first": first})
    return {
        (row.room_type_id, row.night): {name: int(value) for name in FIGURES if (value := getattr(row, name))}
        for row in rows
    }
