"""Sending refunds by whoever collected the money, and learning what becomes of them.

The calls stand between the commands. A turn is taken and committed before the provider is asked, so that a crash
leaves a refund that is looked for there before anything is asked twice: never two at the provider for one of ours.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import DomainError
from portal.core.money import Money
from portal.core.transaction import transactional
from portal.core.words import _
from portal.gateways.base import (
    Bank,
    GatewayDown,
    GatewayRefused,
    KeyRefused,
    RefundAccount,
    RefundAsked,
    RefundSaid,
    ReplyLost,
)
from portal.gateways.registry import UnknownProvider
from portal.shared.assets.queries import asset_of
from portal.shared.payments import providers
from portal.shared.payments.errors import WrongRefundState
from portal.shared.payments.models import Payment, PaymentIntent, Refund, RefundState
from portal.shared.payments.refund_queries import WITH_PROVIDER, get_refund, known_ids, lock_due_refunds, lock_refund
from portal.shared.payments.services import giving_back
from portal.shared.payments.services.refunds import finish, locked, move
from portal.shared.payments.services.settlement import alert

#: A call is over by then, whatever became of it; and a provider has written down by then what it did.
REPLY_LOST_AFTER = timedelta(seconds=90)
#: When a provider that did not answer is asked again.
TRY_AFTER = tuple(timedelta(seconds=n) for n in (10, 30, 120, 300, 900))
#: When a refund is asked about by itself; then every six hours, for thirty days. Banks take days over one.
ASK_AFTER = tuple(timedelta(seconds=n) for n in (10, 30, 120, 300, 900, 3_600))
ASK_EVERY, ASK_FOR = timedelta(hours=6), timedelta(days=30)
#: How far along each is: what a provider says late never takes a refund back.
RANK = {
    RefundState.SUBMITTING: 0,
    RefundState.PENDING: 1,
    RefundState.PROCESSING: 2,
    RefundState.NEEDS_ATTENTION: 2,
    RefundState.PROCESSED: 3,
    RefundState.FAILED: 3,
}
ENDS = (RefundState.PROCESSED, RefundState.FAILED)
log = structlog.get_logger(__name__)


class Step(StrEnum):
    """What a refund whose turn it is needs."""

    SEND = "send"
    LOOK = "look"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to ask the provider for one refund, once. `taken_at` tells it from a later turn."""

    refund_id: uuid.UUID
    taken_at: datetime


def work_due(*, limit: int = 20) -> int:
    """Send what was approved, look for what may have been sent, ask about what is under way; returns how many."""
    due, trouble = _claim(limit), None
    for refund_id, step in due:
        try:
            _work(refund_id, step, system("refunds"))
        except DomainError as error:  # it comes round again; the others must not wait for it
            db.session.rollback()
            log.warning("refund_not_worked", refund=str(refund_id), why=error.code)
        except Exception as error:  # a mistake of ours: told when the others are done
            db.session.rollback()
            log.exception("refund_not_worked", refund=str(refund_id))
            trouble = error
    if trouble is not None:
        raise trouble
    return len(due)


def ask(refund_id: uuid.UUID, actor: Actor) -> Refund:
    """Ask the provider how a refund stands, and take its word; safe to call any number of times."""
    refund = get_refund(refund_id)
    if refund.status in WITH_PROVIDER:
        said = _how_it_stands(refund)
        if said is not None:
            learn(refund_id=refund_id, said=said, actor=actor)
    return get_refund(refund_id)


def give_account(*, refund_id: uuid.UUID, account_number: str, bank_id: str, actor: Actor) -> Refund:
    """Tell the provider the payer's bank account for a refund their card would not take back."""
    refund = get_refund(refund_id)
    if refund.status != RefundState.NEEDS_ATTENTION or refund.provider_refund_id is None:
        raise WrongRefundState(_("This refund does not wait for a bank account."), status=refund.status)
    gateway = providers.refunds_of(refund.payment.intent)
    account = RefundAccount(currency=refund.currency, account_number=account_number, bank_id=bank_id)
    number = refund.provider_refund_id
    _let_go()
    said = gateway.retry_refund(number, account)
    return learn(refund_id=refund_id, said=said, actor=actor, account=account_number)


