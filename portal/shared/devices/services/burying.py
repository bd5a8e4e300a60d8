"""Keeping what could not be taken: once, with its reason, counted when it comes again."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select, text

from portal.core.db import db, uuid7
from portal.core.outbox import publish
from portal.shared.assets.models import Asset
from portal.shared.devices.events import DeadLetterStored
from portal.shared.devices.models import MOST_A_DAY, MOST_OF_STRANGERS, DeadLetter
from portal.shared.devices.readings import Refused, speaker_of

#: More of a message than this is no help to the person who looks at it.
DEAD_KEPT_BYTES = 65_536

#: A refused message, and its place where that is known by the device that sent it.
Dead = tuple[Refused, str | None]
#: One of them under its hash: the last that came, how often it came, and its place.
Counted = dict[bytes, tuple[Refused, int, str | None]]

_BURY = text(
    """
    insert into dead_letter (id, topic, payload, reason, detail, sha, times, asset_id)
    values (:id, :topic, :payload, :reason, :detail, :sha, :times, :asset_id)
    on conflict (sha) do update
        set times = dead_letter.times + excluded.times, last_at = clock_timestamp(), replayed_at = null,
            reason = excluded.reason, detail = excluded.detail, asset_id = excluded.asset_id
    """
)
_TALLY = text(
    """
    insert into letter_tally as t (speaker, day, asset_id, came)
    values (:speaker, (clock_timestamp() at time zone 'UTC')::date, :asset_id, :came)
    on conflict (speaker, day) do update set came = t.came + excluded.came
    returning came
    """
)


def bury(dead: Sequence[Dead]) -> None:
    """Keep these messages, in the caller's command, and announce it once a place.

    One that has come before is counted; of new ones of the same speaker only so many a day are kept whole.
    """
    counted = _counted(dead)
    known = set(db.session.scalars(select(DeadLetter.sha).where(DeadLetter.sha.in_(counted))))
    fresh: dict[tuple[str, str | None], list[bytes]] = defaultdict(list)
    for sha in sorted(counted.keys() - known):
        refused, _times, place = counted[sha]
        fresh[_storable(speaker_of(refused.topic))[:200] if place else "", place].append(sha)
    for (speaker, place), shas in sorted(fresh.items(), key=str):
        came = db.session.scalar(_TALLY, {"speaker": speaker, "asset_id": place, "came": len(shas)}) or 0
        room = max(0, (MOST_A_DAY if speaker else MOST_OF_STRANGERS) - (came - len(shas)))
        for sha in shas[room:]:
            del counted[sha]
    for sha, (refused, times, place) in sorted(counted.items()):
        db.session.execute(
            _BURY,
            {
                "id": uuid7(),
                "topic": _storable(refused.topic)[:2_000],
                "payload": refused.payload[:DEAD_KEPT_BYTES],
                "reason": refused.reason,
                "detail": refused.detail,
                "sha": sha,
                "times": times,
                "asset_id": place,
            },
        )
    places = {place for _refused, _times, place in counted.values()} | {place for _speaker, place in fresh}
    for place in places:
        publish(DeadLetterStored(asset_id=uuid.UUID(place) if place else None))


def _counted(dead: Sequence[Dead]) -> Counted:
    numbers = {_storable(refused.asset_number) for refused, place in dead if place is None and refused.asset_number}
    places = {number: str(key) for key, number in db.session.execute(
        select(Asset.id, Asset.asset_number).where(Asset.asset_number.in_(numbers)))} if numbers else {}  # fmt: skip
    counted: Counted = {}
    for refused, place in dead:
        sha = hashlib.sha256(refused.topic.encode("utf-8", "backslashreplace") + b"\0" + refused.payload).digest()
        place = place or places.get(_storable(refused.asset_number or ""))
        counted[sha] = refused, counted[sha][1] + 1 if sha in counted else 1, place
    return counted


def _storable(words: str) -> str:
    return words.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
