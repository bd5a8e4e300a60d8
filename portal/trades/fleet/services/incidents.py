"""Incidents: reported, amended, added to, closed and opened again."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.numbers import take_number
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import UnitKind
from portal.shared.assets.queries import asset_of, unit_of
from portal.shared.audit.services import record
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.driver_queries import driver_at, drivers_by_id
from portal.trades.fleet.incident_queries import find_alert, lock_incident, position_at
from portal.trades.fleet.models import Incident, IncidentKind, IncidentNote, IncidentSeverity, IncidentStatus
from portal.trades.fleet.office_events import IncidentChanged

#: The clock of whoever reports may be a little ahead of ours.
AHEAD = timedelta(minutes=5)
TOLD = ("kind", "severity", "happened_at", "place", "latitude_e7", "longitude_e7", "description", "third_party",
        "injured", "police_reference", "cost", "driver_id")  # fmt: skip


@transactional
def report(
    *,
    asset_id: uuid.UUID,
    unit_id: uuid.UUID,
    kind: IncidentKind,
    severity: IncidentSeverity,
    happened_at: datetime,
    description: str,
    actor: Actor,
    driver_id: uuid.UUID | None = None,
    place: str | None = None,
    position: tuple[int, int] | None = None,
    third_party: str | None = None,
    injured: int = 0,
    police_reference: str | None = None,
    cost: int = 0,
    alert_id: uuid.UUID | None = None,
) -> Incident:
    """Write down what went wrong; who drove and where it was are looked up when nobody says."""
    unit = unit_of(unit_id)
    if unit.asset_id != asset_id or unit.kind != UnitKind.VEHICLE:
        raise errors.NotAVehicle(_("Choose a vehicle of this place."), field="unit")
    _has_happened(happened_at)
    driver_id = _driver(asset_id, unit_id, driver_id, happened_at)
    if position is None:
        position = position_at(unit_id, happened_at)
    if alert_id is not None and find_alert(asset_id, alert_id) is None:
        alert_id = None
    incident = written(
        Incident(
            asset_id=asset_id,
            number=take_number(scope_id=asset_id, series="incident"),
            unit_id=unit_id,
            driver_id=driver_id,
            alert_id=alert_id,
            kind=IncidentKind(kind),
            severity=IncidentSeverity(severity),
            status=IncidentStatus.OPEN,
            happened_at=happened_at,
            place=place or None,
            latitude_e7=position[0] if position else None,
            longitude_e7=position[1] if position else None,
            description=description,
            third_party=third_party or None,
            injured=injured,
            police_reference=police_reference or None,
            cost=cost,
            currency=asset_of(asset_id).currency,
            reported_by=actor.name,
        )
    )
    after = {"number": incident.number, "vehicle": unit.number, **_facts(incident)}
    _tell("incident.reported", incident, actor, after=after)
    return incident


@transactional
def amend(
    *,
    incident_id: uuid.UUID,
    kind: IncidentKind,
    severity: IncidentSeverity,
    happened_at: datetime,
    description: str,
    actor: Actor,
    driver_id: uuid.UUID | None = None,
    place: str | None = None,
    position: tuple[int, int] | None = None,
    third_party: str | None = None,
    injured: int = 0,
    police_reference: str | None = None,
    cost: int = 0,
) -> Incident:
    """Put right what was written down; a closed one is opened first."""
    incident = lock_incident(incident_id)
    if incident.status == IncidentStatus.CLOSED:
        raise errors.WrongIncidentStatus(
            _("Incident %(number)s is closed. Open it again to change it.", number=incident.number)
        )
    _has_happened(happened_at)
    before = _facts(incident)
    incident.kind, incident.severity, incident.happened_at = IncidentKind(kind), IncidentSeverity(severity), happened_at
    incident.description, incident.place, incident.third_party = description, place or None, third_party or None
    incident.injured, incident.police_reference, incident.cost = injured, police_reference or None, cost
    incident.driver_id = _ours(incident.asset_id, driver_id) if driver_id else None
    incident.latitude_e7, incident.longitude_e7 = position or (None, None)
    db.session.flush()
    _tell("incident.amended", incident, actor, before=before, after=_facts(incident))
    return incident


@transactional
def add_note(*, incident_id: uuid.UUID, words: str, actor: Actor) -> IncidentNote:
    """Add what happened next; it stays as it was written."""
    incident = lock_incident(incident_id)
    note = written(IncidentNote(asset_id=incident.asset_id, incident_id=incident.id, author=actor.name, words=words))
    _tell("incident.noted", incident, actor, after={"words": words})
    return note


@transactional
def close(*, incident_id: uuid.UUID, actor: Actor) -> Incident:
    """Nothing is left to do about it."""
    incident = lock_incident(incident_id)
    if incident.status == IncidentStatus.CLOSED:
        raise errors.WrongIncidentStatus(_("Incident %(number)s is closed already.", number=incident.number))
    incident.status, incident.closed_at, incident.closed_by = IncidentStatus.CLOSED, utcnow(), actor.name
    _tell("incident.closed", incident, actor, after={"status": incident.status})
    return incident


@transactional
def reopen(*, incident_id: uuid.UUID, actor: Actor) -> Incident:
    """There is something left to do about it after all."""
    incident = lock_incident(incident_id)
    if incident.status == IncidentStatus.OPEN:
        raise errors.WrongIncidentStatus(_("Incident %(number)s is open already.", number=incident.number))
    incident.status, incident.closed_at, incident.closed_by = IncidentStatus.OPEN, None, None
    _tell("incident.reopened", incident, actor, after={"status": incident.status})
    return incident


def _has_happened(moment: datetime) -> None:
    if moment > utcnow() + AHEAD:
        raise errors.InTheFuture(_("This moment is still to come. Look at the date and the time."), field="happened_at")


def _driver(asset_id: uuid.UUID, unit_id: uuid.UUID, said: uuid.UUID | None, moment: datetime) -> uuid.UUID | None:
    if said is not None:
        return _ours(asset_id, said)
    drove = driver_at(unit_id, moment)
    return drove.id if drove is not None else None


def _ours(asset_id: uuid.UUID, driver_id: uuid.UUID) -> uuid.UUID:
    found = drivers_by_id({driver_id}).get(driver_id)
    if found is None or found.asset_id != asset_id:
        raise errors.NoSuchDriver(_("There is no such driver here. Look at the number again."), field="driver")
    return driver_id


def _facts(incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, name) for name in TOLD}


def _tell(action: str, incident: Incident, actor: Actor, **change: Any) -> None:
    record(action, actor=actor, subject="incident", subject_id=incident.id, asset_id=incident.asset_id, **change)
    publish(
        IncidentChanged(
            asset_id=incident.asset_id, subject_id=incident.id, number=incident.number, status=str(incident.status)
        )
    )
