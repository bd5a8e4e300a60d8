"""Finding incidents, what was added to them, and where a vehicle was when one happened."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select

from portal.core import locks, parse
from portal.core.db import db
from portal.core.paging import Page, every, page_of
from portal.core.words import _
from portal.shared.assets.models import Unit
from portal.shared.devices.models import Alert, AssetEvent
from portal.trades.fleet.models import Driver, Incident, IncidentNote, IncidentStatus, RejectedFix, VehicleCheck
from portal.trades.fleet.office_errors import NoSuchIncident

HIGHEST_NUMBER = 2**31
#: A vehicle that has not said for so long where it is might be anywhere.
POSITION_GOOD_FOR = timedelta(hours=1)
E7 = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedIncidents:
    """Which incidents of a place to show; the page's filter chips."""

    status: str | None = None
    kind: str | None = None
    severity: str | None = None
    since: datetime | None = None
    search: str | None = None


def get_incident(asset_id: uuid.UUID, number: int) -> Incident:
    """The incident with this number at a place; raises NoSuchIncident."""
    if not 0 < number < HIGHEST_NUMBER:
        raise _no_such_incident()
    return _one(select(Incident).where(Incident.asset_id == asset_id, Incident.number == number))


def lock_incident(incident_id: uuid.UUID) -> Incident:
    """An incident, locked and fresh until the transaction ends; raises NoSuchIncident."""
    locks.taking("work_order")
    return _one(select(Incident).where(Incident.id == incident_id).with_for_update(key_share=True))


def incidents_of(
    asset_id: uuid.UUID, wanted: WantedIncidents, *, cursor: str | None = None, limit: object = 50
) -> Page[Any]:
    """One page of a place's incidents, the latest first."""
    return page_of(_wanted(asset_id, wanted), (Incident.happened_at, Incident.id), cursor=cursor, limit=limit)


def all_incidents_of(asset_id: uuid.UUID, wanted: WantedIncidents) -> Iterator[Incident]:
    """Every incident that is wanted, page by page."""
    return every(lambda cursor: incidents_of(asset_id, wanted, cursor=cursor, limit=200))


def incident_figures(asset_id: uuid.UUID, wanted: WantedIncidents) -> dict[str, int]:
    """Over the wanted incidents: how many, how many open, how many people were hurt, what they cost in minor units."""
    row = db.session.execute(
        _wanted(asset_id, wanted).with_only_columns(
            func.count(Incident.id),
            func.count(Incident.id).filter(Incident.status == IncidentStatus.OPEN),
            func.coalesce(func.sum(Incident.injured), 0),
            func.coalesce(func.sum(Incident.cost), 0),
        )
    ).one()
    return dict(zip(("all", "open", "injured", "cost"), map(int, row), strict=True))


def incidents_with(
    *, unit_id: uuid.UUID | None = None, driver_id: uuid.UUID | None = None, limit: int = 20
) -> Sequence[Incident]:
    """The latest incidents of a vehicle or of a driver."""
    question = select(Incident).order_by(Incident.happened_at.desc()).limit(limit)
    if unit_id is not None:
        question = question.where(Incident.unit_id == unit_id)
    if driver_id is not None:
        question = question.where(Incident.driver_id == driver_id)
    return db.session.scalars(question).all()


def find_incident_of_alert(alert_id: uuid.UUID) -> Incident | None:
    """The incident that was raised from an alert, or None."""
    return db.session.scalar(select(Incident).where(Incident.alert_id == alert_id).limit(1))


def find_alert(asset_id: uuid.UUID, alert_id: uuid.UUID) -> Alert | None:
    """An alert of a place about one of its vehicles, or None."""
    return db.session.scalar(select(Alert).where(Alert.id == alert_id, Alert.asset_id == asset_id))


def notes_of(incident_id: uuid.UUID) -> Sequence[IncidentNote]:
    """What was added to an incident, in order."""
    return db.session.scalars(
        select(IncidentNote).where(IncidentNote.incident_id == incident_id).order_by(IncidentNote.id)
    ).all()


def position_at(unit_id: uuid.UUID, moment: datetime) -> tuple[int, int] | None:
    """Where a vehicle had last said it was within the hour, in 1e-7 degrees; what is not believed does not count."""
    value = db.session.scalar(
        select(AssetEvent.value)
        .outerjoin(RejectedFix, RejectedFix.event_id == AssetEvent.id)
        .where(
            AssetEvent.unit_id == unit_id,
            AssetEvent.kind == "location",
            AssetEvent.at.between(moment - POSITION_GOOD_FOR, moment),
            RejectedFix.event_id.is_(None),
        )
        .order_by(AssetEvent.at.desc(), AssetEvent.id.desc())
        .limit(1)
    )
    try:
        latitude, longitude = parse.position(value) if value else (0.0, 0.0)
    except parse.ParseError:
        return None
    return (round(latitude * E7), round(longitude * E7)) if value else None


def checks_of_unit(unit_id: uuid.UUID, *, limit: int = 10) -> Sequence[VehicleCheck]:
    """The latest looks round a vehicle."""
    return db.session.scalars(
        select(VehicleCheck)
        .where(VehicleCheck.unit_id == unit_id)
        .order_by(VehicleCheck.created_at.desc())
        .limit(limit)
    ).all()


def incidents_by_id(ids: Collection[uuid.UUID | None]) -> dict[uuid.UUID, Incident]:
    """Incidents by key, for rows that name them."""
    wanted = {each for each in ids if each is not None}
    rows = db.session.scalars(select(Incident).where(Incident.id.in_(wanted))) if wanted else ()
    return {each.id: each for each in rows}


def _one(question: Select[Incident]) -> Incident:
    found: Incident | None = db.session.scalar(question.execution_options(populate_existing=True))
    if found is None:
        raise _no_such_incident()
    return found


def _no_such_incident() -> NoSuchIncident:
    return NoSuchIncident(_("There is no incident with this number here."), field="number")


def _wanted(asset_id: uuid.UUID, wanted: WantedIncidents) -> Select[Incident]:
    question = select(Incident).where(Incident.asset_id == asset_id)
    for column, value in (
        (Incident.status, wanted.status),
        (Incident.kind, wanted.kind),
        (Incident.severity, wanted.severity),
    ):
        if value:
            question = question.where(column == value)
    if wanted.since is not None:
        question = question.where(Incident.happened_at >= wanted.since)
    if wanted.search:
        said = wanted.search
        question = question.join(Unit, Unit.id == Incident.unit_id).outerjoin(Driver, Driver.id == Incident.driver_id)
        fits = [
            column.icontains(said, autoescape=True)
            for column in (
                Incident.description, Incident.place, Incident.police_reference, Unit.number, Unit.plate, Driver.name,
            )
        ]  # fmt: skip
        if said.isascii() and said.isdigit() and 0 < int(said) < HIGHEST_NUMBER:
            fits.append(Incident.number == int(said))
        question = question.where(or_(*fits))
    return question
