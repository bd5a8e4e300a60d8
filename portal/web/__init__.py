"""Pages for people: the table of blueprints and prefixes."""

import importlib
import pkgutil

from flask import Flask

from portal.extensions import csrf
from portal.web import (
    admin,
    books,
    components,
    context,
    driving,
    errors,
    filters,
    fleet,
    frontdesk,
    health,
    payments,
    proxy,
    security,
    spelling,
    static,
    stream,
)
from portal.web.assets import places
from portal.web.assets.pages import blueprint as units
from portal.web.auth import account, held, locking, session, views
from portal.web.fleet.views import blueprint as fleet_desk
from portal.web.frontdesk.views import blueprint as front_desk
from portal.web.home import finders, styleguide
from portal.web.home.views import blueprint as home
from portal.web.payments.views import blueprint as payments_desk
from portal.web.public import bill, calendars, door, guest, pay, sandbox, sandbox_api
from portal.web.public.me import blueprint as me


def register(app: Flask) -> None:
    """Open every page of the portal."""
    assert all((account, finders, locking)), "imported for their views, and for what they add to the palette"
    for part in (session, components, filters, context, security, spelling, errors, held, stream, static, proxy):
        part.init_app(app)
    for desk in (payments, fleet, driving, frontdesk):
        for room in pkgutil.iter_modules(desk.__path__, f"{desk.__name__}."):
            importlib.import_module(room.name)  # each hangs its views on the desk's blueprint
    for blueprint in (home, views.blueprint, me, units, places.blueprint, health.blueprint, payments_desk, fleet_desk,
                      front_desk, driving.blueprint, door.blueprint, guest.blueprint, bill.blueprint,
                      pay.blueprint, calendars.blueprint):  # fmt: skip
        app.register_blueprint(blueprint)
    admin.register(app)
    books.register(app)
    settings = app.extensions["settings"]
    if settings.payment_provider == "sandbox" and not settings.production:
        csrf.exempt(sandbox_api.blueprint)
        csrf.exempt(sandbox.blueprint)  # a script may pay there as a payer does
        app.register_blueprint(sandbox_api.blueprint)
        app.register_blueprint(sandbox.blueprint)
    if not settings.production:
        app.register_blueprint(styleguide.blueprint)
