"""What the portal announces about places and units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.core.outbox import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRegistered(Event):
    """A place was opened."""

    topic: ClassVar[str] = "assets.asset.registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAmended(Event):
    """A place's name, address, bank details or settings changed."""

    topic: ClassVar[str] = "assets.asset.amended"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRegistered(Event):
    """A room or vehicle was added."""

    topic: ClassVar[str] = "assets.unit.registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAmended(Event):
    """A unit's price, period or description changed, or it was suspended, resumed, retired or deleted."""

    topic: ClassVar[str] = "assets.unit.amended"
    number: str
    status: str
