"""The provider a business works with, by what it is needed for: the business's own account, else the portal's."""

from __future__ import annotations

import uuid
from typing import cast

from portal.core.errors import Conflict
from portal.core.words import _
from portal.gateways import registry
from portal.gateways.base import Gateway, Listing, PayBill, Payouts, PhonePush, Refunds

NAMES = {"mpesa": "M-Pesa", "cash": "Cash", "card": "Card machine"}


class NotOffered(Conflict):
    """This provider cannot do that."""


def gateway_for(provider: str, business_id: uuid.UUID) -> Gateway:
    """The provider as this business has set it up; raises UnknownProvider."""
    return registry.gateway(provider)


def refunds_for(provider: str, business_id: uuid.UUID) -> Refunds:
    """A provider that gives money back by itself; raises NotOffered."""
    sentence = _("%(provider)s cannot send money back by itself.", provider=called(provider))
    return cast(Refunds, _that_can("refund", provider, business_id, sentence))


def payouts_for(provider: str, business_id: uuid.UUID) -> Payouts:
    """A provider that sends money out; raises NotOffered."""
    sentence = _("%(provider)s cannot send money out from here.", provider=called(provider))
    return cast(Payouts, _that_can("transfer", provider, business_id, sentence))


def phones_for(provider: str, business_id: uuid.UUID) -> PhonePush:
    """A provider that asks a phone for its PIN; raises NotOffered."""
    sentence = _("%(provider)s cannot ask a phone for money.", provider=called(provider))
    return cast(PhonePush, _that_can("push", provider, business_id, sentence))


def pay_bill_for(provider: str, business_id: uuid.UUID) -> PayBill:
    """A provider with a number that payers send money to by themselves; raises NotOffered."""
    sentence = _("%(provider)s has no paybill number.", provider=called(provider))
    return cast(PayBill, _that_can("transaction_status", provider, business_id, sentence))


def listing_for(provider: str, business_id: uuid.UUID) -> Listing:
    """A provider that lists what it collected; raises NotOffered."""
    sentence = _("%(provider)s gives no list of payments.", provider=called(provider))
    return cast(Listing, _that_can("charges", provider, business_id, sentence))


def called(provider: str) -> str:
    """A provider's name as people write it."""
    return NAMES.get(provider) or provider.replace("_", " ").title()


def _that_can(what: str, provider: str, business_id: uuid.UUID, sentence: str) -> Gateway:
    gateway = gateway_for(provider, business_id)
    if not hasattr(gateway, what):
        raise NotOffered(sentence)
    return gateway
