"""What payments are for, in a few words each: a room, a vehicle, a bill."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from portal.shared.assets.queries import units_by_id
from portal.shared.assets.services.units import called
from portal.shared.payments.bill_queries import bills_by_id
from portal.shared.payments.models import PaymentIntent
from portal.shared.payments.services import bills


def paid_for(intents: Iterable[PaymentIntent]) -> dict[uuid.UUID, str]:
    """Words by the key of what is paid for; a thing that is not there any more is left out."""
    for_bills: set[uuid.UUID] = set()
    for_units: set[uuid.UUID] = set()
    for intent in intents:
        (for_bills if intent.purpose == bills.PURPOSE else for_units).add(intent.subject_id)
    return {key: called(unit) for key, unit in units_by_id(for_units).items()} | {
        key: f"{bills.called(bill)} · {bill.description}" for key, bill in bills_by_id(for_bills).items()
    }
