"""The units desk: the board, a unit's page, its controls, grants and labels, for each role, with and without htmx."""

import csv
import io
import re
from datetime import timedelta

import pytest

from portal.core.db import db
from portal.demo.places import FLEET, HOTEL
from portal.shared.access import queries as access
from portal.shared.access.services import grants
from portal.shared.assets import queries
from portal.shared.assets.services import registry
from portal.shared.devices.errors import UnitChanged
from portal.shared.devices.queries import commands_of
from portal.shared.devices.services import commands
from tests.factories.alerts import looked, says
from tests.factories.assets import ACTOR, place, room, vehicle
from tests.factories.identity import member, sign_in

HTMX = {"HX-Request": "true"}


def asking_for(target: str) -> dict[str, str]:
    return HTMX | {"HX-Target": target}


@pytest.fixture
def hotel(committed):
    return place()


@pytest.fixture
def as_role(client, hotel):
    """Sign somebody in with a role at the hotel."""

    def signed_in(role: str):
        sign_in(client, member(hotel, role))
        return client

    return signed_in


def test_the_board_shows_every_room_with_what_it_was_told_and_what_it_says(as_role, hotel):
    unit = room(hotel, number="204", room_type="Double")
    grants.grant_direct(unit_id=unit.id, minutes=90, reason="House guest", actor=ACTOR)
    page = as_role("front_desk").get(f"/units/{hotel.asset_number}/").text
    assert "204" in page
    assert "Double" in page
    assert "In use" in page
    assert "Unlock" in page, "what it was told"
    assert "Never heard" in page, "what it says stands apart"
    assert "₦10,000" in page


def test_the_filters_live_in_the_address(as_role, hotel):
    for number in ("101", "102", "201"):
        room(hotel, number=number, room_type="Suite" if number == "201" else "Double")
    registry.suspend(unit_id=queries.get_unit(hotel.id, "102").id, reason="Paint", actor=ACTOR)
    client = as_role("viewer")

    def shown(**filters):
        file = client.get(f"/units/{hotel.asset_number}/units.csv", query_string=filters).text
        return [row["number"] for row in csv.DictReader(io.StringIO(file))]

    assert shown() == ["101", "102", "201"]
    assert shown(status="suspended") == ["102"]
    assert shown(floor="2") == shown(type="Suite") == shown(q="suite") == ["201"]
    assert shown(q="nothing like it") == []
    assert "No unit fits these filters" in client.get(f"/units/{hotel.asset_number}/?q=zzz").text
    for odd in ("?page=-1", "?page=9999999", "?page=x", "?status=;drop", "?floor=%27", "?q=%F0%9F%9A%AA"):
        assert client.get(f"/units/{hotel.asset_number}/{odd}").status_code == 200


def test_an_empty_board_teaches(as_role, hotel):
    page = as_role("manager").get(f"/units/{hotel.asset_number}/").text
    assert "No rooms yet" in page
    assert "Register a room" in page


def test_a_housekeeper_sees_rooms_and_no_prices(as_role, hotel):
    room(hotel, number="7")
    client = as_role("housekeeper")
    assert "₦" not in client.get(f"/units/{hotel.asset_number}/").text
    assert "price" not in client.get(f"/units/{hotel.asset_number}/units.csv").text
    assert "₦" not in client.get(f"/units/{hotel.asset_number}/room/7").text


def test_rooms_are_found_by_what_their_sensors_say(as_role, hotel):
    seen, empty, _bare = (room(hotel, number=number) for number in ("101", "102", "103"))
    says(seen, "occupancy", "1", 5)
    says(empty, "occupancy", "0", 5)
    says(empty, "power", "86", 5)
    says(empty, "temperature", "21.5")
    looked()
    client = as_role("housekeeper")
    page = client.get(f"/units/{hotel.asset_number}/").text
    assert "Occupied, not let" in page
    assert "86 W" in page
    assert "21.5 °C" in page
    assert "is-big" in page

    def shown(chip):
        file = client.get(f"/units/{hotel.asset_number}/units.csv", query_string={"room": chip}).text
        return [row["number"] for row in csv.DictReader(io.StringIO(file))]

    assert shown("occupied") == shown("unlet") == ["101"]
    assert shown("empty") == shown("wasting") == ["102"]
    assert shown("clean") == []
    assert len(shown("nonsense")) == 3
    assert "In the room" in client.get(f"/units/{hotel.asset_number}/room/101").text


