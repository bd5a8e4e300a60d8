"""What breaks mends itself, and loses nothing on the way."""

from __future__ import annotations

import signal
import threading
import time
from datetime import timedelta
from queue import SimpleQueue

import pytest
from sqlalchemy import func, select, text

from portal.core.actor import system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.gateways.broker import Broker
from portal.mqtt.client import Link
from portal.mqtt.worker import Worker
from portal.shared.assets.queries import lock_unit
from portal.shared.devices import queries
from portal.shared.devices.models import AssetEvent, DeadLetter, DeviceCommand
from portal.shared.devices.services import commands
from tests.factories import assets as make
from tests.factories.identity import member, sign_in
from tests.mqtt.conftest import heartbeat, leads, soon


@transactional
def tell(unit, action="unlock", capability="access", **rest):
    return commands.queue(
        unit=lock_unit(unit.id),
        capability=capability,
        action=action,
        actor=system("test"),
        idem_key=f"{action}-{time.monotonic()}",
        **rest,
    )


def events():
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(select(AssetEvent.kind, AssetEvent.value).order_by(AssetEvent.at))]


def status_of(command):
    db.session.rollback()
    return db.session.scalar(select(DeviceCommand.status).where(DeviceCommand.id == command.id))


def topic(hotel, room, kind="access"):
    return f"rooms/{hotel.asset_number}/{room.number}/{kind}"


@pytest.fixture
def room():
    hotel = make.place()
    return hotel, make.room(hotel)


def test_a_lock_hears_once_answers_and_the_command_is_done(ingester, device, committed, room):
    hotel, unit = room
    assert leads(ingester())
    lock = device(topic(hotel, unit))
    command = tell(unit)
    assert soon(lambda: lock.heard == [(topic(hotel, unit), "unlock", False)], 5)
    assert soon(lambda: status_of(command) == "sent")
    lock.say(topic(hotel, unit), "unlocked")
    assert soon(lambda: status_of(command) == "done", 5)
    assert events() == [("access", "unlocked")], "the portal's own word is not telemetry"
    assert queries.latest_of([unit.id])[unit.id]["access"].value == "unlocked"
    time.sleep(2.5)
    assert [word for _t, word, _r in lock.heard if word == "unlock"] == ["unlock"]


def test_a_lock_that_connects_later_or_reboots_hears_no_old_command(ingester, device, committed, room):
    hotel, unit = room
    assert leads(ingester())
    first = device(topic(hotel, unit))
    command = tell(unit)
    assert soon(lambda: len(first.heard) == 1 and status_of(command) == "sent")
    first.say(topic(hotel, unit), "unlocked")
    assert soon(lambda: status_of(command) == "done")
    for _reboot in range(3):
        again = device(topic(hotel, unit))
        time.sleep(0.3)
        assert again.heard == []


def test_a_retained_reading_from_before_is_not_taken_as_new(ingester, device, committed, room):
    hotel, unit = room
    sensor = device()
    sensor.say(topic(hotel, unit, "occupancy"), "1", retain=True)
    assert sensor.all_taken(1)
    assert leads(ingester())
    sensor.say(topic(hotel, unit, "occupancy"), "0")
    assert soon(lambda: events() == [("occupancy", "0")], 5)
    time.sleep(0.3)
    assert events() == [("occupancy", "0")]


def test_two_equal_readings_are_two_rows_at_any_quality(ingester, device, committed, room):
    hotel, unit = room
    assert leads(ingester())
    sensor = device()
    for qos in (0, 1, 2):
        for _n in range(2):
            sensor.say(topic(hotel, unit, "occupancy"), "1", qos=qos)
    assert sensor.all_taken(6)
    assert soon(lambda: len(events()) >= 6, 5)
    time.sleep(0.5)
    assert events() == [("occupancy", "1")] * 6


