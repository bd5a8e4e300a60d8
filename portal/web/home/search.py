"""Search across the desks: each desk registers how it finds its own things."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from portal.core.words import LazyText
from portal.shared.assets.models import Asset
from portal.web.context import shell


@dataclass(frozen=True)
class Hit:
    """One thing found: its name, what it is, and its page."""

    words: str
    url: str
    icon: str
    about: str = ""


@dataclass(frozen=True)
class Source:
    """One desk's way of finding, open to those with the permission."""

    title: LazyText
    permission: str
    find: Callable[[Asset, str], Iterable[Hit]]


SOURCES: list[Source] = []


def find(asked: str) -> list[tuple[str, list[Hit]]]:
    """What each desk found at the place being looked at, by desk; nothing for an empty question."""
    place = shell().place
    if not asked or place is None:
        return []
    found = ((str(each.title), list(each.find(place, asked))) for each in SOURCES if shell().may(each.permission))
    return [(title, hits) for title, hits in found if hits]
