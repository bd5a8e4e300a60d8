"""A pretended phone: the prompts on it, with a button for each way they can end, and its pay bill menu."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request, url_for

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.gateways.sandbox.daraja import paybill, pushes
from portal.gateways.sandbox.daraja.credentials import daraja_credentials
from portal.web.forms import printable
from portal.web.guards import public
from portal.web.htmx import go, page, toast
from portal.web.public.sandbox.routes import blueprint

SHOWN = 8
MOST_SHILLINGS = 250_000
OWNER = {"phone": "254712345678", "first_name": "Ada"}


@blueprint.get("/phone")
@public
def phone() -> Response:
    """What the phone shows now."""
    return page("public/sandbox_phone.html", "prompts", **_shown())


@blueprint.post("/phone/prompts/<checkout_request>")
@public
def answer_prompt(checkout_request: str) -> Response:
    """Somebody pressed a button under a prompt; `pin` may be left out."""
    try:
        how = parse.choice(request.form.get("answer"), "answer", pushes.Answer)
        pin = parse.optional(parse.text, request.form.get("pin"), "PIN", max_length=4)
        pushes.answer(checkout_request=checkout_request, how=how, pin=pin)
    except DomainError as error:
        return page("public/sandbox_phone.html", **_shown(error), status=error.status)
    toast(_("The phone has answered."))
    return go(url_for(".phone"))


@blueprint.post("/phone/pay-bill")
@public
def pay_bill() -> Response:
    """Somebody sends money to a pay bill number."""
    try:
        made = paybill.pay(
            shortcode=parse.text(request.form.get("shortcode"), "pay bill number", max_length=7),
            amount=parse.whole(request.form.get("amount"), "amount", minimum=1, maximum=MOST_SHILLINGS),
            phone=parse.phone(request.form.get("phone") or OWNER["phone"], region="KE").removeprefix("+"),
            account=parse.text(request.form.get("account"), "account", max_length=20),
            first_name=parse.text(request.form.get("first_name") or OWNER["first_name"], "first name", max_length=60),
        )
    except DomainError as error:
        return page("public/sandbox_phone.html", **_shown(error), status=error.status)
    toast(_("%(receipt)s is on its way.", receipt=made.receipt))
    return go(url_for(".phone"))


def _shown(error: DomainError | None = None) -> dict[str, Any]:
    prompts = pushes.recent(SHOWN)
    numbers = [each.shortcode for each in paybill.registered()]
    return {
        "waiting": [each for each in prompts if each.result_code is None],
        "answered": [each for each in prompts if each.result_code is not None],
        "may_still_pay": pushes.MAY_STILL_PAY,
        "payments": [each for each in paybill.recent(SHOWN) if each.kind == "pay bill"],
        "numbers": numbers,
        "own_number": daraja_credentials(current_app.extensions["settings"]).shortcode,
        "pin": pushes.PIN,
        "owner": OWNER,
        "typed": {name: printable(value) for name, value in request.form.items()},
        "error": error.message if error else None,
    }
