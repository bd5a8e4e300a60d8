"""A group's rooming list from a spreadsheet: looked through first, then booked row by row, the wrong ones told."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from portal.core import parse
from portal.core.actor import Actor
from portal.core.errors import DomainError, Invalid
from portal.core.transaction import attempt, transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.trades.hotel.models import BookingGroup, RoomType
from portal.trades.hotel.queries.groups import lock_group
from portal.trades.hotel.queries.inventory import room_type_at
from portal.trades.hotel.services.groups import book_of, plan_of
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.services.reservations import Wanted, people_fit

MOST_ROWS = 500
MOST_BYTES = 512 * 1024
COLUMNS = ("name", "room_type", "arrival", "departure", "adults", "children", "phone", "email", "note")


class NotAList(Invalid):
    """The file is no rooming list."""


@dataclass(slots=True)
class Row:
    """One row of the list by its number in the file, what it asks for, and why it cannot be if it cannot."""

    number: int
    name: str
    room_type: RoomType | None = None
    arrival: date | None = None
    departure: date | None = None
    adults: int = 1
    children: int = 0
    phone: str | None = None
    email: str | None = None
    note: str | None = None
    wrong: str | None = None
    booked: str | None = field(default=None)


def read(group: BookingGroup, content: bytes) -> list[Row]:
    """The rows of a file with a head of column names, comma or semicolon between them; what is empty is the group's.

    A row that cannot be read says why and keeps its number; raises NotAList for what is no such file.
    """
    if len(content) > MOST_BYTES:
        raise NotAList(_("The list is longer than %(rows)s rows.", rows=MOST_ROWS), field="file")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise NotAList(_("Save the list as CSV in UTF-8."), field="file") from None
    head = lines[0] if lines else ""
    table = csv.DictReader(io.StringIO("\n".join(lines)), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [(name or "").strip().lower() for name in table.fieldnames or ()]
    if "name" not in names or set(names) - set(COLUMNS):
        raise NotAList(_("The first line names the columns: %(names)s.", names=", ".join(COLUMNS)), field="file")
    table.fieldnames = names
    rows = [_row(group, number, cells) for number, cells in enumerate(table, start=1)]
    if not 0 < len(rows) <= MOST_ROWS:
        raise NotAList(_("A list has 1 to %(rows)s rows.", rows=MOST_ROWS), field="file")
    return rows


@transactional
def book(*, group_id: uuid.UUID, content: bytes, actor: Actor) -> list[Row]:
    """Book every row that can be, each as a reservation of its own; the others are told by their number."""
    group = lock_group(group_id)
    rows = read(group, content)
    for row in rows:
        if row.wrong is None:
            _book(group, row, actor)
    record(
        "group.list_imported",
        actor=actor,
        subject="booking_group",
        subject_id=group.id,
        asset_id=group.asset_id,
        after={
            "code": group.code,
            "booked": sum(row.booked is not None for row in rows),
            "wrong": {str(row.number): row.wrong for row in rows if row.wrong},
        },
    )
    return rows


def _book(group: BookingGroup, row: Row, actor: Actor) -> None:
    assert row.room_type is not None
    assert row.arrival is not None
    assert row.departure is not None
    wish = Wanted(room_type_id=row.room_type.id, plan=plan_of(group), adults=row.adults, children=row.children)
    guest = Guest(name=row.name, phone=row.phone, email=row.email)
    try:
        with attempt():
            made = book_of(
                group, [wish], guest, arrival=row.arrival, departure=row.departure, note=row.note, actor=actor
            )
    except DomainError as refused:
        row.wrong = refused.message
    else:
        row.booked = made.number


def _row(group: BookingGroup, number: int, cells: dict[str, str]) -> Row:
    said = {name: (cells.get(name) or "").strip() for name in COLUMNS}
    row = Row(number, said["name"][:100])
    try:
        if None in cells:  # more cells than the head has names
            raise Invalid(_("This row has more cells than there are columns."))
        row.name = parse.text(said["name"], "name", max_length=100)
        row.room_type = _type(group, said["room_type"])
        row.arrival = parse.day(said["arrival"], "arrival") if said["arrival"] else group.arrival
        row.departure = parse.day(said["departure"], "departure") if said["departure"] else group.departure
        row.adults = parse.whole(said["adults"] or "1", "adults", minimum=1, maximum=100)
        row.children = parse.whole(said["children"] or "0", "children", minimum=0, maximum=100)
        row.phone = parse.optional(parse.phone, said["phone"], "phone")
        row.email = parse.optional(parse.email, said["email"], "email")
        row.note = said["note"][:500] or None
        people_fit(row.room_type, row.adults, row.children)
        if row.departure <= row.arrival:
            raise Invalid(_("The departure has to be at least one day after the arrival."))
    except DomainError as refused:
        row.wrong = refused.message
    return row


def _type(group: BookingGroup, code: str) -> RoomType:
    if not code:
        raise Invalid(_("Write the room type's code."))
    return room_type_at(group.asset_id, code)


def counted(rows: Sequence[Row]) -> tuple[int, int]:
    """How many rows can be booked or are, and how many cannot."""
    wrong = sum(row.wrong is not None for row in rows)
    return len(rows) - wrong, wrong
