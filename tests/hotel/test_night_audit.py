"""The night audit: each night once, at the price agreed; whoever presses the button, and whatever dies half way."""

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.shared.assets.models import Asset
from portal.shared.ledger import chart
from portal.trades.hotel.errors import AlreadyDone, NotYet
from portal.trades.hotel.models import (
    BookingGroup,
    BusinessDay,
    CancelPolicy,
    DailyRate,
    FolioLine,
    Reservation,
    Stay,
    StayNight,
)
from portal.trades.hotel.queries.folios import balances, lines_of, masters_of
from portal.trades.hotel.queries.night_audit import checklist, day_open, progress
from portal.trades.hotel.services import cancellations, folio_moves, folios, night_audit, properties
from tests.factories import folios as made
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.factories.bills import booked
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

SECOND, THIRD, FOURTH, FIFTH = (date(2026, 3, day) for day in (2, 3, 4, 5))


@pytest.fixture(autouse=True)
def _small_hours():
    """Half past one in the night to Tuesday, in Berlin."""
    with clock_set_to(datetime(2026, 3, 3, 0, 30, tzinfo=UTC)):
        yield


def close(place, day=SECOND):
    return night_audit.close_day(asset_id=place.id, day=day, actor=ACTOR)


def room_lines(place):
    return db.session.query(FolioLine).filter_by(asset_id=place.id, code="room", kind="charge").all()


def test_what_was_agreed_is_charged_whatever_rates_do_later(session):
    """Scenario 10: booked 3 x 100; BAR raised to 140; the night audit posts 100.00 on each night."""
    place = hotel.ber()
    stay = made.check_in(hotel.stay(place, SECOND, FIFTH))
    db.session.query(DailyRate).update({"price": 14_000})
    db.session.commit()
    for day in (SECOND, THIRD, FOURTH):
        with clock_set_to(datetime(2026, 3, day.day + 1, 3, tzinfo=UTC)):
            close(place, day)
    assert [(line.night, line.business_date, line.amount) for line in made.all_lines(stay)] == [
        (day, day, 10_000) for day in (SECOND, THIRD, FOURTH)
    ]
    assert booked(place, chart.ROOMS) == 30_000


def test_a_guest_who_comes_after_midnight_pays_for_the_night(session):
    """Scenario 18: business date 2 Mar still open; booked 2-4 Mar, arrives 3 Mar 01:30; charged 2 and 3 Mar."""
    place = hotel.ber()
    stay = made.check_in(hotel.stay(place, SECOND, FOURTH))
    close(place)
    assert [line.night for line in made.all_lines(stay)] == [SECOND]
    with clock_set_to(datetime(2026, 3, 4, 3, tzinfo=UTC)):
        close(place, THIRD)
    assert [line.night for line in made.all_lines(stay)] == [SECOND, THIRD]


def test_who_does_not_come_pays_as_agreed_and_gives_back_the_later_nights(session):
    """Scenario 18: no-show, fee per policy, nights from 3 Mar on released, 2 Mar stays sold."""
    place = hotel.ber()
    stay = hotel.stay(place, SECOND, FIFTH)
    assert checklist(place)["arrivals"].count == 1
    close(place)
    assert db.session.get(Stay, stay.id).status == "no_show"
    assert [hotel.figures(place, day)["booked"] for day in (SECOND, THIRD, FOURTH)] == [1, 0, 0]
    assert [line.code for line in made.all_lines(stay)] == ["no_show"]
    assert balances([stay.id])[stay.id] == 30_000
    assert (booked(place, chart.FEES), booked(place, chart.ROOMS)) == (30_000, 0)


def test_the_fee_is_of_the_price_after_the_discount_and_goes_when_the_stay_is_taken_up_again(session):
    """Scenario 20: "first 2 nights" of a no-show is 200.00; with 10 % discount it is 180.00."""
    place = hotel.ber()
    policy = db.session.query(CancelPolicy).filter_by(asset_id=place.id).one()
    policy.no_show_kind, policy.no_show_value = "nights", 2
    db.session.commit()
    stay, cheap = hotel.stay(place, SECOND, date(2026, 3, 7)), hotel.stay(place, SECOND, date(2026, 3, 7))
    for night in db.session.query(StayNight).filter_by(stay_id=cheap.id):
        night.discount = night.price // 10
    db.session.commit()
    close(place)
    assert balances([stay.id, cheap.id]) == {stay.id: 20_000, cheap.id: 18_000}
    cancellations.reinstate(reservation_id=stay.reservation_id, actor=ACTOR)
    assert [line.amount for line in made.all_lines(stay)] == [20_000, -20_000]
    assert made.folio(stay).waiting


