"""The live map of 1,000 vehicles and the history of one with 1,000,000 fixes: server time, and script per update."""

from __future__ import annotations

import contextvars
import statistics
from http.client import HTTPConnection
from typing import Any

from playwright.sync_api import sync_playwright
from sqlalchemy import text

from bench.ground import Ground
from bench.pages import median, served
from bench.twins import logged
from portal.core.db import db
from portal.shared.assets.models import Asset, Unit
from tests.factories import assets as factories
from tests.factories import identity as people
from tests.factories import tracks
from tests.support import browsers

VEHICLES = 1_000
FIXES = 1_000_000
UPDATES = 60
PAGE_MS, HISTORY_MS, SCRIPT_MS = 100, 150, 16

#: Feeds the page what a server would say each second when everybody moves, and answers how long its script took.
FEED = """
async (updates) => {
  const { vehicles } = await (await fetch(document.getElementById("fleet").dataset.positions)).json();
  performance.clearMeasures("fleet.update");
  for (let n = 0; n < updates; n += 1) {
    for (const cells of vehicles) {
      cells[1] += 0.0002 * Math.sin(cells[0].length + n);
      cells[2] += 0.0002;
      cells[3] = (n + cells[0].charCodeAt(4)) % 20 ? "moving" : "standing";
      cells[4] = Math.round(40 + 30 * Math.sin(n));
    }
    window.fleetUpdate({ version: n, vehicles: vehicles.map((cells) => [...cells]) });
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 30)));
  }
  return performance.getEntriesByName("fleet.update").map(({ duration }) => duration);
}
"""


def run(ground: Ground) -> None:
    """Prints the median of each page beside its goal, and the script of an update in a real browser."""
    app = ground.app
    client = app.test_client()
    place = factories.place("fleet", name="Swift Cars")
    tracks.many(place, VEHICLES)
    unit = far_travelled(place)
    ground.analyze()
    people.sign_in(client, people.member(place))
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    desk, one = f"/fleet/{place.asset_number}", f"/fleet/{place.asset_number}/vehicles/{unit.number}"
    pages = {
        f"map and list, {VEHICLES:,} vehicles": (f"{desk}/", PAGE_MS),
        "positions.json, all of them": (f"{desk}/positions.json", PAGE_MS),
        f"a vehicle's day, {FIXES:,} fixes": (one, HISTORY_MS),
        "its track.json": (f"{one}/track.json", HISTORY_MS),
        "its fixes, first page": (f"{one}/fixes", HISTORY_MS),
        "its trips": (f"{desk}/trips?vehicle={unit.number}", HISTORY_MS),
    }
    with served(app) as connection:
        for name, (path, goal) in pages.items():
            with logged(app) as sent:
                answer = contextvars.Context().run(client.get, path)
            assert answer.status_code == 200, (path, answer.status_code)
            took = median(connection, path, f"{cookie.key}={cookie.value}")
            print(
                f"  {name:34} p50 {took:6.1f} ms, goal {goal} ms  {len(sent):2} statements"
                f"  {len(answer.data) / 1024:5.0f} kB"
            )
        in_a_browser(connection, f"{desk}/", cookie)


def in_a_browser(connection: HTTPConnection, path: str, cookie: Any) -> None:
    """The script of each update, as the browser's own clock has it."""
    where = f"http://{connection.host}:{connection.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.chromium(), args=browsers.ARGUMENTS)
        context = browser.new_context(base_url=where, viewport={"width": 1366, "height": 768})
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": where}])
        page = context.new_page()
        page.goto(path)
        page.wait_for_selector("#fleet[data-ready]")
        took = sorted(page.evaluate(FEED, UPDATES))
        browser.close()
    print(
        f"  script of an update, all {VEHICLES:,} moved  p50 {statistics.median(took):6.1f} ms,"
        f" p95 {took[int(len(took) * 0.95)]:.1f} ms, most {took[-1]:.1f} ms, goal {SCRIPT_MS} ms"
    )


def far_travelled(place: Asset) -> Unit:
    """A vehicle that told its position every three seconds for five weeks."""
    unit = factories.vehicle(place, number="FAR01")
    db.session.execute(
        text(
            "insert into asset_event (id, at, asset_id, unit_id, kind, value, quality)"
            " select gen_random_uuid(), clock_timestamp() - make_interval(secs => n * 3), :place, :unit, 'location',"
            " round((-1.29 + 0.05 * sin(n / 900.0))::numeric, 6) || ',' ||"
            " round((36.82 + 0.05 * cos(n / 900.0))::numeric, 6), 'd' from generate_series(1, :fixes) n"
        ),
        {"place": place.id, "unit": unit.id, "fixes": FIXES},
    )
    db.session.execute(
        text(
            "insert into trip (id, unit_id, asset_id, started_at, ended_at, start_latitude_e7, start_longitude_e7,"
            " end_latitude_e7, end_longitude_e7, distance_mm, moving_seconds, top_speed_kmh_milli, decided_at)"
            " select gen_random_uuid(), :unit, :place, at, at + interval '40 minutes', -12921000, 368219000,"
            " -12621000, 368719000, 12000000, 2300, 71000, at + interval '45 minutes'"
            " from generate_series(1, 800) n, lateral (select clock_timestamp() - n * interval '1 hour' as at) moment"
        ),
        {"place": place.id, "unit": unit.id},
    )
    db.session.commit()
    tracks.seen(unit)
    return unit
