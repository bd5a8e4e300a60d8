"""What a payer may pay for at a unit, said before anybody pays."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from portal.core.clock import utcnow
from portal.core.money import Money, whole_periods
from portal.core.words import _
from portal.shared.access.errors import AmountTooLarge, AmountTooSmall, UnitLet, UnitNotForLetting, WrongCurrency
from portal.shared.access.lettings import letting_of
from portal.shared.access.models import AccessGrant
from portal.shared.access.queries import running_and_coming
from portal.shared.access.until import day_of
from portal.shared.assets.models import Asset, Unit, UnitStatus
from portal.shared.assets.queries import asset_of, unit_of
from portal.shared.assets.services.units import called
from portal.shared.payments.purposes import Offer, Terms

PURPOSE = "unit_access"
MOST_MINUTES = 366 * 1_440
OUT_OF_USE = (UnitStatus.SUSPENDED, UnitStatus.RETIRED)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a unit can be paid for now, by whom, and if not, why."""

    holder: str | None
    until: datetime | None
    refusal: str | None


def prepare(offer: Offer) -> Terms:
    """The terms of paying for a unit; refused when it is out of use, let to another, or the amount does not fit."""
    unit = unit_of(offer.subject_id)
    asset = asset_of(unit.asset_id)
    if offer.currency is not None and offer.currency != asset.currency:
        raise WrongCurrency(
            _("%(place)s takes %(currency)s.", place=asset.name, currency=asset.currency), field="currency"
        )
    in_use(unit, asset)
    letting = letting_of(unit)
    for grant in running_and_coming(unit.id, utcnow()) if letting is None else ():
        if grant.holder != offer.payer:
            raise UnitLet(let_until(unit, asset, grant), unit=unit.number)
    periods, _rest = whole_periods(offer.amount, unit.price)
    if periods < 1:
        raise AmountTooSmall(
            _(
                "%(amount)s does not buy one period; the price is %(price)s.",
                amount=Money(offer.amount, asset.currency),
                price=Money(unit.price, asset.currency),
            ),
            field="amount",
        )
    if periods * unit.period_minutes > MOST_MINUTES:
        raise AmountTooLarge(
            _(
                "At most a year can be paid at once: %(most)s.",
                most=Money(unit.price * (MOST_MINUTES // unit.period_minutes), asset.currency),
            ),
            field="amount",
        )
    if letting is not None:
        letting.keep(unit, asset, periods, offer.payer, at_once=offer.at_once)
    return Terms(
        asset_id=asset.id,
        currency=asset.currency,
        price=unit.price,
        period_minutes=unit.period_minutes,
        description=f"{asset.name}, {called(unit)}",
    )


def in_use(unit: Unit, asset: Asset) -> None:
    """Refuse a unit that nobody can be let into."""
    if asset.retired_at is not None:
        raise UnitNotForLetting(_("%(place)s is closed.", place=asset.name))
    if unit.status in OUT_OF_USE:
        raise UnitNotForLetting(_("%(unit)s is out of use for now. Ask at the desk.", unit=called(unit)))


def let_until(unit: Unit, asset: Asset, grant: AccessGrant) -> str:
    """The sentence for somebody who wants a unit that another has."""
    until = unit.expires_at or grant.ends_at
    return _(
        "%(unit)s is let until %(until)s. Choose another one, or come back then.",
        unit=called(unit),
        until=day_of(until, asset.timezone),
    )


def standing(unit_id: uuid.UUID) -> Standing:
    """How a unit stands for somebody at its door who has not said who they are."""
    unit = unit_of(unit_id)
    asset = asset_of(unit.asset_id)
    try:
        in_use(unit, asset)
    except UnitNotForLetting as error:
        return Standing(None, None, error.message)
    grants = running_and_coming(unit_id, utcnow())
    if not grants:
        return Standing(None, None, None)
    return Standing(grants[0].holder, grants[-1].ends_at, None)
