"""What is asked of the outside world before a start, each refusal one sentence."""

import http.client
import socket
import time
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import psycopg2
from alembic.script import ScriptDirectory

from config import plain_postgres_url
from portal.runtime.process import StartError, port_answers

OLDEST_POSTGRES = 15
Schema = Literal["empty", "behind", "current", "ahead"]


def port_is_free(host: str, port: int) -> None:
    """Refuse a port another program listens on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise StartError(f"Port {port} is kept for the system; choose --port above 1023.") from None
        except socket.gaierror:
            raise StartError(f"HOST {host} is not an address of this machine.") from None
        except OSError as error:
            if error.errno and error.strerror and "in use" in error.strerror:
                raise StartError(f"Port {port} is in use by another program; choose --port.") from None
            raise StartError(f"HOST {host} is not an address of this machine.") from None


def place_of(url: str) -> str:
    """Host and port, or the socket, of a database, without user and password."""
    parts = urlsplit(url)
    if parts.hostname:
        return f"{parts.hostname}:{parts.port or 5432}"
    return parse_qs(parts.query).get("host", ["the local socket"])[0]


def database_answers(url: str, patience: float = 5.0) -> None:
    """Refuse a database that does not answer, does not let us in, or is too old."""
    deadline = time.monotonic() + patience
    while True:
        try:
            connection = psycopg2.connect(plain_postgres_url(url), connect_timeout=2)
            break
        except psycopg2.OperationalError as error:
            sentence, worth_waiting = _refusal(str(error), url)
        except (psycopg2.Error, UnicodeDecodeError):
            sentence, worth_waiting = f"PostgreSQL at {place_of(url)} cannot be used with this address.", False
        if not worth_waiting:
            raise StartError(sentence)
        if time.monotonic() >= deadline:
            raise StartError(f"{sentence} Gave up after {patience:.0f} s.")
        time.sleep(0.25)
    version = connection.server_version // 10000
    connection.close()
    if version < OLDEST_POSTGRES:
        raise StartError(f"PostgreSQL {version} is too old; the portal needs {OLDEST_POSTGRES} or newer.")


def _refusal(reason: str, url: str) -> tuple[str, bool]:
    """The sentence for libpq's words, and whether a little patience may help; the password stays unsaid."""
    parts = urlsplit(url)
    if "password" in reason or "authentication" in reason or "role" in reason:
        return f"PostgreSQL at {place_of(url)} refused the user or password in DATABASE_URL.", False
    if "does not exist" in reason:
        return f"PostgreSQL at {place_of(url)} has no database {parts.path.strip('/')}.", False
    return f"Cannot reach PostgreSQL at {place_of(url)}.", True


def schema_state(url: str, migrations: Path) -> Schema:
    """How the database's tables compare with the migrations of this version."""
    script = ScriptDirectory(str(migrations))
    connection = psycopg2.connect(plain_postgres_url(url), connect_timeout=2)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass('alembic_version') is not null")
            row = cursor.fetchone()
            if row is None or not row[0]:
                return "empty"
            cursor.execute("select version_num from alembic_version")
            found = {version for (version,) in cursor.fetchall()}
    finally:
        connection.close()
    if found == set(script.get_heads()):
        return "current"
    known = {each.revision for each in script.walk_revisions()}
    return "behind" if found <= known else "ahead"


def schema_is_current(url: str, migrations: Path) -> None:
    """Refuse to serve on tables of another version."""
    state = schema_state(url, migrations)
    if state in ("empty", "behind"):
        raise StartError("The database is not migrated to this version yet; run flask db upgrade.")
    schema_is_not_ahead(state)


def schema_is_not_ahead(state: Schema) -> None:
    """An older portal must not touch a newer one's tables."""
    if state == "ahead":
        raise StartError("The database was migrated by a newer version of the portal; this one leaves it alone.")


def broker_answers(url: str) -> bool:
    """Whether the broker takes connections; the portal also starts without it."""
    parts = urlsplit(url)
    port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
    return port_answers(parts.hostname or "", port, seconds=2.0)


def web_answers(host: str, port: int) -> bool:
    """Whether the web server serves requests."""
    connection = http.client.HTTPConnection("127.0.0.1" if host in ("0.0.0.0", "") else host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
