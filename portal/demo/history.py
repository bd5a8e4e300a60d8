"""A month of lives: who had which room or vehicle when, what was paid for it, and what its lock was told."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import Range

from portal.core.db import db
from portal.core.numbers import ALPHABET
from portal.demo.common import DAYS, dice, insert, key_at
from portal.demo.names import guest
from portal.demo.places import DemoUnit, units
from portal.shared.access.models import AccessGrant
from portal.shared.assets.models import Unit, UnitStatus
from portal.shared.devices.models import CommandStatus, DeviceCommand
from portal.shared.payments.models import GatewayMessage, IntentStatus, Payment, PaymentIntent

#: How some units stand today: minutes until their time is up, or a status; the others follow the dice.
STANDING: dict[str, int | UnitStatus] = {
    "101": 9, "105": 34, "203": 55, "KD02": 21, "KD09": 58,
    "104": UnitStatus.INACTIVE, "KD12": UnitStatus.INACTIVE, "T2": UnitStatus.INACTIVE,
    "206": UnitStatus.SUSPENDED, "KD07": UnitStatus.SUSPENDED, "304": UnitStatus.RETIRED, "KD06": UnitStatus.EXPIRED,
    "G01": UnitStatus.EXPIRED, "303": UnitStatus.EXPIRED,
}  # fmt: skip
SWITCHES = {"room": ("access", "unlock", "lock"), "vehicle": ("ignition", "turn_on", "turn_off")}


@dataclass
class Stay:
    """One unbroken time of one person in one unit, made of one or more grants."""

    holder: str
    begins: datetime
    ends: datetime
    direct: bool = False
    grants: list[tuple[datetime, datetime]] = field(default_factory=list)


@dataclass
class Life:
    """One unit's month: its stays in order, the last of which may still run."""

    unit: DemoUnit
    status: UnitStatus
    stays: list[Stay]


def load(now: datetime) -> list[Life]:
    """Live every unit's month and write down what it left behind."""
    chance = dice("history")
    lives = [_live(unit, chance, now) for unit in units()]
    rows: dict[type[Any], list[dict[str, Any]]] = {
        model: [] for model in (PaymentIntent, Payment, GatewayMessage, AccessGrant, DeviceCommand)
    }
    for life in lives:
        for stay in life.stays:
            _stay_rows(life.unit, stay, chance, now, rows)
    commands = sorted(rows[DeviceCommand], key=lambda row: (row["unit_id"], row["created_at"]))
    told: dict[uuid.UUID, int] = {}
    for row in commands:
        row["seq"] = told[row["unit_id"]] = told.get(row["unit_id"], 0) + 1
    for model, found in rows.items():
        insert(model, found)
    _stand(lives, told, now)
    return lives


def _live(unit: DemoUnit, chance: random.Random, now: datetime) -> Life:
    period = timedelta(minutes=unit.period_minutes)
    wanted = STANDING.get(unit.number, UnitStatus.ACTIVE if chance.random() < 0.72 else UnitStatus.EXPIRED)
    if wanted == UnitStatus.INACTIVE:
        return Life(unit, UnitStatus.INACTIVE, [])
    last = _last_stay(unit, wanted, period, chance, now)
    stays, at = [], now - timedelta(days=DAYS) + timedelta(minutes=chance.randint(0, 2_000))
    while True:
        stay = Stay(guest(chance), at, at + period * _periods(unit, chance), chance.random() < 0.05)
        if stay.ends > last.begins - timedelta(hours=1):
            break
        stays.append(stay)
        at = stay.ends + timedelta(minutes=chance.choice((70, 140, 400, 900, 1_700, 2_900)) + chance.randint(0, 60))
    stays.append(last)
    for stay in stays:
        _share_out(stay, period, chance)
    status = UnitStatus(wanted) if isinstance(wanted, UnitStatus) else UnitStatus.ACTIVE
    return Life(unit, status, stays)


