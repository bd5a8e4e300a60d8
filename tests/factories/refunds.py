"""Refunds as people ask for them, and as the pretended provider goes on with them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, text

from portal.core.actor import Actor, ActorKind
from portal.core.clock import utcnow
from portal.core.db import db, uuid7
from portal.gateways.base import Charge, ChargeStatus
from portal.gateways.sandbox import faults
from portal.gateways.sandbox import refunds as theirs
from portal.gateways.sandbox.models import SandboxRefund, SandboxWebhook
from portal.shared.assets.models import Asset, Unit
from portal.shared.assets.queries import asset_of
from portal.shared.ledger import chart
from portal.shared.ledger.models import Posting
from portal.shared.ledger.queries import standing
from portal.shared.payments.models import PaymentIntent, Refund, RefundState
from portal.shared.payments.queries import find_payment_of, get_intent
from portal.shared.payments.refund_queries import get_refund, refunds_of_payment
from portal.shared.payments.services import intents, refunds, sending_back, settlement

CLERK = Actor(ActorKind.USER, "Chidi", uuid7())
MANAGER = Actor(ActorKind.USER, "Ngozi", uuid7())
GATEWAY = Actor(ActorKind.GATEWAY, "sandbox")


def asked(
    made: PaymentIntent, amount: int | None = None, *, alone: bool = True, actor: Actor = CLERK, **more
) -> Refund:
    """A refund somebody asked for; with `alone` it is approved at once, for the place's limit is set to allow it."""
    if alone:
        allow(made)
    return refunds.request(
        reference=made.reference, amount=amount, reason="Left early", actor=actor, alone=alone, **more
    )


def allow(made: PaymentIntent, limit: int = 10**12) -> None:
    """Let one person give back up to so much at the place of a payment."""
    refunds.set_limit(asset_id=made.asset_id, approval_above=limit, actor=MANAGER)


def work(**shift) -> int:
    """Do what is due, as if so much time had passed: `work(minutes=2)`."""
    if shift:
        db.session.execute(
            text(
                "update refund set next_check_at = next_check_at - cast(:by as interval),"
                " submitted_at = submitted_at - cast(:by as interval)"
            ),
            {"by": timedelta(**shift)},
        )
        db.session.commit()
        db.session.expire_all()
    return sending_back.work_due()


def provider_goes_on(steps: int = 4) -> None:
    """Let the pretended provider's refunds take their steps."""
    for _step in range(steps):
        theirs.move_due(now=utcnow() + timedelta(minutes=1))


def arrived(refund: Refund) -> Refund:
    """Sent, worked off by the provider, and asked about."""
    work()
    provider_goes_on()
    work(minutes=5)
    return fresh(refund)


def fresh(refund: Refund) -> Refund:
    """As it stands now."""
    return get_refund(refund.id)


def at_provider() -> int:
    """How many refunds the pretended provider has made."""
    return int(db.session.scalar(select(func.count()).select_from(SandboxRefund)) or 0)


def wrong(kind: str, operation: str = "refund", **options) -> None:
    """Let the pretended provider go wrong."""
    faults.set(provider="paystack", operation=operation, kind=kind, **options)


def posted() -> list[SandboxWebhook]:
    """The messages about refunds the provider has in the post, the oldest first."""
    return list(
        db.session.scalars(
            select(SandboxWebhook).where(SandboxWebhook.event.startswith("refund.")).order_by(SandboxWebhook.number)
        )
    )


def event(message: SandboxWebhook) -> tuple[bytes, dict[str, str]]:
    """A message in the post, signed: its body and headers."""
    from tests.factories import payments

    return payments.signed(message.body.encode())


def told(kind: str, reference: str, amount: int, **changes: object) -> tuple[bytes, dict[str, str]]:
    """A signed refund event as Paystack writes it: no id of the refund, the amount as text."""
    from tests.factories import payments

    data = {"status": kind, "transaction_reference": reference, "refund_reference": None, "amount": str(amount),
            "currency": "NGN", "processor": "instant-transfer", "domain": "test", "integration": 1}  # fmt: skip
    return payments.signed({"event": f"refund.{kind}", "data": data | changes})


