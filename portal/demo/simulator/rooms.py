"""Rooms with a lock, a meter and a few sensors: guests come and go, and what is switched on draws power."""

from __future__ import annotations

from portal.demo.simulator.things import Address, Thing, Word

#: What a room with envelopes speaks of, one subject at a time.
ROUND = ("temperature", "power", "humidity", "temperature", "battery")


class Room(Thing):
    """One room; a guest can be in it only while it is unlocked."""

    capabilities = ("access", "electricity")

    def __init__(self, address: Address, seed: str, says: dict[str, str] | None = None) -> None:
        super().__init__(address, seed, {"access": "locked", "electricity": "off", "occupancy": "0", **(says or {})})
        self._warmth = self.chance.uniform(22.0, 27.0)
        self._damp = self.chance.uniform(48.0, 66.0)
        self._battery = self.chance.uniform(70.0, 100.0)
        self._turn = self.chance.randrange(len(ROUND))
        self._soon: list[Word] = []

    def next_word(self, seconds: float, *, plain: bool) -> Word | None:
        """What a guest just did, else a sensor in its turn; a plain room repeats whether somebody is in."""
        if self._soon:
            return self._soon.pop(0)
        if self.chance.random() < 0.3:
            self._guest_moves(plain)
            if self._soon:
                return self._soon.pop(0)
        if plain:
            return Word("occupancy", self.says["occupancy"])
        self._turn += 1
        return self.measured(ROUND[self._turn % len(ROUND)])

    def measured(self, kind: str) -> Word:
        """What a sensor reads now."""
        on = self.says["electricity"] == "on"
        if kind == "temperature":
            self._warmth += 0.04 * ((21.5 if on else 27.0) - self._warmth) + self.chance.gauss(0, 0.12)
            return Word(kind, round(self._warmth, 1))
        if kind == "humidity":
            self._damp = min(85.0, max(35.0, self._damp + self.chance.gauss(0, 0.6)))
            return Word(kind, round(self._damp))
        if kind == "battery":
            self._battery = max(5.0, self._battery - self.chance.uniform(0, 0.01))
            return Word(kind, round(self._battery))
        return Word("power", round(self.chance.uniform(420, 1_900)) if on else round(self.chance.uniform(3, 14)))

    def _guest_moves(self, plain: bool) -> None:
        """Somebody comes or goes: through the door, and the power with them."""
        inside = self.says["occupancy"] == "1"
        if not inside and self.says["access"] != "unlocked":
            return
        comes = not inside and self.chance.random() < 0.6
        if comes == inside:
            return
        self.says["occupancy"], power = ("1", "on") if comes else ("0", "off")
        through = [] if plain else [Word("door", "open"), Word("door", "closed")]
        self._soon += [*through, Word("occupancy", self.says["occupancy"])]
        if self.says["electricity"] != power:
            self.says["electricity"] = power
            self._soon.append(Word("electricity", power))
