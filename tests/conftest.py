"""What every test may ask for: a database, an app, clients, a broker, a browser, the whole portal running."""

import gc
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import create_engine, text

from portal import create_app, demo, wiring
from portal.core.db import db
from portal.runtime import mosquitto
from tests.support import brokers, browsers, databases
from tests.support.clients import Client
from tests.support.queries import counting
from tests.support.servers import Server

MISSING = "MISSING: "
#: Milliseconds a page may take on a machine whose other core draws maps; what is asked for comes long before.
PATIENCE = 30_000
NEEDS = {
    "database": {"app", "database_url", "session", "committed", "seeded", "client", "portal_url", "running_portal"},
    "broker": {"broker", "private_broker", "portal_url", "running_portal"},
    "browser": {"browser", "page"},
}
FROM_ONE = """select setval(format('%I.%I', schemaname, sequencename), start_value, false)
    from pg_sequences where last_value is not null"""
os.environ["PORTAL_LOCK_ORDER"] = "strict"


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(50_000, 20, 50)  # most of what a test leaves needs no search
    if not hasattr(config, "workerinput"):
        databases.open_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        databases.close_run()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The marks follow from what a test asks for."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        for mark, fixtures in NEEDS.items():
            if asked & fixtures:
                item.add_marker(mark)


def pytest_collection_finish() -> None:
    """What is imported by now stays to the end, and is not searched for rubbish again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Journeys share one running portal, so one worker."""
    if config.getvalue("dist") == "loadgroup":
        from tests.support.sharing import Shares

        return Shares(config, log)
    return None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say loudly, and last, which tests this machine could not run and how to get what they need."""
    missing: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MISSING in reason:
            what = reason.partition(MISSING)[2]
            missing[what] = missing.get(what, 0) + 1
    if missing:
        terminalreporter.section("TESTS THAT COULD NOT RUN HERE", sep="!", red=True, bold=True)
        for what, count in missing.items():
            terminalreporter.line(f"{count} tests need {what}", red=True, bold=True)


def _missing(what: str, how: str) -> None:
    pytest.skip(f"{MISSING}{what}, which is not installed. To get it: {how}")


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of this worker among those that share the run."""
    return databases.worker()


@pytest.fixture(scope="session")
def database_url() -> str:
    """This worker's own copy of the migrated template."""
    return databases.new_database("app")


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    """One portal per worker; it keeps no state between tests but its database."""
    app = create_app(databases.settings_for_tests(database_url))
    app.test_client_class = Client
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def wired(app: Flask) -> Flask:
    """The app whose handlers are the ones in force, though a test before may have made another portal."""
    wiring.connect(app.extensions["settings"])
    return app


@pytest.fixture
def session(wired: Flask, app: Flask) -> Iterator[Any]:
    """The database inside one transaction that is undone at the end; commands commit into savepoints."""
    with app.app_context():
        engines = db._app_engines[app]
        engine = engines[None]
        with engine.connect() as connection, connection.begin() as transaction:
            engines[None] = connection
            db.session.remove()
            db.session.configure(join_transaction_mode="create_savepoint")
            try:
                yield db.session
                # What the database checks at commit is checked here, though nothing is ever committed.
                if connection.connection.dbapi_connection.info.transaction_status != TRANSACTION_STATUS_INERROR:
                    connection.execute(text("set constraints all immediate"))
            finally:
                db.session.remove()
                db.session.configure(join_transaction_mode="conditional_savepoint")
                engines[None] = engine
                transaction.rollback()


@pytest.fixture
def committed(wired: Flask, app: Flask) -> Iterator[Any]:
    """The database with real commits, for races between threads; emptied afterwards."""
    with app.app_context():
        try:
            yield db.session
        finally:
            db.session.remove()
            _empty()


@pytest.fixture(scope="session")
def demo_database(app: Flask) -> str:
    """The name of a database with the demo business, loaded once for each worker."""
    wiring.connect(app.extensions["settings"])
    with _moved(app, databases.new_database("demo")):
        assert demo.seed()
    return "demo"


