"""The first page, the place's settings, the audit trail, jobs and health, for those who may see them."""

import pytest
from flask import g

from portal.core import outbox, runs
from portal.core.db import db
from portal.shared.access.services import grants
from portal.shared.assets import queries
from portal.shared.assets.services import registry
from portal.shared.audit.services import record, seal
from portal.shared.devices.models import DeviceCommand
from portal.shared.identity.models import Membership
from portal.web.admin import differences
from tests.factories import payments
from tests.factories.assets import ACTOR, place, room
from tests.factories.identity import member, person, sign_in

HTMX = {"HX-Request": "true"}


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


def expire_commands() -> None:
    db.session.execute(db.update(DeviceCommand).values(status="expired"))
    db.session.commit()


def test_the_first_page_says_what_came_in_and_who_is_where(as_role, hotel):
    payments.paid(room(hotel))
    room(hotel)
    page = as_role("manager").get(f"/home/{hotel.asset_number}/").text
    assert "₦10,000.00" in page
    assert "1 of 2 in service" in page
    assert "50%" in page


def test_a_change_reads_in_words(app, hotel):
    until = "2021-03-06 08:30:00.079864+00:00"
    before = {"status": "expired", "until": until, "retain_commands": True, "role": "front_desk"}
    after = {"status": "suspended", "until": None, "retain_commands": False, "role": "manager"}
    with app.test_request_context():
        g.place = hotel
        assert differences.lines(before, after, "NGN") == [
            ("Status", "Free", "Out of use"),
            ("Until", "6 Mar 2021 09:30", "–"),
            ("Retain commands", "yes", "no"),
            ("Role", "Front desk", "Manager"),
        ]


def test_a_new_place_begins_with_its_first_room(as_role, hotel):
    assert "Register the first room" in as_role("manager").get(f"/home/{hotel.asset_number}/").text


def test_the_platforms_admin_chooses_among_all_places(client, hotel):
    sign_in(client, person(platform_admin=True))
    page = client.get("/").text
    assert f"/home/{hotel.asset_number}/" in page
    assert "Open a place" in page


def test_who_works_nowhere_learns_how_to_get_in(client, hotel):
    sign_in(client, person())
    page = client.get("/").text
    assert hotel.asset_number not in page
    assert "Ask a manager for an invitation" in page


def test_a_quiet_place_says_so(as_role, hotel):
    page = as_role("owner").get(f"/home/{hotel.asset_number}/").text
    assert "All quiet" in page


def test_a_lock_that_was_not_reached_waits_with_its_button(as_role, hotel):
    unit = room(hotel, number="12")
    grants.grant_direct(unit_id=unit.id, minutes=180, reason="Guest", actor=ACTOR)
    expire_commands()
    client = as_role("front_desk")
    page = client.get(f"/home/{hotel.asset_number}/").text
    assert "Room 12 did not answer to “Unlock”" in page
    assert f'href="/units/{hotel.asset_number}/room/12"' in page
    part = client.get(f"/home/{hotel.asset_number}/", headers=HTMX | {"HX-Target": "needs"}).text
    assert part.lstrip().startswith('<div id="needs"')


def test_a_housekeeper_sees_no_money_on_the_first_page(as_role, hotel):
    payments.paid(room(hotel))
    page = as_role("housekeeper").get(f"/home/{hotel.asset_number}/").text
    assert "₦" not in page
    assert "Occupancy now" in page


def test_other_places_stand_below_without_money_where_the_role_there_may_not_see_it(client, hotel):
    lodge = place(name="Hill Lodge")
    payments.paid(room(lodge))
    boss = member(hotel, "owner")
    sign_in(client, boss)
    assert "Hill Lodge" not in client.get(f"/home/{hotel.asset_number}/").text
    db.session.add(Membership(user_id=boss.id, asset_id=lodge.id, role="housekeeper"))
    db.session.commit()
    page = client.get(f"/home/{hotel.asset_number}/").text
    assert "Hill Lodge" in page
    assert "1 of 1 in use" in page
    assert "₦10,000.00" not in page


