"""Pages for people: the table of blueprints and prefixes."""

from flask import Flask

from portal.web import components, context, errors, filters, security, stream
from portal.web.auth import session
from portal.web.home import styleguide
from portal.web.home.views import blueprint as home


def register(app: Flask) -> None:
    """Open every page of the portal."""
    for part in (session, components, filters, context, security, errors, stream):
        part.init_app(app)
    app.register_blueprint(home)
    if not app.extensions["settings"].production:
        app.register_blueprint(styleguide.blueprint)
