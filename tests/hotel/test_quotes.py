"""What a stay is quoted at: restrictions, quotas, promotions, taxes and contents; and what is kept of it."""

from datetime import date, timedelta
from functools import partial

import pytest

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.shared.audit.models import AuditEntry
from portal.trades.hotel.errors import NoRate, NoSuchPromotion, ReasonMissing, Restricted
from portal.trades.hotel.models import DailyRate, HotelTax, InventoryNight, Promotion, RatePlan, Restriction
from portal.trades.hotel.queries.inventory import room_type_at
from portal.trades.hotel.queries.quotes import agree_more, availability, lowest_prices, plan_at, quote
from portal.trades.hotel.queries.stays import nights_of_stays
from portal.trades.hotel.services import cancellations, extending
from portal.trades.hotel.times import nights_between
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once

D = date(2026, 3, 9)  # a Monday


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


@pytest.fixture
def place(session):
    return hotel.ber()


def after(days):
    return D + timedelta(days=days)


def quoted(place, arrival=D, departure=None, *, type="DBL", plan="BAR", **asked):
    departure = departure or arrival + timedelta(days=4)
    return quote(
        place, room_type_at(place.id, type), plan_at(place.id, plan), arrival, departure, **{"adults": 2, **asked}
    )


def prices(found):
    return [each.agreed for each in found.nights]


def add(row):
    db.session.add(row)
    db.session.commit()
    return row


RULES = {
    "nobody arrives on D": (0, {"closed_to_arrival": True}, "Nobody arrives on 9 March."),
    "nobody leaves on D+4": (4, {"closed_to_departure": True}, "Nobody leaves on 13 March."),
    "five nights through a night": (2, {"min_through": 5}, "A stay over 11 March is at least 5 nights."),
    "two nights at most": (1, {"max_stay": 2}, "A stay over 10 March is at most 2 nights."),
    "five nights from D": (0, {"min_arrival": 5}, "Whoever arrives on 9 March stays at least 5 nights."),
    "three nights from D": (0, {"max_arrival": 3}, "Whoever arrives on 9 March stays at most 3 nights."),
    "closed on D+2": (2, {"closed": True}, "11 March is closed for sale."),
    "a quota of none": (3, {"quota": 0}, "No more is sold at this rate on 12 March."),
}


@pytest.mark.parametrize(("at", "rule", "sentence"), RULES.values(), ids=RULES)
def test_four_nights_from_d_are_refused_and_the_desk_may_override_with_a_reason(place, at, rule, sentence):
    """Scenario 8."""
    hotel.restrict(place, after(at), **rule)
    with pytest.raises(Restricted) as refused:
        hotel.book(place, D, after(4))
    assert refused.value.message == sentence
    assert [each["rule"] for each in refused.value.details["restrictions"]] == list(rule)
    assert hotel.figures(place, D)["booked"] == 0
    with pytest.raises(ReasonMissing):
        hotel.book(place, D, after(4), override=" ")
    made = hotel.book(place, D, after(4), override="The director's cousin")
    said = db.session.query(AuditEntry).filter_by(subject_id=str(made.id)).one()
    assert said.reason == "The director's cousin"
    assert [each["rule"] for each in said.after["outside"]] == list(rule)


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        (2, {"closed_to_arrival": True}),
        (2, {"closed_to_departure": True}),
        (0, {"closed_to_departure": True}),
        (1, {"min_arrival": 5}),
        (4, {"closed": True, "max_stay": 1, "min_through": 9, "quota": 0}),
        (0, {"min_arrival": 4, "max_arrival": 4, "min_through": 4, "max_stay": 4, "quota": 1}),
        (0, {"min_advance": 7, "max_advance": 7}),
    ],
    ids=str,
)
def test_whoever_stays_through_is_not_refused_by_the_rules_of_arriving_and_leaving(place, at, rule):
    """Scenario 8, the other side: a restriction of arriving on D+2 says nothing to a stay from D."""
    hotel.restrict(place, after(at), **rule)
    assert hotel.book(place, D, after(4))


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [({"min_advance": 8}, "booked at least 8 days ahead"), ({"max_advance": 6}, "booked at most 6 days ahead")],
)
def test_too_late_and_too_early_to_book(place, rule, sentence):
    hotel.restrict(place, D, **rule)
    with pytest.raises(Restricted, match=sentence):
        quoted(place)


def test_a_restriction_holds_for_its_plan_and_type_or_without_them_for_all(place):
    hotel.restrict(place, D, plan="BAR", type="DBL", closed=True)
    with pytest.raises(Restricted):
        quoted(place)
    assert quoted(place, plan="NRF")
    assert quoted(place, type="SGL", adults=1)
    hotel.restrict(place, after(1), closed=True)
    for plan, type in (("NRF", "DBL"), ("BAR", "SGL")):
        with pytest.raises(Restricted, match="10 March"):
            quoted(place, plan=plan, type=type, adults=1)


