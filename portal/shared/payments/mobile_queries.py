"""Finding questions to phones and money sent to the paybill, and locking them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from portal.core import locks
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.money import Money
from portal.core.paging import Page, page_of
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.payments.bill_queries import UNPAID
from portal.shared.payments.mobile_errors import NoSuchReceipt
from portal.shared.payments.models import (
    Bill,
    GatewayAccount,
    GatewayMessage,
    MobileReceipt,
    Payment,
    PaymentIntent,
    PhonePush,
    PushStatus,
    ReceiptStatus,
)

OPEN = (PushStatus.ASKING, PushStatus.WAITING)
#: What a person still has something to do about.
TO_DO = (ReceiptStatus.UNVERIFIED, ReceiptStatus.UNCLAIMED, ReceiptStatus.RETURNING)
#: How long an account somebody typed is still looked up among payments that were begun.
BEGUN_WITHIN = timedelta(days=30)
#: The kind under which a phone's answer is kept among the provider's messages.
PUSH_MESSAGE = "push.callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsWanted:
    """Which receipts of a place to show; the page's filter chips."""

    status: str | None = None
    search: str | None = None


def account_of(intent: PaymentIntent) -> str:
    """The account a phone shows for a payment, and a payer may type: the first ten letters of its reference."""
    return intent.reference.replace("-", "")[:10]


def find_push_by_token(token: str) -> PhonePush | None:
    """The question whose callback address ends in this."""
    return db.session.scalar(
        select(PhonePush).where(PhonePush.token == token).execution_options(populate_existing=True)
    )


def find_push_by_checkout(provider: str, checkout_request_id: str) -> PhonePush | None:
    """The question a provider knows by this number."""
    return db.session.scalar(
        select(PhonePush).where(PhonePush.provider == provider, PhonePush.checkout_request_id == checkout_request_id)
    )


def get_push(push_id: uuid.UUID) -> PhonePush:
    """One question, as it stands now."""
    return db.session.scalars(
        select(PhonePush).where(PhonePush.id == push_id).execution_options(populate_existing=True)
    ).one()


def pushes_of(intent_id: uuid.UUID) -> Sequence[PhonePush]:
    """The questions to phones for one payment, the youngest first."""
    return db.session.scalars(
        select(PhonePush)
        .where(PhonePush.intent_id == intent_id)
        .order_by(PhonePush.id.desc())
        .execution_options(populate_existing=True)
    ).all()


