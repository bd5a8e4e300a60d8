"""The tabs of a desk: its sections in the order of a day's work, as far as this person may open them here."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app, g, request, url_for

from portal.core.words import LazyText

#: Endpoint, words and the permission that opens it; the first is the desk's own page.
Section = tuple[str, LazyText, str]


def tabs_of(sections: Sequence[Section]) -> list[tuple[LazyText, str, bool]]:
    """Words, address, and whether it is open: a page belongs to the section that begins its endpoint."""
    rights, here, first = g.get("permissions", frozenset()), request.endpoint or "", sections[0][0]
    return [
        (
            words,
            url_for(endpoint, asset_number=g.place.asset_number),
            here == endpoint or (endpoint != first and here.startswith(f"{endpoint}_")),
        )
        for endpoint, words, permission in sections
        if permission in rights and endpoint in current_app.view_functions
    ]
