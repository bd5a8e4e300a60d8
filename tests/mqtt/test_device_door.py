"""The devices' door of a real mosquitto: each device its own account, its own topics, its own session."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy import select

from portal.core import outbox
from portal.core.actor import system
from portal.core.db import db
from portal.gateways import account_files
from portal.runtime import mosquitto, refusals
from portal.runtime.mosquitto import Mosquitto
from portal.runtime.process import wait_until
from portal.shared.devices import alert_words, broker_accounts
from portal.shared.devices.models import Alert
from portal.shared.devices.services import broker_keeper, registry
from tests.factories import assets
from tests.support import databases
from tests.support.brokers import HOW

ACTOR = system("tests")


class Door:
    """A mosquitto with its doors open, and its files kept by the portal."""

    def __init__(self, folder: Path) -> None:
        self.service = Mosquitto(folder, watch=True)
        self.log = folder.with_suffix(".log")
        self.service.prepare()
        self.start()
        found = self.service.files(self.log)
        broker_keeper.connect(
            broker_keeper.Files(
                found["mqtt_password_file"], found["mqtt_acl_file"], found["mqtt_reload_pid_file"],
                found["mqtt_broker_log"],
            )
        )  # fmt: skip

    def start(self) -> None:
        self.process = self.service.start(self.log)
        assert wait_until(self.service.answers, 20), self.log.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self.service.ended()


class Party:
    """Somebody with an account at the broker."""

    def __init__(self, port: int, user: str, secret: str, client_id: str | None = None, lasting: bool = False,
                 comes_back: bool = False) -> None:  # fmt: skip
        self.heard: list[tuple[str, bytes]] = []
        self.answers: dict[int, str] = {}
        self.refused = threading.Event()
        self.ready, self.gone = threading.Event(), threading.Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id or user, protocol=paho.MQTTv5,
            reconnect_on_failure=comes_back,
        )  # fmt: skip
        self.client.username_pw_set(user, secret)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.client.on_message = lambda _c, _d, message: self.heard.append((message.topic, bytes(message.payload)))
        self.client.on_publish = lambda _c, _d, mid, reason, _p: self.answers.update({mid: str(reason)})
        self.subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        asked = Properties(PacketTypes.CONNECT)
        asked.SessionExpiryInterval = 3600 if lasting else 0
        self.client.reconnect_delay_set(1, 2)
        self.client.connect("127.0.0.1", port, clean_start=not lasting, properties=asked)
        self.client.loop_start()

    def let_in(self) -> bool:
        """Whether the broker took the account."""
        return self.ready.wait(10) and not self.refused.is_set()

    def say(self, topic: str, payload: str = "x") -> str:
        """Publish, and what the broker says to that; that nobody listens is no refusal."""
        sent = self.client.publish(topic, payload, qos=1)
        assert wait_until(lambda: sent.mid in self.answers, 10)
        return self.answers[sent.mid].replace("No matching subscribers", "Success")

    def listen(self, topic: str) -> None:
        self.subscribed.clear()
        self.client.subscribe(topic, qos=1)
        assert self.subscribed.wait(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.refused.set()
        self.ready.set()


@pytest.fixture
def door(committed, tmp_path):
    """A broker of this test's own whose accounts follow the registry."""
    if not mosquitto.program():
        pytest.skip(f"MISSING: mosquitto, which is not installed. To get it: {HOW}")
    made = Door(databases.run_folder() / f"door-{tmp_path.name}")
    yield made
    broker_keeper.connect(broker_keeper.Files())
    made.kill()


@pytest.fixture
def come(door):
    """Sign in at the devices' door; everybody leaves at the end."""
    parties: list[Party] = []

    def sign_in(user: str, secret: str, inner: bool = False, **changes: Any) -> Party:
        port = door.service.port if inner else door.service.device_port
        parties.append(Party(port, user, secret, **changes))
        return parties[-1]

    yield sign_in
    for each in parties:
        each.close()


def the_portal(door: Door, come: Any) -> Party:
    return come("portal", door.service._known()["portal"], inner=True, client_id="the-portal")


def changed() -> None:
    """What the clockwork does after a change of the registry."""
    outbox.relay()
    outbox.deliver_due()


