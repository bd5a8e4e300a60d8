"""Guests come and go: the guards of check-in, walk-ins, day use, check-out that gives back, and taking it all back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.core.clock import clock_set_to
from portal.shared.access.models import AccessGrant
from portal.shared.audit.models import AuditEntry
from portal.trades.hotel.errors import (
    CardIncomplete,
    LeaveNeeded,
    NothingToUndo,
    RoomNotReady,
    RoomTaken,
    SoldOut,
    StayOver,
    TooEarly,
    TooManyPeople,
    WrongStatus,
)
from portal.trades.hotel.models import GuestProfile, RoomOccupancy, StayGuest
from portal.trades.hotel.queries.board import board
from portal.trades.hotel.queries.folios import line_by_key, money_of
from portal.trades.hotel.queries.inventory import room_at, room_type_at
from portal.trades.hotel.queries.property import lock_day
from portal.trades.hotel.queries.quotes import plan_at, quote
from portal.trades.hotel.queries.readiness import early_fee, late_fee, obstacles
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.services import cancellations, folio_moves, folios, properties, stays
from portal.trades.hotel.services.guests import Guest, guest_of
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel.hands import assign, check_in, check_out, extend, fresh, key_of, move, owed_by, shorten, turn_to, undo
from tests.hotel.invariants import sound
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

MONDAY = hotel.TODAY
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3))
TENTH, ELEVENTH, TWELFTH, FOURTEENTH = (date(2026, 3, day) for day in (10, 11, 12, 14))


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def test_day_use_stands_between_the_stays_of_nights(session):
    """Scenario 5: 11:30-14:30 fits into the changeover of the 12th, 12:00-17:00 is offered another room."""
    place = hotel.ber()
    assign(place, hotel.stay(place, TENTH, TWELFTH), "101")
    assign(place, hotel.stay(place, TWELFTH, FOURTEENTH), "101")

    def use(start, end):
        return stays.book_day_use(
            asset_id=place.id, room_type_id=room_type_at(place.id, "DBL").id, plan=plan_at(place.id, "BAR"), on=TWELFTH,
            from_minute=start, until_minute=end, room_id=room_at(place.id, "101").unit_id,
            guest=Guest(name="Mensah"), actor=ACTOR,
        )  # fmt: skip

    booked = hotel.figures(place, TWELFTH)["booked"]
    assert use(690, 870).number == "101"
    assert hotel.figures(place, TWELFTH)["booked"] == booked
    with pytest.raises(RoomTaken) as refused:
        use(720, 1020)
    assert refused.value.details["rooms"] == ["102", "103"]


def test_the_day_before_the_arrival_the_guest_is_offered_one_more_night(session):
    """Scenario 16."""
    place = hotel.ber()
    stay = hotel.stay(place, TUESDAY, THURSDAY)
    with pytest.raises(TooEarly, match=r"begins on 3 March\. The guest may come now for one more night") as refused:
        check_in(place, stay, "101")
    assert refused.value.details["offer"] == {"arrival": "2026-03-02", "nights": 1, "price": 10_000}
    check_in(place, stay, "101", early=True)
    assert (stay.arrival, len(nights_of_stays([stay.id])[stay.id])) == (MONDAY, 3)
    assert hotel.figures(place, MONDAY)["booked"] == 1


def test_on_the_day_of_departure_the_guest_may_still_come_before_the_hour(session):
    """Scenario 16: the arrival is recorded; after the hour it is over."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, TUESDAY)
    turn_to(place, TUESDAY)
    with clock_set_to(datetime(2026, 3, 3, 10, 0, tzinfo=UTC)), pytest.raises(StayOver):
        check_in(place, stay, "101")
    with clock_set_to(datetime(2026, 3, 3, 9, 0, tzinfo=UTC)) as _:
        check_in(place, stay, "101")
        assert stay.arrived_at == datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def test_a_third_person_in_a_double_is_refused(session):
    """Scenario 16."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, TUESDAY, adults=2)
    for name in ("Ama", "Kofi"):
        session.add(StayGuest(stay_id=stay.id, customer_id=guest_of(place, Guest(name=name)).id))
    session.flush()
    with pytest.raises(TooManyPeople, match="Double sleeps 2, and 3 come"):
        check_in(place, stay, "101")


def test_a_dirty_room_needs_a_reason(session):
    """Scenario 16: and the reason is in the trail."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, TUESDAY)
    room_at(place.id, "101").status = "dirty"
    session.flush()
    with pytest.raises(RoomNotReady, match="Room 101 is not made up"):
        check_in(place, stay, "101")
    check_in(place, stay, "101", override="The guest waits in the bar")
    entry = session.query(AuditEntry).filter_by(action="stay.checked_in").one()
    assert entry.reason == "The guest waits in the bar"


