"""Places and units: what may be registered, by whom first, and what a number means."""

import threading
import uuid
from datetime import timedelta

import pytest

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.numbers import is_label_number
from portal.core.transaction import transactional
from portal.shared.assets import errors, queries
from portal.shared.assets.models import UnitStatus
from portal.shared.assets.services import registry
from portal.shared.audit.models import AuditEntry
from tests.factories.assets import ACTOR, place, room, vehicle

pytestmark = pytest.mark.database


@transactional
def let(unit_id: uuid.UUID, until: timedelta) -> None:
    """As access does it: the unit is active until then."""
    unit = queries.lock_unit(unit_id)
    unit.activated_at = utcnow()
    unit.expires_at = unit.activated_at + until
    unit.status = UnitStatus.ACTIVE


def test_a_place_gets_a_number_that_can_be_read_from_a_sticker(committed):
    hotel = place()
    assert is_label_number(hotel.asset_number)
    assert queries.get_asset(hotel.asset_number.lower()).id == hotel.id
    assert queries.find_asset("NOWHERE") is None


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("currency", "XXX", "unknown_currency"),
        ("timezone", "Mars/Olympus", "unknown_timezone"),
        ("bank_name", "First Bank", "bank_details_incomplete"),
    ],
)
def test_a_place_that_cannot_be_is_refused(committed, field, value, code):
    with pytest.raises(DomainError) as refused:
        place(**{field: value})
    assert refused.value.code == code
    assert queries.assets() == []


def test_the_same_number_twice_is_refused_in_words(committed):
    hotel = place()
    room(hotel, number="204")
    with pytest.raises(errors.UnitNumberTaken, match="There is a room 204 here already"):
        room(hotel, number="204")
    assert room(place(), number="204").number == "204"  # another hotel has its own 204


def test_two_people_register_the_same_room_at_once(committed, app):
    hotel = place()
    start, answers = threading.Barrier(2), []

    def register():
        with app.app_context():
            start.wait(5)
            try:
                answers.append(room(hotel, number="301"))
            except errors.UnitNumberTaken as error:
                answers.append(error.message)

    clerks = [threading.Thread(target=register) for _clerk in range(2)]
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join(10)
    assert sorted(isinstance(answer, str) for answer in answers) == [False, True]
    assert [unit.number for unit in queries.units_of(hotel.id)] == ["301"]


@pytest.mark.parametrize("number", ["", "1/2", "a+b", "#1", "room\n1", "x" * 40])
def test_a_number_must_fit_into_an_address_and_a_topic(committed, number):
    with pytest.raises(DomainError):
        room(number=number)


@pytest.mark.parametrize(("price", "period"), [(0, 60), (-5, 60), (10**13, 60), (100, 0), (100, 10**9)])
def test_a_price_buys_something_for_some_time(committed, price, period):
    with pytest.raises(errors.Invalid):
        room(price=price, period_minutes=period)


def test_a_fleet_has_no_rooms(committed):
    with pytest.raises(errors.UnitNotForThisPlace, match="Rooms belong to hotels"):
        room(place("fleet"))


def test_another_places_room_is_not_found(committed):
    ours, theirs = room(), room()
    with pytest.raises(errors.NoSuchUnit):
        queries.get_unit(ours.asset_id, theirs.number)
    assert queries.get_unit(ours.asset_id, ours.number, "room").id == ours.id


def test_units_come_in_the_order_people_count_them(committed):
    hotel = place()
    for number in ("10", "Penthouse", "2", "101A", "101"):
        room(hotel, number=number)
    assert [unit.number for unit in queries.units_of(hotel.id)] == ["2", "10", "101", "101A", "Penthouse"]


def test_a_price_change_leaves_before_and_after(committed):
    unit = room(price=1_000_000)
    registry.amend_unit(unit_id=unit.id, price=1_200_000, actor=ACTOR)
    entry = db.session.scalar(db.select(AuditEntry).order_by(AuditEntry.id.desc()))
    assert (entry.action, entry.before["price"], entry.after["price"]) == ("unit.amended", 1_000_000, 1_200_000)


