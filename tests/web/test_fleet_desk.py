"""The fleet desk: who may open it, and which of its sections they see."""

import pytest

from tests.factories.assets import place, vehicle
from tests.factories.identity import member, sign_in


@pytest.fixture
def fleet(committed):
    return place("fleet", name="Swift Cars")


@pytest.fixture
def as_role(client, fleet):
    """Sign somebody in with a role at the fleet."""

    def signed_in(role: str):
        sign_in(client, member(fleet, role))
        return client

    return signed_in


def test_an_empty_fleet_says_what_to_do(as_role, fleet):
    page = as_role("dispatcher").get(f"/fleet/{fleet.asset_number}/")
    assert page.status_code == 200
    assert "No vehicles yet" in page.text


def test_every_vehicle_is_in_the_list(as_role, fleet):
    vehicle(fleet, number="KD01")
    assert "KD01" in as_role("viewer").get(f"/fleet/{fleet.asset_number}/").text


def test_a_driver_does_not_see_where_everybody_is(as_role, fleet):
    assert as_role("driver").get(f"/fleet/{fleet.asset_number}/").status_code == 403


def test_another_fleet_is_not_there(as_role):
    other = place("fleet", name="Other Cars")
    assert as_role("owner").get(f"/fleet/{other.asset_number}/").status_code == 404