def test_htmx_gets_only_the_board(as_role, hotel):
    room(hotel)
    part = as_role("viewer").get(f"/units/{hotel.asset_number}/", headers=asking_for("board")).text
    assert part.lstrip().startswith('<section id="board"')
    assert "<html" not in part


def test_the_board_asks_the_same_few_questions_whatever_its_size(as_role, hotel, count_queries):
    client = as_role("viewer")
    asked = []
    for size in (1, 30):
        for _unit in range(size):
            room(hotel)
        with count_queries() as queries_asked:
            client.get(f"/units/{hotel.asset_number}/")
        asked.append(len(queries_asked))
    assert asked[0] == asked[1] <= 9, queries_asked


def test_the_page_of_a_unit_asks_few_questions_too(as_role, hotel, count_queries):
    unit = room(hotel)
    client = as_role("manager")
    with count_queries() as asked:
        client.get(f"/units/{hotel.asset_number}/room/{unit.number}")
    assert len(asked) <= 14, asked


def test_front_desk_opens_a_door_for_a_live_stay_and_not_outside_one(as_role, hotel):
    unit = room(hotel, number="12")
    client, address = as_role("front_desk"), f"/units/{hotel.asset_number}/room/12"
    refused = client.post(f"{address}/control", data={"capability": "access", "action": "unlock"})
    assert refused.status_code == 403
    grants.grant_direct(unit_id=unit.id, minutes=60, reason="Guest", actor=ACTOR)
    told = len(commands_of(unit.id))
    assert client.post(f"{address}/control", data={"capability": "access", "action": "lock"}).status_code == 303
    assert len(commands_of(unit.id)) == told + 1
    page = client.get(address).text
    assert "on its way" in page
    assert "Amina Bello" in page, "who told it"


def test_an_override_needs_a_reason_in_the_same_form(as_role, hotel):
    unit = room(hotel, number="12")
    client, address = as_role("manager"), f"/units/{hotel.asset_number}/room/12"
    wanted = {"capability": "access", "action": "unlock"}
    whole = client.post(f"{address}/control", data=wanted)
    assert whole.status_code == 422
    assert "Say why" in whole.text
    beside = client.post(f"{address}/control", data=wanted, headers=asking_for("panel"))
    assert beside.status_code == 422
    assert beside.text.lstrip().startswith('<aside id="panel"')
    done = client.post(f"{address}/control", data=wanted | {"reason": "Lost key"}, headers=asking_for("panel"))
    assert done.status_code == 200
    assert "on its way" in done.text
    assert [command.reason for command in commands_of(unit.id)] == ["Lost key"]


@pytest.mark.parametrize(("capability", "action"), [("ignition", "turn_on"), ("access", "explode"), ("", "")])
def test_a_room_has_no_ignition(as_role, hotel, capability, action):
    unit = room(hotel, number="12")
    answer = as_role("manager").post(
        f"/units/{hotel.asset_number}/room/12/control",
        data={"capability": capability, "action": action, "reason": "Test"},
    )
    assert answer.status_code == 422
    assert commands_of(unit.id) == []


def test_a_grant_without_payment_activates_at_once_and_is_refused_in_words(as_role, hotel):
    unit = room(hotel, number="12")
    client, address = as_role("manager"), f"/units/{hotel.asset_number}/room/12"
    for minutes, reason in (("0", "x"), ("60", ""), ("1e3", "x"), ("", "")):
        refused = client.post(f"{address}/grant", data={"minutes": minutes, "reason": reason})
        assert refused.status_code == 422
    assert access.grant_in_force(unit.id) is None
    assert client.post(f"{address}/grant", data={"minutes": "120", "reason": "House guest"}).status_code == 303
    page = client.get(address).text
    assert "In use" in page
    assert "House guest" in page


def test_a_grant_sent_twice_by_a_double_click_is_one_grant(as_role, hotel):
    unit = room(hotel, number="12")
    client, address = as_role("manager"), f"/units/{hotel.asset_number}/room/12"
    once = re.search('name="once" value="([^"]+)"', client.get(address).text).group(1)
    sent = {"minutes": "120", "reason": "House guest", "once": once}
    assert client.post(f"{address}/grant", data=sent).status_code == 303
    first = access.grant_in_force(unit.id)
    assert client.post(f"{address}/grant", data=sent).status_code == 303
    assert [each.id for each in access.grants_of(unit.id)] == [first.id]
    assert client.post(f"{address}/grant", data={**sent, "minutes": "60"}).status_code == 303
    assert len(access.grants_of(unit.id)) == 2, "filled in anew, it is another grant"


