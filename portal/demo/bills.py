"""A month of bills: paid in every way, in part, overdue, cancelled, and one still waiting at each place."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.core import numbers
from portal.core.actor import ActorKind, system
from portal.demo.common import dice, insert, key, key_at
from portal.demo.people import PEOPLE, DemoPerson
from portal.demo.places import FLEET, HOTEL, DemoPlace
from portal.shared.assets.queries import asset_of
from portal.shared.audit.models import AuditEntry
from portal.shared.customers.models import Customer
from portal.shared.identity.models import Role
from portal.shared.ledger import chart
from portal.shared.ledger.services import entries
from portal.shared.payments.models import Bill, IntentStatus, Payment, PaymentIntent
from portal.shared.payments.services import bills


@dataclass(frozen=True, slots=True)
class Case:
    """One bill: days since it was raised, its amount in major units, and what came: (way, share of it, days later)."""

    place: DemoPlace
    days: float
    kind: str
    words: str
    amount: int
    who: str
    came: tuple[tuple[str, int, float], ...] = ()
    due: int | None = None
    cancelled: str | None = None


CASES = (
    Case(HOTEL, 27, "invoice", "Conference room, three days", 450_000, "Lagos Book Club", (("sandbox", 100, 6),), 14),
    Case(HOTEL, 24, "sale", "Laundry, 14 pieces", 12_600, "Kelechi Obi", (("cash", 100, 0.1),)),
    Case(HOTEL, 20, "deposit", "Wedding on the terrace", 800_000, "Aisha Lawal", (("sandbox", 25, 1), ("card", 25, 9))),
    Case(HOTEL, 16, "sale", "Dinner for six", 84_000, "Tunde Balogun", (("card", 100, 0.2),)),
    Case(HOTEL, 12, "top_up", "Credit for the next stay", 60_000, "Zainab Bello", (("cash", 100, 0.1),)),
    Case(HOTEL, 9, "sale", "Airport pick-up", 35_000, "Samuel Uche", (), None, "Raised twice"),
    Case(HOTEL, 11, "invoice", "Catering, board meeting", 220_000, "Marina Advisers", (), 7),
    Case(HOTEL, 1.2, "invoice", "Ten rooms for the choir", 1_150_000, "Lagos Book Club", (("sandbox", 40, 0.6),), 21),
    Case(HOTEL, 0.1, "sale", "Minibar and late check-out", 18_500, "Bisi Adebayo"),
    Case(FLEET, 22, "invoice", "Airport transfers in October", 96_000, "Savanna Tours", (("sandbox", 100, 8),), 14),
    Case(FLEET, 13, "sale", "Child seat, two weeks", 4_200, "Njeri Mwangi", (("cash", 100, 0.1),)),
    Case(FLEET, 6, "deposit", "Against damage, KD04", 25_000, "Peter Otieno", (("card", 100, 0.1),)),
    Case(FLEET, 0.3, "sale", "Driver for Saturday", 8_500, "Ruth Wambui"),
)


def load(now: datetime) -> None:
    """Write the bills, what came for them, and what was done, as the commands would have."""
    chance = dice("bills")
    rows: dict[type[Any], list[dict[str, Any]]] = {
        model: [] for model in (Customer, Bill, PaymentIntent, Payment, AuditEntry)
    }
    known: set[object] = set()
    raised: list[tuple[Case, dict[str, Any]]] = []
    for case in sorted(CASES, key=lambda each: -each.days):
        at = now - timedelta(days=case.days)
        customer = key(f"customer {case.place.id} {case.who}")
        if customer not in known:
            known.add(customer)
            rows[Customer].append({
                "id": customer, "created_at": at, "business_id": asset_of(case.place.id).business_id, "name": case.who,
                "email": _mail(case), "phone": None,
            })  # fmt: skip
        number = 1 + sum(other.place is case.place for other, _bill_row in raised)
        bill = _bill(case, number, at, customer, chance)
        raised.append((case, bill))
        rows[Bill].append(bill)
        _told(rows, case, bill, "bill.raised", at, {"status": "open", "number": bill["number"]})
        for way, share, later in case.came:
            _paid(rows, case, bill, way, share, min(at + timedelta(days=later), now), chance)
        if case.cancelled:
            at = bill["cancelled_at"] = at + timedelta(hours=2)
            bill |= {"status": "cancelled", "cancel_reason": case.cancelled}
            _told(rows, case, bill, "bill.cancelled", at, {"status": "cancelled"}, case.cancelled)
    rows[AuditEntry].sort(key=lambda row: row["at"])
    for model, found in rows.items():
        insert(model, found)
    for case, bill in raised:
        if case.kind == "invoice":
            _book(case, bill)


def number() -> None:
    """Take the numbers the bills have, once everything is in the books: a series is locked last."""
    for case in CASES:
        numbers.take_number(scope_id=case.place.id, series=bills.SERIES)


def _bill(case: Case, number: int, at: datetime, customer: object, chance: random.Random) -> dict[str, Any]:
    token = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=22))
    return {
        "id": key_at(at, chance), "created_at": at, "asset_id": case.place.id, "token": token, "customer_id": customer,
        "number": number, "kind": case.kind,
        "description": case.words, "amount": case.amount * 100, "currency": case.place.currency, "paid": 0,
        "status": "open", "due_on": (at + timedelta(days=case.due)).date() if case.due else None,
        "raised_by": f"user:{key(_clerk(case).email)}", "cancelled_at": None, "cancel_reason": None,
    }  # fmt: skip


def _paid(
    rows: dict[type[Any], list[dict[str, Any]]], case: Case, bill: dict[str, Any], way: str, share: int, at: datetime,
    chance: random.Random,
) -> None:  # fmt: skip
    """Money for a bill, by the pretended provider or at the desk."""
    amount = bill["amount"] * share // 100
    by_hand = way in ("cash", "card")
    intent = {
        "id": key_at(at, chance), "created_at": at, "reference": _reference(chance), "provider": way,
        "purpose": bills.PURPOSE, "asset_id": case.place.id, "subject_id": bill["id"], "payer_email": _mail(case),
        "amount": amount, "currency": bill["currency"], "status": IntentStatus.SUCCEEDED, "settled_at": at,
        "customer_id": bill["customer_id"], "opened_by": bill["raised_by"] if by_hand else "user:a visitor",
        "expires_at": at + timedelta(minutes=30),
    }  # fmt: skip
    slip = f"{asset_of(case.place.id).asset_number}/{chance.randint(1_000, 9_999):06}" if way == "card" else None
    rows[PaymentIntent].append(intent)
    rows[Payment].append({
        "id": key_at(at, chance), "created_at": at, "intent_id": intent["id"], "asset_id": case.place.id,
        "provider": way, "amount": amount, "charged": amount, "currency": bill["currency"],
        "provider_txn_id": slip or (intent["reference"] if by_hand else str(3_700_000_000 + chance.getrandbits(26))),
        "remainder": amount if case.kind == "top_up" else 0, "fee": 0 if by_hand else round(amount * 0.015),
        "channel": way if by_hand else "card", "paid_at": at, "settled_via": "desk" if by_hand else "webhook",
        "receipt": slip, "taken_by": bill["raised_by"] if by_hand else None,
    })  # fmt: skip
    by, settled = (None, "desk") if by_hand else ("sandbox", "webhook")
    opened = {"reference": intent["reference"], "amount": amount, "currency": bill["currency"], "purpose": "bill"}
    number = rows[Payment][-1]["provider_txn_id"]
    paid = {"status": "succeeded", "amount": amount, "transaction": number, "via": settled, "late": False}
    for action, after in (("payment_intent.opened", opened), ("payment.settled", paid)):
        _told(rows, case, bill, action, at, after, by=by, about=("payment_intent", intent["id"]))
    bill["paid"] += amount
    bill["status"] = "paid" if bill["paid"] == bill["amount"] else "part_paid"
    _told(
        rows, case, bill, "bill.paid", at,
        {"status": bill["status"], "amount": amount, "paid": bill["paid"], "by": way, "reference": intent["reference"]},
        by=by,
    )  # fmt: skip


def _told(
    rows: dict[type[Any], list[dict[str, Any]]], case: Case, bill: dict[str, Any], action: str, at: datetime,
    after: dict[str, Any], reason: str | None = None, by: str | None = None,
    about: tuple[str, Any] | None = None,
) -> None:  # fmt: skip
    """A line of the trail."""
    clerk, (subject, of) = _clerk(case), about or ("bill", bill["id"])
    rows[AuditEntry].append({
        "at": at, "actor_kind": ActorKind.GATEWAY if by else ActorKind.USER,
        "actor_id": None if by else key(clerk.email), "actor_name": by or clerk.name,
        "action": action, "subject_type": subject, "subject_id": str(of),
        "asset_id": case.place.id, "reason": reason, "after": {"currency": bill["currency"], **after},
        "on_behalf_of": None, "before": None, "address": None, "request_id": None,
    })  # fmt: skip


def _book(case: Case, bill: dict[str, Any]) -> None:
    """An invoice is owed from the day it was raised."""
    raised = entries.draft(
        "bill.raised",
        key=f"bill:{bill['id']}:raised",
        amounts={"amount": bill["amount"]},
        subject="bill",
        subject_id=bill["id"],
        occurred_at=bill["created_at"],
        earned=chart.SALES,
    )
    entries.post(place=asset_of(case.place.id), currency=bill["currency"], drafts=[raised], actor=system("demo"))


def _mail(case: Case) -> str:
    return f"{case.who.lower().replace(' ', '.')}@mail.example"


def _clerk(case: Case) -> DemoPerson:
    """Who sits at the desk of that place."""
    role = Role.FRONT_DESK if case.place is HOTEL else Role.MANAGER
    return next(person for person in PEOPLE if person.role == role)


def _reference(chance: random.Random) -> str:
    body = "".join(chance.choices(numbers.ALPHABET, k=26))
    return "-".join((body[:5], body[5:10], body[10:15], body[15:20], body[20:]))
