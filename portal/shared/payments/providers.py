"""The provider a business works with, by what it is needed for: the business's own account, else the portal's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Protocol, cast

from sqlalchemy import select

from portal.core import vault
from portal.core.db import db
from portal.core.errors import Conflict
from portal.core.words import _
from portal.gateways import registry
from portal.gateways.base import Gateway, Listing, PayBill, Payouts, Refunds
from portal.shared.payments.models import GatewayAccount
from portal.shared.payments.queries import serving_account

NAMES = {"mpesa": "M-Pesa", "cash": "Cash", "card": "Card machine"}
#: Ways of paying that a person at a desk takes; no gateway is behind them.
BY_HAND = ("cash", "card")
#: Providers that know no coins: only whole shillings can be asked of a phone.
WHOLE_UNITS_ONLY = ("mpesa",)


class NotOffered(Conflict):
    """This provider cannot do that."""


class Through(Protocol):
    """Anything that was begun at one provider's account and has to be finished there."""

    provider: str
    gateway_account_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The provider money will come through, and the business's own account there, where it has one."""

    provider: str
    account_id: uuid.UUID | None
    payer_bears_charges: bool


def choose(provider: str | None, business_id: uuid.UUID) -> Chosen:
    """The provider that was asked for, or the first this business offers; raises UnknownProvider."""
    offers = offered(business_id)
    for each in offers:
        if provider in (None, each.provider):
            return each
    raise registry.unknown(provider or "")


def offered(business_id: uuid.UUID) -> list[Chosen]:
    """What payers of this business may choose from: its own accounts, and what the settings connect beside them."""
    accounts = db.session.scalars(
        select(GatewayAccount).where(GatewayAccount.business_id == business_id).order_by(GatewayAccount.created_at)
    ).all()
    accounts = [each for each in accounts if each.proven]
    found = [Chosen(each.provider, each.id, each.payer_bears_charges) for each in accounts if each.enabled]
    own = {each.provider for each in accounts}
    if found:  # a business with live keys does not offer its guests pretended money beside them
        own.add("sandbox")
    return found + [Chosen(name, None, False) for name in registry.names() if name not in own]


def checkouts(business_id: uuid.UUID) -> list[Chosen]:
    """Of what is offered, those that send a payer to a checkout page of their own."""
    return [each for each in offered(business_id) if hasattr(gateway_for(each.provider, business_id), "initialize")]


def with_page(provider: str | None, business_id: uuid.UUID) -> str | None:
    """The provider that was asked for, or the first with a checkout page; None where there is none."""
    return provider or next((each.provider for each in checkouts(business_id)), None)


def gateway_for(provider: str, business_id: uuid.UUID) -> Gateway:
    """The provider as this business has set it up, once its keys have been tested; raises UnknownProvider."""
    account = serving_account(business_id, provider)
    return registry.gateway(provider) if account is None else gateway_at(account)


def gateway_at(account: GatewayAccount) -> Gateway:
    """The provider with this account's keys, tested or not."""
    return registry.own(
        account.id, account.version, account.provider, lambda: vault.opened(account.secrets), account.details
    )


def gateway_of(begun: Through) -> Gateway:
    """The provider through which something was begun, whatever was set up since."""
    if begun.gateway_account_id is None:
        return registry.gateway(begun.provider)
    account = db.session.get(GatewayAccount, begun.gateway_account_id)
    assert account is not None, "accounts are switched off, never removed"
    return gateway_at(account)


def signers(provider: str) -> list[tuple[uuid.UUID | None, Gateway]]:
    """Everybody whose messages may arrive at a provider's door, with the account they speak for."""
    by_settings = registry.signing(provider)
    accounts = db.session.scalars(select(GatewayAccount).where(GatewayAccount.provider == provider))
    found: list[tuple[uuid.UUID | None, Gateway]] = [(each.id, gateway_at(each)) for each in accounts]
    return found if by_settings is None else [(None, by_settings), *found]


def refunds_of(begun: Through) -> Refunds:
    """Whoever collected a payment, if they give money back by themselves; raises NotOffered."""
    sentence = _("%(provider)s cannot send money back by itself.", provider=called(begun.provider))
    if begun.provider in BY_HAND:
        raise NotOffered(sentence)
    gateway = gateway_of(begun)
    if not hasattr(gateway, "refund"):
        raise NotOffered(sentence)
    return cast(Refunds, gateway)


def payouts_for(provider: str, business_id: uuid.UUID) -> Payouts:
    """A provider that sends money out; raises NotOffered."""
    sentence = _("%(provider)s cannot send money out from here.", provider=called(provider))
    return cast(Payouts, _that_can("transfer", provider, business_id, sentence))


def pay_bill_for(provider: str, business_id: uuid.UUID) -> PayBill:
    """A provider with a number that payers send money to by themselves; raises NotOffered."""
    sentence = _("%(provider)s has no paybill number.", provider=called(provider))
    return cast(PayBill, _that_can("transaction_status", provider, business_id, sentence))


def listing_for(provider: str, business_id: uuid.UUID) -> Listing:
    """A provider that lists what it collected; raises NotOffered."""
    sentence = _("%(provider)s gives no list of payments.", provider=called(provider))
    return cast(Listing, _that_can("charges", provider, business_id, sentence))


def lists(provider: str, business_id: uuid.UUID) -> bool:
    """Whether there is a list of what this provider collected for a business."""
    try:
        listing_for(provider, business_id)
    except (NotOffered, registry.UnknownProvider):
        return False
    return True


def called(provider: str) -> str:
    """A provider's name as people write it."""
    return NAMES.get(provider) or provider.replace("_", " ").title()


def _that_can(what: str, provider: str, business_id: uuid.UUID, sentence: str) -> Gateway:
    if provider in BY_HAND:
        raise NotOffered(sentence)
    gateway = gateway_for(provider, business_id)
    if not hasattr(gateway, what):
        raise NotOffered(sentence)
    return gateway
