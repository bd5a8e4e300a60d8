"""Money sent out, as people decide about it: drafted by one, approved by another, confirmed with a password.

The money at the provider is reserved by the approval, under a lock: two approvals cannot both have the last of it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from portal.core import locks
from portal.core.actor import Actor
from portal.core.cache import cache
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Invalid
from portal.core.money import Money
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.gateways.base import Bank, GatewayDown, GatewayRefused, KeyRefused, TransferStatus, WrongOtp
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.ledger import chart
from portal.shared.payments import providers
from portal.shared.payments.errors import (
    AccountNotFound,
    AccountNotOurs,
    NotEnoughAtProvider,
    OtpLocked,
    OtpRefused,
    SecondPersonNeeded,
    WrongPayoutState,
)
from portal.shared.payments.models import Payout, PayoutStatus
from portal.shared.payments.payout_queries import get_payout, lock_payout, reserved_not_yet_there
from portal.shared.payments.services import bands, payout_books
from portal.shared.payments.services.intents import new_reference
from portal.shared.payments.services.sending import alarm, ask, hear, line_of, move, submit, told, work_due

#: What a payout may pay for: accounts of the chart.
COUNTERS = (chart.BANK, chart.PAYABLE, chart.COSTS, chart.CAPITAL)
#: Wrong one-time passwords after which only a new one helps.
MOST_TRIES = 3
BANKS_KEPT_SECONDS = 3_600
#: Kinds of account whose holder a provider can name; a wallet's holder is taken from the person who drafts.
NAMED = ("nuban", "ghipss")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account and whose it is; `confirmed` when the bank itself said so."""

    bank: Bank
    account_number: str
    name: str
    confirmed: bool


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


def senders(place: Asset) -> list[providers.Chosen]:
    """The providers this place can send money out through, the usual one first."""
    return [
        each
        for each in providers.offered(place.business_id)
        if hasattr(providers.gateway_for(each.provider, place.business_id), "transfer")
    ]


def banks_of(place: Asset, provider: str, currency: str) -> list[Bank]:
    """Where money can be sent, by name; kept for an hour. Raises GatewayDown."""
    key = f"banks:{provider}:{place.business_id}:{currency}"
    kept = cache.get(key)
    if kept is None:
        gateway = providers.payouts_for(provider, place.business_id)
        db.session.commit()  # hold no connection while the provider is being waited for
        kept = [[each.code, each.name, each.kind, each.currency, each.id] for each in gateway.banks(currency)]
        cache.set(key, kept, ttl=BANKS_KEPT_SECONDS)
    return [Bank(code=code, name=name, kind=kind, currency=of, id=number) for code, name, kind, of, number in kept]


def look_up(
    place: Asset, *, provider: str, currency: str, bank_code: str, account_number: str, name: str | None = None
) -> Holder:
    """Whose account it is, as the bank says; for a telephone, which no bank names, as the person says."""
    bank = next((each for each in banks_of(place, provider, currency) if each.code == bank_code), None)
    if bank is None:
        raise Invalid(_("Choose a bank from the list."), field="bank_code")
    gateway = providers.payouts_for(provider, place.business_id)
    db.session.commit()
    try:
        named = gateway.resolve_account(account_number, bank_code)
    except KeyRefused:
        raise
    except GatewayRefused:
        if bank.kind in NAMED:
            raise AccountNotFound(
                _("%(bank)s knows no account with this number. Check the bank and the number.", bank=bank.name),
                field="account_number",
            ) from None
        if not name:
            raise Invalid(
                _("Type the name of whoever gets the money; this bank does not tell it."), field="name"
            ) from None
        return Holder(bank=bank, account_number=account_number, name=name, confirmed=False)
    return Holder(bank=bank, account_number=account_number, name=named, confirmed=True)


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


def finalize(*, payout_id: uuid.UUID, otp: str, actor: Actor) -> Payout:
    """Confirm a transfer with its one-time password. One that was confirmed before stays as it is.

    Raises OtpRefused for a wrong one; the third locks until the approver has another sent (OtpLocked).
    """
    payout = _take_try(payout_id, actor)
    if payout.status != PayoutStatus.OTP:
        return payout
    try:
        said = line_of(payout).finalize_transfer(payout.transfer_code or "", otp)
    except WrongOtp:
        raise _wrong(_count_wrong(payout_id, actor)) from None
    except GatewayRefused:
        said = line_of(payout).verify_transfer(payout.reference)  # no longer waiting: how does it stand?
        if said.status is TransferStatus.OTP:
            _give_try_back(payout_id)
            raise
    except GatewayDown:
        return _after_silence(payout_id, actor)
    return hear(payout_id, said, actor=actor)


def resend_otp(*, payout_id: uuid.UUID, actor: Actor) -> Payout:
    """Have another one-time password sent. After three wrong ones only whoever approved the payout may."""
    payout = get_payout(payout_id)
    _must_wait_for_otp(payout)
    if payout.otp_tries >= MOST_TRIES and payout.approved_by != actor.key:
        raise SecondPersonNeeded(
            _("Three passwords were wrong. Only the person who approved the payout can have another sent.")
        )
    line_of(payout).resend_otp(payout.transfer_code or "")
    return _resent(payout_id, actor)


