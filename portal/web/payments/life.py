"""One payment's life as a timeline: started, sent to the provider, told, settled, granted, unlocked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.core.words import _, ngettext
from portal.shared.access.models import AccessGrant
from portal.shared.audit.models import AuditEntry
from portal.shared.audit.queries import trail
from portal.shared.devices.models import DeviceCommand
from portal.shared.devices.queries import commands_of
from portal.shared.payments.models import GatewayMessage, PaymentIntent
from portal.shared.payments.providers import called
from portal.shared.payments.queries import messages_of
from portal.web.payments.words import kind_words, message_words, trail_words, via_words

MARKS = {
    "payment.settled": ("good", "circle-check"),
    "payment.held": ("warn", "eye"),
    "payment.refunded": ("idle", "receipt-refund"),
    "payment.marked_for_refund": ("warn", "receipt-refund"),
    "refund.requested": ("warn", "receipt-refund"),
    "refund.approved": ("info", "receipt-refund"),
    "refund.declined": ("idle", "ban"),
    "refund.pending": ("info", "send"),
    "refund.processing": ("info", "refresh"),
    "refund.needs_attention": ("warn", "eye"),
    "refund.processed": ("good", "receipt-refund"),
    "refund.failed": ("bad", "circle-x"),
    "payment_intent.opened": ("idle", "circle-dot"),
    "phone_push.asked": ("info", "device-mobile"),
    "phone_push.paid": ("good", "device-mobile"),
    "phone_push.cancelled": ("warn", "ban"),
    "phone_push.failed": ("bad", "device-mobile"),
    "phone_push.expired": ("warn", "clock"),
    "payment.taken": ("good", "cash"),
    "payment.receipt_sent": ("info", "send"),
}
COMMANDS = {"done": "good", "failed": "bad", "rejected": "bad", "expired": "warn"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    words: str
    detail: str | None = None
    by: str | None = None
    tone: str = "idle"
    icon: str = "circle-dot"
    raw: str | None = None


def life_of(intent: PaymentIntent, grant: AccessGrant | None) -> list[Moment]:
    """Everything that happened to a payment, in order."""
    moments = [_written(entry, intent) for entry in reversed(trail(subject="payment_intent", subject_id=intent.id))]
    if intent.started_at is not None and intent.checkout_url is not None:
        moments.append(
            Moment(
                intent.started_at,
                _("Sent to the checkout of %(provider)s", provider=called(intent.provider)),
                icon="send",
            )
        )
    moments += [_told(message) for message in messages_of(intent.reference)]
    if grant is not None:
        moments.append(Moment(grant.created_at, _("Access given"), tone="good", icon="key"))
        moments += [_command(each) for each in commands_of(grant.unit_id, 100) if each.grant_id == grant.id]
    return sorted(moments, key=lambda moment: moment.at)


def _written(entry: AuditEntry, intent: PaymentIntent) -> Moment:
    tone, icon = MARKS.get(entry.action, ("warn" if entry.action.startswith("payment.") else "idle", "circle-dot"))
    after = entry.after or {}
    detail = entry.reason
    if entry.action in ("payment.settled", "payment.held"):
        detail = _("Told by %(whom)s, transaction %(number)s",
                   whom=via_words(str(after.get("via"))), number=after.get("transaction", "–"))  # fmt: skip
    elif entry.action.startswith("phone_push."):
        detail = " · ".join(filter(None, (after.get("phone"), after.get("said"))))
    elif after.get("transaction"):
        detail = _("Transaction %(number)s", number=after["transaction"])
    # what the money bought was written down before this entry, in the same breath
    taken = entry.action in ("payment.settled", "payment.held") and after.get("via") and not entry.reason
    at = intent.settled_at if taken and intent.settled_at else entry.at
    return Moment(at, trail_words(entry.action), detail, entry.actor_name, tone, icon)


def _told(message: GatewayMessage) -> Moment:
    came = ngettext("Came once", "Came %(num)s times", message.deliveries)
    trouble = message.status in ("dead", "unmatched")
    return Moment(
        message.created_at,
        _("The provider told us that it was paid")
        if message.kind == "charge.success"
        else _("The provider told us: %(kind)s", kind=kind_words(message.kind)),
        f"{came}. {message_words(message.error, message.status)}".strip(),
        tone="bad" if trouble else "info",
        icon="message",
        raw=bytes(message.raw).decode("utf-8", "replace")[:20_000],
    )


def _command(command: DeviceCommand) -> Moment:
    said = {
        "unlock": _("The door was told to unlock"),
        "lock": _("The door was told to lock"),
        "turn_on": _("The ignition was told to turn on"),
        "turn_off": _("The ignition was told to turn off"),
    }.get(command.action, command.action)
    state = {
        "queued": _("Not sent yet"),
        "sent": _("Sent"),
        "accepted": _("Accepted"),
        "done": _("Done"),
        "expired": _("Not reached in time"),
        "superseded": _("Replaced by a younger one"),
    }.get(command.status, command.status)
    return Moment(
        command.created_at,
        said,
        ", ".join(filter(None, (state, command.detail))),
        tone=COMMANDS.get(command.status, "info"),
        icon="lock-open" if command.action in ("unlock", "turn_on") else "lock",
    )
