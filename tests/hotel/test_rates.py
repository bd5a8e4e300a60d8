"""Rates as the manager keeps them: plans that follow others, many nights changed at once, and the way back."""

from datetime import date, timedelta

import pytest

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.shared.audit.models import AuditEntry
from portal.trades.hotel.errors import (
    CodeTaken,
    Cycle,
    DatesWrong,
    FollowsParent,
    NotUnderstood,
    Restricted,
    Stale,
    StillInUse,
    TooLate,
)
from portal.trades.hotel.models import DailyRate, RateChange, Restriction
from portal.trades.hotel.queries.inventory import room_type_at, room_types
from portal.trades.hotel.queries.quotes import plan_at, quote, rate_plans
from portal.trades.hotel.queries.rates import Change, Span, changed_rates, families, fingerprint
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.services import rate_sheets, rates, terms
from portal.trades.hotel.shorthand import read, written
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

MONDAY, FRIDAY, SUNDAY = date(2026, 3, 9), date(2026, 3, 13), date(2026, 3, 15)


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


@pytest.fixture
def place(session):
    return hotel.ber()


def bar(place):
    return plan_at(place.id, "BAR")


def span(place, start=MONDAY, end=SUNDAY, *, types=("DBL",), **more):
    return Span([room_type_at(place.id, each) for each in types], start, end, **more)


def set_rates(place, *args, change, plan="BAR", seen=None, **more):
    return rate_sheets.set_rates(
        asset_id=place.id, plan_id=plan_at(place.id, plan).id, span=span(place, *args, **more), change=change,
        actor=ACTOR, seen=seen,
    )  # fmt: skip


def prices(place, plan="BAR", start=MONDAY, nights=7):
    end = start + timedelta(days=nights)
    found = quote(place, room_type_at(place.id, "DBL"), plan_at(place.id, plan), start, end, adults=1)
    return [each.price for each in found.nights]


def publish(place, code, parent=None, value=0, kind="percent", **more):
    return rates.publish_plan(
        asset_id=place.id, code=code, name=code, actor=ACTOR, parent_id=parent.id if parent else None,
        derive_kind=kind if parent else None, derive_value=value, **more,
    )  # fmt: skip


def test_a_derived_plan_follows_its_parent_and_what_is_booked_keeps_its_price(place):
    """Scenario 11."""
    booked = hotel.stay(place, MONDAY, MONDAY + timedelta(days=1), plan="NRF")
    assert prices(place, "NRF", nights=1) == [9_000]
    set_rates(place, change=Change("set", 12_000))
    assert prices(place, "NRF", nights=1) == [10_800]
    assert [each.agreed for each in nights_of_stays([booked.id])[booked.id]] == [9_000]
    member = publish(place, "MEMBER", plan_at(place.id, "NRF"), -500, "amount")
    assert prices(place, "MEMBER", nights=1) == [10_300]
    for parent in (member, plan_at(place.id, "NRF"), bar(place)):
        with pytest.raises(Cycle, match="would follow itself"):
            rates.amend_plan(
                asset_id=place.id, plan_id=bar(place).id, actor=ACTOR, parent_id=parent.id, derive_kind="percent"
            )
    assert bar(place).parent_id is None


def test_two_managers_cannot_close_a_circle_together(app, committed):
    place = hotel.ber()
    made = [publish(place, code).id for code in ("A", "B")]

    def follow(plan_id, parent_id):
        return tried(
            lambda: bool(
                rates.amend_plan(
                    asset_id=place.id, plan_id=plan_id, actor=ACTOR, parent_id=parent_id, derive_kind="percent"
                )
            )
        )

    said = at_once(app, follow(*made), follow(*reversed(made)))
    assert sorted(map(str, said)) == ["True", "cycle"]


def test_plans_stand_below_those_they_follow(place):
    publish(place, "MEMBER", plan_at(place.id, "NRF"), -50_000)
    publish(place, "CORP")
    publish(place, "ROOMONLY", bar(place), -500, "amount")
    found = [(plan.code, depth) for plan, depth in families(rate_plans(place.id))]
    assert found == [("BAR", 0), ("NRF", 1), ("MEMBER", 2), ("ROOMONLY", 1), ("CORP", 0)]


