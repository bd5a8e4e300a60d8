"""Tokens of the JSON door: short, rotated, revocable, and never taken for one another."""

import base64
import json

import jwt
import pytest
from flask_jwt_extended import create_access_token
from sqlalchemy import func, select, text, update

from portal.shared.audit.models import AuditEntry
from portal.shared.identity.errors import SignInNeeded
from portal.shared.identity.models import TokenFamily, User
from portal.shared.identity.services import accounts, tokens
from tests.factories import assets
from tests.factories import identity as people
from tests.factories.identity import PASSWORD


@pytest.fixture
def user(session):
    return people.person(password=PASSWORD, phone_number="+254712345678")


def _pair(client, user, **credentials):
    given = client.post("/api/token/", json={"email": user.email, "password": PASSWORD, **credentials})
    assert given.status_code == 200, given.json
    return given.json


def _me(client, token):
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})


def _code(response):
    return response.status_code, response.json["error"]["code"]


def test_register_get_a_pair_and_ask_who_i_am(client, session):
    place = assets.place()
    people.member(place)
    made = client.post(
        "/api/auth/register", json={"email": "New@Example.com", "password": PASSWORD, "name": "New Person"}
    )
    assert made.status_code == 201
    assert made.json["email"] == "new@example.com"
    again = client.post(
        "/api/auth/register/", json={"email": "new@example.com", "password": PASSWORD, "name": "New Person"}
    )
    assert _code(again) == (409, "email_taken")
    weak = client.post("/api/auth/register/", json={"email": "x@example.com", "password": "short", "name": "X"})
    assert _code(weak) == (422, "weak_password")
    access = client.post("/api/token/", json={"email": "new@example.com", "password": PASSWORD}).json["access"]
    me = _me(client, access).json
    assert (me["email"], me["memberships"], me["platform_admin"]) == ("new@example.com", [], False)


def test_me_lists_places_with_what_may_be_done_there(client, session, app):
    place = assets.place()
    clerk = people.member(place, "cashier")
    me = client.get("/api/auth/me/", headers=people.bearer(app, clerk)).json
    assert me["memberships"] == [
        {
            "asset_number": place.asset_number,
            "role": "cashier",
            "permissions": [
                "assets.view",
                "bills.raise",
                "bills.view",
                "hotel.view",
                "payments.claim",
                "payments.refund",
                "payments.start",
                "payments.take",
                "payments.view",
            ],
        }
    ]


def test_phone_instead_of_email_and_never_both(client, user):
    phone = {"phone_number": "+254 712 345 678", "password": PASSWORD}
    assert client.post("/api/token", json=phone).status_code == 200
    assert client.post("/api/token", json=phone | {"email": user.email}).status_code == 422
    assert client.post("/api/token", json={"password": PASSWORD}).status_code == 422


def test_wrong_passwords_are_401_and_the_eleventh_is_429_with_retry_after(client, user):
    for _ in range(10):
        refused = client.post("/api/token/", json={"email": user.email, "password": "not it, not at all"})
        assert _code(refused) == (401, "bad_credentials")
    locked = client.post("/api/token/", json={"email": user.email, "password": PASSWORD})
    assert _code(locked) == (429, "too_many")
    assert int(locked.headers["Retry-After"]) > 3000


@pytest.mark.parametrize("password", ["\ud800" * 20, "x" * 5000, "", 7, None, ["a"], "\0" * 20])
def test_strange_passwords_are_refused_never_a_fault(client, user, password):
    answer = client.post("/api/token/", json={"email": user.email, "password": password})
    assert answer.status_code in (401, 422)


def test_a_refresh_token_works_once_and_reuse_ends_the_family(client, user, session):
    first = _pair(client, user)
    second = client.post("/api/token/refresh/", json={"refresh": first["refresh"]}).json
    assert _me(client, second["access"]).status_code == 200
    assert _code(client.post("/api/token/refresh/", json={"refresh": first["refresh"]})) == (401, "sign_in_needed")
    for token in (first["access"], second["access"]):
        assert _me(client, token).status_code == 401
    assert client.post("/api/token/refresh/", json={"refresh": second["refresh"]}).status_code == 401
    assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "token.reused")) == 1


