"""Money that somebody sends to the paybill by themselves: is it welcome, and the news that it came.

The news is unsigned, so what it leaves is a receipt that still has to be verified.
"""

from __future__ import annotations

from typing import cast

import structlog
from sqlalchemy.dialects.postgresql import insert

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.core.errors import Conflict
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import BadMessage, PayBill, PayBillAnswer, PayBillTold
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments.models import GatewayAccount, MobileReceipt, ReceiptStatus
from portal.shared.payments.paybill_accounts import PayBillAt, meant_by
from portal.shared.payments.providers import gateway_for, pay_bill_for
from portal.shared.payments.queries import lock_account
from portal.shared.payments.services import captures
from portal.shared.payments.services.addresses import Ending, address, keep, new_token
from portal.shared.payments.services.settlement import alert, by_gateway

CONFIRMATION, VALIDATION = "paybill.confirmation", "paybill.validation"
log = structlog.get_logger(__name__)


def register(*, at: PayBillAt, actor: Actor) -> str:
    """Tell the provider where its news of this paybill goes; answers its words. Production takes it once."""
    gateway = pay_bill_for(at.provider, at.place.business_id)
    db.session.commit()  # hold no connection while the provider is being waited for
    said = gateway.register_urls(
        confirmation=address(at.token, Ending.CONFIRMATION),
        validation=address(at.token, Ending.VALIDATION),
        response_type=at.response_type,
    )
    _registered(at=at, said=said, actor=actor)
    return said


@transactional
def amend(*, place: Asset, provider: str, strict: bool, response_type: str, actor: Actor) -> GatewayAccount:
    """What becomes of money with an account nobody knows, and of money while we are silent; kept with the account."""
    account = lock_account(place.business_id, provider)
    if account is None:
        raise Conflict(_("Set the provider up with keys of your own first."))
    before = account.details.get("paybill")
    after = {"place": place.asset_number, "strict": strict, "response_type": response_type}
    account.details = {**account.details, "paybill": after}
    record(
        "gateway_account.paybill_amended",
        actor=actor,
        subject="gateway_account",
        subject_id=account.id,
        asset_id=place.id,
        before=before,
        after=after,
    )
    return account


@transactional
def asked(*, at: PayBillAt, raw: bytes, source: str | None) -> dict[str, str]:
    """May this payment be made? Answered by what is known here, in one look; the answer is kept with the question."""
    gateway = cast(PayBill, gateway_for(at.provider, at.place.business_id))
    told: PayBillTold | None = None
    try:
        told = gateway.read_validation(raw)
        answer = _welcome(at, told)
    except BadMessage:
        answer = PayBillAnswer.OTHER
    keep(
        provider=at.provider,
        owner=at.place.id,
        kind=VALIDATION,
        reference=told.transaction_id if told else None,
        raw=raw,
        source=source,
        account_id=at.account_id,
        error=None if told else "unreadable",
    )
    return gateway.answer_validation(answer)


@transactional
def confirmed(*, at: PayBillAt, raw: bytes, source: str | None) -> None:
    """The news of a payment: kept, and written down as a receipt that still has to be verified."""
    gateway = cast(PayBill, gateway_for(at.provider, at.place.business_id))
    told: PayBillTold | None = None
    try:
        told = gateway.read_confirmation(raw)
    except BadMessage:
        log.warning("paybill_news_set_aside", place=at.place.asset_number)
    message_id, _fresh = keep(
        provider=at.provider,
        owner=at.place.id,
        kind=CONFIRMATION,
        reference=told.transaction_id if told else None,
        raw=raw,
        source=source,
        account_id=at.account_id,
        error=None if told else "unreadable",
    )
    if told is None:
        return
    meant = meant_by(at, told.account)
    now = utcnow()
    made = db.session.scalar(
        insert(MobileReceipt)
        .values(
            id=uuid7(),
            asset_id=(meant.place if meant else at.place).id,
            gateway_account_id=at.account_id,
            message_id=message_id,
            provider=at.provider,
            transaction_id=told.transaction_id,
            amount=told.amount,
            currency=told.currency,
            account_reference=told.account,
            payer_phone=told.phone,
            payer_name=told.payer_name,
            paid_at=told.at if told.at and told.at <= now + captures.NEAR else now,
            status=ReceiptStatus.UNVERIFIED,
            token=new_token(),
            next_query_at=now,
        )
        .on_conflict_do_nothing(index_elements=["provider", "transaction_id"])
        .returning(MobileReceipt)
    )
    if made is not None:
        captures.moved(made)
        return
    known = queries.find_receipt(at.provider, told.transaction_id)
    if known is not None and known.amount != told.amount and known.verified_by is None:
        actor = by_gateway(at.provider, source)
        alert("message_contradicts", intent=None, reference=None, actor=actor, transaction=told.transaction_id)


@transactional
def _registered(*, at: PayBillAt, said: str, actor: Actor) -> None:
    record(
        "gateway_account.paybill_registered",
        actor=actor,
        subject="gateway_account",
        subject_id=at.account_id,
        asset_id=at.place.id,
        after={"provider": at.provider, "said": said},
    )


def _welcome(at: PayBillAt, told: PayBillTold) -> PayBillAnswer:
    """By the rules of the place: without strict ones everything is taken, and what fits nothing waits for a person."""
    if not at.strict:
        return PayBillAnswer.ACCEPT
    meant = meant_by(at, told.account)
    if meant is None or not meant.open:
        return PayBillAnswer.BAD_ACCOUNT
    if meant.most is not None and told.amount > meant.most:
        return PayBillAnswer.BAD_AMOUNT
    return PayBillAnswer.ACCEPT
