"""A flood from one device waits its turn, none of it is lost, and nobody else waits for it."""

from __future__ import annotations

import os
import threading
import time
from queue import SimpleQueue

import pytest
from sqlalchemy import func, select, text

from portal.core.db import db
from portal.mqtt import shares
from portal.mqtt.echoes import Echoes
from portal.mqtt.ingest import Ingest
from portal.mqtt.shares import BURST, Shares
from portal.shared.devices.models import Alert, AssetEvent, DeadLetter, WaitingPage
from portal.shared.devices.services import floods
from portal.shared.devices.services.floods import Later
from tests.factories import assets as make
from tests.factories import devices as registry
from tests.mqtt.conftest import Device, heartbeat, leads, soon
from tests.mqtt.forwarder import Forwarder


def kept(unit):
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(AssetEvent.unit_id == unit.id))


def flood(private_broker, topic, count):
    """So many messages at once, from a device of its own."""
    loud = Device(private_broker.device_url, f"loud-{os.getpid()}")

    def say():
        for n in range(count):
            loud.say(topic, str(n % 2))
            while n - loud.published > 20_000:  # the client has no more numbers for what is on its way
                time.sleep(0.002)

    threading.Thread(target=say, daemon=True).start()
    return loud


def slowest(quiet, topic, unit, seconds):
    """The longest that a word of a quiet device took to be stored while it spoke for so long."""
    longest, until, said = 0.0, time.monotonic() + seconds, kept(unit)
    while time.monotonic() < until:
        begun = time.monotonic()
        quiet.say(topic, "1")
        said += 1
        assert soon(lambda said=said: kept(unit) >= said, 20, 0.02)
        longest = max(longest, time.monotonic() - begun)
        time.sleep(0.1)
    return longest


def a_flood_harms_nobody(ingester, device, private_broker, count):
    hotel = make.place()
    room, other = make.room(hotel), make.room(hotel)
    assert leads(ingester())
    quiet = device()
    loud = flood(private_broker, f"rooms/{hotel.asset_number}/{room.number}/occupancy", count)
    try:
        waited = slowest(quiet, f"rooms/{hotel.asset_number}/{other.number}/occupancy", other, 6)
        assert soon(lambda: kept(room) == count, 300, 1.0), (kept(room), heartbeat())
    finally:
        loud.close()
    assert waited < 2, f"another device waited for {waited:.1f} s"
    said = db.session.scalars(
        select(AssetEvent.value).where(AssetEvent.unit_id == room.id).order_by(AssetEvent.at, AssetEvent.id)
    ).all()
    assert said == [str(n % 2) for n in range(count)], "all of it, in the order it was said"
    assert db.session.scalar(select(func.count()).select_from(WaitingPage)) == 0
    assert db.session.scalar(select(func.count()).select_from(DeadLetter)) == 0
    assert [(each.kind, each.unit_id) for each in db.session.scalars(select(Alert))] == [("device_floods", room.id)]


@pytest.mark.usefixtures("committed")
def test_a_flood_from_one_unit_waits_and_the_others_do_not(ingester, device, private_broker):
    a_flood_harms_nobody(ingester, device, private_broker, 20_000)


@pytest.mark.chaos
@pytest.mark.usefixtures("committed")
def test_a_hundred_thousand_messages_at_once_harm_nobody(ingester, device, private_broker):
    a_flood_harms_nobody(ingester, device, private_broker, 100_000)


@pytest.mark.usefixtures("committed")
def test_what_waits_outlives_an_ingester_that_is_killed(ingester, private_broker):
    room = make.room()
    place = db.session.get(make.Asset, room.asset_id)
    running = ingester()
    assert leads(running)
    loud = flood(private_broker, f"rooms/{place.asset_number}/{room.number}/occupancy", 20_000)
    try:
        assert soon(lambda: bool(floods.waiting()), 20, 0.01)
        running.end()
        assert kept(room) < 20_000
        running.start()
        assert soon(lambda: kept(room) == 20_000, 60), (kept(room), running.output())
    finally:
        loud.close()


@pytest.mark.usefixtures("committed")
def test_a_numbered_flood_is_kept_and_acknowledged_in_its_turn(ingester, private_broker):
    registered = registry.envelope(make.room())
    assert leads(ingester())
    device = Forwarder(private_broker.url, registered.name)
    try:
        for n in range(BURST + 2_000):
            device.say("occupancy", n % 2)
        assert soon(lambda: not device.kept, 60), len(device.kept)
    finally:
        device.close()
    db.session.rollback()
    rows = db.session.scalars(select(AssetEvent.seq).where(AssetEvent.device_id == registered.id))
    assert sorted(rows) == list(range(1, BURST + 2_001))


def test_when_too_much_waits_already_plain_words_are_refused_and_numbered_ones_said_again(session, monkeypatch):
    monkeypatch.setattr(floods, "MOST_WAITING", 2)
    one = Ingest(SimpleQueue(), Echoes())
    asides = [one._aside("rooms/H1/1/door", b"open") for _n in range(3)]
    assert [type(each).__name__ for each in asides] == ["Later", "Later", "Refused"]
    assert [one._aside("v1/lock-a/up/door", b"{}") for _n in range(3)][2] is None
    assert one.waiting == 4


def test_an_alert_of_a_flood_ends_when_it_has_been_quiet(session):
    room = make.room()
    place = db.session.get(make.Asset, room.asset_id)
    topic = f"rooms/{place.asset_number}/{room.number}/occupancy"
    assert floods.tell(topics=[topic, "rooms/NOBODY/1/occupancy", "v1/nobody/up/door", "rooms"], per_second=1) == 1
    assert floods.end_quiet() == 0
    session.execute(text("update alert set last_at = last_at - interval '2 min'"))
    floods.put_aside([Later(topic, b"1")])
    session.commit()
    assert floods.end_quiet() == 0, "something still waits"
    session.execute(text("delete from waiting_page"))
    session.commit()
    assert floods.end_quiet() == 1
    assert session.scalars(select(Alert.status)).all() == ["cleared"]


def test_pages_keep_what_was_said_to_the_byte():
    said = [Later("rooms/H1/1/door", b""), Later("rooms/H1/\udcff/x", bytes(range(256))), Later("ü/é/✓", b"1" * 70_000)]
    assert list(floods._read(b"".join(floods._written(said)))) == said


def test_a_share_comes_back_with_time_and_is_each_speakers_own(monkeypatch):
    mine = Shares()
    assert not any(mine.over("a", 0.0) for _n in range(BURST))
    assert mine.over("a", 0.0)
    assert not mine.over("b", 0.0)
    assert not any(mine.over("a", 1.0) for _n in range(shares.PER_SECOND))
    assert mine.over("a", 1.0)
    monkeypatch.setattr(shares, "MOST_SPEAKERS", 10)
    assert not any(mine.over(str(n), 2.0) for n in range(1_000))
    assert len(mine._left) <= 11
