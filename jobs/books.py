"""The nightly look at the books."""

from __future__ import annotations

import structlog

from portal.core import runs
from portal.reporting import books_check

log = structlog.get_logger(__name__)


def verify() -> int:
    """Recompute the books and keep what was found, for the health page and the bell; how much was off."""
    found = books_check.run()
    wrong = [sentence for each in found for sentence in each.wrong]
    checked = next(each.checked for each in found if each.name == "entries balance")
    runs.beat(books_check.BEAT, entries=checked, wrong=wrong)
    for sentence in wrong:
        log.error("the_books_are_off", sentence=sentence)
    return len(wrong)
