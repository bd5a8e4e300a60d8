"""Rooms by their sensors: who is in and not let, power in empty rooms, and which rooms are ready to be cleaned."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.core.clock import clock_set_to, utcnow
from portal.core.errors import Invalid
from portal.shared.access.services import grants
from portal.shared.assets.services import registry
from portal.shared.audit.models import AuditEntry
from portal.shared.devices.models import Alert
from portal.shared.devices.services import alert_handling, watching
from portal.trades.hotel.queries.senses import room_standing, watch_of
from portal.trades.hotel.services import room_senses
from tests.factories import assets, identity
from tests.factories.alerts import looked, says
from tests.factories.assets import ACTOR


@pytest.fixture
def hotel(session):
    return assets.place()


def later(**span):
    return clock_set_to(utcnow() + timedelta(**span))


def alerts_of(session, **wanted):
    session.expire_all()
    return session.scalars(select(Alert).filter_by(**wanted).order_by(Alert.created_at)).all()


def standing(room):
    [found] = [each for each in room_standing(room.asset_id) if each.unit_id == room.id]
    return found


def let(room, minutes=60):
    return grants.grant_direct(unit_id=room.id, minutes=minutes, reason="House guest", actor=ACTOR)


def test_somebody_in_a_room_let_to_nobody_is_told_of_after_two_minutes(session, hotel):
    room = assets.room(hotel)
    says(room, "occupancy", "1", 1)
    looked()
    room_senses.work_due()
    assert alerts_of(session) == [], "a maid may only look in"
    with later(seconds=70):
        assert room_senses.work_due() == 1
        assert room_senses.work_due() == 0, "the second of two runs does nothing"
    [alert] = alerts_of(session)
    assert (alert.kind, alert.status, alert.times, alert.late) == ("occupied_not_let", "open", 1, False)


@pytest.mark.parametrize("ending", ["let", "empty"])
def test_it_ends_when_the_room_is_let_or_empty(session, hotel, ending):
    room = assets.room(hotel)
    says(room, "occupancy", "1", 5)
    looked()
    room_senses.work_due()
    if ending == "let":
        let(room)
    else:
        says(room, "occupancy", "0")
        looked()
    room_senses.work_due()
    [alert] = alerts_of(session)
    assert (alert.status, alert.cleared_by) == ("cleared", None)


def test_a_guest_in_a_let_room_is_no_alert_and_one_who_stays_too_long_is(session, hotel):
    room = assets.room(hotel)
    grant = let(room)
    says(room, "occupancy", "1", 30)
    looked()
    room_senses.work_due()
    assert alerts_of(session) == []
    grants.revoke(grant_id=grant.id, reason="Moved out", actor=ACTOR)
    room_senses.work_due()
    assert alerts_of(session) == [], "two minutes to leave"
    with later(minutes=3):
        room_senses.work_due()
    assert [alert.kind for alert in alerts_of(session)] == ["occupied_not_let"]


def test_a_room_out_of_use_is_somebodys_work(session, hotel):
    room = assets.room(hotel)
    registry.suspend(unit_id=room.id, reason="Paint", actor=ACTOR)
    says(room, "occupancy", "1", 30)
    looked()
    room_senses.work_due()
    assert alerts_of(session) == []


def test_power_in_an_empty_room_is_told_of_after_a_quarter_of_an_hour(session, hotel):
    room, idle, switched = (assets.room(hotel) for _n in range(3))
    for unit, kind, value in ((room, "power", "86"), (idle, "power", "12"), (switched, "electricity", "on")):
        says(unit, "occupancy", "0", 9)
        says(unit, kind, value, 9)
    looked()
    room_senses.work_due()
    assert alerts_of(session) == []
    with later(minutes=7):
        room_senses.work_due()
    told = {alert.unit_id: alert.facts for alert in alerts_of(session, kind="power_in_empty_room")}
    assert set(told) == {room.id, switched.id}
    assert told[room.id]["watts"] == 86
    says(room, "power", "3")
    looked()
    room_senses.work_due()
    assert [alert.unit_id for alert in alerts_of(session, status="open")] == [switched.id]


def test_where_power_is_measured_the_switch_does_not_count(session, hotel):
    room = assets.room(hotel)
    for kind, value in (("occupancy", "0"), ("electricity", "on"), ("power", "2")):
        says(room, kind, value, 30)
    looked()
    assert standing(room).drawing is False


def test_words_that_come_late_change_nothing_and_are_told_of_to_nobody(session, hotel):
    room = assets.room(hotel)
    says(room, "occupancy", "0", 2)
    looked()
    says(room, "occupancy", "1", 30)
    looked()
    room_senses.work_due()
    assert standing(room).occupied is False
    assert alerts_of(session) == []
    other = assets.room(hotel)
    says(other, "occupancy", "1", 40)
    looked()
    room_senses.work_due()
    assert [alert.late for alert in alerts_of(session)] == [True], "kept, and nobody is called"


def test_words_that_are_repeated_do_not_begin_anew(session, hotel):
    room = assets.room(hotel)
    began = says(room, "occupancy", "1", 20)
    for minutes in (15, 10, 5):
        says(room, "occupancy", "1", minutes)
        looked()
    assert standing(room).occupied_since == began
    room_senses.look([watching.Spoke(room.id, hotel.id, began, frozenset({"occupancy"}))])
    session.commit()
    assert standing(room).occupied_since == began, "the same words looked at twice"


def test_whoever_clears_it_is_not_told_again_while_the_same_person_stays(session, hotel):
    room, actor = assets.room(hotel), identity.acting(identity.member(hotel))
    says(room, "occupancy", "1", 5)
    looked()
    room_senses.work_due()
    alert_handling.clear(asset_id=hotel.id, alert_id=alerts_of(session)[0].id, note="The electrician", actor=actor)
    says(room, "occupancy", "1")
    looked()
    with later(minutes=5):
        room_senses.work_due()
    assert len(alerts_of(session)) == 1
    says(room, "occupancy", "0", utcnow() + timedelta(seconds=1))
    says(room, "occupancy", "1", utcnow() + timedelta(seconds=2))
    looked()
    with later(minutes=5):
        room_senses.work_due()
    assert len(alerts_of(session, status="open")) == 1


def test_a_room_is_ready_to_clean_when_its_guest_has_left_and_nobody_was_in_since(session, hotel):
    room, unused, bare = (assets.room(hotel) for _n in range(3))
    for each in (room, unused, bare):
        let(each, minutes=60)
    now = utcnow()
    says(unused, "occupancy", "0", now - timedelta(minutes=1))
    says(room, "occupancy", "1", now + timedelta(minutes=5))
    says(room, "occupancy", "0", now + timedelta(minutes=50))
    looked()
    assert not standing(room).ready_to_clean, "the guest may come back"
    with later(minutes=61):
        assert standing(room).ready_to_clean
        assert standing(room).vacant_since == now + timedelta(minutes=50)
        assert not standing(unused).ready_to_clean, "nobody was in it"
        says(room, "occupancy", "1", now + timedelta(minutes=62))
        says(room, "occupancy", "0", now + timedelta(minutes=80))
        looked()
    with later(minutes=81):
        assert not standing(room).ready_to_clean, "somebody has cleaned it"
    assert bare.id not in {each.unit_id for each in room_standing(hotel.id)}, "without a sensor nobody knows"


def test_each_place_chooses_when_it_is_told_and_another_is_not_asked(session, hotel):
    other = assets.place(name="Elsewhere")
    chosen = room_senses.Chosen(
        unlet=False, unlet_after_seconds=120, power=True, power_after_minutes=5, power_watts=100
    )
    room_senses.choose(asset_id=hotel.id, chosen=chosen, actor=ACTOR)
    room_senses.choose(asset_id=hotel.id, chosen=chosen, actor=ACTOR)
    assert session.scalar(select(func.count()).where(AuditEntry.action == "room_watch.amended")) == 1
    assert watch_of(other.id).unlet
    for place in (hotel, other):
        room = assets.room(place)
        says(room, "occupancy", "1", 5)
        looked()
    room_senses.work_due()
    assert [alert.asset_id for alert in alerts_of(session)] == [other.id]
    assert {each.asset_id for each in room_standing(hotel.id)} == {hotel.id}
    with pytest.raises(Invalid):
        room_senses.choose(
            asset_id=hotel.id, actor=ACTOR,
            chosen=room_senses.Chosen(
                unlet=True, unlet_after_seconds=-1, power=True, power_after_minutes=5, power_watts=100
            ),
        )  # fmt: skip


def test_the_hotel_is_looked_at_in_the_same_few_questions_whatever_its_size(session, hotel, count_queries):
    asked = []
    for size in (2, 20):
        for _n in range(size):
            says(assets.room(hotel), "occupancy", "0")
        with count_queries() as sent:
            looked()
            room_standing(hotel.id)
        asked.append(len(sent))
    assert asked[0] == asked[1], sent


def test_several_workers_tell_of_each_room_once(committed, app):
    place = assets.place()
    for _n in range(10):
        says(assets.room(place), "occupancy", "1", 5)
    looked()
    together = threading.Barrier(3)

    def work(_n):
        with app.app_context():
            together.wait(timeout=60)
            return room_senses.work_due()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert committed.scalar(select(func.count()).select_from(Alert)) == 10
