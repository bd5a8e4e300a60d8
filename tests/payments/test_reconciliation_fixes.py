"""Mending what differs, over HTTP as people do: one button for each kind, and nothing left at the next comparison."""

import re

import pytest
from sqlalchemy import func, select, text

from portal.shared.assets.models import Asset
from portal.shared.audit.models import AuditEntry
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.models import Difference, MobileReceipt
from portal.shared.payments.providers import NotOffered
from portal.shared.payments.queries import find_payment_of, get_intent
from portal.shared.payments.services import receipts, reconciliation
from tests.factories import assets, bills, identity, payments
from tests.factories.reconciliation import (
    at_the_provider,
    compared,
    in_the_books,
    of_nobody,
    open_ones,
    paid_out,
    unknown_there,
)

pytestmark = pytest.mark.database
MONEY = "1100:sandbox"


@pytest.fixture
def place(committed):
    return assets.place()


@pytest.fixture
def owner(app, place):
    """The owner's browser."""
    return browser(app, place)


def browser(app, place, role="owner"):
    client = app.test_client()
    identity.sign_in(client, identity.member(place, role))
    return client


def at(place):
    return f"/payments/{place.asset_number}/reconciliation"


def press(client, place, one, step, **fields):
    return client.post(f"{at(place)}/differences/{one.id}/{step}", data=fields)


def booked(place, account, currency="NGN"):
    return standing(place.business_id, place.id, account, currency)


def sum_of_books(session):
    return session.scalar(text("select coalesce(sum(amount), 0) from ledger_posting"))


def test_settle_now_takes_the_money_as_any_other(owner, place):
    made = payments.intent(assets.room(place))
    payments.decide(made)
    compared(place)
    (one,) = open_ones()
    page = owner.get(f"{at(place)}/differences/{one.id}").text
    assert "Settle now" in page
    assert "₦10,000.00" in page
    assert press(owner, place, one, "take-over").status_code == 303
    assert get_intent(made.reference).status == "succeeded"
    assert find_payment_of(made.id).settled_via == "reconciliation"
    assert compared(place).counts["kinds"] == {}


def test_money_nobody_started_is_kept_unclaimed(owner, place, committed):
    there = of_nobody(700_000)
    compared(place)
    (one,) = open_ones()
    assert "Keep as unclaimed money" in owner.get(f"{at(place)}/differences/{one.id}").text
    assert press(owner, place, one, "take-over").status_code == 303
    kept = committed.scalars(select(MobileReceipt)).one()
    assert (kept.transaction_id, kept.amount, kept.status, kept.asset_id) == (
        str(there.number), 700_000, "unclaimed", place.id,
    )  # fmt: skip
    assert booked(place, chart.UNCLAIMED) == booked(place, MONEY) == 700_000
    assert compared(place).counts["kinds"] == {}
    page = owner.get(f"/payments/{place.asset_number}/mobile/{there.number}").text
    assert "It should go back" not in page
    with pytest.raises(NotOffered, match="Claim it for a bill, and refund that payment"):
        receipts.ask_return(receipt_id=kept.id, reason="Whose is it?", actor=payments.VISITOR)
    bill = bills.bill(place, amount=700_000)
    receipts.claim_for_bill(receipt_id=kept.id, bill_id=bill.id, actor=payments.VISITOR)
    assert get_bill(bill.id).status == "paid"


@pytest.mark.parametrize("fees", [30_000, 1_000])
def test_the_charge_is_booked_as_the_provider_kept_it(owner, place, fees):
    made = payments.paid(assets.room(place))
    at_the_provider(made, fees=fees)
    compared(place)
    (one,) = open_ones()
    assert press(owner, place, one, "charge").status_code == 303
    assert (find_payment_of(made.id).fee, booked(place, chart.PROVIDER_CHARGES)) == (fees, fees)
    assert booked(place, MONEY) == 1_000_000 - fees
    assert compared(place).counts["kinds"] == {}


def test_a_payment_without_an_entry_is_booked(owner, place):
    payment = find_payment_of(payments.paid(assets.room(place)).id)
    in_the_books("delete from ledger_posting where entry_id in (select id from ledger_entry where key = :key)",
                 key=f"payment:{payment.id}")  # fmt: skip
    in_the_books("delete from ledger_entry where key = :key", key=f"payment:{payment.id}")
    compared(place)
    (one,) = open_ones()
    assert press(owner, place, one, "payment").status_code == 303
    assert booked(place, MONEY) == payment.charged - payment.fee
    assert compared(place).counts["kinds"] == {}


