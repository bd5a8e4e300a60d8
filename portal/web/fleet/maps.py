"""What every map of the desk is given: the tiles of the installation, if it names a server for them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app

from portal.web.security import widen


@dataclass(frozen=True)
class Tiles:
    """Where tiles come from and whom to thank; no address means outlines and a grid alone."""

    url: str
    attribution: str


def tiles() -> Tiles:
    """The tiles of this installation; this one answer may fetch pictures from their server."""
    settings = current_app.extensions["settings"]
    if settings.map_tile_url:
        parts = urlsplit(settings.map_tile_url)
        widen("img-src", f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}")
    return Tiles(settings.map_tile_url, settings.map_tile_attribution)
