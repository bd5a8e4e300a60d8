"""What happens when a page needs a password first: the way to it, and back with everything that was typed."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, current_app, make_response, redirect, request, url_for

from portal.core.errors import DomainError


def ask(needed: DomainError) -> Response:
    """Send a visitor to the password and afterwards back here."""
    if "auth.sign_in" not in current_app.view_functions:
        abort(401)
    where: Any = redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")), 303)
    return make_response(where)
