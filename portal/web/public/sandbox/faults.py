"""The fault switches: what shall go wrong with the next calls, or with the next messages."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _, lazy_
from portal.gateways.sandbox import faults as switches
from portal.gateways.sandbox import outgoing
from portal.web.forms import printable
from portal.web.guards import public
from portal.web.htmx import go, page, toast
from portal.web.public.sandbox.routes import blueprint

PROVIDERS = {"paystack": "Paystack", "flutterwave": "Flutterwave", "daraja": "M-PESA (Daraja)"}
KINDS = {
    switches.Kind.SLOW: lazy_("Answers slowly"),
    switches.Kind.ERROR: lazy_("Answers with an error (500)"),
    switches.Kind.LOST_REPLY: lazy_("Does it, and the answer is lost"),
    switches.Kind.WRONG_AMOUNT: lazy_("Says a wrong amount"),
    switches.Kind.WRONG_CURRENCY: lazy_("Says another currency"),
    switches.Kind.DUPLICATE: lazy_("Message comes twice"),
    switches.Kind.REORDERED: lazy_("Message is overtaken by the next one"),
    switches.Kind.LATE: lazy_("Message comes late"),
    switches.Kind.NEVER: lazy_("Message never comes"),
    switches.Kind.FAILS: lazy_("It fails in the end"),
    switches.Kind.NEEDS_ATTENTION: lazy_("It needs a bank account to go on"),
    switches.Kind.REVERSES: lazy_("It succeeds, and is reversed"),
    switches.Kind.NO_OTP: lazy_("It needs no one-time password"),
}


@blueprint.get("/faults")
@public
def faults() -> Response:
    """What is switched on, and the form that switches more on."""
    return page("public/sandbox_faults.html", **_shown())


@blueprint.post("/faults")
@public
def switch_on() -> Response:
    """Let the next calls or messages of one kind go wrong; `what` is a provider and an operation, or both alone."""
    try:
        provider, _colon, operation = parse.text(request.form.get("what"), "operation").partition(":")
        switches.set(
            provider=provider,
            operation=operation,
            kind=parse.choice(request.form.get("kind"), "kind", switches.Kind),
            times=parse.whole(request.form.get("times") or 1, "times", label=_("number of times"), minimum=1),
            seconds=parse.whole(request.form.get("seconds") or 0, "seconds", label=_("number of seconds")),
        )
    except DomainError as error:
        return page("public/sandbox_faults.html", **_shown(error), status=error.status)
    toast(_("The fault is switched on."))
    return go(url_for(".faults"))


@blueprint.post("/faults/off")
@public
def switch_off() -> Response:
    """Switch one fault off, or all of them when none is named."""
    switches.clear(number=parse.optional(parse.whole, request.form.get("number"), "number"))
    toast(_("Switched off."))
    return go(url_for(".faults"))


def _shown(error: DomainError | None = None) -> dict[str, Any]:
    return {
        "providers": PROVIDERS,
        "calls": switches.CALLS,
        "messages": switches.MESSAGES,
        "any_call": switches.ANY_CALL,
        "any_message": switches.ANY_MESSAGE,
        "kinds": KINDS,
        "on": switches.switched_on(),
        "waiting": outgoing.waiting(),
        "typed": {name: printable(value) for name, value in request.form.items()},
        "error": error.message if error else None,
    }
