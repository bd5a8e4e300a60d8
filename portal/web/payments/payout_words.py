"""Payouts in the words of the people who decide about them."""

from __future__ import annotations

from collections.abc import Sequence

from portal.core.words import LazyText, _, lazy_, ngettext
from portal.shared.audit.models import AuditEntry
from portal.shared.ledger import chart
from portal.shared.payments.models import GatewayMessage, Payout, PayoutStatus
from portal.shared.payments.payout_queries import UNDER_WAY
from portal.web.filters import money
from portal.web.payments.life import Moment

#: A payout's page and the list look again when this is announced.
LIVE = "payments.payout.moved from:body, every 60s"
#: What the money is for, and where it goes in the books.
COUNTERS: tuple[tuple[str, LazyText], ...] = (
    (chart.BANK, lazy_("Our own bank account")),
    (chart.PAYABLE, lazy_("A supplier's bill we owe")),
    (chart.COSTS, lazy_("Costs: wages, goods, services")),
    (chart.CAPITAL, lazy_("The owner takes money out")),
)
GROUPS: dict[str, tuple[PayoutStatus, ...]] = {
    "waiting": (PayoutStatus.DRAFT, PayoutStatus.OTP),
    "under_way": UNDER_WAY,
    "success": (PayoutStatus.SUCCESS,),
    "ended": (
        PayoutStatus.FAILED,
        PayoutStatus.REVERSED,
        PayoutStatus.ABANDONED,
        PayoutStatus.BLOCKED,
        PayoutStatus.REJECTED,
        PayoutStatus.CANCELLED,
    ),
}
LOOKS: dict[PayoutStatus, tuple[str, str]] = {
    PayoutStatus.DRAFT: ("warn", "pencil"),
    PayoutStatus.APPROVED: ("info", "check"),
    PayoutStatus.SUBMITTING: ("info", "send"),
    PayoutStatus.OTP: ("warn", "key"),
    PayoutStatus.PENDING: ("info", "hourglass"),
    PayoutStatus.RECEIVED: ("info", "hourglass"),
    PayoutStatus.SUCCESS: ("good", "circle-check"),
    PayoutStatus.FAILED: ("bad", "circle-x"),
    PayoutStatus.REVERSED: ("bad", "arrow-back-up"),
    PayoutStatus.ABANDONED: ("idle", "circle-dashed"),
    PayoutStatus.BLOCKED: ("bad", "ban"),
    PayoutStatus.REJECTED: ("bad", "ban"),
    PayoutStatus.CANCELLED: ("idle", "ban"),
}


def look(status: str) -> dict[str, str]:
    """Colour and icon of a state, for its badge."""
    tone, icon = LOOKS[PayoutStatus(status)]
    return {"tone": tone, "icon": icon}


def status_words(status: str) -> str:
    """How a payout stands."""
    return {
        PayoutStatus.DRAFT: _("Waits for approval"),
        PayoutStatus.APPROVED: _("Approved"),
        PayoutStatus.SUBMITTING: _("Being sent"),
        PayoutStatus.OTP: _("Waits for the password"),
        PayoutStatus.PENDING: _("With the bank"),
        PayoutStatus.RECEIVED: _("With the provider"),
        PayoutStatus.SUCCESS: _("Arrived"),
        PayoutStatus.FAILED: _("Failed"),
        PayoutStatus.REVERSED: _("Sent back"),
        PayoutStatus.ABANDONED: _("Given up"),
        PayoutStatus.BLOCKED: _("Blocked"),
        PayoutStatus.REJECTED: _("Rejected"),
        PayoutStatus.CANCELLED: _("Cancelled"),
    }[PayoutStatus(status)]


