"""Links that are mailed: our own address comes from the settings, never from what a visitor's browser claims."""

from __future__ import annotations

from flask import current_app, url_for


def mailed(endpoint: str) -> str:
    """The address of a one-time link, with `{token}` where its secret goes."""
    path = url_for(endpoint, token="TOKEN").replace("TOKEN", "{token}")
    return f"{current_app.extensions['settings'].public_url}{path}"
