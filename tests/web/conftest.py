"""What the pages of the fleet's desk are tried with: a fleet, a vehicle of it, and somebody's browser."""

from __future__ import annotations

import pytest

from portal.shared.identity.models import Role
from tests.factories import assets, identity
from tests.factories import fleet as office


def browser(app, place, role):
    """A browser in which somebody of this role is signed in."""
    client = app.test_client()
    identity.sign_in(client, identity.member(place, role))
    return client


@pytest.fixture
def place(session):
    return office.place()


@pytest.fixture
def car(place):
    return assets.vehicle(place)


@pytest.fixture
def desk(app, wired, place):
    """A dispatcher's browser."""
    return browser(app, place, Role.DISPATCHER)


@pytest.fixture
def fleet(committed):
    """A fleet that other connections see."""
    return assets.place("fleet", name="Swift Cars", timezone="Africa/Nairobi", currency="KES")


@pytest.fixture
def as_role(client, fleet):
    """Sign somebody in with a role at the fleet."""

    def signed_in(role: str):
        identity.sign_in(client, identity.member(fleet, role))
        return client

    return signed_in
