"""A provider over real HTTP that answers what it is told to, in turn, and remembers what it was asked."""

import json
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict
    headers: dict
    raw: bytes

    @property
    def json(self):
        return json.loads(self.raw)


class Provider:
    """`answers` are given one after the other, the last one for ever; by path where `routes` knows it."""

    def __init__(self):
        self.answers, self.routes, self.asked = [(200, {}, b"{}")], {}, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                asked = Asked(
                    self.command, parts.path, parse_qs(parts.query), dict(self.headers), self.rfile.read(length)
                )
                outer.asked.append(asked)
                outer.reply(self, asked)

            do_POST = do_GET

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def reply(self, handler, asked):
        """Give the next answer: a tuple, a function of the request, or None to cut the line without a word."""
        answer = self.routes.get(asked.path)
        if answer is None:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(asked)
        if answer is None:
            handler.close_connection = True
            return
        status, headers, body = answer
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        with suppress(ConnectionError):  # whoever asked has given up waiting
            handler.end_headers()
            handler.wfile.write(body)

    def says(self, document, status=200):
        """One answer for everything."""
        self.answers = [said(document, status)]

    def paths(self):
        return [(each.method, each.path) for each in self.asked]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def said(document, status=200):
    """An answer that is a JSON document."""
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


def slow(seconds, answer):
    """The same answer, late."""

    def reply(_asked):
        time.sleep(seconds)
        return answer

    return reply


@contextmanager
def running():
    provider = Provider()
    try:
        yield provider
    finally:
        provider.close()
