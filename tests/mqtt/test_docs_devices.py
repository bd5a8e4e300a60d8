"""The page for authors of firmware is played, line by line, against a real portal: what it says is what happens."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from portal.core.actor import system
from portal.core.db import db
from portal.core.transaction import transactional
from portal.runtime.process import wait_until
from portal.shared.assets.queries import lock_unit
from portal.shared.assets.services import registry as places
from portal.shared.devices.services import commands, registry
from tests.support.inside import inside

PAGE = Path(__file__).resolve().parents[2] / "docs" / "devices.md"
ACTOR = system("tests")
WITHIN = 60.0
PLAYS = re.compile(r"<!-- play: ([a-z ]+) -->\n```sh\n(.*?)```\n(.*?)(?=\n## |<!--|\Z)", re.DOTALL)
FILE = re.compile(r"<!-- file: device\.py -->\n```python\n(.*?)```", re.DOTALL)

needs_clients = pytest.mark.skipif(
    not shutil.which("mosquitto_rr") or not shutil.which("curl"),
    reason="MISSING: mosquitto_pub, which is not installed. To get it: apt-get install mosquitto-clients curl",
)


def plays() -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Every example that is marked as one, and the acknowledgements the text below it promises."""
    found = {}
    for name, script, below in PLAYS.findall(PAGE.read_text()):
        promised = re.search(r"^prints (.*)", below, re.MULTILINE)
        answers = re.findall(r'`(\{"boot".*?\})`', promised.group(1)) if promised else []
        found[name] = script, [json.loads(each) for each in answers]
    return found


class Place:
    """A hotel with three rooms and three locks, in the database of the running portal."""

    def __init__(self, running: dict[str, Any]) -> None:
        self.asset = places.register_asset(
            kind="hotel", name="The page's own", currency="KES", timezone="Africa/Nairobi", actor=ACTOR
        )
        mark = uuid.uuid4().hex[:6]
        self.units = {number: self._room(number) for number in ("101", "102", "103")}
        self.lock = self._lock(f"lock-101-{mark}", "101", "envelope")
        self.plain = self._lock(f"plain-102-{mark}", "102", "plain")
        self.other = self._lock(f"lock-103-{mark}", "103", "envelope")
        host, _, port = running["mqtt_device_url"].rpartition("/")[2].partition(":")
        self.environ = {
            **os.environ,
            "HOST": host, "PORT": port, "PORTAL": running["url"], "PLACE": self.asset.asset_number,
            "DEVICE": self.lock.device.name, "SECRET": self.lock.secret,
            "PLAIN": self.plain.device.name, "PLAIN_SECRET": self.plain.secret,
        }  # fmt: skip

    def _room(self, number: str) -> uuid.UUID:
        room = places.register_unit(asset_id=self.asset.id, kind="room", number=number, price=100_000, actor=ACTOR)
        return room.id

    def _lock(self, name: str, room: str, dialect: str) -> registry.Registered:
        return registry.register(
            asset_id=self.asset.id, type="lock", dialect=dialect, name=name, unit_id=self.units[room], actor=ACTOR
        )

    def said(self, room: str, kind: str) -> list[str]:
        """What a room has said of a subject, in the order of its time."""
        return self._column(
            "select value from asset_event where unit_id = :unit and kind = :kind order by at, id",
            unit=self.units[room], kind=kind,
        )  # fmt: skip

    def outcome(self, room: str) -> list[str]:
        """How the commands of a room stand."""
        asked = "select status from device_command where unit_id = :unit order by seq"
        return self._column(asked, unit=self.units[room])

    def presence(self, device: registry.Registered) -> list[Any]:
        """What a device last said of itself."""
        return self._column(
            "select state || ' ' || boot from device_state where device_id = :device", device=device.device.id
        )

    def _column(self, statement: str, **values: Any) -> list[Any]:
        db.session.rollback()
        return list(db.session.scalars(text(statement), values))

    def play(self, script: str, folder: Path) -> subprocess.Popen[str]:
        """Run an example as it stands on the page."""
        return subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=self.environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


