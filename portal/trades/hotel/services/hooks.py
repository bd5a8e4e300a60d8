"""Where a stay's steps let others of the hotel join in, inside the same transaction: folios, housekeeping.

`wiring` says who; a step calls whoever joined in the order of their names. By the time of a call stays, calendar,
rooms, units, grants and their commands may be locked: what joins locks folios and what comes after them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from portal.core.actor import Actor
from portal.trades.hotel.models import Stay

#: What a step may be, and what is said with it.
#: checked_in: the guest is in. leaving: the guest is about to go, post what is owed before the balance is asked for.
#: checked_out: the guest went. moved: the room is another one (`old`, `new`). undone: a step was taken back (`verb`).
#: redated: the dates are others. fee: something is to be charged (`code`, `amount`, `words`).
MOMENTS = ("checked_in", "leaving", "checked_out", "moved", "redated", "undone", "fee")
_joined: dict[str, dict[str, Callable[..., None]]] = defaultdict(dict)


def join(at: str, name: str, act: Callable[..., None]) -> None:
    """Have `act(stay=, actor=, ...)` called at a moment; the same name again takes the place of the one before."""
    assert at in MOMENTS, at
    _joined[at][name] = act


def call(at: str, *, stay: Stay, actor: Actor, **said: Any) -> None:
    """Let everybody who joined do their part; what they refuse, the step refuses."""
    for _name, act in sorted(_joined[at].items()):
        act(stay=stay, actor=actor, **said)
