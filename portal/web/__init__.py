"""Pages for people: the table of blueprints and prefixes."""

from flask import Flask


def register(app: Flask) -> None:
    """Open every page of the portal."""