def test_many_threads_with_one_refresh_token_get_one_pair(committed, at_once):
    user = people.person()
    given = tokens.issue(user=user, actor=people.system("tests"))
    outcomes = at_once(
        lambda: tokens.refresh(family_id=given.family_id, refresh_id=given.refresh_id, actor=people.system("tests")),
        6,
    )
    assert sum(isinstance(each, tokens.Pass) for each in outcomes) == 1
    assert sum(isinstance(each, SignInNeeded) for each in outcomes) == 5
    assert committed.scalars(select(TokenFamily.ended_at)).one(), "a token that came twice ended the family"


def test_a_revoked_family_is_dead_at_once(client, user):
    pair = _pair(client, user)
    assert client.post("/api/token/revoke", json={"refresh": pair["refresh"]}).status_code == 204
    assert _me(client, pair["access"]).status_code == 401
    assert client.post("/api/token/refresh/", json={"refresh": pair["refresh"]}).status_code == 401


def test_deactivation_password_change_and_time_end_tokens(client, user, session):
    access = _pair(client, user)["access"]
    session.execute(update(TokenFamily).values(expires_at=func.clock_timestamp() - text("interval '1 second'")))
    assert _me(client, access).status_code == 401
    access = _pair(client, user)["access"]
    accounts.deactivate(user_id=user.id, actor=people.acting(user))
    assert _me(client, access).status_code == 401
    session.execute(update(User).values(active=True))
    assert _me(client, access).status_code == 401, "what ended stays ended"


def test_access_and_refresh_tokens_are_not_taken_for_one_another(client, user):
    pair = _pair(client, user)
    assert _code(_me(client, pair["refresh"])) == (401, "sign_in_needed")
    assert client.post("/api/token/refresh/", json={"refresh": pair["access"]}).status_code == 401


def test_a_token_lives_for_hours_and_not_for_a_year(client, user):
    for name, seconds in (("access", 3_600), ("refresh", 86_400)):
        claims = jwt.decode(_pair(client, user)[name], options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == seconds


def _altered(token, header=None, **claims):
    head, body, signature = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(body + "=="))
    parts = [header or json.loads(base64.urlsafe_b64decode(head + "==")), decoded | claims]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), signature]
    )


def test_forged_tokens_are_401_with_a_bearer_challenge(client, user, app):
    good = _pair(client, user)["access"]
    claims = jwt.decode(good, options={"verify_signature": False})
    secret = app.config["JWT_SECRET_KEY"]
    forged = [
        "",
        "x",
        "a.b.c",
        "é",
        good[:-2],
        good + "x",
        _altered(good, sub="someone else"),
        _altered(good, header={"alg": "none", "typ": "JWT"}).rpartition(".")[0] + ".",
        jwt.encode(claims | {"aud": "another portal"}, secret, "HS256"),
        jwt.encode({name: value for name, value in claims.items() if name != "aud"}, secret, "HS256"),
        jwt.encode(claims | {"exp": 1}, secret, "HS256"),
        jwt.encode(claims | {"family": "not a uuid"}, secret, "HS256"),
        jwt.encode({name: value for name, value in claims.items() if name != "family"}, secret, "HS256"),
        jwt.encode(claims, secret, "HS512"),
        jwt.encode(claims, "another secret, long enough to please the library", "HS256"),
        create_access_token(str(user.id)),
    ]
    for token in forged:
        answer = _me(client, token)
        assert answer.status_code == 401, token
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/api/auth/me", headers={"Authorization": "Basic YTpi"}).status_code == 401
    assert _me(client, good).status_code == 200
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_proves_the_password_for_an_hour(session, user, app):
    from portal.shared.identity import queries

    given = tokens.issue(user=user, actor=people.acting(user))
    assert queries.find_family(given.family_id, user.id)[2] is True
    session.execute(update(TokenFamily).values(proved_at=func.clock_timestamp() - text("interval '61 minutes'")))
    assert queries.find_family(given.family_id, user.id)[2] is False
