"""The one table of who reacts to whom: payment purposes, tender kinds, event handlers."""

from __future__ import annotations

from config import Settings


def connect(settings: Settings) -> None:
    """Join the domains to each other and to the gateways the settings name."""
