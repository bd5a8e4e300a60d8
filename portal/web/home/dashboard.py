"""What the first page of a place shows: its figures, what needs somebody, and the person's other places."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app, url_for

from portal.core.clock import local_date, utcnow
from portal.core.words import _
from portal.reporting import attention, home, occupancy, revenue
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import assets
from portal.shared.identity.models import Role
from portal.shared.identity.permissions import permissions_in
from portal.web.assets import words
from portal.web.context import NOTICES, Notice, shell
from portal.web.guards import current_user, may

SHOWN = 6


def figures_of(place: Asset) -> dict[str, Any]:
    """Everything the page of one place needs, as far as this person may see it."""
    sees_money = may("payments.view")
    sees_units = may("units.view")
    now = utcnow()
    links = _links(place)
    waiting = attention.at(place.id)
    waiting = attention.Attention(
        held=waiting.held if links["review"] else [],
        unreached=waiting.unreached if sees_units else [],
        ending=waiting.ending if sees_units else [],
        dead_letters=waiting.dead_letters if links["dead_letters"] else 0,
    )
    return {
        "card": home.cards([place])[0],
        "days": revenue.days_of(place, local_date(place.timezone, now), 14) if sees_money else None,
        "used": occupancy.used_share(place.id, now - timedelta(days=30), now) if sees_units else None,
        "waiting": waiting,
        "sees_money": sees_money,
        "sees_units": sees_units and place.kind != "shop",
        "others": _others(place),
        "links": links,
        "words": words,
        "shown": SHOWN,
    }


def _others(place: Asset) -> list[tuple[home.Card, bool]]:
    """The person's other places, each with whether their role there may see its money."""
    if current_user.platform_admin:
        mine = {each.id: (each, True) for each in assets()}
    else:
        mine = {
            each.asset_id: (each.asset, "payments.view" in permissions_in(Role(each.role)))
            for each in shell().memberships
        }
    others = [each for each, _sees in mine.values() if each.id != place.id and each.retired_at is None]
    return [(card, mine[card.asset.id][1]) for card in home.cards(others)]


def _links(place: Asset) -> dict[str, str | None]:
    """Where things are mended; a desk that this person may not open is no link."""
    wanted = {
        "review": ("payments.review", "payments.review"),
        "dead_letters": ("admin.dead_letters", "devices.view"),
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
        for each in attention.unreached(place.id, utcnow())
    ]


NOTICES.append(("units.control", unreached))
