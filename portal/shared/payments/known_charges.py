"""Charges the providers publish, as they stood when they were read; each says where, so that it can be checked.

They are loaded once for a provider, direction, channel and currency nobody has set a charge for. From then on
people change them on the page of charges, from a date on, and nothing here is read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
PAYSTACK_PAGE = "Paystack's official price page for Nigeria, read in November 2026"
TO_BE_CHECKED = "Commonly told, and to be checked: compare with your own Paystack statement before relying on it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One band as published; amounts in minor units, the lower end included."""

    provider: str
    direction: str
    currency: str
    lower: int
    upper: int | None
    fixed: int = 0
    basis_points: int = 0
    cap: int | None = None
    channel: str = ""
    source: str


KNOWN = (
    Known(
        provider="paystack",
        direction="collection",
        currency="NGN",
        lower=0,
        upper=250_000,
        basis_points=150,
        cap=200_000,
        source=f"{PAYSTACK_PAGE}: 1.5 %; the N100 is waived below N2,500",
    ),
    Known(
        provider="paystack",
        direction="collection",
        currency="NGN",
        lower=250_000,
        upper=None,
        fixed=10_000,
        basis_points=150,
        cap=200_000,
        source=f"{PAYSTACK_PAGE}: 1.5 % and N100, N2,000 at most",
    ),
    Known(
        provider="paystack",
        direction="payout",
        currency="NGN",
        lower=0,
        upper=500_001,
        fixed=1_000,
        source=f"{TO_BE_CHECKED}: N10 up to N5,000",
    ),
    Known(
        provider="paystack",
        direction="payout",
        currency="NGN",
        lower=500_001,
        upper=5_000_001,
        fixed=2_500,
        source=f"{TO_BE_CHECKED}: N25 up to N50,000",
    ),
    Known(
        provider="paystack",
        direction="payout",
        currency="NGN",
        lower=5_000_001,
        upper=None,
        fixed=5_000,
        source=f"{TO_BE_CHECKED}: N50 above N50,000",
    ),
)
