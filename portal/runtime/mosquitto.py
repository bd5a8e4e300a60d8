"""A private MQTT broker on loopback: mosquitto where the machine has it, else a slower one from the lock."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from argon2 import PasswordHasher

from portal.gateways import account_files
from portal.runtime import refusals
from portal.runtime.process import die_with_parent, free_port, port_answers, spawn, unprivileged
from portal.shared.devices.broker_accounts import ENVELOPES
from portal.shared.devices.secrets import hash_secret

USERS = ("portal", "device")
PIPE_BYTES = 1 << 20
# Limits are explicit because the defaults drop a burst of messages silently.
MOSQUITTO_CONF = """\
per_listener_settings true
persistence true
persistence_location {folder}/
autosave_interval 1
max_queued_messages 200000
max_inflight_messages 2000
max_packet_size 65536
persistent_client_expiration 14d
set_tcp_nodelay true
pid_file {folder}/broker.pid
log_dest stderr
log_type error
log_type warning
log_type notice
{detail}
# For the portal itself, and for simulated and trial devices that share one account.
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl

# For registered devices: each has its own account, its own topics, and its name as its only client id.
listener {device_port} {device_host}
{account}"""
ACCOUNT = """\
allow_anonymous false
password_file {folder}/device_passwords
acl_file {folder}/device_acl
use_username_as_clientid true
"""
TLS = """
listener {port} {host}
certfile {cert}
keyfile {key}
"""
ACL = """\
user portal
topic readwrite #
topic read $SYS/#

user device
topic readwrite rooms/#
topic readwrite vehicles/#
topic readwrite v1/#
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


#: The small broker hears nobody while it looks at a password, and a whole place signs in at once: one look takes
#: less than a millisecond. The passwords are made here and too long to be guessed.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True)
class Tls:
    """A listener devices reach over TLS: its certificate, and whose certificates of devices are believed."""

    host: str
    port: int
    cert: Path
    key: Path
    ca: Path | None = None
    require_certificate: bool = False

    def conf(self) -> str:
        """Its part of the configuration."""
        authority = f"cafile {self.ca}\n" if self.ca else ""
        asked = "require_certificate true\n" if self.require_certificate else ""
        return TLS.format(port=self.port, host=self.host, cert=self.cert, key=self.key) + authority + asked


@dataclass
class Mosquitto:
    """One broker with a user for the portal, one for simulated devices, and a door for registered ones.

    With `watch` it also says when a device reached for another's topics; that costs it some speed.
    """

    folder: Path
    name: str = "mosquitto"
    stop_signal: int = signal.SIGTERM
    port: int = 0
    device_host: str = "127.0.0.1"
    device_port: int = 0
    tls: Tls | None = None
    watch: bool = False
    program: str | None = None
    _filter: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def prepare(self) -> None:
        """Passwords and ports are made once and kept, so that devices find the broker again."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.program = program()
        known = self._known()
        self.port = free_port(int(known["port"]))
        self.device_port = self.device_port or free_port(int(known["device_port"]), self.device_host)
        self._write("known.json", json.dumps({**known, "port": str(self.port), "device_port": str(self.device_port)}))
        hashed = hash_secret if self.program else CHEAP.hash
        self._write("broker.conf", self._conf())
        self._write("passwords", "".join(f"{user}:{hashed(known[user])}\n" for user in USERS))
        self._write("acl", ACL)
        for name, text in (("device_passwords", ""), ("device_acl", ENVELOPES)):
            if not (self.folder / name).exists():
                self._write(name, text)
        unprivileged().give(self.folder)

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Run the broker as an unprivileged user."""
        conf = self.folder / "broker.conf"
        if self.program is None:
            broker = ("-m", "amqtt.scripts.broker_script")
            return spawn(unprivileged().command(sys.executable, *broker, "-c", conf), log, farewell=self.stop_signal)
        (self.folder / "broker.pid").unlink(missing_ok=True)
        command = unprivileged().command(self.program, "-c", conf)
        return self._watched(command, log) if self.watch else spawn(command, log, farewell=self.stop_signal)

    def ended(self) -> None:
        """The broker has gone; its filter follows as soon as it has written down the rest."""
        if self._filter is not None:
            with suppress(subprocess.TimeoutExpired):
                self._filter.wait(5)
            self._filter = None

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

    @property
    def device_address(self) -> str:
        """Where registered devices sign in; without mosquitto there is no such door."""
        return f"{self.device_host}:{self.device_port}" if self.program else ""

    def files(self, log: Path) -> dict[str, Path]:
        """Where its accounts of devices are kept, as the settings call it; nothing without mosquitto."""
        if self.program is None:
            return {}
        found = {
            "mqtt_password_file": self.folder / "device_passwords",
            "mqtt_acl_file": self.folder / "device_acl",
            "mqtt_reload_pid_file": self.folder / "broker.pid",
        }
        return found | ({"mqtt_broker_log": log} if self.watch else {})

    def _conf(self) -> str:
        if self.program is None:
            return AMQTT_CONF.format(port=self.port, folder=self.folder)
        account = ACCOUNT.format(folder=self.folder)
        text = MOSQUITTO_CONF.format(
            folder=self.folder, port=self.port, device_host=self.device_host, device_port=self.device_port,
            account=account, detail="log_type debug" if self.watch else "",
        )  # fmt: skip
        return text + (self.tls.conf() + account if self.tls else "")

    def _watched(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        """The broker with a filter between it and its log; a full pipe costs lines of the log, never a message."""
        self.ended()
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with suppress(OSError, AttributeError):
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            broker = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=lambda: die_with_parent(self.stop_signal),
            )
            with log.open("ab") as output:
                self._filter = subprocess.Popen(
                    [sys.executable, "-S", "-E", refusals.__file__],
                    stdin=reader,
                    stdout=output,
                    process_group=0,
                )
        finally:
            os.close(reader)
            os.close(writer)
        return broker

    def _known(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.folder / "known.json").read_text())
        except (OSError, ValueError):
            found = {}
        return {"port": "0", "device_port": "0"} | {user: secrets.token_urlsafe(24) for user in USERS} | found

    def _write(self, name: str, text: str) -> None:
        account_files.write(self.folder / name, text)


def program() -> str | None:
    """Where mosquitto is; Debian keeps it off the path of ordinary users."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
