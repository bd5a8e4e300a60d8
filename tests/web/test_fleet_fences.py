"""Fences, trips and papers at the fleet desk: drawn, typed, refused in words, taken back."""

import csv
import html
import io
import math
import re
from datetime import timedelta

import pytest

from portal.core.clock import utcnow
from portal.core.db import db
from portal.trades.fleet.models import Geofence, Vehicle
from tests.factories import tracks
from tests.factories.assets import place, vehicle

CIRCLE = {"name": "Yard", "kind": "circle", "latitude": "-1.2921", "longitude": "36.8219", "radius_m": "300",
          "colour": "#2563eb"}  # fmt: skip
CORNERS = "-1.31, 36.91\n-1.31, 36.94\n-1.34, 36.94"


def draw(client, fleet, **changes):
    return client.post(f"/fleet/{fleet.asset_number}/fences/new", data=CIRCLE | changes)


def drawn() -> list[Geofence]:
    db.session.expire_all()
    return list(db.session.scalars(db.select(Geofence).order_by(Geofence.name)))


def test_no_fences_yet_says_what_they_are_for(as_role, fleet):
    assert "No fences yet" in as_role("viewer").get(f"/fleet/{fleet.asset_number}/fences").text


def test_a_circle_typed_into_the_fields_is_a_fence(as_role, fleet):
    client = as_role("dispatcher")
    assert draw(client, fleet, on_enter="y", dwell_minutes="20").status_code == 303
    (fence,) = drawn()
    assert fence.shape == {"kind": "circle", "latitude": -1.2921, "longitude": 36.8219, "radius_m": 300}
    page = client.get(f"/fleet/{fleet.asset_number}/fences").text
    assert "Circle, 300 m" in page
    assert "Coming, staying 20 min" in page


def test_a_polygon_is_one_corner_to_a_line(as_role, fleet):
    client = as_role("dispatcher")
    assert draw(client, fleet, kind="polygon", corners=CORNERS, speed_limit_kmh="30").status_code == 303
    (fence,) = drawn()
    assert fence.shape["points"] == [[-1.31, 36.91], [-1.31, 36.94], [-1.34, 36.94]]
    page = client.get(f"/fleet/{fleet.asset_number}/fences").text
    assert "Polygon, 3 corners" in page
    assert "30 km/h" in page
    assert "-1.31, 36.91" in client.get(f"/fleet/{fleet.asset_number}/fences/{fence.id}").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Enter the name."),
        ({"name": "x" * 81}, "Use at most 80 characters."),
        ({"latitude": ""}, "Draw the circle on the map, or write it here."),
        ({"latitude": "91"}, "latitude"),
        ({"longitude": "east"}, "longitude"),
        ({"radius_m": "19"}, "20"),
        ({"radius_m": "1e3"}, "whole number"),
        ({"kind": "square"}, "Choose one from the list."),
        ({"colour": "red"}, "Choose one from the list."),
        ({"kind": "polygon", "corners": ""}, "Draw the corners on the map, or write them here."),
        ({"kind": "polygon", "corners": "-1.31, 36.91\nhere"}, "Line 2 must be a latitude and a longitude"),
        ({"kind": "polygon", "corners": "1,2\n1,3"}, "A polygon has from 3 to 200 corners."),
        ({"kind": "polygon", "corners": "0,1\n1,2\n0,2\n1,1"}, "The edge crosses itself."),
        ({"dwell_minutes": "0"}, "1"),
        ({"speed_limit_kmh": "٣٠"}, "whole number"),
        ({"speed_limit_kmh": "400"}, "250"),
    ],
)
def test_what_encloses_nothing_is_refused_in_words_and_stays_in_the_boxes(as_role, fleet, changes, sentence):
    refused = draw(as_role("manager"), fleet, **changes)
    assert refused.status_code == 422
    assert sentence in html.unescape(refused.text)
    assert drawn() == []
    for typed in changes.values():
        assert typed in html.unescape(refused.text) or typed in ("square", "red")


def test_two_fences_of_one_name_are_told_apart(as_role, fleet):
    client = as_role("manager")
    draw(client, fleet)
    refused = draw(client, fleet)
    assert refused.status_code == 422
    assert "There is a fence of this name here already." in refused.text


def test_a_changed_fence_can_be_changed_back(as_role, fleet):
    client = as_role("manager")
    draw(client, fleet, on_leave="y")
    address = f"/fleet/{fleet.asset_number}/fences/{drawn()[0].id}"
    assert client.post(address, data=CIRCLE | {"radius_m": "900"}).status_code == 303
    assert (drawn()[0].shape["radius_m"], drawn()[0].on_leave) == (900, False)
    undo = undone(client.get(f"/fleet/{fleet.asset_number}/fences").text)
    assert client.post(undo.pop("to"), data=undo).status_code == 303
    assert (drawn()[0].shape["radius_m"], drawn()[0].on_leave) == (300, True)


def test_a_retired_fence_is_watched_no_more_and_can_be_drawn_again(as_role, fleet):
    client = as_role("manager")
    draw(client, fleet, on_enter="y")
    client.post(f"/fleet/{fleet.asset_number}/fences/{drawn()[0].id}/retire")
    page = client.get(f"/fleet/{fleet.asset_number}/fences").text
    assert "No fences yet" in page
    undo = undone(page)
    assert client.post(undo.pop("to"), data=undo).status_code == 303
    assert [(each.active, each.on_enter) for each in drawn()] == [(False, True), (True, True)]


