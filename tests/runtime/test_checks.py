"""What is asked of the outside world before a start, each refusal one sentence."""

import socket

import psycopg2
import pytest
from sqlalchemy import make_url

from config import ROOT, plain_postgres_url
from portal.runtime import checks
from portal.runtime.process import StartError
from tests.support import databases

MIGRATIONS = ROOT / "migrations"


def execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(plain_postgres_url(url))
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_a_port_in_use_is_refused():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {port} is in use by another program; choose --port"):
            checks.port_is_free("127.0.0.1", port)
    checks.port_is_free("127.0.0.1", port)


def test_a_host_that_is_not_ours_is_refused():
    with pytest.raises(StartError, match=r"HOST 192\.0\.2\.1 is not an address of this machine\."):
        checks.port_is_free("192.0.2.1", 8000)


def test_a_database_that_does_not_answer_is_given_up_with_its_place():
    with pytest.raises(StartError) as caught:
        checks.database_answers("postgresql+psycopg2://u:hunter2@127.0.0.1:1/d", patience=0.3)
    assert str(caught.value) == "Cannot reach PostgreSQL at 127.0.0.1:1. Gave up after 0 s."


@pytest.mark.parametrize(
    "reason",
    [
        'FATAL:  password authentication failed for user "u"',
        'FATAL:  role "u" does not exist',
        "fe_sendauth: no password supplied",
        'FATAL:  Peer authentication failed for user "u"',
    ],
)
def test_a_wrong_password_is_said_and_not_shown(reason):
    sentence, wait = checks._refusal(reason, "postgresql://u:hunter2@db:5433/d")
    assert sentence == "PostgreSQL at db:5433 refused the user or password in DATABASE_URL."
    assert not wait


def test_a_database_that_is_not_there_is_named(database_url):
    nowhere = make_url(database_url).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(StartError, match="has no database nowhere"):
        checks.database_answers(nowhere)


def test_the_tables_are_compared_with_the_migrations():
    empty = databases.empty_database("schema")
    assert checks.schema_state(empty, MIGRATIONS) == "empty"
    execute(empty, "create table alembic_version (version_num text); insert into alembic_version values ('0001')")
    assert checks.schema_state(empty, MIGRATIONS) == "behind"
    with pytest.raises(StartError, match="run flask db upgrade"):
        checks.schema_is_current(empty, MIGRATIONS)
    execute(empty, "update alembic_version set version_num = '9999'")
    with pytest.raises(StartError, match="migrated by a newer version"):
        checks.schema_is_current(empty, MIGRATIONS)


def test_migrated_tables_are_current(database_url):
    checks.database_answers(database_url)
    checks.schema_is_current(database_url, MIGRATIONS)


def test_a_broker_that_is_away_is_noticed():
    assert not checks.broker_answers("mqtt://u:p@127.0.0.1:1")
