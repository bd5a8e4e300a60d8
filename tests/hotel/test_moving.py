"""Other rooms and other dates: the fewest moves, swaps in one step, the next guest in the way, and the price."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from portal.core.clock import clock_set_to, utcnow
from portal.core.db import db
from portal.shared.access.models import AccessGrant
from portal.shared.access.queries import running_and_coming
from portal.shared.devices.models import DeviceCommand
from portal.trades.hotel.errors import (
    NextGuestInTheWay,
    RoomNotReady,
    RoomPromised,
    RoomTaken,
    SoldOut,
    Stale,
    WrongStatus,
)
from portal.trades.hotel.models import DailyRate, RoomOccupancy
from portal.trades.hotel.queries.board import board
from portal.trades.hotel.queries.chart import chart
from portal.trades.hotel.queries.inventory import room_at, room_type_at
from portal.trades.hotel.queries.stays import nights_of_stays, occupancy_of
from portal.trades.hotel.services import dating, moving
from portal.trades.hotel.services.splitting import fewest_moves
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel.hands import (
    assign,
    change_dates,
    check_in,
    check_out,
    extend,
    fresh,
    key_of,
    move,
    shorten,
    swap,
    turn_to,
    undo,
)
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

MONDAY = hotel.TODAY
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3, 4))
NINTH, TENTH, ELEVENTH, TWELFTH, THIRTEENTH, FOURTEENTH = (date(2026, 3, day) for day in range(9, 15))
ADA = replace(ACTOR, name="Ada")


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


def rooms_of(place, stay):
    """The numbers of a stay's rooms, one after the other."""
    numbers = {room_at(place.id, n).unit_id: n for n in ("101", "102", "103", "201", "202")}
    return [numbers[row.room_id] for row in occupancy_of(stay.id)]


def test_a_move_in_house_gives_a_new_key_and_leaves_a_dirty_room(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY)
    check_in(place, stay, "101")
    old = stay.grant_id
    move(place, stay, "102")
    assert rooms_of(place, stay) == ["102"]  # in 101 for no time at all
    assert (room_at(place.id, "101").status, stay.room_id) == ("dirty", room_at(place.id, "102").unit_id)
    assert session.get(AccessGrant, old).revoked_at is not None
    assert key_of(stay).id == stay.grant_id != old
    told = session.query(DeviceCommand.action).order_by(DeviceCommand.created_at, DeviceCommand.id)
    assert [action for (action,) in told] == ["unlock", "unlock", "lock"]


def test_a_move_from_a_day_on_is_planned_and_the_board_reminds(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, FRIDAY, name="Okafor")
    check_in(place, stay, "101")
    move(place, stay, "102", from_on=WEDNESDAY)
    assert rooms_of(place, stay) == ["101", "102"]
    assert stay.room_id == room_at(place.id, "101").unit_id
    assert chart(place, MONDAY).split == {stay.id}
    assign(place, hotel.stay(place, WEDNESDAY, FRIDAY), "101")
    turn_to(place, WEDNESDAY)
    with clock_set_to(datetime(2026, 3, 4, 15, 0, tzinfo=UTC)):
        (line,) = board(place).in_house
        assert (line.has_to_move, line.planned_room) == (True, "102")
        move(place, stay, "102")
        assert not board(place).in_house[0].has_to_move


def test_an_upgrade_is_free_or_costs_what_it_costs(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY, type="SGL")
    check_in(place, stay, "201")
    move(place, stay, "101")
    assert [night.agreed for night in nights_of_stays([stay.id])[stay.id]] == [7_000, 7_000]
    undo(place, stay)
    move(place, stay, "101", new_price=True)
    assert [night.agreed for night in nights_of_stays([stay.id])[stay.id]] == [10_000, 10_000]
    assert stay.room_type_id == room_type_at(place.id, "DBL").id
    undo(place, stay)
    assert [night.agreed for night in nights_of_stays([stay.id])[stay.id]] == [7_000, 7_000]
    assert hotel.figures(place, MONDAY, "SGL")["booked"] == 1
    assert hotel.figures(place, MONDAY, "DBL")["booked"] == 0


