"""The ground all measurements stand on: PostgreSQL with fsync, a broker, and a migrated, empty portal."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import flask_migrate
from flask import Flask
from sqlalchemy import create_engine, text

from config import Settings, plain_postgres_url, postgres_url
from portal import create_app
from portal.core.db import db
from portal.runtime.mosquitto import Mosquitto
from portal.runtime.postgres import OWNER, Postgres
from portal.runtime.process import wait_until

SECRET = "a secret for measuring, and for nothing else"


@dataclass
class Ground:
    """Where a measurement finds its parts; `dsn` is the database as psycopg2 and pgbench read it."""

    app: Flask
    folder: Path
    database_url: str
    mqtt_url: str

    @property
    def dsn(self) -> str:
        return plain_postgres_url(self.database_url)

    def environ(self) -> dict[str, str]:
        """What a role of the portal needs to run here as a process of its own."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "DATABASE_URL": self.dsn,
            "MQTT_URL": self.mqtt_url,
            "SECRET_KEY": SECRET,
            "VAR_DIR": str(self.folder),
            "DEMO": "0",
        }

    def analyze(self) -> None:
        """Let the planner know what the tables hold, as it would after a quiet minute; only their owner can."""
        engine = create_engine(self.app.extensions["settings"].database_owner_url)
        with engine.begin() as connection:
            connection.execute(text("analyze"))
        engine.dispose()


@contextmanager
def ground() -> Iterator[Ground]:
    """Start what is needed in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        started = []
        try:
            services = (Postgres(folder / "pg"), Mosquitto(folder / "mqtt"))
            for service in services:
                service.prepare()
                started.append((service.start(folder / f"{service.name}.log"), service.stop_signal))
                log = folder / f"{service.name}.log"
                assert wait_until(service.answers, 20), log.read_text()
            database, broker = services
            url = postgres_url(database.url())
            settings = Settings(
                secret_key=SECRET,
                database_url=url,
                database_owner_url=postgres_url(database.url(user=OWNER)),
                mqtt_url=broker.url(),
                public_url="http://localhost",
                var_dir=folder,
                ratelimit_enabled=False,
                demo=False,
            )
            app = create_app(settings)
            with app.app_context():
                flask_migrate.upgrade()
                yield Ground(app, folder, url, broker.url())
                db.session.remove()
                db.engine.dispose()
        finally:
            for process, farewell in reversed(started):
                process.send_signal(farewell)
                process.wait(15)
