"""Pages for people: the table of blueprints and prefixes."""

from flask import Flask

from portal.extensions import csrf
from portal.web import components, context, errors, filters, proxy, security, static, stream
from portal.web.auth import session
from portal.web.home import styleguide
from portal.web.home.views import blueprint as home
from portal.web.public import sandbox, sandbox_api


def register(app: Flask) -> None:
    """Open every page of the portal."""
    for part in (session, components, filters, context, security, errors, stream, static, proxy):
        part.init_app(app)
    app.register_blueprint(home)
    settings = app.extensions["settings"]
    if settings.payment_provider == "sandbox":
        csrf.exempt(sandbox_api.blueprint)
        csrf.exempt(sandbox.blueprint)  # a script may pay there as a payer does
        app.register_blueprint(sandbox_api.blueprint)
        app.register_blueprint(sandbox.blueprint)
    if not settings.production:
        app.register_blueprint(styleguide.blueprint)
