"""A PostgreSQL for each worker of a test run, with a template migrated once and copied at will."""

import os
import shutil
import signal
import subprocess
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
_started: list[subprocess.Popen[bytes]] = []  # kept, because a forgotten Popen object complains
_migrated: set[str] = set()


def open_run() -> None:
    """Called once, before any worker starts: a folder for what this run shares."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if not command_line(int(owner)):
            _end(folder)  # an earlier run was killed and could not tidy up
    os.environ[_RUN] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")


def close_run() -> None:
    """Called once, after every worker: nothing of this run stays behind."""
    if external():
        with _cursor(external()) as cursor:
            cursor.execute("select datname from pg_database where datname like %s", (f"{_names()}%",))
            for (name,) in cursor.fetchall():
                cursor.execute(f'drop database if exists "{name}" with (force)')
    _end(run_folder())
    del os.environ[_RUN]


def run_folder() -> Path:
    """What the workers of this run share."""
    return Path(os.environ[_RUN])


def external() -> str:
    """A PostgreSQL of the tester's own, instead of the embedded one."""
    return os.environ.get("PORTAL_TEST_DATABASE_URL", "")


def new_database(name: str) -> str:
    """The URL of a fresh, migrated database; a copy of the template takes a few hundredths of a second."""
    template = _name("template")
    with _cursor(server()) as cursor:
        if template not in _migrated:
            cursor.execute(f'create database "{template}"')
            _migrate(_url(template))
            _migrated.add(template)
        _create(cursor, name, f'template "{template}" strategy wal_log')
    return _url(_name(name))


def copy_of(source: str, name: str) -> str:
    """The URL of a copy of another database of this worker, to which nobody may be connected meanwhile."""
    with _cursor(server()) as cursor:
        _create(cursor, name, f'template "{_name(source)}" strategy wal_log')
    return _url(_name(name))


def empty_database(name: str) -> str:
    """The URL of a database without any table, for tests of the migrations themselves."""
    with _cursor(server()) as cursor:
        _create(cursor, name, "template template0")
    return _url(_name(name))


def server() -> str:
    """Any database of this worker's server, as a user who may make others.

    Each worker has a server of its own, because transactions of one database hold up readers of another.
    """
    if external():
        return postgres_url(external())
    cluster = Postgres(run_folder() / f"pg-{worker()}", careless=True)
    if not _started:
        cluster.prepare()
        log = run_folder() / f"pg-{worker()}.log"
        _started.append(cluster.start(log))
        assert wait_until(cluster.answers, 20), log.read_text()
    return postgres_url(cluster.url("postgres", ADMIN))


def crash() -> bool:
    """Let this worker's server die on the spot and start again; False if it is the tester's own.

    SIGQUIT ends it without a word to its clients and without writing anything down: the next start recovers. What
    was committed survives it only at `careful` databases, for the servers of tests answer before they have written.
    """
    with gone() as it_is:
        return it_is


@contextmanager
def gone() -> Iterator[bool]:
    """This worker's server has died on the spot, for the length of a block; False if it is the tester's own."""
    if external() or not _started:
        yield False
        return
    cluster = Postgres(run_folder() / f"pg-{worker()}", careless=True)
    running = _started.pop()
    running.send_signal(signal.SIGQUIT)
    running.wait(20)
    try:
        yield True
    finally:
        log = run_folder() / f"pg-{worker()}.log"
        _started.append(cluster.start(log))
        assert wait_until(cluster.answers, 20), log.read_text()


@contextmanager
def careful(database_url: str) -> Iterator[None]:
    """Connections opened meanwhile keep what they committed, as every server but those of tests does."""
    name = make_url(database_url).database
    with _cursor(server()) as cursor:
        cursor.execute(f'alter database "{name}" set synchronous_commit = on')
    try:
        yield
    finally:
        with _cursor(server()) as cursor:
            cursor.execute(f'alter database "{name}" reset synchronous_commit')


def worker() -> str:
    """The name of this worker among those that share the run."""
    return os.environ.get("PYTEST_XDIST_WORKER", "alone")


def settings_for_tests(database_url: str) -> Settings:
    """Settings of a portal under test."""
    var_dir = run_folder() / f"app-{worker()}"
    var_dir.mkdir(exist_ok=True)
    return Settings(
        testing=True,
        secret_key=SECRET,
        database_url=database_url,
        database_owner_url=database_url,
        redis_url=os.environ.get("PORTAL_TEST_REDIS_URL", ""),
        public_url="http://localhost",
        var_dir=var_dir,
        ratelimit_enabled=False,
        demo=False,
    )


def _names() -> str:
    return f"portal_test_{run_folder().name.removeprefix(PREFIX).replace('-', '_')}".lower()


def _name(name: str) -> str:
    return f"{_names()}_{worker()}_{name}"


def _create(cursor: "psycopg2.extensions.cursor", name: str, like: str) -> None:
    cursor.execute(f'drop database if exists "{_name(name)}" with (force)')
    cursor.execute(f'create database "{_name(name)}" {like}')
    cursor.execute(f'alter database "{_name(name)}" set synchronous_commit = off')


def _migrate(url: str) -> None:
    app = create_app(settings_for_tests(url))
    with app.app_context():
        flask_migrate.upgrade()


def _url(database: str) -> str:
    return make_url(server()).set(database=database).render_as_string(hide_password=False)


@contextmanager
def _cursor(url: str) -> Iterator["psycopg2.extensions.cursor"]:
    connection = psycopg2.connect(plain_postgres_url(url))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _end(folder: Path) -> None:
    for cluster in folder.glob("pg-*/"):
        Postgres(cluster).end_earlier()
    for each in _started:
        with suppress(Exception):
            each.wait(5)
    shutil.rmtree(folder, ignore_errors=True)
