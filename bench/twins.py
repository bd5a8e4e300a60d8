"""Two equal databases: one for the product, one for a bare loop that replays the product's own statements."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
from flask import Flask
from psycopg2 import extras
from sqlalchemy import create_engine, event, make_url, text

from bench.ground import Ground
from config import plain_postgres_url
from portal import create_app
from portal.core.db import db
from portal.runtime.postgres import ADMIN

Statements = list[tuple[str, Any]]
extras.register_uuid()


@contextmanager
def copy_of(ground: Ground, name: str) -> Iterator[Flask]:
    """A portal on a copy of the ground's database as it is now; the copy is gone afterwards."""
    db.session.remove()  # in the ground's own context: a template may have no visitor
    db.engine.dispose()
    settings = ground.app.extensions["settings"]
    owner = make_url(settings.database_owner_url)
    server = create_engine(owner.set(username=ADMIN, database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'create database "{name}" template "{owner.database}" strategy wal_log'))
        connection.execute(text(f'grant all on database "{name}" to public'))
        connection.execute(text("checkpoint"))
    url = make_url(settings.database_url).set(database=name).render_as_string(hide_password=False)
    app = create_app(replace(settings, database_url=url))
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        with server.connect() as connection:
            connection.execute(text(f'drop database "{name}" with (force)'))
        server.dispose()


def in_threads(threads: int, work: Sequence[Any], do: Callable[[Any], object], app: Flask | None = None) -> float:
    """How many pieces a second get done by so many hands, each in an app context of its own."""
    queue = list(reversed(work))

    def hand() -> None:
        while True:
            try:
                piece = queue.pop()
            except IndexError:
                return
            if app is None:
                do(piece)
            else:
                with app.app_context():
                    do(piece)

    hands = [threading.Thread(target=hand) for _n in range(threads)]
    began = time.perf_counter()
    for each in hands:
        each.start()
    for each in hands:
        each.join()
    return len(work) / (time.perf_counter() - began)


@contextmanager
def logged(app: Flask) -> Iterator[Statements]:
    """Every statement the product sends, as the driver gets it."""
    seen: Statements = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, parameters))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def replayed(app: Flask, threads: int, logs: Sequence[Statements]) -> float:
    """Commands a second when a bare psycopg2 loop sends the same statements, one commit for each command."""
    dsn = plain_postgres_url(app.config["SQLALCHEMY_DATABASE_URI"])
    own = threading.local()
    opened = []

    def send(statements: Statements) -> None:
        if not hasattr(own, "connection"):
            own.connection = psycopg2.connect(dsn)
            opened.append(own.connection)
        with own.connection.cursor() as cursor:
            for statement, parameters in statements:
                for each in parameters if isinstance(parameters, list) else [parameters]:
                    cursor.execute(statement, each)
                    if cursor.description:
                        cursor.fetchall()
        own.connection.commit()

    rate = in_threads(threads, logs, send)
    for connection in opened:
        connection.close()
    return rate


def by_pgbench(app: Flask, hands: int, logs: Sequence[Statements]) -> float | None:
    """The same once more in pgbench's form: each hand a script of its share, no Python; None where it is missing."""
    program = shutil.which("pgbench")
    if program is None:
        return None
    dsn = plain_postgres_url(app.config["SQLALCHEMY_DATABASE_URI"])
    with tempfile.TemporaryDirectory() as folder, psycopg2.connect(dsn) as connection:
        command = [program, "-n", "-c", "1", "-t", "1", "-f"]
        scripts = []
        for hand in range(hands):
            scripts.append(Path(folder) / f"{hand}.sql")
            scripts[-1].write_text("".join(_as_script(connection, log) for log in logs[hand::hands]))
        connection.rollback()
        running = [subprocess.Popen([*command, str(each), dsn], stdout=subprocess.PIPE, text=True) for each in scripts]
        said = [each.communicate()[0] for each in running]
    # one script is one transaction to pgbench; reading it takes longer than running it, and is not counted
    rates = [float(found[1]) for each in said if (found := re.search(r"tps = ([\d.]+) \(without", each))]
    assert len(rates) == hands, said
    return sum(rate * len(logs[hand::hands]) for hand, rate in enumerate(rates))


def _as_script(connection: Any, statements: Statements) -> str:
    with connection.cursor() as cursor:
        lines = [
            " ".join(cursor.mogrify(statement, each).decode().split())
            for statement, parameters in statements
            for each in (parameters if isinstance(parameters, list) else [parameters])
        ]
    return "".join(f"{line};\n" for line in ["begin", *lines, "commit"])
