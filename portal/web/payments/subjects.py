"""What payments are for, in a few words each: a room, a vehicle, a bill."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Protocol

from portal.shared.assets.queries import units_by_id
from portal.shared.assets.services.units import called
from portal.shared.payments.bill_queries import bills_by_id
from portal.shared.payments.services import bills


class IsForSomething(Protocol):
    """An intent, or a line of an export."""

    @property
    def purpose(self) -> str:
        """What kind of thing it pays for."""

    @property
    def subject_id(self) -> uuid.UUID:
        """The very thing."""


def paid_for(intents: Iterable[IsForSomething]) -> dict[uuid.UUID, str]:
    """Words by the key of what is paid for; a thing that is not there any more is left out."""
    for_bills: set[uuid.UUID] = set()
    for_units: set[uuid.UUID] = set()
    for intent in intents:
        (for_bills if intent.purpose == bills.PURPOSE else for_units).add(intent.subject_id)
    return {key: called(unit) for key, unit in units_by_id(for_units).items()} | {
        key: f"{bills.called(bill)} · {bill.description}" for key, bill in bills_by_id(for_bills).items()
    }
