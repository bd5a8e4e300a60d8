"""The line to one Paystack account: its key, its way of saying yes and no. Amounts are minor units throughout."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog

from portal.core.words import _
from portal.gateways import figures, refusals
from portal.gateways.base import GatewayRefused, WrongOtp
from portal.gateways.http import Answer, Call, Wire, lost, no_answer

PAGE, MOST_PAGES = 100, 2_000
_TAKEN = re.compile(r"duplicate|already exists|has been used", re.IGNORECASE)
_NOT_THERE = re.compile(r"not found|does not exist|could not find", re.IGNORECASE)
_OTP = re.compile(r"\botp\b", re.IGNORECASE)
_NOT_WAITING = re.compile(r"awaiting|does not require|disabled", re.IGNORECASE)
log = structlog.get_logger(__name__)


class Line:
    """What every part of the Paystack gateway stands on."""

    def __init__(
        self, *, secret_key: str, base_url: str | Callable[[], str], name: str = "paystack", trust_env: bool = True
    ) -> None:
        self.name = name
        self._key = secret_key
        self._base_url = base_url
        self._wire = Wire(gateway=name, base_url=self._where, trust_env=trust_env)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _where(self) -> str:
        return self._base_url if isinstance(self._base_url, str) else self._base_url()

    def _ask(
        self,
        method: str,
        path: str,
        *,
        call: Call = Call.QUESTION,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str | int] | None = None,
        unknown: type[GatewayRefused] = GatewayRefused,
    ) -> dict[str, Any]:
        """One call. HTTP 200 with `status: true` only means that the request worked."""
        answer = self._wire.ask(
            method, path, headers={"Authorization": f"Bearer {self._key}"}, call=call, body=body, query=query
        )
        document = answer.document
        if answer.status in (200, 201) and document.get("status") is True:
            return document
        if answer.status < 400 and document.get("status") is not False:
            raise self._unreadable(call)
        raise self._no(answer, call, unknown)

    def _no(self, answer: Answer, call: Call, unknown: type[GatewayRefused]) -> GatewayRefused:
        """Which no it was."""
        code = figures.text(answer.document.get("code"), 60) or ""
        said = figures.text(answer.document.get("message"), 200) or ""
        log.warning("gateway_refused", gateway=self.name, status=answer.status, code=code)
        if answer.status == 401:
            return refusals.key_refused()
        if "duplicate" in code.lower() or ("reference" in said.lower() and _TAKEN.search(said)):
            return refusals.taken(said)
        if call is not Call.OFFER and (answer.status == 404 or "not_found" in code.lower() or _NOT_THERE.search(said)):
            return refusals.unknown(unknown, said)
        if _OTP.search(said) and not _NOT_WAITING.search(said):
            return WrongOtp(
                _("The provider did not accept this one-time password. Check it, or ask for a new one."), said=said
            )
        return refusals.refused(call, said)

    def _unreadable(self, call: Call) -> Exception:
        """An answer that says yes and not what to: for an order, nobody knows what was done."""
        log.warning("gateway_unreadable", gateway=self.name)
        return lost() if call is Call.ORDER else no_answer()

    def _object(self, document: dict[str, Any], call: Call = Call.QUESTION) -> dict[str, Any]:
        data = document.get("data")
        if not isinstance(data, dict):
            raise self._unreadable(call)
        return data

    def _rows(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        data = document.get("data")
        if not isinstance(data, list):
            raise self._unreadable(Call.QUESTION)
        return [each for each in data if isinstance(each, dict)]

    def _pages(
        self, path: str, query: Mapping[str, str | int] | None = None, *, size: str = "perPage"
    ) -> Iterator[list[dict[str, Any]]]:
        """Page after page of a list, to its end; `size` is how this list calls the length of a page."""
        before: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            document = self._ask("GET", path, query={**(query or {}), size: PAGE, "page": page})
            rows, meta = self._rows(document), document.get("meta")
            if not rows or rows == before:
                return
            yield rows
            pages = figures.minor(meta.get("pageCount")) if isinstance(meta, dict) else None
            if pages is not None and page >= pages:
                return
            before = rows
        raise self._unreadable(Call.QUESTION)  # half a list would be taken for the whole

    def _is_test_money(self, data: object) -> bool:
        """Whether a live account was told of something that happened in the test world."""
        return self._key.startswith("sk_live") and isinstance(data, dict) and data.get("domain") == "test"