def banks_for(refund: Refund) -> Sequence[Bank]:
    """Where the provider can send a refund that the payer's card would not take, by name."""
    gateway = providers.gateway_of(refund.payment.intent)
    banks = getattr(gateway, "banks", None)
    currency = refund.currency
    _let_go()
    return [each for each in banks(currency) if each.id] if banks else []


@transactional
def learn(*, refund_id: uuid.UUID, said: RefundSaid, actor: Actor, account: str | None = None) -> Refund:
    """Take a provider's word about one refund; the same word again changes nothing."""
    intent, payment, refund = locked(refund_id)
    status = RefundState(said.status.value)
    if refund.status not in RANK:  # it was never sent
        return refund
    if said.provider_refund_id and refund.provider_refund_id is None:
        refund.provider_refund_id = said.provider_refund_id
    if (said.amount, said.currency) != (refund.amount, refund.currency):
        _contradicts(refund, _said_of(said), actor)
        return refund
    if refund.status in ENDS:
        if status in ENDS and status != refund.status:
            _contradicts(refund, _said_of(said), actor)
        return refund
    if RANK[status] < RANK[RefundState(refund.status)]:
        return refund
    if account is not None:
        refund.said = _("Sent to the bank account that ends in %(end)s.", end=account[-4:])
    elif status is RefundState.FAILED:
        refund.said = said.reason if said.reason and str(refund.id) not in said.reason else None
    elif said.bank_reference:
        refund.said = _("The bank's number for it is %(number)s.", number=said.bank_reference)
    if status is RefundState.PROCESSED:
        finish(intent, payment, refund, actor)
    elif status is RefundState.FAILED:
        _failed(intent, payment, refund, refund.said or _("The provider gave no reason."), actor)
    elif status != refund.status:
        move(intent, refund, status, actor, reason=refund.said)
        refund.checks, refund.next_check_at = 0, utcnow() + ASK_AFTER[0]
    return refund


@transactional
def _claim(limit: int) -> list[tuple[uuid.UUID, Step]]:
    """Whom to work on now, each put off to its next turn first: a crash repeats and never forgets."""
    now, due = utcnow(), []
    for refund in lock_due_refunds(limit):
        step = {RefundState.APPROVED: Step.SEND, RefundState.SUBMITTING: Step.LOOK}.get(
            RefundState(refund.status), Step.ASK
        )
        if step is Step.ASK:
            wait = ASK_AFTER[refund.checks] if refund.checks < len(ASK_AFTER) else ASK_EVERY
            begun = refund.submitted_at or refund.created_at
            refund.next_check_at = now + wait if now + wait <= begun + ASK_FOR else None
            refund.checks += 1
        else:
            refund.next_check_at = now + REPLY_LOST_AFTER
        due.append((refund.id, step))
    return due


def _work(refund_id: uuid.UUID, step: Step, actor: Actor) -> None:
    if step is Step.SEND:
        _send(take_turn(refund_id), actor)
    elif step is Step.ASK:
        ask(refund_id, actor)
    else:
        refund = get_refund(refund_id)
        before = refund.submitted_at
        said = _how_it_stands(refund)
        if said is not None:
            learn(refund_id=refund_id, said=said, actor=actor)
        else:  # nothing there, long enough after the call: it never arrived
            _send(take_turn(refund_id, again_after=before), actor)


def _send(turn: Turn | None, actor: Actor) -> None:
    if turn is None:  # another process is doing it
        return
    refund = get_refund(turn.refund_id)
    try:
        gateway = providers.refunds_of(refund.payment.intent)
    except (providers.NotOffered, UnknownProvider) as error:
        _give_turn_back(turn, error.message, by_hand=True)
        return
    asked = _asked(refund)
    _let_go()
    try:
        said = gateway.refund(asked)
    except ReplyLost as error:
        _note(turn.refund_id, error.message)
    except (GatewayDown, KeyRefused) as error:
        _give_turn_back(turn, error.message)
    except GatewayRefused as error:
        _refused(turn.refund_id, error.message, actor)
    else:
        learn(refund_id=turn.refund_id, said=said, actor=actor)


