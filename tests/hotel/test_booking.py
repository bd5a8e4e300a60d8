"""Selling nights: nobody is refused a free room, nobody gets one that is sold, and the price is kept."""

from datetime import date, timedelta
from functools import partial

import pytest

from portal.core.clock import clock_set_to, utcnow
from portal.trades.hotel.errors import DatesWrong, NotOpenYet, SoldOut, WrongStatus
from portal.trades.hotel.models import InventoryEvent
from portal.trades.hotel.queries.stays import nights_of_stays, stays_of
from portal.trades.hotel.services import cancellations, reservations, stays, upkeep
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

TENTH, ELEVENTH, TWELFTH, THIRTEENTH = (date(2026, 3, day) for day in (10, 11, 12, 13))


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def test_twenty_clerks_one_room(app, committed):
    place = hotel.ber()
    for _n in range(2):
        hotel.book(place, TENTH, THIRTEENTH)
    said = at_once(app, *[tried(lambda: bool(hotel.book(place, TENTH, THIRTEENTH))) for _n in range(20)])
    assert sorted(map(str, said)) == ["True"] + ["sold_out"] * 19
    assert [hotel.figures(place, night)["booked"] for night in (TENTH, ELEVENTH, TWELFTH)] == [3, 3, 3]


def test_a_stay_with_one_full_night_is_refused_by_its_name_and_writes_nothing(session):
    place = hotel.ber()
    hotel.book(place, ELEVENTH, TWELFTH, rooms=3)
    with pytest.raises(SoldOut, match="Double is full on 11 March") as refused:
        hotel.book(place, TENTH, THIRTEENTH)
    assert refused.value.details["night"] == "2026-03-11"
    assert [hotel.figures(place, night)["free"] for night in (TENTH, ELEVENTH, TWELFTH)] == [3, 0, 3]


def test_nobody_is_refused_while_a_room_is_free_on_every_night(app, committed):
    place = hotel.big(12)
    nights = [TENTH + timedelta(days=n) for n in range(6)]
    wanted = [(nights[n % 5], nights[n % 5] + timedelta(days=1 + n % 2)) for n in range(160)]
    shares = [wanted[n::8] for n in range(8)]  # eight clients, one after the other each

    def sell(share):
        return [tried(partial(hotel.book, place, *each))() for each in share]

    work = [partial(sell, share) for share in shares]
    answers = dict(zip(range(8), at_once(app, *work), strict=True))
    said = [answers[n % 8][n // 8] == "sold_out" for n in range(160)]
    booked = dict.fromkeys([*nights, nights[-1] + timedelta(days=1)], 0)
    for each, answer in zip(wanted, said, strict=True):
        if not answer:
            for night in (each[0] + timedelta(days=n) for n in range((each[1] - each[0]).days)):
                booked[night] += 1
    assert set(said) == {True, False}
    for night in nights:
        assert hotel.figures(place, night)["booked"] == booked[night] <= 12
    for each, answer in zip(wanted, said, strict=True):
        if answer:
            assert any(booked[each[0] + timedelta(days=n)] == 12 for n in range((each[1] - each[0]).days))


def test_the_departure_comes_after_the_arrival(session):
    place = hotel.ber()
    for departure in (TENTH, TENTH - timedelta(days=1)):
        with pytest.raises(DatesWrong, match="at least one day after"):
            hotel.book(place, TENTH, departure)


def test_nights_that_are_not_on_sale_yet_are_named(session):
    place = hotel.ber(days=31)
    with pytest.raises(NotOpenYet, match="1 April is not open for sale yet"):
        hotel.book(place, date(2026, 3, 30), date(2026, 4, 2), plan=None)


def test_a_cancelled_stay_gives_its_nights_back_once(session):
    place = hotel.ber()
    made = hotel.book(place, TENTH, THIRTEENTH, rooms=2)
    cancellations.cancel(reservation_id=made.id, actor=ACTOR)
    assert hotel.figures(place, ELEVENTH) == {
        "total": 3, "out_of_order": 0, "booked": 0, "held": 0, "forced": 0, "free": 3
    }  # fmt: skip
    with pytest.raises(WrongStatus):
        cancellations.cancel(reservation_id=made.id, actor=ACTOR)
    moved = session.query(InventoryEvent).filter_by(night=ELEVENTH, kind="booked").order_by(InventoryEvent.id)
    assert [event.delta for event in moved] == [2, -2]


def test_a_hold_lapses_and_its_nights_are_for_sale_again(session):
    place = hotel.ber()
    until = utcnow() + timedelta(minutes=15)
    held = hotel.book(place, TENTH, ELEVENTH, hold_until=until)
    kept = hotel.book(place, TENTH, ELEVENTH, hold_until=until)
    reservations.confirm(reservation_id=kept.id, actor=ACTOR)
    assert hotel.figures(place, TENTH) | {"forced": 0} == {
        "total": 3, "out_of_order": 0, "booked": 1, "held": 1, "forced": 0, "free": 1
    }  # fmt: skip
    with clock_set_to(until + timedelta(seconds=1)):
        assert upkeep.expire_holds() == 1
        assert upkeep.expire_holds() == 0
    assert stays_of(held.id)[0].status == "expired"
    assert (hotel.figures(place, TENTH)["held"], hotel.figures(place, TENTH)["booked"]) == (0, 1)


def test_sold_beyond_the_house_the_night_shows_its_minus(session):
    place = hotel.ber()
    hotel.book(place, TENTH, ELEVENTH, rooms=3)
    forced = hotel.book(place, TENTH, ELEVENTH, force=True)
    assert (hotel.figures(place, TENTH)["free"], hotel.figures(place, TENTH)["forced"]) == (-1, 1)
    cancellations.cancel(reservation_id=forced.id, actor=ACTOR)
    assert (hotel.figures(place, TENTH)["free"], hotel.figures(place, TENTH)["forced"]) == (0, 0)


def test_the_price_of_each_night_is_kept_as_it_was_agreed(session):
    place = hotel.ber()
    booked = hotel.stay(place, date(2026, 3, 12), date(2026, 3, 15), plan="NRF")
    assert [night.agreed for night in nights_of_stays([booked.id])[booked.id]] == [9_000, 11_700, 11_700]


def test_a_stay_has_an_end(session):
    place = hotel.ber()
    with pytest.raises(DatesWrong, match="at most 365 nights"):
        hotel.book(place, TENTH, TENTH + timedelta(days=3_651))


def test_a_cancelled_booking_is_not_checked_in(session):
    place = hotel.ber()
    stay = hotel.stay(place, hotel.TODAY, TENTH)
    cancellations.cancel(reservation_id=stay.reservation_id, actor=ACTOR)
    with pytest.raises(WrongStatus) as refused:
        stays.check_in(asset_id=place.id, stay_id=stay.id, actor=ACTOR)
    assert (refused.value.status, refused.value.code) == (409, "wrong_status")
    assert str(refused.value)
