"""The pretended provider's checkout: one form, whose buttons choose how the payment ends."""

from __future__ import annotations

from flask import Blueprint, Response, request

from portal.core import parse
from portal.core.errors import Invalid
from portal.gateways.sandbox import service
from portal.gateways.sandbox.models import SandboxTransaction
from portal.web.guards import public
from portal.web.htmx import page
from portal.web.public.leaving import away

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox/checkout")


@blueprint.get("/<access_code>")
@public
def checkout(access_code: str) -> Response:
    """The page the payer is sent to."""
    taken = service.by_access_code(access_code)
    return page("public/sandbox.html", "checkout", taken=taken, back=_back(taken), error=None)


@blueprint.post("/<access_code>")
@public
def decide(access_code: str) -> Response:
    """The payer pressed one of its buttons."""
    try:
        outcome = parse.choice(request.form.get("outcome"), "outcome", service.Outcome)
        taken = service.decide(access_code=access_code, outcome=outcome)
    except (Invalid, service.AlreadyDecided) as error:
        taken = service.by_access_code(access_code)
        return page("public/sandbox.html", "checkout", taken=taken, back=_back(taken), error=error.message, status=422)
    return away(_back(taken))


def _back(taken: SandboxTransaction) -> str:
    joiner = "&" if "?" in taken.callback_url else "?"
    return f"{taken.callback_url}{joiner}trxref={taken.reference}&reference={taken.reference}"
