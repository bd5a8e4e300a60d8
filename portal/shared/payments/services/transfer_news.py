"""What providers tell of transfers by themselves, handed to the payouts they belong to."""

from __future__ import annotations

import uuid
from datetime import timedelta

from portal.core.actor import Actor
from portal.gateways.base import GatewayDown, GatewayRefused, SignedMessage
from portal.shared.payments.services import payouts
from portal.shared.payments.services.hearing import DONE, UNREACHABLE_FOR, Heard, not_yet


def told(*, message: SignedMessage, provider: str, account_id: uuid.UUID | None, age: timedelta, actor: Actor) -> Heard:
    """News of a transfer: the provider is asked, and believed unasked only where it signed and does not answer."""
    said = message.transfer
    assert said is not None, "the inbox hands over what could be read"
    believe = message.trusted and age >= UNREACHABLE_FOR
    try:
        ours = payouts.told(said=said, provider=provider, account_id=account_id, believe=believe, actor=actor)
    except GatewayDown:
        return not_yet("gateway_unreachable", age)
    except GatewayRefused:
        return not_yet("not_known_to_the_gateway", age)
    return DONE if ours else Heard("unmatched", "not_sent_from_here")
