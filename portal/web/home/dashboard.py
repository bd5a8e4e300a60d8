"""What the first page of a place shows: its figures, what needs somebody, and the person's other places."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, g, url_for

from portal.core.clock import local_date, utcnow
from portal.core.words import _, lazy_, ngettext
from portal.reporting import attention, home, occupancy, revenue, wishes
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import assets, units_matching
from portal.shared.identity.models import Role
from portal.shared.identity.permissions import permissions_in
from portal.web.assets import words
from portal.web.context import ACTIONS, NOTICES, Action, Notice, shell
from portal.web.guards import current_user, may
from portal.web.home.search import SOURCES, Hit, Source

SHOWN = 6
DAYS = 14


def figures_of(place: Asset) -> dict[str, Any]:
    """Everything the page of one place needs, as far as this person may see it."""
    sees_money, sees_units = may("payments.view"), may("units.view")
    now, links, mine = utcnow(), _links(place), _mine()
    first, *others = home.cards([place, *(each for each, _sees in mine.values() if each.id != place.id)])
    return {
        "card": first,
        "days": revenue.days_of(place, local_date(place.timezone, now), DAYS) if sees_money else None,
        "used": occupancy.used_share(place.id, now - timedelta(days=30), now) if sees_units else None,
        "waiting": _waiting(place, links, sees_units),
        "sees_money": sees_money,
        "sees_units": sees_units and place.kind != "shop",
        "others": [(card, mine[card.asset.id][1]) for card in others],
        "links": links,
        "words": words,
        "shown": SHOWN,
    }


def _waiting(place: Asset, links: dict[str, str | None], sees_units: bool) -> attention.Attention:
    """What waits here, without what this person could do nothing about."""
    found = attention.at(place.id)
    g.unreached, g.dead_letters, g.differences = found.unreached, found.dead_letters, found.differences
    g.open_alerts = found.alerts
    g.asked = found.asked
    return attention.Attention(
        held=found.held if links["review"] else [],
        asked=found.asked if sees_units and may("units.approve_stop") else [],
        unreached=found.unreached if sees_units else [],
        ending=found.ending if sees_units else [],
        dead_letters=found.dead_letters if links["dead_letters"] else 0,
        differences=found.differences if links["differences"] else 0,
        alerts=found.alerts if links["alerts"] else (0, 0),
        overdue=found.overdue if links["maintenance"] else 0,
        licences=found.licences if links["drivers"] else 0,
    )


def _mine() -> dict[uuid.UUID, tuple[Asset, bool]]:
    """The open places this person works at, each with whether their role there may see its money."""
    if current_user.platform_admin:
        found = {each.id: (each, True) for each in assets()}
    else:
        found = {
            each.asset_id: (each.asset, "payments.view" in permissions_in(Role(each.role)))
            for each in shell().memberships
        }
    return {key: (asset, sees) for key, (asset, sees) in found.items() if asset.retired_at is None}


def _links(place: Asset) -> dict[str, str | None]:
    """Where things are mended; a desk that this person may not open is no link."""
    wanted = {
        "review": ("payments.review", "payments.review"),
        "dead_letters": ("admin.dead_letters", "devices.view"),
        "differences": ("payments.reconciliation", "payments.reconcile"),
        "alerts": ("units.alerts", "alerts.view"),
        "maintenance": ("fleet.maintenance", "fleet.maintain"),
        "drivers": ("fleet.drivers", "fleet.manage"),
    }
    known = current_app.view_functions
    return {
        name: url_for(endpoint, asset_number=place.asset_number) if endpoint in known and may(right) else None
        for name, (endpoint, right) in wanted.items()
    }


def unreached(place: Asset) -> list[Notice]:
    """For the bell: doors and engines that did not do what they were last told."""
    return [
        Notice(
            _("%(kind)s %(number)s did not do what it was told", kind=words.kind_words(each.kind), number=each.number),
            url_for("units.show", asset_number=place.asset_number, kind=each.kind, number=each.number),
            "lock-exclamation" if each.kind == "room" else "alert-triangle",
            each.at,
        )
        for each in (g.unreached if "unreached" in g else attention.unreached(place.id, utcnow()))
    ]


def asked_for(place: Asset) -> list[Notice]:
    """For the bell: stops that wait for a second person."""
    return [
        Notice(
            _("%(person)s asks to stop %(kind)s %(number)s", person=each.asked_by, kind=words.kind_words(each.kind),
              number=each.number),
            url_for("units.show", asset_number=place.asset_number, kind=each.kind, number=each.number),
            "users",
            each.at,
        )
        for each in (g.asked if "asked" in g else wishes.at_place(place.id))
    ]  # fmt: skip


def not_understood(place: Asset) -> list[Notice]:
    """For the bell: what devices said that could not be taken."""
    known = "dead_letters" in g
    found = g.dead_letters if known else attention.dead_letters([place.id], datetime.now(UTC)).get(place.id, 0)
    said = ngettext("%(num)s message was not understood", "%(num)s messages were not understood", found)
    return [Notice(said, url_for("admin.dead_letters", asset_number=place.asset_number), "mail")] if found else []


def units_found(place: Asset, asked: str) -> list[Hit]:
    """For the search box: rooms and vehicles by number, plate, type or label."""
    return [
        Hit(
            words.called(unit),
            url_for("units.show", asset_number=place.asset_number, kind=unit.kind, number=unit.number),
            "bed" if unit.kind == "room" else "car",
            " · ".join(filter(None, (unit.room_type, unit.plate, words.status_words(unit.status)))),
        )
        for unit in units_matching(place.id, asked)
    ]


NOTICES += [("units.approve_stop", asked_for), ("units.control", unreached), ("devices.view", not_understood)]
SOURCES.append(Source(lazy_("Rooms and vehicles"), "units.view", units_found))
ACTIONS += [
    Action(lazy_("Register a room or vehicle"), "units.register", "units.register", "plus"),
    Action(lazy_("Print labels"), "units.labels", "units.register", "qrcode"),
    Action(lazy_("Change this place"), "places.settings", "assets.amend", "building"),
]
