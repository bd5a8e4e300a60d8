"""Telling people about alerts: what cannot wait at once, what nobody acknowledged to whom the rule names."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from portal.core.actor import system
from portal.core.clock import utcnow
from portal.core.outbox import publish
from portal.core.transaction import transactional
from portal.core.words import _
from portal.shared.assets.models import Asset
from portal.shared.assets.queries import asset_of, units_by_id
from portal.shared.assets.services.registry import called
from portal.shared.audit.services import record
from portal.shared.devices.alert_queries import lock_alerts_to_escalate
from portal.shared.devices.alert_words import headline, sentence
from portal.shared.devices.events import AlertChanged
from portal.shared.devices.models import Alert, AlertRule
from portal.shared.identity.models import Role, User
from portal.shared.identity.queries import members_of
from portal.shared.identity.services import mails
from portal.shared.notifications.models import ByMail
from portal.shared.notifications.queries import by_mail
from portal.shared.notifications.services import notices

#: Who hears at once of what cannot wait.
ANSWERABLE = (Role.OWNER, Role.MANAGER)
CLOCKWORK = system("alerts")
_public_url = ""


def connect(public_url: str) -> None:
    """Say where the portal is, for the letters."""
    global _public_url
    _public_url = public_url


def critical(
    *, asset_id: uuid.UUID, alert_id: uuid.UUID, unit_id: uuid.UUID | None, kind: str, facts: dict[str, Any]
) -> None:
    """Something that cannot wait was raised in the running command: owners and managers are told with it."""
    _tell("alert_critical", asset_id, alert_id, unit_id, kind, facts, _people(asset_id, ANSWERABLE), {ByMail.CRITICAL})


@transactional
def escalate_due(*, limit: int = 50) -> int:
    """Tell on what nobody has acknowledged in time, each alert once; returns how many those were."""
    due = lock_alerts_to_escalate(utcnow(), limit)
    for alert, rule in due:
        _escalate(alert, rule)
    return len(due)


def _escalate(alert: Alert, rule: AlertRule) -> None:
    alert.escalated_at = utcnow()
    people = _people(alert.asset_id, [rule.escalate_to or Role.OWNER]) or _people(alert.asset_id, [Role.OWNER])
    _tell(
        "alert_escalated", alert.asset_id, alert.id, alert.unit_id, alert.kind, alert.facts, people,
        {ByMail.CRITICAL, ByMail.ESCALATIONS}, minutes=rule.escalate_after_minutes,
    )  # fmt: skip
    record(
        "alert.escalated", actor=CLOCKWORK, subject="alert", subject_id=alert.id, asset_id=alert.asset_id,
        after={"to": rule.escalate_to, "people": [person.name for person in people]},
    )  # fmt: skip
    publish(AlertChanged(asset_id=alert.asset_id, subject_id=alert.unit_id, alert_id=alert.id))


def _tell(
    what: str,
    asset_id: uuid.UUID,
    alert_id: uuid.UUID,
    unit_id: uuid.UUID | None,
    kind: str,
    facts: dict[str, Any],
    people: Sequence[User],
    wanting: Collection[ByMail],
    minutes: int | None = None,
) -> None:
    about = units_by_id([unit_id]).get(unit_id) if unit_id else None
    named = called(about) if about else None
    told = notices.raise_for(
        asset_id=asset_id,
        user_ids=[person.id for person in people],
        kind=what,
        subject=f"alert:{alert_id}",
        facts={"alert": kind, "facts": facts, "unit": named, "minutes": minutes},
    )
    if not told:
        return
    place, chosen = asset_of(asset_id), by_mail(told)
    for person in people:
        if person.id in chosen and chosen[person.id] in wanting:
            _mail(place, person, alert_id, named, kind, facts, minutes)


def _mail(
    place: Asset,
    person: User,
    alert_id: uuid.UUID,
    unit: str | None,
    kind: str,
    facts: dict[str, Any],
    minutes: int | None,
) -> None:
    named = headline(kind, facts)
    what = f"{unit}: {named}" if unit else named
    why = (
        _("Nobody has acknowledged this alert for %(n)s min.", n=minutes)
        if minutes is not None
        else _("This alert cannot wait.")
    )
    mails.write(
        recipient=person.email,
        subject=_("%(place)s: %(what)s", place=place.name, what=what),
        body=_(
            "%(why)s\n\n%(what)s\n%(sentence)s\nTold at %(time)s.\n\nLook at it here:\n%(url)s\n\n"
            "Which alerts come by mail is chosen on your account page:\n%(account)s\n",
            why=why,
            what=what,
            sentence=sentence(kind, facts),
            time=f"{utcnow().astimezone(ZoneInfo(place.timezone)):%H:%M}",
            url=f"{_public_url}/units/{place.asset_number}/alerts/{alert_id}",
            account=f"{_public_url}/account",
        ),
        asset_id=place.id,
    )


def _people(asset_id: uuid.UUID, roles: Collection[str]) -> list[User]:
    """Everybody who plays one of these parts here and has not left."""
    return [each.user for each in members_of(asset_id) if each.role in roles and each.user.active]