def test_a_plan_is_retired_only_when_none_follows_it(place):
    with pytest.raises(StillInUse, match="NRF follow"):
        rates.retire_plan(asset_id=place.id, plan_id=bar(place).id, actor=ACTOR)
    nrf = plan_at(place.id, "NRF")
    rates.retire_plan(asset_id=place.id, plan_id=nrf.id, actor=ACTOR)
    assert [each.code for each in rate_plans(place.id)] == ["BAR"]
    rates.restore_plan(asset_id=place.id, plan_id=nrf.id, actor=ACTOR)
    assert [each.code for each in rate_plans(place.id)] == ["BAR", "NRF"]
    with pytest.raises(CodeTaken):
        publish(place, "bar")


def test_a_weekend_goes_up_ten_percent_after_it_was_looked_at(place):
    """Bulk edit: the cells are shown as they are and as they will be, then written in one command, then taken back."""
    change = Change("percent", 100_000, rounding=500)
    friday_and_saturday = {"weekdays": frozenset({4, 5})}
    shown = changed_rates(bar(place), span(place, end=date(2026, 3, 22), **friday_and_saturday), change)
    assert [(each.night.day, each.before[0], each.after[0]) for each in shown] == [
        (day, 13_000, 14_500) for day in (13, 14, 20, 21)
    ]
    made = set_rates(place, MONDAY, date(2026, 3, 22), change=change, seen=fingerprint(shown), **friday_and_saturday)
    assert prices(place) == [10_000] * 4 + [14_500] * 2 + [10_000]
    said = db.session.query(AuditEntry).filter_by(action="rates.changed").one()
    assert said.after["cells"] == 4
    assert (said.before["highest"], said.after["highest"]) == (13_000, 14_500)
    rate_sheets.undo(asset_id=place.id, change_ids=[made.id], actor=ACTOR)
    assert prices(place) == [10_000] * 4 + [13_000] * 2 + [10_000]
    with pytest.raises(Stale, match="taken back already"):
        rate_sheets.undo(asset_id=place.id, change_ids=[made.id], actor=ACTOR)


def test_what_changed_after_it_was_looked_at_is_not_written(place):
    change = Change("amount", 500)
    shown = fingerprint(changed_rates(bar(place), span(place), change))
    set_rates(place, FRIDAY, FRIDAY, change=Change("set", 1))
    with pytest.raises(Stale, match="Somebody changed some of these"):
        set_rates(place, change=change, seen=shown)


def test_an_edit_is_taken_back_within_the_hour_and_only_while_nobody_went_on(place):
    first = set_rates(place, change=Change("set", 11_000))
    second = set_rates(place, FRIDAY, FRIDAY, change=Change("set", 15_000))
    with pytest.raises(Stale, match="13 March was changed again"):
        rate_sheets.undo(asset_id=place.id, change_ids=[first.id], actor=ACTOR)
    rate_sheets.undo(asset_id=place.id, change_ids=[second.id], actor=ACTOR)
    rate_sheets.undo(asset_id=place.id, change_ids=[first.id], actor=ACTOR)
    assert prices(place, nights=1) == [10_000]
    late = set_rates(place, change=Change("set", 12_000))
    late.created_at -= timedelta(hours=2)
    db.session.commit()
    with pytest.raises(TooLate, match="more than an hour"):
        rate_sheets.undo(asset_id=place.id, change_ids=[late.id], actor=ACTOR)


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (Change("set", 9_900), 9_900),
        (Change("amount", -500), 9_500),
        (Change("amount", -50_000), 0),
        (Change("percent", 33_333), 10_333),
        (Change("percent", 33_333, rounding=100), 10_300),
    ],
)
def test_prices_are_set_or_moved(place, change, first):
    set_rates(place, change=change)
    assert prices(place, nights=1) == [first]


