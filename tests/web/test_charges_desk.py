"""The page of charges: what holds, what an amount would cost, and a change from a day on by whoever runs the portal."""

from datetime import timedelta

import pytest

from portal.core.clock import local_date
from portal.shared.identity.models import Role
from portal.shared.payments.band_queries import all_bands
from portal.shared.payments.services import bands
from tests.factories import assets, identity


@pytest.fixture
def place(session):
    bands.load_known()
    return assets.place()


@pytest.fixture
def operator(client, place):
    """Whoever runs the portal."""
    identity.sign_in(client, identity.person(platform_admin=True))
    return client


def base(place):
    return f"/payments/{place.asset_number}/charges"


def filled(place, **changes):
    return {
        "once": "one", "provider": "mpesa", "direction": "collection", "channel": "", "lower": "0", "upper": "1000",
        "fixed": "", "basis_points": "0.55", "cap": "200", "starts_on": local_date(place.timezone).isoformat(),
        "source": "Letter of May", **changes,
    }  # fmt: skip


def test_the_published_charges_are_listed_with_where_they_were_read(operator, place):
    shown = operator.get(base(place)).text
    assert "1.5% + ₦100.00, at most ₦2,000.00" in shown
    assert "₦5,000.01 – ₦50,000.00" in shown
    assert "to be checked" in shown


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("direction=collection&amount=2500", ("₦137.50", "₦2,362.50", "₦2,639.59")),
        ("direction=payout&amount=2500", ("₦10.00", "₦2,510.00")),
    ],
)
def test_what_an_amount_would_cost_is_worked_out(operator, place, asked, said):
    shown = operator.get(f"{base(place)}?provider=paystack&channel=&{asked}").text
    assert all(each in shown for each in said)


@pytest.mark.parametrize("amount", ["", "x", "1.234", "99999999999999999"])
def test_an_amount_that_is_none_is_said_so(operator, place, amount):
    asked = operator.get(f"{base(place)}?provider=paystack&direction=payout&channel=&amount={amount}")
    assert asked.status_code == 422


def test_a_new_charge_holds_from_its_day_and_is_set_once(operator, place):
    for _turn in range(2):
        assert operator.post(f"{base(place)}/new", data=filled(place)).status_code == 303
    (band,) = [each for each in all_bands() if each.provider == "mpesa"]
    assert (band.basis_points, band.cap, band.amounts.upper) == (55, 20_000, 100_001)
    assert "0.55%, at most ₦200.00" in operator.get(base(place)).text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"starts_on": "2020-01-01"}, "A charge begins today or later"),
        ({"upper": "0", "lower": "5"}, "must be"),
        ({"basis_points": "101"}, "at most 100"),
        ({"provider": "paystack", "upper": ""}, "Another charge holds for some of these amounts then."),
        ({"source": ""}, "Enter the where this was read"),
    ],
)
def test_a_charge_that_cannot_be_meant_is_refused(operator, place, change, sentence):
    refused = operator.post(f"{base(place)}/new", data=filled(place, **change))
    assert (refused.status_code, sentence in refused.text) == (422, True), refused.text


def test_a_charge_ends_on_a_day_and_is_still_there_to_be_read(operator, place):
    band = next(each for each in all_bands() if each.direction == "payout")
    day = local_date(place.timezone)
    assert operator.post(f"{base(place)}/{band.id}/end", data={"ends_on": day.isoformat()}).status_code == 303
    assert "Show 1 charge that ended" in operator.get(base(place)).text
    assert "ended Today" in operator.get(f"{base(place)}?past=1").text
    later = (day + timedelta(days=9)).isoformat()
    assert operator.post(f"{base(place)}/{band.id}/end", data={"ends_on": later}).status_code == 422


def test_one_business_does_not_change_what_holds_for_all(app, wired, place):
    owner = app.test_client()
    identity.sign_in(owner, identity.member(place, Role.OWNER))
    shown = owner.get(base(place)).text
    assert "New charge" not in shown
    assert owner.get(f"{base(place)}/new").status_code == 403
    assert owner.post(f"{base(place)}/new", data=filled(place)).status_code == 403
    assert owner.post(f"{base(place)}/{all_bands()[0].id}/end", data={"ends_on": "2030-01-01"}).status_code == 403
    assert len(all_bands()) == 5
