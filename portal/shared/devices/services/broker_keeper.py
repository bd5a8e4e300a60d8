"""Keeps the broker's accounts as the registry has them; tells who reaches for others' topics, or shares a name."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Sequence
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
TWO = "two_devices"
#: So many times within so many seconds a connection is taken over when two devices have one name.
FIGHT, FIGHT_SECONDS = 4, 60.0


@dataclass(frozen=True, slots=True)
class Files:
    """Where the broker's files are; None for those this portal does not keep."""

    passwords: Path | None = None
    acl: Path | None = None
    pid_file: Path | None = None
    broker_log: Path | None = None


_files = Files()
#: When the connection of each name was taken over of late.
_takeovers: dict[str, deque[float]] = {}


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
    """Raise an alert for each device whose publishes on others' topics the broker refused, and for each name that
    two devices take from each other; returns how many.
    """
    if _files.broker_log is None:
        return 0
    news = account_files.news(_files.broker_log, _files.broker_log.with_suffix(".denials"))
    latest = {who: (at, topic) for at, who, topic in news.denials}
    fought = _fought_over(news.takeovers)
    return (report(latest=latest) if latest else 0) + (report_shared(latest=fought) if fought else 0)


@transactional
def report(*, latest: dict[str, tuple[float, str]]) -> int:
    """One alert for each device by name: when it last reached for a topic that is not its own, and for which."""
    facts = {name: (at, {"topic": topic[:200]}) for name, (at, topic) in latest.items()}
    return _raise(FOREIGN, Severity.CRITICAL, facts)


@transactional
def report_shared(*, latest: dict[str, float]) -> int:
    """One alert for each device by name: when two that use it last took the connection from each other."""
    return _raise(TWO, Severity.CRITICAL, {name: (at, {}) for name, at in latest.items()})


def _fought_over(takeovers: Sequence[tuple[float, str]]) -> dict[str, float]:
    """The names whose connection was taken over again and again, each with when last.

    Once in a while a device does that to itself: it comes back before the broker has noticed that it was gone.
    """
    for at, who in takeovers:
        _takeovers.setdefault(who, deque(maxlen=FIGHT)).append(at)
    now = time.time()
    for who in [who for who, times in _takeovers.items() if now - times[-1] > FIGHT_SECONDS]:
        del _takeovers[who]
    return {
        who: times[-1]
        for who in {who for _at, who in takeovers} & _takeovers.keys()
        if len(times := _takeovers[who]) == FIGHT and times[-1] - times[0] <= FIGHT_SECONDS
    }


def _raise(kind: str, severity: Severity, latest: dict[str, tuple[float, dict[str, str]]]) -> int:
    devices = db.session.execute(
        select(Device.id, Device.asset_id, Device.unit_id, Device.name)
        .where(Device.name.in_(latest), Device.asset_id.isnot(None))
        .order_by(Device.asset_id, Device.id)
    ).all()
    for device_id, asset_id, unit_id, name in devices:
        at, facts = latest[name]
        raise_alert(
            asset_id=asset_id or uuid.UUID(int=0),
            kind=kind,
            key=f"{kind}:{device_id}",
            severity=severity,
            facts={"device": name, **facts},
            happened_at=datetime.fromtimestamp(at, UTC),
            unit_id=unit_id,
            device_id=device_id,
        )
    return len(devices)
