"""Prompts on somebody's phone: shown, answered by a person, told to the merchant. Amounts in whole shillings."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.sandbox import outgoing
from portal.gateways.sandbox.daraja import documents, errors
from portal.gateways.sandbox.models import SandboxDarajaPayment, SandboxDarajaPush

PROVIDER = "daraja"
#: How long a phone shows a prompt.
SHOWN_FOR = timedelta(seconds=60)
PIN = "1234"


class Answer(StrEnum):
    """What may become of a prompt."""

    PAID = "paid"
    CANCELLED = "cancelled"
    NO_MONEY = "no_money"
    UNREACHABLE = "unreachable"
    EXPIRED = "expired"
    WRONG_PIN = "wrong_pin"


RESULTS = {
    Answer.PAID: (0, "The service request is processed successfully."),
    Answer.NO_MONEY: (1, "The balance is insufficient for the transaction."),
    Answer.EXPIRED: (1019, "Transaction has expired"),
    Answer.CANCELLED: (1032, "Request cancelled by user"),
    Answer.UNREACHABLE: (1037, "DS timeout user cannot be reached"),
    Answer.WRONG_PIN: (2001, "The initiator information is invalid."),
}
#: After these money may still come: the network lost the phone, not the payer the will.
MAY_STILL_PAY = (1019, 1037)


@transactional
def create(
    *,
    shortcode: str,
    party_b: str,
    kind: str,
    amount: int,
    phone: str,
    account: str,
    description: str,
    callback_url: str,
) -> SandboxDarajaPush:
    """Show a prompt on a phone, unless it shows one already."""
    now = utcnow()
    busy = select(SandboxDarajaPush.id).where(
        SandboxDarajaPush.phone == phone, SandboxDarajaPush.result_code.is_(None), SandboxDarajaPush.expires_at > now
    )
    if db.session.scalar(busy.limit(1)) is not None:
        raise errors.subscriber_busy()
    shown = now.astimezone(documents.NAIROBI).strftime("%d%m%Y%H%M%S")
    made = SandboxDarajaPush(
        merchant_request=f"{secrets.token_hex(2)}-{secrets.token_hex(4)}-{secrets.randbelow(9) + 1}",
        checkout_request=f"ws_CO_{shown}{secrets.randbelow(1_000):03d}{secrets.token_hex(4)}{phone[-9:]}",
        shortcode=shortcode,
        party_b=party_b,
        kind=kind,
        amount=amount,
        phone=phone,
        account=account,
        description=description,
        callback_url=callback_url,
        expires_at=now + SHOWN_FOR,
    )
    db.session.add(made)
    db.session.flush()
    return made


def by_checkout_request(checkout_request: str) -> SandboxDarajaPush:
    """A prompt by the id its request was answered with."""
    return _find(checkout_request)


def recent(limit: int) -> Sequence[SandboxDarajaPush]:
    """The last prompts, newest first: those still shown, and what became of the others."""
    question = select(SandboxDarajaPush).order_by(SandboxDarajaPush.number.desc()).limit(limit)
    return db.session.scalars(question.execution_options(populate_existing=True)).all()


@transactional
def answer(*, checkout_request: str, how: Answer, pin: str | None = None) -> SandboxDarajaPush:
    """Somebody pressed a button on the phone, or nobody did. One that was not reached may still pay."""
    push = _find(checkout_request, lock=True)
    late = push.result_code in MAY_STILL_PAY and how is Answer.PAID
    if push.result_code is not None and not late:
        raise errors.AlreadyAnswered(_("This prompt has been answered already."))
    if how is Answer.PAID and pin is not None and pin != PIN:
        how = Answer.WRONG_PIN
    push.result_code, push.result = RESULTS[how]
    push.answered_at = utcnow()
    if how is Answer.PAID:
        push.receipt = new_receipt()
        db.session.add(
            SandboxDarajaPayment(
                receipt=push.receipt,
                kind="push",
                shortcode=push.shortcode,
                amount=push.amount,
                phone=push.phone,
                account=push.account,
                first_name="",
                status="completed",
                originator=push.merchant_request,
            )
        )
    outgoing.queue(
        provider=PROVIDER,
        event="push callback",
        subject=push.checkout_request,
        url=push.callback_url,
        document=documents.push_callback(push),
    )
    return push


def expire_due(*, now: datetime | None = None) -> int:
    """Take prompts off the phones that showed them long enough; returns how many."""
    due = db.session.scalars(
        select(SandboxDarajaPush.checkout_request).where(
            SandboxDarajaPush.result_code.is_(None), SandboxDarajaPush.expires_at <= (now or utcnow())
        )
    ).all()
    return sum(_expire(each) for each in due)


@transactional
def _expire(checkout_request: str) -> int:
    """One prompt runs out, unless somebody was quicker."""
    if _find(checkout_request, lock=True).result_code is not None:
        return 0
    answer(checkout_request=checkout_request, how=Answer.EXPIRED)
    return 1


def new_receipt() -> str:
    """A receipt number as M-PESA writes them: ten capitals and figures."""
    return "S" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _place in range(9))


def _find(checkout_request: str, *, lock: bool = False) -> SandboxDarajaPush:
    question: Any = select(SandboxDarajaPush).where(SandboxDarajaPush.checkout_request == checkout_request)
    if lock:
        question = question.with_for_update()
    plain = checkout_request.isascii() and checkout_request.isprintable()
    found = db.session.scalar(question.execution_options(populate_existing=True)) if plain else None
    if found is None:
        raise errors.NoSuchPush(_("There is no such prompt."))
    return found  # type: ignore[no-any-return]
