"""What every answer to a browser carries: where content may come from, how long it may be kept, who may frame it."""

from __future__ import annotations

import re

from flask import Flask, Response, abort, g, request

CONTENT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self' blob:",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
#: Pages of others' making that cannot do without more; nothing else is widened here.
WIDER = {"/redoc": {"style-src": "'unsafe-inline'"}}
FEATURES = "camera=(self), geolocation=(self), microphone=(), payment=(), usb=(), interest-cohort=()"
YEAR = 31_536_000
#: What no page may hold and nobody types into an address; tabs and line ends are a slip of the clipboard.
CONTROL = re.compile(rb"%0[0-8bcef]|%1[0-9a-f]|%7f", re.IGNORECASE)


def widen(directive: str, source: str) -> None:
    """Let this one answer reach further, such as a checkout's form that ends at the provider."""
    g.setdefault("wider", {}).setdefault(directive, []).append(source)


def content_policy() -> str:
    """The Content-Security-Policy of this answer."""
    policy = dict(CONTENT)
    for path, extra in WIDER.items():
        if request.path == path or request.path.startswith(f"{path}/"):
            policy |= {directive: f"{policy[directive]} {more}" for directive, more in extra.items()}
    for directive, sources in g.get("wider", {}).items():
        policy[directive] = " ".join([policy[directive], *sources])
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


def add_headers(response: Response) -> Response:
    """Headers for pages, fragments, JSON and files alike."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = FEATURES
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.is_secure:
        headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    return response


def refuse_control_characters() -> None:
    """Nothing is called by a NUL, which the database could not even look for; the JSON door says so by field."""
    if "\0" in request.path:
        abort(404)
    if CONTROL.search(request.query_string) and not request.path.startswith("/api/"):
        abort(400)


def init_app(app: Flask) -> None:
    """Put the headers on everything."""
    app.before_request(refuse_control_characters)
    app.after_request(add_headers)
