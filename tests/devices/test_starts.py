"""A device starts as often as it likes: the youngest starts are remembered, and nothing is kept twice."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from portal.core.actor import system
from portal.shared.devices import number_queries
from portal.shared.devices.models import DeadLetter, DeviceBoot
from portal.shared.devices.services import dead_letters, telemetry
from tests.devices.test_numbered import events, reasons, say
from tests.factories import assets as make
from tests.factories import devices


@pytest.fixture
def lock(session):
    return devices.envelope(make.room())


def test_so_many_starts_are_remembered_and_older_ones_are_folded(session, lock, monkeypatch):
    monkeypatch.setattr(number_queries, "MOST_STARTS", 5)
    for boot in range(1, 9):
        telemetry.store(said=[say(lock, 1, boot=boot), say(lock, 3, boot=boot)])
    boots = session.scalars(select(DeviceBoot.boot).order_by(DeviceBoot.boot)).all()
    assert boots == [4, 5, 6, 7, 8]
    before = len(events(lock))
    stored = telemetry.store(said=[say(lock, 3, boot=2), say(lock, 7, boot=2), say(lock, 4, boot=8)])
    assert len(events(lock)) == before + 1, "what was kept then is not kept twice"
    assert reasons() == {"old_start": 2}
    told = {(ack.boot, ack.through, tuple(ack.missing)) for ack in stored.acks}
    assert told == {(2, 7, ()), (8, 1, (2,))}, "and the device may forget it"
    assert telemetry.store(said=[say(lock, 8, [[1, 9]], kind="lost", boot=8, of=1)]).dead == 0


def test_a_device_with_a_new_start_for_every_word_fills_no_table(session, lock, monkeypatch):
    monkeypatch.setattr(number_queries, "MOST_STARTS", 5)
    for batch in range(3):
        telemetry.store(said=[say(lock, 1, boot=batch * 50 + n) for n in range(50)])
        assert session.scalar(select(func.count()).select_from(DeviceBoot)) == 5
    assert len(events(lock)) == 150


def test_a_reading_of_a_forgotten_start_can_be_taken_by_a_person(session, lock, monkeypatch):
    monkeypatch.setattr(number_queries, "MOST_STARTS", 2)
    telemetry.store(said=[say(lock, 1, boot=boot) for boot in (5, 6, 7)])
    telemetry.store(said=[say(lock, 2, boot=1)])
    letter = session.scalars(select(DeadLetter)).one()
    dead_letters.replay(letter_id=letter.id, asset_id=letter.asset_id, actor=system("tests"))
    assert [each.boot for each in events(lock)].count(1) == 1
