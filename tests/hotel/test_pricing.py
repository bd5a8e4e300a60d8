"""Prices as arithmetic: derived plans, promotions, taxes in and on the price, what a cancellation costs."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.trades.hotel import pricing

TENTH = date(2026, 3, 10)
FLEX = {
    "name": "FLEX", "free_days": 2, "free_until_minute": 18 * 60, "late_kind": "nights", "late_value": 1,
    "no_show_kind": "all", "no_show_value": 0,
}  # fmt: skip
amounts = st.integers(0, 10**9)


def tax(kind="percent", *, rate=None, amount=None, inclusive=True, start=date(2026, 1, 1), end=None, children=False):
    return SimpleNamespace(
        name="A tax", kind=kind, rate_ppm=rate, amount=amount, inclusive=inclusive, from_on=start, until_on=end,
        children_pay=children,
    )  # fmt: skip


def taxes(agreed, *due, adults=2, children=0):
    return [each["amount"] for each in pricing.taxed(agreed, due, TENTH, adults=adults, children=children)]


def follows(value, kind="percent", rounding=1):
    return SimpleNamespace(derive_kind=kind, derive_value=value, rounding=rounding)


def test_a_plan_follows_its_parent_by_a_share_or_a_sum_and_is_rounded_to_its_step():
    assert pricing.derived(10_000, [follows(-100_000), None]) == 9_000
    assert pricing.derived(10_000, [follows(1_500, "amount"), None]) == 11_500
    assert pricing.derived(10_049, [follows(0, rounding=100), None]) == 10_000
    assert pricing.derived(10_050, [follows(0, rounding=100), None]) == 10_100
    assert pricing.derived(1_000, [follows(-5_000, "amount"), None]) == 0
    # from the root on: first the parent's ten percent, then five euros more
    assert pricing.derived(10_000, [follows(500, "amount"), follows(-100_000), None]) == 9_500


@given(amounts, st.integers(-1_000_000, 1_000_000), st.sampled_from([1, 5, 50, 100, 1_000]))
def test_a_derived_price_is_a_whole_step_near_the_exact_one(price, share, step):
    got = pricing.followed(price, follows(share, rounding=step))
    assert got >= 0
    assert got % step == 0
    assert abs(got - price * (1_000_000 + share) / 1_000_000) <= step / 2 + 1


def test_seven_percent_in_107_is_7():
    assert taxes(10_700, tax(rate=70_000)) == [700]
    assert taxes(10_700, tax(rate=70_000, inclusive=False)) == [749]


def test_a_city_tax_is_by_the_night_or_by_the_person_and_children_pay_where_it_says_so():
    assert taxes(10_000, tax("per_night", amount=250)) == [250]
    assert taxes(10_000, tax("per_person", amount=250), adults=2, children=1) == [500]
    assert taxes(10_000, tax("per_person", amount=250, children=True), adults=2, children=1) == [750]
    # in the price, the city's part is none of what the other is counted from
    assert taxes(10_950, tax("per_night", amount=250), tax(rate=70_000)) == [250, 700]


def test_a_tax_is_due_from_its_first_day_until_the_day_before_its_last():
    assert taxes(10_700, tax(rate=70_000, start=TENTH)) == [700]
    assert taxes(10_700, tax(rate=70_000, end=TENTH)) == []
    assert taxes(10_700, tax(rate=70_000, start=date(2026, 3, 11))) == []


@given(amounts, st.lists(st.integers(0, 400_000), max_size=4))
def test_taxes_in_a_price_never_come_to_more_than_it(agreed, rates):
    inside = taxes(agreed, *[tax(rate=rate) for rate in rates])
    assert 0 <= sum(inside) <= agreed


def promotion(value, kind="percent", start=TENTH, end=date(2026, 3, 12)):
    return SimpleNamespace(kind=kind, value=value, stay_from=start, stay_until=end)


def test_the_promotion_that_takes_most_off_is_the_one():
    prices = {date(2026, 3, day): 10_000 for day in (9, 10, 11, 12)}
    tenth, fifteen_euros, one_dear_night = (
        promotion(100_000),
        promotion(1_500, "amount"),
        promotion(250_000, end=date(2026, 3, 11)),
    )
    assert pricing.best(prices, [tenth, fifteen_euros, one_dear_night]) is fifteen_euros
    assert [pricing.taken_off(10_000, night, fifteen_euros) for night in prices] == [0, 1_500, 1_500, 0]
    assert pricing.taken_off(1_000, TENTH, fifteen_euros) == 1_000
    assert pricing.best({date(2026, 4, 1): 10_000}, [tenth]) is None


def test_what_a_price_contains_never_comes_to_more_than_it():
    package = [
        {"code": "BB", "words": "Breakfast", "amount": 1_500, "per": "person"},
        {"code": "P", "words": "Parking", "amount": 1_000, "per": "night"},
        {"code": "S", "words": "Spa", "amount": 9_000, "per": "stay"},
    ]

    def said(price, first):
        return [each["amount"] for each in pricing.contained(price, package, people=2, first=first)]

    assert said(20_000, True) == [3_000, 1_000, 9_000]
    assert said(20_000, False) == [3_000, 1_000]
    assert said(3_500, True) == [3_000, 500]


@pytest.mark.parametrize(
    ("at", "fee"),
    [
        (datetime(2026, 3, 8, 16, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 8, 17, 0, tzinfo=UTC), 0),
        (datetime(2026, 3, 8, 17, 1, tzinfo=UTC), 9_000),
        (datetime(2026, 3, 10, 20, 0, tzinfo=UTC), 9_000),
    ],
)
def test_free_until_six_two_days_before_and_then_the_first_night_as_it_was_discounted(at, fee):
    """Scenario 20."""
    nights = [9_000, 10_000, 10_000]
    assert pricing.cancellation_fee(FLEX, nights, arrival=TENTH, at=at, timezone="Europe/Berlin") == fee


def test_a_no_show_pays_by_its_own_terms():
    """Scenario 20: 10-15 March with the first two nights is 200.00."""
    nights = [10_000] * 5
    terms = FLEX | {"no_show_kind": "nights", "no_show_value": 2}
    assert pricing.no_show_fee(terms, nights) == 20_000
    assert pricing.no_show_fee(FLEX, nights) == 50_000
    assert pricing.no_show_fee(terms | {"no_show_kind": "percent", "no_show_value": 500_000}, nights) == 25_000
    assert pricing.no_show_fee(terms | {"no_show_kind": "amount", "no_show_value": 99_000}, nights) == 50_000
    assert pricing.no_show_fee(terms | {"no_show_kind": "none"}, nights) == 0
    assert pricing.no_show_fee(None, nights) == 0


def test_terms_that_are_never_free_and_terms_that_always_are():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    never = FLEX | {"free_days": pricing.NEVER_FREE, "late_kind": "all"}
    assert pricing.cancellation_fee(never, [5_000, 5_000], arrival=TENTH, at=at, timezone="Europe/Berlin") == 10_000
    assert pricing.free_until(FLEX | {"late_kind": "none"}, TENTH, "Europe/Berlin") is None
    assert pricing.cancellation_fee(None, [5_000], arrival=TENTH, at=at, timezone="Europe/Berlin") == 0


@given(
    st.lists(amounts, max_size=6),
    st.sampled_from(["none", "nights", "percent", "amount", "all"]),
    st.integers(0, 10**6),
)
def test_a_fee_is_never_more_than_the_stay(nights, kind, value):
    terms = FLEX | {"no_show_kind": kind, "no_show_value": value}
    assert 0 <= pricing.no_show_fee(terms, nights) <= sum(nights)
