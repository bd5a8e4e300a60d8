"""A payout on its way: sent under one reference, asked about until its end is known, and booked as it ends.

Every call to the provider stands between commands. `submitting` is written down before the transfer is asked for, so
that whatever dies then is found again: the provider is asked about the reference, and only when it says that it knows
no such transfer is the same reference sent once more. A second reference is never made.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import cast

import structlog

from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import (
    DuplicateReference,
    GatewayDown,
    GatewayRefused,
    KeyRefused,
    Payouts,
    RecipientAsked,
    TransferAsked,
    TransferSaid,
    TransferStatus,
    UnknownTransfer,
)
from portal.shared.audit.services import record
from portal.shared.payments import providers
from portal.shared.payments.events import AlertRaised, PayoutMoved
from portal.shared.payments.models import Payout, PayoutStatus
from portal.shared.payments.payout_queries import (
    get_payout,
    lock_due_payouts,
    lock_payout,
    payout_named,
)
from portal.shared.payments.services import payout_books

#: A call to the provider is over after this at the latest; until then nobody else takes up the same payout.
LEASE = timedelta(seconds=60)
#: A transfer that the provider does not know so long after it was sent was never made.
SURE_AFTER = timedelta(seconds=60)
#: Paystack gives a transfer up whose password does not come in this time.
OTP_FOR = timedelta(minutes=30)
#: When the provider is asked again, counted from the asking before; then hourly until it says how it ended.
ASK_AFTER = tuple(timedelta(seconds=n) for n in (5, 10, 30, 60, 120, 300, 900))
#: A transfer may be reversed after it succeeded; its message can be lost.
ASK_AFTER_SUCCESS = (timedelta(hours=1), timedelta(hours=23), timedelta(hours=48))
#: Somebody should look at a payout that has been asked about so often: about a day.
WORRY_AFTER = len(ASK_AFTER) + 24
SENT = (PayoutStatus.SUBMITTING, PayoutStatus.OTP, PayoutStatus.PENDING, PayoutStatus.RECEIVED)
log = structlog.get_logger(__name__)
BY_CLOCK = system("payout sender")


def work_due(*, limit: int = 20) -> int:
    """Take the payouts whose turn it is one step further; returns how many were looked at."""
    claimed, trouble = _claim(limit), None
    for payout_id in claimed:
        try:
            _step(payout_id, BY_CLOCK)
        except DomainError as error:
            db.session.rollback()
            log.info("payout_waits", payout=str(payout_id), why=error.code)
        except Exception as error:  # a mistake of ours: told when the others are done
            db.session.rollback()
            log.exception("payout_failed", payout=str(payout_id))
            trouble = error
    if trouble is not None:
        raise trouble
    return len(claimed)


def submit(payout_id: uuid.UUID, *, actor: Actor) -> Payout:
    """Take one payout a step further now, unless somebody is at it; any number of callers make one transfer."""
    if _take_turn(payout_id):
        _step(payout_id, actor)
    return get_payout(payout_id)


def told(*, said: TransferSaid, provider: str, account_id: uuid.UUID | None, believe: bool, actor: Actor) -> bool:
    """A message about a transfer came: the provider is asked, and its answer counts. False: it is none of ours.

    While the provider cannot be asked this raises GatewayDown, unless the message is to be believed by itself.
    """
    payout = payout_named(said.reference)
    if payout is None or payout.provider != provider or payout.gateway_account_id != account_id:
        return False
    try:
        asked = _verify(payout)
    except GatewayDown:
        if not believe:
            raise
        asked = said
    hear(payout.id, asked, actor=actor)
    return True


def ask(payout_id: uuid.UUID, *, actor: Actor) -> Payout:
    """Ask the provider now how a payout stands; a provider that is silent changes nothing."""
    payout = get_payout(payout_id)
    if payout.status in SENT or payout.status == PayoutStatus.SUCCESS:
        hear(payout_id, _verify(payout), actor=actor)
    return get_payout(payout_id)


@transactional
def hear(payout_id: uuid.UUID, said: TransferSaid, *, actor: Actor) -> Payout:
    """What the provider says of a transfer, taken in once: the state moves on, and the books with it."""
    payout = lock_payout(payout_id)
    if (said.reference, said.amount, said.currency) != (payout.reference, payout.amount, payout.currency):
        _contradicted(payout, f"{said.status}: {said.amount} {said.currency}", actor)
        return payout
    status = PayoutStatus(said.status.value)
    if payout.status in SENT:
        if status == payout.status or _goes_back(payout.status, status):
            _note(payout, said)
            return payout
        _note(payout, said)
        if status is PayoutStatus.OTP:
            payout.otp_deadline = (payout.submitted_at or utcnow()) + OTP_FOR
            payout.otp_tries = 0
        elif status is PayoutStatus.SUCCESS:
            payout_books.paid(payout, payout.fee if said.fee is None else said.fee, actor)
        elif said.status.money_stayed:
            payout_books.give_back(payout, _why_given_back(status), actor)
        move(payout, status, actor)
    elif payout.status == PayoutStatus.SUCCESS and status is PayoutStatus.REVERSED:
        _note(payout, said)
        payout_books.give_back(payout, _why_given_back(status), actor)
        move(payout, status, actor)
        alarm(payout, "reversed_after_success", actor)
    elif status != payout.status and (said.status is TransferStatus.SUCCESS or payout.status == PayoutStatus.SUCCESS):
        # Conclusive is conclusive: money that left after all, or an end after an arrival, is for a person to look at.
        _contradicted(payout, f"{status}: {said.amount} {said.currency}", actor)
    return payout


def move(payout: Payout, status: PayoutStatus, actor: Actor, reason: str | None = None) -> None:
    """Write down that a payout has come a step further, and announce it; the caller holds its lock."""
    before, payout.status = payout.status, status
    payout.checks, payout.next_check_at, now = 0, None, utcnow()
    if status is PayoutStatus.APPROVED:
        payout.next_check_at = now
    elif status in SENT:
        payout.next_check_at = now + _wait(payout)
    elif status is not PayoutStatus.DRAFT:
        payout.finished_at = payout.finished_at or now
    if status is PayoutStatus.SUCCESS:
        payout.next_check_at = now + ASK_AFTER_SUCCESS[0]
    record(
        f"payout.{status}",
        actor=actor,
        subject="payout",
        subject_id=payout.id,
        asset_id=payout.asset_id,
        reason=reason,
        before={"status": before},
        after={"status": status, "reference": payout.reference, "amount": payout.amount, "fee": payout.fee,
               "currency": payout.currency, "said": payout.said},
    )  # fmt: skip
    publish(PayoutMoved(asset_id=payout.asset_id, subject_id=payout.id, reference=payout.reference, status=str(status)))


def alarm(payout: Payout, what: str, actor: Actor, said: str | None = None) -> None:
    """Put something that should not be before the people who can look into it; the caller holds its lock."""
    record(
        f"payout.{what}",
        actor=actor,
        subject="payout",
        subject_id=payout.id,
        asset_id=payout.asset_id,
        after={"status": payout.status, "said": said or payout.said},
    )
    publish(
        AlertRaised(asset_id=payout.asset_id, subject_id=payout.id, reference=payout.reference, what=f"payout_{what}")
    )


def _contradicted(payout: Payout, said: str, actor: Actor) -> None:
    """The provider says what cannot be true; told once, however often it says it."""
    if payout.said != said:
        payout.said = said
        alarm(payout, "contradicted", actor, said=said)


def line_of(payout: Payout) -> Payouts:
    """The provider's account a payout goes through; the connection to the database is let go for the call."""
    gateway = cast(Payouts, providers.gateway_of(payout))
    db.session.commit()
    return gateway


