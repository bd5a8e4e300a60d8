"""What the steps of a stay ask for."""

from __future__ import annotations

import re
from typing import Any

from flask import g

from portal.core.words import _, lazy_
from portal.trades.hotel.models import Stay
from portal.trades.hotel.queries.rooms_free import Choice, best_first, reason_for, rooms_for
from portal.trades.hotel.services.extending import MOVE_NEXT, MOVE_THIS
from portal.web.forms import (
    BaseForm,
    BooleanField,
    DayField,
    HiddenField,
    MoneyField,
    OnceForm,
    RadioChoiceField,
    StrictStringField,
    UuidSelectField,
    WholeField,
)
from portal.web.frontdesk.card_forms import CardForm
from portal.web.frontdesk.house_words import cleanliness
from portal.web.frontdesk.settings_forms import MinuteField


def seen_version(said: object) -> int | None:
    """The version of the stay somebody was looking at."""
    text = str(said or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def shift_of(said: str) -> int | None:
    """So many days later or earlier as an address says it: 1, +1, -14; None for anything else."""
    return int(said) if re.fullmatch(r"[+-]?[0-9]{1,3}", said) else None


class VersionForm(BaseForm):
    """A step that needs nothing but to know what its person saw."""

    version = HiddenField()

    @property
    def seen(self) -> int | None:
        return seen_version(self.version.data)


class CheckInForm(VersionForm, CardForm):
    """Which room, what the guest says for the card, and what is overridden."""

    room = UuidSelectField(lazy_("Room"), required=False)
    early = BooleanField(lazy_("Take the nights before as well"))
    fee = BooleanField(lazy_("Charge the early arrival"))
    reason = StrictStringField(lazy_("Reason"), required=False, max_length=300)

    def offer_rooms(self, stay: Stay) -> None:
        """The room it has, and the free ones: the best first, with the reason why."""
        choices = rooms_for(g.place, stay)
        ranked = best_first(choices, stay.room_type_id, soon=True)
        rest = [each for each in choices if each.free and each not in ranked]
        own = [each for each in choices if each.room_id == stay.room_id]
        words = {ranked[0].room_id: reason_for(ranked[0], ranked, soon=True)} if ranked else {}
        offered = [*own, *(each for each in (*ranked, *rest) if each.room_id != stay.room_id)]
        self.room.offer([(each.room_id, room_words(each, words.get(each.room_id))) for each in offered])
        if not self.is_submitted() and offered:
            self.room.data = str(offered[0].room_id)


class CheckOutForm(VersionForm):
    """Why the guest may leave owing something."""

    fee = BooleanField(lazy_("Charge the late check-out"))
    reason = StrictStringField(lazy_("Reason"), required=False, max_length=300)


class SettleForm(OnceForm):
    """What is taken before the guest leaves."""

    version = HiddenField()
    amount = MoneyField(lazy_("Amount"))
    way = RadioChoiceField(
        lazy_("Pays"), choices=[("cash", lazy_("in cash")), ("card", lazy_("by card"))], default="cash"
    )
    slip = StrictStringField(lazy_("Number on the card slip"), required=False, max_length=40)

    @property
    def seen(self) -> int | None:
        return seen_version(self.version.data)


class StepForm(OnceForm):
    """A change of a stay, looked at before it is made."""

    version = HiddenField()
    reason = StrictStringField(lazy_("Reason"), required=False, max_length=300)
    force = BooleanField(lazy_("Do it although the type is full"))

    @property
    def seen(self) -> int | None:
        return seen_version(self.version.data)


class MoveForm(StepForm):
    """Another room, at what price, from when."""

    room = UuidSelectField(lazy_("Room"))
    from_on = DayField(lazy_("From"), required=False)
    price = RadioChoiceField(
        lazy_("Price"), choices=[("keep", lazy_("keep the agreed price")), ("new", lazy_("today's price of the room"))],
        default="keep",
    )  # fmt: skip

    def offer_rooms(self, choices: list[Choice]) -> None:
        """Every room, those that cannot be had with why."""
        self.room.offer([(each.room_id, room_words(each)) for each in choices if each.free])


class DatesForm(StepForm):
    """Other dates."""

    arrival = DayField(lazy_("Arrival"))
    departure = DayField(lazy_("Departure"))
    choice = RadioChoiceField(
        lazy_("Somebody has the room next"),
        choices=[(each, each) for each in (MOVE_NEXT, MOVE_THIS)],
        required=False,
    )
    #: Whether the choice is to be made: somebody is in the way.
    asks = False


class PlaceForm(DatesForm):
    """Other dates in another room, as a bar is dropped on the chart."""

    room = UuidSelectField(lazy_("Room"), required=False)


class SwapForm(StepForm):
    """Which stay it is swapped with."""

    other = StrictStringField(lazy_("Other stay"), max_length=50)
    other_version = HiddenField()


class AmendForm(StepForm):
    """How many come, when, and what the desk should know of the stay."""

    adults = WholeField(lazy_("Adults"), minimum=1, maximum=100)
    children = WholeField(lazy_("Children"), maximum=100)
    eta_minute = MinuteField(lazy_("Expected at"), required=False)
    note = StrictStringField(lazy_("Note"), required=False, max_length=1_000, multiline=True)


class CancelForm(StepForm):
    """Why it will not come, and whether the fee is waived."""

    waive = BooleanField(lazy_("Waive the fee"))


def room_words(each: Choice, why: str | None = None) -> str:
    """A room as a list offers it."""
    said: list[Any] = [each.number, each.room_type, why or cleanliness(each.housekeeping)[0].lower()]
    if each.occupied:
        said.append(_("still occupied"))
    if each.warning:
        said.append(each.warning)
    return " · ".join(map(str, said))