def _last_stay(
    unit: DemoUnit, wanted: int | UnitStatus, period: timedelta, chance: random.Random, now: datetime
) -> Stay:
    """The stay that makes the unit stand today as it should."""
    length = period * _periods(unit, chance)
    if wanted == UnitStatus.ACTIVE:
        ends = now + timedelta(seconds=chance.uniform(0.1, 0.9) * length.total_seconds())
    elif isinstance(wanted, UnitStatus):
        ends = now - timedelta(minutes=chance.randint(50, 2_500))
    else:
        ends = now + timedelta(minutes=wanted)
    return Stay(guest(chance), ends - length, ends)


def _periods(unit: DemoUnit, chance: random.Random) -> int:
    return 1 if unit.period_minutes < 1440 else chance.choice((1, 1, 1, 2, 2, 3, 4))


def _share_out(stay: Stay, period: timedelta, chance: random.Random) -> None:
    """One payment for all of it, or a first one that was extended later."""
    count = round((stay.ends - stay.begins) / period)
    first = chance.randint(1, count) if chance.random() < 0.3 and not stay.direct else count
    middle = stay.begins + period * first
    stay.grants = [(stay.begins, middle)] + ([(middle, stay.ends)] if first < count else [])


def _stay_rows(
    unit: DemoUnit, stay: Stay, chance: random.Random, now: datetime, rows: dict[type[Any], list[dict[str, Any]]]
) -> None:
    paid_at = stay.begins
    for begins, ends in stay.grants:
        grant_id = key_at(paid_at, chance)
        payment = None if stay.direct else _paid(unit, stay.holder, (ends - begins), paid_at, chance, rows)
        rows[AccessGrant].append({
            "id": grant_id, "created_at": paid_at, "unit_id": unit.id, "asset_id": unit.place.id,
            "during": Range(begins, ends), "kind": "direct" if stay.direct else "paid", "holder": stay.holder,
            "payment_id": payment, "granted_by": "Musa Ibrahim" if stay.direct else "sandbox",
            "reason": "Guest of the house" if stay.direct else None, "ended_at": ends if ends <= now else None,
        })  # fmt: skip
        if begins == stay.begins:
            _told(unit, 1, begins, grant_id, "paid" if payment else "direct", chance, rows)
        # an extension is paid while the time before it still runs
        paid_at = min(ends - timedelta(minutes=chance.randint(20, 300)), now - timedelta(minutes=1))
    if stay.ends <= now:
        _told(unit, 2, stay.ends + timedelta(seconds=chance.uniform(0.5, 4)), grant_id, "expiry", chance, rows)


def _paid(
    unit: DemoUnit, holder: str, length: timedelta, at: datetime, chance: random.Random,
    rows: dict[type[Any], list[dict[str, Any]]],
) -> uuid.UUID:  # fmt: skip
    """An intent, its payment and the gateway's message; now and then more is paid than whole periods cost."""
    periods = round(length / timedelta(minutes=unit.period_minutes))
    over = unit.price * chance.choice((25, 50)) if chance.random() < 0.04 else 0
    amount = periods * unit.price * 100 + over
    begun = at - timedelta(seconds=chance.randint(40, 260))
    intent, payment = intent_row(unit, holder, amount, begun, chance), key_at(at, chance)
    intent |= {"status": IntentStatus.SUCCEEDED, "settled_at": at}
    transaction = str(3_900_000_000 + chance.getrandbits(26))
    rows[PaymentIntent].append(intent)
    rows[Payment].append({
        "id": payment, "created_at": at, "intent_id": intent["id"], "asset_id": unit.place.id, "provider": "sandbox",
        "provider_txn_id": transaction, "amount": amount, "charged": amount, "remainder": over,
        "fee": round(amount * 0.015),
        "currency": unit.place.currency, "channel": chance.choice(("card", "card", "bank_transfer", "ussd")),
        "paid_at": at, "settled_via": chance.choice(("webhook", "webhook", "webhook", "redirect", "poller")),
    })  # fmt: skip
    rows[GatewayMessage].append(message_row(intent, transaction, amount, at, chance))
    return payment


