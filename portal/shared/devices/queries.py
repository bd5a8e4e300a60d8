"""What units last said, what they were told, and what nobody understood."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.assets.models import Asset, Unit
from portal.shared.devices.errors import CommandNotFound, DeadLetterNotFound
from portal.shared.devices.models import (
    MOST_A_DAY,
    MOST_OF_STRANGERS,
    OPEN,
    AssetEvent,
    DeadLetter,
    DeviceCommand,
    Held,
    LatestReading,
    LetterTally,
    ReplayPage,
)

#: What has been on its way at least once; a wish that a second person has not agreed to was never told to anything.
TOLD = DeviceCommand.held.is_distinct_from(Held.APPROVAL)


def get_command(asset_id: uuid.UUID, command_id: uuid.UUID) -> DeviceCommand:
    """One command of a place."""
    found = db.session.scalar(
        select(DeviceCommand).where(DeviceCommand.id == command_id, DeviceCommand.asset_id == asset_id)
    )
    if found is None:
        raise CommandNotFound(_("There is no such command here."))
    return found


def open_commands(unit_ids: Collection[uuid.UUID]) -> Sequence[DeviceCommand]:
    """Commands still on their way, those that wait for something among them, oldest first."""
    return db.session.scalars(
        select(DeviceCommand)
        .where(DeviceCommand.unit_id.in_(unit_ids), DeviceCommand.status.in_(OPEN))
        .order_by(DeviceCommand.id)
    ).all()


def last_commands(unit_ids: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, str], DeviceCommand]:
    """By (unit, capability): the youngest command, which is the commanded state beside the reported one."""
    rows = db.session.scalars(
        select(DeviceCommand)
        .where(DeviceCommand.unit_id.in_(unit_ids), TOLD)
        .ext(distinct_on(DeviceCommand.unit_id, DeviceCommand.capability))
        .order_by(DeviceCommand.unit_id, DeviceCommand.capability, DeviceCommand.seq.desc())
    )
    return {(row.unit_id, row.capability): row for row in rows}


def commands_of(unit_id: uuid.UUID, limit: int = 50) -> Sequence[DeviceCommand]:
    """What one unit was told, youngest first."""
    return db.session.scalars(
        select(DeviceCommand).where(DeviceCommand.unit_id == unit_id).order_by(DeviceCommand.seq.desc()).limit(limit)
    ).all()


def units_by_address(
    addresses: Sequence[tuple[str, str, str]],
) -> dict[tuple[str, str, str], tuple[uuid.UUID, uuid.UUID]]:
    """By (asset number, unit kind, unit number): the unit's and the place's key."""
    rows = db.session.execute(
        select(Asset.asset_number, Unit.kind, Unit.number, Unit.id, Asset.id)
        .join(Asset, Asset.id == Unit.asset_id)
        .where(tuple_(Asset.asset_number, Unit.kind, Unit.number).in_(list(addresses)))
    )
    return {(asset, kind, number): (unit_id, asset_id) for asset, kind, number, unit_id, asset_id in rows}


def session_name() -> str:
    """What this installation is called at the broker: stable as long as its database is."""
    return f"portal-ingest-{db.session.execute(select(func.current_database())).scalar_one()}"


def replay_log(session: str) -> tuple[int, list[tuple[int, bytes]]]:
    """How many messages a broker session has delivered, and the youngest of them in order: (packet id, hash)."""
    pages = db.session.execute(
        select(ReplayPage.upto, ReplayPage.entries).where(ReplayPage.session == session).order_by(ReplayPage.upto)
    ).all()
    whole = b"".join(bytes(page.entries) for page in pages)
    log = [(int.from_bytes(whole[at : at + 2], "big"), whole[at + 2 : at + 34]) for at in range(0, len(whole), 34)]
    return (pages[-1].upto if pages else 0), log


def latest_of(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, LatestReading]]:
    """By unit and subject: the youngest word."""
    found: dict[uuid.UUID, dict[str, LatestReading]] = {unit_id: {} for unit_id in unit_ids}
    for row in db.session.scalars(select(LatestReading).where(LatestReading.unit_id.in_(unit_ids))):
        found[row.unit_id][row.kind] = row
    return found


def history(
    asset_id: uuid.UUID,
    *,
    unit_id: uuid.UUID | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
) -> Sequence[AssetEvent]:
    """What the units of a place said, youngest first; `before` is the last row of the page above."""
    question = select(AssetEvent).order_by(AssetEvent.at.desc(), AssetEvent.id.desc()).limit(limit)
    question = question.where(
        AssetEvent.unit_id == unit_id if unit_id else AssetEvent.asset_id == asset_id,
        AssetEvent.asset_id == asset_id,
    )
    if kind is not None:
        question = question.where(AssetEvent.kind == kind)
    if since is not None:
        question = question.where(AssetEvent.at >= since)
    if until is not None:
        question = question.where(AssetEvent.at < until)
    if before is not None:
        question = question.where(tuple_(AssetEvent.at, AssetEvent.id) < before)
    return db.session.scalars(question).all()


def page_of_events(
    asset_id: uuid.UUID,
    *,
    unit_id: uuid.UUID | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: object = 50,
) -> Page[AssetEvent]:
    """What the units of a place said, a page at a time, youngest first."""
    question = select(AssetEvent).where(AssetEvent.asset_id == asset_id)
    if unit_id is not None:
        question = question.where(AssetEvent.unit_id == unit_id)
    if kind is not None:
        question = question.where(AssetEvent.kind == kind)
    if since is not None:
        question = question.where(AssetEvent.at >= since)
    if until is not None:
        question = question.where(AssetEvent.at < until)
    return page_of(question, (AssetEvent.at, AssetEvent.id), cursor=cursor, limit=limit)


def dead_letters(
    asset_id: uuid.UUID | None, *, waiting: bool | None = None, reason: str | None = None, cursor: str | None = None
) -> Page[DeadLetter]:
    """Refused messages of one place, or those that name no place we know, the latest first."""
    question = select(DeadLetter).where(DeadLetter.asset_id == asset_id if asset_id else DeadLetter.asset_id.is_(None))
    if waiting is not None:
        question = question.where(DeadLetter.replayed_at.is_(None) if waiting else DeadLetter.replayed_at.isnot(None))
    if reason:
        question = question.where(DeadLetter.reason == reason)
    return page_of(question, (DeadLetter.last_at, DeadLetter.id), cursor=cursor)


def letters_not_kept(asset_id: uuid.UUID | None) -> Sequence[tuple[str, date, int]]:
    """Of which speaker, and of which day of the last week, more messages were refused than are kept: how many more."""
    most = case((LetterTally.speaker == "", MOST_OF_STRANGERS), else_=MOST_A_DAY)
    rows = db.session.execute(
        select(LetterTally.speaker, LetterTally.day, LetterTally.came - most)
        .where(
            LetterTally.asset_id == asset_id if asset_id else LetterTally.asset_id.is_(None),
            LetterTally.day > utcnow().date() - timedelta(days=7),
            LetterTally.came > most,
        )
        .order_by(LetterTally.day.desc(), LetterTally.came.desc())
        .limit(10)
    )
    return [(speaker, day, more) for speaker, day, more in rows]


def get_dead_letter(letter_id: uuid.UUID, asset_id: uuid.UUID | None) -> DeadLetter:
    """One refused message of a place (or of no known place)."""
    found = db.session.scalar(
        select(DeadLetter).where(
            DeadLetter.id == letter_id,
            DeadLetter.asset_id == asset_id if asset_id else DeadLetter.asset_id.is_(None),
        )
    )
    if found is None:
        raise DeadLetterNotFound(_("There is no such message here."))
    return found


def lock_dead_letter(letter_id: uuid.UUID, asset_id: uuid.UUID | None) -> DeadLetter:
    """The same one, locked."""
    get_dead_letter(letter_id, asset_id)
    return db.session.scalars(
        select(DeadLetter).where(DeadLetter.id == letter_id).with_for_update().execution_options(populate_existing=True)
    ).one()
