"""A test client whose requests see only what a real request would, and that reads every page it gets."""

import contextvars
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient

from portal.core.db import db
from tests.support import manners
from tests.support.reading import read_strictly


class Client(FlaskClient):
    """Each request runs outside the test's own app context, so that `g` and the session are its own."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        watch = manners.Watch()
        response = contextvars.Context().run(self._watched, watch, *args, **kwargs)
        watch.judge()
        if response.mimetype == "text/html" and response.data:
            read_strictly(response.get_data(as_text=True))
        if has_app_context():
            db.session.expire_all()  # what the request changed is read afresh
        return response

    def _watched(self, watch: manners.Watch, *args: Any, **kwargs: Any) -> Any:
        manners.now.set(watch)
        return super().open(*args, **kwargs)
