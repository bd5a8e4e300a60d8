"""Finding places and units, and locking them in the one order."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from portal.core import locks
from portal.core.db import db
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.assets.errors import NoSuchAsset, NoSuchUnit
from portal.shared.assets.models import Asset, AssetKind, Unit, UnitKind, UnitStatus


def find_asset(asset_number: str) -> Asset | None:
    """The place with this number, typed in any case, or None."""
    return db.session.scalar(select(Asset).where(Asset.asset_number == asset_number.strip().upper()))


def get_asset(asset_number: str) -> Asset:
    """The place with this number; raises NoSuchAsset."""
    asset = find_asset(asset_number)
    if asset is None:
        raise NoSuchAsset(_("There is no place with this number, or it is not yours."), field="asset_number")
    return asset


def asset_of(asset_id: uuid.UUID) -> Asset:
    """The place a row belongs to; raises NoSuchAsset."""
    asset = db.session.get(Asset, asset_id)
    if asset is None:
        raise NoSuchAsset(_("There is no place with this number, or it is not yours."))
    return asset


def assets(ids: Collection[uuid.UUID] | None = None) -> Sequence[Asset]:
    """Places by name: all of them, or those named; closed ones come last."""
    question = select(Asset).order_by(Asset.retired_at.isnot(None), Asset.name, Asset.asset_number)
    if ids is not None:
        question = question.where(Asset.id.in_(ids))
    return db.session.scalars(question).all()


def assets_of(business_id: uuid.UUID) -> Sequence[Asset]:
    """Every place of a business, the first opened first, closed ones too: their money was real."""
    return db.session.scalars(
        select(Asset).where(Asset.business_id == business_id).order_by(Asset.created_at, Asset.id)
    ).all()


def find_unit(asset_id: uuid.UUID, number: str, kind: str | None = None) -> Unit | None:
    """A unit by its number at one place, or None. Without a kind a room is meant before a vehicle."""
    return db.session.scalar(_numbered(asset_id, number, kind))


def get_unit(asset_id: uuid.UUID, number: str, kind: str | None = None) -> Unit:
    """A unit by its number at one place; raises NoSuchUnit. Another place's units are not found here."""
    unit = find_unit(asset_id, number, kind)
    if unit is None:
        raise NoSuchUnit(_no_unit(number, kind), field="number")
    return unit


def unit_of(unit_id: uuid.UUID) -> Unit:
    """A unit by its key, as other rows name it; raises NoSuchUnit."""
    unit = db.session.get(Unit, unit_id)
    if unit is None:
        raise NoSuchUnit(_("That room or vehicle is not there any more."))
    return unit


def find_unit_by_label(label: str) -> tuple[Unit, Asset] | None:
    """The unit a printed label stands on, with its place, or None."""
    row = db.session.execute(
        select(Unit, Asset).join(Asset, Asset.id == Unit.asset_id).where(Unit.label == label.strip().upper())
    ).first()
    return None if row is None else (row[0], row[1])


def units_of(asset_id: uuid.UUID, kind: str | None = None) -> Sequence[Unit]:
    """Every unit of a place in the order people count them: 2 before 10, 101 before 101A; retired ones last."""
    question = select(Unit).where(Unit.asset_id == asset_id).order_by(*as_counted())
    if kind is not None:
        question = question.where(Unit.kind == kind)
    return db.session.scalars(question).all()


def page_of_units(asset_id: uuid.UUID, kind: str, *, cursor: str | None = None, limit: object = 50) -> Page[Unit]:
    """Units of one kind at a place, a page at a time, the latest registered first."""
    question = select(Unit).where(Unit.asset_id == asset_id, Unit.kind == kind)
    return page_of(question, (Unit.id,), cursor=cursor, limit=limit)


def as_counted() -> tuple[Any, ...]:
    """The order in which people count units."""
    digits = func.lpad(func.substring(Unit.number, r"\d+"), 12, "0")
    return (Unit.status == UnitStatus.RETIRED, Unit.kind, digits.nulls_last(), Unit.number)


