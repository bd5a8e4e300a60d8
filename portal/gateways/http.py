"""One way to call a provider over HTTP: time-outs, repeats only where they are safe, a breaker, and one strict reader.

What is not an answer (silence, a redirect, a page of HTML, half a document, a number that is none) is GatewayDown;
where money may have moved meanwhile it is ReplyLost. Headers and bodies never reach a log line or an error.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import httpx
import structlog

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways.base import GatewayDown, ReplyLost
from portal.gateways.breaker import breaker_of

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
#: No answer is longer than this, and none takes longer to come in.
MOST_BYTES = 4 * 1024 * 1024
MOST_SECONDS = 20.0
TRIES = 3
#: A person may be waiting, so no further try begins after this.
PATIENCE_SECONDS = 3.0
FIRST_PAUSE_SECONDS = 0.2
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
#: Some say these without a word.
_BARE_NO = (400, 401, 403)
log = structlog.get_logger(__name__)


class Call(Enum):
    """What may be done when nobody answers."""

    QUESTION = "question"
    """Asked again freely: it changes nothing there."""
    OFFER = "offer"
    """Asked again only when it is certain that nothing was sent; if it was, no money has moved."""
    ORDER = "order"
    """As an offer, but it moves money or rings a phone: a lost reply is told as ReplyLost."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A document the provider answered with, and the status it came under."""

    status: int
    document: dict[str, Any]


class _Silence(Exception):
    def __init__(self, why: str, *, unsent: bool = False, again: bool = False, busy: bool = False) -> None:
        super().__init__(why)
        self.why, self.unsent, self.again, self.busy = why, unsent, again, busy


def _under_500(status: int, _document: Mapping[str, Any]) -> bool:
    return status < 500


class Wire:
    """The line to one provider at one base address."""

    def __init__(
        self,
        *,
        gateway: str,
        base_url: str | Callable[[], str],
        trust_env: bool = True,
        is_answer: Callable[[int, Mapping[str, Any]], bool] = _under_500,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self.gateway = gateway
        self.base_url = base_url
        self._is_answer = is_answer
        # A connection that was kept and died meanwhile would look like a provider that is away, so none is kept.
        self._http = httpx.Client(
            timeout=timeout,
            follow_redirects=False,
            trust_env=trust_env,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def __repr__(self) -> str:
        return f"Wire({self.gateway!r})"

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        call: Call,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Answer:
        """One call, tried as often as is safe; raises GatewayDown, or ReplyLost when an order may have been done."""
        base = (self.base_url if isinstance(self.base_url, str) else self.base_url()).rstrip("/")
        content = None if body is None else written(body).encode()
        sent = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        if content is not None:
            sent["Content-Type"] = "application/json"
        try:
            request = self._http.build_request(method, base + path, params=query, content=content, headers=sent)
        except httpx.InvalidURL:
            raise no_answer() from None
        breaker = breaker_of(self.gateway, base)
        if not breaker.enter():
            raise GatewayDown(
                _("The payment provider has not answered for a while. Nothing was done; try again in a minute.")
            )
        answered: bool | None = None
        try:
            answer = self._try(request, call)
            answered = True
            return answer
        except _Silence as silence:
            answered = silence.busy
            log.warning("gateway_silent", gateway=self.gateway, path=_place(path), why=silence.why)
            if call is Call.ORDER and not (silence.unsent or silence.busy):
                raise lost() from None
            raise no_answer() from None
        finally:
            breaker.left(answered=answered)

    def _try(self, request: httpx.Request, call: Call) -> Answer:
        begun, pause = time.monotonic(), FIRST_PAUSE_SECONDS
        for left in reversed(range(TRIES)):
            try:
                return self._once(request)
            except _Silence as silence:
                again = silence.again and (silence.unsent or call is Call.QUESTION)
                if not (left and again) or time.monotonic() - begun > PATIENCE_SECONDS:
                    raise
            time.sleep(random.uniform(pause / 2, pause))
            pause *= 2
        raise AssertionError("the last try answers or raises")

    def _once(self, request: httpx.Request) -> Answer:
        try:
            answer = self._http.send(request, stream=True)
            try:
                raw = _read(answer)
            finally:
                answer.close()
        except _UNSENT as error:
            raise _Silence(type(error).__name__, unsent=True, again=True) from None
        except httpx.HTTPError as error:
            # One that was slow once would be waited for three times over.
            slow = isinstance(error, httpx.TimeoutException)
            raise _Silence(type(error).__name__, again=not slow) from None
        status = answer.status_code
        if status == 429:
            raise _Silence("status 429", busy=True)
        if answer.is_redirect or status == 408:
            raise _Silence(f"status {status}")
        try:
            document = parse.json_object(raw, max_bytes=MOST_BYTES)
        except Invalid as error:
            if status in _BARE_NO and not raw.strip():
                return Answer(status, {})
            raise _Silence(f"status {status}, {error.code}", again=status >= 500) from None
        if not self._is_answer(status, document):
            raise _Silence(f"status {status}", again=True)
        return Answer(status, document)


def written(value: Any) -> str:
    """A value as JSON, its decimals exactly as they are: they never become floats on the way."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)


def no_answer() -> GatewayDown:
    """The sentence for silence."""
    return GatewayDown(_("The payment provider did not answer. Nothing was charged; try again in a moment."))


def lost() -> ReplyLost:
    """The sentence for silence after an order."""
    return ReplyLost(
        _(
            "The payment provider's answer was lost, so it may have been done. Do not repeat it: "
            "the portal asks the provider how it stands."
        )
    )


def _read(answer: httpx.Response) -> bytes:
    """The body, unless it is too long or drips in for ever."""
    begun, parts, size = time.monotonic(), [], 0
    for part in answer.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES or time.monotonic() - begun > MOST_SECONDS:
            raise _Silence("the answer has no end")
    return b"".join(parts)


def _place(path: str) -> str:
    """What was called, without the references and numbers of people in it."""
    return "/".join(part for part in path.split("/")[:5] if part.isascii() and part.replace("_", "").isalpha())
