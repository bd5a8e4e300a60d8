"""The live stream: names only, to those who may know, caught up after a gap, over when the session is."""

import queue
import threading
import time
import uuid
from dataclasses import dataclass
from typing import ClassVar

import pytest

from portal.core import outbox
from portal.core.actor import system
from portal.core.db import db
from portal.core.outbox import Event, publish
from portal.core.transaction import transactional
from portal.runtime.process import wait_until
from portal.shared.identity import queries
from portal.shared.identity.services import sessions
from portal.web import stream
from tests.factories import assets
from tests.factories import identity as people


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOpened(Event):
    topic: ClassVar[str] = "tests.door.opened"


@transactional
def announce(place, subject):
    publish(DoorOpened(asset_id=place.id, subject_id=subject))


def relay_all():
    """An open transaction anywhere on the server holds the relay back; tests share theirs."""
    db.session.commit()
    until = time.monotonic() + 10
    while outbox.oldest_waiting_seconds() and time.monotonic() < until:
        db.session.commit()
        outbox.relay() or time.sleep(0.05)
    db.session.commit()


class Tab:
    """A browser tab that listens; its lines arrive in a queue, None when the stream ends."""

    def __init__(self, app, user, since=None):
        client = app.test_client()
        self.token = people.sign_in(client, user)
        self._response = client.get("/live", headers={"Last-Event-ID": str(since)} if since is not None else {})
        self.status = self._response.status_code
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._response.response:
            self._lines.put(line if isinstance(line, str) else line.decode())
        self._response.close()
        self._lines.put(None)

    def next(self, patience=5.0):
        """The next line that is not a heartbeat; queue.Empty when none comes in time."""
        until = time.monotonic() + patience
        while True:
            line = self._lines.get(timeout=max(until - time.monotonic(), 0.01))
            if line is None or not line.startswith((":", "retry")):
                return line


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT", 0.3)


def end(tab):
    found = queries.find_sign_in(tab.token)
    sessions.end(session_id=found.session.id, user_id=found.user.id, actor=system("tests"))


def test_news_reaches_the_people_of_that_place_and_nobody_else(app, committed, hasty):
    here, there = assets.place(), assets.place()
    relay_all()
    mine = Tab(app, people.member(here))
    other = Tab(app, people.member(there))
    mine.next(), other.next()
    thing = uuid.uuid4()
    announce(here, thing)
    relay_all()
    heard = mine.next()
    assert "tests.door.opened" in heard
    assert str(thing) in heard
    with pytest.raises(queue.Empty):
        other.next(patience=0.7)
    end(mine), end(other)
    assert mine.next() is None
    assert other.next() is None


def test_what_was_missed_is_caught_up(app, committed, hasty):
    place = assets.place()
    user = people.member(place)
    relay_all()
    first, second = uuid.uuid4(), uuid.uuid4()
    announce(place, first), relay_all()
    seen = stream.last_position()
    announce(place, second), relay_all()
    tab = Tab(app, user, since=seen)
    assert str(second) in tab.next()
    far = Tab(app, user, since=seen + 1_000_000)
    assert "portal.resync" in far.next(), "an id from another life: look at everything again"
    end(tab), end(far)
    assert tab.next() is None
    assert far.next() is None


def test_the_first_tab_after_a_busy_night_without_any_hears_at_once(app, committed, hasty):
    place = assets.place()
    user = people.member(place)
    relay_all()
    evening = Tab(app, user)
    evening.next()
    announce(place, uuid.uuid4()), relay_all()
    evening.next()
    end(evening)
    assert evening.next() is None
    live = app.extensions["live"]
    assert wait_until(lambda: live._thread is None, 5)
    told = (
        "insert into outbox_event (topic, body, asset_id, position) select 'tests.door.opened', '{}', :place,"
        " n + (select max(position) from outbox_event) from generate_series(1, 20000) n"
    )
    db.session.execute(db.text(told), {"place": place.id})
    db.session.commit()
    morning = Tab(app, user)
    morning.next()
    thing = uuid.uuid4()
    announce(place, thing), relay_all()
    assert str(thing) in morning.next(patience=2)
    end(morning)
    assert morning.next() is None


def test_a_session_that_ended_hears_nothing_more(app, committed, hasty):
    place = assets.place()
    tab = Tab(app, people.member(place))
    tab.next()
    end(tab)
    assert tab.next() is None


def test_an_idle_stream_holds_no_connection(app, committed, hasty):
    tab = Tab(app, people.member(assets.place()))
    tab.next()
    db.session.remove()
    assert wait_until(lambda: db.engine.pool.checkedout() == 0, 5)
    end(tab)
    assert tab.next() is None


def test_one_session_cannot_take_every_thread(app, committed, hasty, monkeypatch):
    monkeypatch.setattr(stream, "STREAMS_PER_SESSION", 1)
    user = people.member(assets.place())
    client = app.test_client()
    token = people.sign_in(client, user)
    held = client.get("/live")
    next(iter(held.response))
    assert client.get("/live").status_code == 204
    found = queries.find_sign_in(token)
    sessions.end(session_id=found.session.id, user_id=found.user.id, actor=system("tests"))
    held.close()
