"""One command, one commit; conflicts are retried; a broken constraint reads as a sentence."""

import threading
import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core import locks
from portal.core.db import db
from portal.core.errors import Busy, Conflict
from portal.core.numbers import DocumentSeries, take_number
from portal.core.transaction import rule, transactional

pytestmark = pytest.mark.database


def add_series(name: str, scope: uuid.UUID) -> None:
    db.session.add(DocumentSeries(scope_id=scope, name=name, last_number=0))
    db.session.flush()


def in_threads(app, *works):
    """Run each piece of work in its own thread and app context; returns what each returned or raised."""
    results = [None] * len(works)

    def run(n, work):
        with app.app_context():
            try:
                results[n] = work()
            except Exception as error:
                results[n] = error

    threads = [threading.Thread(target=run, args=(n, work)) for n, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def series_names() -> set[str]:
    return set(db.session.scalars(db.select(DocumentSeries.name)))


def test_a_refused_command_leaves_nothing(committed):
    @transactional
    def half_done():
        add_series("invoice", uuid.uuid4())
        raise Conflict("No.")

    with pytest.raises(Conflict):
        half_done()
    assert series_names() == set()


def test_a_command_called_by_a_command_shares_its_commit(committed):
    @transactional
    def inner():
        add_series("inner", uuid.uuid4())

    @transactional
    def outer():
        inner()
        raise Conflict("No.")

    with pytest.raises(Conflict):
        outer()
    assert series_names() == set()


def test_a_broken_constraint_reads_as_a_sentence(committed):
    rule("uq_document_series_scope_id_name", lambda: Conflict("That series exists already."))
    scope = uuid.uuid4()

    @transactional
    def add():
        add_series("invoice", scope)

    add()
    with pytest.raises(Conflict, match="That series exists already"):
        add()
    assert series_names() == {"invoice"}


def test_two_commands_that_cross_both_succeed(committed, app):
    scope = uuid.uuid4()

    @transactional
    def prepare():
        add_series("a", scope)
        add_series("b", scope)

    prepare()
    both_hold_one = threading.Barrier(2)
    attempts = []

    @transactional
    def cross(first, second):
        attempts.append(first)
        lock = "select 1 from document_series where name = :n for update"
        db.session.execute(text(lock), {"n": first})
        if len(attempts) <= 2:
            both_hold_one.wait(5)
        db.session.execute(text(lock), {"n": second})
        return "done"

    assert in_threads(app, lambda: cross("a", "b"), lambda: cross("b", "a")) == ["done", "done"]
    assert len(attempts) == 3


def test_waiting_for_a_lock_ends_with_a_sentence(committed, app):
    scope = uuid.uuid4()
    held, release = threading.Event(), threading.Event()

    @transactional
    def hold():
        take_number(scope_id=scope, series="invoice")
        held.set()
        release.wait(10)

    @transactional
    def want():
        held.wait(5)
        try:
            take_number(scope_id=scope, series="invoice")
        finally:
            release.set()

    _first, second = in_threads(app, hold, want)
    assert isinstance(second, Busy)
    assert "Try again" in second.message


def test_numbers_have_no_gap_and_no_double_under_twenty_clerks(committed, app):
    scope = uuid.uuid4()

    @transactional
    def issue(fail):
        number = take_number(scope_id=scope, series="invoice")
        if fail:
            raise Conflict("Changed my mind.")
        return number

    results = in_threads(app, *[lambda fail=n % 4 == 0: issue(fail) for n in range(20)])
    assert sorted(r for r in results if isinstance(r, int)) == list(range(1, 16))


def test_a_lock_taken_against_the_order_is_caught(session, monkeypatch):
    monkeypatch.setenv("PORTAL_LOCK_ORDER", "strict")
    locks.forget()
    locks.taking("unit")
    with pytest.raises(locks.LockOrderBroken):
        locks.taking("payment_intent")
    locks.forget()


def test_only_one_process_leads(committed):
    with locks.only_one("drum") as first, locks.only_one("drum") as second:
        assert first is not None
        assert second is None
    with locks.only_one("drum") as again:
        assert again is not None


def test_a_failed_statement_does_not_tell_what_it_was_given(session):
    with pytest.raises(DBAPIError) as refused:
        session.execute(text("select 1 / 0, cast(:hash as text)"), {"hash": "$argon2id$not-for-a-log"})
    assert "not-for-a-log" not in str(refused.value)
