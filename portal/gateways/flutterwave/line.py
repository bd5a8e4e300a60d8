"""The line to one Flutterwave account: its keys, its way of saying yes and no, its pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog

from portal.gateways import figures, refusals
from portal.gateways.base import GatewayRefused
from portal.gateways.http import Answer, Call, Wire, lost, no_answer

MOST_PAGES = 2_000
_TAKEN = re.compile(r"duplicate|already exists|already been used", re.IGNORECASE)
_NOT_THERE = re.compile(r"not found|no transaction|does not exist|no refund", re.IGNORECASE)
log = structlog.get_logger(__name__)


class Line:
    """What every part of the Flutterwave gateway stands on."""

    def __init__(
        self,
        *,
        secret_key: str,
        secret_hash: str,
        base_url: str | Callable[[], str],
        name: str = "flutterwave",
        trust_env: bool = True,
    ) -> None:
        self.name = name
        self._key = secret_key
        self._hash = secret_hash
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
        """One call. The status `success` on top only means that the request worked."""
        answer = self._wire.ask(
            method, path, headers={"Authorization": f"Bearer {self._key}"}, call=call, body=body, query=query
        )
        document = answer.document
        if answer.status in (200, 201) and document.get("status") == "success":
            return document
        if answer.status < 400 and document.get("status") != "error":
            raise self._unreadable(call)
        raise self._no(answer, call, unknown)

    def _no(self, answer: Answer, call: Call, unknown: type[GatewayRefused]) -> GatewayRefused:
        """Which no it was."""
        said = figures.text(answer.document.get("message"), 200) or ""
        log.warning("gateway_refused", gateway=self.name, status=answer.status)
        if answer.status == 401:
            return refusals.key_refused()
        if _TAKEN.search(said):
            return refusals.taken(said)
        if call is not Call.OFFER and (answer.status == 404 or _NOT_THERE.search(said)):
            return refusals.unknown(unknown, said)
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

    def _pages(self, path: str, query: Mapping[str, str | int]) -> Iterator[list[dict[str, Any]]]:
        """Page after page of a list, to its end."""
        before: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            document = self._ask("GET", path, query={**query, "page": page})
            data = document.get("data")
            if not isinstance(data, list):
                raise self._unreadable(Call.QUESTION)
            rows = [each for each in data if isinstance(each, dict)]
            if not rows or rows == before:
                return
            yield rows
            meta = document.get("meta")
            info = meta.get("page_info") if isinstance(meta, dict) else None
            pages = figures.minor(info.get("total_pages")) if isinstance(info, dict) else None
            if pages is not None and page >= pages:
                return
            before = rows
        raise self._unreadable(Call.QUESTION)  # half a list would be taken for the whole
