"""A vehicle from the map to a lost network and back: seen moving, told, lost, and everything it kept arrives."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from playwright.sync_api import expect

from config import Settings
from portal.core.actor import system
from portal.core.db import db
from portal.demo.simulator import commands
from portal.demo.simulator.device import EnvelopeDevice
from portal.demo.simulator.faults import Faults, Trouble
from portal.demo.simulator.network import Network
from portal.demo.simulator.routes import in_town
from portal.demo.simulator.run import door_of, signed_in
from portal.demo.simulator.things import Address
from portal.demo.simulator.vehicles import Vehicle
from portal.shared.assets import queries
from portal.shared.assets.services import registry as places
from portal.shared.devices.services import registry
from tests.browser.test_story import account, sign_in
from tests.support.inside import inside

ACTOR = system("tests")
LOOKS_AGAIN = 60_000
EVERY = 1.0


class Tracked:
    """A vehicle of the demo's fleet with a tracker of its own, alive in a thread."""

    def __init__(self, settings: Settings, asset_number: str) -> None:
        asset = queries.get_asset(asset_number)
        self.number = f"J{uuid.uuid4().hex[:4].upper()}"
        unit = places.register_unit(
            asset_id=asset.id, kind="vehicle", number=self.number, price=400_000, actor=ACTOR, room_type="Toyota Axio"
        )
        made = registry.register(
            asset_id=asset.id, type="tracker", name=f"journey-{self.number.lower()}", unit_id=unit.id, actor=ACTOR
        )
        db.session.rollback()
        self.name = made.device.name
        self.network = Network()
        address = Address("vehicles", asset.asset_number, self.number)
        vehicle = Vehicle(address, "journey", in_town("Nairobi")[0])
        broker = signed_in(door_of(settings), self.name, made.secret)
        self.device = EnvelopeDevice(self.network, broker, self.name, vehicle, Faults({}, "journey"))
        self._orders: SimpleQueue[Callable[[EnvelopeDevice], None]] = SimpleQueue()
        self._over = threading.Event()
        self._life = threading.Thread(target=self._live)
        self._life.start()

    def do(self, order: Callable[[EnvelopeDevice], None]) -> None:
        """Have something happen to it, in its own thread."""
        self._orders.put(order)

    def close(self) -> None:
        self._over.set()
        self._life.join()
        self.network.close(forget=True)

    def _live(self) -> None:
        speak_at = 0.0
        while not self._over.is_set():
            now = time.monotonic()
            while True:
                try:
                    self._orders.get_nowait()(self.device)
                except Empty:
                    break
            if now >= speak_at:
                speak_at = now + EVERY
                self.device.speak(EVERY)
            self.device.tick(now)
            self.network.turn(0.05)


def fleet_of(running_portal: dict[str, Any]) -> str:
    """The number of the demo's fleet."""
    return str(next(each["asset_number"] for each in running_portal["assets"] if each["kind"] == "fleet"))


def tell(page: Any, words: str) -> None:
    """Press a button of the device's console, with a reason."""
    console = page.locator("#controls")
    console.get_by_label(re.compile("reason")).fill("To see whether it answers")
    console.get_by_role("button", name=words).click()


@pytest.fixture
def tracked(running_portal: dict[str, Any], worker: str, monkeypatch: Any) -> Iterator[Tracked]:
    """A vehicle on the road; it takes its time to obey, so that a person can see each step."""
    monkeypatch.setattr(commands, "ACTS_AFTER", (4.0, 4.0))
    with inside(worker) as app:
        made = Tracked(app.extensions["settings"], fleet_of(running_portal))
        try:
            yield made
        finally:
            made.close()


def hold_one_back(device: EnvelopeDevice) -> None:
    """A message that does not leave before an hour is over: a hole in the numbers."""
    word = device.thing.next_word(EVERY, plain=False)
    assert word is not None
    device.say(word, trouble=Trouble(held=3_600))


