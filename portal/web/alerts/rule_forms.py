"""What people fill in to write a rule: its name, whom it is about, what it looks for, and who hears of it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g
from wtforms.fields import SelectChoice

from portal.core import parse
from portal.core.errors import DomainError
from portal.core.words import _, lazy_
from portal.shared.assets.models import UnitKind, UnitStatus
from portal.shared.assets.queries import kinds_at, units_of
from portal.shared.devices import rule_conditions as conditions
from portal.shared.devices import rule_words
from portal.shared.devices.models import AlertRule, RuleKind, Severity
from portal.shared.devices.services import alert_rules
from portal.shared.devices.services.alert_rules import Draft
from portal.shared.identity.permissions import role_words
from portal.trades.hotel.services import room_senses
from portal.web.alerts.alert_words import severity_words
from portal.web.assets.words import called
from portal.web.forms import (
    BaseForm,
    BooleanField,
    ChecksField,
    ChoiceField,
    ParsedField,
    StrictStringField,
    WholeField,
)

DAYS = (lazy_("Mon"), lazy_("Tue"), lazy_("Wed"), lazy_("Thu"), lazy_("Fri"), lazy_("Sat"), lazy_("Sun"))
#: Where the form's names differ from the rule's.
FIELDS = {"unit": "units", "from": "begins", "to": "ends"}


class TimeField(ParsedField):
    """A time of the day."""

    def read(self, value: str) -> Any:
        return parse.time_of_day(value, self.name, label=self.name_in_sentence)

    def shown(self, value: Any) -> str:
        return f"{value:%H:%M}" if hasattr(value, "hour") else str(value)


class RuleForm(BaseForm):
    """What every rule has."""

    name = StrictStringField(
        lazy_("Name"), max_length=80, description=lazy_("As it stands in the alert: “Cold room too warm”.")
    )
    units = ChoiceField(lazy_("About"))
    severity = ChoiceField(lazy_("How much it matters"), default=Severity.WARNING.value)
    escalate_after_minutes = WholeField(
        lazy_("Tell on after"), required=False, minimum=1, maximum=alert_rules.MONTH_MINUTES, called=lazy_("minutes"),
        description=lazy_("Minutes without anybody acknowledging it; empty tells nobody else."),
    )  # fmt: skip
    escalate_to = ChoiceField(lazy_("Tell on to"), required=False)

    def offer(self) -> None:
        """Set the choices of this place."""
        kinds = kinds_at(g.place.kind)
        every = {UnitKind.ROOM: _("Every room"), UnitKind.VEHICLE: _("Every vehicle")}
        groups = [("", _("Everything here"))] if len(kinds) > 1 else []
        groups += [(kind.value, every[kind]) for kind in kinds]
        single = [(str(unit.id), called(unit)) for unit in units_of(g.place.id) if unit.status != UnitStatus.RETIRED]
        self.units.offer(groups + single)
        self.severity.offer([(each.value, severity_words(each)) for each in reversed(Severity)])
        self.escalate_to.offer([("", _("Nobody")), *((role.value, role_words(role)) for role in alert_rules.TOLD_ON)])

    def condition(self) -> dict[str, Any]:
        """What the rule looks for, as it was filled in."""
        raise NotImplementedError

    def draft(self) -> Draft:
        """The rule as it was filled in."""
        kind, unit_id = self.units.data or None, None
        if kind is not None and kind not in set(UnitKind):
            kind, unit_id = None, uuid.UUID(kind)
        return Draft(
            name=self.name.data or "",
            condition=self.condition(),
            severity=self.severity.data,
            unit_kind=kind,
            unit_id=unit_id,
            escalate_after_minutes=self.escalate_after_minutes.data,
            escalate_to=self.escalate_to.data or None,
        )

    def refuse(self, error: DomainError) -> None:
        """A rule's field may be called otherwise here."""
        error.field = FIELDS.get(error.field or "", error.field)
        super().refuse(error)


class _SubjectForm(RuleForm):
    """A rule about one subject that units speak of."""

    subject = ChoiceField(lazy_("What"))

    def offer(self) -> None:
        super().offer()
        self.subject.offer([(each, rule_words.subject_words(each)) for each in self.subjects()])

    def subjects(self) -> list[str]:
        """What units of this place speak of."""
        return list(dict.fromkeys(s for kind in kinds_at(g.place.kind) for s in conditions.subjects_of(kind)))


class ThresholdForm(_SubjectForm):
    """A value past a limit."""

    comparison = ChoiceField(lazy_("Compared"))
    value = StrictStringField(
        lazy_("Value"), max_length=60,
        description=lazy_("A figure such as 8.5, or a word devices say: open, closed, on, off. Occupancy is 1 or 0."),
    )  # fmt: skip
    for_seconds = WholeField(
        lazy_("Must last"), maximum=conditions.DAY_SECONDS, default=0, called=lazy_("length of time"),
        description=lazy_("Seconds before anybody is told; 0 tells at once."),
    )  # fmt: skip

    def offer(self) -> None:
        super().offer()
        self.comparison.offer([(each, rule_words.comparison_words(each)) for each in conditions.COMPARISONS])

    def condition(self) -> dict[str, Any]:
        return {
            "subject": self.subject.data,
            "comparison": self.comparison.data,
            "value": self.value.data,
            "for_seconds": self.for_seconds.data,
        }


