"""The downtime pack: what a desk needs to go on with paper and pen, as one page that needs nothing else.

It is written every quarter of an hour and when a day is closed, so that it is there when the portal is not.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.money import Money
from portal.core.words import _
from portal.core.written import day, money
from portal.reporting.hotel import Listed, listed
from portal.shared.assets.models import Asset, AssetKind
from portal.shared.assets.queries import asset_of
from portal.trades.hotel.queries.property import business_date

_folder = Path("var/downtime")
STYLE = """
body { font: 12px/1.4 system-ui, sans-serif; margin: 16px; color: #111; background: #fff; }
h1 { font-size: 18px; margin: 0; } h2 { font-size: 14px; margin: 18px 0 4px; page-break-after: avoid; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: 3px 6px; border-bottom: 1px solid #ccc; }
.blank td { height: 26px; }
.form { page-break-before: always; }
"""

_FREE = text(
    """
    select u.number, t.name, r.status from room r join unit u on u.id = r.unit_id and u.status <> 'retired'
    join room_type t on t.id = r.room_type_id
    where r.asset_id = :asset and r.status in ('clean', 'inspected')
        and not exists (select from stay y where y.room_id = r.unit_id and y.status = 'in_house')
        and not exists (select from room_block b where b.room_id = r.unit_id and b.ended_at is null
            and b.kind <> 'out_of_service' and b.from_on <= :day and b.until_on > :day)
    order by length(u.number), u.number
    """
)
_KEYS = text(
    """
    select u.number, g.during, u.status from access_grant g join unit u on u.id = g.unit_id
    where g.asset_id = :asset and g.revoked_at is null and g.ended_at is null and upper(g.during) > :now
    """
)


def pack(place: Asset) -> str:
    """The whole page."""
    today, now = business_date(place), utcnow()
    local = now.astimezone(ZoneInfo(place.timezone))
    keys = {number: during for number, during, _status in
            db.session.execute(_KEYS, {"asset": place.id, "now": now})}  # fmt: skip
    inside, coming = listed(place.id, "in_house", today), listed(place.id, "arrivals", today)
    free = db.session.execute(_FREE, {"asset": place.id, "day": today}).all()
    parts = [
        f"<h1>{escape(place.name)} · {escape(_('when the portal is down'))}</h1>",
        f"<p>{escape(_('Business date'))} {escape(day(today))} · {escape(_('as of'))} {local:%Y-%m-%d %H:%M}</p>",
        _table(
            _("In the house"),
            (_("Room"), _("Guest"), _("Until"), _("People"), _("Owes"), _("Key until"), _("Note")),
            [_inside(each, place, keys) for each in inside],
        ),
        _table(
            _("Arrivals today"),
            (_("Room"), _("Guest"), _("Reservation"), _("Type"), _("Until"), _("People"), _("Owes"), _("Note")),
            [_coming(each, place) for each in coming if each.status == "confirmed"],
        ),
        _table(_("Clean and empty"), (_("Room"), _("Type"), _("Given to")),
               [(number, name, "") for number, name, _status in free]),
        _blank(),
    ]  # fmt: skip
    head = f'<meta charset="utf-8"><title>{escape(place.name)}</title><style>{STYLE}</style>'
    return f"<!doctype html><html><head>{head}</head><body>{''.join(parts)}</body></html>"


def connect(*, folder: Path) -> None:
    """Say where the packs are kept."""
    global _folder
    _folder = folder


def write_packs(older_than: timedelta = timedelta(minutes=14)) -> int:
    """Write the pack of every hotel whose last one is older, whole or not at all; how many that were."""
    _folder.mkdir(parents=True, exist_ok=True)
    hotels = db.session.scalars(select(Asset).where(Asset.kind == AssetKind.HOTEL, Asset.retired_at.is_(None))).all()
    due = [hotel for hotel in hotels if _age(_file_of(hotel)) >= older_than]
    for hotel in due:
        file = _file_of(hotel)
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(pack(hotel), encoding="utf-8")
        new.replace(file)
    return len(due)


def write_after_close(body: Mapping[str, Any]) -> None:
    """A day was closed: its pack is over."""
    _file_of(asset_of(uuid.UUID(body["asset_id"]))).unlink(missing_ok=True)
    write_packs()


def _file_of(hotel: Asset) -> Path:
    return _folder / f"{hotel.asset_number}.html"


def _age(file: Path) -> timedelta:
    return timedelta(seconds=time.time() - file.stat().st_mtime) if file.exists() else timedelta.max


def _inside(each: Listed, place: Asset, keys: dict[str, object]) -> tuple[str, ...]:
    during = keys.get(each.room or "")
    until: datetime | None = getattr(during, "upper", None)
    key = "" if until is None else f"{until.astimezone(ZoneInfo(place.timezone)):%d.%m. %H:%M}"
    return (each.room or "", each.guest, day(each.departure), _people(each), _owes(each, place), key, each.note or "")


def _coming(each: Listed, place: Asset) -> tuple[str, ...]:
    return (each.room or "", each.guest, each.number, each.room_type, day(each.departure), _people(each),
            _owes(each, place), each.note or "")  # fmt: skip


def _people(each: Listed) -> str:
    return f"{each.adults} + {each.children}" if each.children else str(each.adults)


def _owes(each: Listed, place: Asset) -> str:
    return money(Money(each.balance, place.currency)) if each.balance else ""


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    empty = f'<tr><td colspan="{len(heads)}">–</td></tr>'
    return f"<h2>{escape(title)} ({len(rows)})</h2><table><tr>{head}</tr>{body or empty}</table>"


def _blank() -> str:
    names = (
        _("Name"), _("Address"), _("Nationality"), _("Document and number"), _("Born on"), _("Room"), _("Arrival"),
        _("Departure"), _("People"), _("Price a night"), _("Paid, and how"), _("Signature"),
    )  # fmt: skip
    rows = "".join(f"<tr><td>{escape(name)}</td><td></td></tr>" for name in names)
    return f'<div class="form"><h2>{escape(_("Registration card"))}</h2><table class="blank">{rows}</table></div>'
