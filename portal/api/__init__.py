"""The small JSON door, /api: every resource is a schema, a guard and one call to a service that a page uses too."""

import hashlib
import importlib
import importlib.util

from flask import Flask, request
from flask_limiter.util import get_remote_address

#: One module a family of resources; each hangs its views on the door when it is imported.
ROOMS = ("tokens", "assets", "units", "people", "devices", "payments", "reports")
#: A busy integration stays far below; a runaway loop is told to wait.
PER_CALLER = "100 per 10 seconds"
PER_ADDRESS = "1000 per 10 seconds"
#: What payment providers call: they repeat what they are refused, and their signature is checked instead.
PROVIDERS = ("/api/payment/webhook/", "/api/pay/k/")


def register(app: Flask) -> None:
    """Open the JSON door."""
    from portal.api import errors, openapi
    from portal.api.door import door
    from portal.extensions import csrf, limiter

    for room in ROOMS:
        if importlib.util.find_spec(f"portal.api.{room}"):
            importlib.import_module(f"portal.api.{room}")
    limiter.limit(PER_CALLER, key_func=caller, exempt_when=from_a_provider)(door)
    limiter.limit(PER_ADDRESS, exempt_when=from_a_provider)(door)
    csrf.exempt(door)
    errors.init_app(app)
    app.register_blueprint(door)
    app.register_blueprint(openapi.pages)


def caller() -> str:
    """Whose budget a request uses: the bearer of the token, or the address where there is none."""
    token = request.headers.get("Authorization", "")
    if not token:
        return f"address:{get_remote_address()}"
    return f"token:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()[:32]}"


def from_a_provider() -> bool:
    """Whether this is a payment provider's call."""
    return request.path.startswith(PROVIDERS)
