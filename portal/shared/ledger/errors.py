"""What the books refuse."""

from __future__ import annotations

from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.transaction import rule
from portal.core.words import _


class Unbalanced(Conflict):
    """Debits and credits differ, or there are fewer than two legs: nothing is booked."""


class PeriodClosed(Conflict):
    """The month is closed."""


class BalanceTooLow(Conflict):
    """A bounded account would fall below its floor."""


class AlreadyPosted(Conflict):
    """This business fact is in the books already."""


class AlreadyReversed(Conflict):
    """An entry is reversed once."""


class FollowsAFact(Conflict):
    """The entry was posted by a desk, and is undone there."""


class NoSuchEntry(NotFound):
    """No such entry in the books of this place."""


class NoSuchAccount(NotFound):
    """No such account in the books of this place."""


class PeriodOrder(Conflict):
    """Months close in order and reopen from the latest backwards."""


class MonthNotOver(Conflict):
    """A month is closed when it has ended."""


class NotThatDay(Invalid):
    """A day that nothing can be booked on: still to come, or long ago."""


class ReasonMissing(Invalid):
    """A reason is needed, and kept."""


rule("ledger_entry_balanced", lambda: Unbalanced(_("Debits and credits of an entry must be equal.")))
rule("ledger_period_closed", lambda: PeriodClosed(_("That month is closed. Choose a later day, or reopen it.")))
rule("ledger_account_floor", lambda: BalanceTooLow(_("There is not enough on the account for that.")))
rule("uq_ledger_entry_key", lambda: AlreadyPosted(_("This is in the books already.")))
rule("uq_ledger_entry_reverses", lambda: AlreadyReversed(_("This entry has been reversed already.")))
