"""Speakers that say too much at once: what they say waits its turn, and somebody is told once."""

from __future__ import annotations

import struct
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, text

from portal.core.db import db
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.devices.book import DeviceBook, UnitBook
from portal.shared.devices.models import Severity, WaitingPage
from portal.shared.devices.readings import UNIT_KINDS, Reading, Refused, speaker_of
from portal.shared.devices.services.alerts import clear_by_itself, raise_alert

KIND = "device_floods"
#: A speaker may have so many messages waiting; more are refused.
MOST_WAITING = 200_000
#: Quiet for so long, it is over.
QUIET_SECONDS = 60
_HEAD = struct.Struct(">HI")


class Later(NamedTuple):
    """A message that waits its turn."""

    topic: str
    payload: bytes


def put_aside(later: Sequence[Later]) -> None:
    """Keep these for later, in the caller's command, those of each speaker in their order."""
    pages: dict[str, list[Later]] = defaultdict(list)
    for each in later:
        pages[speaker_of(each.topic)].append(each)
    db.session.execute(
        insert(WaitingPage),
        [
            {"speaker": speaker, "count": len(said), "messages": b"".join(_written(said))}
            for speaker, said in sorted(pages.items())
        ],
    )


def refused(later: Later) -> Refused:
    """A message for which there is no room any more."""
    return Refused(later.topic, later.payload, "flood", _("Too much of this speaker waits already."))


def waiting() -> dict[str, int]:
    """How many messages of each speaker wait."""
    rows = db.session.execute(select(WaitingPage.speaker, func.sum(WaitingPage.count)).group_by(WaitingPage.speaker))
    found = {speaker: int(count) for speaker, count in rows}
    db.session.rollback()
    return found


def lock_oldest() -> tuple[WaitingPage, list[Later]] | None:
    """The page that waits longest and that nobody works on, and its messages."""
    page = db.session.scalar(select(WaitingPage).order_by(WaitingPage.id).limit(1).with_for_update(skip_locked=True))
    return None if page is None else (page, list(_read(page.messages)))


def shorten(page: WaitingPage, rest: Sequence[Later]) -> None:
    """What was taken of a page is gone from it, in the caller's command."""
    if rest:
        page.messages, page.count = b"".join(_written(rest)), len(rest)
    else:
        db.session.delete(page)


@transactional
def tell(*, topics: Collection[str], per_second: int) -> int:
    """Raise an alert for each speaker, by one of its topics, that says too much; returns how many are known."""
    known = 0
    for topic in sorted(topics):
        whose = _whose(topic)
        if whose is None:
            continue
        known += 1
        raise_alert(
            kind=KIND,
            key=f"{KIND}:{speaker_of(topic)}",
            severity=Severity.WARNING,
            facts={"speaker": speaker_of(topic), "per_second": per_second},
            **whose,
        )
    return known


@transactional
def end_quiet() -> int:
    """End the alerts of speakers that have been quiet for a while and have nothing waiting; how many."""
    over = db.session.execute(_OVER, {"quiet": QUIET_SECONDS}).all()
    for asset_id, key in over:
        clear_by_itself(asset_id=asset_id, key=key)
    return len(over)


def _whose(topic: str) -> dict[str, Any] | None:
    """The place, unit and device behind a topic, as an alert names them."""
    folder, first, *rest = [*topic.split("/"), ""]
    if folder == "v1":
        sender = DeviceBook().look_up([first])[first]
        if sender is None or sender.asset_id is None:
            return None
        unit_id = uuid.UUID(sender.unit_id) if sender.unit_id else None
        return {"asset_id": uuid.UUID(sender.asset_id), "unit_id": unit_id, "device_id": uuid.UUID(sender.id)}
    if folder not in UNIT_KINDS or not rest:
        return None
    reading = Reading(UNIT_KINDS[folder], first, rest[0], rest[-1], "", b"")
    home = UnitBook().look_up([reading])[first, reading.unit_kind, rest[0]]
    return home and {"asset_id": uuid.UUID(home.asset_id), "unit_id": uuid.UUID(home.unit_id)}


def _written(said: Sequence[Later]) -> Iterator[bytes]:
    for topic, payload in said:
        name = topic.encode("utf-8", "surrogatepass")
        yield _HEAD.pack(len(name), len(payload)) + name + payload


def _read(page: bytes) -> Iterator[Later]:
    at = 0
    while at < len(page):
        name, size = _HEAD.unpack_from(page, at)
        at += _HEAD.size
        yield Later(page[at : at + name].decode("utf-8", "surrogatepass"), page[at + name : at + name + size])
        at += name + size


_OVER = text(
    """
    select asset_id, key from alert a
    where kind = 'device_floods' and status <> 'cleared' and last_at < clock_timestamp() - make_interval(secs => :quiet)
    and not exists (select from waiting_page w where a.key = 'device_floods:' || w.speaker)
    order by asset_id, id
    """
)