def test_poison_is_kept_once_with_a_count_and_holds_nobody_up(ingester, device, committed, room):
    """Scenario 21."""
    hotel, unit = room
    assert leads(ingester())
    sensor = device()
    where = topic(hotel, unit, "occupancy")
    for payload in ("{not json", b"\xff\xfe", b"\xff\xfe", b"x" * 60_000, "", "NaN"):
        sensor.say(where, payload)
    sensor.say("rooms/H1", "1")
    sensor.say("rooms/H1/101/occupancy/x", "1")
    sensor.say("rooms//101/occupancy", "1")
    sensor.say(topic(hotel, unit, "occupancyy"), "1")
    sensor.say(f"rooms/{hotel.asset_number}/9999/occupancy", "1")
    assert sensor.all_taken(11)
    began = time.monotonic()
    sensor.say(where, "1")
    assert soon(lambda: events() == [("occupancy", "1")], 5)
    assert time.monotonic() - began < 1.0
    kept = db.session.execute(select(DeadLetter.reason, func.sum(DeadLetter.times)).group_by(DeadLetter.reason))
    assert {reason: int(times) for reason, times in kept} == {
        "payload": 2,
        "binary": 2,
        "oversized": 1,
        "empty": 1,
        "topic": 3,
        "kind": 1,
        "unit": 1,
    }


def test_a_room_registered_a_moment_ago_is_heard_within_seconds(ingester, device, committed, room):
    hotel, _unit = room
    assert leads(ingester())
    sensor = device()
    sensor.say(f"rooms/{hotel.asset_number}/new/occupancy", "1")
    assert soon(lambda: db.session.rollback() or db.session.scalar(select(DeadLetter.reason)) == "unit")
    make.room(hotel, number="new")
    time.sleep(2.1)
    sensor.say(f"rooms/{hotel.asset_number}/new/occupancy", "0")
    assert soon(lambda: events() == [("occupancy", "0")], 5)


def test_a_broker_that_went_and_came_back_gets_what_is_still_valid(ingester, device, private_broker, committed, room):
    hotel, unit = room
    other, late = make.room(hotel), make.room(hotel)
    assert leads(ingester())
    private_broker.kill()
    assert soon(lambda: heartbeat().get("connected") is False and heartbeat()["fault"])
    waiting = [tell(unit), tell(other)]
    stale = tell(late, not_after=utcnow() + timedelta(seconds=1))
    time.sleep(1.2)
    assert [status_of(each) for each in waiting] == ["queued", "queued"]
    private_broker.start()
    lock = device(f"rooms/{hotel.asset_number}/#")
    back = time.monotonic()
    assert soon(lambda: [status_of(each) for each in waiting] == ["sent", "sent"], 5)
    assert time.monotonic() - back < 5
    assert {where for where, _word, _retained in lock.heard} == {topic(hotel, unit), topic(hotel, other)}
    with db.session.no_autoflush:
        assert commands.expire_overdue() == 1
    assert status_of(stale) == "expired"
    lock.say(topic(hotel, unit, "occupancy"), "1")
    assert soon(lambda: ("occupancy", "1") in events(), 5)


def test_one_ingester_leads_and_another_takes_over_when_it_is_killed(ingester, device, committed, room):
    hotel, unit = room
    first = ingester()
    assert leads(first)
    second = ingester()
    sensor = device()
    where = topic(hotel, unit, "occupancy")
    for n in range(50):
        sensor.say(where, str(n % 2))
    assert soon(lambda: len(events()) == 50)
    assert not leads(second, within=1.5)
    first.end(signal.SIGKILL)
    for n in range(50):
        sensor.say(where, str(n % 2))
    assert leads(second)
    assert soon(lambda: len(events()) >= 100)
    time.sleep(0.5)
    assert len(events()) == 100


def test_a_leader_that_lost_its_lock_in_a_quiet_hour_leaves_the_session_to_the_next(ingester, committed):
    first = ingester()
    assert leads(first)
    second = ingester()
    assert not leads(second, within=1.5)
    holder = db.session.scalar(text("select pid from pg_locks where locktype = 'advisory' and granted"))
    db.session.execute(text("select pg_terminate_backend(:p)"), {"p": holder})
    db.session.commit()
    assert soon(lambda: leads(first, within=0.1) or leads(second, within=0.1), 5)
    time.sleep(3)
    assert heartbeat()["connected"]
    assert heartbeat()["restarts"] == 0, "nobody took the session back from its new leader"


