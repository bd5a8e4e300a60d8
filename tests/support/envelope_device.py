"""A registered device as its maker should build it: numbered words kept until acknowledged, commands obeyed once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from paho.mqtt import client as paho

from portal.gateways.broker import Broker

#: What an obeyed command makes of the device, by (capability, action).
BECOMES = {
    ("access", "unlock"): "unlocked",
    ("access", "lock"): "locked",
    ("electricity", "turn_on"): "on",
    ("electricity", "turn_off"): "off",
    ("ignition", "turn_on"): "on",
    ("ignition", "turn_off"): "off",
}


class EnvelopeDevice:
    """One device with flash memory that survives `reboot`, and a network that can be cut and brought back.

    It obeys a command only when its number is above the last of that capability and its time has not passed, answers
    a repeat with the stored result, and locks itself when its lease is over. `obeyed` lists what it really did;
    `outbox` holds the words nobody has acknowledged yet.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        version: str = "5",
        clock: Callable[[], datetime] | None = None,
        obey: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        reports: bool = True,
    ) -> None:
        self.name = name
        self.broker = Broker(url, version)
        self.now = clock or (lambda: datetime.now(UTC))
        self.obey = obey or (lambda command: {"status": "done"})
        self.reports = reports
        self.boot = 0
        self.state: dict[str, str] = {"access": "locked"}
        self.obeyed: list[tuple[str, str]] = []
        self.heard: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []
        self.acknowledged: list[dict[str, Any]] = []
        self.outbox: dict[tuple[int, int], tuple[str, str]] = {}
        self.lease_until: datetime | None = None
        self._last: dict[str, tuple[int, str, dict[str, Any]]] = {}
        self._seq = 0
        self._lease: threading.Timer | None = None
        self._guard = threading.RLock()
        self.client: paho.Client | None = None

    # -- power and network

    def start(self) -> EnvelopeDevice:
        """Power on: a new boot, numbers from 1, and the network."""
        self.boot, self._seq = self.boot + 1, 0
        self._set_lease(self.lease_until)
        return self.connect()

    def connect(self) -> EnvelopeDevice:
        """Join the network; the session at the broker is taken up where it was left."""
        ready = threading.Event()
        client = self.client = self.broker.client(self.name)
        client.will_set(f"v1/{self.name}/status", json.dumps({"state": "lost", "boot": self.boot}), 1, True)
        client.on_message = self._on_message
        client.on_subscribe = lambda *_: ready.set()
        client.on_connect = lambda *_: client.subscribe([(f"v1/{self.name}/down/#", 1)])
        self.broker.connect(client)
        client.loop_start()
        assert ready.wait(15)
        client.publish(f"v1/{self.name}/status", json.dumps({"state": "online", "boot": self.boot}), 1, True)
        with self._guard:
            waiting = list(self.outbox.values())
        for topic, payload in waiting:
            client.publish(topic, payload, 1)
        return self

    def cut(self) -> None:
        """The network is gone without a goodbye: the broker will say so by itself."""
        client, self.client = self.client, None
        if client is not None:
            client.loop_stop()
            if (wire := client.socket()) is not None:
                wire.close()

    def reboot(self) -> EnvelopeDevice:
        """Power off and on again; what is in flash stays."""
        self.cut()
        return self.start()

    def close(self) -> None:
        """The end of the test."""
        self._set_lease(None)
        client, self.client = self.client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    # -- what it says

    def say(self, kind: str, value: Any, *, at: datetime | None = None) -> tuple[int, int]:
        """A word of its own, numbered, and kept until it is acknowledged."""
        with self._guard:
            self._seq += 1
            key = self.boot, self._seq
            words = {"boot": self.boot, "seq": self._seq, "t": (at or self.now()).isoformat(), "v": value}
            self.outbox[key] = f"v1/{self.name}/up/{kind}", json.dumps(words)
        if self.client is not None:
            self.client.publish(*self.outbox[key], 1)
        return key

    # -- what it is told

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        words = json.loads(message.payload)
        if message.topic.endswith("/ack"):
            with self._guard:
                self.acknowledged.append(words)
                missing = set(words.get("missing", ()))
                for boot, seq in list(self.outbox):
                    if boot == words["boot"] and seq <= words["through"] and seq not in missing:
                        del self.outbox[boot, seq]
        elif message.topic.endswith("/cmd"):
            with self._guard:
                self.heard.append(words)
                self._answer(words["id"], self._take(words))

    def _take(self, command: dict[str, Any]) -> dict[str, Any]:
        capability, action = command["capability"], command["action"]
        last = self._last.get(capability)
        if last is not None and last[1] == command["id"]:
            return last[2]
        if last is not None and command["seq"] <= last[0]:
            return {"status": "rejected", "detail": "A younger command came before."}
        if datetime.fromisoformat(command["not_after"]) <= self.now():
            return {"status": "rejected", "detail": "Too late."}
        result = self.obey(command)
        self._last[capability] = command["seq"], command["id"], result
        if result["status"] == "done":
            self.obeyed.append((capability, action))
            self._become(capability, BECOMES[capability, action])
            if capability == "access":
                until = command.get("lease_until")
                self._set_lease(datetime.fromisoformat(until) if until and action == "unlock" else None)
        return result

    def _answer(self, command_id: str, result: dict[str, Any]) -> None:
        self.results.append({"id": command_id, **result})
        if self.client is not None:
            self.client.publish(f"v1/{self.name}/up/cmdres", json.dumps(self.results[-1]), 1)

    def _become(self, capability: str, state: str) -> None:
        self.state[capability] = state
        if self.reports:
            self.say(capability, state)

    # -- its lease

    def _set_lease(self, until: datetime | None) -> None:
        with self._guard:
            if self._lease is not None:
                self._lease.cancel()
            self.lease_until, self._lease = until, None
            if until is not None:
                left = max(timedelta(0), until - self.now()).total_seconds()
                self._lease = threading.Timer(left, self._lease_over, args=(until,))
                self._lease.daemon = True
                self._lease.start()

    def _lease_over(self, until: datetime) -> None:
        with self._guard:
            if self.lease_until == until:
                self.lease_until = None
                self._become("access", "locked")