def test_a_long_polygon_is_taken_back_without_travelling_in_a_cookie(as_role, fleet):
    client = as_role("manager")
    corners = "\n".join(
        f"{-1.3 + 0.02 * math.cos(turn / 100 * math.pi):.7f}, {36.8 + 0.02 * math.sin(turn / 100 * math.pi):.7f}"
        for turn in range(200)
    )
    client.post(f"/fleet/{fleet.asset_number}/fences/new", data=CIRCLE | {"kind": "polygon", "corners": corners})
    before = drawn()[0].shape
    saved = client.post(f"/fleet/{fleet.asset_number}/fences/{drawn()[0].id}", data=CIRCLE)
    assert all(len(cookie) < 1_000 for cookie in saved.headers.getlist("Set-Cookie"))
    undo = undone(client.get(f"/fleet/{fleet.asset_number}/fences").text)
    assert client.post(undo.pop("to"), data=undo).status_code == 303
    assert drawn()[0].shape == before


def test_a_fence_nobody_changed_has_nothing_to_take_back(as_role, fleet):
    client = as_role("manager")
    draw(client, fleet)
    refused = client.post(f"/fleet/{fleet.asset_number}/fences/{drawn()[0].id}/undo")
    assert refused.status_code == 409
    assert "was not changed since it was drawn" in refused.text


def undone(page: str) -> dict[str, str]:
    """The form behind Undo, and where it goes."""
    form = re.search(r'<form[^>]*action="([^"]+)"[^>]*>((?:(?!</form>).)*Undo.*?)</form>', page, re.DOTALL)
    fields = re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', form.group(2))
    return {name: html.unescape(value) for name, value in fields} | {"to": form.group(1)}


def test_those_who_only_look_draw_nothing(as_role, fleet):
    client = as_role("viewer")
    assert draw(client, fleet).status_code == 403
    assert client.get(f"/fleet/{fleet.asset_number}/fences/new").status_code == 403


def test_a_fence_of_another_place_is_not_there(as_role, fleet):
    other = tracks.fence(place("fleet", name="Other Cars"), "Theirs")
    client = as_role("owner")
    for method, path in (("get", ""), ("post", ""), ("post", "/retire"), ("post", "/undo")):
        address = f"/fleet/{fleet.asset_number}/fences/{other.id}{path}"
        assert getattr(client, method)(address).status_code == 404
    assert "Theirs" not in client.get(f"/fleet/{fleet.asset_number}/fences").text


# ---- trips


def test_trips_are_listed_and_filtered_by_vehicle_and_day(as_role, fleet):
    begun = utcnow() - timedelta(days=3)
    for number, at in (("KD01", begun), ("KD02", begun - timedelta(days=5))):
        tracks.trip(vehicle(fleet, number=number), at=at)
    client = as_role("viewer")
    address = f"/fleet/{fleet.asset_number}/trips"
    whole = rows(client.get(address).text)
    assert "KD01" in whole
    assert "KD02" in whole
    assert "68 km/h" in whole
    assert "KD02" not in rows(client.get(f"{address}?vehicle=KD01").text)
    since = (begun - timedelta(days=1)).date()
    assert "KD02" not in rows(client.get(f"{address}?from={since}").text)
    assert "KD01" not in rows(client.get(f"{address}?to={since}").text)
    assert "No trips fit these filters" in client.get(f"{address}?from=9998-12-30").text
    assert "KD01" in rows(client.get(f"{address}?from=yesterday&driver=7x&vehicle=nobody").text), "filters nothing"


def rows(page: str) -> str:
    return page[page.index("<tbody>") : page.index("</tbody>")]


def test_trips_are_a_file(as_role, fleet):
    tracks.trip(vehicle(fleet, number="KD01"))
    found = as_role("viewer").get(f"/fleet/{fleet.asset_number}/trips.csv")
    (line,) = csv.DictReader(io.StringIO(found.text))
    assert (line["vehicle"], line["distance_m"], line["top_speed_kmh"]) == ("KD01", "10000", "68.5")


# ---- papers


def test_the_papers_of_a_vehicle_are_written_and_taken_back(as_role, fleet):
    vehicle(fleet, number="KD01")
    client = as_role("dispatcher")
    address = f"/fleet/{fleet.asset_number}/vehicles/KD01"
    assert (
        client.post(f"{address}/details", data={"make": "Toyota", "model": "Hiace", "seats": "14"}).status_code == 303
    )
    page = client.get(address).text
    assert "Toyota Hiace" in page
    undo = undone(page)
    client.post(undo.pop("to"), data=undo)
    db.session.expire_all()
    assert db.session.scalars(db.select(Vehicle)).one().make is None


def test_the_odometer_shows_what_the_dashboard_shows(as_role, fleet):
    tracks.seen(vehicle(fleet, number="KD01"))
    client = as_role("dispatcher")
    address = f"/fleet/{fleet.asset_number}/vehicles/KD01"
    refused = client.post(f"{address}/odometer", data={"kilometres": "84200", "reason": ""})
    assert refused.status_code == 422
    assert "Enter the reason." in refused.text
    assert client.post(f"{address}/odometer", data={"kilometres": "84200", "reason": "New tracker"}).status_code == 303
    assert "84,200 km" in client.get(address).text


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("seats", "0", "1"),
        ("seats", "many", "whole number"),
        ("year", "1492", "Write the year it was built with four digits."),
        ("speed_limit_kmh", "1", "5"),
        ("make", "x" * 61, "Use at most 60 characters."),
        ("note", "a\0b", "cannot be stored"),
    ],
)
def test_papers_that_cannot_be_are_refused(as_role, fleet, field, typed, sentence):
    vehicle(fleet, number="KD01")
    refused = as_role("manager").post(f"/fleet/{fleet.asset_number}/vehicles/KD01/details", data={field: typed})
    assert refused.status_code == 422
    assert sentence in refused.text
