"""The settings of the device door: which address devices are told, who writes the broker's accounts, and TLS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from config_reader import Reader

if TYPE_CHECKING:
    from config import Settings


def read(reader: Reader) -> dict[str, Any]:
    """The device door's part of the settings."""
    return {
        "mqtt_device_listen": reader.text("MQTT_DEVICE_LISTEN"),
        "mqtt_device_address": reader.text("MQTT_DEVICE_ADDRESS"),
        "mqtt_password_file": _path(reader, "MQTT_PASSWORD_FILE"),
        "mqtt_acl_file": _path(reader, "MQTT_ACL_FILE"),
        "mqtt_reload_pid_file": _path(reader, "MQTT_RELOAD_PID_FILE"),
        "mqtt_broker_log": _path(reader, "MQTT_BROKER_LOG"),
        "mqtt_watch_refusals": reader.flag("MQTT_WATCH_REFUSALS", True),
        "mqtt_tls_listen": reader.text("MQTT_TLS_LISTEN"),
        "mqtt_tls_cert": _path(reader, "MQTT_TLS_CERT"),
        "mqtt_tls_key": _path(reader, "MQTT_TLS_KEY"),
        "mqtt_tls_ca": _path(reader, "MQTT_TLS_CA"),
        "mqtt_tls_require_certificate": reader.flag("MQTT_TLS_REQUIRE_CERTIFICATE", False),
    }


def mistakes(settings: Settings) -> list[str]:
    """What is wrong with the device door's settings taken together."""
    found = []
    for name in ("mqtt_device_listen", "mqtt_device_address", "mqtt_tls_listen"):
        given = getattr(settings, name)
        if given and split(given) is None:
            found.append(f"{name.upper()} must look like host:port.")
    if bool(settings.mqtt_password_file) != bool(settings.mqtt_acl_file):
        found.append("MQTT_PASSWORD_FILE and MQTT_ACL_FILE must be set together.")
    if settings.mqtt_reload_pid_file and not settings.mqtt_password_file:
        found.append("MQTT_RELOAD_PID_FILE is of use only with MQTT_PASSWORD_FILE and MQTT_ACL_FILE.")
    if bool(settings.mqtt_tls_cert) != bool(settings.mqtt_tls_key):
        found.append("MQTT_TLS_CERT and MQTT_TLS_KEY must be set together.")
    if settings.mqtt_tls_require_certificate and not (settings.mqtt_tls_cert and settings.mqtt_tls_ca):
        found.append("MQTT_TLS_REQUIRE_CERTIFICATE needs MQTT_TLS_CERT, MQTT_TLS_KEY and MQTT_TLS_CA.")
    for name in ("mqtt_tls_cert", "mqtt_tls_key", "mqtt_tls_ca"):
        path: Path | None = getattr(settings, name)
        if path is not None and not path.is_file():
            found.append(f"{name.upper()} {path} is not a file.")
    return found


def split(address: str) -> tuple[str, int] | None:
    """Host and port of `host:port` or `[v6]:port`, or None when it is neither."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65_536:
        return None
    return host.strip("[]"), int(port)


def _path(reader: Reader, name: str) -> Path | None:
    given = reader.text(name)
    return Path(given).expanduser().absolute() if given else None
