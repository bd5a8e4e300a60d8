"""What a rule asks for: read strictly when it is written, and decided by pure functions when it is at work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from portal.core import parse
from portal.core.words import _
from portal.shared.devices.errors import BadCondition
from portal.shared.devices.models import RuleKind

DAY_SECONDS = 86_400
MONTH_MINUTES = 43_200
COMPARISONS = ("above", "below", "equals", "not_equals")
CROSSINGS = ("enter", "leave", "inside_longer_than")
#: What is said in figures; everything else is said in words.
FIGURES = frozenset(
    {"temperature", "humidity", "battery", "power", "passenger_count", "fuel", "speed", "odometer", "engine_hours"}
)
#: What units of a kind speak of, and the words they may say of it; nothing where any words will do.
SUBJECTS: dict[str, dict[str, tuple[str, ...]]] = {
    "room": {
        "temperature": (), "humidity": (), "power": (), "battery": (), "occupancy": ("1", "0"),
        "door": ("open", "closed"), "access": ("locked", "unlocked"), "electricity": ("on", "off"),
    },
    "vehicle": {
        "speed": (), "fuel": (), "battery": (), "passenger_count": (), "odometer": (), "engine_hours": (),
        "ignition": ("on", "off"), "door": ("open", "closed"), "tampering": (),
    },
}  # fmt: skip
#: Devices that repeat the command's word mean the state it brings about.
_SAME = {"turn_on": "on", "turn_off": "off", "lock": "locked", "unlock": "unlocked"}

Condition = dict[str, Any]
#: Whether a value said at a moment is what a rule looks for.
Question = Callable[[str, datetime], bool]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in which it was so: since when, the youngest word of it, and when it ended."""

    since: datetime
    at: datetime
    value: str
    until: datetime | None = None


def read(kind: str, given: Mapping[str, Any], *, unit_kind: str | None) -> Condition:
    """The condition of a rule as it is kept; raises BadCondition or ParseError with the sentence and the field."""
    reader = {
        RuleKind.THRESHOLD: _threshold,
        RuleKind.ABSENCE: _absence,
        RuleKind.GEOFENCE: _geofence,
        RuleKind.SCHEDULE: _schedule,
    }[RuleKind(kind)]
    return reader(given, unit_kind)


def subjects_of(unit_kind: str | None) -> tuple[str, ...]:
    """What units of a kind, or any units, speak of."""
    kinds = [unit_kind] if unit_kind else list(SUBJECTS)
    return tuple(dict.fromkeys(subject for kind in kinds for subject in SUBJECTS[kind]))


def held_for(kind: str, condition: Condition) -> timedelta:
    """How long it must be so before anybody is told."""
    if kind == RuleKind.THRESHOLD:
        return timedelta(seconds=condition["for_seconds"])
    if kind == RuleKind.ABSENCE:
        return timedelta(minutes=condition["minutes"])
    if kind == RuleKind.GEOFENCE:
        return timedelta(minutes=condition["minutes"] or 0)
    return timedelta()


def question_of(kind: str, condition: Condition, zone: ZoneInfo) -> Question:
    """What is asked of each word of the rule's subject."""
    if kind == RuleKind.SCHEDULE:
        wanted = condition["value"]
        return lambda value, at: said(value) == wanted and window(condition, zone, at) is not None
    return lambda value, _at: compare(condition["comparison"], value, condition["value"])


def compare(comparison: str, value: str, wanted: str) -> bool:
    """Whether a value is past, or is, what a rule names; words are neither above nor below anything."""
    here, there = figure(value), figure(wanted)
    if comparison in ("above", "below"):
        if here is None or there is None:
            return False
        return here > there if comparison == "above" else here < there
    same = here == there if here is not None and there is not None else said(value) == said(wanted)
    return same if comparison == "equals" else not same


def said(value: str) -> str:
    """A word as it is meant: a device that repeats its command means that it is done."""
    word = value.strip()
    return _SAME.get(word, word)


def figure(value: str) -> Decimal | None:
    """The figure a value is, exactly, or None."""
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def window(condition: Condition, zone: ZoneInfo, moment: datetime) -> tuple[datetime, datetime] | None:
    """The hours of the rule that a moment falls into, or None; hours past midnight belong to the day they began."""
    first, last = time.fromisoformat(condition["from"]), time.fromisoformat(condition["to"])
    today = moment.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        if day.weekday() in condition["days"]:
            begins = datetime.combine(day, first, zone)
            ends = datetime.combine(day if first < last else day + timedelta(days=1), last, zone)
            if begins <= moment < ends:
                return begins, ends
    return None


