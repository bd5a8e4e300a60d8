"""A business's own accounts at providers: set up, tested, switched off. Keys go in and never come out again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.core import vault
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.errors import Conflict, DomainError, Invalid, NotFound
from portal.core.transaction import rule, transactional
from portal.core.words import LazyText, _, lazy_
from portal.gateways.base import GatewayDown, GatewayRefused
from portal.shared.assets.models import Asset
from portal.shared.audit.services import record
from portal.shared.payments import providers
from portal.shared.payments.models import GatewayAccount
from portal.shared.payments.models.accounts import UNPROVEN
from portal.shared.payments.queries import find_account, lock_account


class KeyMissing(Invalid):
    """A provider needs this key."""


class NotAKey(Invalid):
    """This cannot be what the provider gave."""


class NoSuchProvider(NotFound):
    """No such provider can be set up."""


class NotSetUp(NotFound):
    """This business has no account of its own at that provider."""


class JustSetUp(Conflict):
    """Somebody else set this provider up at the same moment."""


rule(
    "uq_gateway_account_business_id_provider",
    lambda: JustSetUp(_("Somebody else has just set this provider up. Reload the page.")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing a provider gives its customer: a key, which is sealed, or a detail that may be shown."""

    name: str
    words: LazyText
    secret: bool = True
    needed: bool = True
    form: str = r"[!-~]{8,200}"
    hint: LazyText | None = None
    long: bool = False


_NUMBER = r"[0-9]{5,10}"
FIELDS: dict[str, tuple[Field, ...]] = {
    "paystack": (
        Field(
            name="secret_key",
            words=lazy_("Secret key"),
            form=r"sk_(live|test)_[A-Za-z0-9]{8,120}",
            hint=lazy_("Begins with sk_live_ or sk_test_."),
        ),
    ),
    "flutterwave": (
        Field(name="secret_key", words=lazy_("Secret key"), hint=lazy_("Begins with FLWSECK.")),
        Field(
            name="secret_hash",
            words=lazy_("Secret hash"),
            hint=lazy_("You choose it and enter the same at Flutterwave; at least 20 characters."),
            form=r"[!-~]{20,200}",
        ),
    ),
    "mpesa": (
        Field(name="consumer_key", words=lazy_("Consumer key")),
        Field(name="consumer_secret", words=lazy_("Consumer secret")),
        Field(name="shortcode", words=lazy_("Paybill or till number"), secret=False, form=_NUMBER),
        Field(
            name="till",
            words=lazy_("Till number"),
            secret=False,
            needed=False,
            form=_NUMBER,
            hint=lazy_("Only for a till; its store number stands above."),
        ),
        Field(name="passkey", words=lazy_("Passkey")),
        Field(
            name="initiator",
            words=lazy_("Initiator name"),
            secret=False,
            needed=False,
            form=r"[!-~]{2,60}",
            hint=lazy_("Needed to check paybill payments by ourselves and to send money back."),
        ),
        Field(name="initiator_password", words=lazy_("Initiator password"), needed=False, form=r"[ -~]{4,200}"),
        Field(
            name="certificate",
            words=lazy_("Safaricom's certificate"),
            secret=False,
            needed=False,
            form=r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{100,8000}-----END CERTIFICATE-----\s*",
            hint=lazy_("The text of the .cer file from the Daraja page."),
            long=True,
        ),
    ),
}


