"""A batch of readings: events for ever, the latest beside them, and the commands they answer."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from portal.core import outbox
from portal.core.actor import system
from portal.core.transaction import transactional
from portal.shared.assets.queries import lock_unit, unit_of
from portal.shared.assets.services import registry
from portal.shared.devices import queries
from portal.shared.devices.models import AssetEvent, DeadLetter, ReadingNews, ReplayPage
from portal.shared.devices.readings import Reading, from_plain_topic
from portal.shared.devices.services import commands, telemetry
from tests.factories import assets as make
from tests.factories import payments


def said(unit, kind, *words):
    asset = queries.db.session.get(make.Asset, unit.asset_id)
    folder = f"{unit.kind}s"
    return [from_plain_topic(f"{folder}/{asset.asset_number}/{unit.number}/{kind}", word.encode()) for word in words]


def told(unit, action, capability="access"):
    @transactional
    def tell():
        return commands.queue(
            unit=lock_unit(unit.id), capability=capability, action=action, actor=system("t"), idem_key=action
        )

    return tell()


def test_each_reading_is_a_row_in_the_order_it_was_said(session):
    room = make.room()
    stored = telemetry.record_readings(readings=said(room, "occupancy", *"0110"))
    assert stored.readings == 4
    rows = queries.history(room.asset_id, unit_id=room.id)
    assert [row.value for row in rows] == ["0", "1", "1", "0"]
    assert sorted((row.at, row.id) for row in rows) == [(row.at, row.id) for row in reversed(rows)]
    assert queries.latest_of([room.id])[room.id]["occupancy"].value == "0"
    (event,) = session.scalars(
        select(outbox.OutboxEvent).where(outbox.OutboxEvent.topic == "devices.reading.taken")
    ).all()
    assert event.body["units"] == [str(room.id)]


def test_whoever_watches_is_told_once_a_batch_which_unit_spoke_of_what(session):
    room, car = make.room(), make.vehicle()
    batch = said(room, "occupancy", *"01") + said(room, "access", "locked") + said(car, "ignition", "on")
    telemetry.store(said=batch)
    news = {row.unit_id: row for row in session.scalars(select(ReadingNews))}
    oldest = session.scalar(select(func.min(AssetEvent.at)).where(AssetEvent.unit_id == room.id))
    assert (news[room.id].kinds, news[room.id].since) == (["access", "occupancy"], oldest)
    assert (news[car.id].kinds, news[car.id].asset_id) == (["ignition"], car.asset_id)
    assert len(news) == session.scalar(select(func.count()).select_from(ReadingNews)) == 2


def test_a_room_that_was_registered_anew_is_known_at_once(session):
    room, book = make.room(), telemetry.Books()
    reading = said(room, "occupancy", "1")
    book.units.look_up(reading)
    place = session.get(make.Asset, room.asset_id)
    registry.delete_unit(unit_id=room.id, actor=system("t"))
    again = make.room(place, number=room.number)
    assert telemetry.store(said=reading, books=book).readings == 1
    assert queries.latest_of([again.id])[again.id]["occupancy"].value == "1"


def test_a_clock_that_was_set_back_does_not_freeze_what_the_board_shows(session):
    room = make.room()
    telemetry.record_readings(readings=said(room, "access", "unlocked"))
    session.execute(text("update latest_reading set at = at + interval '1 hour'"))
    telemetry.record_readings(readings=said(room, "access", "locked"))
    assert queries.latest_of([room.id])[room.id]["access"].value == "locked"


def test_history_is_one_places_own(session):
    room, other = make.room(), make.room()
    telemetry.record_readings(readings=said(room, "access", "locked") + said(other, "access", "unlocked"))
    assert [row.value for row in queries.history(room.asset_id)] == ["locked"]
    assert not queries.history(other.asset_id, unit_id=room.id)
    assert not queries.history(room.asset_id, kind="occupancy")


def test_a_reported_state_answers_only_what_was_sent(session):
    room = make.room()
    command = told(room, "unlock")
    telemetry.record_readings(readings=said(room, "access", "unlocked"))
    assert queries.get_command(room.asset_id, command.id).status == "queued", "said before it was sent"
    commands.claim_due()
    telemetry.record_readings(readings=said(room, "access", "unlock", "locked"))
    assert command.status == "queued", "neither an echo nor the other state is an answer"
    telemetry.record_readings(readings=said(room, "access", "unlocked"))
    session.refresh(command)
    assert command.status == "done"
    assert queries.latest_of([room.id])[room.id]["access"].value == "unlocked"


def test_a_batch_with_a_refused_value_keeps_nothing(session):
    room = make.room()
    good = said(room, "occupancy", "1")
    asset = session.get(make.Asset, room.asset_id)
    bad = Reading("room", asset.asset_number, room.number, "electricity", "a\0b", b"")
    page = telemetry.LogPage("s", 2, b"x" * 68)
    with pytest.raises(telemetry.Unstorable):
        telemetry.store(said=[*good, bad], page=page)
    for kept in (AssetEvent, DeadLetter, ReplayPage):
        assert session.scalar(select(func.count()).select_from(kept)) == 0


def test_the_log_keeps_its_order_and_lets_go_of_what_is_old(session, monkeypatch):
    monkeypatch.setattr(telemetry, "LOG_KEPT", 3)
    for upto in (2, 4, 6):
        entries = b"".join(n.to_bytes(2, "big") + bytes([n]) * 32 for n in (upto - 1, upto))
        telemetry.store(said=[], page=telemetry.LogPage("s", upto, entries))
    assert queries.replay_log("s") == (6, [(n, bytes([n]) * 32) for n in range(1, 7)])
    assert telemetry.trim_log(session="s", upto=6) == 1
    assert [packet for packet, _sha in queries.replay_log("s")[1]] == [3, 4, 5, 6]
    telemetry.forget_session(session="s")
    assert queries.replay_log("s") == (0, [])


def test_a_position_leaves_alone_what_was_paid_for(session):
    """What the door remembers of a car is older than the payment, and is never written back."""
    car = make.vehicle()
    book = telemetry.Books()
    telemetry.store(said=said(car, "location", "6.5244,3.3792"), books=book)
    payments.paid(car)
    until = unit_of(car.id).expires_at
    telemetry.store(said=said(car, "location", "6.5250,3.3800"), books=book)
    session.expire_all()
    assert (unit_of(car.id).status, unit_of(car.id).expires_at) == ("active", until)
    assert queries.latest_of([car.id])[car.id]["location"].value == "6.5250,3.3800"