def test_a_guest_overdue_keeps_the_day_open_and_is_named(session):
    place = hotel.ber()
    made.check_in(hotel.stay(place, date(2026, 3, 1), SECOND))
    seen = checklist(place)
    assert [each.name for each in seen.blocking] == ["departures"]
    with pytest.raises(NotYet) as refused:
        close(place)
    assert refused.value.details["blocking"] == {"departures": 1}


def test_the_day_is_closed_when_it_is_over(session):
    place = hotel.ber()
    with clock_set_to(hotel.NOON), pytest.raises(NotYet, match="2 March is not over"):
        night_audit.ask(asset_id=place.id, day=SECOND, actor=ACTOR)
    with pytest.raises(NotYet, match="4 March is not open"):
        night_audit.ask(asset_id=place.id, day=FOURTH, actor=ACTOR)


def test_the_clockwork_closes_what_was_asked_for_and_says_why_when_it_cannot(session):
    place = hotel.ber()
    stay = made.check_in(hotel.stay(place, SECOND, FOURTH))
    night_audit.ask(asset_id=place.id, day=SECOND, actor=ACTOR)
    assert progress(place.id, SECOND) == (0, 1)
    stay.departure = SECOND  # somebody shortened it meanwhile
    stay.arrival = date(2026, 3, 1)
    db.session.commit()
    assert night_audit.close_asked() == 0
    assert "put right" in day_open(place.id).totals["refused"]
    stay.departure = FOURTH
    db.session.commit()
    night_audit.ask(asset_id=place.id, day=SECOND, actor=ACTOR)
    assert night_audit.close_asked() == 1
    assert night_audit.close_asked() == 0
    assert progress(place.id, SECOND) == (1, 1)
    closed = db.session.query(BusinessDay).filter_by(asset_id=place.id, day=SECOND).one()
    assert closed.closed_by == ACTOR.name
    assert [(line["code"], line["amount"]) for line in closed.totals["lines"]] == [("room", 10_000)]
    assert closed.totals["figures"]["sold"] == 1
    assert db.session.get(Asset, place.id).business_date == THIRD


def test_a_closed_day_is_corrected_in_the_open_one_and_once(session):
    """Scenario 19: correction = reversal in the new day, once only."""
    place = hotel.ber()
    stay = made.check_in(hotel.stay(place, SECOND, FOURTH))
    close(place)
    line = made.all_lines(stay)[0]
    back = folio_moves.reverse(asset_id=place.id, line_id=line.id, reason="No hot water", actor=ACTOR)
    assert (back.business_date, back.amount) == (THIRD, -10_000)
    with pytest.raises(AlreadyDone):
        folio_moves.reverse(asset_id=place.id, line_id=line.id, reason="No hot water", actor=ACTOR)


def test_a_night_of_no_price_is_charged_as_nothing_once(session):
    place = hotel.ber()
    stay = made.check_in(hotel.stay(place, SECOND, FOURTH, plan=None))
    close(place)
    close(place)
    assert [line.amount for line in made.all_lines(stay)] == [0]


def test_a_group_pays_rooms_and_its_guests_the_minibar(session):
    """Scenario 26, the money: the master folio takes room and tax, the guest takes the minibar."""
    place = hotel.ber()
    stays = [hotel.stay(place, SECOND, FOURTH) for _n in range(2)]
    group = BookingGroup(
        asset_id=place.id, code="FAIR", name="Trade fair", arrival=SECOND, departure=FOURTH, cutoff_on=SECOND,
        status="open", routes=["room", "tax"], version=1,
    )  # fmt: skip
    db.session.add(group)
    db.session.flush()
    for stay in stays:
        db.session.get(Reservation, stay.reservation_id).group_id = group.id
    db.session.commit()
    for stay in stays:
        made.check_in(stay)
    made.charge(stays[0])
    close(place)
    master = masters_of([group.id])[group.id]
    assert [line.amount for line in lines_of([master.id])[master.id]] == [10_000, 10_000]
    assert balances([each.id for each in stays]) == {stays[0].id: 1_000, stays[1].id: 0}


