"""Rules held against what units say: raised once, in their time, ended by themselves, deaf to old stories."""

import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from portal.core.clock import clock_set_to, utcnow
from portal.core.outbox import OutboxEvent
from portal.shared.assets.models import Unit
from portal.shared.assets.queries import asset_of
from portal.shared.assets.services import registry
from portal.shared.devices.models import Alert, RuleStanding
from portal.shared.devices.services import alert_handling, alert_rules, rule_watch, watching
from tests.factories import assets, identity
from tests.factories.alerts import looked, rule, says
from tests.factories.assets import ACTOR


@pytest.fixture
def hotel(session):
    return assets.place()


def alerts_of(session, **wanted):
    return session.scalars(select(Alert).filter_by(**wanted).order_by(Alert.happened_at)).all()


def test_a_value_past_its_limit_is_one_alert_until_it_is_back(session, hotel):
    unit = assets.room(hotel)
    rule(hotel, name="Too warm")
    for value in ("7", "8", "8.1", "9", "30"):
        says(unit, "temperature", value)
        looked()
    [alert] = alerts_of(session)
    assert (alert.status, alert.kind, alert.times, alert.late) == ("open", "rule", 1, False)
    assert alert.facts["value"] == "8.1"
    says(unit, "temperature", "8.0")
    looked()
    session.expire_all()
    assert (alert.status, alert.cleared_by) == ("cleared", None)
    says(unit, "temperature", "9")
    looked()
    assert len(alerts_of(session)) == 2


def test_whoever_clears_it_by_hand_is_not_told_again_while_it_lasts(session, hotel):
    unit = assets.room(hotel)
    rule(hotel)
    says(unit, "temperature", "9")
    looked()
    actor = identity.acting(identity.member(hotel))
    alert_handling.clear(asset_id=hotel.id, alert_id=alerts_of(session)[0].id, actor=actor)
    for _again in range(3):
        says(unit, "temperature", "9.5")
        looked()
        rule_watch.work_due()
    assert len(alerts_of(session)) == 1
    says(unit, "temperature", "5")
    says(unit, "temperature", "9")
    looked()
    assert [alert.status for alert in alerts_of(session)] == ["cleared", "open"]


def test_it_must_last_before_anybody_is_told(session, hotel):
    unit = assets.room(hotel)
    rule(hotel, for_seconds="300")
    began = says(unit, "temperature", "9")
    looked()
    with clock_set_to(began + timedelta(seconds=299)):
        rule_watch.work_due()
        assert alerts_of(session) == []
    with clock_set_to(began + timedelta(seconds=301)):
        assert rule_watch.work_due() == 1
        assert rule_watch.work_due() == 0, "the second of two runs does nothing"
    [alert] = alerts_of(session)
    assert (alert.happened_at, alert.late) == (began, False)


def test_a_short_excursion_is_no_alert(session, hotel):
    unit = assets.room(hotel)
    rule(hotel, for_seconds="300")
    for minutes, value in ((9, "9"), (6, "7"), (5, "9"), (1, "7")):
        at = utcnow() - timedelta(minutes=minutes)
        with clock_set_to(at):
            says(unit, "temperature", value, at)
            looked()
            rule_watch.work_due()
    rule_watch.work_due()
    assert alerts_of(session) == []
    assert session.scalars(select(RuleStanding)).all() == []


def test_the_last_word_counts_while_a_unit_is_silent(session, hotel):
    """Sensors that only speak when something changes say nothing while it stays so."""
    unit = assets.room(hotel)
    rule(hotel, subject="door", comparison="equals", value="open", for_seconds="120")
    began = says(unit, "door", "open")
    looked()
    with clock_set_to(began + timedelta(minutes=3)):
        rule_watch.work_due()
    assert len(alerts_of(session, status="open")) == 1


def test_an_old_story_is_kept_and_nobody_is_called(session, hotel):
    unit = assets.room(hotel)
    rule(hotel, severity="critical")
    for minutes, value in ((40, "9"), (35, "12"), (30, "6")):
        says(unit, "temperature", value, minutes)
    looked()
    [alert] = alerts_of(session)
    assert (alert.status, alert.late) == ("cleared", True)
    said = session.scalars(select(OutboxEvent.body).where(OutboxEvent.topic == "devices.alert.raised")).all()
    assert [body["late"] for body in said] == [True]
    assert (
        session.scalar(
            select(func.count()).select_from(OutboxEvent).where(OutboxEvent.topic == "identity.mail.written")
        )
        == 0
    )
    says(unit, "temperature", "9", 38)
    looked()
    assert len(alerts_of(session)) == 1, "the same story told again is the same story"


