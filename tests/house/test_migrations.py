"""Migrations are numbered, go up, down and up again, and end where the models are."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from config import Settings
from portal import create_app
from portal.core.db import db

pytestmark = pytest.mark.database
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@pytest.fixture
def scratch(app, tmp_path):
    """An app on an empty database of its own."""
    with app.app_context():
        here = db.engine.url
    server = create_engine(here, isolation_level="AUTOCOMMIT")
    name = f"{here.database}_scratch"
    with server.connect() as connection:
        connection.execute(text(f'drop database if exists "{name}" with (force)'))
        connection.execute(text(f'create database "{name}" template template0'))
    url = here.set(database=name).render_as_string(hide_password=False)
    settings = Settings.from_env({"DATABASE_URL": url, "SECRET_KEY": "t" * 40, "VAR_DIR": str(tmp_path), "DEMO": "0"})
    portal = create_app(settings)
    with portal.app_context():
        yield portal
        db.session.remove()
        db.engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f'drop database "{name}" with (force)'))
    server.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_up_down_up_and_equal_to_the_models(scratch):
    where = str(MIGRATIONS)
    upgrade(directory=where)
    first = tables()
    downgrade(directory=where, revision="base")
    assert tables() == set()
    upgrade(directory=where)
    assert tables() == first
    check(directory=where)


def test_the_portals_own_role_can_neither_change_tables_nor_history(scratch):
    """With DATABASE_OWNER_URL set, migrations run as the owner and the portal connects as somebody smaller."""
    owner = db.engine.url.render_as_string(hide_password=False)
    role = f"portal_small_{db.engine.url.database[-20:]}"
    with db.engine.begin() as connection:
        connection.execute(text(f'create role "{role}" login'))
    small = db.engine.url.set(username=role).render_as_string(hide_password=False)
    settings = scratch.extensions["settings"]
    scratch.extensions["settings"] = replace(settings, database_url=small, database_owner_url=owner)
    upgrade(directory=str(MIGRATIONS))
    engine = create_engine(small)

    def may(statement: str) -> bool:
        try:
            with engine.begin() as connection:
                connection.execute(text(statement))
        except ProgrammingError as error:
            if error.orig.pgcode != "42501":
                raise
            return False
        return True

    entry = "insert into audit_entry (actor_kind, actor_name, action, subject_type) values ('user', 'a', 'b', 'c')"
    try:
        assert may(entry)
        assert may("select * from audit_entry")
        assert may("delete from idempotency_key")
        assert may("select make_event_partitions('2031-01-01', 1)")
        assert may("select make_event_partitions('2020-01-01', 0)")
        assert not may("drop table asset_event_p2020_01")
        assert may("select drop_event_partition('2020-01-01')")
        assert not may("update audit_entry set reason = 'x'")
        assert not may("delete from audit_entry")
        assert not may("truncate audit_entry cascade")
        assert not may("alter table audit_entry disable trigger all")
        assert not may("create table mine (id int)") or int(engine.dialect.server_version_info[0]) < 15
        assert not may("update alembic_version set version_num = '0'")
    finally:
        engine.dispose()
        with db.engine.begin() as connection:
            connection.execute(text(f'drop owned by "{role}"'))
            connection.execute(text(f'drop role "{role}"'))


def test_migrations_are_numbered_one_after_the_other():
    files = sorted((MIGRATIONS / "versions").glob("*.py"))
    numbers = [re.match(r"(\d{4})_", path.name).group(1) for path in files]
    assert numbers == [f"{n:04d}" for n in range(1, len(files) + 1)]
    for number, path in zip(numbers, files, strict=True):
        before = f'"{int(number) - 1:04d}"' if number != "0001" else "None"
        assert f"down_revision = {before}" in path.read_text(), path.name
