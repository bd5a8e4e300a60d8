"""The operations portal. create_app() puts the house together: settings, extensions, doors, wiring, in that order."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import uuid
from pathlib import Path

from flask import Flask, g, request
from jinja2 import StrictUndefined

from config import Settings
from portal.core.words import gettext, ngettext_plain

ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings) -> Flask:
    """One portal for these settings; it opens no connection until it is asked something."""
    from portal import cli, extensions, wiring
    from portal.api import register as open_api
    from portal.core import logging
    from portal.core.cache import cache
    from portal.web import register as open_pages

    app = Flask(
        "portal",
        root_path=str(ROOT / "portal"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        static_url_path="/static",
    )
    app.config.from_mapping(settings.flask_config())
    app.jinja_options = {**app.jinja_options, "undefined": StrictUndefined, "extensions": ["jinja2.ext.i18n"]}
    app.jinja_env.install_gettext_callables(gettext, ngettext_plain, newstyle=True)  # type: ignore[attr-defined]
    app.extensions["settings"] = settings
    load_models()
    logging.configure(production=settings.production)
    cache.connect(settings.redis_url)

    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db, directory=str(ROOT / "migrations"))
    extensions.login.init_app(app, add_context_processor=False)
    extensions.csrf.init_app(app)
    extensions.jwt.init_app(app)
    extensions.htmx.init_app(app)
    extensions.limiter.init_app(app)

    @app.before_request
    def name_the_request() -> None:
        """A caller's own id is kept when it is short and plain, so that two systems' logs can be laid together."""
        given = request.headers.get("X-Request-ID", "")
        plain = given.isascii() and given.replace("-", "").isalnum() and len(given) <= 64
        g.request_id = given if plain else uuid.uuid4().hex
        logging.begin(request=g.request_id)

    @app.after_request
    def say_the_request_id(response):  # type: ignore[no-untyped-def]
        response.headers["X-Request-ID"] = g.get("request_id", "")
        return response

    open_pages(app)
    open_api(app)
    cli.register(app)
    wiring.connect(settings)
    return app


def load_models() -> None:
    """Make every table known, whichever door asks first."""
    from portal import shared, trades
    from portal.core import idempotency, numbers, outbox, runs, throttle
    from portal.gateways.sandbox import models as sandbox

    assert all((idempotency, numbers, outbox, runs, throttle, sandbox)), "imported for their tables"
    for storey in (shared, trades):
        for room in pkgutil.iter_modules(storey.__path__, f"{storey.__name__}."):
            if importlib.util.find_spec(f"{room.name}.models"):
                importlib.import_module(f"{room.name}.models")
