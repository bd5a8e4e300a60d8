"""The pretended provider's API in Paystack's shape: initialise and verify, for whoever holds the secret key."""

from __future__ import annotations

import hmac
from functools import wraps
from typing import Any

from flask import Blueprint, current_app, jsonify, request

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _
from portal.gateways import sandbox
from portal.gateways.sandbox import service
from portal.web.guards import public

blueprint = Blueprint("sandbox_api", __name__, url_prefix="/sandbox/transaction")


def keyed(view: Any) -> Any:
    """Only for the merchant who has the secret key; refusals in Paystack's shape."""

    @wraps(view)
    def run(*args: Any, **values: Any) -> Any:
        expected = f"Bearer {sandbox.secret_key(current_app.extensions['settings'])}".encode()
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(expected, given):
            return jsonify(status=False, message="Invalid key"), 401
        try:
            return view(*args, **values)
        except DomainError as error:
            status = 404 if error.status == 404 else 400
            return jsonify(status=False, message=error.message, type="validation_error", code=error.code), status

    return run


@blueprint.post("/initialize")
@public
@keyed
def initialize() -> Any:
    """Open a transaction."""
    asked = parse.json_object(request.get_data())
    made = service.initialize(
        reference=parse.reference(asked.get("reference")),
        email=parse.email(asked.get("email")),
        amount=parse.whole(asked.get("amount"), "amount", minimum=1, maximum=10**12),
        currency=parse.currency(asked.get("currency")),
        callback_url=_callback(asked.get("callback_url")),
        description=_description(asked.get("metadata")),
    )
    data = {
        "authorization_url": f"{_public_url()}/sandbox/checkout/{made.access_code}",
        "access_code": made.access_code,
        "reference": made.reference,
    }
    return jsonify(status=True, message="Authorization URL created", data=data)


@blueprint.get("/verify/<reference>")
@public
@keyed
def verify(reference: str) -> Any:
    """How a transaction stands."""
    data = service.document(service.by_reference(reference))
    return jsonify(status=True, message="Verification successful", data=data)


def _callback(value: object) -> str:
    url = parse.text(value, "callback_url", max_length=2_000)
    if not url.startswith(("http://", "https://")):
        raise parse.ParseError(_("The callback address must begin with http:// or https://."), "callback_url")
    return url


def _description(metadata: object) -> str:
    found = metadata.get("description") if isinstance(metadata, dict) else None
    return found[:200] if isinstance(found, str) else ""


def _public_url() -> str:
    return str(current_app.extensions["settings"].public_url)
