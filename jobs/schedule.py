"""Every job on one line: its name, how many seconds lie between two runs, and the command it repeats."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from portal.core import idempotency, outbox, partitions, runs, throttle
from portal.gateways.sandbox import webhooks as sandbox
from portal.shared.access.services import expiry
from portal.shared.audit import services as audit
from portal.shared.payments.services import inbox, intents, settlement

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Job:
    """A command that does what is due and says how much that was; the second of two runs in a row does nothing.

    `batches` is for commands that take a bounded bite: they are repeated until nothing is left.
    """

    name: str
    every: float
    run: Callable[[], int]
    batches: bool = False


def beat() -> int:
    """Say that the clockwork is alive, and where."""
    runs.beat("scheduler", pid=os.getpid(), host=os.uname().nodename)
    return 0


SCHEDULE = [
    Job("outbox deliveries", 1, outbox.deliver_due, batches=True),
    Job("payment messages", 1, inbox.process_due, batches=True),
    Job("payment polls", 5, settlement.poll_due, batches=True),
    Job("payment intents", 15, intents.expire_due, batches=True),
    Job("sandbox webhooks", 1, sandbox.deliver_due),
    Job("access expiry", 5, expiry.expire_ended),
    Job("access commands", 10, expiry.reissue_commands),
    Job("scheduler heartbeat", 5, beat),
    Job("audit seal", 30, audit.seal, batches=True),
    Job("event partitions", DAY, partitions.make_ahead),
    Job("old idempotency keys", DAY, idempotency.forget_old),
    Job("old throttle windows", HOUR, throttle.forget_old),
]
