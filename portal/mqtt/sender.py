"""Puts due commands to the broker, outside any transaction, and writes down what the broker confirmed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from portal.mqtt.client import Link
from portal.mqtt.echoes import Echoes
from portal.mqtt.routes import command_topic, device_topic
from portal.shared.devices.services import commands

#: The broker's word for one batch; a command without it comes round again by itself.
CONFIRM_WITHIN = 5.0


def send_due(link: Link, echoes: Echoes) -> int:
    """One round: claim, publish, wait for the broker, mark as sent. Returns how many left."""
    if not link.connected:
        return 0
    published: dict[int, commands.Due] = {}
    for due in commands.claim_due():
        topic, payload = message(due)
        if not link.broker.modern and due.device is None:
            echoes.expect(topic, due.action.encode())
        # One copy at a time waits at the broker: it expires there before the next is due.
        number = link.publish(topic, payload, seconds=due.broker_holds, retain=due.retain)
        if number is not None:
            published[number] = due
    confirmed = link.answers(list(published), CONFIRM_WITHIN) if published else {}
    for number, listening in confirmed.items():
        commands.sent(command_id=published[number].id, held=link.broker.modern, listening=listening)
    return len(confirmed)


def message(due: commands.Due) -> tuple[str, str]:
    """Where a command goes and what it says: the action alone on a plain topic, an envelope to a registered device."""
    if due.device is None:
        return command_topic(due.unit_kind, due.asset_number, due.unit_number, due.capability), due.action
    envelope = {
        "id": str(due.id),
        "seq": due.seq,
        "capability": due.capability,
        "action": due.action,
        "not_after": _moment(due.not_after),
        "ttl_s": max(1, int(due.seconds_left)),
    }
    if due.lease_until is not None:
        envelope["lease_until"] = _moment(due.lease_until)
    return device_topic(due.device, "cmd"), json.dumps(envelope)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