def intent_row(unit: DemoUnit, holder: str, amount: int, begun: datetime, chance: random.Random) -> dict[str, Any]:
    """What somebody set out to pay, not yet decided."""
    body = "".join(chance.choices(ALPHABET, k=26))
    reference = "-".join((body[:5], body[5:10], body[10:15], body[15:20], body[20:]))
    return {
        "id": key_at(begun, chance), "created_at": begun, "reference": reference, "provider": "sandbox",
        "purpose": "unit_access", "asset_id": unit.place.id, "subject_id": unit.id,
        "payer_email": f"{holder.lower().replace(' ', '.')}@mail.example", "amount": amount,
        "currency": unit.place.currency, "price": unit.price * 100, "period_minutes": unit.period_minutes,
        "status": IntentStatus.PENDING, "opened_by": "user:a visitor", "provider_ref": f"demo{body[:10].lower()}",
        "expires_at": begun + timedelta(minutes=30), "settled_at": None, "review_reason": None,
    }  # fmt: skip


def message_row(
    intent: dict[str, Any], transaction: str, amount: int, at: datetime, chance: random.Random
) -> dict[str, Any]:
    """The webhook that told of a payment, worked off."""
    data = {"id": int(transaction), "reference": intent["reference"], "status": "success", "amount": amount,
            "currency": intent["currency"], "paid_at": at.isoformat()}  # fmt: skip
    return {
        "id": key_at(at, chance), "created_at": at, "provider": "sandbox", "kind": "charge.success",
        "dedupe_key": f"charge.success:{transaction}", "reference": intent["reference"],
        "raw": json.dumps({"event": "charge.success", "data": data}).encode(), "address": "127.0.0.1",
        "status": "done", "attempts": 1, "next_attempt_at": at, "last_delivery_at": at,
    }  # fmt: skip


def _told(
    unit: DemoUnit, which: int, at: datetime, grant_id: uuid.UUID, why: str, chance: random.Random,
    rows: dict[type[Any], list[dict[str, Any]]],
) -> None:  # fmt: skip
    """A command that reached its lock and was done."""
    switch = SWITCHES[unit.kind]
    sent = at + timedelta(seconds=chance.uniform(0.1, 0.6))
    rows[DeviceCommand].append({
        "id": key_at(at, chance), "created_at": at, "unit_id": unit.id, "asset_id": unit.place.id, "seq": 0,
        "capability": switch[0], "action": switch[which], "status": CommandStatus.DONE,
        "idem_key": f"demo:{grant_id}:{switch[which]}", "not_after": at + timedelta(minutes=10), "attempts": 1,
        "next_attempt_at": at, "sent_at": sent, "done_at": sent + timedelta(seconds=chance.uniform(0.2, 2.5)),
        "grant_id": grant_id, "actor": "system:access" if why == "expiry" else "gateway:sandbox",
    })  # fmt: skip


def _stand(lives: list[Life], told: dict[uuid.UUID, int], now: datetime) -> None:
    """Leave each unit as its last stay left it."""
    table = Unit.__table__
    change = (
        table.update()  # type: ignore[attr-defined]
        .where(table.c.id == bindparam("of"))
        .values({name: bindparam(f"to_{name}") for name in ("status", "status_before", "activated_at", "expires_at",
                                                            "command_seq")})
    )  # fmt: skip
    db.session.connection().execute(
        change,
        [
            {
                "of": life.unit.id,
                "to_status": life.status,
                "to_status_before": UnitStatus.EXPIRED if life.status == UnitStatus.SUSPENDED else None,
                "to_activated_at": life.stays[-1].begins if life.stays else None,
                "to_expires_at": life.stays[-1].ends if life.stays else None,
                "to_command_seq": told.get(life.unit.id, 0),
            }
            for life in lives
        ],
    )