def units_matching(asset_id: uuid.UUID, asked: str, limit: int = 8) -> Sequence[Unit]:
    """Units whose number, plate, type or label holds what was asked for, exact numbers first."""
    wanted = asked.strip().lower()
    held = func.lower(func.concat_ws(" ", Unit.number, Unit.plate, Unit.room_type, Unit.label))
    return db.session.scalars(
        select(Unit)
        .where(Unit.asset_id == asset_id, func.strpos(held, wanted) > 0)
        .order_by(func.lower(Unit.number) != wanted, Unit.status == UnitStatus.RETIRED, Unit.number)
        .limit(limit)
    ).all()


def units_by_id(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Unit]:
    """Units by key, for rows that name them."""
    return {unit.id: unit for unit in db.session.scalars(select(Unit).where(Unit.id.in_(ids)))} if ids else {}


def status_counts(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """How many units each place has in each status."""
    counts: dict[uuid.UUID, dict[str, int]] = {asset_id: {} for asset_id in asset_ids}
    rows = db.session.execute(
        select(Unit.asset_id, Unit.status, func.count())
        .where(Unit.asset_id.in_(asset_ids))
        .group_by(Unit.asset_id, Unit.status)
    )
    for asset_id, status, number in rows:
        counts[asset_id][status] = number
    return counts


def lock_asset(asset_id: uuid.UUID) -> Asset:
    """The place, locked and fresh until the transaction ends; raises NoSuchAsset."""
    locks.taking("asset")
    asset = db.session.scalar(
        select(Asset).where(Asset.id == asset_id).with_for_update().execution_options(populate_existing=True)
    )
    if asset is None:
        raise NoSuchAsset(_("There is no place with this number, or it is not yours."))
    return asset


_LOCKED = (
    select(Unit)
    .where(Unit.id == bindparam("id"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def lock_unit(unit_id: uuid.UUID) -> Unit:
    """The unit, locked and fresh until the transaction ends; raises NoSuchUnit.

    The lock leaves foreign keys alone, so that telemetry of the same unit need not wait for a command.
    """
    locks.taking("unit")
    unit: Unit | None = db.session.scalar(_LOCKED, {"id": unit_id})
    if unit is None:
        raise NoSuchUnit(_("That room or vehicle is not there any more."))
    return unit


def units_due(limit: int = 100) -> Sequence[uuid.UUID]:
    """Keys of units whose time is up, suspended ones included, the longest overdue first."""
    return db.session.scalars(_due().with_only_columns(Unit.id).limit(limit)).all()


def lock_units_due(limit: int = 100, *, only: uuid.UUID | None = None) -> Sequence[Unit]:
    """Units whose time is up by the database's clock, locked; those another worker holds are left to it."""
    locks.taking("unit")
    due = _due() if only is None else _due().where(Unit.id == only)
    return db.session.scalars(
        due.limit(limit).with_for_update(key_share=True, skip_locked=True).execution_options(populate_existing=True)
    ).all()


def _due() -> Select[Unit]:
    return (
        select(Unit)
        .where(
            or_(Unit.status == UnitStatus.ACTIVE, Unit.status_before == UnitStatus.ACTIVE),
            Unit.expires_at <= func.clock_timestamp(),
        )
        .order_by(Unit.expires_at, Unit.id)
    )


def _numbered(asset_id: uuid.UUID, number: str, kind: str | None) -> Select[Unit]:
    question = select(Unit).where(Unit.asset_id == asset_id, Unit.number == number.strip())
    return question.where(Unit.kind == kind) if kind else question.order_by(Unit.kind).limit(1)


def _no_unit(number: str, kind: str | None) -> str:
    if kind == UnitKind.ROOM:
        return _("There is no room %(number)s here.", number=number[:40])
    if kind == UnitKind.VEHICLE:
        return _("There is no vehicle %(number)s here.", number=number[:40])
    return _("There is no room or vehicle %(number)s here.", number=number[:40])


def kinds_at(asset_kind: str) -> tuple[UnitKind, ...]:
    """The kinds of unit a place of this kind has: rooms stand in hotels, delivery trucks may serve any place."""
    return (UnitKind.ROOM, UnitKind.VEHICLE) if asset_kind == AssetKind.HOTEL else (UnitKind.VEHICLE,)
