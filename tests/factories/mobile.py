"""Mobile money as payers make it: phones that are asked, and money sent to the paybill, at the pretended Daraja."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.gateways import sandbox
from portal.gateways.sandbox import webhooks
from portal.gateways.sandbox.daraja import paybill as pretended
from portal.gateways.sandbox.daraja import pushes as phones
from portal.shared.assets.models import Asset
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments import paybill_accounts
from portal.shared.payments.models import Bill, MobileReceipt, PaymentIntent, PhonePush
from portal.shared.payments.services import addresses, answers, paybill, pushes, verification
from tests.factories import assets, bills

CLERK = bills.CLERK
SECOND = Actor(ActorKind.USER, "Brian Otieno", uuid7())
PHONE = "+254712345678"


def place(**changes: object) -> Asset:
    """An open place in Nairobi that counts in shillings."""
    return assets.place(**{"currency": "KES", "timezone": "Africa/Nairobi", "name": "Uhuru Lodge", **changes})


def bill(at: Asset | None = None, *, amount: int = 125_000, **changes: object) -> Bill:
    """A bill of 1,250 shillings."""
    return bills.bill(at or place(), amount=amount, **changes)


def reachable() -> None:
    """Let the pretended Daraja call this very portal over HTTP."""
    parts = urlsplit(sandbox.base_url("daraja"))
    addresses.connect(f"{parts.scheme}://{parts.netloc}")


def asked(made: Bill | None = None, *, phone: str = PHONE, amount: int | None = None) -> PhonePush:
    """A phone that shows the question for a bill."""
    made = made or bill()
    return pushes.pay_bill(bill_id=made.id, amount=amount or made.amount, phone=phone, actor=CLERK)


def answer(push: PhonePush, how: str = "paid", pin: str | None = None) -> str | None:
    """The payer did something with the phone; the receipt number, where there is one."""
    made = phones.answer(checkout_request=push.checkout_request_id, how=phones.Answer(how), pin=pin)
    return made.receipt


def look(push: PhonePush) -> PhonePush:
    """Its answer looked up now."""
    return answers.look(push.id, actor=CLERK)


def intent_of(push: PhonePush) -> PaymentIntent:
    """The payment it was asked for, as it stands now."""
    return queries.intent_of(queries.get_push(push.id))


def deliver() -> int:
    """What the pretended Daraja has to tell, told over HTTP."""
    return webhooks.deliver_due()


def due_now(*rows: object) -> None:
    """Let the next look at these be due."""
    for row in rows:
        db.session.refresh(row)
        row.next_query_at = utcnow()
    db.session.commit()


def registered(at: Asset) -> paybill_accounts.PayBillAt:
    """A place whose paybill the pretended Daraja knows."""
    found = paybill_accounts.of_place(at)
    paybill.register(at=found, actor=CLERK)
    return found


def sent(account: str, *, shillings: int = 1_250, phone: str = "254712345678", name: str = "ADA") -> str:
    """Somebody sends money to the paybill; the receipt number."""
    mine = sandbox.daraja_credentials(current_app.extensions["settings"])
    made = pretended.pay(shortcode=mine.shortcode, amount=shillings, phone=phone, account=account, first_name=name)
    return made.receipt


def worked_off(rounds: int = 4) -> None:
    """News delivered, receipts verified, booked and claimed, as the clockwork does it."""
    for _round in range(rounds):
        told = deliver()
        done = verification.ask_due() + answers.ask_due()
        if not told and not done:
            return


def receipt(number: str) -> MobileReceipt:
    """A receipt by its number, as it stands now."""
    found = queries.find_receipt("mpesa", number)
    assert found is not None
    return found
