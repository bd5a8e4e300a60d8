"""Trying a refused message once more, after what was wrong with it has been put right."""

from __future__ import annotations

import uuid

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.shared.devices.book import UnitBook
from portal.shared.devices.errors import AlreadyReplayed, StillRefused
from portal.shared.devices.queries import lock_dead_letter
from portal.shared.devices.readings import Reading, Refused, from_plain_topic
from portal.shared.devices.services import telemetry


@transactional
def replay(*, letter_id: uuid.UUID, asset_id: uuid.UUID | None, actor: Actor) -> Reading:
    """Take the message as if it came now, once; raises StillRefused with the sentence why it still cannot be."""
    letter = lock_dead_letter(letter_id, asset_id)
    if letter.replayed_at is not None:
        raise AlreadyReplayed(_("This message has been taken already."))
    said = from_plain_topic(letter.topic, bytes(letter.payload))
    if isinstance(said, Refused):
        raise StillRefused(said.detail)
    if UnitBook().look_up([said])[said.asset_number, said.unit_kind, said.unit_number] is None:
        raise StillRefused(
            _("There is still no %(kind)s %(number)s there.", kind=said.unit_kind, number=said.unit_number)
        )
    telemetry.record_readings(readings=[said])
    letter.replayed_at = utcnow()
    record(
        "dead_letter.replayed",
        actor=actor,
        subject="dead_letter",
        subject_id=letter.id,
        asset_id=letter.asset_id,
        after={"topic": letter.topic, "kind": said.kind, "value": said.value[:200]},
    )
    return said
