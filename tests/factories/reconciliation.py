"""Comparisons worked off as the clockwork does, and each way two sides can be made to differ."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, text

from portal.core.clock import utcnow
from portal.core.db import db
from portal.gateways.base import Charge, ChargeStatus
from portal.gateways.sandbox import balances, service
from portal.shared.assets.models import Asset, Unit
from portal.shared.payments.models import Difference, DifferenceStatus, PaymentIntent, Reconciliation
from portal.shared.payments.services import reconciliation, settlement
from tests.factories import payments


def begun(place: Asset, provider: str = "sandbox", **span) -> Reconciliation:
    """A comparison of the last day that nobody has worked on."""
    return reconciliation.run(
        business_id=place.business_id,
        provider=provider,
        since=span.get("since", utcnow() - timedelta(days=1)),
        until=span.get("until", utcnow()),
        actor=payments.VISITOR,
    )


def compared(place: Asset, provider: str = "sandbox", **span) -> Reconciliation:
    """The same, worked off."""
    made = begun(place, provider, **span)
    while reconciliation.advance():
        pass
    return fresh(made)


def fresh(run: Reconciliation) -> Reconciliation:
    """A comparison as it stands now."""
    return db.session.get(Reconciliation, run.id, populate_existing=True)


def open_ones() -> list[Difference]:
    """What does not agree, by kind."""
    asked = select(Difference).where(Difference.status == DifferenceStatus.OPEN).order_by(Difference.kind)
    return list(db.session.scalars(asked.execution_options(populate_existing=True)))


def at_the_provider(made: PaymentIntent, **changes: object) -> None:
    """Let the provider's books say something else of a charge."""
    sets = ", ".join(f"{name} = :{name}" for name in changes)
    db.session.execute(
        text(f"update sandbox_transaction set {sets} where reference = :reference"),
        {**changes, "reference": made.reference},
    )
    db.session.commit()


def in_the_books(statement: str, **values: object) -> None:
    """What only somebody with the database's own keys could do: change history behind its guards."""
    db.session.execute(text("set local session_replication_role = replica"))
    db.session.execute(text(statement), values)
    db.session.commit()


def of_nobody(amount: int = 700_000) -> service.SandboxTransaction:
    """Money the provider received under a reference nobody started here."""
    made = service.initialize(
        reference=f"SHOP-{utcnow():%H%M%S%f}",
        email="who@example.com",
        amount=amount,
        currency="NGN",
        callback_url="http://localhost/",
        description="Elsewhere",
    )
    return service.decide(access_code=made.access_code, outcome=service.Outcome.PAID)


def unknown_there(unit: Unit) -> PaymentIntent:
    """A payment settled here that the provider has never heard of."""
    made = payments.opened(unit)
    said = Charge(
        reference=made.reference,
        status=ChargeStatus.SUCCESS,
        amount=made.amount,
        currency=made.currency,
        transaction_id=f"lost-{made.reference[:8]}",
        paid_at=utcnow(),
    )
    settlement.settle(charge=said, provider="sandbox", via="webhook", actor=payments.VISITOR)
    return made


def paid_out() -> None:
    """Let the provider pay what it has into the bank."""
    balances.settle(before=utcnow() + timedelta(seconds=1))
