"""Settle and expire: the product's commands beside bare code that sends the very same statements.

Settle is asked for over HTTP on both sides, through the same stack: Flask, SQLAlchemy's Core, the same pool.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import text

from bench.ground import Ground
from bench.served import asked, bare, behind_http
from bench.twins import Statements, by_pgbench, copy_of, logged, replayed
from portal.core.actor import system
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.gateways.base import Charge, ChargeStatus
from portal.shared.access.services import expiry
from portal.shared.access.services.offers import PURPOSE
from portal.shared.payments.services import settlement
from tests.factories import assets as factories

UNITS = 600
HANDS = 8
BY = system("bench")


def run(ground: Ground) -> None:
    """Prints settles a second and expiries a second, product and bare, and their ratios."""
    references = prepare(ground)
    with copy_of(ground, "settle_log") as app:
        logs = log_each(app, references)
        expiry_log = log_expiry(app)
    with copy_of(ground, "settle_bare") as app:
        with behind_http(app, bare(logs)) as port:
            reference = asked(port, UNITS, HANDS)
        make_due(app)
        bare_expiry = UNITS / len(expiry_log) * replayed(app, 1, expiry_log)
    with copy_of(ground, "settle_pgbench") as app:
        alone = by_pgbench(app, HANDS, logs)
        make_due(app)
        per_commit = by_pgbench(app, 1, expiry_log)
    with copy_of(ground, "settle_product") as app:
        with behind_http(app, lambda n: settle(references[n])) as port:
            product = asked(port, UNITS, HANDS)
        make_due(app)
        product_expiry = expire(app)
    print(f"  one settle is {len(logs[-1])} statements")
    say(f"settle, {HANDS} hands", product.rate, reference.rate, alone)
    print(f"  {'':16}  p95 {product.p95:.0f} ms against {reference.p95:.0f} ms")
    say("expire, 1 worker", product_expiry, bare_expiry, per_commit and UNITS / len(expiry_log) * per_commit)


def say(what: str, product: float, bare_rate: float, alone: float | None) -> None:
    """One line: commands a second and their ratio to the bare reference; pgbench has no Python in it at all."""
    beside = f"{alone:7.0f}/s" if alone else "not installed"
    ratio = product / bare_rate
    print(f"  {what:16}  product {product:6.0f}/s   bare {bare_rate:6.0f}/s   ratio {ratio:.2f}   pgbench {beside}")


Awaited = tuple[str, int, str]


def prepare(ground: Ground) -> list[Awaited]:
    """A hotel of many rooms, each with a payment on its way."""
    with ground.app.app_context():
        place = factories.place()
        rooms = [factories.room(place) for _n in range(UNITS + 1)]
        references = [f"BENCH-{uuid.uuid4().hex}" for _room in rooms]
        db.session.execute(
            text(
                "insert into payment_intent (id, reference, provider, purpose, asset_id, subject_id, payer_email,"
                " amount, currency, price, period_minutes, status, opened_by, expires_at)"
                " values (:id, :reference, 'sandbox', :purpose, :place, :unit, 'ada@example.com', :amount, :currency,"
                " :amount, 1440, 'pending', 'bench', now() + interval '1 hour')"
            ),
            [
                {
                    "id": uuid7(),
                    "reference": reference,
                    "purpose": PURPOSE,
                    "place": place.id,
                    "unit": room.id,
                    "amount": room.price,
                    "currency": place.currency,
                }
                for reference, room in zip(references, rooms, strict=True)
            ],
        )
        db.session.commit()
        found = [(reference, room.price, place.currency) for reference, room in zip(references, rooms, strict=True)]
        settle(found.pop())  # the first payment of a place opens its accounts
        return found


def settle(awaited: Awaited) -> None:
    """One settled payment, as the poller would bring it."""
    reference, amount, currency = awaited
    charge = Charge(
        reference=reference,
        transaction_id=reference,
        status=ChargeStatus.SUCCESS,
        amount=amount,
        currency=currency,
        paid_at=datetime.now(UTC),
    )
    done = settlement.settle(charge=charge, provider="sandbox", via="poller", actor=BY)
    assert done.verdict is settlement.Verdict.SETTLED, done


def log_each(app: Flask, references: list[Awaited]) -> list[Statements]:
    """The statements of every settle, told apart."""
    logs = []
    for reference in references:
        with logged(app) as seen, app.app_context():
            settle(reference)
        logs.append(seen)
    return logs


def make_due(app: Flask) -> None:
    """Every grant of the house ended a minute ago."""
    with app.app_context():
        db.session.execute(
            text("update access_grant set during = tstzrange(now() - interval '1 day', now() - interval '1 minute')")
        )
        db.session.execute(text("update unit set expires_at = now() - interval '1 minute'"))
        db.session.commit()


def expire(app: Flask) -> float:
    """Units a second that one worker ends."""
    with app.app_context():
        began = utcnow()
        db.session.commit()
        done = expiry.expire_ended()
        took = utcnow() - began
        assert done == UNITS + 1, done  # the one that opened the accounts too
        return done / (took / timedelta(seconds=1))


def log_expiry(app: Flask) -> list[Statements]:
    """The statements of the expiry, one list for each of its commits."""
    make_due(app)
    logs: list[Statements] = []
    with app.app_context():
        while True:
            with logged(app) as seen:
                if expiry.expire_ended(limit=expiry.BATCH) == 0:
                    return logs
            logs.append(seen)
