"""What devices said that could not be taken: the reason, how often, and another try."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from flask import Response, g, request, url_for

from portal.core.errors import DomainError
from portal.core.words import lazy_
from portal.shared.devices import queries
from portal.shared.devices.services import dead_letters as letters
from portal.web.admin import blueprint
from portal.web.download import csv_file
from portal.web.guards import current_actor, permission, platform_admin
from portal.web.htmx import go, local_path, page, toast

#: Without a word in the URL the list shows what still waits for somebody.
STATES = {"": True, "taken": False}
#: The word a program counts by, as a person reads it.
REASONS = {
    "topic": lazy_("Wrong topic"),
    "kind": lazy_("Unknown subject"),
    "unit": lazy_("Unknown unit"),
    "payload": lazy_("Wrong value"),
    "empty": lazy_("Empty"),
    "binary": lazy_("Not text"),
    "oversized": lazy_("Too long"),
    "refused": lazy_("Cannot be stored"),
    "device": lazy_("Unknown device"),
    "unbound": lazy_("Device of no unit"),
    "command": lazy_("Another device's command"),
    "gaps": lazy_("Too many numbers missing"),
    "seq_reset": lazy_("Numbers begun again"),
    "old_start": lazy_("Forgotten start"),
    "flood": lazy_("Too much at once"),
}


@blueprint.get("/<asset_number>/dead-letters")
@permission("devices.view")
def dead_letters(asset_number: str) -> Response:
    """Refused messages that name this place."""
    return _list(g.place.id)


@blueprint.get("/<asset_number>/dead-letters.csv")
@permission("devices.view")
def dead_letters_export(asset_number: str) -> Response:
    """The same list, whole, for a spreadsheet."""
    heads = ["topic", "message", "reason", "detail", "times", "last_at", "taken_at"]
    return csv_file(f"refused-messages-{g.place.asset_number}", heads, _rows(g.place.id))


@blueprint.post("/<asset_number>/dead-letters/<uuid:letter_id>/replay")
@permission("devices.replay")
def replay(asset_number: str, letter_id: uuid.UUID) -> Response:
    """Take one as if it came now."""
    return _replay(g.place.id, letter_id, url_for(".dead_letters", asset_number=g.place.asset_number))


@blueprint.get("/dead-letters")
@platform_admin
def lost_letters() -> Response:
    """Refused messages that name no place of ours."""
    return _list(None)


@blueprint.post("/dead-letters/<uuid:letter_id>/replay")
@platform_admin
def replay_lost(letter_id: uuid.UUID) -> Response:
    """Take one, now that its place may exist."""
    return _replay(None, letter_id, url_for(".lost_letters"))


def _list(asset_id: uuid.UUID | None) -> Response:
    waiting = STATES.get(request.args.get("state", ""))
    return page(
        "admin/dead_letters.html",
        "letters",
        found=queries.dead_letters(asset_id, waiting=waiting, cursor=request.args.get("cursor")),
        more=queries.letters_not_kept(asset_id),
        reasons=REASONS,
        lost=asset_id is None,
    )


def _rows(asset_id: uuid.UUID) -> Iterator[Sequence[object]]:
    waiting, cursor = STATES.get(request.args.get("state", "")), None
    while True:
        found = queries.dead_letters(asset_id, waiting=waiting, cursor=cursor)
        for each in found.items:
            yield each.topic, each.shown, each.reason, each.detail, each.times, each.last_at, each.replayed_at
        if (cursor := found.next) is None:
            return


def _replay(asset_id: uuid.UUID | None, letter_id: uuid.UUID, back: str) -> Response:
    try:
        words = letters.replay(letter_id=letter_id, asset_id=asset_id, actor=current_actor())
    except DomainError as error:
        toast(error.message, "bad")
    else:
        toast(words)
    return go(local_path(request.form.get("back"), back) or back)
