"""Every kind of alert in words: what it is called, and what it says with its facts, on screens and in letters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date

from portal.core.words import _, language, ngettext
from portal.shared.devices.rule_words import of_rule

Facts = Mapping[str, Any]


def kind_words(kind: str) -> str:
    """A kind of alert in a few words."""
    return {
        "device_lost": _("Device lost"),
        "device_silent": _("Device silent"),
        "clock_wrong": _("Clock wrong"),
        "gap_open": _("Messages missing"),
        "sequence_reset": _("Numbers begun again"),
        "device_floods": _("Says too much"),
        "two_devices": _("Two devices use this name"),
        "command_failed": _("Command not done"),
        "security_foreign_topic": _("Spoke as another device"),
        "speeding": _("Speeding"),
        "fence_entered": _("Entered a fence"),
        "fence_left": _("Left a fence"),
        "fence_dwell": _("Long in a fence"),
        "tampering": _("Tampering"),
        "maintenance_due": _("Maintenance due"),
        "licence_expiring": _("Licence expiring"),
        "occupied_not_let": _("Occupied, not let"),
        "power_in_empty_room": _("Power on, empty"),
        "rule": _("Own rule"),
    }.get(kind) or kind.replace("_", " ").capitalize()


def headline(kind: str, facts: Facts) -> str:
    """What an alert is called: its kind, or the name of the rule that raised it."""
    return str(facts["rule"]) if kind == "rule" and facts.get("rule") else kind_words(kind)


def sentence(kind: str, facts: Facts) -> str:
    """What an alert says; facts that are missing are left out rather than guessed."""
    if kind == "rule":
        return of_rule(facts)
    return _SENTENCES[kind](facts) if kind in _SENTENCES else kind_words(kind)


def _device(facts: Facts) -> str:
    named = facts.get("device") or facts.get("name")
    return _("Device %(name)s", name=named) if named else _("Its device")


def _lost(facts: Facts) -> str:
    return _("%(device)s has lost its connection.", device=_device(facts))


def _silent(facts: Facts) -> str:
    minutes = facts.get("minutes")
    if minutes is None:
        return _("%(device)s has said nothing for a while.", device=_device(facts))
    return _("%(device)s has said nothing for %(n)s min.", device=_device(facts), n=minutes)


def _clock(facts: Facts) -> str:
    return _(
        "%(device)s sends times that cannot be believed; its messages are filed when they arrive.",
        device=_device(facts),
    )


def _reset(facts: Facts) -> str:
    return _(
        "%(device)s counts from the beginning again under an old boot number; what it says is kept aside.",
        device=_device(facts),
    )


def _gap(facts: Facts) -> str:
    missing = facts.get("missing") or facts.get("count")
    if isinstance(missing, list):
        missing = sum(int(pair[-1]) - int(pair[0]) + 1 if isinstance(pair, list) else 1 for pair in missing)
    if missing is None:
        return _("%(device)s: messages are missing, and were asked for again.", device=_device(facts))
    return ngettext(
        "%(device)s: %(num)s message is missing, and was asked for again.",
        "%(device)s: %(num)s messages are missing, and were asked for again.",
        int(missing),
        device=_device(facts),
    )


def _floods(facts: Facts) -> str:
    return _(
        "%(who)s says more than %(n)s messages a second. What is over waits, so that others are heard in time."
        " Look at its settings, or restart it.",
        who=facts.get("speaker") or _("Its device"),
        n=facts.get("per_second") or "–",
    )


def _two(facts: Facts) -> str:
    return _(
        "Two devices sign in as %(name)s and throw each other out. Find the one that should not, register it under a"
        " name of its own, and give this one a new secret.",
        name=facts.get("device") or "–",
    )


def _command(facts: Facts) -> str:
    told = facts.get("words") or " ".join(str(facts[each]) for each in ("capability", "action") if facts.get(each))
    detail = facts.get("detail")
    said = _("It did not do what it was told (%(told)s).", told=told.replace("_", " ")) if told else _(
        "It did not do what it was told."
    )  # fmt: skip
    return f"{said} {detail}" if detail else said


def _foreign(facts: Facts) -> str:
    topic = facts.get("topic")
    if topic is None:
        return _("%(device)s tried to speak for another device.", device=_device(facts))
    return _("%(device)s tried to speak on %(topic)s, which is not its own.", device=_device(facts), topic=topic)


def _speeding(facts: Facts) -> str:
    top, limit = _kmh(facts, "top_speed"), _kmh(facts, "limit")
    if top is None or limit is None:
        return _("It drives faster than it may.")
    where = facts.get("fence") or facts.get("geofence")
    if where:
        return _("%(top)s km/h where %(limit)s are allowed, in %(where)s.", top=top, limit=limit, where=where)
    return _("%(top)s km/h where %(limit)s are allowed.", top=top, limit=limit)


def _kmh(facts: Facts, name: str) -> str | None:
    if facts.get(f"{name}_kmh_milli") is not None:
        return str(round(int(facts[f"{name}_kmh_milli"]) / 1000))
    given = facts.get(f"{name}_kmh", facts.get(name))
    return None if given is None else str(given)


def _fence(facts: Facts) -> str:
    return str(facts.get("fence") or facts.get("geofence") or facts.get("name") or _("a fence"))


def _entered(facts: Facts) -> str:
    return _("It has entered %(fence)s.", fence=_fence(facts))


def _left(facts: Facts) -> str:
    return _("It has left %(fence)s.", fence=_fence(facts))


def _dwell(facts: Facts) -> str:
    minutes = facts.get("minutes") or facts.get("dwell_minutes")
    if minutes is None:
        return _("It has stayed long in %(fence)s.", fence=_fence(facts))
    return _("It has been in %(fence)s for more than %(n)s min.", fence=_fence(facts), n=minutes)


def _tampering(facts: Facts) -> str:
    said = facts.get("value") or facts.get("said")
    if said in (None, "1", 1):
        return _("Its device reports tampering.")
    return _("Its device reports tampering: “%(said)s”.", said=str(said)[:120])


def _maintenance(facts: Facts) -> str:
    what = facts.get("plan") or facts.get("name") or facts.get("what")
    if not what:
        return _("Maintenance is due.")
    return _("Overdue: %(what)s.", what=what) if facts.get("over") else _("Due: %(what)s.", what=what)


def _licence(facts: Facts) -> str:
    who, day = facts.get("driver") or facts.get("name"), facts.get("expires_on") or facts.get("day")
    day = _on(day)
    if who and day and facts.get("over"):
        return _("The licence of %(who)s ran out on %(day)s.", who=who, day=day)
    if who and day:
        return _("The licence of %(who)s is valid until %(day)s.", who=who, day=day)
    return _("The licence of %(who)s is running out.", who=who) if who else _("A driver's licence is running out.")


def _on(day: Any) -> str:
    """A day as people write it, from the facts' ISO form."""
    return format_date(date.fromisoformat(str(day)), "d MMMM y", locale=language()) if day else ""


def _occupied(facts: Facts) -> str:
    return _("Somebody is in the room, and it is let to nobody.")


def _power(facts: Facts) -> str:
    watts, minutes = facts.get("watts"), facts.get("minutes")
    if watts is not None and minutes is not None:
        return _("%(watts)s W are drawn, and nobody has been in for %(n)s min.", watts=watts, n=minutes)
    if minutes is not None:
        return _("The power is on, and nobody has been in for %(n)s min.", n=minutes)
    return _("The power is on, and nobody is in.")


_SENTENCES = {
    "device_lost": _lost,
    "device_silent": _silent,
    "clock_wrong": _clock,
    "gap_open": _gap,
    "sequence_reset": _reset,
    "device_floods": _floods,
    "two_devices": _two,
    "command_failed": _command,
    "security_foreign_topic": _foreign,
    "speeding": _speeding,
    "fence_entered": _entered,
    "fence_left": _left,
    "fence_dwell": _dwell,
    "tampering": _tampering,
    "maintenance_due": _maintenance,
    "licence_expiring": _licence,
    "occupied_not_let": _occupied,
    "power_in_empty_room": _power,
}
KINDS = (*_SENTENCES, "rule")
