"""The sandbox's own door on loopback, one a process, opened when it is first asked.

A portal whose every thread waits for its provider could not be answered by those same threads.
"""

from __future__ import annotations

import threading

from flask import Flask, current_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

KEY = "sandbox server"
_opening = threading.Lock()


class Quiet(WSGIRequestHandler):
    """The portal has logs of its own."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


#: Under which path each provider's own paths begin.
PREFIXES = {
    "paystack": "/sandbox",
    "flutterwave": "/sandbox/flutterwave",
    "daraja": "/sandbox/daraja",
    "mpesa": "/sandbox/daraja",
}


def base_url(provider: str = "paystack") -> str:
    """Where this process's stand-in for a provider answers; what a setting names for the real one."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with _opening:
        server: BaseWSGIServer | None = app.extensions.get(KEY)
        if server is None:
            server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
            server.daemon_threads = True  # type: ignore[attr-defined]
            threading.Thread(target=server.serve_forever, name="sandbox", daemon=True).start()
            app.extensions[KEY] = server
    return f"http://127.0.0.1:{server.server_port}{PREFIXES[provider]}"


def close(app: Flask) -> None:
    """Stop answering; for tests, which make more than one app."""
    server = app.extensions.pop(KEY, None)
    if server is not None:
        server.shutdown()
        server.server_close()
