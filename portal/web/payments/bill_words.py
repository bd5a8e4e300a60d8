"""Bills in the words of the people who raise and collect them."""

from __future__ import annotations

from collections.abc import Sequence

from portal.core.actor import ActorKind
from portal.core.words import _
from portal.shared.audit.models import AuditEntry
from portal.shared.payments.models import BillKind, BillStatus
from portal.shared.payments.providers import called
from portal.web.filters import money
from portal.web.payments.life import Moment

#: A bill's page and the list look again when one of these is announced.
LIVE = (
    "payments.bill.raised from:body, payments.bill.paid from:body, payments.bill.cancelled from:body,"
    " payments.deposit.used from:body,"
    " payments.intent.opened from:body, payments.payment.settled from:body, payments.intent.held from:body,"
    " payments.intent.ended from:body, every 60s"
)


def status_words(status: str) -> str:
    """How a bill stands."""
    return {
        BillStatus.OPEN: _("To be paid"),
        BillStatus.PART_PAID: _("Part paid"),
        BillStatus.PAID: _("Paid"),
        BillStatus.CANCELLED: _("Cancelled"),
    }[BillStatus(status)]


def kind_words(kind: str) -> str:
    """What kind of bill it is, in one word."""
    return {
        BillKind.SALE: _("Sale"),
        BillKind.INVOICE: _("Invoice"),
        BillKind.DEPOSIT: _("Deposit"),
        BillKind.TOP_UP: _("Top-up"),
        BillKind.FOLIO: _("Folio"),
    }[BillKind(kind)]


def statuses() -> list[tuple[str, str]]:
    """The chips of the list: value and words."""
    return [(status.value, status_words(status)) for status in BillStatus]


def kinds() -> list[tuple[str, str]]:
    """The chips for the kinds."""
    return [(kind.value, kind_words(kind)) for kind in BillKind]


def life_of(happened: Sequence[AuditEntry], currency: str) -> list[Moment]:
    """Everything that happened to a bill, in order."""
    return [_told(entry, currency) for entry in reversed(happened)]


def _told(entry: AuditEntry, currency: str) -> Moment:
    after = entry.after or {}
    if entry.action == "bill.paid":
        counted = _("%(amount)s counted", amount=money(int(after["amount"]), currency))
        return Moment(entry.at, counted, _way(str(after["by"])), _who(entry), "good", "circle-check")
    if entry.action == "bill.deposit_used":
        earned = _("%(amount)s earned", amount=money(int(after["amount"]), currency))
        return Moment(entry.at, earned, _("What it was for has been given"), entry.actor_name, "good", "checks")
    words, tone, icon = {
        "bill.raised": (_("Raised"), "idle", "receipt"),
        "bill.cancelled": (_("Cancelled"), "warn", "ban"),
        "bill.sent": (_("The payment link was sent"), "info", "send"),
    }.get(entry.action, (entry.action.replace("_", " ").replace(".", ": "), "idle", "circle-dot"))
    return Moment(entry.at, words, entry.reason or after.get("to"), entry.actor_name, tone, icon)


def _who(entry: AuditEntry) -> str | None:
    """The person who did it; a provider's own word stands beside it already."""
    return None if entry.actor_kind == ActorKind.GATEWAY else entry.actor_name


def _way(by: str) -> str:
    """How money came, in a sentence."""
    return {
        "cash": _("in cash"),
        "card": _("by card machine"),
        "credit": _("from the customer's credit"),
    }.get(by) or _("by %(provider)s", provider=called(by))
