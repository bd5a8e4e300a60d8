"""Telling the screens and the people what a look at the vehicles has found; nobody is called for what is long past."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.outbox import publish
from portal.shared.devices.models import Severity
from portal.shared.devices.services import alerts
from portal.shared.devices.services.alerts import LATE_AFTER
from portal.trades.fleet.events import FenceCrossed, TripEnded, TripStarted, VehicleMoved
from portal.trades.fleet.found import CrossingFound, DrivingFound, TripFound
from portal.trades.fleet.models import Crossing, DrivingKind, Geofence
from portal.trades.fleet.queries.words import Known
from portal.trades.fleet.services.findings import Fresh, Sheet, Written

ALERTS = {Crossing.ENTER: "fence_entered", Crossing.LEAVE: "fence_left", Crossing.DWELL: "fence_dwell"}
#: What is over once a vehicle has crossed the other way.
OVER = {Crossing.ENTER: ("fence_left",), Crossing.LEAVE: ("fence_entered", "fence_dwell")}


#: The fences each vehicle is in now.
Inside = Mapping[uuid.UUID, Collection[str]]


def tell(sheets: Sequence[Sheet], written: Written, known: Mapping[uuid.UUID, Known], inside: Inside) -> None:
    """Announce what moved, and raise the alerts that are asked for."""
    for asset_id in sorted({sheet.asset_id for sheet in sheets}):
        publish(VehicleMoved(asset_id=asset_id))
    _trips(sheets, written, known)
    _crossings(written, known, inside)
    _driving(sheets, written, known)


def _trips(sheets: Sequence[Sheet], written: Written, known: Mapping[uuid.UUID, Known]) -> None:
    new = {(sheet.unit_id, trip.started) for sheet, trip in written.trips}
    for sheet in sheets:
        for trip in sheet.found.trips.values():
            trip_id = written.trip_ids[sheet.unit_id, trip.started]
            fresh = (sheet.unit_id, trip.started) in new
            if fresh:
                publish(_trip_started(sheet, trip_id, trip))
            if trip.ended is not None and (fresh or trip_id == known[sheet.unit_id].trip_id):
                publish(trip_ended(sheet.asset_id, sheet.unit_id, trip_id, trip.started, trip.ended))


def _trip_started(sheet: Sheet, trip_id: uuid.UUID, trip: TripFound) -> TripStarted:
    return TripStarted(
        asset_id=sheet.asset_id, subject_id=sheet.unit_id, trip_id=trip_id, started_at=_iso(trip.started)
    )


def trip_ended(asset_id: uuid.UUID, unit_id: uuid.UUID, trip_id: uuid.UUID, started: int, ended: int) -> TripEnded:
    """The fact that a trip is over."""
    return TripEnded(
        asset_id=asset_id, subject_id=unit_id, trip_id=trip_id, started_at=_iso(started), ended_at=_iso(ended)
    )


def _crossings(written: Written, known: Mapping[uuid.UUID, Known], inside: Inside) -> None:
    if not written.crossings:
        return
    keys = {uuid.UUID(fresh.finding.fence) for fresh in written.crossings}
    fences = {fence.id: fence for fence in db.session.scalars(select(Geofence).where(Geofence.id.in_(keys)))}
    for fresh in sorted(written.crossings, key=lambda fresh: (fresh.finding.at, fresh.finding.what == Crossing.LEAVE)):
        is_in = fresh.finding.fence in inside[fresh.sheet.unit_id]
        _crossing(fresh, fences[uuid.UUID(fresh.finding.fence)], known[fresh.sheet.unit_id], is_in)


def _crossing(fresh: Fresh, fence: Geofence, known: Known, is_in: bool) -> None:
    sheet, crossing = fresh.sheet, fresh.finding
    at = _moment(crossing.at)
    historical = utcnow() - at > LATE_AFTER
    publish(
        FenceCrossed(
            asset_id=sheet.asset_id,
            subject_id=sheet.unit_id,
            geofence_id=fence.id,
            what=crossing.what,
            at=at.isoformat(),
            historical=historical,
        )
    )
    # of a late one only what it still comes to: a fence left long ago may have been entered again since
    if not historical or is_in is (crossing.what == Crossing.ENTER):
        for kind in OVER.get(crossing.what, ()):
            alerts.clear_by_itself(asset_id=sheet.asset_id, key=_fence_key(kind, sheet, fence))
    if known.retired or not _asked(fence, crossing):
        return
    kind = ALERTS[crossing.what]
    alerts.raise_alert(
        asset_id=sheet.asset_id,
        kind=kind,
        key=_fence_key(kind, sheet, fence),
        severity=Severity.WARNING,
        facts={
            "geofence_id": str(fence.id),
            "fence": fence.name,
            "minutes": fence.dwell_minutes if crossing.what == Crossing.DWELL else None,
        },
        happened_at=at,
        unit_id=sheet.unit_id,
        over=historical,
    )


def _driving(sheets: Sequence[Sheet], written: Written, known: Mapping[uuid.UUID, Known]) -> None:
    new = {(sheet.unit_id, episode.kind, episode.started) for sheet, episode in written.driving}
    for sheet in sheets:
        if sheet.until is not None:
            continue  # a day of the past says nothing of now
        # a hand at the tracker stays a question until somebody has looked
        speeding = [each for each in sheet.found.driving.values() if each.kind == DrivingKind.SPEEDING]
        latest = max(speeding, key=lambda each: each.started, default=None)
        # of several only the latest counts: one that is found anew may be long over while another goes on
        if latest and (latest.ended is not None or (sheet.unit_id, latest.kind, latest.started) in new):
            alerts.clear_by_itself(asset_id=sheet.asset_id, key=_driving_key(sheet, latest))
    for sheet, episode in written.driving:
        if not known[sheet.unit_id].retired:
            _episode(sheet, episode)


def _episode(sheet: Sheet, episode: DrivingFound) -> None:
    at = _moment(episode.started)
    speeding = episode.kind == DrivingKind.SPEEDING
    facts: dict[str, Any] = {"said": episode.detail}
    if speeding:
        fence = db.session.get(Geofence, uuid.UUID(episode.fence)) if episode.fence else None
        facts = {
            "top_speed_kmh_milli": episode.top,
            "limit_kmh": episode.limit,
            "geofence_id": episode.fence,
            "fence": fence.name if fence else None,
        }
    past = utcnow() - at > LATE_AFTER
    alerts.raise_alert(
        asset_id=sheet.asset_id,
        kind=episode.kind,
        key=_driving_key(sheet, episode),
        severity=Severity.WARNING if speeding else Severity.CRITICAL,
        facts=facts,
        happened_at=at,
        unit_id=sheet.unit_id,
        over=past or (speeding and episode.ended is not None),
    )


def _asked(fence: Geofence, crossing: CrossingFound) -> bool:
    return {
        Crossing.ENTER: fence.on_enter,
        Crossing.LEAVE: fence.on_leave,
        Crossing.DWELL: fence.dwell_minutes is not None,
    }[Crossing(crossing.what)]


def _fence_key(kind: str, sheet: Sheet, fence: Geofence) -> str:
    return f"{kind}:{sheet.unit_id}:{fence.id}"


def _driving_key(sheet: Sheet, episode: DrivingFound) -> str:
    return f"{episode.kind}:{sheet.unit_id}"


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def _iso(micros: int) -> str:
    return _moment(micros).isoformat()
