"""Trying a refused message once more, after what was wrong with it has been put right."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.queries import unit_of
from portal.shared.audit.services import record
from portal.shared.devices import numbering
from portal.shared.devices.book import DeviceBook, UnitBook
from portal.shared.devices.envelopes import Envelope, Lost, Presence, Said, from_topic
from portal.shared.devices.errors import AlreadyReplayed, StillRefused
from portal.shared.devices.models import DeadLetter
from portal.shared.devices.number_queries import Sender, is_kept, lock_starts
from portal.shared.devices.queries import get_dead_letter, lock_dead_letter
from portal.shared.devices.readings import Reading, Refused
from portal.shared.devices.services import commands, history, numbered, telemetry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Between hearing a message and writing it down lies at most a batch.
_AROUND = timedelta(minutes=1)


@transactional
def replay(*, letter_id: uuid.UUID, asset_id: uuid.UUID | None, actor: Actor) -> str:
    """Take a message now, once, and tell in a sentence what it said; StillRefused tells why it still cannot be."""
    said = _understood(get_dead_letter(letter_id, asset_id))
    if isinstance(said, Reading):
        letter, words = _plain(said, letter_id, asset_id), _words(said.unit_number, said.kind, said.value)
    else:
        letter, words = _numbered(said, letter_id, asset_id)
    letter.replayed_at = utcnow()
    record(
        "dead_letter.replayed",
        actor=actor,
        subject="dead_letter",
        subject_id=letter.id,
        asset_id=letter.asset_id,
        after={"topic": letter.topic, "said": words},
    )
    return words


def _understood(letter: DeadLetter) -> Reading | Envelope:
    said = from_topic(letter.topic, bytes(letter.payload))
    if isinstance(said, Refused):
        raise StillRefused(said.detail)
    return said


def _locked(letter_id: uuid.UUID, asset_id: uuid.UUID | None) -> DeadLetter:
    letter = lock_dead_letter(letter_id, asset_id)
    if letter.replayed_at is not None:
        raise AlreadyReplayed(_("This message has been taken already."))
    return letter


def _plain(said: Reading, letter_id: uuid.UUID, asset_id: uuid.UUID | None) -> DeadLetter:
    """A plain reading has no time of its own: it is taken as if it came now."""
    letter = _locked(letter_id, asset_id)
    if UnitBook().look_up([said])[said.asset_number, said.unit_kind, said.unit_number] is None:
        raise StillRefused(
            _("There is still no %(kind)s %(number)s there.", kind=said.unit_kind, number=said.unit_number)
        )
    telemetry.record_readings(readings=[said])
    return letter


def _numbered(said: Envelope, letter_id: uuid.UUID, asset_id: uuid.UUID | None) -> tuple[DeadLetter, str]:
    """What was numbered keeps its number and its device's time, whether its number was counted then or not."""
    sender = DeviceBook().look_up([said.device])[said.device]
    if sender is None:
        raise StillRefused(_("There is still no device %(name)s.", name=said.device))
    if not sender.heard:
        raise StillRefused(_("The device %(name)s is not in service.", name=said.device))
    if isinstance(said, Said):
        return _reading(said, sender, letter_id, asset_id)
    if isinstance(said, Presence):
        raise StillRefused(_("How a device was then says nothing about how it is now."))
    own = {said.number and (sender.id, said.number.boot), isinstance(said, Lost) and (sender.id, said.boot)}
    starts = lock_starts([start for start in own if start])
    letter = _locked(letter_id, asset_id)
    if said.number is not None and (sender.id, said.number.boot) in starts:
        numbering.add(starts[sender.id, said.number.boot].received, said.number.seq)
    if isinstance(said, Lost):
        if (sender.id, said.boot) in starts and not numbered.give_up(starts[sender.id, said.boot], said.ranges):
            raise StillRefused(_("The device has still left more holes in its numbers than can be waited for."))
        words = _("Taken: %(name)s says which numbers it lost.", name=said.device)
    else:
        commands.finished(
            command_id=said.command_id, status=said.status, detail=said.detail, device_id=uuid.UUID(sender.id)
        )
        words = _("Taken: %(name)s says how a command went.", name=said.device)
    if starts:
        numbered.count(starts)
    return letter, words


def _reading(said: Said, sender: Sender, letter_id: uuid.UUID, asset_id: uuid.UUID | None) -> tuple[DeadLetter, str]:
    strayed = numbered.misplaced(said, sender)
    if strayed is not None:
        raise StillRefused(strayed.detail)
    assert sender.unit_id is not None, "a device that speaks for a unit has one"
    assert sender.asset_id is not None, "a unit stands at a place"
    start = sender.id, said.number.boot
    starts = lock_starts([start])  # before the letter: the ingester locks in this order
    letter = _locked(letter_id, asset_id)
    came = starts.get(start)
    unit_id = uuid.UUID(sender.unit_id)
    if came is None or numbering.holds(came.received, said.number.seq):
        at = None if said.t is None else _EPOCH + timedelta(microseconds=said.t)
        if is_kept(uuid.UUID(sender.id), unit_id, said.number, at, letter.created_at - _AROUND):
            raise AlreadyReplayed(_("The device has said this again since, and it was taken then."))
    elif numbering.add(came.received, said.number.seq):
        numbered.count(starts)
    history.keep_numbered([(said, sender)], came_at=letter.created_at)
    telemetry.announce(units={sender.asset_id: [sender.unit_id]})
    return letter, _words(unit_of(unit_id).number, said.kind, said.value)


def _words(number: str, kind: str, value: str) -> str:
    return _("Taken: %(number)s says %(kind)s %(value)s.", number=number, kind=kind, value=value[:60])