@transactional
def tell(unit_id: uuid.UUID, action: str) -> None:
    """Have a unit told something."""
    commands.queue(unit=lock_unit(unit_id), capability="access", action=action, actor=ACTOR, idem_key=uuid.uuid4().hex)


@pytest.fixture(scope="module")
def place(running_portal: dict[str, Any], worker: str) -> Iterator[Place]:
    """The registry of the running portal, from inside."""
    with inside(worker):
        yield Place(running_portal)


def ended(process: subprocess.Popen[str]) -> list[str]:
    """What an example printed, once it ended well."""
    output, fault = process.communicate(timeout=2 * WITHIN)
    assert process.returncode == 0, f"{output}\n{fault}"
    return output.splitlines()


def let_in(process: subprocess.Popen[str]) -> bool:
    """Whether the broker took what an example said."""
    process.communicate(timeout=WITHIN)
    return process.returncode == 0


def soon(truth: Any) -> bool:
    return wait_until(truth, WITHIN, 0.2)


@needs_clients
def test_every_example_of_the_page_does_what_the_page_says(place, tmp_path):
    scripts = plays()
    assert list(scripts) == [
        "plain reading", "plain command", "online", "reading", "gap", "lost", "command", "http"
    ]  # fmt: skip

    # the portal gives the broker the new accounts within moments; until then nobody is let in
    assert wait_until(lambda: let_in(place.play(scripts["plain reading"][0], tmp_path)), WITHIN, 0.5)
    assert soon(lambda: "1" in place.said("102", "occupancy"))

    told = place.play(scripts["plain command"][0], tmp_path)
    tell(place.units["102"], "unlock")
    assert ended(told) == ["unlock"]
    assert soon(lambda: place.outcome("102") == ["done"])
    assert place.said("102", "access")[-1] == "unlocked"

    ended(place.play(scripts["online"][0], tmp_path))
    assert soon(lambda: place.presence(place.lock) == ["online 7"])

    for name in ("reading", "gap", "lost"):
        script, promised = scripts[name]
        assert promised, f"the page does not say what “{name}” prints"
        assert [json.loads(line) for line in ended(place.play(script, tmp_path))] == promised
    assert [place.said("101", kind) for kind in ("temperature", "door", "humidity")] == [["24.5"], ["open"], ["61"]]

    told = place.play(scripts["command"][0], tmp_path)
    tell(place.units["101"], "unlock")
    (command,) = map(json.loads, ended(told))
    assert {"id", "seq", "capability", "action", "not_after", "ttl_s"} <= set(command)
    assert (command["capability"], command["action"]) == ("access", "unlock")
    assert soon(lambda: place.outcome("101") == ["done"])

    (answer,) = map(json.loads, ended(place.play(scripts["http"][0], tmp_path)))
    assert (answer["through"], answer["missing"], answer["rejected"]) == (7, [], [])
    assert place.said("101", "battery") == ["88"]


def test_the_client_of_the_page_works_as_it_stands(place, tmp_path):
    """It says what it does, obeys, and after a kill goes on with a new start and nothing lost."""
    (source,) = FILE.findall(PAGE.read_text())
    assert len([line for line in source.splitlines() if line.strip()]) <= 75
    (tmp_path / "device.py").write_text(source)
    environ = {**place.environ, "DEVICE": place.other.device.name, "SECRET": place.other.secret}

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "device.py"], cwd=tmp_path, env=environ)

    device = started()
    try:
        assert soon(lambda: place.said("103", "access") == ["locked"])
        assert soon(lambda: json.loads((tmp_path / "device.json").read_text())["queue"] == [])
        tell(place.units["103"], "unlock")
        assert soon(lambda: place.outcome("103") == ["done"])
        assert soon(lambda: place.said("103", "access") == ["locked", "unlocked"])
        device.kill()
        device.wait()
        assert soon(lambda: place.presence(place.other) == ["lost 1"])
        device = started()
        assert soon(lambda: place.presence(place.other) == ["online 2"])
        assert soon(lambda: place.said("103", "access") == ["locked", "unlocked", "locked"])
        assert place.outcome("103") == ["done"]
    finally:
        device.kill()
        device.wait()
