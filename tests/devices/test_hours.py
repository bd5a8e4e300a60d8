"""The sums of each hour: the same whatever order the words came in, and kept when the words are let go of."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from portal.core import partitions
from portal.core.db import db
from portal.shared.audit.models import AuditEntry
from portal.shared.devices.models import ReadingHour
from portal.shared.devices.services import hours, retention, watching
from tests.factories import devices as make

pytestmark = pytest.mark.usefixtures("session")
START = (datetime.now(UTC) - timedelta(days=1)).replace(hour=6, minute=0, second=0, microsecond=0)


def says(unit, *words):
    """Words of one unit, each (minutes since the start, kind, value), as the ingester keeps them."""
    for minutes, kind, value in words:
        db.session.execute(
            text(
                "insert into asset_event (id, at, asset_id, unit_id, kind, value)"
                " values (gen_random_uuid(), :at, :a, :u, :k, :v)"
            ),
            {"at": START + timedelta(minutes=minutes), "a": unit.asset_id, "u": unit.id, "k": kind, "v": value},
        )
    db.session.execute(
        text("insert into reading_news (unit_id, asset_id, since, kinds) values (:u, :a, :since, '[]')"),
        {"u": unit.id, "a": unit.asset_id, "since": START + timedelta(minutes=min(word[0] for word in words))},
    )
    db.session.commit()


def settle(bite=hours.AT_ONCE):
    while watching.look_at_news() or hours.sum_closed(limit=bite):
        pass


def sums(unit):
    settle()
    db.session.expire_all()
    rows = db.session.scalars(
        select(ReadingHour).where(ReadingHour.unit_id == unit.id).order_by(ReadingHour.kind, ReadingHour.hour)
    )
    return {(row.kind, int((row.hour - START) / hours.HOUR)): row for row in rows}


def test_figures_are_summed_in_thousandths():
    room = make.room()
    says(room, (1, "temperature", "21.5"), (20, "temperature", "19"), (59, "temperature", "24.125"))
    row = sums(room)["temperature", 0]
    assert (row.said, row.lowest, row.highest, row.total) == (3, 19_000, 24_125, 64_625)
    assert (row.first_value, row.last_value, row.seconds_on) == ("21.5", "24.125", 0)


def test_words_that_are_no_figures_are_counted():
    room = make.room()
    says(room, (1, "electricity", "on"), (2, "electricity", "231.5 V"), (3, "location", "6.5,3.4"))
    row = sums(room)["electricity", 0]
    assert (row.said, row.lowest, row.total) == (2, None, None)


def test_how_long_a_switch_was_on_runs_over_the_hours():
    room = make.room()
    says(room, (30, "access", "unlocked"), (50, "access", "locked"), (70, "access", "unlocked"))
    says(room, (250, "access", "locked"))
    found = sums(room)
    assert {hour: row.seconds_on for (_kind, hour), row in found.items()} == {0: 20 * 60, 1: 50 * 60, 4: 10 * 60}
    assert [found["access", hour].ends_on for hour in (0, 1, 4)] == [False, True, False]


def test_late_words_are_summed_in_their_own_hour_and_the_next_one_follows():
    room = make.room()
    says(room, (30, "access", "unlocked"), (190, "access", "locked"))
    assert sums(room)["access", 3].seconds_on == 10 * 60
    says(room, (45, "access", "locked"))
    found = sums(room)
    assert (found["access", 0].seconds_on, found["access", 0].ends_on) == (15 * 60, False)
    assert found["access", 3].seconds_on == 0, "it was locked long before"


def test_any_order_of_arrival_gives_the_same_sums():
    chance = random.Random(7)
    said = [(minute, "occupancy", chance.choice("01")) for minute in range(0, 900, 7)]
    said += [(minute, "temperature", str(chance.randint(15, 30))) for minute in range(3, 900, 11)]
    orderly, shuffled = make.room(), make.room()
    says(orderly, *said)
    chance.shuffle(said)
    for start in range(0, len(said), 10):
        says(shuffled, *said[start : start + 10])
        if start % 30 == 0:
            settle(bite=chance.choice((1, 3, hours.AT_ONCE)))
    first, second = sums(orderly), sums(shuffled)
    assert first.keys() == second.keys()
    for key in first:
        for column in ("said", "lowest", "highest", "total", "first_value", "last_value", "seconds_on", "ends_on"):
            assert getattr(first[key], column) == getattr(second[key], column), (key, column)


def test_summing_again_changes_nothing_and_the_running_hour_waits():
    room = make.room()
    says(room, (1, "occupancy", "1"))
    before = sums(room)["occupancy", 0].seconds_on
    hours.mark_everything()
    assert sums(room)["occupancy", 0].seconds_on == before == 59 * 60
    now = (datetime.now(UTC) - START).total_seconds() / 60
    says(room, (now, "occupancy", "0"))
    assert max(hour for _kind, hour in sums(room)) == 0


@pytest.fixture
def old_month(monkeypatch):
    """A month of five months ago that has a partition of its own, and a room that spoke in it."""
    first = (datetime.now(UTC).replace(day=1) - timedelta(days=31 * 4 + 15)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    db.session.execute(text("select make_event_partitions(:m, 0)"), {"m": first.date()})
    monkeypatch.setattr(retention, "_kept_months", 3)
    monkeypatch.setattr(f"{__name__}.START", first)
    room = make.room()
    says(room, (10, "temperature", "20"), (70, "temperature", "22"))
    return room


def parts():
    return db.session.scalar(text("select count(*) from pg_inherits where inhparent = 'asset_event'::regclass"))


def events():
    return db.session.scalar(text("select count(*) from asset_event"))


def test_a_month_goes_only_when_all_its_hours_are_summed_and_its_sums_stay(old_month):
    before = parts()
    assert retention.let_go_of_months() == 0, "its hours are not summed yet"
    assert events() == 2
    settle()
    assert retention.let_go_of_months() == 1
    assert (parts(), events()) == (before - 1, 0)
    assert len(sums(old_month)) == 2
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "events.let_go"))
    assert (entry.actor_kind, entry.after["events"], entry.subject_id) == ("system", 2, f"{START:%Y-%m}")
    assert retention.let_go_of_months() == 0, "the next month is younger"


def test_what_is_told_of_a_month_that_went_does_not_take_its_sums_place(old_month):
    settle()
    retention.let_go_of_months()
    says(old_month, (20, "temperature", "99"))
    assert sums(old_month)["temperature", 0].highest == 20_000


def test_nothing_is_let_go_of_unless_the_settings_say_so(old_month, monkeypatch):
    settle()
    monkeypatch.setattr(retention, "_kept_months", 0)
    assert retention.let_go_of_months() == 0
    monkeypatch.setattr(retention, "_kept_months", 25)
    assert retention.let_go_of_months() == 0
    assert events() == 2


def test_the_database_lets_go_of_no_young_month_and_of_none_that_is_not_summed(old_month):
    for month, why in ((datetime.now(UTC).date(), "too young"), (START.date(), "not summed")):
        with pytest.raises(IntegrityError, match=why), db.session.begin_nested():
            db.session.execute(text("select drop_event_partition(:m)"), {"m": month})
    partitions.make_ahead()
    assert events() == 2


def test_dead_letters_go_four_hundred_days_after_they_were_taken_or_came_last():
    db.session.execute(
        text(
            "insert into dead_letter (id, topic, payload, reason, detail, sha, last_at, replayed_at)"
            " select gen_random_uuid(), 'rooms/H1', '1', 'topic', 'x', decode(md5(n::text), 'hex'),"
            " now() - make_interval(days => came), now() - make_interval(days => taken)"
            " from unnest(array[0, 402, 402, 402, 402], array[null, 399, 401, null, 0])"
            " with ordinality as a(came, taken, n)"
        )
    )
    db.session.commit()
    assert retention.forget_dead_letters() == 2
    assert retention.forget_dead_letters() == 0
    assert db.session.scalar(text("select count(*) from dead_letter")) == 3