def test_a_settlement_is_booked_once_and_moves_the_money_to_the_bank(owner, place):
    payments.paid(assets.room(place))
    there = booked(place, MONEY)
    paid_out()
    compared(place)
    (one,) = open_ones()
    assert press(owner, place, one, "settlement").status_code == 303
    assert (booked(place, chart.BANK), booked(place, MONEY)) == (there, 0)
    again = press(owner, place, one, "settlement")
    assert again.status_code == 422
    assert "dealt with meanwhile" in again.text
    assert compared(place).counts["kinds"] == {}


def test_a_settlement_of_two_places_is_shared_by_what_each_has_there(app, owner, place, committed):
    second = assets.place(name="Beach House")
    committed.get(Asset, second.id).business_id = place.business_id
    committed.commit()
    for where, times in ((place, 2), (second, 1)):
        for _n in range(times):
            payments.paid(assets.room(where))
    before = [booked(each, MONEY) for each in (place, second)]
    paid_out()
    compared(place)
    (one,) = open_ones()
    assert "Beach House" in owner.get(f"{at(place)}/differences/{one.id}").text
    refused = press(owner, place, one, "settlement")
    assert "booked at Beach House" in refused.text, "whose books are not this owner's to write in"
    assert booked(place, chart.BANK) == 0
    both = app.test_client()
    person = identity.member(place)
    identity.sign_in(both, identity.also(person, second))
    assert press(both, place, one, "settlement").status_code == 303
    assert [booked(each, chart.BANK) for each in (place, second)] == before
    assert [booked(each, MONEY) for each in (place, second)] == [0, 0]
    assert compared(place).counts["kinds"] == {}


@pytest.mark.parametrize("kind", ["amount_differs", "books_differ"])
def test_what_is_written_off_is_proposed_by_one_and_booked_by_another(app, owner, place, committed, kind):
    made = payments.paid(assets.room(place))
    if kind == "amount_differs":
        at_the_provider(made, amount=900_000)
    else:
        in_the_books("update ledger_posting set amount = amount + sign(amount) * 100000 where abs(amount) > 500000")
    there = booked(place, MONEY)
    compared(place)
    (one,) = open_ones()
    assert one.kind == kind
    assert press(owner, place, one, "book").status_code == 422, "nobody has proposed it"
    assert press(owner, place, one, "propose", note="").status_code == 422
    assert press(owner, place, one, "propose", note="They paid out less").status_code == 303
    alone = press(owner, place, one, "book")
    assert alone.status_code == 422
    assert "somebody else must book it" in alone.text
    assert booked(place, chart.DIFFERENCES) == 0
    assert press(browser(app, place, "manager"), place, one, "book").status_code == 303
    assert (booked(place, chart.DIFFERENCES), booked(place, MONEY)) == (100_000, there - 100_000)
    assert compared(place).counts["kinds"] == {}
    assert open_ones() == []


def test_what_is_explained_is_kept_with_its_reason_and_stays_explained(owner, place, committed):
    unknown_there(assets.room(place))
    compared(place)
    (one,) = open_ones()
    assert press(owner, place, one, "explain", note=" ").status_code == 422
    assert press(owner, place, one, "explain", note="Lost by them, ticket 4711").status_code == 303
    compared(place)
    assert open_ones() == []
    page = owner.get(f"{at(place)}/?status=explained".replace("/?", "?")).text
    assert "The provider does not know it" in page
    entry = committed.scalars(select(AuditEntry).where(AuditEntry.action.like("%.explained"))).one()
    assert (entry.reason, entry.asset_id) == ("Lost by them, ticket 4711", place.id)


def test_money_the_provider_gave_back_is_taken_over_as_given_back(owner, place, committed):
    made = payments.paid(assets.room(place))
    at_the_provider(made, status="reversed")
    compared(place)
    (one,) = open_ones()
    assert press(owner, place, one, "take-over").status_code == 303
    assert get_intent(made.reference).status == "refunded"
    assert compared(place).counts["kinds"] == {}
    assert sum_of_books(committed) == 0


def test_a_button_of_another_kind_does_nothing(owner, place):
    payments.decide(payments.intent(assets.room(place)))
    compared(place)
    (one,) = open_ones()
    for step in ("charge", "payment", "settlement", "book", "nonsense"):
        assert press(owner, place, one, step).status_code == 422
    assert [each.id for each in open_ones()] == [one.id]


def test_the_provider_is_asked_once_more_before_anything_is_taken_over(owner, place):
    made = payments.intent(assets.room(place))
    payments.decide(made)
    compared(place)
    (one,) = open_ones()
    at_the_provider(made, status="failed")
    refused = press(owner, place, one, "take-over")
    assert refused.status_code == 422
    assert "nothing to take over" in refused.text
    assert find_payment_of(made.id) is None


