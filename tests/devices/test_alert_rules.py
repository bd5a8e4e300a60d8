"""Rules as places write them: what is read, what is refused with a sentence, and what happens to what they raised."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.core.errors import DomainError
from portal.shared.audit.models import AuditEntry
from portal.shared.devices import rule_conditions as conditions
from portal.shared.devices.alert_queries import get_rule, rules_of
from portal.shared.devices.errors import BadCondition, RuleNameTaken, RuleNotFound
from portal.shared.devices.models import Alert
from portal.shared.devices.rule_words import condition_words
from portal.shared.devices.services import alert_rules, rule_watch
from tests.factories import assets
from tests.factories.alerts import looked, rule, says
from tests.factories.assets import ACTOR

LAGOS = ZoneInfo("Africa/Lagos")
NAIROBI_NIGHT = {"days": [4], "from": "22:00", "to": "05:00"}


@pytest.mark.parametrize(
    ("kind", "asked", "field"),
    [
        ("threshold", {"subject": "weather"}, "subject"),
        ("threshold", {"subject": "speed", "unit_kind": "room"}, "subject"),
        ("threshold", {"value": "warm"}, "value"),
        ("threshold", {"value": "1e9"}, "value"),
        ("threshold", {"comparison": "near"}, "comparison"),
        ("threshold", {"for_seconds": "-1"}, "for_seconds"),
        ("threshold", {"for_seconds": "1000000"}, "for_seconds"),
        ("threshold", {"subject": "door", "value": "ajar", "comparison": "equals"}, "value"),
        ("threshold", {"subject": "door", "value": "open", "comparison": "above"}, "comparison"),
        ("absence", {"minutes": "0"}, "minutes"),
        ("absence", {"minutes": "soon"}, "minutes"),
        ("absence", {"minutes": "5", "unit_kind": "spaceship"}, "unit"),
        ("schedule", {"from": "25:00"}, "from"),
        ("schedule", {"from": "22:00", "to": "22:00"}, "to"),
        ("schedule", {"days": []}, "days"),
        ("schedule", {"days": [8]}, "days"),
        ("schedule", {"subject": "temperature", "value": "3"}, "subject"),
        ("geofence", {"geofence_id": "00000000-0000-0000-0000-000000000007"}, "geofence_id"),
        ("geofence", {"geofence_id": "x"}, "geofence_id"),
        ("geofence", {"what": "circle"}, "what"),
        ("geofence", {"unit_kind": "room"}, "unit"),
        ("threshold", {"name": ""}, "name"),
        ("threshold", {"severity": "dire"}, "severity"),
        ("threshold", {"escalate_after_minutes": 5}, "escalate_to"),
        ("threshold", {"escalate_after_minutes": 0, "escalate_to": "owner"}, "escalate_after_minutes"),
        ("threshold", {"escalate_after_minutes": 5, "escalate_to": "customer"}, "escalate_to"),
        ("weather", {}, "kind"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_at_its_field(session, kind, asked, field):
    place = assets.place()
    with pytest.raises(DomainError) as refused:
        rule(place, kind, **asked)
    assert refused.value.field == field
    assert str(refused.value).endswith(".")
    assert rules_of(place.id) == []


def test_a_rule_is_kept_as_it_is_meant(session):
    place = assets.place()
    unit = assets.room(place)
    made = rule(place, value="8.50", for_seconds="300", unit_id=unit.id, escalate_after_minutes=15, escalate_to="owner")
    assert made.condition == {"subject": "temperature", "comparison": "above", "value": "8.5", "for_seconds": 300}
    assert made.unit_kind == "room"
    assert condition_words(made.kind, made.condition) == "Temperature above 8.5 °C for 5 min"
    nightly = rule(place, "schedule", subject="access", value="unlock", days=["5", "6"])
    assert nightly.condition["value"] == "unlocked"
    assert condition_words(nightly.kind, nightly.condition) == "Door lock is unlocked between 22:00 and 05:00, Sat, Sun"


def test_two_rules_of_a_place_are_not_called_the_same_and_two_places_may(session):
    place, other = assets.place(), assets.place(name="Elsewhere")
    rule(place, name="Too warm")
    rule(other, name="Too warm")
    with pytest.raises(RuleNameTaken):
        rule(place, name="Too warm")


def test_another_places_unit_fence_and_rule_are_not_there(session):
    place, other = assets.place(), assets.place(name="Elsewhere")
    foreign = assets.room(other)
    with pytest.raises(BadCondition):
        rule(place, unit_id=foreign.id)
    made = rule(other)
    draft = alert_rules.Draft(name="Mine now", condition=made.condition, severity="info")
    for step in (
        lambda: get_rule(place.id, made.id),
        lambda: alert_rules.amend(asset_id=place.id, rule_id=made.id, draft=draft, actor=ACTOR),
        lambda: alert_rules.switch(asset_id=place.id, rule_id=made.id, active=False, actor=ACTOR),
        lambda: alert_rules.remove(asset_id=place.id, rule_id=made.id, actor=ACTOR),
    ):
        with pytest.raises(RuleNotFound):
            step()
    says(foreign, "temperature", "30")
    rule(place)
    looked()
    assert session.scalars(select(Alert.asset_id)).all() == [other.id], "a rule works at its own place only"


def test_what_a_rule_raised_ends_with_it_and_stays_readable(session):
    place = assets.place()
    unit = assets.room(place)
    made = rule(place, name="Too warm")
    says(unit, "temperature", "30")
    looked()
    alert_rules.switch(asset_id=place.id, rule_id=made.id, active=False, actor=ACTOR)
    assert session.scalars(select(Alert.status)).all() == ["cleared"]
    says(unit, "temperature", "31")
    looked()
    assert session.scalar(select(func.count()).select_from(Alert)) == 1, "switched off, it raises nothing"
    alert_rules.switch(asset_id=place.id, rule_id=made.id, active=True, actor=ACTOR)
    rule_watch.work_due()
    assert session.scalar(select(func.count()).where(Alert.status == "open")) == 1, "switched on, it sees what is so"
    alert_rules.remove(asset_id=place.id, rule_id=made.id, actor=ACTOR)
    assert session.scalar(select(func.count()).where(Alert.status == "open")) == 0
    assert {alert.facts["rule"] for alert in session.scalars(select(Alert))} == {"Too warm"}
    trail = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_type == "alert_rule")).all()
    assert sorted(trail) == [
        "alert_rule.deleted",
        "alert_rule.switched_off",
        "alert_rule.switched_on",
        "alert_rule.written",
    ]


def test_an_amended_rule_looks_again(session):
    place = assets.place()
    unit = assets.room(place)
    made = rule(place)
    says(unit, "temperature", "9")
    looked()
    draft = alert_rules.Draft(name="Warmer", condition={**made.condition, "value": "12"}, severity="critical")
    alert_rules.amend(asset_id=place.id, rule_id=made.id, draft=draft, actor=ACTOR)
    rule_watch.work_due()
    assert session.scalars(select(Alert.status)).all() == ["cleared"]
    draft = alert_rules.Draft(name="Warm", condition={**made.condition, "value": "8"}, severity="critical")
    alert_rules.amend(asset_id=place.id, rule_id=made.id, draft=draft, actor=ACTOR)
    rule_watch.work_due()
    assert session.scalar(select(Alert.severity).where(Alert.status == "open")) == "critical"


def test_hours_past_midnight_belong_to_the_day_they_began(session):
    """Friday night in Lagos, an hour ahead of UTC: from Friday 21:00 UTC to Saturday 04:00 UTC."""

    def at(day, hour, minute=0):
        return conditions.window(NAIROBI_NIGHT, LAGOS, datetime(2026, 11, day, hour, minute, tzinfo=UTC))

    assert at(27, 20, 59) is None
    assert at(27, 21) is not None
    assert at(28, 3, 59) is not None
    assert at(28, 4) is None
    assert at(28, 22) is None, "Saturday night is another night"


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 1)), max_size=30), st.integers(0, 30))
def test_looking_in_two_bites_is_looking_once(words, cut):
    """Whatever the news is cut into, the stretches are the same."""
    said = [
        (datetime.fromtimestamp(1_790_000_000 + second, UTC), str(value))
        for second, value in sorted(dict(words).items())
    ]

    def so(value, _at):
        return value == "1"

    whole_over, whole_now = conditions.fold(said, so, None)
    first_over, first_now = conditions.fold(said[:cut], so, None)
    second_over, second_now = conditions.fold(said[cut:], so, first_now)
    assert first_over + second_over == whole_over
    assert second_now == whole_now


def test_it_is_said_beforehand_how_often_a_rule_would_have_been_met(session):
    place = assets.place()
    one, two = assets.room(place), assets.room(place)
    for minutes, value in ((600, "9"), (590, "5"), (300, "9"), (299, "5"), (60, "9")):
        says(one, "temperature", value, minutes)
    says(two, "temperature", "3", 5)

    def times(**asked):
        condition = {"subject": "temperature", "comparison": "above", "value": "8", "for_seconds": "0", **asked}
        draft = alert_rules.Draft(name="Would be", condition=condition, severity="warning")
        return alert_rules.would_have_raised(asset_id=place.id, kind="threshold", draft=draft)

    assert times() == 3
    assert times(for_seconds="300") == 2, "a minute is not five"
    assert times(value="20") == 0
    assert rules_of(place.id) == [], "nothing is written by asking"