def test_the_database_gone_for_a_moment_costs_nothing(ingester, device, committed, room):
    hotel, unit = room
    one = ingester()
    assert leads(one)
    sensor = device()
    where = topic(hotel, unit, "occupancy")
    for n in range(600):
        sensor.say(where, str(n % 2))
        if n % 200 == 100:
            db.session.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
            db.session.commit()
    assert soon(lambda: len(events()) >= 600, 20), one.output()
    time.sleep(0.5)
    assert len(events()) == 600


def test_a_fault_in_hearing_is_seen_and_mended(app, private_broker, committed, room, monkeypatch, device, client):
    """Scenario 22.

    The network thread dies and its client would never say so: the health page does until it is well again.
    """
    hotel, unit = room
    heard, broken = Link._take, threading.Event()

    def stumble(link, message):
        if broken.is_set():
            raise RuntimeError("a fault nobody foresaw")
        heard(link, message)

    monkeypatch.setattr(Link, "_take", stumble)
    monkeypatch.setattr("threading.excepthook", lambda _args: None)
    sign_in(client, member(hotel, "owner"))

    def devices_are(state):
        return client.get("/readyz").json["checks"].get("broker", {}).get("state") == state

    worker = Worker(app, Broker(private_broker.url))
    leading = threading.Thread(target=worker.run)
    leading.start()
    try:
        assert soon(lambda: devices_are("ok"))
        broken.set()
        device().say(topic(hotel, unit, "occupancy"), "1")
        assert soon(lambda: devices_are("down"), 15)
        assert "a fault nobody foresaw" in client.get("/admin/health").text
        broken.clear()
        mended = time.monotonic()
        assert soon(lambda: events() == [("occupancy", "1")] and devices_are("ok"), 10)
        assert time.monotonic() - mended < 10
        assert worker.restarts >= 1
        assert "a fault nobody foresaw" not in client.get("/admin/health").text
    finally:
        worker.stopping.set()
        leading.join()


def test_it_stops_when_told_with_everything_acknowledged(ingester, device, committed, room):
    hotel, unit = room
    one = ingester()
    assert leads(one)
    sensor = device()
    for n in range(300):
        sensor.say(topic(hotel, unit, "occupancy"), str(n % 2))
    assert sensor.all_taken(300)
    began = time.monotonic()
    assert one.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 10
    two = ingester()
    assert leads(two)
    assert soon(lambda: len(events()) >= 300)
    time.sleep(0.5)
    assert len(events()) == 300


def test_the_answer_to_an_earlier_message_does_not_pass_for_a_commands_own(private_broker):
    link = Link(Broker(private_broker.url), "link-answers", 1, SimpleQueue())
    link.open()
    try:
        assert soon(lambda: link.connected)
        link.tell("v1/nobody/down/ack", "{}")
        time.sleep(0.5)  # that it left is an answer, too, and nobody asked for it
        link._client._last_mid -= 1  # its number comes round again, as after 65,535 messages
        number = link.publish("v1/nobody/down/cmd", "{}", seconds=5, retain=False)
        assert link.answers([number], 10) == {number: False}, "nobody listens there, and the broker said so"
    finally:
        link.close()


def test_a_refused_word_without_a_number_is_counted_once_when_it_is_delivered_again(ingester, device, committed):
    running = ingester(die_at_ack=1)
    assert leads(running)
    stranger = device()
    stranger.say("v1/ghost/up/temperature", "{not json")
    assert soon(running.dead), running.output()
    running.start()
    assert soon(lambda: heartbeat().get("repeated") == 1, 60), running.output()
    stranger.say("v1/ghost/up/temperature", "{nor this")

    def times():
        db.session.rollback()
        return sorted(db.session.scalars(select(DeadLetter.times)))

    assert soon(lambda: len(times()) == 2), running.output()
    assert times() == [1, 1]
