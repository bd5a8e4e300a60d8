"""Drivers, maintenance and incidents in the words of the people who look after a fleet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from flask import g, url_for

from portal.core.clock import local_date
from portal.core.words import _, ngettext
from portal.shared.audit.models import AuditEntry
from portal.trades.fleet.due import METRES, SECONDS, Due, Side
from portal.trades.fleet.models import (
    DriverStatus,
    IncidentKind,
    IncidentSeverity,
    IncidentStatus,
    LineKind,
    MaintenancePlan,
    OrderStatus,
)
from portal.web.filters import day, number
from portal.web.payments.life import Moment

DRIVERS_LIVE = "fleet.driver.changed from:body, fleet.vehicle.assigned from:body, every 60s"
MAINTENANCE_LIVE = "fleet.maintenance.planned from:body, fleet.work_order.changed from:body, every 60s"
INCIDENTS_LIVE = "fleet.incident.changed from:body, every 60s"


def driver_status(status: str) -> str:
    """How a driver stands."""
    return {
        DriverStatus.ACTIVE: _("At work"),
        DriverStatus.AWAY: _("Away"),
        DriverStatus.LEFT: _("Left"),
    }[DriverStatus(status)]


def licence_words(stage: str, expires_on: date) -> str:
    """What a licence near its end is marked with."""
    if stage == "over":
        return _("Expired %(day)s", day=day(expires_on, near=False))
    return _("Until %(day)s", day=day(expires_on, near=False))


def order_status(status: str) -> str:
    """How a work order stands."""
    return {
        OrderStatus.OPEN: _("To do"),
        OrderStatus.IN_PROGRESS: _("Under way"),
        OrderStatus.DONE: _("Done"),
        OrderStatus.CANCELLED: _("Cancelled"),
    }[OrderStatus(status)]


def order_look(status: str) -> tuple[str, str]:
    """Tone and drawing of a work order's state."""
    return {
        OrderStatus.OPEN: ("idle", "clipboard-list"),
        OrderStatus.IN_PROGRESS: ("info", "tool"),
        OrderStatus.DONE: ("good", "circle-check"),
        OrderStatus.CANCELLED: ("idle", "ban"),
    }[OrderStatus(status)]


def line_kind(kind: str) -> str:
    """What a line of a work order is for."""
    return {LineKind.PART: _("Part"), LineKind.LABOUR: _("Labour"), LineKind.OTHER: _("Other")}[LineKind(kind)]


def incident_kind(kind: str) -> str:
    """What happened, in a word."""
    return {
        IncidentKind.ACCIDENT: _("Accident"),
        IncidentKind.BREAKDOWN: _("Breakdown"),
        IncidentKind.THEFT: _("Theft"),
        IncidentKind.DAMAGE: _("Damage"),
        IncidentKind.COMPLAINT: _("Complaint"),
        IncidentKind.TAMPERING: _("Tampering"),
        IncidentKind.OTHER: _("Other"),
    }[IncidentKind(kind)]


def severity_words(severity: str) -> str:
    """How bad it was, in a word."""
    return {
        IncidentSeverity.MINOR: _("Minor"),
        IncidentSeverity.SERIOUS: _("Serious"),
        IncidentSeverity.SEVERE: _("Severe"),
    }[IncidentSeverity(severity)]


def severity_look(severity: str) -> tuple[str, str]:
    """Tone and drawing of how bad it was."""
    return {
        IncidentSeverity.MINOR: ("idle", "circle-dot"),
        IncidentSeverity.SERIOUS: ("warn", "alert-triangle"),
        IncidentSeverity.SEVERE: ("bad", "alert-circle"),
    }[IncidentSeverity(severity)]


def incident_status(status: str) -> str:
    """Whether something is left to do."""
    return {IncidentStatus.OPEN: _("Open"), IncidentStatus.CLOSED: _("Closed")}[IncidentStatus(status)]