def test_what_the_card_lacks_is_listed(session):
    """Scenario 16."""
    place = hotel.ber()
    properties.amend(asset_id=place.id, actor=ACTOR, card_fields=["nationality", "document_number", "signature"])
    stay = hotel.stay(place, MONDAY, TUESDAY)
    with pytest.raises(CardIncomplete, match="nationality, number of the document, signature") as refused:
        check_in(place, stay, "101")
    assert refused.value.details["fields"] == ["nationality", "document_number", "signature"]
    session.add(GuestProfile(customer_id=stay.guest_id, nationality="NG", document_number="A1", vip=False))
    stay.signature = "M0 0L9 9"
    session.flush()
    assert [each.code for each in obstacles(place, stay)] == ["no_room"]
    check_in(place, stay, "101")


def test_a_room_that_an_overdue_guest_has_not_left(session):
    """Scenario 16: refused in words, and by the database too."""
    place = hotel.ber()
    first = hotel.stay(place, MONDAY, TUESDAY, name="Okafor")
    check_in(place, first, "101")
    turn_to(place, TUESDAY)
    with clock_set_to(datetime(2026, 3, 3, 15, 0, tzinfo=UTC)):
        second = hotel.stay(place, TUESDAY, THURSDAY)
        with pytest.raises(RoomNotReady, match="Okafor is still checked in to room 101"):
            check_in(place, second, "101")
        assert [line.guest for line in board(place).departures if board(place).overdue(line)] == ["Okafor"]
        fresh(place, second).room_id = room_at(place.id, "101").unit_id
        fresh(place, second).status = "in_house"
        with pytest.raises(Exception, match="uq_stay_in_house"):
            session.flush()
        session.rollback()


def test_sixteen_clerks_check_in_to_one_room(app, committed):
    place = hotel.big(16)
    coming = [hotel.stay(place, MONDAY, TUESDAY) for _n in range(16)]
    said = at_once(app, *[tried(lambda each=each: check_in(place, each, "1001").status) for each in coming])
    assert said.count("in_house") == 1
    assert {each for each in said if each != "in_house"} <= {"room_taken", "room_not_ready"}


def test_after_midnight_the_guest_of_yesterday_comes(session):
    """Scenario 18: the business date is still the 2nd, and both nights are sold."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY, name="Okafor")
    with clock_set_to(datetime(2026, 3, 3, 0, 30, tzinfo=UTC)):
        assert [line.guest for line in board(place).arrivals] == ["Okafor"]
        check_in(place, stay)
        assert [line.guest for line in board(place).in_house] == ["Okafor"]
    assert [night.night for night in nights_of_stays([stay.id])[stay.id] if not night.released] == [MONDAY, TUESDAY]


def test_a_walk_in_is_booked_and_in_house_in_one_step(session):
    place = hotel.ber()
    told = quote(place, room_type_at(place.id, "DBL"), plan_at(place.id, "BAR"), MONDAY, WEDNESDAY, adults=1)
    stay = stays.walk_in(
        asset_id=place.id, room_type_id=room_type_at(place.id, "DBL").id, plan=plan_at(place.id, "BAR"), nights=2,
        guest=Guest(name="Mensah", phone="+233200000001"), quoted=told, actor=ACTOR,
    )  # fmt: skip
    assert (stay.status, stay.departure, hotel.figures(place, TUESDAY)["booked"]) == ("in_house", WEDNESDAY, 1)
    grant = key_of(stay)
    assert (grant.id, grant.kind, grant.ends_at) == (stay.grant_id, "stay", datetime(2026, 3, 4, 10, 0, tzinfo=UTC))


def test_a_walk_in_without_a_room_leaves_nothing(session):
    place = hotel.ber()
    for number in ("101", "102", "103"):
        room_at(place.id, number).status = "dirty"
    session.commit()
    with pytest.raises(RoomNotReady):
        stays.walk_in(
            asset_id=place.id, room_type_id=room_type_at(place.id, "DBL").id, plan=None, nights=1,
            guest=Guest(name="Mensah"), actor=ACTOR,
        )  # fmt: skip
    assert hotel.figures(place, MONDAY)["booked"] == 0


def test_who_leaves_early_gives_the_nights_back_at_once(session):
    """Scenario 12, the nights: free again in the same breath, the room dirty, the key dead."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, MONDAY + timedelta(days=4))
    check_in(place, stay, "101")
    turn_to(place, WEDNESDAY)
    with clock_set_to(datetime(2026, 3, 4, 9, 0, tzinfo=UTC)):
        check_out(place, stay, reason="The company pays")
        assert key_of(stay) is None
    nights = nights_of_stays([stay.id])[stay.id]
    assert [night.released for night in nights] == [False, False, True, True]
    assert [hotel.figures(place, MONDAY + timedelta(days=n))["booked"] for n in range(4)] == [1, 1, 0, 0]
    assert (stay.departure, room_at(place.id, "101").status) == (WEDNESDAY, "dirty")
    assign(place, hotel.stay(place, WEDNESDAY, THURSDAY), "101")