def test_a_plan_is_sold_between_its_days_only(place):
    plan = plan_at(place.id, "BAR")
    plan.sell_until = hotel.TODAY
    assert quoted(place)
    plan.sell_from, plan.sell_until = hotel.TODAY + timedelta(days=1), None
    with pytest.raises(Restricted, match="not on sale today"):
        quoted(place)


def test_a_cancelled_stay_gives_its_quota_back(place):
    """Scenario 9."""
    hotel.restrict(place, after(1), plan="BAR", type="DBL", quota=1)
    first = hotel.book(place, D, after(2))
    with pytest.raises(Restricted, match="No more is sold at this rate on 10 March"):
        hotel.book(place, D, after(2))
    assert hotel.book(place, D, after(2), plan="NRF")
    cancellations.cancel(reservation_id=first.id, actor=ACTOR)
    assert hotel.book(place, D, after(2))
    with pytest.raises(Restricted):
        hotel.book(place, D, after(2))


def test_ten_clerks_at_once_never_sell_more_than_the_quota(app, committed):
    place = hotel.big(20)
    hotel.restrict(place, D, quota=3)
    said = at_once(app, *[tried(lambda: bool(hotel.book(place, D, after(1)))) for _n in range(10)])
    assert sorted(map(str, said)) == ["True"] * 3 + ["restricted"] * 7
    assert hotel.figures(place, D)["booked"] == 3


def test_two_guests_who_stay_on_at_once_are_not_both_sold_the_last_of_a_quota(app, committed):
    """The calendar's lock holds the count, whichever way a night is sold."""
    place = hotel.big(20)
    hotel.restrict(place, after(1), quota=1)
    staying = [hotel.stay(place, D, after(1)).id for _n in range(4)]

    def longer(stay_id):
        return bool(extending.extend(asset_id=place.id, stay_id=stay_id, departure=after(2), actor=ACTOR))

    said = at_once(app, *[tried(partial(longer, each)) for each in staying])
    assert sorted(map(str, said)) == ["True"] + ["restricted"] * 3


def test_the_price_of_a_night_is_kept_and_only_added_nights_cost_todays(place):
    """Scenario 10, without the night audit: 3 x 100, BAR goes to 140, one night more is 140.00, in all 440.00."""
    booked = hotel.stay(place, D, after(3))
    rate = DailyRate.__table__
    db.session.execute(rate.update().where(rate.c.night >= D).values(price=14_000))
    more = agree_more(booked, [after(3)])
    assert prices_of(booked) == [10_000, 10_000, 10_000]
    assert [each.agreed for each in more] == [14_000]
    assert sum(prices_of(booked)) + more[0].agreed == 44_000
    hotel.restrict(place, after(3), closed=True)
    with pytest.raises(Restricted):
        agree_more(booked, [after(3)])
    assert agree_more(booked, [after(3)], override=True) == more


def test_a_stay_without_a_plan_goes_on_at_its_last_price(place):
    booked = hotel.stay(place, D, after(1), plan=None, quoted=quoted(place, D, after(1), plan="NRF"))
    assert [each.agreed for each in agree_more(booked, [after(1), after(2)])] == [9_000, 9_000]


def prices_of(stay):
    return [each.agreed for each in nights_of_stays([stay.id])[stay.id]]


def test_nights_over_a_change_of_the_clocks_are_nights_as_any_other(place):
    """Scenario 6: one night is one price, and seven nights are seven lines."""
    for arrival in (date(2026, 3, 28), date(2026, 10, 24)):  # Saturdays
        assert prices(quoted(place, arrival, arrival + timedelta(days=1))) == [13_000]
        assert len(quoted(place, arrival - timedelta(days=3), arrival + timedelta(days=4)).nights) == 7


def test_more_people_than_are_included_cost_more_and_a_derived_plan_follows_that_too(place):
    room_type = room_type_at(place.id, "DBL")
    room_type.capacity, room_type.adults = 4, 2
    db.session.execute(DailyRate.__table__.update().values(extra_adult=3_000, extra_child=1_000))
    assert prices(quoted(place, D, after(1), adults=1)) == [10_000]
    assert prices(quoted(place, D, after(1), adults=3, children=1)) == [14_000]
    assert prices(quoted(place, D, after(1), adults=3, children=1, plan="NRF")) == [12_600]


def test_a_night_without_a_price_is_named(place):
    db.session.query(DailyRate).filter_by(night=after(1)).delete()
    with pytest.raises(NoRate, match="Non-refundable has no price for Double on 10 March"):
        quoted(place, plan="NRF")


def promotion(place, name, value, *, kind="percent", **fields):
    return add(
        Promotion(
            asset_id=place.id, name=name, kind=kind, value=value, **{
                "stay_from": D, "stay_until": after(2), "book_from": hotel.TODAY, "book_until": hotel.TODAY, **fields,
            },
        )
    )  # fmt: skip


