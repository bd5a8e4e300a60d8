"""The things that went wrong in the demo's month, so that every screen that mends something has something to mend."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from portal.core.db import db
from portal.demo.common import DAYS, dice, insert, key, key_at
from portal.demo.history import intent_row, message_row
from portal.demo.names import guest
from portal.demo.people import PEOPLE
from portal.demo.places import FLEET, HOTEL, PLACES, DemoUnit, units
from portal.shared.assets.models import Unit
from portal.shared.audit.models import AuditEntry
from portal.shared.devices.models import CommandStatus, DeadLetter, DeviceCommand
from portal.shared.identity.models import Role
from portal.shared.payments.models import GatewayMessage, IntentStatus, Payment, PaymentIntent


def load(now: datetime) -> None:
    """Payments nobody finished, money that did not match, locks that did not answer, messages nobody understood."""
    _unfinished_payments(now)
    _money_in_review(now)
    _unanswered_commands(now)
    _dead_letters(now)
    _trail(now)


def _unfinished_payments(now: datetime) -> None:
    chance, rows = dice("unfinished"), []
    for _turn in range(36):
        unit = chance.choice(units())
        begun = now - timedelta(minutes=chance.randint(60, DAYS * 1_440))
        row = intent_row(unit, guest(chance), unit.price * 100, begun, chance)
        row["status"] = chance.choice((IntentStatus.FAILED, IntentStatus.ABANDONED, IntentStatus.EXPIRED))
        rows.append(row)
    insert(PaymentIntent, rows)


def _money_in_review(now: datetime) -> None:
    """Two payments that wait for a person: too little, and in another currency."""
    chance = dice("review")
    cases = (
        ("302", 190, "amount_below_intent", lambda unit: (unit.price * 100 // 2, unit.place.currency)),
        ("KD11", 2_300, "wrong_currency", lambda unit: (unit.price * 100, "NGN")),
    )
    for number, minutes, reason, came in cases:
        unit, at = _unit(number), now - timedelta(minutes=minutes)
        amount, currency = came(unit)
        intent = intent_row(unit, guest(chance), unit.price * 100, at - timedelta(minutes=3), chance)
        intent |= {"status": IntentStatus.REVIEW, "review_reason": reason, "settled_at": at}
        transaction = str(3_800_000_000 + chance.getrandbits(26))
        insert(PaymentIntent, [intent])
        insert(GatewayMessage, [message_row(intent | {"currency": currency}, transaction, amount, at, chance)])
        insert(
            Payment,
            [
                {
                    "id": key_at(at, chance), "created_at": at, "intent_id": intent["id"],
                    "asset_id": unit.place.id, "provider": "sandbox", "provider_txn_id": transaction,
                    "amount": amount, "charged": amount, "fee": 0, "remainder": amount, "counted": False,
                    "currency": currency,
                    "channel": "card", "paid_at": at, "settled_via": "webhook",
                }
            ],
        )  # fmt: skip


def _unanswered_commands(now: datetime) -> None:
    """A lock that was offline when it should have locked, and an ignition that refused."""
    chance = dice("commands")
    clerk = next(person for person in PEOPLE if person.role == Role.MANAGER)
    cases = (
        (
            "303",
            "access",
            "lock",
            CommandStatus.EXPIRED,
            26,
            "The lock was not reached in time.",
            "Guest has left, door still open",
        ),
        (
            "KD06",
            "ignition",
            "turn_off",
            CommandStatus.FAILED,
            48,
            "The tracker answered: relay fault.",
            "Not brought back in time",
        ),
    )
    for number, capability, action, status, minutes, detail, reason in cases:
        unit, at = _unit(number), now - timedelta(minutes=minutes)
        seq = db.session.scalar(
            update(Unit).where(Unit.id == unit.id).values(command_seq=Unit.command_seq + 1).returning(Unit.command_seq)
        )
        insert(
            DeviceCommand,
            [
                {
                    "id": key_at(at, chance), "created_at": at, "unit_id": unit.id, "asset_id": unit.place.id,
                    "seq": seq, "capability": capability, "action": action, "status": status,
                    "idem_key": f"demo:trouble:{number}", "not_after": at + timedelta(minutes=10), "attempts": 5,
                    "next_attempt_at": at, "sent_at": at + timedelta(seconds=1), "detail": detail,
                    "actor": f"user:{key(clerk.email)}", "reason": reason,
                }
            ],
        )  # fmt: skip


def _dead_letters(now: datetime) -> None:
    chance = dice("dead letters")
    cases = (
        (
            f"rooms/{HOTEL.asset_number}/999/occupancy",
            b"1",
            "unit",
            "There is no room of this number at a place of this number.",
            41,
            190,
            HOTEL.id,
        ),
        (
            f"vehicles/{FLEET.asset_number}/KD03/location",
            b"0,0",
            "payload",
            "0,0 is not a location but a tracker without a fix.",
            12,
            35,
            FLEET.id,
        ),
        (
            f"rooms/{HOTEL.asset_number}/205/humidity",
            b"61",
            "kind",
            "A room does not speak of this; it may speak of occupancy, electricity, access.",
            3,
            1_500,
            HOTEL.id,
        ),
        (
            "rooms/H1/101",
            b"locked",
            "topic",
            "A topic reads rooms/<place>/<room>/<subject> or vehicles/<place>/<vehicle>/<subject>.",
            1,
            4_000,
            None,
        ),
        (
            f"rooms/{HOTEL.asset_number}/107/electricity",
            b"\xff\xfe\x00on",
            "binary",
            "The message is not text.",
            2,
            700,
            HOTEL.id,
        ),
    )
    insert(
        DeadLetter,
        [
            {
                "id": key_at(now - timedelta(minutes=minutes), chance),
                "created_at": now - timedelta(minutes=minutes),
                "topic": topic,
                "payload": payload,
                "reason": reason,
                "detail": detail,
                "sha": hashlib.sha256(topic.encode() + b"\0" + payload).digest(),
                "times": times,
                "asset_id": asset_id,
                "last_at": now - timedelta(minutes=minutes // 2),
            }
            for topic, payload, reason, detail, times, minutes, asset_id in cases
        ],
    )


def _trail(now: datetime) -> None:
    """Who entered the places and what was changed since."""
    owner = next(person for person in PEOPLE if person.role == Role.OWNER)
    manager = next(person for person in PEOPLE if person.role == Role.MANAGER)
    opened = now - timedelta(days=DAYS + 3)
    rows: list[dict[str, Any]] = []

    def entry(person: Any, at: datetime, action: str, subject: str, of: Any, place: Any, **more: Any) -> None:
        rows.append({
            "at": at, "actor_kind": "user", "actor_id": key(person.email), "actor_name": person.name,
            "on_behalf_of": None, "action": action, "subject_type": subject, "subject_id": str(of),
            "asset_id": place, "reason": None, "before": None, "after": None, "address": "102.89.34.17",
            "request_id": None, **more,
        })  # fmt: skip

    for place in PLACES:
        after = {"kind": place.kind, "name": place.name, "currency": place.currency, "timezone": place.timezone}
        entry(owner, opened, "asset.registered", "asset", place.id, place.id, after=after)
    for n, unit in enumerate(units()):
        facts: dict[str, Any] = {"number": unit.number, "kind": unit.kind, "price": unit.price * 100}
        at = opened + timedelta(seconds=40 * n + 60)
        entry(manager, at, "unit.registered", "unit", unit.id, unit.place.id, after=facts)
    for number, days, change in (("301", 12, 5_000), ("302", 12, 5_000), ("KD09", 6, 500)):
        unit = _unit(number)
        was, now_is = {"price": (unit.price - change) * 100}, {"price": unit.price * 100}
        at = now - timedelta(days=days)
        entry(manager, at, "unit.amended", "unit", unit.id, unit.place.id, before=was, after=now_is)
    for number, action, reason in (
        ("206", "unit.suspended", "Air conditioner being replaced"),
        ("KD07", "unit.suspended", "In the workshop: front brakes"),
        ("304", "unit.retired", "Joined with 305 into one suite"),
    ):
        unit, status = _unit(number), action.removeprefix("unit.")
        entry(manager, now - timedelta(hours=30), action, "unit", unit.id, unit.place.id, reason=reason,
              before={"status": "expired"}, after={"status": status})  # fmt: skip
    insert(AuditEntry, sorted(rows, key=lambda row: row["at"]))


def _unit(number: str) -> DemoUnit:
    return next(unit for unit in units() if unit.number == number)