def bring_back(device: EnvelopeDevice) -> None:
    """The network is there again, and what was held back leaves too."""
    for kept in device.kept.values():
        kept.due = 0.0
    device.come_back()


def test_a_vehicle_is_watched_told_lost_and_found_again(page, running_portal, tracked):
    url, fleet = running_portal["url"], fleet_of(running_portal)
    page.set_default_timeout(LOOKS_AGAIN)
    sign_in(page, running_portal, account(running_portal, "manager"))

    # it moves on the map
    page.goto(f"{url}/fleet/{fleet}/?q={tracked.number}")
    row = page.locator(f"tr[data-number={tracked.number}]")
    # a portal that has just begun works through a month of its demo first
    expect(row).to_contain_text("Moving", timeout=4 * LOOKS_AGAIN)
    row.get_by_role("link", name=tracked.number).click()
    where = row.locator(".vehicle-where a")
    first = where.get_attribute("href")
    seen = page.locator("#map").screenshot()
    expect(where).not_to_have_attribute("href", first, timeout=LOOKS_AGAIN)
    page.wait_for_function(
        """([number, first]) => {
            const at = (link) => ["mlat", "mlon"].map((name) => Number(new URL(link).searchParams.get(name)));
            const link = document.querySelector(`tr[data-number=${number}] .vehicle-where a`).href;
            const [[y, x], [y0, x0]] = [at(link), at(first)];
            return Math.hypot(y - y0, x - x0) * 111320 > 40;
        }""",
        arg=[tracked.number, first],
        timeout=LOOKS_AGAIN,
    )
    assert page.locator("#map").screenshot() != seen

    # it is told something: sent, taken and done are three moments, and what it says of itself is a fourth
    page.goto(f"{url}/units/{fleet}/devices/{tracked.name}")
    state, told = page.locator("#state"), page.locator("#told")
    expect(state).to_contain_text("Online", timeout=LOOKS_AGAIN)
    tell(page, "Ignition on")
    expect(told).to_contain_text(re.compile("Accepted|taken"), timeout=LOOKS_AGAIN)
    expect(told).to_contain_text("Done", timeout=LOOKS_AGAIN)
    for step in ("sent", "taken", "ended"):
        expect(told).to_contain_text(step)
    expect(page.locator("#messages")).to_contain_text("Ignition: On", timeout=LOOKS_AGAIN)

    # a message does not come through, and is missed
    gaps = page.locator("#gaps")
    tracked.do(hold_one_back)
    expect(gaps.locator("tbody tr").first).not_to_contain_text("Nothing", timeout=LOOKS_AGAIN)

    # its network goes
    tracked.do(lambda device: device.lose_network(3_600))
    expect(state).to_contain_text("Lost", timeout=LOOKS_AGAIN)
    tell(page, "Ignition on")
    expect(told.locator("li").first).to_contain_text(re.compile("Queued|Sent|Waiting", re.IGNORECASE))
    page.wait_for_timeout(5_000)  # what it says meanwhile it keeps
    kept = tracked.device.waiting
    assert kept >= 4
    expect(told.locator("li").first).not_to_contain_text("Done")

    # and is back: what it kept arrives, nothing is missing any more, and the command that waited is done
    tracked.do(bring_back)
    expect(state).to_contain_text("Online", timeout=LOOKS_AGAIN)
    expect(gaps.locator("tbody tr").first).to_contain_text("Nothing", timeout=LOOKS_AGAIN)
    expect(told.locator("li").first).to_contain_text("Done", timeout=LOOKS_AGAIN)
    assert tracked.device.tally.lost == 0
    assert tracked.device.tally.acked >= kept
    page.goto(f"{url}/fleet/{fleet}/?q={tracked.number}")
    # a portal that has just begun works through a month of its demo first
    expect(row).to_contain_text("Moving", timeout=4 * LOOKS_AGAIN)
