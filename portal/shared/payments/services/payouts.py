"""Money sent out, as people decide about it: drafted by one, approved by another, confirmed with a password.

The money at the provider is reserved by the approval, under a lock: two approvals cannot both have the last of it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from portal.core import locks
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Invalid
from portal.core.money import Money
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.gateways.base import GatewayDown, GatewayRefused
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of
from portal.shared.ledger import chart
from portal.shared.payments import providers
from portal.shared.payments.errors import (
    AccountNotOurs,
    NotEnoughAtProvider,
    SecondPersonNeeded,
    WrongPayoutState,
)
from portal.shared.payments.models import Payout, PayoutStatus
from portal.shared.payments.payout_queries import get_payout, lock_payout, reserved_not_yet_there
from portal.shared.payments.services import bands, payout_books
from portal.shared.payments.services.intents import new_reference
from portal.shared.payments.services.payout_books import at_provider
from portal.shared.payments.services.payout_otp import MOST_TRIES, finalize, otp_seconds_left, resend_otp
from portal.shared.payments.services.recipients import Holder, banks_of, look_up, sender, senders
from portal.shared.payments.services.sending import ask, line_of, move, submit, told, work_due

#: What a payout may pay for: accounts of the chart.
COUNTERS = (chart.BANK, chart.PAYABLE, chart.COSTS, chart.CAPITAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceSaid:
    """What a provider said can be sent out, and when it was asked; `minor` is None when it did not say."""

    asked_at: datetime
    minor: int | None


def _second_person() -> SecondPersonNeeded:
    return SecondPersonNeeded(_("You drafted this payout, so somebody else must approve it."))


rule("ck_payout_second_person", _second_person)
rule("payout_stays", lambda: WrongPayoutState(_("A payout stays as it was drafted. Cancel it, and draft another.")))
rule("ck_payout_approved_and_reserved", lambda: WrongPayoutState(_("Nobody has approved this payout yet.")))


@transactional
def draft(
    *, place: Asset, provider: str, holder: Holder, amount: Money, counter: str, description: str, actor: Actor
) -> Payout:
    """Write down who is to get how much for what; nothing moves before another person approves it."""
    if counter not in COUNTERS:
        raise Invalid(_("Say what the money is for."), field="counter")
    if counter == chart.BANK and holder.account_number != (place.bank_account_number or ""):
        raise AccountNotOurs(
            _("This is not the account written down for this place. Choose what else it is for, or have an owner"
              " change the place's bank details."), field="counter",
        )  # fmt: skip
    chosen = providers.choose(provider, place.business_id)
    payout = Payout(
        asset_id=place.id,
        reference=new_reference().lower(),
        provider=chosen.provider,
        gateway_account_id=chosen.account_id,
        counter=counter,
        description=description.strip(),
        recipient_name=holder.name,
        recipient_kind=holder.bank.kind,
        account_number=holder.account_number,
        bank_code=holder.bank.code,
        bank_name=holder.bank.name,
        amount=amount.minor,
        fee=bands.charge(chosen.provider, "payout", amount.minor, amount.currency),
        currency=amount.currency,
        status=PayoutStatus.DRAFT,
        requested_by=actor.key,
    )
    db.session.add(payout)
    db.session.flush()
    move(payout, PayoutStatus.DRAFT, actor)
    return payout


def ask_balance(payout_id: uuid.UUID, actor: Actor) -> BalanceSaid:
    """What the provider has for this payout, asked before it is approved; a silent one is no reason against it."""
    payout = get_payout(payout_id)
    _must_be_approvable(payout, actor)
    asked_at = utcnow()
    try:
        found = line_of(payout).balance()
    except (GatewayDown, GatewayRefused):
        return BalanceSaid(asked_at=asked_at, minor=None)
    return BalanceSaid(
        asked_at=asked_at, minor=next((each.minor for each in found if each.currency == payout.currency), None)
    )


@transactional
def approve(*, payout_id: uuid.UUID, actor: Actor, balance: BalanceSaid | None = None) -> Payout:
    """A second person lets it go: amount and charge are reserved, and the clockwork sends it.

    Raises NotEnoughAtProvider when the books, or the provider, do not have the money.
    """
    payout = lock_payout(payout_id)
    _must_be_approvable(payout, actor)
    # The place's money in the books first, then the account at the provider, which places of a business share.
    locks.lock_in_transaction(f"payouts {payout.asset_id} {payout.provider} {payout.currency}")
    locks.lock_in_transaction(f"payouts {payout.provider} {payout.gateway_account_id} {payout.currency}")
    payout.fee = bands.charge(payout.provider, "payout", payout.amount, payout.currency)
    _must_be_covered(payout, balance)
    payout_books.reserve(payout, actor)
    payout.approved_by, payout.approved_at = actor.key, utcnow()
    move(payout, PayoutStatus.APPROVED, actor)
    return payout


@transactional
def cancel(*, payout_id: uuid.UUID, actor: Actor, reason: str = "") -> Payout:
    """Take a payout back that has not been sent; what was reserved is free again."""
    payout = lock_payout(payout_id)
    if payout.status not in (PayoutStatus.DRAFT, PayoutStatus.APPROVED):
        raise WrongPayoutState(_("This payout has gone to the provider already, so it cannot be cancelled here."),
                               status=payout.status)  # fmt: skip
    if payout.status == PayoutStatus.APPROVED:
        payout_books.give_back(payout, reason.strip() or _("The payout was cancelled."), actor)
    move(payout, PayoutStatus.CANCELLED, actor, reason.strip() or None)
    return payout


def _must_be_approvable(payout: Payout, actor: Actor) -> None:
    if payout.requested_by == actor.key:
        raise _second_person()
    if payout.status != PayoutStatus.DRAFT:
        raise WrongPayoutState(_("This payout does not wait for an approval any more."), status=payout.status)


def _must_be_covered(payout: Payout, balance: BalanceSaid | None) -> None:
    """The caller holds the lock of the money at this provider."""
    total, where = payout.amount + payout.fee, providers.called(payout.provider)
    there = payout_books.at_provider(asset_of(payout.asset_id), payout.provider, payout.currency)
    if there < total:
        raise NotEnoughAtProvider(
            _("The books have %(there)s at %(provider)s, and %(total)s is needed with the charge. Wait for more to come"
              " in, or draft a smaller payout.", there=Money(max(0, there), payout.currency), provider=where,
              total=Money(total, payout.currency)),
            available=Money(max(0, there), payout.currency).to_major_str(),
        )  # fmt: skip
    if balance is None or balance.minor is None:
        return
    free = balance.minor - reserved_not_yet_there(
        payout.provider, payout.gateway_account_id, payout.currency, balance.asked_at
    )
    if free < total:
        raise NotEnoughAtProvider(
            _("%(provider)s says that only %(free)s is free there, and %(total)s is needed with the charge. It may not"
              " have cleared yet; try again later.", provider=where, free=Money(max(0, free), payout.currency),
              total=Money(total, payout.currency)),
            available=Money(max(0, free), payout.currency).to_major_str(),
        )  # fmt: skip


__all__ = [
    "COUNTERS",
    "MOST_TRIES",
    "BalanceSaid",
    "Holder",
    "approve",
    "ask",
    "ask_balance",
    "at_provider",
    "banks_of",
    "cancel",
    "draft",
    "finalize",
    "look_up",
    "otp_seconds_left",
    "resend_otp",
    "sender",
    "senders",
    "submit",
    "told",
    "work_due",
]
