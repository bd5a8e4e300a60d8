"""What the palette and the search page find besides units: payments and people; and what they can start."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for

from portal.core.words import lazy_
from portal.shared.assets.models import Asset
from portal.shared.identity.permissions import role_words
from portal.shared.identity.queries import members_of
from portal.shared.payments.bill_queries import WantedBills, bills_of
from portal.shared.payments.payout_queries import PayoutsWanted, payouts_of
from portal.shared.payments.queries import Wanted, payments_of
from portal.shared.payments.services.bills import called
from portal.web.context import ACTIONS, Action
from portal.web.filters import money
from portal.web.home.search import SOURCES, Hit, Source
from portal.web.payments import bill_words, payout_words
from portal.web.payments.words import status_words

MOST = 6


def payments(place: Asset, asked: str) -> Iterator[Hit]:
    """Payments by reference or by the payer's address."""
    for intent in payments_of(place.id, Wanted(search=asked), limit=MOST).items:
        yield Hit(
            f"{intent.reference} · {intent.payer_email}",
            url_for("payments.show", asset_number=place.asset_number, reference=intent.reference),
            "credit-card",
            f"{money(intent.amount, intent.currency)} · {status_words(intent.status)}",
        )


def bills(place: Asset, asked: str) -> Iterator[Hit]:
    """Bills by number, customer or words."""
    for bill in bills_of(place.id, WantedBills(search=asked), limit=MOST).items:
        yield Hit(
            f"{called(bill)} · {bill.description}",
            url_for("payments.bills_show", asset_number=place.asset_number, number=bill.number),
            "receipt-2",
            f"{money(bill.amount, bill.currency)} · {bill_words.status_words(bill.status)}",
        )


def payouts(place: Asset, asked: str) -> Iterator[Hit]:
    """Payouts by recipient, words, account or reference."""
    for payout in payouts_of(place.id, PayoutsWanted(search=asked), limit=MOST).items:
        yield Hit(
            f"{payout.recipient_name} · {payout.description}",
            url_for("payments.payouts_show", asset_number=place.asset_number, reference=payout.reference),
            "send",
            f"{money(payout.amount, payout.currency)} · {payout_words.status_words(payout.status)}",
        )


def people(place: Asset, asked: str) -> Iterator[Hit]:
    """Who works here, by name or address."""
    wanted = asked.casefold()
    fitting = [each for each in members_of(place.id) if wanted in f"{each.user.name} {each.user.email}".casefold()]
    for each in fitting[:MOST]:
        yield Hit(
            each.user.name,
            url_for("admin.person", asset_number=place.asset_number, user_id=each.user_id),
            "user",
            role_words(each.role),
        )


ACTIONS += [
    Action(lazy_("Raise a bill"), "payments.bills_new", "bills.raise", "receipt-2"),
    Action(
        lazy_("Take cash or a card"), "payments.take_for_unit", "payments.take", "cash", frozenset({"hotel", "fleet"})
    ),
    Action(lazy_("New payout"), "payments.payouts_new", "payouts.draft", "send"),
    Action(lazy_("Invite somebody"), "admin.people", "people.invite", "user-plus"),
    Action(lazy_("Read the audit trail"), "admin.audit", "audit.view", "history"),
]
SOURCES += [
    Source(lazy_("Payments"), "payments.view", payments),
    Source(lazy_("Bills"), "bills.view", bills),
    Source(lazy_("Payouts"), "payouts.view", payouts),
    Source(lazy_("People"), "people.role", people),
]
