"""The frame finds the place: the one in the address, else the one used last, never a stranger's."""

import re

import pytest

from portal.shared.identity.models import Membership
from tests.factories import assets
from tests.factories import identity as people


def signed_in(app, user):
    client = app.test_client()
    people.sign_in(client, user)
    return client


def test_the_first_page_is_the_place_used_last(app, session):
    first, second = assets.place(name="Abuja Inn"), assets.place(name="Zaria Lodge")
    user = people.member(first)
    session.add(Membership(user_id=user.id, asset_id=second.id, role="owner"))
    session.commit()
    client = signed_in(app, user)
    assert client.get("/").headers["Location"] == f"/home/{first.asset_number}/"
    client.get(f"/home/{second.asset_number}/")
    assert client.get("/").headers["Location"] == f"/home/{second.asset_number}/"
    assert "Zaria Lodge" in client.get("/search?q=x").text


def test_a_strangers_place_is_not_there(app, session):
    place, other = assets.place(), assets.place()
    client = signed_in(app, people.member(other))
    assert client.get(f"/home/{place.asset_number}/").status_code == 404
    assert client.get("/home/nothing/").status_code == 404


def test_a_desk_without_a_place_leads_to_the_one_used_last(app, session):
    place = assets.place()
    client = signed_in(app, people.member(place))
    assert client.get("/admin/").headers["Location"] == f"/admin/{place.asset_number}/"
    assert client.get("/nodesk/").status_code == 404


def test_the_bell_of_an_open_page_asks_again_when_something_happens(app, session):
    place = assets.place()
    client = signed_in(app, people.member(place))
    page = client.get(f"/home/{place.asset_number}/").text
    assert f'hx-get="/home/{place.asset_number}/bell" hx-trigger="load, ' in page
    assert "See what needs somebody" in page, "without scripts it is a way to the same things"
    part = client.get(f"/home/{place.asset_number}/bell", headers={"HX-Request": "true", "HX-Target": "bell"}).text
    assert part.lstrip().startswith('<div id="bell"')
    assert 'hx-trigger="load' not in part, "it would ask for ever"
    assert '<span id="bell_count" class="count" hx-swap-oob="true" hidden>0</span>' in part
    assert client.get(f"/home/{place.asset_number}/bell").location == f"/home/{place.asset_number}/"


def test_the_frame_asks_little_of_the_database(app, session, count_queries):
    place = assets.place()
    client = signed_in(app, people.member(place))
    client.get("/search")
    with count_queries() as sent:
        client.get("/search")
    assert len(sent) <= 3, sent  # who, where, and which places


@pytest.mark.parametrize(
    ("page", "typed", "before"),
    [
        ("/account", {"name": "Another Name", "phone_number": "", "language": "en", "theme": "dark"}, "Amina Bello"),
        ("/admin/{}/place", {"name": "Another Name", "location": "", "timezone": "Africa/Lagos"}, None),
    ],
)
def test_a_name_saved_by_mistake_is_taken_back_by_one_button(app, session, page, typed, before):
    place = assets.place()
    client, where, before = signed_in(app, people.member(place)), page.format(place.asset_number), before or place.name
    assert client.post(where, data=typed).status_code == 303
    said = client.get(where).text
    toast = said.split('class="toast-note"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', toast))
    assert (fields["name"], 'value="Another Name"' in said) == (before, True)
    assert client.post(re.search(r'action="([^"]*)"', toast)[1], data=fields).status_code == 303
    assert f'value="{before}"' in client.get(where).text
