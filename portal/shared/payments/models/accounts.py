"""A business's own account at a provider, and what providers charge, as data."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INT8RANGE, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Record

#: Marks keys that have never passed a test: nobody is sent to a provider by a typing mistake.
UNPROVEN = "unproven"


class GatewayAccount(Record):
    """What a business set up at a provider; where it set up nothing, the environment's settings serve.

    `secrets` is encrypted JSON and is never shown again; `hints` keeps what a person may see of each (the last
    characters). `token` is the unguessable part of the callback addresses given to a provider without signatures.
    """

    __tablename__ = "gateway_account"
    __table_args__ = (
        UniqueConstraint("business_id", "provider"),
        CheckConstraint("provider in ('paystack', 'flutterwave', 'mpesa')", "provider_known"),
    )

    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"))
    provider: Mapped[str]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    #: What is no secret: base address, short code, the place that unmatched money is booked at.
    details: Mapped[dict[str, Any]]
    secrets: Mapped[bytes] = mapped_column(LargeBinary)
    hints: Mapped[dict[str, Any]]
    payer_bears_charges: Mapped[bool] = mapped_column(server_default=text("false"))
    token: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    tested_at: Mapped[datetime | None]
    test_passed: Mapped[bool | None]
    test_said: Mapped[str | None]

    @property
    def proven(self) -> bool:
        """Whether these keys may serve: they passed a test once, or a person switched them on without one."""
        return not self.details.get(UNPROVEN)


class ChargeBand(Record):
    """What a provider charges on amounts of one band, from one moment to another: fixed + basis points, capped.

    `amounts` is in minor units, lower end included. Two bands of one kind never overlap: the database refuses it.
    """

    __tablename__ = "charge_band"
    __table_args__ = (
        ExcludeConstraint(
            ("provider", "="),
            ("direction", "="),
            ("channel", "="),
            ("currency", "="),
            ("amounts", "&&"),
            ("valid", "&&"),
            using="gist",
            name="ex_charge_band_no_overlap",
        ),
        CheckConstraint("direction in ('collection', 'payout')", "direction_known"),
        CheckConstraint("fixed >= 0 and basis_points between 0 and 10000", "charge_sensible"),
        CheckConstraint("cap is null or cap > 0", "cap_positive"),
        CheckConstraint("not isempty(amounts) and lower(amounts) >= 0", "amounts_sensible"),
        CheckConstraint("not isempty(valid)", "valid_not_empty"),
    )

    provider: Mapped[str]
    direction: Mapped[str]
    #: card, bank, mobile_money...; empty for any.
    channel: Mapped[str] = mapped_column(server_default=text("''"))
    currency: Mapped[str]
    amounts: Mapped[Range[int]] = mapped_column(INT8RANGE)
    fixed: Mapped[int] = mapped_column(server_default=text("0"))
    basis_points: Mapped[int] = mapped_column(server_default=text("0"))
    cap: Mapped[int | None]
    valid: Mapped[Range[Any]] = mapped_column(TSTZRANGE)
    #: Where the figure was read, so that the next person can check it.
    source: Mapped[str]
    set_by: Mapped[str]
