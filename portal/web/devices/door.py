"""Where devices reach the broker from here, and ready-made lines to try it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app

from config import Settings
from portal.shared.assets.models import Unit
from portal.shared.devices.models import Device, Dialect


@dataclass(frozen=True, slots=True)
class Door:
    """The broker as a device sees it. `isolated` when each account has its own topics; `trial` on the small broker."""

    address: str
    tls: str
    isolated: bool
    trial: bool


def door() -> Door:
    """As the settings have it."""
    settings: Settings = current_app.extensions["settings"]
    address = settings.mqtt_device_address
    if not address and settings.mqtt_device_url:
        parts = urlsplit(settings.mqtt_device_url)
        address = f"{parts.hostname}:{parts.port or (8883 if parts.scheme == 'mqtts' else 1883)}"
    tls = settings.mqtt_tls_listen if settings.mqtt_tls_cert else ""
    trial = settings.mqtt_version != "5"
    return Door(address, tls, settings.mqtt_password_file is not None and not trial, trial)


def lines(device: Device, secret: str, place_number: str, unit: Unit | None) -> list[str]:
    """Commands that say something as this device, and that listen as it."""
    host, _colon, port = door().address.rpartition(":")
    sign_in = f"-h {host or 'BROKER'} -p {port or '1883'} -i {device.name} -u {device.name} -P {secret} -V 5 -q 1"
    if device.dialect == Dialect.ENVELOPE:
        kind, value = _example(device, unit)
        body = '{"boot":1,"seq":1,"t":'
        return [
            f"mosquitto_pub {sign_in} -t v1/{device.name}/up/{kind} -m '{body}'$(date +%s)',\"v\":{_json(value)}}}'",
            f"mosquitto_sub {sign_in} -c -v -t 'v1/{device.name}/down/#'",
        ]
    if unit is None:
        return []
    kind, value = _example(device, unit)
    topic = f"{'rooms' if unit.kind == 'room' else 'vehicles'}/{place_number}/{unit.number}/{kind}"
    return [
        f"mosquitto_pub {sign_in} -t {shlex.quote(topic)} -m {shlex.quote(value)}",
        f"mosquitto_sub {sign_in} -v -t {shlex.quote(topic)}",
    ]


def _example(device: Device, unit: Unit | None) -> tuple[str, str]:
    if (unit is not None and unit.kind == "vehicle") or device.type == "tracker":
        return "location", "6.4541,3.3947"
    return {"lock": ("access", "locked"), "meter": ("electricity", "on")}.get(device.type, ("temperature", "21.5"))


def _json(value: str) -> str:
    return f'"{value}"'
