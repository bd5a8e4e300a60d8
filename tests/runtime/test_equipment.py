"""The tests' own equipment: what one test writes no other sees, and a broken page fails its test."""

import os
import subprocess
import sys
import uuid

import pytest
from flask import g
from sqlalchemy import select, text

from config import ROOT
from portal.core.db import db
from portal.core.numbers import DocumentSeries, take_number
from portal.core.transaction import transactional

SCOPE = uuid.UUID(int=7)


@transactional
def write() -> int:
    """A command that would fail or count on if the row of the test before were still there."""
    return take_number(scope_id=SCOPE, series="proof")


@pytest.mark.parametrize("turn", [1, 2])
def test_a_session_leaves_nothing(session, turn):
    assert write() == 1
    assert session.scalar(select(DocumentSeries.last_number).filter_by(scope_id=SCOPE)) == 1


@pytest.mark.parametrize("turn", [1, 2])
def test_real_commits_are_emptied(committed, turn):
    assert write() == 1
    with db.engine.connect() as other:
        assert other.scalar(text("select count(*) from document_series")) == 1


def test_requests_do_not_share_what_they_remember(app, session, client):
    g.remembered = "by the test"
    client.get("/healthz")
    assert g.remembered == "by the test"
    assert "request_id" not in g


def test_queries_are_counted_without_their_bookkeeping(session, count_queries):
    with count_queries() as sent:
        write()
    assert [statement.split()[0].lower() for statement in sent] == ["insert"]


def test_a_window_opens(page):
    page.set_content("<title>Here</title><p>shown</p>")
    assert page.title() == "Here"


def test_what_could_not_run_is_said_loudly_and_last():
    code = (
        "import sys, pytest; import portal.runtime.mosquitto as broker; broker.program = lambda: None\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-k', 'lets_in and mosquitto',"
        " 'tests/runtime/test_services.py']))"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PORTAL_TEST_"))}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    ).stdout
    heading = said.index("TESTS THAT COULD NOT RUN HERE")
    assert "1 tests need mosquitto, which is not installed. To get it: apt-get install" in said[heading:]