def test_the_best_promotion_is_given_by_itself_and_a_code_may_be_better(place):
    promotion(place, "Spring", 100_000)
    promotion(place, "Friends", 200_000, code="Friends")
    promotion(place, "Long stay", 500_000, min_nights=7)
    promotion(place, "Last year's", 500_000, book_until=hotel.TODAY - timedelta(days=1), book_from=date(2025, 1, 1))
    spring = quoted(place)
    assert (spring.promotion, prices(spring)) == ("Spring", [9_000, 9_000, 10_000, 10_000])
    assert [each.price for each in spring.nights] == [10_000] * 4
    friends = quoted(place, code="FRIENDS ")
    assert (friends.promotion, prices(friends)) == ("Friends", [8_000, 8_000, 10_000, 10_000])
    with pytest.raises(NoSuchPromotion, match="There is no promotion “Foes” for this stay"):
        quoted(place, code="Foes")
    booked = hotel.stay(place, D, after(1), code="friends")
    (night,) = nights_of_stays([booked.id])[booked.id]
    assert (night.price, night.discount) == (10_000, 2_000)


def test_taxes_and_contents_are_kept_with_the_night(place):
    add(HotelTax(asset_id=place.id, name="VAT 7%", kind="percent", rate_ppm=70_000, from_on=date(2026, 1, 1)))
    city = {"kind": "per_person", "amount": 200, "inclusive": False, "from_on": after(1)}
    add(HotelTax(asset_id=place.id, name="City tax", **city))
    plan = plan_at(place.id, "BAR")
    plan.package = [{"code": "BB", "words": "Breakfast", "amount": 1_500, "per": "person"}]
    db.session.commit()
    found = quoted(place, D, after(2))
    assert (found.room_total, found.total) == (20_000, 20_400)
    booked = hotel.stay(place, D, after(2), adults=2)
    first, second = nights_of_stays([booked.id])[booked.id]
    assert first.taxes == [{"name": "VAT 7%", "amount": 654, "inclusive": True, "rate_ppm": 70_000}]
    assert [tax["amount"] for tax in second.taxes] == [654, 400]
    assert second.package == [{"code": "BB", "words": "Breakfast", "amount": 3_000}]


def test_a_derived_plan_without_terms_of_its_own_has_its_parents(place):
    plan = plan_at(place.id, "NRF")
    plan.policy_id = None
    assert quoted(place, plan="NRF").policy["name"] == "FLEX"


def test_a_whole_house_is_priced_for_a_fortnight_in_a_handful_of_questions(session, count_queries):
    kinds = {f"T{n}": (f"Type {n}", 2, [f"{n}{room:02}" for room in range(1, 7)]) for n in range(1, 11)}
    place = hotel.hotel(kinds)
    bar = hotel.plan(place, "BAR", dict.fromkeys(kinds, 10_000))
    for n in range(5):
        share = {"derive_kind": "percent", "derive_value": -10_000 * n, "parent_id": bar.id}
        add(RatePlan(asset_id=place.id, code=f"P{n}", name=f"Plan {n}", place=n + 2, **share))
    hotel.restrict(place, D, plan="P4", min_arrival=30)
    hotel.restrict(place, D, plan="P3", quota=0)
    with count_queries() as sent:
        found = availability(place, D, after(14))
    assert len(sent) <= 8
    assert (len(found), {len(each.offers) for each in found}) == (10, {6})
    assert [offer.quote and offer.quote.room_total for offer in found[0].offers] == [
        140_000, 140_000, 138_600, 137_200, None, None
    ]  # fmt: skip
    assert found[0].offers[4].refusal == "No more is sold at this rate on 9 March."
    with count_queries() as sent:
        low = lowest_prices(place, [each.room_type for each in found], D, after(14))
    assert len(sent) <= 6
    assert (len(low), low[found[0].room_type.id, D]) == (140, 9_600)


def test_what_is_full_or_not_open_is_shown_with_its_night(place):
    hotel.book(place, after(1), after(2), rooms=3)
    double, single = availability(place, D, after(3))
    assert (double.free, double.sellable, double.open, double.full_on) == (0, 0, True, [after(1)])
    assert (single.free, single.full_on) == (2, [])
    assert [each.room_type.code for each in availability(place, D, after(3), adults=2)] == ["DBL"]
    db.session.query(InventoryNight).filter_by(night=D).delete()
    assert [each.open for each in availability(place, D, after(3))] == [False, False]


def test_restrictions_of_a_night_add_up(place):
    hotel.restrict(place, D, min_arrival=2)
    hotel.restrict(place, D, plan="BAR", type="DBL", min_arrival=6)
    assert db.session.query(Restriction).count() == 2
    with pytest.raises(Restricted, match="at least 6 nights"):
        quoted(place)
    with pytest.raises(Restricted, match="at least 2 nights"):
        quoted(place, D, after(1), plan="NRF")
    assert nights_between(D, after(4)) == [each.night for each in quoted(place, plan="NRF").nights]