def by_hand(unit: Unit, provider: str = "cash", *, amount: int | None = None, said: str = "SLIP-1") -> PaymentIntent:
    """Money taken at the desk: an intent of a way to pay behind which no provider stands."""
    from portal.shared.access.services.offers import PURPOSE
    from tests.factories import payments

    opened = intents.open_intent(
        purpose=PURPOSE,
        subject_id=unit.id,
        amount=amount or unit.price,
        payer_email=payments.GUEST,
        actor=payments.VISITOR,
    ).intent
    opened.provider = provider
    db.session.commit()
    charge = Charge(
        reference=opened.reference,
        status=ChargeStatus.SUCCESS,
        amount=opened.amount,
        currency=opened.currency,
        transaction_id=f"{said}-{opened.reference[:11]}",
    )
    settlement.settle(charge=charge, provider=provider, via="staff", actor=CLERK)
    return get_intent(opened.reference)


def by_hand_held(unit: Unit) -> PaymentIntent:
    """Money for a unit that somebody else has by now, of a provider that cannot send it back."""
    from portal.shared.payments.models import IntentStatus
    from tests.factories import payments

    other = payments.GUEST
    opened = intents.PaymentIntent(
        reference=intents.new_reference(),
        provider="carrier_pigeon",
        purpose="unit_access",
        asset_id=unit.asset_id,
        subject_id=unit.id,
        payer_email=other,
        amount=unit.price,
        currency=place_of(unit).currency,
        price=unit.price,
        period_minutes=1_440,
        status=IntentStatus.PENDING,
        opened_by=payments.VISITOR.key,
        expires_at=utcnow() + timedelta(minutes=30),
        surcharge=0,
    )
    db.session.add(opened)
    db.session.commit()
    charge = Charge(
        reference=opened.reference,
        status=ChargeStatus.SUCCESS,
        amount=opened.amount,
        currency=opened.currency,
        transaction_id=f"P-{opened.reference[:11]}",
    )
    settlement.settle(charge=charge, provider="carrier_pigeon", via="staff", actor=GATEWAY)
    return get_intent(opened.reference)


def books(made: PaymentIntent) -> dict[str, int]:
    """What stands at the place of a payment on the accounts money passes through, in minor units."""
    place = asset_of(made.asset_id)
    accounts = {
        "provider": chart.money_at(made.provider),
        "cash": chart.CASH,
        "bank": chart.BANK,
        "held": chart.HELD,
        "hire": chart.HIRE,
        "given": chart.REFUNDS_GIVEN,
        "under_way": chart.REFUNDS_ON_THEIR_WAY,
    }
    found = {name: standing(place.business_id, place.id, code, made.currency) for name, code in accounts.items()}
    assert everything_balances()
    return {name: minor for name, minor in found.items() if minor}


def credit(made: PaymentIntent) -> int:
    """What the payer has as credit."""
    intent = get_intent(made.reference)
    place = asset_of(made.asset_id)
    if intent.customer_id is None:
        return 0
    return standing(place.business_id, place.id, chart.credit_of(intent.customer_id), made.currency)


def everything_balances() -> bool:
    """Whether all postings there are sum to nothing."""
    return int(db.session.scalar(select(func.coalesce(func.sum(Posting.amount), 0))) or 0) == 0


def of(made: PaymentIntent) -> list[Refund]:
    """The refunds of a payment, the youngest first."""
    payment = find_payment_of(made.id)
    return list(refunds_of_payment(payment.id)) if payment else []


def place_of(made: PaymentIntent | Unit) -> Asset:
    """Where it was paid, or stands."""
    return asset_of(made.asset_id)


def total_back(made: PaymentIntent) -> int:
    """What has gone back or is on its way, by the refunds themselves."""
    ended = (RefundState.FAILED, RefundState.DECLINED)
    return sum(each.amount for each in of(made) if each.status not in ended)
