"""Charges a provider takes back: all of what is gone leaves the books, whatever the money was for."""

import pytest

from portal.gateways.base import Charge, ChargeStatus
from portal.shared.ledger import chart
from portal.shared.payments.queries import get_intent
from portal.shared.payments.services import accounts, bands, bills, desk, intents, settlement
from tests.factories import assets, payments
from tests.factories import bills as made
from tests.factories import refunds as given
from tests.factories.bills import CLERK, booked, credit_booked

pytestmark = pytest.mark.usefixtures("session")
PAYSTACK = "1100:paystack"


@pytest.fixture
def place():
    """A hotel in Lagos."""
    return assets.place()


def says(intent, status="success", **changes):
    """What the provider says of a payment, settled."""
    said = {"amount": intent.asked, "currency": intent.currency, "transaction_id": "1", **changes}
    charge = Charge(reference=intent.reference, status=ChargeStatus(status), **said)
    return settlement.settle(charge=charge, provider=intent.provider, via="poller", actor=payments.VISITOR)


def test_a_top_up_that_was_spent_since_is_a_loss_of_the_house(place):
    """The credit is gone, and its account never falls below nothing: it shows among the refunds given."""
    bill = made.bill(place, amount=500_000, kind="top_up")
    opened = intents.open_intent(
        purpose=bills.PURPOSE, subject_id=bill.id, amount=500_000, payer_email=made.ADA, actor=payments.VISITOR
    ).intent
    says(opened)
    sale = made.bill(place, amount=400_000)
    desk.spend_credit(bill_id=sale.id, amount=400_000, actor=CLERK)
    says(opened, "reversed")
    assert get_intent(opened.reference).status == "refunded"
    assert credit_booked(place, bill.customer_id) == 0
    assert booked(place, "1100:sandbox") == 0
    assert booked(place, chart.REFUNDS_GIVEN) == -400_000
    assert given.everything_balances()


@pytest.fixture
def dear(place):
    """A payment whose payer bears the provider's charge."""
    bands.load_known()
    key = {"secret_key": "sk_test_a1b2c3d4e5f6g7h8"}
    accounts.set_up(place=place, provider="paystack", given=key, payer_bears_charges=True, actor=CLERK)
    accounts.switch(place=place, provider="paystack", enabled=True, actor=CLERK)
    opened = payments.opened(assets.room(place), provider="paystack")
    assert opened.surcharge > 0
    return opened


def test_a_charge_the_payer_bore_leaves_with_the_payment(place, dear):
    says(dear, fee=dear.surcharge)
    says(dear, "reversed")
    assert booked(place, PAYSTACK) == -dear.surcharge, "what the provider kept stays lost"
    assert booked(place, chart.CHARGES_PASSED_ON) == 0
    assert booked(place, chart.PROVIDER_CHARGES) == dear.surcharge
    assert given.everything_balances()


def test_money_in_another_currency_holds_no_charge_of_ours(place, dear):
    says(dear, currency="USD")
    payment = get_intent(dear.reference).payment
    assert (payment.amount, payment.charged, payment.counted) == (dear.asked, dear.asked, False)