def test_a_room_that_is_not_made_up_needs_a_reason(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY)
    check_in(place, stay, "101")
    room_at(place.id, "102").status = "dirty"
    session.commit()
    with pytest.raises(RoomNotReady):
        move(place, stay, "102")
    move(place, stay, "102", override="The guest insists")


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({1: "BC", 2: "AC", 3: "", 4: ""}, [("A", [1]), ("B", [2, 3, 4])]),
        ({1: "BC", 2: "AC", 3: "B", 4: ""}, [("A", [1]), ("B", [2]), ("A", [3, 4])]),
        ({1: "", 2: "", 3: "", 4: ""}, [("A", [1, 2, 3, 4])]),
        ({1: "", 2: "A", 3: "A", 4: "B"}, [("C", [1, 2, 3, 4])]),
        ({1: "", 2: "ABC", 3: "", 4: ""}, None),
    ],
)
def test_never_more_moves_than_needed(taken, expected):
    """Scenario 14, as plain figures."""
    free = {room: [night for night in taken if room not in taken[night]] for room in "ABC"}
    assert fewest_moves(list(taken), free) == expected


def test_a_stay_is_split_over_rooms_and_the_moves_are_told_before(session):
    """Scenario 14: night 1 only in 101, then 102 until the end."""
    place = hotel.ber()
    for number, nights in {"101": [TENTH], "102": [NINTH], "103": [NINTH, TENTH]}.items():
        for night in nights:
            assign(place, hotel.stay(place, night, night + timedelta(days=1)), number)
    stay = hotel.stay(place, NINTH, THIRTEENTH)
    assert len(moving.split_plan(place, stay)) - 1 == 1
    with pytest.raises(RoomTaken):
        assign(place, stay)
    moving.split(asset_id=place.id, stay_id=stay.id, actor=ACTOR)
    assert rooms_of(place, stay) == ["101", "102"]


def test_two_stays_of_different_length_swap_their_rooms(session):
    """Scenario 15: in one step."""
    place = hotel.ber()
    short, long = hotel.stay(place, TENTH, ELEVENTH), hotel.stay(place, NINTH, FOURTEENTH)
    assign(place, short, "101")
    assign(place, long, "102")
    swap(place, short, long)
    assert (rooms_of(place, short), rooms_of(place, long)) == (["102"], ["101"])
    undo(place, long)
    assert (rooms_of(place, short), rooms_of(place, long)) == (["101"], ["102"])


def test_a_swap_with_a_third_stay_in_the_gap_is_refused_by_its_name(session):
    """Scenario 15: and nothing is changed."""
    place = hotel.ber()
    short, long = hotel.stay(place, TENTH, ELEVENTH), hotel.stay(place, NINTH, FOURTEENTH)
    assign(place, short, "101")
    assign(place, long, "102")
    assign(place, hotel.stay(place, TWELFTH, THIRTEENTH, name="Mensah"), "101")
    with pytest.raises(RoomTaken, match="Room 101 is taken by Mensah until 13 March"):
        swap(place, short, long)
    assert (rooms_of(place, short), rooms_of(place, long)) == (["101"], ["102"])


def test_guests_in_house_swap_their_keys_too(session):
    """Scenario 15: both keys revoked and given anew."""
    place = hotel.ber()
    one, other = hotel.stay(place, MONDAY, WEDNESDAY), hotel.stay(place, MONDAY, THURSDAY)
    check_in(place, one, "101")
    check_in(place, other, "102")
    old = {one.grant_id, other.grant_id}
    swap(place, one, other)
    assert all(session.get(AccessGrant, grant).revoked_at for grant in old)
    assert key_of(one).id == one.grant_id
    assert key_of(other).ends_at == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
    assert (one.room_id, other.room_id) == (room_at(place.id, "102").unit_id, room_at(place.id, "101").unit_id)
    undo(place, one)
    assert one.room_id == room_at(place.id, "101").unit_id
    with pytest.raises(WrongStatus):
        swap(place, one, one)