def test_six_press_the_button_and_the_day_is_closed_once(app, committed):
    """Scenario 19: 300 in house, 6 workers press Close: 300 room lines, one closed day; in less than two seconds."""
    place = made.full_house(300)
    begun = time.monotonic()
    said = at_once(app, *[tried(lambda: close(place).state)] * 6)
    took = time.monotonic() - begun
    assert set(said) <= {"closed", "busy"}
    assert "closed" in said
    committed.rollback()
    lines = room_lines(place)
    assert (len(lines), sum(line.amount for line in lines)) == (300, 3_000_000)
    assert booked(place, chart.ROOMS) == booked(place, chart.GUEST_LEDGER) == 3_000_000
    days = [(each.day, each.state) for each in db.session.query(BusinessDay).filter_by(asset_id=place.id)]
    assert sorted(days) == [(SECOND, "closed"), (THIRD, "open")]
    assert took < 20  # the bench says how fast it is on a machine of its own


WORKER = """
from datetime import UTC, date, datetime
from tests.support.databases import settings_for_tests
from portal import create_app
from portal.core.clock import clock_set_to
import sys, uuid
app = create_app(settings_for_tests(sys.argv[1]))
with app.app_context(), clock_set_to(datetime(2026, 3, 3, 0, 30, tzinfo=UTC)):
    from portal.trades.hotel.services import night_audit
    from tests.factories.assets import ACTOR
    night_audit.BATCH = 10
    night_audit.close_day(asset_id=uuid.UUID(sys.argv[2]), day=date(2026, 3, 2), actor=ACTOR)
"""


def test_a_closing_that_is_killed_half_way_goes_on_where_it_stopped(committed, database_url):
    """Scenario 19: kill -9 half way then re-run: still 300."""
    place = made.full_house(300)

    def charged():
        committed.rollback()
        return committed.scalar(text("select count(*) from folio_line where code = 'room'"))

    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, database_url, str(place.id)],
        cwd=Path(__file__).parents[2], env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    give_up_at = time.monotonic() + 60
    while charged() < 100:
        assert worker.poll() is None, worker.communicate()
        assert time.monotonic() < give_up_at
        time.sleep(0.002)
    worker.kill()
    worker.communicate()
    assert 100 <= charged() < 300
    assert day_open(place.id).day == SECOND
    assert close(place).state == "closed"
    assert charged() == 300
    assert close(place).state == "closed"
    assert charged() == 300
    assert committed.scalar(text("select count(*) from business_day where state = 'closed'")) == 1


@pytest.mark.parametrize(
    ("night", "before", "at"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 29, 1, 29, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 10, 24), datetime(2026, 10, 25, 0, 29, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
    ids=["a half past two that is not there", "a half past two that comes twice"],
)
def test_nights_on_which_clocks_are_changed_close_once(session, night, before, at):
    """Scenario 19: on 29 Mar 02:30 local (does not exist) and 25 Oct 02:30 (twice) each day closes once."""
    with clock_set_to(before - timedelta(hours=12)):
        place = hotel.ber(today=night)
        properties.amend(asset_id=place.id, close_after_minute=150, actor=ACTOR)
        stay = made.check_in(hotel.stay(place, night, night + timedelta(days=1)))
        stay.departure = night + timedelta(days=2)
        db.session.commit()
    with clock_set_to(before), pytest.raises(NotYet, match="not over"):
        close(place, night)
    for later in (timedelta(0), timedelta(hours=1), timedelta(hours=2)):
        with clock_set_to(at + later):
            close(place, night)
    assert [(line.night, line.amount) for line in made.all_lines(stay)] == [(night, 13_000)]
    assert folios.night_key(stay.id, night) == made.all_lines(stay)[0].posting_key
