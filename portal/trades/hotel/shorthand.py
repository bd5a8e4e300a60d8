"""Restrictions as they are typed into a cell of the rate grid: “cta min2 q5”, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from portal.core.words import _
from portal.trades.hotel.errors import NotUnderstood

#: What stands for each restriction; those with a figure have it behind them.
FLAGS = {"closed": "x", "closed_to_arrival": "cta", "closed_to_departure": "ctd"}
FIGURES = {
    "min_arrival": "min",
    "max_arrival": "max",
    "min_through": "thru",
    "max_stay": "stay",
    "min_advance": "adv",
    "max_advance": "far",
    "quota": "q",
}
#: Figures that may be nought: nobody books a stay of no nights.
FROM_NOUGHT = frozenset({"min_advance", "max_advance", "quota"})
MOST = 999
_WORD = re.compile(r"([a-z]+)([0-9]{0,3})")
_NAMES = {short: name for name, short in (FLAGS | FIGURES).items()}

#: The restrictions of a cell, by name; those that are not there do not hold.
Rule = dict[str, int | bool]


def written(rule: Mapping[str, int | bool] | None) -> str:
    """A cell's restrictions as they are typed."""
    rule = rule or {}
    flags = [short for name, short in FLAGS.items() if rule.get(name)]
    return " ".join([*flags, *(f"{short}{rule[name]}" for name, short in FIGURES.items() if name in rule)])


def read(typed: str) -> Rule:
    """What was typed into a cell, in any order; raises NotUnderstood naming the word."""
    rule: Rule = {}
    for word in typed.casefold().replace(",", " ").split():
        found = _WORD.fullmatch(word)
        name = _NAMES.get(found[1]) if found else None
        if found is None or name is None or (name in FIGURES) != bool(found[2]):
            raise NotUnderstood(
                _("“%(word)s” is no restriction. Write them as x, cta, ctd, min2, thru3, stay7 or q5.", word=word[:20])
            )
        rule[name] = int(found[2]) if name in FIGURES else True
    return sound(rule)


def sound(rule: Rule) -> Rule:
    """The restrictions, when each can be meant; raises NotUnderstood."""
    for name, value in rule.items():
        if int(value) > MOST or (name in FIGURES and not value and name not in FROM_NOUGHT):
            raise NotUnderstood(_("A number of nights is from 1 to %(most)s.", most=MOST))
    for low, high in (("min_arrival", "max_arrival"), ("min_through", "max_stay"), ("min_advance", "max_advance")):
        if low in rule and high in rule and rule[low] > rule[high]:
            raise NotUnderstood(_("The least is more than the most: nobody could book that."))
    return rule