def every_words(plan: MaintenancePlan) -> str:
    """How often a plan comes round: "every 10,000 km or 180 days"."""
    parts = [
        *([number(plan.every_km, "km")] if plan.every_km else []),
        *([_("%(n)s engine hours", n=number(plan.every_hours))] if plan.every_hours else []),
        *([ngettext("%(num)s day", "%(num)s days", plan.every_days)] if plan.every_days else []),
    ]
    return _("every %(interval)s", interval=_(" or ").join(parts))


def reason_words(due: Due) -> str:
    """Why a plan stands where it stands: "in 320 km", "12 days over"."""
    return side_words(due.nearest)


def side_words(side: Side) -> str:
    """What is left of one interval, or how far it is over."""
    if side.kind == "days":
        if side.left == 0:
            return _("today")
        span = ngettext("%(num)s day", "%(num)s days", abs(side.left))
    elif side.kind == "km":
        span = number(Decimal(abs(side.left)) // METRES, "km")
    else:
        span = _("%(n)s engine hours", n=number(Decimal(abs(side.left)) // SECONDS))
    return _("%(span)s over", span=span) if side.left < 0 or side.stage == "over" else _("in %(span)s", span=span)


def km(metres: int | None) -> str:
    """A distance in whole kilometres."""
    return "–" if metres is None else number(metres // METRES, "km")


def place_words(latitude_e7: int | None, longitude_e7: int | None) -> str:
    """Coordinates as they are typed and read."""
    if latitude_e7 is None or longitude_e7 is None:
        return ""
    return f"{latitude_e7 / 1e7:.6f}, {longitude_e7 / 1e7:.6f}"


def vehicle_url(number: str, at: datetime | None = None) -> str:
    """A vehicle's page, on the day of a moment where one is named."""
    # a list of a thousand asks the router once
    start = getattr(g, "vehicles_begin", None)
    if start is None:
        start = g.vehicles_begin = f"{url_for('fleet.index', asset_number=g.place.asset_number)}vehicles/"
    on = "" if at is None else f"?day={local_date(g.place.timezone, at).isoformat()}"
    return f"{start}{quote(number, safe='')}{on}"


TOLD = {
    "driver.registered": ("good", "user-plus"),
    "driver.went_away": ("warn", "user-off"),
    "driver.came_back": ("good", "user-check"),
    "driver.left": ("idle", "user-x"),
    "work_order.opened": ("idle", "clipboard-list"),
    "work_order.started": ("info", "tool"),
    "work_order.done": ("good", "circle-check"),
    "work_order.taken_back": ("warn", "arrow-back-up"),
    "work_order.cancelled": ("idle", "ban"),
    "incident.reported": ("warn", "alert-triangle"),
    "incident.closed": ("good", "circle-check"),
    "incident.reopened": ("warn", "arrow-back-up"),
    "incident.noted": ("info", "note"),
}


def action_words(action: str) -> str:
    """What somebody did, in the past tense."""
    return {
        "driver.registered": _("Taken on"),
        "driver.amended": _("Changed"),
        "driver.went_away": _("Away from work"),
        "driver.came_back": _("Back at work"),
        "driver.left": _("Left"),
        "work_order.opened": _("Opened"),
        "work_order.amended": _("Changed"),
        "work_order.line_added": _("Line added"),
        "work_order.line_removed": _("Line struck out"),
        "work_order.started": _("Begun"),
        "work_order.done": _("Done"),
        "work_order.taken_back": _("Not done after all"),
        "work_order.cancelled": _("Cancelled"),
        "incident.reported": _("Reported"),
        "incident.amended": _("Changed"),
        "incident.noted": _("Note added"),
        "incident.closed": _("Closed"),
        "incident.reopened": _("Opened again"),
    }.get(action) or action.replace("_", " ").replace(".", ": ")


def life_of(happened: Sequence[AuditEntry]) -> list[Moment]:
    """Everything that happened to a driver, an order or an incident, in order."""
    return [
        Moment(
            entry.at,
            action_words(entry.action),
            _detail(entry),
            entry.actor_name,
            *TOLD.get(entry.action, ("idle", "pencil")),
        )
        for entry in reversed(happened)
    ]


def _detail(entry: AuditEntry) -> str | None:
    after, before = entry.after or {}, entry.before or {}
    return entry.reason or (after or before).get("description" if "line" in entry.action else "words")