def test_what_was_decided_on_an_old_state_is_not_told(hotel):
    """Between the look at the board and the click the stay ended: the right to override was never asked for."""
    unit = room(hotel, number="12")
    with pytest.raises(UnitChanged, match="Look again"):
        commands.control(
            unit_id=unit.id, capability="access", action="unlock", reason="Key lost", actor=ACTOR, decided_on="active"
        )
    assert commands_of(unit.id) == []


def test_access_ends_early_with_a_reason(as_role, hotel):
    unit = room(hotel, number="12")
    grants.grant_direct(unit_id=unit.id, minutes=60, reason="Guest", actor=ACTOR)
    grant = access.grant_in_force(unit.id)
    client, address = as_role("manager"), f"/units/{hotel.asset_number}/room/12"
    client.post(f"{address}/grants/{grant.id}/end", data={"reason": ""})
    assert access.grant_in_force(unit.id) is not None
    client.post(f"{address}/grants/{grant.id}/end", data={"reason": "Left early"})
    assert access.grant_in_force(unit.id) is None
    other = room(hotel, number="13")
    assert client.post(f"/units/{hotel.asset_number}/room/{other.number}/grants/{grant.id}/end").status_code == 404


def test_a_room_is_registered_once(as_role, hotel):
    client, address = as_role("manager"), f"/units/{hotel.asset_number}/register"
    good = {"number": "301", "price": "15000", "period_minutes": "1440", "room_type": "Double"}
    assert client.post(address, data=good).status_code == 303
    again = client.post(address, data=good)
    assert again.status_code == 422
    assert "There is a room 301 here already" in again.text
    for field, value in (("number", "30/1"), ("price", "0"), ("price", "1.005"), ("period_minutes", "-1")):
        answer = client.post(address, data=good | {"number": "302", field: value}, headers=asking_for("form"))
        assert answer.status_code == 422
        assert answer.text.lstrip().startswith('<form id="form"')
    assert [unit.price for unit in queries.units_of(hotel.id)] == [1_500_000]
    assert client.post(address, data=good | {"number": "303", "another": "1"}).headers["Location"].endswith("kind=room")


def test_a_price_is_changed_and_seen_in_the_timeline(as_role, hotel):
    room(hotel, number="12")
    client, address = as_role("manager"), f"/units/{hotel.asset_number}/room/12"
    assert 'value="10000.00"' in client.get(f"{address}/terms").text
    assert client.post(f"{address}/terms", data={"price": "12500", "period_minutes": "720"}).status_code == 303
    page = client.get(address).text
    assert "₦12,500" in page
    assert "Price or description changed" in page


def test_suspending_resuming_retiring(as_role, hotel):
    unit = room(hotel, number="12")
    client, address = as_role("manager"), f"/units/{hotel.asset_number}/room/12"
    assert client.post(f"{address}/suspend", data={"reason": ""}).status_code == 422
    assert client.post(f"{address}/suspend", data={"reason": "Burst pipe"}).status_code == 303
    assert "Out of use" in client.get(address).text
    assert client.post(f"{address}/resume").status_code == 303
    assert client.post(f"{address}/retire", data={"reason": "Sold"}).status_code == 303
    assert queries.unit_of(unit.id).status == "retired"
    assert client.post(f"{address}/resume").status_code == 409


def test_labels_carry_the_public_address(as_role, hotel, app):
    unit = room(hotel, number="12")
    page = as_role("manager").get(f"/units/{hotel.asset_number}/room/12/label").text
    assert unit.label in page
    assert "<svg" in page
    assert page.count('class="qr"') == 1
    room(hotel)
    assert as_role("manager").get(f"/units/{hotel.asset_number}/labels").text.count('class="qr"') == 2


def test_another_place_reads_as_not_there(as_role, hotel):
    theirs = vehicle()
    fleet = queries.asset_of(theirs.asset_id)
    client = as_role("owner")
    for path in ("", f"vehicle/{theirs.number}", "register", "units.csv"):
        assert client.get(f"/units/{fleet.asset_number}/{path}").status_code == 404
    assert client.get(f"/units/{hotel.asset_number}/vehicle/{theirs.number}").status_code == 404