@pytest.fixture
def seeded(wired: Flask, app: Flask, demo_database: str) -> Iterator[Any]:
    """The database is a copy of the demo business, of this test's own; with real commits."""
    with _moved(app, databases.copy_of(demo_database, "seeded")):
        yield db.session


@contextmanager
def _moved(app: Flask, url: str) -> Iterator[None]:
    """The app has moved to another database for a while."""
    engines = db._app_engines[app]
    home, options = engines[None], app.config["SQLALCHEMY_ENGINE_OPTIONS"]
    engines[None] = create_engine(url, **options)
    try:
        with app.app_context():
            try:
                yield
            finally:
                db.session.remove()
    finally:
        engines[None].dispose()
        engines[None] = home


def _empty() -> None:
    """Every row that a test wrote; the triggers that keep the audit trail whole look away for once.

    A few rows are deleted, and their room given back, in a fraction of the time that new files for their tables and
    for every table that could point to them would take. The next test finds its rows in the order it wrote them.
    """
    with db.engine.begin() as connection:
        tables = connection.scalars(
            text(
                "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n"
                " on n.oid = c.relnamespace where c.relkind in ('r', 'p') and not c.relispartition"
                " and n.nspname = 'public' and c.relname <> 'alembic_version'"
            )
        ).all()
        probes = " union all ".join(f"select '{each}' where exists (select from {each})" for each in tables)
        used = connection.scalars(text(probes)).all() if probes else []
        if used:
            # whoever was killed in the middle of a commit has come to its end before anything is emptied
            connection.execute(text(f"set local session_replication_role = replica; lock table {', '.join(used)}"))
            connection.execute(text("; ".join(f"delete from {each}" for each in used)))
            connection.execute(text(FROM_ONE))
    if used:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"vacuum {', '.join(used)}"))


@pytest.fixture
def count_queries() -> Callable[[], AbstractContextManager[list[str]]]:
    """`with count_queries() as sent: ...` holds what the block asked of the database."""
    return counting


@pytest.fixture
def client(wired: Flask, app: Flask) -> FlaskClient:
    """Somebody who is not signed in."""
    return app.test_client()


@pytest.fixture(scope="session")
def broker(worker: str) -> Iterator[brokers.Broker | brokers.ExternalBroker]:
    """A real broker for this worker, or the tester's own."""
    if url := os.environ.get("PORTAL_TEST_MQTT_URL"):
        yield brokers.ExternalBroker(url)
        return
    if not mosquitto.program():
        _missing("mosquitto", brokers.HOW)
    broker = brokers.Broker(databases.run_folder() / f"mqtt-{worker}")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def private_broker() -> Iterator[brokers.Broker]:
    """A broker of this test's own, to be killed and started again."""
    if not mosquitto.program():
        _missing("mosquitto", brokers.HOW)
    broker = brokers.Broker(databases.run_folder() / f"mqtt-{uuid.uuid4().hex[:8]}")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def running_portal(worker: str) -> Iterator[dict[str, Any]]:
    """What `run.json` says of a real `run.py` that brought everything itself, demo and simulated devices included."""
    if not mosquitto.program():
        _missing("mosquitto", brokers.HOW)
    server = Server(databases.run_folder() / f"var-{worker}", DEMO="1", RATELIMIT_ENABLED="0")
    try:
        yield server.start(240)
    finally:
        if server.process:
            server.stop()


@pytest.fixture(scope="session")
def portal_url(running_portal: dict[str, Any]) -> str:
    """Where the running portal is."""
    return str(running_portal["url"])


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium per worker."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    program = browsers.chromium()
    if not program:
        _missing("Chromium", browsers.HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=browsers.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh window that fails its test when a script fails or the content policy refuses something."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: _listen(said, complaints))
    yield page
    context.close()
    assert not complaints, f"The page complained: {complaints}"


def _listen(said: Any, complaints: list[str]) -> None:
    """A refused form answers 422, which the browser reports as an error though it is none."""
    if said.type == "error" and not said.text.startswith("Failed to load resource"):
        complaints.append(said.text)


def shot(page: Any, name: str) -> None:
    """Keep a picture of the screen for a person to look at."""
    folder = Path(__file__).parent / "shots"
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
