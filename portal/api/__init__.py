"""The small JSON door, /api: every resource is a schema, a guard and one call to a service that a page uses too."""

import importlib

from flask import Flask

#: One module a family of resources; each hangs its views on the door when it is imported.
ROOMS = (
    "tokens",
    "assets",
    "units",
    "people",
    "devices",
    "readings",
    "payments",
    "callbacks",
    "refunds",
    "transfers",
    "hotel",
    "reports",
)


def register(app: Flask) -> None:
    """Open the JSON door."""
    from portal.api import errors, openapi
    from portal.api.door import door
    from portal.extensions import csrf

    for room in ROOMS:
        importlib.import_module(f"portal.api.{room}")
    csrf.exempt(door)
    errors.init_app(app)
    app.register_blueprint(door)
    app.register_blueprint(openapi.pages)