def otp_seconds_left(payout: Payout) -> int:
    """How many seconds a password may still come, by the database's clock."""
    if payout.status != PayoutStatus.OTP or payout.otp_deadline is None:
        return 0
    return max(0, int((payout.otp_deadline - utcnow()).total_seconds()))


def _must_be_approvable(payout: Payout, actor: Actor) -> None:
    if payout.requested_by == actor.key:
        raise _second_person()
    if payout.status != PayoutStatus.DRAFT:
        raise WrongPayoutState(_("This payout does not wait for an approval any more."), status=payout.status)


def _must_be_covered(payout: Payout, balance: BalanceSaid | None) -> None:
    """The caller holds the lock of the money at this provider."""
    total, where = payout.amount + payout.fee, providers.called(payout.provider)
    there = payout_books.at_provider(payout)
    if there < total:
        raise NotEnoughAtProvider(
            _("The books have %(there)s at %(provider)s, and %(total)s is needed with the charge. Wait for more to come"
              " in, or draft a smaller payout.", there=Money(max(0, there), payout.currency), provider=where,
              total=Money(total, payout.currency)),
            available=Money(max(0, there), payout.currency).to_major_str(),
        )  # fmt: skip
    if balance is None or balance.minor is None:
        return
    free = balance.minor - reserved_not_yet_there(payout.provider, payout.gateway_account_id, payout.currency)
    if free < total:
        raise NotEnoughAtProvider(
            _("%(provider)s says that only %(free)s is free there, and %(total)s is needed with the charge. It may not"
              " have cleared yet; try again later.", provider=where, free=Money(max(0, free), payout.currency),
              total=Money(total, payout.currency)),
            available=Money(max(0, free), payout.currency).to_major_str(),
        )  # fmt: skip


def _must_wait_for_otp(payout: Payout) -> None:
    if payout.status != PayoutStatus.OTP:
        raise WrongPayoutState(_("This payout does not wait for a one-time password."), status=payout.status)
    if payout.otp_deadline is not None and payout.otp_deadline <= utcnow():
        raise WrongPayoutState(
            _("The time for the one-time password is over. The payout is given up as soon as the provider says so;"
              " then draft it again."), status=payout.status,
        )  # fmt: skip


@transactional
def _take_try(payout_id: uuid.UUID, actor: Actor) -> Payout:
    """Count the try before it is made, so that many at once are not more than three."""
    payout = lock_payout(payout_id)
    if payout.status in (PayoutStatus.PENDING, PayoutStatus.RECEIVED, PayoutStatus.SUCCESS):
        return payout
    _must_wait_for_otp(payout)
    if payout.otp_tries >= MOST_TRIES:
        raise _locked(payout)
    payout.otp_tries += 1
    return payout


@transactional
def _give_try_back(payout_id: uuid.UUID) -> None:
    payout = lock_payout(payout_id)
    payout.otp_tries = max(0, payout.otp_tries - 1)


@transactional
def _count_wrong(payout_id: uuid.UUID, actor: Actor) -> Payout:
    payout = lock_payout(payout_id)
    record(
        "payout.otp_wrong",
        actor=actor,
        subject="payout",
        subject_id=payout.id,
        asset_id=payout.asset_id,
        after={"tries": payout.otp_tries},
    )
    if payout.otp_tries >= MOST_TRIES:
        alarm(payout, "otp_locked", actor)
    return payout


def _after_silence(payout_id: uuid.UUID, actor: Actor) -> Payout:
    """Nobody knows whether the password arrived: ask how the transfer stands."""
    payout = get_payout(payout_id)
    try:
        said = line_of(payout).verify_transfer(payout.reference)
    except (GatewayDown, GatewayRefused):
        raise GatewayDown(
            _("The provider did not answer, so nobody knows yet whether the password was taken. It will be asked"
              " again; look here in a minute.")
        ) from None  # fmt: skip
    if said.status is TransferStatus.OTP:
        _give_try_back(payout_id)
        raise GatewayDown(_("The provider did not take the password. Nothing was done; try again."))
    return hear(payout_id, said, actor=actor)


@transactional
def _resent(payout_id: uuid.UUID, actor: Actor) -> Payout:
    payout = lock_payout(payout_id)
    if payout.status == PayoutStatus.OTP:
        payout.otp_tries = 0
        record("payout.otp_resent", actor=actor, subject="payout", subject_id=payout.id, asset_id=payout.asset_id)
    return payout


def _wrong(payout: Payout) -> OtpRefused | OtpLocked:
    left = MOST_TRIES - payout.otp_tries
    if left <= 0:
        return _locked(payout)
    return OtpRefused(
        _("That is not the password that was sent. %(left)s more tries before it is locked.", left=left),
        field="otp",
        tries_left=left,
    )


def _locked(payout: Payout) -> OtpLocked:
    return OtpLocked(
        _("Three passwords were wrong, so no more are taken. The person who approved the payout can have a new one"
          " sent; otherwise it is given up when its time is over."), field="otp",
    )  # fmt: skip


__all__ = [
    "COUNTERS",
    "MOST_TRIES",
    "BalanceSaid",
    "Holder",
    "approve",
    "ask",
    "ask_balance",
    "banks_of",
    "cancel",
    "draft",
    "finalize",
    "look_up",
    "otp_seconds_left",
    "resend_otp",
    "senders",
    "submit",
    "told",
    "work_due",
]
