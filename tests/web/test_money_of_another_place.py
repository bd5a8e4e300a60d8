"""What is one place's is not there at another: every page of payments and books asked for another place's things.

The addresses come from the routes themselves, so that a page that is added is asked too.
"""

import re

import pytest
from sqlalchemy import select

from portal.core.db import uuid7
from portal.shared.ledger import chart
from portal.shared.ledger.models import Account, Entry
from portal.shared.payments.models import Difference, Dispute, Reconciliation
from portal.shared.payments.queries import find_payment_of
from tests.factories import assets, identity, mobile, payments, payouts
from tests.factories import bills as made
from tests.factories import refunds as given
from tests.factories.reconciliation import compared, of_nobody

#: Named by the address, and of no place: charges are the portal's, providers the business's, months the calendar's.
NOT_OF_A_PLACE = {"band_id", "provider", "month"}
#: What an address offers words for; they name no thing.
WORDS = {"way", "step", "decision", "which"}
PART = re.compile(r"<(?:any\((.*?)\):|\w+:)?(\w+)>")


@pytest.fixture
def things(committed):
    """Everything a place has that an address can name, by the name it has there; payouts and phones have their own."""
    mobile.reachable()
    place = payouts.funded(name="Theirs")
    paid = payments.paid(assets.room(place))
    refund = given.asked(paid, 100)
    dispute = Dispute(
        asset_id=place.id, payment_id=find_payment_of(paid.id).id, provider="sandbox", provider_dispute_id="77",
        kind="dispute", status="open", amount=100, currency="NGN", changed_at=paid.created_at,
    )  # fmt: skip
    committed.add(dispute)
    committed.commit()
    of_nobody()
    compared(place)
    kenya = mobile.place(business_id=place.business_id)
    push = mobile.asked(mobile.bill(kenya))
    receipt = _unclaimed(kenya)
    bill = [made.bill(place) for _n in range(3)][-1]
    return {
        "reference": paid.reference,
        "payouts": payouts.drafted(place).reference,
        "phone": mobile.intent_of(push).reference,
        "refund_id": refund.id,
        "dispute_id": dispute.id,
        "run_id": committed.scalars(select(Reconciliation.id)).first(),
        "difference_id": committed.scalars(select(Difference.id)).first(),
        "number": bill.number,
        "transaction": receipt.transaction_id,
        "account_id": committed.scalars(select(Account.id).where(Account.code == chart.HIRE)).first(),
        "step": "explain",
        "entry_id": committed.scalars(select(Entry.id)).first(),
    }


def _unclaimed(place):
    mobile.registered(place)
    number = mobile.sent("who knows")
    mobile.worked_off()
    return mobile.receipt(number)


def addresses(app, things, asset_number):
    """Every address below a place that names a thing, with the methods it takes."""
    for rule in app.url_map.iter_rules():
        desk = rule.endpoint.partition(".")[0]
        named = set(rule.arguments) - {"asset_number"} - NOT_OF_A_PLACE - WORDS
        if desk not in ("payments", "books") or "asset_number" not in rule.arguments or not named:
            continue
        values = {**things, "asset_number": asset_number}
        for part in ("payouts", "phone"):
            if f"/{part}/" in rule.rule:
                values["reference"] = things[part]
        address = rule.rule
        for part in PART.finditer(rule.rule):
            address = address.replace(part[0], str(_first(part[1]) or values[part[2]]))
        yield from ((method, address) for method in sorted(rule.methods & {"GET", "POST"}))


def _first(words):
    """The first of the words an address offers."""
    return words and words.split(",")[0].strip("' ")


def test_nothing_of_another_place_is_there(app, client, things):
    here = assets.place(name="Ours")
    identity.sign_in(client, identity.member(here))
    fields = {"reason": "Why", "note": "Why", "amount": "1", "once": str(uuid7())}
    asked = list(addresses(app, things, here.asset_number))
    assert len(asked) > 40
    said = [(method, path, client.open(path, method=method, data=fields if method == "POST" else None).status_code)
            for method, path in asked]  # fmt: skip
    assert [each for each in said if each[2] != 404] == []
