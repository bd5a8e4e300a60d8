"""Signing in and out in a browser: sessions are rows, cookies only keys to them."""

import re

import pytest
from sqlalchemy import select

from portal.shared.identity import queries
from portal.shared.identity.models import Mail, UserSession
from tests.factories import assets
from tests.factories import identity as people
from tests.factories.identity import PASSWORD


@pytest.fixture
def user(session):
    return people.member(assets.place(), "front_desk", password=PASSWORD, email="amina@example.com")


@pytest.fixture
def with_csrf(app, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)


def _sign_in(client, password=PASSWORD, **more):
    return client.post("/sign-in", data={"login": "amina@example.com", "password": password, **more})


def _cookie(client):
    return client.get_cookie("session").value


def _token(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]


def test_sign_in_leads_on_and_wrong_passwords_are_told_in_one_sentence(client, user):
    assert "Sign in" in client.get("/sign-in").text
    refused = _sign_in(client, "not the right one!")
    assert refused.status_code == 422
    assert "That is not the e-mail address or phone number and password of an account." in refused.text
    went = _sign_in(client)
    assert (went.status_code, went.location) == (303, "/")
    assert client.get("/account").status_code == 200
    assert client.get("/sign-in").status_code == 303, "somebody signed in has no use for the form"


def test_a_guest_without_a_place_lands_on_their_own_page(client, session):
    people.person(password=PASSWORD, email="amina@example.com")
    assert _sign_in(client).location == "/me"
    assert "Hello Amina Bello" in client.get("/me").text


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/account", "/account"),
        ("/home/X/?a=1&b=2", "/home/X/?a=1&b=2"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("\thttps://evil.example", "/"),
    ],
)
def test_next_never_leaves_the_house(client, user, asked, goes):
    assert _sign_in(client, next=asked).location == goes


def test_a_copied_cookie_is_dead_after_sign_out(client, app, user):
    _sign_in(client)
    copied = _cookie(client)
    thief = app.test_client()
    thief.set_cookie("session", copied)
    assert thief.get("/account").status_code == 200, "as long as the session lives, its key opens"
    client.post("/sign-out")
    assert client.get("/account").status_code == 303
    thief.set_cookie("session", copied)
    assert thief.get("/account").location.startswith("/sign-in")


def test_signing_in_changes_the_cookie_and_ends_what_it_held_before(client, user, session):
    _sign_in(client)
    first = _cookie(client)
    _sign_in(client)
    assert _cookie(client) != first
    assert len(queries.sessions_of(user.id)) == 1


def test_a_planted_cookie_is_not_kept_after_sign_in(client, app, user):
    client.get("/sign-in")
    planted = _cookie(client) if client.get_cookie("session") else None
    _sign_in(client)
    thief = app.test_client()
    if planted:
        thief.set_cookie("session", planted)
    assert thief.get("/account").status_code == 303


def test_the_cookie_holds_no_secret_that_is_stored(client, user, session):
    _sign_in(client)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    row = session.scalars(select(UserSession)).one()
    assert bytes(row.token_hash) == queries.hash_of(token)
    assert token.encode() not in bytes(row.token_hash)


def test_forms_carry_a_secret_bound_to_the_session(client, app, user, with_csrf):
    page = client.get("/sign-in")
    assert _sign_in(client).status_code == 403, "no secret, no form"
    signed = _sign_in(client, csrf_token=_token(page))
    assert signed.status_code == 303
    old = _token(page)
    account = client.get("/account")
    assert _token(account) != old
    stale = client.post("/account/sessions/end-others", data={"csrf_token": old})
    assert stale.status_code == 403
    assert "Your page is too old. Reload and try again." in stale.text
    assert client.post("/account/sessions/end-others", data={"csrf_token": _token(account)}).status_code == 303


def test_a_session_that_ends_in_the_middle_of_a_form_keeps_what_was_typed(client, user, session):
    _sign_in(client)
    client.get("/account")
    session.execute(UserSession.__table__.update().values(ended_at=UserSession.created_at))
    typed = {"name": "Amina <Bello>", "phone_number": "+2348031234567", "language": "en", "theme": "dark"}
    asked = client.post("/account", data={**typed, "password": "must not be kept"}, headers={"Referer": "/account"})
    assert asked.status_code == 401
    held = re.search(r'name="held"[^>]*value="([^"]+)"', asked.text)[1]
    resumed = _sign_in(client, held=held)
    assert resumed.status_code == 200
    assert "What you typed is still here" in resumed.text
    assert 'action="/account"' in resumed.text
    for name in typed:
        assert f'name="{name}"' in resumed.text
    assert "Amina &lt;Bello&gt;" in resumed.text
    assert "must not be kept" not in resumed.text
    assert client.post("/account", data=typed).status_code == 303
    assert user.name == "Amina <Bello>"