def test_a_device_that_reaches_for_anothers_topics_gets_nothing_and_is_told_of_once(door, come):
    """Scenario 26."""
    place = assets.place()
    a = registry.register(asset_id=place.id, type="lock", unit_id=assets.room(place).id, name="lock-a", actor=ACTOR)
    b = registry.register(asset_id=place.id, type="lock", unit_id=assets.room(place).id, name="lock-b", actor=ACTOR)
    b_id = b.device.id
    changed()
    portal = the_portal(door, come)
    portal.listen("v1/+/up/#")
    owner = come("lock-b", b.secret, lasting=True)
    assert owner.let_in()
    owner.listen("v1/lock-b/down/#")
    owner.close()
    assert portal.say("v1/lock-b/down/cmd", "unlock") == "Success"

    thief = come("lock-a", a.secret, client_id="lock-b", lasting=True)
    assert thief.let_in()
    thief.listen("#")
    thief.listen("v1/lock-b/down/#")
    for _again in range(3):
        assert thief.say("v1/lock-b/up/access", "forged") == "Not authorized"
        assert thief.say("v1/lock-b/status", "forged") == "Not authorized"
    assert portal.say("v1/lock-b/down/cmd", "lock") == "Success"
    assert thief.say("v1/lock-a/up/access", "its own") == "Success"

    back = come("lock-b", b.secret, lasting=True)
    assert wait_until(lambda: len(back.heard) == 2, 10), back.heard
    assert back.heard == [("v1/lock-b/down/cmd", b"unlock"), ("v1/lock-b/down/cmd", b"lock")]
    assert wait_until(lambda: len(portal.heard) == 1, 10)
    assert portal.heard == [("v1/lock-a/up/access", b"its own")]
    assert thief.heard == []

    assert wait_until(lambda: broker_keeper.watch() > 0, 20), door.log.read_text()
    broker_keeper.watch()
    alerts = db.session.scalars(select(Alert)).all()
    assert [(each.kind, each.device_id, each.facts["device"]) for each in alerts] == [
        ("security_foreign_topic", a.device.id, "lock-a")
    ]
    assert alerts[0].facts["topic"].startswith("v1/lock-b/")
    assert alerts[0].device_id != b_id
    assert back.say("v1/lock-b/down/cmd", "unlock") == "Not authorized", "commands are the portal's alone"


def test_two_devices_with_one_name_are_one_alert_that_says_what_to_do(door, come):
    place = assets.place()
    made = registry.register(asset_id=place.id, type="lock", unit_id=assets.room(place).id, name="lock-a", actor=ACTOR)
    changed()
    once = come("lock-a", made.secret)
    assert once.let_in()
    back = come("lock-a", made.secret)
    assert back.let_in()
    assert once.gone.wait(10)
    assert wait_until(lambda: b"already connected" in door.log.read_bytes(), 10)
    assert broker_keeper.watch() == 0, "it came back before the broker had noticed that it was gone"
    assert db.session.scalars(select(Alert)).all() == []

    twins = [come("lock-a", made.secret, comes_back=True) for _twin in range(2)]
    assert wait_until(lambda: broker_keeper.watch() > 0, 30), door.log.read_text()[-2_000:]
    for twin in twins:
        twin.close()
    broker_keeper.watch()
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.kind, alert.device_id, alert.severity) == ("two_devices", made.device.id, "critical")
    assert alert_words.headline(alert.kind, alert.facts) == "Two devices use this name"
    assert alert_words.sentence(alert.kind, alert.facts).startswith("Two devices sign in as lock-a")


def test_only_an_account_opens_the_devices_door(door, come):
    place = assets.place()
    made = registry.register(asset_id=place.id, type="sensor", name="sensor-a", actor=ACTOR)
    changed()
    assert come("sensor-a", made.secret).let_in()
    assert not come("sensor-a", "wrong", client_id="x1").let_in()
    assert not come("device", door.service._known()["device"]).let_in(), "the shared account is for the inner door"
    assert not come("portal", door.service._known()["portal"], client_id="x2").let_in()
    boxed = registry.box(number=1, type="sensor", actor=ACTOR)[0]
    changed()
    assert not come(boxed.device.name, boxed.secret).let_in(), "a box nobody claimed"


