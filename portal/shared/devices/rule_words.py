"""Rules in words: what units speak of, what a rule asks for, and what its alert says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.core.words import _

DAYS = 7


def subject_words(subject: str | None) -> str:
    """What a reading is about, as it stands inside a sentence with a capital."""
    return {
        None: _("Anything"),
        "access": _("Door lock"),
        "electricity": _("Power switch"),
        "occupancy": _("Occupancy"),
        "temperature": _("Temperature"),
        "humidity": _("Humidity"),
        "door": _("Door"),
        "battery": _("Battery"),
        "power": _("Power drawn"),
        "ignition": _("Ignition"),
        "location": _("Location"),
        "speed": _("Speed"),
        "fuel": _("Fuel"),
        "odometer": _("Odometer"),
        "engine_hours": _("Engine hours"),
        "passenger_count": _("Passengers"),
        "tampering": _("Tampering"),
        "payment": _("Payment"),
    }.get(subject) or str(subject).replace("_", " ").capitalize()


def measure_of(subject: str) -> str:
    """What its figures are counted in."""
    return {"temperature": "°C", "humidity": "%", "battery": "%", "fuel": "%", "power": "W", "speed": "km/h",
            "odometer": "km", "engine_hours": "h"}.get(subject, "")  # fmt: skip


def value_words(subject: str, value: str) -> str:
    """A value as people say it."""
    said = {
        ("occupancy", "1"): _("somebody in"),
        ("occupancy", "0"): _("empty"),
        ("tampering", "1"): _("tampering"),
        ("tampering", "0"): _("none"),
    }.get((subject, value), value)
    measure = measure_of(subject)
    return f"{said} {measure}" if measure else said


def comparison_words(comparison: str) -> str:
    """How a value is compared."""
    return {
        "above": _("above"),
        "below": _("below"),
        "equals": _("is"),
        "not_equals": _("is not"),
    }.get(comparison, comparison)


def kind_words(kind: str) -> str:
    """What sort of rule it is."""
    return {
        "threshold": _("A value past a limit"),
        "absence": _("Silence"),
        "geofence": _("A fence crossed"),
        "schedule": _("Something at the wrong hour"),
    }.get(kind, kind)


def days_words(days: Sequence[int]) -> str:
    """The days of the week a rule works on; 0 is Monday."""
    if len(days) == DAYS:
        return _("every day")
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return ", ".join(names[day] for day in days)


def span_words(seconds: int) -> str:
    """A length of time in a sentence."""
    if seconds % 60 or seconds == 0:
        return _("%(n)s s", n=seconds)
    if seconds % 3_600 or seconds == 3_600:
        return _("%(n)s min", n=seconds // 60)
    return _("%(n)s h", n=seconds // 3_600)


def condition_words(kind: str, condition: Mapping[str, Any], fence: str | None = None) -> str:
    """What a rule looks for, in a line."""
    subject = subject_words(condition.get("subject"))
    if kind == "threshold":
        value = value_words(condition["subject"], condition["value"])
        said = f"{subject} {comparison_words(condition['comparison'])} {value}"
        held = condition["for_seconds"]
        return _("%(said)s for %(span)s", said=said, span=span_words(held)) if held else said
    if kind == "absence":
        silent = span_words(condition["minutes"] * 60)
        if condition["subject"] is None:
            return _("Nothing said for %(span)s", span=silent)
        return _("%(subject)s not told for %(span)s", subject=subject, span=silent)
    if kind == "geofence":
        named = fence or _("a fence")
        if condition["what"] == "inside_longer_than":
            return _("In %(fence)s longer than %(span)s", fence=named, span=span_words(condition["minutes"] * 60))
        return (
            _("Enters %(fence)s", fence=named) if condition["what"] == "enter" else _("Leaves %(fence)s", fence=named)
        )
    return _(
        "%(subject)s is %(value)s between %(since)s and %(until)s, %(days)s",
        subject=subject,
        value=value_words(condition["subject"], condition["value"]),
        since=condition["from"],
        until=condition["to"],
        days=days_words(condition["days"]),
    )


def of_rule(facts: Mapping[str, Any]) -> str:
    """What the alert of a rule says: what the rule looks for, and what was so."""
    condition = facts.get("condition")
    if not isinstance(condition, dict):
        return _("A rule of this place was met.")
    said = condition_words(str(facts.get("rule_kind")), condition, facts.get("fence"))
    value, subject = facts.get("value"), condition.get("subject")
    if facts.get("rule_kind") == "threshold" and value is not None and condition.get("comparison") != "equals":
        said = _("%(said)s: it was %(value)s", said=said, value=value_words(str(subject), str(value)))
    return f"{said}."
