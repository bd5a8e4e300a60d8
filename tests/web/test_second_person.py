"""Stopping a vehicle by hand, on the pages: asked for, seen by others, decided; and locks that must be shut."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.core.db import db
from portal.shared.access.services import grants
from portal.shared.devices.models import DeviceCommand
from tests.factories import devices as make
from tests.factories.assets import ACTOR, place, room, vehicle
from tests.factories.identity import member, sign_in

HTMX = {"HX-Request": "true", "HX-Target": "panel"}


@pytest.fixture
def fleet(committed):
    return place("fleet", name="Swift Cars")


@pytest.fixture
def car(fleet):
    unit = vehicle(fleet)
    grants.grant_direct(unit_id=unit.id, minutes=600, reason="Rental", actor=ACTOR)
    return unit


@pytest.fixture
def person(app, fleet):
    """A browser in which somebody with a role is signed in; two are two persons."""

    def signed_in(role, name=None):
        browser = app.test_client()
        sign_in(browser, member(fleet, role, **({"name": name} if name else {})))
        return browser

    return signed_in


def address(fleet, unit):
    return f"/units/{fleet.asset_number}/{unit.kind}/{unit.number}"


def ask(browser, where):
    sent = {"capability": "ignition", "action": "turn_off", "reason": "Not brought back"}
    assert browser.post(f"{where}/control", data=sent).status_code == 303


def wish():
    db.session.rollback()
    return db.session.scalar(select(DeviceCommand).where(DeviceCommand.action == "turn_off"))


def test_one_asks_another_sees_it_at_home_and_agrees(fleet, car, person):
    asker, second, where = person("front_desk", "Amina Bello"), person("manager", "Bola Ade"), address(fleet, car)
    ask(asker, where)
    own = asker.get(where).text
    assert "waits for a second person to agree" in own
    assert "You asked for" in own
    assert "Take back" in own
    assert "Agree</button>" not in own
    home = second.get(f"/home/{fleet.asset_number}/").text
    assert "Amina Bello asks for “Ignition off”" in home
    assert "Not brought back" in home
    panel = second.get(f"{where}/panel", headers=HTMX).text
    assert f"wishes/{wish().id}/approve" in panel
    agreed = second.post(f"{where}/wishes/{wish().id}/approve", data={"decided_on": "active"}, headers=HTMX)
    assert "is on its way" in agreed.text
    assert wish().held is None
    assert "Amina Bello asks" not in second.get(f"/home/{fleet.asset_number}/").text


def test_the_asker_cannot_agree_and_a_viewer_cannot_decide(fleet, car, person):
    asker, where = person("manager"), address(fleet, car)
    ask(asker, where)
    own = asker.post(f"{where}/wishes/{wish().id}/approve", data={"decided_on": "active"})
    assert own.status_code == 403
    assert "Another person has to agree" in own.text
    viewer = person("viewer")
    assert "Agree</button>" not in viewer.get(where).text
    assert viewer.post(f"{where}/wishes/{wish().id}/approve", data={"decided_on": "active"}).status_code == 403
    assert viewer.post(f"{where}/wishes/{wish().id}/refuse").status_code == 403
    assert wish().held == "approval"


def test_a_wish_is_refused_or_taken_back_and_stands_in_the_history(fleet, car, person):
    asker, second, where = person("front_desk"), person("dispatcher"), address(fleet, car)
    ask(asker, where)
    assert second.post(f"{where}/wishes/{wish().id}/refuse").status_code == 303
    assert wish().status == "cancelled"
    page = second.get(f"{where}?only=commands").text
    assert "Asked for: Ignition off" in page
    assert "Told: Ignition off" not in page


def test_a_wish_of_another_place_or_another_unit_is_not_there(fleet, car, person):
    asker, where = person("manager"), address(fleet, car)
    ask(asker, where)
    other = vehicle(fleet)
    assert person("manager").post(f"{address(fleet, other)}/wishes/{wish().id}/approve").status_code == 404
    elsewhere = place("fleet", name="Other Cars")
    stranger_unit = vehicle(elsewhere)
    assert person("manager").post(f"{address(elsewhere, stranger_unit)}/wishes/{wish().id}/refuse").status_code == 404


def test_what_waits_for_a_standstill_says_so(fleet, car, person):
    where = address(fleet, car)
    db.session.execute(text("update device_command set held = 'moving'"))
    db.session.commit()
    assert "Waits until it stands still" in person("manager").get(where).text


@pytest.fixture
def hotel(committed):
    return place()


@pytest.fixture
def desk(client, hotel):
    sign_in(client, member(hotel, "manager"))
    return client


def leased_lock(hotel, *, ended):
    """A room whose lock confirmed that it is open, with a lease that has so many seconds to go."""
    hotel_room = room(hotel)
    make.envelope(hotel_room)
    grants.grant_direct(unit_id=hotel_room.id, minutes=60, reason="Guest", actor=ACTOR)
    db.session.execute(
        text(
            "update device_command set status = 'done', done_at = now() - interval '1 hour',"
            " lease_until = now() - make_interval(secs => :s) where unit_id = :u"
        ),
        {"u": hotel_room.id, "s": ended},
    )
    db.session.commit()
    return hotel_room


def reports(unit, value, seconds_ago):
    db.session.execute(
        text(
            "insert into latest_reading (unit_id, kind, value, at, event_id) values (:u, 'access', :v,"
            " now() - make_interval(secs => :s), gen_random_uuid()) on conflict (unit_id, kind) do update"
            " set value = excluded.value, at = excluded.at"
        ),
        {"u": unit.id, "v": value, "s": seconds_ago},
    )
    db.session.commit()


def test_a_lock_that_is_offline_when_its_lease_ends_is_assumed_locked_until_it_reports(hotel, desk):
    unit, browser = leased_lock(hotel, ended=60), desk
    where = address(hotel, unit)
    assert "Assumed locked" in browser.get(where).text, "it never reported"
    reports(unit, "unlocked", 1_800)
    assert "Assumed locked" in browser.get(where).text
    reports(unit, "locked", 59)
    page = browser.get(where).text
    assert "Assumed locked" not in page
    assert "Not what it was told" not in page, "it shut itself as it should"
    reports(unit, "unlocked", 5)
    page = browser.get(where).text
    assert "Assumed locked" not in page
    assert "Not what it was told" in page


def test_a_running_lease_assumes_nothing(hotel, desk):
    unit = leased_lock(hotel, ended=-600)
    reports(unit, "unlocked", 1_800)
    assert "Assumed locked" not in desk.get(address(hotel, unit)).text


def test_what_a_device_reported_before_it_was_told_contradicts_nothing(hotel, desk):
    unit = leased_lock(hotel, ended=-600)
    reports(unit, "locked", 7_200)
    assert "Not what it was told" not in desk.get(address(hotel, unit)).text
    reports(unit, "locked", int(timedelta(minutes=5).total_seconds()))
    assert "Not what it was told" in desk.get(address(hotel, unit)).text
