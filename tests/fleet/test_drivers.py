"""Drivers: whom a place may send out, and how it hears in time that a licence runs out."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.core.clock import clock_set_to, local_date, utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.shared.audit.queries import trail
from portal.shared.devices.models import Alert
from portal.shared.identity.models import Role
from portal.trades.fleet import office_errors as errors
from portal.trades.fleet.driver_queries import driver_at, get_driver, vehicles_now
from portal.trades.fleet.models import DriverStatus
from portal.trades.fleet.services import assignments, drivers
from tests.factories import assets, fleet, identity
from tests.factories.assets import ACTOR


@pytest.fixture
def place(session):
    return fleet.place()


def as_is(driver, **changes):
    """The driver's own facts, some of them changed, as a form would send them."""
    names = ("name", "phone", "licence_number", "licence_classes", "licence_expires_on", "user_id", "note")
    return {"driver_id": driver.id, "actor": ACTOR, **{name: getattr(driver, name) for name in names}, **changes}


def alerts():
    return db.session.scalars(select(Alert).order_by(Alert.created_at)).all()


def test_drivers_are_numbered_place_by_place_without_gaps(place):
    other = fleet.place()
    assert [fleet.driver(place).number for _turn in range(3)] == [1, 2, 3]
    assert fleet.driver(other).number == 1


def test_classes_are_written_as_on_the_card(place):
    assert fleet.driver(place, licence_classes="b ce/d,B").licence_classes == "B, CE, D"


def test_one_licence_belongs_to_one_driver_of_a_place(place):
    first = fleet.driver(place, licence_number="abc 1")
    with pytest.raises(errors.DriverKnown, match="has this licence number"):
        fleet.driver(place, licence_number="ABC 1")
    fleet.driver(fleet.place(), licence_number="ABC 1")  # another place knows nothing of it
    drivers.set_status(driver_id=first.id, status=DriverStatus.LEFT, actor=ACTOR)
    assert fleet.driver(place, licence_number="ABC 1").number == 2  # a refused one takes no number


def test_only_somebody_who_works_here_as_a_driver_signs_in_as_one(place):
    own, manager = identity.member(place, Role.DRIVER), identity.member(place, Role.MANAGER)
    stranger = identity.member(fleet.place(), Role.DRIVER)
    for wrong in (manager, stranger):
        with pytest.raises(errors.NoSuchAccount, match="works here as a driver"):
            fleet.driver(place, user_id=wrong.id)
    fleet.driver(place, user_id=own.id)
    with pytest.raises(errors.DriverKnown, match="signs in with this account"):
        fleet.driver(place, user_id=own.id)


def test_a_driver_is_amended_and_the_trail_shows_what_was(place):
    driver = fleet.driver(place)
    drivers.amend(**as_is(driver, name="Bola Adeyemi"))
    entry = trail(subject="driver", subject_id=driver.id)[0]
    assert (entry.before["name"], entry.after["name"]) == ("Bola Ade", "Bola Adeyemi")


def test_who_leaves_hands_back_what_they_have_and_what_they_were_to_have(place):
    driver, car, van = fleet.driver(place), assets.vehicle(place), assets.vehicle(place)
    now = utcnow()
    assignments.assign(asset_id=place.id, unit_id=car.id, driver_id=driver.id, actor=ACTOR,
                       starts_at=now - timedelta(hours=2), ends_at=now + timedelta(hours=1))  # fmt: skip
    assignments.assign(asset_id=place.id, unit_id=van.id, driver_id=driver.id, actor=ACTOR,
                       starts_at=now + timedelta(days=1))  # fmt: skip
    drivers.set_status(driver_id=driver.id, status=DriverStatus.LEFT, actor=ACTOR)
    assert vehicles_now([driver.id], utcnow()) == {}
    assert driver_at(car.id, now - timedelta(hours=1)).id == driver.id  # what was, was
    assert driver_at(van.id, now + timedelta(days=2)) is None
    for status, word in ((DriverStatus.LEFT, "does not drive here"), (DriverStatus.AWAY, "is away")):
        drivers.set_status(driver_id=driver.id, status=status, actor=ACTOR)
        with pytest.raises(errors.DriverNotAvailable, match=word):
            assignments.assign(asset_id=place.id, unit_id=car.id, driver_id=driver.id, actor=ACTOR)


@pytest.mark.parametrize(("days", "told"), [(-1, ["critical"]), (0, ["warning"]), (30, ["warning"]), (31, [])])
def test_a_licence_near_its_end_is_told_of_once(place, days, told):
    fleet.driver(place, licence_days=days)
    drivers.tell_of_licences()
    assert drivers.tell_of_licences() == 0
    assert [each.severity for each in alerts()] == told
    assert all(each.times == 1 for each in alerts())


def test_many_licences_are_told_of_in_one_go(place):
    for days in (-5, 3, 9, 400):
        fleet.driver(place, licence_days=days)
    assert [drivers.tell_of_licences() for _turn in range(2)] == [3, 0]
    with clock_set_to(utcnow() + timedelta(days=20)):
        assert [drivers.tell_of_licences() for _turn in range(2)] == [2, 0]


def test_what_is_soon_becomes_what_is_over_and_a_renewal_ends_it(place):
    driver = fleet.driver(place, licence_days=10)
    drivers.tell_of_licences()
    with clock_set_to(utcnow() + timedelta(days=11)):
        assert drivers.tell_of_licences() == 1
    assert [(each.kind, each.status, each.facts["over"]) for each in alerts()] == [
        ("licence_expiring", "cleared", False),
        ("licence_expiring", "open", True),
    ]
    renewed = local_date(place.timezone) + timedelta(days=1000)
    drivers.amend(**as_is(driver, licence_expires_on=renewed))
    assert {each.status for each in alerts()} == {"cleared"}
    assert drivers.tell_of_licences() == 0


def test_nobody_is_told_of_the_licence_of_somebody_who_left(place):
    driver = fleet.driver(place, licence_days=3)
    drivers.tell_of_licences()
    drivers.set_status(driver_id=driver.id, status=DriverStatus.LEFT, actor=ACTOR)
    assert [each.status for each in alerts()] == ["cleared"]
    assert drivers.tell_of_licences() == 0


@pytest.mark.parametrize("number", [0, -1, 2, 2**40, 2**70])
def test_a_number_that_is_nobodys_is_not_there(place, number):
    fleet.driver(place)
    with pytest.raises(errors.NoSuchDriver):
        get_driver(place.id, number)


def test_a_driver_of_another_place_is_not_there(place):
    fleet.driver(place)
    with pytest.raises(DomainError):
        get_driver(fleet.place().id, 1)


def test_an_expired_licence_takes_no_vehicle(place):
    car = assets.vehicle(place)
    expired = fleet.driver(place, licence_expires_on=date(2020, 5, 1))
    with pytest.raises(errors.LicenceExpired, match="runs out on 2020-05-01"):
        assignments.assign(asset_id=place.id, unit_id=car.id, driver_id=expired.id, actor=ACTOR)
    soon = fleet.driver(place, licence_days=5)
    assignments.assign(asset_id=place.id, unit_id=car.id, driver_id=soon.id, actor=ACTOR,
                       ends_at=utcnow() + timedelta(days=1))  # fmt: skip
    with pytest.raises(errors.LicenceExpired):
        assignments.assign(asset_id=place.id, unit_id=car.id, driver_id=soon.id, actor=ACTOR,
                           starts_at=utcnow() + timedelta(days=7))  # fmt: skip
