"""Devices that number what they say: nothing is lost and nothing is twice, whatever dies, and they are told so."""

from __future__ import annotations

import random
import signal
import time

import pytest
from sqlalchemy import func, select

from portal.core.db import db
from portal.shared.devices.models import Alert, AssetEvent, DeadLetter, DeviceState
from portal.shared.devices.number_queries import gaps_of
from tests.factories import assets as make
from tests.factories import devices as registry
from tests.mqtt.conftest import heartbeat, leads, soon
from tests.mqtt.forwarder import Forwarder
from tests.mqtt.test_faults import status_of, tell
from tests.support import databases


@pytest.fixture
def registered(committed):
    """A device in service in a room of its own."""
    return registry.envelope(make.room())


@pytest.fixture
def forwarder(private_broker):
    """Devices on the test's broker."""
    made = []

    def connect(registered, **rest):
        made.append(Forwarder(private_broker.url, registered.name, **rest))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def numbers(registered):
    db.session.rollback()
    rows = db.session.scalars(select(AssetEvent.seq).where(AssetEvent.device_id == registered.id))
    return sorted(rows)


def state(registered):
    db.session.rollback()
    return db.session.scalar(select(DeviceState.state).where(DeviceState.device_id == registered.id))


def alerts(kind):
    db.session.rollback()
    return list(db.session.scalars(select(Alert.status).where(Alert.kind == kind)))


def test_what_is_kept_is_acknowledged_to_the_device_itself(ingester, registered, forwarder):
    assert leads(ingester())
    device = forwarder(registered)
    for n in range(50):
        device.say("occupancy", n % 2)
    assert soon(lambda: not device.kept, 10)
    assert numbers(registered) == list(range(1, 51))
    assert device.acks[-1] == {"boot": 1, "through": 50, "missing": []}


def test_a_hole_is_asked_for_and_filled(ingester, registered, forwarder):
    assert leads(ingester())
    device = forwarder(registered)
    device.say("occupancy", 1)
    assert soon(lambda: not device.kept)
    device.RESEND_AFTER = 3_600
    connected, device.client.is_connected = device.client.is_connected, lambda: False
    device.say("occupancy", 0)  # said into the void
    device.client.is_connected = connected
    device.say("occupancy", 1)
    assert soon(lambda: not device.kept)
    assert any(ack["missing"] == [2] for ack in device.acks)
    assert numbers(registered) == [1, 2, 3]


def test_an_ingester_killed_six_times_loses_and_doubles_nothing(ingester, registered, forwarder):
    flood(ingester, registered, forwarder, 2_000)


@pytest.mark.chaos
def test_twenty_thousand_numbered_messages_and_an_ingester_killed_six_times(ingester, registered, forwarder):
    flood(ingester, registered, forwarder, 20_000)


