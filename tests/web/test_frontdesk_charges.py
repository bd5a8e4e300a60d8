"""The list of charges: added, changed, retired, and offered by the folio."""

import pytest

from portal.shared.identity.models import Role
from portal.trades.hotel.models import ChargeCode
from portal.trades.hotel.queries.folios import charge_codes
from tests.factories import folios as made
from tests.factories import hotel, identity


@pytest.fixture
def place(session):
    return hotel.ber()


def browser(app, place, role):
    client = app.test_client()
    identity.sign_in(client, identity.member(place, role))
    return client


def test_a_charge_is_added_changed_retired_and_offered_again(app, wired, session, place):
    desk, base = browser(app, place, Role.MANAGER), f"/frontdesk/{place.asset_number}/settings/charges"
    assert "No charges of your own yet" in desk.get(base).text
    said = {"code": "Spa", "name": "Spa", "price": "50.00", "tax_ppm": "19", "inclusive": "y"}
    assert desk.post(f"{base}/new", data=said).status_code == 303
    (spa,) = charge_codes(place.id)
    assert (spa.code, spa.price, spa.tax_ppm, spa.inclusive) == ("spa", 5_000, 190_000, True)
    assert "one of that code already" in desk.post(f"{base}/new", data=said).text
    assert desk.post(f"{base}/{spa.id}", data={"name": "Sauna", "price": ""}).status_code == 303
    found = session.get(ChargeCode, spa.id, populate_existing=True)
    assert (found.name, found.price, found.tax_ppm, found.inclusive) == ("Sauna", None, 0, False)
    stay = made.check_in(hotel.stay(place))
    made.folio(stay)
    folio = f"/frontdesk/{place.asset_number}/stays/{stay.id}/folio"
    assert ">Sauna</option>" in desk.get(folio).text
    desk.post(f"{base}/{spa.id}/retire")
    assert ">Sauna</option>" not in desk.get(folio).text
    desk.post(f"{base}/{spa.id}/restore")
    assert [each.code for each in charge_codes(place.id)] == ["spa"]


def test_only_who_sets_up_the_hotel_changes_its_charges(app, wired, place):
    desk = browser(app, place, Role.FRONT_DESK)
    assert desk.get(f"/frontdesk/{place.asset_number}/settings/charges").status_code == 403
