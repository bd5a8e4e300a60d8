"""Behind a proxy: who really asks, and how, as told by the proxies that were named and by nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from flask import Flask

from config import Network


class TrustedProxies:
    """Takes X-Forwarded-For and -Proto from the trusted; from others they are words of the caller."""

    def __init__(self, application: Any, trusted: tuple[Network, ...]) -> None:
        self.application = application
        self.trusted = trusted

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        hops = environ.pop("HTTP_X_FORWARDED_FOR", "")
        environ["portal.forwarded"] = bool(hops)
        scheme = environ.pop("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
        if self._trusts(environ.get("REMOTE_ADDR", "")):
            # From our side outwards: the first address we do not know is the caller's.
            for hop in reversed([each.strip() for each in hops.split(",") if each.strip()]):
                if not _is_address(hop):
                    break
                environ["REMOTE_ADDR"] = hop
                if not self._trusts(hop):
                    break
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self.application(environ, start_response)  # type: ignore[no-any-return]

    def _trusts(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in self.trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def init_app(app: Flask) -> None:
    """Stand outermost, so that every other part sees the real caller."""
    app.wsgi_app = TrustedProxies(app.wsgi_app, app.extensions["settings"].trusted_proxies)  # type: ignore[method-assign]