def test_a_full_house_is_moved_around_the_parking_lane(session):
    place = hotel.ber()
    inside = {}
    for number in ("101", "102", "103"):
        inside[number] = hotel.stay(place, MONDAY, WEDNESDAY)
        check_in(place, inside[number], number)
    moving.park(asset_id=place.id, stay_id=inside["101"].id, actor=ACTOR)
    assert (chart(place, MONDAY).parked[0].stay_id, key_of_room(place, "101")) == (inside["101"].id, None)
    move(place, inside["102"], "101", override="Moved around")
    move(place, inside["103"], "102", override="Moved around")
    move(place, inside["101"], "103", override="Moved around")
    assert [rooms_of(place, inside[number])[-1] for number in ("101", "102", "103")] == ["103", "101", "102"]
    assert not chart(place, MONDAY).parked


def key_of_room(place, number):
    return next(iter(running_and_coming(room_at(place.id, number).unit_id, utcnow())), None)


def test_a_longer_stay_costs_todays_price_and_the_old_nights_theirs(session):
    """Scenario 10: 3 x 100, then BAR is 140: the night of the 12th adds 140."""
    place = hotel.ber()
    stay = hotel.stay(place, NINTH, TWELFTH)
    assign(place, stay, "101")
    db.session.execute(DailyRate.__table__.update().values(price=14_000))
    session.commit()
    extend(place, stay, THIRTEENTH)
    nights = [night.agreed for night in nights_of_stays([stay.id])[stay.id]]
    assert (nights, sum(nights)) == ([10_000, 10_000, 10_000, 14_000], 44_000)
    assert hotel.figures(place, TWELFTH)["booked"] == 1
    undo(place, stay)
    assert hotel.figures(place, TWELFTH)["booked"] == 0


def test_the_next_guest_is_moved_or_this_one_or_it_is_refused(session):
    """Scenario 13, in its three turns."""
    place = hotel.ber()
    stay, after = hotel.stay(place, TENTH, TWELFTH), hotel.stay(place, TWELFTH, FOURTEENTH, name="Okafor")
    assign(place, stay, "101")
    assign(place, after, "101")
    with pytest.raises(NextGuestInTheWay, match="Somebody else has the room from 12 March on") as refused:
        extend(place, stay, THIRTEENTH)
    first, second = refused.value.details["proposals"]
    assert first["words"] == "Move Okafor, who comes on 12 March, to room 102."
    assert (first["choice"], second["choice"]) == ("move_next", "move_this")
    extend(place, stay, THIRTEENTH, choice=first["choice"])
    assert (rooms_of(place, stay), rooms_of(place, after)) == (["101"], ["102"])
    undo(place, stay)
    assert rooms_of(place, after) == ["101"]

    assign(place, after, "101", lock=True)
    with pytest.raises(NextGuestInTheWay) as refused:
        extend(place, stay, THIRTEENTH)
    (only,) = refused.value.details["proposals"]
    assert only["choice"] == "move_this"
    extend(place, stay, THIRTEENTH, choice="move_this")
    assert rooms_of(place, stay) == ["101", "102"]
    undo(place, stay)

    hotel.book(place, TWELFTH, THIRTEENTH, rooms=2)
    with pytest.raises(SoldOut, match="12 March"):
        extend(place, stay, THIRTEENTH)
    extend(place, stay, THIRTEENTH, force=True, reason="He may sleep on the sofa")
    assert (hotel.figures(place, TWELFTH)["free"], rooms_of(place, stay)) == (-1, ["101"])


def test_a_shorter_stay_gives_its_nights_back_and_its_key_ends_earlier(session):
    """Scenario 12, the nights."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, FRIDAY)
    check_in(place, stay, "101")
    shorten(place, stay, WEDNESDAY)
    assert [hotel.figures(place, MONDAY + timedelta(days=n))["booked"] for n in range(4)] == [1, 1, 0, 0]
    assert key_of(stay).ends_at == datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
    assign(place, hotel.stay(place, WEDNESDAY, FRIDAY), "101")


def test_other_dates_before_the_arrival_keep_the_room_where_it_is_free(session):
    place = hotel.ber()
    stay = hotel.stay(place, TENTH, TWELFTH)
    assign(place, stay, "101")
    assign(place, hotel.stay(place, TWELFTH, FOURTEENTH), "101")
    change_dates(place, stay, NINTH, TWELFTH)
    assert rooms_of(place, stay) == ["101"]
    change_dates(place, stay, ELEVENTH, THIRTEENTH)
    assert (rooms_of(place, stay), stay.room_id) == ([], None)
    assert [hotel.figures(place, night)["booked"] for night in (NINTH, TENTH, ELEVENTH, TWELFTH)] == [0, 0, 1, 2]


def test_a_promised_guest_is_not_moved(session):
    place = hotel.ber()
    stay, other = hotel.stay(place, TENTH, TWELFTH), hotel.stay(place, TENTH, TWELFTH)
    assign(place, stay, "101", lock=True)
    assign(place, other, "102")
    for refused in (lambda: move(place, stay, "103"), lambda: swap(place, stay, other)):
        with pytest.raises(RoomPromised):
            refused()


def test_the_second_mover_is_told(session):
    """Scenario 24."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY)
    check_in(place, stay, "101")
    seen = stay.version
    move(place, stay, "102", version=seen, actor=ADA)
    with (
        clock_set_to(hotel.NOON + timedelta(seconds=12)),
        pytest.raises(Stale, match="Ada moved this to 102, 12 s ago"),
    ):
        move(place, stay, "103", version=seen)


