"""What at a hotel needs somebody now, each with the thing it is about: read beside the board, worst first."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text

from portal.core.clock import local_date
from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import Property
from portal.trades.hotel.queries.board import Board, Line
from portal.trades.hotel.queries.channels import tray_of
from portal.trades.hotel.times import moment

#: So far ahead a night that is oversold is told of.
OVERSOLD_DAYS = 30
#: A hold that lapses within this time is told of.
LAPSES_WITHIN = timedelta(minutes=15)
#: A door that has not answered for so long is told of.
SILENT_AFTER = timedelta(minutes=1)
#: So many conflicts of channels are told of; their own page has all.
MOST_OF_CHANNELS = 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that needs somebody: of what kind, and the stay, night or room it is about."""

    kind: str
    line: Line | None = None
    words: str = ""
    night: date | None = None
    count: int = 0
    at: datetime | None = None
    subject_id: uuid.UUID | None = None


def troubles(place: Asset, settings: Property, board: Board) -> list[Trouble]:
    """What needs somebody at a hotel today."""
    return [*_day(place, settings, board.now), *_oversold(place, board.day), *_of_lines(place, settings, board),
            *_holds(place, board.now), *_doors(place, board.now), *_channels(place)]  # fmt: skip


def _day(place: Asset, settings: Property, now: datetime) -> Iterator[Trouble]:
    open_day = place.business_date
    if open_day is None or open_day >= local_date(place.timezone, now):
        return
    due = moment(place.timezone, open_day + timedelta(days=1), settings.close_after_minute)
    # the small hours are still yesterday at a desk; by the morning somebody has forgotten
    if now > due + timedelta(hours=6):
        yield Trouble("day_open", night=open_day, at=due)


def _oversold(place: Asset, first: date) -> Iterator[Trouble]:
    rows = db.session.execute(
        text(
            """
            select t.name, c.night, c.booked + c.held - c.total + c.out_of_order from inventory_calendar c
            join room_type t on t.id = c.room_type_id
            where t.asset_id = :asset and c.night >= :first and c.night < :last
                and c.booked + c.held > c.total - c.out_of_order
            order by c.night, t.place limit 20
            """
        ),
        {"asset": place.id, "first": first, "last": first + timedelta(days=OVERSOLD_DAYS)},
    )
    for name, night, beyond in rows:
        yield Trouble("oversold", words=name, night=night, count=beyond)


def _of_lines(place: Asset, settings: Property, board: Board) -> Iterator[Trouble]:
    going = {line.room: line for line in board.departures if line.status == "in_house"}
    for line in board.in_house:
        if board.overdue(line):
            yield Trouble("paid_over" if line.source == "door" else "overdue", line, at=line.ends_at)
        elif line.has_to_move:
            yield Trouble("has_to_move", line, words=line.planned_room or "")
        if line.balance > settings.balance_limit > 0:
            yield Trouble("owes", line, count=line.balance)
    for line in board.arrivals:
        if line.status != "confirmed":
            continue
        if line.do_not_rent:
            yield Trouble("do_not_rent", line, words=line.do_not_rent)
        if line.room is None and line.balance < 0:
            yield Trouble("paid_without_room", line, count=-line.balance)
        elif line.room_occupied and line.room in going and board.overdue(going[line.room]):
            yield Trouble("clash", line, words=going[line.room].guest)
        elif line.room in going and _comes(place, line) < going[line.room].ends_at:
            yield Trouble("too_early", line, words=going[line.room].guest, at=_comes(place, line))
        elif line.room and not line.ready and not line.room_occupied and _soon(line, board.now):
            yield Trouble("not_ready", line, at=line.starts_at)


def _comes(place: Asset, line: Line) -> datetime:
    """When the guest said they come, or else when they may."""
    if line.eta_minute is None:
        return line.starts_at
    return moment(place.timezone, line.arrival, line.eta_minute)


def _soon(line: Line, now: datetime) -> bool:
    """The guest may stand at the desk within two hours."""
    return line.starts_at <= now + timedelta(hours=2)


def _holds(place: Asset, now: datetime) -> Iterator[Trouble]:
    rows = db.session.execute(
        text(
            """
            select r.id, r.number, c.name, r.hold_expires_at from reservation r join customer c on c.id = r.booker_id
            where r.asset_id = :asset and r.hold_expires_at < :until and exists (
                select from stay s where s.reservation_id = r.id and s.status = 'held')
            order by r.hold_expires_at limit 20
            """
        ),
        {"asset": place.id, "until": now + LAPSES_WITHIN},
    )
    for reservation_id, number, name, lapses in rows:
        yield Trouble("hold", words=f"{number} · {name}", at=lapses, subject_id=reservation_id)


def _doors(place: Asset, now: datetime) -> Iterator[Trouble]:
    rows: Sequence[tuple[uuid.UUID, str, str, datetime]] = db.session.execute(
        text(
            """
            select u.id, u.number, c.status, c.created_at from stay s join unit u on u.id = s.room_id
            join lateral (select d.status, d.created_at from device_command d
                where d.unit_id = u.id and d.capability = 'access' order by d.seq desc limit 1) c on true
            where s.asset_id = :asset and s.status = 'in_house' and (c.status in ('failed', 'rejected', 'expired')
                or c.status in ('queued', 'sent', 'accepted') and c.created_at < :silent)
            order by u.number limit 20
            """
        ),
        {"asset": place.id, "silent": now - SILENT_AFTER},
    ).all()
    for unit_id, number, status, at in rows:
        yield Trouble("door", words=number, at=at, subject_id=unit_id, count=int(status in ("failed", "rejected")))


def _channels(place: Asset) -> Iterator[Trouble]:
    for item, feed in tray_of(place.id)[:MOST_OF_CHANNELS]:
        yield Trouble("channel", words=feed.name, night=item.arrival, subject_id=item.id)
