"""Places: list, open, show, change, remove."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import g

from portal.api.door import door, speaks
from portal.api.guards import current_actor, permission, require, signed_in, this_user
from portal.api.schemas import AssetChange, AssetIn, AssetOut, Bank, BankOut, Page, Paging
from portal.shared.assets.models import Asset
from portal.shared.assets.services import registry
from portal.shared.identity import permissions, queries
from portal.shared.identity.models import Role
from portal.shared.identity.services import memberships


@door.get("/assets/")
@signed_in
@speaks("My places", gives=Page[AssetOut], query=Paging)
def assets(query: Paging) -> Page[AssetOut]:
    """The places the caller works at."""
    page = queries.page_of_places(this_user(), cursor=query.cursor, limit=query.limit)
    return Page(results=[shown(each.asset, each.role) for each in page.items], next=page.next)


@door.post("/assets/")
@signed_in
@speaks("Open a place", takes=AssetIn, gives=AssetOut, status=201, idempotent=True)
def open_asset(body: AssetIn) -> AssetOut:
    """Open a place; its opener becomes the owner."""
    asset = memberships.open_place(
        kind=body.kind,
        name=body.name,
        currency=body.currency,
        timezone=body.timezone,
        location=body.location,
        **(_bank(body.bank) if body.bank else {}),
        owner=this_user(),
        actor=current_actor(),
    )
    return shown(asset, Role.OWNER)


@door.get("/assets/<asset_number>/")
@permission("assets.view")
@speaks("One place", gives=AssetOut)
def asset() -> AssetOut:
    """The place."""
    return shown(g.place, g.role)


@door.patch("/assets/<asset_number>/")
@permission("assets.amend")
@speaks("Change a place", takes=AssetChange, gives=AssetOut)
def amend_asset(body: AssetChange) -> AssetOut:
    """Change what was sent; bank details need their own right."""
    if body.bank is not None:
        require("assets.bank", asset_id=g.place.id)
    changed = registry.amend_asset(
        asset_id=g.place.id,
        **body.sent("name", "location", "timezone", "retain_commands"),
        bank=_bank(body.bank) if body.bank else None,
        actor=current_actor(),
    )
    return shown(changed, g.role)


@door.delete("/assets/<asset_number>/")
@permission("assets.create")
@speaks("Remove a place that has no history", status=204)
def delete_asset() -> None:
    """Remove a place opened by mistake; 409 has_history once money, events or grants name it."""
    registry.delete_asset(asset_id=g.place.id, actor=current_actor())


def shown(asset: Asset, role: Role) -> AssetOut:
    """A place as the caller, in this role, may see it."""
    sees_bank = asset.bank_name and "assets.bank" in permissions.permissions_in(role)
    return AssetOut(
        id=asset.id,
        asset_number=asset.asset_number,
        kind=asset.kind,
        name=asset.name,
        currency=asset.currency,
        timezone=asset.timezone,
        location=asset.location,
        role=role,
        retain_commands=bool(asset.retain_commands),
        created_at=local(asset.created_at, asset),
        retired_at=local(asset.retired_at, asset),
        bank=BankOut(
            bank_name=asset.bank_name or "",
            account_name=asset.bank_account_name or "",
            account_number=asset.bank_account_number or "",
        )
        if sees_bank
        else None,
    )


def local(moment: datetime | None, asset: Asset) -> datetime | None:
    """A moment with the offset of the place's own clock."""
    return None if moment is None else moment.astimezone(ZoneInfo(asset.timezone))


def _bank(bank: Bank) -> registry.BankDetails:
    return {
        "bank_name": bank.bank_name,
        "bank_account_name": bank.account_name,
        "bank_account_number": bank.account_number,
    }
