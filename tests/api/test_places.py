"""Places and the people who work there, over JSON."""

import pytest

from portal.shared.identity.models import Role
from tests.factories import assets, identity

NEW = {"kind": "hotel", "name": "Marina Hotel", "currency": "NGN", "timezone": "Africa/Lagos"}
BANK = {"bank_name": "GTBank", "account_name": "Marina Hotel Ltd", "account_number": "0123456789"}


def test_whoever_opens_a_place_owns_it(session, calling):
    me = calling(identity.person())
    opened = me.post("/api/assets/", {**NEW, "location": "Victoria Island", "bank": BANK})
    assert opened.status_code == 201
    number = opened.json["asset_number"]
    shown = me.get(f"/api/assets/{number}").json
    assert shown == opened.json
    assert (shown["role"], shown["bank"], shown["location"]) == ("owner", BANK, "Victoria Island")
    assert shown["created_at"].endswith("+01:00")
    assert [each["asset_number"] for each in me.get("/api/assets/").json["results"]] == [number]


def test_only_an_owner_sees_and_changes_the_bank_details(session, calling):
    place = assets.place()
    owner, admin = (calling(identity.member(place, role)) for role in (Role.OWNER, Role.ADMIN))
    path = f"/api/assets/{place.asset_number}/"
    assert owner.patch(path, {"bank": BANK, "name": "Harbour"}).json["bank"] == BANK
    assert admin.get(path).json["bank"] is None
    refused = admin.patch(path, {"bank": BANK, "name": "Mine"})
    assert refused.status_code == 403
    assert refused.json["error"]["details"]["needs"] == "assets.bank"
    assert admin.get(path).json["name"] == "Harbour"


def test_what_is_not_sent_stays_and_what_is_empty_is_cleared(session, calling):
    place = assets.place(location="Ikoyi")
    owner = calling(identity.member(place))
    path = f"/api/assets/{place.asset_number}/"
    assert owner.patch(path, {"timezone": "Africa/Nairobi"}).json["location"] == "Ikoyi"
    assert owner.patch(path, {"location": ""}).json["location"] is None
    assert owner.get(path).json["timezone"] == "Africa/Nairobi"


def test_a_place_without_history_can_be_removed(session, calling):
    place = assets.place()
    owner, path = calling(identity.member(place)), f"/api/assets/{place.asset_number}/"
    assert owner.delete(path).status_code == 204
    assert owner.get(path).status_code == 404


def test_the_place_of_another_reads_as_one_that_does_not_exist(session, calling):
    place = assets.place()
    stranger = calling(identity.member(assets.place()))
    theirs = stranger.get(f"/api/assets/{place.asset_number}/")
    nobodys = stranger.get("/api/assets/ZZZZZZZ/")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json == nobodys.json


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"kind": "castle"}, "kind", "kind must be one of: hotel, fleet, depot, shop."),
        ({"name": "  "}, "name", "Enter the name."),
        ({"name": "x" * 81}, "name", "Use at most 80 characters."),
        ({"name": "a\u0000b"}, "name", "name has a character that cannot be stored."),
        ({"currency": "XXX"}, "currency", "There is no currency XXX. Use a code such as KES."),
        ({"currency": "kes"}, "currency", "There is no currency kes. Use a code such as KES."),
        (
            {"timezone": "Africa/Atlantis"},
            "timezone",
            "There is no time zone of that name. Use one such as Africa/Lagos.",
        ),
        ({"pric": 1}, "pric", "Unknown field: pric."),
        ({"bank": {"bank_name": "GTBank"}}, "bank.account_name", "bank.account_name is missing."),
        ({"bank": "GTBank"}, "bank", "bank must be a JSON object."),
    ],
)
def test_a_mistake_is_named_field_by_field(session, calling, change, field, sentence):
    answer = calling(identity.person()).post("/api/assets/", {**NEW, **change})
    assert answer.status_code == 422
    assert answer.json["error"]["details"][field] == sentence


def test_every_missing_field_is_named_at_once(session, calling):
    answer = calling(identity.person()).post("/api/assets/", {})
    assert set(answer.json["error"]["details"]) == {"kind", "name", "currency", "timezone"}


def test_a_person_is_invited_joins_and_is_let_go(session, calling):
    place = assets.place()
    owner = calling(identity.member(place))
    invited = owner.post(
        f"/api/assets/invite/{place.asset_number}/", {"email": "New@Example.com", "role": "front_desk"}
    )
    assert invited.status_code == 201
    assert invited.json["email"] == "new@example.com"
    joined = identity.member(place, Role.FRONT_DESK, email="joined@example.com")
    people = owner.get(f"/api/assets/{place.asset_number}/users/").json["results"]
    assert (people[0]["email"], people[0]["role"]) == (joined.email, "front_desk")
    path = f"/api/assets/kick/{place.asset_number}/"
    assert owner.post(path, {"email": joined.email}).status_code == 204
    assert owner.post(path, {"email": joined.email}).status_code == 404
    assert calling(joined).get(f"/api/assets/{place.asset_number}/").status_code == 404


def test_the_last_owner_cannot_leave(session, calling):
    place = assets.place()
    user = identity.member(place)
    answer = calling(user).post(f"/api/assets/kick/{place.asset_number}/", {"email": user.email})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "last_owner")


def test_nobody_gives_a_role_above_their_own(session, calling):
    place = assets.place()
    manager = calling(identity.member(place, Role.MANAGER))
    answer = manager.post(f"/api/assets/invite/{place.asset_number}/", {"email": "a@example.com", "role": "owner"})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_your_rank")


def test_a_list_neither_repeats_nor_skips_while_it_grows(session, calling):
    user = identity.person()
    me = calling(user)
    numbers = [me.post("/api/assets/", {**NEW, "name": f"Hotel {n}"}).json["asset_number"] for n in range(5)]
    seen, cursor = [], None
    while cursor or not seen:
        page = me.get("/api/assets/?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [each["asset_number"] for each in page["results"]]
        cursor = page["next"]
        me.post("/api/assets/", {**NEW, "name": "Another"})
    assert seen == numbers[::-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=", "cursor=x", "cursor=%00", "colour=red"])
def test_a_page_that_cannot_be_is_refused(session, calling, query):
    assert calling(identity.person()).get(f"/api/assets/?{query}").status_code == 422
