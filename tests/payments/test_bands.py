"""What a provider takes, to the last kobo, and what to ask for so that a wanted sum is left."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.core.clock import clock_set_to, utcnow
from portal.shared.audit.queries import trail
from portal.shared.payments.band_queries import all_bands
from portal.shared.payments.errors import BandNotSensible, BandsOverlap, ChargeEatsAll
from portal.shared.payments.services import bands
from portal.shared.payments.tariffs import Tariff, charge_on, gross_up, steps
from tests.factories.assets import ACTOR

NIGERIA = [
    Tariff(lower=0, upper=250_000, basis_points=150, cap=200_000),
    Tariff(lower=250_000, fixed=10_000, basis_points=150, cap=200_000),
]


def tariffs(most_edges=5):
    """Price lists with any number of bands, with gaps between them or none."""
    edge = some.integers(0, 3_000)
    prices = some.tuples(some.integers(0, 400), some.integers(0, 9_999), some.none() | some.integers(1, 900))

    def listed(edges, given_prices, open_end, skips):
        edges = sorted(edges)
        ends = [*edges[1:], None if open_end else edges[-1] + 50]
        return [
            Tariff(lower=lower, upper=upper, fixed=fixed, basis_points=points, cap=cap)
            for lower, upper, (fixed, points, cap), skip in zip(edges, ends, given_prices, skips, strict=False)
            if not skip
        ]

    return some.builds(
        listed,
        some.sets(edge, min_size=1, max_size=most_edges),
        some.lists(prices, min_size=most_edges, max_size=most_edges),
        some.booleans(),
        some.lists(some.booleans(), min_size=most_edges, max_size=most_edges),
    )


@given(tariffs(), some.integers(0, 3_500))
@settings(max_examples=300, deadline=None)
def test_the_gross_is_the_smallest_that_leaves_enough(found, net):
    gross = gross_up(found, net)
    if gross is None:
        assert all(amount - charge_on(found, amount) < net for amount in range(net, net + 5_000))
        return
    assert gross - charge_on(found, gross) >= net
    if gross - net < 20_000:
        assert all(amount - charge_on(found, amount) < net for amount in range(net, gross))


@given(some.integers(0, 50_000_000))
@settings(max_examples=200, deadline=None)
def test_the_gross_is_exact_over_the_edges_of_the_real_price_list(net):
    gross = gross_up(NIGERIA, net)
    assert gross - charge_on(NIGERIA, gross) >= net
    assert (gross - 1) - charge_on(NIGERIA, gross - 1) < net or gross == net


def test_every_amount_lies_on_exactly_one_step():
    found = steps([*NIGERIA, Tariff(lower=100_000, upper=300_000, fixed=1, special=True)])
    assert [(each.lower, each.upper) for each in found] == [
        (0, 100_000), (100_000, 250_000), (250_000, 300_000), (300_000, None),
    ]  # fmt: skip
    assert [each.tariff.special for each in found] == [False, True, True, False]


@pytest.mark.parametrize(
    ("amount", "charge"),
    [(0, 0), (100, 2), (249_999, 3_750), (250_000, 13_750), (12_666_666, 200_000), (12_666_667, 200_000),
     (99_999_999, 200_000)],
)  # fmt: skip
def test_paystack_takes_what_its_page_says(session, amount, charge):
    bands.load_known()
    assert bands.charge("paystack", "collection", amount, "NGN") == charge
    assert bands.charge("sandbox", "collection", amount, "NGN", "card") == charge


@pytest.mark.parametrize(
    ("amount", "charge"),
    [(1, 1_000), (500_000, 1_000), (500_001, 2_500), (5_000_000, 2_500), (5_000_001, 5_000)],
)
def test_a_payout_costs_what_is_commonly_told_until_it_is_checked(session, amount, charge):
    bands.load_known()
    assert bands.charge("paystack", "payout", amount, "NGN") == charge
    assert "to be checked" in next(each.source for each in all_bands() if each.direction == "payout")


def test_what_nobody_set_costs_nothing(session):
    bands.load_known()
    assert bands.charge("mpesa", "collection", 100_000, "KES") == 0
    assert bands.surcharge_for("mpesa", 100_000, "KES") == 0


def test_published_charges_are_loaded_once_and_never_over_somebodys_own(session):
    mine = _set(provider="paystack", direction="collection", fixed=7, basis_points=0)
    assert bands.load_known() == 3
    assert bands.load_known() == 0
    assert bands.charge("paystack", "collection", 1_000_000, "NGN") == 7
    assert trail(subject="charge_band", subject_id=mine.id)[0].action == "charge_band.set"


def test_a_payer_who_bears_the_charge_pays_so_much_that_the_price_arrives(session):
    bands.load_known()
    on_top = bands.surcharge_for("paystack", 1_000_000, "NGN")
    gross = 1_000_000 + on_top
    assert gross - bands.charge("paystack", "collection", gross, "NGN") >= 1_000_000
    assert gross - 1 - bands.charge("paystack", "collection", gross - 1, "NGN") < 1_000_000


def test_a_charge_that_takes_everything_is_said_so(session):
    _set(basis_points=10_000)
    with pytest.raises(ChargeEatsAll):
        bands.gross_up(100, "paystack", "NGN")


def test_a_new_charge_ends_the_old_one_and_the_past_keeps_its_own(session):
    now = utcnow()
    _set(fixed=100)
    with clock_set_to(now + timedelta(days=10)):
        _set(fixed=150, starts_at=now + timedelta(days=12))
    days = [now + timedelta(days=day) for day in (1, 11, 12, 13)]
    assert [bands.charge("paystack", "collection", 5, "NGN", at=day) for day in days] == [100, 100, 150, 150]


def test_a_charge_for_one_way_of_paying_goes_before_the_one_for_all(session):
    _set(fixed=100)
    _set(fixed=40, channel="mobile_money")
    assert bands.charge("paystack", "collection", 5, "NGN", "mobile_money") == 40
    assert bands.charge("paystack", "collection", 5, "NGN", "card") == 100


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starts_at": timedelta(days=-2)}, "starts_on"),
        ({"lower": 500, "upper": 500}, "upper"),
        ({"fixed": 100, "cap": 99}, "cap"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field(session, change, field):
    with pytest.raises(BandNotSensible) as refused:
        _set(**change)
    assert refused.value.field == field


def test_two_charges_never_hold_for_one_amount(session):
    _set(lower=0, upper=1_000)
    _set(lower=1_000, upper=None)
    with pytest.raises(BandsOverlap):
        _set(lower=999, upper=1_000)


def test_the_database_refuses_an_overlap_whoever_asks(session):
    _set(lower=0, upper=1_000)
    with pytest.raises(IntegrityError, match="ex_charge_band_no_overlap"), session.begin_nested():
        session.execute(
            text(
                "insert into charge_band (id, provider, direction, currency, amounts, valid, source, set_by)"
                " values (gen_random_uuid(), 'paystack', 'collection', 'NGN', '[999,)', '[2030-01-01,)', 'x', 'x')"
            )
        )


def test_an_ended_charge_ends_then_and_one_that_never_began_never_was(session):
    now = utcnow()
    band = _set(fixed=100)
    bands.end_band(band_id=band.id, ends_at=now + timedelta(days=3), actor=ACTOR)
    assert bands.charge("paystack", "collection", 5, "NGN", at=now + timedelta(days=2)) == 100
    assert bands.charge("paystack", "collection", 5, "NGN", at=now + timedelta(days=4)) == 0
    with pytest.raises(BandNotSensible):
        bands.end_band(band_id=band.id, ends_at=now + timedelta(days=5), actor=ACTOR)
    later = _set(fixed=200, lower=0, upper=10, starts_at=now + timedelta(days=9))
    bands.end_band(band_id=later.id, ends_at=now + timedelta(days=9), actor=ACTOR)
    assert [each.fixed for each in all_bands()] == [100]


def _set(**changes):
    """A charge on every amount from now on, unless said otherwise; a span of time counts from now."""
    starts = changes.pop("starts_at", None)
    if not hasattr(starts, "year"):
        starts = utcnow() + (starts or timedelta())
    fields = {
        "provider": "paystack", "direction": "collection", "currency": "NGN", "lower": 0, "upper": None, "fixed": 0,
        "basis_points": 0, "cap": None, "source": "a letter", "actor": ACTOR, **changes,
    }  # fmt: skip
    return bands.set_band(starts_at=starts, **fields)
