"""The named bad inputs of forms, typed into pages: each gets its sentence, and what was typed stays in the box."""

from urllib.parse import quote_from_bytes, urlencode

import pytest
from markupsafe import escape

from portal.shared.access.queries import grant_in_force
from portal.shared.assets.queries import units_of
from portal.shared.audit.queries import trail
from portal.shared.payments.queries import payments_for
from tests.factories import assets
from tests.factories import identity as people

pytestmark = pytest.mark.usefixtures("session")
ROOM = {"number": "301", "price": "15000", "period_minutes": "1440", "room_type": "Double"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def hotel(session):
    return assets.place()


@pytest.fixture
def owner(client, hotel):
    people.sign_in(client, people.member(hotel))
    return client


def register(client, hotel, **changes):
    return client.post(f"/units/{hotel.asset_number}/register", data=ROOM | changes)


CANNOT = "The type has a character that cannot be stored."


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("number", "", "Enter the room number."),
        ("number", "   ", "Enter the room number."),
        ("number", "\u200b", "Enter the room number."),
        ("room_type", "Suite\0", CANNOT),
        ("room_type", "x" * 61, "Use at most 60 characters."),
        ("price", "12,50", "Write the price of one period as 12.50."),
        ("price", "١٢", "Write the price of one period as 12.50."),
        ("price", "-5", "The price of one period must be more than 0."),
        ("price", "0", "The price of one period must be more than 0."),
        ("price", "1" + "0" * 30, "The price of one period is over the limit of 9,999,999,999.99."),
        ("price", "abc", "Write the price of one period as 12.50."),
        ("price", "1e3", "Write the price of one period as 12.50."),
        ("period_minutes", "1440.5", "The length of one period must be a whole number"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field_and_the_rest_stays(owner, hotel, field, typed, sentence):
    refused = register(owner, hotel, **{field: typed})
    assert refused.status_code == 422
    assert str(escape(sentence)) in refused.text
    assert 'aria-invalid="true"' in refused.text
    for name, value in ROOM.items():
        if name != field:
            assert f'value="{value}"' in refused.text
    assert not units_of(hotel.id)


@pytest.mark.parametrize("bytes_", ["\ud800".encode("utf-8", "surrogatepass"), b"\xff"])
def test_bytes_that_are_no_text_are_never_kept_as_other_text(owner, hotel, bytes_):
    typed = urlencode({**ROOM, "room_type": ""}) + quote_from_bytes(bytes_)
    refused = owner.post(f"/units/{hotel.asset_number}/register", data=typed, content_type=FORM)
    assert refused.status_code == 400
    assert "The browser sent something that makes no sense here." in refused.text
    assert owner.get(f"/search?q={quote_from_bytes(bytes_)}").status_code == 400
    assert not units_of(hotel.id)


def test_markup_is_only_text(owner, hotel):
    assert register(owner, hotel, room_type="<script>alert(1)</script>").status_code == 303
    board = owner.get(f"/units/{hotel.asset_number}/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in board
    assert "<script>alert" not in board


def test_a_search_says_what_it_did_not_find(owner, hotel):
    owner.get(f"/home/{hotel.asset_number}/")
    page = owner.get("/search", query_string={"q": "' OR 1=1--"}).text
    assert "Nothing found for “&#39; OR 1=1--”." in page


@pytest.mark.parametrize("page", ["/search", "/units/{}/", "/payments/{}/", "/admin/{}/audit"])
def test_a_search_for_a_monster_takes_no_time(owner, hotel, page):
    asked = owner.get(page.format(hotel.asset_number), query_string={"q": "(a+)+$" + "a" * 10_000})
    assert asked.status_code in (200, 422)
    if page == "/search":
        assert "Use at most 100 characters." in asked.text


@pytest.mark.parametrize("day", ["2031-02-30", "31/02/2031", "0000-00-00"])
def test_a_day_that_never_was_is_said(owner, hotel, day):
    page = owner.get(f"/admin/{hotel.asset_number}/audit", query_string={"from": day}).text
    assert f"There is no such date: {day}." in page


@pytest.mark.parametrize("address", ["a@b", "a@b..c", "a\r\nBcc:x@y"])
def test_what_is_no_address_gets_no_letter(owner, hotel, address):
    refused = owner.post(f"/admin/{hotel.asset_number}/people/invite", data={"email": address, "role": "viewer"})
    assert refused.status_code == 422
    assert "This is not an e-mail address." in refused.text


def test_a_choice_that_is_not_offered_is_refused(owner, hotel):
    refused = owner.post(f"/admin/{hotel.asset_number}/people/invite", data={"email": "a@example.com", "role": "king"})
    assert refused.status_code == 422
    assert "Choose one from the list." in refused.text


def test_a_stay_has_an_end(owner, hotel):
    room = assets.room(hotel)
    stay = {"minutes": str(3_651 * 1_440), "reason": "For ever"}
    refused = owner.post(f"/units/{hotel.asset_number}/room/{room.number}/grant", data=stay)
    assert refused.status_code == 422
    assert "The minutes must be at most 527,040." in refused.text
    assert grant_in_force(room.id) is None


def test_a_payer_does_not_set_the_price(client):
    """A field added by hand is not read: what is asked for is the price of the room, whoever asks."""
    room = assets.room()
    hand_made = {"email": "ada@example.com", "periods": "1", "amount": "1", "price": "1", "once": "by-hand"}
    assert client.post(f"/u/{room.label}", data=hand_made).status_code == 303
    assert [each.amount for each in payments_for(room.id)] == [room.price]


def test_one_may_not_change_the_price_without_the_right(client, hotel):
    room = assets.room(hotel)
    people.sign_in(client, people.member(hotel, "cashier"))
    refused = client.post(
        f"/units/{hotel.asset_number}/room/{room.number}/terms", data={"price": "1", "period_minutes": "1440"}
    )
    assert refused.status_code == 403
    assert "Your role" in refused.text
    assert units_of(hotel.id)[0].price == room.price == 1_000_000
    assert not [each for each in trail(asset_id=hotel.id) if each.action == "unit.amended"]


def test_the_same_room_sent_twice_is_one_room(owner, hotel):
    assert register(owner, hotel).status_code == 303
    again = register(owner, hotel)
    assert again.status_code == 422
    assert "There is a room 301 here already" in again.text
    assert len(units_of(hotel.id)) == 1
