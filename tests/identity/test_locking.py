"""A browser left for a moment: it shows nothing to anybody, and gives everything back for the password."""

import pytest
from sqlalchemy import select

from portal.shared.audit.models import AuditEntry
from portal.shared.identity import queries
from portal.shared.identity.models import UserSession
from tests.factories import assets
from tests.factories import identity as people
from tests.factories.identity import PASSWORD

HTMX = {"HX-Request": "true"}


@pytest.fixture
def user(session):
    return people.member(assets.place(), "front_desk", password=PASSWORD, email="amina@example.com")


@pytest.fixture
def locked(client, user):
    client.post("/sign-in", data={"login": "amina@example.com", "password": PASSWORD})
    assert client.post("/lock", headers={"Referer": "http://localhost/account"}).location == "/unlock?next=/account"
    return client


def _unlock(client, password=PASSWORD, **more):
    return client.post("/unlock", data={"password": password, **more})


def test_a_locked_browser_shows_nothing_and_opens_where_it_was(locked, user):
    assert locked.get("/account?a=1").location == "/unlock?next=/account?a%3D1"
    assert locked.get("/live").status_code == 204
    assert locked.get("/sign-in").location == "/unlock"
    page = locked.get("/unlock?next=/account?a%3D1").text
    assert "Amina Bello is still signed in here." in page
    assert 'name="login"' in page
    assert "That is not your password." in _unlock(locked, "not the right one!").text
    assert _unlock(locked, next="/account?a=1").location == "/account?a=1"
    assert locked.get("/account").status_code == 200
    assert locked.get("/unlock").status_code == 303, "a browser that is open has no use for it"


def test_what_was_sent_meanwhile_is_kept(locked, session, user):
    kept = locked.post("/account", data={"name": "Amina B.", "password": "x"})
    assert kept.status_code == 401
    assert "what you typed is kept" in kept.text
    word = kept.text.split('name="held"')[1].split('value="')[1].split('"')[0]
    again = _unlock(locked, held=word).text
    assert 'name="name" value="Amina B."' in again
    assert session.get(type(user), user.id).name == "Amina Bello"


def test_htmx_gets_a_cover_and_leaves_the_page_underneath(locked):
    covered = locked.get("/account", headers=HTMX)
    assert (covered.status_code, covered.headers["HX-Retarget"]) == (401, "#toasts")
    assert '<dialog id="cover"' in covered.text
    refused = locked.post("/unlock", data={"password": "not the right one!"}, headers=HTMX)
    assert (refused.status_code, refused.headers["HX-Retarget"]) == (401, "#cover")
    assert "That is not your password." in refused.text
    opened = locked.post("/unlock", data={"password": PASSWORD}, headers=HTMX)
    assert (opened.status_code, opened.text) == (200, "")


def test_guessing_at_a_locked_browser_is_slowed_as_at_the_way_in(locked):
    for _ in range(10):
        assert _unlock(locked, "not the right one!").status_code == 422
    assert _unlock(locked).status_code == 429


def test_the_trail_names_who_locked_and_unlocked(locked, session, user):
    assert queries.places_heard(session.scalars(select(UserSession.id)).all()) == {}
    _unlock(locked)
    said = session.execute(
        select(AuditEntry.action, AuditEntry.actor_id).where(AuditEntry.action.like("session.%locked"))
    ).all()
    assert {tuple(each) for each in said} == {("session.locked", user.id), ("session.unlocked", user.id)}


def test_somebody_else_may_sign_in_instead_and_a_stranger_is_sent_to_the_way_in(locked, client):
    assert locked.post("/sign-out").location == "/sign-in"
    assert client.post("/lock").location == "/sign-in"
    assert client.get("/unlock").location == "/sign-in"
