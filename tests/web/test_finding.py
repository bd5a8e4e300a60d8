"""The palette and the search page find what the person may open, and nothing else."""

from tests.factories import assets
from tests.factories import fleet as office
from tests.factories import identity as people


def look(app, user, place, asked):
    client = app.test_client()
    people.sign_in(client, user)
    client.get(f"/home/{place.asset_number}/")
    return client.get(f"/search?q={asked}", headers={"HX-Request": "true", "HX-Target": "palette_found"}).text


def test_a_room_is_found_by_its_number_and_a_colleague_by_name(app, session):
    place = assets.place()
    room = assets.room(place, number="2041")
    assets.room(assets.place(), number="2042")
    owner = people.member(place, name="Ngozi Eze")
    found = look(app, owner, place, "204")
    assert f"/units/{place.asset_number}/room/{room.number}" in found
    assert "2042" not in found, "another hotel's room"
    assert "Ngozi Eze" in look(app, owner, place, "ngoz")


def test_what_a_role_may_not_see_is_not_found(app, session):
    place = assets.place()
    assets.room(place, number="2041")
    cashier = people.member(place, "cashier")
    assert "2041" not in look(app, cashier, place, "204")


def test_a_search_for_nothing_or_for_nonsense_is_calm(app, session):
    place = assets.place()
    owner = people.member(place)
    for asked in ("", "%25", "\\", "x" * 500, "%F0%9F%98%80", "'"):
        assert 'id="palette_found"' in look(app, owner, place, asked)


def test_a_fleet_finds_its_drivers_work_orders_and_incidents(app, session):
    place = office.place()
    unit = assets.vehicle(place)
    driver, order = office.driver(place, "Bola Zubair"), office.order(unit, "Zubair's brakes")
    incident = office.incident(unit, description="Hit a post in Zubair Street")
    office.incident(assets.vehicle(office.place()), description="Zubair again")
    owner = people.member(place)
    found = look(app, owner, place, "zubair")
    desk = f"/fleet/{place.asset_number}"
    for page in (f"drivers/{driver.number}", f"maintenance/orders/{order.number}", f"incidents/{incident.number}"):
        assert f"{desk}/{page}" in found
    assert found.count("/incidents/") == 1, "another fleet's incident"
    cashier = people.member(place, "cashier")
    assert desk not in look(app, cashier, place, "zubair"), "who does not see the fleet finds nothing of it"


def test_a_hotel_is_not_asked_for_drivers(app, session):
    place = assets.place()
    assert "Drivers" not in look(app, people.member(place), place, "zubair")
