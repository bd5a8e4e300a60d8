"""One PostgreSQL for the whole test run, a template migrated once, and a copy of it for each worker."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import flask_migrate
import psycopg2
from sqlalchemy import make_url

from config import Settings, plain_postgres_url, postgres_url
from portal import create_app
from portal.runtime.postgres import ADMIN, Postgres
from portal.runtime.process import command_line, wait_until

PREFIX = "portal-tests-"
SECRET = "a secret for tests, and for nothing else whatsoever"
_RUN = "PORTAL_TEST_RUN"
_started = []  # kept, because a forgotten Popen object complains


def open_run() -> None:
    """Called once, before any worker starts: a folder for what this run shares."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if not command_line(int(owner)):
            _end(folder)  # an earlier run was killed and could not tidy up
    os.environ[_RUN] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")


def close_run() -> None:
    """Called once, after every worker: nothing of this run stays behind."""
    run = os.environ.pop(_RUN, "")
    if not run:
        return
    if external() and (Path(run) / "template").exists():
        with _cursor(external()) as cursor:
            cursor.execute("select datname from pg_database where datname like %s", (f"{_names()}%",))
            for (name,) in cursor.fetchall():
                cursor.execute(f'drop database if exists "{name}" with (force)')
    _end(Path(run))


def run_folder() -> Path:
    """What the workers of this run share."""
    return Path(os.environ[_RUN])


def external() -> str:
    """A PostgreSQL of the tester's own, instead of the embedded one."""
    return os.environ.get("PORTAL_TEST_DATABASE_URL", "")


def new_database(name: str) -> str:
    """The URL of a fresh, migrated database; a copy of the template takes a few hundredths of a second."""
    with _alone("template"):
        server = _server()
        template = f"{_names()}_template"
        note = run_folder() / "template"
        with _cursor(server) as cursor:
            if not note.exists():
                cursor.execute(f'create database "{template}"')
                _migrate(_url(server, template))
                note.touch()
            strategy = "strategy wal_log" if cursor.connection.server_version >= 150000 else ""
            cursor.execute(f'drop database if exists "{_names()}_{name}" with (force)')
            cursor.execute(f'create database "{_names()}_{name}" template "{template}" {strategy}')
    return _url(server, f"{_names()}_{name}")


def empty_database(name: str) -> str:
    """The URL of a database without any table, for tests of the migrations themselves."""
    with _alone("template"), _cursor(_server()) as cursor:
        cursor.execute(f'drop database if exists "{_names()}_{name}" with (force)')
        cursor.execute(f'create database "{_names()}_{name}"')
    return _url(_server(), f"{_names()}_{name}")


def settings_for_tests(database_url: str) -> Settings:
    """Settings of a portal under test."""
    return Settings(
        testing=True,
        secret_key=SECRET,
        database_url=database_url,
        database_owner_url=database_url,
        redis_url=os.environ.get("PORTAL_TEST_REDIS_URL", ""),
        public_url="http://localhost",
        var_dir=run_folder(),
        ratelimit_enabled=False,
        demo=False,
    )


def _names() -> str:
    return f"portal_test_{run_folder().name.removeprefix(PREFIX).replace('-', '_')}".lower()


def _server() -> str:
    """Any database of the server, as a user who may make others."""
    if external():
        return postgres_url(external())
    cluster = Postgres(run_folder() / "pg", careless=True, farewell=0)
    with _alone("server"):
        if not (run_folder() / "pg" / "data" / "postmaster.pid").exists():
            cluster.prepare()
            _started.append(cluster.start(run_folder() / "pg.log"))
            assert wait_until(cluster.answers, 20), (run_folder() / "pg.log").read_text()
    return postgres_url(cluster.url("postgres", ADMIN))


def _migrate(url: str) -> None:
    app = create_app(settings_for_tests(url))
    with app.app_context():
        flask_migrate.upgrade()


def _url(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


@contextmanager
def _cursor(url: str) -> Iterator["psycopg2.extensions.cursor"]:
    connection = psycopg2.connect(plain_postgres_url(url))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """One worker at a time."""
    with (run_folder() / f"{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _end(folder: Path) -> None:
    Postgres(folder / "pg").end_earlier()
    for each in _started:
        with suppress(Exception):
            each.wait(5)
    shutil.rmtree(folder, ignore_errors=True)
