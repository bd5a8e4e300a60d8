"""Starting and ending other programs: never as root, never left behind."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Protocol

NOBODY = 65534
_PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """The portal cannot start; the message is the sentence for the person who tried."""


class Process(Protocol):
    """What a started program and a forked role have in common."""

    pid: int

    def poll(self) -> int | None: ...


@dataclass(frozen=True)
class Unprivileged:
    """How to run a program that refuses root, or should not have it."""

    prefix: tuple[str, ...] = ()
    owner: int | None = None

    def command(self, *words: str | Path) -> list[str]:
        return [*self.prefix, *map(str, words)]

    def give(self, folder: Path) -> None:
        """Hand the folder to the other user where there is one, and see that it can get there."""
        if self.owner is None:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.owner, self.owner)
        if subprocess.run(self.command("test", "-w", folder), check=False).returncode:
            raise StartError(
                f"An unprivileged user cannot reach {folder}. "
                "Start the portal as an ordinary user, or set VAR_DIR to a folder that others may enter."
            )


@cache
def unprivileged() -> Unprivileged:
    """As root: a user namespace of our own where the kernel allows it, else the user nobody."""
    if os.geteuid() != 0:
        return Unprivileged()
    namespace = ("unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
    user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
    for prefix, owner in ((namespace, None), (user, NOBODY)):
        if shutil.which(prefix[0]):
            tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
            if tried.returncode == 0:
                return Unprivileged(prefix, owner)
    raise StartError("PostgreSQL does not run as root; start the portal as an ordinary user.")


def spawn(command: Sequence[str], log: Path, farewell: int = signal.SIGTERM) -> subprocess.Popen[bytes]:
    """Start a program in a group of its own that gets `farewell` should this process be killed."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=lambda: die_with_parent(farewell),
        )


class Fork:
    """A role of the portal in a child that has every module loaded already: it starts in no time."""

    def __init__(self, run: Callable[[], object], log: Path) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os._exit(_role(run, log))

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def _role(run: Callable[[], object], log: Path) -> int:
    """The life of a forked role, from a clean slate to its exit code."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(each, signal.SIG_DFL if each != signal.SIGINT else signal.default_int_handler)
    die_with_parent(signal.SIGTERM)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    code = 0
    try:
        run()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        sys.excepthook(*_raised())
        code = 1
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _raised() -> tuple[type[BaseException], BaseException, TracebackType | None]:
    kind, error, trace = sys.exc_info()
    assert kind is not None
    assert error is not None
    return kind, error, trace


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def die_with_parent(farewell: int) -> None:
    """Ask Linux to signal this process when its parent is gone, however it went."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)


def command_line(pid: int) -> str:
    """What a living process was started as; empty for one that is gone or a zombie."""
    status = Path(f"/proc/{pid}/stat")
    try:
        if Path("/proc/self/stat").exists():
            state = status.read_text().rpartition(")")[2].split()[0]
            return "" if state in "ZX" else (status.parent / "cmdline").read_text().replace("\0", " ").strip()
        shown = subprocess.run(
            ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        return "" if shown.startswith("Z") else shown.partition(" ")[2]
    except OSError:
        return ""


def end_leftover(pid: int, mark: str, *signals: int, patience: float = 2.5) -> bool:
    """End a process an earlier run left behind, gently first, if it is still the one that carries `mark`."""
    if mark not in command_line(pid):
        return False
    for each in signals:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, each)
        if wait_until(lambda: mark not in command_line(pid), patience):
            return True
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return wait_until(lambda: mark not in command_line(pid), patience)


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def free_port(wanted: int = 0, host: str = "127.0.0.1") -> int:
    """The wanted port if nobody has it, else one the system gives."""
    for port in dict.fromkeys((wanted, 0)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartError(f"No free port on {host}.")


def port_answers(host: str, port: int, seconds: float = 0.5) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=seconds):
            return True
    except OSError:
        return False


@dataclass
class Log:
    """One file of output per program under VAR_DIR/logs; the last run's is kept when it has grown."""

    folder: Path
    limit: int = field(default=5_000_000)

    def path(self, name: str) -> Path:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        log = self.folder / f"{name}.log"
        if log.exists() and log.stat().st_size > self.limit:
            log.replace(log.with_suffix(".log.1"))
        return log
