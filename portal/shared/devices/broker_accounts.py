"""Who may sign in at the broker's device door and what each may say there, as the two files mosquitto reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from portal.core.db import db
from portal.shared.assets.models import Asset, AssetKind, Unit
from portal.shared.devices.models import Device, DeviceStatus, DeviceType, Dialect

#: Every account has its own branch and no other: what a device says, and what it is told.
ENVELOPES = """\
# Written by the portal from its registry of devices; what is changed here is lost.
pattern write v1/%u/up/#
pattern write v1/%u/status
pattern read v1/%u/down/#
"""
ROOTS = {"room": "rooms", "vehicle": "vehicles"}


@dataclass(frozen=True, slots=True)
class Account:
    """One device that may sign in; a plain one also has the topics of its unit, or as a gateway of its place."""

    name: str
    secret_hash: str
    topics: tuple[str, ...] = ()


def accounts() -> list[Account]:
    """Every device in service that has a secret, by name."""
    rows = db.session.execute(
        select(Device.name, Device.secret_hash, Device.dialect, Device.type, Asset.asset_number, Asset.kind,
               Unit.kind.label("unit_kind"), Unit.number)
        .join(Asset, Asset.id == Device.asset_id)
        .outerjoin(Unit, Unit.id == Device.unit_id)
        .where(Device.status == DeviceStatus.ACTIVE, Device.secret_hash.isnot(None))
        .order_by(Device.name)
    ).all()  # fmt: skip
    found = []
    for row in rows:
        topics: tuple[str, ...] = ()
        if row.dialect == Dialect.PLAIN and row.type == DeviceType.GATEWAY:
            roots = ("rooms", "vehicles") if row.kind == AssetKind.HOTEL else ("vehicles",)
            topics = tuple(f"{root}/{row.asset_number}/#" for root in roots)
        elif row.dialect == Dialect.PLAIN and row.number is not None:
            topics = (f"{ROOTS[row.unit_kind]}/{row.asset_number}/{row.number}/#",)
        found.append(Account(row.name, row.secret_hash or "", topics))
    return found


def password_text(known: Iterable[Account]) -> str:
    """The password file."""
    return "".join(f"{each.name}:{each.secret_hash}\n" for each in known)


def acl_text(known: Iterable[Account]) -> str:
    """The file of who may read and write what; envelopes need one rule for all, as a name is also its branch."""
    plain = (
        "".join((f"\nuser {each.name}\n", *(f"topic readwrite {topic}\n" for topic in each.topics)))
        for each in known
        if each.topics
    )
    return ENVELOPES + "".join(plain)
