"""What providers charge: asking it, and changing it from a date on. What held in the past is never edited."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import Range

from portal.core import locks
from portal.core.actor import Actor, system
from portal.core.clock import utcnow
from portal.core.db import db
from portal.core.transaction import rule, transactional
from portal.core.words import _
from portal.shared.audit.services import record
from portal.shared.payments.band_queries import Kind, bands_in_force, kinds_known, lock_band, lock_overlapping
from portal.shared.payments.errors import BandNotSensible, BandsOverlap, ChargeEatsAll
from portal.shared.payments.known_charges import KNOWN, SINCE
from portal.shared.payments.models import ChargeBand
from portal.shared.payments.tariffs import Tariff, charge_on
from portal.shared.payments.tariffs import gross_up as smallest_gross

#: Providers that charge as another one does.
CHARGES_AS = {"sandbox": "paystack"}


def _overlap() -> BandsOverlap:
    return BandsOverlap(
        _("Another charge holds for some of these amounts then. End that one first, or choose other amounts."),
        field="starts_on",
    )


rule("ex_charge_band_no_overlap", _overlap)


def charge(
    provider: str, direction: str, amount: int, currency: str, channel: str = "", at: datetime | None = None
) -> int:
    """What a provider takes for an amount, in minor units; nothing where no charge is known."""
    return charge_on(tariffs(provider, direction, currency, channel, at), amount)


def gross_up(
    net: int, provider: str, currency: str, channel: str = "", at: datetime | None = None, direction: str = "collection"
) -> int:
    """The smallest amount to ask for so that at least `net` is left after the charge; raises ChargeEatsAll."""
    gross = smallest_gross(tariffs(provider, direction, currency, channel, at), net)
    if gross is None:
        raise ChargeEatsAll(_("No amount is enough: the provider's charge takes all of it. Check the charges."))
    return gross


def surcharge_for(provider: str, amount: int, currency: str, at: datetime | None = None) -> int:
    """What a payer who bears the charge pays on top of an amount, so that the amount itself arrives."""
    return gross_up(amount, provider, currency, at=at) - amount


def tariffs(
    provider: str, direction: str, currency: str, channel: str = "", at: datetime | None = None
) -> list[Tariff]:
    """The price list in force at a moment (now, if none is named)."""
    found = bands_in_force(CHARGES_AS.get(provider, provider), direction, currency, channel, at or utcnow())
    return [tariff_of(each) for each in found]


def tariff_of(band: ChargeBand) -> Tariff:
    """A stored band as arithmetic."""
    return Tariff(
        lower=band.amounts.lower or 0,
        upper=band.amounts.upper,
        fixed=band.fixed,
        basis_points=band.basis_points,
        cap=band.cap,
        special=band.channel != "",
    )


@transactional
def set_band(
    *,
    provider: str,
    direction: str,
    currency: str,
    lower: int,
    upper: int | None,
    fixed: int,
    basis_points: int,
    cap: int | None,
    starts_at: datetime,
    source: str,
    actor: Actor,
    channel: str = "",
) -> ChargeBand:
    """A charge from a moment on, now at the earliest; one for exactly the same amounts ends there.

    Raises BandsOverlap when a charge for other amounts holds for some of these.
    """
    now = utcnow()
    # Midnight of today lies behind us, and in another time zone perhaps yesterday: it means now.
    if starts_at < now - timedelta(days=1):
        raise BandNotSensible(_("A charge begins today or later; what held before stays as it was."), field="starts_on")
    if upper is not None and upper <= lower:
        raise BandNotSensible(_("The band must end above where it begins."), field="upper")
    if cap is not None and cap < fixed:
        raise BandNotSensible(_("The most it can come to is below its fixed part."), field="cap")
    starts_at = max(starts_at, now)
    kind, amounts = (provider, direction, channel, currency), Range(lower, upper)
    locks.lock_in_transaction("charge bands")
    for each in lock_overlapping(kind, amounts, Range(starts_at, None)):
        begins = each.valid.lower
        if each.amounts != amounts or (begins is not None and begins >= starts_at):
            raise _overlap()
        each.valid = Range(begins, starts_at)
        _record("charge_band.ended", each, actor)
    db.session.flush()
    made = _band(kind, amounts, Range(starts_at, None), fixed, basis_points, cap, source.strip(), actor)
    _record("charge_band.set", made, actor)
    return made


@transactional
def end_band(*, band_id: uuid.UUID, ends_at: datetime, actor: Actor) -> None:
    """A charge ends at a moment, now at the earliest; one that has not begun by then never was."""
    locks.lock_in_transaction("charge bands")
    band = lock_band(band_id)
    ends_at = max(ends_at, utcnow())
    begins, over = band.valid.lower, band.valid.upper
    if over is not None and over <= ends_at:
        raise BandNotSensible(_("This charge ends before that already."), field="ends_on")
    if begins is not None and ends_at <= begins:
        _record("charge_band.withdrawn", band, actor)
        db.session.delete(band)
        return
    band.valid = Range(begins, ends_at)
    _record("charge_band.ended", band, actor)


@transactional
def load_known() -> int:
    """Load the published charges of price lists nobody has set; returns how many bands that were."""
    locks.lock_in_transaction("charge bands")
    set_already, actor = kinds_known(), system("published charges")
    new = [each for each in KNOWN if (each.provider, each.direction, each.channel, each.currency) not in set_already]
    for each in new:
        kind = (each.provider, each.direction, each.channel, each.currency)
        amounts = Range(each.lower, each.upper)
        made = _band(kind, amounts, Range(SINCE, None), each.fixed, each.basis_points, each.cap, each.source, actor)
        _record("charge_band.loaded", made, actor)
    return len(new)


def _band(
    kind: Kind,
    amounts: Range[int],
    valid: Range[Any],
    fixed: int,
    basis_points: int,
    cap: int | None,
    source: str,
    actor: Actor,
) -> ChargeBand:
    provider, direction, channel, currency = kind
    made = ChargeBand(
        provider=provider,
        direction=direction,
        channel=channel,
        currency=currency,
        amounts=amounts,
        fixed=fixed,
        basis_points=basis_points,
        cap=cap,
        valid=valid,
        source=source,
        set_by=actor.key,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _record(action: str, band: ChargeBand, actor: Actor) -> None:
    record(
        action,
        actor=actor,
        subject="charge_band",
        subject_id=band.id,
        after={
            "provider": band.provider,
            "direction": band.direction,
            "channel": band.channel,
            "currency": band.currency,
            "from": band.amounts.lower,
            "below": band.amounts.upper,
            "fixed": band.fixed,
            "basis_points": band.basis_points,
            "cap": band.cap,
            "starts_at": None if band.valid.lower is None else band.valid.lower.isoformat(),
            "ends_at": None if band.valid.upper is None else band.valid.upper.isoformat(),
            "source": band.source,
        },
    )
