"""Businesses and their places: registered, amended, closed. Commands on units are offered here too."""

from __future__ import annotations

import uuid
import zoneinfo
from datetime import datetime
from typing import Any, TypedDict

from portal.core import numbers
from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.money import decimals_of
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets import errors
from portal.shared.assets.events import AssetAmended, AssetRegistered
from portal.shared.assets.models import Asset, AssetKind, Business, Unit
from portal.shared.assets.queries import lock_asset
from portal.shared.assets.services.units import (
    amend_unit,
    called,
    delete_unit,
    flush_unless_history,
    need_reason,
    register_unit,
    resume,
    retire,
    suspend,
)
from portal.shared.audit.services import record


class BankDetails(TypedDict):
    """Where a place's money is paid out to: all three or none."""

    bank_name: str
    bank_account_name: str
    bank_account_number: str


@transactional
def register_business(*, name: str, actor: Actor) -> Business:
    """Enter a company that owns places."""
    business = Business(name=name)
    db.session.add(business)
    db.session.flush()
    record("business.registered", actor=actor, subject="business", subject_id=business.id, after={"name": name})
    return business


@transactional
def register_asset(
    *,
    kind: str,
    name: str,
    currency: str,
    timezone: str,
    actor: Actor,
    location: str | None = None,
    bank_name: str | None = None,
    bank_account_name: str | None = None,
    bank_account_number: str | None = None,
    business_id: uuid.UUID | None = None,
) -> Asset:
    """Open a place under a number of its own, in a business of its own unless one is named."""
    decimals_of(currency)
    _known_timezone(timezone)
    bank = _whole_bank_details(bank_name, bank_account_name, bank_account_number)
    if business_id is None:
        business_id = register_business(name=name, actor=actor).id
    asset = Asset(
        business_id=business_id,
        asset_number=numbers.label_number(),
        kind=AssetKind(kind),
        name=name,
        timezone=timezone,
        currency=currency,
        location=location or None,
        **bank,
    )
    db.session.add(asset)
    db.session.flush()
    record(
        "asset.registered",
        actor=actor,
        subject="asset",
        subject_id=asset.id,
        asset_id=asset.id,
        after={"kind": asset.kind, **_settings(asset), "currency": currency, **_masked(asset)},
    )
    publish(AssetRegistered(asset_id=asset.id, subject_id=asset.id))
    return asset


@transactional
def amend_asset(
    *,
    asset_id: uuid.UUID,
    actor: Actor,
    name: str | None = None,
    location: str | None = None,
    timezone: str | None = None,
    retain_commands: bool | None = None,
    bank: BankDetails | None = None,
) -> Asset:
    """Change how a place is called, where it is or how its devices are served; None leaves a thing as it is."""
    asset = lock_asset(asset_id)
    if bank is not None:
        amend_bank_details(asset_id=asset_id, **bank, actor=actor)
    before = _settings(asset)
    if timezone is not None:
        _known_timezone(timezone)
        asset.timezone = timezone
    if name is not None:
        asset.name = name
    if location is not None:
        asset.location = location or None
    if retain_commands is not None:
        asset.retain_commands = retain_commands
    _tell_asset("asset.amended", asset, actor, before, _settings(asset))
    return asset


@transactional
def amend_bank_details(
    *, asset_id: uuid.UUID, bank_name: str, bank_account_name: str, bank_account_number: str, actor: Actor
) -> Asset:
    """Change where a place's money is paid out to; the trail keeps only the last digits of an account."""
    asset = lock_asset(asset_id)
    before = _masked(asset)
    for field, value in _whole_bank_details(bank_name, bank_account_name, bank_account_number).items():
        setattr(asset, field, value)
    _tell_asset("asset.bank_amended", asset, actor, before, _masked(asset))
    return asset


@transactional
def retire_asset(*, asset_id: uuid.UUID, reason: str, actor: Actor) -> Asset:
    """Close a place for good; its history stays readable and nothing new starts there."""
    need_reason(reason)
    asset = lock_asset(asset_id)
    if asset.retired_at is None:
        asset.retired_at = utcnow()
        _tell_asset("asset.retired", asset, actor, {"retired_at": None}, {"retired_at": asset.retired_at}, reason)
    return asset


@transactional
def delete_asset(*, asset_id: uuid.UUID, actor: Actor) -> None:
    """Remove a place that was opened by mistake: raises HasHistory once money, events or grants name it."""
    asset = lock_asset(asset_id)
    record(
        "asset.deleted",
        actor=actor,
        subject="asset",
        subject_id=asset.id,
        asset_id=asset.id,
        before={"kind": asset.kind, "asset_number": asset.asset_number, **_settings(asset)},
    )
    db.session.execute(Unit.__table__.delete().where(Unit.asset_id == asset.id, Unit.activated_at.is_(None)))  # type: ignore[attr-defined]
    db.session.delete(asset)
    flush_unless_history(_("%(name)s has a history that must stay readable. Retire it instead.", name=asset.name))


def _known_timezone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise errors.UnknownTimezone(
            _("There is no time zone of that name. Use one such as Africa/Lagos."), field="timezone"
        )


def _whole_bank_details(bank: str | None, holder: str | None, account: str | None) -> dict[str, str | None]:
    given = (bank or None, holder or None, account or None)
    if any(given) and not all(given):
        raise errors.BankDetailsIncomplete(
            _("Give the bank, the name on the account and its number together, or none of them."), field="bank_name"
        )
    return dict(zip(("bank_name", "bank_account_name", "bank_account_number"), given, strict=True))


def _settings(asset: Asset) -> dict[str, Any]:
    return {
        "name": asset.name,
        "location": asset.location,
        "timezone": asset.timezone,
        "retain_commands": bool(asset.retain_commands),
    }


def _masked(asset: Asset) -> dict[str, Any]:
    account = asset.bank_account_number
    return {
        "bank_name": asset.bank_name,
        "bank_account_name": asset.bank_account_name,
        "bank_account_number": f"…{account[-4:]}" if account else None,
    }


def _tell_asset(
    action: str,
    asset: Asset,
    actor: Actor,
    before: dict[str, Any],
    after: dict[str, datetime | Any],
    reason: str | None = None,
) -> None:
    record(
        action,
        actor=actor,
        subject="asset",
        subject_id=asset.id,
        asset_id=asset.id,
        reason=reason,
        before=before,
        after=after,
    )
    publish(AssetAmended(asset_id=asset.id, subject_id=asset.id))


__all__ = [
    "amend_asset",
    "amend_bank_details",
    "amend_unit",
    "called",
    "delete_asset",
    "delete_unit",
    "register_asset",
    "register_business",
    "register_unit",
    "resume",
    "retire",
    "retire_asset",
    "suspend",
]