def test_the_timeline_turns_page_by_page_without_losing_a_moment(as_role, hotel):
    unit = room(hotel, number="12")
    db.session.execute(
        db.text(
            "insert into asset_event (id, at, asset_id, unit_id, kind, value) select gen_random_uuid(),"
            " clock_timestamp() - make_interval(secs => n / 3), :asset, :unit, 'occupancy', '1'"
            " from generate_series(1, 100) n"
        ),
        {"asset": hotel.id, "unit": unit.id},
    )
    db.session.commit()
    client, address, seen, cursor = as_role("viewer"), f"/units/{hotel.asset_number}/room/12", 0, ""
    for _turn in range(5):
        page = client.get(address, query_string={"only": "events", "cursor": cursor}).text
        seen += page.count("Occupancy: Somebody in")
        if 'rel="next"' not in page:
            break
        cursor = page.partition('rel="next" href="')[2].partition("cursor=")[2].partition('"')[0].replace("%2B", "+")
        cursor = cursor.replace("%3A", ":").partition("&")[0]
    assert seen == 100
    assert client.get(f"{address}?cursor=rubbish").status_code == 422


def test_every_page_of_the_demo_is_sound(seeded, client):
    hotel = queries.get_asset(HOTEL.asset_number)
    fleet = queries.get_asset(FLEET.asset_number)
    boss = member(hotel, "owner")
    sign_in(client, boss)
    for path in ("", "?status=ending", "register", "labels"):
        assert client.get(f"/units/{hotel.asset_number}/{path}").status_code == 200
    for unit in queries.units_of(hotel.id):
        assert client.get(f"/units/{hotel.asset_number}/room/{unit.number}").status_code == 200
        assert client.get(f"/units/{hotel.asset_number}/room/{unit.number}/panel").status_code == 200
    assert client.get(f"/home/{hotel.asset_number}/").status_code == 200
    sign_in(client, member(fleet, "manager"))
    assert "KD01" in client.get(f"/units/{fleet.asset_number}/").text
    assert client.get(f"/home/{fleet.asset_number}/").status_code == 200


def test_time_that_is_nearly_up_is_its_own_chip(as_role, hotel):
    unit = room(hotel, number="12")
    grants.grant_direct(unit_id=unit.id, minutes=30, reason="Guest", actor=ACTOR)
    assert timedelta(0) < access.grant_in_force(unit.id).during.upper - access.grant_in_force(unit.id).during.lower
    assert "Ending soon" in as_role("viewer").get(f"/units/{hotel.asset_number}/?status=ending").text


@pytest.mark.parametrize("page", ["register", "room/{}/grant", "room/{}/terms", "room/{}/control"])
@pytest.mark.parametrize("sent", [{}, {"json": {"reason": 5, "price": [], "minutes": None}}])
def test_an_empty_body_is_a_form_with_everything_missing(as_role, hotel, page, sent):
    """The token may come in a header, so that nothing at all is left in the body."""
    number = room(hotel).number
    answer = as_role("manager").post(f"/units/{hotel.asset_number}/{page.format(number)}", **sent)
    assert answer.status_code == 422


def test_a_page_address_that_cannot_be_read_leads_nowhere(client, hotel):
    odd = {**HTMX, "HX-Current-URL": "http://[half", "Referer": "http://[half"}
    assert client.get(f"/units/{hotel.asset_number}/", headers=odd).status_code in (401, 303, 204)
    assert client.get("/nothing-here", headers=odd).status_code == 404


def test_what_can_be_taken_back_is_taken_back_by_the_button_beside_the_word(as_role, hotel):
    room(hotel, number="204", room_type="Double")
    client, page = as_role("manager"), f"/units/{hotel.asset_number}/room/204"
    client.post(f"{page}/suspend", data={"reason": "Paint"})
    assert _undo(client, page) == (f"{page}/resume", {})
    client.post(f"{page}/resume")
    assert "Out of use" not in client.get(page).text
    client.post(f"{page}/terms", data={"price": "12000", "period_minutes": "60", "room_type": "Suite"})
    said = client.get(page).text
    assert "₦12,000" in said
    action, fields = _undo_in(said)
    assert fields == {"price": "10000.00", "period_minutes": "1440", "room_type": "Double"}
    client.post(action, data=fields)
    assert "₦10,000" in client.get(page).text


def _undo(client, page):
    return _undo_in(client.get(page).text)


def _undo_in(page):
    toast = page.split('class="toast-note"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', toast))
    fields.pop("csrf_token")
    return re.search(r'action="([^"]*)"', toast)[1], fields
