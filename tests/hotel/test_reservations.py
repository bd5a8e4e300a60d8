"""Reservations as the desk knows them: of several types, amended, cancelled for a fee, taken up again, oversold."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from portal.core.clock import clock_set_to
from portal.shared.customers.models import Customer
from portal.trades.hotel.errors import (
    NotToBeRented,
    ReasonMissing,
    SoldOut,
    Stale,
    StillInUse,
    TooManyPeople,
    WrongStatus,
)
from portal.trades.hotel.models import GuestProfile, InventoryNight
from portal.trades.hotel.queries.fees import fees_charged, fees_now
from portal.trades.hotel.queries.inventory import room_at, room_type_at
from portal.trades.hotel.queries.quotes import plan_at
from portal.trades.hotel.queries.stays import nights_of_stays, stays_of
from portal.trades.hotel.services import amendments, cancellations, inventory, properties, recount, reservations
from portal.trades.hotel.services.guests import Guest
from portal.trades.hotel.services.reservations import Wanted
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

TENTH, ELEVENTH, TWELFTH, THIRTEENTH = (date(2026, 3, day) for day in (10, 11, 12, 13))


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def both(place, *codes, arrival=TENTH, departure=THIRTEENTH, rooms=1):
    """One reservation of a room of each type, in the order that was typed."""
    plan = plan_at(place.id, "BAR")
    return reservations.book_together(
        asset_id=place.id,
        wanted=[
            Wanted(room_type_id=room_type_at(place.id, code).id, plan=plan, rooms=rooms, adults=1) for code in codes
        ],
        arrival=arrival,
        departure=departure,
        guest=Guest(name="A family"),
        actor=ACTOR,
    )


def at(hour, minute=0, day=8):
    """That minute in Berlin, in March before the clocks change."""
    return datetime(2026, 3, day, hour - 1, minute, tzinfo=UTC)


def test_two_types_booked_crosswise_by_many_clerks_never_lock_each_other_out(app, committed):
    place = hotel.hotel({code: (code, 2, [f"{code}{n}" for n in range(8)]) for code in ("DBL", "SGL")})
    hotel.plan(place, "BAR", {"DBL": 10_000, "SGL": 7_000})
    work = [
        tried(partial(lambda *codes: bool(both(place, *codes)), *codes)) for codes in (("DBL", "SGL"), ("SGL", "DBL"))
    ]
    said = at_once(app, *(work * 6))
    assert sorted(map(str, said)) == ["True"] * 8 + ["sold_out"] * 4
    for code in ("DBL", "SGL"):
        assert [hotel.figures(place, night, code)["booked"] for night in (TENTH, TWELFTH)] == [8, 8]


def test_a_reservation_of_two_types_is_whole_or_not_at_all(session):
    place = hotel.ber()
    made = both(place, "DBL", "SGL")
    assert [nights_of_stays([stay.id])[stay.id][0].agreed for stay in stays_of(made.id)] == [10_000, 7_000]
    hotel.book(place, ELEVENTH, TWELFTH, type="SGL")
    with pytest.raises(SoldOut, match="Single is full on 11 March"):
        both(place, "DBL", "SGL")
    assert hotel.figures(place, TENTH)["booked"] == 1


@pytest.mark.parametrize(
    ("now", "plan", "fee"), [(at(17, 59), "BAR", 0), (at(18, 1), "BAR", 10_000), (at(18, 1), "NRF", 9_000)]
)
def test_cancelling_late_costs_the_first_night_at_its_agreed_price(session, now, plan, fee):
    """Scenario 20: the fee follows the terms and the discounted price of the stay itself."""
    place = hotel.ber()
    made = hotel.book(place, TENTH, THIRTEENTH, plan=plan)
    [stay] = stays_of(made.id)
    with clock_set_to(now):
        assert fees_now([stay]) == {stay.id: fee}
        cancellations.cancel(reservation_id=made.id, actor=ACTOR)
    assert fees_charged([stay]) == {stay.id: fee}


def test_who_does_not_come_pays_what_the_terms_of_a_no_show_say(session):
    """Scenarios 18 and 20: the night of the business date stays sold, the later ones are free again."""
    place = hotel.ber()
    stay = hotel.stay(place, hotel.TODAY, date(2026, 3, 5))
    stay.policy = {**stay.policy, "no_show_kind": "nights", "no_show_value": 2}
    session.flush()
    cancellations.no_show(reservation_id=stay.reservation_id, stay_ids=[stay.id], actor=ACTOR)
    assert fees_charged([stay]) == {stay.id: 20_000}
    assert [hotel.figures(place, hotel.TODAY + timedelta(days=n))["booked"] for n in range(3)] == [1, 0, 0]
    assert recount.check(asset_id=place.id) == []
    with pytest.raises(WrongStatus):
        cancellations.no_show(reservation_id=stay.reservation_id, stay_ids=[stay.id], actor=ACTOR)


def test_a_fee_is_waived_for_a_reason_only(session):
    place = hotel.ber()
    made = hotel.book(place, TENTH, ELEVENTH)
    with clock_set_to(at(20, day=9)):
        with pytest.raises(ReasonMissing):
            cancellations.cancel(reservation_id=made.id, waive=True, actor=ACTOR)
        cancellations.cancel(reservation_id=made.id, waive=True, reason="Flight cancelled", actor=ACTOR)
    assert list(fees_charged(stays_of(made.id)).values()) == [0]


def test_a_cancelled_stay_is_taken_up_again_while_every_night_has_room(session):
    """Scenario 17."""
    place = hotel.ber()
    made = hotel.book(place, TENTH, THIRTEENTH)
    cancellations.cancel(reservation_id=made.id, actor=ACTOR)
    others = hotel.book(place, ELEVENTH, TWELFTH, rooms=3)
    with pytest.raises(SoldOut) as refused:
        cancellations.reinstate(reservation_id=made.id, actor=ACTOR)
    assert refused.value.details["night"] == "2026-03-11"
    cancellations.cancel(reservation_id=others.id, actor=ACTOR)
    cancellations.reinstate(reservation_id=made.id, actor=ACTOR)
    assert [hotel.figures(place, night)["booked"] for night in (TENTH, ELEVENTH, TWELFTH)] == [1, 1, 1]
    assert fees_charged(stays_of(made.id)) == {}
    assert recount.check(asset_id=place.id) == []
    with pytest.raises(WrongStatus):
        cancellations.reinstate(reservation_id=made.id, actor=ACTOR)


def test_a_missed_stay_is_taken_up_again_for_the_nights_that_are_left(session):
    place = hotel.ber()
    stay = hotel.stay(place, hotel.TODAY, date(2026, 3, 5))
    cancellations.no_show(reservation_id=stay.reservation_id, stay_ids=[stay.id], actor=ACTOR)
    cancellations.reinstate(reservation_id=stay.reservation_id, actor=ACTOR)
    assert [hotel.figures(place, hotel.TODAY + timedelta(days=n))["booked"] for n in range(3)] == [1, 1, 1]


def test_beyond_the_house_up_to_the_limit_and_no_further(session):
    """Scenario 22: the fourth is accepted and marked, the fifth refused, and a lowered limit cancels nothing."""
    place = hotel.ber()
    double = room_type_at(place.id, "DBL")
    until = TENTH + timedelta(days=3)
    inventory.set_limit(room_type_id=double.id, start=TENTH, end=until, limit=1, actor=ACTOR)
    assert [hotel.book(place, TENTH, ELEVENTH).overbooked for _n in range(4)] == [False, False, False, True]
    with pytest.raises(SoldOut):
        hotel.book(place, TENTH, ELEVENTH)
    assert inventory.set_limit(room_type_id=double.id, start=TENTH, end=until, limit=0, actor=ACTOR) == 3
    assert hotel.figures(place, TENTH) | {"held": 0} == {
        "total": 3, "out_of_order": 0, "booked": 4, "held": 0, "forced": 1, "free": -1
    }  # fmt: skip
    for close in (
        partial(properties.close_room, reason="Sold"),
        partial(properties.change_type, room_type_id=room_type_at(place.id, "SGL").id),
    ):
        with pytest.raises(StillInUse) as refused:
            close(room_id=room_at(place.id, "103").unit_id, actor=ACTOR)
        assert len(refused.value.details["stays"]) == 4


def test_a_room_nobody_needs_changes_its_type(session):
    place = hotel.ber()
    hotel.book(place, TENTH, ELEVENTH, rooms=2)
    room = room_at(place.id, "103").unit_id
    properties.change_type(room_id=room, room_type_id=room_type_at(place.id, "SGL").id, actor=ACTOR)
    assert (hotel.figures(place, TENTH)["total"], hotel.figures(place, TENTH, "SGL")["total"]) == (2, 3)
    assert recount.check(asset_id=place.id) == []


def test_selling_what_is_not_there_needs_a_reason(session):
    place = hotel.ber()
    with pytest.raises(ReasonMissing):
        hotel.book(place, TENTH, ELEVENTH, force=True, reason=" ")
    hotel.book(place, TENTH, ELEVENTH, rooms=3)
    assert hotel.book(place, TENTH, ELEVENTH, force=True, reason="The owner's sister").overbooked


def test_who_is_not_to_be_rented_to_is_refused_by_their_telephone(session):
    place = hotel.ber()
    guest = Guest(name="Mallory", phone="+4915112345678")
    made = hotel.book(place, TENTH, ELEVENTH, guest=guest)
    session.add(GuestProfile(customer_id=made.booker_id, do_not_rent="Smoked in 101"))
    session.flush()
    with pytest.raises(NotToBeRented, match="Mallory"):
        hotel.book(place, TENTH, ELEVENTH, guest=guest)
    assert hotel.book(place, TENTH, ELEVENTH, guest=guest, force=True).booker_id == made.booker_id


def test_somebody_else_with_the_same_telephone_is_a_customer_of_their_own(session):
    place = hotel.ber()
    phone = "+4915112345678"
    ada, bob, again, ada_too = (
        hotel.book(place, TENTH, ELEVENTH, guest=Guest(name=name, phone=phone), force=True).booker_id
        for name in ("Ada Okafor", "Bob Okafor", "bob okafor", "ADA OKAFOR")
    )
    assert ada == ada_too != bob == again
    assert (session.get(Customer, bob).name, session.get(Customer, bob).phone) == ("Bob Okafor", None)


def test_amending_a_stay_changes_who_comes_and_never_the_price(session):
    """Scenario 10, the last sentence."""
    place = hotel.ber()
    stay = hotel.stay(place, TENTH, THIRTEENTH)
    change = partial(amendments.amend_stay, asset_id=place.id, stay_id=stay.id, actor=ACTOR)
    change(version=1, adults=2, eta_minute=22 * 60, note="Cot")
    assert (stay.adults, stay.eta_minute, stay.note, stay.version) == (2, 1320, "Cot", 2)
    assert sum(night.agreed for night in nights_of_stays([stay.id])[stay.id]) == 30_000
    with pytest.raises(Stale):
        change(version=1, note="Two cots")
    with pytest.raises(TooManyPeople):
        change(version=2, children=1)


def test_a_row_changed_by_hand_is_found_and_mended(session, app):
    place = hotel.ber()
    hotel.book(place, TENTH, THIRTEENTH, rooms=2)
    hotel.book(place, TENTH, ELEVENTH, hold_until=hotel.NOON + timedelta(hours=1))
    hotel.book(place, TWELFTH, THIRTEENTH, rooms=2, force=True)
    assert recount.check(asset_id=place.id) == []
    row = session.get(InventoryNight, (room_type_at(place.id, "DBL").id, ELEVENTH))
    row.booked, row.held, row.total = 1, 1, 9
    session.flush()
    [said] = {each.night for each in recount.check(asset_id=place.id)}
    assert said == ELEVENTH
    assert recount.look() == 0
    ran = app.test_cli_runner().invoke(args=["hotel", "check"])
    assert ran.exit_code == 1
    assert f"{place.asset_number} DBL 2026-03-11: booked has to change by +1." in ran.output
    ran = app.test_cli_runner().invoke(args=["hotel", "check", "--repair"])
    assert (ran.exit_code, ran.output.splitlines()[-1]) == (0, "3 figures mended.")
    assert hotel.figures(place, ELEVENTH) == {
        "total": 3, "out_of_order": 0, "booked": 2, "held": 0, "forced": 0, "free": 1
    }  # fmt: skip
    assert recount.repair(asset_id=place.id, actor=ACTOR) == []
