"""Telling a database that is away, and will be back, from a mistake of ours."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, TimeoutError

#: Connection lost or refused, shutting down or starting up, no room left, query cancelled for taking too long.
_AWAY = ("08", "53", "57P", "57014")


def database_away(error: BaseException) -> bool:
    """Whether the same request may well succeed in a moment: no connection to be had, or it broke."""
    if isinstance(error, TimeoutError):  # every connection of the pool is taken
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "pgcode", None)
    if state is None:
        return error.connection_invalidated or type(error.orig).__name__ in ("OperationalError", "InterfaceError")
    return str(state).startswith(_AWAY)