def test_what_began_long_ago_and_is_still_so_calls_people(session, hotel):
    unit = assets.room(hotel)
    rule(hotel)
    for minutes in (40, 20, 0):
        says(unit, "temperature", "9", minutes)
    looked()
    [alert] = alerts_of(session)
    assert (alert.status, alert.late) == ("open", False)


def test_a_late_word_does_not_change_what_is_so_now(session, hotel):
    unit = assets.room(hotel)
    rule(hotel)
    says(unit, "temperature", "5", 1)
    looked()
    says(unit, "temperature", "30", 8)
    looked()
    assert alerts_of(session, status="open") == []
    says(unit, "temperature", "30", 0)
    looked()
    says(unit, "temperature", "5", 6)
    looked()
    assert len(alerts_of(session, status="open")) == 1


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_arrival_ends_the_same(session, hotel, seed):
    chance = random.Random(seed)
    unit = assets.room(hotel)
    rule(hotel)
    words = [(minutes / 2, chance.choice(("5", "9"))) for minutes in range(12)]
    arriving = words.copy()
    chance.shuffle(arriving)
    for minutes, value in arriving:
        says(unit, "temperature", value, minutes)
        looked()
    last = min(words)[1]
    assert len(alerts_of(session, status="open")) == (1 if last == "9" else 0)
    assert session.scalar(select(func.count()).select_from(RuleStanding)) == (1 if last == "9" else 0)


def test_the_same_news_looked_at_twice_is_one_alert(session, hotel):
    unit = assets.room(hotel)
    rule(hotel)
    at = says(unit, "temperature", "9", 1)
    looked()
    news = [watching.Spoke(unit.id, hotel.id, at, frozenset({"temperature"}))]
    rule_watch.look(news)
    session.commit()
    assert [alert.times for alert in alerts_of(session)] == [1]


def test_two_hundred_units_are_looked_at_in_a_few_questions(session, hotel, count_queries):
    rule(hotel)
    for _n in range(4):
        says(assets.room(hotel), "temperature", "5")
    asked = []
    for size in (4, 40):
        units = [assets.room(hotel) for _n in range(size)]
        for unit in units:
            says(unit, "temperature", "5")
        with count_queries() as sent:
            looked()
        asked.append(len(sent))
    assert asked[0] == asked[1], sent


def test_silence_is_told_once_and_ends_with_the_next_word(session, hotel):
    unit, never = assets.room(hotel), assets.room(hotel)
    rule(hotel, "absence", minutes="30")
    said = says(unit, "temperature", "9")
    with clock_set_to(said + timedelta(minutes=29)):
        rule_watch.work_due()
        assert alerts_of(session) == []
    with clock_set_to(said + timedelta(minutes=31)):
        rule_watch.work_due()
        rule_watch.work_due()
    [alert] = alerts_of(session)
    assert (alert.unit_id, alert.status, alert.times, alert.late) == (unit.id, "open", 1, False)
    assert alert.unit_id != never.id, "who never spoke is not silent"
    says(unit, "temperature", "9", utcnow() + timedelta(seconds=1))
    rule_watch.work_due()
    session.expire_all()
    assert (alert.status, alert.cleared_by) == ("cleared", None)


def test_silence_about_one_subject_is_not_broken_by_another(session, hotel):
    unit = assets.room(hotel)
    rule(hotel, "absence", subject="temperature", minutes="5")
    says(unit, "temperature", "9", 20)
    says(unit, "occupancy", "1", 0)
    rule_watch.work_due()
    [alert] = alerts_of(session)
    assert alert.late, "found long after it fell silent: nobody is called"


def test_a_retired_unit_is_not_missed(session, hotel):
    unit = assets.room(hotel)
    rule(hotel, "absence", minutes="5")
    says(unit, "temperature", "9", 6)
    rule_watch.work_due()
    assert len(alerts_of(session, status="open")) == 1
    registry.retire(unit_id=unit.id, reason="Sold", actor=ACTOR)
    rule_watch.work_due()
    rule_watch.work_due()
    assert alerts_of(session, status="open") == []


def night_of(place_day=27):
    """Friday 27 November 2026, 23:30 in Lagos."""
    return datetime(2026, 11, place_day, 22, 30, tzinfo=UTC)


