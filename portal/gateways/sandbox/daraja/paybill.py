"""Money sent to a pay bill number: the merchant is asked first, then told; silence has a default. Whole shillings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from portal.core import parse
from portal.core.db import db
from portal.core.errors import Invalid, NotFound
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.sandbox import outgoing
from portal.gateways.sandbox.daraja import documents
from portal.gateways.sandbox.daraja.pushes import PROVIDER, new_receipt
from portal.gateways.sandbox.models import SandboxDarajaPayment, SandboxDarajaUrls

#: What happens when the merchant does not answer in time: spelled exactly so.
COMPLETED, CANCELLED = "Completed", "Cancelled"
ACCEPTED = ("0", 0)


class NotRegistered(NotFound):
    """No addresses were registered for the short code."""


@transactional
def register(*, shortcode: str, response_type: str, confirmation_url: str, validation_url: str) -> SandboxDarajaUrls:
    """Keep where a short code is to be asked and told; a second time replaces the first, as in Safaricom's sandbox."""
    urls = db.session.scalar(
        select(SandboxDarajaUrls).where(SandboxDarajaUrls.shortcode == shortcode).with_for_update()
    )
    if urls is None:
        urls = SandboxDarajaUrls(shortcode=shortcode)
        db.session.add(urls)
    urls.response_type, urls.confirmation_url, urls.validation_url = response_type, confirmation_url, validation_url
    db.session.flush()
    return urls


def registered() -> Sequence[SandboxDarajaUrls]:
    """Every short code that takes pay bill payments."""
    return db.session.scalars(select(SandboxDarajaUrls).order_by(SandboxDarajaUrls.shortcode)).all()


@transactional
def pay(*, shortcode: str, amount: int, phone: str, account: str, first_name: str) -> SandboxDarajaPayment:
    """Somebody sends money to a pay bill number, with an account they typed themselves."""
    urls = db.session.scalar(select(SandboxDarajaUrls).where(SandboxDarajaUrls.shortcode == shortcode))
    if urls is None:
        raise NotRegistered(_("This pay bill number has no addresses registered. Register them first."))
    made = SandboxDarajaPayment(
        receipt=new_receipt(),
        kind="pay bill",
        shortcode=shortcode,
        amount=amount,
        phone=phone,
        account=account,
        first_name=first_name,
        status="asking" if urls.validation_url else "completed",
        reason=None,
        originator=None,
    )
    db.session.add(made)
    db.session.flush()
    _tell("validation" if urls.validation_url else "confirmation", made, urls)
    return made


@transactional
def answered(*, receipt: str, status: int | None, text: str) -> SandboxDarajaPayment:
    """What the merchant said to a payment; no answer that can be read leaves it to the default."""
    made = db.session.scalars(
        select(SandboxDarajaPayment).where(SandboxDarajaPayment.receipt == receipt).with_for_update()
    ).one()
    urls = db.session.scalars(select(SandboxDarajaUrls).where(SandboxDarajaUrls.shortcode == made.shortcode)).one()
    if made.status != "asking":
        return made
    code = _code(text) if status == 200 else None
    accepted = code in ACCEPTED if code is not None else urls.response_type == COMPLETED
    made.status = "completed" if accepted else "refused"
    made.reason = None if accepted else str(code or "no answer")[:100]
    if accepted:
        _tell("confirmation", made, urls)
    return made


def recent(limit: int) -> Sequence[SandboxDarajaPayment]:
    """The last payments, newest first."""
    question = select(SandboxDarajaPayment).order_by(SandboxDarajaPayment.number.desc()).limit(limit)
    return db.session.scalars(question.execution_options(populate_existing=True)).all()


def _tell(event: str, made: SandboxDarajaPayment, urls: SandboxDarajaUrls) -> None:
    outgoing.queue(
        provider=PROVIDER,
        event=event,
        subject=made.receipt,
        url=urls.validation_url if event == "validation" else urls.confirmation_url,
        document=documents.pay_bill(made),
    )


def _code(text: str) -> Any:
    """The merchant's code, or None when there is none to be read."""
    try:
        return parse.json_object(text.encode()).get("ResultCode")
    except (Invalid, UnicodeError):
        return None
