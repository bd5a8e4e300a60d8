"""Time in the pretended world: money that comes late, refunds and transfers that take their steps, days that settle."""

from __future__ import annotations

from portal.core.clock import utcnow
from portal.core.transaction import transactional
from portal.gateways.sandbox import balances, flutterwave, refunds, service, transfers
from portal.gateways.sandbox.daraja import pushes

#: Enough steps for anything under way to come to its end.
MOST_STEPS = 5


def tick() -> int:
    """Do what is due now; returns how much that was."""
    late = service.pay_late() + flutterwave.pay_late() + pushes.expire_due()
    return late + refunds.move_due() + transfers.move_due() + balances.settle()


@transactional
def advance() -> int:
    """Let what is under way come to its end at once: for tests, and for people who will not wait.

    Nothing is decided that a person decides: a transfer still waits for its password, a prompt for its PIN.
    """
    moved = 0
    for _step in range(MOST_STEPS):
        now = utcnow()
        step = refunds.move_due(now=now + refunds.STEP) + transfers.move_due(now=now + transfers.STEP)
        moved += step
        if not step:
            break
    return moved
