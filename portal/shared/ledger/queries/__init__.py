"""Reading the books: the day a fact may be booked on, entries, balances, statements, the trial balance, the journal."""

from portal.shared.ledger.queries.balances import (
    Effect,
    accounts_at,
    balance_of,
    credits_at,
    effect,
    find_account,
    get_account,
    standing,
)
from portal.shared.ledger.queries.entries import (
    entries_about,
    entry_by_key,
    find_reversal,
    get_entry,
    legs_of,
    legs_with_accounts,
)
from portal.shared.ledger.queries.journal import Wanted, journal, journal_legs
from portal.shared.ledger.queries.periods import (
    Month,
    first_open_day,
    hold_open_day,
    last_closed,
    lock_period,
    months_of,
    next_to_close,
)
from portal.shared.ledger.queries.statement import Line, Statement, statement, statement_lines
from portal.shared.ledger.queries.trial import TrialBalance, TrialLine, currencies_at, first_day, trial_balance

__all__ = [
    "Effect",
    "Line",
    "Month",
    "Statement",
    "TrialBalance",
    "TrialLine",
    "Wanted",
    "accounts_at",
    "balance_of",
    "credits_at",
    "currencies_at",
    "effect",
    "entries_about",
    "entry_by_key",
    "find_account",
    "find_reversal",
    "first_day",
    "first_open_day",
    "get_account",
    "get_entry",
    "hold_open_day",
    "journal",
    "journal_legs",
    "last_closed",
    "legs_of",
    "legs_with_accounts",
    "lock_period",
    "months_of",
    "next_to_close",
    "standing",
    "statement",
    "statement_lines",
    "trial_balance",
]
