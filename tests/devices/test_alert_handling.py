"""Alerts in people's hands: seen by one, looked after by somebody, cleared, taken back, and never by another place."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from portal.core.db import db
from portal.core.outbox import OutboxEvent
from portal.shared.audit.models import AuditEntry
from portal.shared.devices.alert_queries import Wanted, counts_of, get_alert, open_counts, page_of_alerts
from portal.shared.devices.errors import AlertNotFound, AlertOver, AlertStandsAnew, NotAmongUs
from portal.shared.devices.models import Alert
from portal.shared.devices.services import alert_handling, alerts
from portal.shared.notifications.queries import unread
from tests.factories import assets, identity
from tests.factories.alerts import alert

PEOPLE = 20


def trail(action):
    return select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)


def test_the_first_to_acknowledge_is_the_one_and_the_next_learns_who(session):
    place = assets.place()
    made = alert(place)
    ada, obi = (identity.acting(identity.member(place, "manager", name=name)) for name in ("Ada", "Obi"))
    alert_handling.acknowledge(asset_id=place.id, alert_id=made.id, actor=ada)
    again = alert_handling.acknowledge(asset_id=place.id, alert_id=made.id, actor=obi)
    assert (again.status, again.acknowledged_by) == ("acknowledged", "Ada")
    assert session.scalar(trail("alert.acknowledged")) == 1


def test_twenty_people_acknowledging_at_once_are_one(committed, app):
    place = assets.place()
    made = alert(place)
    together = threading.Barrier(PEOPLE)
    actors = [identity.acting(identity.member(place, "front_desk", name=f"Person {n}")) for n in range(PEOPLE)]

    def acknowledge(actor):
        with app.app_context():
            together.wait(timeout=60)
            return alert_handling.acknowledge(asset_id=place.id, alert_id=made.id, actor=actor).acknowledged_by

    with ThreadPoolExecutor(PEOPLE) as pool:
        said = set(pool.map(acknowledge, actors))
    committed.expire_all()
    assert said == {get_alert(place.id, made.id).acknowledged_by}
    assert committed.scalar(trail("alert.acknowledged")) == 1
    told = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.topic == "devices.alert.changed")
    assert committed.scalar(told) == 1


def test_the_same_thing_noticed_by_twenty_at_once_is_one_alert(committed, app):
    place = assets.place()
    together = threading.Barrier(PEOPLE)

    def notice(_n):
        with app.app_context():
            together.wait(timeout=60)
            return alerts.raise_alert(
                asset_id=place.id, kind="tampering", key="tampering:x", severity="warning", facts={}
            )

    with ThreadPoolExecutor(PEOPLE) as pool:
        fresh = [each for each in pool.map(notice, range(PEOPLE)) if each]
    assert len(fresh) == 1
    assert committed.scalar(select(Alert.times)) == PEOPLE


def test_clearing_and_noticing_anew_at_once_leave_one_that_stands_or_none(committed, app):
    place = assets.place()
    actor = identity.acting(identity.member(place, "manager"))
    for n in range(20):
        made = alert(place, key=f"tampering:{n}")
        together = threading.Barrier(2)

        def clear(made=made, together=together):
            with app.app_context():
                together.wait(timeout=60)
                alert_handling.clear(asset_id=place.id, alert_id=made.id, actor=actor)

        def notice(n=n, together=together):
            with app.app_context():
                together.wait(timeout=60)
                alert_args = {"kind": "tampering", "severity": "warning", "facts": {}}
                alerts.raise_alert(asset_id=place.id, key=f"tampering:{n}", **alert_args)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(clear), pool.submit(notice)]:
                done.result()
        committed.expire_all()
        assert get_alert(place.id, made.id).status == "cleared"
        standing = select(func.count()).where(Alert.key == f"tampering:{n}", Alert.status != "cleared")
        assert committed.scalar(standing) <= 1


def test_an_alert_is_handed_to_somebody_who_works_here_and_is_told(session):
    place, other = assets.place(), assets.place(name="Elsewhere")
    made = alert(place)
    boss = identity.acting(identity.member(place, "manager"))
    desk = identity.member(place, "front_desk")
    alert_handling.assign(asset_id=place.id, alert_id=made.id, user_id=desk.id, actor=boss)
    assert get_alert(place.id, made.id).assigned_to == desk.id
    assert [each.kind for each in unread(desk.id, place.id)] == ["alert_assigned"]
    for stranger in (identity.member(other, "owner"), identity.member(place, "viewer"), identity.person()):
        with pytest.raises(NotAmongUs):
            alert_handling.assign(asset_id=place.id, alert_id=made.id, user_id=stranger.id, actor=boss)
    alert_handling.assign(asset_id=place.id, alert_id=made.id, user_id=None, actor=boss)
    assert get_alert(place.id, made.id).assigned_to is None


def test_what_a_hand_cleared_stands_again_as_it_stood(session):
    place = assets.place()
    made, actor = alert(place), identity.acting(identity.member(place))
    one = {"asset_id": place.id, "alert_id": made.id, "actor": actor}
    alert_handling.acknowledge(**one)
    assert alert_handling.clear(note="Looked at it", **one).cleared_by == actor.name
    alert_handling.clear(**one)
    assert session.scalar(trail("alert.cleared")) == 1, "twice cleared is cleared once"
    with pytest.raises(AlertOver):
        alert_handling.acknowledge(**one)
    assert alert_handling.take_back(**one).status == "acknowledged"
    assert alert_handling.take_back(**one).status == "open"
    assert alert_handling.take_back(**one).status == "open", "nothing is left to take back"
    assert get_alert(place.id, made.id).note == "Looked at it"


def test_what_ended_by_itself_or_stands_anew_is_not_brought_back(session):
    place = assets.place()
    actor = identity.acting(identity.member(place))
    over, old = alert(place, key="a:1"), alert(place, key="a:2")
    alerts.clear_by_itself(asset_id=place.id, key="a:1")
    with pytest.raises(AlertOver):
        alert_handling.take_back(asset_id=place.id, alert_id=over.id, actor=actor)
    alert_handling.clear(asset_id=place.id, alert_id=old.id, actor=actor)
    alert(place, key="a:2")
    with pytest.raises(AlertStandsAnew):
        alert_handling.take_back(asset_id=place.id, alert_id=old.id, actor=actor)


def test_several_are_acknowledged_at_once_and_taken_back(session):
    place = assets.place()
    actor = identity.acting(identity.member(place))
    made = [alert(place) for _n in range(3)]
    alert_handling.acknowledge(asset_id=place.id, alert_id=made[0].id, actor=actor)
    seen = alert_handling.acknowledge_all(asset_id=place.id, alert_ids=[each.id for each in made], actor=actor)
    assert set(seen) == {made[1].id, made[2].id}
    alert_handling.clear(asset_id=place.id, alert_id=made[2].id, actor=actor)
    assert alert_handling.take_all_back(asset_id=place.id, alert_ids=seen, actor=actor) == 1
    assert [get_alert(place.id, each.id).status for each in made] == ["acknowledged", "open", "cleared"]


def test_another_places_alert_is_not_there(session):
    place, other = assets.place(), assets.place(name="Elsewhere")
    made = alert(place)
    stranger = identity.acting(identity.member(other))
    for step in (alert_handling.acknowledge, alert_handling.clear, alert_handling.take_back):
        with pytest.raises(AlertNotFound):
            step(asset_id=other.id, alert_id=made.id, actor=stranger)
    with pytest.raises(AlertNotFound):
        alert_handling.assign(asset_id=other.id, alert_id=made.id, user_id=None, actor=stranger)
    assert alert_handling.acknowledge_all(asset_id=other.id, alert_ids=[made.id], actor=stranger) == []
    assert page_of_alerts(other.id, Wanted(show="all")).items == []
    assert counts_of(other.id)[0][""] == 0
    assert get_alert(place.id, made.id).status == "open"
    with pytest.raises(AlertNotFound):
        get_alert(place.id, uuid.uuid4())


def test_the_chips_count_what_they_show(session):
    place = assets.place()
    me = identity.member(place)
    actor = identity.acting(me)
    alert(place, kind="speeding", severity="critical")
    mine, seen, info = alert(place), alert(place), alert(place, severity="info")
    alert(place, kind="command_failed", severity="warning")
    alert_handling.assign(asset_id=place.id, alert_id=mine.id, user_id=me.id, actor=actor)
    alert_handling.acknowledge(asset_id=place.id, alert_id=seen.id, actor=actor)
    alert_handling.clear(asset_id=place.id, alert_id=info.id, actor=actor)
    counts, kinds = counts_of(place.id, me.id)
    assert counts == {"": 4, "open": 3, "mine": 1, "critical": 1}
    assert kinds == {"speeding": 1, "tampering": 2, "command_failed": 1}
    for show, number in {"standing": 4, "open": 3, "mine": 1, "critical": 1, "cleared": 1, "all": 5}.items():
        found = page_of_alerts(place.id, Wanted(show=show, user_id=me.id))
        assert len(found.items) == number, show
    assert open_counts([place.id])[place.id] == (2, 1), "what was told to a door is counted by the door"
    db.session.expire_all()
