"""Money adds up, to the last minor unit, in one currency."""

from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision, list_currencies
from hypothesis import given
from hypothesis import strategies as st

from portal.core.money import (
    DECIMALS,
    CurrencyMismatch,
    Money,
    NotThatPrecise,
    UnknownCurrency,
    price_of,
    round_minor,
    split,
    tax_on,
    tax_within,
    whole_periods,
)

currencies = st.sampled_from(sorted(DECIMALS))
minors = st.integers(-(10**14), 10**14)
rates = st.integers(0, 1_000_000)


@given(minors, currencies)
def test_an_amount_written_and_read_is_the_same_amount(minor, currency):
    money = Money(minor, currency)
    assert Money.from_major(money.to_major_str(), currency) == money
    assert Money.from_major(Decimal(money.to_major_str()), currency) == money


def test_amounts_are_written_with_every_decimal_of_their_currency():
    assert Money(1_000_000, "NGN").to_major_str() == "10000.00"
    assert Money(-5, "KES").to_major_str() == "-0.05"
    assert Money(1500, "UGX").to_major_str() == "1500"
    assert Money(1500, "KWD").to_major_str() == "1.500"
    assert str(Money(999_999_999_999, "KES")) == "9,999,999,999.99 KES"


@pytest.mark.parametrize(
    "amount",
    [
        "12.345",
        Decimal("0.001"),
        "1e2",
        "1_000",
        "١٢",
        "NaN",
        Decimal("NaN"),
        "",
        " 1",
        "1.",
        True,
        Decimal("1e999999999"),
    ],
)
def test_an_amount_the_currency_cannot_express_is_refused_not_rounded(amount):
    with pytest.raises(NotThatPrecise):
        Money.from_major(amount, "KES")


def test_only_money_in_use_is_a_currency():
    for code in ("XXX", "XTS", "XAU", "kes", "KE", "", "DEM"):
        with pytest.raises(UnknownCurrency):
            Money(1, code)
    assert set(DECIMALS) <= set(list_currencies())
    for code in ("NGN", "KES", "GHS", "ZAR", "UGX", "RWF", "XOF", "USD", "EUR", "KWD"):
        assert DECIMALS[code] == get_currency_precision(code)


def test_two_currencies_never_meet_in_one_sum():
    for meet in (
        lambda: Money(1, "KES") + Money(1, "NGN"),
        lambda: Money(1, "KES") - Money(1, "NGN"),
        lambda: Money(1, "KES") < Money(1, "NGN"),
        lambda: Money(1, "KES") >= Money(1, "NGN"),
    ):
        with pytest.raises(CurrencyMismatch):
            meet()
    assert Money(5, "KES") - Money(7, "KES") == -Money(2, "KES")
    assert Money(5, "KES") != Money(5, "NGN")
    assert not Money(0, "KES")


def test_minor_units_are_whole_numbers():
    for wrong in (1.0, Decimal(1), True, "1"):
        with pytest.raises(TypeError):
            Money(wrong, "KES")


def test_a_half_rounds_away_from_zero():
    halves = {"0.5": 1, "1.5": 2, "2.5": 3, "-0.5": -1, "-2.5": -3, "2.4999999999999999999": 2, "-2.49": -2}
    assert {text: round_minor(Decimal(text)) for text in halves} == halves


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_rounding_mirrors_and_never_moves_more_than_a_half(value):
    assert round_minor(-value) == -round_minor(value)
    assert abs(round_minor(value) - value) <= Decimal("0.5")


@given(minors, st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_a_split_total_loses_nothing_and_is_fair(total, weights):
    shares = split(total, weights)
    assert sum(shares) == total
    assert shares == split(total, weights)
    assert [-share for share in shares] == split(-total, weights)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < sum(weights)


def test_the_odd_cents_go_to_the_largest_remainders_and_then_to_the_first():
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [5, 3, 3]) == [4, 3, 3]
    assert split(7, [0, 1]) == [0, 7]
    for weights in ([], [0, 0], [1, -1]):
        with pytest.raises(ValueError, match="weights"):
            split(1, weights)


@given(st.integers(0, 10**12), rates)
def test_tax_added_is_found_again_inside(net, rate):
    gross = net + tax_on(net, rate)
    assert abs(tax_within(gross, rate) - tax_on(net, rate)) <= 1
    assert 0 <= tax_within(gross, rate) <= gross


def test_tax_and_prices_of_a_receipt():
    assert tax_on(10_000, 75_000) == 750
    assert tax_within(11_600, 160_000) == 1_600
    assert tax_on(-10_000, 75_000) == -750
    assert tax_on(1, 500_000) == 1
    assert price_of(12_500, 19_999) == 249_988


@given(st.integers(0, 10**12), st.integers(1, 10**9))
def test_only_whole_periods_are_bought_and_the_rest_is_credit(amount, price):
    periods, credit = whole_periods(amount, price)
    assert periods * price + credit == amount
    assert 0 <= credit < price


def test_one_paid_for_a_room_of_ten_thousand_buys_no_day():
    assert whole_periods(100, 1_000_000) == (0, 100)
    for amount, price in ((1, 0), (-1, 5), (1, -5)):
        with pytest.raises(ValueError, match="periods"):
            whole_periods(amount, price)
