"""Taking values out of the environment: strictly, and with one sentence for each mistake."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
T = TypeVar("T")


class ConfigError(Exception):
    """The settings cannot be used; `mistakes` holds one sentence for each reason."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Reader:
    """Takes values out of the environment and gathers every mistake instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.mistakes: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.text(name)
        if not raw:
            return default
        if raw.isascii() and raw.isdigit() and low <= int(raw) <= high:
            return int(raw)
        return self._refuse(f"{name} must be a whole number from {low} to {high}, not '{raw}'.", default)

    def flag(self, name: str, default: T) -> bool | T:
        raw = self.text(name).lower()
        if not raw:
            return default
        if raw in ("1", "true", "yes", "on"):
            return True
        if raw in ("0", "false", "no", "off"):
            return False
        return self._refuse(f"{name} must be 1 or 0, not '{raw}'.", default)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        raw = self.text(name, default)
        if raw in allowed:
            return raw
        return self._refuse(f"{name} must be one of {', '.join(allowed)}, not '{raw}'.", default)

    def url(self, name: str, schemes: tuple[str, ...], default: str = "", needs_host: bool = True) -> str:
        """An address of one of the schemes; the sentence never repeats it, for it may hold a password."""
        raw = self.text(name, default)
        if not raw:
            return ""
        try:
            parts = urlsplit(raw)
            well_formed = parts.scheme in schemes and (parts.port or 1) > 0
        except ValueError:
            return self._refuse(f"{name} is not an address that can be read.", "")
        if well_formed and (parts.hostname or not needs_host):
            return raw
        return self._refuse(f"{name} must look like {schemes[0]}://host.", "")

    def networks(self, name: str) -> tuple[Network, ...]:
        found: list[Network] = []
        for word in self.text(name).replace(",", " ").split():
            try:
                found.append(ip_network(word, strict=False))
            except ValueError:
                self.mistakes.append(f"{name} must list addresses such as 10.0.0.0/8, not '{word}'.")
        return tuple(found)

    def _refuse(self, sentence: str, instead: T) -> T:
        self.mistakes.append(sentence)
        return instead
