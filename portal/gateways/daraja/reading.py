"""Reading what Safaricom sends: callbacks, pay bill news, later results. Its shapes differ from message to message."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from portal.core import parse
from portal.core.errors import Invalid
from portal.core.words import _
from portal.gateways import figures
from portal.gateways.base import BadMessage

_MOMENT = re.compile(r"[0-9]{14}")
_PHONE = re.compile(r"254[17][0-9]{8}")


def document(raw: bytes) -> dict[str, Any]:
    """The object a message holds; raises BadMessage."""
    try:
        return parse.json_object(raw)
    except Invalid as error:
        raise BadMessage(error.message) from None


def part(found: object, *names: str) -> dict[str, Any]:
    """An object inside an object; raises BadMessage when it is not there."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise BadMessage(_("The message has no %(name)s.", name=names[-1]))
    return found


def needed(found: dict[str, Any], name: str) -> str:
    """A name or number that must be there; raises BadMessage."""
    value = figures.name(found.get(name))
    if value is None:
        raise BadMessage(_("The message has no %(name)s.", name=name))
    return value


def pairs(listed: object, name: str, value: str) -> list[tuple[str, object]]:
    """Named values, in order; one alone may come without its list, and a name may come without a value or twice."""
    rows = listed if isinstance(listed, list) else [listed]
    return [(row[name], row.get(value)) for row in rows if isinstance(row, dict) and isinstance(row.get(name), str)]


def moment(value: object, zone: Any) -> datetime | None:
    """A moment such as 20190311122121, on Kenya's clock."""
    text = figures.text(value, 20)
    if text is None or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def phone(value: object) -> str | None:
    """A number in E.164; a masked or hashed one is kept as it came."""
    text = figures.text(value, 100)
    return f"+{text}" if text is not None and _PHONE.fullmatch(text) else text


def words(value: object) -> str:
    """A value as text, whatever kind of number it is."""
    return "" if value is None else str(value)[:200]