def what_now(status: str) -> str:
    """What happens next, or what it means that nothing does."""
    return {
        PayoutStatus.DRAFT: _("Nothing has moved. Somebody other than who drafted it approves it."),
        PayoutStatus.APPROVED: _("The money is reserved; it goes to the provider in a moment."),
        PayoutStatus.SUBMITTING: _("It went to the provider, whose answer is not here yet. It is asked about under the"
                                   " same reference, so it cannot be sent twice."),
        PayoutStatus.OTP: _("The provider sent a one-time password to the owner of its account."),
        PayoutStatus.PENDING: _("The provider has it and will say how it ends. It is asked by itself."),
        PayoutStatus.RECEIVED: _("The provider has it and will say how it ends. It is asked by itself."),
        PayoutStatus.SUCCESS: _("The money reached the account and is booked."),
        PayoutStatus.FAILED: _("The money stayed and is free again. Draft it anew when the reason is gone."),
        PayoutStatus.REVERSED: _("The bank sent the money back; it is free again."),
        PayoutStatus.ABANDONED: _("No password came in time, so the provider gave it up; the money is free again."),
        PayoutStatus.BLOCKED: _("The provider blocked it; the money is free again."),
        PayoutStatus.REJECTED: _("It was rejected at the provider; the money is free again."),
        PayoutStatus.CANCELLED: _("It was taken back before it was sent."),
    }[PayoutStatus(status)]  # fmt: skip


def counter_words(counter: str) -> str:
    """What a payout is for."""
    return str(dict(COUNTERS).get(counter, counter))


def groups(mine: bool) -> list[tuple[str, str]]:
    """The chips of the list: value and words."""
    return [
        ("waiting", _("Waits for me") if mine else _("Waits for somebody")),
        ("under_way", _("On its way")),
        ("success", _("Arrived")),
        ("ended", _("Did not arrive")),
    ]


def clock(seconds: int) -> str:
    """Seconds as a countdown shows them."""
    return f"{seconds // 60}:{seconds % 60:02}"


def people_of(happened: Sequence[AuditEntry]) -> dict[str, str]:
    """Who took each step, by the step's action."""
    return {entry.action: entry.actor_name for entry in happened}


def life_of(payout: Payout, happened: Sequence[AuditEntry], told: Sequence[GatewayMessage]) -> list[Moment]:
    """Everything that happened to a payout, in order."""
    moments = [_written(entry, payout) for entry in reversed(happened)]
    moments += [_came(message) for message in told]
    return sorted(moments, key=lambda moment: moment.at)


def _written(entry: AuditEntry, payout: Payout) -> Moment:
    step = entry.action.removeprefix("payout.")
    after = entry.after or {}
    detail = entry.reason or after.get("said")
    if step in LOOKS:
        tone, icon = LOOKS[PayoutStatus(step)]
        if step == PayoutStatus.APPROVED:
            total = money(int(after["amount"]) + int(after["fee"]), payout.currency)
            detail = _("%(total)s reserved, with the charge", total=total)
        return Moment(entry.at, _step_words(step), detail, entry.actor_name, tone, icon)
    words, tone, icon = {
        "otp_wrong": (_("A wrong password was given"), "warn", "key-off"),
        "otp_resent": (_("Another password was sent"), "info", "send"),
        "otp_locked": (_("Three passwords were wrong: locked"), "bad", "lock"),
        "reversed_after_success": (_("It came back after it had arrived: look into it"), "bad", "alert-triangle"),
        "contradicted": (_("The provider says something that cannot be true: look into it"), "bad", "alert-triangle"),
        "without_end": (_("A day without an end: ask the provider"), "bad", "alert-triangle"),
    }.get(step, (step.replace("_", " "), "idle", "circle-dot"))
    if step == "otp_wrong":
        tries = int(after.get("tries", 0))
        detail = ngettext("%(num)s try", "%(num)s tries", tries)
    return Moment(entry.at, words, None if step == "otp_resent" else detail, entry.actor_name, tone, icon)


def _step_words(step: str) -> str:
    return {
        PayoutStatus.DRAFT: _("Drafted"),
        PayoutStatus.APPROVED: _("Approved"),
        PayoutStatus.SUBMITTING: _("Sent to the provider"),
        PayoutStatus.OTP: _("The provider asks for the password"),
        PayoutStatus.PENDING: _("With the bank"),
        PayoutStatus.SUCCESS: _("Arrived, and booked"),
    }.get(PayoutStatus(step), status_words(step))


def _came(message: GatewayMessage) -> Moment:
    return Moment(
        message.created_at,
        _("The provider told us: %(kind)s", kind=message.kind),
        ngettext("Came once", "Came %(num)s times", message.deliveries),
        tone="info",
        icon="message",
        raw=bytes(message.raw).decode("utf-8", "replace")[:20_000],
    )
