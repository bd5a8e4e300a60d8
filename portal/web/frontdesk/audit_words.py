"""The night audit in words: what each line of the checklist means, and what a frozen day says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.core.words import _
from portal.shared.payments.providers import called
from portal.trades.hotel.models import BusinessDay, LineKind
from portal.trades.hotel.queries.folios import MONEY
from portal.trades.hotel.queries.night_audit import Check


def check(each: Check) -> tuple[str, str]:
    """What a line of the checklist counts, and what happens to it."""
    return {
        "departures": (
            _("Guests who should have left"),
            _("Check them out, or extend their stays, before the day is closed."),
        ),
        "arrivals": (
            _("Guests who have not come"),
            _("Check them in, or change their dates, before the day is closed.")
            if each.blocks
            else _("They become no-shows: a fee as agreed, and their later nights are free again."),
        ),
        "closed_folios": (
            _("Guests in house whose folio is closed"),
            _("Reopen it, so that the night can be charged."),
        ),
        "over_limit": (_("Guests in house who owe more than the limit"), _("Ask them for a payment.")),
        "left_open": (_("Folios left open by guests who are gone"), _("Settle them, or close them with a reason.")),
        "in_house": (_("Guests in house"), _("Stays that sleep here tonight.")),
        "nights": (_("Nights to be charged"), _("Charged as they were agreed, with their taxes.")),
    }[each.name]


def tone(each: Check) -> tuple[str, str]:
    """How a line stands: its tone and its word."""
    if each.count and each.blocks:
        return "bad", _("Put right first")
    if each.count and each.name in ("arrivals", "over_limit", "left_open"):
        return "warn", _("Look")
    return "good", _("Ready")


@dataclass(frozen=True, slots=True)
class Report:
    """A closed day for its manager; amounts in minor units."""

    figures: Mapping[str, Any]
    charges: list[dict[str, Any]]
    payments: list[dict[str, Any]]

    @property
    def charged(self) -> int:
        """Everything charged, taxes with it."""
        return sum(each["amount"] for each in self.charges)

    @property
    def taxes(self) -> int:
        """The taxes in and on it."""
        return sum(each["tax"] for each in self.charges)

    @property
    def paid(self) -> int:
        """What came, less what went back."""
        return -sum(each["amount"] for each in self.payments)


def report_of(day: BusinessDay) -> Report:
    """What was frozen when a day was closed."""
    totals = day.totals or {}
    lines = totals.get("lines", [])
    return Report(
        totals.get("figures", {}),
        [each for each in lines if each["kind"] not in MONEY],
        [each for each in lines if each["kind"] in MONEY],
    )


def line(each: Mapping[str, Any]) -> str:
    """What a sum of a day is of."""
    code = str(each["code"])
    if each["kind"] in MONEY:
        way = {"city_ledger": _("Left owing"), "credit": _("Customer's credit")}.get(code) or called(code)
        return _("%(way)s, given back", way=way) if each["kind"] == LineKind.REFUND else way
    known = {
        "room": _("Rooms"),
        "tax": _("Taxes on top"),
        "cancellation": _("Cancellation fees"),
        "no_show": _("No-show fees"),
    }
    return known.get(code) or code.replace("_", " ").capitalize()
