"""Every job on one line: its name, how many seconds lie between two runs, and the command it repeats."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from jobs import books
from portal.core import idempotency, outbox, partitions, runs, throttle
from portal.gateways.sandbox import webhooks as sandbox
from portal.reporting import downtime
from portal.shared.access.services import expiry
from portal.shared.audit import services as audit
from portal.shared.devices.services import (
    broker_keeper,
    commands,
    floods,
    gaps,
    hours,
    pending,
    retention,
    silence,
    watching,
)
from portal.shared.devices.services.rule_watch import work_due as work_rules
from portal.shared.devices.services.telling import escalate_due
from portal.shared.identity.services import cleanup
from portal.shared.notifications.services import webhooks
from portal.shared.payments.services import (
    answers,
    bands,
    inbox,
    intents,
    payouts,
    reconciliation,
    sending_back,
    settlement,
    verification,
)
from portal.trades.fleet.services import drivers, maintenance, tracking, upkeep
from portal.trades.hotel.services import channels, groups, night_audit, recount, room_senses
from portal.trades.hotel.services import upkeep as hotel_upkeep

HOUR = 3600
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


def expire_access() -> int:
    """End access whose time is up; a bite at a time, so that a stopping worker stops soon."""
    return expiry.expire_ended(limit=500)


SCHEDULE = [
    Job("access that has ended", 5, expire_access, batches=True),
    Job("commands to say again", 5, expiry.reissue_commands),
    Job("stops that wait for a standstill", 2, pending.release_standing),
    Job("commands nobody answered", 5, commands.expire_overdue, batches=True),
    Job("messages that are missing", 5, gaps.tell_of_open, batches=True),
    Job("what units said", 1, watching.look_at_news, batches=True),
    Job("licences that run out", HOUR, drivers.tell_of_licences),
    Job("maintenance that comes round", 300, maintenance.tell_of_due),
    Job("late words of vehicles", 2, tracking.catch_up, batches=True),
    Job("vehicles that fell silent", 60, upkeep.end_silent_trips, batches=True),
    Job("old checkpoints of vehicles", HOUR, upkeep.thin_checkpoints, batches=True),
    Job("alert rules over time", 15, work_rules),
    Job("rooms somebody should look at", 15, room_senses.work_due),
    Job("reservations held too long", 5, hotel_upkeep.expire_holds, batches=True),
    Job("hotel calendars counted again", 6 * HOUR, recount.look),
    Job("business days to close", 1, night_audit.close_asked),
    Job("calendars of channels", 30, channels.read_due),
    Job("groups to cut off", 60, groups.cut_off_due),
    Job("nights to put on sale", HOUR, hotel_upkeep.open_nights_ahead),
    Job("packs for when the portal is down", 60, downtime.write_packs),
    Job("alerts nobody acknowledged", 15, escalate_due, batches=True),
    Job("payment messages", 1, inbox.process_due, batches=True),
    Job("payments to ask about", 5, settlement.poll_due, batches=True),
    Job("payouts under way", 2, payouts.work_due, batches=True),
    Job("published charges", DAY, bands.load_known),
    Job("refunds to send and ask about", 2, sending_back.work_due, batches=True),
    Job("phones that were asked", 1, answers.ask_due, batches=True),
    Job("money sent to the paybill", 1, verification.ask_due, batches=True),
    Job("comparisons of the night", 300, reconciliation.nightly),
    Job("comparisons under way", 2, reconciliation.advance, batches=True),
    Job("payments nobody made", 30, intents.expire_due, batches=True),
    Job("sandbox webhooks", 1, sandbox.deliver_due),
    Job("other systems to tell", 1, webhooks.send_due, batches=True),
    Job("old calls of other systems", DAY, webhooks.forget_old),
    Job("outbox deliveries", 1, outbox.deliver_due, batches=True),
    Job("scheduler heartbeat", 5, beat),
    Job("audit seal", 30, audit.seal, batches=True),
    Job("devices that fell silent", 30, silence.look, batches=True),
    Job("devices that said too much", 30, floods.end_quiet),
    Job("accounts of the broker", 60, broker_keeper.keep),
    Job("topics of other devices", 2, broker_keeper.watch),
    Job("look at the books", DAY, books.verify),
    Job("event partitions", DAY, partitions.make_ahead),
    Job("sums of the hours", 10, hours.sum_closed, batches=True),
    Job("old events", HOUR, retention.let_go_of_months),
    Job("old dead letters", DAY, retention.forget_dead_letters, batches=True),
    Job("old idempotency keys", HOUR, idempotency.forget_old),
    Job("old throttle windows", HOUR, throttle.forget_old),
    Job("old announcements", HOUR, outbox.forget_old, batches=True),
    Job("old sessions and links", HOUR, cleanup.forget_old),
]
