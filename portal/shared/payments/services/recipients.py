"""Who can be sent money: the banks a provider knows, and whose an account is, as the bank says."""

from __future__ import annotations

from dataclasses import dataclass

from portal.core.cache import cache
from portal.core.db import db
from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways.base import Bank, GatewayRefused, KeyRefused
from portal.shared.assets.models import Asset
from portal.shared.payments import providers
from portal.shared.payments.errors import AccountNotFound

BANKS_KEPT_SECONDS = 3_600
#: Kinds of account whose holder a provider can name; a wallet's holder is taken from the person who drafts.
NAMED = ("nuban", "ghipss")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account and whose it is; `confirmed` when the bank itself said so."""

    bank: Bank
    account_number: str
    name: str
    confirmed: bool


def senders(place: Asset) -> list[providers.Chosen]:
    """The providers this place can send money out through, the usual one first."""
    return [
        each
        for each in providers.offered(place.business_id)
        if hasattr(providers.gateway_for(each.provider, place.business_id), "transfer")
    ]


def sender(place: Asset, provider: str | None) -> str:
    """The provider that was asked for, or the usual one; raises NotOffered where none sends money out."""
    for each in senders(place):
        if provider in (None, each.provider):
            return each.provider
    if provider is None:
        raise providers.NotOffered(_("No payment provider that sends money out is set up here."), field="provider")
    providers.payouts_for(provider, place.business_id)
    raise providers.NotOffered(
        _("%(provider)s is not used here.", provider=providers.called(provider)), field="provider"
    )


def banks_of(place: Asset, provider: str, currency: str) -> list[Bank]:
    """Where money can be sent, by name; kept for an hour. Raises GatewayDown."""
    key = f"banks:{provider}:{place.business_id}:{currency}"
    kept = cache.get(key)
    if kept is None:
        gateway = providers.payouts_for(provider, place.business_id)
        db.session.commit()  # hold no connection while the provider is being waited for
        kept = [[each.code, each.name, each.kind, each.currency, each.id] for each in gateway.banks(currency)]
        cache.set(key, kept, ttl=BANKS_KEPT_SECONDS)
    return [Bank(code=code, name=name, kind=kind, currency=of, id=number) for code, name, kind, of, number in kept]


def look_up(
    place: Asset, *, provider: str, currency: str, bank_code: str, account_number: str, name: str | None = None
) -> Holder:
    """Whose account it is, as the bank says; for a telephone, which no bank names, as the person says."""
    bank = next((each for each in banks_of(place, provider, currency) if each.code == bank_code), None)
    if bank is None:
        raise Invalid(_("Choose a bank from the list."), field="bank_code")
    gateway = providers.payouts_for(provider, place.business_id)
    db.session.commit()
    try:
        named = gateway.resolve_account(account_number, bank_code)
    except KeyRefused:
        raise
    except GatewayRefused:
        if bank.kind in NAMED:
            raise AccountNotFound(
                _("%(bank)s knows no account with this number. Check the bank and the number.", bank=bank.name),
                field="account_number",
            ) from None
        if not name:
            raise Invalid(
                _("Type the name of whoever gets the money; this bank does not tell it."), field="name"
            ) from None
        return Holder(bank=bank, account_number=account_number, name=name, confirmed=False)
    return Holder(bank=bank, account_number=account_number, name=named, confirmed=True)