def fold(words: Iterable[tuple[datetime, str]], so: Question, begun: Run | None) -> tuple[list[Run], Run | None]:
    """Go through words in the order of their time: the stretches that ended, and the one that lasts, if any."""
    over: list[Run] = []
    now = begun
    for at, value in words:
        if so(value, at):
            now = Run(now.since if now else at, at, value)
        elif now is not None:
            over.append(Run(now.since, now.at, now.value, until=at))
            now = None
    return over, now


def _threshold(given: Mapping[str, Any], unit_kind: str | None) -> Condition:
    subject = _subject(given.get("subject"), unit_kind)
    comparison = parse.choice(given.get("comparison"), "comparison", COMPARISONS, label=_("comparisons"))
    if subject not in FIGURES and comparison in ("above", "below"):
        raise BadCondition(
            _("Only figures can be above or below something; choose “is” or “is not”."), field="comparison"
        )
    held = parse.whole(given.get("for_seconds"), "for_seconds", label=_("length of time"), maximum=DAY_SECONDS)
    return {
        "subject": subject,
        "comparison": comparison,
        "value": _value(given.get("value"), subject, unit_kind),
        "for_seconds": held,
    }


def _absence(given: Mapping[str, Any], unit_kind: str | None) -> Condition:
    subject = given.get("subject")
    return {
        "subject": None if parse.is_blank(subject) else _subject(subject, unit_kind),
        "minutes": _minutes(given.get("minutes")),
    }


def _geofence(given: Mapping[str, Any], unit_kind: str | None) -> Condition:
    if unit_kind == "room":
        raise BadCondition(_("Rooms do not cross fences. Choose vehicles."), field="unit")
    what = parse.choice(given.get("what"), "what", CROSSINGS, label=_("ways of crossing"))
    return {
        "geofence_id": str(parse.uuid(given.get("geofence_id"), "geofence_id")),
        "what": what,
        "minutes": _minutes(given.get("minutes")) if what == "inside_longer_than" else None,
    }


def _schedule(given: Mapping[str, Any], unit_kind: str | None) -> Condition:
    subject = _subject(given.get("subject"), unit_kind)
    if subject in FIGURES:
        raise BadCondition(
            _("A figure has no hours; choose what is said in words, such as the ignition."), field="subject"
        )
    first = parse.time_of_day(given.get("from"), "from", label=_("beginning"))
    last = parse.time_of_day(given.get("to"), "to", label=_("end"))
    if first == last:
        raise BadCondition(_("The hours end when they begin. Choose another end."), field="to")
    return {
        "subject": subject,
        "value": said(_value(given.get("value"), subject, unit_kind)),
        "days": _days(given.get("days")),
        "from": f"{first:%H:%M}",
        "to": f"{last:%H:%M}",
    }


def _subject(given: Any, unit_kind: str | None) -> str:
    known = subjects_of(unit_kind)
    if isinstance(given, str) and given in subjects_of(None) and given not in known:
        raise BadCondition(_("Units of this kind do not speak of that. Choose something else."), field="subject")
    return parse.choice(given, "subject", known, label=_("subjects"))


def _value(given: Any, subject: str, unit_kind: str | None) -> str:
    if subject in FIGURES:
        number = parse.decimal(given, "value", label=_("value"), places=3, minimum=-999_999_999)
        return f"{number.normalize():f}"
    words = next(kinds[subject] for kind, kinds in SUBJECTS.items() if subject in kinds and unit_kind in (None, kind))
    word = said(parse.text(given, "value", label=_("value"), max_length=60))
    if words and word not in words:
        raise BadCondition(_("This can only be one of these: %(words)s.", words=", ".join(words)), field="value")
    return word


def _minutes(given: Any) -> int:
    return parse.whole(given, "minutes", label=_("minutes"), minimum=1, maximum=MONTH_MINUTES)


def _days(given: Any) -> list[int]:
    days: Sequence[Any] = given if isinstance(given, list | tuple) else []
    chosen = {str(day) for day in days}
    if not chosen or chosen - {str(day) for day in range(7)}:
        raise BadCondition(_("Choose at least one day of the week."), field="days")
    return sorted(map(int, chosen))