def test_who_owes_something_leaves_only_with_a_reason(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, TUESDAY)
    check_in(place, stay, "101")
    folios.post_charge(stay_id=stay.id, code="minibar", amount=450, actor=ACTOR)
    with pytest.raises(LeaveNeeded, match=r"4\.50 EUR is still owed"):
        check_out(place, stay)
    assert fresh(place, stay).status == "in_house"
    check_out(place, stay, reason="The company pays")
    assert stay.status == "checked_out"


def test_the_fee_for_coming_early_goes_with_the_check_in(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, TUESDAY)
    with clock_set_to(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)):
        check_in(place, stay, "101", fee=True)
        assert owed_by(stay.id) == 5_000
        undo(place, stay)
    assert owed_by(stay.id) == 0


def test_what_is_asked_for_coming_early_or_leaving_late(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, TUESDAY)
    assert early_fee(place, stay, datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) == 5_000
    assert early_fee(place, stay, datetime(2026, 3, 2, 14, 0, tzinfo=UTC)) == 0
    assert late_fee(place, stay, datetime(2026, 3, 3, 12, 0, tzinfo=UTC)) == 5_000
    assert late_fee(place, stay, datetime(2026, 3, 3, 10, 0, tzinfo=UTC)) == 0


def test_a_check_in_by_mistake_is_taken_back_within_the_day(session):
    """Scenario 17: confirmed again, the key revoked, the room as clean as before, both in the log."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY)
    assign(place, stay, "102")
    room_at(place.id, "102").status = "inspected"
    session.commit()
    check_in(place, stay)
    grant = stay.grant_id
    undo(place, stay)
    assert (stay.status, stay.grant_id, stay.arrived_at) == ("confirmed", None, None)
    assert session.get(AccessGrant, grant).revoked_at is not None
    assert room_at(place.id, "102").status == "inspected"
    actions = session.query(AuditEntry.action).filter_by(subject_id=str(stay.id)).order_by(AuditEntry.id)
    assert [action for (action,) in actions] == ["stay.assigned", "stay.checked_in", "stay.undone"]
    check_in(place, stay)


def test_a_check_out_is_taken_back_while_there_is_room(session):
    """Scenario 17: the nights are taken again, else it is refused and nothing changes."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, THURSDAY)
    check_in(place, stay, "101")
    check_out(place, stay)
    assert hotel.figures(place, TUESDAY)["booked"] == 0
    undo(place, stay)
    assert (stay.status, stay.departure, room_at(place.id, "101").status) == ("in_house", THURSDAY, "clean")
    assert [hotel.figures(place, day)["booked"] for day in (MONDAY, TUESDAY, WEDNESDAY)] == [1, 1, 1]
    assert key_of(stay).id == stay.grant_id
    check_out(place, stay)
    hotel.book(place, TUESDAY, WEDNESDAY, rooms=3)
    with pytest.raises(SoldOut, match="3 March"):
        undo(place, stay)
    assert fresh(place, stay).status == "checked_out"


