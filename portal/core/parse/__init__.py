"""The one strict reader of text, numbers, dates, money, phone and JSON, for every door.

Each reader takes what came in, the field's name on the wire and, for forms, the words a person knows it by.
It answers the value in one normal form or raises ParseError with a sentence; it never guesses or rounds.
"""

from portal.core.parse.codes import boolean, choice, code, idempotency_key, reference, uuid
from portal.core.parse.document import BadJson, TooLarge, json_object, json_value, known_fields
from portal.core.parse.errors import ParseError, is_blank, optional
from portal.core.parse.figures import (
    currency,
    decimal,
    latitude,
    longitude,
    money,
    position,
    quantity,
    whole,
)
from portal.core.parse.moments import SiteMoment, day, site_moment, time_of_day, timestamp
from portal.core.parse.people import email, phone
from portal.core.parse.texts import text

__all__ = [
    "BadJson",
    "ParseError",
    "SiteMoment",
    "TooLarge",
    "boolean",
    "choice",
    "code",
    "currency",
    "day",
    "decimal",
    "email",
    "idempotency_key",
    "is_blank",
    "json_object",
    "json_value",
    "known_fields",
    "latitude",
    "longitude",
    "money",
    "optional",
    "phone",
    "position",
    "quantity",
    "reference",
    "site_moment",
    "text",
    "time_of_day",
    "timestamp",
    "uuid",
    "whole",
]
