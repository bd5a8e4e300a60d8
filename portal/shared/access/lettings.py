"""Units that are let by more than a payment: who sells them as stays says so, holds them, and gives them.

Everything else about paying at a door stays as it is for everybody.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Protocol

from portal.core.actor import Actor

if TYPE_CHECKING:
    from portal.shared.access.models import AccessGrant
    from portal.shared.assets.models import Asset, Unit
    from portal.shared.payments.models import Payment, PaymentIntent


class Letting(Protocol):
    """Who lets some units in their own way."""

    def lets(self, unit: Unit) -> bool:
        """Whether this unit is one of theirs."""

    def keep(self, unit: Unit, place: Asset, periods: int, payer: str, *, at_once: bool) -> None:
        """Keep it for somebody who is about to pay; raises UnitLet before anybody pays for what another has.

        Money that is here `at_once` needs nothing kept.
        """

    def give(self, unit: Unit, intent: PaymentIntent, payment: Payment, actor: Actor) -> int:
        """Give what was paid for; returns the minor units used. Raises CannotFulfil before changing anything."""

    def grant_of(self, payment_id: uuid.UUID) -> AccessGrant | None:
        """The access that a payment gave or made longer."""


_lettings: list[Letting] = []


def connect(*lettings: Letting) -> None:
    """Say who lets units in their own way."""
    _lettings[:] = lettings


def letting_of(unit: Unit) -> Letting | None:
    """Who lets this unit in their own way, or None."""
    return next((each for each in _lettings if each.lets(unit)), None)


def grant_of(payment_id: uuid.UUID) -> AccessGrant | None:
    """The access that a payment for a stay gave, or None."""
    return next((found for each in _lettings if (found := each.grant_of(payment_id)) is not None), None)
