"""A test client whose requests see only what a real request would."""

import contextvars
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient

from portal.core.db import db


class Client(FlaskClient):
    """Each request runs outside the test's own app context, so that `g` and the session are its own."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        response = contextvars.Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.expire_all()  # what the request changed is read afresh
        return response
