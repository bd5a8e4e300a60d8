"""Migrations are numbered, go up, down and up again, and end where the models are."""

import re
from pathlib import Path

import pytest
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import create_engine, inspect, text

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


def test_migrations_are_numbered_one_after_the_other():
    files = sorted((MIGRATIONS / "versions").glob("*.py"))
    numbers = [re.match(r"(\d{4})_", path.name).group(1) for path in files]
    assert numbers == [f"{n:04d}" for n in range(1, len(files) + 1)]
    for number, path in zip(numbers, files, strict=True):
        before = f'"{int(number) - 1:04d}"' if number != "0001" else "None"
        assert f"down_revision = {before}" in path.read_text(), path.name
