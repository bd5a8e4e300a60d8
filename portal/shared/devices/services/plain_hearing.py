"""Plain devices carry no name in what they say: they are heard when the unit, or the place, they speak for is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from portal.core.db import db
from portal.shared.devices.services.watching import Spoke

# A gateway speaks for the things of its place that have no device of their own. Written at most every ten seconds a
# device, in the order of their keys, so that two who look at once never wait for each other crosswise.
_HEARD = text(
    """
    insert into device_state (device_id, seen_at)
    select d.id, clock_timestamp() from device d left join device_state s on s.device_id = d.id
    where d.status = 'active' and d.dialect = 'plain'
    and (s.seen_at is null or s.seen_at < clock_timestamp() - interval '10 seconds')
    and (d.unit_id = any(cast(:units as uuid[]))
         or d.type = 'gateway' and d.unit_id is null and exists (
            select from unnest(cast(:units as uuid[])) spoke(unit_id) join unit u on u.id = spoke.unit_id
            where u.asset_id = d.asset_id and not exists (
                select from device own where own.unit_id = u.id and own.status = 'active')))
    order by d.id
    on conflict (device_id) do update set seen_at = excluded.seen_at
    """
)


def look(spoke: Sequence[Spoke]) -> None:
    """Note that the plain devices of these units are alive."""
    db.session.execute(_HEARD, {"units": [each.unit_id for each in spoke]})
