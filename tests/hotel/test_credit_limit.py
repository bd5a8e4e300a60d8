"""What a company may owe: as much as was agreed with it is left owing by any clerk, more only by who may."""

import pytest

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.shared.ledger import chart
from portal.trades.hotel.errors import LeaveNeeded, ReasonMissing
from portal.trades.hotel.models import CompanyTerms
from portal.trades.hotel.services import folio_closing, folio_moves, folios
from tests.factories import folios as made
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.factories.bills import booked
from tests.payments.test_bills_races import tried
from tests.payments.test_races import at_once


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


@pytest.fixture
def place(session):
    return hotel.ber()


def owing(place, company, amount):
    """A window of the company's with so much on it."""
    stay = made.check_in(hotel.stay(place))
    window = folios.open_window(stay_id=stay.id, name="Kranich", payer_id=company, actor=ACTOR)
    line = made.charge(stay, amount)
    folio_moves.transfer(asset_id=place.id, line_id=line.id, to=window.id, actor=ACTOR)
    return window


@pytest.fixture
def company(place):
    return with_limit(place)


def with_limit(place):
    """A company that may owe 500."""
    payer = made.company(made.check_in(hotel.stay(place))).payer_id
    db.session.add(CompanyTerms(customer_id=payer, business_id=place.business_id, credit_limit=50_000))
    db.session.commit()
    return payer


def close(window, **said):
    return folio_closing.close(folio_id=window.id, actor=ACTOR, **said)


def test_a_clerk_leaves_owing_what_was_agreed_and_no_more(place, company):
    first, second = owing(place, company, 30_000), owing(place, company, 20_001)
    with pytest.raises(ReasonMissing):
        close(first)
    close(first, reason="On account")
    with pytest.raises(LeaveNeeded, match=r"may owe 500\.00 EUR and owes 300\.00 EUR already: 200\.01 EUR more"):
        close(second, reason="On account")
    with pytest.raises(ReasonMissing):
        close(second, allowed=True)
    close(second, allowed=True, reason="They pay on Friday")
    assert booked(place, chart.owed_by(company)) in (50_001, -50_001)


def test_two_clerks_at_once_do_not_pass_the_limit_together(app, committed):
    place = hotel.ber()
    company = with_limit(place)
    windows = [owing(place, company, 30_000).id for _n in range(2)]
    committed.commit()

    def closing(folio_id):
        return tried(lambda: folio_closing.close(folio_id=folio_id, reason="On account", actor=ACTOR).status)

    said = at_once(app, *(closing(each) for each in windows))
    assert sorted(said) == sorted(["closed", LeaveNeeded.code])
    assert abs(booked(place, chart.owed_by(company))) == 30_000
