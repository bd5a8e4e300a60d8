"""The alerts inbox: what it shows to whom, what its buttons do, and how they are taken back."""

import csv
import io
import re
from datetime import timedelta

import pytest

from portal.core.clock import utcnow
from portal.shared.devices.alert_queries import get_alert
from portal.shared.devices.alert_words import KINDS, kind_words, sentence
from portal.shared.devices.services import alert_handling
from tests.factories.alerts import alert
from tests.factories.assets import place, room
from tests.factories.identity import acting, member, sign_in


@pytest.fixture
def hotel(committed):
    return place()


@pytest.fixture
def as_role(client, hotel):
    """Sign somebody in with a role at the hotel."""

    def signed_in(role: str, **fields):
        user = member(hotel, role, **fields)
        sign_in(client, user)
        client.user = user
        return client

    return signed_in


def at(hotel, rest=""):
    return f"/units/{hotel.asset_number}/alerts{rest}"


def asking_for(target):
    return {"HX-Request": "true", "HX-Target": target}


def test_the_inbox_says_what_where_and_since_when(as_role, hotel):
    unit = room(hotel, number="204")
    alert(hotel, unit, kind="occupied_not_let", happened_at=utcnow() - timedelta(minutes=5))
    shown = as_role("front_desk").get(at(hotel)).text
    assert "Occupied, not let" in shown
    assert "Somebody is in the room, and it is let to nobody." in shown
    assert f'href="/units/{hotel.asset_number}/room/204"' in shown
    assert "5 min ago" in shown
    assert "Warning" in shown, "the severity is a word too"


def test_an_empty_inbox_teaches_and_a_filtered_one_leads_back(as_role, hotel):
    client = as_role("viewer")
    assert "All quiet" in client.get(at(hotel)).text
    assert "No alert fits these filters" in client.get(at(hotel, "?show=cleared")).text
    for odd in (
        "?show=x",
        "?kind=;drop",
        "?unit=room-%E2%80%AE",
        "?unit=--",
        "?unit=room-%F0%9F%9A%AA",
        "?show=all&kind=rule",
    ):
        assert client.get(at(hotel, odd)).status_code == 200, odd
    assert client.get(at(hotel, "?cursor=x")).status_code == 422


def test_the_filters_live_in_the_address_and_the_file_has_the_same_rows(as_role, hotel):
    unit = room(hotel, number="7")
    alert(hotel, unit, kind="speeding", severity="critical")
    alert(hotel, kind="tampering")
    client = as_role("manager")

    def rows(**filters):
        return [
            row["kind"] for row in csv.DictReader(io.StringIO(client.get(at(hotel, ".csv"), query_string=filters).text))
        ]

    assert sorted(rows()) == ["speeding", "tampering"]
    assert rows(show="critical") == rows(kind="speeding") == rows(unit="room-7") == ["speeding"]
    assert rows(show="mine") == rows(show="cleared") == []


def test_an_alert_is_acknowledged_with_a_way_back(as_role, hotel):
    made, client = alert(hotel), as_role("front_desk", name="Ada")
    answer = client.post(
        at(hotel, f"/{made.id}/acknowledge?show=open"), headers=asking_for("alerts"), follow_redirects=True
    )
    assert answer.text.lstrip().startswith('<section id="alerts"')
    assert "Acknowledged: Tampering" in answer.text
    undo = re.search(r'action="([^"]+/reopen)"', answer.text).group(1)
    assert get_alert(hotel.id, made.id).acknowledged_by == "Ada"
    assert client.post(undo).status_code == 303
    assert get_alert(hotel.id, made.id).status == "open"


def test_the_second_who_acknowledges_reads_who_was_first(as_role, hotel):
    made = alert(hotel)
    alert_handling.acknowledge(asset_id=hotel.id, alert_id=made.id, actor=acting(member(hotel, name="Obi")))
    answer = as_role("manager", name="Ada").post(at(hotel, f"/{made.id}/acknowledge"), follow_redirects=True)
    assert "Obi has acknowledged it already." in answer.text


def test_clearing_keeps_what_was_done(as_role, hotel):
    made, client = alert(hotel), as_role("manager")
    answer = client.post(
        at(hotel, f"/{made.id}/clear"),
        data={"note": "Seal replaced"},
        headers=asking_for("panel"),
        follow_redirects=True,
    )
    assert "Seal replaced" in answer.text
    assert 'id="panel"' in answer.text
    assert get_alert(hotel.id, made.id).status == "cleared"
    refused = client.post(at(hotel, f"/{made.id}/acknowledge"))
    assert refused.status_code == 409
    assert "This alert has ended already." in refused.text