def open_push_for(purpose: str, subject_id: uuid.UUID) -> tuple[PhonePush, PaymentIntent] | None:
    """The question that is being asked for one thing, such as a bill, with its payment."""
    row = db.session.execute(
        select(PhonePush, PaymentIntent)
        .join(PaymentIntent, PaymentIntent.id == PhonePush.intent_id)
        .where(PaymentIntent.subject_id == subject_id, PaymentIntent.purpose == purpose, PhonePush.status.in_(OPEN))
        .order_by(PhonePush.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def latest_push_for(purpose: str, subject_id: uuid.UUID) -> tuple[PhonePush, PaymentIntent] | None:
    """The youngest question asked for one thing, such as a bill, with its payment."""
    row = db.session.execute(
        select(PhonePush, PaymentIntent)
        .join(PaymentIntent, PaymentIntent.id == PhonePush.intent_id)
        .where(PaymentIntent.subject_id == subject_id, PaymentIntent.purpose == purpose)
        .order_by(PhonePush.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def intent_of(push: PhonePush) -> PaymentIntent:
    """The payment a question was asked for, as it stands now."""
    return db.session.scalars(
        select(PaymentIntent).where(PaymentIntent.id == push.intent_id).execution_options(populate_existing=True)
    ).one()


def answers_to(push: PhonePush, reference: str) -> Sequence[GatewayMessage]:
    """What came to the callback address of one question and could be read, in order."""
    return db.session.scalars(
        select(GatewayMessage)
        .where(
            GatewayMessage.reference == reference,
            GatewayMessage.kind == PUSH_MESSAGE,
            GatewayMessage.status == "done",
            GatewayMessage.dedupe_key.startswith(f"{push.id}:"),
        )
        .order_by(GatewayMessage.id)
    ).all()


def find_payment_by_receipt(provider: str, receipt: str) -> Payment | None:
    """The money whose slip has this number."""
    return db.session.scalar(
        select(Payment)
        .where(Payment.provider == provider, Payment.receipt == receipt)
        .execution_options(populate_existing=True)
    )


def find_account_by_token(token: str) -> GatewayAccount | None:
    """The business's own account whose callback addresses begin with this."""
    return db.session.scalar(select(GatewayAccount).where(GatewayAccount.token == token))


def find_receipt_by_token(token: str) -> MobileReceipt | None:
    """The receipt whose answers come to this address."""
    return db.session.scalar(select(MobileReceipt).where(MobileReceipt.token == token))


def find_receipt(provider: str, transaction_id: str) -> MobileReceipt | None:
    """The money that came to a paybill under the provider's number for it."""
    return db.session.scalar(
        select(MobileReceipt)
        .where(MobileReceipt.provider == provider, MobileReceipt.transaction_id == transaction_id)
        .execution_options(populate_existing=True)
    )


def find_receipt_of(intent_id: uuid.UUID) -> MobileReceipt | None:
    """The receipt whose money a payment is."""
    return db.session.scalar(select(MobileReceipt).where(MobileReceipt.intent_id == intent_id))


def find_bill(asset_id: uuid.UUID, number: int) -> Bill | None:
    """The bill with this number at a place, as it stands now."""
    return db.session.scalar(
        select(Bill).where(Bill.asset_id == asset_id, Bill.number == number).execution_options(populate_existing=True)
    )


def get_receipt(asset_id: uuid.UUID, transaction_id: str) -> MobileReceipt:
    """A receipt of a place by the provider's number; raises NoSuchReceipt."""
    found = db.session.scalar(
        select(MobileReceipt)
        .where(MobileReceipt.asset_id == asset_id, MobileReceipt.transaction_id == transaction_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise _no_such_receipt()
    return found


def receipts_of(asset_id: uuid.UUID, wanted: ReceiptsWanted, *, cursor: str | None = None) -> Page[Any]:
    """One page of the money sent to a place's paybill, the youngest first."""
    question = select(MobileReceipt).where(MobileReceipt.asset_id == asset_id)
    if wanted.status:
        question = question.where(MobileReceipt.status == wanted.status)
    if wanted.search:
        question = question.where(
            MobileReceipt.transaction_id.istartswith(wanted.search, autoescape=True)
            | MobileReceipt.account_reference.icontains(wanted.search, autoescape=True)
            | MobileReceipt.payer_name.icontains(wanted.search, autoescape=True)
        )
    return page_of(question, (MobileReceipt.paid_at, MobileReceipt.id), cursor=cursor)


def all_receipts_of(asset_id: uuid.UUID, wanted: ReceiptsWanted) -> Iterator[MobileReceipt]:
    """Every receipt that is wanted, page by page, so that an export holds little at a time."""
    cursor: str | None = None
    while True:
        found = receipts_of(asset_id, wanted, cursor=cursor)
        yield from found.items
        if found.next is None:
            return
        cursor = found.next


def bills_due(asset_id: uuid.UUID, amount: int) -> Sequence[Bill]:
    """Bills of a place that still ask for just this much, in minor units, the oldest first."""
    return db.session.scalars(
        select(Bill)
        .where(Bill.asset_id == asset_id, Bill.status.in_(UNPAID), Bill.amount - Bill.paid == amount)
        .order_by(Bill.id)
        .limit(5)
    ).all()


def intent_with(intent_id: uuid.UUID) -> PaymentIntent | None:
    """A payment by its key."""
    return db.session.get(PaymentIntent, intent_id)


def count_unclaimed(asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many receipts wait for a person, by place."""
    rows = db.session.execute(
        select(MobileReceipt.asset_id, func.count())
        .where(MobileReceipt.asset_id.in_(asset_ids), MobileReceipt.status.in_(TO_DO))
        .group_by(MobileReceipt.asset_id)
    )
    return {asset_id: number for asset_id, number in rows}


def unclaimed_money(asset_id: uuid.UUID) -> list[Money]:
    """What was sent to a place's paybill and is not claimed; one sum per currency."""
    rows = db.session.execute(
        select(MobileReceipt.currency, func.sum(MobileReceipt.amount))
        .where(
            MobileReceipt.asset_id == asset_id,
            MobileReceipt.status.in_((ReceiptStatus.UNCLAIMED, ReceiptStatus.RETURNING)),
        )
        .group_by(MobileReceipt.currency)
        .order_by(MobileReceipt.currency)
    )
    return [Money(int(total), currency) for currency, total in rows]


def find_begun(account: str, asset_ids: Collection[uuid.UUID], provider: str) -> PaymentIntent | None:
    """The payment whose account somebody typed, or a phone showed, among those begun lately at these places."""
    typed = "".join(character for character in account.upper() if character.isalnum())
    if len(typed) != 10 or not typed.isascii():
        return None
    return db.session.scalar(
        select(PaymentIntent)
        .where(
            PaymentIntent.asset_id.in_(asset_ids),
            PaymentIntent.created_at > utcnow() - BEGUN_WITHIN,
            PaymentIntent.provider == provider,
            PaymentIntent.reference.startswith(f"{typed[:5]}-{typed[5:]}-"),
        )
        .order_by(PaymentIntent.id)
        .limit(1)
    )


def places_of(business_id: uuid.UUID) -> Sequence[Asset]:
    """The open places of a business, the oldest first."""
    return db.session.scalars(
        select(Asset).where(Asset.business_id == business_id, Asset.retired_at.is_(None)).order_by(Asset.id)
    ).all()


def lock_push(push_id: uuid.UUID) -> PhonePush:
    """One question, locked and fresh."""
    locks.taking("phone_push")
    return db.session.scalars(
        select(PhonePush).where(PhonePush.id == push_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def lock_due_pushes(limit: int) -> Sequence[PhonePush]:
    """Questions whose answer is to be looked up now, skipping those another process looks up."""
    locks.taking("phone_push")
    return db.session.scalars(
        select(PhonePush)
        .where(PhonePush.next_query_at <= func.clock_timestamp())
        .order_by(PhonePush.next_query_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_receipt(receipt_id: uuid.UUID) -> MobileReceipt:
    """One receipt, locked and fresh."""
    locks.taking("mobile_receipt")
    return db.session.scalars(
        select(MobileReceipt)
        .where(MobileReceipt.id == receipt_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def lock_due_receipts(limit: int) -> Sequence[MobileReceipt]:
    """Receipts the provider is to be asked about now, skipping those another process asks about."""
    locks.taking("mobile_receipt")
    return db.session.scalars(
        select(MobileReceipt)
        .where(MobileReceipt.next_query_at <= func.clock_timestamp())
        .order_by(MobileReceipt.next_query_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def _no_such_receipt() -> NoSuchReceipt:
    return NoSuchReceipt(_("No mobile money with this receipt number has come here."), field="transaction_id")
