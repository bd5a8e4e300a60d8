"""What every template knows as `shell`: who looks, at which place, which desks are open, what day it is there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from babel import Locale
from flask import Flask, Response, current_app, g, request, session, url_for

from portal.core import words
from portal.core.clock import local_date
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import assets
from portal.shared.identity import queries
from portal.shared.identity.models import Membership, Role
from portal.shared.identity.permissions import permissions_in, role_words
from portal.web.auth.session import SignedIn
from portal.web.components import version_of
from portal.web.desks import DESKS, KINDS
from portal.web.guards import current_user

LOOKS = ("light", "dark", "system")


@dataclass(frozen=True)
class Notice:
    """One line under the bell: something that needs somebody, and where."""

    words: str
    url: str
    icon: str = "alert-triangle"
    at: datetime | None = None
    #: Told to this person, who may say that it is read.
    personal: bool = False


@dataclass(frozen=True)
class Action:
    """Something the palette can start: its page, and the permission it needs."""

    label: words.LazyText
    endpoint: str
    permission: str
    icon: str = "plus"
    kinds: frozenset[str] = frozenset(KINDS)


#: Desks add to these when they open: what the palette can start, and what to look for under the bell.
ACTIONS: list[Action] = []
NOTICES: list[tuple[str, Callable[[Asset], Iterable[Notice]]]] = []


class Shell:
    """The frame's view of one request; each part is asked for once, and only when a template shows it."""

    @property
    def viewer(self) -> SignedIn | None:
        """Who is signed in."""
        return current_user if current_user.is_authenticated else None

    @cached_property
    def standing(self) -> tuple[Asset, Role, frozenset[str]] | None:
        """The place this page is of, else the one used last, with the role held there and its rights."""
        if "place" in g:
            return g.place, g.role, g.permissions
        if not self.viewer:
            return None
        person = self.viewer.user
        last_id = uuid.UUID(session["place"]) if "place" in session else person.last_asset_id
        last = queries.standing_by_id(person.id, last_id) if last_id else None
        if last is None or last.role is None:
            first = next(iter(self.memberships), None)
            last = queries.Standing(first.asset, Role(first.role)) if first else None
        return (last.asset, last.role, permissions_in(last.role)) if last and last.role else None

    @cached_property
    def memberships(self) -> Sequence[Membership]:
        """Where this person works."""
        return queries.memberships_of(self.viewer.id) if self.viewer else ()

    @property
    def place(self) -> Asset | None:
        """The place being looked at, or used last."""
        return self.standing[0] if self.standing else None

    @property
    def role(self) -> str | None:
        """The part the person plays there."""
        return role_words(self.standing[1]) if self.standing else None

    def may(self, permission: str) -> bool:
        """Whether the person holds a right at this place."""
        return self.standing is not None and permission in self.standing[2]

    @property
    def place_kind(self) -> str:
        return str(KINDS[self.place.kind][0]) if self.place else ""

    @property
    def place_icon(self) -> str:
        return KINDS[self.place.kind][1] if self.place else "building"

    @cached_property
    def places(self) -> list[dict[str, Any]]:
        """Every place this person works at, each leading to its first page."""
        if not self.viewer:
            return []
        here = self.place.id if self.place else None
        mine = assets() if self.viewer.platform_admin else [each.asset for each in self.memberships]
        return [
            {
                "name": each.name,
                "number": each.asset_number,
                "kind": str(KINDS[each.kind][0]),
                "icon": KINDS[each.kind][1],
                "url": url_for("home.show", asset_number=each.asset_number),
                "current": each.id == here,
            }
            for each in mine
            if each.retired_at is None or each.id == here
        ]

    @cached_property
    def desks(self) -> list[dict[str, Any]]:
        """The desks that exist, that this kind of place has, and that this person may open: home first."""
        if not self.place:
            return []
        number = self.place.asset_number
        now = request.blueprint
        home = {
            "label": words.gettext("Home"),
            "icon": "home",
            "key": "h",
            "current": request.endpoint == "home.show",
            "url": url_for("home.show", asset_number=number),
        }
        return [home] + [
            {
                "label": str(desk.label),
                "icon": desk.icon,
                "key": desk.key,
                "current": now == desk.name,
                "url": url_for(desk.endpoint, asset_number=number),
            }
            for desk in DESKS
            if desk.endpoint in current_app.view_functions
            and self.place.kind in desk.kinds
            and (not desk.roles or (self.standing is not None and self.standing[1] in desk.roles))
            and any(self.may(permission) for permission in desk.permissions)
        ]

    @cached_property
    def actions(self) -> list[dict[str, str]]:
        """What the palette can start here, for this person: desks add to ACTIONS at import."""
        if not self.place:
            return []
        return [
            {
                "label": str(each.label),
                "icon": each.icon,
                "url": url_for(each.endpoint, asset_number=self.place.asset_number),
            }
            for each in ACTIONS
            if each.endpoint in current_app.view_functions
            and self.place.kind in each.kinds
            and self.may(each.permission)
        ]

    @cached_property
    def notices(self) -> list[Notice]:
        """What needs somebody at this place, as far as this person may see."""
        if not self.place:
            return []
        return [each for permission, look in NOTICES if self.may(permission) for each in look(self.place)]

    @property
    def initials(self) -> str:
        parts = self.viewer.name.split() if self.viewer else []
        return "".join(part[0] for part in [*parts[:1], *parts[1:][-1:]]).upper() or "?"

    @cached_property
    def local_date(self) -> date:
        return local_date(self.place.timezone if self.place else "UTC", datetime.now(UTC))

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def business_date(self) -> date:
        return (self.place.business_date if self.place else None) or self.local_date

    @property
    def date_differs(self) -> bool:
        return self.business_date != self.local_date

    @cached_property
    def look(self) -> str:
        chosen = request.cookies.get("look") or (self.viewer.theme if self.viewer else "system")
        return chosen if chosen in LOOKS else "system"

    @property
    def rail(self) -> str:
        return "narrow" if request.cookies.get("rail") == "narrow" else "wide"

    @property
    def language(self) -> str:
        return words.language()

    @property
    def languages(self) -> list[tuple[str, str]]:
        """The languages we speak, each in its own words."""
        return [(code, (Locale.parse(code).get_display_name() or code).capitalize()) for code in words.languages()]

    @property
    def person_links(self) -> list[tuple[str, str, str]]:
        """Pages about oneself that exist: (words, url, icon)."""
        known = (("auth.account", words.gettext("Your account"), "user-circle"),)
        return [
            (said, url_for(endpoint), icon) for endpoint, said, icon in known if endpoint in current_app.view_functions
        ]

    @property
    def sign_out(self) -> str | None:
        return url_for("auth.sign_out") if self.viewer and "auth.sign_out" in current_app.view_functions else None


