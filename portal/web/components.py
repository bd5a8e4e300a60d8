"""The `ui` global: every macro of templates/components, usable in any block without an import."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request, url_for
from jinja2 import Environment
from markupsafe import Markup, escape

from portal.core import words

ICON_SIZES = {"": "icon", "small": "icon icon-small", "large": "icon icon-large"}


class Components:
    """`ui.table.empty(...)` finds the macro `empty` in templates/components/table.html."""

    def __init__(self, environment: Environment, sprite: str) -> None:
        self._environment = environment
        self._sprite = sprite

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._environment.get_template(f"components/{name}.html").module

    def icon(self, name: str, size: str = "") -> Markup:
        """One drawing of the sprite; it says nothing to a screen reader, so words stand beside it."""
        return _drawing(self._sprite, name, size)


@cache
def _drawing(sprite: str, name: str, size: str) -> Markup:
    """A board shows hundreds of them: each is written once."""
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(ICON_SIZES[size], sprite, name)


@cache
def icon_names(sprite: Path) -> frozenset[str]:
    """The icons we picked; the style guide shows them and a test looks every used one up."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', sprite.read_text()))


def here(**changes: object) -> str:
    """This page's own URL with some of its query changed; None takes a key away."""
    asked = request.args.to_dict(flat=True) | changes
    query = {key: str(value) for key, value in asked.items() if value is not None and value != ""}
    path = url_for(str(request.endpoint), **(request.view_args or {}))
    # laid behind the path by hand: a caller's key may be called anything, such as `endpoint` or `_scheme`
    return f"{path}?{urlencode(query)}" if query else path


def asked_here(*but: str) -> dict[str, str]:
    """What this page's address asks, for another of the same list; names that are part of an address are not asked."""
    taken = {"endpoint", *(request.view_args or {}), *but}
    return {key: value for key, value in request.args.items() if key not in taken and not key.startswith("_")}


def here_with(key: str, value: object) -> str:
    """This list under another filter, from its first page again."""
    return here(**{key: value, "cursor": None, "page": None})


def words_of(status: object) -> str:
    """A status as people read it: `front_desk` is "Front desk"."""
    return words.gettext(str(status).replace("_", " ").capitalize())


def field_ids(name: str) -> str:
    """A name made safe for an element id."""
    return str(escape(re.sub(r"[^A-Za-z0-9_-]+", "-", name)))


def version_of(app: Flask, filename: str) -> str:
    """A few characters that change when a static file does: they make its URL, so browsers may keep it for a year."""
    known: dict[str, str] = app.extensions.setdefault("static versions", {})
    if filename not in known or app.debug:
        path = Path(app.static_folder or "") / filename
        known[filename] = hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "none"
    return known[filename]


def init_app(app: Flask) -> None:
    """Give templates `ui`, and ways to point at the page they are on."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    sprite = f"{app.static_url_path}/vendor/icons/icons.svg?v={version_of(app, 'vendor/icons/icons.svg')}"
    app.jinja_env.globals.update(
        ui=Components(app.jinja_env, sprite),
        here=here,
        here_with=here_with,
        asked_here=asked_here,
        words_of=words_of,
        field_id=field_ids,
    )
