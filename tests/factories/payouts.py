"""Payouts at any step of their way, made by the commands themselves through the stand-in."""

from __future__ import annotations

from itertools import count

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.money import Money
from portal.gateways import registry
from portal.gateways.sandbox import clockwork, transfers
from portal.shared.assets.models import Asset
from portal.shared.identity.models import Role
from portal.shared.ledger import chart
from portal.shared.ledger.queries import standing
from portal.shared.ledger.services import entries
from portal.shared.payments.models import Payout
from portal.shared.payments.services import payouts
from tests.factories import assets, identity

_keys = count(1)
ACCOUNT = "0123456789"


def funded(minor: int = 10_000_000, **changes: object) -> Asset:
    """A place that has money at the provider."""
    place = assets.place(**changes)
    fund(place, minor)
    return place


def fund(place: Asset, minor: int) -> None:
    """More money at the provider, by an entry in the books."""
    legs = [entries.Leg(f"{chart.PROVIDER}:sandbox", minor), entries.Leg(chart.OPENING, -minor)]
    entries.make(
        place=place, currency=place.currency, legs=legs, memo="What was there", key=f"fund {next(_keys)}",
        actor=assets.ACTOR,
    )  # fmt: skip


def maker_of(place: Asset) -> Actor:
    """Somebody who drafts payouts."""
    return identity.acting(identity.member(place, Role.MANAGER, name="Maker"))


def checker_of(place: Asset) -> Actor:
    """Somebody who approves them."""
    return identity.acting(identity.member(place, Role.OWNER, name="Checker"))


def drafted(place: Asset, minor: int = 100_000, *, by: Actor | None = None, counter: str = chart.COSTS) -> Payout:
    """A payout that waits for its approval."""
    holder = payouts.look_up(
        place, provider="sandbox", currency=place.currency, bank_code="058", account_number=ACCOUNT
    )
    return payouts.draft(
        place=place,
        provider="sandbox",
        holder=holder,
        amount=Money(minor, place.currency),
        counter=counter,
        description="Diesel for the generator",
        actor=by or maker_of(place),
    )


def approved(place: Asset, minor: int = 100_000, *, by: Actor | None = None) -> Payout:
    """A payout whose money is reserved."""
    made = drafted(place, minor)
    return payouts.approve(payout_id=made.id, actor=by or checker_of(place))


def waiting(place: Asset, minor: int = 100_000, *, by: Actor | None = None) -> Payout:
    """A payout that waits for its one-time password."""
    made = approved(place, minor, by=by)
    payouts.submit(made.id, actor=assets.ACTOR)
    return found(made)


def otp(payout: Payout) -> str:
    """The password the owner got on the phone."""
    return transfers.otp_of(payout.reference) or ""


def arrived(place: Asset, minor: int = 100_000) -> Payout:
    """A payout that reached its account."""
    made = waiting(place, minor)
    payouts.finalize(payout_id=made.id, otp=otp(made), actor=assets.ACTOR)
    clockwork.advance()
    return payouts.ask(made.id, actor=assets.ACTOR)


def found(payout: Payout) -> Payout:
    """The same payout as it stands now."""
    db.session.rollback()
    db.session.refresh(payout)
    return payout


def due(payout: Payout) -> None:
    """Its turn has come."""
    found(payout).next_check_at = utcnow()
    db.session.commit()


def balances(place: Asset) -> dict[str, int]:
    """How the money of payouts stands in the books: at the provider, on its way, charges, costs, bank."""
    accounts = {
        "there": f"{chart.PROVIDER}:sandbox",
        "on its way": chart.PAYOUTS_ON_THEIR_WAY,
        "charges": chart.PAYOUT_CHARGES,
        "costs": chart.COSTS,
        "bank": chart.BANK,
    }
    return {name: standing(place.business_id, place.id, code, place.currency) for name, code in accounts.items()}


def said(payout: Payout):
    """What the provider says of it now."""
    return registry.gateway("sandbox").verify_transfer(payout.reference)
