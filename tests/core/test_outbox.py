"""Facts leave after commit, in order, none overtaken and none lost."""

import uuid
from dataclasses import dataclass
from typing import ClassVar

import pytest
from sqlalchemy import select, text

from portal.core import outbox
from portal.core.db import db
from portal.core.errors import Conflict
from portal.core.outbox import Event, OutboxDelivery, OutboxEvent
from portal.core.transaction import transactional
from tests.core.test_transaction import in_threads

pytestmark = pytest.mark.database


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRung(Event):
    topic: ClassVar[str] = "test.bell.rung"
    tower: str


@transactional
def ring(tower: str) -> None:
    outbox.publish(BellRung(tower=tower, subject_id=uuid.uuid4()))


def towers_in_order() -> list[str]:
    return [event.body["tower"] for event in outbox.events_between(1, 10_000)]


def test_a_fact_of_a_refused_command_is_never_told(committed):
    @transactional
    def refused():
        outbox.publish(BellRung(tower="west"))
        raise Conflict("No.")

    with pytest.raises(Conflict):
        refused()
    outbox.relay()
    assert db.session.scalars(select(OutboxEvent)).all() == []


def test_a_young_fact_waits_for_an_older_open_transaction(committed, app):
    """Somebody who remembers the last position he saw must not miss the slow one."""
    slow = db.engine.connect()
    started = slow.begin()
    slow.execute(text("insert into outbox_event (topic, body) values ('test.bell.rung', '{\"tower\": \"slow\"}')"))
    ring("quick")
    assert outbox.relay() == 0
    started.commit()
    slow.close()
    assert outbox.relay() == 2
    assert towers_in_order() == ["slow", "quick"]


def test_positions_run_without_gap_whoever_relays(committed, app):
    def work():
        for n in range(10):
            ring(str(n))
            outbox.relay()

    in_threads(app, work, work, work)
    while outbox.relay():
        pass
    positions = db.session.scalars(select(OutboxEvent.position).order_by(OutboxEvent.position)).all()
    assert positions == list(range(1, 31))
    assert outbox.last_position() == 30


def test_listeners_hear_one_note_for_a_batch(committed, app):
    ring("east")
    ring("west")
    heard = []

    def listener():
        notes = outbox.listen(db.engine.url.render_as_string(hide_password=False).replace("+psycopg2", ""), timeout=0.5)
        assert next(notes) is None
        with app.app_context():
            outbox.relay()
        heard.append(next(notes))
        notes.close()

    results = in_threads(app, listener)
    assert results == [None]
    assert heard == [(1, 2)]


def test_a_failing_handler_is_tried_again_and_holds_up_nobody(committed, monkeypatch):
    monkeypatch.setattr(outbox, "_handlers", {})
    told = []

    def sulk(body):
        raise ConnectionError("line is down")

    outbox.on("test.bell.rung", "sulky", sulk)
    outbox.on("test.bell.rung", "cheerful", lambda body: told.append(body["tower"]))
    ring("north")
    outbox.relay()
    assert outbox.deliver_due() == 1
    assert told == ["north"]
    sulky = db.session.scalars(select(OutboxDelivery).where(OutboxDelivery.handler == "sulky")).one()
    assert sulky.delivered_at is None
    assert "line is down" in sulky.error
    assert outbox.deliver_due() == 0, "not before its time"
    db.session.execute(text("update outbox_delivery set next_attempt_at = now() - interval '1 second'"))
    db.session.commit()
    monkeypatch.setitem(outbox._handlers["test.bell.rung"], "sulky", lambda body: told.append("at last"))
    assert outbox.deliver_due() == 1
    assert told == ["north", "at last"]


def test_old_facts_are_let_go_but_never_the_youngest_nor_an_undelivered_one(committed, monkeypatch):
    monkeypatch.setattr(outbox, "_handlers", {"test.bell.rung": {"sulky": lambda body: None}})
    ring("owed")
    outbox.relay()
    monkeypatch.setattr(outbox, "_handlers", {})
    for tower in ("old", "older than the newest", "newest"):
        ring(tower)
    outbox.relay()
    assert outbox.forget_old() == 0, "a month has not passed"
    db.session.execute(text("update outbox_event set created_at = created_at - interval '31 days'"))
    db.session.commit()
    assert outbox.forget_old() == 2
    assert towers_in_order() == ["owed", "newest"]
    ring("next")
    outbox.relay()
    assert outbox.last_position() == 5, "positions count on"
