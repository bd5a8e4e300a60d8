"""`flask db upgrade` by two people at once: the second waits, and says so; and nothing else runs beside it."""

import os
import subprocess
import sys
import threading

import psycopg2

from config import ROOT, plain_postgres_url
from portal import create_app
from portal.core.locks import lock_number
from portal.runtime import checks
from tests.support import databases


def test_the_second_migration_waits_for_the_first():
    url = databases.empty_database("twice")
    first = psycopg2.connect(plain_postgres_url(url))
    first.autocommit = True
    with first.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", (lock_number("migrate"),))
    second = subprocess.Popen(
        [sys.executable, "-m", "flask", "db", "upgrade"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, "SECRET_KEY": databases.SECRET},
        stderr=subprocess.PIPE,
        text=True,
    )
    with second:
        assert second.stderr is not None
        assert second.stderr.readline() == "Another process is migrating this database; waiting for it to finish.\n"
        assert checks.schema_state(url, ROOT / "migrations") == "empty"
        first.close()
        assert second.wait(60) == 0, second.stderr.read()
    assert checks.schema_state(url, ROOT / "migrations") == "current"


def test_making_the_portal_starts_no_thread_and_opens_no_connection():
    """A subscriber that every command started kept the migration from ever ending."""
    before = threading.enumerate()
    create_app(databases.settings_for_tests("postgresql+psycopg2://nobody@127.0.0.1:1/nothing"))
    assert threading.enumerate() == before
