"""Fences: drawn, amended, retired. They count from that moment on; what was judged before stays as it was."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from portal.core import parse
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.errors import DomainError
from portal.core.outbox import publish
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.assets.queries import lock_asset
from portal.shared.audit.queries import trail
from portal.shared.audit.services import record
from portal.trades.fleet import errors
from portal.trades.fleet.events import FenceChanged
from portal.trades.fleet.fences import area, crosses_itself
from portal.trades.fleet.geo import Plane, e7
from portal.trades.fleet.models import Geofence
from portal.trades.fleet.queries.fences import get_fence, lock_fence

LEAST_RADIUS_M, MOST_RADIUS_M = 20, 100_000
LEAST_POINTS, MOST_POINTS = 3, 200
#: A polygon this small is a slip of the hand.
LEAST_AREA_M2 = 400
LEAST_KMH, MOST_KMH = 5, 250
MOST_DWELL_MINUTES = 7 * 24 * 60
COLOURS = ("#2563eb", "#0f766e", "#b45309", "#be123c", "#7c3aed", "#4d7c0f")


def _name_taken() -> DomainError:
    return errors.FenceNameTaken(_("There is a fence of this name here already. Choose another one."), field="name")


rule("uq_geofence_name", _name_taken)


@transactional
def draw(
    *,
    asset_id: uuid.UUID,
    name: str,
    shape: dict[str, Any],
    actor: Actor,
    colour: str = COLOURS[0],
    on_enter: bool = False,
    on_leave: bool = False,
    dwell_minutes: int | None = None,
    speed_limit_kmh: int | None = None,
) -> Geofence:
    """Put a fence on the map of a place; vehicles that are in it already have not just come."""
    asset = lock_asset(asset_id)
    fence = written(
        Geofence(
            asset_id=asset.id,
            name=_name(name),
            shape=sound(shape),
            colour=_colour(colour),
            active=True,
            on_enter=on_enter,
            on_leave=on_leave,
            dwell_minutes=_dwell(dwell_minutes),
            speed_limit_kmh=limit(speed_limit_kmh),
            applies_from=utcnow(),
        )
    )
    _tell("geofence.drawn", fence, actor, None)
    return fence


@transactional
def amend(
    *,
    asset_id: uuid.UUID,
    fence_id: uuid.UUID,
    name: str,
    shape: dict[str, Any],
    actor: Actor,
    colour: str = COLOURS[0],
    on_enter: bool = False,
    on_leave: bool = False,
    dwell_minutes: int | None = None,
    speed_limit_kmh: int | None = None,
) -> Geofence:
    """Change a fence; a new shape counts from now on, as if it were drawn now."""
    fence = lock_fence(asset_id, fence_id)
    _still_watched(fence)
    before, new_shape = _facts(fence), sound(shape)
    if new_shape != fence.shape:
        fence.shape, fence.applies_from = new_shape, utcnow()
    fence.name, fence.colour = _name(name), _colour(colour)
    fence.on_enter, fence.on_leave = on_enter, on_leave
    fence.dwell_minutes, fence.speed_limit_kmh = _dwell(dwell_minutes), limit(speed_limit_kmh)
    db.session.flush()
    _tell("geofence.amended", fence, actor, before)
    return fence


@transactional
def retire(*, asset_id: uuid.UUID, fence_id: uuid.UUID, actor: Actor) -> Geofence:
    """Watch a fence no more; what happened at it stays readable."""
    fence = lock_fence(asset_id, fence_id)
    _still_watched(fence)
    before = _facts(fence)
    fence.active, fence.retired_at = False, utcnow()
    db.session.flush()
    _tell("geofence.retired", fence, actor, before)
    return fence


@transactional
def take_back(*, asset_id: uuid.UUID, fence_id: uuid.UUID, actor: Actor) -> Geofence:
    """Undo the last change of a fence, as the trail has it; one that was retired is drawn again as it was."""
    fence = get_fence(asset_id, fence_id)
    last = trail(asset_id=asset_id, subject="geofence", subject_id=fence.id)[0]
    if last.before is None:
        raise errors.NothingToTakeBack(_("%(name)s was not changed since it was drawn.", name=fence.name))
    asked = {name: value for name, value in last.before.items() if name != "active"}
    if fence.active:
        return amend(asset_id=asset_id, fence_id=fence_id, actor=actor, **asked)
    return draw(asset_id=asset_id, actor=actor, **asked)


def sound(shape: object) -> dict[str, Any]:
    """A shape in its one normal form, or ShapeNotSound with the sentence why it encloses nothing."""
    if isinstance(shape, dict) and shape.get("kind") == "circle":
        return _circle(shape)
    if isinstance(shape, dict) and shape.get("kind") == "polygon":
        return _polygon(shape.get("points"))
    raise errors.ShapeNotSound(_("Draw the fence on the map: a circle or a polygon."), field="shape")


def _circle(shape: dict[str, Any]) -> dict[str, Any]:
    latitude, longitude = _degrees(shape.get("latitude"), shape.get("longitude"))
    radius = shape.get("radius_m")
    if isinstance(radius, bool) or not isinstance(radius, int | float) or radius != radius:
        raise errors.ShapeNotSound(_("Say how wide the circle is, in metres."), field="shape")
    if not LEAST_RADIUS_M <= radius <= MOST_RADIUS_M:
        raise errors.ShapeNotSound(_("A circle reaches from 20 m to 100 km around its middle."), field="shape")
    return {"kind": "circle", "latitude": latitude, "longitude": longitude, "radius_m": round(radius)}


def _polygon(points: object) -> dict[str, Any]:
    if not isinstance(points, list) or not all(isinstance(each, list | tuple) and len(each) == 2 for each in points):
        raise errors.ShapeNotSound(_("A polygon is a list of corners, each with a latitude and a longitude."),
                                   field="shape")  # fmt: skip
    corners = [_degrees(*each) for each in points]
    # the same corner twice in a row, and the first again at the end, is how some programs draw
    corners = [each for each, _again in groupby(corners)]
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if not LEAST_POINTS <= len(corners) <= MOST_POINTS:
        raise errors.ShapeNotSound(_("A polygon has from 3 to 200 corners."), field="shape")
    plane = Plane(e7(corners[0][0]), e7(corners[0][1]))
    flat = [plane.at(e7(latitude), e7(longitude)) for latitude, longitude in corners]
    if crosses_itself(flat):
        raise errors.ShapeNotSound(_("The edge crosses itself. Move a corner so that it runs around once."),
                                   field="shape")  # fmt: skip
    if area(flat) < LEAST_AREA_M2:
        raise errors.ShapeNotSound(_("The polygon encloses next to nothing. Draw it wider."), field="shape")
    if max(abs(each) for corner in flat for each in corner) > 2 * MOST_RADIUS_M:
        raise errors.ShapeNotSound(_("The polygon is more than 200 km wide. Draw a smaller one."), field="shape")
    return {"kind": "polygon", "points": [list(corner) for corner in corners]}


def _degrees(latitude: object, longitude: object) -> tuple[float, float]:
    numbers = [each for each in (latitude, longitude) if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) != 2 or not (-85 <= numbers[0] <= 85 and -180 <= numbers[1] <= 180):
        raise errors.ShapeNotSound(_("A corner of the fence is not on the map."), field="shape")
    return round(float(numbers[0]), 7), round(float(numbers[1]), 7)


def _name(name: str) -> str:
    return parse.text(name, "name", max_length=80)


def _colour(colour: str) -> str:
    if len(colour) != 7 or colour[0] != "#" or not all(each in "0123456789abcdefABCDEF" for each in colour[1:]):
        raise errors.DetailNotPlausible(_("Choose one of the colours."), field="colour")
    return colour.lower()


def _dwell(minutes: int | None) -> int | None:
    if minutes is not None and not 1 <= minutes <= MOST_DWELL_MINUTES:
        raise errors.DetailNotPlausible(_("A stay is from 1 minute to 7 days."), field="dwell_minutes")
    return minutes


def limit(kmh: int | None) -> int | None:
    """A speed limit as it may be set; raises DetailNotPlausible."""
    if kmh is not None and not LEAST_KMH <= kmh <= MOST_KMH:
        raise errors.DetailNotPlausible(_("A speed limit is from 5 to 250 km/h."), field="speed_limit_kmh")
    return kmh


def _still_watched(fence: Geofence) -> None:
    if not fence.active:
        raise errors.FenceRetired(_("%(name)s is watched no more. Draw a new fence.", name=fence.name))


def _facts(fence: Geofence) -> dict[str, Any]:
    names: Sequence[str] = ("name", "shape", "colour", "active", "on_enter", "on_leave", "dwell_minutes",
                            "speed_limit_kmh")  # fmt: skip
    return {name: getattr(fence, name) for name in names}


def _tell(action: str, fence: Geofence, actor: Actor, before: dict[str, Any] | None) -> None:
    record(
        action,
        actor=actor,
        subject="geofence",
        subject_id=fence.id,
        asset_id=fence.asset_id,
        before=before,
        after=_facts(fence),
    )
    publish(FenceChanged(asset_id=fence.asset_id, subject_id=fence.id))