@transactional
def _claim(limit: int) -> list[uuid.UUID]:
    """Whose turn it is, each put off first, so that a crash repeats and never forgets."""
    claimed = []
    for payout in lock_due_payouts(limit):
        payout.checks += 1
        payout.next_check_at = _next_turn(payout)
        if payout.checks == WORRY_AFTER and payout.status in SENT:
            alarm(payout, "without_end", BY_CLOCK)
        claimed.append(payout.id)
    return claimed


@transactional
def _take_turn(payout_id: uuid.UUID) -> bool:
    payout = lock_payout(payout_id)
    if payout.next_check_at is None or payout.next_check_at > utcnow():
        return False
    payout.checks += 1
    payout.next_check_at = _next_turn(payout)
    return True


def _step(payout_id: uuid.UUID, actor: Actor) -> None:
    payout = get_payout(payout_id)
    if payout.status == PayoutStatus.APPROVED:
        _send(payout, actor)
    elif payout.status == PayoutStatus.SUBMITTING:
        _find_out(payout, actor)
    elif payout.status in (*SENT, PayoutStatus.SUCCESS):
        hear(payout.id, _verify(payout), actor=actor)


def _find_out(payout: Payout, actor: Actor) -> None:
    """Nobody knows whether the transfer was made: ask, and send the same reference again only if it never was."""
    submitted_at = payout.submitted_at
    try:
        said = _verify(payout)
    except UnknownTransfer:
        if submitted_at is None or utcnow() - submitted_at >= SURE_AFTER:
            _send(payout, actor)
        else:
            _put_off(payout.id)
    except (GatewayDown, GatewayRefused) as error:
        _put_off(payout.id, error.message)
    else:
        hear(payout.id, said, actor=actor)