def _how_it_stands(refund: Refund) -> RefundSaid | None:
    """What the provider knows of a refund; None where it knows of none that could be this one."""
    gateway = providers.refunds_of(refund.payment.intent)
    if refund.provider_refund_id is not None:
        number = refund.provider_refund_id
        _let_go()
        return gateway.refund_status(number)
    asked, others = _asked(refund), known_ids(refund.payment_id)
    _let_go()
    return gateway.find_refund(asked, known=others)


@transactional
def take_turn(refund_id: uuid.UUID, *, again_after: datetime | None = None) -> Turn | None:
    """The turn to ask for a refund: the first one, or another after one whose reply was lost and that left no trace."""
    refund, now = lock_refund(refund_id), utcnow()
    if again_after is None:
        mine = refund.status == RefundState.APPROVED and not refund.by_hand
    else:
        unchanged = refund.status == RefundState.SUBMITTING and refund.submitted_at == again_after
        mine = unchanged and now >= again_after + REPLY_LOST_AFTER
    if not mine:
        return None
    refund.status, refund.submitted_at, refund.changed_at = RefundState.SUBMITTING, now, now
    refund.next_check_at = now + REPLY_LOST_AFTER
    return Turn(refund.id, now)


@transactional
def _give_turn_back(turn: Turn, said: str, *, by_hand: bool = False) -> None:
    """The provider was not asked, or did nothing: it is tried again later, or a person has to do it."""
    refund = lock_refund(turn.refund_id)
    if refund.status != RefundState.SUBMITTING or refund.submitted_at != turn.taken_at:
        return
    refund.status, refund.said, refund.by_hand = RefundState.APPROVED, said, by_hand
    wait = TRY_AFTER[min(refund.checks, len(TRY_AFTER) - 1)]
    refund.checks += 1
    refund.next_check_at = None if by_hand else utcnow() + wait


@transactional
def _note(refund_id: uuid.UUID, said: str) -> None:
    lock_refund(refund_id).said = said


@transactional
def _refused(refund_id: uuid.UUID, why: str, actor: Actor) -> None:
    intent, payment, refund = locked(refund_id)
    if refund.status in WITH_PROVIDER:
        _failed(intent, payment, refund, why, actor)


def _failed(intent: PaymentIntent, payment: Payment, refund: Refund, why: str, actor: Actor) -> None:
    """It did not go: what was taken for it is put back, and it can be asked for again.

    Unless the provider took the whole charge back meanwhile: then it went with that.
    """
    giving_back.undo(intent, payment, refund, why, actor)
    if giving_back.was_taken_back(payment):
        giving_back.lost(intent, payment, actor, held=True)
    refund.said = why
    move(intent, refund, RefundState.FAILED, actor, reason=why)
    alert("refund_failed", intent=intent, reference=intent.reference, actor=actor)


def _contradicts(refund: Refund, sentence: str, actor: Actor) -> None:
    """What cannot be true is told once, and changes nothing."""
    if refund.said == sentence:
        return
    refund.said = sentence
    intent = get_refund(refund.id).payment.intent
    alert("refund_contradicted", intent=intent, reference=intent.reference, actor=actor)


def _said_of(said: RefundSaid) -> str:
    return _(
        "The provider says that %(amount)s is %(status)s, which does not fit. Look it up there.",
        amount=Money(said.amount, said.currency),
        status=said.status.value.replace("_", " "),
    )


def _asked(refund: Refund) -> RefundAsked:
    payment = refund.payment
    place = asset_of(payment.asset_id)
    return RefundAsked(
        reference=str(refund.id),
        transaction_id=payment.provider_txn_id,
        charge_reference=payment.intent.reference,
        amount=refund.amount,
        currency=refund.currency,
        note=_("Refund from %(place)s", place=place.name),
        asked_at=refund.submitted_at,
    )


def _let_go() -> None:
    """Hold no connection while somebody else is being waited for; what was read stays readable."""
    db.session.commit()
