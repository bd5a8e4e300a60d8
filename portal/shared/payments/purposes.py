"""What money may be for, and what a settled payment sets in motion inside the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.core.actor import Actor

if TYPE_CHECKING:
    from portal.shared.payments.models import Payment, PaymentIntent


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a payer asks to pay for, before anything is written."""

    subject_id: uuid.UUID
    amount: int
    currency: str | None
    payer: str
    #: The money is here already, so nothing has to be kept for it.
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What it costs and what it is, frozen into the intent."""

    asset_id: uuid.UUID
    currency: str
    description: str
    price: int | None = None
    period_minutes: int | None = None
    #: Whose credit it is that the payment does not use up; without one, the payer's own.
    customer_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What was paid for, in words: a title, and lines of (name, words) for a receipt."""

    title: str
    lines: tuple[tuple[str, str], ...] = ()


#: Refuses what cannot be paid for, in a sentence; else says the terms.
Prepare = Callable[[Offer], Terms]
#: Gives what was paid for and says how many minor units that took; raises CannotFulfil before changing anything.
Fulfil = Callable[["PaymentIntent", "Payment", Actor], int]
#: The account of the chart that what was paid for is booked to.
Earned = Callable[["PaymentIntent"], str]
#: Says what was paid for, in words.
Tell = Callable[["PaymentIntent"], About]


@dataclass(frozen=True, slots=True)
class Purpose:
    """One thing money may be for."""

    prepare: Prepare
    fulfil: Fulfil
    earned: Earned
    about: Tell


_purposes: dict[str, Purpose] = {}


def register(name: str, *, prepare: Prepare, fulfil: Fulfil, earned: str | Earned, about: Tell) -> None:
    """Say what a payment for this purpose needs beforehand, does afterwards, is booked to, and is called."""
    _purposes[name] = Purpose(prepare, fulfil, earned if callable(earned) else lambda _intent: earned, about)


def purpose(name: str) -> Purpose:
    """The purpose of that name; one nobody registered is a programming mistake."""
    return _purposes[name]
