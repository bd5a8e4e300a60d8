"""The running portal from inside: its own settings, so that a test may register what it needs there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from config import Settings
from portal import create_app
from portal.core.db import db
from tests.support import databases


@contextmanager
def inside(worker: str) -> Iterator[Any]:
    """An app on the database and the broker of this worker's running portal, with its context entered."""
    before = os.environ.get("VAR_DIR")
    os.environ["VAR_DIR"] = str(databases.run_folder() / f"var-{worker}")
    try:
        app = create_app(Settings.load())
    finally:
        os.environ.pop("VAR_DIR")
        if before is not None:
            os.environ["VAR_DIR"] = before
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
