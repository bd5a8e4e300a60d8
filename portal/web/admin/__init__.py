"""People, roles, audit trail, jobs, devices and health."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from flask import Blueprint, Flask, current_app, url_for

from portal.core.words import LazyText, lazy_

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
#: One module a family of pages; each hangs its views on the blueprint when it is imported.
ROOMS = ("views", "people", "mail", "audit", "jobs", "health", "dead_letters", "boxes")


@dataclass(frozen=True)
class Section:
    """One page of the admin desk; `platform` ones are for the people who run the installation."""

    endpoint: str
    label: LazyText
    about: LazyText
    icon: str
    permission: str
    platform: bool = False


SECTIONS = (
    Section("admin.people", lazy_("People"), lazy_("Who works here, and in which role."), "users", "people.view"),
    Section("admin.roles", lazy_("Roles"), lazy_("What each role may do, in words."), "shield-check", "people.view"),
    Section(
        "places.settings",
        lazy_("This place"),
        lazy_("Name, address, bank details and devices."),
        "building",
        "assets.amend",
    ),
    Section("admin.audit", lazy_("Audit trail"), lazy_("Who did what, when and why."), "history", "audit.view"),
    Section(
        "admin.dead_letters",
        lazy_("Refused messages"),
        lazy_("What devices said that could not be taken."),
        "alert-triangle",
        "devices.view",
    ),
    Section(
        "admin.lost_letters",
        lazy_("Messages from nowhere"),
        lazy_("What names no place of ours."),
        "alert-triangle",
        "devices.view",
        platform=True,
    ),
    Section(
        "admin.boxes",
        lazy_("Boxed devices"),
        lazy_("Prepared here, claimed by places."),
        "box",
        "devices.register",
        platform=True,
    ),
    Section("admin.jobs", lazy_("Jobs"), lazy_("The clockwork and its last runs."), "clock", "jobs.view"),
    Section(
        "admin.health", lazy_("Health"), lazy_("Database, broker, mail and how far behind."), "heartbeat", "health.view"
    ),
    Section(
        "payments.messages",
        lazy_("Payment messages"),
        lazy_("What providers signed and nobody here asked for."),
        "credit-card",
        "payments.view",
        platform=True,
    ),
    Section("admin.mail", lazy_("Mail"), lazy_("Letters the portal wrote."), "mail", "people.view", platform=True),
)


def sections(number: str, *, may: object, platform_admin: bool) -> list[tuple[Section, str]]:
    """The pages of this desk that exist and that this person may open, each with its address."""
    found = []
    for each in SECTIONS:
        if each.endpoint not in current_app.view_functions or (each.platform and not platform_admin):
            continue
        if each.platform or may(each.permission):  # type: ignore[operator]
            takes_place = current_app.url_map.is_endpoint_expecting(each.endpoint, "asset_number")
            found.append((each, url_for(each.endpoint, asset_number=number) if takes_place else url_for(each.endpoint)))
    return found


def register(app: Flask) -> None:
    """Open the desk."""
    for room in ROOMS:
        if importlib.util.find_spec(f"portal.web.admin.{room}"):
            importlib.import_module(f"portal.web.admin.{room}")
    app.register_blueprint(blueprint)
