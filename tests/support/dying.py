"""A worker that is killed again and again in the middle of its work; run as a program of its own.

The parent makes the portal once and forks; each child works off what is due until it is killed without a warning.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from flask import Flask

from portal import create_app
from portal.core.db import db
from portal.gateways import http
from tests.support import trading
from tests.support.databases import settings_for_tests

#: How long a child lives, in seconds: long enough to begin something, too short to finish much.
LIVES = (0.1, 1.2)


def main(database_url: str, public_url: str, seed: str) -> int:
    """Say when it is ready; fork, wait, kill, until told to stop; say how many were killed."""
    app = create_app(replace(settings_for_tests(database_url), public_url=public_url))
    http.FIRST_PAUSE_SECONDS = 0.01
    dice, over, killed = random.Random(seed), [], 0
    signal.signal(signal.SIGTERM, lambda *_given: over.append(True))
    print("ready", flush=True)
    while not over:
        child = os.fork()
        if child == 0:
            _work(app)
        time.sleep(dice.uniform(*LIVES))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        killed += 1
    print(killed, flush=True)
    return 0


def _work(app: Flask) -> None:
    """Everything that is due, for ever; what one turn cannot do, the next one does."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = os.getppid()
    with app.app_context():
        while os.getppid() == parent:
            try:
                if not trading.works():
                    time.sleep(0.02)
            except Exception:  # the database went away under it: the real clockwork tells of it and goes on, too
                with suppress(Exception):
                    db.session.rollback()
                time.sleep(0.05)
    os._exit(0)


def command(database_url: str, public_url: str, seed: object) -> Sequence[str]:
    """How it is started."""
    return [sys.executable, "-m", "tests.support.dying", database_url, public_url, str(seed)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
