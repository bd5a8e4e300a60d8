"""A device that keeps what it said until the portal, not the broker, says that it has it."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from paho.mqtt import client as paho

from portal.gateways.broker import Broker


class Forwarder:
    """Numbers its words, resends what was not acknowledged in time, and connects again for as long as it lives."""

    RESEND_AFTER = 2.0

    def __init__(self, url: str, name: str, boot: int = 1) -> None:
        self.name, self.boot, self.seq = name, boot, 0
        self.kept: dict[int, tuple[str, str]] = {}
        self.sent = 0
        self.acks: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._spoke = 0.0
        self._broker = Broker(url)
        self.client = self._broker.client(name)
        self.client.max_inflight_messages_set(500)
        self.client.max_queued_messages_set(0)
        self.client.will_set(f"v1/{name}/status", json.dumps({"state": "lost", "boot": boot}), qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def say(self, kind: str, value: Any, t: Any = ..., **rest: Any) -> int:
        """Say one thing, now or when the broker can be reached; its number."""
        with self._guard:
            self.seq += 1
            at = round(time.time() * 1000) if t is ... else t
            words = json.dumps({"boot": self.boot, "seq": self.seq, "t": at, "v": value, **rest})
            self.kept[self.seq] = f"v1/{self.name}/up/{kind}", words
            self._publish(self.seq)
            return self.seq

    def answer(self, command: dict[str, Any], status: str) -> None:
        """Say how a command went."""
        self.client.publish(f"v1/{self.name}/up/cmdres", json.dumps({"id": command["id"], "status": status}), qos=1)

    def close(self, *, rudely: bool = False) -> None:
        """Leave; `rudely` as if the network had been pulled, so that the broker speaks the last will."""
        self._over.set()
        if rudely and self.client.socket() is not None:
            self.client.socket().close()
        else:
            self.client.disconnect()
        self._thread.join(5)

    @property
    def waits_for_broker(self) -> bool:
        """Whether the broker has not taken everything yet."""
        return bool(self.client._out_messages)

    def _publish(self, seq: int) -> None:
        if self.client.is_connected():
            self.client.publish(*self.kept[seq], qos=1)
            self.sent += 1
            self._spoke = time.monotonic()

    def _live(self) -> None:
        while not self._over.is_set():
            try:
                if not self.client.is_connected():
                    self._broker.connect(self.client)
                    began = time.monotonic()
                    while not self.client.is_connected() and time.monotonic() - began < 5:
                        self.client.loop(0.1)
                if self.client.loop(0.02) != paho.MQTT_ERR_SUCCESS:
                    self._over.wait(0.1)
                self._resend()
            except (OSError, ValueError):
                self._over.wait(0.1)

    def _resend(self, at_once: bool = False) -> None:
        with self._guard:
            quiet = time.monotonic() - self._spoke > self.RESEND_AFTER and not self.waits_for_broker
            if self.kept and (at_once or quiet):
                for seq in list(self.kept)[:500]:
                    self._publish(seq)

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(f"v1/{self.name}/down/#", 1)
        client.publish(f"v1/{self.name}/status", json.dumps({"state": "online", "boot": self.boot}), 1, True)
        self._resend(at_once=True)

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        said = json.loads(message.payload)
        if message.topic.endswith("/cmd"):
            self.commands.append(said)
            return
        self.acks.append(said)
        with self._guard:
            if said["boot"] == self.boot:
                for seq in [seq for seq in self.kept if seq <= said["through"]]:
                    del self.kept[seq]
                for seq in said["missing"]:
                    if seq in self.kept:
                        self._publish(seq)
