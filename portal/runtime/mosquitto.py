"""A private MQTT broker on loopback: mosquitto where the machine has it, else a slower one from the lock."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher

from portal.runtime.process import free_port, port_answers, spawn, unprivileged
from portal.shared.devices.secrets import hash_secret

USERS = ("portal", "device")
# Limits are explicit because the defaults drop a burst of messages silently.
MOSQUITTO_CONF = """\
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
persistence true
persistence_location {folder}/
autosave_interval 1
max_queued_messages 200000
max_inflight_messages 2000
max_packet_size 65536
persistent_client_expiration 14d
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
log_type notice
"""
ACL = """\
user portal
topic readwrite #
topic read $SYS/#

user device
topic readwrite rooms/#
topic readwrite vehicles/#
topic readwrite v1/#

pattern write v1/%u/up/#
pattern write v1/%u/status
pattern read v1/%u/down/#
"""
AMQTT_CONF = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
    max_connections: 500
plugins:
  amqtt.plugins.authentication.FileAuthPlugin:
    password_file: {folder}/passwords
"""


@dataclass
class Mosquitto:
    """One broker with a user for the portal and one for the simulated devices."""

    folder: Path
    name: str = "mosquitto"
    stop_signal: int = signal.SIGTERM
    port: int = 0
    program: str | None = None

    def prepare(self) -> None:
        """Passwords and port are made once and kept, so that devices find the broker again."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.program = program()
        known = self._known()
        self.port = free_port(int(known["port"]))
        self._write("known.json", json.dumps({**known, "port": str(self.port)}))
        template, hashed = (MOSQUITTO_CONF, hash_secret) if self.program else (AMQTT_CONF, PasswordHasher().hash)
        self._write("broker.conf", template.format(port=self.port, folder=self.folder))
        self._write("passwords", "".join(f"{user}:{hashed(known[user])}\n" for user in USERS))
        self._write("acl", ACL)
        unprivileged().give(self.folder)

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Run the broker as an unprivileged user."""
        conf = self.folder / "broker.conf"
        if self.program:
            command = unprivileged().command(self.program, "-c", conf)
        else:
            broker = ("-m", "amqtt.scripts.broker_script")
            command = unprivileged().command(sys.executable, *broker, "-c", conf)
        return spawn(command, log, farewell=self.stop_signal)

    def answers(self) -> bool:
        """Whether it takes connections."""
        return port_answers("127.0.0.1", self.port)

    def url(self, user: str = "portal") -> str:
        """The address with the credentials of one of its users."""
        return f"mqtt://{user}:{self._known()[user]}@127.0.0.1:{self.port}"

    @property
    def version(self) -> str:
        """The newest protocol the broker speaks."""
        return "5" if self.program else "3.1.1"

    def _known(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.folder / "known.json").read_text())
        except (OSError, ValueError):
            found = {}
        return {"port": "0"} | {user: secrets.token_urlsafe(24) for user in USERS} | found

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)


def program() -> str | None:
    """Where mosquitto is; Debian keeps it off the path of ordinary users."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
