"""What the pretended providers keep for themselves, by their published price lists. Amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from portal.core.money import round_minor


@dataclass(frozen=True, slots=True)
class Price:
    """A share of the amount, a fixed part that small amounts are spared, and the most it can come to."""

    basis_points: int
    fixed: int = 0
    fixed_from: int = 0
    cap: int | None = None

    def of(self, amount: int) -> int:
        """The charge on an amount, rounded to the nearest minor unit."""
        charge = round_minor(Fraction(amount * self.basis_points, 10_000))
        charge += self.fixed if amount >= self.fixed_from else 0
        return charge if self.cap is None else min(charge, self.cap)

    def on_top(self, wanted: int) -> int:
        """What a payer has to be asked for so that this much is left after the charge."""
        total = wanted
        while (missing := wanted - (total - self.of(total))) > 0:
            total += missing
        return total


FREE = Price(0)
#: Paystack Nigeria: 1.5 % and N100, the N100 spared below N2,500, N2,000 at most. Other countries have no list here.
PAYSTACK = {"NGN": Price(150, fixed=10_000, fixed_from=250_000, cap=200_000)}
#: Flutterwave Nigeria, local cards: 1.4 %, N2,000 at most.
FLUTTERWAVE = {"NGN": Price(140, cap=200_000)}
#: Paystack Nigeria, transfers: up to N5,000, up to N50,000, above.
TRANSFERS = {"NGN": ((500_000, 1_000), (5_000_000, 2_500), (None, 5_000))}


def paystack(currency: str) -> Price:
    """Paystack's price for charges in a currency."""
    return PAYSTACK.get(currency, FREE)


def flutterwave(currency: str) -> Price:
    """Flutterwave's price for charges in a currency."""
    return FLUTTERWAVE.get(currency, FREE)


def transfer(amount: int, currency: str) -> int:
    """What Paystack takes for sending an amount out."""
    for most, charge in TRANSFERS.get(currency, ()):
        if most is None or amount <= most:
            return charge
    return 0
