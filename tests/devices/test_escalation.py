"""People are told: at once of what cannot wait, later of what nobody acknowledged, each once, as they chose."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core.clock import clock_set_to, utcnow
from portal.shared.devices.models import Alert
from portal.shared.devices.services import alert_handling, alerts, telling
from portal.shared.identity.models import Mail
from portal.shared.notifications.models import ByMail, Notice
from portal.shared.notifications.queries import unread
from portal.shared.notifications.services import notices
from tests.factories import assets, identity
from tests.factories.alerts import alert, looked, rule, says


def letters(session):
    session.expire_all()
    return sorted(session.scalars(select(Mail.recipient)))


def later(minutes):
    return clock_set_to(utcnow() + timedelta(minutes=minutes))


@pytest.fixture
def hotel(session):
    place = assets.place()
    place.people = {
        role: identity.member(place, role, name=role.title(), email=f"{role}@example.com")
        for role in ("owner", "manager", "front_desk", "viewer")
    }
    return place


def test_what_cannot_wait_is_told_to_owners_and_managers_at_once(session, hotel):
    unit = assets.room(hotel, number="204")
    made = alert(hotel, unit, kind="tampering", severity="critical", key="t:1")
    assert letters(session) == ["manager@example.com", "owner@example.com"]
    [mail, _other] = session.scalars(select(Mail))
    assert mail.subject == "Marina Hotel: Room 204: Tampering"
    assert "Its device reports tampering." in mail.body
    assert f"/units/{hotel.asset_number}/alerts/{made.id}" in mail.body
    assert [each.kind for each in unread(hotel.people["owner"].id, hotel.id)] == ["alert_critical"]
    assert unread(hotel.people["front_desk"].id, hotel.id) == []
    alerts.raise_alert(asset_id=hotel.id, kind="tampering", key="t:1", severity="critical", facts={})
    assert len(letters(session)) == 2, "noticed again, nobody is told again"
    assert not letters(session) or alert(hotel, severity="warning")
    assert len(letters(session)) == 2


def test_an_old_story_calls_nobody_however_bad_it_was(session, hotel):
    alert(hotel, severity="critical", happened_at=utcnow() - timedelta(minutes=11))
    assert letters(session) == []
    assert session.scalars(select(Notice)).all() == []


def test_each_person_chooses_what_comes_by_mail(session, hotel):
    unit = assets.room(hotel)
    notices.prefer(user_id=hotel.people["owner"].id, alerts_by_mail=ByMail.NEVER)
    notices.prefer(user_id=hotel.people["manager"].id, alerts_by_mail=ByMail.CRITICAL)
    notices.prefer(user_id=hotel.people["manager"].id, alerts_by_mail=ByMail.ESCALATIONS)
    rule(hotel, severity="critical", escalate_after_minutes=10, escalate_to="manager")
    says(unit, "temperature", "9")
    looked()
    assert letters(session) == []
    assert len(unread(hotel.people["owner"].id, hotel.id)) == 1, "the bell tells in any case"
    with later(11):
        assert telling.escalate_due() == 1
    assert letters(session) == ["manager@example.com"]


def test_what_nobody_acknowledges_is_told_on_once(session, hotel):
    unit = assets.room(hotel)
    rule(hotel, name="Too warm", escalate_after_minutes=10, escalate_to="owner")
    says(unit, "temperature", "9")
    looked()
    with later(9):
        assert telling.escalate_due() == 0
    with later(11):
        assert telling.escalate_due() == 1
        assert telling.escalate_due() == 0
    assert letters(session) == ["owner@example.com"]
    [notice] = unread(hotel.people["owner"].id, hotel.id)
    assert (notice.kind, notice.facts["minutes"]) == ("alert_escalated", 10)
    assert session.scalars(select(Alert.escalated_at)).one() is not None


def test_what_somebody_has_seen_or_what_ended_is_not_told_on(session, hotel):
    one, two, actor = assets.room(hotel), assets.room(hotel), identity.acting(hotel.people["manager"])
    rule(hotel, escalate_after_minutes=10, escalate_to="owner")
    for unit in (one, two):
        says(unit, "temperature", "9")
    looked()
    seen = session.scalars(select(Alert.id).where(Alert.unit_id == one.id)).one()
    alert_handling.acknowledge(asset_id=hotel.id, alert_id=seen, actor=actor)
    says(two, "temperature", "5")
    looked()
    with later(11):
        assert telling.escalate_due() == 0
    assert letters(session) == []


def test_where_nobody_plays_the_part_the_owners_are_told(session, hotel):
    unit = assets.room(hotel)
    rule(hotel, escalate_after_minutes=1, escalate_to="dispatcher")
    says(unit, "temperature", "9")
    looked()
    with later(2):
        telling.escalate_due()
    assert letters(session) == ["owner@example.com"]


def test_acknowledging_takes_it_from_everybodys_bell(session, hotel):
    made = alert(hotel, severity="critical")
    alert_handling.acknowledge(asset_id=hotel.id, alert_id=made.id, actor=identity.acting(hotel.people["front_desk"]))
    assert unread(hotel.people["owner"].id, hotel.id) == []


def test_nobody_of_another_place_is_told(session, hotel):
    other = assets.place(name="Elsewhere")
    stranger = identity.member(other, "owner", email="stranger@example.com")
    alert(hotel, severity="critical")
    assert "stranger@example.com" not in letters(session)
    assert unread(stranger.id, other.id) == unread(stranger.id, hotel.id) == []


def test_two_workers_tell_on_each_alert_once(committed, app):
    place = assets.place()
    owner = identity.member(place, "owner")
    rule(place, escalate_after_minutes=1, escalate_to="owner")
    for _n in range(12):
        says(assets.room(place), "temperature", "9")
    looked()
    committed.execute(Alert.__table__.update().values(created_at=utcnow() - timedelta(minutes=5)))
    committed.commit()
    together = threading.Barrier(4)

    def work(_n):
        with app.app_context():
            together.wait(timeout=60)
            return telling.escalate_due(limit=5) + telling.escalate_due(limit=5) + telling.escalate_due(limit=5)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 12
    assert len(letters(committed)) == 12
    assert len(unread(owner.id, place.id)) == 12
