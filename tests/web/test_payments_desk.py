"""The people who look after money: the list, one payment's life, and what a second person decides."""

import pytest

from portal.core.db import db
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import inbox, intents
from tests.factories import assets, bills, identity, payments
from tests.support.queries import counting

REASON = {"reason": "Asked the guest"}


@pytest.fixture
def place(session):
    """A hotel whose payments are looked at."""
    return assets.place()


@pytest.fixture
def desk(client, place):
    """The owner's browser."""
    identity.sign_in(client, identity.member(place))
    return client


def held(place, outcome="wrong_amount"):
    made = payments.intent(assets.room(place))
    payments.decide(made, outcome)
    payments.settle(made)
    return made


def test_the_list_shows_what_came_and_what_did_not(desk, place):
    paid = payments.paid(assets.room(place))
    held(place)
    page = desk.get(f"/payments/{place.asset_number}/").text
    assert "Needs a decision" in page
    assert paid.reference[:11] in page
    assert "₦10,000.00" in page
    assert "1 decision" in page
    bell = desk.get(f"/home/{place.asset_number}/bell", headers={"HX-Request": "true", "HX-Target": "bell"}).text
    assert "1 payment needs a decision" in bell


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("status=succeeded", True), ("status=failed", False), ("status=nonsense", True), ("days=1", True),
     ("q=ada@", True), ("q=nobody", False), ("days=zzz", True), ("q=%25", False)],
)  # fmt: skip
def test_filters_are_in_the_address(desk, place, asked, shown):
    made = payments.paid(assets.room(place))
    page = desk.get(f"/payments/{place.asset_number}/?{asked}")
    assert page.status_code == 200
    assert (made.reference[:11] in page.text) is shown


def test_a_reference_is_found_by_its_beginning(desk, place):
    made, other = payments.paid(assets.room(place)), payments.paid(assets.room(place))
    page = desk.get(f"/payments/{place.asset_number}/?q={made.reference[:9].lower()}").text
    assert made.reference[:11] in page
    assert other.reference[:11] not in page


def test_long_lists_come_in_pages(desk, place, monkeypatch):
    from portal.shared.payments import queries

    monkeypatch.setattr(queries.payments_of, "__kwdefaults__", {"cursor": None, "limit": 2})
    room = assets.room(place)
    made = [payments.paid(room) for _n in range(3)]
    first = desk.get(f"/payments/{place.asset_number}/").text
    assert made[0].reference[:11] not in first
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert made[0].reference[:11] in desk.get(following).text
    assert desk.get(f"/payments/{place.asset_number}/?cursor=nonsense").status_code == 422


def test_the_export_holds_the_same_payments_and_no_formula(desk, place):
    made = payments.paid(assets.room(place), email="+cmd@example.com")
    answer = desk.get(f"/payments/{place.asset_number}/export.csv")
    assert answer.mimetype == "text/csv"
    head, line = answer.text.strip().splitlines()
    assert head.startswith("reference,started,status")
    assert line.startswith(made.reference)
    assert ",'+cmd@example.com,10000.00,10000.00,0.00,NGN,sandbox," in line


def test_an_export_asks_no_more_of_the_database_for_many_than_for_few(desk, place):
    def asked():
        with counting() as sent:
            assert desk.get(f"/payments/{place.asset_number}/export.csv").text.count("Bill ") == len(raised)
        return len(sent)

    raised = [_begun(place)]
    few = asked()
    raised += [_begun(place) for _n in range(5)]
    assert asked() == few


def _begun(place):
    """A bill somebody set out to pay."""
    bill = bills.bill(place)
    return intents.open_intent(
        purpose="bill", subject_id=bill.id, amount=bill.amount, payer_email="a@example.com", actor=payments.VISITOR
    )


def test_one_payments_life_is_told_in_order(desk, place):
    made = payments.intent(assets.room(place))
    payments.decide(made)
    raw, headers = payments.webhook(made)
    for _delivery in range(3):
        desk.post(payments.WEBHOOK, data=raw, headers=headers)
    inbox.process_due()
    page = desk.get(f"/payments/{place.asset_number}/{made.reference}").text
    told = [page.index(words) for words in (
        "Started", "Sent to the checkout of Sandbox", "The provider told us that it was paid", "Money taken",
        "Access given", "The door was told to unlock",
    )]  # fmt: skip
    assert told == sorted(told)
    assert "Came 3 times" in page
    assert "Told by the provider&#39;s message" in page
    beside = {"HX-Request": "true", "HX-Target": "panel"}
    short = desk.get(f"/payments/{place.asset_number}/{made.reference}/panel", headers=beside).text
    assert short.lstrip().startswith('<aside id="panel"')
    assert "Access given" in short


def test_staff_may_ask_the_provider_now(desk, place):
    made = payments.intent(assets.room(place))
    payments.decide(made)
    assert desk.post(f"/payments/{place.asset_number}/{made.reference}/ask").status_code == 303
    assert get_intent(made.reference).status == "succeeded"


def test_held_money_is_decided_with_a_reason(desk, place):
    made = held(place)
    address = f"/payments/{place.asset_number}/{made.reference}"
    assert "Less money came than was asked for." in desk.get(f"/payments/{place.asset_number}/review").text
    refused = desk.post(f"{address}/accept", data={"reason": " "})
    assert refused.status_code == 422
    assert get_intent(made.reference).status == "review"
    assert desk.post(f"{address}/accept", data=REASON).status_code == 303
    assert get_intent(made.reference).status == "succeeded"
    again = desk.post(f"{address}/accept", data=REASON)
    assert again.status_code == 422
    assert "does not wait for a decision any more" in again.text


def test_another_places_payment_is_not_there(desk, place):
    made = payments.paid(assets.room())
    assert desk.get(f"/payments/{place.asset_number}/{made.reference}").status_code == 404
    assert desk.post(f"/payments/{place.asset_number}/{made.reference}/accept", data=REASON).status_code == 404


@pytest.mark.parametrize(("role", "status"), [("front_desk", 403), ("manager", 303), ("housekeeper", 403)])
def test_who_may_decide(client, place, role, status):
    made = held(place)
    identity.sign_in(client, identity.member(place, role))
    answer = client.post(f"/payments/{place.asset_number}/{made.reference}/accept", data=REASON)
    assert answer.status_code == status


def test_messages_that_match_nothing_are_the_platforms(client, desk, place):
    desk.post(payments.WEBHOOK, data=payments.webhook_for_nobody()[0], headers=payments.webhook_for_nobody()[1])
    inbox.process_due()
    assert desk.get("/payments/messages").status_code == 404
    identity.sign_in(client, identity.person(platform_admin=True))
    page = client.get("/payments/messages").text
    assert "It names a payment that was never started here." in page
    assert "NOT-OURS-123" in page


def test_the_list_asks_few_questions(desk, place, count_queries):
    room = assets.room(place)
    for _n in range(5):
        payments.paid(room)
    db.session.commit()
    with count_queries() as sent:
        desk.get(f"/payments/{place.asset_number}/")
    assert len(sent) <= 7, sent
