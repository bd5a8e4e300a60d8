"""What every template knows as `shell`: who looks, at which place, which desks are open, what day it is there."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from babel import Locale
from flask import Flask, current_app, g, request, url_for

from portal.core import words
from portal.core.clock import local_date
from portal.web.components import words_of
from portal.web.desks import DESKS, KINDS

LOOKS = ("light", "dark", "system")


class Place(Protocol):
    """What the frame needs to know of a place; an Asset is one."""

    id: uuid.UUID
    asset_number: str
    kind: str
    name: str
    timezone: str
    currency: str
    business_date: date | None


class Viewer(Protocol):
    """What the frame needs to know of a person; a User is one."""

    name: str
    email: str
    language: str
    theme: str


@dataclass(frozen=True)
class Notice:
    """One line under the bell: something that needs somebody, and where."""

    words: str
    url: str
    icon: str = "alert-triangle"
    at: datetime | None = None


class Directory(Protocol):
    """The questions the frame asks of identity; it is answered by the object given to `use()`."""

    def viewer(self) -> Viewer | None: ...
    def places(self) -> Sequence[Place]: ...
    def place(self) -> Place | None: ...
    def role(self) -> str | None: ...
    def may(self, permission: str) -> bool: ...
    def notices(self) -> Sequence[Notice]: ...
    def remember(self, *, theme: str | None, language: str | None) -> None: ...


class Nobody:
    """The directory before anybody can sign in: a stranger, no place, no right."""

    def viewer(self) -> Viewer | None:
        return None

    def places(self) -> Sequence[Place]:
        return ()

    def place(self) -> Place | None:
        return None

    def role(self) -> str | None:
        return None

    def may(self, permission: str) -> bool:
        return False

    def notices(self) -> Sequence[Notice]:
        return ()

    def remember(self, *, theme: str | None, language: str | None) -> None:
        return None


class Shell:
    """The frame's view of one request; each part is asked for once, and only when a template shows it."""

    @cached_property
    def directory(self) -> Directory:
        return current_app.extensions["directory"]  # type: ignore[no-any-return]

    @cached_property
    def viewer(self) -> Viewer | None:
        return self.directory.viewer()

    @cached_property
    def place(self) -> Place | None:
        return self.directory.place() if self.viewer else None

    @property
    def place_kind(self) -> str:
        return str(KINDS[self.place.kind][0]) if self.place else ""

    @property
    def place_icon(self) -> str:
        return KINDS[self.place.kind][1] if self.place else "building"

    @cached_property
    def places(self) -> list[dict[str, Any]]:
        """Every place this person works at, each leading to its first page."""
        here = self.place.asset_number if self.place else None
        return [
            {
                "name": each.name,
                "number": each.asset_number,
                "kind": str(KINDS[each.kind][0]),
                "icon": KINDS[each.kind][1],
                "url": url_for("home.show", asset_number=each.asset_number),
                "current": each.asset_number == here,
            }
            for each in (self.directory.places() if self.viewer else ())
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
            "current": now == "home",
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
            and any(self.directory.may(permission) for permission in desk.permissions)
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
            if self.place.kind in each.kinds and self.directory.may(each.permission)
        ]

    @property
    def role(self) -> str | None:
        role = self.directory.role()
        return words_of(role) if role else None

    @cached_property
    def notices(self) -> Sequence[Notice]:
        return self.directory.notices() if self.viewer else ()

    @property
    def initials(self) -> str:
        parts = self.viewer.name.split() if self.viewer else []
        return "".join(part[0] for part in [*parts[:1], *parts[1:][-1:]]).upper() or "?"

    @cached_property
    def local_date(self) -> date:
        return local_date(self.place.timezone if self.place else "UTC", datetime.now(UTC))

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


@dataclass(frozen=True)
class Action:
    """Something the palette can start: its page, and the permission it needs."""

    label: words.LazyText
    endpoint: str
    permission: str
    icon: str = "plus"
    kinds: frozenset[str] = frozenset(KINDS)


ACTIONS: list[Action] = []


def shell() -> Shell:
    """The frame of this request."""
    if "shell" not in g:
        g.shell = Shell()
    return g.shell  # type: ignore[no-any-return]


def may(permission: str) -> bool:
    """Whether the person looking may do this at the place being looked at."""
    return shell().directory.may(permission)


def use(app: Flask, directory: Directory) -> None:
    """Say who answers the frame's questions."""
    app.extensions["directory"] = directory


def init_app(app: Flask) -> None:
    """Give every template its frame, and every request its language."""
    use(app, Nobody())
    app.jinja_env.globals["may"] = may
    app.context_processor(lambda: {"shell": shell(), "fragment": False})

    @app.before_request
    def speak() -> None:
        chosen = request.cookies.get("language")
        words.use_language(chosen or request.accept_languages.best_match(words.languages()) or words.SOURCE_LANGUAGE)

    @app.url_defaults
    def version_static_files(endpoint: str, values: dict[str, Any]) -> None:
        """A file that changes gets another URL, so that browsers may keep each for a year."""
        if endpoint == "static" and "v" not in values:
            values["v"] = _version(app, values.get("filename", ""))


def _version(app: Flask, filename: str) -> str:
    known: dict[str, str] = app.extensions.setdefault("static versions", {})
    if filename not in known or app.debug:
        known[filename] = _digest(app, filename)
    return known[filename]


def _digest(app: Flask, filename: str) -> str:
    path = Path(app.static_folder or "") / filename
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "none"
