"""What a provider charges, as arithmetic: fixed + basis points, capped, on amounts of one band. Minor units, exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from portal.core.money import round_minor

WHOLE = 10_000
"""Basis points in a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The charge on amounts from `lower` (included) up to `upper` (excluded, None for no end)."""

    lower: int = 0
    upper: int | None = None
    fixed: int = 0
    basis_points: int = 0
    cap: int | None = None
    #: One for a single channel goes before one for any.
    special: bool = False

    def on(self, amount: int) -> int:
        """The charge on one amount, rounded to the nearest minor unit before the cap."""
        charge = round_minor(Fraction(amount * self.basis_points, WHOLE)) + self.fixed
        return charge if self.cap is None else min(charge, self.cap)


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of amounts on which one tariff holds, or none."""

    lower: int
    upper: int | None
    tariff: Tariff | None

    def net(self, gross: int) -> int:
        """What is left of an amount of this stretch."""
        return gross - (self.tariff.on(gross) if self.tariff else 0)


def steps(tariffs: Iterable[Tariff]) -> list[Step]:
    """All amounts from zero on, cut wherever another tariff begins to hold."""
    known = sorted(tariffs, key=lambda each: not each.special)
    edges = sorted({0, *(each.lower for each in known), *(each.upper for each in known if each.upper is not None)})
    return [Step(lower, upper, _holding(known, lower)) for lower, upper in zip(edges, [*edges[1:], None], strict=True)]


def charge_on(tariffs: Sequence[Tariff], amount: int) -> int:
    """The charge on an amount; nothing where no tariff is known for it."""
    holding = _holding(sorted(tariffs, key=lambda each: not each.special), amount)
    return holding.on(amount) if holding else 0


def gross_up(tariffs: Sequence[Tariff], net: int) -> int | None:
    """The smallest amount of which at least `net` is left after the charge; None where a charge eats everything.

    Within a stretch what is left never falls as the amount grows, so each is searched by halves; a stretch with a
    dearer tariff may leave less than the one before it, so they are searched in order and the first one wins.
    """
    for step in steps(tariffs):
        low = max(step.lower, net)
        high = step.upper - 1 if step.upper is not None else _enough(step, net)
        if high is None or high < low or step.net(high) < net:
            continue
        while low < high:
            middle = (low + high) // 2
            if step.net(middle) >= net:
                high = middle
            else:
                low = middle + 1
        return low
    return None


def _holding(tariffs: Sequence[Tariff], amount: int) -> Tariff | None:
    """The tariff that holds for an amount; those for one channel stand first."""
    for each in tariffs:
        if each.lower <= amount and (each.upper is None or amount < each.upper):
            return each
    return None


def _enough(step: Step, net: int) -> int | None:
    """An amount of a stretch without end that is certainly large enough."""
    tariff = step.tariff
    if tariff is None:
        return max(step.lower, net)
    if tariff.cap is not None:
        return max(step.lower, net + tariff.cap)
    if tariff.basis_points == WHOLE:
        return None
    share = -(-(net + tariff.fixed + 1) * WHOLE // (WHOLE - tariff.basis_points))
    return max(step.lower, share)