@transactional
def set_up(
    *, place: Asset, provider: str, given: Mapping[str, str], payer_bears_charges: bool, actor: Actor
) -> GatewayAccount:
    """Store what a provider gave this business. A key left empty stays as it was; raises KeyMissing or NotAKey."""
    fields = _fields(provider)
    account = lock_account(place.business_id, provider)
    keys = vault.opened(account.secrets) if account else {}
    details = dict(account.details) if account else {}
    for each in fields:
        typed = given.get(each.name, "").strip()
        kept = keys if each.secret else details
        if typed:
            if not re.fullmatch(each.form, typed):
                raise NotAKey(
                    _("%(what)s does not look like one from %(provider)s.",
                      what=each.words, provider=providers.called(provider)), field=each.name
                )  # fmt: skip
            kept[each.name] = typed
        elif each.needed and not kept.get(each.name):
            raise KeyMissing(
                _("%(provider)s needs the %(what)s.", provider=providers.called(provider), what=each.words),
                field=each.name,
            )
        elif not each.secret and not each.needed:
            kept.pop(each.name, None)
    now = utcnow()
    hints = {each.name: vault.hint(keys[each.name]) for each in fields if each.secret and keys.get(each.name)}
    before = {"hints": account.hints, "details": account.details} if account else None
    if account is None:
        account = GatewayAccount(
            business_id=place.business_id, provider=provider, token=secrets.token_hex(16), version=0, enabled=False
        )
        details[UNPROVEN] = True
    account.secrets, account.details, account.hints = vault.sealed(keys), details, hints
    account.payer_bears_charges = payer_bears_charges
    account.version += 1
    account.changed_by, account.changed_at = actor.name, now
    account.tested_at = account.test_passed = account.test_said = None
    db.session.add(account)
    db.session.flush()
    _record("gateway_account.set_up", account, place, actor, before, {"hints": hints, "details": details})
    return account


@transactional
def switch(*, place: Asset, provider: str, enabled: bool, actor: Actor) -> GatewayAccount:
    """Offer this provider to payers, or stop offering it; what was begun there is still finished there."""
    account = _account(place, provider)
    before, account.enabled = {"enabled": account.enabled}, enabled
    account.details = _proved(account)
    action = "gateway_account.switched_on" if enabled else "gateway_account.switched_off"
    _record(action, account, place, actor, before, {"enabled": enabled})
    return account


def test(*, place: Asset, provider: str, actor: Actor) -> GatewayAccount:
    """Ask the provider whether it knows these keys, and write down what it said; nothing is moved there.

    New keys serve nobody before they have passed once: from then on payers are offered the provider.
    """
    account = find_account(place.business_id, provider)
    if account is None:
        raise _not_set_up(provider)
    said, passed = _("The provider knows these keys."), True
    try:
        gateway = providers.gateway_at(account)
        db.session.commit()  # hold no connection while the provider is being waited for
        gateway.check()
    except GatewayRefused as error:
        said, passed = _("The provider said no: %(why)s", why=error.message), False
    except GatewayDown:
        passed = False
        said = _("The provider did not answer, so nobody knows yet whether the keys are right. Try again.")
    except DomainError as error:
        said, passed = error.message, False
    return _tested(place=place, provider=provider, passed=passed, said=said, actor=actor)


@transactional
def _tested(*, place: Asset, provider: str, passed: bool, said: str, actor: Actor) -> GatewayAccount:
    account = _account(place, provider)
    account.tested_at, account.test_passed, account.test_said = utcnow(), passed, said
    if passed and not account.proven:
        account.details, account.enabled = _proved(account), True
    _record("gateway_account.tested", account, place, actor, None, {"passed": passed, "said": said})
    return account


def _proved(account: GatewayAccount) -> dict[str, Any]:
    return {name: each for name, each in account.details.items() if name != UNPROVEN}


def _account(place: Asset, provider: str) -> GatewayAccount:
    account = lock_account(place.business_id, provider)
    if account is None:
        raise _not_set_up(provider)
    return account


def _not_set_up(provider: str) -> NotSetUp:
    return NotSetUp(_("%(provider)s has not been set up here.", provider=providers.called(provider)))


def _fields(provider: str) -> tuple[Field, ...]:
    try:
        return FIELDS[provider]
    except KeyError:
        raise NoSuchProvider(_("There is no such provider.")) from None


def _record(
    action: str,
    account: GatewayAccount,
    place: Asset,
    actor: Actor,
    before: dict[str, Any] | None,
    after: dict[str, Any],
) -> None:
    record(
        action,
        actor=actor,
        subject="gateway_account",
        subject_id=account.id,
        asset_id=place.id,
        before=before,
        after={"provider": account.provider, **after},
    )