def flood(ingester, registered, forwarder, count):
    dice, share = random.Random(count), count // 7
    running = ingester(die_at_ack=dice.randint(1, share // 2))
    assert leads(running)
    device = forwarder(registered)
    for round_ in range(7):
        for n in range(share if round_ < 6 else count - 6 * share):
            device.say("occupancy", n % 2)
        if round_ == 6:
            break
        if running.die_at_ack:
            assert soon(running.dead, 30), running.output()
        else:
            time.sleep(dice.uniform(0.0, 0.2))
        running.end(signal.SIGKILL)
        running.start(die_at_ack=0 if round_ % 2 == 0 or round_ == 5 else dice.randint(1, share // 2))
    assert soon(lambda: not device.kept, 120), (len(device.kept), running.output())
    assert numbers(registered) == list(range(1, count + 1))


def test_a_broker_killed_with_five_hundred_messages_in_its_queue(ingester, registered, forwarder, private_broker):
    """Scenario 19."""
    first = ingester()
    assert leads(first)
    first.end(signal.SIGTERM)
    device = forwarder(registered)
    assert soon(device.client.is_connected)
    for n in range(500):
        device.say("occupancy", n % 2)
    device.RESEND_AFTER = 3_600
    assert soon(lambda: not device.waits_for_broker, 30), "the broker has all of them"
    private_broker.kill()
    private_broker.forget()
    del device.RESEND_AFTER
    private_broker.start()
    assert soon(lambda: device.client.is_connected() and not device.waits_for_broker, 30), "confirmed, and to nobody"
    assert leads(ingester())
    assert soon(lambda: not device.kept, 60)
    assert numbers(registered) == list(range(1, 501))
    assert list(gaps_of([registered.id])) == []


def test_broker_and_ingester_killed_together(ingester, registered, forwarder, private_broker):
    running = ingester()
    assert leads(running)
    device = forwarder(registered)
    for round_ in range(3):
        for n in range(200):
            device.say("occupancy", n % 2)
        time.sleep(random.Random(round_).uniform(0.02, 0.3))
        private_broker.kill()
        running.end(signal.SIGKILL)
        private_broker.start()
        running.start()
    assert soon(lambda: not device.kept, 60), running.output()
    assert numbers(registered) == list(range(1, 601))


def database_away(app, database_url, ingester, registered, forwarder, seconds, rate, resend_after=10.0):
    """The database dies, the device goes on speaking; how long the rest took to drain once it was back."""
    with databases.careful(database_url):
        running = ingester()
        assert leads(running)
        device = forwarder(registered)
        device.RESEND_AFTER = resend_after
        device.say("occupancy", 1)
        assert soon(lambda: not device.kept)
        db.session.remove()
        db.engine.dispose()
        with databases.gone() as it_is:
            if not it_is:
                pytest.skip("the database is the tester's own")
            heard = len(device.acks)
            for n in range(seconds * rate):
                device.say("occupancy", n % 2)
                time.sleep(1 / rate)
            assert len(device.acks) == heard, "nothing is acknowledged that is not kept"
        back = time.monotonic()
        assert soon(lambda: not device.kept, 120), running.output()
        took = time.monotonic() - back
        assert numbers(registered) == list(range(1, seconds * rate + 2))
        return took


def test_a_database_away_for_seconds_acknowledges_nothing_and_loses_nothing(
    app, database_url, ingester, registered, forwarder
):
    database_away(app, database_url, ingester, registered, forwarder, seconds=3, rate=100, resend_after=3.0)


@pytest.mark.chaos
def test_a_database_away_for_two_minutes_is_caught_up_with_within_seconds(
    app, database_url, ingester, registered, forwarder
):
    """Scenario 20."""
    assert database_away(app, database_url, ingester, registered, forwarder, seconds=120, rate=100) < 15


def test_poison_of_a_device_is_kept_once_and_the_next_word_comes_through(ingester, registered, forwarder, device):
    assert leads(ingester())
    tracker, stranger = forwarder(registered), device()
    topic = f"v1/{registered.name}/up/occupancy"
    for payload in ("{not json", b"\xff\xfe", "x" * 64_000, '{"boot":1,"seq":1,"v":NaN}', "[" * 1_000):
        for _twice in range(2):
            tracker.client.publish(topic, payload, qos=1)
    tracker.say("occupancy", "wrong")
    began = time.monotonic()
    tracker.say("occupancy", 1)
    assert soon(lambda: numbers(registered) == [2], 15)
    assert time.monotonic() - began < 5
    kept = db.session.execute(select(DeadLetter.reason, func.count(), func.sum(DeadLetter.times)).group_by("reason"))
    assert {reason: (rows, int(times)) for reason, rows, times in kept} == {"payload": (5, 9), "oversized": (1, 2)}
    assert soon(lambda: not tracker.kept), "what was refused has come all the same"
    assert not stranger.heard


def test_a_pulled_network_is_seen_and_the_return_too(ingester, registered, forwarder):
    assert leads(ingester())
    device = forwarder(registered)
    assert soon(lambda: state(registered) == "online")
    device.close(rudely=True)
    assert soon(lambda: state(registered) == "lost", 30)
    assert alerts("device_lost") == ["open"]
    forwarder(registered, boot=2)
    assert soon(lambda: state(registered) == "online")
    assert alerts("device_lost") == ["cleared"]


def test_a_state_from_before_the_ingester_came_is_asked_for(ingester, registered, forwarder):
    device = forwarder(registered)
    assert soon(device.client.is_connected)
    time.sleep(0.3)
    assert leads(ingester())
    assert soon(lambda: state(registered) == "online", 5), "the broker kept the last word"


def test_two_ingesters_share_the_work_and_one_killed_costs_nothing(ingester, device, forwarder, committed):
    hotel = make.place()
    rooms = [make.room(hotel) for _n in range(4)]
    boxes = [registry.envelope(room) for room in rooms]
    one, two = ingester(ingesters=2), None
    assert leads(one)
    two = ingester(ingesters=2)
    assert leads(two, place="mqtt-2")
    plain, said = device(), 0
    trackers = [forwarder(box) for box in boxes]
    for round_ in range(4):
        for n in range(100):
            plain.say(f"rooms/{hotel.asset_number}/{rooms[n % 4].number}/electricity", f"{said}")
            trackers[n % 4].say("occupancy", n % 2)
            said += 1
        victim = (one, two)[round_ % 2]
        if round_ < 3:
            time.sleep(0.1 * round_)
            victim.end(signal.SIGKILL)
            victim.start()
    assert plain.all_taken(said)

    def plain_rows():
        db.session.rollback()
        return db.session.scalar(select(func.count()).where(AssetEvent.kind == "electricity"))

    assert soon(lambda: plain_rows() >= said, 60), (plain_rows(), one.output(), two.output())
    assert soon(lambda: not any(tracker.kept for tracker in trackers), 60)
    time.sleep(1)
    assert plain_rows() == said
    words = db.session.scalars(select(AssetEvent.value).where(AssetEvent.kind == "electricity"))
    assert sorted(int(word) for word in words) == list(range(said))
    assert [numbers(box) for box in boxes] == [list(range(1, said // 4 + 1))] * 4
    assert all(heartbeat(place)["stored"] for place in ("mqtt", "mqtt-2")), "both had their share"


def test_an_ingester_that_is_not_wanted_any_more_is_heard_out(ingester, device, committed):
    room = make.room()
    hotel = db.session.get(make.Asset, room.asset_id)
    where = f"rooms/{hotel.asset_number}/{room.number}/electricity"
    one, two = ingester(ingesters=2), ingester(ingesters=2)
    assert soon(lambda: {heartbeat(place).get("connected") for place in ("mqtt", "mqtt-2")} == {True}, 60)
    two.end(signal.SIGKILL)
    one.end(signal.SIGKILL)
    plain = device()
    for n in range(40):
        plain.say(where, str(n))
    assert plain.all_taken(40)
    alone = ingester(ingesters=1)
    assert leads(alone)

    def words():
        db.session.rollback()
        return sorted(int(word) for word in db.session.scalars(select(AssetEvent.value)))

    assert soon(lambda: words() == list(range(40)), 30), alone.output()
    assert soon(lambda: heartbeat("mqtt-2") == {}, 40)
    for n in range(40, 60):
        plain.say(where, str(n))
    assert soon(lambda: words() == list(range(60)), 30), "and nothing goes to its share any more"


WORST = [b"", b"{", b"null", b"[]", b"\xff\xfe\x00", b"NaN", b"0,0", b"91,181", b"x" * 40_000, b'{"boot":1}', b"[" * 99]


def madness(ingester, device, forwarder, registered, count, within):
    """Random payloads on random topics beside a device that means it: every message is accounted for."""
    room = make.room()
    hotel = db.session.get(make.Asset, room.asset_id)
    running = ingester()
    assert leads(running)
    honest, mad, dice = forwarder(registered), device(), random.Random(count)
    levels = ["rooms", "vehicles", "v1", hotel.asset_number, room.number, registered.name, "up", "status", "occupancy",
              "location", "access", "", " ", "é", "x" * 200, "down", "cmdres", "lost"]  # fmt: skip
    folders = ("rooms", "vehicles", "v1/box/up")
    good = 0
    for n in range(count):
        topic = "/".join([dice.choice(folders), *dice.choices(levels, k=dice.randint(0, 4))])
        payload = dice.choice(WORST) if dice.random() < 0.5 else dice.randbytes(dice.randint(0, 60))
        if n % 10 == 0:
            topic, payload, good = f"rooms/{hotel.asset_number}/{room.number}/electricity", f"w{n}".encode(), good + 1
        if n % 50 == 0:
            honest.say("occupancy", n // 50 % 2)
        mad.say(topic, payload)
        if n % 1_000 == 0:  # packet numbers come round after 65,535: no more than that may be under way
            assert mad.all_taken(n - 5_000, within)
    assert mad.all_taken(count, within)

    def accounted():
        db.session.rollback()
        stored = db.session.scalar(select(func.count()).where(AssetEvent.device_id.is_(None)))
        dead = db.session.scalar(select(func.coalesce(func.sum(DeadLetter.times), 0)))
        return int(stored) + int(dead)

    assert soon(lambda: accounted() >= count, within, 0.3), (accounted(), running.output())
    time.sleep(1)
    assert accounted() == count
    assert not running.dead()
    words = db.session.scalar(select(func.count()).where(AssetEvent.value.like("w%")))
    assert words == good
    assert soon(lambda: not honest.kept, 30)
    assert numbers(registered) == list(range(1, honest.seq + 1))
    assert leads(running)


def test_three_thousand_random_messages_leave_the_ingester_alive(ingester, device, forwarder, registered):
    madness(ingester, device, forwarder, registered, 3_000, within=90)


@pytest.mark.chaos
def test_a_hundred_thousand_random_messages_leave_the_ingester_alive(ingester, device, forwarder, registered):
    madness(ingester, device, forwarder, registered, 100_000, within=600)


def test_a_command_in_an_envelope_is_answered_and_done(ingester, registered, forwarder, committed):
    assert leads(ingester())
    device = forwarder(registered)
    assert soon(device.client.is_connected)
    time.sleep(0.3)
    unit = db.session.get(make.Unit, registered.unit_id)
    command = tell(unit)
    assert soon(lambda: device.commands, 10)
    assert device.commands[0]["id"] == str(command.id)
    device.answer(device.commands[0], "accepted")
    assert soon(lambda: status_of(command) == "accepted")
    device.answer(device.commands[0], "done")
    assert soon(lambda: status_of(command) == "done")
