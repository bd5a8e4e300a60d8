"""Keeping what could not be taken: once, with its reason, counted when it comes again."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

from sqlalchemy import text

from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.shared.devices.events import DeadLetterStored
from portal.shared.devices.readings import Refused

#: More of a message than this is no help to the person who looks at it.
DEAD_KEPT_BYTES = 65_536

#: A refused message, and its place where that is known by the device that sent it.
Dead = tuple[Refused, str | None]

_BURY = text(
    """
    insert into dead_letter (id, topic, payload, reason, detail, sha, times, asset_id)
    values (:id, :topic, :payload, :reason, :detail, :sha, :times,
            coalesce(cast(:asset_id as uuid), (select id from asset where asset_number = :asset_number)))
    on conflict (sha) do update
        set times = dead_letter.times + excluded.times, last_at = clock_timestamp(), replayed_at = null,
            reason = excluded.reason, detail = excluded.detail, asset_id = excluded.asset_id
    returning asset_id
    """
)


def bury(dead: Sequence[Dead]) -> None:
    """Keep these messages, in the caller's command, and announce it once a place."""
    counted: dict[bytes, tuple[Dead, int]] = {}
    for each in dead:
        refused = each[0]
        sha = hashlib.sha256(refused.topic.encode("utf-8", "backslashreplace") + b"\0" + refused.payload).digest()
        counted[sha] = (each, counted.get(sha, (each, 0))[1] + 1)
    places: set[uuid.UUID | None] = set()
    for sha, ((refused, asset_id), times) in sorted(counted.items()):
        place = db.session.execute(
            _BURY,
            {
                "id": uuid7(),
                "topic": _storable(refused.topic)[:2_000],
                "payload": refused.payload[:DEAD_KEPT_BYTES],
                "reason": refused.reason,
                "detail": refused.detail,
                "sha": sha,
                "times": times,
                "asset_id": asset_id,
                "asset_number": refused.asset_number and _storable(refused.asset_number),
            },
        ).scalar_one()
        places.add(place)
    for place in places:
        publish(DeadLetterStored(asset_id=place))


def _storable(words: str) -> str:
    return words.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