def test_a_new_secret_throws_the_old_one_off_and_leaves_the_others_alone(door, come):
    place = assets.place()
    first = registry.register(asset_id=place.id, type="sensor", name="sensor-a", actor=ACTOR)
    other = registry.register(asset_id=place.id, type="sensor", name="sensor-b", actor=ACTOR)
    changed()
    old, neighbour, portal = come("sensor-a", first.secret), come("sensor-b", other.secret), the_portal(door, come)
    assert old.let_in()
    assert neighbour.let_in()
    assert portal.let_in()
    again = registry.rotate(device_id=first.device.id, asset_id=place.id, actor=ACTOR)
    changed()
    assert old.gone.wait(10), "its connection stood on the old secret"
    assert not come("sensor-a", first.secret).let_in()
    assert come("sensor-a", again.secret).let_in()
    assert neighbour.say("v1/sensor-b/up/temperature", "21") == "Success"
    assert portal.client.is_connected()


def test_a_revoked_device_is_cut_off_within_the_second(door, come):
    place = assets.place()
    made = registry.register(asset_id=place.id, type="sensor", name="sensor-a", actor=ACTOR)
    changed()
    device = come("sensor-a", made.secret, lasting=True)
    assert device.let_in()
    ids = {"device_id": made.device.id, "asset_id": place.id, "actor": ACTOR}
    registry.revoke(reason="stolen", **ids)
    changed()
    assert device.gone.wait(10)
    assert not come("sensor-a", made.secret).let_in()
    back = registry.restore(**ids)
    changed()
    assert come("sensor-a", back.secret).let_in()
    registry.retire(reason="worn out", **ids)
    changed()
    assert not come("sensor-a", back.secret, client_id="again").let_in()


def test_a_box_is_let_in_once_its_label_was_claimed(door, come):
    boxed = registry.box(number=1, type="lock", actor=ACTOR)[0]
    place = assets.place()
    changed()
    assert not come(boxed.device.name, boxed.secret).let_in()
    registry.claim(claim_code=boxed.device.claim_code, asset_id=place.id, unit_id=assets.room(place).id, actor=ACTOR)
    changed()
    device = come(boxed.device.name, boxed.secret)
    assert device.let_in()
    assert device.say(f"v1/{boxed.device.name}/up/access", "locked") == "Success"


def test_a_plain_device_has_its_units_topics_and_a_gateway_its_places(door, come):
    place, other = assets.place(), assets.place()
    room, neighbour = assets.room(place), assets.room(place)
    plain = {"dialect": "plain", "actor": ACTOR}
    lock = registry.register(asset_id=place.id, type="lock", unit_id=room.id, name="lock-a", **plain)
    gateway = registry.register(asset_id=place.id, type="gateway", name="gate-a", **plain)
    loose = registry.register(asset_id=place.id, type="meter", name="meter-a", **plain)
    mine, next_door = (f"rooms/{place.asset_number}/{each.number}/access" for each in (room, neighbour))
    changed()
    portal = the_portal(door, come)
    device = come("lock-a", lock.secret)
    device.listen("rooms/#")
    assert portal.say(next_door, "unlock") == "Success"
    assert portal.say(mine, "unlock") == "Success"
    assert wait_until(lambda: bool(device.heard), 10)
    assert device.heard == [(mine, b"unlock")]
    assert device.say(mine, "unlocked") == "Success"
    assert device.say(next_door, "unlocked") == "Not authorized"
    whole = come("gate-a", gateway.secret)
    assert whole.say(next_door, "unlocked") == "Success"
    assert whole.say(f"vehicles/{place.asset_number}/V1/location", "6.5,3.4") == "Success"
    assert whole.say(f"rooms/{other.asset_number}/101/access", "unlocked") == "Not authorized"
    assert come("meter-a", loose.secret).say(mine, "on") == "Not authorized"


