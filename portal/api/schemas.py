"""What comes in and goes out at the JSON door, validated; the OpenAPI document is written from these."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Taken(BaseModel):
    """What a client sends: a field nobody asked for is refused, for a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """What a client is answered."""


class Fault(Given):
    """Why not: a code for a machine, a sentence for a person, details for a form."""

    code: str
    message: str
    details: dict[str, Any]


class Refusal(Given):
    """Every refusal."""

    error: Fault
