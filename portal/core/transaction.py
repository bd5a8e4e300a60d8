"""@transactional: one command, one commit; conflicts are retried, and a broken constraint becomes a sentence."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import ParamSpec, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.core import locks
from portal.core.db import db
from portal.core.errors import Busy, Conflict, DomainError
from portal.core.words import _

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger(__name__)

LOCK_WAIT_MS = 2_000
_BEGIN = f"set local lock_timeout = {LOCK_WAIT_MS}; select clock_timestamp()"
TRIES = 4
#: Deadlock and serialization failure: the database undid everything, so the command may simply run again.
RETRIED = {"40P01", "40001"}
LOCK_TIMEOUT = "55P03"

_rules: dict[str, Callable[[], DomainError]] = {}
_last_words: list[Callable[[], None]] = []
#: What a command gathers while it runs: its moment, and the rows that are written when it is done.
GATHERED = ("clock", "audit", "outbox")


def rule(constraint: str, error: Callable[[], DomainError]) -> None:
    """Say in words what a database constraint means when a command breaks it."""
    _rules[constraint] = error


def last_words(write: Callable[[], None]) -> Callable[[], None]:
    """Register what is written at the end of every command, inside its transaction: the trail, the announcements."""
    _last_words.append(write)
    return write


def transactional(command: Callable[P, R]) -> Callable[P, R]:
    """Make a function a command: it runs in one transaction, or, called by another command, inside that one's."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        info = db.session().info
        if info.get("in_command"):
            return command(*args, **kwargs)
        for attempt in range(1, TRIES + 1):
            info["in_command"] = True
            try:
                # Two statements in one message: a command knows the time from its first word on.
                moment = db.session.connection().exec_driver_sql(_BEGIN).scalar_one()
                info["clock"] = moment, perf_counter()
                result = command(*args, **kwargs)
                for write in _last_words:
                    write()
                db.session.commit()
                return result
            except DBAPIError as error:
                db.session.rollback()
                state = getattr(error.orig, "pgcode", None)
                if state in RETRIED and attempt < TRIES:
                    log.info("command_retried", command=command.__qualname__, attempt=attempt, state=state)
                    time.sleep(random.uniform(0.005, 0.03) * attempt)
                    continue
                raise _in_words(error, state) from error
            except BaseException:
                db.session.rollback()
                raise
            finally:
                info["in_command"] = False
                for name in GATHERED:
                    info.pop(name, None)
                locks.forget()
        raise AssertionError("a command either returns or raises")

    run.__command__ = True  # type: ignore[attr-defined]
    return run


@contextmanager
def attempt() -> Iterator[None]:
    """A part of a command that may fail alone: what it wrote, recorded and announced until then is undone with it."""
    info = db.session().info
    before = {name: len(info.get(name, ())) for name in ("audit", "outbox")}
    try:
        with db.session.begin_nested():
            yield
    except BaseException:
        for name, length in before.items():
            del info.get(name, [])[length:]
        raise


def _in_words(error: DBAPIError, state: str | None) -> Exception:
    if state in RETRIED or state == LOCK_TIMEOUT:
        return Busy(_("Somebody else is working on this right now. Try again in a moment."))
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if constraint in _rules:
        return _rules[constraint]()
    if isinstance(error, IntegrityError):
        log.warning("constraint_without_words", constraint=constraint, state=state)
        return Conflict(_("That does not fit what is already stored. Reload and try again."), rule=constraint)
    return error
