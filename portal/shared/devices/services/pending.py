"""Stops that wait until the vehicle stands still."""

from __future__ import annotations

from portal.core.clock import utcnow
from portal.core.transaction import transactional
from portal.shared.devices import events
from portal.shared.devices.command_queries import lock_pending_commands
from portal.shared.devices.services.steps import VALID_FOR, announce, have_to_wait


@transactional
def release_standing(*, limit: int = 500) -> int:
    """Let go of the pending commands that need not wait any more; their time to be done begins now. Returns how many.

    The sender asks once more before each copy, so what begins to move again becomes pending again.
    """
    now = utcnow()
    pending = lock_pending_commands(now, limit)
    waiting = have_to_wait(pending)
    released = 0
    for command in pending:
        if command not in waiting:
            command.held = None
            command.not_after, command.next_attempt_at = now + VALID_FOR, now
            announce(command, events.CommandQueued)
            released += 1
    return released
