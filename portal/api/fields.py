"""The kinds of field the JSON door reads: each is a reader of core.parse and the words OpenAPI has for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from portal.core import parse
from portal.core.money import DECIMALS
from portal.shared.assets.models import AssetKind
from portal.shared.identity import models as roles


def read_by(reader: Callable[..., Any], schema: dict[str, Any], **options: Any) -> tuple[Any, Any]:
    """The two annotations of a field: who reads it, and what the document says of it."""

    def read(value: object, info: ValidationInfo) -> Any:
        return reader(value, info.field_name, **options)

    return PlainValidator(read), WithJsonSchema(schema)


def _maybe(reader: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value, field, **options: parse.optional(reader, value, field, **options)


def _as_it_came(value: object, field: str) -> object:
    """An amount is judged where its currency is known; here only its shape is."""
    if parse.is_blank(value) or not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        parse.money(value, field, currency="KES")
    return value


def text(most: int = 100, least: int = 1) -> Any:
    """Text that must be there."""
    return Annotated[
        str,
        *read_by(
            parse.text,
            {"type": "string", "minLength": least, "maxLength": most, "pattern": PRINTABLE},
            min_length=least,
            max_length=most,
        ),
    ]


def clearable_text(most: int = 100) -> Any:
    """Text that may be absent; "" and null clear it."""
    return Annotated[
        str,
        *read_by(
            parse.text,
            {"type": ["string", "null"], "maxLength": most, "pattern": PRINTABLE},
            min_length=0,
            max_length=most,
        ),
    ]


def whole(minimum: int = 0, maximum: int = 2**31 - 1) -> Any:
    """A whole JSON number."""
    return Annotated[
        int,
        *read_by(
            parse.whole,
            {"type": "integer", "minimum": minimum, "maximum": maximum},
            minimum=minimum,
            maximum=maximum,
            typed=True,
        ),
    ]


def choice(*options: str) -> Any:
    """One of a few words."""
    return Annotated[str, *read_by(parse.choice, {"type": "string", "enum": list(options)}, options=options)]


PRINTABLE = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"
CODE = {"type": "string", "maxLength": 32, "pattern": "^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$"}
AMOUNT_OUT = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["10000.00"]}
AMOUNT_IN = {
    "description": "A decimal with at most as many decimals as the currency has; a string or a number.",
    "anyOf": [{"type": "string", "pattern": r"^\d{1,10}(\.\d{1,3})?$"}, {"type": "number", "exclusiveMinimum": 0}],
    "examples": ["10000.00"],
}

Code = Annotated[str, *read_by(parse.code, CODE)]
Email = Annotated[str, *read_by(parse.email, {"type": "string", "format": "email", "maxLength": 254})]
Phone = Annotated[
    str | None, *read_by(_maybe(parse.phone), {"type": ["string", "null"], "examples": ["+254712345678"]})
]
Currency = Annotated[str, *read_by(parse.currency, {"type": "string", "enum": sorted(DECIMALS), "examples": ["NGN"]})]
Kind = Annotated[
    str, *read_by(parse.choice, {"type": "string", "enum": [str(k) for k in AssetKind]}, options=AssetKind)
]
Amount = Annotated[Any, *read_by(_as_it_came, AMOUNT_IN)]
AmountText = Annotated[str, WithJsonSchema(AMOUNT_OUT)]
Moment = Annotated[
    datetime | None, *read_by(_maybe(parse.timestamp), {"type": ["string", "null"], "format": "date-time"})
]
Day = Annotated[date, *read_by(parse.day, {"type": "string", "format": "date"})]
Flag = Annotated[bool, *read_by(parse.boolean, {"type": "boolean"})]
Role = choice(*(role for role in roles.Role if role is not roles.Role.CUSTOMER))
Reason = text(200)
