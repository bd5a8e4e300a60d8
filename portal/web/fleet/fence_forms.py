"""The forms of fences: drawn on the map, or typed as coordinates; both fill the same fields."""

from __future__ import annotations

from typing import Any

from portal.core import parse
from portal.core.parse import ParseError
from portal.core.words import LazyText, _, lazy_
from portal.trades.fleet.models import Geofence
from portal.trades.fleet.services.fences import COLOURS, LEAST_RADIUS_M, MOST_DWELL_MINUTES, MOST_RADIUS_M
from portal.web.forms import BaseForm, BooleanField, ParsedField, RadioChoiceField, StrictStringField, WholeField

CIRCLE, POLYGON = "circle", "polygon"
COLOUR_WORDS: dict[str, LazyText] = dict(
    zip(
        COLOURS,
        (lazy_("Blue"), lazy_("Teal"), lazy_("Amber"), lazy_("Red"), lazy_("Violet"), lazy_("Green")),
        strict=True,
    )
)


class DegreesField(ParsedField):
    """A latitude or a longitude."""

    def __init__(self, label: Any, *, read: Any, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label, required=False, **kwargs)
        self._read = read

    def read(self, value: str) -> float:
        return float(self._read(value, self.name))


class CornersField(StrictStringField):
    """Corners of a polygon, one "latitude, longitude" to a line; its data is a list of pairs."""

    empty: Any = ()

    def read(self, value: str) -> Any:
        lines = [line for line in super().read(value).splitlines() if line.strip()]
        return [_corner(line, number, self.name) for number, line in enumerate(lines, 1)]

    def shown(self, value: Any) -> str:
        return "\n".join(f"{latitude}, {longitude}" for latitude, longitude in value)


class FenceForm(BaseForm):
    """A fence, all of it."""

    name = StrictStringField(lazy_("Name"), max_length=80)
    kind = RadioChoiceField(
        lazy_("Shape"), choices=((CIRCLE, lazy_("Circle")), (POLYGON, lazy_("Polygon"))), default=CIRCLE
    )
    latitude = DegreesField(lazy_("Latitude"), read=parse.latitude)
    longitude = DegreesField(lazy_("Longitude"), read=parse.longitude)
    radius_m = WholeField(lazy_("Radius"), minimum=LEAST_RADIUS_M, maximum=MOST_RADIUS_M, required=False)
    corners = CornersField(lazy_("Corners"), max_length=12_000, multiline=True, required=False)
    colour = RadioChoiceField(lazy_("Colour"), choices=COLOUR_WORDS.items(), default=COLOURS[0])
    on_enter = BooleanField(lazy_("Tell when a vehicle comes"))
    on_leave = BooleanField(lazy_("Tell when a vehicle leaves"))
    dwell_minutes = WholeField(lazy_("Tell when one has stayed for"), minimum=1, maximum=MOST_DWELL_MINUTES,
                               required=False)  # fmt: skip
    speed_limit_kmh = WholeField(lazy_("Speed limit inside"), minimum=5, maximum=250, required=False)

    def fence(self) -> dict[str, Any]:
        """What the command is asked for; raises ParseError at the field that the shape still needs."""
        return {
            "name": self.name.data,
            "shape": self._shape(),
            "colour": self.colour.data,
            "on_enter": self.on_enter.data,
            "on_leave": self.on_leave.data,
            "dwell_minutes": self.dwell_minutes.data,
            "speed_limit_kmh": self.speed_limit_kmh.data,
        }

    def _shape(self) -> dict[str, Any]:
        if self.kind.data == POLYGON:
            if not self.corners.data:
                raise ParseError(_("Draw the corners on the map, or write them here."), "corners")
            return {"kind": POLYGON, "points": [list(corner) for corner in self.corners.data]}
        for field in (self.latitude, self.longitude, self.radius_m):
            if field.data is None:
                raise ParseError(_("Draw the circle on the map, or write it here."), field.name)
        return {
            "kind": CIRCLE,
            "latitude": self.latitude.data,
            "longitude": self.longitude.data,
            "radius_m": self.radius_m.data,
        }


def filled(fence: Geofence) -> dict[str, Any]:
    """A fence as the form holds it."""
    shape = fence.shape
    return {
        "name": fence.name, "kind": shape["kind"], "colour": fence.colour, "on_enter": fence.on_enter,
        "on_leave": fence.on_leave, "dwell_minutes": fence.dwell_minutes, "speed_limit_kmh": fence.speed_limit_kmh,
        "latitude": shape.get("latitude"), "longitude": shape.get("longitude"), "radius_m": shape.get("radius_m"),
        "corners": shape.get("points") or (),
    }  # fmt: skip


def _corner(line: str, number: int, field: str) -> tuple[float, float]:
    try:
        return parse.position(line, field)
    except ParseError:
        said = _("Line %(number)s must be a latitude and a longitude: -1.2921, 36.8219.", number=number)
        raise ParseError(said, field) from None
