"""Puts due commands to the broker, outside any transaction, and writes down what the broker confirmed."""

from __future__ import annotations

from portal.mqtt.client import Link
from portal.mqtt.echoes import Echoes
from portal.mqtt.routes import command_topic
from portal.shared.devices.services import commands

#: The broker's word for one batch; a command without it comes round again by itself.
CONFIRM_WITHIN = 5.0


def send_due(link: Link, echoes: Echoes) -> int:
    """One round: claim, publish, wait for the broker, mark as sent. Returns how many left."""
    if not link.connected:
        return 0
    published: dict[int, commands.Due] = {}
    for due in commands.claim_due():
        topic = command_topic(due.unit_kind, due.asset_number, due.unit_number, due.capability)
        if not link.broker.modern:
            echoes.expect(topic, due.action.encode())
        # One copy at a time waits at the broker: it expires there before the next is due.
        seconds = min(due.seconds_left, commands.BROKER_HOLDS.total_seconds())
        number = link.publish(topic, due.action, seconds=seconds, retain=due.retain)
        if number is not None:
            published[number] = due
    confirmed = link.answers(list(published), CONFIRM_WITHIN) if published else set()
    for number in confirmed:
        commands.sent(command_id=published[number].id, held=link.broker.modern)
    return len(confirmed)
