"""The door for a provider that signs nothing (Daraja): an address nobody can guess, and a list of who may knock."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import structlog
from flask import current_app, request

from config import Settings
from portal.api.door import door, speaks
from portal.api.guards import public
from portal.api.schemas import Given
from portal.core import throttle
from portal.core.errors import Forbidden
from portal.core.words import _
from portal.gateways.daraja.addresses import comes_from
from portal.shared.payments.mobile_errors import NoSuchAddress
from portal.shared.payments.services import callbacks

#: A stranger who keeps guessing is told to stop; what comes to a real address always passes.
GUESSES = 30
GUESSES_PER = timedelta(minutes=1)
#: Where the stand-in provider of a development portal calls from.
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
log = structlog.get_logger(__name__)


class NotFromThere(Forbidden):
    """The caller's address is not in the list of the provider's."""


class Acknowledged(Given):
    """What the provider is answered, in its own spelling."""

    ResultCode: int | str
    ResultDesc: str


@door.post("/pay/k/<token>/")
@public
@speaks("Take Daraja's word at an address it was given; it is only a reason to ask Daraja", gives=Acknowledged)
def daraja_callback(token: str) -> Acknowledged:
    """The body is kept as exact bytes and never believed. Unknown addresses are 404, and nothing is kept."""
    source = request.remote_addr or "unknown"
    if not comes_from(source, _allowed()):
        log.warning("callback_from_elsewhere", address=source)
        raise NotFromThere(_("Messages from this network address are not taken here."))
    try:
        answer = callbacks.take(token=token, raw=request.get_data(cache=False), source=source)
    except NoSuchAddress:
        throttle.refuse_over("callback_guess", source, limit=GUESSES, per=GUESSES_PER)
        throttle.count("callback_guess", source, per=GUESSES_PER)
        log.warning("callback_unknown", address=source)
        raise
    return Acknowledged(**answer)


def _allowed() -> tuple[object, ...]:
    settings: Settings = current_app.extensions["settings"]
    listed = settings.daraja_callback_addresses
    return (*listed, *LOOPBACK) if settings.payment_provider == "sandbox" and not settings.production else listed
