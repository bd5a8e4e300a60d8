"""Pages for people: the table of blueprints and prefixes."""

from flask import Flask

from portal.web.auth import session


def register(app: Flask) -> None:
    """Open every page of the portal."""
    session.init_app(app)