def test_a_night_that_is_not_sold_stays_so_unless_it_gets_a_price(place):
    corp = publish(place, "CORP")
    assert set_rates(place, change=Change("percent", 100_000), plan="CORP") is None
    assert set_rates(place, change=Change("set", 3_000, column="extra_adult"), plan="CORP") is None
    set_rates(place, types=("DBL", "SGL"), change=Change("set", 8_000), plan="CORP")
    set_rates(place, change=Change("set", 3_000, column="extra_adult"), plan="CORP")
    rows = db.session.query(DailyRate).filter_by(rate_plan_id=corp.id, night=MONDAY).all()
    assert sorted((each.price, each.extra_adult) for each in rows) == [(8_000, 0), (8_000, 3_000)]


@pytest.mark.parametrize(
    ("args", "more", "sentence"),
    [
        ((SUNDAY, MONDAY), {}, "last day is before"),
        ((MONDAY, MONDAY + timedelta(days=731)), {}, "at most two years"),
        ((MONDAY, MONDAY), {"weekdays": frozenset({6})}, "fall on other days"),
        ((MONDAY, SUNDAY), {"types": ()}, "Choose the room types"),
        ((date(2026, 3, 1), SUNDAY), {}, "Nights that are over"),
    ],
)
def test_a_stretch_that_cannot_be_meant_is_refused(place, args, more, sentence):
    with pytest.raises(DatesWrong, match=sentence):
        set_rates(place, *args, change=Change("set", 1), **more)


def test_a_plan_that_follows_has_no_prices_of_its_own(place):
    with pytest.raises(FollowsParent, match="it follows another plan"):
        set_rates(place, plan="NRF", change=Change("set", 1))


def test_what_is_typed_into_the_grid_is_one_edit_and_goes_back_whole(place):
    double, single = room_types(place.id)
    made = rate_sheets.type_in(
        asset_id=place.id,
        plan_id=bar(place).id,
        prices={(double.id, MONDAY): 15_000, (double.id, FRIDAY): 13_000, (single.id, MONDAY): None},
        rules={(double.id, FRIDAY): read("min2 cta")},
        actor=ACTOR,
    )
    assert [each.kind for each in made] == ["rates", "restrictions"]
    assert [each.said["cells"] for each in made] == [2, 1]  # Friday was 130.00 before
    assert prices(place, nights=1) == [15_000]
    with pytest.raises(Restricted, match="Nobody arrives on 13 March"):
        prices(place, start=FRIDAY, nights=1)
    rate_sheets.undo(asset_id=place.id, change_ids=[each.id for each in made], actor=ACTOR)
    assert prices(place, nights=5) == [10_000] * 4 + [13_000]
    assert db.session.query(Restriction).count() == 0


def test_restrictions_of_a_stretch_are_set_and_lifted_without_touching_the_others(place):
    def set_rules(rule, lifted=(), plan_id=None, **more):
        return rate_sheets.set_rules(
            asset_id=place.id, plan_id=plan_id, span=span(place, **more), rule=rule, lifted=lifted, actor=ACTOR
        )

    set_rules({"min_arrival": 2}, types=("DBL", "SGL"))
    set_rules({"closed": True}, weekdays=frozenset({4}))
    lifted = set_rules({}, ["min_arrival"])
    assert [(each.night.day, each.closed) for each in db.session.query(Restriction).filter_by(min_arrival=None)] == [
        (13, True)
    ]
    assert db.session.query(Restriction).filter_by(min_arrival=2).count() == 7
    rate_sheets.undo(asset_id=place.id, change_ids=[lifted.id], actor=ACTOR)
    assert db.session.query(Restriction).filter_by(min_arrival=2).count() == 14
    with pytest.raises(NotUnderstood, match="set or lifted"):
        set_rules({})
    set_rules({"quota": 0}, plan_id=bar(place).id)
    with pytest.raises(Restricted):
        prices(place, nights=2)


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("", {}),
        ("CTA, min2", {"closed_to_arrival": True, "min_arrival": 2}),
        ("x ctd thru3 stay7 max5 adv1 far90 q0", {
            "closed": True, "closed_to_departure": True, "min_through": 3, "max_stay": 7, "max_arrival": 5,
            "min_advance": 1, "max_advance": 90, "quota": 0,
        }),
    ],
)  # fmt: skip
def test_restrictions_are_typed_in_short(typed, rule):
    assert read(typed) == rule
    assert read(written(rule)) == rule


