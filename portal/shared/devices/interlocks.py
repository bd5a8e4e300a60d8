"""What must not be done while something else is so: trades say it here, and every command asks before it is sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection

#: Of these units, those for which the action has to wait now.
Question = Callable[[Collection[uuid.UUID]], set[uuid.UUID]]

_interlocks: dict[tuple[str, str], Question] = {}


def register(capability: str, action: str, waiting: Question) -> None:
    """Make an action wait for as long as `waiting` names the unit; one question for each action."""
    _interlocks[capability, action] = waiting


def guards(capability: str, action: str) -> bool:
    """Whether somebody is asked before this action: it is then never left lying anywhere on its way."""
    return (capability, action) in _interlocks


def has_to_wait(capability: str, action: str, unit_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the units for which this action may not be done now."""
    question = _interlocks.get((capability, action))
    return question(unit_ids) if question is not None and unit_ids else set()
