"""Fences as shapes, and watching a vehicle cross them: jitter at the edge is none, a way between two fixes is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, hypot, radians, sqrt
from typing import Any, NamedTuple

from portal.trades.fleet.geo import E7, METRES_PER_E7, Plane, e7, east_of, metres, to_segment

#: So far beyond the edge a vehicle has surely crossed it; nearer, it has to stay for a minute to have come in.
BEYOND_M = 30.0
STAYED = 60_000_000
#: Within this much silence the way between two fixes is taken as straight.
STRAIGHT = 15 * 60_000_000
NEVER = 2**62


class Place(NamedTuple):
    """A believed position of a vehicle at a moment, in microseconds since 1970."""

    t: int
    latitude: int
    longitude: int


class Fence:
    """A circle or a polygon as the watch needs it."""

    __slots__ = ("_box", "_plane", "_points", "_radius", "beyond", "dwell", "from_t", "key", "limit", "until_t")

    def __init__(
        self,
        key: str,
        shape: dict[str, Any],
        *,
        from_t: int = 0,
        until_t: int = NEVER,
        dwell_minutes: int | None = None,
        limit_kmh: int | None = None,
    ) -> None:
        self.key = key
        self.from_t = from_t
        self.until_t = until_t
        self.dwell = dwell_minutes * 60_000_000 if dwell_minutes else None
        self.limit = limit_kmh
        if shape["kind"] == "circle":
            self._plane = Plane(e7(shape["latitude"]), e7(shape["longitude"]))
            self._radius = float(shape["radius_m"])
            self._points: list[tuple[float, float]] = []
            half = self._radius / 2
            reach = (-self._radius, -self._radius, self._radius, self._radius)
        else:
            corners = [(e7(latitude), e7(longitude)) for latitude, longitude in shape["points"]]
            south = min(latitude for latitude, _longitude in corners)
            north = max(latitude for latitude, _longitude in corners)
            self._plane = Plane((south + north) // 2, corners[0][1])
            self._radius = 0.0
            self._points = [self._plane.at(*corner) for corner in corners]
            xs, ys = [x for x, _y in self._points], [y for _x, y in self._points]
            half = area(self._points) / max(1.0, perimeter(self._points))
            reach = (min(xs), min(ys), max(xs), max(ys))
        #: A small fence cannot be entered thirty metres deep.
        self.beyond = min(BEYOND_M, half)
        # far enough out for every decision, and for the earth being round across a wide fence
        slack = BEYOND_M + 10 + 0.02 * (reach[2] - reach[0])
        self._box = (reach[0] - slack, reach[1] - slack, reach[2] + slack, reach[3] + slack)

    def may_touch(self, here: Place, before: Place | None) -> bool:
        """Whether the way from one fix to the next may come near; quick, and wrong only by saying yes."""
        plane, (west, south, east, north) = self._plane, self._box
        y = (here.latitude - plane.latitude) * METRES_PER_E7
        y0 = y if before is None else (before.latitude - plane.latitude) * METRES_PER_E7
        if (y < south and y0 < south) or (y > north and y0 > north):
            return False
        x = east_of(here.longitude, plane.longitude) * plane.east_m
        x0 = x if before is None else east_of(before.longitude, plane.longitude) * plane.east_m
        return not ((x < west and x0 < west) or (x > east and x0 > east))

    def depth(self, latitude: int, longitude: int) -> float:
        """Metres to the edge: more than 0 inside, less outside."""
        if self._radius:
            return self._radius - metres(self._plane.latitude, self._plane.longitude, latitude, longitude)
        x, y = self._plane.at(latitude, longitude)
        inside, nearest, (ax, ay) = False, float("inf"), self._points[-1]
        for bx, by in self._points:
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                inside = not inside
            nearest = min(nearest, to_segment(x, y, ax, ay, bx, by))
            ax, ay = bx, by
        return nearest if inside else -nearest

    def crossings(self, a: Place, b: Place) -> list[float]:
        """Where the straight way from one fix to another crosses the edge, as fractions of it, in order."""
        (ax, ay), (bx, by) = self._ends(a, b)
        dx, dy = bx - ax, by - ay
        if self._radius:
            square, half, rest = dx * dx + dy * dy, ax * dx + ay * dy, ax * ax + ay * ay - self._radius**2
            root = half * half - square * rest
            if square == 0 or root <= 0:
                return []
            both = ((-half - sqrt(root)) / square, (-half + sqrt(root)) / square)
            return [each for each in both if 0 <= each <= 1]
        found, (px, py) = [], self._points[-1]
        for qx, qy in self._points:
            ex, ey = qx - px, qy - py
            cross = dx * ey - dy * ex
            if cross:
                along = ((px - ax) * ey - (py - ay) * ex) / cross
                on_edge = ((px - ax) * dy - (py - ay) * dx) / cross
                if 0 <= along <= 1 and 0 <= on_edge < 1:
                    found.append(along)
            px, py = qx, qy
        return sorted(found)

    def _ends(self, a: Place, b: Place) -> tuple[tuple[float, float], tuple[float, float]]:
        if not self._radius:
            return self._plane.at(a.latitude, a.longitude), self._plane.at(b.latitude, b.longitude)
        # a circle may be wide: flatten where the vehicle is, not where the middle is
        scale = METRES_PER_E7 * cos(radians((a.latitude + b.latitude) / 2 / E7))
        middle = self._plane
        return (
            (east_of(a.longitude, middle.longitude) * scale, (a.latitude - middle.latitude) * METRES_PER_E7),
            (east_of(b.longitude, middle.longitude) * scale, (b.latitude - middle.latitude) * METRES_PER_E7),
        )


#: Told of every crossing: the fence, "enter", "leave" or "dwell", and the moment.
Tell = Callable[[Fence, str, int], None]
#: What is remembered of one fence: inside (1 or 0), when it came in, when it last crossed the edge towards where it
#: is now without being believed yet (None: it did not), whether it has stayed as long as the fence asks (1 or 0).
Memory = list[Any]


def watch(
    fences: Sequence[Fence], known: dict[str, Memory], before: Place | None, here: Place, leap: bool, tell: Tell
) -> None:
    """Judge one more believed position by every fence; `known` remembers only those it is in or at the edge of."""
    for fence in fences:
        memory = known.get(fence.key)
        if not fence.from_t <= here.t < fence.until_t:
            if memory is not None and here.t >= fence.until_t:
                del known[fence.key]
            continue
        if memory is None and not fence.may_touch(here, before):
            continue
        depth = fence.depth(here.latitude, here.longitude)
        if before is None or before.t < fence.from_t:
            # seen by this fence for the first time: where it is already, it has not just come to
            known.pop(fence.key, None)
            if depth > 0:
                known[fence.key] = [1, here.t, None, 0]
        elif memory is not None and memory[0]:
            _inside(fence, known, memory, before, here, depth, tell)
        else:
            _outside(fence, known, memory, before, here, depth, leap, tell)


def _inside(
    fence: Fence, known: dict[str, Memory], memory: Memory, before: Place, here: Place, depth: float, tell: Tell
) -> None:
    left = None
    if depth > 0:
        memory[2] = None
    else:
        if memory[2] is None:
            memory[2] = _edge(fence, before, here, depth)
        if depth <= -BEYOND_M:
            left = max(memory[1], memory[2])
    stayed_till = here.t if left is None else left
    if fence.dwell and not memory[3] and stayed_till - memory[1] >= fence.dwell:
        memory[3] = 1
        tell(fence, "dwell", memory[1] + fence.dwell)
    if left is not None:
        del known[fence.key]
        tell(fence, "leave", left)


def _outside(
    fence: Fence,
    known: dict[str, Memory],
    memory: Memory | None,
    before: Place,
    here: Place,
    depth: float,
    leap: bool,
    tell: Tell,
) -> None:
    if depth > 0:
        edge = memory[2] if memory is not None else _edge(fence, before, here, depth)
        if depth >= fence.beyond or here.t - edge >= STAYED:
            known[fence.key] = memory = [1, edge, None, 0]
            tell(fence, "enter", edge)
            if fence.dwell and here.t - edge >= fence.dwell:
                memory[3] = 1
                tell(fence, "dwell", edge + fence.dwell)
        else:
            known[fence.key] = [0, None, edge, 0]
        return
    known.pop(fence.key, None)
    if leap or here.t - before.t > STRAIGHT:
        return
    through = fence.crossings(before, here)
    if len(through) >= 2:
        middle = _between(before, here, (through[0] + through[-1]) / 2)
        if fence.depth(middle.latitude, middle.longitude) >= fence.beyond:
            tell(fence, "enter", _between(before, here, through[0]).t)
            tell(fence, "leave", _between(before, here, through[-1]).t)


def _edge(fence: Fence, before: Place, here: Place, depth: float) -> int:
    """When the edge was last crossed on the way to where the vehicle is now."""
    if (fence.depth(before.latitude, before.longitude) > 0) == (depth > 0):
        return before.t
    through = fence.crossings(before, here)
    return _between(before, here, through[-1]).t if through else here.t


def _between(a: Place, b: Place, fraction: float) -> Place:
    return Place(
        a.t + round((b.t - a.t) * fraction),
        a.latitude + round((b.latitude - a.latitude) * fraction),
        a.longitude + round(east_of(b.longitude, a.longitude) * fraction),
    )


def area(points: Sequence[tuple[float, float]]) -> float:
    """What a polygon encloses, in square metres."""
    total, (ax, ay) = 0.0, points[-1]
    for bx, by in points:
        total += ax * by - bx * ay
        ax, ay = bx, by
    return abs(total) / 2


def perimeter(points: Sequence[tuple[float, float]]) -> float:
    """How long its edge is, in metres."""
    return sum(hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True))


def crosses_itself(points: Sequence[tuple[float, float]]) -> bool:
    """Whether two edges of a polygon meet anywhere but at a corner they share."""
    edges = list(zip(points, [*points[1:], points[0]], strict=True))
    last = len(edges) - 1
    return any(
        _meet(*edges[one], *edges[other])
        for one in range(len(edges))
        for other in range(one + 2, len(edges))
        if not (one == 0 and other == last)
    )


def _meet(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> bool:
    def side(p: tuple[float, float], q: tuple[float, float], r: tuple[float, float]) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    def between(p: tuple[float, float], q: tuple[float, float], r: tuple[float, float]) -> bool:
        return min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])

    one, two, three, four = side(c, d, a), side(c, d, b), side(a, b, c), side(a, b, d)
    if one * two < 0 and three * four < 0:
        return True
    return (
        (one == 0 and between(c, d, a))
        or (two == 0 and between(c, d, b))
        or (three == 0 and between(a, b, c))
        or (four == 0 and between(a, b, d))
    )
