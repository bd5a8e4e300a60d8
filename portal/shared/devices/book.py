"""Which unit a topic means, remembered for a while so that a stream of readings does not ask the same each time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from typing import NamedTuple

from portal.shared.devices.number_queries import Sender, devices_by_name
from portal.shared.devices.queries import units_by_address
from portal.shared.devices.readings import Reading


class Home(NamedTuple):
    """The unit that speaks, and its place, as the database takes them."""

    unit_id: str
    asset_id: str


Address = tuple[str, str, str]


class UnitBook:
    """Units by (place, kind, number). A stranger is asked for again soon, so that a new room works in seconds."""

    KEEP = 60.0
    KEEP_STRANGERS = 2.0

    def __init__(self) -> None:
        self._known: dict[Address, tuple[float, Home | None]] = {}

    def forget(self) -> None:
        """Know nothing by heart any more."""
        self._known.clear()

    def look_up(self, readings: Iterable[Reading]) -> dict[Address, Home | None]:
        """The homes of all these readings, in one question for those not known by heart."""
        now = time.monotonic()
        wanted = {(each.asset_number, each.unit_kind, each.unit_number) for each in readings}
        missing = [address for address in wanted if self._known.get(address, (0.0, None))[0] < now]
        if missing:
            if len(self._known) > 50_000:
                self._known.clear()
                missing = list(wanted)
            found = units_by_address(missing)
            for address in missing:
                ids: tuple[uuid.UUID, uuid.UUID] | None = found.get(address)
                home = Home(str(ids[0]), str(ids[1])) if ids else None
                self._known[address] = (now + (self.KEEP if home else self.KEEP_STRANGERS), home)
        return {address: self._known[address][1] for address in wanted}


class DeviceBook:
    """Devices by name. Even a known one is asked for again within seconds: a revoked one is not heard any longer."""

    KEEP = 5.0
    KEEP_STRANGERS = 2.0

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Sender | None]] = {}

    def forget(self) -> None:
        """Know nothing by heart any more."""
        self._known.clear()

    def look_up(self, names: Iterable[str]) -> dict[str, Sender | None]:
        """These devices, in one question for those not known by heart."""
        now = time.monotonic()
        wanted = set(names)
        missing = [name for name in wanted if self._known.get(name, (0.0, None))[0] < now]
        if missing:
            if len(self._known) > 50_000:
                self._known.clear()
                missing = list(wanted)
            found = devices_by_name(missing)
            for name in missing:
                sender = found.get(name)
                self._known[name] = (now + (self.KEEP if sender else self.KEEP_STRANGERS), sender)
        return {name: self._known[name][1] for name in wanted}