def test_an_engine_that_starts_at_night_is_told_of(session):
    fleet = assets.place("fleet")
    unit = assets.vehicle(fleet)
    rule(fleet, "schedule", days=[4])
    with clock_set_to(night_of()):
        says(unit, "ignition", "turn_on", night_of())
        looked()
    [alert] = alerts_of(session)
    assert (alert.status, alert.happened_at) == ("open", night_of())
    with clock_set_to(night_of() + timedelta(minutes=5)):
        says(unit, "ignition", "off", night_of() + timedelta(minutes=5))
        looked()
    assert alerts_of(session, status="open") == []


def test_an_engine_that_still_runs_when_the_hours_begin_is_told_of_and_they_end(session):
    fleet = assets.place("fleet")
    unit = assets.vehicle(fleet)
    rule(fleet, "schedule", days=[4])
    with clock_set_to(night_of() - timedelta(hours=4)):
        says(unit, "ignition", "on", night_of() - timedelta(hours=4))
        looked()
        rule_watch.work_due()
        assert alerts_of(session) == []
    with clock_set_to(night_of()):
        rule_watch.work_due()
        rule_watch.work_due()
        [alert] = alerts_of(session)
        assert (alert.status, alert.times) == ("open", 1)
    with clock_set_to(night_of() + timedelta(hours=6)):
        rule_watch.work_due()
    assert alerts_of(session, status="open") == []


def fenced(fleet, **asked):
    fence = uuid.uuid4()
    alert_rules.connect_fences(lambda _asset_id: {fence: "Airport"})
    return fence, rule(fleet, "geofence", geofence_id=str(fence), **asked)


def crossing(unit, fence, what, at):
    rule_watch.fence_crossed(
        asset_id=unit.asset_id, unit_id=unit.id, geofence_id=fence, what=what, at=at, fence="Airport"
    )


@pytest.mark.parametrize(("what", "raising", "ending"), [("enter", "enter", "leave"), ("leave", "leave", "enter")])
def test_a_crossing_is_told_and_ends_with_the_way_back(session, wired, what, raising, ending):
    unit = assets.vehicle()
    fence, _rule = fenced(unit_place(unit), what=what)
    now = utcnow()
    crossing(unit, fence, ending, now - timedelta(minutes=2))
    assert alerts_of(session) == []
    crossing(unit, fence, raising, now - timedelta(minutes=1))
    crossing(unit, fence, raising, now - timedelta(minutes=1))
    [alert] = alerts_of(session)
    assert (alert.status, alert.facts["fence"]) == ("open", "Airport")
    crossing(unit, fence, ending, now)
    assert alerts_of(session, status="open") == []


def test_staying_too_long_in_a_fence_is_told_in_time_and_an_old_crossing_calls_nobody(session, wired):
    unit = assets.vehicle()
    fence, _rule = fenced(unit_place(unit), what="inside_longer_than", minutes="20")
    began = utcnow()
    crossing(unit, fence, "enter", began)
    with clock_set_to(began + timedelta(minutes=19)):
        rule_watch.work_due()
        assert alerts_of(session) == []
    with clock_set_to(began + timedelta(minutes=21)):
        rule_watch.work_due()
    assert [alert.late for alert in alerts_of(session, status="open")] == [False]
    other = assets.vehicle(unit_place(unit))
    crossing(other, fence, "enter", began - timedelta(hours=3))
    crossing(other, fence, "leave", began - timedelta(hours=2))
    assert [alert.late for alert in alerts_of(session, unit_id=other.id)] == [True]


def unit_place(unit: Unit):
    return asset_of(unit.asset_id)


def test_many_workers_raise_what_is_due_once(committed, app):
    place = assets.place()
    rule(place, for_seconds="60")
    began = utcnow() - timedelta(seconds=90)
    for _n in range(30):
        says(assets.room(place), "temperature", "9", began)
    looked()
    committed.execute(RuleStanding.__table__.update().values(raised_at=None))
    committed.execute(Alert.__table__.delete())
    committed.commit()
    together = threading.Barrier(4)

    def work(_n):
        with app.app_context():
            together.wait(timeout=60)
            return rule_watch.work_due()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    committed.expire_all()
    assert committed.scalar(select(func.count()).select_from(Alert)) == 30
    assert set(committed.scalars(select(Alert.times))) == {1}


def test_watchers_and_the_clock_at_once_raise_each_thing_once(committed, app):
    place = assets.place()
    rule(place)
    units = [assets.room(place) for _n in range(20)]
    for unit in units:
        says(unit, "temperature", "9")
    together = threading.Barrier(3)

    def work(what):
        with app.app_context():
            together.wait(timeout=60)
            return what()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, (watching.look_at_news, watching.look_at_news, rule_watch.work_due)))
    looked()
    committed.expire_all()
    assert committed.scalar(select(func.count()).select_from(Alert)) == 20
