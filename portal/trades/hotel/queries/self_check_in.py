"""What a guest who checks in by themselves still lacks, said to the guest: when to come, and what is missing."""

from __future__ import annotations

from datetime import date

from portal.core.clock import utcnow
from portal.core.money import Money
from portal.core.words import _
from portal.core.written import day, money, on_paper
from portal.shared.assets.models import Asset
from portal.trades.hotel.models import Stay
from portal.trades.hotel.queries.folios import groups_of, money_of
from portal.trades.hotel.queries.property import business_date, property_of, starts_at
from portal.trades.hotel.queries.readiness import CARD, Obstacle, obstacles


def in_the_way(place: Asset, stay: Stay, *, today: date | None = None) -> list[Obstacle]:
    """Everything that keeps a guest from checking in alone now; who else is in the room is nobody's business here."""
    settings = property_of(place)
    if not settings.self_check_in:
        return [Obstacle("off", _("The desk hands you the key when you arrive."))]
    found = {each.code: each for each in obstacles(place, stay, today=today or business_date(place))}
    opens = starts_at(place, settings, stay)
    if utcnow() < opens:
        when = on_paper(opens, place.timezone)
        soon = Obstacle("early", _("You can check in here from %(when)s.", when=when), details={"at": opens})
        coming = {"early": soon}
    else:
        coming = {code: Obstacle(code, words) for code, words in _in_time(stay).items() if code in found}
    told = [*coming.values(), *_card(stay, found.get("card"))]
    owed = _owed(place, stay)
    if owed > 0:
        said = money(Money(owed, place.currency))
        told.append(Obstacle("money", _("%(amount)s is still to be paid. Pay at the desk.", amount=said)))
    return told


def _in_time(stay: Stay) -> dict[str, str]:
    """What the desk is told when the hour has come, in words for the guest."""
    preparing = _("Your room is being made ready. Look here again in a while.")
    return {
        "status": _("This booking is not confirmed. Ask at the desk."),
        "early": _("The desk has not begun the day yet. Look here again in a while."),
        "over": _("Your stay was until %(day)s. Ask at the desk.", day=day(stay.departure)),
        "people": _("More people come than the room sleeps. Ask at the desk."),
        "do_not_rent": _("The desk checks you in. Please ask there."),
        "no_room": _("Your room is not chosen yet. Look here again in a while, or ask at the desk."),
        "occupied": preparing,
        "dirty": preparing,
    }


def _card(stay: Stay, lacks: Obstacle | None) -> list[Obstacle]:
    missing = list(lacks.details["fields"]) if lacks else []
    if any(CARD[name] == "guest" for name in missing):
        words = _("The desk still needs to know how to reach you. Ask there.")
    elif missing or stay.signed_at is None:
        words = _("Fill in the registration card and sign it.")
    else:
        return []
    return [Obstacle("card", words, details={"fields": missing})]


def _owed(place: Asset, stay: Stay) -> int:
    """What is to be paid first: more than the hotel lets a guest owe. A group's room is the group's to pay."""
    said = money_of([stay.id])[stay.id]
    groups = groups_of([stay.id])
    by_group = stay.id in groups and "room" in groups[stay.id][0].routes
    due = said.balance if by_group else said.due
    return due if due > property_of(place).balance_limit else 0
