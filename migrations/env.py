"""Alembic with lock and statement timeouts, sequential ids, and partitions left alone."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, inspect, pool, text
from sqlalchemy.dialects.postgresql.base import ischema_names

from portal.core.db import db
from portal.core.locks import lock_number
from portal.core.outbox import Xid8

ischema_names["xid8"] = Xid8
HERE = Path(__file__).parent
VERSIONS = HERE / "versions"
sys.path.insert(0, str(HERE))
import rights  # noqa: E402 - Alembic runs this file by path, so its neighbours are found by hand

WORDS = re.compile(r"_words$")
PARTITION = re.compile(r"_(p\d{4}_\d{2}|default)$")


def include_object(_object: Any, name: str | None, type_: str, _reflected: bool, _other: Any) -> bool:
    """Monthly partitions are made by a job; indexes over words, `..._words`, stand in their migration alone."""
    known_elsewhere = {"table": PARTITION, "index": WORDS}.get(type_)
    return not (known_elsewhere and name and known_elsewhere.search(name))


def next_number(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Name a new migration by the number after the last."""
    if directives:
        taken = [int(path.name[:4]) for path in VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py")]
        directives[0].rev_id = f"{max(taken, default=0) + 1:04d}"


def run() -> None:
    """Migrate as the owner of the database, which may be another role than the portal's own."""
    settings = current_app.extensions["settings"]
    url = context.config.attributes.get("url") or settings.database_owner_url or settings.database_url
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        _alone(connection)
        connection.execute(text("set lock_timeout = '5s'"))
        connection.execute(text("set statement_timeout = '10min'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadatas[None],
            include_object=include_object,
            process_revision_directives=next_number,
            compare_type=True,
            compare_server_default=False,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if inspect(connection).has_table("audit_entry"):
            rights.grant(connection, owner_url=url, portal_url=settings.database_url)
    engine.dispose()


def _alone(connection: Connection) -> None:
    """Two migrations at once would trip over each other: the second waits, and says so."""
    number = {"n": lock_number("migrate")}
    if not connection.scalar(text("select pg_try_advisory_lock(:n)"), number):
        print("Another process is migrating this database; waiting for it to finish.", file=sys.stderr)
        connection.execute(text("select pg_advisory_lock(:n)"), number)


run()
