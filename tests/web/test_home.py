"""The first page of a place: its figures for those who may see them, and the way to every desk that is open."""

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


def test_figures_are_for_those_who_may_see_them(app, session):
    place = assets.place()
    manager = signed_in(app, people.member(place, "manager")).get(f"/home/{place.asset_number}/").text
    assert "Today&#39;s money" in manager
    housekeeper = signed_in(app, people.member(place, "housekeeper")).get(f"/home/{place.asset_number}/").text
    assert "Today&#39;s money" not in housekeeper


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


def test_the_first_page_asks_little_of_the_database(app, session, count_queries):
    place = assets.place()
    client = signed_in(app, people.member(place))
    client.get(f"/home/{place.asset_number}/")
    with count_queries() as sent:
        client.get(f"/home/{place.asset_number}/")
    assert len(sent) <= 6, sent
