"""Guests by the pages: found, written down, merged, made nameless; and the waitlist."""

import re
from datetime import timedelta

import pytest

from portal.core.clock import local_date, utcnow
from portal.shared.audit.models import AuditEntry
from portal.shared.identity.models import Role
from portal.trades.hotel.queries.guests import find_guests, waiting_at
from portal.trades.hotel.queries.inventory import room_type_at
from tests.factories import hotel
from tests.web.test_frontdesk_settings import base, browser


@pytest.fixture
def place(session):
    return hotel.ber(today=local_date("Europe/Berlin", utcnow()))


@pytest.fixture
def desk(app, wired, place):
    return browser(app, place, Role.OWNER)


def new(name, **changes):
    return {"once": name, "kind": "person", "name": name, "email": "", "phone": "", "account_number": "",
            "credit_limit": "", **changes}  # fmt: skip


def test_a_guest_lives_through_the_pages(desk, place, session):
    pages = f"{base(place)}guests"
    assert "Nobody found" in desk.get(pages).text
    for _again in range(2):
        assert desk.post(f"{pages}/new", data=new("Ada Okafor", email="ada@example.com")).status_code == 303
    taken = desk.post(f"{pages}/new", data=new("Bob", email="ada@example.com"))
    assert (taken.status_code, "Merge the two" in taken.text) == (422, True)
    desk.post(f"{pages}/new", data=new("A. Okafor", phone="+4915112345678"))
    ada, other = sorted(find_guests(place, "okafor"), key=lambda row: row.name, reverse=True)
    one = f"{pages}/{ada.id}"
    card = new("Ada Okafor", email="ada@example.com", vip="y", preferences="Quiet room", do_not_rent="")
    assert desk.post(f"{one}/amend", data=card).status_code == 303
    shown = desk.get(one).text
    assert "VIP" in shown
    assert "Quiet room" in shown
    assert session.query(AuditEntry).filter_by(action="guest.viewed").count() == 1
    assert desk.get(f"{one}/merge?q=okafor").status_code == 200
    assert desk.post(f"{one}/merge", data={"other": str(other.id)}).status_code == 303
    assert "+4915112345678" in desk.get(one).text
    assert [row.name for row in find_guests(place, "okafor")] == ["Ada Okafor"]
    assert b"Ada Okafor,person" in desk.get(f"{pages}.csv?q=ada").data
    assert desk.get(f"{one}/known.json").json["preferences"] == "Quiet room"
    assert desk.post(f"{one}/erase", data={"reason": ""}).status_code == 422
    assert desk.post(f"{one}/erase", data={"reason": "She asked today"}).status_code == 303
    assert "Nobody found" in desk.get(f"{pages}?q=okafor").text


def test_two_clerks_change_one_card_and_the_second_is_told_by_whom(app, desk, place):
    pages = f"{base(place)}guests"
    desk.post(f"{pages}/new", data=new("Ada Okafor"))
    one = f"{pages}/{find_guests(place, 'okafor')[0].id}/amend"
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', desk.get(one).text).group(1)
    assert desk.post(one, data=new("Ada Okafor", seen=seen, nationality="Kenya")).status_code == 303
    late = browser(app, place, Role.FRONT_DESK).post(one, data=new("Ada O.", once="late", seen=seen))
    assert late.status_code == 422
    assert "changed this card meanwhile" in late.text
    assert find_guests(place, "okafor")[0].name == "Ada Okafor"


def test_a_company_has_an_account(desk, place):
    pages = f"{base(place)}guests"
    said = new("Acme", kind="company", account_number="C-1", credit_limit="5000.00")
    assert desk.post(f"{pages}/new", data=said).status_code == 303
    [acme] = find_guests(place, "acme", kind="company")
    assert "5,000.00" in desk.get(f"{pages}/{acme.id}").text


def test_a_guest_of_another_business_is_not_there(app, wired, desk, place):
    desk.post(f"{base(place)}guests/new", data=new("Ada"))
    [ada] = find_guests(place, "ada")
    other = hotel.lag()
    stranger, pages = browser(app, other, Role.OWNER), f"{base(other)}guests"
    assert stranger.get(f"{pages}/{ada.id}").status_code == 404
    assert stranger.post(f"{pages}/{ada.id}/erase", data={"reason": "x"}).status_code == 404
    assert "Ada" not in stranger.get(f"{pages}?q=ada").text


def test_who_waits_is_booked_when_there_is_room(desk, place):
    pages, arrival = f"{base(place)}waitlist", place.business_date + timedelta(days=9)
    assert "Nobody waits" in desk.get(pages).text
    double, departure = str(room_type_at(place.id, "DBL").id), arrival + timedelta(days=1)
    said = {"once": "w", "name": "Ada", "phone": "", "email": "", "room_type": double, "arrival": str(arrival),
            "departure": str(departure), "adults": "2", "note": ""}  # fmt: skip
    assert desk.post(f"{pages}/new", data=said).status_code == 303
    [(waiting, _customer, free)] = waiting_at(place.id, place.business_date)
    assert free == 3
    desk.post(f"{pages}/{waiting.id}/withdraw")
    desk.post(f"{pages}/{waiting.id}/again")
    assert b"Ada" in desk.get(f"{pages}.csv").data
    assert desk.post(f"{pages}/{waiting.id}/book").status_code == 303
    assert waiting_at(place.id, place.business_date) == []
    assert desk.post(f"{pages}/{waiting.id}/book").status_code == 409