def test_the_first_page_asks_a_fixed_number_of_questions(as_role, hotel, count_queries):
    client = as_role("owner")
    asked = []
    for size in (1, 10):
        for _unit in range(size):
            payments.paid(room(hotel))
        with count_queries() as seen:
            client.get(f"/home/{hotel.asset_number}/")
        asked.append(len(seen))
    assert asked[0] == asked[1] <= 27, seen


def test_whoever_has_no_place_yet_opens_one_and_owns_it(client, committed):
    sign_in(client, person())
    assert client.get("/places/new").status_code == 200
    good = {"kind": "hotel", "name": "Beach Hotel", "currency": "NGN", "timezone": "Africa/Lagos", "location": ""}
    for field, value in (("currency", "XXX"), ("timezone", "Mars"), ("kind", "castle"), ("name", " ")):
        assert client.post("/places/new", data=good | {field: value}).status_code == 422
    opened = client.post("/places/new", data=good)
    assert opened.status_code == 303
    number = queries.assets()[0].asset_number
    assert opened.headers["Location"] == f"/home/{number}/"
    assert client.get(f"/units/{number}/").status_code == 200


def test_a_cashier_opens_no_second_place(as_role):
    assert as_role("cashier").post("/places/new", data={}).status_code == 403


def test_a_place_is_renamed_and_its_bank_account_is_masked(as_role, hotel):
    client, address = as_role("owner"), f"/admin/{hotel.asset_number}/place"
    assert "Marina Hotel" in client.get(address).text
    changed = {"name": "Marina Palace", "location": "1 Marina", "timezone": "Africa/Lagos"}
    assert client.post(address, data=changed).status_code == 303
    bank = {"bank_name": "First Bank", "bank_account_name": "Marina", "bank_account_number": "0011223344"}
    assert client.post(f"{address}/bank", data=bank | {"bank_name": ""}).status_code == 422
    assert client.post(f"{address}/bank", data=bank).status_code == 303
    page = client.get(address).text
    assert "Marina Palace" in page
    assert "3344" in page
    assert "0011223344" not in page


def test_keeping_commands_at_the_broker_is_a_switch_with_a_warning(as_role, hotel):
    client, address = as_role("owner"), f"/admin/{hotel.asset_number}/place"
    assert "Danger" in client.get(address).text
    client.post(f"{address}/devices", data={"retain_commands": "y"})
    assert queries.get_asset(hotel.asset_number).retain_commands
    client.post(f"{address}/devices", data={})
    assert not queries.get_asset(hotel.asset_number).retain_commands


def test_a_place_with_a_history_is_closed_and_not_deleted(as_role, hotel):
    payments.paid(room(hotel))
    client, address = as_role("owner"), f"/admin/{hotel.asset_number}/place"
    refused = client.post(f"{address}/delete")
    assert refused.status_code == 409
    assert "Retire it instead" in refused.text
    assert client.post(f"{address}/close", data={"reason": ""}).status_code == 422
    assert client.post(f"{address}/close", data={"reason": "Sold"}).status_code == 303
    assert queries.get_asset(hotel.asset_number).retired_at is not None


def test_the_trail_shows_who_what_why_before_and_after(as_role, hotel):
    unit = room(hotel, number="12")
    registry.amend_unit(unit_id=unit.id, price=1_250_000, actor=ACTOR)
    registry.suspend(unit_id=unit.id, reason="Burst pipe", actor=ACTOR)
    client, address = as_role("manager"), f"/admin/{hotel.asset_number}/audit"
    page = client.get(address).text
    assert "Burst pipe" in page
    assert "<del>₦10,000.00</del>" in page
    assert "<ins>₦12,500.00</ins>" in page
    only = client.get(address, query_string={"what": "unit.suspended"}).text
    assert "Burst pipe" in only
    assert "12,500" not in only
    assert "Nothing fits" in client.get(address, query_string={"who": "nobody at all"}).text
    assert "Nothing fits" in client.get(address, query_string={"to": "2001-01-01"}).text
    odd = client.get(address, query_string={"from": "yesterday"})
    assert odd.status_code == 200
    assert 'data-tone="bad"' in odd.text
    file = client.get(f"/admin/{hotel.asset_number}/audit.csv").text
    assert "Burst pipe" in file