def left_late(place, **said):
    """A stay until Thursday, checked out on Wednesday's clock while Tuesday is open: its second night is charged."""
    stay = hotel.stay(place, MONDAY, THURSDAY, **said)
    with clock_set_to(hotel.NOON):
        check_in(place, stay, "101")
    turn_to(place, TUESDAY)
    check_out(place, stay, reason="The company pays")
    undo(place, stay)
    return fresh(place, stay)


@pytest.fixture
def wednesday():
    with clock_set_to(datetime(2026, 3, 4, 8, 0, tzinfo=UTC)):
        yield


def test_a_night_that_is_given_back_takes_its_charge_along(session, wednesday):
    """A check-out undone, the stay shortened past a charged night: it costs nothing, and is charged anew if taken."""
    place = hotel.ber()
    stay = left_late(place)
    assert owed_by(stay.id) == 20_000
    shorten(place, stay, TUESDAY)
    assert owed_by(stay.id) == 10_000
    assert money_of([stay.id])[stay.id].due == 10_000
    sound(place)
    extend(place, stay, WEDNESDAY)
    assert money_of([stay.id])[stay.id].due == 20_000
    for _twice in range(2):
        lock_day(place.id)
        nights = nights_of_stays([stay.id])[stay.id]
        folios.post_nights(place, TUESDAY, [(stay, each) for each in nights if not each.released], ACTOR)
        session.commit()
        assert owed_by(stay.id) == 20_000
    undo(place, stay)
    assert owed_by(stay.id) == 10_000
    sound(place)


def test_a_charge_that_somebody_else_pays_is_moved_back_before_its_night_is_given_back(session, wednesday):
    place = hotel.ber()
    stay = left_late(place)
    company = folios.open_window(stay_id=stay.id, name="Company", payer_id=stay.guest_id, actor=ACTOR)
    charged = line_by_key(folios.night_key(stay.id, TUESDAY))
    folio_moves.transfer(asset_id=place.id, line_id=charged.id, to=company.id, actor=ACTOR)
    with pytest.raises(WrongStatus, match="Move it back first"):
        shorten(place, stay, TUESDAY)
    assert fresh(place, stay).departure == THURSDAY


def test_a_closed_day_is_not_taken_back(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, THURSDAY)
    check_in(place, stay, "101")
    turn_to(place, TUESDAY)
    with pytest.raises(NothingToUndo, match="on the day they were made"):
        undo(place, stay)


def test_steps_are_taken_back_one_after_the_other(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY)
    before = session.query(RoomOccupancy).filter_by(active=True).count()
    check_in(place, stay, "101")
    move(place, stay, "102")
    extend(place, stay, THURSDAY)
    for expected in (WEDNESDAY, WEDNESDAY):
        undo(place, stay)
        assert stay.departure == expected
    assert stay.room_id == room_at(place.id, "101").unit_id
    assert room_at(place.id, "101").status == "clean"
    undo(place, stay)
    assert (stay.status, stay.room_id) == ("confirmed", None)
    assert session.query(RoomOccupancy).filter_by(active=True).count() == before
    with pytest.raises(NothingToUndo):
        undo(place, stay)


def test_a_cancellation_is_taken_back_with_its_fee(session):
    """Scenario 17: only while every night still has room."""
    place = hotel.ber()
    stay = hotel.stay(place, TUESDAY, THURSDAY)
    assign(place, stay, "101")
    cancellations.cancel(reservation_id=stay.reservation_id, actor=ACTOR)
    assert (owed_by(stay.id), hotel.figures(place, TUESDAY)["booked"]) == (10_000, 0)
    undo(place, stay)
    assert (fresh(place, stay).status, owed_by(stay.id)) == ("confirmed", 0)
    assert hotel.figures(place, TUESDAY)["booked"] == 1
    cancellations.cancel(reservation_id=stay.reservation_id, actor=ACTOR)
    hotel.book(place, TUESDAY, WEDNESDAY, rooms=3)
    with pytest.raises(SoldOut):
        undo(place, stay)
