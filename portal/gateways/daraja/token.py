"""The access token: fetched once for everybody, kept for its hour, replaced a minute early or when it is refused."""

from __future__ import annotations

import base64
import threading
import time
from typing import Any

from portal.gateways import figures, refusals
from portal.gateways.breaker import Clock
from portal.gateways.http import Answer, Call, Wire, no_answer

EARLY_SECONDS = 60.0
PATH = "/oauth/v1/generate"


class Token:
    """One account's token, shared by all threads of a process."""

    def __init__(self, wire: Wire, *, consumer_key: str, consumer_secret: str, clock: Clock = time.monotonic) -> None:
        self._wire, self._clock = wire, clock
        self._basic = base64.b64encode(f"{consumer_key}:{consumer_secret}".encode()).decode("ascii")
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def __repr__(self) -> str:
        return "Token()"

    def value(self) -> str:
        """A token that is good for a while yet."""
        with self._lock:
            if not self._token or self._clock() >= self._until:
                self._token, seconds = self._fetch()
                self._until = self._clock() + max(0.0, seconds - EARLY_SECONDS)
            return self._token

    def refused(self, token: str) -> None:
        """This token was not accepted: the next caller fetches another, unless somebody has."""
        with self._lock:
            if token == self._token:
                self._token = ""

    def _fetch(self) -> tuple[str, int]:
        answer = self._wire.ask(
            "GET",
            PATH,
            headers={"Authorization": f"Basic {self._basic}"},
            query={"grant_type": "client_credentials"},
            call=Call.QUESTION,
        )
        found, seconds = answer.document.get("access_token"), figures.minor(answer.document.get("expires_in"))
        if answer.status in (400, 401, 403):
            raise refusals.key_refused()
        # It goes into a header, so it has to be one plain word.
        if answer.status != 200 or seconds is None or not isinstance(found, str) or not _is_word(found):
            raise no_answer()
        return found, seconds


def _is_word(value: str) -> bool:
    return 0 < len(value) <= 4_000 and value.isascii() and value.isprintable() and " " not in value


def is_token_trouble(answer: Answer) -> bool:
    """Whether Daraja says that the token is not, or no longer, good."""
    code: Any = answer.document.get("errorCode")
    return answer.status == 401 or code == "404.001.03"