def _send(payout: Payout, actor: Actor) -> None:
    """Make the recipient, which moves nothing, then the transfer, which does."""
    gateway, code = line_of(payout), payout.recipient_code
    try:
        code = code or gateway.make_recipient(
            RecipientAsked(
                kind=payout.recipient_kind,
                name=payout.recipient_name,
                account_number=payout.account_number,
                bank_code=payout.bank_code,
                currency=payout.currency,
            )
        )
    except (GatewayDown, KeyRefused) as error:
        _put_off(payout.id, error.message)
        return
    except GatewayRefused as error:
        _refused(payout.id, error, actor)
        return
    if not begin(payout.id, code, actor):
        return
    asked = TransferAsked(
        reference=payout.reference,
        amount=payout.amount,
        currency=payout.currency,
        recipient_code=code,
        reason=payout.description,
    )
    try:
        said = gateway.transfer(asked)
    except (DuplicateReference, GatewayDown) as error:
        _put_off(payout.id, error.message)  # asked about in a moment
    except GatewayRefused as refusal:
        _believe_no(payout, refusal, actor)
    else:
        _heard(payout, said, actor)


def _believe_no(payout: Payout, refusal: GatewayRefused, actor: Actor) -> None:
    """A no is believed when the provider, asked about the reference, knows no such transfer."""
    try:
        said = _verify(payout)
    except UnknownTransfer:
        _refused(payout.id, refusal, actor)
    except (GatewayDown, GatewayRefused):
        _put_off(payout.id, refusal.message)
    else:
        hear(payout.id, said, actor=actor)


def _heard(payout: Payout, said: TransferSaid, actor: Actor) -> None:
    """An answer to an order does not say what it cost; one that is a success already is asked for that."""
    if said.status is TransferStatus.SUCCESS and said.fee is None:
        try:
            said = _verify(payout)
        except (GatewayDown, GatewayRefused):
            log.info("payout_charge_unknown", reference=payout.reference)
    hear(payout.id, said, actor=actor)


def _verify(payout: Payout) -> TransferSaid:
    return line_of(payout).verify_transfer(payout.reference)


@transactional
def begin(payout_id: uuid.UUID, recipient_code: str, actor: Actor) -> bool:
    """Write down that the transfer is being asked for; False when it was cancelled, or sent, meanwhile."""
    payout = lock_payout(payout_id)
    if payout.status not in (PayoutStatus.APPROVED, PayoutStatus.SUBMITTING):
        return False
    payout.recipient_code, payout.submitted_at, payout.said = recipient_code, utcnow(), None
    if payout.status == PayoutStatus.APPROVED:
        move(payout, PayoutStatus.SUBMITTING, actor)
    payout.next_check_at = utcnow() + LEASE
    return True


@transactional
def _refused(payout_id: uuid.UUID, error: GatewayRefused, actor: Actor) -> None:
    """The provider understood and said no, and nothing was made: the money is free again."""
    payout = lock_payout(payout_id)
    if payout.status not in (PayoutStatus.APPROVED, PayoutStatus.SUBMITTING):
        return
    payout.said = str(error.details.get("said") or error.message)
    if payout.status == PayoutStatus.APPROVED:
        move(payout, PayoutStatus.SUBMITTING, actor)
    payout_books.give_back(payout, _why_given_back(PayoutStatus.FAILED), actor)
    move(payout, PayoutStatus.FAILED, actor)


@transactional
def _put_off(payout_id: uuid.UUID, why: str | None = None) -> None:
    """Ask again in a while."""
    payout = lock_payout(payout_id)
    if payout.status in (PayoutStatus.APPROVED, *SENT):
        payout.next_check_at = utcnow() + _wait(payout)
        payout.said = why or payout.said


def _next_turn(payout: Payout) -> datetime | None:
    now = utcnow()
    if payout.status == PayoutStatus.SUCCESS:
        more = ASK_AFTER_SUCCESS[payout.checks :]
        return now + more[0] if more else None
    if payout.status in (PayoutStatus.APPROVED, PayoutStatus.SUBMITTING):
        return now + max(LEASE, _wait(payout))
    return now + _wait(payout)


def _wait(payout: Payout) -> timedelta:
    """How long until the provider is asked again; for a password, until its time is over."""
    if payout.status == PayoutStatus.OTP and payout.otp_deadline is not None:
        left = payout.otp_deadline - utcnow()
        if left > timedelta():
            return min(left + timedelta(seconds=1), ASK_AFTER[-1])
    return ASK_AFTER[payout.checks] if payout.checks < len(ASK_AFTER) else timedelta(hours=1)


def _note(payout: Payout, said: TransferSaid) -> None:
    payout.transfer_code = said.transfer_code or payout.transfer_code
    payout.said = None if said.reason == payout.description else said.reason  # our own words, come back


def _goes_back(before: str, after: PayoutStatus) -> bool:
    """News that is older than what is known: a transfer that waited for its password does not wait for it again."""
    return after is PayoutStatus.OTP and before in (PayoutStatus.PENDING, PayoutStatus.RECEIVED)


def _why_given_back(status: PayoutStatus) -> str:
    return {
        PayoutStatus.REVERSED: _("The bank sent the money back."),
        PayoutStatus.ABANDONED: _("No one-time password came in time."),
        PayoutStatus.BLOCKED: _("The provider blocked the transfer."),
        PayoutStatus.REJECTED: _("The transfer was rejected."),
    }.get(status, _("The transfer failed."))
