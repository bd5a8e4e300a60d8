"""A stay over several rooms with the fewest moves: a pure function over nights and who is free on them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

R = TypeVar("R", bound=Hashable)
N = TypeVar("N", bound=Hashable)


def fewest_moves(nights: Sequence[N], free: Mapping[R, Collection[N]]) -> list[tuple[R, list[N]]] | None:
    """Rooms one after the other, each with its nights; never more moves than needed, None when a night has no room.

    From each night on the room that is free the longest is taken, which no other choice can better. Of rooms that are
    free equally long, one the guest had before is preferred, then the one that was named first.
    """
    plan: list[tuple[R, list[N]]] = []
    at = 0
    while at < len(nights):
        best: R | None = None
        best_key = (0, 0, 0)
        for rank, (room, its) in enumerate(free.items()):
            reach = 0
            while at + reach < len(nights) and nights[at + reach] in its:
                reach += 1
            before = max((n for n, (each, _its) in enumerate(plan, 1) if each == room), default=0)
            key = (reach, before, -rank)
            if reach and (best is None or key > best_key):
                best, best_key = room, key
        if best is None:
            return None
        plan.append((best, list(nights[at : at + best_key[0]])))
        at += best_key[0]
    return plan
