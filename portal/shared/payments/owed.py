"""What is owed on a folio. Who keeps folios says where their money goes, and is told of all that comes and goes."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Protocol

from portal.core.actor import Actor
from portal.shared.payments.bill_queries import get_bill
from portal.shared.payments.queries import find_payment_of

if TYPE_CHECKING:
    from portal.shared.payments.models import Payment, PaymentIntent

#: What money is for that is taken for a folio without a bill.
PURPOSE = "folio"
BILL = "bill"


class Keeper(Protocol):
    """Who keeps folios. `hold` comes first, and locks what the others change."""

    def hold(self, folio_id: uuid.UUID) -> None:
        """Lock it before anything of it is counted."""

    def account(self, folio_id: uuid.UUID) -> str:
        """The account of the chart that its money is booked to."""

    def origin(self, folio_id: uuid.UUID, payment: Payment) -> str:
        """The account that money of a payment goes back from."""

    def came(self, folio_id: uuid.UUID, amount: int, by: str, payment: Payment | None, key: str, actor: Actor) -> None:
        """Money came; raises CannotFulfil, before anything is changed, when it takes none any more."""

    def went(self, folio_id: uuid.UUID, amount: int, payment: Payment, key: str, actor: Actor, *, gone: bool) -> None:
        """Money goes back, or has `gone` whatever anybody says."""

    def of_payment(self, payment_id: uuid.UUID) -> uuid.UUID | None:
        """The folio that a payment stands on, whatever it was for."""

    def stayed(self, folio_id: uuid.UUID, key: str, actor: Actor) -> None:
        """What went under this key never left."""


_keepers: list[Keeper] = []


def connect(kept_by: Keeper) -> None:
    """Say who keeps folios."""
    _keepers[:] = [kept_by]


def keeper() -> Keeper:
    """Who keeps them."""
    return _keepers[0]


def behind(intent: PaymentIntent) -> uuid.UUID | None:
    """The folio that a payment is for, by itself or by a bill, or that it came to stand on; else None."""
    if intent.purpose == PURPOSE:
        return intent.subject_id
    if intent.purpose == BILL:
        return get_bill(intent.subject_id).subject_id
    payment = find_payment_of(intent.id)
    return keeper().of_payment(payment.id) if payment is not None else None