def test_what_was_queued_for_the_portal_outlives_a_killed_broker_behind_two_doors(door, come):
    place = assets.place()
    made = registry.register(asset_id=place.id, type="sensor", name="sensor-a", actor=ACTOR)
    changed()
    known = door.service._known()["portal"]
    portal = come("portal", known, inner=True, client_id="the-portal", lasting=True)
    portal.listen("v1/+/up/#")
    portal.close()
    assert wait_until(lambda: (door.service.folder / "mosquitto.db").exists(), 10)
    threading.Event().wait(1.5)  # the broker writes its sessions down once a second
    door.kill()
    door.start()
    assert come("sensor-a", made.secret).say("v1/sensor-a/up/temperature", "21") == "Success"
    again = come("portal", known, inner=True, client_id="the-portal", lasting=True)
    assert wait_until(lambda: again.heard == [("v1/sensor-a/up/temperature", b"21")], 10), again.heard


def test_the_files_are_written_only_when_something_changed(door):
    place = assets.place()
    registry.register(asset_id=place.id, type="sensor", actor=ACTOR)
    assert broker_keeper.keep() == 1
    before = (door.service.folder / "device_passwords").stat()
    assert broker_keeper.keep() == 0
    assert (door.service.folder / "device_passwords").stat().st_ino == before.st_ino
    assert before.st_mode & 0o077 == 0, "nobody else reads the accounts"


def test_the_accounts_are_text_a_person_can_read():
    known = [
        broker_accounts.Account("lock-a", "$7$101$c2FsdA==$aGFzaA=="),
        broker_accounts.Account("lock-b", "$7$101$c2FsdA==$aGFzaA==", ("rooms/H1/101/#",)),
    ]
    assert broker_accounts.password_text(known).splitlines()[0] == "lock-a:$7$101$c2FsdA==$aGFzaA=="
    assert broker_accounts.acl_text(known).endswith("\nuser lock-b\ntopic readwrite rooms/H1/101/#\n")
    assert "lock-a" not in broker_accounts.acl_text(known)


def test_the_broker_of_another_pid_is_left_alone(tmp_path):
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (tmp_path / "pid").write_text(str(sleeper.pid))
        assert account_files.reload(tmp_path / "pid") is False
        assert sleeper.poll() is None
        assert account_files.reload(tmp_path / "none") is False
    finally:
        sleeper.kill()
        sleeper.wait()


LINES = b"""\
1796063260: New connection from 127.0.0.1:44147 on port 18831.
1796063260: No will message specified.
1796063260: Sending CONNACK to portal (0, 0)
1796063260: Denied PUBLISH from a1 (d0, q1, r0, m1, 'v1/b1/up/x', ... (2 bytes))
1796063260: Denied PUBLISH from a1 (d0, q1, r0, m2, 'v1/b1/up/x', ... (2 bytes))
1796063261: Received SUBSCRIBE from a1
1796063261: \t# (QoS 1)
1796063262: Client a1 disconnected.
1796063262: Error: Address already in use
"""


def test_the_log_keeps_what_people_read_and_each_refusal_once():
    told: dict[bytes, float] = {}
    kept = [line for line in LINES.splitlines() if refusals.worth_keeping(line, told)]
    assert [line.split(b": ", 1)[1] for line in kept] == [
        b"New connection from 127.0.0.1:44147 on port 18831.",
        b"Denied PUBLISH from a1 (d0, q1, r0, m1, 'v1/b1/up/x', ... (2 bytes))",
        b"Client a1 disconnected.",
        b"Error: Address already in use",
    ]


def test_each_refusal_is_read_from_the_log_once(tmp_path):
    log, bookmark = tmp_path / "broker.log", tmp_path / "bookmark"
    assert account_files.news(log, bookmark).denials == []
    log.write_bytes(LINES)
    assert [each[1:] for each in account_files.news(log, bookmark).denials] == [("a1", "v1/b1/up/x")] * 2
    assert account_files.news(log, bookmark).denials == []
    with log.open("ab") as more:
        more.write(b"1796063299: Denied PUBLISH from a2 (d0, q0, r0, m0, 'v1/#, ... (2 bytes))', ... (9 bytes))\n")
        more.write(b"1796063299: Denied PUBL")
    assert account_files.news(log, bookmark).denials[-1] == (1796063299.0, "a2", "v1/#, ... (2 bytes))")
    log.unlink()
    log.write_bytes(b"1796063300: Denied PUBLISH from a3 (d0, q1, r0, m1, 'x', ... (2 bytes))\n")
    assert [each[1] for each in account_files.news(log, bookmark).denials] == ["a3"]
