"""Numbered messages: each number once, in the device's own time, whatever order and by whatever way they come."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from portal.core import outbox
from portal.core.actor import system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.shared.assets.queries import lock_unit
from portal.shared.audit.models import AuditEntry
from portal.shared.devices import queries
from portal.shared.devices.device_queries import fares_of
from portal.shared.devices.envelopes import from_device_topic
from portal.shared.devices.errors import NothingMissing
from portal.shared.devices.models import (
    Alert,
    AssetEvent,
    DeadLetter,
    DeviceBoot,
    DeviceState,
    LatestReading,
    ReadingNews,
)
from portal.shared.devices.number_queries import gaps_of
from portal.shared.devices.readings import from_plain_topic
from portal.shared.devices.services import alert_handling, commands, gaps, telemetry
from tests.factories import assets as make
from tests.factories import devices


def say(device, seq, v=1, *, kind="occupancy", boot=1, ago=0.0, **rest):
    """One envelope of a device, said so many seconds ago."""
    t = round((utcnow().timestamp() - ago) * 1000)
    return from_device_topic(f"v1/{device.name}/up/{kind}", body(boot=boot, seq=seq, t=t, v=v, **rest))


def tell(device, state, boot=1):
    return from_device_topic(f"v1/{device.name}/status", body(state=state, boot=boot))


def body(**document):
    return json.dumps(document).encode()


def events(device):
    db.session.expire_all()
    return db.session.scalars(select(AssetEvent).where(AssetEvent.device_id == device.id).order_by(AssetEvent.at)).all()


def boot_of(device, boot=1):
    db.session.expire_all()
    return db.session.get(DeviceBoot, (device.id, boot))


def state_of(device):
    db.session.expire_all()
    return db.session.get(DeviceState, device.id)


def reasons():
    rows = db.session.execute(select(DeadLetter.reason, func.sum(DeadLetter.times)).group_by(DeadLetter.reason))
    return {reason: int(times) for reason, times in rows}


def alerts(kind):
    db.session.expire_all()
    return [each.status for each in db.session.scalars(select(Alert).where(Alert.kind == kind).order_by(Alert.id))]


@pytest.fixture
def room(session):
    return make.room()


@pytest.fixture
def lock(room):
    return devices.envelope(room)


def test_a_number_is_kept_once_however_often_it_comes(session, room, lock):
    second = say(lock, 2, 0)
    batch = [say(lock, 1), second, second]
    stored = telemetry.store(said=batch)
    assert (stored.readings, stored.repeated) == (2, 1)
    assert [tuple(ack) for ack in stored.acks] == [(lock.name, 1, 2, [])]
    again = telemetry.store(said=[*batch, say(lock, 3)])
    assert (again.readings, again.repeated) == (1, 3)
    assert again.acks[0].through == 3, "a repeat is acknowledged again: the device may not have heard"
    assert [(event.seq, event.value, event.quality) for event in events(lock)] == [
        (1, "1", "d"),
        (2, "0", "d"),
        (3, "1", "d"),
    ]
    assert boot_of(lock).repeated == 4
    assert queries.latest_of([room.id])[room.id]["occupancy"].value == "1"


def test_what_comes_in_any_order_ends_the_same(session, lock):
    batch = [say(lock, n, n % 2, ago=100 - n) for n in range(1, 101)]
    random.Random(4).shuffle(batch)
    for at in range(0, 100, 7):
        stored = telemetry.store(said=batch[at : at + 9])
    assert (stored.acks[0].through, stored.acks[0].missing) == (100, [])
    assert [event.seq for event in events(lock)] == list(range(1, 101)), "by the device's own time"


def test_numbers_begun_again_under_an_old_start_lose_nothing_and_are_told_of(session, room, lock):
    telemetry.store(said=[say(lock, n, ago=600) for n in (1, 2, 3)])
    long_ago = utcnow() - timedelta(seconds=300)
    session.execute(text("update device_boot set last_at = :then"), {"then": long_ago})
    stored = telemetry.store(said=[say(lock, 1, 0), say(lock, 2, ago=600)])
    assert (stored.readings, stored.repeated) == (0, 1), "an honest repeat is still one"
    assert reasons() == {"seq_reset": 1}
    assert alerts("sequence_reset") == ["open"]
    assert [each.value for each in events(lock)] == ["1", "1", "1"], "nothing is written over"


def test_what_comes_twice_at_once_after_a_silence_is_a_repeat(session, lock):
    telemetry.store(said=[say(lock, 1, ago=600)])
    session.execute(text("update device_boot set last_at = :then"), {"then": utcnow() - timedelta(seconds=60)})
    twice, another = say(lock, 2), say(lock, 2, 0, ago=1)
    stored = telemetry.store(said=[twice, twice, another])
    assert (stored.readings, stored.repeated) == (1, 1)
    assert reasons() == {"seq_reset": 1}, "only what was said at another moment is no repeat"


def test_a_gap_is_named_and_closes(session, lock):
    stored = telemetry.store(said=[say(lock, 1), say(lock, 4), say(lock, 6)])
    assert [tuple(ack) for ack in stored.acks] == [(lock.name, 1, 1, [2, 3, 5])]
    since = boot_of(lock).gap_since
    assert since is not None
    telemetry.store(said=[say(lock, 5)])
    assert boot_of(lock).gap_since == since, "the oldest hole is still there"
    assert telemetry.store(said=[say(lock, 3), say(lock, 2)]).acks[0].through == 6
    assert boot_of(lock).gap_since is None


def test_each_start_is_counted_by_itself(session, lock):
    stored = telemetry.store(said=[say(lock, 1, boot=7), say(lock, 1, boot=8), say(lock, 2, boot=8)])
    assert sorted((ack.boot, ack.through) for ack in stored.acks) == [(7, 1), (8, 2)]
    assert len(events(lock)) == 3
    assert state_of(lock).boot == 8


def test_what_the_device_lost_is_waited_for_no_longer(session, lock):
    telemetry.store(said=[say(lock, 1), say(lock, 10), say(lock, 5)])
    stored = telemetry.store(said=[say(lock, 1, [[2, 9]], kind="lost", boot=2, of=1)])
    assert {ack.boot: (ack.through, ack.missing) for ack in stored.acks} == {1: (10, []), 2: (1, [])}
    kept = boot_of(lock)
    assert kept.gap_since is None
    lost = session.scalar(text("select lost::text from device_boot where boot = 1"))
    assert lost == "{[2,5),[6,10)}", "what had come is not lost"
    assert telemetry.store(said=[say(lock, 3)]).repeated == 1
    assert len(events(lock)) == 3


def test_a_hole_that_nobody_fills_is_told_of_until_it_is_filled(session, lock):
    telemetry.store(said=[say(lock, 1), say(lock, 4)])
    assert gaps.tell_of_open() == 0, "the device has a minute to fill it"
    session.execute(text("update device_boot set gap_since = gap_since - interval '61 seconds'"))
    assert (gaps.tell_of_open(), gaps.tell_of_open(), alerts("gap_open")) == (1, 0, ["open"])
    assert session.scalar(select(Alert.facts))["missing"] == 2
    (gap,) = gaps_of([lock.id])
    assert (gap.boot, gap.first, gap.last) == (1, 2, 3)
    telemetry.store(said=[say(lock, 2), say(lock, 3)])
    assert (gaps.tell_of_open(), alerts("gap_open"), list(gaps_of([lock.id]))) == (1, ["cleared"], [])


def test_a_hole_a_hand_has_put_away_is_not_told_of_again(session, lock):
    telemetry.store(said=[say(lock, 1), say(lock, 4)])
    session.execute(text("update device_boot set gap_since = gap_since - interval '61 seconds'"))
    gaps.tell_of_open()
    alert = session.scalar(select(Alert))
    alert_handling.clear(asset_id=alert.asset_id, alert_id=alert.id, actor=system("t"))
    assert (gaps.tell_of_open(), alerts("gap_open")) == (0, ["cleared"])


def test_a_person_may_give_up_what_nobody_has_any_more(session, lock):
    telemetry.store(said=[say(lock, 1), say(lock, 4)])
    session.execute(text("update device_boot set gap_since = gap_since - interval '61 seconds'"))
    gaps.tell_of_open()
    asked = {"device_id": lock.id, "boot": 1, "actor": system("t"), "reason": "The box was replaced."}
    assert gaps.give_up(**asked) == 2
    assert (alerts("gap_open"), list(gaps_of([lock.id]))) == (["cleared"], [])
    with pytest.raises(NothingMissing):
        gaps.give_up(**asked)
    with pytest.raises(NothingMissing):
        gaps.give_up(**{**asked, "boot": 99})
    assert session.scalar(select(AuditEntry.reason).where(AuditEntry.action == "device.gap_given_up"))
    assert telemetry.store(said=[say(lock, 3)]).repeated == 1, "it came after all, too late"


def test_a_device_that_leaves_holes_without_end_cannot_bloat_the_table(session, lock):
    telemetry.store(said=[say(lock, 2 * n + 1) for n in range(1_000)])
    stored = telemetry.store(said=[say(lock, 9_001), say(lock, 2)])
    assert (stored.readings, stored.dead, reasons()) == (1, 1, {"gaps": 1})


def test_late_words_stand_in_their_place_and_change_nothing_that_is_younger(session, room, lock):
    telemetry.store(said=[say(lock, 41, 0)])
    session.query(ReadingNews).delete()
    stored = telemetry.store(said=[say(lock, n, 1, ago=1_800 - n) for n in range(1, 41)])
    assert stored.readings == 40
    assert [event.seq for event in events(lock)] == list(range(1, 42))
    assert [event.late for event in events(lock)] == [True] * 40 + [False]
    assert queries.latest_of([room.id])[room.id]["occupancy"].value == "0"
    (news,) = session.scalars(select(ReadingNews)).all()
    assert news.since == events(lock)[0].at, "whoever watches looks again from there"


@pytest.mark.parametrize("believed", [0, 2_000_000_000])
def test_a_clock_that_cannot_be_right_is_flagged_and_after_three_words_somebody_is_told(session, room, lock, believed):
    """Scenario 24: the clock."""
    def wrong(seq):
        payload = body(boot=1, seq=seq, t=believed, v=1)
        return from_device_topic(f"v1/{lock.name}/up/occupancy", payload)

    before = utcnow()
    telemetry.store(said=[wrong(1), wrong(2)])
    assert alerts("clock_wrong") == []
    telemetry.store(said=[wrong(3)])
    assert alerts("clock_wrong") == ["open"]
    for event in events(lock):
        assert (event.quality, round(event.said_at.timestamp())) == ("x", believed)
        assert before <= event.at <= utcnow() + timedelta(seconds=1), "the server's time stands for it"
    assert state_of(lock).clock_wrong == 3
    telemetry.store(said=[wrong(4)])
    assert session.scalar(select(Alert.times)) == 1, "it is told once"
    telemetry.store(said=[say(lock, 5)])
    assert (alerts("clock_wrong"), state_of(lock).clock_wrong) == (["cleared"], 0)
    assert abs(state_of(lock).skew_ms) < 60_000


def test_a_device_without_a_clock_is_kept_under_the_servers(session, lock):
    telemetry.store(said=[from_device_topic(f"v1/{lock.name}/up/occupancy", body(boot=1, seq=n, v=1)) for n in (1, 2)])
    assert [(event.seq, event.quality, event.said_at) for event in events(lock)] == [(1, "s", None), (2, "s", None)]


def test_who_may_not_speak_is_kept_aside_and_told_nothing(session, room):
    strange = type("Device", (), {"name": "never-seen"})
    revoked = devices.envelope(room, status="revoked", secret_hash=None)
    plain = devices.envelope(room, dialect="plain")
    stored = telemetry.store(said=[say(strange, 1), say(revoked, 1), say(plain, 1), tell(strange, "online")])
    assert (stored.readings, stored.dead, stored.acks) == (0, 4, [])
    assert reasons() == {"device": 4}
    places = set(session.scalars(select(DeadLetter.asset_id)))
    assert places == {None, room.asset_id}, "a revoked device's words are shown at its place"


def test_who_belongs_nowhere_is_kept_aside_but_need_not_say_it_again(session, room):
    loose = devices.envelope(None, asset=session.get(make.Asset, room.asset_id))
    gateway = devices.envelope(room, type="gateway")
    stored = telemetry.store(said=[say(loose, 1), say(gateway, 1)])
    assert (stored.dead, reasons()) == (2, {"unbound": 2})
    assert [ack.through for ack in stored.acks] == [1, 1]
    assert telemetry.store(said=[say(loose, 1)]).repeated == 1
    assert reasons() == {"unbound": 2}


def test_what_is_refused_has_come_all_the_same(session, lock):
    batch = [
        say(lock, 1, "0,0", kind="location"),
        say(lock, 2, {"lat": 91.2, "lon": 3}, kind="location"),
        say(lock, 3, 55, kind="speed"),
        say(lock, 4, "x", kind="mood"),
        say(lock, 5),
    ]
    stored = telemetry.store(said=batch)
    assert (stored.readings, stored.dead, stored.acks[0].through) == (1, 4, 5)
    assert reasons() == {"payload": 2, "kind": 2}
    assert set(session.scalars(select(DeadLetter.asset_id))) == {lock.asset_id}
    telemetry.store(said=batch)
    assert reasons() == {"payload": 2, "kind": 2}, "a repeat is not counted twice"


@transactional
def order(unit):
    return commands.queue(
        unit=lock_unit(unit.id), capability="access", action="unlock", actor=system("t"), idem_key="order"
    )


def answer(device, command, status, **rest):
    return from_device_topic(f"v1/{device.name}/up/cmdres", body(id=str(command.id), status=status, **rest))


def test_a_command_ends_by_the_word_of_the_device_that_was_told(session, room, lock):
    other = devices.envelope(make.room())
    command = order(room)
    commands.claim_due()
    commands.sent(command_id=command.id, held=True)
    telemetry.store(said=[answer(other, command, "done")])
    session.refresh(command)
    assert (command.status, reasons()) == ("sent", {"command": 1})
    telemetry.store(said=[answer(lock, command, "accepted")])
    session.refresh(command)
    assert command.status == "accepted"
    result = answer(lock, command, "failed", detail="The bolt is jammed.", boot=1, seq=9)
    stored = telemetry.store(said=[result, result])
    session.refresh(command)
    assert (command.status, command.detail, stored.repeated) == ("failed", "The bolt is jammed.", 1)
    assert stored.acks[0].missing == list(range(1, 9)), "a numbered answer is counted like a reading"


def test_a_state_from_before_the_command_is_no_answer_to_it(session, room):
    sensor = devices.envelope(room, "none")  # beside a plain lock, which is told
    command = order(room)
    commands.claim_due()
    commands.sent(command_id=command.id, held=True)
    telemetry.store(said=[say(sensor, 1, "unlocked", kind="access", ago=300)])
    session.refresh(command)
    assert command.status == "sent"
    telemetry.store(said=[say(sensor, 2, "unlocked", kind="access")])
    session.refresh(command)
    assert command.status == "done"


def test_a_device_that_is_lost_and_comes_back_is_told_of_once(session, room, lock):
    telemetry.store(said=[tell(lock, "online")])
    assert (state_of(lock).state, alerts("device_lost")) == ("online", [])
    telemetry.store(said=[tell(lock, "lost"), tell(lock, "lost")])
    assert (state_of(lock).state, alerts("device_lost")) == ("lost", ["open"])
    at = state_of(lock).state_at
    telemetry.store(said=[tell(lock, "lost")])
    assert (state_of(lock).state_at, session.scalar(select(Alert.times))) == (at, 1)
    telemetry.store(said=[tell(lock, "online", boot=2)])
    telemetry.store(said=[tell(lock, "lost", boot=1)])
    assert (state_of(lock).state, alerts("device_lost")) == ("online", ["cleared"]), "the will of an earlier start"
    changes = select(func.count()).where(outbox.OutboxEvent.topic == "devices.device.changed")
    assert session.scalar(changes) == 3


def test_a_lost_device_that_speaks_without_a_greeting_is_back(session, lock):
    telemetry.store(said=[tell(lock, "online"), tell(lock, "lost")])
    assert alerts("device_lost") == ["open"]
    telemetry.store(said=[say(lock, 1)])
    assert (alerts("device_lost"), fares_of([lock.id])[lock.id].standing) == (["cleared"], "online")
    telemetry.store(said=[replace(tell(lock, "lost"), kept=True)])
    assert alerts("device_lost") == ["cleared"], "the broker's copy of the old will is no news"
    telemetry.store(said=[tell(lock, "lost")])
    assert (alerts("device_lost"), fares_of([lock.id])[lock.id].standing) == (["cleared", "open"], "lost")
    telemetry.store(said=[say(lock, 2), tell(lock, "lost")])
    assert alerts("device_lost") == ["cleared", "cleared", "open"], "it spoke, and was lost again"


def test_a_last_will_and_what_the_broker_kept_are_no_signs_of_life(session, lock):
    telemetry.store(said=[tell(lock, "online"), tell(lock, "lost")])
    session.execute(text("update device_state set seen_at = now() - interval '2 h', state_at = now() - interval '1 h'"))
    seen = state_of(lock).seen_at
    telemetry.store(said=[replace(tell(lock, "lost"), kept=True)])
    assert (state_of(lock).seen_at, fares_of([lock.id])[lock.id].standing) == (seen, "lost")
    telemetry.store(said=[tell(lock, "lost")])
    assert state_of(lock).seen_at == seen
    telemetry.store(said=[replace(tell(lock, "online", boot=2), kept=True)])
    assert (state_of(lock).seen_at, state_of(lock).state) == (seen, "online"), "it came back while nobody listened"
    telemetry.store(said=[tell(lock, "online", boot=2)])
    assert state_of(lock).seen_at > seen


def test_a_will_older_than_what_was_said_since_is_not_believed(session, lock):
    telemetry.store(said=[tell(lock, "online", boot=1), say(lock, 1, boot=2)])
    telemetry.store(said=[tell(lock, "lost", boot=1)])
    assert state_of(lock).state == "online"


def test_both_dialects_share_a_batch_and_the_screens_hear_of_both(session, room, lock):
    hotel = session.get(make.Asset, room.asset_id)
    other = make.room(hotel)
    plain = from_plain_topic(f"rooms/{hotel.asset_number}/{other.number}/occupancy", b"1")
    stored = telemetry.record_readings(readings=[say(lock, 1), plain])
    assert stored.readings == 2
    assert stored.units == {str(hotel.id): {str(room.id), str(other.id)}}
    assert session.scalar(select(func.count()).select_from(ReadingNews)) == 2
    assert session.scalar(select(func.count()).select_from(LatestReading)) == 2