def test_two_clerks_move_the_same_bar(app, committed):
    """Scenario 24, at the same moment: one wins, the other is told."""
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY)
    check_in(place, stay, "101")
    seen = stay.version
    said = at_once(
        app,
        *[tried(lambda number=number: move(place, stay, number, version=seen).version) for number in ("102", "103")],
    )
    assert sorted(map(str, said)) == [str(seen + 1), "stale"]


def test_a_swap_and_a_move_at_once_leave_everybody_in_one_room(app, committed):
    place = hotel.ber()
    one, other = hotel.stay(place, MONDAY, WEDNESDAY), hotel.stay(place, MONDAY, WEDNESDAY)
    check_in(place, one, "101")
    check_in(place, other, "102")
    seen = {stay.id: stay.version for stay in (one, other)}
    said = at_once(
        app,
        tried(lambda: len(swap(place, one, other, versions=tuple(seen.values())))),
        tried(lambda: move(place, other, "103", version=seen[other.id]).status),
    )
    assert sorted(map(str, said)) in (["2", "stale"], ["in_house", "stale"])
    committed.expire_all()
    assert fresh(place, one).room_id != fresh(place, other).room_id
    assert committed.query(RoomOccupancy).filter_by(active=True, main=True).count() == 2


def test_who_left_is_not_moved(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY)
    check_in(place, stay, "101")
    check_out(place, stay)
    with pytest.raises(WrongStatus):
        move(place, stay, "102")


def test_nights_belong_to_the_month_they_are_slept_in(session):
    """Scenario 7: five of six nights in June; February has its own length in 2028."""
    place = hotel.ber(days=120)
    stay = hotel.stay(place, date(2026, 5, 31), date(2026, 6, 6))
    months = [night.night.month for night in nights_of_stays([stay.id])[stay.id]]
    assert months == [5, 6, 6, 6, 6, 6]
    for year, nights in ((2028, 2), (2027, 1)):
        later = hotel.ber(today=date(year, 2, 20), days=30)
        with clock_set_to(datetime(year, 2, 20, 14, 0, tzinfo=UTC)):
            booked = hotel.stay(later, date(year, 2, 28), date(year, 3, 1))
            assert booked.nights == len(nights_of_stays([booked.id])[booked.id]) == nights


def test_a_late_check_out_keeps_the_room_and_the_key_and_the_next_guest_out(session):
    place = hotel.ber()
    stay = hotel.stay(place, MONDAY, WEDNESDAY)
    check_in(place, stay, "101")
    after = hotel.stay(place, WEDNESDAY, FRIDAY, name="Okafor")
    assign(place, after, "101")

    def leave_at(hour):
        dating.set_hours(
            asset_id=place.id, stay_id=stay.id, starts=None, ends=datetime(2026, 3, 4, hour, tzinfo=UTC), actor=ACTOR
        )

    leave_at(13)
    assert key_of(stay).ends_at == datetime(2026, 3, 4, 13, tzinfo=UTC)
    with pytest.raises(RoomTaken, match="Room 101 is taken by Okafor"):
        leave_at(16)
    undo(place, stay)
    assert key_of(stay).ends_at == datetime(2026, 3, 4, 10, tzinfo=UTC)
