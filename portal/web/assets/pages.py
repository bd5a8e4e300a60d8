"""The units desk, whole: importing this hangs every page of it on its blueprint."""

from portal.web.alerts import inbox, rules
from portal.web.assets import register, unit, week
from portal.web.assets.board import blueprint
from portal.web.devices import device, labels, scan
from portal.web.devices import registry as devices

__all__ = ["blueprint", "device", "devices", "inbox", "labels", "register", "rules", "scan", "unit", "week"]
