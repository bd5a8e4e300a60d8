"""Odd addresses and forms of the front desk: answered, or refused in a sentence; and money that is taken only once."""

from datetime import timedelta

import pytest

from portal.core.clock import local_date, utcnow
from portal.shared.identity.models import Role
from portal.trades.hotel.queries.folios import balances, windows_of
from portal.trades.hotel.services import folio_closing, folio_invoices, folio_money, folios
from tests.factories import folios as made
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.hotel.hands import check_in, check_out, undo
from tests.web.test_fleet_drivers import browser


@pytest.fixture
def today(session):
    return local_date("Europe/Berlin", utcnow())


@pytest.fixture
def place(today):
    return hotel.ber(today=today)


@pytest.fixture
def desk(app, wired, place):
    return browser(app, place, Role.MANAGER)


@pytest.fixture
def stay(place, today):
    return check_in(place, hotel.stay(place, today, today + timedelta(days=2), name="Ada"))


@pytest.mark.parametrize(
    "asked",
    [
        "/groups?asset_number=x&_scheme=y&endpoint=z",
        "/housekeeping?asset_number=x&task_id=1&step=2",
        "/housekeeping/repairs?asset_number=x",
        "/reservations?asset_number=x&_external=1",
        "/book?arrival=9999-12-31",
        "/book?arrival=0001-01-01&departure=9999-12-31",
        "/walk-in/offers?nights=1&adults=1",
        "/walk-in/offers",
        "/book/offers?arrival=9999-12-31&departure=0001-01-01",
        "/reports?report=arrivals&from=9999-12-31",
        "/reports?report=occupancy&from=9999-12-01&to=9999-12-31",
        "/reports?report=pickup&since=9999-12-31",
        "/reports.csv?report=tax&to=9999-12-31",
        "/chart?start=9999-12-31&days=²",
        "/?day=9999-12-31",
        "/night-audit?before=0001-01-01",
        "/rates?from=9999-12-31&days=²",
        *(f"/chart/free?stay=STAY&shift={said}" for said in ("--5", "²", "-", "9999")),
        *(f"/stays/STAY/dates?departure={said}" for said in ("--5", "+-1", "²", "+", "9999-12-31", "0001-01-01")),
        *(f"/stays/STAY/dates?arrival={said}" for said in ("-²", "0001-01-01")),
    ],
)
def test_an_odd_address_is_answered(desk, place, stay, asked):
    answer = desk.get(f"/frontdesk/{place.asset_number}{asked}".replace("STAY", str(stay.id)))
    assert answer.status_code == 200


def test_a_version_nobody_could_have_seen_is_none(desk, place, stay, today):
    other = check_in(place, hotel.stay(place, today, today + timedelta(days=2), name="Bo"))
    swap = {"other": str(other.id), "other_version": "²", "version": "1²"}
    assert desk.post(f"/frontdesk/{place.asset_number}/stays/{stay.id}/swap", data=swap).status_code == 303


def test_money_of_a_guest_who_is_not_here_is_not_taken_for_the_way_out(desk, place, today):
    coming = hotel.stay(place, today, today + timedelta(days=2))
    sent = {"amount": "5", "way": "cash", "once": "settling1", "version": ""}
    answer = desk.post(f"/frontdesk/{place.asset_number}/stays/{coming.id}/settle", data=sent)
    assert (answer.status_code, balances([coming.id])) == (409, {coming.id: 0})


def test_credit_is_spent_once_however_often_the_button_is_pressed(desk, place, stay):
    own = made.folio(stay)
    folio_money.take(folio_id=own.id, way="cash", amount=5_000, actor=ACTOR)
    folio_money.keep_as_credit(folio_id=own.id, amount=5_000, actor=ACTOR)
    sent = {"window": own.id, "amount": "20.00", "way": "credit", "once": "spending1"}
    for _press in range(2):
        at = f"/frontdesk/{place.asset_number}/stays/{stay.id}/folio/pay"
        assert desk.post(at, data={f"pay-{name}": value for name, value in sent.items()}).status_code == 303
    assert balances([stay.id]) == {stay.id: -2_000}


def test_a_check_out_taken_back_leaves_closed_what_was_closed_before_it(place, stay):
    company = made.company(stay)
    folio_closing.close(folio_id=company.id, actor=ACTOR)
    check_out(place, stay)
    undo(place, stay)
    assert [each.status for each in windows_of([stay.id])[stay.id]] == ["open", "closed"]


def test_a_check_out_is_not_taken_back_under_a_standing_invoice(place, stay):
    folios.post_charge(stay_id=stay.id, code="minibar", amount=500, actor=ACTOR)
    own = made.folio(stay)
    folio_money.take(folio_id=own.id, way="cash", amount=500, actor=ACTOR)
    check_out(place, stay)
    issued = folio_invoices.issue(folio_id=own.id, actor=ACTOR)
    with pytest.raises(folio_invoices.AlreadyInvoiced):
        undo(place, stay)
    folio_invoices.credit(invoice=issued, reason="They are still here", actor=ACTOR)
    undo(place, stay)
    assert windows_of([stay.id])[stay.id][0].status == "open"