def test_the_same_when_the_cookie_is_gone_altogether_but_never_for_another_site(client, user, with_csrf):
    page = {"Sec-Fetch-Site": "same-origin"}
    asked = client.post("/account", data={"name": "Typed Name"}, headers=page)
    assert asked.status_code == 401
    held = re.search(r'name="held"[^>]*value="([^"]+)"', asked.text)[1]
    resumed = _sign_in(client, held=held, csrf_token=_token(asked))
    assert 'value="Typed Name"' in resumed.text
    assert _token(resumed), "the kept form goes out with a fresh secret"
    stranger = client.application.test_client()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        assert stranger.post("/account", data={"name": "Mallory"}, headers=headers).status_code == 403


def test_a_forged_held_form_is_ignored(client, user):
    assert _sign_in(client, held="WyIvYWNjb3VudCIsW11d.forged.signature").location == "/"


def test_a_part_that_refreshes_itself_says_so_in_the_corner(client, session):
    answer = client.get("/account", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/units/X/"})
    assert answer.status_code == 401
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert "/sign-in?next=/units/X/" in answer.text


def test_the_list_of_browsers_and_ending_one_and_the_others(client, app, user):
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
    _sign_in(client)
    phone, laptop = app.test_client(), app.test_client()
    phone.post("/sign-in", data={"login": user.email, "password": PASSWORD}, headers={"User-Agent": agent})
    _sign_in(laptop)
    page = client.get("/account").text
    assert "Chrome on Android" in page
    assert "this one" in page
    other = next(each for each in queries.sessions_of(user.id) if "Android" in (each.user_agent or ""))
    assert client.post(f"/account/sessions/{other.id}/end").status_code == 303
    assert phone.get("/account").status_code == 303
    assert laptop.get("/account").status_code == 200
    client.post("/account/sessions/end-others")
    assert laptop.get("/account").status_code == 303
    assert client.get("/account").status_code == 200


def test_nobody_ends_the_session_of_another_person(client, app, user, session):
    _sign_in(client)
    victim = people.person()
    other = app.test_client()
    people.sign_in(other, victim)
    client.post(f"/account/sessions/{queries.sessions_of(victim.id)[0].id}/end")
    assert other.get("/account").status_code == 200


def test_a_changed_password_keeps_this_browser_and_a_wrong_one_is_pinned_to_its_field(client, app, user):
    _sign_in(client)
    other = app.test_client()
    _sign_in(other)
    wrong = client.post(
        "/account/password", data={"change-current": "wrong", "change-password": "five calm herons wade"}
    )
    assert wrong.status_code == 422
    assert "That is not your password." in wrong.text
    weak = client.post("/account/password", data={"change-current": PASSWORD, "change-password": "short"})
    assert "Use at least 15 characters." in weak.text
    done = client.post(
        "/account/password", data={"change-current": PASSWORD, "change-password": "five calm herons wade"}
    )
    assert done.status_code == 303
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 303


def test_the_whole_way_of_a_forgotten_password(client, user, session):
    for email in ("amina@example.com", "nobody@example.com"):
        sent = client.post("/forgot", data={"email": email}, headers={"Host": "evil.example"})
        assert f"If there is an account for {email}" in sent.text
    letter = session.scalars(select(Mail)).one()
    link = re.search(r"http://localhost(/reset/[\w-]+)", letter.body)[1]
    assert "evil.example" not in letter.body
    assert client.get(link).status_code == 200
    assert client.post(link, data={"password": "short"}).status_code == 422
    assert client.post(link, data={"password": "five calm herons wade"}).location == "/sign-in"
    assert client.get(link).status_code == 404
    assert _sign_in(client, "five calm herons wade").status_code == 303


def test_the_eleventh_try_says_how_long_to_wait(client, user):
    for _ in range(10):
        assert _sign_in(client, "not the right one!").status_code == 422
    locked = _sign_in(client)
    assert locked.status_code == 429
    assert "Too many tries. Wait 60 minutes and try again." in locked.text
    assert int(locked.headers["Retry-After"]) > 3000


def test_strange_bytes_are_refused_in_words(client, user):
    for login in ("\0", "\ud800".encode("utf-8", "surrogatepass"), "x" * 100_000, "' or 1=1 --"):
        assert client.post("/sign-in", data={"login": login, "password": "\0" * 20}).status_code in (400, 422)
    assert client.get("/reset/%00").status_code == 404
    assert client.get("/invitation/%ff").status_code == 404