def test_an_alert_is_handed_over_and_that_is_taken_back(as_role, hotel):
    made, desk = alert(hotel), member(hotel, "front_desk", name="Obi")
    client = as_role("manager", name="Ada")
    answer = client.post(at(hotel, f"/{made.id}/assign"), data={"user_id": str(desk.id)}, follow_redirects=True)
    assert "Obi looks after it now, and is told so." in answer.text
    assert get_alert(hotel.id, made.id).assigned_to == desk.id
    client.post(at(hotel, f"/{made.id}/assign"), data={"user_id": ""})
    assert get_alert(hotel.id, made.id).assigned_to is None
    client.post(at(hotel, f"/{made.id}/assign"), data={"user_id": "me"})
    assert get_alert(hotel.id, made.id).assigned_to == client.user.id
    stranger = member(place(name="Elsewhere"))
    assert client.post(at(hotel, f"/{made.id}/assign"), data={"user_id": str(stranger.id)}).status_code == 422
    assert client.post(at(hotel, f"/{made.id}/assign"), data={"user_id": "nobody"}).status_code == 422


def test_several_are_acknowledged_with_one_button(as_role, hotel):
    made = [alert(hotel) for _n in range(3)]
    client = as_role("front_desk")
    page = client.get(at(hotel)).text
    assert "Acknowledge these 3" in page
    ids = re.search(r'name="ids" value="([^"]+)"', page).group(1)
    answer = client.post(at(hotel, "/acknowledge"), data={"ids": ids}, follow_redirects=True)
    assert "3 alerts acknowledged." in answer.text
    assert {get_alert(hotel.id, each.id).status for each in made} == {"acknowledged"}
    client.post(at(hotel, "/acknowledge"), data={"ids": ids, "back": "yes"})
    assert {get_alert(hotel.id, each.id).status for each in made} == {"open"}
    assert client.post(at(hotel, "/acknowledge"), data={"ids": "x,y"}).status_code == 422


def test_who_may_only_look_sees_no_buttons(as_role, hotel):
    made, client = alert(hotel), as_role("housekeeper")
    assert 'data-row-key="a"' not in client.get(at(hotel)).text
    assert "Hand over" not in client.get(at(hotel, f"/{made.id}")).text
    assert client.post(at(hotel, f"/{made.id}/acknowledge")).status_code == 403


def test_another_places_alert_is_not_there(as_role, hotel):
    other = place(name="Elsewhere")
    foreign, client = alert(other), as_role("owner")
    assert client.get(at(hotel, f"/{foreign.id}")).status_code == 404
    for step in ("acknowledge", "assign", "clear", "reopen"):
        assert client.post(at(hotel, f"/{foreign.id}/{step}")).status_code == 404
    assert str(foreign.id) not in client.get(at(hotel, "?show=all")).text
    assert client.get(at(other)).status_code == 404


def test_every_kind_has_a_sentence_whatever_its_facts(session):
    for kind in (*KINDS, "something_new"):
        assert kind_words(kind), kind
        assert sentence(kind, {}), kind
    facts = {"device": "lock-204", "minutes": 12, "missing": [[3, 5], 9], "capability": "access", "action": "unlock",
             "topic": "v1/b/up/x", "top_speed_kmh_milli": 92_400, "limit_kmh": 80, "fence": "Airport",
             "value": "opened", "plan": "Oil", "driver": "Obi", "expires_on": "2027-01-01", "watts": "60"}  # fmt: skip
    assert sentence("gap_open", facts) == "Device lock-204: 4 messages are missing, and were asked for again."
    assert sentence("speeding", facts) == "92 km/h where 80 are allowed, in Airport."
    for kind in KINDS:
        assert sentence(kind, facts)


def test_the_inbox_asks_the_same_few_questions_whatever_its_size(as_role, hotel, count_queries):
    client, asked = as_role("manager"), []
    for size in (1, 20):
        for _n in range(size):
            alert(hotel, room(hotel))
        with count_queries() as sent:
            client.get(at(hotel))
        asked.append(len(sent))
    assert asked[0] == asked[1] <= 9, sent
