"""What became of a message of a provider: what those who listen to one kind of it answer the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

#: How long a signed word is waited with for the provider to confirm it; then it is believed.
UNREACHABLE_FOR = timedelta(seconds=10)
#: How long a message about something we do not know yet is kept waiting for it.
WAITS_FOR = timedelta(hours=72)
#: Why a message waits: it came before the charge it speaks of.
NOT_HERE_YET = "charge_not_here_yet"


@dataclass(frozen=True, slots=True)
class Heard:
    """`status` is the message's from now on: `new` comes round again; `why` is a reason kept with it."""

    status: str
    why: str | None = None


DONE = Heard("done")


def not_yet(why: str, age: timedelta) -> Heard:
    """What it is about is not here yet: it waits, and in the end a person looks at it."""
    return Heard("new" if age < WAITS_FOR else "unmatched", why)
