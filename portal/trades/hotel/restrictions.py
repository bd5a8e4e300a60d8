"""Who may buy a night: which restrictions a stay breaks, as plain rules, and the sentence that says so."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.core.words import _, ngettext
from portal.core.written import day
from portal.trades.hotel.models import Restriction
from portal.trades.hotel.times import nights_between


@dataclass(frozen=True, slots=True)
class Asked:
    """A stay somebody would like to book: when, and how many rooms; `today` is the day it is asked on."""

    arrival: date
    departure: date
    today: date
    rooms: int = 1

    @property
    def nights(self) -> int:
        """How long it is; a day use has none."""
        return (self.departure - self.arrival).days


@dataclass(frozen=True, slots=True)
class Broken:
    """A restriction that a stay breaks: its name, the night it stands at, and its figure if it has one."""

    rule: str
    night: date
    value: int | None = None

    def sentence(self) -> str:
        """Why the stay is refused."""
        when, many = day(self.night), self.value or 0
        return {
            "closed": lambda: _("%(day)s is closed for sale.", day=when),
            "closed_to_arrival": lambda: _("Nobody arrives on %(day)s.", day=when),
            "closed_to_departure": lambda: _("Nobody leaves on %(day)s.", day=when),
            "min_arrival": lambda: ngettext(
                "Whoever arrives on %(day)s stays at least %(num)s night.",
                "Whoever arrives on %(day)s stays at least %(num)s nights.",
                many,
                day=when,
            ),
            "max_arrival": lambda: ngettext(
                "Whoever arrives on %(day)s stays at most %(num)s night.",
                "Whoever arrives on %(day)s stays at most %(num)s nights.",
                many,
                day=when,
            ),
            "min_through": lambda: ngettext(
                "A stay over %(day)s is at least %(num)s night.",
                "A stay over %(day)s is at least %(num)s nights.",
                many,
                day=when,
            ),
            "max_stay": lambda: ngettext(
                "A stay over %(day)s is at most %(num)s night.",
                "A stay over %(day)s is at most %(num)s nights.",
                many,
                day=when,
            ),
            "min_advance": lambda: ngettext(
                "An arrival on %(day)s is booked at least %(num)s day ahead.",
                "An arrival on %(day)s is booked at least %(num)s days ahead.",
                many,
                day=when,
            ),
            "max_advance": lambda: ngettext(
                "An arrival on %(day)s is booked at most %(num)s day ahead.",
                "An arrival on %(day)s is booked at most %(num)s days ahead.",
                many,
                day=when,
            ),
            "quota": lambda: _("No more is sold at this rate on %(day)s.", day=when),
            "not_sold_now": lambda: _("This rate is not on sale today."),
        }[self.rule]()

    def plain(self) -> dict[str, Any]:
        """The same for programs and the trail."""
        return {"rule": self.rule, "night": self.night.isoformat(), "value": self.value}


def broken(
    rules: Mapping[date, Collection[Restriction]], asked: Asked, sold: Mapping[tuple[uuid.UUID | None, date], int]
) -> Iterator[Broken]:
    """What a stay breaks of the rules that hold for its plan and type, by night; `sold` counts by plan and night.

    Rules of the arrival are asked on that day only, so that whoever stays through it is not refused by them.
    """
    for rule in rules.get(asked.arrival, ()):
        yield from _on_arrival(rule, asked)
    for night in nights_between(asked.arrival, asked.departure) or [asked.arrival]:
        for rule in rules.get(night, ()):
            yield from _through(rule, night, asked)
            if rule.quota is not None and sold.get((rule.rate_plan_id, night), 0) + asked.rooms > rule.quota:
                yield Broken("quota", night, rule.quota)
    for rule in rules.get(asked.departure, ()):
        if rule.closed_to_departure:
            yield Broken("closed_to_departure", asked.departure)


def _on_arrival(rule: Restriction, asked: Asked) -> Iterator[Broken]:
    ahead, length = (asked.arrival - asked.today).days, asked.nights
    if rule.closed_to_arrival:
        yield Broken("closed_to_arrival", asked.arrival)
    if length and rule.min_arrival is not None and length < rule.min_arrival:
        yield Broken("min_arrival", asked.arrival, rule.min_arrival)
    if rule.max_arrival is not None and length > rule.max_arrival:
        yield Broken("max_arrival", asked.arrival, rule.max_arrival)
    if rule.min_advance is not None and ahead < rule.min_advance:
        yield Broken("min_advance", asked.arrival, rule.min_advance)
    if rule.max_advance is not None and ahead > rule.max_advance:
        yield Broken("max_advance", asked.arrival, rule.max_advance)


def _through(rule: Restriction, night: date, asked: Asked) -> Iterator[Broken]:
    length = asked.nights
    if rule.closed:
        yield Broken("closed", night)
    if length and rule.min_through is not None and length < rule.min_through:
        yield Broken("min_through", night, rule.min_through)
    if rule.max_stay is not None and length > rule.max_stay:
        yield Broken("max_stay", night, rule.max_stay)
