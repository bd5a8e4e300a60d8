"""Keeps the broker's accounts as the registry has them, and tells of devices that reach for others' topics."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import select

from portal.core.db import db
from portal.core.locks import lock_in_transaction
from portal.core.transaction import transactional
from portal.gateways import account_files
from portal.shared.devices.broker_accounts import accounts, acl_text, password_text
from portal.shared.devices.models import Device, Severity
from portal.shared.devices.services.alerts import raise_alert

log = structlog.get_logger(__name__)
FOREIGN = "security_foreign_topic"


@dataclass(frozen=True, slots=True)
class Files:
    """Where the broker's files are; None for those this portal does not keep."""

    passwords: Path | None = None
    acl: Path | None = None
    pid_file: Path | None = None
    broker_log: Path | None = None


_files = Files()


def connect(files: Files) -> None:
    """Say which files the broker reads."""
    global _files
    _files = files


def keep() -> int:
    """Bring both files to what the registry says and have the broker read them; returns how many changed.

    A device whose account is gone or has another secret is thrown off by that as well.
    """
    if _files.passwords is None or _files.acl is None:
        return 0
    if not _write(passwords=_files.passwords, acl=_files.acl):
        return 0
    if _files.pid_file is not None and not account_files.reload(_files.pid_file):
        log.warning("broker_not_told", pid_file=str(_files.pid_file))
    return 1


@transactional
def _write(*, passwords: Path, acl: Path) -> bool:
    """Both files, by one hand at a time: whoever read the registry earlier must not write the files later."""
    lock_in_transaction("accounts of the broker")
    known = accounts()
    changed = account_files.write(acl, acl_text(known))  # first what is forbidden, then who may enter
    return account_files.write(passwords, password_text(known)) or changed


def keep_after(_body: object) -> None:
    """As `keep`, when an account has changed."""
    keep()


def watch() -> int:
    """Raise an alert for each device whose publishes on others' topics the broker refused; returns how many."""
    if _files.broker_log is None:
        return 0
    bookmark = _files.broker_log.with_suffix(".denials")
    latest: dict[str, tuple[float, str]] = {}
    for at, who, topic in account_files.denials(_files.broker_log, bookmark):
        latest[who] = (at, topic)
    return report(latest=latest) if latest else 0


@transactional
def report(*, latest: dict[str, tuple[float, str]]) -> int:
    """One alert for each device by name: when it last reached for a topic that is not its own, and for which."""
    devices = db.session.execute(
        select(Device.id, Device.asset_id, Device.unit_id, Device.name)
        .where(Device.name.in_(latest), Device.asset_id.isnot(None))
        .order_by(Device.asset_id, Device.id)
    ).all()
    for device_id, asset_id, unit_id, name in devices:
        at, topic = latest[name]
        raise_alert(
            asset_id=asset_id or uuid.UUID(int=0),
            kind=FOREIGN,
            key=f"{FOREIGN}:{device_id}",
            severity=Severity.CRITICAL,
            facts={"device": name, "topic": topic[:200]},
            happened_at=datetime.fromtimestamp(at, UTC),
            unit_id=unit_id,
            device_id=device_id,
        )
    return len(devices)
