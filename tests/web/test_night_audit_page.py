"""The night audit as the desk sees it: what is to be put right, the button, how far it is, and past days."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.core.clock import local_date
from portal.shared.identity.models import Role
from portal.trades.hotel.services import night_audit
from tests.factories import folios as made
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.web.test_fleet_drivers import browser

TODAY = local_date("Europe/Berlin", datetime.now(UTC))
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.fixture
def place(session):
    return hotel.ber(today=YESTERDAY)


@pytest.fixture
def desk(app, wired, place):
    """A receptionist's browser on the morning after."""
    return browser(app, place, Role.FRONT_DESK)


def page(place, path=""):
    return f"/frontdesk/{place.asset_number}/night-audit{path}"


def test_the_checklist_stands_before_the_button_and_the_day_is_closed_by_the_clockwork(desk, place):
    made.check_in(hotel.stay(place, YESTERDAY, TOMORROW))
    seen = desk.get(page(place)).text
    assert "Nights to be charged" in seen
    assert "0.00" in seen
    assert "No day has been closed yet" in seen
    assert desk.post(page(place, "/close"), data={"day": str(YESTERDAY)}).status_code == 303
    assert "0 of 1 nights are charged" in desk.get(page(place)).text
    assert night_audit.close_asked() == 1
    seen = desk.get(page(place)).text
    assert str(YESTERDAY) in seen
    assert "The business date is" in seen
    closed = desk.get(page(place, f"/days/{YESTERDAY}")).text
    assert "Rooms" in closed
    assert "0.00" in closed
    sheet = desk.get(page(place, "/days.csv")).text
    assert str(YESTERDAY) in sheet
    assert "0.00" in sheet
    assert desk.get(page(place, f"/days/{TODAY}")).status_code == 404


def test_what_keeps_the_day_open_is_said_in_place_of_the_button(desk, place):
    made.check_in(hotel.stay(place, YESTERDAY - timedelta(days=1), YESTERDAY))
    seen = desk.get(page(place)).text
    assert "Guests who should have left" in seen
    assert "night-audit/close" not in seen
    refused = desk.post(page(place, "/close"), data={"day": str(YESTERDAY)})
    assert refused.status_code == 409
    assert "put right" in refused.text
    assert desk.post(page(place, "/close"), data={"day": "soon"}).status_code == 422


def test_a_day_that_is_not_over_says_from_when(desk, place):
    made.check_in(hotel.stay(place, YESTERDAY, TOMORROW))
    night_audit.close_day(asset_id=place.id, day=YESTERDAY, actor=ACTOR)
    seen = desk.get(page(place)).text
    assert "is not over: it can be closed from" in seen
    assert "night-audit/close" not in seen


def test_a_housekeeper_does_not_close_days(app, wired, place):
    assert browser(app, place, Role.HOUSEKEEPER).get(page(place)).status_code == 403
