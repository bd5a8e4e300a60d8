"""Requests that are answered later: reversals and status questions, each by a message to the merchant."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select

from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import transactional
from portal.gateways.sandbox import faults, outgoing
from portal.gateways.sandbox.daraja import documents
from portal.gateways.sandbox.daraja.pushes import PROVIDER, RESULTS, Answer
from portal.gateways.sandbox.faults import Kind
from portal.gateways.sandbox.models import SandboxDarajaPayment

GOOD = (0, "The service request is processed successfully.")
WRONG_INITIATOR = RESULTS[Answer.WRONG_PIN]
NO_MONEY = RESULTS[Answer.NO_MONEY]
ALREADY_REVERSED = ("R000001", "The transaction has already been reversed.")
NOT_KNOWN = ("R000002", "The OriginalTransactionID is invalid.")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The names under which a request was accepted; its result will carry them."""

    originator: str
    conversation: str


@transactional
def reverse(*, receipt: str, amount: int, known: bool, result_url: str, timeout_url: str) -> Accepted:
    """Send a payment back to whoever made it, whole; `known` says whether the initiator's password was right."""
    payment = _lock(receipt)
    verdict: tuple[int | str, str] = GOOD
    if not known:
        verdict = WRONG_INITIATOR
    elif payment is None or payment.amount != amount or payment.status not in ("completed", "reversed"):
        verdict = NOT_KNOWN
    elif payment.status == "reversed":
        verdict = ALREADY_REVERSED
    elif faults.take(PROVIDER, "reversal", (Kind.FAILS,)):
        verdict = NO_MONEY
    parameters = []
    if payment is not None and verdict == GOOD:
        payment.status = "reversed"
        parameters = documents.reversed_payment(payment, utcnow())
    return _tell("reversal result", receipt, verdict, parameters, result_url, timeout_url)


@transactional
def report(*, receipt: str, originator: str, known: bool, result_url: str, timeout_url: str) -> Accepted:
    """Say how a payment stands, found by its receipt or by the request that asked for it."""
    payment = _lock(receipt) if receipt else _by_originator(originator)
    accepted = _names()
    verdict: tuple[int | str, str] = GOOD
    if not known:
        verdict = WRONG_INITIATOR
    elif payment is None or payment.status in ("asking", "refused"):
        verdict = NOT_KNOWN
    parameters = []
    if payment is not None and verdict == GOOD:
        parameters = documents.status_of(payment, accepted.originator, accepted.conversation)
    subject = payment.receipt if payment is not None else receipt or originator
    return _tell("status result", subject, verdict, parameters, result_url, timeout_url, accepted)


def _tell(
    event: str,
    subject: str,
    verdict: tuple[int | str, str],
    parameters: list[dict[str, object]],
    result_url: str,
    timeout_url: str,
    accepted: Accepted | None = None,
) -> Accepted:
    names = accepted or _names()
    outgoing.queue(
        provider=PROVIDER,
        event=event,
        subject=subject,
        url=result_url,
        document=documents.result(
            code=verdict[0],
            words=verdict[1],
            originator=names.originator,
            conversation=names.conversation,
            transaction=subject if verdict == GOOD else f"S{secrets.token_hex(5)[:9].upper()}",
            parameters=parameters,
            timeout_url=timeout_url,
        ),
    )
    return names


def _names() -> Accepted:
    day = utcnow().strftime("%Y%m%d")
    return Accepted(
        originator=f"{secrets.token_hex(2)}-{secrets.token_hex(4)}-1", conversation=f"AG_{day}_{secrets.token_hex(10)}"
    )


def _lock(receipt: str) -> SandboxDarajaPayment | None:
    if not (receipt.isascii() and receipt.isprintable()):
        return None
    return db.session.scalar(
        select(SandboxDarajaPayment)
        .where(SandboxDarajaPayment.receipt == receipt)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _by_originator(originator: str) -> SandboxDarajaPayment | None:
    if not (originator.isascii() and originator.isprintable()):
        return None
    return db.session.scalar(select(SandboxDarajaPayment).where(SandboxDarajaPayment.originator == originator).limit(1))
