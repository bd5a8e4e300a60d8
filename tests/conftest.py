"""The fixtures every test stands on."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import event, text

os.environ.setdefault("PORTAL_LOCK_ORDER", "strict")
SERVER = os.environ.get("PORTAL_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    from flask_migrate import upgrade

    from config import Settings
    from portal import create_app

    name = f"portal_test_{os.getpid()}"
    admin = psycopg2.connect(SERVER)
    admin.autocommit = True
    admin.cursor().execute(f"drop database if exists {name} with (force)")
    admin.cursor().execute(f"create database {name}")
    url = SERVER.rsplit("/", 1)[0] + "/" + name
    var = tmp_path_factory.mktemp("var")
    settings = Settings.from_env(
        {"DATABASE_URL": url, "SECRET_KEY": "t" * 40, "VAR_DIR": str(var), "RATELIMIT_ENABLED": "0", "DEMO": "0"}
    )
    portal = create_app(settings)
    portal.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with portal.app_context():
        upgrade(directory=str(Path(__file__).resolve().parents[1] / "migrations"))
    yield portal
    from portal.core.db import db

    with portal.app_context():
        db.session.remove()
        db.engine.dispose()
    admin.cursor().execute(f"drop database if exists {name} with (force)")
    admin.close()


@pytest.fixture
def committed(app):
    """Real commits; everything is emptied afterwards."""
    from portal.core.db import db

    with app.app_context():
        yield db.session
        db.session.rollback()
        tables = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
        with db.engine.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            connection.execute(text(f"truncate {tables} restart identity cascade"))
        db.session.remove()


@pytest.fixture
def session(committed):
    return committed


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def count_queries(app):
    """`with count_queries() as queries: ...; len(queries)`."""
    from portal.core.db import db

    @contextmanager
    def counting():
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting
