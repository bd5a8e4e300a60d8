"""What a browser sends is UTF-8: bytes that are none are refused, where the framework would keep them as other text."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Flask, abort, request

FORM = "application/x-www-form-urlencoded"


def refuse_what_is_no_text() -> None:
    """Judge the address's question and a form's body before anything reads them."""
    sent = [request.query_string]
    if request.mimetype == FORM:
        sent.append(request.get_data())  # stays cached for whoever reads the form
    for each in sent:
        try:
            unquote_to_bytes(each).decode()
        except UnicodeDecodeError:
            abort(400)


def init_app(app: Flask) -> None:
    """Stand before every page."""
    app.before_request(refuse_what_is_no_text)
