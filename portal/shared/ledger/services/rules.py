"""What an entry made by hand has to be: even, of several lines, on a sensible and open day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from portal.core.clock import local_date
from portal.core.money import Money
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.ledger.chart import BY_PEOPLE
from portal.shared.ledger.errors import NotThatDay, PeriodClosed, Unbalanced
from portal.shared.ledger.models import Entry
from portal.shared.ledger.queries import first_open_day

#: An entry by hand for a day further back is a slip of the keyboard.
YEARS_BACK = 10


def check(*, place: Asset, currency: str, amounts: Sequence[int], on: date | None) -> None:
    """Refuse what `make` would refuse of lines of these signed minor units on this day, without booking anything."""
    if on is not None:
        _bookable(place, on)
        if first_open_day(place.id, on) != on:
            raise closed(first_open_day(place.id, on))
    _even(amounts, currency)


def by_people(entry: Entry) -> bool:
    """Whether people made the entry in the books themselves, so that it is theirs to reverse there."""
    return entry.subject == "manual" or entry.fact in BY_PEOPLE


def closed(open_from: date) -> PeriodClosed:
    """The refusal of a day before the first open one."""
    return PeriodClosed(
        _(
            "The books are closed up to %(day)s. Choose a later day, or reopen the month.",
            day=(open_from - timedelta(days=1)).isoformat(),
        ),
        field="on",
    )


def _even(amounts: Sequence[int], currency: str) -> None:
    """Refuse, with the difference, what the database would refuse at commit."""
    if len(amounts) < 2:
        raise Unbalanced(_("An entry has two lines or more: money comes from somewhere and goes somewhere."))
    debits, credits = (sum(max(0, side * minor) for minor in amounts) for side in (1, -1))
    if debits != credits:
        missing = _("the debits") if debits < credits else _("the credits")
        raise Unbalanced(
            _(
                "Debits are %(debits)s and credits %(credits)s: %(off)s is missing among %(side)s.",
                debits=Money(debits, currency),
                credits=Money(credits, currency),
                off=Money(abs(debits - credits), currency),
                side=missing,
            )
        )


def _bookable(place: Asset, on: date) -> None:
    today = local_date(place.timezone)
    if on > max(today, place.business_date or today):
        raise NotThatDay(_("That day is still to come. Choose today or an earlier day."), field="on")
    if on.year < today.year - YEARS_BACK:
        raise NotThatDay(
            _("That is more than %(years)s years ago. Look at the year again.", years=YEARS_BACK), field="on"
        )