def test_a_suspended_room_comes_back_as_it_was(committed):
    unit = room()
    let(unit.id, timedelta(hours=1))
    registry.suspend(unit_id=unit.id, reason="Burst pipe", actor=ACTOR)
    with pytest.raises(errors.UnitSuspended):
        registry.suspend(unit_id=unit.id, reason="Again", actor=ACTOR)
    assert registry.resume(unit_id=unit.id, actor=ACTOR).status == UnitStatus.ACTIVE
    with pytest.raises(errors.UnitNotSuspended):
        registry.resume(unit_id=unit.id, actor=ACTOR)


def test_time_runs_out_in_a_suspended_room_too(committed):
    free, let_one, suspended = room(), room(), room()
    let(let_one.id, timedelta(seconds=-1))
    let(suspended.id, timedelta(seconds=-2))
    registry.suspend(unit_id=suspended.id, reason="Burst pipe", actor=ACTOR)
    assert queries.units_due() == [suspended.id, let_one.id]
    assert free.id not in queries.units_due()


def test_suspending_and_retiring_need_a_reason(committed):
    unit = room()
    for step in (registry.suspend, registry.retire):
        with pytest.raises(errors.ReasonNeeded):
            step(unit_id=unit.id, reason=" ", actor=ACTOR)


def test_a_room_with_a_guest_is_not_retired(committed):
    unit = room(number="7")
    let(unit.id, timedelta(hours=1))
    with pytest.raises(errors.UnitInUse, match="Room 7 is in use"):
        registry.retire(unit_id=unit.id, reason="Sold", actor=ACTOR)


def test_a_retired_vehicle_stays_retired(committed):
    car = vehicle()
    registry.retire(unit_id=car.id, reason="Sold", actor=ACTOR)
    for step in (registry.suspend, registry.retire):
        with pytest.raises(errors.UnitRetired):
            step(unit_id=car.id, reason="Again", actor=ACTOR)
    with pytest.raises(errors.UnitRetired):
        registry.amend_unit(unit_id=car.id, price=1, actor=ACTOR)


def test_a_place_opened_by_mistake_can_be_deleted_and_one_with_a_past_cannot(committed):
    mistake, lived_in = place(), place(name="Old Hotel")
    room(mistake)
    registry.delete_asset(asset_id=mistake.id, actor=ACTOR)
    assert queries.find_asset(mistake.asset_number) is None
    unit = room(lived_in)
    let(unit.id, timedelta(hours=1))
    with pytest.raises(errors.HasHistory, match="Old Hotel has a history"):
        registry.delete_asset(asset_id=lived_in.id, actor=ACTOR)
    with pytest.raises(errors.HasHistory):
        registry.delete_unit(unit_id=unit.id, actor=ACTOR)


def test_a_room_that_was_heard_from_is_not_deleted(committed):
    unit = room()
    db.session.execute(
        db.text(
            "insert into asset_event (id, at, asset_id, unit_id, kind, value)"
            " values (gen_random_uuid(), now(), :asset, :unit, 'occupancy', '1')"
        ),
        {"asset": unit.asset_id, "unit": unit.id},
    )
    db.session.commit()
    with pytest.raises(errors.HasHistory):
        registry.delete_unit(unit_id=unit.id, actor=ACTOR)


def test_nothing_is_added_to_a_closed_place(committed):
    hotel = place()
    registry.retire_asset(asset_id=hotel.id, reason="Sold", actor=ACTOR)
    with pytest.raises(errors.AssetRetired):
        room(hotel)


def test_the_trail_keeps_only_the_end_of_an_account_number(committed):
    hotel = place()
    registry.amend_bank_details(
        asset_id=hotel.id,
        bank_name="First Bank",
        bank_account_name="Marina",
        bank_account_number="0123456789",
        actor=ACTOR,
    )
    entry = db.session.scalar(db.select(AuditEntry).where(AuditEntry.action == "asset.bank_amended"))
    assert entry.after["bank_account_number"] == "…6789"
