"""Threads that meet at a line, for races on real commits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from portal.core.db import db


@pytest.fixture
def at_once(app):
    """`at_once(call, n)` runs a call in n threads that start together; answers what each returned or raised."""

    def run(call: Callable[[], Any], n: int = 8) -> list[Any]:
        line, outcomes = threading.Barrier(n), []

        def one() -> None:
            with app.app_context():
                line.wait()
                try:
                    outcomes.append(call())
                except Exception as error:
                    outcomes.append(error)
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=one) for _ in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    return run
