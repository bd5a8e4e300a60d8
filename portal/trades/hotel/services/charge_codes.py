"""The list of what a hotel charges beside its rooms: what each costs, and the tax in it or on top."""

from __future__ import annotations

import uuid
from typing import Any

from portal.core.actor import Actor
from portal.core.clock import utcnow
from portal.core.db import db, written
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.trades.hotel.errors import CodeTaken, NoSuchTerms
from portal.trades.hotel.models import ChargeCode

rule("uq_charge_code_asset_id_code", lambda: CodeTaken(_("There is one of that code already."), field="code"))


def get_charge(asset_id: uuid.UUID, charge_id: uuid.UUID) -> ChargeCode:
    """A charge of this hotel's list; raises NoSuchTerms."""
    found: ChargeCode | None = db.session.get(ChargeCode, charge_id)
    if found is None or found.asset_id != asset_id:
        raise NoSuchTerms(_("There is no such thing here."))
    return found


@transactional
def add(*, asset_id: uuid.UUID, code: str, actor: Actor, **values: Any) -> ChargeCode:
    """Another charge of the list; without a price it is said when it is charged."""
    made = written(ChargeCode(asset_id=asset_id, code=code.strip().lower(), **values))
    _note("charge_code.added", made, actor, after={"code": made.code, **values})
    return made


@transactional
def amend(*, asset_id: uuid.UUID, charge_id: uuid.UUID, actor: Actor, **values: Any) -> ChargeCode:
    """Change a charge; what stands on folios stays as it was charged."""
    found = get_charge(asset_id, charge_id)
    changes = {name: value for name, value in values.items() if getattr(found, name) != value}
    before = {name: getattr(found, name) for name in changes}
    for name, value in changes.items():
        setattr(found, name, value)
    if changes:
        _note("charge_code.amended", found, actor, before=before, after=changes)
    return found


@transactional
def retire(*, asset_id: uuid.UUID, charge_id: uuid.UUID, actor: Actor) -> ChargeCode:
    """Offer a charge no more."""
    found = get_charge(asset_id, charge_id)
    if found.retired_at is None:
        found.retired_at = utcnow()
        _note("charge_code.retired", found, actor)
    return found


@transactional
def restore(*, asset_id: uuid.UUID, charge_id: uuid.UUID, actor: Actor) -> ChargeCode:
    """Offer it again."""
    found = get_charge(asset_id, charge_id)
    if found.retired_at is not None:
        found.retired_at = None
        _note("charge_code.restored", found, actor)
    return found


def _note(action: str, charge: ChargeCode, actor: Actor, **said: Any) -> None:
    record(action, actor=actor, subject="charge_code", subject_id=charge.id, asset_id=charge.asset_id, **said)