@pytest.mark.parametrize("typed", ["zzz", "min", "x2", "min0", "min3 max2", "min1000", "2", "min-1", "q"])
def test_what_is_no_restriction_is_said(typed):
    with pytest.raises(NotUnderstood):
        read(typed)


FLEX = {
    "name": "Two nights", "free_days": 2, "free_until_minute": 1080, "late_kind": "nights", "late_value": 2,
    "no_show_kind": "all", "no_show_value": 0,
}  # fmt: skip


def test_terms_are_made_changed_and_taken_away_while_no_plan_has_them(place):
    made = terms.set_policy(asset_id=place.id, actor=ACTOR, **FLEX)
    terms.set_policy(asset_id=place.id, actor=ACTOR, policy_id=made.id, **FLEX | {"late_kind": "all"})
    assert (made.late_kind, made.late_value) == ("all", 0)
    rates.amend_plan(asset_id=place.id, plan_id=bar(place).id, actor=ACTOR, policy_id=made.id)
    with pytest.raises(StillInUse, match="BAR have these terms"):
        terms.remove_policy(asset_id=place.id, policy_id=made.id, actor=ACTOR)
    rates.amend_plan(asset_id=place.id, plan_id=bar(place).id, actor=ACTOR, policy_id=None)
    terms.remove_policy(asset_id=place.id, policy_id=made.id, actor=ACTOR)
    with pytest.raises(CodeTaken):
        terms.set_policy(asset_id=place.id, actor=ACTOR, **FLEX | {"name": "FLEX"})
    with pytest.raises(NotUnderstood, match="Say how much it costs"):
        terms.set_policy(asset_id=place.id, actor=ACTOR, **FLEX | {"late_value": 0})


def test_a_tax_in_force_ends_today_and_one_to_come_is_gone(place):
    vat = {"name": "VAT", "kind": "percent", "rate_ppm": 70_000, "inclusive": True, "applies_to": "room"}
    now = terms.set_tax(asset_id=place.id, actor=ACTOR, **vat, from_on=date(2026, 1, 1), until_on=None)
    later = terms.set_tax(asset_id=place.id, actor=ACTOR, **vat, from_on=date(2026, 7, 1), until_on=None)
    for each in (now, later):
        terms.remove_tax(asset_id=place.id, tax_id=each.id, actor=ACTOR)
    assert now.until_on == hotel.TODAY
    assert db.session.query(type(now)).count() == 1
    for wrong in ({"rate_ppm": None}, {"kind": "per_night"}, {"until_on": date(2026, 1, 1)}):
        with pytest.raises((NotUnderstood, DatesWrong)):
            terms.set_tax(asset_id=place.id, actor=ACTOR, **{**vat, "from_on": MONDAY, "until_on": None, **wrong})


def test_a_promotion_is_ended_and_given_again(place):
    spring = {
        "name": "Spring", "code": None, "kind": "percent", "value": 100_000, "min_nights": 1,
        "stay_from": MONDAY, "stay_until": SUNDAY, "book_from": hotel.TODAY, "book_until": SUNDAY,
    }  # fmt: skip
    made = terms.set_promotion(asset_id=place.id, actor=ACTOR, **spring)
    found = [quote(place, room_type_at(place.id, "DBL"), bar(place), MONDAY, FRIDAY, adults=1).room_total]
    for step in (terms.end_promotion, terms.renew_promotion):
        step(asset_id=place.id, promotion_id=made.id, actor=ACTOR)
        found.append(quote(place, room_type_at(place.id, "DBL"), bar(place), MONDAY, FRIDAY, adults=1).room_total)
    assert found == [36_000, 40_000, 36_000]
    with pytest.raises(DatesWrong):
        terms.set_promotion(asset_id=place.id, actor=ACTOR, **spring | {"name": "X", "stay_until": MONDAY})
    assert db.session.query(RateChange).count() == 0