def test_every_kind_is_found_mended_and_gone_and_the_books_add_up_to_nothing(app, owner, place, committed):
    payments.decide(payments.intent(assets.room(place)))
    of_nobody()
    unknown_there(assets.room(place))
    for changes in ({"amount": 900_000}, {"currency": "USD"}, {"fees": 30_000}, {"status": "failed"}):
        at_the_provider(payments.paid(assets.room(place)), **changes)
    paid_out()
    found = compared(place).counts["kinds"]
    assert found == {
        "missing_here": 2, "missing_there": 1, "amount_differs": 1, "currency_differs": 1, "fee_differs": 1,
        "status_differs": 1, "settlement_not_booked": 2,
    }  # fmt: skip
    steps = {"missing_here": "take-over", "fee_differs": "charge", "settlement_not_booked": "settlement"}
    other = browser(app, place, "manager")
    for one in open_ones():
        step = steps.get(one.kind, "explain")
        if one.kind == "amount_differs":
            assert press(other, place, one, "propose", note="Agreed with them").status_code == 303
            step = "book"
        assert press(owner, place, one, step, note="Asked them").status_code == 303, one.kind
    assert open_ones() == []
    assert compared(place).counts["kinds"] == {}
    assert sum_of_books(committed) == 0
    assert committed.scalar(select(func.count()).select_from(Difference)) == sum(found.values())


def test_the_page_begins_a_comparison_shows_how_far_it_is_and_what_came_of_it(owner, place):
    payments.paid(assets.room(place))
    payments.decide(payments.intent(assets.room(place)))
    page = owner.get(at(place)).text
    assert "Nothing compared yet" in page
    first, last = re.findall(r'type="date" value="([0-9-]+)"', page)
    begun = owner.post(at(place), data={"provider": "sandbox", "first": first, "last": last})
    assert begun.status_code == 303
    assert "Reading the provider" in owner.get(begun.location).text
    again = owner.post(at(place), data={"provider": "sandbox", "first": first, "last": last})
    assert again.status_code == 422
    assert "running already" in again.text
    while reconciliation.advance():
        pass
    page = owner.get(begun.location).text
    assert "Paid, not settled here" in page
    assert "₦10,000.00" in page
    assert "Agreed" in page
    lines = owner.get(f"{at(place)}/differences.csv").text.splitlines()
    assert [line.split(",")[1:4] for line in lines[1:]] == [["sandbox", "missing_here", "open"]]
    assert ",,10000.00,NGN," in lines[1]
    assert "1 difference in the payments" in owner.get(
        f"/home/{place.asset_number}/bell", headers={"HX-Request": "true", "HX-Target": "bell"}
    ).text  # fmt: skip
    assert "difference" in owner.get(f"/home/{place.asset_number}/").text


def test_days_that_cannot_be_meant_are_refused_in_words(owner, place):
    page = owner.post(at(place), data={"provider": "sandbox", "first": "2020-01-02", "last": "2020-12-01"})
    assert page.status_code == 422
    assert "at most 92 days" in page.text


def test_nobody_reconciles_another_business_or_without_the_right(app, owner, place):
    payments.decide(payments.intent(assets.room(place)))
    run = compared(place)
    (one,) = open_ones()
    elsewhere = assets.place(name="Elsewhere")
    stranger = browser(app, elsewhere)
    assert stranger.get(f"{at(elsewhere)}/differences/{one.id}").status_code == 404
    assert press(stranger, elsewhere, one, "take-over").status_code == 404
    assert stranger.get(f"{at(elsewhere)}/{run.id}").status_code == 404
    assert stranger.get(at(place)).status_code == 404
    assert browser(app, place, "cashier").get(at(place)).status_code == 403


def test_a_manager_of_one_place_sees_nothing_of_the_other(app, place, committed):
    second = assets.place(name="Beach House")
    committed.get(Asset, second.id).business_id = place.business_id
    committed.commit()
    payments.decide(payments.intent(assets.room(second)))
    payments.paid(assets.room(second))
    run = compared(place)
    (one,) = open_ones()
    manager = browser(app, place, "manager")
    assert "Nothing differs" in manager.get(at(place)).text
    assert manager.get(f"{at(place)}/differences/{one.id}").status_code == 404
    assert "₦10,000.00" not in manager.get(f"{at(place)}/{run.id}").text
    assert "₦10,000.00" in browser(app, second, "manager").get(f"{at(second)}/{run.id}").text
