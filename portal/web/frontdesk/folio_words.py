"""Folios in the words of the desk."""

from __future__ import annotations

from collections.abc import Sequence

from portal.core.words import _, lazy_
from portal.shared.audit.models import AuditEntry
from portal.trades.hotel.models import LineKind
from portal.web.filters import money
from portal.web.payments.life import Moment

#: What every hotel charges now and then, until it has a list of its own.
USUAL = (
    ("minibar", lazy_("Minibar")),
    ("breakfast", lazy_("Breakfast")),
    ("laundry", lazy_("Laundry")),
    ("parking", lazy_("Parking")),
    ("telephone", lazy_("Telephone")),
    ("damage", lazy_("Damage")),
    ("other", lazy_("Something else")),
)


def kind(value: str) -> str:
    """What a line is, in a word."""
    return {
        LineKind.CHARGE: _("Charge"),
        LineKind.TAX: _("Tax"),
        LineKind.FEE: _("Fee"),
        LineKind.PAYMENT: _("Payment"),
        LineKind.DEPOSIT: _("Deposit"),
        LineKind.REFUND: _("Refund"),
        LineKind.TRANSFER: _("Moved"),
        LineKind.REVERSAL: _("Taken back"),
    }[LineKind(value)]


def life_of(happened: Sequence[AuditEntry]) -> list[Moment]:
    """What was done to folios, in order."""
    return [_told(entry) for entry in sorted(happened, key=lambda each: each.at)]


def _told(entry: AuditEntry) -> Moment:
    after = entry.after or {}
    sum_of = money(int(after["amount"]), after["currency"]) if after.get("amount") and after.get("currency") else ""
    words, tone, icon = {
        "folio.opened": (_("A window was opened"), "idle", "receipt"),
        "folio.amended": (_("Who pays was changed"), "idle", "edit"),
        "folio.charged": (_("%(sum)s charged", sum=sum_of), "idle", "plus"),
        "folio.reversed": (_("%(sum)s taken back", sum=sum_of), "warn", "arrow-back-up"),
        "folio.moved": (_("%(sum)s moved", sum=sum_of), "idle", "arrows-exchange"),
        "folio.paid": (_("%(sum)s paid", sum=sum_of), "good", "circle-check"),
        "folio.kept_as_credit": (_("%(sum)s kept as credit", sum=sum_of), "info", "wallet"),
        "folio.deposit_applied": (_("%(sum)s of deposit applied", sum=sum_of), "good", "checks"),
        "folio.deposit_held": (_("%(sum)s held as a deposit again", sum=sum_of), "info", "wallet"),
        "folio.closed": (_("Closed"), "good", "lock"),
        "folio.reopened": (_("Opened again"), "warn", "lock-open"),
    }.get(entry.action, (entry.action.replace("_", " ").replace(".", ": "), "idle", "circle-dot"))
    said = after.get("words") or after.get("name")
    return Moment(entry.at, words, entry.reason or (str(said) if said else None), entry.actor_name, tone, icon)
