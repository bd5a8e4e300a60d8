"""Finding what providers charge: the bands of a provider, and those in force at a moment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range

from portal.core.db import db
from portal.core.words import _
from portal.shared.payments.errors import NoSuchBand
from portal.shared.payments.models import ChargeBand

Kind = tuple[str, str, str, str]
"""Provider, direction, channel and currency: what the bands of one price list share."""


def bands_in_force(provider: str, direction: str, currency: str, channel: str, at: datetime) -> Sequence[ChargeBand]:
    """What holds at a moment for a channel, and for any channel."""
    return db.session.scalars(
        select(ChargeBand).where(
            ChargeBand.provider == provider,
            ChargeBand.direction == direction,
            ChargeBand.currency == currency,
            ChargeBand.channel.in_({"", channel}),
            ChargeBand.valid.op("@>")(at),
        )
    ).all()


def all_bands(*, since: datetime | None = None) -> Sequence[ChargeBand]:
    """Every band, or those that hold at a moment or later, in the order people read them."""
    question = select(ChargeBand).order_by(
        ChargeBand.provider,
        ChargeBand.direction,
        ChargeBand.currency,
        ChargeBand.channel,
        func.lower(ChargeBand.amounts),
        func.lower(ChargeBand.valid).desc(),
    )
    if since is not None:
        question = question.where(~_over(since))
    return db.session.scalars(question).all()


def count_over(moment: datetime) -> int:
    """How many bands have ended by a moment."""
    return db.session.scalar(select(func.count()).select_from(ChargeBand).where(_over(moment))) or 0


def kinds_known() -> set[Kind]:
    """The price lists somebody has set, or that were loaded."""
    rows = db.session.execute(
        select(ChargeBand.provider, ChargeBand.direction, ChargeBand.channel, ChargeBand.currency).distinct()
    )
    return {(provider, direction, channel, currency) for provider, direction, channel, currency in rows}


def lock_overlapping(kind: Kind, amounts: Range[int], valid: Range[datetime]) -> Sequence[ChargeBand]:
    """The bands of a price list that hold for some of these amounts at some of this time, locked."""
    provider, direction, channel, currency = kind
    return db.session.scalars(
        select(ChargeBand)
        .where(
            ChargeBand.provider == provider,
            ChargeBand.direction == direction,
            ChargeBand.channel == channel,
            ChargeBand.currency == currency,
            ChargeBand.amounts.op("&&")(amounts),
            ChargeBand.valid.op("&&")(valid),
        )
        .order_by(func.lower(ChargeBand.valid))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def lock_band(band_id: uuid.UUID) -> ChargeBand:
    """A band, locked; raises NoSuchBand."""
    found: ChargeBand | None = db.session.get(ChargeBand, band_id, populate_existing=True, with_for_update=True)
    if found is None:
        raise NoSuchBand(_("There is no such charge."))
    return found


def _over(moment: datetime) -> ColumnElement[bool]:
    return ChargeBand.valid.op("<<")(func.tstzrange(moment, None, "[)", type_=TSTZRANGE))
