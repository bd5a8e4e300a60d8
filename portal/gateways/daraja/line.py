"""The line to one short code at Safaricom: the token on every call, and the many ways Daraja says no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import structlog

from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways import figures, refusals
from portal.gateways.base import GatewayDown, GatewayRefused, Requested
from portal.gateways.daraja import addresses, codes
from portal.gateways.daraja.credential import security_credential
from portal.gateways.daraja.token import Token, is_token_trouble
from portal.gateways.http import Answer, Call, Wire, lost, no_answer

#: East Africa Time: Daraja writes and reads every moment in it, without saying so.
EAT = timezone(timedelta(hours=3))
CURRENCY = "KES"
_SETUP = re.compile(r"wrong credential|invalid access token|merchant does not exist|initiator", re.IGNORECASE)
_BUSY = re.compile(r"spike arrest|quota|system is busy|system busy", re.IGNORECASE)
_BUSY_CODES = ("500.003.02", "500.003.03")
_LOCKED = re.compile(r"lock subscriber|already in process", re.IGNORECASE)
_BROKEN = re.compile(r"internal server error|service is currently unreachable|gateway time-?out", re.IGNORECASE)
log = structlog.get_logger(__name__)


class NotSetUp(Invalid):
    """This part of M-Pesa has no settings here."""


class OnlyWholeShillings(Invalid):
    """M-Pesa moves whole shillings."""


class Line:
    """What every part of the Daraja gateway stands on."""

    def __init__(
        self,
        *,
        consumer_key: str,
        consumer_secret: str,
        shortcode: str,
        passkey: str,
        base_url: str | Callable[[], str],
        till: str = "",
        initiator: str = "",
        initiator_password: str = "",
        certificate: Path | str | None = None,
        public_url: str = "",
        name: str = "mpesa",
        trust_env: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if public_url:
            addresses.check(public_url)
        self.name = name
        self._shortcode, self._till, self._passkey = shortcode, till, passkey
        self._initiator, self._initiator_password, self._certificate = initiator, initiator_password, certificate
        self._base_url, self._now = base_url, now
        self._wire = Wire(gateway=name, base_url=self._where, trust_env=trust_env, is_answer=_is_answer)
        self._token = Token(self._wire, consumer_key=consumer_key, consumer_secret=consumer_secret)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def number(self) -> str:
        """What a payer types as the paybill or till number."""
        return self._till or self._shortcode

    def check_key(self) -> None:
        """Whether Safaricom knows the key and secret; raises KeyRefused or GatewayDown."""
        self._token.value()

    def _where(self) -> str:
        return self._base_url if isinstance(self._base_url, str) else self._base_url()

    def _ask(self, path: str, body: Mapping[str, Any], call: Call) -> Answer:
        """One call; a token that is refused is fetched anew once, for nothing was done with it."""
        for again in (True, False):
            token = self._token.value()
            answer = self._wire.ask("POST", path, headers={"Authorization": f"Bearer {token}"}, call=call, body=body)
            if not is_token_trouble(answer):
                return answer
            self._token.refused(token)
            if not again:
                break
        raise refusals.key_refused()

    def _order(self, path: str, body: Mapping[str, Any], call: Call) -> dict[str, Any]:
        """A call that must be accepted: anything but ResponseCode 0 is raised."""
        answer = self._ask(path, body, call)
        document = answer.document
        if answer.status == 200 and str(document.get("ResponseCode")) == "0":
            return document
        raise self._no(answer, call)

    def _no(self, answer: Answer, call: Call) -> GatewayDown | GatewayRefused:
        """Which no it was. Daraja uses one code for many things, so its words are looked at."""
        code = figures.text(answer.document.get("errorCode") or answer.document.get("ResponseCode"), 40) or ""
        words = answer.document.get("errorMessage") or answer.document.get("ResponseDescription")
        said = figures.text(words, 200) or ""
        log.warning("gateway_refused", gateway=self.name, status=answer.status, code=code)
        if code in _BUSY_CODES or _BUSY.search(said):
            return no_answer()
        if _SETUP.search(said):
            return refusals.key_refused()
        if _LOCKED.search(said):
            return GatewayRefused(codes.sentence("1001"), said=said)
        if answer.status == 200 and not code:
            return lost() if call is Call.ORDER else no_answer()
        return refusals.refused(Call.QUESTION, said)

    def _requested(self, path: str, body: Mapping[str, Any], call: Call) -> Requested:
        """A call whose real answer comes later to one of our addresses."""
        document = self._order(path, body, call)
        conversation = figures.name(document.get("ConversationID"))
        if conversation is None:
            raise lost() if call is Call.ORDER else no_answer()
        return Requested(
            conversation_id=conversation,
            originator_conversation_id=figures.name(
                document.get("OriginatorConversationID") or document.get("OriginatorCoversationID")
            )
            or "",
            message=figures.text(document.get("ResponseDescription"), 200) or "",
        )

    def _signed(self) -> dict[str, str]:
        """Who asks, for what moves money back or looks into it."""
        if not (self._initiator and self._initiator_password and self._certificate):
            raise NotSetUp(
                _(
                    "Giving M-Pesa money back needs the operator's name, password and Safaricom's certificate, which "
                    "are not set here. Ask the manager to add them, or do it on Safaricom's own pages."
                )
            )
        return {
            "Initiator": self._initiator,
            "SecurityCredential": security_credential(self._initiator_password, self._certificate),
        }


def whole_shillings(amount: int, currency: str) -> int:
    """An amount in minor units as M-Pesa takes it."""
    if currency != CURRENCY:
        raise OnlyWholeShillings(
            _("M-Pesa takes KES only, not %(currency)s. Choose another way to pay.", currency=currency[:10]),
            field="currency",
        )
    if amount <= 0 or amount % 100:
        raise OnlyWholeShillings(
            _("M-Pesa takes whole shillings only. Ask for a whole amount, or take the cents in cash."), field="amount"
        )
    return amount // 100


def _is_answer(status: int, document: Mapping[str, Any]) -> bool:
    """Daraja says many plain things under status 500; only its own breakdowns are silence."""
    if status < 500:
        return True
    return isinstance(document.get("errorCode"), str) and not _BROKEN.search(str(document.get("errorMessage")))
