"""Sending a visitor to another site: the content policy lets a form lead only to our own pages, so a page leads on."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, request

from portal.web.htmx import go, page


def away(url: str) -> Response:
    """On to an address that may be somebody else's."""
    parts = urlsplit(url)
    if (parts.scheme, parts.netloc) == (request.scheme, request.host):
        return go(url)
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        response = Response(status=204)
        response.headers["HX-Redirect"] = url
        return response
    return page("public/leaving.html", url=url, host=parts.netloc)
