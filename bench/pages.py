"""The boards of 500 rooms with a month of events, beside bare views of the same app: a SELECT and Jinja, signed in."""

from __future__ import annotations

import contextvars
import multiprocessing
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

from flask import Flask, render_template
from sqlalchemy import text

from bench.ground import Ground
from bench.twins import logged
from portal.core.db import db
from portal.runtime.checks import web_answers
from portal.runtime.process import free_port, wait_until
from portal.shared.assets.models import Asset
from portal.web.guards import current_user, public, signed_in
from run import serve_web
from tests.factories import assets as factories
from tests.factories import identity as people

ROOMS = 500
ROUNDS = 110
BARE_ROWS = 20


def run(ground: Ground) -> None:
    """Prints median times over HTTP at one connection, and how many statements each page needs."""
    app = ground.app
    bare_view(app)
    client = app.test_client()
    place = prepare()
    ground.analyze()
    people.sign_in(client, people.member(place))
    number = place.asset_number
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    pages = {
        "bare page, signed in": "/bench/bare/in",
        "bare page": "/bench/bare",
        "payments list": f"/payments/{number}/",
        f"units board, {ROOMS} rooms": f"/units/{number}/",
    }
    with served(app) as connection:
        bare = 0.0
        for name, path in pages.items():
            with logged(app) as sent:
                answer = contextvars.Context().run(client.get, path)
            assert answer.status_code == 200, (path, answer.status_code)
            took = median(connection, path, f"{cookie.key}={cookie.value}")
            bare = bare or took
            size = len(answer.data) / 1024
            print(
                f"  {name:24} p50 {took:6.1f} ms  {took / bare:5.1f} x bare  {len(sent):2} statements  {size:4.0f} kB"
            )


def median(connection: HTTPConnection, path: str, cookie: str) -> float:
    """Milliseconds, the middle of many."""
    taken = []
    for _n in range(ROUNDS):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (path, answer.status)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[10:])


@contextmanager
def served(app: Flask) -> Iterator[HTTPConnection]:
    """One kept connection to the app behind the product's own server."""
    settings = replace(app.extensions["settings"], host="127.0.0.1", port=free_port(), web_workers=1)
    db.session.remove()
    db.engine.dispose()
    server = multiprocessing.get_context("fork").Process(target=serve_web, args=(app, settings))
    server.start()
    try:
        assert wait_until(lambda: web_answers(settings.host, settings.port), 20)
        connection = HTTPConnection(settings.host, settings.port)
        yield connection
        connection.close()
    finally:
        server.terminate()
        server.join(15)


def prepare() -> Asset:
    """A hotel of many rooms, each with ten readings a day for a month, and what it said last."""
    place = factories.place()
    for _n in range(ROOMS):
        factories.room(place)
    db.session.execute(
        text(
            "insert into asset_event (id, at, asset_id, unit_id, kind, value)"
            " select gen_random_uuid(), clock_timestamp() - make_interval(mins => n * 144), asset_id, id,"
            " (array['occupancy', 'electricity', 'access'])[1 + n % 3],"
            " (array['1', 'on', 'locked'])[1 + n % 3] from unit, generate_series(1, 300) n where asset_id = :place"
        ),
        {"place": place.id},
    )
    db.session.execute(
        text(
            "insert into latest_reading (unit_id, kind, value, at, event_id)"
            " select distinct on (unit_id, kind) unit_id, kind, value, at, id from asset_event"
            " where asset_id = :place order by unit_id, kind, at desc"
        ),
        {"place": place.id},
    )
    db.session.commit()
    return place


def bare_view(app: Flask) -> None:
    """A list without rights, menu, filters or words: for anybody, and for somebody who signed in."""
    rows = text("select number, status, price, expires_at from unit order by id limit :n")
    template = app.jinja_env.from_string(
        "<!doctype html><html lang=en><title>Bare</title><p>{{ who }}, {{ total }}<table>{% for r in rows %}<tr><td>"
        "{{ r.number }}<td>{{ r.status }}<td>{{ r.price }}<td>{{ r.expires_at }}{% endfor %}</table></html>"
    )

    @public
    def show() -> Any:
        found = db.session.execute(rows, {"n": BARE_ROWS}).all()
        return render_template(template, rows=found, who="", total="")

    @signed_in
    def show_signed_in() -> Any:
        found = db.session.execute(rows, {"n": BARE_ROWS}).all()
        total = db.session.scalar(text("select count(*) from unit"))
        return render_template(template, rows=found, who=current_user.user.email, total=total)

    app.add_url_rule("/bench/bare", "bench_bare", show)
    app.add_url_rule("/bench/bare/in", "bench_bare_in", show_signed_in)
