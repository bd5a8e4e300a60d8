"""What could not be taken is shown, counted, and taken once when it can be."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.db import db
from portal.shared.assets.services import registry
from portal.shared.audit.models import AuditEntry
from portal.shared.devices import queries
from portal.shared.devices.envelopes import from_device_topic
from portal.shared.devices.errors import AlreadyReplayed, DeadLetterNotFound, StillRefused
from portal.shared.devices.models import AssetEvent, DeadLetter, DeviceBoot, LetterTally
from portal.shared.devices.readings import Refused, from_plain_topic
from portal.shared.devices.services import burying, dead_letters, telemetry
from portal.shared.identity.models import Role
from tests.factories import assets as make
from tests.factories import devices
from tests.factories import identity as people
from tests.payments.test_races import at_once

MANAGER = Actor(ActorKind.USER, "Ada")


def refuse(topic, payload=b"1", times=1):
    telemetry.store(said=[from_plain_topic(topic, payload)] * times)
    return db.session.scalars(select(DeadLetter).where(DeadLetter.topic == topic, DeadLetter.payload == payload)).one()


def test_the_same_refused_message_is_one_row_with_a_count(session):
    hotel = make.place()
    where = f"rooms/{hotel.asset_number}/101/occupancy"
    refuse(where, b"2", times=3)
    letter = refuse(where, b"2")
    assert (letter.times, letter.reason, letter.asset_id) == (4, "payload", hotel.id)


def test_a_message_is_taken_once_when_its_room_is_there(session):
    hotel = make.place()
    letter = refuse(f"rooms/{hotel.asset_number}/new/occupancy")
    asked = {"letter_id": letter.id, "asset_id": hotel.id, "actor": MANAGER}
    with pytest.raises(StillRefused, match="still no room new"):
        dead_letters.replay(**asked)
    make.room(hotel, number="new")
    assert dead_letters.replay(**asked) == "Taken: new says occupancy 1."
    with pytest.raises(AlreadyReplayed):
        dead_letters.replay(**asked)
    assert session.scalar(select(func.count()).select_from(AssetEvent)) == 1
    assert session.scalars(select(AuditEntry.action)).all().count("dead_letter.replayed") == 1


def test_a_message_that_is_refused_again_waits_again(session):
    hotel = make.place()
    topic = f"rooms/{hotel.asset_number}/new/occupancy"
    letter = refuse(topic)
    make.room(hotel, number="new")
    dead_letters.replay(letter_id=letter.id, asset_id=hotel.id, actor=MANAGER)
    assert not queries.dead_letters(hotel.id, waiting=True).items
    telemetry.store(said=[Refused(topic, b"1", "unit", "The room was closed.", hotel.asset_number)])
    session.expire_all()
    (again,) = queries.dead_letters(hotel.id, waiting=True).items
    assert (again.id, again.times) == (letter.id, 2)


def test_a_message_that_names_no_place_is_nobodys(session):
    hotel = make.place()
    letter = refuse("rooms//late/occupancy")
    assert not queries.dead_letters(hotel.id).items
    assert [each.id for each in queries.dead_letters(None).items] == [letter.id]
    with pytest.raises(DeadLetterNotFound):
        dead_letters.replay(letter_id=letter.id, asset_id=hotel.id, actor=MANAGER)


@pytest.mark.parametrize(
    ("payload", "shown"),
    [(b"plain", "plain"), (b"\x00\x1b[31m<b>\xff", "\\x00\\x1b[31m<b>\\xff"), (b"x" * 500, "x" * 120 + "…")],
)
def test_a_payload_on_a_screen_is_short_and_harmless(payload, shown):
    assert DeadLetter(payload=payload).shown == shown


def test_a_manager_reads_why_and_takes_the_message_again(session, client):
    hotel = make.place()
    manager = people.member(hotel, Role.MANAGER)
    people.sign_in(client, manager)
    where = f"/admin/{hotel.asset_number}/dead-letters"
    assert b"Every message was understood" in client.get(where).data
    letter = refuse(f"rooms/{hotel.asset_number}/204/occupancy", b"1")
    refuse(f"rooms/{hotel.asset_number}/204/occupancy", b"<script>\x00")
    shown = client.get(where).get_data(as_text=True)
    assert "There is no room of this number" in shown
    assert "&lt;script&gt;" in shown
    sheet = client.get(f"{where}.csv").get_data(as_text=True).splitlines()
    assert len(sheet) == 3
    assert sheet[0] == "topic,message,reason,detail,times,last_at,taken_at"
    assert f"rooms/{hotel.asset_number}/204/occupancy,1,unit," in sheet[2]
    back = client.post(f"{where}/{letter.id}/replay", follow_redirects=True).get_data(as_text=True)
    assert "still no room 204" in back
    registry.register_unit(asset_id=hotel.id, kind="room", number="204", price=100, actor=MANAGER)
    back = client.post(f"{where}/{letter.id}/replay", follow_redirects=True).get_data(as_text=True)
    assert "Taken: 204 says occupancy 1." in back
    assert f"rooms/{hotel.asset_number}/204/occupancy" in client.get(f"{where}?state=taken").get_data(as_text=True)


def test_another_places_messages_are_not_there(session, client):
    hotel, other = make.place(), make.place()
    people.sign_in(client, people.member(hotel, Role.MANAGER))
    letter = refuse(f"rooms/{other.asset_number}/204/occupancy")
    assert client.get(f"/admin/{other.asset_number}/dead-letters").status_code == 404
    answer = client.post(f"/admin/{hotel.asset_number}/dead-letters/{letter.id}/replay", follow_redirects=True)
    assert "There is no such message here." in answer.get_data(as_text=True)
    assert client.get("/admin/dead-letters").status_code == 404


def numbered(name, seq, v=1, kind="occupancy", ago=0, **rest):
    t = round((utcnow().timestamp() - ago) * 1000)
    payload = json.dumps({"boot": 1, "seq": seq, "t": t, "v": v, **rest}).encode()
    topic = f"v1/{name}/up/{kind}"
    telemetry.store(said=[from_device_topic(topic, payload)])
    return db.session.scalars(select(DeadLetter).where(DeadLetter.payload == payload)).one_or_none(), t


def kept():
    db.session.expire_all()
    return [(event.seq, event.quality, event.late) for event in db.session.scalars(select(AssetEvent))]


def test_a_device_registered_later_has_its_early_words_taken_in_its_own_time(session):
    room = make.room()
    letter, t = numbered("early", 1, ago=3_600)
    asked = {"letter_id": letter.id, "asset_id": None, "actor": MANAGER}
    with pytest.raises(StillRefused, match="still no device early"):
        dead_letters.replay(**asked)
    device = devices.envelope(room, name="early", status="revoked")
    with pytest.raises(StillRefused, match="not in service"):
        dead_letters.replay(**asked)
    device.status = "active"
    session.flush()
    assert dead_letters.replay(**asked) == f"Taken: {room.number} says occupancy 1."
    assert kept() == [(1, "d", True)]
    assert round(session.scalar(select(AssetEvent.at)).timestamp() * 1000) == t
    with pytest.raises(AlreadyReplayed):
        dead_letters.replay(**asked)
    assert len(kept()) == 1


def test_a_word_whose_number_was_counted_is_taken_when_its_unit_is_known(session):
    hotel = make.place()
    device = devices.envelope(None, asset=hotel)
    letter, _t = numbered(device.name, 1)
    assert letter.reason == "unbound"
    asked = {"letter_id": letter.id, "asset_id": hotel.id, "actor": MANAGER}
    with pytest.raises(StillRefused, match="belongs to no room"):
        dead_letters.replay(**asked)
    room = make.room(hotel)
    device.unit_id = room.id
    session.flush()
    dead_letters.replay(**asked)
    assert kept() == [(1, "d", False)]


def test_what_the_device_said_again_meanwhile_is_not_taken_twice(session):
    room = make.room()
    device = devices.envelope(room, status="revoked")
    letter, _t = numbered(device.name, 1)
    device.status = "active"
    session.flush()
    telemetry.store(said=[from_device_topic(letter.topic, bytes(letter.payload))])
    with pytest.raises(AlreadyReplayed, match="said this again"):
        dead_letters.replay(letter_id=letter.id, asset_id=room.asset_id, actor=MANAGER)
    assert kept() == [(1, "d", False)]


def test_lost_numbers_and_answers_can_be_taken_later_but_not_a_state(session):
    room = make.room()
    device = devices.envelope(room, status="revoked")
    letter, _t = numbered(device.name, 9, [[1, 8]], kind="lost")
    presence = from_device_topic(f"v1/{device.name}/status", b'{"state":"online","boot":1}')
    telemetry.store(said=[presence])
    state = db.session.scalars(select(DeadLetter).where(DeadLetter.payload == presence.payload)).one()
    device.status = "active"
    session.flush()
    taken = dead_letters.replay(letter_id=letter.id, asset_id=room.asset_id, actor=MANAGER)
    assert taken == f"Taken: {device.name} says which numbers it lost."
    session.expire_all()
    assert session.get(DeviceBoot, (device.id, 1)).gap_since is None
    with pytest.raises(StillRefused, match="how it is now"):
        dead_letters.replay(letter_id=state.id, asset_id=room.asset_id, actor=MANAGER)


def test_of_one_speaker_so_many_a_day_are_kept_and_the_others_are_counted(session, monkeypatch, client):
    monkeypatch.setattr(burying, "MOST_A_DAY", 5)
    hotel = make.place()
    loud, quiet = (f"rooms/{hotel.asset_number}/{number}/occupancy" for number in ("101", "102"))
    for first in (0, 4, 8):
        telemetry.store(said=[from_plain_topic(loud, b"x%d" % n) for n in range(first, first + 4)])
    telemetry.store(said=[from_plain_topic(loud, b"x0"), from_plain_topic(quiet, b"y")])
    rows = session.execute(
        select(DeadLetter.topic, func.count(), func.sum(DeadLetter.times)).group_by(DeadLetter.topic)
    )
    assert sorted(map(tuple, rows)) == [(loud, 5, 6), (quiet, 1, 1)], "one that comes again is counted on its own"
    monkeypatch.setattr(queries, "MOST_A_DAY", 5)
    assert queries.letters_not_kept(hotel.id) == [(f"rooms/{hotel.asset_number}/101", utcnow().date(), 7)]
    assert queries.letters_not_kept(make.place().id) == []
    people.sign_in(client, people.member(hotel))
    page = client.get(f"/admin/{hotel.asset_number}/dead-letters").text
    assert f"Another 7 messages of rooms/{hotel.asset_number}/101" in page


def test_strangers_share_one_allowance(session, monkeypatch):
    monkeypatch.setattr(burying, "MOST_OF_STRANGERS", 3)
    telemetry.store(said=[from_plain_topic(f"rooms/NOBODY/{n}/occupancy", b"1") for n in range(10)])
    assert session.scalar(select(func.count()).select_from(DeadLetter)) == 3
    assert session.execute(select(LetterTally.speaker, LetterTally.came)).all() == [("", 10)]


def test_several_who_refuse_at_once_keep_no_more_than_the_allowance(app, committed, monkeypatch):
    monkeypatch.setattr(burying, "MOST_A_DAY", 20)
    hotel = make.place()
    where = f"rooms/{hotel.asset_number}/101/occupancy"

    def refuse_some(who):
        return lambda: telemetry.store(said=[from_plain_topic(where, b"%d-%d" % (who, n)) for n in range(10)])

    at_once(app, *[refuse_some(who) for who in range(4)])
    assert db.session.scalar(select(func.count()).select_from(DeadLetter)) == 20
    assert db.session.scalar(select(LetterTally.came)) == 40
