"""The fleet desk: the live map and its list, one vehicle's day, for each role, and within their budgets."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.core.clock import local_date, utcnow
from portal.core.db import db
from portal.shared.devices.models import AssetEvent
from portal.trades.fleet.models import DrivingEvent, RejectedFix, VehicleDay
from tests.factories import tracks
from tests.factories.assets import place, room, vehicle
from tests.support.queries import counting

MOST_STATEMENTS = 9


def row_of(page: str, number: str) -> str:
    """The row of one vehicle in the list."""
    return re.search(rf'<tr data-number="{number}".*?</tr>', page, re.DOTALL).group()


def test_an_empty_fleet_says_what_to_do(as_role, fleet):
    page = as_role("dispatcher").get(f"/fleet/{fleet.asset_number}/")
    assert page.status_code == 200
    assert "No vehicles yet" in page.text


def test_the_list_says_where_each_vehicle_is_and_how(as_role, fleet):
    yard = tracks.fence(fleet, "Mombasa Road yard")
    tracks.seen(vehicle(fleet, number="KD01"), moving=True)
    tracks.seen(vehicle(fleet, number="KD02"), inside=[str(yard.id)])
    tracks.seen(vehicle(fleet, number="KD03"), at=utcnow() - timedelta(minutes=40), moving=True)
    vehicle(fleet, number="KD04")
    page = as_role("viewer").get(f"/fleet/{fleet.asset_number}/").text
    assert "Moving" in row_of(page, "KD01")
    assert ">42<" in row_of(page, "KD01")
    assert "-1.29210, 36.82190" in row_of(page, "KD01")
    assert "openstreetmap.org/?mlat=-1.2921" in row_of(page, "KD01"), "a way to the place without JavaScript"
    assert "Standing" in row_of(page, "KD02")
    assert "Mombasa Road yard" in row_of(page, "KD02")
    assert "Silent" in row_of(page, "KD03"), "what it said so long ago is not how it is"
    assert "Never heard" in row_of(page, "KD04")


def test_the_chips_and_the_search_live_in_the_address(as_role, fleet):
    tracks.seen(vehicle(fleet, number="KD01"), moving=True)
    tracks.seen(vehicle(fleet, number="KD02"))
    client = as_role("viewer")
    page = client.get(f"/fleet/{fleet.asset_number}/?state=moving").text
    assert 'data-state="moving">' in row_of(page, "KD01")
    assert 'data-state="standing" hidden>' in row_of(page, "KD02")
    page = client.get(f"/fleet/{fleet.asset_number}/?q=kd02").text
    assert 'data-state="moving" hidden>' in row_of(page, "KD01")
    assert "No vehicle fits these filters" in client.get(f"/fleet/{fleet.asset_number}/?state=lost").text


def test_positions_are_asked_for_as_a_whole_and_then_only_what_changed(as_role, fleet):
    tracks.fence(fleet)
    tracks.seen(vehicle(fleet, number="KD01"), moving=True)
    client = as_role("viewer")
    address = f"/fleet/{fleet.asset_number}/positions.json"
    whole = client.get(address).json
    assert [cells[:5] for cells in whole["vehicles"]] == [["KD01", -1.2921, 36.8219, "moving", 42]]
    assert whole["fences"][0]["shape"]["radius_m"] == 500
    assert whole["counts"]["moving"] == 1
    assert client.get(f"{address}?since={whole['version']}").json["vehicles"] == []
    tracks.seen(vehicle(fleet, number="KD02"))
    later = client.get(f"{address}?since={whole['version']}").json
    assert [cells[0] for cells in later["vehicles"]] == ["KD02"]
    assert "fences" not in later


@pytest.mark.parametrize("since", ["-1", "x", "1e9", "9" * 40, "१", ""])
def test_a_version_nobody_gave_asks_for_everything(as_role, fleet, since):
    tracks.seen(vehicle(fleet, number="KD01"))
    answer = as_role("viewer").get(f"/fleet/{fleet.asset_number}/positions.json?since={since}")
    assert len(answer.json["vehicles"]) == 1


def test_the_trail_of_a_moving_vehicle_is_drawn(as_role, fleet):
    unit = vehicle(fleet, number="KD01")
    tracks.trip(unit, at=utcnow() - timedelta(minutes=10), minutes=9)
    tracks.seen(unit, moving=True)
    trail = as_role("viewer").get(f"/fleet/{fleet.asset_number}/trails.json").json["KD01"]
    assert len(trail) == 11
    assert trail[-1] == [-1.2921, 36.8219]


def test_a_trail_leaves_out_what_nobody_believes(as_role, fleet):
    unit, now = vehicle(fleet, number="KD01"), utcnow()
    tracks.seen(unit, moving=True)
    tracks.said(unit, "location", "-1.6,36.82", at=now - timedelta(minutes=2))
    spike = db.session.scalars(select(AssetEvent).where(AssetEvent.value == "-1.6,36.82")).one()
    db.session.add(RejectedFix(event_id=spike.id, unit_id=unit.id, asset_id=fleet.id, at=spike.at, reason="jump",
                               decided_at=now))  # fmt: skip
    db.session.add(AssetEvent(at=now - timedelta(minutes=1), asset_id=fleet.id, unit_id=unit.id, kind="location",
                              value="-1.7,36.82", quality="x"))  # fmt: skip
    db.session.commit()
    trail = as_role("viewer").get(f"/fleet/{fleet.asset_number}/trails.json").json["KD01"]
    assert trail == [[-1.2921, 36.8219]]


@pytest.mark.parametrize(
    ("sums", "said"), [({"KES": "10.005"}, "10.005 KES"), ({"zzz": "7"}, "7 zzz"), ({"KES": "1E+3"}, r"1E\+3 KES")]
)
def test_a_fare_that_is_no_sum_of_coins_is_shown_as_it_was_said(as_role, fleet, sums, said):
    unit = vehicle(fleet, number="KD01")
    tracks.seen(unit)
    db.session.add(VehicleDay(unit_id=unit.id, asset_id=fleet.id, day=local_date(fleet.timezone),
                              fares={"times": 1, "sums": sums}))  # fmt: skip
    db.session.commit()
    page = as_role("viewer").get(f"/fleet/{fleet.asset_number}/vehicles/KD01")
    assert page.status_code == 200
    assert re.search(said, page.text)


def test_a_retired_vehicle_is_on_no_map(as_role, fleet):
    unit = vehicle(fleet, number="KD01")
    tracks.seen(unit)
    db.session.execute(db.text("update unit set status = 'retired'"))
    db.session.commit()
    assert as_role("viewer").get(f"/fleet/{fleet.asset_number}/positions.json").json["vehicles"] == []


def test_a_driver_does_not_see_where_everybody_is(as_role, fleet):
    client = as_role("driver")
    assert client.get(f"/fleet/{fleet.asset_number}/").status_code == 403
    assert client.get(f"/fleet/{fleet.asset_number}/positions.json").status_code == 403


def test_another_fleet_and_its_vehicles_are_not_there(as_role, fleet):
    other = place("fleet", name="Other Cars")
    vehicle(other, number="XX01")
    client = as_role("owner")
    for path in ("", "positions.json", "trails.json", "vehicles/XX01", "vehicles/XX01/track.json"):
        assert client.get(f"/fleet/{other.asset_number}/{path}").status_code == 404
    assert client.get(f"/fleet/{fleet.asset_number}/vehicles/XX01").status_code == 404


def test_a_room_is_no_vehicle(as_role, fleet):
    room(place(business_id=fleet.business_id), number="101")
    assert as_role("owner").get(f"/fleet/{fleet.asset_number}/vehicles/101").status_code == 404


def test_a_map_of_many_asks_no_more_than_a_map_of_few(as_role, fleet):
    client = as_role("viewer")
    asked = []
    for number in (2, 200):
        tracks.many(place_of(fleet, number), number)
        for path in ("", "positions.json"):
            with counting() as sent:
                assert client.get(f"/fleet/{fleet.asset_number}/{path}").status_code == 200
            asked.append(len(sent))
    assert asked[:2] == asked[2:]
    assert max(asked) <= MOST_STATEMENTS, asked


def place_of(fleet, number):
    """The same place, emptied of the few before the many come."""
    if number > 2:
        for table in ("latest_reading", "vehicle_state"):
            db.session.execute(db.text(f"delete from {table}"))
        db.session.execute(db.text("delete from unit where asset_id = :place"), {"place": fleet.id})
        db.session.commit()
    return fleet


# ---- one vehicle


def day_of(fleet, moment) -> str:
    return str(moment.astimezone(ZoneInfo(fleet.timezone)).date())


def set_off(fleet):
    """Two hours ago, or three where midnight would divide the trip."""
    moment = utcnow() - timedelta(hours=2)
    whole = day_of(fleet, moment) == day_of(fleet, moment + timedelta(hours=1))
    return moment if whole else moment - timedelta(hours=1)


@pytest.fixture
def driven(fleet):
    """A vehicle that went somewhere two hours ago; a fix of it was not believed, and it was too fast."""
    unit = vehicle(fleet, number="KD01")
    begun = set_off(fleet)
    tracks.trip(unit, at=begun)
    tracks.seen(unit)
    tracks.said(unit, "location", "0,0.1", at=begun + timedelta(seconds=30))
    wrong = db.session.execute(db.text("select id, at from asset_event where value = '0,0.1'")).one()
    of_it = {"unit_id": unit.id, "asset_id": fleet.id, "decided_at": begun}
    fast = {"started_at": begun + timedelta(minutes=5), "ended_at": begun + timedelta(minutes=6)}
    db.session.add(RejectedFix(event_id=wrong.id, at=wrong.at, reason="jump", **of_it))
    db.session.add(DrivingEvent(kind="speeding", top_speed_kmh_milli=93_000, limit_kmh=80, **fast, **of_it))
    db.session.commit()
    return unit


def test_a_vehicles_page_tells_its_day(as_role, fleet, driven):
    begun = set_off(fleet)
    page = as_role("viewer").get(f"/fleet/{fleet.asset_number}/vehicles/KD01?day={day_of(fleet, begun)}").text
    assert "12.3 km" in page, "the odometer"
    assert "10 km" in page, "the trip"
    assert "68 km/h" in page
    assert "93 km/h where 80 is allowed" in page
    assert "Too far for the time" in page


def test_the_replay_leaves_out_what_was_not_believed(as_role, fleet, driven):
    begun = set_off(fleet)
    answer = as_role("viewer").get(f"/fleet/{fleet.asset_number}/vehicles/KD01/track.json?day={day_of(fleet, begun)}")
    points = answer.json["points"]
    assert len(points) >= 31
    assert [0.0, 0.1] not in [point[1:] for point in points]
    assert points == sorted(points)


def test_the_table_of_fixes_keeps_what_was_not_believed_and_says_why(as_role, fleet, driven):
    page = as_role("viewer").get(f"/fleet/{fleet.asset_number}/vehicles/KD01/fixes").text
    assert "0, 0.1" in page
    assert page.count("Too far for the time") == 1


def test_a_day_is_a_file(as_role, fleet, driven):
    day = day_of(fleet, set_off(fleet))
    client = as_role("viewer")
    path = f"/fleet/{fleet.asset_number}/vehicles/KD01"
    legs = list(csv.DictReader(io.StringIO(client.get(f"{path}/legs.csv?day={day}").text)))
    assert (legs[0]["what"], legs[0]["distance_m"], legs[0]["top_speed_kmh"]) == ("trip", "10000", "68.5")
    fixes = list(csv.DictReader(io.StringIO(client.get(f"{path}/fixes.csv?day={day}").text)))
    assert [each["reason"] for each in fixes if each["believed"] == "False"] == ["jump"]


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "1969-12-31", "'; drop"])
def test_a_day_nobody_can_read_is_today(as_role, fleet, driven, day):
    path = f"/fleet/{fleet.asset_number}/vehicles/KD01"
    client = as_role("viewer")
    for ending in ("", "/track.json", "/fixes", "/fixes.csv", "/legs.csv", "/panel"):
        assert client.get(f"{path}{ending}", query_string={"day": day}).status_code == 200


def test_the_panel_has_the_controls_of_those_who_may(as_role, fleet, driven):
    path = f"/fleet/{fleet.asset_number}/vehicles/KD01/panel"
    headers = {"HX-Request": "true", "HX-Target": "panel"}
    assert "Ignition off" in as_role("owner").get(path, headers=headers).text
    assert "Ignition off" not in as_role("viewer").get(path, headers=headers).text


def test_a_map_server_is_allowed_only_where_a_map_is(as_role, fleet, app, monkeypatch):
    settings = replace(app.extensions["settings"], map_tile_url="https://{s}.tiles.example/{z}/{x}/{y}.png")
    monkeypatch.setitem(app.extensions, "settings", settings)
    tracks.seen(vehicle(fleet, number="KD01"))
    client = as_role("owner")
    page = client.get(f"/fleet/{fleet.asset_number}/")
    assert "https://*.tiles.example" in page.headers["Content-Security-Policy"]
    assert 'data-tiles="https://{s}.tiles.example/{z}/{x}/{y}.png"' in page.text
    assert "tiles.example" not in client.get(f"/units/{fleet.asset_number}/").headers["Content-Security-Policy"]
