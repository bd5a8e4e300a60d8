"""The units desk, whole: importing this hangs every page of it on its blueprint."""

from portal.web.alerts import inbox, rules
from portal.web.assets import register, unit
from portal.web.assets.board import blueprint

__all__ = ["blueprint", "inbox", "register", "rules", "unit"]