class AbsenceForm(RuleForm):
    """A silence."""

    subject = ChoiceField(lazy_("Silent about"), required=False)
    minutes = WholeField(lazy_("Minutes of silence"), minimum=1, maximum=conditions.MONTH_MINUTES, default=30)

    def offer(self) -> None:
        super().offer()
        known = dict.fromkeys(s for kind in kinds_at(g.place.kind) for s in conditions.subjects_of(kind))
        self.subject.offer([("", rule_words.subject_words(None)), *((s, rule_words.subject_words(s)) for s in known)])

    def condition(self) -> dict[str, Any]:
        return {"subject": self.subject.data or None, "minutes": self.minutes.data}


class GeofenceForm(RuleForm):
    """A fence crossed."""

    geofence_id = ChoiceField(lazy_("Fence"))
    what = ChoiceField(lazy_("When a vehicle"))
    minutes = WholeField(
        lazy_("Minutes inside"), required=False, minimum=1, maximum=conditions.MONTH_MINUTES,
        description=lazy_("Only for staying longer than."),
    )  # fmt: skip

    def offer(self) -> None:
        super().offer()
        fences = alert_rules.fences_of(g.place.id)
        self.geofence_id.offer([(str(key), name) for key, name in sorted(fences.items(), key=lambda each: each[1])])
        said = {"enter": _("enters it"), "leave": _("leaves it"), "inside_longer_than": _("stays longer than")}
        self.what.offer([(each, said[each]) for each in conditions.CROSSINGS])

    def condition(self) -> dict[str, Any]:
        return {"geofence_id": self.geofence_id.data, "what": self.what.data, "minutes": self.minutes.data}


class ScheduleForm(_SubjectForm):
    """Something at the wrong hour."""

    value = StrictStringField(
        lazy_("Is"), max_length=60, description=lazy_("The word the device says: on, open, unlocked.")
    )
    begins = TimeField(lazy_("From"), default="22:00", description=lazy_("By the clock of the place."))
    ends = TimeField(lazy_("Until"), default="05:00", description=lazy_("An earlier hour is one of the next morning."))
    days = ChecksField(lazy_("On"), choices=[SelectChoice(str(day), words) for day, words in enumerate(DAYS)])

    def subjects(self) -> list[str]:
        return [each for each in super().subjects() if each not in conditions.FIGURES]

    def condition(self) -> dict[str, Any]:
        return {
            "subject": self.subject.data,
            "value": self.value.data,
            "days": self.days.data or [],
            "from": self.begins.shown(self.begins.data) if self.begins.data else "",
            "to": self.ends.shown(self.ends.data) if self.ends.data else "",
        }


class RoomWatchForm(BaseForm):
    """When a hotel is told of its rooms."""

    unlet = BooleanField(lazy_("Somebody is in a room that is let to nobody"))
    unlet_after_seconds = WholeField(
        lazy_("Told after"), maximum=room_senses.MOST_SECONDS, called=lazy_("seconds"),
        description=lazy_("Seconds; long enough for whoever only looks in."),
    )  # fmt: skip
    power = BooleanField(lazy_("Power is drawn in an empty room"))
    power_watts = WholeField(lazy_("More than"), minimum=1, maximum=room_senses.MOST_WATTS, called=lazy_("watts"))
    power_after_minutes = WholeField(
        lazy_("For longer than"), minimum=1, maximum=room_senses.MOST_MINUTES, called=lazy_("minutes")
    )

    def chosen(self) -> room_senses.Chosen:
        """What was chosen."""
        return room_senses.Chosen(
            unlet=bool(self.unlet.data),
            unlet_after_seconds=self.unlet_after_seconds.data or 0,
            power=bool(self.power.data),
            power_after_minutes=self.power_after_minutes.data or 0,
            power_watts=self.power_watts.data or 0,
        )


FORMS: dict[str, type[RuleForm]] = {
    RuleKind.THRESHOLD: ThresholdForm,
    RuleKind.ABSENCE: AbsenceForm,
    RuleKind.GEOFENCE: GeofenceForm,
    RuleKind.SCHEDULE: ScheduleForm,
}


def filled_from(rule: AlertRule) -> dict[str, Any]:
    """A rule as its form shows it."""
    condition = dict(rule.condition)
    shown = {FIELDS.get(name, name): value for name, value in condition.items()}
    if "days" in shown:
        shown["days"] = [str(day) for day in shown["days"]]
    return shown | {
        "name": rule.name,
        "units": str(rule.unit_id) if rule.unit_id else rule.unit_kind or "",
        "severity": rule.severity,
        "escalate_after_minutes": rule.escalate_after_minutes,
        "escalate_to": rule.escalate_to or "",
    }


def units_words(rule: AlertRule, names: dict[uuid.UUID, str]) -> str:
    """Whom a rule is about."""
    if rule.unit_id is not None:
        return names.get(rule.unit_id, "–")
    every = {"room": _("Every room"), "vehicle": _("Every vehicle")}
    return every.get(rule.unit_kind or "") or _("Everything here")
