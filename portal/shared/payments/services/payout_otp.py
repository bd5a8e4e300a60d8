"""The one-time passwords of transfers: counted before they are tried, sent again, and over in time."""

from __future__ import annotations

import uuid

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.transaction import transactional
from portal.core.words import _, ngettext
from portal.gateways.base import GatewayDown, GatewayRefused, TransferStatus, WrongOtp
from portal.shared.audit.services import record
from portal.shared.payments.errors import OtpLocked, OtpRefused, SecondPersonNeeded, WrongPayoutState
from portal.shared.payments.models import Payout, PayoutStatus
from portal.shared.payments.payout_queries import get_payout, lock_payout
from portal.shared.payments.services.sending import alarm, hear, line_of

#: Wrong ones after which only a new one helps.
MOST_TRIES = 3


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
        ngettext(
            "That is not the password that was sent. %(num)s more try before it is locked.",
            "That is not the password that was sent. %(num)s more tries before it is locked.",
            left,
        ),
        field="otp",
        tries_left=left,
    )


def _locked(payout: Payout) -> OtpLocked:
    return OtpLocked(
        _("Three passwords were wrong, so no more are taken. The person who approved the payout can have a new one"
          " sent; otherwise it is given up when its time is over."), field="otp",
    )  # fmt: skip
