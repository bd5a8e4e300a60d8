"""The small JSON door, /api."""

from flask import Flask


def register(app: Flask) -> None:
    """Open the JSON door."""
