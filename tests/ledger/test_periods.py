"""Months close in order and stay closed; what is heard of late is booked on the first open day."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.reporting import books_check, closing
from portal.shared.audit.queries import trail
from portal.shared.ledger import chart
from portal.shared.ledger.errors import MonthNotOver, NotThatDay, PeriodClosed, PeriodOrder, ReasonMissing
from portal.shared.ledger.models import Entry, Period
from portal.shared.ledger.queries import entry_by_key, first_open_day, months_of, next_to_close
from portal.shared.ledger.services import periods
from portal.shared.payments.models import Payment
from tests.factories import assets, books, payments
from tests.payments.test_races import at_once

pytestmark = pytest.mark.database
BY = assets.ACTOR
MARCH, APRIL, MAY, JUNE = (date(2026, month, 1) for month in (3, 4, 5, 6))
SALE = ((chart.CASH, 500), (chart.SALES, -500))


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.fixture
def june(committed):
    """It is the tenth of June."""
    with clock_set_to(at(6, 10)):
        yield


@pytest.fixture
def place(june):
    """A place whose books began on 20 March."""
    made = assets.place()
    books.made(made, *SALE, on=date(2026, 3, 20))
    return made


def close(place, *months):
    for month in months:
        periods.close(place=place, month=month, actor=BY)


def test_months_close_in_order_from_the_first_with_an_entry(place):
    with pytest.raises(PeriodOrder, match="Close March 2026 first"):
        close(place, APRIL)
    close(place, MARCH, APRIL)
    with pytest.raises(PeriodOrder, match="April 2026 is closed already"):
        close(place, APRIL)
    assert next_to_close(place.id) == MAY
    assert [(each.starts_on, each.closed, each.entries) for each in months_of(place.id, JUNE)] == [
        (JUNE, False, 0),
        (MAY, False, 0),
        (APRIL, True, 0),
        (MARCH, True, 1),
    ]


def test_books_without_an_entry_have_no_month_to_close(june):
    with pytest.raises(PeriodOrder, match="Nothing is in the books"):
        close(assets.place(), MARCH)


def test_a_month_is_closed_when_it_has_ended_at_the_place(place):
    close(place, MARCH, APRIL)
    with clock_set_to(at(5, 31, 22)), pytest.raises(MonthNotOver):  # 23:00 in Lagos
        close(place, MAY)
    with clock_set_to(at(5, 31, 23)):  # midnight in Lagos
        close(place, MAY)


def test_a_business_date_that_lags_behind_keeps_its_month_open(place):
    place.business_date = date(2026, 3, 31)
    db.session.commit()
    with pytest.raises(MonthNotOver):
        close(place, MARCH)


def test_nothing_is_booked_by_hand_into_a_closed_month_or_before_it(place):
    close(place, MARCH)
    for day in (date(2026, 3, 31), date(2026, 2, 1)):
        with pytest.raises(PeriodClosed, match="closed up to 2026-03-31"):
            books.made(place, *SALE, on=day)
    books.made(place, *SALE, on=APRIL)


@pytest.mark.parametrize("day", [date(2026, 6, 11), date(1999, 1, 1)], ids=["tomorrow", "a slip of the keyboard"])
def test_an_entry_by_hand_has_a_sensible_day(place, day):
    with pytest.raises(NotThatDay):
        books.made(place, *SALE, on=day)


def test_what_is_heard_of_late_is_booked_on_the_first_open_day(place):
    close(place, MARCH, APRIL)
    entry = db.session.get(Entry, books.banked(place, 100, at=at(3, 25)))
    assert (entry.booked_on, entry.occurred_at) == (MAY, at(3, 25))
    assert first_open_day(place.id, date(2026, 1, 1)) == MAY
    assert first_open_day(place.id, date(2026, 5, 9)) == date(2026, 5, 9)


def test_a_webhook_settled_after_its_month_was_closed_does_not_touch_that_month(place):
    room = assets.room(place)
    with clock_set_to(at(5, 30)):
        made = payments.intent(room)
        payments.decide(made)
    close(place, MARCH, APRIL, MAY)
    assert payments.settle(made, via="webhook").verdict == "settled"
    payment = db.session.scalars(select(Payment)).one()
    entry = entry_by_key(f"payment:{payment.id}")
    assert payment.paid_at == entry.occurred_at == at(5, 30)
    assert entry.booked_on == JUNE


def test_months_open_again_from_the_latest_backwards_for_a_reason(place):
    close(place, MARCH, APRIL)
    with pytest.raises(ReasonMissing):
        periods.reopen(place=place, month=APRIL, reason=" ", actor=BY)
    with pytest.raises(PeriodOrder, match="Reopen April 2026 first"):
        periods.reopen(place=place, month=MARCH, reason="Wrong till", actor=BY)
    with pytest.raises(PeriodOrder, match="June 2026 is not closed"):
        periods.reopen(place=place, month=JUNE, reason="Wrong till", actor=BY)
    period = periods.reopen(place=place, month=APRIL, reason="Wrong till", actor=BY)
    assert (period.closed_at, period.reason) == (None, "Wrong till")
    books.made(place, *SALE, on=date(2026, 4, 30))
    close(place, APRIL)
    assert db.session.scalars(select(Period).where(Period.closed_at.is_(None))).all() == []
    said = [(each.action, each.reason, each.after["month"]) for each in trail(subject="ledger_period")]
    assert said == [
        ("ledger_period.closed", None, "2026-04"),
        ("ledger_period.reopened", "Wrong till", "2026-04"),
        ("ledger_period.closed", None, "2026-04"),
        ("ledger_period.closed", None, "2026-03"),
    ]


def test_each_place_closes_its_own_months(place):
    other = assets.place()
    books.made(other, *SALE, on=date(2026, 3, 20))
    close(place, MARCH)
    books.made(other, *SALE, on=date(2026, 3, 21))


def test_twenty_facts_on_their_way_and_a_closing_meet_without_a_loss(app, place):
    """Each is in the month before it was closed, or on the first open day: none is refused, none slips in after."""
    numbers = range(20)
    done = at_once(
        app,
        *[lambda: books.banked(place, 100, at=at(3, 25)) for _n in numbers],
        lambda: close(place, MARCH),
    )
    days = db.session.scalars(select(Entry.booked_on).where(Entry.id.in_(done[:-1]))).all()
    assert len(days) == 20
    assert set(days) <= {date(2026, 3, 25), APRIL}
    assert db.session.scalars(select(Period)).one().closed_at is not None
    assert [each.wrong for each in books_check.run() if not each.well] == []


def test_what_hangs_in_the_air_is_said_before_a_month_is_closed(place):
    room = assets.room(place)
    for month in (5, 6):
        with clock_set_to(at(month, 5)):
            made = payments.intent(room)
            payments.decide(made, "wrong_amount")
            payments.settle(made)
    assert [(each.kind, each.count, each.currency) for each in closing.hanging(place, MAY)] == [("held", 1, "NGN")]
    assert closing.hanging(place, JUNE)[0].count == 2
    assert closing.hanging(place, APRIL) == []
