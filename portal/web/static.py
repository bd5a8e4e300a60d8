"""Scripts, styles and icons: pressed, kept by browsers for a year, and served past the application."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from portal.web.security import CONTENT, YEAR

POLICY = "; ".join(f"{directive} {sources}" for directive, sources in CONTENT.items())


class StaticFiles(WhiteNoise):  # type: ignore[misc]
    """Keeps to what it saw at the start: a file edited since is left to Flask, which reads it afresh."""

    def __init__(self, application: Any, root: str) -> None:
        self.seen: dict[str, tuple[Path, float]] = {}
        super().__init__(
            application,
            root,
            "static/",
            max_age=0,
            allow_all_origins=False,
            add_headers_function=_protect,
        )

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Note how the file was when its headers were made."""
        super().add_file_to_dictionary(url, path, stat_cache)
        self.seen[url] = (Path(path), Path(path).stat().st_mtime)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, at = self.seen.get(environ.get("PATH_INFO", ""), (None, 0.0))
        if path is None or not path.exists() or path.stat().st_mtime != at:
            return self.application(environ, start_response)  # type: ignore[no-any-return]

        def start(status: str, headers: list[tuple[str, str]]) -> Any:
            if environ.get("QUERY_STRING", "").startswith("v=") and not status.startswith("4"):
                Headers(headers)["Cache-Control"] = f"max-age={YEAR}, public, immutable"
            return start_response(status, headers)

        return super().__call__(environ, start)  # type: ignore[no-any-return]


def _protect(headers: Headers, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Content-Security-Policy"] = POLICY


def init_app(app: Flask) -> None:
    """Stand in front of the application."""
    if app.static_folder and Path(app.static_folder).is_dir():
        app.wsgi_app = StaticFiles(app.wsgi_app, app.static_folder)  # type: ignore[method-assign]
