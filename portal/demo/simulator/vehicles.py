"""Vehicles that drive along a route: they pull away, slow down for corners, wait at lights and stop for customers."""

from __future__ import annotations

from portal.demo.simulator.routes import Route
from portal.demo.simulator.things import Address, Thing, Word

#: Pulling away and braking, metres a second each second.
FASTER, SLOWER = 1.4, 2.2
STEP = 1.0
BETWEEN_LIGHTS = 650.0
BETWEEN_CUSTOMERS = 7_000.0
AT_A_LIGHT = (4.0, 45.0)
AT_A_CUSTOMER = (60.0, 240.0)
#: Of so many words one is not about the place.
OTHER_WORD_EVERY = 12


class Vehicle(Thing):
    """One vehicle with its tracker; with the ignition off it stands where it is."""

    capabilities = ("ignition",)

    def __init__(
        self, address: Address, seed: str, route: Route, says: dict[str, str] | None = None, at: float | None = None
    ) -> None:
        super().__init__(address, seed, {"ignition": "on", **(says or {})})
        self.route = route
        self.driven = self.chance.uniform(0, route.length) if at is None else at
        self.speed = 0.0
        self.manner = self.chance.uniform(0.82, 1.08)
        self.counted = 0.0
        self._standing = 0.0
        self._light_in = self.chance.uniform(100, BETWEEN_LIGHTS)
        self._customer_in = self.chance.uniform(500, BETWEEN_CUSTOMERS)
        self._spoken = self.chance.randrange(OTHER_WORD_EVERY)
        self._battery = self.chance.uniform(60.0, 100.0)
        self._passengers = self.chance.choice((0, 1, 1, 2, 3))

    def advance(self, seconds: float, step: float = STEP) -> None:
        """Drive on for so long."""
        while seconds > 0:
            self._drive(min(step, seconds))
            seconds -= step

    def fix(self) -> dict[str, float]:
        """Where it is, as a good tracker says it."""
        latitude, longitude, heading = self.route.at(self.driven)
        return {
            "lat": round(latitude, 6),
            "lon": round(longitude, 6),
            "speed": round(self.speed * 3.6, 1),
            "heading": round(heading),
            "accuracy": 5,
        }

    def next_word(self, seconds: float, *, plain: bool) -> Word | None:
        """A fix nearly always; now and then passengers, and from a tracker with envelopes its battery too."""
        self.advance(seconds)
        self._spoken += 1
        if self._spoken % OTHER_WORD_EVERY == 0:
            return Word("passenger_count", self._passengers)
        if self._spoken % OTHER_WORD_EVERY == 6 and not plain:
            self._battery = min(100.0, max(20.0, self._battery + self.chance.gauss(0, 0.2)))
            return Word("battery", round(self._battery))
        return Word("location", self.fix())

    def _drive(self, seconds: float) -> None:
        if self.says.get("ignition") != "on":
            self.speed = 0.0
            return
        if self._standing > 0:
            self._standing -= seconds
            self.speed = 0.0
            return
        wanted = self.route.pace(self.driven) * self.manner
        change = wanted - self.speed
        self.speed += max(-SLOWER * seconds, min(FASTER * seconds, change))
        went = self.speed * seconds
        self.driven = (self.driven + went) % self.route.length
        self.counted += went
        self._light_in -= went
        self._customer_in -= went
        if self._customer_in <= 0:
            self._standing, self._customer_in = self.chance.uniform(*AT_A_CUSTOMER), BETWEEN_CUSTOMERS
            self._passengers = self.chance.choice((0, 1, 1, 2, 3))
        elif self._light_in <= 0:
            self._standing = self.chance.uniform(*AT_A_LIGHT)
            self._light_in = self.chance.expovariate(1 / BETWEEN_LIGHTS)