def shell() -> Shell:
    """The frame of this request."""
    if "shell" not in g:
        g.shell = Shell()
    return g.shell  # type: ignore[no-any-return]


def may(permission: str) -> bool:
    """Whether the person looking may do this at the place being looked at."""
    return shell().may(permission)


def init_app(app: Flask) -> None:
    """Give every template its frame, and every request its language."""
    app.jinja_env.globals["may"] = may
    app.context_processor(lambda: {"shell": shell(), "fragment": False})

    @app.before_request
    def speak() -> None:
        """The language chosen in this browser, else the one the browser asks for."""
        chosen = request.cookies.get("language")
        words.use_language(chosen or request.accept_languages.best_match(words.languages()) or words.SOURCE_LANGUAGE)

    @app.after_request
    def remember_the_place(response: Response) -> Response:
        """Pages without a place in their address are shown at the one seen last."""
        if "place" in g and current_user.is_authenticated and session.get("place") != str(g.place.id):
            session["place"] = str(g.place.id)
        return response

    @app.url_defaults
    def version_static_files(endpoint: str, values: dict[str, Any]) -> None:
        """A file that changes gets another URL, so that browsers may keep each for a year."""
        if endpoint == "static" and "v" not in values:
            values["v"] = version_of(app, values.get("filename", ""))
