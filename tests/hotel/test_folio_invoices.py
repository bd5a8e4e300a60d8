"""Invoices of folios: consecutive, frozen, taken back whole, and the same paper for ever."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core.clock import clock_set_to
from portal.core.db import db
from portal.shared.identity.models import Mail
from portal.shared.invoicing.errors import AlreadyCredited, AlreadyInvoiced, NothingToInvoice
from portal.shared.invoicing.models import Invoice
from portal.shared.invoicing.services import invoices
from portal.shared.invoicing.sheet import drawn
from portal.trades.hotel.services import folio_closing, folio_invoices, folio_money, folio_moves
from tests.factories import folios as made
from tests.factories import hotel
from tests.factories.assets import ACTOR
from tests.payments.test_races import at_once

NINTH, TENTH, TWELFTH = date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 12)


@pytest.fixture(autouse=True)
def _today():
    with clock_set_to(hotel.NOON):
        yield


@pytest.fixture
def place(session):
    return hotel.ber()


@pytest.fixture
def stay(place):
    return made.check_in(hotel.stay(place, NINTH, TWELFTH))


def issue(folio):
    return folio_invoices.issue(folio_id=folio.id, actor=ACTOR)


def test_an_invoice_says_what_stands_and_leaves_out_what_was_taken_back_or_moved(place, stay):
    """Scenarios 12 and 25: nights used and the fee; each payer has an invoice of their own."""
    company = made.company(stay)
    made.charge_nights(stay, NINTH, TENTH)
    gone = made.charge(stay, 900)
    folio_moves.reverse(asset_id=place.id, line_id=gone.id, reason="Not theirs", actor=ACTOR)
    split = made.charge(stay, 10_000, code="dinner")
    folio_moves.transfer(asset_id=place.id, line_id=split.id, to=company.id, amount=6_000, actor=ACTOR)
    guest = made.folio(stay)
    folio_money.take(folio_id=guest.id, way="cash", amount=20_000, actor=ACTOR)
    mine, theirs = issue(guest), issue(company)
    assert [line["amount"] for line in mine.snapshot["lines"]] == [10_000, 10_000, 4_000]
    assert (mine.number, mine.total, mine.snapshot["paid"]) == (1, 24_000, 20_000)
    assert (theirs.number, theirs.total, theirs.snapshot["customer"]["name"]) == (2, 6_000, "Kranich GmbH")
    assert mine.snapshot["supplier"]["name"] == "Hotel Spree"


def test_there_is_one_invoice_at_a_time_and_a_credit_note_takes_it_back_once(place, stay):
    made.charge(stay, 10_000)
    folio = made.folio(stay)
    first = issue(folio)
    with pytest.raises(AlreadyInvoiced, match="Invoice 000001 stands"):
        issue(folio)
    folio_money.take(folio_id=folio.id, way="cash", amount=10_000, actor=ACTOR)
    folio_closing.close(folio_id=folio.id, actor=ACTOR)
    with pytest.raises(AlreadyInvoiced):
        folio_closing.reopen(folio_id=folio.id, reason="Wrong name", actor=ACTOR)
    note = folio_invoices.credit(invoice=first, reason="Wrong name", actor=ACTOR)
    assert (note.series, note.number, note.total, note.credit_of) == ("credit_note", 1, -10_000, first.id)
    for wrong in (first, note):
        with pytest.raises(AlreadyCredited):
            folio_invoices.credit(invoice=wrong, reason="Again", actor=ACTOR)
    folio_closing.reopen(folio_id=folio.id, reason="Wrong name", actor=ACTOR)
    assert issue(folio).number == 2


def test_an_empty_folio_has_no_invoice(place, stay):
    with pytest.raises(NothingToInvoice):
        issue(made.folio(stay))


def test_an_invoice_is_never_changed_and_its_paper_is_the_same_for_ever(place, stay):
    for number in range(60):
        made.charge(stay, 100 + number, code="minibar", words=f"Minibar {number}")
    found = issue(made.folio(stay))
    assert found.pdf.startswith(b"%PDF")
    assert found.pdf.count(b"/Type /Page\n") >= 2
    assert drawn(found.snapshot) == found.pdf
    for change in ("update invoice set total = 1", "delete from invoice"):
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(text(change))


def test_an_invoice_goes_to_who_pays_with_its_paper(place, stay):
    made.charge(stay, 10_000)
    found = issue(made.folio(stay))
    invoices.send(invoice=found, to="guest@example.com", actor=ACTOR)
    letter = db.session.query(Mail).one()
    assert (letter.recipient, letter.subject) == ("guest@example.com", "Invoice 000001 of Hotel Spree")


def test_twenty_invoices_at_once_have_consecutive_numbers(app, committed):
    """Scenario 25: 20 concurrent invoices get consecutive numbers, no gap."""
    place = hotel.big(20)
    folios = []
    for _n in range(20):
        stay = made.check_in(hotel.stay(place, NINTH, TWELFTH))
        made.charge(stay, 10_000)
        folios.append(made.folio(stay))
    at_once(app, *[lambda each=each: issue(each).number for each in folios])
    committed.rollback()
    assert sorted(each.number for each in db.session.query(Invoice)) == list(range(1, 21))
