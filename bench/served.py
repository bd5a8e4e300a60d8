"""Views behind a real HTTP server in processes of their own, and hands that keep asking: one stack for both sides."""

from __future__ import annotations

import http.client
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from bench.twins import Statements
from portal.core.db import db

#: As many web processes as the portal starts by itself.
WORKERS = 2


@dataclass(frozen=True)
class Served:
    """How many a second were answered, and the time under which 95 of 100 answers came, in milliseconds."""

    rate: float
    p95: float


class _Quiet(WSGIRequestHandler):
    """Connections are kept, and nothing is logged."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def behind_http(app: Flask, do: Callable[[int], object]) -> Iterator[int]:
    """A port where POST /<n> does piece n."""
    view = Flask("bench")

    @view.post("/<int:n>")
    def one(n: int) -> str:
        with app.app_context():
            do(n)
        return "done"

    with serving(app, view) as port:
        yield port


@contextmanager
def serving(app: Flask, wsgi: Flask) -> Iterator[int]:
    """A port where as many processes answer as the portal starts by itself; they are gone afterwards."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve() -> None:
        with app.app_context():
            db.engine.dispose(close=False)
        make_server("127.0.0.1", 0, wsgi, threaded=True, request_handler=_Quiet, fd=listening.fileno()).serve_forever()

    processes = [multiprocessing.get_context("fork").Process(target=serve, daemon=True) for _n in range(WORKERS)]
    for process in processes:
        process.start()
    try:
        yield listening.getsockname()[1]
    finally:
        for process in processes:
            process.terminate()
            process.join()
        listening.close()


Request = tuple[str, bytes, dict[str, str]]


def asked(port: int, pieces: int, hands: int, requests: Sequence[Request] | None = None) -> Served:
    """So many hands, each with a connection of its own, ask for all the pieces, or send all the requests."""
    queue, took, guard = list(range(pieces)), [], threading.Lock()
    failed: list[int] = []

    def hand() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        mine = []
        while True:
            try:
                n = queue.pop()
            except IndexError:
                break
            began = time.perf_counter()
            path, body, headers = requests[n] if requests else (f"/{n}", b"", {})
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            mine.append(time.perf_counter() - began)
            if answer.status != 200:
                failed.append(answer.status)
        connection.close()
        with guard:
            took.extend(mine)

    threads = [threading.Thread(target=hand) for _n in range(hands)]
    began = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    whole = time.perf_counter() - began
    assert not failed, f"{len(failed)} answers were {set(failed)}"
    return Served(pieces / whole, sorted(took)[int(len(took) * 0.95)] * 1_000)


def bare(logs: Sequence[Statements]) -> Callable[[int], None]:
    """A view with no ORM, no rights, no rules: it sends the very statements the product sent, and commits."""

    def replay(n: int) -> None:
        with db.engine.begin() as connection:
            for statement, parameters in logs[n]:
                result: Any = connection.exec_driver_sql(statement, parameters)
                if result.returns_rows:
                    result.fetchall()

    return replay
