"""How devices, their states and the quality of what they say are written for people."""

from __future__ import annotations

from portal.core.words import _, ngettext
from portal.shared.devices.models import Device, DeviceType, Dialect

TYPES = tuple(str(each) for each in DeviceType)
STANDINGS = ("online", "lost", "silent", "never")
ICONS = {"lock": "lock", "meter": "bolt", "sensor": "temperature", "tracker": "map-pin", "gateway": "router"}
#: Whatever may change how a device stands, and what brings fresh messages.
LIVE = "devices.device.changed from:body delay:200ms, devices.reading.taken from:body delay:500ms, every 30s"


def type_words(type: str) -> str:
    """What a device is."""
    return {
        "lock": _("Lock"),
        "meter": _("Meter"),
        "sensor": _("Sensor"),
        "tracker": _("Tracker"),
        "gateway": _("Gateway"),
    }.get(type, type)


def dialect_words(dialect: str) -> str:
    """How it speaks."""
    return _("Envelopes") if dialect == Dialect.ENVELOPE else _("Plain topics")


def standing_words(standing: str) -> str:
    """How it fares."""
    return {
        "": _("All"),
        "online": _("Online"),
        "lost": _("Lost"),
        "silent": _("Silent"),
        "never": _("Never heard"),
        "boxed": _("In its box"),
        "revoked": _("Revoked"),
        "retired": _("Retired"),
    }.get(standing, standing)


def standing_look(standing: str) -> tuple[str, str]:
    """The tone and the icon of its badge."""
    return {
        "online": ("good", "wifi"),
        "lost": ("bad", "wifi-off"),
        "silent": ("warn", "clock"),
        "never": ("idle", "circle-dashed"),
    }.get(standing, ("idle", "ban"))


def quality_words(quality: str) -> tuple[str, str]:
    """Whose clock a message goes by, in short and in full."""
    return {
        "d": (_("Device's clock"), _("By the device's own clock.")),
        "s": (_("Our clock"), _("It came without a time of its own, so it stands at the time it came.")),
        "x": (_("Wrong clock"), _("The device's clock is wrong, so it stands at the time it came.")),
    }[quality]


def ranges_words(ranges: list[tuple[int, int]], most: int = 12) -> str:
    """Missing numbers as people write them: 4, 7–9 and so on; both ends belong."""
    shown = [str(low) if low == high - 1 else f"{low}–{high - 1}" for low, high in ranges[:most]]
    more = len(ranges) - most
    if more > 0:
        shown.append(ngettext("%(num)s more range", "%(num)s more ranges", more))
    return ", ".join(shown)


def topics_of(device: Device, place_number: str, unit: tuple[str, str] | None) -> list[tuple[str, str]]:
    """Where it speaks and where it listens, as (what for, topic)."""
    if device.dialect == Dialect.ENVELOPE:
        return [
            (_("Says"), f"v1/{device.name}/up/…"),
            (_("Says how it is"), f"v1/{device.name}/status"),
            (_("Is told"), f"v1/{device.name}/down/#"),
        ]
    if device.type == DeviceType.GATEWAY:
        return [(_("Says and is told"), f"{root}/{place_number}/#") for root in ("rooms", "vehicles")]
    if unit is None:
        return []
    root = "rooms" if unit[0] == "room" else "vehicles"
    return [(_("Says and is told"), f"{root}/{place_number}/{unit[1]}/…")]
