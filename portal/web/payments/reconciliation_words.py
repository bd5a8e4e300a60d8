"""Differences in the words of the people who look after them."""

from __future__ import annotations

from portal.core.money import DECIMALS
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.payments.models import Difference, DifferenceKind, DifferenceStatus, Reconciliation
from portal.shared.payments.providers import called
from portal.web import filters


def kind_words(kind: str) -> str:
    """What does not agree, in a few words."""
    return {
        DifferenceKind.MISSING_HERE: _("Paid, not settled here"),
        DifferenceKind.MISSING_THERE: _("The provider does not know it"),
        DifferenceKind.AMOUNT_DIFFERS: _("The amount differs"),
        DifferenceKind.CURRENCY_DIFFERS: _("The currency differs"),
        DifferenceKind.FEE_DIFFERS: _("The charge differs"),
        DifferenceKind.STATUS_DIFFERS: _("The state differs"),
        DifferenceKind.NOT_IN_BOOKS: _("Not in the books"),
        DifferenceKind.BOOKS_DIFFER: _("The books say something else"),
        DifferenceKind.SETTLEMENT_NOT_BOOKED: _("Paid out, not booked"),
    }.get(DifferenceKind(kind), kind)


def meaning(difference: Difference) -> str:
    """What a difference means, and what to do next, in a sentence or two."""
    provider = called(difference.provider)
    if difference.kind == DifferenceKind.MISSING_HERE and difference.details.get("unknown"):
        return _(
            "%(provider)s received this money under a reference nobody started here. Keep it as unclaimed money until "
            "it is known what it was for.",
            provider=provider,
        )
    if difference.kind == DifferenceKind.STATUS_DIFFERS and difference.details.get("status") == "reversed":
        return _(
            "%(provider)s has given this money back to the payer, and here it still counts as paid. Take that over, "
            "or explain it.",
            provider=provider,
        )
    return {
        DifferenceKind.MISSING_HERE: _(
            "%(provider)s has the money, and here it is not settled: its message was lost, or came to nothing. "
            "Settling it asks the provider once more, and then gives what was paid for or holds it for a decision.",
            provider=provider,
        ),
        DifferenceKind.MISSING_THERE: _(
            "This payment is settled here, and %(provider)s, asked, knows no such charge. Ask them for it, and write "
            "down what they say.",
            provider=provider,
        ),
        DifferenceKind.AMOUNT_DIFFERS: _(
            "%(provider)s charged the payer another sum than is written down here. One person proposes to book the "
            "difference, and another one books it.",
            provider=provider,
        ),
        DifferenceKind.CURRENCY_DIFFERS: _(
            "%(provider)s counts this payment in another currency. Ask them which is right, and write down what they "
            "say.",
            provider=provider,
        ),
        DifferenceKind.FEE_DIFFERS: _(
            "%(provider)s kept another charge than is booked. Booking it corrects the cost and what lies there.",
            provider=provider,
        ),
        DifferenceKind.STATUS_DIFFERS: _(
            "This payment is settled here, and %(provider)s says that it did not go through. Ask them, and write down "
            "what they say.",
            provider=provider,
        ),
        DifferenceKind.NOT_IN_BOOKS: _("This payment has no entry in the books. Booking it makes the entry now."),
        DifferenceKind.BOOKS_DIFFER: _(
            "The entries of this payment do not add up to it. One person proposes a correction, and another one books "
            "it."
        ),
        DifferenceKind.SETTLEMENT_NOT_BOOKED: _(
            "%(provider)s has paid this into the bank. Booking it moves the money from the provider to the bank.",
            provider=provider,
        ),
    }.get(DifferenceKind(difference.kind), "")


def sides(kind: str) -> tuple[str, str]:
    """What the two figures of a difference are."""
    if kind == DifferenceKind.FEE_DIFFERS:
        return _("Charge booked here"), _("Charge at the provider")
    if kind in (DifferenceKind.NOT_IN_BOOKS, DifferenceKind.BOOKS_DIFFER):
        return _("The payment"), _("In the books")
    if kind == DifferenceKind.SETTLEMENT_NOT_BOOKED:
        return _("In the books"), _("Paid out")
    return _("Here"), _("At the provider")


def status_words(status: str) -> str:
    """What became of a difference."""
    return {
        DifferenceStatus.OPEN: _("Open"),
        DifferenceStatus.FIXED: _("Mended"),
        DifferenceStatus.EXPLAINED: _("Explained"),
        DifferenceStatus.GONE: _("Gone by itself"),
    }.get(DifferenceStatus(status), status)


def run_words(run: Reconciliation) -> str:
    """How a comparison stands."""
    return {"running": _("Under way"), "done": _("Done"), "failed": _("Stopped")}.get(run.status, run.status)


def begun_by(run: Reconciliation) -> str:
    """Who began a comparison."""
    return _("the portal itself") if run.started_by.startswith("system:") else str(run.counts["by"])


def doing(run: Reconciliation) -> str:
    """What a running comparison is at."""
    counts = run.counts
    return {
        "charges": _("Reading the provider's list: %(n)s so far", n=counts["read"]),
        "settlements": _("Reading what was paid out"),
        "asking": _("Asking about single payments: %(n)s so far", n=counts["asked"]),
    }.get(counts["phase"], _("Comparing"))


def money(minor: int | None, currency: str) -> str:
    """A sum; a provider may name a currency nobody here knows."""
    if minor is None or currency in DECIMALS:
        return filters.money(minor, currency)
    return f"{minor} {currency}"


def shares(found: list[tuple[Asset, int]], currency: str) -> list[tuple[str, str]]:
    """How a settlement falls to the places."""
    return [(place.name, money(minor, currency)) for place, minor in found]
