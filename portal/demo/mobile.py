"""Mobile money at the fleet in Nairobi: a phone that is being asked, and money on the paybill nobody has claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.core.actor import system
from portal.core.db import db
from portal.demo.common import dice, insert, key, key_at
from portal.demo.people import PEOPLE
from portal.demo.places import FLEET
from portal.gateways.sandbox.daraja import paybill, pushes
from portal.gateways.sandbox.daraja.credentials import SHORTCODE
from portal.gateways.sandbox.models import SandboxDarajaPayment, SandboxDarajaPush
from portal.shared.assets.queries import asset_of
from portal.shared.identity.models import Role
from portal.shared.payments.mobile_queries import account_of
from portal.shared.payments.models import (
    Bill,
    BillStatus,
    IntentStatus,
    MobileReceipt,
    PaymentIntent,
    PhonePush,
    PushStatus,
    ReceiptStatus,
)
from portal.shared.payments.paybill_accounts import PROVIDER, of_place
from portal.shared.payments.services import addresses, bills, receipt_books
from portal.shared.payments.services.intents import VALID_FOR, new_reference

#: How long the phone of the demo shows its question: long enough to be found.
SHOWN_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sent:
    """Money somebody sent by themselves: hours ago, in shillings, the account and name they typed."""

    hours: float
    shillings: int
    account: str
    name: str
    phone: str
    verified: bool = True
    back_because: str | None = None


SENT = (
    Sent(50, 4_500, "SWIFT CARS", "GRACE NJOKI", "254722***418"),
    Sent(26, 9_000, "4", "JAMES MWANGI", "254711***205"),
    Sent(19, 1_200, "ELECTRICITY", "FAITH CHEBET", "254798***077", back_because="Meant for the power company"),
    Sent(5, 5_000, "4", "RUTH WAMBUI", "254720***931"),
    Sent(0.6, 3_800, "KD 07", "BRIAN OTIENO", "254701***562"),
    Sent(0.1, 2_500, "FOR SATURDAY", "ALICE KAMAU", "254733***140", verified=False),
)


def load(now: datetime) -> None:
    """Write what was sent to the paybill, book it, and let one phone show a question."""
    at = of_place(asset_of(FLEET.id))
    here = f"/api/pay/k/{at.token}"
    confirm, ask = f"{here}-{addresses.Ending.CONFIRMATION}", f"{here}-{addresses.Ending.VALIDATION}"
    paybill.register(shortcode=SHORTCODE, response_type=paybill.COMPLETED, confirmation_url=confirm, validation_url=ask)
    chance = dice("mobile money")
    clerk = next(person for person in PEOPLE if person.role == Role.CASHIER)
    for sent in SENT:
        moment, number = now - timedelta(hours=sent.hours), pushes.new_receipt()
        receipt = MobileReceipt(
            id=key_at(moment, chance),
            created_at=moment,
            asset_id=FLEET.id,
            provider=PROVIDER,
            transaction_id=number,
            amount=sent.shillings * 100,
            currency=FLEET.currency,
            account_reference=sent.account,
            payer_phone=sent.phone,
            payer_name=sent.name,
            paid_at=moment,
            status=ReceiptStatus.UNCLAIMED if sent.verified else ReceiptStatus.UNVERIFIED,
            token=addresses.new_token(),
            verified_by=f"gateway:{PROVIDER}" if sent.verified else None,
            return_asked_by=f"user:{key(clerk.email)}" if sent.back_because else None,
            return_reason=sent.back_because,
            said=None if sent.verified else "The provider has not answered yet.",
        )
        db.session.add(receipt)
        db.session.flush()
        if sent.verified:
            receipt.entry_id = receipt_books.sent_in(receipt, system("demo"))
        insert(
            SandboxDarajaPayment,
            [
                {
                    "id": receipt.id, "created_at": moment, "receipt": number, "kind": "pay bill",
                    "shortcode": SHORTCODE, "amount": sent.shillings, "phone": sent.phone, "account": sent.account,
                    "first_name": sent.name.partition(" ")[0], "status": "completed",
                }
            ],
        )  # fmt: skip
    _ask_a_phone(now)


def _ask_a_phone(now: datetime) -> None:
    """The last open bill of the fleet is being asked for on its customer's phone."""
    bill = db.session.scalars(
        select(Bill).where(Bill.asset_id == FLEET.id, Bill.status == BillStatus.OPEN).order_by(Bill.number.desc())
    ).first()
    assert bill is not None
    phone = "+254712345678"
    intent = PaymentIntent(
        reference=new_reference(),
        provider=PROVIDER,
        purpose=bills.PURPOSE,
        asset_id=FLEET.id,
        subject_id=bill.id,
        payer_email="",
        payer_phone=phone,
        customer_id=bill.customer_id,
        amount=bill.due.minor,
        currency=bill.currency,
        status=IntentStatus.PENDING,
        opened_by="system:demo",
        started_at=now,
        expires_at=now + VALID_FOR,
    )
    db.session.add(intent)
    db.session.flush()
    token, checkout = addresses.new_token(), f"ws_CO_demo_{intent.id.hex[-12:]}"
    db.session.add(
        PhonePush(
            intent_id=intent.id,
            asset_id=FLEET.id,
            provider=PROVIDER,
            phone=phone,
            amount=bill.due.minor,
            currency=bill.currency,
            token=token,
            checkout_request_id=checkout,
            merchant_request_id=f"demo-{checkout}",
            status=PushStatus.WAITING,
            asked_by="system:demo",
            next_query_at=now,
        )
    )
    db.session.add(
        SandboxDarajaPush(
            merchant_request=f"demo-{checkout}",
            checkout_request=checkout,
            shortcode=SHORTCODE,
            party_b=SHORTCODE,
            kind="CustomerPayBillOnline",
            amount=bill.due.minor // 100,
            phone=phone.removeprefix("+"),
            account=account_of(intent),
            description=FLEET.name[:13],
            callback_url=f"/api/pay/k/{token}",
            expires_at=now + SHOWN_FOR,
        )
    )
    db.session.flush()