def test_the_trail_turns_page_by_page(as_role, hotel):
    for n in range(60):
        record("test.made", actor=ACTOR, subject="test", subject_id=n, asset_id=hotel.id)
    db.session.commit()
    client, address = as_role("owner"), f"/admin/{hotel.asset_number}/audit?what=test.made"
    first = client.get(address).text
    cursor = first.partition('rel="next" href="')[2].partition("cursor=")[2].partition('"')[0].partition("&")[0]
    second = client.get(f"{address}&cursor={cursor}").text
    assert (first.count("Test made"), second.count("Test made")) == (51, 11)  # one each is the filter's own word
    assert client.get(f"{address}&cursor=rubbish").status_code == 422


@pytest.mark.parametrize("asked", ["from=0001-01-01", "to=9999-12-31", "from=2031-02-30", "to=x"])
def test_a_day_that_never_was_is_said_and_shows_the_whole_trail(as_role, hotel, asked):
    said = as_role("owner").get(f"/admin/{hotel.asset_number}/audit?{asked}")
    assert said.status_code == 200
    assert "There is no such date" in said.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/{}/audit?who=%00", 400),
        ("/admin/{}/audit.csv?subject=%00", 400),
        ("/units/{}/?q=%00", 400),
        ("/search?q=%00", 400),
        ("/units/{}/?q=%01", 400),
        ("/units/{}/room/%00", 404),
        ("/home/{}/?endpoint=a&asset_number=b&_scheme=javascript&_external=1", 200),
    ],
)
def test_an_address_nobody_would_type_is_answered_calmly(as_role, hotel, path, status):
    said = as_role("owner").get(path.format(hotel.asset_number))
    assert said.status_code == status
    assert "javascript:" not in said.text


def test_the_chain_is_checked_and_a_rewritten_entry_is_named(as_role, hotel):
    client, address = as_role("owner"), f"/admin/{hotel.asset_number}/audit/chain"
    seal()
    assert "The chain holds" in client.get(address).text
    db.session.execute(db.text("alter table audit_entry disable trigger audit_entry_append_only"))
    db.session.execute(db.text("update audit_entry set actor_name = 'somebody else' where id = 1"))
    db.session.execute(db.text("alter table audit_entry enable trigger audit_entry_append_only"))
    db.session.commit()
    part = client.get(address, headers=HTMX | {"HX-Target": "chain"}).text
    assert "The chain is broken at entry 1" in part
    assert part.lstrip().startswith('<div id="chain"')


def test_the_trail_of_another_place_is_not_there(as_role, hotel):
    theirs = place(name="Theirs")
    client = as_role("owner")
    assert client.get(f"/admin/{theirs.asset_number}/audit").status_code == 404
    assert client.get(f"/admin/{theirs.asset_number}/audit.csv").status_code == 404
    assert "Theirs" not in client.get(f"/admin/{hotel.asset_number}/audit").text


def test_health_is_said_in_words(as_role, hotel):
    client = as_role("owner")
    assert "No worker has ever run" in client.get("/admin/health").text
    runs.beat("scheduler", pid=1)
    runs.beat("mqtt", connected=False, fault="connection refused")
    page = client.get("/admin/health").text
    assert "Heard 0 s ago" in page
    assert "connection refused" in page
    assert as_role("front_desk").get("/admin/health").status_code == 403


def test_jobs_show_their_last_run_and_what_is_stuck(as_role, hotel):
    def refuse(_body):
        raise RuntimeError("printer on fire")

    runs.finished(name="audit seal", started_at=hotel.created_at, took_ms=12, handled=3, error=None)
    outbox.on("assets.asset.amended", "test printer", refuse)
    try:
        registry.amend_asset(asset_id=hotel.id, name="New name", actor=ACTOR)
        outbox.relay()
        outbox.deliver_due()
    finally:
        del outbox._handlers["assets.asset.amended"]["test printer"]
    page = as_role("admin").get("/admin/jobs").text
    assert "Audit seal" in page
    assert "12 ms" in page
    assert "printer on fire" in page
