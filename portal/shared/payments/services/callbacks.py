"""The door for a provider that signs nothing: who is meant by an address, and what is done about what came to it."""

from __future__ import annotations

from collections.abc import Mapping

from portal.core.words import _
from portal.shared.payments import mobile_queries as queries
from portal.shared.payments import paybill_accounts
from portal.shared.payments.mobile_errors import NoSuchAddress
from portal.shared.payments.services import answers, paybill, verification
from portal.shared.payments.services.addresses import Ending

ACCEPTED: Mapping[str, int | str] = {"ResultCode": 0, "ResultDesc": "Accepted"}


def take(*, token: str, raw: bytes, source: str | None) -> Mapping[str, int | str]:
    """Keep what came to an address and see to it; answers the provider. Raises NoSuchAddress, with nothing kept."""
    stem, dash, letter = token.partition("-")
    if not dash:
        push = queries.find_push_by_token(token)
        if push is not None:
            answers.heard(push_id=push.id, raw=raw, source=source)
            return ACCEPTED
        raise _nobody()
    if letter not in set(Ending):
        raise _nobody()
    ending = Ending(letter)
    if ending in (Ending.CONFIRMATION, Ending.VALIDATION):
        return _paybill(stem, ending, raw, source)
    return _answer(stem, ending, raw, source)


def _paybill(stem: str, ending: Ending, raw: bytes, source: str | None) -> Mapping[str, int | str]:
    at = paybill_accounts.by_token(stem)
    if at is None:
        raise _nobody()
    if ending is Ending.VALIDATION:
        return paybill.asked(at=at, raw=raw, source=source)
    paybill.confirmed(at=at, raw=raw, source=source)
    return ACCEPTED


def _answer(stem: str, ending: Ending, raw: bytes, source: str | None) -> Mapping[str, int | str]:
    receipt = queries.find_receipt_by_token(stem)
    if receipt is None:
        raise _nobody()
    late = ending in (Ending.STATUS_LATE, Ending.REVERSAL_LATE)
    told = verification.status_told if ending in (Ending.STATUS, Ending.STATUS_LATE) else verification.reversal_told
    told(receipt_id=receipt.id, raw=raw, late=late, source=source)
    return ACCEPTED


def _nobody() -> NoSuchAddress:
    return NoSuchAddress(_("Nobody is waiting for anything at this address."))
