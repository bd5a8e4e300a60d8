"""The folio as the desk works with it: charged, paid, moved, shared, taken back, closed and opened again."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from portal.core.clock import local_date
from portal.shared.identity.models import Role
from portal.trades.hotel.models import Folio
from portal.trades.hotel.queries.folios import balances, windows_of
from tests.factories import folios as made
from tests.factories import hotel
from tests.web.test_fleet_drivers import browser

TODAY = local_date("Europe/Berlin", datetime.now(UTC))


@pytest.fixture
def place(session):
    return hotel.ber(today=TODAY)


@pytest.fixture
def stay(place):
    return made.check_in(hotel.stay(place, TODAY, TODAY + timedelta(days=2)))


@pytest.fixture
def desk(app, wired, place):
    return browser(app, place, Role.FRONT_DESK)


@pytest.fixture
def manager(app, wired, place):
    return browser(app, place, Role.MANAGER)


def address(place, stay, path=""):
    return f"/frontdesk/{place.asset_number}/stays/{stay.id}/folio{path}"


def send(client, place, stay, form, /, **fields):
    return client.post(address(place, stay, f"/{form}"), data={f"{form}-{key}": value for key, value in fields.items()})


def windows(session, stay):
    session.expire_all()
    return windows_of([stay.id])[stay.id]


def test_a_guest_has_something_and_pays_it_in_cash(desk, place, stay, session):
    seen = desk.get(address(place, stay)).text
    assert "Nothing on it yet" in seen
    assert send(desk, place, stay, "charge", code="minibar", amount="10.00", quantity="2").status_code == 303
    (own,) = windows(session, stay)
    seen = desk.get(address(place, stay)).text
    assert "2 × Minibar" in seen
    assert re.search(r"Balance.*20\.00", seen, re.DOTALL)
    cash = {"amount": "20.00", "way": "cash", "tendered": "50.00", "once": "abcdefgh1234"}
    paid = send(desk, place, stay, "pay", window=own.id, **cash)
    assert paid.status_code == 303
    assert "30.00" in desk.get(paid.headers["Location"]).text
    assert balances([stay.id]) == {stay.id: 0}
    again = send(desk, place, stay, "pay", window=own.id, **cash)
    assert again.status_code == 303
    assert balances([stay.id]) == {stay.id: 0}


def test_a_charge_is_moved_shared_and_taken_back(desk, place, stay, session):
    line = made.charge(stay, 10_000)
    assert send(desk, place, stay, "window", name="Kranich", email="k@example.com", routes="room").status_code == 303
    guest, company = windows(session, stay)
    assert company.routes == ["room"]
    moved = send(desk, place, stay, "move", line=line.id, to=company.id, amount="60.00")
    assert moved.status_code == 303
    too_much = send(desk, place, stay, "move", line=line.id, to=company.id, amount="60.00")
    assert too_much.status_code == 422
    assert "40.00" in too_much.text
    assert send(desk, place, stay, "move", line=line.id, to=company.id, evenly="y").status_code == 303
    other = made.charge(stay, 500)
    assert send(desk, place, stay, "back", line=other.id, reason="").status_code == 422
    assert send(desk, place, stay, "back", line=other.id, reason="Never had it").status_code == 303
    assert balances([stay.id]) == {stay.id: 10_000}
    assert "Never had it" in desk.get(address(place, stay)).text
    assert guest.status == "open"


def test_what_stays_owing_is_left_by_a_manager_with_a_reason(desk, manager, place, stay, session):
    made.charge(stay, 5_000)
    (own,) = windows(session, stay)
    refused = send(desk, place, stay, "close", window=own.id, reason="Pays later")
    assert refused.status_code == 422
    assert "still owed" in refused.text
    assert send(manager, place, stay, "close", window=own.id, reason="Pays later").status_code == 303
    assert session.get(Folio, own.id, populate_existing=True).status == "closed"
    assert "Pays later" in manager.get(address(place, stay)).text
    assert send(manager, place, stay, "reopen", window=own.id, reason="Mistake").status_code == 303
    assert balances([stay.id]) == {stay.id: 5_000}


def test_a_link_asks_for_the_folio_and_credit_keeps_what_was_too_much(desk, place, stay, session):
    made.charge(stay, 5_000)
    (own,) = windows(session, stay)
    asked = send(desk, place, stay, "pay", window=own.id, amount="50.00", way="link")
    assert "/bills/" in asked.headers["Location"]
    assert f"Folio {own.number}" in desk.get(asked.headers["Location"]).text
    send(desk, place, stay, "pay", window=own.id, amount="80.00", way="cash")
    assert send(desk, place, stay, "keep", window=own.id, amount="30.00").status_code == 303
    assert balances([stay.id]) == {stay.id: 0}
    assert send(desk, place, stay, "pay", window=own.id, amount="1.00", way="card").status_code == 422


def test_a_stay_of_another_hotel_and_a_housekeeper_see_no_folio(app, wired, desk, place, stay, session):
    other = hotel.hotel({"SGL": ("Single", 1, ["1"])}, today=TODAY, name="Elsewhere", days=5)
    theirs = hotel.stay(other, TODAY, TODAY + timedelta(days=1), type="SGL", plan=None)
    assert desk.get(address(place, theirs)).status_code == 404
    assert browser(app, place, Role.HOUSEKEEPER).get(address(place, stay)).status_code == 403


def test_an_invoice_is_issued_from_the_folio_opened_sent_and_taken_back(desk, place, stay, session):
    made.charge(stay, 5_000)
    (own,) = windows(session, stay)
    issued = desk.post(address(place, stay, f"/{own.id}/invoice"))
    one = issued.headers["Location"]
    assert one.endswith("/invoices/invoice/1")
    assert "Invoice 000001" in desk.get(one).text
    paper = desk.get(f"{one}.pdf")
    assert paper.mimetype == "application/pdf"
    again = desk.get(f"{one}.pdf", headers={"If-None-Match": paper.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert desk.post(f"{one}/send", data={"send-email": "guest@example.com"}).status_code == 303
    assert desk.post(f"{one}/send", data={"send-email": "nobody"}).status_code == 422
    assert desk.post(f"{one}/credit", data={"credit-reason": ""}).status_code == 422
    taken = desk.post(f"{one}/credit", data={"credit-reason": "Wrong name"})
    assert taken.headers["Location"].endswith("/invoices/credit_note/1")
    assert "Takes back Invoice 000001: Wrong name" in desk.get(taken.headers["Location"]).text
    assert "This invoice was taken back" in desk.get(one).text
    seen = desk.get(f"/frontdesk/{place.asset_number}/invoices").text
    assert "Credit note 000001" in seen
    assert "-50.00" in desk.get(f"/frontdesk/{place.asset_number}/invoices.csv").text
    assert desk.get(f"/frontdesk/{place.asset_number}/invoices/invoice/9").status_code == 404
