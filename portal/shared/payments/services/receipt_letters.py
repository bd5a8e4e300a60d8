"""Receipts by e-mail: by themselves once when the money came, and again whenever somebody asks."""

from __future__ import annotations

from typing import Any

from portal.core import idempotency
from portal.core.actor import Actor, system
from portal.core.transaction import transactional
from portal.core.words import _
from portal.core.written import money
from portal.shared.audit.services import record
from portal.shared.identity.services import mails
from portal.shared.payments import receipts
from portal.shared.payments.models import PaymentIntent
from portal.shared.payments.queries import find_intent, get_intent


@transactional
def send(*, reference: str, to: str, public_url: str, actor: Actor) -> None:
    """Send the receipt of a payment to an address; raises NoSuchPayment while no money has come."""
    intent = get_intent(reference)
    _write(intent, to, public_url)
    record(
        "payment.receipt_sent",
        actor=actor,
        subject="payment_intent",
        subject_id=intent.id,
        asset_id=intent.asset_id,
        after={"to": to},
    )


def send_when_settled(event: dict[str, Any], *, public_url: str) -> None:
    """The payer's receipt, after the commit that settled the money; told twice, it is still sent once."""
    intent = find_intent(str(event["reference"]))
    if intent is None or intent.payment is None or "@" not in intent.payer_email:
        return
    _send_first(intent, public_url)


@transactional
def _send_first(intent: PaymentIntent, public_url: str) -> None:
    def write() -> tuple[dict[str, Any], int]:
        send(reference=intent.reference, to=intent.payer_email, public_url=public_url, actor=system("receipts"))
        return {}, 200

    asked = idempotency.request_hash("receipt", intent.reference, b"")
    idempotency.once(actor="system:receipts", key=intent.reference, asked=asked, work=write)


def _write(intent: PaymentIntent, to: str, public_url: str) -> None:
    receipt = receipts.receipt_of(intent, public_url=public_url)
    mails.write(
        recipient=to,
        subject=_("Your receipt from %(place)s: %(total)s", place=receipt.place, total=money(receipt.total)),
        body=_(
            "%(place)s received %(total)s from you for %(what)s.\n\nYour receipt is attached. As it stands today, it"
            " is here:\n%(url)s\n\nKeep the number: %(number)s\n",
            place=receipt.place,
            total=money(receipt.total),
            what=receipt.title,
            url=receipt.url,
            number=receipt.number,
        ),
        asset_id=intent.asset_id,
        attached=[mails.Attached(f"receipt-{receipt.number}.pdf", "application/pdf", receipts.pdf(receipt))],
    )
