"""The registry: whose a device is, what it is fixed to, and that its secret is shown once."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from portal.core import outbox
from portal.core.actor import system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.locks import lock_number
from portal.shared.assets.errors import ReasonNeeded
from portal.shared.assets.services import registry as units
from portal.shared.audit.models import AuditEntry
from portal.shared.devices import errors
from portal.shared.devices.device_queries import (
    boxes,
    devices_at,
    fares_of,
    page_of_devices,
    standing_by_unit,
    standing_counts,
)
from portal.shared.devices.models import Alert, Device, DeviceState
from portal.shared.devices.secrets import secret_fits
from portal.shared.devices.services import alert_handling, broker_keeper, registry, silence
from tests.factories import assets

ACTOR = system("tests")


def lock(place, unit=None, **changes):
    """A lock of a place, fixed to a unit when one is given."""
    fields = {"type": "lock", "unit_id": unit.id if unit else None, "actor": ACTOR, **changes}
    return registry.register(asset_id=place.id, **fields)


def heard(device: Device, ago: timedelta, state: str | None = None) -> None:
    """Have a device been heard of some time ago."""
    at = utcnow() - ago
    db.session.merge(DeviceState(device_id=device.id, seen_at=at, state=state, state_at=at if state else None,
                                 clock_wrong=0))  # fmt: skip
    db.session.commit()


def test_a_secret_is_shown_once_and_kept_as_a_hash(session):
    place = assets.place()
    made = lock(place, assets.room(place), name="lock-101")
    assert secret_fits(made.secret, made.device.secret_hash)
    assert made.secret not in str(session.execute(text("select to_jsonb(d) from device d")).scalar_one())
    trail = session.scalars(select(AuditEntry).where(AuditEntry.subject_type == "device")).all()
    assert [each.action for each in trail] == ["device.registered"]
    assert made.secret not in str(trail[0].after)


def test_a_device_without_a_name_is_given_one(session):
    place = assets.place()
    first, second = lock(place), lock(place, type="meter")
    assert first.device.name.startswith("lock-")
    assert second.device.name.startswith("meter-")
    assert registry.NAME.fullmatch(first.device.name)


@pytest.mark.parametrize("name", ["UP", "Lock-1", "a", "-lock", "lock 1", "lock/1", "lock+1", "l" * 33, "schloß", "#"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(session, name):
    with pytest.raises(errors.BadDeviceName):
        lock(assets.place(), name=name)


@pytest.mark.parametrize("name", ["portal", "portal-ingest-x", "ingest-1"])
def test_no_device_is_called_as_the_portal_is_at_the_broker(session, name):
    with pytest.raises(errors.BadDeviceName):
        lock(assets.place(), name=name)


def test_a_name_is_taken_once_even_at_another_place(session):
    lock(assets.place(), name="lock-101")
    with pytest.raises(errors.DeviceNameTaken):
        lock(assets.place(), name="lock-101")


def test_what_a_device_can_be_told_follows_from_what_it_is_and_where(session):
    place, fleet = assets.place(), assets.place("fleet")
    assert lock(place, assets.room(place)).device.capabilities == ["access"]
    assert lock(place, assets.room(place), type="meter").device.capabilities == ["electricity"]
    assert lock(place, assets.room(place), type="sensor").device.capabilities == []
    assert lock(fleet, assets.vehicle(fleet), type="tracker").device.capabilities == ["ignition"]
    assert lock(place, assets.room(place), type="tracker").device.capabilities == []
    with pytest.raises(errors.NotForThisDevice):
        lock(place, assets.room(place), capabilities=["ignition"])
    with pytest.raises(errors.NotForThisDevice):
        lock(place, type="gateway", dialect="envelope")


def test_two_devices_of_one_room_never_answer_to_the_same_command(session):
    place = assets.place()
    room = assets.room(place)
    first = lock(place, room).device
    with pytest.raises(errors.CapabilityTaken):
        lock(place, room)
    assert lock(place, room, type="meter").device.unit_id == room.id
    spare = lock(place).device
    with pytest.raises(errors.CapabilityTaken):
        registry.bind(device_id=spare.id, asset_id=place.id, unit_id=room.id, actor=ACTOR)
    registry.unbind(device_id=first.id, asset_id=place.id, actor=ACTOR)
    registry.bind(device_id=spare.id, asset_id=place.id, unit_id=room.id, actor=ACTOR)
    assert spare.unit_id == room.id


def test_a_device_is_not_fixed_to_another_places_room(session):
    place, other = assets.place(), assets.place()
    with pytest.raises(errors.UnknownDevice):
        lock(place, assets.room(other))
    with pytest.raises(errors.NoSuchDevice):
        registry.rotate(device_id=lock(other).device.id, asset_id=place.id, actor=ACTOR)


def test_a_new_secret_ends_the_old_one(session):
    place = assets.place()
    made = lock(place)
    again = registry.rotate(device_id=made.device.id, asset_id=place.id, actor=ACTOR)
    assert secret_fits(again.secret, again.device.secret_hash)
    assert not secret_fits(made.secret, again.device.secret_hash)


def test_a_revoked_device_comes_back_with_a_new_secret_only(session):
    place = assets.place()
    made = lock(place, assets.room(place))
    ids = {"device_id": made.device.id, "asset_id": place.id, "actor": ACTOR}
    with pytest.raises(ReasonNeeded):
        registry.revoke(reason=" ", **ids)
    device = registry.revoke(reason="stolen", **ids)
    assert (device.status, device.secret_hash) == ("revoked", None)
    for step in (registry.rotate, registry.revoke):
        with pytest.raises(errors.WrongDeviceStatus):
            step(**ids, **({"reason": "again"} if step is registry.revoke else {}))
    back = registry.restore(**ids)
    assert back.device.status == "active"
    assert back.secret != made.secret
    assert secret_fits(back.secret, back.device.secret_hash)
    with pytest.raises(errors.WrongDeviceStatus):
        registry.restore(**ids)


def test_a_revoked_device_does_not_come_back_beside_its_successor(session):
    place = assets.place()
    room = assets.room(place)
    old = lock(place, room).device
    registry.revoke(device_id=old.id, asset_id=place.id, reason="broken", actor=ACTOR)
    lock(place, room)
    with pytest.raises(errors.CapabilityTaken):
        registry.restore(device_id=old.id, asset_id=place.id, actor=ACTOR)


def test_a_retired_device_keeps_its_name_and_lets_its_room_go(session):
    place = assets.place()
    device = lock(place, assets.room(place), name="lock-101").device
    registry.retire(device_id=device.id, asset_id=place.id, reason="worn out", actor=ACTOR)
    assert (device.status, device.unit_id, device.secret_hash) == ("retired", None, None)
    with pytest.raises(errors.DeviceNameTaken):
        lock(place, name="lock-101")
    assert page_of_devices(place.id).items == []
    assert page_of_devices(place.id, state="retired").items == [device]


def test_what_is_fixed_to_a_retired_room_comes_off_it(session):
    place = assets.place()
    room = assets.room(place)
    device = lock(place, room).device
    units.retire(unit_id=room.id, reason="rebuilt", actor=ACTOR)
    assert registry.unbind_retired(unit_id=room.id) == 1
    assert registry.unbind_retired(unit_id=room.id) == 0
    assert device.unit_id is None


def test_the_outbox_takes_devices_off_a_retired_room(committed):
    place = assets.place()
    room = assets.room(place)
    device_id = lock(place, room).device.id
    units.retire(unit_id=room.id, reason="rebuilt", actor=ACTOR)
    outbox.relay()
    outbox.deliver_due()
    assert db.session.scalar(select(Device.unit_id).where(Device.id == device_id)) is None


def test_a_box_is_claimed_once_by_the_code_on_its_label(session):
    place, other = assets.place(), assets.place()
    room = assets.room(place)
    made = registry.box(number=3, type="lock", actor=ACTOR)
    assert {each.device.status for each in made} == {"boxed"}
    assert len(boxes().items) == 3
    code = made[0].device.claim_code
    device, secret = registry.claim(claim_code=code.lower().replace("-", " "), asset_id=place.id, unit_id=room.id,
                                    actor=ACTOR)  # fmt: skip
    assert secret is None, "the secret is in the device already"
    assert (device.status, device.asset_id, device.unit_id) == ("active", place.id, room.id)
    assert secret_fits(made[0].secret, device.secret_hash)
    for somebody in (place, other):
        with pytest.raises(errors.NoSuchClaimCode):
            registry.claim(claim_code=code, asset_id=somebody.id, actor=ACTOR)
    with pytest.raises(errors.NoSuchClaimCode):
        registry.claim(claim_code="0000-0000-0000", asset_id=place.id, actor=ACTOR)


def test_two_people_who_scan_one_box_do_not_both_get_it(committed, app):
    places = [assets.place() for _ in range(2)]
    code = registry.box(number=1, type="sensor", actor=ACTOR)[0].device.claim_code
    keys = [place.id for place in places]
    db.session.remove()
    got: list[object] = []
    start = threading.Barrier(2)

    def scan(asset_id: uuid.UUID) -> None:
        with app.app_context():
            start.wait()
            try:
                got.append(registry.claim(claim_code=code, asset_id=asset_id, actor=ACTOR)[0].asset_id)
            except DomainError as error:
                got.append(type(error))
            db.session.remove()

    threads = [threading.Thread(target=scan, args=[key]) for key in keys]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert got.count(errors.NoSuchClaimCode) == 1
    assert len({*got} & {*keys}) == 1


def test_every_step_is_in_the_trail_and_announced(session):
    place = assets.place()
    room = assets.room(place)
    device = lock(place).device
    ids = {"device_id": device.id, "asset_id": place.id, "actor": ACTOR}
    registry.bind(unit_id=room.id, **ids)
    registry.amend(note="in the hall", **ids)
    registry.rotate(**ids)
    registry.unbind(**ids)
    registry.revoke(reason="lost", **ids)
    registry.restore(**ids)
    registry.retire(reason="worn out", **ids)
    done = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == str(device.id))).all()
    assert sorted(done) == sorted(
        f"device.{step}"
        for step in ("registered", "bound", "amended", "secret_changed", "unbound", "revoked", "restored", "retired")
    )
    told = session.execute(
        text("select topic, count(*) from outbox_event where topic like 'devices.%' group by topic")
    ).all()
    assert {(row.topic, row.count) for row in told} == {("devices.device.changed", 8), ("devices.account.changed", 8)}


def test_a_device_stands_as_its_last_word_and_its_silence_say(session):
    place = assets.place()
    room = assets.room(place)
    names = ("never", "online", "lost", "silent", "back")
    made = {name: lock(place, name=f"lock-{name}", type="sensor").device for name in names}
    heard(made["online"], timedelta(minutes=1), "online")
    heard(made["lost"], timedelta(minutes=1), "lost")
    heard(made["silent"], timedelta(minutes=16), "online")
    heard(made["back"], timedelta(minutes=3), "lost")
    session.execute(text("update device_state set seen_at = clock_timestamp() where device_id = :d"),
                    {"d": made["back"].id})  # fmt: skip
    fares = fares_of([each.id for each in made.values()])
    assert {name: fares[device.id].standing for name, device in made.items()} == {
        "never": "never", "online": "online", "lost": "lost", "silent": "silent", "back": "online",
    }  # fmt: skip
    assert standing_counts(place.id) == {"never": 1, "online": 2, "lost": 1, "silent": 1}
    assert [each.name for each in page_of_devices(place.id, state="lost").items] == ["lock-lost"]
    assert len(devices_at(place.id, unbound=True)) == 5
    registry.bind(device_id=made["online"].id, asset_id=place.id, unit_id=room.id, actor=ACTOR)
    registry.bind(device_id=made["silent"].id, asset_id=place.id, unit_id=room.id, actor=ACTOR)
    assert standing_by_unit(place.id) == {room.id: "silent"}
    assert [each.name for each in page_of_devices(place.id, asked=room.number).items] == ["lock-silent", "lock-online"]


def test_a_tracker_is_silent_sooner_than_a_lock(session):
    place = assets.place("fleet")
    tracker, meter = (lock(place, type=kind).device for kind in ("tracker", "meter"))
    for device in (tracker, meter):
        heard(device, timedelta(minutes=7))
    assert {fares_of([each.id])[each.id].standing for each in (tracker,)} == {"silent"}
    assert {fares_of([each.id])[each.id].standing for each in (meter,)} == {"online"}


def test_silence_is_told_once_and_over_when_the_device_speaks(session):
    place = assets.place()
    devices = [lock(place).device for _ in range(3)]
    for device in devices:
        heard(device, timedelta(hours=1))
    assert silence.look() == 3
    assert silence.look() == 0
    heard(devices[0], timedelta(0))
    registry.retire(device_id=devices[1].id, asset_id=place.id, reason="gone", actor=ACTOR)
    assert silence.look() == 2
    assert silence.look() == 0
    standing = session.scalars(select(Alert).where(Alert.kind == "device_silent", Alert.status == "open")).all()
    assert [each.device_id for each in standing] == [devices[2].id]
    assert session.scalar(select(func.count()).select_from(Alert)) == 3


def test_silence_a_hand_has_put_away_is_told_of_again_only_after_the_device_spoke(session):
    place = assets.place()
    device = lock(place).device
    heard(device, timedelta(hours=1))
    assert silence.look() == 1
    alert = session.scalar(select(Alert))
    alert_handling.clear(asset_id=place.id, alert_id=alert.id, actor=ACTOR)
    assert silence.look() == 0
    session.execute(text("update alert set happened_at = happened_at - interval '2 hours'"))
    session.commit()
    assert silence.look() == 1, "it has spoken since, and fell silent again"


def test_the_accounts_of_the_broker_are_read_and_written_by_one_hand_at_a_time(app, committed, tmp_path):
    place = assets.place()
    device = lock(place).device
    broker_keeper.connect(broker_keeper.Files(tmp_path / "passwords", tmp_path / "acl"))
    done = []

    def keep():
        with app.app_context():
            done.append(broker_keeper.keep())

    hand = threading.Thread(target=keep)
    try:
        with db.engine.connect() as other:
            number = {"n": lock_number("accounts of the broker")}
            other.execute(text("select pg_advisory_lock(:n)"), number)
            hand.start()
            hand.join(0.3)
            registry.revoke(device_id=device.id, asset_id=place.id, reason="lost", actor=ACTOR)
            other.execute(text("select pg_advisory_unlock(:n)"), number)
        hand.join(30)
        assert done == [1]
        assert device.name not in (tmp_path / "passwords").read_text(), "who waited writes what is so now"
    finally:
        broker_keeper.connect(broker_keeper.Files())
